# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files for what is returned only once, such as private keys: only their owner can read them, and they are complete."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import tempfile
import typing as t

from .._text.errors import EstateError, InputError
from .read_file import Irregular, fault_of, opened

OWN_EYES = 0o600
NO_FILE = "exists and is not a file"
PIECE = 1 << 16  # bytes that are read at once
LARGEST = 1 << 20  # bytes; no key, certificate or profile is near that


class SecretFile:
    """A file named by an option of the task."""

    def __init__(self, option: str, path: str) -> None:
        self.option, self.path = option, os.path.abspath(path)

    def refuse_unusable(self) -> None:
        """Raise InputError where it could not be written, so that nothing is created that would then be lost."""
        folder = os.path.dirname(self.path)
        if os.path.islink(self.path):
            why = "is a symbolic link, and secrets are not written through links"
        elif os.path.lexists(self.path) and not os.path.isfile(self.path):
            why = NO_FILE
        elif not os.path.isdir(folder):
            why = f"cannot be written: there is no folder {folder}"
        elif not os.access(folder, os.W_OK | os.X_OK):
            why = f"cannot be written: {folder} is not writable"
        else:
            return
        raise InputError(f"{self.option}: {self.path} {why}. Nothing was written.")

    @property
    def is_private(self) -> bool:
        """Whether only this account can use it, and only by this name; also true where it does not exist."""
        try:
            found = os.lstat(self.path)
        except FileNotFoundError:
            return True
        return not fault_of(found)

    def read(self) -> t.Optional[str]:
        """Its text; None where it does not exist. A file that is not text, or is too long to be one of ours, reads as empty."""
        if os.path.islink(self.path):
            self.refuse_unusable()
        try:
            with open(self._opened(), "rb") as file:
                return file.read(LARGEST + 1)[:LARGEST].decode("utf-8")
        except FileNotFoundError:
            return None
        except UnicodeDecodeError:
            return ""
        except OSError as exc:
            raise InputError(f"{self.option}: {self.path} cannot be read: {exc.strerror}.") from exc

    def _opened(self) -> int:
        """For reading, if it is a file, and not through a link."""
        try:
            return opened(self.path, os.O_NOFOLLOW)
        except Irregular as exc:
            raise InputError(f"{self.option}: {self.path} {NO_FILE}. Nothing was written.") from exc

    def diff(self, fault: str, *, there: bool = True) -> dict[str, dict[str, t.Any]]:
        """The diff of a task that writes the file because of a fault; ``there``: whether there was a file before."""
        before = {self.path: {"fault": fault}} if there else {}
        return {"before": before, "after": {self.path: {"fault": None}}}

    def make_private(self) -> None:
        """Remove the access of other users; with a new file where this one has another owner, or other names."""
        with self._errors():
            number = self._opened()
            try:
                found = os.fstat(number)
                ours = found.st_uid == os.geteuid() and found.st_nlink == 1
                if ours:
                    os.fchmod(number, OWN_EYES)
            finally:
                os.close(number)
        if not ours:
            self.write(self.read() or "")

    def write(self, text: str) -> None:
        """Replace the text in one step; a program that reads it meanwhile gets the complete old or new text."""
        with self.room() as keep:
            keep(text)

    def remove(self) -> None:
        """Delete it, if it exists."""
        with self._errors(), contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)

    @contextlib.contextmanager
    def room(self, size: int = 0) -> t.Iterator[t.Callable[[str], None]]:
        """Reserve room on the disk for a text that does not exist yet, so that one that is returned only once can be kept.

        The function that it yields writes a text, as write() does; without that, the current file stays.
        """
        with self._beside() as (file, temporary):
            with self._errors(InputError):
                _write(file, bytes(size))
            yield lambda text: self._put(text, file, temporary)

    @contextlib.contextmanager
    def arriving(self) -> t.Iterator[Arrival]:
        """A place for content that is received piece by piece.

        It replaces the file when the block ends without an exception; otherwise the current file stays.
        """
        with self._beside() as (file, temporary):
            yield Arrival(file, self._errors)
            with self._errors():
                os.fsync(file.fileno())
                os.replace(temporary, self.path)

    @contextlib.contextmanager
    def _beside(self) -> t.Iterator[tuple[io.FileIO, str]]:
        """A new file in the same folder, and its name; it is deleted afterwards unless it has been renamed."""
        folder, name = os.path.split(self.path)
        with self._errors(InputError):
            number, temporary = tempfile.mkstemp(prefix=f".{name}.", dir=folder)
        with open(number, "wb", buffering=0) as file:
            try:
                yield file, temporary
            finally:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)

    def digest(self) -> str:
        """The SHA-256 of its content in hexadecimal digits, for any size; empty where it does not exist."""
        found = hashlib.sha256()
        try:
            with open(self._opened(), "rb") as file:
                while piece := file.read(PIECE):
                    found.update(piece)
        except FileNotFoundError:
            return ""
        except OSError as exc:
            raise InputError(f"{self.option}: {self.path} cannot be read: {exc.strerror}.") from exc
        return found.hexdigest()

    def _put(self, text: str, file: io.FileIO, temporary: str) -> None:
        with self._errors():
            file.seek(0)
            _write(file, text.encode("utf-8"))
            os.replace(temporary, self.path)  # if the path has become a link, the link is replaced, not followed

    @contextlib.contextmanager
    def _errors(self, kind: type[EstateError] = EstateError) -> t.Iterator[None]:
        try:
            yield
        except OSError as exc:
            raise kind(f"{self.option}: {self.path} cannot be written: {exc.strerror}.") from exc


class Arrival:
    """Takes content piece by piece, with its length in bytes, its SHA-256 and its first character that is not white space."""

    def __init__(self, file: io.FileIO, errors: t.Callable[[], t.ContextManager[None]]) -> None:
        self._file, self._errors, self._digest = file, errors, hashlib.sha256()
        self.length, self.beginning = 0, b""

    def take(self, piece: bytes) -> None:
        """Keep a piece. Raises EstateError where it cannot be written."""
        with self._errors():
            _write_all(self._file, piece)
        self._digest.update(piece)
        self.length += len(piece)
        self.beginning = self.beginning or piece.lstrip()[:1]

    @property
    def sha256(self) -> str:
        """In hexadecimal digits."""
        return self._digest.hexdigest()


def _write(file: io.FileIO, content: bytes) -> None:
    """Write all of it to the disk, and nothing after it."""
    _write_all(file, content)
    file.truncate()
    os.fsync(file.fileno())


def _write_all(file: io.FileIO, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) or 0 :]
