# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The law of convergence for each sample: it is created, changed and undone, while something goes wrong."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.client import AccessServer
from ansible_collections.vpn.estate.plugins.module_utils._engine.field import Field
from ansible_collections.vpn.estate.plugins.module_utils._engine.plan import Actual, Change
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.plugins.module_utils._engine.run import Run
from ansible_collections.vpn.estate.tests.unit.plugins.support.convergence import Trial, is_worth_it, refuse_violations
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server, Simulated
from ansible_collections.vpn.estate.tests.unit.plugins.support.samples import EVERY_SAMPLE, Sample
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import crossed
from ansible_collections.vpn.estate.tests.unit.plugins.support.worlds import WORLDS


def combined(kind: type[Simulated]) -> list[tuple[t.Any, ...]]:
    """Each step of each sample of a product with a fault, and each fault with a step."""
    steps = [(sample, step) for sample in EVERY_SAMPLE if sample.kind is kind for step in sample.steps]
    return [(sample, step, fault) for (sample, step), fault in crossed(steps, WORLDS[kind].faults)]


@pytest.mark.parametrize(("sample", "step", "fault"), [each for kind in WORLDS for each in combined(kind)], ids=str)
def test_converges(start: t.Callable[..., Simulated], sample: Sample, step: str, fault: str) -> None:
    hold_sample_to_the_law(start, sample, step, fault)


def hold_sample_to_the_law(start: t.Callable[..., Simulated], sample: Sample, step: str, fault: str) -> None:
    """The fault strikes at each request; and at each request that writes, one of those that leave most behind, or all of them."""
    world = WORLDS[sample.kind]
    server = start(sample.kind, **world.how)
    trial = Trial(world, server, sample.scenario(step, server.folder))
    is_worth_it(trial)
    everywhere = [(fault, index) for index in range(1, trial.requests + 1)]
    writes = [index for index, wrote in enumerate(trial.wrote, 1) if wrote]
    at_writes = crossed(world.worst, writes, seed=f"{sample.resource.noun} {step}")
    refuse_violations(trial, dict.fromkeys([*everywhere, *at_writes]))


class Badge(Resource):
    """A specimen with a defect: of two calls the first makes something that its reading never sees."""

    noun, plural = "badge", "badges"
    fields = (Field("comment", {"type": "str"}, unset=""),)

    def read(self, run: Run[AccessServer], names: t.Sequence[str] | None) -> Actual:
        found = {name: one for name, one in run.client.users(names).records.items() if "cc_commands" in one}
        return Actual({name: {"comment": one["cc_commands"]["value"]} for name, one in found.items()}, whole=True)

    def create(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        def make(change: Change) -> None:
            run.client.text("POST /token-url", {"username": change.name, "profile_type": "userlogin"})
            run.client.call("POST /userprop/set", [{"name": change.name, "cc_commands": change.values["comment"]}])

        run.writes.each(changes, make)


def test_an_object_that_is_left_behind_is_found(start: t.Callable[..., Server]) -> None:
    """The law knows neither the specimen nor what it leaves behind."""
    sample = Sample(
        Badge(), {"name": "erika", "comment": "x"}, gone="", prepare=lambda server: server.simulator.set_user("erika")
    )
    with pytest.raises(AssertionError) as caught:
        hold_sample_to_the_law(start, sample, "create", "429")
    assert "the next run does not bring what was declared: {('store', 'entry', 'profile_token', 'erika', '2')}" in str(
        caught.value
    )
