# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold what the modules answered in the controller's own process against what they answered in processes of their own.

usage: compare.py RESULTS

RESULTS holds lines of JSON as the callback record_results writes them. A line whose task is called "Record as NAME"
begins a record; there are two, and all that may differ between them is what differs between any two runs.
"""

from __future__ import annotations

import json
import re
import sys
from itertools import zip_longest
from pathlib import Path

# Ports and files that differ between the simulators of runs, generated values of the scenario, times, and durations.
VOLATILE = (
    (r"\b127\.0\.0\.1:\d+", "SERVER"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", "TIME"),
    (r"\bj\d+\.\d+", "JOB"),
    (r'"https_port": \d+', '"https_port": PORT'),
    (r"\b[0-9a-f]{32}\b", "BOX"),
    (r"\b\d{15,49}\b", "SERIAL"),
    (r'"content": "(?:[^"\\]|\\.)*"', "CONTENT"),
    (r"-----BEGIN ([A-Z ]+)-----.*?-----END \1-----", "PEM"),
    (r"simulator-[a-z0-9._-]+\.json", "READY"),
    (r"/[^\s\"']*/ca\.(pem|crt)", "CA"),
    (r"\b(?:[0-9A-F]{2}:){31}[0-9A-F]{2}\b|\b[0-9a-f]{64}\b", "FINGERPRINT"),
    (r"\b[0-9a-f]{32}\b", "UID"),
    (r'"(size|length)": \d+', "SIZE"),
    (r'"(delta|start|end|duration|session_start|login_time|auth_time)": "?[^",}]*"?', ""),
)


def records(path: Path) -> dict[str, list[str]]:
    """Lines of each record, without what may differ."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        name = json.loads(line)["task"].rpartition(" : ")[2]
        if name.startswith("Record as "):
            lines = found.setdefault(name, [])
            continue
        for pattern, instead in VOLATILE:
            line = re.sub(pattern, instead, line)
        lines.append(line)
    return found


def main() -> str | None:
    """Compare; what comes back is what differs."""
    found = records(Path(sys.argv[1]))
    if len(found) != 2 or not all(found.values()):
        lengths = {name: len(lines) for name, lines in found.items()}
        return f"two records are needed, and there are {lengths}"
    here, there = list(found.values())
    for one, other in zip_longest(here, there):
        if one != other:
            return f"the two ways differ.\n{' and '.join(found)}:\n{one}\n{other}"
    print(f"{len(here)} answers are the same both ways")
    return None


if __name__ == "__main__":
    sys.exit(main())
