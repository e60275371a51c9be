# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guides in docs/docsite/rst: the blocks that they consist of, and mistakes in the YAML that they show.

What a block is for follows from its language and its caption; CONTRIBUTING.md has the rules.
"""

from __future__ import annotations

import configparser
import dataclasses
import functools
import importlib
import itertools
import json
import re
import textwrap
import typing as t
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import jsonschema
import yaml
from ansible.playbook.block import Block as AnsibleBlock
from ansible.playbook.handler import Handler
from ansible.playbook.play import Play
from ansible.plugins.loader import module_loader
from jinja2 import Environment, TemplateError, meta
from jinja2.ext import do

from schemas import Writer

ROOT = Path(__file__).resolve().parents[4]
GUIDES = ROOT / "docs/docsite/rst"
LABEL = "ansible_collections.vpn.estate.docsite."
FILES = (
    "yaml",
    "yaml+jinja",
    "ini",
    "json",
    "csv",
    "sh",
)  # languages of blocks that are files where they have a caption

DIRECTIVE = re.compile(r"^(?P<indent> *)\.\. (?:code-block:: (?P<language>\S+)|run:)$")
FRAGMENT = "FRAGMENT"  # in commands, the file of the fragment before them
SERVERS = re.compile(r"^\.\. servers: (.+)$", re.MULTILINE)
SERVER = re.compile(r"(?P<name>[\w.-]+) \((?P<kind>[^()]+)\)")
CONTROL = re.compile(r"^\.\. simulator: (?P<server>\S+) (?P<operation>[\w-]+) (?P<body>\{.*\})$")
PLAY = re.compile(r"^[- ] (hosts: [^{]|import_playbook: )", re.MULTILINE)
INVENTORY = re.compile(r"(^|/)(hosts|inventory)\.\w+$")
REFERENCE = re.compile(r":ref:`(?:[^`<]*<)?([^`>]+)>?`")


@dataclasses.dataclass(frozen=True)
class Block:
    """A code block, or a comment that changes a server."""

    line: int
    language: str
    caption: str
    text: str

    @property
    def is_file(self) -> bool:
        return bool(self.caption) and self.language in FILES

    @property
    def is_fragment(self) -> bool:
        return not self.caption and self.language in ("yaml", "yaml+jinja")

    @property
    def is_playbook(self) -> bool:
        return self.is_file and bool(PLAY.search(self.text))

    @property
    def is_console(self) -> bool:
        """Whether it has commands; those of a comment (run) are not shown to readers of the guide."""
        return self.language in ("console", "run")


class Command(t.NamedTuple):
    """A command of a console block, and the lines that the guide shows of its output."""

    line: int
    text: str
    output: list[str]
    fails: bool


class Guide:
    """A guide, given as text or read from a file."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.text = name, text
        self.blocks = list(_blocks(text.splitlines()))

    @classmethod
    def read(cls, path: Path) -> Guide:
        return cls(path.stem, path.read_text(encoding="utf-8"))

    @property
    def servers(self) -> dict[str, str]:
        """Kinds of the simulated servers that it needs, by name."""
        return {one["name"]: one["kind"] for line in SERVERS.findall(self.text) for one in SERVER.finditer(line)}

    def at(self, line: int, message: str) -> str:
        return f"{self.name}:{line}: {message}"

    def faults(self) -> Iterator[str]:
        """What is wrong with its files and fragments, its console blocks, and its references to other pages."""
        judge = Judge(_used_names(block.text for block in self.blocks), _given_names(self.blocks))
        for block in self.blocks:
            if block.is_file or block.is_fragment:
                yield from (self.at(block.line, message) for message in judge.messages(block))
            elif block.is_console:
                yield from (self.at(block.line, message) for message in _console_faults(block))
            elif block.language not in ("text", "simulator"):
                yield self.at(block.line, f"a block of the language {block.language} needs a caption, or is not known")
        yield from (self.at(line, message) for line, message in judge.undefined())
        for block, after in itertools.zip_longest(self.blocks, self.blocks[1:]):
            if block.is_fragment and not (after and after.is_console and FRAGMENT in after.text):
                yield self.at(block.line, f"nothing runs it: a comment `.. run:` with {FRAGMENT} has to follow")
            if block.is_playbook and not any(block.caption in one.text for one in self.blocks if one is not block):
                yield self.at(block.line, f"nothing runs it: no command and no other file has {block.caption}")
        for number, line in enumerate(self.text.splitlines(), 1):
            for target in REFERENCE.findall(line):
                if target not in labels():
                    yield self.at(number, f"there is no label {target}")


