# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration items that the sign-in or the connection of a task depends on: one list for all code that writes them."""

from __future__ import annotations

import math
import ssl
import typing as t
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from ..._engine.plan import listed
from ..._engine.run import Run, Task
from ..._net.connection_options import is_unchecked
from ..._text.errors import InputError, reads
from ..accounts.account_safety import METHOD, SETTINGS, TOTP, UNKNOWN, own_standings
from ..api import values
from ..api.client import AccessServer
from ..api.connection import PREFIX

Values = t.Mapping[str, t.Any]

# The address of the API, as keys of a port and of its interface; a daemon may forward browsers (server behaviour, 3).
WEB = (("admin_ui.https.port", "admin_ui.https.ip_address"), ("cs.https.port", "cs.https.ip_address"))
SHARED = (
    ("vpn.server.daemon.tcp.port", "vpn.daemon.0.listen.ip_address"),
    ("vpn.daemon.0.listen.port", "vpn.daemon.0.listen.ip_address"),
)
SHARING = ("vpn.server.port_share.*", "vpn.server.daemon.enable")
CERTIFICATE, VERSION, FIREWALL = "cs.cert", "cs.tls_version_min", "iptables.web"
TRUST = (CERTIFICATE, "cs.priv_key", "cs.ca_bundle", "acme.provider")
TLS = (*TRUST, VERSION, "cs.tls_version_min_strict", "cs.openssl_ciphersuites", "cs.ssl_method")
# Items that the web services need to start and to be reached (the table of items in server behaviour).
SERVICES = ("sa.initial_run_groups.*", "cs.user", "cs.group", "cs.dynamic_port_base", "ssl_api.https.*", FIREWALL)
# Accounts that are administrators without a record (the same table).
ACCOUNTS = ("boot_pam_users.*", "boot_pam_service", "system_users_local.*")
# The rest of auth.* is for single methods, such as auth.ldap.0.server.0.host (server behaviour, 25, 34, 85).
MODULE = "auth.module."
HARMLESS: t.Mapping[str, t.Collection[str]] = {
    VERSION: ("1.0", "1.1", "1.2", *(["1.3"] if ssl.HAS_TLSv1_3 else [])),  # this client supports these versions
    FIREWALL: ("True", "true"),
}
LIMITS: t.Mapping[str, tuple[float, float]] = {
    "vpn.server.lockout_policy.n_fails": (3, math.inf),  # a single typing error must not lock the account (32)
    "vpn.server.lockout_policy.reset_time": (0, 3600),
    # A token must last longer than the longest call, and is renewed early (17).
    "auth.sessiontoken.lifetime": (120, math.inf),
    "auth.sessiontoken.max_renewaltime": (120, math.inf),
}
"""Limits between which a sign-in works; a change counts if it leaves them (server behaviour, 17, 32)."""


@dataclass(frozen=True)
class Dependence:
    """Changed items that the connection of a task, or the sign-in of its account, depends on.

    ``endangered`` are items that could end the connection or the sign-in; ``sign_in`` are items that a new sign-in verifies.
    """

    endangered: list[str]
    sign_in: list[str]

    def refusal(self, way_out: str) -> InputError:
        """The refusal of a task that would change them without permission, with the way out."""
        return InputError(
            f"The connection or the sign-in of this and later tasks depends on {listed(self.endangered)}, which would change. "
            f"Nothing was written. {way_out}"
        )


