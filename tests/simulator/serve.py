# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start a simulated server: python serve.py KIND --port N. Prints one JSON line when it is ready, then serves.

In place of options, @FILE names a file with one word of them in each line, such as a password that is no one else's to see.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

KINDS = {"access-server": "simulator.access_server.command", "freebox": "simulator.freebox.command"}
"""Each kind of server with the module that has its options (`add_arguments`) and makes it (`simulator`)."""


def main() -> int:
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    parser = argparse.ArgumentParser(description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    for kind, module in KINDS.items():
        options = kinds.add_parser(kind, fromfile_prefix_chars="@")
        options.add_argument("--port", type=int, default=0, help="0 is any free port")
        options.add_argument("--host", default="127.0.0.1", help="address to listen on")
        options.add_argument("--ready-file", type=Path, help="file to write the ready line to as well")
        importlib.import_module(module).add_arguments(options)
    arguments = parser.parse_args()
    stop = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stop)
    try:
        server = importlib.import_module(KINDS[arguments.kind]).simulator(arguments).start()
    except OSError as error:
        parser.exit(1, f"{parser.prog}: cannot listen on {arguments.host}:{arguments.port}: {error}\n")
    except RuntimeError as error:
        parser.exit(1, f"{parser.prog}: {error}\n")
    try:
        announce(server.ready(), arguments.ready_file)
        signal.sigwait(stop)
    finally:
        server.stop()
        if arguments.ready_file:
            arguments.ready_file.unlink(missing_ok=True)
    return 0


def announce(ready: dict[str, Any], path: Path | None) -> None:
    """The ready line on stdout, and in a file that only its owner can read and that is whole from the start."""
    line = json.dumps(ready)
    if path is not None:
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(line + "\n")
        Path(draft).replace(path)
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