def _blocks(lines: list[str]) -> Iterator[Block]:
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if control := CONTROL.match(line):
            yield Block(number, "simulator", f"{control['server']} {control['operation']}", control["body"])
        elif found := DIRECTIVE.match(line):
            first, inner = number, f"{found['indent']}   "
            while number < len(lines) and (not lines[number].strip() or lines[number].startswith(inner)):
                number += 1
            inside = textwrap.dedent("\n".join(lines[first:number]))
            options = re.match(r"(?:\n?:.+)*", inside)
            assert options
            captions = re.findall(r"^:caption: (.+)$", options[0], re.MULTILINE)
            text = inside[options.end() :].strip("\n") + "\n"
            yield Block(first, found["language"] or "run", "".join(captions), text)


def _console_faults(block: Block) -> Iterator[str]:
    if block.caption not in ("", "fails"):
        yield f"a console block has the caption fails, or none, and not {block.caption}"
    if not block.text.startswith("$ "):
        yield "a console block begins with a command, after a dollar sign and a space"
    if block.caption == "fails" and block.text.count("\n$ "):
        yield "a console block that fails has one command"


def commands(block: Block) -> Iterator[Command]:
    """The commands of a console block; a backslash at the end of a line continues a command."""
    before, *each = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    line = block.line + before.count("\n")
    for text in each:
        found = re.match(r"(?:.*\\\n)*.*", text)
        assert found
        output = text[found.end() :].splitlines()
        yield Command(line, found[0], output, block.caption == "fails")
        line += text.count("\n")


@functools.cache
def labels() -> frozenset[str]:
    """What ``:ref:`` may name: labels of guides, and of pages that antsibull-docs makes of plugins and roles."""
    guides = (re.findall(r"^\.\. _([^:]+):$", path.read_text(), re.MULTILINE) for path in GUIDES.glob("*.rst"))
    plugins = [
        f"ansible_collections.vpn.estate.{path.stem}_{kind}"
        for folder, kind in (("modules", "module"), ("filter", "filter"), ("callback", "callback"))
        for path in (ROOT / "plugins" / folder).iterdir()
    ]
    roles = [f"ansible_collections.vpn.estate.{path.name}_role" for path in (ROOT / "roles").iterdir()]
    return frozenset([*(label for found in guides for label in found), *plugins, *roles])


# -- YAML

Data = t.Any


class _Loader(yaml.SafeLoader):
    """Ansible's own tags are text here."""


# A date is text, as an editor sees it.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in each if not tag.endswith(":timestamp")]
    for first, each in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _tag in ("!vault", "!unsafe"):
    _Loader.add_constructor(_tag, lambda loader, node: loader.construct_scalar(t.cast(yaml.ScalarNode, node)))


class _Known(dict[str, t.Any]):
    """Filters and tests: those of this collection have a file; the others are not looked for."""

    def get(self, name: str, default: t.Any = None) -> t.Any:
        of_ours = re.fullmatch(r"vpn\.estate\.(\w+)", name)
        known = not of_ours or any((ROOT / "plugins/filter").glob(f"{of_ours[1]}.*"))
        return super().get(name, print if known else default)


