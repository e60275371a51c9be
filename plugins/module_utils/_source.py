# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects declared in files: read fast, and held to the same options as those among a task's arguments."""

from __future__ import annotations

import json
import os
import typing as t
from dataclasses import dataclass

from ansible.module_utils.basic import missing_required_lib
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.validation import check_mutually_exclusive, check_required_one_of
from ansible_collections.vpn.estate.plugins.module_utils._errors import InputError

try:
    import yaml
except ImportError:
    YamlLoader: t.Any = None
else:
    YamlLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

ENDINGS = (".json", ".yaml", ".yml")
VAULTED = b"$ANSIBLE_VAULT;"

Item = dict[str, t.Any]
Spec = t.Mapping[str, t.Any]
Read = t.Callable[[str], bytes]


@dataclass(frozen=True)
class File:
    """A file's objects. ``place`` says where one stands, which is only found out when somebody asks."""

    path: str
    plural: str
    text: bytes
    items: list[t.Any]

    def place(self, number: int) -> str:
        """Path and line of an object; ``number`` counts from 0."""
        lines = _lines_of_json if self.path.endswith(".json") else _lines_of_yaml
        return f"{self.path}, line {lines(self.text.decode('utf-8'), self.plural)[number]}"


def plain_read(path: str) -> bytes:
    """The content of a file that nobody has encrypted."""
    with open(path, "rb") as file:
        return file.read()


def read_files(src: str, plural: str, read: Read) -> list[File]:
    """The objects in a file, or in each file of a folder in the order of their names.

    A file holds a list, or a mapping with nothing but the list under the name of the plural option. Raises InputError.
    """
    if not os.path.isdir(src):
        return [_read(src, plural, read)]
    try:
        names = sorted(name for name in os.listdir(src) if name.endswith(ENDINGS) and not name.startswith("."))
    except OSError as exc:
        raise InputError(f"src: {src} cannot be read: {exc.strerror}.") from exc
    if not names:
        raise InputError(f"src: {src} is a folder without a file whose name ends in {', '.join(ENDINGS)}.")
    return [_read(os.path.join(src, name), plural, read) for name in names]


def _read(path: str, plural: str, read: Read) -> File:
    try:
        text = read(path)
    except OSError as exc:
        raise InputError(f"src: {path} cannot be read: {exc.strerror}.") from exc
    if text.startswith(VAULTED):
        raise InputError(
            f"src: {path} is encrypted by ansible-vault. Only a task that Ansible runs in its own process can read it; this "
            "one runs as a module."
        )
    content = _parsed(path, text)
    if isinstance(content, dict) and list(content) == [plural]:
        content = content[plural]
    if not isinstance(content, list):
        raise InputError(f"src: {path} holds neither a list nor a mapping with nothing but a list of {plural}.")
    return File(path, plural, text, content)


def _parsed(path: str, text: bytes) -> t.Any:
    """What is wrong with a text is told without quoting it, for it may hold secrets."""
    try:
        if path.endswith(".json"):
            return json.loads(text)
        if YamlLoader is None:
            raise InputError(f"src: {path} is not JSON. {missing_required_lib('PyYAML')}")
        return yaml.load(text, Loader=YamlLoader)  # noqa: S506 - a safe one
    except json.JSONDecodeError as exc:
        raise InputError(f"src: {path}, line {exc.lineno}: this is not JSON: {exc.msg}.") from None
    except UnicodeDecodeError:
        raise InputError(f"src: {path} is not a text in UTF-8.") from None
    except RecursionError:
        raise InputError(f"src: {path} is nested too deep.") from None
    except ValueError as exc:  # a date that is none, for one
        raise InputError(f"src: {path} holds a value that cannot be read ({type(exc).__name__}).") from None
    except Exception as exc:
        if not isinstance(exc, yaml.YAMLError):
            raise
        mark = getattr(exc, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        tagged = "a tag that is not plain YAML, such as !vault; encrypt the whole file instead"
        problem = tagged if isinstance(exc, yaml.constructor.ConstructorError) else "this is not YAML"
        raise InputError(f"src: {path}{line}: {problem}.") from None


def _lines_of_json(text: str, plural: str) -> list[int]:
    decoder = json.JSONDecoder()
    lines: list[int] = []
    position = text.index("[")
    line, counted = 1, 0
    while True:
        position += 1
        while text[position] in " \t\r\n,":
            position += 1
        if text[position] == "]":
            return lines
        line, counted = line + text.count("\n", counted, position), position
        lines.append(line)
        position = decoder.raw_decode(text, position)[1] - 1


def _lines_of_yaml(text: str, plural: str) -> list[int]:
    node: t.Any = yaml.compose(text, Loader=YamlLoader)
    if isinstance(node, yaml.MappingNode):
        node = node.value[0][1]
    return [item.start_mark.line + 1 for item in node.value]


class Checker:
    """Holds objects to the options of a plural, as Ansible does.

    What is of the declared types already needs no conversion, which is nearly all; Ansible's validator looks at the rest.
    """

    def __init__(self, plural: str, spec: Spec) -> None:
        self._plural, self._spec = plural, spec
        self._validator = ArgumentSpecValidator({plural: dict(spec)})
        self._secret = [name for name, option in spec["options"].items() if option.get("no_log")]
        self.secrets: set[str] = set()

    def checked(self, item: t.Any) -> Item:
        """The object as the module works with it. Raises ValueError with a sentence."""
        if _fits_all(item, self._spec["options"]) and self._keeps_the_rules(item):
            self.secrets.update(item[name] for name in self._secret if item.get(name))
            return t.cast(Item, item)
        if not isinstance(item, dict):
            raise ValueError(f"each of {self._plural} is a mapping, and this is none")
        found = self._validator.validate({self._plural: [item]})
        self.secrets.update(found._no_log_values)
        if found.error_messages:
            raise ValueError(str(found.errors.msg).rstrip("."))
        return t.cast(Item, found.validated_parameters[self._plural][0])

    def _keeps_the_rules(self, item: Item) -> bool:
        try:
            check_required_one_of(self._spec.get("required_one_of"), item)
            check_mutually_exclusive(self._spec.get("mutually_exclusive"), item)
        except TypeError:
            return False
        return True


TYPES = {"str": str, "bool": bool, "int": int, "list": list, "dict": dict}


def _fits(value: t.Any, option: Spec) -> bool:
    """Whether a value is of the type that an option wants, so that Ansible would leave it as it is."""
    kind = option.get("type", "str")
    if type(value) is not TYPES.get(kind):
        return False
    choices = option.get("choices")
    if kind == "list":
        each: Spec = {"type": option.get("elements", "raw"), "options": option.get("options"), "choices": choices}
        return all(_fits(one, each) for one in t.cast("list[t.Any]", value))
    if choices is not None and value not in choices:
        return False
    return kind != "dict" or option.get("options") is None or _fits_all(value, option["options"])


def _fits_all(item: t.Any, options: t.Mapping[str, Spec]) -> bool:
    if type(item) is not dict:
        return False
    for name, value in item.items():
        if name not in options or not (value is None or _fits(value, options[name])):
            return False
    return all(item.get(name) is not None for name, option in options.items() if option.get("required"))
