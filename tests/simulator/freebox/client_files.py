# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files with which VPN clients connect: making them, forgetting earlier ones, and telling which would be let in."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from ..answers import Answer
from ..certificates import (
    TEMPLATES,
    Issuer,
    certificate_text,
    certificates_in,
    is_signed_by,
    issued,
    key_in,
    key_text,
    lasting,
)
from ..parts import Part, operation
from ..routing import Route
from . import client_file_text, wireguard_keys
from .answers import Call, failed, succeeded
from .vpn_servers import VpnServer
from .vpn_users import VpnUser

if TYPE_CHECKING:
    from .machine import Machine

OPENVPN_TYPE = "application/x-openvpn-profile"
_AUTHORITY, _SERVER = "Simulated Freebox OpenVPN CA", "Simulated Freebox OpenVPN server"
_LIFETIME_DAYS = 3650
_FORMATS = ("plain", "json")
_SERVED = {"openvpn": "standard", "wireguard": "wireguard"}
"""Types of servers that have client files, with the type of user that each serves."""


@dataclass(frozen=True)
class Issued:
    """A file that was handed out: whose it is, and by what its client is known.

    `mark` is the serial of a certificate where `certified`, otherwise a public key.
    """

    login: str
    server: str
    certified: bool
    mark: str
    text: str


