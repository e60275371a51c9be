# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write constraints.txt: the latest versions that requirements-dev.txt admits, on the oldest and on the wanted Python.

A package whose version depends on the Python gets a line with an environment marker for each.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST, WANTED = "3.11", "3.12"
HEADER = "# Exact versions of everything that development installs, for each Python; `make pins` writes this file."


def latest(version: str) -> dict[str, str]:
    """Install the requirements into a fresh virtual environment and list what that brought."""
    find = ["sh", str(ROOT / "tools/find-python.sh"), version]
    python = subprocess.run(find, check=True, capture_output=True, text=True).stdout.strip()
    if not python:
        sys.exit(f"Python {version} is needed to pin the versions for it.")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([python, "-m", "venv", folder], check=True)
        pip = [f"{folder}/bin/python", "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--quiet", "--requirement", ROOT / "requirements-dev.txt"], check=True)
        frozen = subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True).stdout
    return dict(line.split("==", 1) for line in frozen.split())


def main() -> None:
    oldest, wanted = latest(OLDEST), latest(WANTED)
    lines = [HEADER]
    for name in sorted(oldest.keys() | wanted.keys(), key=str.lower):
        if oldest.get(name) == wanted.get(name):
            lines.append(f"{name}=={wanted[name]}")
            continue
        if name in oldest:
            lines.append(f'{name}=={oldest[name]} ; python_version < "{WANTED}"')
        if name in wanted:
            lines.append(f'{name}=={wanted[name]} ; python_version >= "{WANTED}"')
    (ROOT / "constraints.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
