# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operation is asked and what it answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any, cast
from urllib.parse import parse_qsl


@dataclass
class Request:
    """One request to one operation, after routing."""

    method: str
    path: str
    body: Any = None
    query: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, str] = field(default_factory=dict)
    address: str = "127.0.0.1"
    headers: Message[str, str] = field(default_factory=Message)


def parsed(headers: Message[str, str], content: bytes) -> Any:
    """What a request holds: JSON, or the fields of a form. Raises ValueError where it is neither."""
    is_json = content.lstrip()[:1] in (b"{", b"[")  # whatever curl calls it
    if headers.get_content_type() == "application/x-www-form-urlencoded" and not is_json:
        return dict(parse_qsl(content.decode(), keep_blank_values=True))
    if headers.get_content_type() != "multipart/form-data":
        return json.loads(content)
    form = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode() + content)
    fields = {part.get_param("name", header="Content-Disposition"): part for part in form.iter_parts()}
    return {str(name): cast(bytes, part.get_payload(decode=True)).decode() for name, part in fields.items()}


@dataclass
class Answer:
    """Status and body; a body of None is sent as no bytes at all (server behaviour, 9).

    The body is sent as JSON, or as the text it is when `headers` has another Content-Type. `wrote` False says that an
    operation that normally writes did not (a dry run). `remark` is for who reads the log.
    """

    status: int = 200
    body: Any = None
    wrote: bool = True
    headers: dict[str, str] = field(default_factory=dict)
    remark: str = ""

    @property
    def content(self) -> bytes:
        """The body as it is sent."""
        if self.body is None:
            return b""
        if "Content-Type" not in self.headers:
            return json.dumps(self.body, separators=(",", ":")).encode()
        return self.body if isinstance(self.body, bytes) else str(self.body).encode()


class Refusal(Exception):
    """An answer that ends the operation and takes back what it had changed, unless `keep` is set."""

    def __init__(
        self,
        status: int,
        body: Any,
        keep: bool = False,
        headers: Mapping[str, str] | None = None,
        remark: str = "",
    ) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body
        self.keep = keep
        self.headers = dict(headers or {})
        self.remark = remark
