# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated servers for tests of plugins. The collection is imported late: pytest reads this file before it can be."""

from __future__ import annotations

import typing as t

import pytest

if t.TYPE_CHECKING:
    from ansible_collections.vpn.estate.tests.unit.plugins.harness import Server


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries follow at once; what they are is tested, not how long they take."""
    from ansible_collections.vpn.estate.plugins.module_utils import _http

    monkeypatch.setattr(_http.time, "sleep", lambda seconds: None)


@pytest.fixture(name="start")
def fixture_start() -> t.Iterator[t.Callable[..., Server]]:
    """Starts servers; when they stop, what was said between them and the client is held to the contract."""
    from ansible_collections.vpn.estate.tests.simulator.access_server import AccessServerSimulator
    from ansible_collections.vpn.estate.tests.unit.plugins.harness import CHECKER, Server

    started: list[tuple[AccessServerSimulator, bool]] = []

    def start(**how: t.Any) -> Server:
        simulator = AccessServerSimulator(**how)
        simulator.__enter__()
        started.append((simulator, how.get("dialect") == "document"))
        return Server(simulator)

    yield start
    for simulator, answers in started:
        exchanges = [one for one in simulator.exchanges if not one.path.startswith("/rest/")]  # which is another API
        simulator.__exit__(None, None, None)
        for exchange in exchanges:
            CHECKER.check(exchange, answers=answers)


@pytest.fixture(name="server")
def fixture_server(start: t.Callable[..., Server]) -> Server:
    """A server as it comes."""
    return start()
