# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a test may set about a simulated server that is neither a dialect nor a reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass
class CommonSettings:
    """What every kind of server has; all times in seconds."""

    latency: float = 0.0
    """Added to each API request."""
    dead: bool = False
    """No call of the API is carried out or answered."""
    wrong_certificate: bool = False
    """Presents another certificate than its own."""

    def change(self, values: Mapping[str, Any]) -> None:
        """Set some of them by name; an unknown name or a wrong type is a ValueError."""
        known = {field.name: getattr(self, field.name) for field in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"there is no setting called {name!r}; there are: {', '.join(known)}")
            expected = type(known[name])
            exactly_int = isinstance(value, int) and not isinstance(value, bool)
            if expected is float and exactly_int:
                value = float(value)
            if not isinstance(value, expected) or isinstance(value, bool) != (expected is bool):
                raise ValueError(f"{name} takes a value of type {expected.__name__}, not {value!r}")
            setattr(self, name, value)
