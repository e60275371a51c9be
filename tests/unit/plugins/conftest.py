# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated servers for tests of plugins. The collection is imported late: pytest reads this file before it can be."""

from __future__ import annotations

import time
import typing as t

import pytest

SLEEP = time.sleep

if t.TYPE_CHECKING:
    from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Box, Server
    from ansible_collections.vpn.estate.tests.unit.plugins.support.wire import Wire


@pytest.fixture(autouse=True)
def _short_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries follow almost at once: tests ask what they are, not how long they take.

    Not quite at once, or a task that waits for a restart asks a thousand times a second.
    """
    from ansible_collections.vpn.estate.plugins.module_utils._net import connections

    monkeypatch.setattr(time, "sleep", lambda seconds: SLEEP(min(seconds, 0.005)))
    connections.connections.cache_clear()  # a new server may have the address of one that no longer answered


@pytest.fixture(autouse=True)
def _changes_have_diffs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every task of every test, of whatever module of a server, has a diff if it succeeds and changes something, and else none."""
    from ansible_collections.vpn.estate.plugins.module_utils._engine import module
    from ansible_collections.vpn.estate.plugins.plugin_utils import _in_process as in_process
    from ansible_collections.vpn.estate.tests.unit.plugins.support import harness

    answer_to = module.answer_to

    def checked(body: t.Any, *args: t.Any) -> dict[str, t.Any]:
        answer = answer_to(body, *args)
        of_a_server = bool(body.product.session_option)  # and not a specimen
        assert not of_a_server or answer.get("failed") or harness.shows_its_change(answer), answer
        return answer

    for user in (in_process, harness):
        monkeypatch.setattr(user, "answer_to", checked)


@pytest.fixture(name="start")
def fixture_start() -> t.Iterator[t.Callable[..., t.Any]]:
    """Starts servers; when they stop, what was said between them and the client is held to the contract."""
    from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import SIMULATORS, Server

    started: list[tuple[t.Any, t.Any]] = []

    def start(kind: t.Any = Server, **how: t.Any) -> t.Any:
        simulator = SIMULATORS[kind](**how)
        simulator.__enter__()
        started.append((kind, simulator))
        return kind(simulator)

    yield start
    for kind, simulator in started:
        exchanges = list(simulator.exchanges)
        simulator.__exit__(None, None, None)
        for exchange in exchanges:
            if not exchange.path.startswith("/rest/"):  # which is another API
                kind.checker.check(exchange, answers=not exchange.fault and kind.keeps_contract(simulator))


@pytest.fixture(name="server")
def fixture_server(start: t.Callable[..., t.Any]) -> Server:
    """An Access Server as it comes."""
    return t.cast("Server", start())


@pytest.fixture(name="box")
def fixture_box(start: t.Callable[..., t.Any]) -> Box:
    """A Freebox as it comes."""
    from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Box

    return t.cast("Box", start(Box))


@pytest.fixture(name="serve")
def fixture_serve() -> t.Iterator[t.Callable[..., Wire]]:
    """Starts servers that answer with given bytes."""
    from ansible_collections.vpn.estate.tests.simulator.pki import process_identity
    from ansible_collections.vpn.estate.tests.unit.plugins.support.wire import Wire

    wires: list[Wire] = []

    def serve(*answers: t.Any) -> Wire:
        wires.append(Wire(*answers, contexts=(process_identity("127.0.0.1").context(),)))
        return wires[-1]

    yield serve
    for wire in wires:
        wire.stop()


@pytest.fixture(name="parrots")
def fixture_parrots(serve: t.Callable[..., Wire]) -> dict[str, str]:
    """Addresses of servers that repeat what they hear."""
    from ansible_collections.vpn.estate.tests.unit.plugins.support import wire

    return {"echo": serve(wire.echo).url, "refuse": serve(wire.refuse).url}
