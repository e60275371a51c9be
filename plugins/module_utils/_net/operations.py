# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations of a product's API: which of them may be repeated when an answer is lost, and the requests for them."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace
from urllib.parse import quote, urljoin

from .._text.errors import InputError
from .._text.outside import refused_in_path

# Retry classes: what may be repeated when the answer is lost (server behaviour, "Retry classes").
READ = "R"  # changes nothing
SET = "S"  # a repetition makes no difference
NAMED = "N"  # creates an object whose name shows whether it exists
MAKES_NEW = "M"  # creates something new each time
SIGN_IN = "L"  # the server counts its failures
CONTROL = "C"  # restarts, converts or activates
JSON = "application/json"

Headers = t.Mapping[str, str]
OnHeaders = t.Callable[[Headers], object]
Sink = t.Callable[[bytes], object]

_HOST = "http://host"


class UnknownOperation(Exception):
    """The table lacks an operation. This is a defect of the collection, so no handler of unreadable answers catches it."""


@dataclass(frozen=True)
class Call:
    """One request. ``kind`` is its retry class."""

    method: str
    path: str
    kind: str
    body: t.Any = None
    query: t.Mapping[str, str] = field(default_factory=dict)
    secret: bool = False  # its answer is not quoted in errors
    accept: str = JSON  # the media type of its answer; the answer of any other type is a text
    on_headers: t.Optional[OnHeaders] = None  # gets the headers of a successful answer
    slow: bool = False  # known to take long
    form: bool = False  # its body is sent as multipart/form-data, not as JSON
    sink: t.Optional[Sink] = None  # gets a successful answer piece by piece, because it is too large for the memory

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class OperationTable:
    """The operations of an API below the path ``base``, such as ``GET /users/{login}``, each with its retry class.

    ``slow`` are the operations that are known to take long, ``secret`` those whose requests or answers contain secrets, and
    ``forms`` those that take a form.
    """

    base: str
    operations: t.Mapping[str, str]
    slow: t.Collection[str] = ()
    secret: t.Collection[str] = ()
    forms: t.Collection[str] = ()

    def below(self, base: str) -> OperationTable:
        """The same operations at another path."""
        return replace(self, base=base)

    def call(
        self,
        operation: str,
        body: t.Any = None,
        *,
        path: t.Optional[t.Mapping[str, str]] = None,
        query: t.Optional[t.Mapping[str, str]] = None,
        secret: bool = False,
        accept: str = JSON,
        on_headers: t.Optional[OnHeaders] = None,
        sink: t.Optional[Sink] = None,
    ) -> Call:
        """A request for an operation of the table; ``path`` fills the braces of its path, and ``secret`` is for this request alone.

        Raises InputError for a value that would change the path: libraries and servers resolve dots (RFC 3986, 5.2.4).
        """
        if operation not in self.operations:
            raise UnknownOperation(operation)
        method, template = operation.split(" ", 1)
        values = path or {}
        for name, value in values.items():
            why = refused_in_path(value)
            if why:
                sent = urljoin(_HOST, self.base + template.format(**values))[len(_HOST) :]
                raise InputError(
                    f"{value!r} cannot be the {name} in {operation}: {why}. Nothing was sent, because {method} {sent} "
                    "would have been sent."
                )
        filled = template.format(**{name: quote(value, safe="") for name, value in values.items()})
        return Call(
            method,
            self.base + filled,
            self.operations[operation],
            body,
            query or {},
            secret or operation in self.secret,
            accept,
            on_headers,
            slow=operation in self.slow,
            form=operation in self.forms,
            sink=sink,
        )
