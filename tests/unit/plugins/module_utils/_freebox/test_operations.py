# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of operations of a Freebox: complete, and each with its retry class; and its refusals."""

from __future__ import annotations

import json
import re
import typing as t
from fnmatch import fnmatchcase

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._freebox.error_codes import CODES, RIGHTS, meaning
from ansible_collections.vpn.estate.plugins.module_utils._freebox.operations import API, DISCOVERY
from ansible_collections.vpn.estate.plugins.module_utils._net.operations import (
    MAKES_NEW,
    NAMED,
    READ,
    SET,
    SIGN_IN,
    UnknownOperation,
)
from ansible_collections.vpn.estate.tests.contract.checker import FREEBOX
from ansible_collections.vpn.estate.tests.simulator.freebox.answers import MESSAGES

BASE = "/api/v4"
OPERATIONS = API.operations
API_16 = API.below("/api/v16")
# The retry rules as patterns; the first match decides.
RULES = {
    "POST /login/session/": SIGN_IN,
    "POST /login/authorize/": MAKES_NEW,
    "POST /login/logout/": SET,
    "POST /vpn/user/": NAMED,
    "GET /vpn/download_config/*": MAKES_NEW,  # each invalidates the one before
    "PUT *": SET,
    "DELETE *": SET,
    "GET *": READ,
}
# Codes of the two documents, and those that clients have met (server behaviour, F49 and F50).
OF_SIGN_IN = (
    *("auth_required", "invalid_token", "pending_token", "insufficient_rights", "denied_from_external_ip"),
    *("invalid_request", "ratelimited", "new_apps_denied", "apps_denied", "internal_error"),
)
MET = ("invalid_api_version", "access_denied", "invalid_session", "service_down", "port_outside_range", "notsupp")


def documented() -> set[str]:
    """The operations of the contract, as METHOD /path below the version."""
    paths = FREEBOX.document["paths"]
    return {
        f"{method.upper()} {path.removeprefix(BASE)}"
        for path, methods in paths.items()
        for method in methods
        if path != DISCOVERY.path
    }


def rule(operation: str) -> str:
    """The class that the rules give an operation."""
    for pattern, kind in RULES.items():
        if fnmatchcase(operation, pattern):
            return kind
    raise AssertionError(
        f"no rule for {operation}: add a pattern that fits it to RULES in "
        "tests/unit/plugins/module_utils/_freebox/test_operations.py"
    )


def test_the_table_is_the_contract() -> None:
    assert all(path.startswith(f"{BASE}/") for path in FREEBOX.document["paths"] if path != DISCOVERY.path)
    contract, table = "tests/contract/freebox-vpn.openapi.yaml", "plugins/module_utils/_freebox/operations.py"
    new, gone = sorted(set(OPERATIONS) - documented()), sorted(documented() - set(OPERATIONS))
    assert not new, f"{contract}: add {', '.join(new)}"
    assert not gone, f"{table}: add {', '.join(gone)}, each with its retry class"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_operation_has_the_class_of_its_rule(operation: str) -> None:
    assert OPERATIONS[operation] == rule(operation)


@pytest.mark.parametrize("pattern", RULES)
def test_each_rule_has_an_operation(pattern: str) -> None:
    before = list(RULES)[: list(RULES).index(pattern)]
    assert any(
        fnmatchcase(operation, pattern) and not any(fnmatchcase(operation, each) for each in before)
        for operation in OPERATIONS
    )


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_call_has_the_method_the_class_and_the_whole_path(operation: str) -> None:
    method, template = operation.split(" ")
    names = re.findall(r"{(\w+)}", template)
    made = API_16.call(operation, path=dict.fromkeys(names, "a/b c%ü?#{x}"))
    assert (made.method, made.kind) == (method, OPERATIONS[operation])
    assert made.path == "/api/v16" + re.sub(r"{\w+}", "a%2Fb%20c%25%C3%BC%3F%23%7Bx%7D", template)


