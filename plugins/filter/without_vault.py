# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A filter with which data can be read without the password of a vault."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from jinja2 import Undefined

try:
    from ansible.template import accept_args_markers, accept_lazy_markers
except ImportError:  # before ansible-core 2.19, where what is not defined never reaches a filter

    def accept_args_markers(plugin: t.Any) -> t.Any:
        """Nothing to say there."""
        return plugin

    accept_lazy_markers = accept_args_markers

PREFIX = "vault_"
OPAQUE = "a value of a vault that is not open"


@accept_args_markers
@accept_lazy_markers
def without_vault(value: t.Any) -> t.Any:
    """The same data, with a text in place of each value that only the password of a vault could give.

    These are variables whose names begin with ``vault_`` and that are not defined, and values that cannot be decrypted. What is
    wrong otherwise stays wrong.
    """
    if isinstance(value, Undefined):
        return OPAQUE if _is_of_a_vault(value) else value
    if isinstance(value, Mapping):
        return {name: without_vault(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_vault(one) for one in value]
    return value


def _is_of_a_vault(value: Undefined) -> bool:
    name = value._undefined_name
    return type(value).__name__ == "VaultExceptionMarker" or isinstance(name, str) and name.startswith(PREFIX)


class FilterModule:
    """Filters of this file by name."""

    def filters(self) -> dict[str, t.Callable[[t.Any], t.Any]]:
        """Filters of this file by name."""
        return {"without_vault": without_vault}
