# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A part brings its operations, its state and what it keeps, and a machine finds them without a list."""

from __future__ import annotations

import threading

import pytest
from ansible_collections.vpn.estate.tests.simulator.answers import Answer
from ansible_collections.vpn.estate.tests.simulator.parts import Part, operation


class Rulesets(Part):
    """A part as a contributor would add one."""

    passing = ("_cache",)

    def __init__(self, machine):
        self._machine = machine
        self._lock = threading.Lock()
        self._rulesets = {}
        self._seen, self._cache = [], {}

    @operation("POST", "/access/rulesets/add", "addRuleset", writes=True)
    @operation("POST", "/rulesets/add", "addRulesetOfBefore", "user", query=("dry",))
    def add(self, call):
        self._rulesets[str(len(self._rulesets) + 1)] = dict(call.body)
        return Answer(200, {"id": len(self._rulesets)})

    def state(self):
        return {"rulesets": [*self._rulesets.values()]}

    def clear(self):
        self._rulesets.clear()


@pytest.fixture
def extended(server):
    """A server with one more part, and the part."""
    part = server.machine.rulesets = Rulesets(server.machine)
    server.machine.routes = server.machine.find_routes()
    return server, part


def test_its_operations_are_those_of_the_server(extended, api):
    server, _part = extended
    reply = api.post("access/rulesets/add", {"name": "x"})
    assert (reply.status, reply.body) == (200, {"id": 1})
    assert server.log[-1].wrote
    found, _parameters = server.machine.routes.find("POST", "/api/rulesets/add")
    assert (found.operation, found.access, found.writes, found.query) == ("addRulesetOfBefore", "user", False, ("dry",))


def test_its_state_is_shown_and_ends_with_a_reset(extended):
    server, part = extended
    part._rulesets["1"] = {"name": "x"}
    assert server.state()["rulesets"] == [{"name": "x"}]
    server.reset()
    assert server.state()["rulesets"] == []


def test_whatever_it_keeps_is_compared(extended):
    server, part = extended
    before = server.kept()
    part._rulesets["1"] = {"name": "x", "when": (1, {2})}
    part._seen += [{"username": "ana"}, {"username": "ben"}, {"username": "ana"}, "whoever"]
    part._cache["1"] = "of no interest"
    after = server.kept()
    assert {thing: value for thing, value in after.items() if thing not in before} == {
        ("rulesets", "_rulesets", "1"): {"name": "x", "when": [1, [2]]},
        ("rulesets", "_seen", "ana", "1"): {"username": "ana"},
        ("rulesets", "_seen", "ana", "2"): {"username": "ana"},
        ("rulesets", "_seen", "ben", "1"): {"username": "ben"},
        ("rulesets", "_seen", "", "1"): "whoever",
    }


def test_rows_of_all_tables_and_settings_are_compared(server):
    before = server.kept()
    server.store.put_entry("ruleset", "random-7", {"user": "ana", "name": "x"})
    server.store.set_fact("rulesets", 1)
    server.set_user("ana", deny=True)
    server.configure(license="subscription")
    after = server.kept()
    assert {thing: value for thing, value in after.items() if before.get(thing) != value} == {
        ("store", "entry", "ruleset", "ana", "1"): {"user": "ana", "name": "x"},
        ("store", "fact", "rulesets"): {"value": 1},
        ("store", "record", "ana"): {"kind": "user", "member_of": None, "own": {"deny": True}, "password": None},
        ("settings", "license"): "subscription",
    }
