# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator that tests start: a box and its web server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..clock import Clock
from ..openvpn_daemon import Endpoint
from ..pki import Pedigree, TlsIdentity, process_identity
from ..server import Listener, Simulator, end, serve_in_background
from .api_version import ApiVersion
from .applications import RIGHTS
from .control import FreeboxControl
from .data_plane import DataPlane
from .machine import APP_ID, Machine

if TYPE_CHECKING:
    from typing import Self

_LOCAL_NAME = "localhost"


class FreeboxSimulator(Simulator):
    """A simulated Freebox with an app that is paired already.

    `api_version` is what it announces; `readings` chooses among the readings of what documents leave open; `settings` are
    those of `Settings`. `rights` are those of the app. `names` are more names in the certificate, the first of which is
    announced as `api_domain`; with `key_identifier` the certificate names the key that signed it, which real boxes leave
    out. With `plain_http` the box is served a second time, without TLS. `enabled` are the VPN servers that run. With
    `data_plane` OpenVPN clients can really connect, at the port of each server.
    """

    kind = "freebox"
    machine: Machine

    def __init__(
        self,
        api_version: str = "16.0",
        readings: Mapping[str, str] | None = None,
        clock: Clock | None = None,
        settings: Mapping[str, Any] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        rights: Iterable[str] = RIGHTS,
        names: Iterable[str] = (),
        key_identifier: bool = False,
        plain_http: bool = False,
        enabled: Iterable[str] = (),
        keep_bodies: bool = True,
        data_plane: Endpoint | None = None,
    ) -> None:
        names = tuple(names)
        domain = names[0] if names else _LOCAL_NAME
        version = ApiVersion(api_version)
        self.machine = Machine(version, readings or {}, settings or {}, clock, rights, domain, keep_bodies)
        self.machine.address = self.machine.vpn_address = host if host != "0.0.0.0" else "127.0.0.1"  # noqa: S104
        self._data_plane = DataPlane(self.machine, data_plane) if data_plane else None
        if data_plane is not None:
            self.machine.vpn_address = data_plane.address
        for name in enabled:
            self.set_server(name, enabled=True)
        pedigree = Pedigree(
            root="Simulated Freebox ECC Root CA",
            intermediate="Simulated Freebox ECC Intermediate CA",
            common_name=domain,
            names=names,
            key_identifier=key_identifier,
        )
        self._identity: TlsIdentity = process_identity(host, pedigree=pedigree)
        self._host, self._port, self._plain_http = host, port, plain_http
        self._listeners: list[Listener] = []

    def start(self) -> Self:
        control = FreeboxControl(self.machine)
        listener = Listener((self._host, self._port), self.machine, control, self._identity.context())
        self._listeners = [listener]
        self._port = listener.server_port
        self.machine.url = self.url
        if self._plain_http:
            self._listeners.append(Listener((self._host, 0), self.machine, control, None))
        for each in self._listeners:
            serve_in_background(each)
        if self._data_plane is not None:
            self._start_data_plane(self._data_plane)
        return self

    def _start_data_plane(self, data_plane: DataPlane) -> None:
        try:
            data_plane.start()
        except BaseException:
            self.stop()
            raise
        self.machine.refreshed = data_plane.refresh
        self.machine.connections.data_plane = data_plane

    def stop(self) -> None:
        for listener in self._listeners:
            end(listener)
        self._listeners = []
        self.machine.connections.data_plane = None
        if self._data_plane is not None:
            self._data_plane.stop()
        self.machine.close()

    # how to reach it

    @property
    def url(self) -> str:
        return f"https://{self.machine.address}:{self._port}"

    @property
    def http_url(self) -> str:
        """Where it is reached without TLS, "" where it is not."""
        plain = self._listeners[1:]
        return f"http://{self.machine.address}:{plain[0].server_port}" if plain else ""

    @property
    def ca_path(self) -> str:
        return self._identity.ca_path

    @property
    def fingerprint_sha256(self) -> str:
        return self._identity.fingerprint_sha256

    @property
    def app_id(self) -> str:
        return APP_ID

    @property
    def app_token(self) -> str:
        return self.machine.app_token

    def ready(self) -> dict[str, str]:
        return {
            "kind": self.kind,
            "url": self.url,
            **({"http_url": self.http_url} if self.http_url else {}),
            "ca_path": self.ca_path,
            "fingerprint_sha256": self.fingerprint_sha256,
            "app_id": self.app_id,
            "app_token": self.app_token,
        }

    def reset(self) -> None:
        super().reset()
        self.machine.settle()

    # changes behind the client's back

    def press_button(self, status: str = "granted") -> int:
        """A person decides on the app that waits: `granted`, `denied`, or `timeout`; its track."""
        with self.machine.lock:
            return self.machine.applications.decide(status)

    def set_rights(self, *rights: str, app_id: str = APP_ID) -> None:
        """What the app may do from now on: exactly these."""
        with self.machine.lock:
            self.machine.applications.set_rights(app_id, set(rights))

    def revoke(self, app_id: str = APP_ID) -> None:
        """A person removes the app from the list."""
        with self.machine.lock:
            self.machine.applications.revoke(app_id)

    def expire_sessions(self) -> int:
        """End all sessions; their number."""
        with self.machine.lock:
            return self.machine.sessions.expire()

    def set_server(self, name: str, **values: Any) -> None:
        """Configure a VPN server, which is at once in the state that it is headed for; `broken` makes that an error."""
        with self.machine.lock:
            self.machine.servers.set(name, **values)
            self.machine.changed()
        self.machine.settle()

    def set_user(self, login: str, **values: Any) -> None:
        """Create or change a VPN user, by the fields of the API."""
        with self.machine.lock:
            self.machine.users.set(login, **values)
            self.machine.changed()
        self.machine.settle()

    def delete_user(self, login: str) -> None:
        with self.machine.lock:
            self.machine.users.delete(login)
            self.machine.changed()
        self.machine.settle()

    def connect(self, login: str, server: str = "openvpn_routed", **more: Any) -> dict[str, Any]:
        """A client of that user connects; what the API shows of it."""
        with self.machine.lock:
            return self.machine.connections.add(login, server, **more)

    def password_is(self, login: str, password: str) -> bool:
        """Whether that is the user's password."""
        user = self.machine.users.get(login)
        return user is not None and user.password == password

    def lets_in(self, server: str, file: str) -> bool:
        """Whether a VPN server would let in a client with that file."""
        with self.machine.lock:
            return bool(self.machine.client_files.judge(server, file)["let_in"])
