# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that are not what they should be: a task succeeds or says one sentence, and never writes by what it cannot read."""

from __future__ import annotations

import copy
import functools
import json
import random
import typing as t
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_list import ACCESS_LIST
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_ruleset import ACCESS_RULESET
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.default_user import DEFAULT_USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration import saml
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_item import CONFIG_ITEM
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_profile import (
    CONFIG_PROFILE,
)
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server import (
    health,
    license,
    log_records,
    restart,
    vpn_session,
)
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.plugins.modules.as_saml import BODY as AS_SAML
from ansible_collections.vpn.estate.tests.simulator.identity_provider import IdentityProvider
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server, info_body
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import crossed, is_exhaustive, size

RECORDED = Path(__file__).resolve().parents[3] / "recorded" / "access-server"
MUTANTS = size(8, 60)  # of one answer below its topmost level, and so many of that, or all
OF_A_REFUSAL = size(8, 10_000)
SUBNET = {"ipv6": False, "netip": "10.1.0.0", "prefix_length": 16}

Json = t.Any
Work = t.Callable[[Server], Answer]
Step = str | int
Spot = tuple[Step, ...]
"""Keys and indexes that lead to a value inside an answer."""


# -- the answers, and the tasks that read them


def recorded(name: str) -> Json:
    return json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))["body"]


IDP = IdentityProvider()


def furnished(server: Server) -> Server:
    """A server with one of everything that an answer can hold; names are those of the recorded answers."""
    simulator = server.simulator
    forwarded: Json = {"ip": "192.0.2.9", "protocol": "tcp", "start_port": 80, "end_port": 81}
    simulator.set_group("staff", autologin=True, subnets=[SUBNET], cli_script_connect_win_env={"SITE": "north"})
    pool = {"ipv6": False, "first_ip": "10.1.0.9", "last_ip": "10.1.0.20"}
    simulator.set_group("ops", dynamic_ranges=[pool])
    simulator.set_user(
        "alice", group="staff", dmz_ip=[forwarded], client_to_server_subnets=[SUBNET], static_ipv4="10.9.0.1"
    )
    simulator.set_default_user(bypass_subnets=[SUBNET], group="ops")
    simulator.connect("alice")
    service: Json = [{"protocol": "tcp", "start_port": 443}, {"protocol": "icmp", "type": "icmp-any"}]
    routes: Json = [
        {"type": "route", "accept": True, "subnet": {**SUBNET, "service": service}},
        {"type": "group", "groupname": "ops"},
    ]
    simulator.set_access_routes("staff", "access_to_ipv4", [{"accept": True, **route} for route in routes])
    simulator.set_access_routes("alice", "access_from_ipv6", [{"type": "all", "accept": False}])
    rule: Json = {"match_type": "domain_or_subdomain", "match_data": "intranet.example.com", "action": "nat"}
    simulator.add_ruleset("old", ["__DEFAULT__"], rule)
    configured: Json = {"vpn.server.daemon.udp.port": 9443, "auth.radius.0.server.0.secret": "Marker-Password-7!"}
    simulator.set_configuration(**configured, **IDP.settings())
    simulator.machine.configuration.take_over()
    return server


def manages(resource: Resource, **params: t.Any) -> Work:
    return lambda server: server.manage(resource, **params)


def informs(resource: Resource, names: list[str] | None = None) -> Work:
    body = info_body(resource)
    return lambda server: server.run(body.work, body.options, **({} if names is None else {"names": names}))


def works(work: t.Callable[[t.Any], Answer], spec: t.Mapping[str, t.Any], **params: t.Any) -> Work:
    return lambda server: server.run(work, spec, **params)


