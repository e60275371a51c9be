# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks recorded exchanges against the contract of the Access Server Web API."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol
from xml.etree import ElementTree

import jsonschema
import yaml

CONTRACT = Path(__file__).with_name("access-server-web-api.openapi.yaml")
_BASE = "/api"
_UNDOCUMENTED = {400, 401, 502, 504}
"""The document lists no status for a bad request, a missing or bad token, or an unreachable node on each operation
though it speaks of them all; such answers are checked against the shape of errors in general."""


class Exchange(Protocol):
    """What the check needs to know; `request` and `response` are parsed JSON, None where there is none."""

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def status(self) -> int: ...
    @property
    def query(self) -> Mapping[str, str]: ...
    @property
    def request(self) -> Any: ...
    @property
    def response(self) -> Any: ...


@functools.cache
def contract() -> dict[str, Any]:
    """The contract as it stands in the file."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loaded: dict[str, Any] = yaml.load(CONTRACT.read_text(encoding="utf-8"), loader)  # noqa: S506 - both are safe
    return loaded


class ContractChecker:
    """Tells by an AssertionError what in an exchange the contract does not allow."""

    def __init__(self) -> None:
        self._operations = [
            (method.upper(), re.compile(_BASE + re.sub(r"\{\w+\}", "[^/]+", path)), path, operation)
            for path, operations in contract()["paths"].items()
            for method, operation in operations.items()
        ]
        # paths without parameters first: /config-profile/list is no profile called list
        self._operations.sort(key=lambda each: "{" in each[2])

    def operation(self, method: str, path: str) -> dict[str, Any]:
        """The operation of the contract that a request is meant for."""
        for known, pattern, _unused, operation in self._operations:
            if known == method and pattern.fullmatch(path):
                return operation
        raise AssertionError(f"{method} {path} is no operation of the contract")

    def check_all(self, exchanges: Iterable[Exchange], answers: bool = False) -> None:
        for exchange in exchanges:
            self.check(exchange, answers)

    def check(self, exchange: Exchange, answers: bool = False) -> None:
        """Check the request and, if asked to, the answer as well (for servers that keep to the document)."""
        operation = self.operation(exchange.method, exchange.path)
        where = f"{exchange.method} {exchange.path}"
        self._check_query(operation, exchange.query, where)
        self._check_request(operation, exchange.request, where)
        if answers:
            self._check_answer(operation, exchange, where)

    def _check_query(self, operation: dict[str, Any], query: Mapping[str, str], where: str) -> None:
        known = {
            each["name"]: each for each in map(_resolved, operation.get("parameters", [])) if each["in"] == "query"
        }
        for name, value in query.items():
            assert name in known, f"{where} has no query parameter {name}"
            schema = _resolved(known[name]["schema"])
            typed = value.lower() == "true" if schema.get("type") == "boolean" else value
            _assert_valid(typed, schema, f"{where}: query parameter {name}")
        for name, parameter in known.items():
            assert name in query or not parameter.get("required"), f"{where} needs the query parameter {name}"

    def _check_request(self, operation: dict[str, Any], body: Any, where: str) -> None:
        declared = operation.get("requestBody")
        if declared is None:
            assert body is None, f"{where} takes no body"
            return
        if body is None:
            assert not declared["required"], f"{where} needs a body"
            return
        schema = declared["content"]["application/json"]["schema"]
        _assert_valid(body, schema, f"{where}: request")
        _assert_known(body, schema, f"{where}: request")

    def _check_answer(self, operation: dict[str, Any], exchange: Exchange, where: str) -> None:
        answer, body = operation["responses"].get(str(exchange.status)), exchange.response
        if answer is None:
            assert exchange.status in _UNDOCUMENTED, f"{where} has no answer with status {exchange.status}"
            schema: Any = contract()["components"]["schemas"]["errorUnspecified"]
        else:
            content = _resolved(answer).get("content")
            if content is None:
                # the document has no body here, yet refusals come with the usual text
                empty = body is None or exchange.status >= 400
                assert empty, f"{where} answers {exchange.status} without a body"
                return
            # an answer that is not JSON has one media type, whose text is the body
            schema = (content.get("application/json") or next(iter(content.values())))["schema"]
            if "text/xml" in content:
                body = {each.tag: each.text for each in ElementTree.fromstring(body)}  # noqa: S314 - our own
        _assert_valid(body, schema, f"{where}: answer {exchange.status}")


@functools.cache
def _registry_uri() -> str:
    return "urn:vpn-estate:access-server-web-api"


@functools.cache
def _registry() -> Any:
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012

    return Registry().with_resource(_registry_uri(), DRAFT202012.create_resource(contract()))


def _absolute(schema: Any) -> Any:
    """The schema with its references made to point into the contract."""
    if isinstance(schema, dict):
        return {
            key: f"{_registry_uri()}{value}" if key == "$ref" and value.startswith("#") else _absolute(value)
            for key, value in schema.items()
        }
    if isinstance(schema, list):
        return [_absolute(each) for each in schema]
    return schema


_VALIDATORS: dict[int, tuple[Any, jsonschema.Draft202012Validator]] = {}
"""Validator by identity of the schema in the contract; the schema is kept so that the identity stays its own."""


def _assert_valid(value: Any, schema: Any, what: str) -> None:
    if id(schema) not in _VALIDATORS:
        checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
        validator = jsonschema.Draft202012Validator(_absolute(schema), registry=_registry(), format_checker=checker)
        _VALIDATORS[id(schema)] = (schema, validator)
    error = jsonschema.exceptions.best_match(_VALIDATORS[id(schema)][1].iter_errors(value))
    if error is not None:
        raise AssertionError(f"{what}: {'.'.join(map(str, error.absolute_path)) or 'the body'}: {error.message}")


def _assert_known(value: Any, schema: Any, what: str) -> None:
    """The contract leaves objects open, but a client sends nothing that it does not name."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            _assert_known(item, {"anyOf": list(_parts(schema, "items"))}, f"{what}: {index}")
    elif isinstance(value, dict):
        known: dict[str, list[Any]] = {}
        for properties in _parts(schema, "properties"):
            for name, each in properties.items():
                known.setdefault(name, []).append(each)
        free = list(_parts(schema, "additionalProperties"))
        for name, item in value.items():
            assert name in known or free, f"{what}: the contract knows no field {name}"
            _assert_known(item, {"anyOf": known.get(name, free)}, f"{what}: {name}")


def _parts(schema: Any, keyword: str) -> Iterable[Any]:
    """What a keyword says in the schema and in all the schemas it is made of."""
    schema = _resolved(schema)
    if not isinstance(schema, dict):
        return
    if keyword in schema:
        yield schema[keyword]
    for combined in ("allOf", "anyOf", "oneOf"):
        for each in schema.get(combined, []):
            yield from _parts(each, keyword)


def _resolved(schema: Any) -> Any:
    """The schema, or what it refers to."""
    while isinstance(schema, dict) and "$ref" in schema:
        found: Any = contract()
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = found
    return schema
