# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever goes wrong with whichever request, a task ends, tells the truth, and the next one brings what was declared."""

from __future__ import annotations

import itertools
import re
import threading
import time
import typing as t
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server import connection as connection_module
from ansible_collections.vpn.estate.plugins.module_utils._access_server.access_list import ACCESS_LIST
from ansible_collections.vpn.estate.plugins.module_utils._access_server.config_item import CONFIG_ITEM
from ansible_collections.vpn.estate.plugins.module_utils._access_server.config_profile import CONFIG_PROFILE
from ansible_collections.vpn.estate.plugins.module_utils._access_server.default_user import DEFAULT_USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.departure import HOLDINGS
from ansible_collections.vpn.estate.plugins.module_utils._access_server.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.operations import BASE, OPERATIONS
from ansible_collections.vpn.estate.plugins.module_utils._access_server.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._http import CONTROL, MAKES_NEW, NAMED, READ, SET, Transport
from ansible_collections.vpn.estate.plugins.module_utils._resource import Resource
from ansible_collections.vpn.estate.tests.simulator.access_server import AccessServerSimulator, Exchange
from ansible_collections.vpn.estate.tests.unit.plugins.harness import Answer, Server, text_of

PASSWORD = "Marker-Password-7!"
LOGIN = "/api/auth/login/userpassword"
SUBNET = {"ipv6": False, "netip": "10.1.0.0", "prefix_length": 16}
IMPATIENT = 0.1  # seconds that a task waits for an answer that does not come
DOWNTIME = 0.02  # seconds that a server is away when it restarts
SHORT = 0.005  # seconds that it waits instead of sleeping

Thing = tuple[str, ...]
"""Something that the server keeps, as in ``("user", "ana")``."""
State = dict[Thing, t.Any]


@dataclass
class Scenario:
    """A task, the server it meets, and what it may touch: ``things`` are those of each object by its name in the answer."""

    resource: Resource
    declared: dict[str, t.Any]
    prepare: t.Callable[[AccessServerSimulator], None]
    things: dict[str, set[Thing]]
    besides: set[Thing] = field(default_factory=set)  # what changes along with the objects

    @property
    def touched(self) -> set[Thing]:
        """Everything that may differ afterwards."""
        return set(itertools.chain(*self.things.values())) | self.besides


def people(simulator: AccessServerSimulator) -> None:
    """Users, groups and connections, some of which no task here declares."""
    simulator.set_group("staff", autologin=True)
    simulator.set_group("ops", subnets=[SUBNET])
    simulator.set_user("ana", group="staff", deny=False, autologin=True)
    simulator.set_user("ben", group="staff", static_ipv4="172.27.224.7", bypass_subnets=[SUBNET], password=PASSWORD)
    simulator.set_user("cleo", group="ops")
    simulator.set_user("dora", autologin=False)
    for name in ("ana", "ana", "dora"):
        simulator.connect(name)
        simulator.add_profile(name)
    for name in ("ben", "dora"):
        simulator.add_profile_token(name, "userlogin")


def routed(simulator: AccessServerSimulator) -> None:
    """The same, with access lists."""
    people(simulator)
    for owner in ("staff", "ana", "dora"):
        route = {"type": "nat", "accept": True, "subnet": SUBNET}
        simulator.set_access_routes(owner, "access_to_ipv4", [route])


def configured(simulator: AccessServerSimulator) -> None:
    """A configuration of which some values are not the default."""
    values: dict[str, t.Any] = {"vpn.server.daemon.tcp.port": 8443, "cs.https.port": 9443, "sa.company_name": "Example"}
    simulator.set_configuration(**values)


def user(*names: str) -> dict[str, set[Thing]]:
    return {name: {("user", name), *((held, name) for held in HOLDINGS)} for name in names}


def item(*names: str) -> dict[str, set[Thing]]:
    return {name: {("item", "default", name)} for name in names}


