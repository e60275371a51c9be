# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The authorities that sign the certificates of the VPN: the operations of the tag vpnca, and what a daemon needs."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from .. import certificates
from ..answers import Answer
from ..certificates import ALGORITHMS, DAY, DEFAULT_ALGORITHM, LIFETIME_DAYS, LONGEST_NAME, TEMPLATES, Issuer
from ..clock import moment
from ..parts import Part, operation
from ..shapes import OneOf
from .answers import Call, checked, invalid, refused
from .certificate_details import details

if TYPE_CHECKING:
    from .machine import Machine

_KIND, _CROSS, _REVOKED = "authority", "cross_authority", "revoked"
_FIRST_NAME = "OpenVPN CA"
_SERVER_NAME = "OpenVPN Server"
_RENEWAL_DAYS = 366


class KeyPair(NamedTuple):
    """PEM texts; more certificates can follow the one that the key belongs to."""

    certificate: str
    key: str


@dataclass(frozen=True)
class Authority:
    """A self-signed authority as it is stored."""

    serial: str
    certificate_text: str
    key_text: str
    current: bool

    @cached_property
    def certificate(self) -> x509.Certificate:
        return certificates.certificates_in(self.certificate_text)[0]

    @cached_property
    def common_name(self) -> str:
        return str(certificates.common_name_of(self.certificate))

    @property
    def algorithm(self) -> str:
        return certificates.algorithm_of(self.certificate)

    @property
    def issuer(self) -> Issuer:
        return Issuer(self.certificate, certificates.key_in(self.key_text))


