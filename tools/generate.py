# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the files and blocks that follow from other files.

usage: generate.py [--check]

- blocks: the entries of a mapping between ``# BEGIN NAME (tools/generate.py)`` and ``# END`` in the documentation of a module, or
  the lines between the same words in HTML comments in the README of a role. NAME is a function below that is marked ``@block``,
  or a text of plugins/doc_fragments/_returned.py; ``BEGIN NAME: ARGUMENT`` passes an argument. An entry that is written by
  hand beside a block is not in the block.
- plugins/action/NAME.py of each module that connects to a server.
- the lists of modules in meta/runtime.yml, by the fragment ``vpn.estate._attributes.GROUP`` of their documentation.
- the JSON schemas in ``schemas``, of the variables of the roles of ``DECLARED`` and of the files that these name.
- ``aliases`` and ``tasks/main.yml`` of each integration target with a ``tasks/scenario.yml``. An existing ``main.yml``
  does not change; an existing ``aliases`` gets only the missing lines.

Files that were generated for a deleted module or scenario are deleted. With --check, nothing is written, and the exit
status is 1 if a file is missing, stale or left over.
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
from markup import markdown

ROOT = Path(__file__).resolve().parent.parent
COLLECTION = "ansible_collections.vpn.estate"
WIDTH = 108  # of a line of YAML, before it is indented
MARK = " (tools/generate.py)"
BLOCK = re.compile(
    rf"(?P<begin>^(?P<indent> *)(?:#|<!--) BEGIN (?P<name>\w+)(?:: (?P<argument>.+?))?{re.escape(MARK)}(?: -->)?\n)"
    r"(?P<old>(?:.*\n)*?)(?P<end>(?P=indent)(?:#|<!--) END(?: -->)?$)",
    re.MULTILINE,
)
Source = Callable[[Path, str], Iterable[str]]
SOURCES: dict[str, Source] = {}
Options = dict[str, dict[str, t.Any]]
Generated = tuple[Path, str | None]  # a file and its text; None if it has to be deleted
Generator = Callable[[], Iterable[Generated]]
GENERATORS: list[Generator] = []

ACTION = """\
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
\"\"\"The action of the module of this name. All modules that talk to a server have this same file.\"\"\"

from __future__ import annotations

from ansible_collections.vpn.estate.plugins.plugin_utils._module_action import action_of

ActionModule, main = action_of(__name__)
"""
# tasks/main.yml of an integration target, by the kind of server that the scenario needs.
MAINS = {
    "access_server": """\
---
- name: Run the scenario against both dialects
  ansible.builtin.include_role:
    name: setup_simulator
""",
    "freebox": """\
---
- name: Run the scenario against an old and a new Freebox
  ansible.builtin.include_role:
    name: setup_simulator
  vars:
    setup_simulator_kind: freebox
""",
}
# Roles, and the modules to which they pass their variables.
DECLARED = {
    "access_server": (
        "as_group",
        "as_default_user",
        "as_user",
        "as_access_list",
        "as_access_ruleset",
        "as_config_item",
    ),
    "freebox_vpn": ("freebox_vpn_server", "freebox_vpn_user"),
}


def generator(generate: Generator) -> Generator:
    """Mark what gives the texts of files."""
    GENERATORS.append(generate)
    return generate


def block(source: Source) -> Source:
    """Mark what gives the lines of a block, by its file and its argument."""
    SOURCES[source.__name__] = source
    return source


# -- blocks in modules


@block
def suboptions(file: Path, argument: str) -> Iterator[str]:
    """The options of each object that a module takes in a list; each refers to the option for one object.

    The argument names another module whose objects they are.
    """
    name_of_module = argument or file.stem
    options, [resource] = documented(name_of_module), module(name_of_module).BODY.resources
    of_object = resource.argument_spec()[resource.plural]["options"] if resource.plural else resource.object_spec()
    for name, rules in of_object.items():
        place = f"O(vpn.estate.{argument}#module:{name})" if argument else f"O({name})"
        reference = referring(place, options[name], bool(rules.get("required")))
        if name == "state" and not argument:
            reference["description"] = "See O(state), which is the default."
        yield from entry(name, reference)


@block
def properties(_file: Path, argument: str) -> Iterator[str]:
    """The values of an object that an info module returns: the options of the module that manages it, without secrets."""
    options = documented(argument)
    for name, rules in module(argument).BODY.resources[0].object_spec().items():
        if name != "inherit" and not rules.get("no_log"):
            kind = {"raw": "str"}.get(options[name]["type"], options[name]["type"])  # always returned as text
            elements = {key: options[name][key] for key in ("elements",) if key in options[name]}
            said = {"description": f"Value of O(vpn.estate.{argument}#module:{name}).", "type": kind, **elements}
            yield from entry(name, said)


