# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tasks of a run share about a server, such as its session: in memory, or in a file that only its owner can use."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import threading
import typing as t

from .._files.read_file import own_file
from .._text.errors import EstateError

State = dict[str, t.Any]


class Store(t.Protocol):
    """Where the state of a session is kept between two uses."""

    is_shared: bool  # whether other tasks use it too

    def held(self) -> t.ContextManager[State]:
        """The state; other tasks wait until the block ends. What the block leaves in it is kept."""


class MemoryStore:
    """A session that one process keeps to itself."""

    def __init__(self, state: t.Optional[State] = None) -> None:
        self._state: State = dict(state or {})
        self.is_shared = bool(state)  # it came from another task
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def held(self) -> t.Iterator[State]:
        with self._lock:
            yield self._state


class FileStore:
    """A session that the tasks of a run share: one locked file, 0600, in a folder that only its owner can open.

    An asynchronous task may run longer than the run and its folder exist: then it continues with a session of its own.
    """

    is_shared = True

    def __init__(self, path: str) -> None:
        self.path = path
        self._last: State = {}
        self._lock = threading.Lock()  # for parallel calls; the file's own lock may be deleted with the folder

    @contextlib.contextmanager
    def held(self) -> t.Iterator[State]:
        with self._lock:
            if not os.path.isdir(os.path.dirname(self.path)):
                yield self._last
                return
            with locked(self.path) as file:
                self._last = state = _parsed(file.read())
                try:
                    yield state
                finally:
                    rewrite(file, json.dumps(state))


def handed_over(option: t.Mapping[str, t.Any]) -> Store:
    """What the action plugin has passed to a module: the ``file``, or the ``state`` as JSON; without these, a new store."""
    return FileStore(option["file"]) if "file" in option else MemoryStore(json.loads(option.get("state", "{}")))


@contextlib.contextmanager
def locked(path: str) -> t.Iterator[t.TextIO]:
    """A file that only its owner can open, locked until the block ends."""
    try:
        handle = own_file(path)
    except OSError as exc:
        raise EstateError(f"{path} cannot be used: {exc.strerror}.") from exc
    with os.fdopen(handle, "r+", encoding="utf-8", errors="replace") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def rewrite(file: t.TextIO, text: str) -> None:
    """Replace the content. A process that is killed here leaves nothing in the file, or all of the text."""
    file.seek(0)
    file.truncate()
    file.write(text)
    file.flush()


def _parsed(text: str) -> State:
    """The state in a file; empty where a task was killed while it wrote."""
    try:
        return t.cast(State, json.loads(text))
    except ValueError:
        return {}