STAFF: set[Thing] = {("group", "staff")}
OPS: set[Thing] = {("group", "ops")}
SCENARIOS = {
    "users created": Scenario(
        USER,
        {
            "users": [
                {"name": "eve", "group": "staff", "password": PASSWORD},
                {"name": "finn", "autologin": False, "static_ipv4": "172.27.224.8", "password": PASSWORD},
                {"name": "gil", "group": "ops", "deny": True},
                {"name": "ben", "password": PASSWORD},
            ]
        },
        people,
        user("eve", "finn", "gil", "ben"),
        STAFF | OPS,
    ),
    "users changed": Scenario(
        USER,
        {
            "users": [
                {"name": "ana", "inherit": ["autologin"], "group": ""},
                {"name": "ben", "deny": True, "bypass_subnets": ["10.2.0.0/16"], "static_ipv4": ""},
                {"name": "cleo", "deny": False, "autologin": True, "group": "staff", "password": PASSWORD},
            ],
            "update_password": "always",
        },
        people,
        user("ana", "ben", "cleo"),
        STAFF | OPS,
    ),
    "users blocked": Scenario(
        USER,
        {"users": [{"name": "ana"}, {"name": "ben"}, {"name": "eve", "group": "staff"}], "state": "blocked"},
        people,
        user("ana", "ben", "eve"),
        STAFF,
    ),
    "users deleted": Scenario(
        USER,
        {"users": [{"name": "ana"}, {"name": "ben"}, {"name": "ghost"}], "state": "absent"},
        people,
        user("ana", "ben"),
        STAFF,
    ),
    "users purged": Scenario(
        USER,
        {
            "users": [{"name": "cleo", "deny": True}, {"name": "eve", "group": "ops"}],
            "purge": True,
            "protect": ["openvpn", "mfa-admin", "dora"],
        },
        people,
        user("cleo", "eve", "ana", "ben"),
        STAFF | OPS,
    ),
    "groups with members": Scenario(
        GROUP,
        {
            "groups": [
                {"name": "staff", "members": ["ben", "cleo"], "inherit": ["autologin"]},
                {"name": "north", "members": ["dora"], "deny": False, "subnets": ["10.3.0.0/16"]},
                {"name": "ops", "state": "absent"},
            ]
        },
        people,
        {name: {("group", name)} for name in ("staff", "north", "ops")},
        {("user", name) for name in ("ana", "cleo", "dora")},
    ),
    "access lists": Scenario(
        ACCESS_LIST,
        {
            "access_lists": [
                {
                    "group": "staff",
                    "access_to": ["10.2.0.0/16:https", "2001:db8::/32"],
                    "access_from": ["all_vpn_clients"],
                },
                {"user": "ana", "access_to": []},
                {"user": "ben", "access_to": ["-10.0.0.0/8", "10.1.2.0/24"]},
            ]
        },
        routed,
        {
            f"{kind} {name}": {("access list", name)}
            for kind, name in (("group", "staff"), ("user", "ana"), ("user", "ben"))
        },
    ),
    "configuration items": Scenario(
        CONFIG_ITEM,
        {
            "config_items": [
                {"name": "vpn.server.daemon.tcp.port", "value": 1443},
                {"name": "cs.https.port", "state": "default"},
                {"name": "sa.company_name", "value": "Other"},
                {"name": "auth.radius.0.server.0.secret", "secret_value": PASSWORD},
            ]
        },
        configured,
        item("vpn.server.daemon.tcp.port", "cs.https.port", "sa.company_name", "auth.radius.0.server.0.secret"),
    ),
    "default user": Scenario(
        DEFAULT_USER,
        {"autologin": True, "group": "staff", "def_deny": False, "bypass_subnets": ["10.2.0.0/16"], "allow_self": True},
        people,
        {"__DEFAULT__": {("default user",)}},
    ),
    "configuration profile activated": Scenario(
        CONFIG_PROFILE,
        {
            "config_profiles": [
                {"name": "candidate", "copy_from": "default", "active": True},
                {"name": "old", "state": "absent"},
            ],
            "restart_timeout": 1,
        },
        lambda simulator: simulator.store.add_profile("old"),
        {"candidate": {("profile", "candidate"), ("active profile",)}, "old": {("profile", "old")}},
        {("restarted",), ("item", "candidate", "host.name")},
    ),
    "nothing to do": Scenario(
        USER,
        {
            "users": [{"name": "ana", "group": "staff", "deny": False}, {"name": "ben", "password": PASSWORD}]
            + [{"name": "ghost", "state": "absent"}]
        },
        people,
        user("ana", "ben"),
    ),
}

