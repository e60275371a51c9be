# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificate authorities: created by name, and never deleted by mistake while client profiles depend on them."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.pki.ca import CA
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server

Start = t.Callable[..., Server]
dialects = pytest.mark.parametrize("dialect", ["document", "3.2"])


def ca(server: Server, **params: t.Any) -> Answer:
    """Run as_ca; it must succeed."""
    answer = server.manage(CA, **params)
    assert not answer.get("failed"), answer["msg"]
    return answer


def refused(server: Server, **params: t.Any) -> str:
    """Run as_ca; it must fail and write nothing. Answers its sentence."""
    server.simulator.log.clear()
    answer = server.manage(CA, **params)
    assert answer.get("failed"), answer
    assert not answer["changed"]
    assert not server.writes()
    return str(answer["msg"])


def listed(server: Server) -> list[tuple[str, str]]:
    """Common name and role of each authority."""
    return [(one["common_name"], one["role"]) for one in server.inform(CA)]


@dialects
def test_one_is_made_once_and_is_the_current_one_then(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    [(first, _role)] = listed(server)
    planned = ca(server, common_name="New CA", algorithm="secp384r1", check=True)
    assert listed(server) == [(first, "current")]
    done = ca(server, common_name="New CA", algorithm="secp384r1")
    assert (planned["objects"], planned["diff"]) == (done["objects"], done["diff"])
    assert listed(server) == [(first, "old"), ("New CA", "current")]
    server.simulator.log.clear()
    assert not ca(server, common_name="New CA", algorithm="secp384r1")["changed"]
    assert not server.writes()


def test_of_several_the_last_one_is_the_current_one(server: Server) -> None:
    ca(server, cas=[{"common_name": name} for name in ("One", "Two", "Three")])
    assert [role for name, role in listed(server) if name in ("One", "Two", "Three")] == ["old", "old", "current"]


def test_the_server_that_restarts_for_it_is_waited_for(server: Server) -> None:
    server.simulator.read_as(authority_restart="restarts")
    ca(server, cas=[{"common_name": "One"}, {"common_name": "Two"}])
    assert [name for name, _role in listed(server)][1:] == ["One", "Two"]


@dialects
def test_one_without_client_profiles_is_deleted(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    [(first, _role)] = listed(server)
    ca(server, common_name="New CA")
    done = ca(server, common_name=first, state="absent")
    assert done["diff"]["before"][first]["client_profiles"] == 0
    assert listed(server) == [("New CA", "current")]
    assert not ca(server, common_name=first, state="absent")["changed"]


@pytest.mark.parametrize("number", [None, 0, 1, 3])
def test_one_with_profiles_stays_unless_their_number_is_known(server: Server, number: int | None) -> None:
    [(first, _role)] = listed(server)
    for name in ("ada", "ben"):
        server.simulator.add_profile(name)
    ca(server, common_name="New CA")
    said = {} if number is None else {"delete_clients": number}
    assert "signed 2 client profiles" in refused(server, common_name=first, state="absent", **said)
    assert "set delete_clients: 2" in refused(server, common_name=first, state="absent", **said)
    ca(server, common_name=first, state="absent", delete_clients=2)
    assert listed(server) == [("New CA", "current")]
    assert server.simulator.machine.profiles.all() == []


def test_a_profile_that_is_issued_meanwhile_is_not_lost(server: Server) -> None:
    [(first, _role)] = listed(server)
    old = server.inform(CA)[0]["serial"]
    ca(server, common_name="New CA")
    server.simulator.faults.add(
        path="/ca/vpn/*", method="DELETE", do="act", act=lambda: server.simulator.add_profile("ada", authority=old)
    )
    answer = server.manage(CA, common_name=first, state="absent")
    assert answer["failed"]
    assert len(server.simulator.machine.profiles.all()) == 1
    assert (first, "old") in listed(server)


def test_the_last_one_stays(server: Server) -> None:
    [(first, _role)] = listed(server)
    assert "is the last one" in refused(server, common_name=first, state="absent")
    ca(server, common_name="New CA")
    both = [{"common_name": first, "state": "absent"}, {"common_name": "New CA", "state": "absent"}]
    assert "is the last one" in refused(server, cas=both)


REFUSALS: dict[str, tuple[dict[str, t.Any], str]] = {
    "unknown algorithm": ({"common_name": "New CA", "algorithm": "rot13"}, "does not support rot13"),
    "other algorithm": ({"common_name": "OpenVPN CA", "algorithm": "rsa2048"}, "it is secp384r1 and cannot change"),
    "long name": ({"common_name": "x" * 65}, "has 65 characters, but a certificate holds only 64"),
    "line end": ({"common_name": "New\nCA"}, "U+000A, which cannot be seen"),
    "serial": ({"serial": "17"}, "present needs common_name"),
    "clients of a new one": ({"common_name": "New CA", "delete_clients": 1}, "is allowed only with state: absent"),
    "twice": ({"cas": [{"common_name": "A CA"}, {"common_name": "a ca"}]}, "differ only in case"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_is_not_possible_is_refused_before_anything_is_written(server: Server, case: str) -> None:
    params, sentence = REFUSALS[case]
    assert sentence in refused(server, **params)


def test_of_namesakes_a_serial_shows_which(server: Server) -> None:
    """The server itself refuses duplicates; it keeps those that it created before (server behaviour, 99)."""
    rows = [
        {
            "serial": serial,
            "common_name": "Twin CA",
            "algorithm": "rsa2048",
            "not_before": f"202{serial}-03-27",
            "not_after": "2040-03-26",
            "cert_type": kind,
            "client_profiles": 0,
        }
        for serial, kind in (("1", "old_ca"), ("2", "old_ca"), ("3", "ca"))
    ]
    server.simulator.faults.add(path="/ca/vpn/list", status=200, body=rows, times=None)
    assert "3 authorities are called Twin CA. Set serial" in refused(server, common_name="Twin CA", state="absent")
    planned = ca(server, serial="2", state="absent", check=True)
    assert planned["diff"]["before"]["of serial 2"]["not_after"] == "2040-03-26T00:00:00Z"
    assert [one["serial"] for one in server.inform(CA)] == ["1", "2", "3"]
