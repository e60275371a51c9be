# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections to servers, shared by the tasks of a process. They distinguish a request that was not sent from a lost answer."""

from __future__ import annotations

import functools
import logging
import typing as t
from http.cookiejar import DefaultCookiePolicy

from .._text.errors import InputError
from .._text.redact import address
from .answer_limits import watched
from .libraries import (
    REQUESTS_ERROR,
    HTTPAdapter,
    HTTPConnection,
    HTTPConnectionPool,
    HTTPSConnection,
    HTTPSConnectionPool,
    requests,
)
from .retries import Breaker
from .tls import Trust

KEPT = 16  # servers that one process keeps connections to


class NotSent(Exception):
    """There was no connection, so nothing was sent. Its argument is the exception with the reason."""


class _Watched:
    """A connection that raises NotSent if it cannot be opened, and that the watch of its thread can cut."""

    def connect(self) -> None:
        try:
            super().connect()  # type: ignore[misc]
        except Exception as exc:
            raise NotSent(exc) from exc  # no library catches it

    def _new_conn(self) -> t.Any:
        return watched(super()._new_conn())  # type: ignore[misc]


class _Connection(_Watched, HTTPSConnection):
    """Over TLS."""


class _PlainConnection(_Watched, HTTPConnection):
    """Without."""


class _WatchedPool:
    """A pool whose connections, when used again, can be cut by the watch of the thread that uses them."""

    def _get_conn(self, timeout: t.Optional[float] = None) -> t.Any:
        connection = super()._get_conn(timeout)  # type: ignore[misc]
        watched(connection.sock)
        return connection


class _Pool(_WatchedPool, HTTPSConnectionPool):
    """Connections to one server."""

    ConnectionCls = _Connection


class _PlainPool(_WatchedPool, HTTPConnectionPool):
    """The same without TLS."""

    ConnectionCls = _PlainConnection


_POOLS = {"https": _Pool, "http": _PlainPool}


class _TrustingAdapter(HTTPAdapter):
    """Connections that check the pin and the server's name, straight or through a proxy."""

    def __init__(self, trust: Trust) -> None:
        self._pins: dict[str, t.Any] = {}
        if trust.fingerprint:
            self._pins["assert_fingerprint"] = trust.fingerprint
        if trust.server_name:
            self._pins["assert_hostname"] = self._pins["server_hostname"] = trust.server_name
        context = trust.context
        if context:
            self._pins["ssl_context"] = context
        super().__init__()

    def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().init_poolmanager(*args, **{**kwargs, **self._pins})
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def build_response(self, req: t.Any, resp: t.Any) -> t.Any:
        """No cookie is kept, so that none is read."""
        for name in ("Set-Cookie", "Set-Cookie2"):
            del resp._original_response.msg[name]
        return super().build_response(req, resp)

    def proxy_manager_for(self, proxy: str, **kwargs: t.Any) -> t.Any:
        manager = super().proxy_manager_for(proxy, **{**kwargs, **self._pins})
        manager.pool_classes_by_scheme = _POOLS
        return manager


class Connections(t.NamedTuple):
    """Connections to a server that the tasks of one process share; ``session`` is one of requests."""

    session: t.Any
    breaker: Breaker


class _Session(requests.Session if REQUESTS_ERROR is None else object):  # type: ignore[misc]
    """Redirects are not followed: to examine one, requests would read its whole body."""

    def get_redirect_target(self, resp: t.Any) -> None:
        """None, for every answer."""


@functools.lru_cache(maxsize=KEPT)
def connections(url: str, trust: Trust, process: int) -> Connections:
    """The connections to a server, kept for the other tasks of this process, such as the items of a loop."""
    # The log of urllib3 contains addresses with tokens, and headers of servers; Ansible logs all that reaches the root logger.
    logging.getLogger("urllib3").propagate = False
    session = _Session()
    session.trust_env = False  # neither ~/.netrc nor REQUESTS_CA_BUNDLE is used
    session.adapters.clear()
    session.mount("http://" if trust.plain else "https://", _TrustingAdapter(trust))  # only the one that was asked for
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))  # no cookie of one account is sent for another
    return Connections(session, Breaker())


def proxies_for(url: str) -> dict[str, str]:
    """The proxies that the environment names for an address, by scheme. Raises InputError, which quotes none of them."""
    proxies: dict[str, str] = requests.utils.get_environ_proxies(url)
    for proxy in proxies.values():
        try:
            address(proxy if "://" in proxy else f"http://{proxy}")
        except ValueError:
            raise InputError(
                f"The environment names a proxy for {url} that is not an address such as http://USER:PASSWORD@HOST:3128. Write "
                "characters such as @, #, / and ? in the password with percent encoding (%40, %23, %2F, %3F)."
            ) from None
    return proxies
