# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options with options of their own, such as conf_openvpn: only what is said of them changes."""

from __future__ import annotations

import functools
import typing as t

from .._engine.field import Field, Object, Spec


def said(value: t.Mapping[str, t.Any]) -> Object:
    """Without what Ansible fills in for what was left out."""
    return {key: said(one) if isinstance(one, dict) else one for key, one in value.items() if one is not None}


def sub_object(
    name: str,
    options: t.Mapping[str, Spec],
    normal: t.Callable[[t.Any], t.Any] = said,
    validate: t.Optional[t.Callable[[Object], object]] = None,
) -> Field:
    """A property that is an object; keys of it that nobody here knows are kept, sent back as they came, and not shown."""
    shows = functools.partial(known, options)
    return Field(name, {"type": "dict", "options": options}, normal=normal, keeps=holds, shows=shows, validate=validate)


def known(options: t.Mapping[str, Spec], value: t.Any) -> t.Any:
    """Without keys that have no option: a later box may tell keys of another kind there, and nobody would mask them."""
    if isinstance(value, list):
        return [known(options, one) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: known(options[key].get("options", {}), one) for key, one in value.items() if key in options}


def holds(have: t.Any, wanted: t.Any) -> bool:
    """Whether an object has what is wanted of it; what it has besides is the box's affair."""
    if not isinstance(wanted, dict) or not isinstance(have, dict):
        return bool(have == wanted)
    return all(key in have and holds(have[key], value) for key, value in wanted.items())


def merged(wanted: Object, have: t.Optional[Object]) -> Object:
    """What is wanted, its objects completed by what is there: the API takes them whole (server-behaviour.md, F57)."""
    return {key: _completed(value, (have or {}).get(key)) for key, value in wanted.items()}


def _completed(value: t.Any, have: t.Any) -> t.Any:
    if isinstance(value, list) and isinstance(have, list) and len(value) == len(have):
        return [_completed(one, there) for one, there in zip(value, have)]
    if not isinstance(value, dict) or not isinstance(have, dict):
        return value
    return {**have, **{key: _completed(one, have.get(key)) for key, one in value.items()}}
