# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ends with the access of a user: client profiles, tokens for client profiles, and VPN sessions."""

from __future__ import annotations

import typing as t
from collections import Counter

from ..._engine.field import Object
from ..._engine.plan import Change
from ..._engine.run import Run
from ..._text.errors import Refused
from ..api.client import AccessServer
from .properties import unless_gone

HOLDINGS = ("profiles", "profile_tokens", "sessions")
REVOKED = (204, 404)  # statuses of a profile that no longer exists
REASONS = {"reason": "vpn.estate: access ended", "client_reason": "Your access has ended."}


def holdings(client: AccessServer, users: t.Collection[str]) -> dict[str, Object]:
    """How many of each kind these users have, by name."""
    profiles = Counter(one.get("username") for one in client.profiles(users))
    tokens = Counter(one.get("username") for one in client.objects("GET /token-url/list", "profileTokens"))
    sessions = Counter(one.get("username") for one in client.vpn_clients())
    return {name: dict(zip(HOLDINGS, (profiles[name], tokens[name], sessions[name]))) for name in users}


def end(run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
    """End what these users have. They are denied already, so they get nothing new."""
    client = run.client
    changes = [change for change in changes if change.outcome != "failed"]
    if not changes:
        return
    users = {change.name for change in changes}
    profiles = _by_user(client.profiles(users), "serial")
    revoke_profiles(run, [c for c in changes if c.name in profiles], profiles)
    tokens = _by_user(client.objects("GET /token-url/list", "profileTokens"), "token")
    revoke_tokens(run, [c for c in changes if c.name in tokens and c.outcome != "failed"], tokens)
    connected = {one.get("username") for one in client.vpn_clients()}
    unless_gone(
        run,
        [change for change in changes if change.name in connected and change.outcome != "failed"],
        lambda names: client.call("POST /vpn/client/disconnect", {"users": names, **REASONS}),
        "disconnected",
    )


def revoke_profiles(
    run: Run[AccessServer], changes: t.Sequence[Change], serials: t.Mapping[str, t.Collection[str]]
) -> None:
    """Revoke the profiles of these serials, by the names of changes; the server answers for each of them."""

    def revoke(batch: list[Change]) -> None:
        whose = {serial: change for change in batch for serial in serials[change.name]}
        for serial, status in run.client.delete_profiles(sorted(whose)).items():
            if serial in whose and status not in REVOKED:
                whose[serial].fail(f"the server did not revoke the profile with serial {serial}: it answered {status}")

    run.writes.many(changes, revoke, "revoked")


def revoke_tokens(
    run: Run[AccessServer], changes: t.Sequence[Change], tokens: t.Mapping[str, t.Collection[str]]
) -> None:
    """Make tokens invalid; used tokens are invalid already."""

    def revoke(doomed: list[str]) -> None:
        try:
            run.client.call("POST /token-url/delete", doomed)
        except Refused as exc:
            if exc.status != 404:
                raise
            for one in doomed if len(doomed) > 1 else ():
                revoke([one])

    run.writes.many(
        changes,
        lambda batch: revoke(sorted({token for change in batch for token in tokens[change.name]})),
        "given no new profiles",
    )


def _by_user(records: t.Iterable[t.Mapping[str, t.Any]], key: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in records:
        found.setdefault(str(one.get("username")), []).append(str(one[key]))
    return found
