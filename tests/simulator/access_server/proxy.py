# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that are passed on to another node of the cluster."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import ssl
from email.message import Message
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from ..answers import Answer, Refusal
from ..parts import Part, operation
from .answers import Call, refused

if TYPE_CHECKING:
    from .cluster import Node

NODE_HEADER = "X-OpenVPN-AS-Node"
_KEPT = ("Content-Type", "Accept", "Authorization", "X-OpenVPN-As-AuthToken")
_RETURNED = ("Location", "Content-Disposition")
"""Headers that go to the other node, and that come back."""


def passed_on(call: Call, name: str, node: Node, headers: Message[str, str], text: bytes, timeout: float) -> Answer:
    """The other node's answer to the same call; it is trusted by its pinned certificate, whatever its name."""
    address = urlsplit(node.api_endpoint)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection(str(address.hostname), address.port, timeout=timeout, context=context)
    try:
        connection.connect()
        certificate = connection.sock.getpeercert(binary_form=True)
        shown = hashlib.sha256(certificate or b"").hexdigest()
        if shown != node.certificate_fingerprint.replace(":", "").lower():
            raise refused(502, f"Cluster node presents another certificate than the one that is known: {name}")
        target = f"{call.path}?{urlencode(call.query)}" if call.query else call.path
        connection.request(call.method, target, text, {key: headers[key] for key in _KEPT if key in headers})
        response = connection.getresponse()
        content, kind = response.read(), response.headers.get_content_type()
    except TimeoutError:
        raise Refusal(504, None) from None
    except (OSError, http.client.HTTPException):
        raise refused(502, f"Cluster node cannot be reached: {name}") from None
    finally:
        connection.close()
    back = {key: response.headers[key] for key in _RETURNED if key in response.headers}
    if not content:
        return Answer(response.status, headers=back)
    if kind == "application/json":
        with contextlib.suppress(ValueError):  # of an answer that is none
            return Answer(response.status, json.loads(content), headers=back)
    return Answer(response.status, content.decode(errors="replace"), headers={**back, "Content-Type": kind})


class Proxy(Part):
    """What stands in the document for the header that every call may have."""

    @operation("POST", "/proxy", "post__proxy")
    def pseudo_endpoint(self, call: Call) -> Answer:
        """There is nothing to call."""
        raise refused(404, f"Nothing is here: every call may have the header {NODE_HEADER}")
