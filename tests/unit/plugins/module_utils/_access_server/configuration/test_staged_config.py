# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A configuration that is activated as a copy, stays active if the server is healthy, and is rolled back otherwise."""

from __future__ import annotations

import itertools
import socket
import time
import types
import typing as t
from collections import Counter
from urllib.parse import urlsplit

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration import staged_config
from ansible_collections.vpn.estate.tests.simulator.access_server import READINGS, AccessServerSimulator
from ansible_collections.vpn.estate.tests.unit.plugins.laws.test_resources import dialects
from ansible_collections.vpn.estate.tests.unit.plugins.module_utils._access_server.configuration.test_config_item import (
    certificate_pem,
    key_pem,
)
from ansible_collections.vpn.estate.tests.unit.plugins.support.convergence import HEALED
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server, text_of
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import crossed
from ansible_collections.vpn.estate.tests.unit.plugins.support.worlds import ACCESS_SERVER as WORLD

Start = t.Callable[..., Server]
COMPANY, PORT, SECRET_KEY = "sa.company_name", "admin_ui.https.port", "auth.radius.0.server.0.secret"
SECRET = "Marker-Secret-9!"
COPY = "staged-1-of-default"
CHANGED = [{"name": COMPANY, "value": "Example"}, {"name": SECRET_KEY, "secret_value": SECRET}]
QUICK = {"restart_downtime": 0.02}
AILING = {**QUICK, "ailing_with": f"{COMPANY}=Example"}


@pytest.fixture(autouse=True)
def _looks_in_quick_succession(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staged_config, "PAUSE", 0.05)


def stage(server: Server, *, check: bool = False, **params: t.Any) -> Answer:
    """Run as_staged_config."""
    declared = {"config_items": CHANGED, "check_timeout": 1, "restart_timeout": 3, **params}
    if "src" in params:
        del declared["config_items"]
    return server.run(staged_config.stage, staged_config.SPEC, staged_config.CONSTRAINTS, check=check, **declared)


def done(answer: Answer) -> Answer:
    """The answer of a task that succeeded."""
    assert not answer.get("failed"), answer["msg"]
    return answer


def failed(answer: Answer) -> str:
    """The message of a failed task."""
    assert answer.get("failed"), answer
    return str(answer["msg"])


def configuration(simulator: AccessServerSimulator) -> dict[str, dict[str, t.Any]]:
    """What is set in each profile."""
    return t.cast("dict[str, dict[str, t.Any]]", simulator.state()["configuration"])


def profiles(server: Server) -> set[str]:
    return set(server.simulator.store.profiles())


def active(server: Server) -> str:
    return str(server.simulator.state()["active_profile"])


def activated(server: Server) -> list[str]:
    """Names of the profiles that the server was asked to activate, in order."""
    return [one.path.split("/")[-2] for one in server.simulator.log if one.path.endswith("/set-active")]


def company(name: str) -> list[dict[str, t.Any]]:
    return [{"name": COMPANY, "value": name}]


# -- there


@dialects
def test_what_differs_is_activated_once_and_as_a_copy(start: Start, dialect: str) -> None:
    server = start(dialect=dialect, settings=QUICK)
    server.simulator.set_configuration(**{"vpn.server.max_clients": 99})
    before = configuration(server.simulator)["default"]
    answer = done(stage(server, restart_mode="cold"))
    assert answer["changed"]
    assert (answer["previous"], answer["profile"], answer["removed"]) == ("default", COPY, [])
    assert (answer["url"], answer["counts"]) == (server.simulator.url, {"updated": 2})
    state = server.simulator.state()
    assert state["active_profile"] == COPY
    assert state["configuration"] == {"default": before, COPY: {**before, COMPANY: "Example", SECRET_KEY: SECRET}}
    assert state["running"] == state["configuration"][COPY]
    assert SECRET not in text_of(answer)
    assert activated(server) == [COPY]
    [activation] = [one for one in server.simulator.log if one.path.endswith("/set-active")]
    assert activation.query == {"restartMode": "cold"}


