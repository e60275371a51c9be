# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection options of an Access Server, and the client that they describe."""

from __future__ import annotations

import typing as t

from ..._engine.product import Params, Product
from ..._net.connection_options import (
    from_environment,
    is_unchecked,
    is_usable,
    missing,
    reach_spec,
    time_limits,
    trust,
    without_query,
)
from ..._net.libraries import REQUESTS_ERROR
from ..._net.session import Proof
from ..._net.session_store import Store, handed_over
from ..._net.transport import Transport
from ..._text.errors import InputError, Mistakes
from .client import AccessServer
from .session import Session
from .sign_in import Credentials

MOST_CONNECTIONS = 8  # the most calls at the same time
LARGEST_BATCH = 5000  # objects of one request


PREFIX = "as_"
ARGUMENT_SPEC: t.Mapping[str, t.Mapping[str, t.Any]] = {
    **from_environment(
        {
            "as_url": {"type": "str"},
            "as_username": {"type": "str"},
            "as_password": {"type": "str", "no_log": True},
            "as_totp_secret": {"type": "str", "no_log": True},
            "as_token": {"type": "str", "no_log": True},
            "as_saml_assertion": {"type": "str", "no_log": True},
            "as_node": {"type": "str"},
            "as_connections": {"type": "int", "default": MOST_CONNECTIONS},
            "as_batch_size": {"type": "int", "default": 500},
        }
    ),
    **reach_spec(PREFIX),
    "as_session": {"type": "dict", "no_log": True},
}


def base_address(url: str) -> str:
    """An address without an optional end."""
    url = url.rstrip("/")
    return url[: -len("/api")] if url.endswith("/api") else url


def transport(params: Params, read_only: bool) -> Transport:
    """The transport that connection options describe."""
    if not params["as_url"]:
        raise missing(["as_url"])
    return Transport(read_only=read_only, **_reach(params))


def _reach(params: Params) -> dict[str, t.Any]:
    """What a transport needs. Raises Mistakes with all that is wrong; an address that is missing is not wrong."""
    found, mistakes = dict[str, t.Any](), Mistakes()
    if params["as_url"]:
        with mistakes.collecting():
            found["url"] = _usable_address(params["as_url"])
    for name, most in (("as_connections", MOST_CONNECTIONS), ("as_batch_size", LARGEST_BATCH)):
        if not 1 <= params.get(name, 1) <= most:
            mistakes.add(f"{name}: {params[name]} is not a number from 1 to {most}.")
    with mistakes.collecting():
        found["trust"] = trust(params, PREFIX)
    with mistakes.collecting():
        found.update(time_limits(params, PREFIX))
    mistakes.refuse()
    return found


def _usable_address(text: str) -> str:
    url = base_address(text)
    if "@" in url:
        raise InputError("as_url contains a name or a password. Use as_username and as_password instead.")
    if not is_usable(url, "https"):
        raise InputError(
            f"as_url: {without_query(url)!r} is not an https address; write it as https://vpn.example.com:943."
        )
    return url


def credentials(params: Params) -> Credentials:
    """The credentials in connection options."""
    names = ("as_username", "as_password", "as_totp_secret", "as_token", "as_node", "as_saml_assertion")
    return Credentials(*(params.get(name) or None for name in names))


def cautions(params: Params) -> list[str]:
    """Warnings about connection options, for any task."""
    if not is_unchecked(params, PREFIX):
        return []
    where = base_address(params["as_url"])
    return [f"The certificate of {where} is not checked: any server that answers there gets the password."]


def shared(params: Params) -> tuple[Store, t.Optional[str]]:
    """What the action plugin prepared for a task: a session, and the file of used codes."""
    prepared = params["as_session"] or {}
    return handed_over(prepared), prepared.get("codes")


class AccessServerProduct(Product):
    """Access Servers, with the account of an administrator."""

    argument_spec = ARGUMENT_SPEC
    prefix = PREFIX
    session_option = "as_session"
    place_options = frozenset({"as_url", "as_node"})
    account_options = frozenset({"as_username"})

    def connect(self, params: Params, read_only: bool) -> t.Any:
        """A client for a task."""
        http = transport(params, read_only)
        session = Session(http, credentials(params), *shared(params), trust=(params["as_session"] or {}).get("trust"))
        session.refuse_without_credentials()
        client = AccessServer(http, session, params["as_connections"], params["as_batch_size"])
        client.cautions += cautions(params)
        return client

    def check(self, params: Params) -> None:
        """Its address, what it trusts, and its limits."""
        _reach(params)

    def place(self, params: Params) -> t.Optional[tuple[str, str]]:
        """By the address, in any spelling."""
        return (base_address(params["as_url"]).lower(), params.get("as_node") or "") if params["as_url"] else None

    def account(self, params: Params) -> t.Optional[str]:
        """One for each account, for all nodes of a cluster; a token alone needs no sign-in."""
        place = self.place(params)
        if not place or (params.get("as_token") and not params["as_password"] and not params["as_saml_assertion"]):
            return None
        return f"{place[0]}\n{params['as_username'] or ''}"

    def proof(self, params: Params) -> Proof:
        """The name, the password and the secret of the codes."""
        return credentials(params).proof

    def sign_in(self, params: Params, store: Store, codes: t.Optional[str]) -> t.Mapping[str, t.Any]:
        """Open a session, unless a token is set; empty if this machine lacks requests."""
        if REQUESTS_ERROR:
            return {}
        session = Session(transport(params, read_only=True), credentials(params), store, codes)
        if not params.get("as_token"):
            session.token()
        return session.share.handed()

    def uses_codes(self, params: Params) -> bool:
        """Whether there is a second factor."""
        return bool(params["as_totp_secret"])


ACCESS_SERVER = AccessServerProduct()
