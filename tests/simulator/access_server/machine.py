# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated Access Server without its network: everything it keeps, and what it does with a request."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from email.message import Message
from typing import Any

from ..answers import Answer, Refusal, parsed
from ..clock import Clock
from ..machine import SimulatedMachine
from ..parts import Thing
from ..readings import chosen_readings
from ..routing import Route
from . import passwords
from .access_lists import AccessLists
from .access_rulesets import AccessRulesets
from .answers import Call, invalid, refused
from .auth import HEADER, Authentication
from .authorities import Authorities
from .certificate_tools import CertificateTools
from .cluster import Cluster, Node
from .configuration import Configuration
from .dialect import dialect
from .failover import Failover
from .journal import Journal
from .legacy import Legacy
from .licences import Licences
from .power import Power
from .profile_tokens import ProfileTokens
from .profiles import Profiles
from .properties import PROPERTIES, Properties
from .proxy import NODE_HEADER, Proxy, passed_on
from .readings import READINGS
from .saml import Saml
from .settings import Settings
from .shared_database import DatabaseLost
from .status import Status
from .store import DEFAULT_USER, Record, Store
from .userprop import Userprop
from .vpn import Vpn

_MFA_ADMIN = "mfa-admin"


class Machine(SimulatedMachine):
    """One server."""

    secret_headers = frozenset({HEADER.lower(), "authorization", "cookie", "vpn-session-token"})
    offered_readings = READINGS
    request_type = Call
    settings: Settings

    def __init__(
        self,
        dialect_name: str,
        chosen_readings: Mapping[str, str],
        settings: Mapping[str, Any],
        clock: Clock | None,
        path: str | None,
        username: str,
        password: str | None,
        users: int = 0,
        groups: int = 0,
        keep_bodies: bool = True,
        host_name: str | None = None,
    ) -> None:
        super().__init__(clock, keep_bodies)
        self.dialect = dialect(dialect_name)
        self._initial_readings = dict(chosen_readings)
        self._initial_settings = dict(settings)
        self._initial_size = (users, groups)
        self.settings = Settings()
        self.local = Store(path)
        self.store = self.local
        """What the server works with: its own database, or the one that a cluster shares."""
        self.restarted: Callable[[], object] = lambda: None
        """Called when a restart has taken effect."""
        self.properties = Properties(self)
        self.journal = Journal(self)
        self.configuration = Configuration(self)
        self.authentication = Authentication(self)
        self.userprop = Userprop(self)
        self.access_lists = AccessLists(self)
        self.access_rulesets = AccessRulesets(self)
        self.vpn = Vpn(self)
        self.authorities = Authorities(self)
        self.profiles = Profiles(self)
        self.tokens = ProfileTokens(self)
        self.certificate_tools = CertificateTools(self)
        self.legacy = Legacy(self)
        self.cluster = Cluster(self, host_name)
        self.failover = Failover(self)
        self.power = Power(self)
        self.status = Status(self)
        self.licences = Licences(self)
        self.saml = Saml(self)
        self.proxy = Proxy()
        self.routes = self.find_routes()
        accounts = self.store.fact("accounts") or {
            "username": username,
            "mfa_username": _MFA_ADMIN,
            "mfa_totp_secret": passwords.new_secret(),
        }
        for name in ("password", "mfa_password"):
            accounts.setdefault(name, passwords.generated())
        if password is not None:
            accounts["password"] = password
        self.accounts: dict[str, str] = accounts
        """Names and passwords of the administrators that every server has."""
        self.store.set_fact("accounts", accounts)
        self._start()
        if password is not None:
            self.set_password(accounts["username"], password)
        self.cluster.resume()

    @property
    def node(self) -> str:
        """Host name of this server."""
        return self.cluster.host_name

    @property
    def version(self) -> str:
        return self.settings.version or self.dialect.version

    @property
    def lock(self) -> AbstractContextManager[Any]:
        return self.store.lock

    @property
    def absence(self) -> str:
        return self.settings.restart_answer if self.power.away else ""

    def spellings(self, path: str) -> tuple[str, ...]:
        below = path.removeprefix("/api").lstrip("/")
        return path, below, f"/{below}"

    def broken(self) -> Answer:
        return Answer(500, {"detail": "Internal server error"})

    def change_settings(self, values: Mapping[str, Any]) -> None:
        super().change_settings(values)
        self.cluster.start()

    def close(self) -> None:
        self.settings.dead = True  # for calls that are under way
        self.power.clear()
        self.cluster.close()
        self.local.close()

    def _start(self) -> None:
        self.readings = chosen_readings(READINGS, self._initial_readings)
        self.settings = Settings()
        self.settings.change(self._initial_settings)
        if self.store.record(DEFAULT_USER) is None:
            self._populate()
        self.cluster.start()
        self.configuration.start()
        self.authorities.started()
        self.journal.started()

    def reset(self) -> None:
        """Start over: everything but the accounts, the clock and the certificate is as on the first day."""
        with self.store.lock:
            self.cluster.clear()
            self.accounts = self.local.fact("accounts")
            for part in self.parts.values():
                part.clear()
            self.faults.clear()
            self.exchanges.clear()
            self._start()

    def _populate(self) -> None:
        """A fresh server: its two administrators and as many ordinary users and groups as were asked for."""
        accounts = self.accounts
        admin = Record(accounts["username"], "user", {"admin": True, "auth_method": "local"})
        admin.password = passwords.digest(accounts["password"])
        mfa_admin = Record(accounts["mfa_username"], "user", {"admin": True, "totp": True})
        mfa_admin.own |= {"totp_secret": accounts["mfa_totp_secret"], "totp_locked": True}
        mfa_admin.password = passwords.digest(accounts["mfa_password"])
        default = Record(DEFAULT_USER, "default", {"allow_generate_profiles": True})
        users, groups = self._initial_size
        self.store.put_many([default, admin, mfa_admin, *_ordinary_groups(groups), *_ordinary_users(users, groups)])

    # requests

    def answer(self, call: Call, headers: Message[str, str], text: bytes) -> tuple[Answer, Route | None, bool]:
        """The answer, the operation if there is one, and whether anything was written."""
        found = self.routes.find(call.method, call.path)
        if found is None or found[0].operation in self.settings.lacks.split(","):
            methods = self.routes.methods(call.path)
            missing = (405, "Method Not Allowed") if methods and not found else (404, "Not Found")
            return Answer(missing[0], {"detail": missing[1]}), None, False
        route, call.parameters = found
        store, commits = self.store, self.store.commits
        try:
            other = self._other_node(route, headers)
            if other is not None:
                # the other node writes it down, and may ask this one meanwhile
                return passed_on(call, *other, headers, text, self.settings.proxy_timeout), route, False
            with store.lock:
                commits = store.commits
                answer = self._carried_out(route, call, headers, text)
        except Refusal as refusal:
            answer = Answer(refusal.status, refusal.body, wrote=False, headers=refusal.headers)
        except DatabaseLost as error:
            answer = Answer(500, {"reason": str(error)}, wrote=False)
        changed = store.commits != commits
        accepted = route.writes and answer.wrote and answer.status < 300
        return answer, route, accepted or (changed and route.writes)

    def _other_node(self, route: Route, headers: Message[str, str]) -> tuple[str, Node] | None:
        """The node of the cluster that the header names, unless it is this one."""
        name = headers.get(NODE_HEADER)
        with self.store.lock:
            if name is None or self.cluster.knows(name):
                return None
            node = self.cluster.others.get(name)
            if node is None:
                raise refused(502, f"Cluster node is unknown or cannot be reached: {name}")
            if route.access != "open":
                self.authentication.token(headers.get(HEADER), route.access == "admin", route.access == "enrolment")
            return name, node

    def _carried_out(self, route: Route, call: Call, headers: Message[str, str], text: bytes) -> Answer:
        """What the operation answers; a Refusal takes back what it changed, unless it is one that keeps it."""
        if route.access != "open":
            admin_only = route.access == "admin"
            call.token = self.authentication.token(headers.get(HEADER), admin_only, route.access == "enrolment")
        unknown = set(call.query) - set(route.query)
        if unknown:
            raise invalid({f"query.{name}": "Extra inputs are not permitted" for name in sorted(unknown)})
        call.headers = headers
        call.node = self.cluster.made_up(headers.get(NODE_HEADER))
        call.body = _parsed(headers, text)
        kept: Refusal | None = None
        with self.store.transaction():
            try:
                return route.act(call)
            except Refusal as refusal:
                if not refusal.keep:
                    raise
                kept = refusal
        assert kept is not None
        raise kept

    # what tests and the control endpoints do behind the API's back

    def set_record(self, kind: str, name: str, properties: Mapping[str, Any]) -> None:
        """Create a record, or change the named properties of the one there is; None takes a property away.

        Properties are stored as they are given, by their names in the API; `password` of users is understood, and
        `members` of groups, which adds members.
        """
        with self.store.transaction():
            record = self.store.record(name) or Record(name, kind)
            if record.kind != kind:
                raise ValueError(f"{name} is a {record.kind}, not a {kind}")
            for key, value in properties.items():
                if key == "members" and kind == "group":
                    for member in value:
                        self.set_record("user", member, {"group": name})
                elif key == "password" and kind == "user":
                    record.password = None if value is None else passwords.digest(value)
                elif key == "group" and kind == "user":
                    record.member_of = value
                elif key not in PROPERTIES or kind not in PROPERTIES[key].levels:
                    raise ValueError(f"a {kind} has no property {key}")
                elif value is None:
                    record.own.pop(key, None)
                else:
                    record.own[key] = value
            self.store.put(record)

    def password_is(self, name: str, password: str) -> bool:
        record = self.store.record(name)
        return record is not None and passwords.matches(password, record.password)

    def set_password(self, name: str, password: str | None) -> None:
        self.set_record("user", name, {"password": password})

    def delete_record(self, name: str) -> None:
        with self.store.lock:
            self.store.delete(name)
            self.access_rulesets.owners_gone([name])
            self.users_gone([name])

    def users_gone(self, names: Iterable[str]) -> None:
        """What goes with deleted users."""
        gone = set(names)
        self.authentication.forget(gone)
        if self.readings["profiles_of_deleted_users"] == "deleted":
            self.profiles.delete_of_users(gone)
            self.tokens.delete_of_users(gone)

    def state(self) -> dict[str, Any]:
        with self.store.lock:
            _due = self.power.away  # a restart that is due takes effect
            own = {"dialect": self.dialect.name, "readings": self.readings, "clock": self.clock.now()}
            return {**own, **super().state()}

    def kept(self) -> dict[Thing, Any]:
        with self.store.lock:
            _due = self.power.away
            return super().kept()


def _parsed(headers: Message[str, str], text: bytes) -> Any:
    if not text:
        return None
    try:
        return parsed(headers, text)
    except ValueError:
        raise invalid({"body": "JSON decode error"}) from None


def _ordinary_groups(number: int) -> Iterable[Record]:
    for index in range(1, number + 1):
        subnet = {"ipv6": False, "netip": f"10.{index // 256}.{index % 256}.0", "prefix_length": 24}
        yield Record(f"group{index:03d}", "group", {"autologin": index % 2 == 0, "subnets": [subnet]})


def _ordinary_users(number: int, groups: int) -> Iterable[Record]:
    """People as a company has them: all with a password, most in a group, some with properties of their own."""
    password = passwords.digest(passwords.generated())
    for index in range(1, number + 1):
        own: dict[str, Any] = {}
        if index % 5 == 0:
            own["autologin"] = True
        if index % 20 == 0:
            own["deny"] = True
        if index % 10 == 0:
            own["static_ipv4"] = f"172.28.{index // 250 % 250}.{index % 250 + 2}"
        group = f"group{index % groups + 1:03d}" if groups else None
        yield Record(f"user{index:05d}", "user", own, group, password)