class Authorities(Part):
    """All authorities of one server, oldest first; exactly one is current. The first is made when it is needed."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def all(self) -> list[Authority]:
        entries = self._machine.store.entries(_KIND)
        if not entries:
            self._make(_FIRST_NAME, DEFAULT_ALGORITHM, LIFETIME_DAYS, current=True)
            entries = self._machine.store.entries(_KIND)
        return [Authority(serial, **entry) for serial, entry in entries.items()]

    def started(self) -> None:
        """If the current authority is more than a year old at a start, create a new one (server behaviour, 98)."""
        if not self._machine.store.entries(_KIND):
            return
        age = self._machine.clock.moment() - self.current().certificate.not_valid_before_utc
        if age > dt.timedelta(days=_RENEWAL_DAYS):
            self.add()

    def current(self) -> Authority:
        return next(each for each in self.all() if each.current)

    def find(self, serial: str) -> Authority | None:
        return next((each for each in self.all() if each.serial == serial), None)

    def add(
        self,
        common_name: str | None = None,
        algorithm: str = DEFAULT_ALGORITHM,
        days_left: float = LIFETIME_DAYS,
        current: bool = True,
    ) -> str:
        """Make an authority that lasts ten years in all, of which so many days are left; the answer is its serial."""
        self.all()  # so that the first one is the oldest
        return self._make(common_name, algorithm, days_left, current)

    def _make(self, common_name: str | None, algorithm: str, days_left: float, current: bool) -> str:
        store = self._machine.store
        key, serial = ALGORITHMS[algorithm](), certificates.new_serial()
        ends = self._machine.clock.now() + days_left * DAY
        validity = certificates.Validity(ends - (LIFETIME_DAYS + 1) * DAY, ends)
        name = common_name or f"{_FIRST_NAME} {serial}"
        certificate = certificates.issued(name, key, TEMPLATES["ca"], validity, serial=serial)
        with store.transaction():
            if current:
                self._set_current("")
            entry = {
                "certificate_text": certificates.certificate_text(certificate),
                "key_text": certificates.key_text(key),
                "current": current,
            }
            store.put_entry(_KIND, str(serial), entry)
        return str(serial)

    def _set_current(self, serial: str) -> None:
        store = self._machine.store
        for each, entry in store.entries(_KIND).items():
            store.put_entry(_KIND, each, {**entry, "current": each == serial})

    def shown(self) -> list[dict[str, Any]]:
        """The authorities as the API lists them."""
        time = self._machine.dialect.certificate_time
        counts = self._machine.profiles.counts()
        rows = [
            {
                **details(each.certificate, time),
                "cert_type": "ca" if each.current else "old_ca",
                "client_profiles": counts.get(each.serial, 0),
            }
            for each in self.all()
        ]
        if self._machine.readings["cross_authorities"] == "listed":
            rows += [
                {
                    **details(certificate, time),
                    "signing_ca": older.serial,
                    "signing_ca_cn": older.common_name,
                    "cert_type": "cross_ca",
                    "client_profiles": 0,
                }
                for older, certificate in self._crosses()
            ]
        return rows

    def state(self) -> dict[str, Any]:
        return {"authorities": self.shown()}

    # operations

    @operation("GET", "/ca/vpn/list", "getVPNCas")
    def list_all(self, call: Call) -> Answer:
        return Answer(200, self.shown())

    @operation("GET", "/ca/allowed-algorithms/list", "CaSupportedAlgorithms")
    def list_algorithms(self, call: Call) -> Answer:
        return Answer(200, [*ALGORITHMS])

    @operation("POST", "/ca/vpn/create", "addCaGeneration", writes=True)
    def create(self, call: Call) -> Answer:
        asked = checked(call.body or {}, {"algorithm": str, "common_name": str})
        algorithm, name = asked.get("algorithm", DEFAULT_ALGORITHM), asked.get("common_name")
        if algorithm not in ALGORITHMS:
            raise invalid({"algorithm": "Algorithm is not allowed"}, f"Algorithm is not allowed: {algorithm}")
        wrong = None if name is None else self._wrong_name(name)
        if wrong:
            raise invalid({"common_name": wrong}, wrong)
        self.add(name, algorithm)
        if self._machine.readings["authority_restart"] == "restarts":
            self._machine.power.schedule("warm")
        return Answer(201)

    def _wrong_name(self, name: str) -> str | None:
        if not name.strip() or any(ord(letter) < 32 for letter in name):
            return "Common name is empty or contains invalid characters"
        if len(name) > LONGEST_NAME:
            return f"Common name is longer than {LONGEST_NAME} characters"
        if any(each.common_name == name for each in self.all()):
            return f"Common name already exists: {name}"
        return None

    @operation("DELETE", "/ca/vpn/{serial}", "delete_ca_vpn{serial}", writes=True, query=("delete_clients",))
    def delete(self, call: Call) -> Answer:
        """The current one can go as well; the youngest that is left takes its place."""
        flag = checked(call.query.get("delete_clients", "false").lower(), OneOf("true", "false"))
        serial = call.parameters["serial"]
        authority = self.find(serial)
        if authority is None:
            raise refused(404, f"CA does not exist: {serial}")
        left = [each for each in self.all() if each.serial != serial]
        if not left:
            raise refused(400, "The only CA cannot be deleted")
        profiles = self._machine.profiles
        if profiles.counts().get(serial) and flag == "false":
            raise refused(400, f"CA still has client certificates: {authority.common_name}")
        store = self._machine.store
        profiles.delete_of_authority(serial)
        store.delete_entry(_KIND, serial)
        store.delete_entry(_REVOKED, serial)
        if authority.current:
            self._set_current(left[-1].serial)
        return Answer(200)

    # for the daemons

    def revoke(self, serial: str, authority: str) -> None:
        """Put a certificate on its authority's list; the list goes with the authority."""
        revoked = {**self._revoked(authority), serial: self._machine.clock.now()}
        self._machine.store.put_entry(_REVOKED, authority, revoked)

    def _revoked(self, authority: str) -> dict[str, float]:
        """When each certificate of an authority was revoked, by its serial."""
        return self._machine.store.entry(_REVOKED, authority) or {}

    def revoked_serials(self, authority: str) -> list[str]:
        return [*self._revoked(authority)]

    def bundle(self) -> str:
        """PEM texts of all authorities whose clients are let in."""
        return "".join(each.certificate_text for each in self.all())

    def crl(self) -> str:
        """PEM texts of the revocation lists, one for each authority of the bundle."""
        return "".join(self._revocation_list(each) for each in self.all())

    def _revocation_list(self, authority: Authority) -> str:
        now = self._machine.clock.moment().replace(microsecond=0)
        issuer = authority.issuer
        next_one = now + dt.timedelta(days=365)
        builder = x509.CertificateRevocationListBuilder(issuer.certificate.subject, now, next_one)
        for serial, time in self._revoked(authority.serial).items():
            revoked = x509.RevokedCertificateBuilder(int(serial), moment(int(time)))
            builder = builder.add_revoked_certificate(revoked.build())
        signed = builder.sign(issuer.key, certificates.digest_for(issuer.key))
        return signed.public_bytes(serialization.Encoding.PEM).decode()

    def server_certificate(self) -> KeyPair:
        """For a VPN daemon: signed by the current authority, with what leads clients of older ones to it."""
        current = self.current()
        key = ALGORITHMS[current.algorithm]()
        validity = certificates.lasting(self._machine.clock.now(), LIFETIME_DAYS, at_most=current.certificate)
        own = certificates.issued(_SERVER_NAME, key, TEMPLATES["server"], validity, current.issuer)
        chain = [own, *(certificate for _older, certificate in self._crosses())]
        return KeyPair("".join(map(certificates.certificate_text, chain)), certificates.key_text(key))

    def _crosses(self) -> list[tuple[Authority, x509.Certificate]]:
        """Certificates by which each older authority vouches for the next younger one, the current one last in line."""
        store = self._machine.store
        line = sorted(self.all(), key=lambda each: each.current)
        found = []
        for older, younger in itertools.pairwise(line):
            name = f"{older.serial} {younger.serial}"
            entry = store.entry(_CROSS, name)
            if entry is None:
                certificate = self._cross(older, younger)
                store.put_entry(_CROSS, name, {"certificate_text": certificates.certificate_text(certificate)})
            else:
                certificate = certificates.certificates_in(entry["certificate_text"])[0]
            found.append((older, certificate))
        return found[::-1]

    def _cross(self, older: Authority, younger: Authority) -> x509.Certificate:
        validity = certificates.lasting(self._machine.clock.now(), LIFETIME_DAYS, at_most=older.certificate)
        key = younger.issuer.key
        return certificates.issued(younger.common_name, key, TEMPLATES["ca"], validity, older.issuer)