VALUES = {"autologin": True, "bypass_subnets": ["10.2.0.0/16"], "auth_method": "pam"}
OVERVIEW = works(health.inform, health.SPEC)
ITEMS = [
    {"name": "vpn.server.daemon.udp.port", "state": "default"},
    {"name": "vpn.server.daemon.tcp.n_daemons", "value": 4},
]
RULESETS = {
    "access_rulesets": [
        {"group": "staff", "rules": [{"domain": "a.example.com", "action": "nat"}]},
        {"everybody": True, "name": "old", "state": "absent"},
    ]
}
READERS: dict[str, list[Work]] = {
    "users/list": [
        informs(USER),
        informs(USER, ["alice"]),
        manages(USER, users=[{"name": "alice", "group": "ops", **VALUES}, {"name": "eve", "deny": False}]),
        manages(USER, users=[{"name": "alice"}], purge=True, purge_limit="100%", protect=["openvpn"]),
        manages(USER, users=[{"name": "alice", "state": "blocked"}, {"name": "mfa-admin", "state": "absent"}]),
    ],
    "groups/list": [
        informs(GROUP),
        manages(GROUP, groups=[{"name": "staff", "members": ["mfa-admin"], "subnets": [], **VALUES}]),
        manages(GROUP, groups=[{"name": "staff"}], purge=True, purge_limit="100%"),
        manages(USER, users=[{"name": "alice", "group": "ops"}]),
    ],
    "users/defaultuser": [informs(DEFAULT_USER), manages(DEFAULT_USER, def_deny=True, allow_self=True, **VALUES)],
    "userprop/access/list": [
        informs(ACCESS_LIST),
        manages(
            ACCESS_LIST,
            access_lists=[{"group": "staff", "access_to": ["10.2.0.0/16"]}, {"user": "alice", "access_from": []}],
        ),
    ],
    "access/rulesets/list": [informs(ACCESS_RULESET), manages(ACCESS_RULESET, **RULESETS)],
    "access/rules/list": [informs(ACCESS_RULESET), manages(ACCESS_RULESET, **RULESETS)],
    "helper/get-saml-configuration": [lambda server: server.perform(AS_SAML, idp_metadata=IDP.metadata())],
    "auth/get-idp-url": [works(saml.inform, saml.INFO_SPEC)],
    "saml/metadata": [works(saml.inform, saml.INFO_SPEC)],
    "config-profile/list": [
        informs(CONFIG_PROFILE),
        manages(
            CONFIG_PROFILE,
            config_profiles=[{"name": "candidate", "copy_from": "default"}, {"name": "old", "state": "absent"}],
        ),
        manages(CONFIG_ITEM, config_items=ITEMS),
    ],
    "config-items/default/list": [
        informs(CONFIG_ITEM),
        manages(CONFIG_ITEM, config_items=ITEMS),
        manages(CONFIG_ITEM, config_items=[{"name": "auth.radius.0.server.0.secret", "secret_value": "Another-7!"}]),
        manages(USER, users=[{"name": "alice", "static_ipv4": "172.27.224.9"}]),
    ],
    "vpn/status": [
        works(vpn_session.inform, vpn_session.INFO_SPEC, users=["alice"]),
        works(vpn_session.disconnect, vpn_session.SPEC, users=["alice"]),
        works(vpn_session.disconnect, vpn_session.SPEC, daemon_id="openvpn_0", client_id=0),
        works(restart.restart, restart.SPEC, mode="dry_run"),
        manages(USER, users=[{"name": "alice"}], state="blocked"),
        OVERVIEW,
    ],
    "server/status": [OVERVIEW],
    "server/info": [OVERVIEW],
    "server/interfaces": [OVERVIEW],
    "vpn/dco-module": [OVERVIEW],
    "helper/status-overview": [OVERVIEW],
    "cluster/nodes/list": [OVERVIEW, works(restart.restart, restart.SPEC, mode="dry_run")],
    "license/info": [works(license.inform, license.INFO_SPEC)],
    "log/reports": [works(log_records.inform, log_records.SPEC, limit=3)],
    "auth/login/userpassword": [informs(USER)],
}
RECORDED_OF = {
    "users/list": "users_list",
    "groups/list": "groups_list_members",
    "users/defaultuser": "default_user",
    "vpn/status": "vpn_status_connected",
    "server/status": "server_status",
    "server/info": "server_info",
    "helper/status-overview": "status_overview",
    "license/info": "license_info_subscription",
    "log/reports": "log_reports",
    "auth/login/userpassword": "login_ok",
}


