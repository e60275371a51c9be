# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Access Server Web API, as methods."""

from __future__ import annotations

import collections
import re
import time
import typing as t
import unicodedata

from ..._engine.client_protocol import READ, Client
from ..._engine.field import same
from ..._engine.plan import listed
from ..._net.operations import Call, OnHeaders
from ..._net.transport import Transport
from ..._text.errors import EstateError, NotBack, Refused, SignInError, Unreadable
from ..._text.outside import alike
from . import values
from .operations import API
from .session import Session

PAGE = 1000  # records of one page; more brings nothing but memory
NAMES = 100  # names of one request: the server's database limits the size of a query
FEW_USERS = 10  # users whose profiles are asked for one by one; the profiles of more are read as a whole
SHOWN_NAMES = 5  # names that an error lists
MOST_RECORDS, MOST_PAGES = 1_000_000, 10_000  # of one list: what has more has no end

LOCAL, MYSQL, CLUSTER = "local", "mysql", "cluster"
# Where configuration items come from, and which database that means.
_SOURCES = {"cluster_db": CLUSTER, "mysql_standalone_db": MYSQL, "local_db": LOCAL}
# Whatever the rest is in (server-behaviour.md, 100).
_STAYS_LOCAL = re.compile(r"host\.name|.*\.(ip_address|interface)")

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


