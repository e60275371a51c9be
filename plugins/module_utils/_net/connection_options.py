# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection options that every product has: what to trust, and how long to wait."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import typing as t
from urllib.parse import urlsplit

from ansible.module_utils.common.parameters import env_fallback

from .._files.read_file import plain_read
from .._text.errors import InputError, Mistakes
from .tls import Trust
from .transport import Transport

Spec = t.Mapping[str, t.Mapping[str, t.Any]]
NO_PART = re.compile(r"[\s?#]")  # of the address of a server


def from_environment(spec: Spec) -> dict[str, dict[str, t.Any]]:
    """The options, each with a variable of the environment to fall back to.

    None of them is required there, because tools that check playbooks do not know module_defaults: see missing().
    """
    return {name: {**option, "fallback": (env_fallback, [_variable(name)])} for name, option in spec.items()}


def _variable(name: str) -> str:
    return f"VPN_ESTATE_{name.upper()}"


def missing(names: t.Sequence[str], more: str = "") -> InputError:
    """The refusal of a task that lacks connection options.

    ``more`` follows their names, such as ``, or as_token``: what the task can give instead, or where they come from.
    """
    variables = "the variable with this name" if len(names) == 1 else "variables with these names"
    return InputError(
        f"Give {' and '.join(names)}{more}. In your own play: in the task or in module_defaults. For playbooks of vpn.estate: in "
        f"{variables}. Or in the environment: {' and '.join(map(_variable, names))}."
    )


def reach_spec(prefix: str) -> dict[str, dict[str, t.Any]]:
    """Options of every product; their names begin with its prefix."""
    return from_environment(
        {
            f"{prefix}validate_certs": {"type": "bool", "default": True},
            f"{prefix}ca_path": {"type": "path"},
            f"{prefix}certificate_fingerprint": {"type": "str"},
            f"{prefix}server_name": {"type": "str"},
            f"{prefix}timeout": {"type": "int", "default": 60},
            f"{prefix}deadline": {"type": "int"},
        }
    )


def trust(params: t.Mapping[str, t.Any], prefix: str, **more: t.Any) -> Trust:
    """What the options trust; ``more`` is specific to the product."""
    mistakes, fingerprint = Mistakes(), None
    authorities = params[f"{prefix}ca_path"]
    if authorities and not os.path.isfile(authorities) and not os.path.isdir(authorities):
        mistakes.add(f"{prefix}ca_path: there is no file or folder {authorities!r}.")
    with mistakes.collecting():
        fingerprint = _fingerprint(params, prefix)
    mistakes.refuse()
    return Trust(
        params[f"{prefix}validate_certs"],
        authorities,
        fingerprint,
        params[f"{prefix}server_name"] or None,
        prefix,
        **more,
    )


def time_limits(params: t.Mapping[str, t.Any], prefix: str) -> dict[str, t.Any]:
    """How many seconds a server may be silent, and a call may take as a whole, by the names that Transport has for them."""
    limits, mistakes = {name: params[f"{prefix}{name}"] for name in ("timeout", "deadline")}, Mistakes()
    for name, seconds in limits.items():
        if seconds is not None and seconds < 1:
            mistakes.add(f"{prefix}{name}: {seconds} is too small; the smallest value is 1 second.")
    mistakes.refuse()
    return limits


def is_usable(url: str, scheme: str) -> bool:
    """Whether this is the address of a server: a host, and perhaps a port and a path."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname and parts.port != 0 and url.startswith(f"{scheme}://") and not NO_PART.search(url))
    except ValueError:  # the port is not a number, or an IPv6 address is not complete
        return False


def _fingerprint(params: t.Mapping[str, t.Any], prefix: str) -> t.Optional[str]:
    text = params[f"{prefix}certificate_fingerprint"]
    if not text:
        return None
    digits = text.lower().replace(":", "").replace(" ", "")
    if len(digits) != 64 or not set(digits) <= set("0123456789abcdef"):
        label = " Leave out the words up to the =." if "=" in text else ""  # as openssl prints them
        raise InputError(
            f"{prefix}certificate_fingerprint: {text!r} is not a SHA-256 fingerprint, 64 hexadecimal digits.{label}"
        )
    return str(digits)


def trust_mark(http: Transport) -> str:
    """A digest of the server's address, and of what a connection to it trusts: equal where a session may be shared.

    Authorities count by the content of their file or folder, not by its name. Options without effect do not count.
    """
    own, verify = http.trust, http.trust.verify
    authorities: t.Any = verify if isinstance(verify, bool) else list(_authorities(str(verify)))
    parts = [http.url.lower(), authorities, own.fingerprint, own.server_name, own.plain]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _authorities(path: str) -> t.Iterator[str]:
    """Digests of a file, or of each file in a folder."""
    names = sorted(os.listdir(path)) if os.path.isdir(path) else [""]
    for name in names:
        with contextlib.suppress(OSError):
            yield hashlib.sha256(plain_read(os.path.join(path, name) if name else path)).hexdigest()


def is_unchecked(params: t.Mapping[str, t.Any], prefix: str) -> bool:
    """Whether any server that answers is trusted."""
    return not params[f"{prefix}validate_certs"] and not params[f"{prefix}certificate_fingerprint"]


def without_query(url: str) -> str:
    """An address for a sentence. What follows a ? or # is cut: it may be a secret that was copied along."""
    return re.split("[?#]", url, maxsplit=1)[0] + ("..." if "?" in url or "#" in url else "")
