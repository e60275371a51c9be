# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the parts of the documentation that repeat another text.

usage: docs.py [--check]

A part is a block: the entries of a mapping between ``# BEGIN NAME (tools/docs.py)`` and ``# END`` in the documentation of a
module, or the lines between the same words in HTML comments in the README of a role. NAME is a function below that is marked
``@block``, or a text of plugins/doc_fragments/_returned.py; ``BEGIN NAME: ARGUMENT`` passes an argument. An entry that
stands beside a block, written by hand, is left out of the block. With --check, nothing is written, and the exit status is 1
if a block differs from its source.
"""

from __future__ import annotations

import functools
import importlib
import json
import re
import sys
import typing as t
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
COLLECTION = "ansible_collections.vpn.estate"
WIDTH = 108  # of a line of YAML, before it is indented
MARK = " (tools/docs.py)"
BLOCK = re.compile(
    rf"(?P<begin>^(?P<indent> *)(?:#|<!--) BEGIN (?P<name>\w+)(?:: (?P<argument>.+?))?{re.escape(MARK)}(?: -->)?\n)"
    r"(?P<old>(?:.*\n)*?)(?P<end>(?P=indent)(?:#|<!--) END(?: -->)?$)",
    re.MULTILINE,
)
Source = Callable[[Path, str], Iterable[str]]
SOURCES: dict[str, Source] = {}
Options = dict[str, dict[str, t.Any]]


def block(source: Source) -> Source:
    """Mark what gives the lines of a block, by its file and its argument."""
    SOURCES[source.__name__] = source
    return source


# -- blocks in modules


@block
def suboptions(file: Path, _argument: str) -> Iterator[str]:
    """The options of each object in the list that a module takes; each refers to the option for one object."""
    options, body = documented(file.stem), module(file.stem).BODY
    for name, rules in body.argument_spec[body.resource.plural]["options"].items():
        reference = referring(f"O({name})", options[name], bool(rules.get("required")))
        if name == "state":
            reference["description"] = "See O(state), which is the default."
        yield from entry(name, reference)


@block
def properties(_file: Path, argument: str) -> Iterator[str]:
    """What an info module returns of an object: the options of the module that manages it, but for secrets."""
    options = documented(argument)
    for name, rules in module(argument).BODY.resource.object_spec().items():
        if name != "inherit" and not rules.get("no_log"):
            kind = {"raw": "str"}.get(options[name]["type"], options[name]["type"])  # text, however it is declared
            elements = {key: options[name][key] for key in ("elements",) if key in options[name]}
            said = {"description": f"Value of O(vpn.estate.{argument}#module:{name}).", "type": kind, **elements}
            yield from entry(name, said)


def returned(name: str, file: Path, argument: str) -> list[str]:
    """A text that stands in RETURN of several modules."""
    text = getattr(fragment("_returned"), name.upper(), None)
    if text is None:
        raise SystemExit(f"{file}: there is no block {name}.")
    return str(text).strip().replace("{}", argument).splitlines()


def module(name: str) -> t.Any:
    return importlib.import_module(f"{COLLECTION}.plugins.modules.{name}")


def fragment(name: str) -> t.Any:
    return importlib.import_module(f"{COLLECTION}.plugins.doc_fragments.{name}").ModuleDocFragment


def documented(name: str) -> Options:
    """The options of a module as they are documented, with those of its fragments, merged as Ansible does."""
    documentation = yaml.safe_load(module(name).DOCUMENTATION)
    options: Options = dict(documentation["options"])
    for used in documentation["extends_documentation_fragment"]:
        file, _dot, part = used.removeprefix("vpn.estate.").partition(".")
        shared = yaml.safe_load(getattr(fragment(file), part.upper() or "DOCUMENTATION")).get("options", {})
        for option, rules in shared.items():
            options[option] = {**rules, **options.get(option, {})}
    return options


def referring(place: str, option: Mapping[str, t.Any], required: bool) -> dict[str, t.Any]:
    """An option of an object in a list, and all below it: what a machine needs, and where people find the rest."""
    said = {
        "description": f"See {place}.",
        **{key: option[key] for key in ("type", "elements", "choices") if key in option},
    }
    if required:
        said["required"] = True
    if "suboptions" in option:
        inside = place[:-1] + ("[]." if option["type"] == "list" else ".")
        said["suboptions"] = {
            name: referring(f"{inside}{name})", deeper, deeper.get("required", False))
            for name, deeper in option["suboptions"].items()
        }
    return said


def entry(name: str, value: Mapping[str, t.Any]) -> list[str]:
    """An entry of a mapping in YAML. A mapping without lists and mappings in it is on one line, if it fits there."""
    for flow in (None, False):
        lines = yaml.safe_dump({name: value}, default_flow_style=flow, sort_keys=False, width=WIDTH).splitlines()
        if len(lines) == 1 or lines[0] == f"{name}:":
            break
    return lines


# -- blocks in the READMEs of roles


@block
def variables(file: Path, _argument: str) -> Iterator[str]:
    """The variables of a role, of all its entry points, with the first paragraph of what the argument specs say."""
    points = yaml.safe_load((file.parent / "meta/argument_specs.yml").read_text())["argument_specs"]
    options = {name: option for point in points.values() for name, option in point["options"].items()}
    yield from ("| variable | type | default | what it is |", "| --- | --- | --- | --- |")
    for name, option in options.items():
        kind = f"{option['type']} of {option['elements']}" if "elements" in option else option["type"]
        if "choices" in option:
            kind += ": " + ", ".join(f"`{choice}`" for choice in option["choices"])
        default = "needed" if option.get("required") else ""
        if "default" in option:
            value = option["default"]
            default = f"`{value if isinstance(value, str) else json.dumps(value)}`"
        about = option["description"]
        yield f"| `{name}` | {kind} | {default} | {markdown(about if isinstance(about, str) else about[0])} |"


def markdown(text: str) -> str:
    """Ansible's markup in Markdown, for a cell of a table."""
    text = re.sub(r"\b[OR]V?\((?:vpn\.estate\.)?(\w+)#module:([^)]+)\)", r"`\2` of `\1`", text)
    text = re.sub(r"\b(?:M\(vpn\.estate\.|P\()([\w.]+)(?:#\w+)?\)", r"`\1`", text)
    text = re.sub(r"\b(?:O|V|C|E|RV)\(((?:\\\)|[^)])+)\)", lambda found: f"`{found[1]}`", text)
    return re.sub(r"\bB\(([^)]+)\)", r"**\1**", text).replace("\\)", ")").replace("|", "\\|")


