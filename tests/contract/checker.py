# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks recorded exchanges against the contract of the API that they are meant for."""

from __future__ import annotations

import dataclasses
import functools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol
from xml.etree import ElementTree

import jsonschema
import yaml


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


@dataclasses.dataclass(frozen=True)
class Contract:
    """An OpenAPI document beside this file. `pattern` makes a regular expression of a path in it.

    The document may list no status for errors that each operation has, such as a missing token: answers with a status of
    `undocumented` are checked against the schema `error`.
    """

    file: str
    pattern: Callable[[str], str]
    undocumented: frozenset[int] = frozenset()
    error: str = ""

    @functools.cached_property
    def document(self) -> dict[str, Any]:
        """The contract as it stands in the file."""
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        text = Path(__file__).with_name(self.file).read_text(encoding="utf-8")
        loaded: dict[str, Any] = yaml.load(text, loader)  # noqa: S506 - both are safe
        return loaded

    @functools.cached_property
    def _registry(self) -> Any:
        from referencing import Registry
        from referencing.jsonschema import DRAFT202012

        return Registry().with_resource(self._uri, DRAFT202012.create_resource(self.document))

    @property
    def _uri(self) -> str:
        return f"urn:vpn-estate:{self.file}"

    @functools.cached_property
    def _validators(self) -> dict[int, tuple[Any, jsonschema.Draft202012Validator]]:
        """Validator by identity of the schema in the contract; the schema is kept so that the identity stays its own."""
        return {}

    def _absolute(self, schema: Any) -> Any:
        """The schema with its references made to point into the contract."""
        if isinstance(schema, dict):
            return {
                key: f"{self._uri}{value}" if key == "$ref" and value.startswith("#") else self._absolute(value)
                for key, value in schema.items()
            }
        if isinstance(schema, list):
            return [self._absolute(each) for each in schema]
        return schema

    @functools.cached_property
    def _found_valid(self) -> set[tuple[int, str]]:
        """Values, as JSON, by identity of the schema. Servers say the same over and over, and to look at it takes long."""
        return set()

    def assert_valid(self, value: Any, schema: Any, what: str) -> None:
        known = id(schema), json.dumps(value)
        if known in self._found_valid:
            return
        if id(schema) not in self._validators:
            checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
            absolute = self._absolute(schema)
            validator = jsonschema.Draft202012Validator(absolute, registry=self._registry, format_checker=checker)
            self._validators[id(schema)] = (schema, validator)
        error = jsonschema.exceptions.best_match(self._validators[id(schema)][1].iter_errors(value))
        if error is not None:
            where = ".".join(map(str, error.absolute_path)) or "the body"
            raise AssertionError(f"{what}: {where}: {error.message}")
        self._found_valid.add(known)

    def assert_known(self, value: Any, schema: Any, what: str) -> None:
        """The contract leaves objects open, but a client sends nothing that it does not name."""
        if isinstance(value, list):
            for index, item in enumerate(value):
                self.assert_known(item, {"anyOf": list(self._parts(schema, "items"))}, f"{what}: {index}")
        elif isinstance(value, dict):
            known: dict[str, list[Any]] = {}
            for properties in self._parts(schema, "properties"):
                for name, each in properties.items():
                    known.setdefault(name, []).append(each)
            free = list(self._parts(schema, "additionalProperties"))
            for name, item in value.items():
                assert name in known or free, (
                    f"{what}: the contract knows no field {name}. Describe it in tests/contract/{self.file}, or mark the "
                    "operation by x-incomplete: true"
                )
                self.assert_known(item, {"anyOf": known.get(name, free)}, f"{what}: {name}")

    def _parts(self, schema: Any, keyword: str) -> Iterable[Any]:
        """What a keyword says in the schema and in all the schemas it is made of."""
        schema = self.resolved(schema)
        if not isinstance(schema, dict):
            return
        if keyword in schema:
            yield schema[keyword]
        for combined in ("allOf", "anyOf", "oneOf"):
            for each in schema.get(combined, []):
                yield from self._parts(each, keyword)

    def secrets(self, operation: Mapping[str, Any]) -> set[str]:
        """Names of what is marked x-secret in an operation: its parameters, and fields of its request and its answers."""
        answers = [self.resolved(answer) for answer in operation["responses"].values()]
        parameters = map(self.resolved, operation.get("parameters", []))
        found = {each["name"] for each in parameters if each.get("x-secret")}
        for body in (operation.get("requestBody", {}), *answers):
            for media in body.get("content", {}).values():
                found |= self._secrets(media.get("schema"), "", written=body not in answers)
        return found

    def _secrets(self, schema: Any, name: str, written: bool) -> set[str]:
        """The same of a schema; what a server takes and never shows counts only where it is `written`."""
        schema = self.resolved(schema)
        if not isinstance(schema, dict) or (schema.get("writeOnly") and not written):
            return set()
        deeper = [*schema.get("properties", {}).items()]
        deeper += [(name, each) for key in ("allOf", "anyOf", "oneOf") for each in schema.get(key, [])]
        deeper += [(name, schema.get(key)) for key in ("items", "additionalProperties")]
        return set().union(
            {name} if schema.get("x-secret") else (), *(self._secrets(each, n, written) for n, each in deeper)
        )

    def secret_values(self, value: Any, schema: Any) -> Iterator[str]:
        """Texts in a value at the places that its schema marks x-secret."""
        schema = self.resolved(schema)
        if not isinstance(schema, dict):
            return
        if schema.get("x-secret") and isinstance(value, str) and value:
            yield value
        for combined in ("allOf", "anyOf", "oneOf"):
            for each in schema.get(combined, []):
                yield from self.secret_values(value, each)
        if isinstance(value, list):
            for item in value:
                yield from self.secret_values(item, schema.get("items"))
        elif isinstance(value, dict):
            for name, item in value.items():
                known = schema.get("properties", {})
                yield from self.secret_values(item, known.get(name, schema.get("additionalProperties")))

    def resolved(self, schema: Any) -> Any:
        """The schema, or what it refers to."""
        while isinstance(schema, dict) and "$ref" in schema:
            found: Any = self.document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            schema = found
        return schema


