# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of the Access Server Web API: answers in their form, lists page by page, restarts, and the nodes of a cluster."""

from __future__ import annotations

import collections
import re
import time
import typing as t
import unicodedata

from ..._engine.field import same
from ..._engine.plan import listed
from ..._net.client import READING, Client
from ..._net.operations import OperationTable
from ..._net.transport import Transport
from ..._text.errors import EstateError, NotBack, Refused, SignInError, Unreadable
from ..._text.outside import alike
from . import values
from .operations import API
from .session import Session

PAGE = 1000  # records of one page; larger pages only cost memory
NAMES = 100  # names of one request: the server's database limits the size of a query
FEW_USERS = 10  # for so many users, profiles are requested one by one; for more users, all profiles are read
SHOWN_NAMES = 5  # names that an error lists
MOST_RECORDS, MOST_PAGES = 1_000_000, 10_000  # of one list; a longer list is taken for endless

LOCAL, MYSQL, CLUSTER = "local", "mysql", "cluster"
# The sources of configuration items, and the database that each means.
_SOURCES = {"cluster_db": CLUSTER, "mysql_standalone_db": MYSQL, "local_db": LOCAL}
# Items that stay on the server, wherever the rest is kept (server behaviour, 100).
_STAYS_LOCAL = re.compile(r"host\.name|.*\.(ip_address|interface)")

Record = dict[str, t.Any]
Roll = dict[str, bool]
Load = t.Callable[[Record], t.Any]


class Listing(t.NamedTuple):
    """Records by name, and the server's own count if all records were requested.

    ``whole`` means that no record can be missing, as when one answer held them all.
    """

    records: dict[str, t.Any]
    total: t.Optional[int]
    whole: bool = False