# -- files


def up_to_date(file: Path) -> str:
    """The text of a file with each of its blocks as its source has it."""
    text = file.read_text()
    if len(BLOCK.findall(text)) != text.count(MARK):
        raise SystemExit(f"{file}: a block has no end.")
    return BLOCK.sub(functools.partial(renewed, file), text)


def renewed(file: Path, found: re.Match[str]) -> str:
    """A block with its lines of now, without entries that stand beside it."""
    indent = found["indent"]
    beside = {
        *names(found.string[: found.start()].splitlines()[::-1], indent),
        *names(found.string[found.end() + 1 :].splitlines(), indent),
    }
    source = SOURCES.get(found["name"], functools.partial(returned, found["name"]))
    lines = []
    kept = True
    for line in source(file, found["argument"] or ""):
        if name := re.match(r"\w+(?=:)", line):
            kept = name[0] not in beside
        if kept:
            lines.append(f"{indent}{line}\n")
    return "".join([found["begin"], *lines, found["end"]])


def names(lines: Iterable[str], indent: str) -> Iterator[str]:
    """The entries of a mapping at this depth, from a line of it to where it ends."""
    for line in lines:
        if line.strip() and not line.startswith(indent):
            return
        if found := re.match(rf"{indent}(\w+):", line):
            yield found[1]


def main(check: bool) -> int:
    """Write blocks, or tell which are stale."""
    sys.path.insert(0, str(ROOT / ".cache"))  # where the checkout is a collection
    stale = False
    for file in sorted([*ROOT.glob("plugins/modules/*.py"), *ROOT.glob("roles/*/README.md")]):
        text = up_to_date(file)
        if text == file.read_text():
            continue
        stale = True
        if not check:
            file.write_text(text)
        print(f"{file.relative_to(ROOT)}: {'a block is stale; run make docs-blocks' if check else 'written'}")
    return int(check and stale)


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
