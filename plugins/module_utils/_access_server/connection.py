# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that say how to reach an Access Server, and what they make of a task."""

from __future__ import annotations

import json
import typing as t

from ansible.module_utils.common.parameters import env_fallback
from ansible_collections.vpn.estate.plugins.module_utils._access_server.client import AccessServer
from ansible_collections.vpn.estate.plugins.module_utils._access_server.session import (
    Credentials,
    FileStore,
    MemoryStore,
    Session,
    Store,
)
from ansible_collections.vpn.estate.plugins.module_utils._errors import InputError
from ansible_collections.vpn.estate.plugins.module_utils._http import Transport, Trust
from ansible_collections.vpn.estate.plugins.module_utils._resource import Product

MOST_CONNECTIONS = 8  # calls side by side that a server has to stand
LARGEST_BATCH = 5000  # objects of one request


def _env(name: str) -> tuple[t.Any, list[str]]:
    return env_fallback, [f"VPN_ESTATE_{name.upper()}"]


ARGUMENT_SPEC: t.Mapping[str, t.Mapping[str, t.Any]] = {
    "as_url": {"type": "str", "required": True, "fallback": _env("as_url")},
    "as_username": {"type": "str", "fallback": _env("as_username")},
    "as_password": {"type": "str", "no_log": True, "fallback": _env("as_password")},
    "as_totp_secret": {"type": "str", "no_log": True, "fallback": _env("as_totp_secret")},
    "as_token": {"type": "str", "no_log": True, "fallback": _env("as_token")},
    "as_node": {"type": "str", "fallback": _env("as_node")},
    "as_validate_certs": {"type": "bool", "default": True, "fallback": _env("as_validate_certs")},
    "as_ca_path": {"type": "path", "fallback": _env("as_ca_path")},
    "as_certificate_fingerprint": {"type": "str", "fallback": _env("as_certificate_fingerprint")},
    "as_server_name": {"type": "str", "fallback": _env("as_server_name")},
    "as_timeout": {"type": "int", "default": 60, "fallback": _env("as_timeout")},
    "as_connections": {"type": "int", "default": MOST_CONNECTIONS, "fallback": _env("as_connections")},
    "as_batch_size": {"type": "int", "default": 500, "fallback": _env("as_batch_size")},
    "as_session": {"type": "dict", "no_log": True},
}
CONSTRAINTS: t.Mapping[str, t.Sequence[t.Any]] = {
    "required_one_of": [("as_username", "as_token")],
}


def base_address(url: str) -> str:
    """An address without what may be written at its end, or not."""
    url = url.rstrip("/")
    return url[: -len("/api")] if url.endswith("/api") else url


def transport(params: t.Mapping[str, t.Any], read_only: bool) -> Transport:
    """The way to the server that connection options describe."""
    url = base_address(params["as_url"])
    if "@" in url:
        raise InputError("as_url holds a name or a password; give them as as_username and as_password.")
    if not url.startswith("https://") or "?" in url or "#" in url:
        raise InputError(f"as_url: {url!r} is not an https address; write it as https://vpn.example.com:943.")
    if params["as_timeout"] < 1:
        raise InputError(f"as_timeout: {params['as_timeout']} is not a number of seconds from 1 up.")
    for name, most in (("as_connections", MOST_CONNECTIONS), ("as_batch_size", LARGEST_BATCH)):
        if not 1 <= params.get(name, 1) <= most:
            raise InputError(f"{name}: {params[name]} is not a number from 1 to {most}.")
    trust = Trust(
        params["as_validate_certs"], params["as_ca_path"], _fingerprint(params), params["as_server_name"] or None, "as_"
    )
    return Transport(url, trust=trust, timeout=params["as_timeout"], read_only=read_only)


def _fingerprint(params: t.Mapping[str, t.Any]) -> t.Optional[str]:
    text = params["as_certificate_fingerprint"]
    if not text:
        return None
    digits = text.lower().replace(":", "").replace(" ", "")
    if len(digits) != 64 or not set(digits) <= set("0123456789abcdef"):
        raise InputError(f"as_certificate_fingerprint: {text!r} is not a SHA-256 fingerprint, 64 hexadecimal digits.")
    return str(digits)


def credentials(params: t.Mapping[str, t.Any]) -> Credentials:
    """Who signs in, as connection options say."""
    names = ("as_username", "as_password", "as_totp_secret", "as_token", "as_node")
    return Credentials(*(params[name] or None for name in names))


def cautions(params: t.Mapping[str, t.Any]) -> list[str]:
    """What the user should hear of connection options, whatever the task does."""
    if params["as_validate_certs"] or params["as_certificate_fingerprint"]:
        return []
    where = base_address(params["as_url"])
    return [f"The certificate of {where} is not checked: whoever answers there gets the password."]


def shared(params: t.Mapping[str, t.Any]) -> tuple[Store, t.Optional[str]]:
    """What the action plugin found or made before a task, ``as_session``: a session, and the file of codes that were used."""
    told = params["as_session"] or {}
    store: Store = FileStore(told["file"]) if "file" in told else MemoryStore(json.loads(told.get("state", "{}")))
    return store, told.get("codes")


def connect(params: t.Mapping[str, t.Any], read_only: bool) -> AccessServer:
    """A client for a task."""
    http = transport(params, read_only)
    session = Session(http, credentials(params), *shared(params))
    client = AccessServer(http, session, params["as_connections"], params["as_batch_size"])
    client.cautions += cautions(params)
    return client


ACCESS_SERVER = Product(ARGUMENT_SPEC, CONSTRAINTS, connect)
