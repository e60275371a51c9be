# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the configuration file of a VPN client is kept, so that what a download ends and what it brings is never mistaken."""

from __future__ import annotations

import contextlib
import os
import tempfile
import typing as t

from .._files.header import stamp_of, stamped
from .._files.secret_file import SecretFile
from .._text.errors import EstateError, InputError

ASKED = "superseded"  # in a stamp: a newer file was asked for


class Place:
    """A file, and beside it what came and could not be put there.

    A download ends the file that is there at once (server behaviour, F72), and it cannot be told from the file alone
    whether that has happened. So before each download the file says that a newer one was asked for; whoever is cut off
    afterwards leaves one that says so.
    """

    def __init__(self, dest: str) -> None:
        self.file, self.beside = SecretFile("dest", dest), SecretFile("dest", f"{dest}.rescued")
        self._former: t.Optional[str] = None

    def announce(self, said: t.Mapping[str, t.Any]) -> None:
        """What is there says from now on that a newer one was asked for."""
        self._former = self.file.read()
        text = self._former or ""
        try:
            self.file.write(stamped(text, {**(stamp_of(text) or said), ASKED: True}))
        except EstateError as exc:
            raise InputError(f"{exc} Nothing was downloaded.") from exc

    def take_back(self) -> None:
        """Nothing was asked for after all. Where that cannot be written, the next run asks once too often."""
        with contextlib.suppress(EstateError):
            if self._former is None:
                self.file.remove()
            else:
                self.file.write(self._former)

    def rescue(self, text: str) -> str:
        """Keep what cannot be put in its place; where it is kept, empty if there is no way."""
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
        """The text of the file, and of what could not be put there and is newer; None for what is not there."""
        text, beside = self.file.read(), self.beside.read()
        return text, beside if text is None or is_superseded(text) else None


def is_superseded(text: str) -> bool:
    """Whether a newer file was asked for since this one came."""
    return bool(stamp_of(text).get(ASKED))
