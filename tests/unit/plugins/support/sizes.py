# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much a test tries: one number for `make test`, another one for `make test-all`. The default is in conftest.py."""

from __future__ import annotations

import itertools
import random
import typing as t

import pytest
from hypothesis import settings


def is_exhaustive() -> bool:
    """Whether this is a run of `make test-all`. Known when tests are collected."""
    return settings.get_current_profile_name() == "exhaustive"


def size(usual: int, exhaustive: int) -> int:
    """The number of cases of this run, also for decorators."""
    return exhaustive if is_exhaustive() else usual


def examples(usual: int, exhaustive: int) -> settings:
    """A decorator for a test that generates examples: how many, where 100 and 1,000 are not right."""
    return settings(max_examples=size(usual, exhaustive))


def first(*values: t.Any) -> list[t.Any]:
    """Parameters of a test: `make test` tries the first one, and leaves the others to `make test-all`."""
    return [values[0], *(pytest.param(value, marks=pytest.mark.exhaustive) for value in values[1:])]


def left(parameters: t.Iterable[tuple[t.Any, ...]], *names: str) -> list[t.Any]:
    """The same parameters of a test; `make test` leaves those whose first one has one of these names to `make test-all`."""
    return [pytest.param(*each, marks=pytest.mark.exhaustive) if each[0] in names else each for each in parameters]


def crossed(*axes: t.Iterable[t.Any], seed: str = "") -> list[tuple[t.Any, ...]]:
    """In `make test-all` every combination of one value of each axis; in `make test` a fixed sample of them.

    The sample is as long as the longest axis, and has each value of each axis at least once. Another ``seed`` combines them
    in another way.
    """
    values = [list(axis) for axis in axes]
    if is_exhaustive() or not all(values):
        return list(itertools.product(*values))
    chance, length = random.Random(seed), max(map(len, values))  # noqa: S311 - the same in every run
    columns: list[list[t.Any]] = []
    for each in values:
        rounds = [chance.sample(each, len(each)) for _unused in range(0, length, len(each))]
        columns.append([*itertools.chain(*rounds)][:length])
    return list(zip(*columns, strict=True))
