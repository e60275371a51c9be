# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one task declares of a whole Access Server."""

from __future__ import annotations

import contextlib
import typing as t

from ..._engine.plan import listed
from ..._engine.report import Answer
from ..._engine.run import Part, Run
from ..._engine.server_declaration import FEW, ServerDeclaration
from ..._text.errors import EstateError
from ..accounts.access_list import ACCESS_LIST
from ..accounts.access_ruleset import ACCESS_RULESET
from ..accounts.default_user import DEFAULT_USER
from ..accounts.group import GROUP
from ..accounts.user import USER
from ..api.client import AccessServer
from ..configuration.config_item import CONFIG_ITEM
from .access import AccessChanges, AccessTests


def memberships(parts: t.Sequence[Part]) -> t.Iterator[str]:
    """Users whose group is not the group that lists them, and lists of members that the server decides."""
    mapped = any(part.run.task.params.get("group_mapping") for part in parts)
    there = {part.resource.noun: [want for want in part.wanted if want.stays] for part in parts}
    group_of = {want.name: want.values["group"] for want in there.get("user", ()) if "group" in want.values}
    inside: dict[str, list[str]] = {}
    for name, group in group_of.items():
        inside.setdefault(group, []).append(name)
    for want in there.get("group", ()):
        members = want.values.get("members")
        if members is None:
            continue
        if mapped:
            yield f"members of group {want.name}: with group_mapping, the server decides who is a member. Declare only one of them."
        for name in members:
            elsewhere = group_of.get(name, want.name)
            if elsewhere != want.name:
                declared = f"group {elsewhere}" if elsewhere else "no group"
                yield f"members of group {want.name}: user {name} is declared in {declared}."
        for name in sorted(set(inside.get(want.name, ())) - set(members)):
            yield f"group of user {name}: it is {want.name}, but {name} is not in the members of that group."


def restart(parts: t.Sequence[Part]) -> tuple[Answer, str]:
    """Changed configuration items that may need a restart; and if there are some, how many clients it interrupts."""
    waiting = [change.name for part in parts if part.resource is CONFIG_ITEM for change in part.run.plan.of("update")]
    if not waiting:
        return {"restart": []}, ""
    connected: t.Optional[int] = None
    with contextlib.suppress(EstateError):  # the work is done; this only helps people who plan the restart
        connected = len(parts[0].run.client.vpn_clients())
    words = f"a restart may be needed by {listed(waiting, FEW)}"
    if connected is None:
        return {"restart": waiting}, words
    return {"restart": waiting, "vpn_clients": connected}, f"{words}; VPN clients connected now: {connected}"


DECLARATION = ServerDeclaration(
    (GROUP, DEFAULT_USER, USER, ACCESS_LIST, ACCESS_RULESET, CONFIG_ITEM),
    restart,
    memberships,
    AccessTests(),
    AccessChanges(),
)


def beyond(run: Run[AccessServer]) -> t.Iterator[str]:
    """What a server has and a declaration cannot have: other configuration profiles, and secrets that are created once."""
    active, profiles = run.client.config_profiles
    others = [name for name in profiles if name != active]
    if others:
        yield (
            f"configuration profile {listed(others)} is not active. Set profile in as_config_item_info to its name to read its "
            "items."
        )
    yield (
        "Certificate authorities, the web certificate, client profiles and their tokens, the licence and the cluster: they "
        "contain secrets that are created once, and have their own modules."
    )