class ClientFiles(Part):
    """The latest file of each user counts (F72)."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._valid: list[Issued] = []
        self._revoked: set[int] = set()
        self._wireguard_key = wireguard_keys.new_private_key()

    def clear(self) -> None:
        self._valid.clear()
        self._revoked.clear()

    def forget(self, login: str) -> None:
        """No file of the user is good any more."""
        self._drop(login)

    def _drop(self, login: str, server: str | None = None) -> None:
        kept = []
        for each in self._valid:
            if each.login == login and server in (None, each.server):
                if each.certified:
                    self._revoked.add(int(each.mark))
            else:
                kept.append(each)
        self._valid = kept

    def state(self) -> dict[str, Any]:
        return {"files": self.shown()}

    def shown(self) -> list[dict[str, str]]:
        """The files that are good, without what is secret in them."""
        return [{"login": each.login, "server": each.server, "mark": each.mark} for each in self._valid]

    @property
    def revoked(self) -> set[int]:
        """Serials of the certificates in files that are not good any more."""
        return set(self._revoked)

    # the keys of the servers

    @cached_property
    def _authority(self) -> Issuer:
        key = ec.generate_private_key(ec.SECP256R1())
        validity = lasting(self._machine.clock.now(), _LIFETIME_DAYS)
        return Issuer(issued(_AUTHORITY, key, TEMPLATES["ca"], validity), key)

    @cached_property
    def server_blocks(self) -> dict[str, str]:
        """The inline files of an OpenVPN server."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._certificate(_SERVER, key, "server")
        authority = certificate_text(self._authority.certificate)
        return {"ca": authority, "cert": certificate_text(certificate), "key": key_text(key)}

    def _certificate(self, name: str, key: ec.EllipticCurvePrivateKey, template: str) -> x509.Certificate:
        authority = self._authority
        validity = lasting(self._machine.clock.now(), _LIFETIME_DAYS, authority.certificate)
        return issued(name, key, TEMPLATES[template], validity, authority)

    def revocations(self) -> str:
        """The certificates of files that are not good any more, as a list for OpenVPN."""
        now = self._machine.clock.moment()
        authority = self._authority
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(authority.certificate.subject)
            .last_update(now - dt.timedelta(days=1))
            .next_update(now + dt.timedelta(days=_LIFETIME_DAYS))
        )
        for serial in sorted(self._revoked):
            entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now)
            builder = builder.add_revoked_certificate(entry.build())
        key = authority.key
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()

    # making them

    def _new(self, server: VpnServer, user: VpnUser) -> Issued:
        machine = self._machine
        address = machine.settings.public_address or machine.vpn_address
        if server.type == "openvpn":
            key = ec.generate_private_key(ec.SECP256R1())
            certificate = self._certificate(user.login[:64], key, "client")
            text = client_file_text.openvpn(
                server.name,
                address,
                server.values["port"],
                server.values["conf_openvpn"],
                user.password is not None,
                {
                    "ca": certificate_text(self._authority.certificate),
                    "cert": certificate_text(certificate),
                    "key": key_text(key),
                },
            )
            return Issued(user.login, server.name, True, str(certificate.serial_number), text)
        assert user.wireguard is not None
        private = wireguard_keys.new_private_key()
        text = client_file_text.wireguard(
            private,
            user.address,
            server.values["conf_wireguard"]["mtu"],
            wireguard_keys.public_key(self._wireguard_key),
            wireguard_keys.new_shared_key() if user.wireguard["psk"] else None,
            f"{address}:{server.values['port']}",
            user.wireguard["keepalive"],
        )
        return Issued(user.login, server.name, False, wireguard_keys.public_key(private), text)

    def issue(self, server: VpnServer, user: VpnUser) -> Issued:
        """A new file, which is good from now on; earlier ones are not."""
        kept = next((each for each in self._valid if (each.login, each.server) == (user.login, server.name)), None)
        if kept and server.type == "wireguard" and self._machine.readings["wireguard_download"] == "keeps":
            return kept
        by_server = self._machine.readings["download_invalidates"] == "server"
        self._drop(user.login, server.name if by_server else None)
        self._valid.append(self._new(server, user))
        return self._valid[-1]

    # who would be let in

    def judge(self, server_name: str, text: str) -> dict[str, Any]:
        """Whether a server would let in a client with that file, and if not, why."""
        reason = self._objection(server_name, text)
        return {"let_in": not reason, "reason": reason}

    def _objection(self, server_name: str, text: str) -> str:
        servers = self._machine.servers
        if server_name not in servers:
            return "there is no such server"
        server = servers.find(server_name)
        if servers.state_of(server) != "started":
            return f"the server is {servers.state_of(server)}"
        if server.type == "openvpn":
            return self._openvpn_objection(server, text)
        if server.type == "wireguard":
            return self._wireguard_objection(server, text)
        return "the server has no client files"

    def _openvpn_objection(self, server: VpnServer, text: str) -> str:
        file = client_file_text.read_openvpn(text)
        try:
            certificate, key = certificates_in(file["cert"])[0], key_in(file["key"])
            trusted = certificates_in(file["ca"])
        except (KeyError, ValueError) as error:
            return f"the file cannot be read: {error}"
        if key.public_key() != certificate.public_key():
            return "the key is not that of the certificate"
        if self._authority.certificate not in trusted or not is_signed_by(certificate, self._authority.certificate):
            return "the certificates are not of this box"
        use_tcp = server.values["conf_openvpn"]["use_tcp"]
        if (file.get("port"), file.get("tcp")) != (str(server.values["port"]), "tcp" if use_tcp else ""):
            return "the server is not where the file says"
        return self.objection_to(str(certificate.serial_number))

    def _wireguard_objection(self, server: VpnServer, text: str) -> str:
        file = client_file_text.read_wireguard(text)
        if file.get("publickey") != wireguard_keys.public_key(self._wireguard_key):
            return "the key is not that of this box"
        if not file.get("endpoint", "").endswith(f":{server.values['port']}"):
            return "the server is not where the file says"
        try:
            mark = wireguard_keys.public_key(file["privatekey"])
        except (KeyError, ValueError) as error:
            return f"the file cannot be read: {error}"
        known = next((each for each in self._valid if each.mark == mark), None)
        if known is not None and client_file_text.read_wireguard(known.text).get("presharedkey") != file.get(
            "presharedkey"
        ):
            return "the shared key is another one"
        user = self._machine.users.get(known.login) if known else None
        if user is not None and file.get("address") != f"{user.address}/32":
            return "the user has another address"
        return self.objection_to(mark)

    def objection_to(self, mark: str) -> str:
        """Why a client that is known by this mark would be turned away."""
        if mark in {each.mark for each in self._valid}:
            return ""
        return "the file is not the latest one of its user"

    def owner(self, mark: str) -> VpnUser | None:
        """The user whose file is known by this mark, if it is good."""
        found = next((each for each in self._valid if each.mark == mark), None)
        return self._machine.users.get(found.login) if found else None

    # operations

    def routes(self) -> list[Route]:
        """Younger boxes offer files in two forms."""
        younger = self._machine.api_version.has_wireguard
        return [each for each in super().routes() if younger or "{fmt}" not in each.path]

    @operation(
        "GET", "/vpn/download_config/{server_name}/{login}", "downloadUserConfigurationFile", "settings", writes=True
    )
    @operation(
        "GET",
        "/vpn/download_config/{server_name}/{login}/{fmt}",
        "downloadUserConfigurationFileAs",
        "settings",
        writes=True,
    )
    def download(self, call: Call) -> Answer:
        machine, form = self._machine, call.parameters.get("fmt", "plain")
        server = machine.servers.find(call.parameters["server_name"])
        user = machine.users.find(call.parameters["login"])
        if server.type not in _SERVED:
            raise failed("unsupp")
        if form not in _FORMATS:
            raise failed("inval", remark=f"path.fmt: {form} is none of {', '.join(_FORMATS)}")
        if _SERVED[server.type] != user.type:
            raise failed("inval", remark=f"path.login: users of the type {user.type} are not for this server")
        if machine.servers.state_of(server) != "started":
            raise failed("busy")
        text = self.issue(server, user).text
        machine.changed()
        name = f"config_{server.name}_{user.login}.{'ovpn' if server.type == 'openvpn' else 'conf'}"
        if form == "json":
            return succeeded({"filename": name, "content": text})
        kind = OPENVPN_TYPE if server.type == "openvpn" else machine.readings["wireguard_content_type"]
        quoted = name.encode("ascii", "replace").decode().replace("\\", "_").replace('"', "_")
        return Answer(
            200, text, headers={"Content-Type": kind, "Content-Disposition": f'attachment; filename="{quoted}"'}
        )
