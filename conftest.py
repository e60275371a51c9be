# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the checkout importable as ansible_collections.vpn.estate, and say how much runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from ansible.utils.collection_loader._collection_finder import _AnsibleCollectionFinder
from hypothesis import settings

ROOT = Path(__file__).resolve().parent

if ROOT.parts[-3:] == ("ansible_collections", "vpn", "estate"):
    # Already inside a collection tree; ansible-test sets the variable itself.
    os.environ.setdefault("ANSIBLE_COLLECTIONS_PATH", str(ROOT.parents[2]))
else:
    LINK = ROOT / ".cache" / "ansible_collections" / "vpn" / "estate"
    LINK.parent.mkdir(parents=True, exist_ok=True)
    if not LINK.is_symlink():
        LINK.symlink_to(Path("..") / ".." / "..", target_is_directory=True)
    os.environ["ANSIBLE_COLLECTIONS_PATH"] = str(ROOT / ".cache")
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(ROOT / ".cache" / "hypothesis"))

# As ansible-test does. It finds plugins by their names of the collection, too.
if not any(isinstance(finder, _AnsibleCollectionFinder) for finder in sys.meta_path):
    _AnsibleCollectionFinder(paths=os.environ["ANSIBLE_COLLECTIONS_PATH"].split(os.pathsep))._install()

# Generated examples are the same in every run: a test that fails fails again, and on another machine too. The profile
# `exhaustive` (`make test-all`) has ten times as many, and runs what is marked `exhaustive`.
settings.register_profile("usual", max_examples=100, derandomize=True, database=None, deadline=None)
settings.register_profile("exhaustive", settings.get_profile("usual"), max_examples=1000)
settings.load_profile("usual")  # --hypothesis-profile chooses another one later


def pytest_configure(config: pytest.Config) -> None:
    """Name the markers here, as `ansible-test units` reads no pyproject.toml."""
    for marker in (
        "exhaustive: takes long, or says little that is new; runs only in `make test-all`",
        "versions: depends on the version of Python or ansible-core; stage units runs it with others than stage unit",
    ):
        config.addinivalue_line("markers", marker)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave to the exhaustive run what is marked so; the summary of `make test` names it."""
    if settings.get_current_profile_name() != "exhaustive":
        for item in items:
            if item.get_closest_marker("exhaustive"):
                item.add_marker(pytest.mark.skip(reason="left to make test-all"))