TEMPLATES = Environment(extensions=[do], autoescape=True)
TEMPLATES.filters, TEMPLATES.tests = _Known(TEMPLATES.filters), _Known(TEMPLATES.tests)
DAY = re.compile(r"\d{4}-\d\d-")
# Keywords whose text is an expression without braces.
EXPRESSIONS = ("when", "that", "until", "failed_when", "changed_when")
# Names that Ansible and Jinja give, beside those that begin with ansible_.
GIVEN = frozenset(
    [
        *(
            "cycler",
            "dict",
            "environment",
            "group_names",
            "groups",
            "hostvars",
            "inventory_dir",
            "inventory_file",
            "item",
        ),
        *(
            "inventory_hostname",
            "inventory_hostname_short",
            "lipsum",
            "lookup",
            "namespace",
            "now",
            "omit",
            "playbook_dir",
            "q",
        ),
        *("joiner", "query", "range", "undef", "vars"),
    ]
)


def _texts(node: Data, key: str = "") -> Iterator[tuple[str, str]]:
    """Each text, with the key that it stands below."""
    if isinstance(node, str):
        yield key, node
    elif isinstance(node, Mapping):
        for name, value in node.items():
            yield from _texts(value, str(name))
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value, key)


def _names_in(key: str, text: str) -> set[str]:
    """The variables that a template needs. Raises TemplateError."""
    if key in EXPRESSIONS and "{{" not in text and not DAY.match(text):  # until of a user is a day
        text = f"{{{{ {text} }}}}"
    return meta.find_undeclared_variables(TEMPLATES.parse(text)) if "{{" in text or "{%" in text else set()


def _used_names(texts: Iterable[str]) -> frozenset[str]:
    """Words inside the templates of a guide, with which variables of its own are used."""
    found = (re.findall(r"\{[{%].*?[%}]\}|^.*\bwhen: .*$", text, re.MULTILINE | re.DOTALL) for text in texts)
    return frozenset(word for each in found for template in each for word in re.findall(r"\w+", template))


def _given_names(blocks: Iterable[Block]) -> frozenset[str]:
    """Variables that commands set, as in -e vpn_serial=10."""
    shells = (block.text for block in blocks if block.is_console or block.language == "text")
    return frozenset(name for text in shells for name in re.findall(r"(?<=-e )(\w+)=", text))


@functools.cache
def _options_of_roles() -> Mapping[str, t.Any]:
    specs = (yaml.safe_load(path.read_text()) for path in sorted(ROOT.glob("roles/*/meta/argument_specs.yml")))
    points = (point for spec in specs for point in spec["argument_specs"].values())
    return {name: option for point in points for name, option in point["options"].items()}


def _open(rules: Mapping[str, t.Any]) -> Mapping[str, t.Any]:
    """An option whose mappings, if the spec does not describe them, may hold anything."""
    return {**rules, "elements": "raw"} if rules.get("elements") == "dict" and not rules.get("options") else rules


@functools.cache
def _variables() -> Mapping[str, t.Any]:
    """The schema that editors have of the two roles for servers, with the variables of the other roles."""
    schemas = json.loads((ROOT / "schemas/variables.json").read_text())["properties"]
    write = Writer(templates=True)
    more = {name: option for name, option in _options_of_roles().items() if name not in schemas}
    return {**schemas, **{name: write.option(_open(option)) for name, option in more.items()}}


@functools.cache
def _known() -> frozenset[str]:
    """Variables of roles, options that connect, and what the collection's own playbooks and defaults of roles read."""
    readers = [*ROOT.glob("playbooks/*.yml"), *ROOT.glob("roles/*/defaults/main.yml")]
    named = {
        word
        for path in readers
        for word in re.findall(r"\b\w+\b", path.read_text())
        if re.match(r"(as|freebox|vpn|cluster|access_server)_", word)
    }
    return frozenset({*_variables(), *named})


@functools.cache
def _module(name: str) -> t.Any:
    """The schema of the options of a module of this collection; every one may be left out, as module_defaults may give it."""
    module = importlib.import_module(f"ansible_collections.vpn.estate.plugins.modules.{name}")
    body = getattr(module, "BODY", None)
    spec = body.argument_spec if body else _documented(yaml.safe_load(module.DOCUMENTATION)["options"])
    write = Writer(templates=True)
    return write.mapping({"options": {option: {**_open(rules), "required": False} for option, rules in spec.items()}})


