# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are replaced whole, or stay as they are."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile

IS_LINK = "it is a symbolic link, and only a file is replaced"


def replace_file(path: str, text: str) -> None:
    """Write a file with the permissions of the old one, or those of a new file. Raises OSError; the old file is there then.

    A symbolic link is refused: its target may be anywhere, and a file in its place would cut the two apart.
    """
    if os.path.islink(path):
        raise OSError(errno.ELOOP, IS_LINK, path)
    umask = os.umask(0)
    os.umask(umask)
    mode = 0o666 & ~umask
    with contextlib.suppress(FileNotFoundError):
        mode = os.stat(path).st_mode & 0o777
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".new-")
    try:
        with open(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
