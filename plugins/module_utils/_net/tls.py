# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS: which servers are trusted, why one is not, and the certificate that a server presents."""

from __future__ import annotations

import contextlib
import socket
import ssl
import typing as t
from dataclasses import dataclass
from urllib.parse import urlsplit

from .answer_limits import Watch, watched
from .libraries import Urllib3SSLError, create_urllib3_context

CONNECT_TIMEOUT = 5.0  # seconds


@dataclass(frozen=True)
class Trust:
    """Which server is trusted.

    ``fingerprint`` pins the certificate itself (SHA-256, hexadecimal, colons allowed) and needs no authority;
    ``server_name`` is the name to find in the certificate when ``url`` contains an address (server behaviour, 5). ``roots``
    are a product's own authorities, in PEM, trusted besides the public ones and those of this machine; ``strict``: certificates
    have to fulfil what Python requires since 3.13, which some products' own do not (server behaviour, F16). ``plain``: an
    address without TLS was asked for.
    """

    validate: bool = True
    ca_path: t.Optional[str] = None
    fingerprint: t.Optional[str] = None
    server_name: t.Optional[str] = None
    options: str = ""  # the prefix of the product's options
    roots: str = ""
    strict: bool = True
    plain: bool = False

    @property
    def verify(self) -> t.Union[bool, str]:
        """The value of ``verify`` in requests; passed with each call, because the environment overrides that of the session."""
        if self.ca_path and self.validate:
            return self.ca_path
        return self.validate and not self.fingerprint

    @property
    def context(self) -> t.Optional[ssl.SSLContext]:
        """The TLS settings where they differ from those of the libraries, which add the authorities of verify."""
        if self.strict and not self.roots:
            return None
        context = create_urllib3_context()
        if self.verify is False:  # the libraries do this only for a context of their own
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if not self.strict:
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if self.roots and self.verify is True:
            context.load_default_certs()
            context.load_verify_locations(cadata=self.roots)
        return context


def cause_of(exc: BaseException) -> str:
    """The innermost text of nested library exceptions, without addresses of objects."""
    inner: t.Any = exc
    while isinstance(inner, BaseException):
        exc, inner = inner, getattr(inner, "reason", None) or (inner.args[-1] if inner.args else None)
    return (str(exc) or type(exc).__name__).rsplit(">: ", 1)[-1].rsplit("): ", 1)[-1]


def is_distrust(exc: BaseException) -> bool:
    """Whether a connection failed in TLS for a reason that remains in another attempt."""
    cut_off = isinstance(exc, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError))
    return isinstance(exc, (ssl.SSLError, Urllib3SSLError, ValueError)) and not cut_off


def distrust_of(url: str, options: str, exc: BaseException) -> str:
    """Why a server is not trusted, and which of the product's options would change that, as a sentence."""
    text = str(exc)
    if "ingerprint" in text:
        why = f"its certificate is not the pinned one. If it was renewed on purpose, update {options}certificate_fingerprint"
    elif "self-signed" in text or "self signed" in text or "unable to get local issuer" in text:
        why = (
            "its certificate is not signed by an authority that is trusted here. Name the authority's file "
            f"({options}ca_path) or pin the certificate ({options}certificate_fingerprint)"
        )
    elif "ostname" in text or "IP address mismatch" in text or "doesn't match" in text:
        why = f"its certificate is for another name. Use that name in the address, or give it as {options}server_name"
    elif "expired" in text:
        why = "its certificate has expired"
    elif "WRONG_VERSION_NUMBER" in text or "wrong version number" in text:
        why = "it does not speak TLS on this port"
    elif "certificate verify failed" in text:  # as for a missing Authority Key Identifier, from Python 3.13 on
        flaw = text.partition("certificate verify failed: ")[2].partition(" (_ssl")[0] or "it is not valid"
        why = (
            f"its certificate does not pass the checks of this Python ({flaw}). Pin it ({options}certificate_fingerprint), or give "
            f"the server a certificate that passes, and name its authority's file ({options}ca_path)"
        )
    else:
        why = cause_of(exc)
    return f"No trustworthy connection to {url}: {why}. Nothing was sent."


def presented(url: str, server_name: t.Optional[str] = None) -> t.Optional[bytes]:
    """The certificate of the server at an address, as DER, signed by any authority; None where no server answers.

    No request is sent, and no proxy of the environment is used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        place = urlsplit(url)
        with Watch(2 * CONNECT_TIMEOUT), contextlib.ExitStack() as open_ones:
            raw = open_ones.enter_context(
                watched(socket.create_connection((place.hostname, place.port or 443), CONNECT_TIMEOUT))
            )
            name = server_name or place.hostname
            return open_ones.enter_context(context.wrap_socket(raw, server_hostname=name)).getpeercert(True)
    except (OSError, ValueError):
        return None
