# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A filter for data that goes through more than one template."""

from __future__ import annotations

import datetime
import typing as t
from collections.abc import Mapping

from ansible import template

KEEPS_DATES = hasattr(template, "accept_lazy_markers")  # since ansible-core 2.19


def dates_as_text(value: t.Any) -> t.Any:
    """The same data with each date that YAML has read as text; unchanged if templates keep dates.

    Before ansible-core 2.19, a template converts its result to text, and restores the data only if there is no date in it.
    """
    return value if KEEPS_DATES else with_text(value)


def with_text(value: t.Any) -> t.Any:
    """The same data with each date as text."""
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: with_text(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [with_text(one) for one in value]
    return value


class FilterModule:
    """Filters of this file by name."""

    def filters(self) -> dict[str, t.Callable[[t.Any], t.Any]]:
        """Filters of this file by name."""
        return {"dates_as_text": dates_as_text}
