# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection options of a Freebox, and the client that they define."""

from __future__ import annotations

import typing as t

from .._engine.product import Params, Product
from .._net.connection_options import (
    from_environment,
    is_unchecked,
    is_usable,
    reach_spec,
    time_limits,
    trust,
    without_query,
)
from .._net.libraries import REQUESTS_ERROR
from .._net.session import Proof
from .._net.session_store import Store, handed_over
from .._net.transport import Transport
from .._text.errors import InputError, Mistakes
from .authorities import ROOTS
from .client import Freebox
from .session import Application, Session

PREFIX = "freebox_"
AT_HOME = "https://mafreebox.freebox.fr"  # the name of each box in its own network (server behaviour, F4)

ARGUMENT_SPEC: t.Mapping[str, t.Mapping[str, t.Any]] = {
    **from_environment(
        {
            "freebox_url": {"type": "str", "default": AT_HOME},
            "freebox_app_id": {"type": "str"},
            "freebox_app_token": {"type": "str", "no_log": True},
            "freebox_api_version": {"type": "int"},
            "freebox_plain_http": {"type": "bool", "default": False},
        }
    ),
    **reach_spec(PREFIX),
    "freebox_session": {"type": "dict", "no_log": True},
}


def transport(params: Params, read_only: bool) -> Transport:
    """The transport to the box that connection options describe."""
    return Transport(read_only=read_only, **_reach(params))


def _reach(params: Params) -> dict[str, t.Any]:
    """What a transport needs. Raises Mistakes with all that is wrong."""
    found, mistakes = dict[str, t.Any](), Mistakes()
    with mistakes.collecting():
        found["url"] = _usable_address(params["freebox_url"], params["freebox_plain_http"])
    with mistakes.collecting():
        found["trust"] = trust(params, PREFIX, roots=ROOTS, strict=False, plain=params["freebox_plain_http"])
    with mistakes.collecting():
        found.update(time_limits(params, PREFIX))
    mistakes.refuse()
    return found


def _usable_address(text: str, plain: bool) -> str:
    url = text.rstrip("/")
    if "@" in url:
        raise InputError(
            "freebox_url contains a name or a password, which a Freebox does not use; give freebox_app_id and freebox_app_token."
        )
    if not is_usable(url, "http" if plain else "https"):
        kind = "an http address, as freebox_plain_http asks for" if plain else f"an https address, such as {AT_HOME}"
        raise InputError(f"freebox_url: {without_query(url)!r} is not {kind}.")
    return url


def session(params: Params, http: Transport, store: Store) -> Session:
    """The session that connection options define."""
    trust = (params.get("freebox_session") or {}).get("trust")
    return Session(http, application(params), store, params["freebox_api_version"], trust)


def application(params: Params) -> Application:
    """The application that connection options define."""
    return Application(params["freebox_app_id"] or None, params["freebox_app_token"] or None)


def shared(params: Params) -> Store:
    """The store that the tasks of the run share for the box."""
    return handed_over(params["freebox_session"] or {})


def cautions(params: Params, url: str) -> list[str]:
    """Warnings about the connection to the box, for every task."""
    if params["freebox_plain_http"]:
        return [f"{url} is used without TLS: every system on the network path can read its passwords and profiles."]
    if is_unchecked(params, PREFIX):
        return [f"The certificate of {url} is not checked: any server that answers there gets the passwords."]
    return []


class FreeboxProduct(Product):
    """Freebox routers, with the token of an application."""

    argument_spec = ARGUMENT_SPEC
    prefix = PREFIX
    session_option = "freebox_session"
    place_options = frozenset({"freebox_url"})
    account_options = frozenset({"freebox_app_id"})

    def connect(self, params: Params, read_only: bool) -> t.Any:
        """A client for a task."""
        http = transport(params, read_only)
        own = session(params, http, shared(params))
        own.refuse_without_credentials()
        client = Freebox(http, own)
        client.cautions += cautions(params, http.url)
        return client

    def check(self, params: Params) -> None:
        """Its address, what it trusts, and its limits."""
        _reach(params)

    def place(self, params: Params) -> t.Optional[tuple[str, str]]:
        """By the address."""
        return (params["freebox_url"].lower(), "") if params["freebox_url"] else None

    def account(self, params: Params) -> t.Optional[str]:
        """One for each application of a box, and for each version of its API."""
        return (
            f"{params['freebox_url'].lower()}\n{params['freebox_app_id'] or ''}\n{params['freebox_api_version'] or ''}"
        )

    def proof(self, params: Params) -> Proof:
        """The application and its token."""
        return application(params).proof

    def sign_in(self, params: Params, store: Store, codes: t.Optional[str]) -> t.Mapping[str, t.Any]:
        """Open a session; return nothing where this machine lacks requests."""
        if REQUESTS_ERROR:
            return {}
        opened = session(params, transport(params, read_only=True), store)
        opened.refuse_without_credentials()
        opened.token()
        return opened.share.handed()


FREEBOX = FreeboxProduct()
