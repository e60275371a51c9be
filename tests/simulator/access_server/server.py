# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator that tests start: a machine, its HTTPS server, and its daemon if it has one."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..clock import Clock
from ..openvpn_daemon import Endpoint
from ..pki import TlsIdentity, context_of, identity_in, process_identity
from ..server import Listener, Simulator, end, serve_in_background
from .control import AccessServerControl
from .data_plane import DataPlane
from .machine import Machine
from .store import Store

if TYPE_CHECKING:
    from typing import Self


class AccessServerSimulator(Simulator):
    """A simulated OpenVPN Access Server.

    `dialect` is `3.2` or `document`; `readings` chooses among
    the readings of what the document leaves open; `settings` are those of `Settings`. `data` is the path of a database
    that outlives the process; without it all is in memory. `node_name` is the host's name, which has a certificate of
    its own. With `data_plane` VPN clients can really connect there.
    """

    kind = "access-server"
    machine: Machine

    def __init__(
        self,
        dialect: str = "3.2",
        readings: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        settings: Mapping[str, Any] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        data: str | None = None,
        username: str = "openvpn",
        password: str | None = None,
        users: int = 0,
        groups: int = 0,
        keep_bodies: bool = True,
        data_plane: Endpoint | None = None,
        node_name: str | None = None,
    ) -> None:
        settings = dict(settings or {})
        if data_plane is not None:
            data_plane = data_plane.resolved()
            settings.setdefault("profile_remotes", data_plane.remote)
        self.machine = Machine(
            dialect, readings or {}, settings, clock, data, username, password, users, groups, keep_bodies, node_name
        )
        self._data_plane = DataPlane(self.machine, data_plane) if data_plane else None
        self._identity: TlsIdentity = (
            identity_in(Path(f"{data}.tls"), host) if data else process_identity(host, node_name)
        )
        self._host, self._port, self._first_host = host, port, host
        self._listener: Listener | None = None

    def start(self) -> Self:
        self._listener = self._listening()
        self.machine.restarted = self._take_over
        self._port = self._listener.server_port
        self.machine.url = self.url
        serve_in_background(self._listener)
        if self._data_plane is not None:
            self._start_data_plane(self._data_plane)
        return self

    def _listening(self) -> Listener:
        control = AccessServerControl(self.machine)
        return Listener((self._host, self._port), self.machine, control, self._tls_context())

    def _start_data_plane(self, data_plane: DataPlane) -> None:
        try:
            data_plane.start()
        except BaseException:
            self.stop()
            raise
        self.machine.vpn.data_plane = data_plane

    def _tls_context(self) -> ssl.SSLContext:
        """What the web services present: the certificate that is configured, or the one they came with."""
        in_force = self.machine.configuration.in_force
        if in_force("cs.cert") and in_force("cs.priv_key"):
            return context_of(in_force("cs.cert") + "\n" + in_force("cs.ca_bundle"), in_force("cs.priv_key"))
        return self._identity.context()

    def _take_over(self) -> None:
        """After a restart: show the web certificate and run the daemon that are configured now."""
        if self._listener is not None:
            self._listener.tls = self._tls_context()
            self._move(self._listener)
        if self.machine.vpn.data_plane is not None:
            self.machine.vpn.data_plane.refresh()

    def _move(self, former: Listener) -> None:
        """Serve where the active configuration names, if the settings do."""
        in_force = self.machine.configuration.in_force
        host, port = in_force("admin_ui.https.ip_address"), in_force("admin_ui.https.port")
        host = host if host[:1].isdigit() else self._first_host
        if not self.machine.settings.moves or (host, port) == (self._host, self._port):
            return
        end(former)
        self._host, self._port = host, port
        self._listener = self._listening()
        self.machine.url = self.url
        serve_in_background(self._listener)

    def stop(self) -> None:
        if self._listener is not None:
            end(self._listener)
            self._listener = None
        if self.machine.vpn.data_plane is not None:
            self.machine.vpn.data_plane.stop()
            self.machine.vpn.data_plane = None
        self.machine.close()

    # how to reach it

    @property
    def url(self) -> str:
        return f"https://{self._host if self._host != '0.0.0.0' else '127.0.0.1'}:{self._port}"  # noqa: S104

    @property
    def ca_path(self) -> str:
        return self._identity.ca_path

    @property
    def fingerprint_sha256(self) -> str:
        return self._identity.fingerprint_sha256

    @property
    def username(self) -> str:
        return self.machine.accounts["username"]

    @property
    def password(self) -> str:
        return self.machine.accounts["password"]

    @property
    def mfa_username(self) -> str:
        return self.machine.accounts["mfa_username"]

    @property
    def mfa_password(self) -> str:
        return self.machine.accounts["mfa_password"]

    @property
    def mfa_totp_secret(self) -> str:
        return self.machine.accounts["mfa_totp_secret"]

    def ready(self) -> dict[str, str]:
        """What a client needs to know, as serve.py prints it."""
        return {
            "kind": self.kind,
            "url": self.url,
            "ca_path": self.ca_path,
            "fingerprint_sha256": self.fingerprint_sha256,
            **{name: self.machine.accounts[name] for name in ("username", "password", "mfa_username")},
            **{name: self.machine.accounts[name] for name in ("mfa_password", "mfa_totp_secret")},
        }

    @property
    def store(self) -> Store:
        """What the server keeps, for changes that no method here makes."""
        return self.machine.store

    # changes behind the client's back

    def connect(self, username: str) -> dict[str, Any]:
        """A VPN client of that user connects."""
        with self.machine.store.lock:
            return self.machine.vpn.connect(username)

    def set_user(self, name: str, **properties: Any) -> None:
        """Create or change a user; None takes a property away. `group` and `password` are understood."""
        self.machine.set_record("user", name, properties)

    def set_group(self, name: str, **properties: Any) -> None:
        """Create or change a group; `members` adds users to it, which are created if they are not there."""
        self.machine.set_record("group", name, properties)

    add_user, add_group = set_user, set_group

    def set_default_user(self, **properties: Any) -> None:
        """Change the default user."""
        self.machine.set_record("default", "__DEFAULT__", properties)

    def delete_user(self, name: str) -> None:
        self.machine.delete_record(name)

    delete_group = delete_user

    def set_configuration(self, profile: str = "default", **values: Any) -> None:
        """Store configuration values; keys hold dots, so hand them over with ** and a dict."""
        self.machine.store.set_configuration(profile, values)

    def add_ruleset(
        self,
        name: str,
        owners: Iterable[str],
        *rules: dict[str, Any],
        comment: str = "",
        position: int = 100,
    ) -> int:
        """A ruleset with rules as the API takes them; a type, a position and a comment may be left out. Answers its number."""
        return self.machine.access_rulesets.put(name, owners, rules, comment, position)

    def set_access_routes(self, owner: str, type: str, routes: list[dict[str, Any]]) -> None:
        self.machine.store.set_access_routes(owner, type, routes)

    def add_authority(self, common_name: str | None = None, **options: Any) -> str:
        """Its serial; `algorithm`, `days_left` and `current` are understood."""
        with self.machine.store.lock:
            return self.machine.authorities.add(common_name, **options)

    def add_profile(self, user: str, profile_type: str = "autologin", **options: Any) -> str:
        """Its serial; `days_left`, `comment`, `authority` (the serial of one) and `tls_crypt_v2` are understood."""
        with self.machine.store.lock:
            return self.machine.profiles.add(user, profile_type, **options)

    def add_profile_token(self, user: str, profile_type: str = "autologin", **options: Any) -> str:
        """The token; `lifetime` in seconds and `usages` are understood."""
        with self.machine.store.lock:
            return self.machine.tokens.add(user, profile_type, **options)

    def set_radius_account(self, username: str, password: str, pin: str | None = None, **properties: Any) -> None:
        """A user whose password, and PIN if there is one, a RADIUS server checks."""
        self.machine.set_record("user", username, {"auth_method": "radius", **properties})
        self.machine.authentication.set_radius(username, password, pin)

    def password_is(self, username: str, password: str) -> bool:
        """Whether that is the user's password, without a sign-in."""
        return self.machine.password_is(username, password)