HTML = "<html><body><h1>Bad Gateway</h1></body></html>"
FAULTS: dict[str, dict[str, t.Any]] = {
    "dropped before": {"do": "drop"},
    "dropped after": {"do": "drop", "applied": True},
    "500 before": {"status": 500, "body": {"detail": "Internal server error"}},
    "500 after": {"status": 500, "body": {"detail": "Internal server error"}, "applied": True},
    "502 page before": {"status": 502, "body": HTML, "headers": {"Content-Type": "text/html"}},
    "504 page after": {"status": 504, "body": HTML, "headers": {"Content-Type": "text/html"}, "applied": True},
    "503": {"status": 503, "body": HTML},
    "503 with Retry-After": {"status": 503, "headers": {"Retry-After": "1"}},
    "429": {"status": 429, "body": {"reason": "Too many requests"}, "headers": {"Retry-After": "1"}},
    "401": {"status": 401, "body": {"reason": "Invalid auth token"}},
    "403": {"status": 403, "body": {"reason": "Insufficient privileges to use this API"}},
    "truncated": {"do": "truncate"},
    "portal page": {"do": "html"},
    "page after": {"do": "html", "applied": True},
    "redirect": {"do": "redirect"},
    "late": {},
}

LOST = {"dropped before", "dropped after", "500 before", "500 after", "502 page before", "504 page after", "truncated"}
BUSY = {"503", "503 with Retry-After", "429", "401"}
HEALED = {
    READ: LOST | BUSY,
    **dict.fromkeys((SET, NAMED), LOST | BUSY | {"portal page", "page after"}),
    CONTROL: {"401"},
}
"""By kind of call, the faults that no user hears of. Late answers belong to them too, where there is time enough."""

OTHER_READINGS = {
    "access_set": "extend",
    "list_property": "merge",
    "config_reset": "store",
    "default_user_name": "DEFAULT",
    "access_list_filter": "loose",
    "create_properties": "ignores",
    "bulk_error": "partial",
    "token_after_restart": "dies",
}


def kept(simulator: AccessServerSimulator) -> State:
    """What the server keeps, thing by thing."""
    state = simulator.state()
    found: State = {("default user",): state["default_user"], ("active profile",): state["active_profile"]}
    for name, own in state["users"].items():
        found["user", name] = {**own, "password": simulator.password_is(name, PASSWORD)}
    found |= {("group", name): {**own, "members": sorted(own["members"])} for name, own in state["groups"].items()}
    found |= {("access list", owner): routes for owner, routes in state["access_lists"].items()}
    machine = simulator.machine
    held = (machine.profiles.all(), machine.tokens.all().values(), state["vpn_clients"])
    for kind, all_of_them in zip(HOLDINGS, held, strict=True):
        found |= {(kind, name): number for name, number in Counter(one["username"] for one in all_of_them).items()}
    for profile, values in state["configuration"].items():
        found["profile", profile] = True
        found |= {("item", profile, key): value for key, value in values.items()}
    found["restarted",] = state["last_restarted"]
    return {thing: without_empty_lists(value) for thing, value in found.items()}


def without_empty_lists(value: t.Any) -> t.Any:
    """They say the same as no list."""
    return {k: v for k, v in value.items() if v != []} if isinstance(value, dict) else value


KINDS = [
    (operation.split(" ")[0], re.compile(BASE + re.sub(r"\{\w+\}", "[^/]+", operation.split(" ")[1])), kind)
    for operation, kind in sorted(OPERATIONS.items(), key=lambda each: "{" in each[0])
]


def kind_of(exchange: Exchange) -> str:
    """What the call was to the server."""
    return next(kind for method, path, kind in KINDS if method == exchange.method and path.fullmatch(exchange.path))


def differing(one: State, other: State) -> set[Thing]:
    return {thing for thing in {*one, *other} if one.get(thing) != other.get(thing)}


