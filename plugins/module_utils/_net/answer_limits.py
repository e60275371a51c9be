# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of a server, with limits on bytes, values and time. Nothing here relies on what an answer states about itself."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import socket
import threading
import typing as t
import zlib
from dataclasses import dataclass
from time import monotonic

LIMIT = 64 << 20  # bytes of an answer, both as received and inflated
FILE_LIMIT = 4 << 20  # the same for a text that becomes a file, such as a profile
SINK_LIMIT = 2 << 30  # the same for a file that is written to the disk as it is received, such as a program
PIECE = 1 << 16  # bytes that are read at once
MOST_VALUES = 4_000_000  # values in JSON; in memory each takes many times the bytes that it has in the text
DEEPEST = 100  # levels of nested lists and objects
LONGEST_NUMBER = 4000  # digits
ENCODINGS = "gzip"  # the encoding that is requested: it can be inflated piece by piece

_local = threading.local()


class TooMuch(ValueError):
    """An answer beyond a limit. The text is a clause for a sentence, such as ``more than 64 MB``."""


class Broken(Exception):
    """An answer that ended too soon, or is not what its headers state. The text is the reason."""


class _Alarm:
    """Strikes the watches of one process when their time is over: one thread for all, which ends when none is left.

    A thread for each watch would cost as much as the request that it guards.
    """

    def __init__(self) -> None:
        self._due: dict[Watch, float] = {}
        self._changed = threading.Condition()
        self._awake_at: t.Optional[float] = None  # None: no thread runs

    def add(self, watch: Watch, seconds: float) -> None:
        """Strike the watch after this time."""
        with self._changed:
            self._due[watch] = due = monotonic() + seconds
            if self._awake_at is None:
                self._awake_at = due
                threading.Thread(target=self._wait, name="deadlines", daemon=True).start()
            elif due < self._awake_at:
                self._changed.notify()

    def remove(self, watch: Watch) -> None:
        """Forget the watch. The thread notices it by itself."""
        with self._changed:
            self._due.pop(watch, None)

    def _wait(self) -> None:
        with self._changed:
            while self._due:
                now = monotonic()
                for watch in [watch for watch, due in self._due.items() if due <= now]:
                    del self._due[watch]
                    watch.strike()
                self._awake_at = min(self._due.values(), default=now)
                self._changed.wait(self._awake_at - now)
            self._awake_at = None


@functools.lru_cache(maxsize=1)
def _alarm(process: int) -> _Alarm:
    """The alarm of this process: a fork does not copy threads."""
    return _Alarm()


