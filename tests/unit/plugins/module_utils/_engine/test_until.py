# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users with an end: which moment it is, what follows from it on each product, and the days that check mode can show."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.declaration import DECLARATION
from ansible_collections.vpn.estate.plugins.module_utils._engine.until import Until
from ansible_collections.vpn.estate.plugins.module_utils._freebox.declaration import DECLARATION as FREEBOX
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_user import VPN_USER
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Box, Server
from hypothesis import example, given
from hypothesis import strategies as st

# Zones with a change of the clock at midnight, with a day that never was, and with other halves of an hour.
ZONES = (
    "UTC",
    "Europe/Paris",
    "America/New_York",
    "America/Havana",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Pacific/Apia",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
)
zones = st.sampled_from(ZONES)
days = st.dates(date(2000, 1, 1), date(2037, 12, 31))
PAST, FUTURE = "2001-05-06", "2998-05-06"
PASSWORD, OTHER = "Correct-Horse-1", "Battery-Staple-2"


@pytest.fixture(name="use_zone")
def fixture_use_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets the time zone of this machine, until the test ends."""

    def use(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield use
    monkeypatch.undo()
    time.tzset()


def shown(moment: float, zone: str) -> datetime:
    """What a clock shows at a moment."""
    return datetime.fromtimestamp(moment, ZoneInfo(zone)).replace(tzinfo=None)


# -- moments


@given(day=days, zone=zones)
@example(day=date(2012, 10, 20), zone="America/Sao_Paulo")  # the next day begins at 1:00
@example(day=date(2013, 2, 16), zone="America/Sao_Paulo")  # its last hour comes twice
@example(day=date(2020, 10, 31), zone="America/Havana")  # the first hour of the next day comes twice
@example(day=date(2011, 12, 29), zone="Pacific/Apia")  # the next day is left out
def test_a_day_ends_when_a_clock_there_first_shows_a_later_one(day: date, zone: str) -> None:
    moment = Until.of(f"{day} {zone}").moment
    assert shown(moment, zone).date() > day
    assert all(shown(moment - before, zone).date() <= day for before in (1, 1800, 3600, 7200))


@given(day=days, zone=zones, minute=st.integers(0, 24 * 60 - 1))
@example(day=date(2026, 10, 25), zone="Europe/Paris", minute=150)
def test_a_time_is_when_a_clock_there_last_shows_it(day: date, zone: str, minute: int) -> None:
    said = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute)
    moment = Until.of(f"{said.isoformat(timespec='minutes')} {zone}").moment
    if shown(moment, zone) == said:
        assert shown(moment - 1, zone) < said
        assert all(shown(moment + 900 * step, zone) > said for step in range(1, 13))
    else:  # it never shows that time
        assert not any(shown(moment + 900 * step, zone) == said for step in range(-100, 100))
        assert shown(moment, zone) > said


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-12-31Z", "2027-01-01T00:00:00+00:00"),
        ("2026-12-31 +01:00", "2026-12-31T23:00:00+00:00"),
        ("2026-12-31T18:00+01:00", "2026-12-31T17:00:00+00:00"),
        ("2026-12-31 18:00:30 -05:30", "2026-12-31T23:30:30+00:00"),
        ("2026-12-31 18:00 Europe/Paris", "2026-12-31T17:00:00+00:00"),
        ("2026-10-25T02:30 Europe/Paris", "2026-10-25T01:30:00+00:00"),  # the second time
        ("2026-03-29T02:30 Europe/Paris", "2026-03-29T01:30:00+00:00"),  # half an hour after the clock is set forward
        ("2024-02-29 UTC", "2024-03-01T00:00:00+00:00"),
    ],
)
def test_what_is_meant(text: str, moment: str) -> None:
    assert Until.of(text) == (text, datetime.fromisoformat(moment).timestamp())


@pytest.mark.parametrize("zone", ZONES)
def test_without_a_zone_it_is_that_of_this_machine(use_zone: Callable[[str], None], zone: str) -> None:
    use_zone(zone)
    for text in ("2012-10-20", "2013-02-16", "2020-10-31", "2011-12-29", "2026-03-29T02:30", "2026-10-25T02:30"):
        assert Until.of(text).moment == Until.of(f"{text} {zone}").moment


def test_the_last_day_of_all_never_ends() -> None:
    assert Until.of("9999-12-31").moment == Until.of("9999-12-31 Europe/Paris").moment == math.inf


@pytest.mark.parametrize(
    "text",
    ["", "2026", "20261231", "2026-2-1", "2026-02-30", "31.12.2026", "2026-12-31T25:00", "2026-12-31T18", "tomorrow"]
    + ["2026-12-31 +25:00", "2026-12-31 ../etc", "2026-12-31\n", "2026-12-31 18:00 CET/CEST/", "٢٠٢٦-12-31"],
)
def test_what_is_no_end(text: str) -> None:
    with pytest.raises(
        ValueError, match="is neither a day, such as 2026-12-31|this machine does not know the time zone"
    ):
        Until.of(text)


@pytest.mark.parametrize("zone", ["Europe/Pari", "Europe", "X"])
def test_a_zone_that_is_not_known_is_named(zone: str) -> None:
    with pytest.raises(ValueError, match=f"^'2026-12-31 {zone}': this machine does not know the time zone {zone}$"):
        Until.of(f"2026-12-31 {zone}")


# -- what follows


@pytest.fixture(name="server")
def fixture_server(start: Callable[..., Server]) -> Server:
    return start()


def test_a_user_is_what_is_declared_until_then_and_blocked_afterwards(server: Server) -> None:
    declared = {"name": "anna", "static_ipv4": "172.27.224.10", "deny": False}
    for until in (None, FUTURE):
        answer = server.manage(USER, users=[{**declared, "until": until}])
        assert "ended" not in answer["objects"][0]
    assert not answer["changed"]
    server.simulator.log.clear()
    reported, answer = (
        server.manage(USER, users=[{**declared, "until": PAST}], check=check) for check in (True, False)
    )
    assert reported["diff"] == answer["diff"]
    assert answer["diff"]["after"]["anna"] == {"deny": True, "ended": PAST}
    assert answer["objects"] == [{"name": "anna", "action": "updated", "changed_keys": ["deny"], "ended": PAST}]
    assert not any(PAST in str(one.request) or "until" in str(one.request) for one in server.simulator.log)
    again = server.manage(USER, users=[{**declared, "until": PAST}])
    assert not again["changed"]
    assert again["objects"][0]["ended"] == PAST
    kept = server.simulator.state()["users"]["anna"]
    assert (kept["deny"], kept["static_ipv4"]) == (True, "172.27.224.10")


def test_who_has_ended_loses_sessions_and_is_created_denied(server: Server) -> None:
    server.simulator.set_user("anna")
    server.simulator.connect("anna")
    answer = server.manage(USER, users=[{"name": name, "until": PAST, "inherit": ["deny"]} for name in ("anna", "new")])
    assert answer["counts"] == {"updated": 1, "created": 1}
    assert not server.simulator.state()["vpn_clients"]
    assert all(server.simulator.state()["users"][name]["deny"] is True for name in ("anna", "new"))


@pytest.mark.parametrize("state", ["blocked", "absent"])
def test_it_does_not_mention_users_who_are_blocked_already(server: Server, state: str) -> None:
    for until in (PAST, FUTURE):
        server.simulator.set_user("anna")
        [reported] = server.manage(USER, users=[{"name": "anna", "state": state, "until": until}])["objects"]
        assert "ended" not in reported
        assert ("anna" not in server.simulator.state()["users"]) == (state == "absent")


def test_what_is_declared_is_right_on_each_day_or_on_none(server: Server) -> None:
    for until in (PAST, FUTURE):
        shared = [{"name": name, "static_ipv4": "172.27.224.9", "until": until} for name in ("anna", "bert")]
        assert "172.27.224.9 is declared for anna and for bert" in server.manage(USER, users=shared)["msg"]


def test_a_wrong_end_is_reported_with_all_other_mistakes(server: Server) -> None:
    users = [{"name": "anna", "until": "soon"}, {"name": "bert", "until": "2026-02-30"}, {"name": "carl", "deny": 5}]
    msg = server.declare(DECLARATION, users=users[:2])["msg"]
    assert "until of user anna: 'soon' is neither a day" in msg
    assert "until of user bert: '2026-02-30' is neither a day" in msg


def test_the_own_account_does_not_end(server: Server) -> None:
    answer = server.manage(USER, users=[{"name": "openvpn", "until": PAST}])
    assert f"would be blocked, because {PAST} (until) has passed. Nothing was written" in answer["msg"]


def test_the_summary_and_the_diff_count_who_has_ended(server: Server) -> None:
    users = [{"name": "anna", "until": PAST}, {"name": "bert", "state": "blocked"}, {"name": "carl"}]
    answer = server.declare(DECLARATION, users=users)
    assert answer["summary"] == "users: 3 created (2 blocked, 1 because of until)"
    assert answer["diff"][0]["after_header"] == answer["summary"]


def test_on_a_freebox_who_has_ended_is_deleted(box: Box) -> None:
    box.manage(VPN_USER, users=[{"login": "anna", "password": PASSWORD, "until": FUTURE}])
    assert "anna" in box.simulator.state()["users"]
    answer = box.manage(VPN_USER, users=[{"login": name, "until": PAST} for name in ("anna", "new")])
    assert "anna" not in box.simulator.state()["users"]
    assert answer["counts"] == {"deleted": 1, "unchanged": 1}
    assert [one["ended"] for one in answer["objects"]] == [PAST, PAST]
    assert answer["diff"]["before"]["anna"]["ended"] == PAST


# -- another day


def test_check_mode_shows_another_day(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    users = [{"name": "anna", "until": "2990-12-31"}]
    server.manage(USER, users=users)
    for today, blocked in (("2990-12-31", False), ("2990-12-31T23:59", False), ("2991-01-01", True)):
        monkeypatch.setenv("VPN_ESTATE_TODAY", today)
        assert server.manage(USER, users=users, check=True)["changed"] is blocked


def test_users_who_end_soon_are_returned_for_the_day_of_the_comparison(
    server: Server, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not those who have ended, are absent or blocked, or end later."""
    ends = {"a": "2990-11-30", "b": "2990-12-01", "c": "2990-12-30", "d": "2991-01-01", "gone": "2990-12-02"}
    users = [{"name": name, "until": f"{until} UTC"} for name, until in ends.items()]
    users[-1]["state"] = "absent"
    monkeypatch.setenv("VPN_ESTATE_TODAY", "2990-12-01T00:00+00:00")
    answer = server.declare(DECLARATION, users=users, check=True)
    assert answer["ending"] == [
        {"part": "users", "name": "b", "until": "2990-12-01 UTC", "days_left": 1},
        {"part": "users", "name": "c", "until": "2990-12-30 UTC", "days_left": 30},
    ]
    logins = [{"login": "eve", "password": PASSWORD, "until": "2990-12-24 UTC"}]
    [eve] = box.declare(FREEBOX, users=logins, check=True)["ending"]
    assert (eve["name"], eve["days_left"]) == ("eve", 24)
    monkeypatch.delenv("VPN_ESTATE_TODAY")
    assert server.declare(DECLARATION, users=users, check=True)["ending"] == []