class Trial:
    """One scenario on one server, again and again."""

    def __init__(self, server: Server, scenario: Scenario) -> None:
        self.server, self.scenario = server, scenario
        self.simulator = server.simulator
        self.start_over()
        answer = self.run()
        assert not answer.get("failed"), answer["msg"]
        self.requests = len(self.simulator.log)
        self.sign_ins = sum(one.path == LOGIN for one in self.simulator.log)
        self.goal = kept(self.simulator)

    def start_over(self) -> None:
        self.simulator.reset()
        self.scenario.prepare(self.simulator)

    def run(self) -> Answer:
        return self.server.manage(self.scenario.resource, **self.scenario.declared)

    def violations(self, fault: str, index: int) -> t.Iterator[str]:
        """Play the scenario with this fault at the request of this index, and tell which laws do not hold."""
        self.start_over()
        before = kept(self.simulator)
        answer, after = self.faulty(FAULTS[fault], index)
        log, late = list(self.simulator.log), kept(self.simulator)
        yield from self.untouched(before, after)
        yield from self.healed(fault, answer, log)
        yield from self.honest(answer, before, after)
        yield from self.frugal(log)
        self.simulator.faults.clear()
        again = self.run()
        if again.get("failed"):
            yield f"the next run fails: {again['msg']}"
        if wrong := self.missing(kept(self.simulator)):
            yield f"the next run does not bring what was declared: {wrong}"
        if not self.missing(late) and again["changed"] and not self.always_writes:
            yield "the next run changes what is as declared"
        self.simulator.log.clear()
        last = self.run()
        if (last.get("failed") or last["changed"] or self.server.writes()) and not self.always_writes:
            yield f"the third run changes something: {last.get('msg') or last['diff']}"

    def missing(self, state: State) -> set[Thing]:
        """What is not as the scenario leaves it when all goes well; when the server restarted is its own affair."""
        return differing(state, self.goal) - {("restarted",)}

    @property
    def always_writes(self) -> bool:
        """Whether the declaration asks for a write in each run."""
        return self.scenario.declared.get("update_password") == "always"

    def faulty(self, fault: dict[str, t.Any], index: int) -> tuple[Answer, State]:
        """The answer of the run with the fault, and the state as it ended."""
        if fault:
            self.simulator.faults.add(nth=index, **fault)
            answer = self.run()
            return answer, kept(self.simulator)
        reached, ended = threading.Event(), threading.Event()

        def act() -> None:
            reached.set()
            ended.wait(10)

        self.simulator.faults.add(nth=index, do="act", act=act)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                connection_module, "Transport", lambda url, **how: Transport(url, **{**how, "timeout": IMPATIENT})
            )
            answer = self.run()
        after = kept(self.simulator)
        ended.set()
        while reached.is_set() and not any(one.fault for one in self.simulator.log):  # the late effect shows
            threading.Event().wait(SHORT)
        threading.Event().wait(2 * DOWNTIME if ("restarted",) in self.scenario.touched else 0)
        return answer, after

    def untouched(self, before: State, after: State) -> t.Iterator[str]:
        if wrong := differing(before, after) - self.scenario.touched:
            yield f"touched what was not declared: {wrong}"

    def healed(self, fault: str, answer: Answer, log: t.Sequence[Exchange]) -> t.Iterator[str]:
        """What can be asked again, or found out by reading, is no reason to fail."""
        for one in log:
            if one.fault and fault in HEALED.get(kind_of(one), ()) and answer.get("failed"):
                yield f"fails at {one.method} {one.path}, which can be healed: {answer['msg']}"

    def honest(self, answer: Answer, before: State, after: State) -> t.Iterator[str]:
        changed = differing(before, after)
        lines = answer.get("objects", [])
        actions = {line["action"] for line in lines}
        undone = "was set back" in answer.get("msg", "")
        if answer["changed"] != bool(changed) and "unknown" not in actions and not undone:
            yield f"says changed={answer['changed']}, but {changed or 'nothing'} changed: {answer.get('msg')}"
        if PASSWORD in text_of(answer) or self.simulator.password in text_of(answer):
            yield "tells a password"
        if answer.get("failed"):
            yield from self.explained(answer)
        elif wrong := self.missing(after):
            yield f"says it is done, but {wrong} is not as declared"
        elif actions & {"failed", "unknown", "not attempted"}:
            yield f"is no failure, but says {actions}"
        if changed and not lines:
            yield "changed something and does not say which objects"
        for line in lines:
            things = self.scenario.things.get(line["name"], set())
            wrong = things & self.missing(after)
            if line["action"] in ("created", "updated", "deleted", "unchanged") and wrong:
                yield f"says {line['name']} was {line['action']}, but {wrong} is not as declared"
            if line["action"] == "not attempted" and things & changed:
                yield f"says {line['name']} was not attempted, but {things & changed} changed"
            if line["action"] in ("failed", "unknown") and not line.get("msg"):
                yield f"does not explain what became of {line['name']}"

    def explained(self, answer: Answer) -> t.Iterator[str]:
        message = answer["msg"]
        if "defect" in message.lower() or "exception" in answer:
            yield f"crashed: {message} {answer.get('exception')}"
        if urlsplit(self.simulator.url).netloc not in message:
            yield f"does not name the host: {message}"
        if BASE not in message and "sign-in" not in message and "sign " not in message and "restart" not in message:
            yield f"does not name the endpoint: {message}"

    def frugal(self, log: t.Sequence[Exchange]) -> t.Iterator[str]:
        turned_away = sum(one.status == 401 for one in log)
        not_let_in = sum(one.path == LOGIN and one.status in (429, 503) for one in log)
        sign_ins = sum(one.path == LOGIN for one in log) - not_let_in
        if sign_ins > self.sign_ins + turned_away:
            yield f"signed in {sign_ins} times"
        polls = sum(one.path == "/api/server/status" for one in log)
        if len(log) - polls > 3 * self.requests + 5:
            yield f"made {len(log)} requests in place of {self.requests}"
        if any(kind_of(one) == MAKES_NEW for one in log):
            yield "made something new"


