# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sample that stands for a product of cases in `make test`."""

from __future__ import annotations

import itertools

import pytest
from ansible_collections.vpn.estate.tests.unit.plugins.support import sizes
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import crossed

AXES = [("a", "b", "c"), range(7), ["only"]]


def test_a_sample_has_each_value_and_is_the_same_in_every_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "is_exhaustive", lambda: False)
    for seed in ("", "one", "another"):
        sample = crossed(*AXES, seed=seed)
        assert sample == crossed(*AXES, seed=seed)
        assert len(sample) == 7
        for axis, values in zip(AXES, zip(*sample, strict=True), strict=True):
            assert set(values) == set(axis)
    assert crossed(*AXES, seed="one") != crossed(*AXES, seed="another")
    assert crossed(AXES[0], []) == []


def test_the_exhaustive_run_has_every_combination(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "is_exhaustive", lambda: True)
    assert crossed(*AXES) == [*itertools.product(*AXES)]