def _with_parameters(path: str) -> str:
    return re.sub(r"\{\w+\}", "[^/]+", path)


def _of_any_version(path: str) -> str:
    """Every version that a Freebox serves has the same paths, with and without a slash at the end."""
    return re.sub("^/api/v4/", r"/api/(?:v\\d+|latest)/", _with_parameters(path)).removesuffix("/") + "/?"


ACCESS_SERVER = Contract(
    "access-server-web-api.openapi.yaml",
    lambda path: f"/api{_with_parameters(path)}",
    undocumented=frozenset({400, 401, 502, 504}),
    error="errorUnspecified",
)
FREEBOX = Contract("freebox-vpn.openapi.yaml", _of_any_version)


def _is_incomplete(operation: Mapping[str, Any]) -> bool:
    """Whether the contract describes only a part of its request and answer so far, which is the part they are held to."""
    return bool(operation.get("x-incomplete", False))


def _assert_object(body: Any, what: str) -> None:
    assert body is None or isinstance(body, dict), f"{what}: {type(body).__name__} instead of a JSON object"


class ContractChecker:
    """Tells by an AssertionError what in an exchange the contract does not allow."""

    def __init__(self, contract: Contract = ACCESS_SERVER) -> None:
        self._contract = contract
        self._operations = [
            (method.upper(), re.compile(contract.pattern(path)), path, operation)
            for path, operations in contract.document["paths"].items()
            for method, operation in operations.items()
        ]
        # paths without parameters first: /config-profile/list is no profile called list
        self._operations.sort(key=lambda each: "{" in each[2])

    def operation(self, method: str, path: str) -> dict[str, Any]:
        """The operation of the contract that a request calls."""
        for known, pattern, _unused, operation in self._operations:
            if known == method and pattern.fullmatch(path):
                return operation
        raise AssertionError(
            f"{method} {path} is not in the contract. Add it to tests/contract/{self._contract.file}, "
            "or correct the request"
        )

    def check_all(self, exchanges: Iterable[Exchange], answers: bool = False) -> None:
        for exchange in exchanges:
            self.check(exchange, answers)

    def check(self, exchange: Exchange, answers: bool = False) -> None:
        """Check the request and, if asked to, the answer as well (for servers that keep to the document)."""
        self.check_request(exchange)
        if answers:
            self.check_answer(exchange)

    def check_request(self, exchange: Exchange) -> None:
        operation = self.operation(exchange.method, exchange.path)
        where = f"{exchange.method} {exchange.path}"
        self._check_query(operation, exchange.query, where)
        self._check_body(operation, exchange.request, where)

    def check_answer(self, exchange: Exchange) -> None:
        operation = self.operation(exchange.method, exchange.path)
        self._check_answer(operation, exchange, f"{exchange.method} {exchange.path}")

    def secrets(self, exchange: Exchange) -> set[str]:
        """What the contract marks x-secret in a request and its answer: the texts of fields and of whole bodies."""
        operation = self.operation(exchange.method, exchange.path)
        answer = self._contract.resolved(operation["responses"].get(str(exchange.status), {}))
        found: set[str] = set()
        for body, described in ((exchange.request, operation.get("requestBody")), (exchange.response, answer)):
            for media in (described or {}).get("content", {}).values():
                found.update(self._contract.secret_values(body, media.get("schema")))
        return found

    def _check_query(self, operation: dict[str, Any], query: Mapping[str, str], where: str) -> None:
        known = {
            each["name"]: each
            for each in map(self._contract.resolved, operation.get("parameters", []))
            if each["in"] == "query"
        }
        for name, value in query.items():
            assert name in known, f"{where} has no query parameter {name}"
            schema = self._contract.resolved(known[name]["schema"])
            typed = value.lower() == "true" if schema.get("type") == "boolean" else value
            self._contract.assert_valid(typed, schema, f"{where}: query parameter {name}")
        for name, parameter in known.items():
            assert name in query or not parameter.get("required"), f"{where} needs the query parameter {name}"

    def _check_body(self, operation: dict[str, Any], body: Any, where: str) -> None:
        declared = operation.get("requestBody")
        if declared is None:
            if not _is_incomplete(operation):
                assert body is None, f"{where} takes no body"
            _assert_object(body, f"{where}: request")
            return
        if body is None:
            assert not declared["required"], f"{where} needs a body"
            return
        [content] = declared["content"].values()  # JSON, or the fields of a form
        schema = content["schema"]
        self._contract.assert_valid(body, schema, f"{where}: request")
        if not _is_incomplete(operation):
            self._contract.assert_known(body, schema, f"{where}: request")

    def _check_answer(self, operation: dict[str, Any], exchange: Exchange, where: str) -> None:
        contract, body = self._contract, exchange.response
        answers = operation["responses"]
        answer = answers.get(str(exchange.status), answers.get("default"))
        succeeded = exchange.status < 300
        if _is_incomplete(operation) and succeeded and "content" not in contract.resolved(answer or {}):
            _assert_object(body, f"{where}: answer {exchange.status}")
            return
        if answer is None:
            documented = exchange.status in contract.undocumented
            assert documented, f"{where} has no answer with status {exchange.status}"
            schema: Any = contract.document["components"]["schemas"][contract.error]
        else:
            content = contract.resolved(answer).get("content")
            if content is None:
                # the document has no body here, yet refusals come with the usual text
                empty = body is None or exchange.status >= 400
                assert empty, f"{where} answers {exchange.status} without a body"
                return
            # an answer that is not JSON has another media type, whose text is the body
            others = {name: each for name, each in content.items() if name != "application/json"}
            as_json = not others or ("application/json" in content and not isinstance(body, str))
            schema = (content["application/json"] if as_json else next(iter(others.values())))["schema"]
            if "text/xml" in content:
                body = {each.tag: each.text for each in ElementTree.fromstring(body)}  # noqa: S314 - our own
        contract.assert_valid(body, schema, f"{where}: answer {exchange.status}")
