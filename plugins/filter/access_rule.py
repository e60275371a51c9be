# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters between the two ways to write an access rule."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_rule import (
    normal,
    parse,
    render,
)


def access_rule(rule: t.Any) -> dict[str, t.Any]:
    """The structured form of a rule."""
    try:
        return parse(rule) if isinstance(rule, str) else normal(rule)
    except (ValueError, TypeError) as exc:
        raise AnsibleFilterError(f"access_rule: {exc}") from exc


def access_rule_string(rule: t.Any) -> str:
    """The compact string of a rule."""
    try:
        return render(parse(rule) if isinstance(rule, str) else rule)
    except (ValueError, TypeError) as exc:
        raise AnsibleFilterError(f"access_rule_string: {exc}") from exc


class FilterModule:
    """Filters of this file by name."""

    def filters(self) -> dict[str, t.Callable[[t.Any], t.Any]]:
        """Filters of this file by name."""
        return {"access_rule": access_rule, "access_rule_string": access_rule_string}