@dialects
def test_where_nothing_differs_nothing_is_written(start: Start, dialect: str) -> None:
    server = start(dialect=dialect, settings=QUICK)
    done(stage(server))
    server.simulator.log.clear()
    answer = done(stage(server))
    assert not answer["changed"]
    assert (answer["previous"], answer["profile"]) == (COPY, COPY)
    assert not server.writes()
    server.simulator.log.clear()
    assert not done(stage(server, config_items=[]))["changed"]
    assert not server.writes()


def test_the_server_checks_the_copy_and_is_asked_for_a_restart_before(start: Start) -> None:
    server = start(settings=QUICK)
    done(stage(server))
    order = [one.path for one in server.simulator.log]
    asked = [order.index(f"/api/config-profile/{COPY}/{what}") for what in ("validate", "set-active")]
    [dry_run] = [i for i, one in enumerate(server.simulator.log) if one.query == {"restartMode": "dry_run"}]
    assert asked[0] < dry_run < asked[1]


def test_check_mode_shows_the_same_and_writes_nothing(start: Start) -> None:
    server = start(settings=QUICK)
    planned = done(stage(server, check=True))
    assert not server.writes()
    assert profiles(server) == {"default"}
    assert planned["diff"]["after"][COMPANY] == {"value": "Example"}
    assert SECRET not in text_of(planned)
    answer = done(stage(server))
    assert {key: value for key, value in answer.items() if key != "last_restarted"} == planned


def test_old_ones_are_kept_by_number(start: Start) -> None:
    server = start(settings=QUICK)
    server.simulator.store.add_profile("mine")
    for number in range(1, 5):
        answer = done(stage(server, config_items=company(f"Number {number}"), keep=2))
    assert active(server) == "staged-4-of-3"
    assert answer["removed"] == [COPY]
    assert profiles(server) == {"default", "mine", "staged-2-of-1", "staged-3-of-2", "staged-4-of-3"}
    for check in (True, False):
        answer = done(stage(server, config_items=company("Number 4"), keep=0, check=check))
        assert (answer["changed"], answer["removed"]) == (True, ["staged-3-of-2", "staged-2-of-1"])
    assert profiles(server) == {"default", "mine", "staged-4-of-3"}


@pytest.mark.parametrize("differs", [True, False])
def test_what_a_broken_run_left_is_removed_by_the_next(start: Start, differs: bool) -> None:
    server = start(settings=QUICK)
    done(stage(server))
    for name in ("staged-2-of-1", "staged-of-1", "other-3-of-1"):
        server.simulator.store.add_profile(name)
    answer = done(stage(server, config_items=company("Other" if differs else "Example")))
    assert (answer["changed"], answer["removed"]) == (True, ["staged-2-of-1"])
    assert answer["profile"] == ("staged-3-of-1" if differs else COPY)
    assert profiles(server) == {"default", COPY, "staged-of-1", "other-3-of-1"} | {answer["profile"]}


def test_a_profile_that_was_rolled_back_by_hand_is_deleted_and_the_earlier_one_is_kept(start: Start) -> None:
    server = start(settings=QUICK)
    for name in ("One", "Two", "Three"):
        done(stage(server, config_items=company(name)))
    server.simulator.store.set_fact("active_profile", "staged-2-of-1")
    assert done(stage(server, config_items=company("Two")))["removed"] == ["staged-3-of-2"]
    assert profiles(server) == {"default", COPY, "staged-2-of-1"}


def test_items_in_a_file(start: Start, tmp_path: t.Any) -> None:
    server = start(settings=QUICK)
    path = tmp_path / "items.yml"
    path.write_text(f"- {{name: {SECRET_KEY}, secret_value: {SECRET}}}\n")
    answer = done(stage(server, src=str(path)))
    assert configuration(server.simulator)[COPY][SECRET_KEY] == SECRET
    assert SECRET not in text_of(answer)


# -- not there


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"config_items": [{"name": "vpn.server.daemon.tcp.port", "value": 0}]}, "0 is not allowed; it must be from 1"),
        (
            {"config_items": [{"name": "no.such.item", "value": "x"}]},
            "This server does not know the configuration item no.such.item",
        ),
        ({"keep": -1}, "keep: -1 is too small"),
        ({"name": "a b"}, "name: 'a b' is not valid. Use 1 to 20 letters"),
        ({"check_timeout": 0}, "check_timeout: 0 is too small; the smallest value is 1 second"),
    ],
)
def test_what_cannot_be_is_refused_beforehand(
    server: Server, params: dict[str, t.Any], words: str, check: bool
) -> None:
    answer = stage(server, check=check, **params)
    assert words in failed(answer)
    assert not answer["changed"]
    assert not server.writes()