def test_an_operation_with_a_secret_is_secret() -> None:
    found = {operation: FREEBOX.secrets(of_contract(operation)) for operation in OPERATIONS}
    lacking = {operation for operation, names in found.items() if names} - set(API.secret)
    assert not lacking, f"add to _SECRET in _freebox/operations.py: {lacking}"
    assert set(API.secret) <= set(OPERATIONS)


def of_contract(operation: str) -> dict[str, t.Any]:
    method, path = operation.split(" ")
    described: dict[str, t.Any] = FREEBOX.document["paths"][BASE + path][method.lower()]
    return described


def test_only_operations_of_the_table_are_called() -> None:
    with pytest.raises(UnknownOperation):
        API_16.call("PUT /vpn/openvpn_routed")


def test_a_call_is_named_without_its_contents() -> None:
    made = API_16.call("POST /vpn/user/", {"login": "max", "password": "p-a-s-s"})
    assert str(made) == "POST /api/v16/vpn/user/"


def test_who_a_box_is_can_be_asked_again() -> None:
    assert (str(DISCOVERY), DISCOVERY.kind) == ("GET /api_version", READ)


# -- refusals


def refusal(code: str, **more: t.Any) -> str:
    return json.dumps({"success": False, "error_code": code, "msg": "Non", **more})


def test_every_documented_code_has_a_sentence() -> None:
    codes = {*FREEBOX.document["components"]["schemas"]["ErrorCode"]["enum"], *OF_SIGN_IN, *MET}
    assert codes == set(CODES)
    assert set(MESSAGES) <= codes


@pytest.mark.parametrize("code", CODES)
def test_a_sentence_holds_the_words_of_the_box_and_what_to_make_of_them(code: str) -> None:
    status, hint = CODES[code]
    meant = meaning(200, refusal(code))
    assert meant == (status, f"Non ({hint})", code)
    assert status >= 400
    assert len(hint.split()) > 3
    assert hint[-1] != "."


@pytest.mark.parametrize("status", [200, 403, 404, 500])
@pytest.mark.parametrize("code", sorted(set(CODES) - {"invalid_request"}))
def test_a_code_has_the_same_meaning_with_any_status_and_in_any_language(code: str, status: int) -> None:
    spoken = meaning(status, refusal(code, msg="Vous devez vous connecter pour accéder à cette fonction"))
    mute = [meaning(status, refusal(code, msg=msg)) for msg in ("No", "", None, 5, ["x"])]
    assert spoken
    assert {each.status for each in mute if each} == {spoken.status} == {CODES[code][0]}
    assert {each.said for each in mute if each} == {code}
    assert "Vous devez" in spoken.reason
    assert all(each and "it gave no reason" in each.reason for each in mute[1:])


def test_a_missing_call_is_distinguished_from_a_wrong_body() -> None:
    """Both have the same code (server behaviour, F11)."""
    missing, wrong = meaning(404, refusal("invalid_request")), meaning(400, refusal("invalid_request"))
    assert missing
    assert missing.status == 404
    assert "perhaps because its software is older" in missing.reason
    assert wrong
    assert wrong.status == 400


def test_a_missing_permission_is_named_with_where_to_tick_it() -> None:
    meant = meaning(403, refusal("insufficient_rights", missing_right="settings"))
    assert meant
    assert meant.reason.endswith("settings)")
    assert RIGHTS in meant.reason


@pytest.mark.parametrize(("status", "amounts"), [(200, 400), (403, 403), (500, 500)])
@pytest.mark.parametrize("code", ["brand_new", "", None, 7, {"a": 1}])
def test_an_unknown_code_is_reported_unchanged(code: t.Any, status: int, amounts: int) -> None:
    meant = meaning(status, json.dumps({"success": False, "error_code": code, "msg": "Non"}))
    assert meant == (amounts, "Non", code if isinstance(code, str) and code else str(status))


@pytest.mark.parametrize(
    "text",
    [
        '{"success": true}',
        '{"success": "false"}',
        '{"success": 0}',
        "{}",
        "[]",
        "null",
        "",
        "<html>",
        "[" * 100_000,
        "\ud800",
    ],
)
def test_what_is_no_refusal_is_none(text: str) -> None:
    assert meaning(200, text) is None
