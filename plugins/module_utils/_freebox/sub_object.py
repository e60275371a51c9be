# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options with options of their own, such as conf_openvpn: only what is said of them changes."""

from __future__ import annotations

import typing as t

from ansible_collections.vpn.estate.plugins.module_utils._resource import Field, Object, Spec


def sub_object(name: str, options: t.Mapping[str, Spec]) -> Field:
    """A property that is an object; keys of it that nobody here knows are kept, and sent back as they came."""
    return Field(name, {"type": "dict", "options": options}, normal=said, keeps=holds)


def said(value: t.Mapping[str, t.Any]) -> Object:
    """Without what Ansible fills in for what was left out."""
    return {key: said(one) if isinstance(one, dict) else one for key, one in value.items() if one is not None}


def holds(have: t.Any, wanted: t.Any) -> bool:
    """Whether an object has what is wanted of it; what it has besides is the box's affair."""
    if not isinstance(wanted, dict) or not isinstance(have, dict):
        return bool(have == wanted)
    return all(key in have and holds(have[key], value) for key, value in wanted.items())


def merged(wanted: Object, have: t.Optional[Object]) -> Object:
    """What is wanted, its objects completed by what is there: the API takes them whole (server-behaviour.md, F57)."""
    return {key: _completed(value, (have or {}).get(key)) for key, value in wanted.items()}


def _completed(value: t.Any, have: t.Any) -> t.Any:
    if not isinstance(value, dict) or not isinstance(have, dict):
        return value
    return {**have, **{key: _completed(one, have.get(key)) for key, one in value.items()}}