def given(server: Server, path: str) -> Json:
    """What the simulated server answers there when all is well."""
    server.simulator.log.clear()
    for work in READERS[path]:
        work(server)
    found = [one.response for one in server.simulator.log if one.path == f"/api/{path}" and one.status == 200]
    server.simulator.reset()
    furnished(server)
    assert found, path
    return found[0]


# -- what can be wrong with them


def spots(value: Json, at: Spot = ()) -> t.Iterator[Spot]:
    """Every place in an answer; of a list, only its first item."""
    yield at
    below = value.items() if isinstance(value, dict) else list(enumerate(value))[:1] if isinstance(value, list) else ()
    for step, each in below:
        yield from spots(each, (*at, step))


def value_at(value: Json, at: Spot) -> Json:
    for step in at:
        value = value[step]
    return value


def with_value(value: Json, at: Spot, new: Json) -> Json:
    if not at:
        return new
    changed = copy.deepcopy(value)
    value_at(changed, at[:-1])[at[-1]] = new
    return changed


def without(value: Json, at: Spot) -> Json:
    changed = copy.deepcopy(value)
    del value_at(changed, at[:-1])[at[-1]]
    return changed


OTHERS: list[Json] = [
    None,
    True,
    0,
    -1,
    2**63,
    1.5,
    "",
    "text",
    "1.2.3.4/99",
    "\ud800",
    [],
    {},
    [None],
    [[{}]],
    {"value": None},
]


def mutants(value: Json, seed: str, number: int = MUTANTS) -> t.Iterator[tuple[str, Json]]:
    """Answers that differ in one place: some of the topmost level, or all in the exhaustive run, and some of what is below.

    Only those that are chosen are made, for there are thousands, each a copy of the whole answer.
    """
    found: list[tuple[Spot, str, t.Callable[[], Json]]] = []
    for at in spots(value):
        there = value_at(value, at)
        changes: list[tuple[str, Json]] = [(f"= {new!r}", new) for new in OTHERS]
        changes.append(("wrapped", {"value": there, "inherited": False}))
        if isinstance(there, list):
            changes += [("twice", there * 2), ("reversed", there[::-1])]
        if isinstance(there, dict):
            changes.append(("reversed", dict(reversed(there.items()))))
            changes += [("unwrapped", there["value"])] if "value" in there else []
        found += [(at, how, functools.partial(with_value, value, at, new)) for how, new in changes]
        if at:
            found.append((at, "dropped", functools.partial(without, value, at)))
    topmost = 1 if isinstance(value, dict) and len(value) < 5 else 0  # what is around records, not what is in one
    above = [one for one in found if len(one[0]) <= topmost]
    below = [one for one in found if len(one[0]) > topmost]
    chance = random.Random(seed)  # noqa: S311
    chosen = above if is_exhaustive() else chance.sample(above, min(number, len(above)))
    for at, how, make in [*chosen, *chance.sample(below, min(number, len(below)))]:
        yield f"{'.'.join(map(str, at)) or 'answer'} {how}", make()