class Watch:
    """Ends what this thread does with connections after a time: it cuts the connection, so no wait can last longer.

    ``struck``: the time is over. Connections of this module's pools register with the watch of their thread.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = max(seconds, 0.0)
        self.struck = False
        self._lock = threading.Lock()
        self._lines: list[socket.socket] = []

    def __enter__(self) -> Watch:
        self._before = getattr(_local, "watch", None)
        _local.watch = self
        _alarm(os.getpid()).add(self, self.seconds)
        return self

    def __exit__(self, *unused: object) -> None:
        _alarm(os.getpid()).remove(self)
        _local.watch = self._before
        with self._lock:
            for line in self._lines:
                line.close()
            self._lines.clear()

    def hold(self, line: t.Any) -> None:
        """Cut this socket when the time is over, even if TLS has taken it over."""
        with self._lock:
            self._lines.append(socket.socket(fileno=os.dup(line.fileno())))
        if self.struck:
            self.strike()

    def strike(self) -> None:
        """The time is over."""
        self.struck = True
        with self._lock:
            for line in self._lines:
                with contextlib.suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)


def watched(line: t.Any) -> t.Any:
    """The socket, registered with the watch of this thread."""
    watch: t.Optional[Watch] = getattr(_local, "watch", None)
    if watch and line is not None:
        watch.hold(line)
    return line


@dataclass(frozen=True)
class Answer:
    """An answer as it was received, inflated; ``sent`` are the headers of its request."""

    status_code: int
    headers: t.Mapping[str, str]
    content: t.Union[bytes, bytearray]
    sent: t.Mapping[str, str]

    @property
    def text(self) -> str:
        """Its text; what is not UTF-8 is replaced."""
        return self.content.decode("utf-8", "replace")


def whole(raw: t.Any, limit: int, watch: Watch) -> bytearray:
    """The body of an answer of urllib3, inflated. Raises TooMuch, and Broken where it has no end."""
    encoding = raw.headers.get("Content-Encoding", "").strip().lower()
    if encoding in ("", "identity"):
        content = bytearray().join(_pieces(raw, limit))
    elif encoding in ("gzip", "x-gzip"):
        content = _inflated(_pieces(raw, limit), limit, watch)
    else:
        raise Broken("it has an encoding that was not requested")
    if watch.struck or raw.length_remaining:
        raise Broken("it is shorter than its headers state")
    if not content and raw.length_remaining is None and not raw.chunked:  # perhaps its headers were cut off
        raise Broken("it is empty, and its headers do not state this")
    return content


def poured(raw: t.Any, limit: int, watch: Watch, sink: t.Callable[[bytes], object]) -> None:
    """Pass the body of an answer of urllib3 to ``sink`` as it is received. Raises TooMuch, and Broken where it is incomplete."""
    if raw.headers.get("Content-Encoding", "").strip().lower() not in ("", "identity"):
        raise Broken("it has an encoding that was not requested")
    for piece in _pieces(raw, limit):
        sink(piece)
    if watch.struck or raw.length_remaining:
        raise Broken("it is shorter than its headers state")
    if raw.length_remaining is None and not raw.chunked:
        raise Broken("its headers do not state its length")


def _pieces(raw: t.Any, limit: int) -> t.Iterator[bytes]:
    length = 0
    while True:
        piece = raw.read(PIECE, decode_content=False)
        if not piece:
            return
        length += len(piece)
        if length > limit:
            raise _beyond(limit)
        yield piece


def _inflated(pieces: t.Iterable[bytes], limit: int, watch: Watch) -> bytearray:
    content, inflater = bytearray(), None
    for piece in pieces:
        rest = piece
        while rest:
            if watch.struck:
                raise Broken("it takes too long to inflate")
            if inflater is None or inflater.eof:
                inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
            try:
                content += inflater.decompress(rest, limit + 1 - len(content))
            except zlib.error as exc:
                raise Broken("it cannot be inflated") from exc
            if len(content) > limit:
                raise _beyond(limit)
            rest = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
    if inflater and not inflater.eof:
        raise Broken("it ends before it is inflated")
    return content


def _beyond(limit: int) -> TooMuch:
    return TooMuch(f"more than {limit >> 20} MB")


_NESTED = (dict, list)  # the nested types of JSON; a call for each value would cost more than reading it


def parsed(text: t.Union[str, bytes, bytearray]) -> t.Any:
    """JSON as values. Raises ValueError where it is not JSON; TooMuch where its values would take too much memory or time."""
    counted = text.count if isinstance(text, str) else lambda mark: text.count(mark.encode())
    if sum(map(counted, (",", "[", "{"))) > MOST_VALUES:
        raise TooMuch(f"more than {MOST_VALUES} values")
    try:
        value = json.loads(text, parse_int=_integer, parse_float=_real, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    level = [value] if value.__class__ in _NESTED else []
    for _unused in range(DEEPEST):
        inside = (each.values() if isinstance(each, dict) else each for each in level)
        level = [one for each in inside for one in each if one.__class__ in _NESTED]
        if not level:
            return value
    raise ValueError("nested too deeply")


def _integer(digits: str) -> int:
    return int(_short(digits))


def _real(digits: str) -> float:
    return float(_short(digits))


def _short(digits: str) -> str:
    if len(digits) > LONGEST_NUMBER:
        raise ValueError("a number with too many digits")
    return digits


def _no_number(name: str) -> t.Any:
    raise ValueError(f"{name} is not a number in JSON")