def _documented(options: Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {
        name: {**option, "options": _documented(option["suboptions"])} if "suboptions" in option else option
        for name, option in options.items()
    }


@functools.cache
def _files_of_objects() -> tuple[t.Any, ...]:
    """The schemas of files that ``src`` names."""
    every = (json.loads(path.read_text()) for path in sorted(ROOT.glob("schemas/*.json")))
    return tuple(schema for schema in every if "definitions" in schema)


def _violations(schema: t.Any, data: Data, where: str) -> Iterator[str]:
    for error in jsonschema.Draft7Validator(schema).iter_errors(data):
        path = ".".join(map(str, error.absolute_path))
        yield f"{where}{'.' if path else ''}{path}: {error.message.partition(' does not match any of')[0][:300]}"


class Judge:
    """Finds mistakes in data; ``written`` are the names that the templates of the guide use, ``given`` those that commands set."""

    def __init__(self, written: frozenset[str], given: frozenset[str]) -> None:
        self._written = written
        self._defined: set[str] = {*given}
        self._needed: list[tuple[int, str, str]] = []  # lines, keys and names of variables in templates

    def messages(self, block: Block) -> Iterator[str]:
        """What is wrong with a file or a fragment."""
        try:
            if block.language == "ini":
                configparser.ConfigParser(allow_no_value=True).read_string(block.text)
                return
            if block.language in ("csv", "sh"):
                return
            each = list(yaml.load_all(block.text, Loader=_Loader))  # noqa: S506 - made from the safe one; reads JSON, too
        except (yaml.YAMLError, configparser.Error, ValueError) as error:
            yield f"cannot be read: {error}"
            return
        for data in each:
            if not block.caption or _is_for_ansible(data, block.caption):
                yield from self._document(data, block.caption)
                yield from self._templates(block.line, data)

    def undefined(self) -> Iterator[tuple[int, str]]:
        """Variables that a template needs, and that neither the collection nor the guide defines."""
        for line, key, name in self._needed:
            if name not in GIVEN | _known() | self._defined and not name.startswith(("ansible_", "vault_")):
                yield line, f"{key}: the template needs {name}, which is not defined"

    def _document(self, data: Data, path: str) -> Iterator[str]:
        if isinstance(data, list) and all(isinstance(one, dict) for one in data):
            known = any(_is_play(one) or _is_task(one) for one in data)
            if not known and all(any(_violations(schema, data, "")) for schema in _files_of_objects()):
                yield "is neither a list of plays or tasks, nor one of objects that a module takes from a file"
            for one in data:
                if _is_play(one):
                    yield from self._play(one)
                elif _is_task(one):
                    yield from self._task(one)
        elif isinstance(data, dict):
            if INVENTORY.search(path) or _is_inventory(data):
                for name, group in data.items():
                    yield from self._group(name, group)
            else:
                yield from self._vars(data)
        else:
            yield "is neither a list of tasks nor a mapping of variables"

    def _group(self, name: str, group: Data) -> Iterator[str]:
        for key in set(group or {}) - {"hosts", "children", "vars"}:
            yield f"{name}: {key} is nothing that a group of an inventory has"
        for variables in (*((group or {}).get("hosts") or {}).values(), (group or {}).get("vars")):
            yield from self._vars(variables or {})
        for child, inner in ((group or {}).get("children") or {}).items():
            yield from self._group(child, inner)

    def _vars(self, variables: Data) -> Iterator[str]:
        """Variables of the collection are as their specs say; others are used by a template of the guide."""
        if not isinstance(variables, dict):
            return
        for name, value in variables.items():
            self._defined.add(name)
            if name in _variables():
                yield from _violations(_variables()[name], value, name)
            elif not (name in _known() | self._written or name.startswith(("ansible_", "vault_"))):
                yield f"{name}: the collection has no such variable, and no template of the guide uses it"

    def _play(self, play: Mapping[str, Data]) -> Iterator[str]:
        imported = str(play.get("import_playbook", play.get("ansible.builtin.import_playbook", "")))
        if imported:
            if imported.startswith("vpn.estate.") and not (ROOT / f"playbooks/{imported[11:]}.yml").is_file():
                yield f"{imported}: the collection has no such playbook"
            yield from self._vars(play.get("vars", {}))
            return
        for key in set(play) - {*Play.fattributes}:
            yield f"{key}: a play has no such keyword"
        yield from self._vars(play.get("vars", {}))
        for name, options in (play.get("module_defaults") or {}).items():
            yield from self._defaults(name, options)
        for role in play.get("roles") or []:
            yield from self._role(role if isinstance(role, dict) else {"role": role})
        for section in ("pre_tasks", "tasks", "post_tasks", "handlers"):
            for task in play.get(section) or []:
                yield from self._task(task)

    def _defaults(self, name: str, options: Data) -> Iterator[str]:
        if name.startswith("group/vpn.estate."):
            sample = "as_user" if name.endswith("access_server") else "freebox_vpn_user"
            yield from _violations(_module(sample), options, name)
        elif name.startswith("vpn.estate."):
            yield from self._options(name, options)

    def _role(self, role: Mapping[str, Data]) -> Iterator[str]:
        name = str(role.get("role", role.get("name", "")))
        if name.startswith("vpn.estate.") and not (ROOT / "roles" / name[11:]).is_dir():
            yield f"{name}: the collection has no such role"
        yield from self._vars(role.get("vars", {}))
        keywords = {"role", "name", "vars", "tasks_from", "handlers_from", "public", "apply", "when", "tags"}
        yield from self._vars({key: value for key, value in role.items() if key not in keywords})

    def _task(self, task: Mapping[str, Data]) -> Iterator[str]:
        yield from self._vars(task.get("vars", {}))
        if "register" in task:
            self._defined.add(task["register"])
        self._defined.add(task.get("loop_control", {}).get("loop_var", "item"))
        keywords = {*Handler.fattributes, *AnsibleBlock.fattributes, "local_action"}
        modules = [key for key in task if key not in keywords and not key.startswith("with_")]
        for section in ("block", "rescue", "always"):
            for inner in task.get(section) or []:
                yield from self._task(inner)
        if "block" in task:
            yield from (f"{key}: a block has no such keyword" for key in modules)
        elif len(modules) != 1:
            yield f"a task calls one module, and not {', '.join(modules) or 'none'}"
        elif modules[0].rpartition(".")[2] in ("import_role", "include_role"):
            yield from self._role(task[modules[0]])
        elif modules[0].rpartition(".")[2] == "set_fact":
            yield from self._vars(task[modules[0]])
        else:
            yield from self._options(modules[0], task[modules[0]])

    def _options(self, module: str, options: Data) -> Iterator[str]:
        if not module.startswith("vpn.estate."):
            if not module_loader.find_plugin(module):
                yield f"{module}: there is no such module"
        elif not (ROOT / f"plugins/modules/{module[11:]}.py").is_file():
            yield f"{module}: the collection has no such module"
        else:
            yield from _violations(_module(module[11:]), options or {}, module)

    def _templates(self, line: int, data: Data) -> Iterator[str]:
        for key, text in _texts(data):
            try:
                self._needed += ((line, key, name) for name in sorted(_names_in(key, text)))
            except TemplateError as error:
                yield f"{key}: {text!r} is not a template: {error}"


def _is_play(data: Mapping[str, Data]) -> bool:
    return bool({"hosts", "import_playbook", "ansible.builtin.import_playbook"} & {*data})


def _is_for_ansible(data: Data, path: str) -> bool:
    """Whether a file is a playbook, an inventory, variables, or objects for a module, and not for another program."""
    lists = isinstance(data, list) and not path.startswith(".")
    return lists or bool(INVENTORY.search(path)) or "_vars/" in path or (isinstance(data, dict) and _is_inventory(data))


def _is_inventory(data: Mapping[str, Data]) -> bool:
    return any(isinstance(group, dict) and {"hosts", "children"} & {*group} for group in data.values())


def _is_task(data: Mapping[str, Data]) -> bool:
    return "block" in data or any("." in str(key) for key in data)
