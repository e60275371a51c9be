# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What access tests find by a plan is what they find on the server when the plan is carried out."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_tests import AccessTest, Verdict
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.access import AccessTests
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.declaration import (
    DECLARATION,
    memberships,
    restart,
)
from ansible_collections.vpn.estate.plugins.module_utils._engine.run import Part, Run
from ansible_collections.vpn.estate.plugins.module_utils._engine.server_declaration import (
    PASSED,
    UNKNOWN,
    ServerDeclaration,
)
from ansible_collections.vpn.estate.tests.simulator.access_server import AccessServerSimulator
from ansible_collections.vpn.estate.tests.unit.plugins.laws.test_server_declaration import (
    DOMAINS,
    GROUPS,
    NETWORKS,
    PEOPLE,
    READINGS,
    Declared,
    declarations,
    done,
    furnish,
)
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import examples, first
from hypothesis import given
from hypothesis import strategies as st

PLACES = (
    *NETWORKS,
    "10.1.2.3:tcp/22",
    "192.0.2.1",
    *DOMAINS,
    "*.example",
    *(f"user:{name}" for name in PEOPLE),
    "group:staff",
)


class Noting(AccessTests):
    """Lets everything pass, and notes what the evaluator says of plans."""

    def __init__(self) -> None:
        self.noted: list[str] = []

    def of_declaration(self, tests: t.Sequence[AccessTest], parts: t.Sequence[Part]) -> list[Verdict]:
        return [Verdict(test, UNKNOWN) for test in tests]

    def of_plan(self, tests: t.Sequence[AccessTest], parts: t.Sequence[Part], run: Run[t.Any]) -> list[Verdict]:
        self.noted += [str(verdict) for verdict in super().of_plan(tests, parts, run)]
        return [Verdict(test, PASSED) for test in tests]


@pytest.fixture(name="server", params=first(*READINGS), ids=str, scope="module")
def fixture_server(request: pytest.FixtureRequest) -> t.Iterator[Server]:
    """One server for all examples of a reading."""
    with AccessServerSimulator(readings=request.param) as simulator:
        yield Server(simulator)


@given(
    before=declarations(),
    after=declarations(),
    tests=st.lists(
        st.tuples(
            st.sampled_from([*PEOPLE, *GROUPS, "everybody"]), st.sampled_from(["", " not"]), st.sampled_from(PLACES)
        ),
        min_size=1,
        max_size=4,
    ),
)
@examples(15, 300)
def test_a_plan_is_judged_as_the_server_that_it_leads_to(
    server: Server, before: Declared, after: Declared, tests: list[tuple[str, str, str]]
) -> None:
    furnish(server)
    done(server.declare(DECLARATION, **before))
    sentences = [f"{who} may{negated} reach {where}" for who, negated, where in tests]
    noting = Noting()
    declaration = ServerDeclaration([*DECLARATION.resources.values()], restart, memberships, noting)
    done(server.declare(declaration, **after, access_tests=sentences, check=True))
    planned, noting.noted = noting.noted, []
    done(server.declare(DECLARATION, **after))
    assert not done(server.declare(declaration, **after, access_tests=sentences))["changed"]
    assert len(planned) == len(sentences)
    assert planned == noting.noted