def test_another_day_is_refused_where_it_would_be_written(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VPN_ESTATE_TODAY", "2027-01-01")
    server.simulator.log.clear()
    for answer in (server.manage(USER, name="anna"), server.declare(DECLARATION, users=[{"name": "anna"}])):
        assert answer["failed"]
        assert "vpn_estate_today is '2027-01-01', but it is for check mode only" in answer["msg"]
        assert answer["msg"].count("Nothing was written") == 1
    assert not server.writes()


def test_a_wrong_day_is_a_mistake(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VPN_ESTATE_TODAY", "tomorrow")
    answer = server.manage(USER, name="anna", check=True)
    assert answer["msg"].startswith("vpn_estate_today: 'tomorrow' is neither a day")


# -- a password of one user


@pytest.mark.parametrize("usual", ["on_create", "always"])
def test_one_password_is_reset_and_the_others_are_not(server: Server, usual: str) -> None:
    """What is declared for a user overrides the option of the task, in both directions."""
    users = [{"name": name, "password": PASSWORD} for name in ("anna", "bert", "carl")]
    server.manage(USER, users=users)
    own = {"bert": "always", "carl": "on_create"}
    users = [{**one, "password": OTHER, "update_password": own.get(one["name"])} for one in users]
    answer = server.manage(USER, users=users, update_password=usual)
    changed = {one["name"] for one in answer["objects"] if one["changed_keys"] == ["password"]}
    assert changed == {"bert", *(["anna"] if usual == "always" else [])}
    assert {name for name in ("anna", "bert", "carl") if server.simulator.password_is(name, OTHER)} == changed


def test_one_password_of_a_freebox_is_set_again(box: Box) -> None:
    users = [{"login": name, "password": PASSWORD} for name in ("anna", "bert")]
    box.manage(VPN_USER, users=users)
    answer = box.manage(VPN_USER, users=[users[0], {**users[1], "password": OTHER, "update_password": "always"}])
    assert [one["changed_keys"] for one in answer["objects"]] == [[], ["password"]]
    assert answer["diff"]["after"] == {"bert": {"password": "(not shown)"}}
