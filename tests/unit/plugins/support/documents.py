# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of modules, as data. Tests read the same texts thousands of times, so each is parsed once."""

from __future__ import annotations

import functools
import importlib
import typing as t

import yaml
from ansible_collections.vpn.estate.plugins.module_utils._engine.declaration_files import SafeLoader


@functools.cache
def loaded(text: str) -> t.Any:
    """The data of a YAML text. Do not change them: the next caller gets the same objects."""
    return yaml.load(text, Loader=SafeLoader)  # noqa: S506 - safe, and fast where it can be


def documentation(module: str) -> dict[str, t.Any]:
    """The data of what a module documents, by the name of the variable."""
    found = importlib.import_module(f"ansible_collections.vpn.estate.plugins.modules.{module}")
    return {key: loaded(getattr(found, key)) for key in ("DOCUMENTATION", "EXAMPLES", "RETURN")}
