# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What needs attention soon although it is as declared, from what info modules return."""

from __future__ import annotations

import datetime
import typing as t
from collections.abc import Iterable, Iterator, Mapping

from ansible_collections.vpn.estate.plugins.module_utils._engine.plan import listed
from ansible_collections.vpn.estate.plugins.module_utils._engine.until import SOON

Json = Mapping[str, t.Any]
FULL = 90  # percent of the seats of a licence
AUTOLOGIN, SAML = "autologin", "saml"


def findings(result: Json, now: datetime.datetime) -> Iterator[str]:
    """Sentences about what one info module has returned; what another module returns has none."""
    for key, judge in JUDGES.items():
        value = result.get(key)
        if value and not (isinstance(value, dict) and "objects" in value):  # which a declaration returns
            yield from judge(value, now)
    if result.get("license") and result.get("expires"):
        yield from _ends("The licence", str(result["expires"]), now)


def _web_certificate(found: Json, now: datetime.datetime) -> Iterator[str]:
    certificate = found.get("presented") or found.get("certificate")
    if certificate:
        yield from _ends("The web certificate", certificate["not_after"], now)


def _authorities(found: Iterable[Json], now: datetime.datetime) -> Iterator[str]:
    for one in found:
        yield from _ends(f"The certificate authority {one['common_name']}", one["not_after"], now)


def _profiles(found: Iterable[Json], now: datetime.datetime) -> Iterator[str]:
    profiles = [*found]
    ending = {str(one["user"]) for one in profiles if 0 <= one["days_left"] < SOON}
    if ending:
        yield f"Client profiles of {len(ending)} users end within {SOON} days: {listed(ending)}."
    unattended = {str(one["user"]) for one in profiles if one["profile_type"] == AUTOLOGIN and one["days_left"] >= 0}
    if unattended:
        yield f"{len(unattended)} users have profiles that connect without a sign-in (autologin): {listed(unattended)}."


def _licence(found: Json, now: datetime.datetime) -> Iterator[str]:
    used, most = found.get("current_cc"), found.get("max_cc")
    if isinstance(used, int) and isinstance(most, int) and used * 100 >= most * FULL:
        yield f"{used} of {most} connections of the licence are in use."
    if found.get("error"):
        yield f"The licence has a problem: {found['error']}."


def _users(found: Iterable[Json], now: datetime.datetime) -> Iterator[str]:
    without = {
        str(one["name"])
        for one in found
        if "effective" in one  # which users of a Freebox do not have
        and not (values := one["effective"] or {}).get("totp")
        and not values.get("deny")
        and values.get("auth_method") != SAML
    }
    if without:
        yield f"{len(without)} users sign in without a second factor of this server: {listed(without)}."


def _ending(found: Iterable[Json], now: datetime.datetime) -> Iterator[str]:
    names = [f"{one['name']} ({one['until']})" for one in found]
    yield f"{len(names)} users end within {SOON} days: {listed(names)}."


JUDGES: Mapping[str, t.Callable[[t.Any, datetime.datetime], Iterator[str]]] = {
    "web_certificate": _web_certificate,
    "cas": _authorities,
    "profiles": _profiles,
    "license": _licence,
    "users": _users,
    "ending": _ending,
}


def _ends(what: str, moment: str, now: datetime.datetime) -> Iterator[str]:
    try:
        end = datetime.datetime.fromisoformat(moment.replace("Z", "+00:00"))
    except ValueError:
        yield f"The end of {what[0].lower()}{what[1:]} is not a date: {moment}."
        return
    end = end if end.tzinfo else end.replace(tzinfo=datetime.timezone.utc)
    days = (end - now).days
    if days < SOON:
        yield f"{what} {'ended' if days < 0 else 'ends'} on {end:%Y-%m-%d}{'' if days < 0 else f', in {days} days'}."
