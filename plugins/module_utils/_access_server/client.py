# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Access Server Web API, as methods, and the options that say how to reach one."""

from __future__ import annotations

import functools
import json
import time
import typing as t

from ansible.module_utils.common.parameters import env_fallback
from ansible_collections.vpn.estate.plugins.module_utils._access_server import values
from ansible_collections.vpn.estate.plugins.module_utils._access_server.operations import call
from ansible_collections.vpn.estate.plugins.module_utils._access_server.session import (
    Credentials,
    FileStore,
    MemoryStore,
    Session,
    Store,
)
from ansible_collections.vpn.estate.plugins.module_utils._errors import (
    EstateError,
    InputError,
    NotBack,
    Refused,
    SignInError,
    Unreadable,
)
from ansible_collections.vpn.estate.plugins.module_utils._http import Transport, Trust
from ansible_collections.vpn.estate.plugins.module_utils._resource import Product, same

PAGE = 1000  # records of one page; more brings nothing but memory
MOST_CONNECTIONS = 8  # calls side by side that a server has to stand
LARGEST_BATCH = 5000  # objects of one request
NAMES = 100  # names of one request: the server's database limits the size of a query
SHOWN_NAMES = 5  # names that an error lists

Record = dict[str, t.Any]
Roll = dict[str, bool]
Load = t.Callable[[Record], t.Any]


class Listing(t.NamedTuple):
    """Records by name, and the server's own count of all of them where all were asked for.

    ``whole`` says that nothing can have been missed, as where one answer held them all.
    """

    records: dict[str, t.Any]
    total: t.Optional[int]
    whole: bool = False


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
        if not 1 <= params[name] <= most:
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


def connect(params: t.Mapping[str, t.Any], read_only: bool) -> AccessServer:
    """A client for a task. ``as_session`` is what the action plugin found or made before it."""
    http, shared = transport(params, read_only), params["as_session"] or {}
    store: Store = FileStore(shared["file"]) if "file" in shared else MemoryStore(json.loads(shared.get("state", "{}")))
    session = Session(http, credentials(params), store, shared.get("codes"))
    client = AccessServer(http, session, params["as_connections"], params["as_batch_size"])
    if not params["as_validate_certs"] and not params["as_certificate_fingerprint"]:
        client.cautions.append(
            f"The certificate of {http.url} is not checked: whoever answers there gets the password."
        )
    return client


ACCESS_SERVER = Product(ARGUMENT_SPEC, CONSTRAINTS, connect)


