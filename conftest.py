# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the checkout importable as ansible_collections.vpn.estate before pytest-ansible looks for it."""

from __future__ import annotations

import os
from pathlib import Path

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