def test_a_copy_that_the_server_finds_unfit_is_removed(start: Start) -> None:
    server = start(settings=QUICK)
    message = failed(stage(server, config_items=[{"name": "host.name", "value": ""}]))
    assert "refuses the declared configuration as invalid" in message
    assert "Required configuration key is not set: host.name" in message
    assert "default is still active and unchanged." in message
    assert profiles(server) == {"default"}
    assert not activated(server)


def test_another_change_of_the_active_profile_is_not_undone(start: Start) -> None:
    """A copy that is not a whole one of what is active would undo another change."""
    server = start(settings=QUICK)
    changed = {"vpn.server.max_clients": 5}
    server.simulator.faults.add(
        path=f"/config-items/{COPY}", do="act", act=lambda: server.simulator.set_configuration(**changed)
    )
    assert "differs from it in vpn.server.max_clients" in failed(stage(server))
    assert profiles(server) == {"default"}
    server.simulator.store.add_profile("theirs")
    server.simulator.faults.add(
        path=f"/config-items/{COPY}",
        do="act",
        act=lambda: server.simulator.store.set_fact("active_profile", "theirs"),
    )
    assert "Another user has activated theirs on " in failed(stage(server))
    assert (active(server), activated(server)) == ("theirs", [])


def test_a_later_change_is_not_undone_either(start: Start) -> None:
    server = start(settings=QUICK)
    store = server.simulator.store
    store.add_profile("theirs")

    def interfere() -> None:
        if active(server) == COPY:
            store.set_fact("active_profile", "theirs")

    server.simulator.faults.add(path="/config-profile/list", do="act", times=None, act=interfere)
    message = failed(stage(server))
    assert f"is not healthy with {COPY} active: theirs is active. " in message
    assert f"{COPY} is not active; theirs is active." in message
    assert (active(server), activated(server)) == ("theirs", [COPY])


# -- and back


@pytest.mark.parametrize(
    ("ailment", "words"),
    [
        ("service", "service web is error (service failed to start)"),
        ("severity", "service web is on (service failed to start)"),
        ("daemons", "no VPN daemon runs"),
    ],
)
@dialects
def test_a_server_that_is_not_well_gets_its_old_profile_back(
    start: Start, dialect: str, ailment: str, words: str
) -> None:
    server = start(dialect=dialect, settings={**AILING, "ailment": ailment})
    before = server.simulator.state()["running"]
    answer = stage(server)
    message = failed(answer)
    assert f"{server.simulator.url} is not healthy with {COPY} active: {words}. " in message
    assert message.endswith("Rolled back: default is active again, and the server is healthy.")
    assert activated(server) == [COPY, "default"]
    assert (active(server), profiles(server)) == ("default", {"default"})
    assert server.simulator.state()["running"] == before
    assert SECRET not in text_of(answer)


def test_an_earlier_problem_is_reported_and_is_no_reason(start: Start) -> None:
    server = start(settings={**QUICK, "ailing_with": "host.name=vpn.example.com"})
    server.simulator.machine.configuration.take_over()
    answer = done(stage(server))
    assert active(server) == COPY
    assert "Before the change, service web is error" in answer["warnings"][0]


@pytest.mark.parametrize("check", [True, False])
def test_a_profile_that_an_interrupted_run_activated_without_a_check_is_reported(start: Start, check: bool) -> None:
    server = start(settings=QUICK)
    done(stage(server))
    assert "warnings" not in done(stage(server, check=check))
    server.simulator.configure(ailing_with=f"{COMPANY}=Example", ailment="daemons")
    answer = done(stage(server, check=check))
    assert (answer["changed"], active(server)) == (False, COPY)
    [warning] = answer["warnings"]
    assert f"is not healthy with the declared configuration ({COPY}): no VPN daemon runs. " in warning


