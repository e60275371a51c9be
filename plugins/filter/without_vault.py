# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A filter with which data can be read without the password of a vault."""

from __future__ import annotations

import typing as t
from collections import ChainMap
from collections.abc import Mapping

from jinja2 import Undefined, pass_context
from jinja2.runtime import Context

try:
    from ansible.template import accept_args_markers, accept_lazy_markers
except ImportError:  # before ansible-core 2.19
    HAS_MARKERS = False

    def accept_args_markers(plugin: t.Any) -> t.Any:
        """Does not occur there."""
        return plugin

    accept_lazy_markers = accept_args_markers
else:
    HAS_MARKERS = True

PREFIX = "vault_"
OPAQUE = "a value of a closed vault"  # of a length that a password of a Freebox may have


@accept_args_markers
@accept_lazy_markers
@pass_context
def without_vault(context: Context, value: t.Any) -> t.Any:
    """The same data, with a text instead of each value that needs the password of a vault.

    These are variables whose names begin with ``vault_`` and that are not defined, and values that cannot be decrypted. Other
    errors stay errors.
    """
    if isinstance(value, Undefined) and not HAS_MARKERS:
        value = _evaluated_again(context, value)
    return _without_vault(value)


def _without_vault(value: t.Any) -> t.Any:
    if isinstance(value, Undefined):
        return OPAQUE if _is_of_a_vault(value) else value
    if isinstance(value, Mapping):
        return {name: _without_vault(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_vault(one) for one in value]
    return OPAQUE if isinstance(value, str) and OPAQUE in value else value


def _is_of_a_vault(value: Undefined) -> bool:
    name = value._undefined_name
    return type(value).__name__ == "VaultExceptionMarker" or isinstance(name, str) and name.startswith(PREFIX)


# -- before ansible-core 2.19, where a variable is undefined as a whole if a part of it is


def _evaluated_again(context: Context, value: Undefined) -> t.Any:
    """A variable, evaluated as if those of a vault that are missing were defined."""
    templar, name = context.get_all()._templar, value._undefined_name  # type: ignore[attr-defined]
    known = ChainMap(templar.available_variables, _Missing())
    if name not in known:
        return value
    with templar.set_temporary_context(available_variables=known):
        return templar.template(known[name])


class _Missing(dict[str, t.Any]):
    """Those variables of a vault that are not defined."""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.startswith(PREFIX)

    def __getitem__(self, name: str) -> t.Any:
        if name in self:
            return _Opaque(OPAQUE)
        raise KeyError(name)


class _Opaque(str):
    """A text, each part of which is this text."""

    __slots__ = ()

    def __getattr__(self, name: str) -> t.Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key: t.Any) -> t.Any:
        return self


class FilterModule:
    """Filters of this file by name."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Filters of this file by name."""
        return {"without_vault": without_vault}
