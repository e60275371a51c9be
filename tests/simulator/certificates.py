# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and certificates: making and reading them."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .clock import moment

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey
DEFAULT_ALGORITHM = "secp384r1"
LONGEST_NAME = 64
DAY = 86400
LIFETIME_DAYS = 3650
"""Ten years, for authorities and clients alike (server behaviour, 98)."""


def _rsa(bits: int) -> Callable[[], Key]:
    return lambda: rsa.generate_private_key(65537, bits)


def _curve(curve: ec.EllipticCurve) -> Callable[[], Key]:
    return lambda: ec.generate_private_key(curve)


ALGORITHMS: dict[str, Callable[[], Key]] = {
    "rsa2048": _rsa(2048),
    "rsa3072": _rsa(3072),
    "rsa4096": _rsa(4096),
    "secp256r1": _curve(ec.SECP256R1()),
    "secp384r1": _curve(ec.SECP384R1()),
    "secp521r1": _curve(ec.SECP521R1()),
    "secp256k1": _curve(ec.SECP256K1()),
    "brainpoolP256r1": _curve(ec.BrainpoolP256R1()),
    "brainpoolP384r1": _curve(ec.BrainpoolP384R1()),
    "brainpoolP512r1": _curve(ec.BrainpoolP512R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
    "ed448": ed448.Ed448PrivateKey.generate,
    # what the document (lines 1390 and 777) calls secp256k1, secp384r1 and secp521r1
    "secp2256k1": _curve(ec.SECP256K1()),
    "ecp384r1": _curve(ec.SECP384R1()),
    "secp512r1": _curve(ec.SECP521R1()),
}
"""How to make a key of each algorithm; certificates tell theirs under the first name that fits."""

_serials = threading.Lock()
_last = [0]
_NETSCAPE_TYPE = x509.ObjectIdentifier("2.16.840.1.113730.1.1")
_SERVER, _CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


@dataclass(frozen=True)
class Template:
    """What a certificate is for."""

    usages: tuple[x509.ObjectIdentifier, ...] = ()
    authority: bool = False
    path_length: int | None = None
    names: bool = False
    """Whether it carries DNS names."""
    netscape_type: int | None = None
    """Bits of the old extension nsCertType, which the product still writes into clients' certificates."""


TEMPLATES = {
    "spcert": Template(),
    "ca": Template(authority=True),
    "intermediate_ca": Template(authority=True, path_length=0),
    "webserver": Template((_SERVER,), names=True),
    "server": Template((_SERVER,)),
    "client": Template((_CLIENT,), netscape_type=0x80),
    "hybrid": Template((_SERVER, _CLIENT)),
}


class Issuer(NamedTuple):
    certificate: x509.Certificate
    key: Key


class Validity(NamedTuple):
    """Seconds since the epoch."""

    begins: float
    ends: float


def lasting(now: float, days: float, at_most: x509.Certificate | None = None) -> Validity:
    """From a day ago until so many days from now, but no longer than the certificate that signs."""
    ends = now + days * DAY
    if at_most is not None:
        ends = min(ends, at_most.not_valid_after_utc.timestamp())
    return Validity(min(now, ends) - DAY, ends)


def new_serial() -> int:
    """The microseconds since 1970, as those in the document seem to be (1708464983752887); each is greater than the last."""
    with _serials:
        _last[0] = max(time.time_ns() // 1000, _last[0] + 1)
        return _last[0]


def issued(
    common_name: str | None,
    key: Key,
    template: Template,
    validity: Validity,
    issuer: Issuer | None = None,
    names: Sequence[str] = (),
    serial: int | None = None,
) -> x509.Certificate:
    """A certificate for the key, self-signed without an issuer; ValueError for a name that cannot be in one."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else [])
    signer = issuer.key if issuer else key
    begins, ends = (_whole_seconds(each) for each in validity)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(serial or new_serial())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(template.authority, template.path_length), critical=True)
        .add_extension(_key_usage(key, template.authority), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if template.usages:
        builder = builder.add_extension(x509.ExtendedKeyUsage(template.usages), critical=False)
    if template.netscape_type is not None:
        bits = bytes([0x03, 0x02, 0x07, template.netscape_type])
        builder = builder.add_extension(x509.UnrecognizedExtension(_NETSCAPE_TYPE, bits), critical=False)
    if template.names and names:
        builder = builder.add_extension(x509.SubjectAlternativeName(map(x509.DNSName, names)), critical=False)
    return builder.sign(signer, digest_for(signer))


def _whole_seconds(seconds: float) -> dt.datetime:
    return moment(int(seconds))


def _key_usage(key: Key, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_encipherment=not authority and isinstance(key, rsa.RSAPrivateKey),
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def digest_for(key: Key) -> hashes.SHA256 | None:
    """Edwards curves have theirs built in."""
    return None if isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey) else hashes.SHA256()


# PEM


def certificate_text(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def key_text(key: Key, passphrase: str | None = None) -> str:
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption).decode()


def certificates_in(text: str) -> list[x509.Certificate]:
    """All certificates of a PEM text; ValueError when there is none or one cannot be read."""
    return x509.load_pem_x509_certificates(text.encode())


def key_in(text: str, passphrase: str | None = None) -> Key:
    """The key of a PEM text; ValueError when it cannot be read or the passphrase is wrong, missing or too much."""
    try:
        key = serialization.load_pem_private_key(text.encode(), passphrase.encode() if passphrase else None)
    except TypeError as error:
        raise ValueError(str(error)) from None
    if not isinstance(key, Key):
        raise ValueError("Keys of this kind do not sign certificates")
    return key


# what they say


def common_name_of(certificate: x509.Certificate) -> str | None:
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else None


def algorithm_of(certificate: x509.Certificate) -> str:
    public: Any = certificate.public_key()
    if isinstance(public, ec.EllipticCurvePublicKey):
        return public.curve.name
    if isinstance(public, ed25519.Ed25519PublicKey):
        return "Ed25519"
    if isinstance(public, ed448.Ed448PublicKey):
        return "ed448"
    kind = type(public).__name__.removesuffix("PublicKey").lstrip("_").lower()
    return f"{kind}{getattr(public, 'key_size', '')}"


def is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def is_signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