def broken_texts(text: str) -> t.Iterator[tuple[str, str]]:
    """Texts that are no JSON, or hardly."""
    for end in range(0, len(text), max(1, len(text) // size(5, 40))):
        yield f"cut at {end}", text[:end]
    yield "a byte order mark", "\ufeff" + text
    yield "deep", "[" * 100_000 + "]" * 100_000
    yield "deep and named", '{"total": 1, "profiles": ' + "[" * 900 + "]" * 900 + "}"
    yield "NaN", '{"total": NaN, "profiles": [], "items": NaN}'
    yield "twice the same key", text[:-1] + ', "total": -1, "profiles": null}'
    yield "two answers", text + text
    yield "a number of many digits", '{"total": ' + "9" * 5000 + ', "profiles": []}'
    yield "a long text", '{"total": 1, "profiles": [{"name": "' + "x" * 1_000_000 + '"}]}'


def violation(server: Server, path: str, body: Json, work: Work, status: int = 200) -> str | None:
    """What a task says of this answer that it should not, if so."""
    server.simulator.reset()
    furnished(server)
    server.simulator.faults.add(path=path, times=None, status=status, body=body)
    answer = work(server)
    message = answer.get("msg", "")
    if "exception" in answer or "defect" in message.lower() or "Traceback" in message:
        return f"crashed: {message} {answer.get('exception', '')}"
    if answer.get("failed") and (not message or "\n" in message.strip()):
        return f"says no sentence: {message!r}"
    if "cannot read" in message and server.writes():
        return f"wrote {server.writes()}, and then: {message}"
    if "cannot read" in message and server.simulator.url not in message:
        return f"does not say who answered: {message}"
    if not any(one.fault for one in server.simulator.log):
        return "never asked"
    if len(server.simulator.log) > 200:
        return f"made {len(server.simulator.log)} requests"
    return None


@pytest.mark.parametrize("source", ["simulated", "recorded"])
@pytest.mark.parametrize("path", READERS)
def test_a_mutated_answer_is_read_or_refused(start: t.Callable[..., Server], path: str, source: str) -> None:
    if source == "recorded" and path not in RECORDED_OF:
        return
    server = furnished(start())
    body = given(server, path) if source == "simulated" else recorded(RECORDED_OF[path])
    chance = random.Random(path)  # noqa: S311
    found = []
    for what, mutant in mutants(body, path):
        number = chance.randrange(len(READERS[path]))
        if wrong := violation(server, path, mutant, READERS[path][number]):
            found.append(f"{what} (task {number}): {wrong}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", READERS)
def test_a_broken_answer_is_refused(start: t.Callable[..., Server], path: str) -> None:
    server = furnished(start())
    text = json.dumps(given(server, path))
    chance = random.Random(path)  # noqa: S311
    found = []
    for what, broken in broken_texts(text):
        number = chance.randrange(len(READERS[path]))
        if wrong := violation(server, path, broken, READERS[path][number]):
            found.append(f"{what} (task {number}): {wrong}")
    assert not found, "\n".join(found)


REFUSALS = [206, 300, 400, 401, 404, 500]
WRITTEN = ["users/list", "userprop/set", "users/create", "auth/login/userpassword"]


@pytest.mark.parametrize(("path", "status"), crossed(WRITTEN, REFUSALS))
def test_a_mutated_refusal_is_told(start: t.Callable[..., Server], path: str, status: int) -> None:
    server = furnished(start())
    body = {
        "reason": "No",
        "detail": {"('alice', 'deny')": "No", "x": {"reason": "No"}},
        "MFAChallenge": {"challenge_context": "x"},
    }
    work = manages(USER, users=[{"name": "alice", **VALUES}, {"name": "eve", "deny": False}])
    found = [
        f"{what}: {wrong}"
        for what, mutant in mutants(body, f"{path} {status}", OF_A_REFUSAL)
        if (wrong := violation(server, path, mutant, work, status))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", ["auth/login/userpassword", "auth/login/mfaauth"])
def test_a_mutated_challenge_is_told(start: t.Callable[..., Server], path: str) -> None:
    """A user signs in with a second factor, and is asked for it in an odd way."""
    server = start()
    simulator = server.simulator
    body = recorded("login_mfa_required_401") if path.endswith("password") else recorded("mfaauth_ok")
    who = {
        "as_username": simulator.mfa_username,
        "as_password": simulator.mfa_password,
        "as_totp_secret": simulator.mfa_totp_secret,
    }
    work = works(lambda run: {"signed_in": bool(run.client.session.token())}, {}, **who)
    status = 401 if path.endswith("password") else 200
    found = [
        f"{what}: {wrong}"
        for what, mutant in mutants(body, path)
        if (wrong := violation(server, path, mutant, work, status))
    ]
    assert not found, "\n".join(found)


# -- what is new is no difference


def with_news(value: Json) -> Json:
    """The answer as a later release might give it: more fields wherever there are fields."""
    if isinstance(value, list):
        return [with_news(each) for each in value]
    if not isinstance(value, dict):
        return value
    news = {"x_new": "new", "x_list": [{"x": 1}], "x_wrapped": {"value": True, "inherited": False}}
    return {**{key: with_news(each) for key, each in value.items()}, **news}


UNCHANGED: dict[str, tuple[Resource, dict[str, t.Any]]] = {
    "users/list": (
        USER,
        {
            "users": [
                {
                    "name": "alice",
                    "group": "staff",
                    "dmz_ip": [{"ip": "192.0.2.9", "protocol": "tcp", "start_port": 80, "end_port": 81}],
                    "client_to_server_subnets": ["10.1.0.0/16"],
                    "static_ipv4": "10.9.0.1",
                }
            ]
        },
    ),
    "groups/list": (
        GROUP,
        {
            "groups": [
                {"name": "staff", "autologin": True, "subnets": ["10.1.0.0/16"]},
                {"name": "ops", "dynamic_ranges": ["10.1.0.9-10.1.0.20"], "members": []},
            ]
        },
    ),
    "users/defaultuser": (DEFAULT_USER, {"bypass_subnets": ["10.1.0.0/16"], "group": "ops", "inherit": ["deny"]}),
    "userprop/access/list": (
        ACCESS_LIST,
        {
            "access_lists": [
                {"group": "staff", "access_to": ["10.1.0.0/16:https,icmp-any:R", "group:ops"]},
                {"user": "alice", "access_from": ["-all|"], "access_to": []},
            ]
        },
    ),
    "config-profile/list": (CONFIG_PROFILE, {"config_profiles": [{"name": "default", "active": True}]}),
    "config-items/default/list": (
        CONFIG_ITEM,
        {"config_items": [{"name": "vpn.server.daemon.udp.port", "value": 9443}]},
    ),
}


@pytest.mark.parametrize("dialect", ["3.2", "document"])
@pytest.mark.parametrize("path", UNCHANGED)
def test_fields_that_nobody_knows_are_no_difference(start: t.Callable[..., Server], path: str, dialect: str) -> None:
    server = furnished(start(dialect=dialect))
    resource, declared = UNCHANGED[path]
    answer = server.manage(resource, **declared)
    assert not answer.get("failed"), answer["msg"]
    assert not answer["changed"]
    news = with_news(given(server, path))
    assert news != given(server, path)
    server.simulator.log.clear()
    server.simulator.faults.add(path=path, times=None, status=200, body=news)
    answer = server.manage(resource, **declared)
    assert not answer.get("failed"), answer["msg"]
    assert not answer["changed"]
    assert not server.writes()
    server.simulator.log.clear()  # what the document does not know is not held to it


@pytest.mark.parametrize(
    ("key", "value"), [("auth_method", "quantum"), ("reroute_gw", "sideways"), ("mfa_status", "tired")]
)
def test_values_that_nobody_knows_are_shown_as_they_are(server: Server, key: str, value: str) -> None:
    furnished(server)
    body = given(server, "users/list")
    for one in body["profiles"]:
        one[key] = {"value": value, "inherited": False} if isinstance(one.get(key), dict) else value
    server.simulator.log.clear()
    server.simulator.faults.add(path="users/list", times=None, status=200, body=body)
    assert [one[key] for one in server.inform(USER, ["alice"])] == [value]
    answer = server.manage(USER, users=[{"name": "alice", "group": "staff"}])
    assert not answer.get("failed"), answer["msg"]
    assert not answer["changed"]


def test_a_wrapped_property_is_read_like_a_bare_one(server: Server) -> None:
    furnished(server)
    body = given(server, "users/list")
    answers = []
    for bare in (False, True):
        for one in body["profiles"]:
            for key in ("deny", "autologin", "admin"):
                one[key] = True if bare else {"value": True, "inherited": False}
        server.simulator.faults.clear()
        server.simulator.faults.add(path="users/list", times=None, status=200, body=copy.deepcopy(body))
        answers.append(
            [{key: one[key] for key in ("name", "deny", "autologin", "admin")} for one in server.inform(USER)]
        )
    assert answers[0] == answers[1]
    assert all(one["deny"] is True for one in answers[0])