class AccessServer(Client):
    """Work that takes more than one call, or that checks an answer. Names are compared exactly."""

    def __init__(self, http: Transport, session: Session, connections: int = 1, batch_size: int = 500) -> None:
        super().__init__(http)
        self.session = session
        self.connections, self.batch_size = connections, batch_size
        self._rolls: dict[str, tuple[int, Roll]] = {}  # with the number of write attempts of this task at that time
        self._config_profiles: t.Optional[tuple[str, list[str]]] = None
        self._takes_null = True  # as the value of a configuration key, until this server refuses it
        self._there: dict[str, dict[str, bool]] = collections.defaultdict(dict)  # whether a requested name exists

    @property
    def api(self) -> OperationTable:
        """The operations of the Web API."""
        return API

    @property
    def username(self) -> t.Optional[str]:
        """The account of the task, if it is known."""
        return self.session.username

    # -- answers by their form

    def object(self, operation: str, body: t.Any = None, **how: t.Any) -> Record:
        """The answer to a call, which is an object."""
        answer = self.call(operation, body, **how)
        if not isinstance(answer, dict):
            raise self.unreadable("an object")
        return answer

    def object_if_offered(self, operation: str) -> t.Optional[Record]:
        """The same, or None where this server has no such operation (server behaviour, 8)."""
        try:
            return self.object(operation)
        except Refused as exc:
            if exc.status != 404:
                raise
            return None

    def objects(self, operation: str, key: str, body: t.Any = None, **how: t.Any) -> list[Record]:
        """The objects of the list under a key of an answer."""
        return self.listed(self.object(operation, body, **how), key)

    def text(self, operation: str, body: t.Any, **how: t.Any) -> str:
        """The answer to a call, which is a text."""
        answer = self.call(operation, body, **how)
        if not isinstance(answer, str) or not answer:
            raise self.unreadable("a text")
        return answer

    def listed(self, answer: Record, key: str, named: bool = False) -> list[Record]:
        """The objects of the list under a key; with ``named``, each must have a name."""
        found = answer.get(key)
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self.unreadable(f"a list of objects as {key}")
        if named and not all(isinstance(one.get("name"), str) for one in found):
            raise self.unreadable(f"a name for each of its {key}")
        return found

    def unreadable(self, lacking: str) -> Unreadable:
        """The error for an answer that lacks a part."""
        return Unreadable(
            f"{self.asked} returned an answer without {lacking}, which this collection cannot read. Check that "
            "this is an Access Server."
        )

    # -- users, groups, and their properties (server behaviour, C and D)

    def users(
        self,
        names: t.Optional[t.Sequence[str]] = None,
        load: Load = same,
        *,
        spellings: bool = False,
        filters: t.Optional[Record] = None,
    ) -> Listing:
        """Users by name, or all of them, as ``load`` makes them of records; names that do not exist are absent.

        With ``spellings``, the same request also reads other spellings for users_like(), as many as fit. ``filters`` are those of
        the server (server behaviour, 38).
        """
        return self._records("POST /users/list", "users", names, _filtered(filters), load, spellings)

    def groups(
        self,
        names: t.Optional[t.Sequence[str]] = None,
        load: Load = same,
        *,
        members: bool = False,
        spellings: bool = False,
        filters: t.Optional[Record] = None,
    ) -> Listing:
        """The same for groups; with ``members``, their users are listed, not only counted."""
        how = {**({"enumerate_members": True} if members else {}), **_filtered(filters)}
        return self._records("POST /groups/list", "groups", names, how, load, spellings)

    def users_like(self, names: t.Iterable[str]) -> t.Collection[str]:
        """Users, including those whose names are usual spellings of these names; all users, if the task has read them."""
        return self._like("POST /users/list", "users", names)

    def groups_like(self, names: t.Iterable[str]) -> t.Collection[str]:
        """The same for groups."""
        return self._like("POST /groups/list", "groups", names)

    def user_roll(self) -> Roll:
        """All users, and whether each may administer the server."""
        return self._roll("POST /users/list")

    def users_with(self, properties: t.Sequence[str], load: Load) -> dict[str, t.Any]:
        """All users by name, as ``load`` makes them of records with these properties at least.

        There are filters only for name, group, admin and autologin (server behaviour, 38). So this costs a request for each
        thousand users, with small records if the server knows ``proplist`` (36).
        """
        operation = "POST /users/list"
        try:
            return self._pages(operation, {"proplist": ["name", *properties]}, load).records
        except (Refused, Unreadable) as exc:
            if isinstance(exc, Refused) and exc.status != 400:
                raise
            return self._pages(operation, {}, load).records

    def change_password(self, username: str, password: str) -> None:
        """Set a user's local password. The server requires a recent sign-in, so this may sign in again, once."""
        operation, body = "POST /auth/password/change", {"username": username, "new_password": password}
        headers = self.session.headers()
        try:
            self.call(operation, body)
        except Refused as exc:
            if exc.status != 403 or "recent" not in exc.reason.lower():
                raise
            self.session.sign_in_again(headers)
            self.call(operation, body)

    # -- access lists (server behaviour, 67-71)

    def access_lists(self, users: t.Sequence[str], groups: t.Sequence[str]) -> list[Record]:
        """Rows of these owners; of all owners if none is named. Answers may contain rows of other owners (69)."""
        if not users and not groups:
            return self._rows({"filters": {"object_type": "all"}})
        rows = _by_names(users, lambda listed: self._rows({"users": listed, "filters": {"object_type": "user"}}))
        rows += _by_names(groups, lambda listed: self._rows({"groups": listed, "filters": {"object_type": "group"}}))
        wanted = {("username", name) for name in users} | {("groupname", name) for name in groups}
        return [row for row in rows if any((key, row.get(key)) in wanted for key in ("username", "groupname"))]

    def access_rulesets(self) -> list[Record]:
        """Rulesets, each with one of its owners (server behaviour, 72-74)."""
        return self.objects("POST /access/rulesets/list", "rulesets", {})

    def access_rules(self, rulesets: t.Sequence[int]) -> list[Record]:
        """The rules of these rulesets (server behaviour, 77)."""

        def read(listed: list[str]) -> list[Record]:
            return self.objects("POST /access/rules/list", "rules", {"ruleset_ids": [*map(int, listed)]})

        return _by_names([*map(str, rulesets)], read)

    def _rows(self, body: Record) -> list[Record]:
        return self.objects("POST /userprop/access/list", "profiles", body)

    # -- configuration (server behaviour, 82-91)

    @property
    def config_profiles(self) -> tuple[str, list[str]]:
        """The active configuration profile, and all of them, as last read."""
        return self._config_profiles or self.read_config_profiles()

    def read_config_profiles(self) -> tuple[str, list[str]]:
        """The active configuration profile, and all of them, as they are now."""
        answer = self.object("GET /config-profile/list")
        active, profiles = answer.get("active_profile"), answer.get("profiles")
        if (
            not isinstance(active, str)
            or not isinstance(profiles, list)
            or not all(isinstance(p, str) for p in profiles)
        ):
            raise self.unreadable("the names of the active profile and of all profiles")
        self._config_profiles = active, profiles
        return active, profiles

    def config_items(self, profile: str, names: t.Optional[t.Sequence[str]] = None) -> list[Record]:
        """Configuration items by key, or all of them; keys may be missing in the answer, or be invented by the server (86)."""
        if names is None:
            return self._items(profile, {})
        found = _by_names(names, lambda listed: self._items(profile, {"names": listed}))
        return [item for item in found if item["name"] in set(names)]

    def _items(self, profile: str, body: Record) -> list[Record]:
        path = {"configurationProfile": profile}
        answer = self.object("POST /config-items/{configurationProfile}/list", body, path=path)
        return self.listed(answer, "items", named=True)

    def set_config_items(self, profile: str, values: t.Mapping[str, t.Any], *, secret: bool = False) -> None:
        """Write configuration items. ``secret`` values are kept out of error texts."""
        path = {"configurationProfile": profile}
        self.call("POST /config-items/{configurationProfile}", dict(values), path=path, secret=secret)

    def reset_config_items(self, profile: str, defaults: t.Mapping[str, t.Any]) -> None:
        """Reset configuration keys to their defaults: by null, or by the defaults themselves (server behaviour, 87).

        If a server refuses null once, this task does not send null again.
        """
        if self._takes_null:
            try:
                self.set_config_items(profile, dict.fromkeys(defaults))
            except Refused as exc:
                if exc.status != 400:
                    raise
                self._takes_null = False
            else:
                return
        self.set_config_items(profile, defaults)

    # -- certificate authorities and certificates (server behaviour, 98-99)

    def authorities(self) -> list[Record]:
        """VPN certificate authorities, the current one and earlier ones."""
        return self._certificates({"authorities": self.call("GET /ca/vpn/list")}, "authorities")

    # -- client profiles, and tokens for them (server behaviour, 92-97)

    def profiles(
        self,
        users: t.Optional[t.Collection[str]] = None,
        comment: t.Optional[str] = None,
        filters: t.Optional[Record] = None,
    ) -> list[Record]:
        """Client profiles of these users, or of all users; only those with a comment, if one is given.

        ``filters`` are more filters for the server, which may understand them in another sense (server behaviour, 93).
        """
        filters = dict(filters or {})
        if comment is not None:
            filters["comment"] = {"operation": "equal", "value": comment}
        if users is None or len(users) > FEW_USERS:
            found = self._all_profiles(filters)
        else:
            each = [{**filters, "user": {"operation": "equal", "value": user}} for user in sorted(users)]
            found = [*{one["serial"]: one for asked in each for one in self._all_profiles(asked)}.values()]
        wanted = found if users is None else [one for one in found if one.get("username") in users]
        return wanted if comment is None else [one for one in wanted if (one.get("comment") or "") == comment]

    def _all_profiles(self, filters: Record) -> list[Record]:
        found: dict[str, Record] = {}
        offset = pages = 0
        while True:
            pages += 1
            paging = {"page_size": PAGE, "offset": offset, "order_by": "serial", "sort_by": "asc"}
            answer = self.object("POST /profiles/list", {**paging, **({"filters": filters} if filters else {})})
            page, total, known = self._certificates(answer, "profiles"), answer.get("total"), len(found)
            found.update((one["serial"], one) for one in page)
            offset += len(page)
            if not isinstance(total, int) or offset >= total or len(found) == known:
                return list(found.values())
            self._refuse_endless(pages, len(found))

    def delete_profiles(self, serials: t.Sequence[str]) -> dict[str, int]:
        """Revoke client profiles; returns a status for each serial. 204 and 404 mean that it no longer exists."""
        answer = self.call("POST /profiles/delete", list(serials))
        statuses = answer.get("response") if isinstance(answer, dict) else None
        if not isinstance(statuses, dict):
            raise self.unreadable("a status of each profile")
        return {serial: int(status) for serial, status in statuses.items()}

    def _certificates(self, answer: Record, key: str) -> list[Record]:
        """Records with a serial each; in one example of the document, the serial ends with an apostrophe."""
        found = self.listed(answer, key)
        if not all(isinstance(one.get("serial"), (str, int)) for one in found):
            raise self.unreadable(f"a serial for each of its {key}")
        return [{**one, "serial": str(one["serial"]).strip("'")} for one in found]

    # -- the server itself (server behaviour, 103-116)

    def vpn_clients(self) -> list[Record]:
        """Connected VPN clients, with one name for their certificate's name (server behaviour, 109)."""
        clients = self.objects("GET /vpn/status", "vpn_clients")
        return [{("common_name" if k == "commonname" else k): v for k, v in client.items()} for client in clients]

    def restart(self, mode: str) -> None:
        """Restart the server; it answers before it stops."""
        self.call("POST /server/restart", query={"restartMode": mode})

    def await_restart(self, before: t.Optional[str], timeout: float, pause: float = 1.0) -> str:
        """Wait until the API answers again and ``last_restarted`` is no longer ``before``; return the new time.

        ``timeout`` is in seconds. The server gives no other sign (server behaviour, 104).
        """
        deadline = time.monotonic() + timeout
        with self.session.excused():  # the restart may end the token
            while time.monotonic() < deadline:
                if self._http.answers("/api/server/status"):
                    try:
                        now = self.object("GET /server/status").get("last_restarted")
                    except SignInError:
                        raise
                    except EstateError:
                        now = before  # not ready yet: ask again
                    if now != before:
                        return str(now)
                time.sleep(pause)
        raise NotBack(
            f"{self.url} was asked to restart, but did not restart within {timeout:g} seconds (last_restarted is still "
            f"{before}). Check the server. The configuration that was written is kept."
        )

    def await_service(self, timeout: float, pause: float = 1.0) -> None:
        """Wait until the API answers, after a call that may have restarted the server; ``timeout`` is in seconds."""
        deadline = time.monotonic() + timeout
        while not self._http.answers("/api/server/status"):
            if time.monotonic() > deadline:
                raise NotBack(f"{self.url} no longer answers, {timeout:g} seconds after {self.asked}.")
            time.sleep(pause)

    # -- clusters and databases (server behaviour, 100-102)

    def at_node(self, name: str) -> AccessServer:
        """A client whose calls a node of the cluster carries out; its writes do not count here."""
        http = self._http.copy()
        return AccessServer(http, self.session.at_node(http, name), self.connections, self.batch_size)

    def cluster_nodes(self) -> dict[str, Record]:
        """Nodes of the cluster by name; empty if this server is not in a cluster, or does not support clusters."""
        nodes = self._listed_nodes()
        return {} if self._is_node(nodes) is False else nodes

    def is_node(self) -> t.Optional[bool]:
        """Whether this server is in a cluster; None if it lists a single node and shows nothing more."""
        return self._is_node(self._listed_nodes())

    def _is_node(self, nodes: t.Mapping[str, Record]) -> t.Optional[bool]:
        """A single server may list itself (server behaviour, 102): then its database or the cluster properties decide."""
        if len(nodes) != 1:
            return bool(nodes)
        [node] = nodes.values()
        source = self.database_source()
        if source:
            return source == CLUSTER
        try:
            shared = self.object_if_offered("GET /cluster/props")
        except Refused as exc:
            if exc.status != 400:
                raise
            shared = None
        if shared is None or not node.get("api_endpoint"):
            return False
        return True if shared.get("props") else None

    def database_source(self) -> t.Optional[str]:
        """LOCAL, MYSQL or CLUSTER, by the source of configuration items; None if no item shows it.

        Items that always stay on the server itself do not count (server behaviour, 100).
        """
        sources = {
            item.get("derived_from")
            for item in self.config_items(self.config_profiles[0])
            if not _STAYS_LOCAL.fullmatch(str(item.get("name")))
        }
        return next((kind for source, kind in _SOURCES.items() if source in sources), None)

    def _listed_nodes(self) -> dict[str, Record]:
        nodes = (self.object_if_offered("GET /cluster/nodes/list") or {}).get("nodes") or {}
        if not isinstance(nodes, dict) or not all(isinstance(one, dict) for one in nodes.values()):
            raise self.unreadable("nodes by name")
        return nodes

    # -- reading lists of users and groups

    def _records(
        self,
        operation: str,
        names_key: str,
        names: t.Optional[t.Sequence[str]],
        how: t.Mapping[str, t.Any],
        load: Load,
        spellings: bool,
    ) -> Listing:
        if names is None:
            return self._pages(operation, how, load)
        listing = Listing({}, None)
        if len(names) > NAMES:
            listing = self._pages(operation, how, load, until=set(names))
        seen, wanted = listing.records, set(names)
        missing = [name for name in names if name not in seen]
        if listing.whole or (listing.total == len(seen) and len(missing) > NAMES):
            missing = []  # between several pages, a record may be missed; with so many, the writes show it
        others = sorted(respelled(missing)) if spellings else []
        beside = others if len(missing) + len(others) <= NAMES else []
        seen.update(self._named(operation, names_key, [*missing, *beside], how, load))
        return Listing({name: record for name, record in seen.items() if name in wanted}, None, whole=True)

    def _named(
        self, operation: str, names_key: str, names: t.Sequence[str], how: t.Mapping[str, t.Any], load: Load
    ) -> dict[str, t.Any]:
        """The records of these names that exist."""
        found: dict[str, t.Any] = {}
        for one in _by_names(names, lambda listed: [self._pages(operation, {names_key: listed, **how}, load).records]):
            found.update(one)
        self._there[operation].update((name, name in found) for name in names)
        return found

    def _like(self, operation: str, names_key: str, names: t.Iterable[str]) -> t.Collection[str]:
        if operation in self._rolls:
            return self._rolls[operation][1]
        there = self._there[operation]
        self._named(operation, names_key, sorted(respelled(names) - there.keys()), {}, same)
        return [name for name, is_there in there.items() if is_there]

    def _roll(self, operation: str) -> Roll:
        """From the task's own reading of the whole list, if it has not tried to write since then."""
        tried, roll = self._rolls.get(operation, (-1, {}))
        if tried != self._http.tried:
            self._pages(operation, {}, lambda record: None)
            tried, roll = self._rolls[operation]
        return roll

    def _pages(
        self, operation: str, how: t.Mapping[str, t.Any], load: Load, until: t.Optional[set[str]] = None
    ) -> Listing:
        """All records; or only the first ones, if it is less work to request the remaining names."""
        records: dict[str, t.Any] = {}
        roll: Roll = {}
        offset, tried = 0, self._http.tried
        total: t.Any = 0  # the count of the server, once known
        pages = 0
        while True:
            pages += 1
            self.progress(READING, offset, total)
            answer = self.object(operation, {"page_size": PAGE, "offset": offset, "order_by": "name", **how})
            page, total = self.listed(answer, "profiles", named=True), answer.get("total")
            if not isinstance(total, int) or isinstance(total, bool) or total < 0:
                raise self.unreadable("their number as total")
            known = len(records)
            for record in page:  # records are large; what load() keeps is smaller
                records[record["name"]] = load(record)
                roll[record["name"]] = _administers(record)
            offset += len(page)  # servers may cap the page
            if offset >= total or len(records) == known:  # a page without new records: the server does not continue
                if not {"users", "groups", "proplist", "filters"} & how.keys():
                    self._rolls[operation] = tried, roll
                return Listing(records, total, total == len(records) == len(page))
            if until is not None and len(until - records.keys()) / NAMES < (total - offset) / len(page):
                return Listing(records, None)
            self._refuse_endless(pages, len(records))

    def _refuse_endless(self, pages: int, records: int) -> None:
        """A server may return new records and a larger total on each page."""
        if pages >= MOST_PAGES or records > MOST_RECORDS:
            raise self.unreadable("an end of its list")


