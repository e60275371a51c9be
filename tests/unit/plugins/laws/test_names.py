# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names: none of them changes the path of a request, and none holds characters that no reader sees."""

from __future__ import annotations

import re
import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api import operations as access_server
from ansible_collections.vpn.estate.plugins.module_utils._access_server.pki.ca import Ca
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.cluster_node import ClusterNode
from ansible_collections.vpn.estate.plugins.module_utils._engine import resource
from ansible_collections.vpn.estate.plugins.module_utils._freebox import operations as freebox
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_profile import VpnProfile
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_user import VPN_USER
from ansible_collections.vpn.estate.plugins.module_utils._net.operations import Call
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import InputError
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Box
from ansible_collections.vpn.estate.tests.unit.plugins.support.samples import SAMPLES

BASE = "/api/v16"
FREEBOX = freebox.API.below(BASE)
STEPS = {"": "", ".": ".", "..": ".."}  # what is no name in a path, and changes where it leads
UNSEEN = [
    "a\0",
    "a\nb",
    "a\r",
    "a\x1b[2J",
    "a\x85",
    "a\u2028b",
    "\u202eevil",
    "a\u200bb",
    "a\ufeff",
    "a\U000e0041",
    "\ud800",
]
TABLES: dict[str, tuple[t.Mapping[str, str], t.Callable[..., Call]]] = {
    "access_server": (access_server.API.operations, access_server.API.call),
    "freebox": (FREEBOX.operations, FREEBOX.call),
}
FILLED = [
    (product, operation, name)
    for product, (table, _call) in TABLES.items()
    for operation in table
    for name in re.findall(r"{(\w+)}", operation)
]
# Every resource with an object that has a name, and the options that say it.
NAMED: dict[str, tuple[resource.Resource, dict[str, t.Any], tuple[str, ...]]] = {
    **{
        f"{sample}-{number}": (sample.resource, sample.first, tuple(sample.key))
        for number, sample in enumerate(SAMPLES)
        if sample.key
    },
    "ca": (Ca(), {"common_name": "A"}, ("common_name",)),
    "cluster-node": (ClusterNode(), {"name": "node1"}, ("name",)),
    "vpn-profile": (VpnProfile(), {"user": "ada", "server": "openvpn_routed", "dest": "/d"}, ("user", "server")),
}
nouns = pytest.mark.parametrize("noun", NAMED)


def test_there_are_paths_with_names_in_them() -> None:
    assert len(FILLED) >= 16
    assert {product for product, _operation, _name in FILLED} == set(TABLES)


@pytest.mark.parametrize("value", [*STEPS, "\ud800"], ids=ascii)
@pytest.mark.parametrize(("product", "operation", "name"), FILLED)
def test_no_value_makes_a_path_another_one(product: str, operation: str, name: str, value: str) -> None:
    _table, call = TABLES[product]
    path = {**dict.fromkeys(re.findall(r"{(\w+)}", operation), "a"), name: value}
    with pytest.raises(InputError) as refused:
        call(operation, path=path)
    assert f"{value!r} cannot be the {name} in {operation}" in str(refused.value)
    assert "Nothing was" in str(refused.value)


def test_the_path_that_would_be_sent_is_named() -> None:
    with pytest.raises(InputError, match=r"DELETE /api/v16/vpn/ would have been sent"):
        FREEBOX.call("DELETE /vpn/user/{login}", path={"login": ".."})
    with pytest.raises(InputError, match=r"DELETE /api/v16/vpn/user/ would have been sent"):
        FREEBOX.call("DELETE /vpn/user/{login}", path={"login": ""})
    with pytest.raises(InputError, match=r"DELETE /api/ would have been sent"):
        access_server.API.call("DELETE /config-profile/{profile}", path={"profile": ".."})


@pytest.mark.parametrize("value", ["...", "a.b", ".a", "a..", "a/..", "%2e%2e", "..;"])
def test_other_names_stay_one_part_of_the_path(value: str) -> None:
    """Also as the library sends it, which resolves dots."""
    import requests

    path = FREEBOX.call("GET /vpn/user/{login}", path={"login": value}).path
    sent = requests.Request("GET", f"http://127.0.0.1{path}").prepare().path_url
    assert sent == path
    assert sent.startswith(f"{BASE}/vpn/user/")
    assert len(sent.split("/")) == len(f"{BASE}/vpn/user/x".split("/"))


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("value", [*STEPS, " a"], ids=ascii)
@nouns
def test_no_noun_takes_such_a_name(noun: str, value: str, state: str) -> None:
    resource, declared, options = NAMED[noun]
    for option in options:
        with pytest.raises(InputError, match=re.escape(f"{option}: {value!r} cannot be a name")):
            resource.parse({**declared, option: value}, state)


@pytest.mark.parametrize("value", UNSEEN, ids=ascii)
@nouns
def test_no_noun_takes_a_name_that_holds_what_nobody_sees(noun: str, value: str) -> None:
    resource, declared, options = NAMED[noun]
    for option in options:
        with pytest.raises(InputError) as refused:
            resource.parse({**declared, option: value}, "present")
        assert "which cannot be seen" in str(refused.value)
        assert str(refused.value).startswith(f"{option}: {value!r}")


@pytest.mark.parametrize("value", ["Ana María.Núñez@example.com", "می\u200cخواهم", "संस्कृतम्", "a/b", "日本", "o'neil\\"])
@nouns
def test_names_of_every_language_are_taken(noun: str, value: str) -> None:
    resource, declared, options = NAMED[noun]
    for option in options:
        assert value in resource.parse({**declared, option: value}, "present").name


def test_who_has_such_a_name_already_can_be_deleted(box: Box) -> None:
    box.simulator.set_user("evil\x1b[2J", password="x" * 8)
    answer = box.manage(VPN_USER, login="evil\x1b[2J", state="absent")
    assert answer["changed"]
    assert not box.inform(VPN_USER)


def test_a_purge_leaves_alone_whom_no_request_can_name(box: Box) -> None:
    for login in ("..", "max"):
        box.simulator.set_user(login, password="x" * 8)
    how: dict[str, t.Any] = {"users": [], "purge": True, "purge_empty": True, "purge_limit": "100%"}
    for check in (True, False):
        answer = box.manage(VPN_USER, check=check, **how)
        assert {one["name"]: one["action"] for one in answer["objects"]} == {"..": "failed", "max": "deleted"}
        assert "another path" in answer["msg"]
    assert box.writes() == ["/api/v16/vpn/user/max"]
    assert [one["login"] for one in box.inform(VPN_USER)] == [".."]
