# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON schemas of options, which accept what module_utils/_engine/arguments.py accepts.

They are of draft 7, the latest one of which editors know all keywords. A value that can have several types has them in one
``type``, and each keyword beside it applies to its own type. Branches would make a validator print the wrong value as a
whole, such as an object with its password. Editors show ``errorMessage`` and ``patternErrorMessage``.
"""

from __future__ import annotations

import itertools
import json
import re
import typing as t
from collections.abc import Iterable, Mapping

from ansible_collections.vpn.estate.plugins.module_utils._engine.arguments import NEEDED, Lines, TextOrNumber
from markup import first_sentence

Schema = dict[str, t.Any]
Rules = Mapping[str, t.Any]

DRAFT = "http://json-schema.org/draft-07/schema#"
# Placeholders of values in variables: a template, or text that ansible-vault has encrypted.
TEMPLATE = r"\{[{%#]|^\$ANSIBLE_VAULT;"
PATTERNS = {
    "bool": r"^\s*([yY]([eE][sS])?|[nN][oO]?|[oO][nN]|[oO][fF][fF]|[tT]([rR][uU][eE])?|[fF]([aA][lL][sS][eE])?|[01])\s*$",
    "int": r"^(?=.*\d)\s*[+-]?([\d_]*\.?[0_]*|[\d_.]+[eE][+-]?[\d_]+)\s*$",
    "dict": r"^\{|=",
}
LIMITS: Mapping[str, Schema] = {"bool": {"minimum": 0, "maximum": 1}, "int": {}}


class Writer:
    """Writes schemas of options as a spec has them, each with its description.

    With ``templates``, as in variables, text that is a template stands for any value.
    """

    def __init__(self, *, templates: bool) -> None:
        self._templates = templates

    def option(self, rules: Rules) -> Schema:
        """The value of an option. Null means "not set", if the option is not required and has no default."""
        found = self.value(rules)
        if not rules.get("required") and "default" not in rules:
            found = _or_null(found)
        about = {"description": first_sentence(rules["description"])} if "description" in rules else {}
        return {**about, **found, **({"writeOnly": True} if rules.get("no_log") else {})}

    def value(self, rules: Rules) -> Schema:
        """A value that is set."""
        kind, choices = rules.get("type", "str"), rules.get("choices")
        if kind == "list":
            return self._list(rules)
        if kind == "dict":
            text = self._of("object", pattern=PATTERNS["dict"])
            return text if rules.get("options") is None else {**self.mapping(rules), **text}
        if choices is not None:
            one = {"enum": list(choices)}
            return {"anyOf": [one, {"type": "string", "pattern": TEMPLATE}]} if self._templates else one
        if isinstance(kind, Lines):
            return {"type": ["string", "integer", "array"], "items": {"type": ["string", "integer"]}}
        if kind in ("bool", "int"):
            types = ["boolean", "integer"] if kind == "bool" else ["integer"]
            return {**self._of(*types, pattern=PATTERNS[kind], needed=kind), **LIMITS[kind]}
        if kind in ("str", "path"):
            return {"type": ["string", "integer"] if isinstance(kind, TextOrNumber) else ["string"]}
        if kind == "raw":
            return {}
        raise ValueError(f"there is no schema of the type {kind}")

    def mapping(self, rules: Rules) -> Schema:
        """A mapping with these ``options`` alone, and with the rules between them."""
        options = rules["options"]
        needed = [name for name, option in options.items() if option.get("required")]
        between: list[Schema] = [
            {"anyOf": [_said(name) for name in names]} for names in rules.get("required_one_of", ())
        ]
        for names in rules.get("mutually_exclusive", ()):
            for one, other in itertools.combinations(names, 2):
                none = {"type": "null", "errorMessage": f"{one} and {other} exclude each other"}
                between.append({"if": _said(one), "then": {"properties": {other: none}}})
        return {
            **self._of("object"),
            "properties": {name: self.option(option) for name, option in options.items()},
            **({"required": needed} if needed else {}),
            "additionalProperties": False,
            **({"allOf": between} if between else {}),
        }

    def _list(self, rules: Rules) -> Schema:
        elements, choices = rules.get("elements", "raw"), rules.get("choices")
        if elements == "dict":
            return {**self._of("array"), "items": self.mapping(rules)}
        each = self.value({"type": elements, "choices": choices})
        if choices is None:
            return {"type": ["array", "string"], "items": each}
        one = f"({'|'.join(map(re.escape, choices))})"  # Ansible splits a text at its commas
        return {**self._of("array", pattern=f"^{one}(,{one})*$"), "items": each}

    def _of(self, *types: str, pattern: str = "", needed: str = "") -> Schema:
        """Types, and text that follows a pattern."""
        patterns = [*([pattern] if pattern else []), *([TEMPLATE] if self._templates else [])]
        if not patterns:
            return {"type": list(types)}
        kind = needed or {"object": "dict", "array": "list"}[types[0]]
        return {
            "type": [*types, "string"],
            "pattern": "|".join(patterns),
            "patternErrorMessage": f"{NEEDED[kind]} is needed",
        }


def _said(name: str) -> Schema:
    return {"required": [name], "properties": {name: {"not": {"type": "null"}}}}


def _or_null(found: Schema) -> Schema:
    if "type" in found:
        return {**found, "type": [*found["type"], "null"]}
    if "enum" in found:
        return {**found, "enum": [*found["enum"], None]}
    if "anyOf" in found:
        return {"anyOf": [*found["anyOf"], {"type": "null"}]}
    return found


def file(plural: str, rules: Rules) -> Schema:
    """A file with objects: a list, or a mapping with nothing but the list. Where there is one object, a mapping of its options."""
    write = Writer(templates=False)
    if not plural:
        return write.mapping(rules)
    objects = {"items": {"$ref": "#/definitions/one"}}
    return {
        "type": ["array", "object"],
        **objects,
        "properties": {plural: {"type": "array", **objects}},
        "required": [plural],
        "additionalProperties": False,
        "definitions": {"one": write.mapping(rules)},
    }


def variables(options: Mapping[str, Rules], prefixes: Iterable[str]) -> Schema:
    """Variables of hosts: these, and others with a different prefix."""
    write = Writer(templates=True)
    return {
        "type": ["object", "null"],
        "properties": {name: write.option(rules) for name, rules in options.items()},
        "propertyNames": {
            "anyOf": [
                {"enum": [*options], "errorMessage": "there is no such variable of the role"},
                {"not": {"pattern": f"^({'|'.join(prefixes)})_"}},
            ]
        },
    }


def report() -> Schema:
    """The report of a run in JSON, as plugins/plugin_utils/_report.py writes it."""
    text: Schema = {"type": "string"}
    texts: Schema = {"type": "array", "items": text}
    change = _closed({"name": text, "action": text, "changed_keys": texts, "msg": text}, ("name", "action"))
    has = {"name": text, "options": {"type": "object"}}
    undeclared = _closed(has, has)
    part = {
        "part": text,
        "counts": {"type": "object", "additionalProperties": {"type": "integer"}},
        "changes": {"type": "array", "items": change},
        "undeclared": {"type": "array", "items": undeclared},
        "undeclared_options": {"type": "array", "items": undeclared},
        "before": {"type": "object"},
        "after": {"type": "object"},
    }
    number: Schema = {"type": "integer"}
    access_change = {
        "groups": texts,
        "group_count": number,
        "users": texts,
        "user_count": number,
        "others": {"type": "boolean"},
        "gains": texts,
        "gain_count": number,
        "loses": texts,
        "lose_count": number,
    }
    access = {
        "changes": {"type": "array", "items": _closed(access_change, access_change)},
        "left_out": number,
        "vpn_clients_compared": {"type": "boolean"},
    }
    status: Schema = {"enum": ["clean", "changed", "drift", "error"]}
    server = {
        "name": text,
        "status": status,
        "messages": texts,
        "warnings": texts,
        "compared": texts,
        "parts": {"type": "array", "items": _closed(part, part)},
        "restart": texts,
        "health": texts,
        "vpn_clients": number,
        "access": _closed(access, access),
    }
    commit = {"id": text, "subject": text, "changed_files": {"type": "boolean"}}
    whole = {
        "format": {"const": 1},
        "mode": {"enum": ["check", "run"]},
        "time": {"type": "string", "format": "date-time"},
        "status": status,
        "counts": {"type": "object", "additionalProperties": {"type": "integer"}},
        "commit": {"anyOf": [{"type": "null"}, _closed(commit, commit)]},
        "servers": {
            "type": "array",
            "items": _closed(server, [name for name in server if name not in ("vpn_clients", "access")]),
        },
    }
    return _closed(whole, whole)


def _closed(properties: Schema, required: Iterable[str]) -> Schema:
    return {"type": "object", "properties": properties, "required": [*required], "additionalProperties": False}


def text_of(schema: Schema, description: str) -> str:
    """The text of a file with a schema."""
    head = {"$schema": DRAFT, "$comment": "tools/generate.py writes this file.", "description": description}
    return f"{json.dumps({**head, **schema}, indent=1, ensure_ascii=False)}\n"