@pytest.fixture(autouse=True)
def _short_waiting(monkeypatch: pytest.MonkeyPatch, _no_waiting: None) -> None:
    """Who waits for a restart does not have to ask a thousand times a second."""
    monkeypatch.setattr(time, "sleep", lambda seconds: threading.Event().wait(min(seconds, SHORT)))


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_converges(start: t.Callable[..., Server], scenario: str, fault: str) -> None:
    hold_to_the_law(start, scenario, {}, fault)


@pytest.mark.parametrize("fault", ["dropped before", "dropped after", "500 after", "403"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_converges_also_where_the_document_is_read_otherwise(
    start: t.Callable[..., Server], scenario: str, fault: str
) -> None:
    hold_to_the_law(start, scenario, OTHER_READINGS, fault)


def hold_to_the_law(start: t.Callable[..., Server], scenario: str, readings: dict[str, str], fault: str) -> None:
    """Play a scenario with a fault at each request that it makes."""
    server = start(readings=readings, settings={"restart_downtime": DOWNTIME})
    trial = Trial(server, SCENARIOS[scenario])
    found = [
        f"request {index}: {violation}"
        for index in range(1, trial.requests + 1)
        for violation in trial.violations(fault, index)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", ["users/create", "auth/password/change", "users/list"])
def test_an_answer_that_comes_too_late_is_found_out(start: t.Callable[..., Server], path: str) -> None:
    """The late effect makes no duplicate and takes nothing back."""
    server = start()
    people(server.simulator)
    ended = threading.Event()
    server.simulator.faults.add(path=path, do="act", act=lambda: ended.wait(10))
    declared = SCENARIOS["users created"].declared
    answer = server.manage(USER, **declared, as_timeout=1)
    assert not answer.get("failed"), answer["msg"]
    done = kept(server.simulator)
    ended.set()
    while not any(one.fault for one in server.simulator.log):
        threading.Event().wait(SHORT)
    assert kept(server.simulator) == done
    assert not server.manage(USER, **declared)["changed"]


def test_the_scenarios_are_worth_it(start: t.Callable[..., Server]) -> None:
    """Each changes its objects and nothing else, or the laws above would hold of a task that does nothing."""
    for name, scenario in SCENARIOS.items():
        server = start(settings={"restart_downtime": DOWNTIME})
        scenario.prepare(server.simulator)
        before = kept(server.simulator)
        trial = Trial(server, scenario)
        expected = set() if name == "nothing to do" else set(scenario.things)
        changed = {o for o, things in scenario.things.items() if things & differing(before, trial.goal)}
        assert changed - {"ben"} == expected - {"ben"}, name
