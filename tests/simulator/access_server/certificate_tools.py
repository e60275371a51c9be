# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operations below /certificate, which make and examine certificates that the server does not keep."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from cryptography import x509

from .. import certificates
from ..answers import Answer
from ..certificates import ALGORITHMS, DEFAULT_ALGORITHM, TEMPLATES, Issuer, Key
from ..parts import Part, operation
from ..shapes import Nullable, OneOf
from .answers import Call, checked, invalid, refused
from .certificate_details import all_details

if TYPE_CHECKING:
    from .machine import Machine

_DAYS = 365


class CertificateTools(Part):
    """Answers are made of the request alone, but for the clock and a key that the configuration holds."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @property
    def _time(self) -> Callable[[float], str]:
        return self._machine.dialect.certificate_time

    @operation("POST", "/certificate/info", "certificateInfo")
    def info(self, call: Call) -> Answer:
        certificate = _certificates("certificate", checked(call.body, {"certificate!": str})["certificate"])[0]
        return Answer(200, all_details(certificate, self._time))

    @operation("POST", "/certificate/check-private-key", "checkPrivateKey")
    def check_key(self, call: Call) -> Answer:
        asked = checked(call.body, {"certificate!": str, "private_key!": str})
        certificate = _certificates("certificate", asked["certificate"])[0]
        key = _key("private_key", asked["private_key"])
        return Answer(200, {"status": certificate.public_key() == key.public_key()})

    @operation("POST", "/certificate/check-against-ca-roots", "post__certificate_check-against-ca-roots")
    def check_chain(self, call: Call) -> Answer:
        """The chain that was found, the certificate first and its root last."""
        asked = checked(call.body, {"certificate!": str, "chain": str, "ca_roots": [str]})
        certificate, *others = _certificates("certificate", asked["certificate"])
        if asked.get("chain"):
            others += _certificates("chain", asked["chain"])
        roots = [each for text in asked.get("ca_roots", []) for each in _certificates("ca_roots", text)]
        chain = next(self._chains([certificate], others, roots or _system_roots()), None)
        if chain is None:
            raise refused(400, "Certificate cannot be verified against the CA roots")
        return Answer(200, {"chain": [all_details(each, self._time) for each in chain]})

    def _chains(
        self, begun: list[x509.Certificate], others: Sequence[x509.Certificate], roots: Sequence[x509.Certificate]
    ) -> Iterator[list[x509.Certificate]]:
        """Every way from the last certificate of what is begun to a root, by certificates that are valid now."""
        last = begun[-1]
        if not last.not_valid_before_utc <= self._machine.clock.moment() <= last.not_valid_after_utc:
            return
        if certificates.is_signed_by(last, last):
            if last in roots:
                yield begun
            return
        for issuer in [*roots, *others]:
            if issuer not in begun and certificates.is_authority(issuer) and certificates.is_signed_by(last, issuer):
                yield from self._chains([*begun, issuer], others, roots)

    @operation("POST", "/certificate/create", "post__certificate_create")
    def create(self, call: Call) -> Answer:
        shape = {
            "algorithm": str,
            "common_name": Nullable(str),
            "cert_template!": OneOf(*TEMPLATES),
            "days_to_expiry": int,
            "private_key_passphrase": str,
            "signing_ca": str,
            "subj_alt_dns_names": [str],
            "signing_ca_key": str,
            "signing_ca_config_key": Nullable(str),
            "signing_ca_private_key_passphrase": str,
        }
        asked = checked(call.body, shape)
        algorithm, days = asked.get("algorithm", DEFAULT_ALGORITHM), asked.get("days_to_expiry", _DAYS)
        if algorithm not in ALGORITHMS:
            raise invalid({"algorithm": "Algorithm is not allowed"}, f"Algorithm is not allowed: {algorithm}")
        if not 1 <= days <= 36500:
            raise invalid({"days_to_expiry": "Input should be between 1 and 36500"})
        issuer = self._issuer(asked)
        key = ALGORITHMS[algorithm]()
        now = self._machine.clock.now()
        validity = certificates.lasting(now, days, issuer.certificate if issuer else None)
        template, names = TEMPLATES[asked["cert_template"]], asked.get("subj_alt_dns_names", [])
        try:
            made = certificates.issued(asked.get("common_name"), key, template, validity, issuer, names)
        except ValueError as error:
            raise refused(400, f"Certificate cannot be generated: {error}") from None
        text = certificates.key_text(key, asked.get("private_key_passphrase"))
        return Answer(200, {"certificate": certificates.certificate_text(made), "private_key": text})

    def _issuer(self, asked: dict[str, Any]) -> Issuer | None:
        """Who signs; None for a self-signed certificate. The document does not say what half of a pair means."""
        text, where = asked.get("signing_ca_key"), "signing_ca_key"
        if not text and asked.get("signing_ca_config_key"):
            where = "signing_ca_config_key"
            text = self._machine.configuration.running.get(asked[where])
            if not text:
                raise invalid({where: f"Configuration key is not set: {asked[where]}"})
        if bool(asked.get("signing_ca")) != bool(text):
            raise refused(400, "signing_ca and its private key must be given together")
        if not text:
            return None
        certificate = _certificates("signing_ca", asked["signing_ca"])[0]
        key = _key(where, str(text), asked.get("signing_ca_private_key_passphrase"))
        if certificate.public_key() != key.public_key():
            raise invalid({where: "Private key does not belong to signing_ca"})
        if not certificates.is_authority(certificate):
            raise invalid({"signing_ca": "Certificate is not that of an authority"})
        return Issuer(certificate, key)


def _system_roots() -> list[x509.Certificate]:
    found = ssl.create_default_context().get_ca_certs(binary_form=True)
    return [x509.load_der_x509_certificate(each) for each in found]


def _certificates(field: str, text: str) -> list[x509.Certificate]:
    try:
        return certificates.certificates_in(text)
    except ValueError:
        raise invalid({field: "Certificate cannot be parsed"}, "Certificate cannot be parsed") from None


def _key(field: str, text: str, passphrase: str | None = None) -> Key:
    try:
        return certificates.key_in(text, passphrase)
    except ValueError as error:
        raise invalid({field: f"Private key cannot be read: {error}"}, "Private key cannot be read") from None
