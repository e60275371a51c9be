# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Replace the get-pip.py that ansible-test downloads: bootstrap with ensurepip, then fetch pip from PyPI.

ansible-test pipes this file to an interpreter with pip's own arguments (``pip==25.2 --no-setuptools ...``).
"""

from __future__ import annotations

import os
import subprocess
import sys

# ansible-test hands over the script itself in GET_PIP.
environment = {name: value for name, value in os.environ.items() if name != "GET_PIP"}
arguments = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]

subprocess.run([sys.executable, "-m", "ensurepip"], stdout=subprocess.DEVNULL, env=environment, check=True)
subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *arguments], env=environment, check=True)