def _filtered(filters: t.Optional[Record]) -> Record:
    return {"filters": filters} if filters else {}


def _administers(record: Record) -> bool:
    admin, denied = (values.boolean(values.effective(record.get(key))) for key in ("admin", "deny"))
    return bool(admin) and not denied


def respelled(names: t.Iterable[str]) -> set[str]:
    """Other spellings of these names: in lower case, in upper case, with initial capitals, and in other forms of Unicode."""
    given, ways = set(names), (str.lower, str.upper, str.capitalize, str.title, alike)
    forms = {unicodedata.normalize(form, name) for name in given for form in ("NFC", "NFD", "NFKC")}
    return {*forms, *(spell(name) for name in given for spell in ways)} - given


def _by_names(names: t.Sequence[str], read: t.Callable[[list[str]], list[Record]]) -> list[Record]:
    """What is read for these names, in lists that are short enough for the server: its limit is unknown (36)."""
    found: list[Record] = []
    size, done = NAMES, 0
    while done < len(names):
        chunk = list(names[done : done + size])
        try:
            found += read(chunk)
        except Refused as exc:
            if exc.status not in (400, 413) or len(chunk) == 1:
                raise
            size = len(chunk) // 2
        else:
            done += len(chunk)
    return found


def some(names: t.Iterable[str]) -> str:
    """A few names for a sentence."""
    return listed(names, SHOWN_NAMES)