def test_daemons_are_missed_only_where_some_are_configured(start: Start) -> None:
    server = start(settings={**AILING, "ailment": "daemons"})
    none = [{"name": f"vpn.server.daemon.{kind}.n_daemons", "value": 0} for kind in ("tcp", "udp")]
    done(stage(server, config_items=[*CHANGED, *none]))
    single = [{"name": "vpn.server.daemon.enable", "value": False}]
    assert active(server) == COPY
    server.simulator.configure(ailing_with="vpn.server.daemon.enable=False")
    assert "no VPN daemon runs" in failed(stage(server, config_items=single))
    assert active(server) == COPY


def test_a_server_that_does_not_answer_again_is_reported(start: Start) -> None:
    """No address is left from which the old profile could be activated."""
    server = start(settings={**AILING, "ailment": "silent"})
    message = failed(stage(server, restart_timeout=1, as_timeout=1))
    assert f"No restarted server answered at {server.simulator.url} within 1 seconds" in message
    assert f"{COPY} or default is active. Activate default on the server itself." in message
    assert activated(server) == [COPY]


def test_connected_clients_are_a_warning(start: Start) -> None:
    server = start(settings=QUICK)
    server.simulator.set_user("ana")
    server.simulator.connect("ana")
    assert "may interrupt VPN clients; connected: 1" in done(stage(server, check=True))["warnings"][0]


# -- what carries the API