class AccessServer(Client):
    """Methods for operations. Those that read answer records as they come; names are compared exactly."""

    def __init__(self, http: Transport, session: Session, connections: int = 1, batch_size: int = 500) -> None:
        super().__init__(http)
        self.session = session
        self.connections, self.batch_size = connections, batch_size
        self._rolls: dict[str, tuple[int, Roll]] = {}  # and how often this task had tried to write by then
        self._config_profiles: t.Optional[tuple[str, list[str]]] = None
        self._takes_null = True  # for a configuration key, until this server refuses it
        self._there: dict[str, dict[str, bool]] = collections.defaultdict(dict)  # whether a name that was asked for is

    @property
    def username(self) -> t.Optional[str]:
        """The account we are signed in with, where it is known."""
        return self.session.username

    # -- users, groups, and their properties (server-behaviour.md, C and D)

    def users(
        self, names: t.Optional[t.Sequence[str]] = None, load: Load = same, *, spellings: bool = False
    ) -> Listing:
        """Users by name, or all of them, as ``load`` makes them of records; names that do not exist are absent.

        With ``spellings``, users_like() will be asked about the names, and what fits into the same request is.
        """
        return self._records("POST /users/list", "users", names, {}, load, spellings)

    def groups(
        self,
        names: t.Optional[t.Sequence[str]] = None,
        load: Load = same,
        *,
        members: bool = False,
        spellings: bool = False,
    ) -> Listing:
        """The same of groups; with ``members`` their users are named, not only counted."""
        how = {"enumerate_members": True} if members else {}
        return self._records("POST /groups/list", "groups", names, how, load, spellings)

    def users_like(self, names: t.Iterable[str]) -> t.Collection[str]:
        """Users, among them those whose names are usual spellings of these; all of them, where the task has read them."""
        return self._like("POST /users/list", "users", names)

    def groups_like(self, names: t.Iterable[str]) -> t.Collection[str]:
        """The same of groups."""
        return self._like("POST /groups/list", "groups", names)

    def user_roll(self) -> Roll:
        """All users, and whether each may administer the server."""
        return self._roll("POST /users/list")

    def users_with(self, properties: t.Sequence[str], load: Load) -> dict[str, t.Any]:
        """All users by name, as ``load`` makes them of records with these properties at least.

        There is no filter for any other property than name, group, admin and autologin (server-behaviour.md, 38), so that it
        costs a request for each thousand users, of small records where the server knows ``proplist`` (36).
        """
        operation = "POST /users/list"
        try:
            return self._pages(operation, {"proplist": ["name", *properties]}, load).records
        except (Refused, Unreadable) as exc:
            if isinstance(exc, Refused) and exc.status != 400:
                raise
            return self._pages(operation, {}, load).records

    def default_user(self) -> Record:
        """The record that users without a group inherit from."""
        return self._object("GET /users/defaultuser")

    def create_user(self, record: Record) -> None:
        """Make a user with properties."""
        self._http.write(API.call("POST /users/create", record))

    def create_group(self, record: Record) -> None:
        """Make a group with properties."""
        self._http.write(API.call("POST /groups/create", record))

    def set_properties(self, records: t.Sequence[Record]) -> None:
        """Set properties of users, groups and the default user: bare values, None to hand one back."""
        self._http.write(API.call("POST /userprop/set", list(records)))

    def delete_users(self, names: t.Sequence[str]) -> None:
        """Delete users."""
        self._http.write(API.call("POST /users/delete", {"users": list(names)}))

    def delete_groups(self, names: t.Sequence[str]) -> None:
        """Delete groups; their users fall back to the default user."""
        self._http.write(API.call("POST /groups/delete", {"groups": list(names)}))

    def change_password(self, username: str, password: str) -> None:
        """Set a user's local password. The server wants a recent sign-in, so there may be one more, once."""
        request = API.call("POST /auth/password/change", {"username": username, "new_password": password}, secret=True)
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
        self._http.write(API.call("POST /userprop/access/set", {"items_set": list(rows)}))

    # -- configuration (server-behaviour.md, 82-91)

    @property
    def config_profiles(self) -> tuple[str, list[str]]:
        """The active configuration profile, and all of them, as last read."""
        return self._config_profiles or self.read_config_profiles()

    def read_config_profiles(self) -> tuple[str, list[str]]:
        """The active configuration profile, and all of them, as they are now."""
        answer = self._object("GET /config-profile/list")
        active, profiles = answer.get("active_profile"), answer.get("profiles")
        if (
            not isinstance(active, str)
            or not isinstance(profiles, list)
            or not all(isinstance(p, str) for p in profiles)
        ):
            raise self._odd("the names of the active profile and of all profiles")
        self._config_profiles = active, profiles
        return active, profiles

    def create_config_profile(self, name: str, copy_from: t.Optional[str]) -> None:
        """Make a configuration profile, empty or as a copy."""
        body = {"profile": name, **({"copy_from": copy_from} if copy_from else {})}
        self._http.write(API.call("POST /config-profile", body))

    def delete_config_profile(self, name: str) -> None:
        """Delete a configuration profile that is not active."""
        self._http.write(API.call("DELETE /config-profile/{profile}", path={"profile": name}))

    def validate_config_profile(self, name: str) -> None:
        """Let the server check a configuration profile; Refused tells what is wrong."""
        self._http.read(API.call("GET /config-profile/{profile}/validate", path={"profile": name}))

    def activate_config_profile(self, name: str, mode: str) -> None:
        """Make a configuration profile the active one, with a restart of this mode."""
        request = API.call(
            "POST /config-profile/{profile}/set-active", query={"restartMode": mode}, path={"profile": name}
        )
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
        """Write configuration items. ``secret`` values are kept out of error texts."""
        path = {"configurationProfile": profile}
        request = API.call("POST /config-items/{configurationProfile}", dict(values), path=path, secret=secret)
        self._http.write(request)

    def reset_config_items(self, profile: str, defaults: t.Mapping[str, t.Any]) -> None:
        """Hand configuration keys back to their defaults: by null, or by the defaults themselves (server-behaviour.md, 87).

        A server that refuses null once is not asked with null again by this task.
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

    def address_pools(self) -> list[str]:
        """Networks that VPN clients get addresses from, as far as the configuration tells."""
        pairs = [
            (f"{prefix}.network", f"{prefix}.netmask_bits") for prefix in ("vpn.server.static.0", "vpn.daemon.0.client")
        ]
        names = [*(name for pair in pairs for name in pair), "vpn.server.group_pool.0"]
        items = {item["name"]: item.get("value") or "" for item in self.config_items(self.config_profiles[0], names)}
        pools = [f"{items[network]}/{items[bits]}" for network, bits in pairs if items.get(network) and items.get(bits)]
        return [pool for pool in (*pools, str(items.get("vpn.server.group_pool.0", ""))) if pool]

    # -- certificate authorities and certificates (server-behaviour.md, 98-99)

    def authorities(self) -> list[Record]:
        """VPN certificate authorities, the current one and those of the past."""
        return self._certificates({"authorities": self._http.read(API.call("GET /ca/vpn/list"))}, "authorities")

    def algorithms(self) -> list[str]:
        """Algorithms that the server makes keys of."""
        answer = self._http.read(API.call("GET /ca/allowed-algorithms/list"))
        if not isinstance(answer, list) or not all(isinstance(one, str) for one in answer):
            raise self._odd("a list of names")
        return answer

    def create_authority(self, common_name: str, algorithm: t.Optional[str]) -> None:
        """Make a VPN certificate authority, which becomes the current one."""
        body = {"common_name": common_name, **({"algorithm": algorithm} if algorithm else {})}
        self._http.write(API.call("POST /ca/vpn/create", body))

    def delete_authority(self, serial: str, clients: bool) -> None:
        """Delete a VPN certificate authority; with ``clients``, also the client profiles that it signed."""
        query = {"delete_clients": "true"} if clients else {}
        self._http.write(API.call("DELETE /ca/vpn/{serial}", path={"serial": serial}, query=query))

    def create_certificate(self, body: Record) -> tuple[str, str]:
        """Make a certificate and its key: both as PEM texts. The server keeps neither."""
        answer = self._http.write(API.call("POST /certificate/create", body, secret=True))
        try:
            return str(answer["certificate"]), str(answer["private_key"])
        except (KeyError, TypeError):
            raise self._odd("a certificate and its private key") from None

    def certificate_info(self, certificate: str) -> Record:
        """What the server reads in a certificate, a PEM text."""
        return self._object("POST /certificate/info", {"certificate": certificate})

    def key_belongs(self, certificate: str, private_key: str) -> bool:
        """Whether the server finds that a private key is that of a certificate; both are PEM texts."""
        body = {"certificate": certificate, "private_key": private_key}
        return bool(self._http.read(API.call("POST /certificate/check-private-key", body, secret=True)).get("status"))

    def trust_chain(self, body: Record) -> list[Record]:
        """The certificates from one to a trusted root; Refused tells why there are none."""
        return self._list(self._object("POST /certificate/check-against-ca-roots", body), "chain")

    # -- client profiles and tokens to get them with (server-behaviour.md, 92-97)

    def profiles(self, users: t.Optional[t.Collection[str]] = None, comment: t.Optional[str] = None) -> list[Record]:
        """Client profiles of these users, or of all; and of those with a comment, where one is given."""
        filters: Record = {} if comment is None else {"comment": {"operation": "equal", "value": comment}}
        if users is None or len(users) > FEW_USERS:
            found = self._all_profiles(filters)
        else:
            each = [{**filters, "user": {"operation": "equal", "value": user}} for user in sorted(users)]
            found = [one for asked in each for one in self._all_profiles(asked)]
        wanted = found if users is None else [one for one in found if one.get("username") in users]
        return wanted if comment is None else [one for one in wanted if (one.get("comment") or "") == comment]

    def _all_profiles(self, filters: Record) -> list[Record]:
        found: dict[str, Record] = {}
        offset = pages = 0
        while True:
            pages += 1
            paging = {"page_size": PAGE, "offset": offset, "order_by": "serial", "sort_by": "asc"}
            answer = self._object("POST /profiles/list", {**paging, **({"filters": filters} if filters else {})})
            page, total, known = self._certificates(answer, "profiles"), answer.get("total"), len(found)
            found.update((one["serial"], one) for one in page)
            offset += len(page)
            if not isinstance(total, int) or offset >= total or len(found) == known:
                return list(found.values())
            self._refuse_endless(pages, len(found))

    def create_profile(self, body: Record) -> str:
        """Make a client profile; its text holds a private key, and is told only now."""
        return self._text(API.call("POST /profiles/create", body, secret=True, accept="application/x-openvpn-profile"))

    def delete_profiles(self, serials: t.Sequence[str]) -> dict[str, int]:
        """Revoke client profiles; answers a status for each serial, of which 204 and 404 mean that it is gone."""
        answer = self._http.write(API.call("POST /profiles/delete", list(serials)))
        told = answer.get("response") if isinstance(answer, dict) else None
        if not isinstance(told, dict):
            raise self._odd("a status of each profile")
        return {serial: int(status) for serial, status in told.items()}

    def profile_tokens(self) -> list[Record]:
        """Tokens that are still valid; each is a secret."""
        return self._list(self._object("GET /token-url/list"), "profileTokens")

    def create_profile_token(self, body: Record) -> str:
        """Make a token to get a profile with; answers its URL, which is a secret."""
        return self._text(API.call("POST /token-url", body, secret=True))

    def delete_profile_tokens(self, tokens: t.Sequence[str]) -> None:
        """Make tokens invalid."""
        self._http.write(API.call("POST /token-url/delete", list(tokens), secret=True))

    def create_installer_url(self, body: Record) -> str:
        """Make a URL from which a client program with a profile is downloaded; the URL is a secret."""
        return self._text(API.call("POST /installer-url", body, secret=True))

    def totp_secret(self, username: str, **how: bool) -> str:
        """A user's TOTP secret. ``reset_secret`` makes a new one; ``locked`` says whether the user may still see it."""
        body = {"username": username, **how}
        answer = self._http.write(API.call("POST /userprop/mfa/generate-secret", body, secret=True))
        if not isinstance(answer, dict) or not isinstance(answer.get("totp_secret"), str):
            raise self._odd("a secret")
        return str(answer["totp_secret"])

    def enrol(self, username: str, code: str) -> None:
        """Say that a user has an authenticator, and prove it by a code."""
        self._http.write(API.call("POST /auth/mfa/enroll", {"username": username, "token": code}, secret=True))

    def _certificates(self, answer: Record, key: str) -> list[Record]:
        """Records with a serial each, which one example of the document ends with an apostrophe."""
        found = self._list(answer, key)
        if not all(isinstance(one.get("serial"), (str, int)) for one in found):
            raise self._odd(f"a serial for each of its {key}")
        return [{**one, "serial": str(one["serial"]).strip("'")} for one in found]

    def _text(self, request: Call) -> str:
        answer = self._http.write(request)
        if not isinstance(answer, str) or not answer:
            raise self._odd("a text")
        return answer

    # -- the server itself (server-behaviour.md, 103-116)

    def get(self, operation: str, on_headers: t.Optional[OnHeaders] = None) -> Record:
        """The answer of a read without parameters, as in ``GET /server/info``; ``on_headers`` gets its headers."""
        return self._object(operation, on_headers=on_headers)

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
        request = API.call("GET /server/interfaces", query={"no_loopback": "true"})
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
        self._http.write(API.call("POST /vpn/client/disconnect", body))

    def log_reports(self, body: Record) -> Record:
        """Log records, newest first unless asked otherwise."""
        return self._object("POST /log/reports", body)

    def restart(self, mode: str) -> None:
        """Restart the server; it answers before it goes away."""
        self._http.write(API.call("POST /server/restart", query={"restartMode": mode}))

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

    def await_service(self, timeout: float, pause: float = 1.0) -> None:
        """Wait until the API answers, after what may have made the server restart; ``timeout`` is in seconds."""
        deadline = time.monotonic() + timeout
        while not self._http.answers("/api/server/status"):
            if time.monotonic() > deadline:
                raise NotBack(f"{self.url} does not answer any more, {timeout:g} seconds after {self.asked}.")
            time.sleep(pause)

    # -- clusters and databases (server-behaviour.md, 100-102)

    def at_node(self, name: str) -> AccessServer:
        """This server, whose calls a node of its cluster carries out; what that one writes does not count here."""
        http = self._http.copy()
        return AccessServer(http, self.session.at_node(http, name), self.connections, self.batch_size)

    def cluster_nodes(self) -> dict[str, Record]:
        """Nodes of the cluster by name; none where this server is in no cluster, or knows nothing of clusters."""
        nodes = self._listed_nodes()
        return {} if self._is_node(nodes) is False else nodes

    def is_node(self) -> t.Optional[bool]:
        """Whether this server is in a cluster; None where it lists a single node and does not tell more."""
        return self._is_node(self._listed_nodes())

    def _is_node(self, nodes: t.Mapping[str, Record]) -> t.Optional[bool]:
        """A server that is alone may list itself (server-behaviour.md, 102): then its database or the properties tell."""
        if len(nodes) != 1:
            return bool(nodes)
        [node] = nodes.values()
        source = self.database_source()
        if source:
            return source == CLUSTER
        try:
            shared = self.get_if_offered("GET /cluster/props")
        except Refused as exc:
            if exc.status != 400:
                raise
            shared = None
        if shared is None or not node.get("api_endpoint"):
            return False
        return True if shared.get("props") else None

    def database_source(self) -> t.Optional[str]:
        """LOCAL, MYSQL or CLUSTER, by where configuration items come from; None where no item tells.

        Items that stay on the server itself, whatever the rest is in, do not count (server-behaviour.md, 100).
        """
        told = {
            item.get("derived_from")
            for item in self.config_items(self.config_profiles[0])
            if not _STAYS_LOCAL.fullmatch(str(item.get("name")))
        }
        return next((kind for source, kind in _SOURCES.items() if source in told), None)

    def _listed_nodes(self) -> dict[str, Record]:
        nodes = (self.get_if_offered("GET /cluster/nodes/list") or {}).get("nodes") or {}
        if not isinstance(nodes, dict) or not all(isinstance(one, dict) for one in nodes.values()):
            raise self._odd("nodes by name")
        return nodes

    def cluster_properties(self) -> Record:
        """What all nodes share. The document shows one flat set where it is written, and several where it is read."""
        props = self.get("GET /cluster/props").get("props") or {}
        if not isinstance(props, dict):
            raise self._odd("properties of the cluster")
        sets = [one for one in props.values() if isinstance(one, dict)]
        return {**props, **{key: value for one in sets for key, value in one.items()}}

    def set_cluster_properties(self, body: Record) -> None:
        """Set what all nodes share."""
        self._http.write(API.call("POST /cluster/props", body))

    def use_cluster_name(self) -> None:
        """Make the cluster's round-robin host name that of this node."""
        self._http.write(API.call("PUT /cluster/rr-dns-hostname"))

    def set_node(self, name: str, body: Record) -> None:
        """Set how the other nodes reach a node."""
        self._http.write(API.call("POST /cluster/{node}/set", body, path={"node": name}))

    def create_cluster(self, body: Record) -> None:
        """Make a cluster with this server as its first node; ``body`` holds the address of the database, a secret."""
        self._http.write(API.call("POST /cluster/create", body, secret=True))

    def join_cluster(self, body: Record) -> None:
        """Join the cluster that has this database, and lose what this server had in its own."""
        self._http.write(API.call("POST /cluster/join", body, secret=True))

    def leave_cluster(self) -> None:
        """Leave the cluster; the server goes back to a database of its own."""
        self._http.write(API.call("POST /cluster/leave"))

    def convert_database(self, uri: str) -> None:
        """Move what this server has to a MySQL database; the address is a secret."""
        self._http.write(API.call("PUT /database/convert", {"mysqluri": uri}, secret=True))

    def test_failover(self, settings: t.Mapping[str, str]) -> Record:
        """What the tests of a failover set-up come to, by name; all values are texts, and some are secrets."""
        answer = self._http.read(API.call("POST /server/failover-test", dict(settings), secret=True))
        if not isinstance(answer, dict):
            raise self._odd("results by name")
        return answer

    def start_failover(self) -> None:
        """Set up the secondary server as it is configured."""
        self._http.write(API.call("POST /server/failover-init"))

    def notify(self, kind: str) -> None:
        """Tell the nodes that something has happened."""
        self._http.write(API.call("POST /notification/create", {"notification_type": kind}))

    # -- reading lists

    def _object(
        self,
        operation: str,
        body: t.Any = None,
        path: t.Optional[t.Mapping[str, str]] = None,
        on_headers: t.Optional[OnHeaders] = None,
    ) -> Record:
        answer = self._http.read(API.call(operation, body, path=path, on_headers=on_headers))
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
            missing = []  # of several pages, one may have slipped by; of so many, the writes will tell
        others = sorted(respelled(missing)) if spellings else []
        beside = others if len(missing) + len(others) <= NAMES else []
        seen.update(self._named(operation, names_key, [*missing, *beside], how, load))
        return Listing({name: record for name, record in seen.items() if name in wanted}, None, whole=True)

    def _named(
        self, operation: str, names_key: str, names: t.Sequence[str], how: t.Mapping[str, t.Any], load: Load
    ) -> dict[str, t.Any]:
        """Those that are there of these names."""
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
        total: t.Any = 0  # what the server says, once it has
        pages = 0
        while True:
            pages += 1
            self.progress(READ, offset, total)
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
                if not {"users", "groups", "proplist"} & how.keys():
                    self._rolls[operation] = tried, roll
                return Listing(records, total, total == len(records) == len(page))
            if until is not None and len(until - records.keys()) / NAMES < (total - offset) / len(page):
                return Listing(records, None)
            self._refuse_endless(pages, len(records))

    def _refuse_endless(self, pages: int, records: int) -> None:
        """A server may name a new record on each page, and a larger total."""
        if pages >= MOST_PAGES or records > MOST_RECORDS:
            raise self._odd("an end of its list")


def _administers(record: Record) -> bool:
    admin, denied = (values.boolean(values.effective(record.get(key))) for key in ("admin", "deny"))
    return bool(admin) and not denied


def respelled(names: t.Iterable[str]) -> set[str]:
    """How else people write these names: in small letters, in capitals, beginning with one, and in other forms of Unicode."""
    said, ways = set(names), (str.lower, str.upper, str.capitalize, str.title, alike)
    forms = {unicodedata.normalize(form, name) for name in said for form in ("NFC", "NFD", "NFKC")}
    return {*forms, *(spell(name) for name in said for spell in ways)} - said


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
    return listed(names, SHOWN_NAMES)
