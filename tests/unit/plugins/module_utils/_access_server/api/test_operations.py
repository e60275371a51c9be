# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of operations: complete, and each with the class that decides what may be repeated."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.operations import API
from ansible_collections.vpn.estate.plugins.module_utils._net.operations import (
    CONTROL,
    MAKES_NEW,
    NAMED,
    READ,
    SET,
    SIGN_IN,
    UnknownOperation,
)
from ansible_collections.vpn.estate.tests.contract.checker import ACCESS_SERVER

OPERATIONS = API.operations
# The retry rules as patterns; the first one that matches decides.
RULES = {
    "POST /auth/password/change": SET,
    "GET /auth/*": READ,
    "* /auth/*": SIGN_IN,
    "POST /saml/acs": SIGN_IN,
    "* */list": READ,
    "POST /users/create": NAMED,
    "POST /groups/create": NAMED,
    "POST /config-profile": NAMED,
    "* /access/rulesets/add": MAKES_NEW,
    "* /access/*/modify": MAKES_NEW,
    "* /access/rulesets/update": SET,
    "* */profiles/create": MAKES_NEW,
    "* /token-url": MAKES_NEW,
    "* /ca/vpn/create": MAKES_NEW,
    "* /certificate/create": MAKES_NEW,
    "* /installer-url": MAKES_NEW,
    "* /notification/create": MAKES_NEW,
    "* */generate-secret": MAKES_NEW,
    "* /GetGeneric": READ,  # a profile without a certificate in it
    "* /Get*": MAKES_NEW,
    "* */set-active": CONTROL,
    "* */restart": CONTROL,
    "* /cluster/*/set": SET,
    "GET /cluster/props": READ,
    "POST /cluster/props": SET,
    "* /cluster/rr-dns-hostname": SET,
    "* /cluster/*": CONTROL,
    "* /database/*": CONTROL,
    "* /server/failover-test": READ,
    "* /server/failover-init": CONTROL,
    "* /proxy": CONTROL,
    "* /license/subscription/test": READ,
    "GET /license/*": READ,
    "* /license/*": CONTROL,
    "* */set": SET,
    "* */delete*": SET,
    "DELETE *": SET,
    "* /config-items/*": SET,
    "* /vpn/client/disconnect": SET,
    "* /certificate/*": READ,
    "* /helper/*": READ,
    "* /log/*": READ,
    "GET *": READ,
    "HEAD *": READ,
}


def rule(operation: str) -> str:
    """The class that the rules give an operation."""
    for pattern, kind in RULES.items():
        if fnmatchcase(operation, pattern):
            return kind
    raise AssertionError(
        f"no rule for {operation}: add a pattern that fits it to RULES in "
        "tests/unit/plugins/module_utils/_access_server/api/test_operations.py"
    )


def documented() -> set[str]:
    """The operations of the contract, as METHOD /path."""
    return {
        f"{method.upper()} {path}" for path, methods in ACCESS_SERVER.document["paths"].items() for method in methods
    }


def test_the_table_is_the_contract() -> None:
    contract, table = (
        "tests/contract/access-server-web-api.openapi.yaml",
        "plugins/module_utils/_access_server/api/operations.py",
    )
    new, gone = sorted(set(OPERATIONS) - documented()), sorted(documented() - set(OPERATIONS))
    assert not new, f"{contract}: add {', '.join(new)}"
    assert not gone, f"{table}: add {', '.join(gone)}, each with its retry class"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_each_operation_has_the_class_of_its_rule(operation: str) -> None:
    assert OPERATIONS[operation] == rule(operation)


@pytest.mark.parametrize("pattern", RULES)
def test_each_rule_has_an_operation(pattern: str) -> None:
    """A rule that fits nothing has been forgotten by a change of the table."""
    assert any(
        fnmatchcase(operation, pattern) and not any(fnmatchcase(operation, each) for each in before(pattern))
        for operation in OPERATIONS
    )


def before(pattern: str) -> list[str]:
    """The rules that stand before one."""
    patterns = list(RULES)
    return patterns[: patterns.index(pattern)]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_call_has_the_method_the_class_and_the_whole_path(operation: str) -> None:
    method, template = operation.split(" ")
    names = re.findall(r"{(\w+)}", template)
    made = API.call(operation, path=dict.fromkeys(names, "a/b c%ü?#{x}"))
    assert (made.method, made.kind) == (method, OPERATIONS[operation])
    assert made.path == "/api" + re.sub(r"{\w+}", "a%2Fb%20c%25%C3%BC%3F%23%7Bx%7D", template)


def test_a_call_is_secret_or_slow_as_its_operation_is() -> None:
    assert {*API.slow, *API.secret} <= set(OPERATIONS)
    path = {"profile": "a", "configurationProfile": "a", "serial": "1", "node": "a"}
    made = {operation: API.call(operation, path=path) for operation in OPERATIONS}
    assert {operation for operation, call in made.items() if call.secret} == set(API.secret)
    assert {operation for operation, call in made.items() if call.slow} == set(API.slow)
    assert API.call("POST /config-items/{configurationProfile}", path=path, secret=True).secret


# Records of users can hold totp_secret. No task writes it, and a refusal holds nothing of records that are listed.
OF_USERS = {"POST /users/list", "POST /users/create", "POST /userprop/set"}


def test_what_is_secret_is_what_the_contract_marks() -> None:
    found = {}
    for operation in OPERATIONS:
        method, path = operation.split(" ")
        found[operation] = ACCESS_SERVER.secrets(ACCESS_SERVER.document["paths"][path][method.lower()])
    assert {operation for operation, names in found.items() if names} == {*API.secret, *OF_USERS}, (
        "_SECRET in plugins/module_utils/_access_server/api/operations.py has to be what tests/contract marks x-secret"
    )
    assert all(found[operation] == {"totp_secret"} for operation in OF_USERS)
    assert "totp_secret" not in {field.api for field in USER.fields}


def test_only_operations_of_the_table_are_called() -> None:
    with pytest.raises(UnknownOperation):
        API.call("POST /users/drop")


def test_a_call_is_named_without_its_contents() -> None:
    made = API.call("POST /token-url", {"password": "p-a-s-s"}, query={"token": "t-o-k-e-n"})
    assert str(made) == "POST /api/token-url"
