# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much a test tries: one number for `make test`, another one for `make test-all`. The default is in conftest.py."""

from __future__ import annotations

from hypothesis import settings


def size(usual: int, exhaustive: int) -> int:
    """The number of cases of this run. Tests choose when they are collected, so it may be used in decorators."""
    return exhaustive if settings.get_current_profile_name() == "exhaustive" else usual


def examples(usual: int, exhaustive: int) -> settings:
    """A decorator for a test that generates examples: how many, where 100 and 1,000 are not right."""
    return settings(max_examples=size(usual, exhaustive))
