# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users and groups that info modules return: the server filters them if it misses none, and this module filters again."""

from __future__ import annotations

import typing as t

from ..._engine.field import Object
from ..._engine.plan import Actual
from ..._engine.report import everything, whole
from ..._engine.run import Run
from ..._text.errors import InputError, reading
from ..api import values
from ..api.client import AccessServer
from .group import GROUP
from .user import USER

FLAGS = ("admin", "autologin")
GROUP_QUERY: t.Mapping[str, t.Any] = {
    "names": {"type": "list", "elements": "str"},
    "name_contains": {"type": "str"},
    **{flag: {"type": "bool"} for flag in FLAGS},
}
USER_QUERY: t.Mapping[str, t.Any] = {**GROUP_QUERY, "group": {"type": "str"}}
MOST_GIVERS = 10  # groups whose members are requested group by group; for more groups, all users are read

Filters = dict[str, t.Any]  # of one request, each of which a record must pass


def chosen_users(run: Run[AccessServer]) -> t.Mapping[str, Object]:
    """For as_user_info."""
    return _chosen(run, USER, run.client.users)


def chosen_groups(run: Run[AccessServer]) -> t.Mapping[str, Object]:
    """For as_group_info."""

    def listed(names: None, load: t.Any, filters: Filters) -> t.Any:
        return run.client.groups(names, load, members=True, filters=filters)

    return _chosen(run, GROUP, listed)


def _chosen(run: Run[AccessServer], resource: t.Any, listed: t.Any) -> t.Mapping[str, Object]:
    params = run.task.params
    if params["name_contains"] == "":
        raise InputError("name_contains is empty. Set a part of a name, or remove the option.")
    if params["names"] is not None:
        found = everything(run, resource, params["names"])
    else:
        with reading(run):
            found = {}
            for filters in _requests(run, resource is USER):
                listing = listed(None, resource.loader(run), filters=filters)
                found.update(whole(run, resource, Actual(listing.records, listing.total)))
    return {name: have for name, have in found.items() if _fits(name, have, params)}


def _fits(name: str, have: Object, params: t.Mapping[str, t.Any]) -> bool:
    """Whether an object is requested. Servers may understand a filter in another sense, or ignore it."""
    return (
        (params["name_contains"] or "") in name
        and params.get("group") in (None, have.get("group"))
        and all(params[flag] in (None, bool(have["effective"].get(flag))) for flag in FLAGS)
    )


def _requests(run: Run[AccessServer], of_users: bool) -> list[Filters]:
    """The filters of requests that return together all objects that are requested.

    A filter by a right may mean the value on the object itself, or the effective value (server behaviour, 38). So users that
    inherit it are requested by their groups; if all users may inherit it, all are requested.
    """
    params = run.task.params
    base: Filters = {}
    text = params["name_contains"]
    if text and "\\" not in text:  # which a database may read as an escape
        base["name"] = {"operation": "substring", "value": text}
    if params.get("group"):
        return [{**base, "group": _equal(params["group"])}]
    flag = next((flag for flag in FLAGS if params[flag]), None)
    if flag is None:
        return [base]
    default = run.client.object("GET /users/defaultuser")
    given = {flag: {"value": True}}
    if _has(default, flag):
        return [base]
    givers = []
    if of_users:
        groups = run.client.groups(None, lambda record: _has(record, flag), filters=given).records
        givers = sorted(name for name, has in groups.items() if has)
    if len(givers) > MOST_GIVERS or default.get("group") in givers:
        return [base]
    return [{**base, **given}, *({**base, "group": _equal(name)} for name in givers)]


def _equal(text: str) -> Filters:
    return {"operation": "equal", "value": text}


def _has(record: t.Mapping[str, t.Any], flag: str) -> bool:
    return bool(values.boolean(values.effective(record.get(flag))))