def returned(name: str, file: Path, argument: str) -> list[str]:
    """A text of RETURN that several modules share."""
    text = getattr(fragment("_returned"), name.upper(), None)
    if text is None:
        raise SystemExit(f"{file}: there is no block {name}.")
    return str(text).strip().replace("{}", argument).splitlines()


def module(name: str) -> t.Any:
    return importlib.import_module(f"{COLLECTION}.plugins.modules.{name}")


def fragment(name: str) -> t.Any:
    return importlib.import_module(f"{COLLECTION}.plugins.doc_fragments.{name}").ModuleDocFragment


def loaded(text: str) -> t.Any:
    """The data of a YAML text."""
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe


@functools.cache
def modules() -> list[str]:
    """Their names, in order."""
    return sorted(path.stem for path in ROOT.glob("plugins/modules/*.py"))


@functools.cache
def documentation(name: str) -> Mapping[str, t.Any]:
    """The documentation of a module, without its fragments."""
    return t.cast("dict[str, t.Any]", loaded(module(name).DOCUMENTATION))


def documented(name: str) -> Options:
    """The options of a module as they are documented, with those of its fragments, merged as Ansible does."""
    options: Options = dict(documentation(name)["options"])
    for used in documentation(name)["extends_documentation_fragment"]:
        file, _dot, part = used.removeprefix("vpn.estate.").partition(".")
        shared = loaded(getattr(fragment(file), part.upper() or "DOCUMENTATION")).get("options", {})
        for option, rules in shared.items():
            options[option] = {**rules, **options.get(option, {})}
    return options


def referring(place: str, option: Mapping[str, t.Any], required: bool) -> dict[str, t.Any]:
    """An option of an object in a list, and all below it, with a reference to its description."""
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
    """An entry of a mapping in YAML. A mapping without lists and mappings in it is on one line, if it fits."""
    for flow in (None, False):
        lines = yaml.safe_dump({name: value}, default_flow_style=flow, sort_keys=False, width=WIDTH).splitlines()
        if len(lines) == 1 or lines[0] == f"{name}:":
            break
    return lines


# -- blocks in the READMEs of roles


@block
def variables(file: Path, _argument: str) -> Iterator[str]:
    """The variables of a role, of all its entry points, with the first paragraph of their descriptions."""
    points = loaded((file.parent / "meta/argument_specs.yml").read_text())["argument_specs"]
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


# -- files with blocks


@generator
def files_with_blocks() -> Iterator[Generated]:
    """Modules, and the READMEs of roles, with each block as its source has it."""
    for file in [*ROOT.glob("plugins/modules/*.py"), *ROOT.glob("roles/*/README.md")]:
        yield file, up_to_date(file)


def up_to_date(file: Path) -> str:
    """The text of a file with each of its blocks as its source has it."""
    text = file.read_text()
    if len(BLOCK.findall(text)) != text.count(MARK):
        raise SystemExit(f"{file}: a block has no end.")
    return BLOCK.sub(functools.partial(renewed, file), text)


def renewed(file: Path, found: re.Match[str]) -> str:
    """A block with its current lines, without entries that are written beside it."""
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
    """The entries of a mapping at this depth, from a line of it to its end."""
    for line in lines:
        if line.strip() and not line.startswith(indent):
            return
        if found := re.match(rf"{indent}(\w+):", line):
            yield found[1]


# -- whole files and lists


@generator
def actions() -> Iterator[Generated]:
    """The action of each module that connects to a server; all are the same."""
    yield from leftovers("plugins/action/*.py", ACTION)
    for name in modules():
        if hasattr(module(name), "BODY"):
            yield ROOT / f"plugins/action/{name}.py", ACTION


@generator
def action_groups() -> Iterator[Generated]:
    """The lists of modules in meta/runtime.yml, between its comments."""

    def members(found: re.Match[str]) -> str:
        fragment_of_group = f"vpn.estate._attributes.{found['group']}"
        names = [
            name for name in modules() if fragment_of_group in documentation(name)["extends_documentation_fragment"]
        ]
        return found["begin"] + "".join(f"    - {name}\n" for name in names)

    runtime = ROOT / "meta/runtime.yml"
    yield (
        runtime,
        re.sub(r"^(?P<begin>  (?P<group>\w+):\n)(?:    - .*\n)*", members, runtime.read_text(), flags=re.MULTILINE),
    )


@generator
def integration_targets() -> Iterator[Generated]:
    """The files with which ansible-test runs the scenario of a target."""
    targets = ROOT / "tests/integration/targets"
    for text in MAINS.values():
        for main_file, _nothing in leftovers("tests/integration/targets/*/tasks/main.yml", text):
            if not main_file.with_name("scenario.yml").exists():
                yield main_file, None
                yield main_file.parent.parent / "aliases", None
    for scenario in targets.glob("*/tasks/scenario.yml"):
        target = scenario.parent.parent
        kind = "freebox" if target.name.startswith("freebox_") else "access_server"
        if not (target / "tasks/main.yml").exists():
            yield target / "tasks/main.yml", MAINS[kind]
        aliases = target / "aliases"
        found = aliases.read_text().splitlines() if aliases.exists() else []
        roles = ["converge"] if re.search(r"^ +name: converge$", scenario.read_text(), re.MULTILINE) else []
        needed = ["gather_facts/no", *(f"needs/target/{role}" for role in [*roles, "setup_simulator"])]
        yield aliases, "".join(f"{line}\n" for line in sorted({*found, *needed}))