def free_port(address: str = "127.0.0.1") -> int:
    with socket.create_server((address, 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture(name="movable")
def fixture_movable(start: Start) -> Server:
    """A server that is at the address that is configured, and moves with it."""
    server = start(settings={"restart_downtime": 0.05, "restart_delay": 0.05, "moves": True})
    server.simulator.set_configuration(**{PORT: urlsplit(server.simulator.url).port})
    server.simulator.machine.configuration.take_over()
    return server


@pytest.mark.parametrize(
    "item",
    [
        {"name": PORT, "value": 9443},
        {"name": "admin_ui.https.ip_address", "value": "eth0"},
        {"name": "cs.https.port", "value": 9443},
        {"name": "cs.cert", "value": certificate_pem(1)},
        {"name": "cs.priv_key", "secret_value": key_pem(1)},
        {"name": "sa.initial_run_groups.0", "value": 3},
        {"name": "vpn.server.lockout_policy.n_fails", "value": 1},
        {"name": "auth.sessiontoken.lifetime", "value": 5},
        {"name": "auth.module.post_auth_script", "value": "/etc/check.py"},
        {"name": "vpn.server.google_auth.enable", "value": True},
    ],
    ids=lambda item: item["name"],
)
@pytest.mark.parametrize("check", [True, False])
def test_what_the_api_depends_on_needs_a_word(server: Server, item: dict[str, t.Any], check: bool) -> None:
    answer = stage(server, config_items=[*CHANGED, item], check=check)
    assert f"tasks depends on {item['name']}, which would change" in failed(answer)
    assert not server.writes()


@pytest.mark.parametrize("check", [True, False])
def test_how_we_sign_in_counts_where_we_follow_the_configuration(start: Start, check: bool) -> None:
    server = start(settings=QUICK)
    item = [
        {"name": "auth.module.type", "value": "pam"},
        {"name": "auth.ldap.0.server.0.host", "value": "ldap.example.com"},
    ]
    if not check:
        done(stage(server, config_items=[item[1], {"name": "cs.tls_version_min", "value": "1.3"}]))
    server.simulator.set_user(server.simulator.username, auth_method=None)
    assert "tasks depends on auth.module.type, which" in failed(stage(server, config_items=item, check=check))


@pytest.mark.parametrize("reading", READINGS["config_integers"])
def test_a_port_of_a_daemon_counts_where_it_hands_us_on(start: Start, reading: str) -> None:
    server = start(settings=QUICK, readings={"config_integers": reading})
    item = [{"name": "vpn.server.daemon.tcp.port", "value": 8443}]
    done(stage(server, config_items=item))
    server.simulator.set_configuration(COPY, **{"vpn.server.daemon.tcp.port": urlsplit(server.simulator.url).port})
    assert "tasks depends on vpn.server.daemon.tcp.port, which" in failed(stage(server, config_items=item))


@pytest.mark.parametrize("reading", READINGS["config_integers"])
def test_the_api_is_followed_to_its_new_port(movable: Server, reading: str) -> None:
    movable.simulator.read_as(config_integers=reading)
    old, new = movable.simulator.url, f"https://127.0.0.1:{free_port()}"
    moved = [{"name": PORT, "value": urlsplit(new).port}]
    check = done(stage(movable, config_items=moved, allow_connection_change=True, check=True))
    answer = stage(movable, config_items=moved, allow_connection_change=True, as_url=old)
    assert done(answer)["url"] == check["url"] == movable.simulator.url == new
    assert active(movable) == COPY
    assert not done(stage(movable, config_items=moved))["changed"]


def test_the_api_is_followed_to_its_new_address(movable: Server) -> None:
    moved = [
        {"name": PORT, "value": free_port("127.0.0.2")},
        {"name": "admin_ui.https.ip_address", "value": "127.0.0.2"},
    ]
    answer = stage(movable, config_items=moved, allow_connection_change=True, as_server_name="127.0.0.1")
    assert done(answer)["url"] == movable.simulator.url == f"https://127.0.0.2:{moved[0]['value']}"


def test_an_address_that_cannot_be_calculated_is_declared(movable: Server) -> None:
    port = free_port()
    movable.simulator.set_configuration(**{PORT: 1})
    moved = [{"name": PORT, "value": port}]
    answer = stage(movable, config_items=moved, allow_connection_change=True, new_url=f"https://127.0.0.1:{port}/api/")
    assert done(answer)["url"] == movable.simulator.url == f"https://127.0.0.1:{port}"


def test_an_ailing_server_is_followed_there_and_back(movable: Server) -> None:
    old = movable.simulator.url
    movable.simulator.configure(ailing_with=f"{COMPANY}=Example")
    items = [*CHANGED, {"name": PORT, "value": free_port()}]
    message = failed(stage(movable, config_items=items, allow_connection_change=True))
    assert "service web is error" in message
    assert "Rolled back: default is active again, and the server is healthy." in message
    assert movable.simulator.url == old
    assert (active(movable), profiles(movable)) == ("default", {"default"})


def test_an_api_that_is_not_where_it_was_declared_is_a_reason(movable: Server) -> None:
    """Whether it stayed where it was, or is out of reach from here; in the first case we can go back."""
    movable.simulator.configure(moves=False)
    port = free_port()
    message = failed(stage(movable, config_items=[{"name": PORT, "value": port}], allow_connection_change=True))
    assert f"No restarted server answered at https://127.0.0.1:{port} within" in message
    assert "Rolled back: default is active again, and the server is healthy." in message
    assert (active(movable), profiles(movable)) == ("default", {"default"})


def test_a_new_certificate_is_expected(start: Start) -> None:
    server = start(settings=QUICK)
    pair = [
        {"name": "cs.cert", "value": certificate_pem(1)},
        {"name": "cs.priv_key", "secret_value": key_pem(1)},
    ]
    answer = done(stage(server, config_items=pair, allow_connection_change=True))
    assert (answer["profile"], active(server)) == (COPY, COPY)
    assert "PRIVATE" not in text_of(answer)
    own = [{"name": "cs.cert", "state": "default"}, {"name": "cs.priv_key", "state": "default"}]
    trusting = {"as_validate_certs": False, "as_ca_path": None}
    assert "Use as_web_certificate." in failed(
        stage(server, config_items=own, allow_connection_change=True, **trusting)
    )


def test_a_task_that_can_no_longer_sign_in_rolls_back_with_the_open_session(start: Start) -> None:
    server = start(settings=QUICK)
    server.simulator.set_user(server.simulator.username, auth_method=None)
    message = failed(
        stage(server, config_items=[{"name": "auth.module.type", "value": "saml"}], allow_connection_change=True)
    )
    assert "SAML" in message
    assert "Rolled back: default is active again, and the server is healthy." in message
    assert active(server) == "default"


def test_a_task_without_a_session_for_the_rollback_reports_it(start: Start) -> None:
    server = start(settings=QUICK, readings={"token_after_restart": "dies"})
    assert done(stage(server))["profile"] == COPY
    server.simulator.set_user(server.simulator.username, auth_method=None)
    message = failed(
        stage(server, config_items=[{"name": "auth.module.type", "value": "saml"}], allow_connection_change=True)
    )
    assert "SAML" in message
    assert "staged-2-of-1 or staged-1-of-default is active. Activate staged-1-of-default on the server" in message
    assert activated(server)[1:] == ["staged-2-of-1"]


@pytest.mark.parametrize("reading", ["null", "refuse", "store"])
def test_a_default_comes_into_force_too(start: Start, reading: str) -> None:
    server = start(settings=QUICK, readings={"config_reset": reading})
    server.simulator.set_configuration(**{COMPANY: "Example"})
    done(stage(server, config_items=[{"name": COMPANY, "state": "default"}]))
    assert (active(server), server.simulator.machine.configuration.in_force(COMPANY)) == (COPY, "Access Server")
    assert configuration(server.simulator)["default"][COMPANY] == "Example"


# -- faults


Request = tuple[str, str, int]
"""Method, path, and the how manieth of its kind it is."""
ACTIVATION = ("POST", f"/api/config-profile/{COPY}/set-active", 1)


def requests_of(simulator: AccessServerSimulator) -> list[Request]:
    """What the server was asked, in order, without repeated requests while a task waited."""
    met: Counter[tuple[str, str]] = Counter()
    found = []
    for one in simulator.log:
        call = (one.method, one.path)
        met[call] += 1
        if met[call] <= 4:
            found.append((*call, met[call]))
    return found


def since_the_activation(requests: t.Sequence[Request]) -> list[Request]:
    """Until then, a change that goes wrong later is the same as one that does not."""
    return list(requests[requests.index(ACTIVATION) :])


class Trial:
    """One change on one server, again and again, each time with another request that fails."""

    def __init__(self, server: Server) -> None:
        self.server, self.simulator = server, server.simulator
        self.start_over()
        self.run()
        self.requests = requests_of(self.simulator)

    def start_over(self) -> None:
        self.simulator.reset()
        self.simulator.set_configuration(**{"vpn.server.max_clients": 99})
        self.server.session = {"state": {}}

    def run(self) -> Answer:
        return stage(self.server, restart_timeout=4)

    def violations(self, fault: str, request: Request, after: str = "") -> t.Iterator[str]:
        """Play the change with this fault at this request, and return the laws that do not hold.

        The request is counted from the beginning, or from the first one whose path is ``after``.
        """
        self.start_over()
        old = configuration(self.simulator)["default"]
        new = {**old, COMPANY: "Example", SECRET_KEY: SECRET}
        method, path, nth = request
        more = WORLD.faults[fault] or {"do": "delay", "delay": 0.05}
        faults = self.simulator.faults

        def begin() -> None:
            faults.add(path=path, method=method, nth=nth, **more)

        faults.add(path=after, do="act", act=begin) if after else begin()
        answer = self.run()
        state = self.simulator.state()
        in_force = state["configuration"][state["active_profile"]]
        if in_force not in (old, new):
            yield f"{state['active_profile']} is active with {in_force}"
        if state["configuration"]["default"] != old:
            yield "changed the old profile"
        if not answer.get("failed") and (in_force != new or state["running"] != new):
            yield "says it is done, and it is not"
        if answer.get("failed"):
            yield from self.explained(answer, state["active_profile"])
            [hit] = [WORLD.kind_of(one) for one in self.simulator.log if one.fault][:1]
            if fault in HEALED.get(hit, ()) and not self.simulator.machine.settings.ailing_with:
                yield f"fails, and need not: {answer['msg']}"
        if SECRET in text_of(answer) or self.simulator.password in text_of(answer):
            yield "tells a secret"
        tried = Counter(activated(self.server))
        if tried[COPY] > 1 + (fault == "401"):
            yield f"sent the activation {tried[COPY]} times"
        self.simulator.faults.clear()
        self.simulator.configure(ailing_with="")
        yield from self.mended(new)

    def explained(self, answer: Answer, active: str) -> t.Iterator[str]:
        message = answer["msg"]
        if "defect" in message.lower():
            yield f"crashed: {message} {answer.get('exception')}"
        if urlsplit(self.simulator.url).netloc not in message:
            yield f"does not name the host: {message}"
        if COPY in " ".join(one.path for one in self.simulator.log) and active not in message:
            yield f"does not report that {active} is active: {message}"

    def mended(self, new: dict[str, t.Any]) -> t.Iterator[str]:
        """The next run brings what is declared, and leaves nothing of the broken one."""
        again = self.run()
        if again.get("failed"):
            yield f"the next run fails: {again['msg']}"
            return
        state = self.simulator.state()
        if state["configuration"][state["active_profile"]] != new:
            yield "the next run does not bring what was declared"
        if len(state["configuration"]) != 2:
            yield f"there are still {set(state['configuration'])} after the next run"
        self.simulator.log.clear()
        if self.run()["changed"] or self.server.writes():
            yield "the third run changes something"


@pytest.fixture(name="hurry")
def fixture_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time that is allowed for something passes faster."""
    hurried = types.SimpleNamespace(monotonic=lambda: time.monotonic() * 4, sleep=time.sleep)
    monkeypatch.setattr(staged_config, "time", hurried)


@pytest.mark.usefixtures("hurry")
def test_whichever_request_goes_wrong_the_old_or_the_new_profile_is_active(start: Start) -> None:
    """The activation meets every fault in every run of the tests."""
    trial = Trial(start(settings=QUICK))
    activation = itertools.product(WORLD.faults, [ACTIVATION])
    hold_to_the_law(trial, sorted({*crossed(WORLD.faults, trial.requests), *activation}))


@pytest.mark.exhaustive
@pytest.mark.usefixtures("hurry")
def test_also_on_the_way_back(start: Start) -> None:
    trial = Trial(start(settings=AILING))
    faults = ("dropped before", "dropped after", "502 page before", "503", "403")
    hold_to_the_law(trial, crossed(faults, since_the_activation(trial.requests)))


@pytest.mark.exhaustive
@pytest.mark.usefixtures("hurry")
def test_also_when_the_old_profile_comes_back(start: Start) -> None:
    reads = [("GET", f"/api/{path}", nth) for path in ("server/status", "config-profile/list") for nth in (1, 2, 3)]
    cases = crossed(("dropped before", "502 page before", "401", "403"), [*reads, ("GET", "/api/vpn/status", 1)])
    hold_to_the_law(Trial(start(settings=AILING)), cases, "/config-profile/default/set-active")


@pytest.mark.usefixtures("hurry")
@pytest.mark.parametrize("fault", ["dropped before", "dropped after", "403"])
def test_also_where_the_api_moves(start: Start, fault: str) -> None:
    """Afterwards it is at the address in the active profile, and the other profile no longer exists."""
    met: list[Request | None] = [None]
    found: list[str] = []
    for request in met:
        server = start(settings={"restart_downtime": 0.02, "restart_delay": 0.02, "moves": True})
        old, new = urlsplit(server.simulator.url).port, free_port()
        server.simulator.set_configuration(**{PORT: old})
        server.simulator.machine.configuration.take_over()
        moved = {"config_items": [{"name": PORT, "value": new}], "allow_connection_change": True}
        if request:
            method, path, nth = request
            server.simulator.faults.add(path=path, method=method, nth=nth, **WORLD.faults[fault])
        answer = stage(server, **moved)
        if not request:
            done(answer)
            met += since_the_activation(requests_of(server.simulator))
        goal, port = (COPY, new) if active(server) == COPY else ("default", old)
        if answer.get("failed") == (goal == COPY) or urlsplit(server.simulator.url).port != port:
            found.append(f"{request}: {goal} at {server.simulator.url}: {answer.get('msg')}")
        server.simulator.faults.clear()
        done(stage(server, **moved))
        assert profiles(server) in ({"default", COPY}, {"default", "staged-2-of-default"})
    assert len(met) > 4
    assert not found, "\n".join(found)


def hold_to_the_law(trial: Trial, cases: t.Iterable[tuple[str, Request]], after: str = "") -> None:
    found = [
        f"{fault} at {' '.join(map(str, request))}: {violation}"
        for fault, request in cases
        for violation in trial.violations(fault, request, after)
    ]
    assert not found, "\n".join(found)
