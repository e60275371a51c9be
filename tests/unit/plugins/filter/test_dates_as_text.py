# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that keeps dates through more than one template; tests of estate_people use it as roles do."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

from ansible_collections.vpn.estate.plugins.filter.dates_as_text import KEEPS_DATES, FilterModule, with_text

ZONE = timezone(timedelta(hours=1))
DATA = {"users": [{"name": "anna", "until": date(2026, 12, 31)}, {"until": datetime(2026, 12, 31, 18, tzinfo=ZONE)}, 7]}
TEXT = {"users": [{"name": "anna", "until": "2026-12-31"}, {"until": "2026-12-31T18:00:00+01:00"}, 7]}


def test_dates_become_text_wherever_they_are() -> None:
    assert with_text(DATA) == TEXT
    assert with_text(TEXT) == TEXT


def test_data_stay_as_they_are_where_templates_keep_dates() -> None:
    found = FilterModule().filters()["dates_as_text"](DATA)
    assert found is DATA if KEEPS_DATES else found == TEXT