@generator
def json_schemas() -> Iterator[Generated]:
    """Schemas that editors use: one for each kind of file with declared objects, and one for variables."""
    import schemas  # it imports the collection, which main() makes importable

    for file in ROOT.glob("schemas/*.json"):
        yield file, None
    variables: Options = {}
    rules_of: dict[t.Any, dict[str, t.Any]] = {}  # by resource
    for role, modules_of_role in DECLARED.items():
        variables.update(variables_of(role))
        for name in modules_of_role:
            [resource] = module(name).BODY.resources
            rules = {"type": "dict", "options": resource.object_spec()}
            if resource.plural:
                rules = resource.argument_spec()[resource.plural]
            rules_of[resource] = rules = {**rules, "options": described(rules["options"], documented(name))}
            objects = (resource.plural or resource.noun).replace("_", " ")
            variable = f"{role}_{objects.replace(' ', '_')}"
            if variable not in variables:
                raise SystemExit(
                    f"roles/{role}/meta/argument_specs.yml: add {variable}; {name} is in DECLARED of tools/generate.py"
                )
            variables[variable] = {**rules, "description": variables[variable]["description"]}
            about = f"{objects.capitalize()}, as vpn.estate.{name} takes them."
            yield ROOT / f"schemas/{variable}.json", schemas.text_of(schemas.file(resource.plural, rules), about)
    variables["estate_people"]["options"] = options_of_people(rules_of)
    about = "The report that vpn.estate.declaration_report and the callback vpn.estate.report write."
    yield ROOT / "schemas/report.json", schemas.text_of(schemas.report(), about)
    about = (
        f"Variables of hosts, among them those of the roles {' and '.join(f'vpn.estate.{role}' for role in DECLARED)}."
    )
    yield ROOT / "schemas/variables.json", schemas.text_of(schemas.variables(variables, DECLARED), about)


def variables_of(role: str) -> Options:
    """The variables of a role. Ansible converts a number to text if the variable is for text."""
    arguments = importlib.import_module(f"{COLLECTION}.plugins.module_utils._engine.arguments")
    points = loaded((ROOT / f"roles/{role}/meta/argument_specs.yml").read_text())["argument_specs"]
    return {
        name: {**option, "type": arguments.TEXT_OR_NUMBER} if option["type"] == "str" else option
        for name, option in points["main"]["options"].items()
    }


def options_of_people(rules_of: Mapping[t.Any, Mapping[str, t.Any]]) -> Options:
    """The options of a person for the filter ``people``, with the further options of users of each product."""
    plugin = loaded((ROOT / "plugins/filter/people.yml").read_text())["DOCUMENTATION"]
    options: Options = {
        name: {option: value for option, value in rules.items() if option != "default"}
        for name, rules in plugin["options"]["_input"]["suboptions"].items()
    }
    for product in importlib.import_module(f"{COLLECTION}.plugins.filter.people").PRODUCTS.values():
        of_user = rules_of[product.resource]["options"]
        options[product.name]["options"] = {name: of_user[name] for name in of_user if name not in product.not_here}
    return options


def described(options: Options, documentation: Options) -> Options:
    """The options of a spec, and all below them, each with its description."""
    return {
        name: {
            **rules,
            "description": documentation[name]["description"],
            **(
                {"options": described(rules["options"], documentation[name]["suboptions"])}
                if rules.get("options")
                else {}
            ),
        }
        for name, rules in options.items()
    }


def leftovers(pattern: str, text: str) -> Iterator[Generated]:
    """Generated files with this text. A later text for the same file replaces it."""
    for file in ROOT.glob(pattern):
        if file.read_text() == text:
            yield file, None


def main(check: bool) -> int:
    """Write missing and stale files, or name them."""
    sys.path.insert(0, str(ROOT / ".cache"))  # where the checkout is a collection
    wanted = {file: text for generate in GENERATORS for file, text in generate()}
    stale = False
    for file, text in sorted(wanted.items()):
        if text == (file.read_text() if file.exists() else None):
            continue
        stale = True
        state = "left over" if text is None else "stale" if file.exists() else "missing"
        if check:
            print(f"{file.relative_to(ROOT)}: {state}; run make generate")
            continue
        if text is None:
            file.unlink()
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        print(f"{file.relative_to(ROOT)}: {'deleted' if text is None else 'written'}")
    return int(check and stale)


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
