# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates and private keys in PEM format: their content, and whether they belong together.

What cannot be read raises ValueError, with half a sentence that quotes nothing of a key.
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import ssl
import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timezone

from ansible.module_utils.basic import missing_required_lib

from .._text.errors import InputError

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
except ImportError:
    HAS_CRYPTOGRAPHY = False
else:
    HAS_CRYPTOGRAPHY = True

UNREADABLE = "it contains a certificate that cannot be read"

BEGIN, END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
# Algorithms as certificates name them, and the vendor's other names for them (server behaviour, 99).
_ALGORITHMS = (
    *("rsa2048", "rsa3072", "rsa4096", "secp256r1", "secp384r1", "secp521r1", "secp256k1"),
    *("brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1", "Ed25519", "ed448"),
)
_ALSO = {"ecp384r1": "secp384r1", "secp512r1": "secp521r1", "secp2256k1": "secp256k1", "prime256v1": "secp256r1"}
_SPELLINGS = {**{name.lower(): name for name in _ALGORITHMS}, **_ALSO}


@dataclass(frozen=True)
class Certificate:
    """A certificate. Names are in the form of RFC 4514, times are in UTC, and ``fingerprint`` is its SHA-256."""

    pem: str = field(repr=False)
    fingerprint: str
    serial: str  # decimal
    subject: str
    issuer: str
    common_name: t.Optional[str]  # the last, where there are several
    dns_names: tuple[str, ...]
    addresses: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    algorithm: str
    is_authority: bool
    public_key: bytes = field(repr=False)  # DER, to compare
    parsed: t.Any = field(repr=False, compare=False)

    def days_left(self, now: t.Optional[datetime] = None) -> int:
        """Whole days until it expires; negative afterwards."""
        return (self.not_after - (now or datetime.now(timezone.utc))).days

    def facts(self) -> dict[str, t.Any]:
        """What results and diffs show of it."""
        return {
            "fingerprint": self.fingerprint,
            "serial": self.serial,
            "subject": self.subject,
            "issuer": self.issuer,
            "common_name": self.common_name,
            "subj_alt_dns_names": list(self.dns_names),
            "subj_alt_addresses": list(self.addresses),
            "not_before": _iso(self.not_before),
            "not_after": _iso(self.not_after),
            "algorithm": self.algorithm,
            "is_authority": self.is_authority,
        }


@contextlib.contextmanager
def about(option: str) -> t.Iterator[None]:
    """Around reading the value of an option: what cannot be read is an InputError that names the option."""
    try:
        yield
    except ValueError as exc:
        raise InputError(f"{option}: {exc}.") from exc


def spelled(algorithm: str) -> str:
    """An algorithm in the spelling of certificates; an unknown one does not change."""
    return _SPELLINGS.get(algorithm.lower(), algorithm)


def certificates(text: str) -> list[Certificate]:
    """All certificates of a text, in its order; there is at least one."""
    _need_cryptography()
    found = list(_blocks(text.replace("\r\n", "\n")))
    if not found:
        raise ValueError("it contains no certificate in PEM format")
    return [from_der(_der_of(pem)) for pem in found]


def _blocks(text: str) -> t.Iterator[str]:
    begin = text.find(BEGIN)
    while begin >= 0:
        end = text.find(END, begin)
        if end < 0:
            return
        yield text[begin : end + len(END)]
        begin = text.find(BEGIN, end)


def certificate(text: str) -> Certificate:
    """The one certificate of a text."""
    found = certificates(text)
    if len(found) > 1:
        raise ValueError(f"it contains {len(found)} certificates, and one is expected")
    return found[0]


