# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options with suboptions, such as conf_openvpn: a suboption that a task leaves out does not change."""

from __future__ import annotations

import functools
import typing as t

from .._engine.field import Field, Object, Spec


def without_none(value: t.Mapping[str, t.Any]) -> Object:
    """Without the None that Ansible fills in for an option that was left out."""
    return {key: without_none(one) if isinstance(one, dict) else one for key, one in value.items() if one is not None}


def nested_field(
    name: str,
    options: t.Mapping[str, Spec],
    normal: t.Callable[[t.Any], t.Any] = without_none,
    validate: t.Optional[t.Callable[[Object], object]] = None,
) -> Field:
    """A property that is an object; its keys without an option are kept, sent back unchanged, and not shown."""
    shows = functools.partial(with_options, options)
    return Field(
        name, {"type": "dict", "options": options}, normal=normal, keeps=contains, shows=shows, validate=validate
    )


def with_options(options: t.Mapping[str, Spec], value: t.Any) -> t.Any:
    """Without keys that have no option: a newer box may return a secret there, which would not be masked."""
    if isinstance(value, list):
        return [with_options(options, one) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: with_options(options[key].get("options", {}), one) for key, one in value.items() if key in options}


def contains(have: t.Any, wanted: t.Any) -> bool:
    """Whether an object has all that is wanted of it; it may have more."""
    if not isinstance(wanted, dict) or not isinstance(have, dict):
        return bool(have == wanted)
    return all(key in have and contains(have[key], value) for key, value in wanted.items())


def merged(wanted: Object, have: t.Optional[Object]) -> Object:
    """What is wanted, its objects completed with the current values: the API takes only whole ones (server behaviour, F57)."""
    return {key: _completed(value, (have or {}).get(key)) for key, value in wanted.items()}


def _completed(value: t.Any, have: t.Any) -> t.Any:
    if isinstance(value, list) and isinstance(have, list) and len(value) == len(have):
        return [_completed(one, there) for one, there in zip(value, have)]
    if not isinstance(value, dict) or not isinstance(have, dict):
        return value
    return {**have, **{key: _completed(one, have.get(key)) for key, one in value.items()}}