def depends(
    run: Run[AccessServer], keys: t.Collection[str], before: t.Callable[[], Values], after: Values
) -> Dependence:
    """Which of the changed ``keys`` matter.

    ``before`` reads all values of the active profile, and is called only if a key may matter; ``after`` holds the new values.
    If the list has no values for a key, their effect is not known, so each change counts.
    """
    of_accounts = matching(("auth.*", SETTINGS[TOTP]), keys)
    of_connection = matching((*_each_of(WEB), *_each_of(SHARED), *SHARING, *TLS, *SERVICES, *ACCOUNTS), keys)
    limited = matching(LIMITS, keys)
    if not of_accounts + of_connection + limited:
        return Dependence([], [])
    there = before()
    endangered = {*_carrying(run.client.url, run.task, of_connection, there, after)}
    endangered |= {key for key in limited if _leaves_limits(key, there.get(key), after.get(key))}
    followers, methods = _followers(run) if of_accounts else ({}, set())
    for key in of_accounts:
        if key == SETTINGS[TOTP]:
            counts = followers[TOTP] and values.boolean(after.get(key)) is not False
        elif key == SETTINGS[METHOD]:
            counts = followers[METHOD]
        elif key.startswith(MODULE):
            counts = True
        else:
            counts = not methods or key.split(".")[1] in methods
        endangered |= {key} if counts and key not in limited else set()
    tried = [key for key in of_accounts if key in endangered or key in SETTINGS.values() or key.startswith(MODULE)]
    return Dependence(sorted(endangered), [*tried, *(key for key in limited if key not in tried)])


def endangered(run: Run[AccessServer], profile: str, after: Values) -> list[str]:
    """Of the keys that get these values in a profile, those that could end the connection or the sign-in of the task.

    Raises InputError if there are some and the task does not have ``allow_self``; else it warns.
    """
    active = run.client.config_profiles[0]
    if profile != active:
        return []
    found = depends(run, after, lambda: all_values(run.client, active), after)
    if not found.endangered:
        return []
    if not run.task.params["allow_self"]:
        raise found.refusal(
            "as_staged_config tries such a change, and rolls it back if it does not work. If this is intended here, set "
            "allow_self: true."
        )
    run.task.warn(
        f"The connection or the sign-in of later tasks depends on {listed(found.endangered)}. "
        + (
            "The new sign-in that follows verifies what is active at that time. It cannot verify what waits for a restart."
            if run.client.session.can_sign_in
            else "This task cannot verify that they work; that needs as_username and as_password."
        )
    )
    return found.endangered


def _carrying(url: str, task: Task, keys: t.Iterable[str], there: Values, after: Values) -> list[str]:
    patterns = [*_each_of(WEB), *SERVICES, *ACCOUNTS, *TLS]
    if is_unchecked(task.params, PREFIX):
        patterns = [pattern for pattern in patterns if pattern not in TRUST]
    if any(str(there.get(key)) == str(port(url)) for key, _interface in SHARED):
        patterns += [*SHARING, *_each_of(SHARED)]
    return [key for key in matching(patterns, keys) if str(after.get(key)) not in HARMLESS.get(key, ())]


def _followers(run: Run[AccessServer]) -> tuple[dict[str, bool], set[str]]:
    """Whether possible accounts of the task follow the configuration in a right; and their methods, empty if not known."""
    accounts = own_standings(run).values()
    followers = {right: any(each.follows_configuration(right) for each in accounts) for right in SETTINGS}
    methods = {each.right(METHOD, way) for each in accounts for way in each.ways}
    return followers, set() if UNKNOWN in methods else {str(method) for method in methods}


def _leaves_limits(key: str, before: t.Any, after: t.Any) -> bool:
    low, high = LIMITS[key]
    was, will = (_number(value) for value in (before, after))
    if will is None or low <= will <= high:
        return will is None
    return was is None or will < min(low, was) or will > max(high, was)


def _number(value: t.Any) -> t.Optional[float]:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _each_of(pairs: t.Iterable[tuple[str, str]]) -> list[str]:
    return [key for pair in pairs for key in pair]


def matching(patterns: t.Iterable[str], keys: t.Iterable[str]) -> list[str]:
    """The keys that match one of the patterns."""
    listed = list(patterns)
    return [key for key in keys if any(fnmatchcase(key, pattern) for pattern in listed)]


def port(url: str) -> int:
    """The port of an address."""
    return urlsplit(url).port or 443


@reads
def all_values(client: AccessServer, profile: str) -> dict[str, t.Any]:
    """Every item of a profile that is not calculated, by key."""
    return {i["name"]: i.get("value") for i in client.config_items(profile) if i.get("category") != "derived"}
