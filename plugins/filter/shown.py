# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A filter that makes a text of a server fit to be printed."""

from __future__ import annotations

import typing as t

from ansible_collections.vpn.estate.plugins.module_utils._text import outside


def shown(value: t.Any) -> t.Any:
    """A text as the modules of this collection show it in a sentence; any other value as it is."""
    return outside.shown(value) if isinstance(value, str) else value


class FilterModule:
    """Filters of this file by name."""

    def filters(self) -> dict[str, t.Callable[[t.Any], t.Any]]:
        """Filters of this file by name."""
        return {"shown": shown}