class AccessServer:
    """Methods for operations. Those that read answer records as they come; names are compared exactly."""

    def __init__(self, http: Transport, session: Session, connections: int = 1, batch_size: int = 500) -> None:
        self._http, self.session = http, session
        self.connections, self.batch_size = connections, batch_size
        self.cautions: list[str] = []  # what the user should hear whatever the task does
        self._rolls: dict[str, tuple[int, Roll]] = {}  # and how often this task had tried to write by then

    @property
    def url(self) -> str:
        """The address of the server."""
        return self._http.url

    @property
    def username(self) -> t.Optional[str]:
        """The account we are signed in with, where it is known."""
        return self.session.username

    @property
    def wrote(self) -> bool:
        """Whether anything was, or may have been, written."""
        return self._http.writes > 0

    @property
    def pressed(self) -> int:
        """How often the server asked for less."""
        return self._http.pressed

    @property
    def asked(self) -> str:
        """The last call, for sentences."""
        return self._http.asked

    # -- users, groups, and their properties (server-behaviour.md, C and D)

    def users(self, names: t.Optional[t.Sequence[str]] = None, load: Load = same) -> Listing:
        """Users by name, or all of them, as ``load`` makes them of records; names that do not exist are absent."""
        return self._records("POST /users/list", "users", names, {}, load)

    def groups(self, names: t.Optional[t.Sequence[str]] = None, load: Load = same, *, members: bool = False) -> Listing:
        """The same of groups; with ``members`` their users are named, not only counted."""
        return self._records("POST /groups/list", "groups", names, {"enumerate_members": True} if members else {}, load)

    def user_roll(self) -> Roll:
        """All users, and whether each may administer the server."""
        return self._roll("POST /users/list")

    def group_roll(self) -> Roll:
        """All groups, and whether each may administer the server."""
        return self._roll("POST /groups/list")

    def default_user(self) -> Record:
        """The record that users without a group inherit from."""
        return self._object("GET /users/defaultuser")

    def create_user(self, record: Record) -> None:
        """Make a user with properties."""
        self._http.write(call("POST /users/create", record))

    def create_group(self, record: Record) -> None:
        """Make a group with properties."""
        self._http.write(call("POST /groups/create", record))

    def set_properties(self, records: t.Sequence[Record]) -> None:
        """Set properties of users, groups and the default user: bare values, None to hand one back."""
        self._http.write(call("POST /userprop/set", list(records)))

    def delete_users(self, names: t.Sequence[str]) -> None:
        """Delete users."""
        self._http.write(call("POST /users/delete", {"users": list(names)}))

    def delete_groups(self, names: t.Sequence[str]) -> None:
        """Delete groups; their users fall back to the default user."""
        self._http.write(call("POST /groups/delete", {"groups": list(names)}))

    def change_password(self, username: str, password: str) -> None:
        """Set a user's local password. The server wants a recent sign-in, so there may be one more, once."""
        request = call("POST /auth/password/change", {"username": username, "new_password": password}, secret=True)
        headers = self.session.headers()
        try:
            self._http.write(request)
        except Refused as exc:
            if exc.status != 403 or "recent" not in exc.reason.lower():
                raise
            self.session.sign_in_anew(headers)
            self._http.write(request)

    # -- access lists (server-behaviour.md, 67-71)

    def access_lists(self, users: t.Sequence[str], groups: t.Sequence[str]) -> list[Record]:
        """Rows of these owners; of every owner where neither is named. Answers may hold others' rows (69)."""
        if not users and not groups:
            return self._rows({"filters": {"object_type": "all"}})
        rows = _by_names(users, lambda listed: self._rows({"users": listed, "filters": {"object_type": "user"}}))
        rows += _by_names(groups, lambda listed: self._rows({"groups": listed, "filters": {"object_type": "group"}}))
        wanted = {("username", name) for name in users} | {("groupname", name) for name in groups}
        return [row for row in rows if any((key, row.get(key)) in wanted for key in ("username", "groupname"))]

    def _rows(self, body: Record) -> list[Record]:
        return self._list(self._object("POST /userprop/access/list", body), "profiles")

    def set_access_lists(self, rows: t.Sequence[Record]) -> None:
        """Write rows: the list of each owner and type that occurs, or nothing where a row's route is None."""
        self._http.write(call("POST /userprop/access/set", {"items_set": list(rows)}))

    # -- configuration (server-behaviour.md, 82-91)

    @functools.cached_property
    def config_profiles(self) -> tuple[str, list[str]]:
        """The active configuration profile, and all of them, as first read."""
        answer = self._object("GET /config-profile/list")
        active, profiles = answer.get("active_profile"), answer.get("profiles")
        if (
            not isinstance(active, str)
            or not isinstance(profiles, list)
            or not all(isinstance(p, str) for p in profiles)
        ):
            raise self._odd("the names of the active profile and of all profiles")
        return active, profiles

    def create_config_profile(self, name: str, copy_from: t.Optional[str]) -> None:
        """Make a configuration profile, empty or as a copy."""
        body = {"profile": name, **({"copy_from": copy_from} if copy_from else {})}
        self._http.write(call("POST /config-profile", body))

    def delete_config_profile(self, name: str) -> None:
        """Delete a configuration profile that is not active."""
        self._http.write(call("DELETE /config-profile/{profile}", path={"profile": name}))

    def validate_config_profile(self, name: str) -> None:
        """Let the server check a configuration profile; Refused tells what is wrong."""
        self._http.read(call("GET /config-profile/{profile}/validate", path={"profile": name}))

    def activate_config_profile(self, name: str, mode: str) -> None:
        """Make a configuration profile the active one, with a restart of this mode."""
        request = call("POST /config-profile/{profile}/set-active", query={"restartMode": mode}, path={"profile": name})
        self._http.write(request)

    def config_items(self, profile: str, names: t.Optional[t.Sequence[str]] = None) -> list[Record]:
        """Configuration items by key, or all of them; keys may be missing from the answer or be made up (86)."""
        if names is None:
            return self._items(profile, {})
        found = _by_names(names, lambda listed: self._items(profile, {"names": listed}))
        return [item for item in found if item["name"] in set(names)]

    def _items(self, profile: str, body: Record) -> list[Record]:
        answer = self._object(
            "POST /config-items/{configurationProfile}/list", body, path={"configurationProfile": profile}
        )
        return self._list(answer, "items", named=True)

    def set_config_items(self, profile: str, values: t.Mapping[str, t.Any], *, secret: bool = False) -> None:
        """Write configuration items; None asks for the default. ``secret`` values are kept out of error texts."""
        path = {"configurationProfile": profile}
        request = call("POST /config-items/{configurationProfile}", dict(values), path=path, secret=secret)
        self._http.write(request)

    def address_pools(self) -> list[str]:
        """Networks that VPN clients get addresses from, as far as the configuration tells."""
        pairs = [
            (f"{prefix}.network", f"{prefix}.netmask_bits") for prefix in ("vpn.server.static.0", "vpn.daemon.0.client")
        ]
        names = [*(name for pair in pairs for name in pair), "vpn.server.group_pool.0"]
        items = {item["name"]: item.get("value") or "" for item in self.config_items(self.config_profiles[0], names)}
        pools = [f"{items[network]}/{items[bits]}" for network, bits in pairs if items.get(network) and items.get(bits)]
        return [pool for pool in (*pools, str(items.get("vpn.server.group_pool.0", ""))) if pool]

    # -- the server itself (server-behaviour.md, 103-116)

    def get(self, operation: str) -> Record:
        """The answer of a read without parameters, as in ``GET /server/info``."""
        return self._object(operation)

    def get_if_offered(self, operation: str) -> t.Optional[Record]:
        """The same, or None where this server has no such operation (server-behaviour.md, 8)."""
        try:
            return self.get(operation)
        except Refused as exc:
            if exc.status != 404:
                raise
            return None

    def interfaces(self) -> list[Record]:
        """Network interfaces, without the loopback."""
        request = call("GET /server/interfaces", query={"no_loopback": "true"})
        return self._list({"interfaces": self._http.read(request)}, "interfaces")

    def status_overview(self) -> Record:
        """What the status page shows."""
        return self._object("POST /helper/status-overview", {"names": []})

    def vpn_clients(self) -> list[Record]:
        """Connected VPN clients, with one name for their certificate's name (server-behaviour.md, 109)."""
        clients = self._list(self._object("GET /vpn/status"), "vpn_clients")
        return [{("common_name" if k == "commonname" else k): v for k, v in client.items()} for client in clients]

    def disconnect(self, body: Record) -> None:
        """End VPN sessions, by ``users`` or by ``daemon_id`` and ``client_id``."""
        self._http.write(call("POST /vpn/client/disconnect", body))

    def log_reports(self, body: Record) -> Record:
        """Log records, newest first unless asked otherwise."""
        return self._object("POST /log/reports", body)

    def restart(self, mode: str) -> None:
        """Restart the server; it answers before it goes away."""
        self._http.write(call("POST /server/restart", query={"restartMode": mode}))

    def await_restart(self, before: t.Optional[str], timeout: float, pause: float = 1.0) -> str:
        """Wait until the API answers again and ``last_restarted`` is no longer ``before``; answer the new time.

        ``timeout`` is in seconds. The server gives no other sign (server-behaviour.md, 104).
        """
        deadline = time.monotonic() + timeout
        with self.session.excused():  # a token may not outlive the restart that we asked for
            while time.monotonic() < deadline:
                if self._http.answers("/api/server/status"):
                    try:
                        now = self.get("GET /server/status").get("last_restarted")
                    except SignInError:
                        raise
                    except EstateError:
                        now = before  # half awake: ask again
                    if now != before:
                        return str(now)
                time.sleep(pause)
        raise NotBack(
            f"{self.url} was told to restart and has not come back as restarted within {timeout:g} seconds "
            f"(last_restarted is still {before}). Look at the server; the configuration that was written stays written."
        )

    # -- reading lists

    def _object(self, operation: str, body: t.Any = None, path: t.Optional[t.Mapping[str, str]] = None) -> Record:
        answer = self._http.read(call(operation, body, path=path))
        if not isinstance(answer, dict):
            raise self._odd("an object")
        return answer

    def _list(self, answer: Record, key: str, named: bool = False) -> list[Record]:
        """The records under a key of an answer, each with a name if they have to have one."""
        found = answer.get(key)
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self._odd(f"a list of objects as {key}")
        if named and not all(isinstance(one.get("name"), str) for one in found):
            raise self._odd(f"a name for each of its {key}")
        return found

    def _odd(self, lacking: str) -> Unreadable:
        return Unreadable(
            f"{self.asked} answered something that this collection cannot read, without {lacking}: is this an Access Server?"
        )

    def _records(
        self,
        operation: str,
        names_key: str,
        names: t.Optional[t.Sequence[str]],
        how: t.Mapping[str, t.Any],
        load: Load,
    ) -> Listing:
        if names is None:
            return self._pages(operation, how, load)
        listing = Listing({}, None)
        if len(names) > NAMES:
            listing = self._pages(operation, how, load, until=set(names))
        seen, wanted = listing.records, set(names)
        missing = [name for name in names if name not in seen]
        if listing.whole or (listing.total == len(seen) and len(missing) > NAMES):
            missing = []  # of several pages, one may have slipped by; of so many, the writes will tell
        for found in _by_names(
            missing, lambda listed: [self._pages(operation, {names_key: listed, **how}, load).records]
        ):
            seen.update(found)
        return Listing({name: record for name, record in seen.items() if name in wanted}, None, whole=True)

    def _roll(self, operation: str) -> Roll:
        """From the task's own reading of the whole list, where it has not tried to write since."""
        tried, roll = self._rolls.get(operation, (-1, {}))
        if tried != self._http.tried:
            self._pages(operation, {}, lambda record: None)
            tried, roll = self._rolls[operation]
        return roll

    def _pages(
        self, operation: str, how: t.Mapping[str, t.Any], load: Load, until: t.Optional[set[str]] = None
    ) -> Listing:
        """All records; or, where asking for the names that are left is less work, those read by then."""
        records: dict[str, t.Any] = {}
        roll: Roll = {}
        offset, tried = 0, self._http.tried
        while True:
            answer = self._object(operation, {"page_size": PAGE, "offset": offset, "order_by": "name", **how})
            page, total = self._list(answer, "profiles", named=True), answer.get("total")
            if not isinstance(total, int) or isinstance(total, bool) or total < 0:
                raise self._odd("their number as total")
            known = len(records)
            for record in page:  # a record is large, and what is made of it need not be
                records[record["name"]] = load(record)
                roll[record["name"]] = _administers(record)
            offset += len(page)  # servers may cap the page
            if offset >= total or len(records) == known:  # a page without news: the server makes no headway
                if not {"users", "groups"} & how.keys():
                    self._rolls[operation] = tried, roll
                return Listing(records, total, total == len(records) == len(page))
            if until is not None and len(until - records.keys()) / NAMES < (total - offset) / len(page):
                return Listing(records, None)


def _administers(record: Record) -> bool:
    admin, denied = (values.boolean(values.effective(record.get(key))) for key in ("admin", "deny"))
    return bool(admin) and not denied


def _by_names(names: t.Sequence[str], read: t.Callable[[list[str]], list[Record]]) -> list[Record]:
    """What is read for these names, in lists as short as the server wants them: its limit is unknown (36)."""
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
    listed = sorted(names)
    more = len(listed) - SHOWN_NAMES
    return ", ".join(listed[:SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")
