# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The place of a VPN client's configuration file, with a mark for a file that a download may have invalidated."""

from __future__ import annotations

import contextlib
import os
import tempfile
import typing as t

from .._files.header import stamp_of, stamped
from .._files.secret_file import SecretFile
from .._text.errors import EstateError, InputError

ASKED = "superseded"  # in a stamp: a newer file was requested


class Place:
    """A file, and beside it a new one that could not be put there.

    A download invalidates the current file at once (server behaviour, F72), and the file alone does not show whether this has
    happened. So before each download, the file is marked: a newer one was requested. If the run is interrupted afterwards, the
    mark stays.
    """

    def __init__(self, dest: str) -> None:
        self.file, self.beside = SecretFile("dest", dest), SecretFile("dest", f"{dest}.rescued")
        self._former: t.Optional[str] = None

    def announce(self, stamp: t.Mapping[str, t.Any]) -> None:
        """Mark the current file: a newer one was requested."""
        self._former = self.file.read()
        text = self._former or ""
        try:
            self.file.write(stamped(text, {**(stamp_of(text) or stamp), ASKED: True}))
        except EstateError as exc:
            raise InputError(f"{exc} Nothing was downloaded.") from exc

    def take_back(self) -> None:
        """Remove the mark: nothing was requested. If this cannot be written, the next run makes one request too many."""
        with contextlib.suppress(EstateError):
            if self._former is None:
                self.file.remove()
            else:
                self.file.write(self._former)

    def rescue(self, text: str) -> str:
        """Keep what cannot be put in its place; returns where it is kept, empty if it cannot be kept."""
        with contextlib.suppress(EstateError):
            self.beside.write(text)
            return self.beside.path
        with contextlib.suppress(EstateError, OSError):
            folder = tempfile.mkdtemp(prefix="vpn.estate.")
            elsewhere = SecretFile("dest", os.path.join(folder, os.path.basename(self.file.path)))
            elsewhere.write(text)
            return elsewhere.path
        return ""

    def newest(self) -> tuple[t.Optional[str], t.Optional[str]]:
        """The text of the file, and of a newer one that could not be put there; None for what does not exist."""
        text, beside = self.file.read(), self.beside.read()
        return text, beside if text is None or is_superseded(text) else None


def is_superseded(text: str) -> bool:
    """Whether a newer file was requested after this one."""
    return bool(stamp_of(text).get(ASKED))
