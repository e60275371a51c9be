# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copy the checkout to DEST/ansible_collections/vpn/estate, uncommitted files included, and print that path.

ansible-test requires such a path and resolves symbolic links. Files of an earlier copy that the checkout no longer has are
removed; results of earlier runs (tests/output) stay. The copy has the requirements of the tests as locked versions with hashes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GENERATED = {".git", ".cache", ".ansible", "__pycache__"}
KEPT = {Path(".git"), Path("tests/output")}


def tracked(root: Path, *more: str) -> set[Path]:
    """The files that Git tracks below a root, relative to it, and those that more options of ``git ls-files`` list."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", *more]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    return {Path(name) for name in names if name and (root / name).is_file()}


def checkout() -> set[Path]:
    """The files of the checkout, relative: those that Git tracks or does not ignore; without Git, all but the generated ones."""
    try:
        return tracked(ROOT, "--others", "--exclude-standard")
    except (OSError, subprocess.CalledProcessError):
        return set(walk(ROOT))


def walk(top: Path) -> Iterator[Path]:
    """All files under a folder, relative to it, without generated folders."""
    for folder, subfolders, names in os.walk(top):
        subfolders[:] = [name for name in subfolders if name not in GENERATED]
        yield from (Path(folder, name).relative_to(top) for name in names)


def copy(root: Path, wanted: set[Path], tree: Path) -> None:
    """Make the tree contain the wanted files of the root and nothing else."""
    for old in walk(tree):
        if old not in wanted and not KEPT & {old, *old.parents}:
            (tree / old).unlink()
    for name in sorted(wanted):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).unlink(missing_ok=True)  # writing would follow a link
        shutil.copy2(root / name, tree / name, follow_symlinks=False)


def main() -> None:
    tree = Path(sys.argv[1]).resolve() / "ansible_collections" / "vpn" / "estate"
    tree.mkdir(parents=True, exist_ok=True)
    copy(ROOT, checkout(), tree)
    for tests in ("unit", "integration"):
        shutil.copy2(ROOT / "tests" / tests / "requirements.lock", tree / "tests" / tests / "requirements.txt")
    if shutil.which("git") and not (tree / ".git").exists():
        # With a repository of its own, ansible-test lists the files by git instead of looking for an outer one.
        subprocess.run(["git", "init", "--quiet", str(tree)], check=True)
    print(tree)


if __name__ == "__main__":
    main()