def from_der(der: bytes) -> Certificate:
    """A certificate in binary form, as TLS transfers it."""
    _need_cryptography()
    try:
        found = x509.load_der_x509_certificate(der)
        names = _extension(found, x509.SubjectAlternativeName)
        constraints = _extension(found, x509.BasicConstraints)
        common_names = found.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        key = found.public_key()
        return Certificate(
            pem=ssl.DER_cert_to_PEM_cert(der),
            fingerprint=hashlib.sha256(der).hexdigest(),
            serial=str(found.serial_number),
            subject=found.subject.rfc4514_string(),
            issuer=found.issuer.rfc4514_string(),
            common_name=str(common_names[-1].value) if common_names else None,
            dns_names=tuple(names.get_values_for_type(x509.DNSName)) if names else (),
            addresses=tuple(str(one) for one in names.get_values_for_type(x509.IPAddress)) if names else (),
            not_before=_time(found, "not_valid_before"),
            not_after=_time(found, "not_valid_after"),
            algorithm=_algorithm(key),
            is_authority=bool(constraints and constraints.ca),
            public_key=_der(key),
            parsed=found,
        )
    except (ValueError, TypeError, x509.InvalidVersion, UnsupportedAlgorithm):
        raise ValueError(UNREADABLE) from None


def is_encrypted(private_key: str) -> bool:
    """Whether a passphrase is needed to read a private key."""
    return "ENCRYPTED" in private_key


def public_half(private_key: str, passphrase: t.Optional[str] = None) -> bytes:
    """The public key of a private key, to compare with that of a certificate."""
    _need_cryptography()
    password = passphrase.encode() if passphrase else None
    try:
        key = serialization.load_pem_private_key(private_key.encode(), password)
    except TypeError:
        raise ValueError(
            "it is not encrypted, but a passphrase is given" if passphrase else "it is encrypted"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        why = "it contains no private key in PEM format"
        raise ValueError(f"{why} that the passphrase decrypts" if passphrase else why) from None
    return _der(key.public_key())


def is_signed_by(one: Certificate, authority: Certificate) -> bool:
    """Whether the key of an authority has signed a certificate, and the name of the authority is that of the issuer."""
    signed, key = one.parsed, authority.parsed.public_key()
    if signed.issuer != authority.parsed.subject:
        return False
    how: tuple[t.Any, ...] = ()
    if isinstance(key, rsa.RSAPublicKey):
        how = getattr(signed, "signature_algorithm_parameters", padding.PKCS1v15()), signed.signature_hash_algorithm
    elif isinstance(key, ec.EllipticCurvePublicKey):
        how = (ec.ECDSA(signed.signature_hash_algorithm),)
    try:
        key.verify(signed.signature, signed.tbs_certificate_bytes, *how)
    except (InvalidSignature, UnsupportedAlgorithm, AttributeError, TypeError, ValueError):
        return False
    return True


def break_in(chain: t.Sequence[Certificate]) -> t.Optional[str]:
    """Where a chain is broken, in which each certificate should be signed by the next one."""
    for one, authority in zip(chain, chain[1:]):
        if not is_signed_by(one, authority):
            return f"{one.subject} is signed by {one.issuer}, and the next certificate is {authority.subject}"
        if not authority.is_authority:
            return f"{authority.subject} is not a certificate authority, and cannot sign {one.subject}"
    return None


def covers(one: Certificate, host: str) -> bool:
    """Whether a certificate is for a host, by its alternative names: an address, a name, or a name with a wildcard."""
    try:
        return str(ipaddress.ip_address(host)) in one.addresses
    except ValueError:
        name = host.lower().rstrip(".")
    parent = name.partition(".")[2]
    return any(each in (name, f"*.{parent}" if parent else name) for each in (n.lower() for n in one.dns_names))


def _need_cryptography() -> None:
    if not HAS_CRYPTOGRAPHY:
        raise InputError(missing_required_lib("cryptography", reason="to read certificates and private keys"))


def _der_of(pem: str) -> bytes:
    try:
        return ssl.PEM_cert_to_DER_cert(pem)
    except ValueError:
        raise ValueError(UNREADABLE) from None


def _extension(found: t.Any, kind: t.Any) -> t.Any:
    try:
        return found.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _time(found: t.Any, name: str) -> datetime:
    """With its zone, which releases of cryptography before 42 leave out."""
    time = getattr(found, f"{name}_utc", None) or getattr(found, name).replace(tzinfo=timezone.utc)
    return t.cast(datetime, time)


def _algorithm(key: t.Any) -> str:
    if isinstance(key, rsa.RSAPublicKey):
        return f"rsa{key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return spelled(key.curve.name)
    return spelled(type(key).__name__.strip("_").replace("PublicKey", ""))


def _der(public_key: t.Any) -> bytes:
    form = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    return t.cast(bytes, public_key.public_bytes(*form))


def _iso(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
