# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate authority and the server's TLS certificate."""

from __future__ import annotations

import atexit
import datetime as dt
import functools
import ipaddress
import os
import shutil
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_VALIDITY = dt.timedelta(days=30)


@dataclass(frozen=True)
class TlsIdentity:
    """Paths of PEM files, and the SHA-256 of the server certificate in lower-case hex."""

    ca_path: str
    certificate_path: str
    key_path: str
    fingerprint_sha256: str

    def context(self) -> ssl.SSLContext:
        return _context_for(self)


@functools.cache
def _context_for(identity: TlsIdentity) -> ssl.SSLContext:
    """One for all servers of an identity: a process may start thousands."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate_path, identity.key_path)
    return context


@dataclass(frozen=True)
class Pedigree:
    """Who vouches for the server's certificate, and what it says: `names` beside those of the host and this machine.

    With `intermediate` the server's certificate comes from an authority of that name below the root. `key_identifier`
    says whether it names the key that signed it, without which Python 3.13 refuses it.
    """

    root: str = "Simulated Access Server CA"
    intermediate: str = ""
    common_name: str = "localhost"
    names: tuple[str, ...] = ()
    key_identifier: bool = True


_ACCESS_SERVER = Pedigree()


def process_identity(
    host: str = "127.0.0.1", owner: str | None = None, pedigree: Pedigree = _ACCESS_SERVER
) -> TlsIdentity:
    """One identity for each owner in this process, None for all that have no name; its folder goes with the process."""
    return _identity_of(host, owner, pedigree)


@functools.cache
def _identity_of(host: str, owner: str | None, pedigree: Pedigree) -> TlsIdentity:
    folder = Path(tempfile.mkdtemp(prefix="vpn-estate-simulator-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return identity_in(folder, host, pedigree)


def identity_in(folder: Path, host: str = "127.0.0.1", pedigree: Pedigree = _ACCESS_SERVER) -> TlsIdentity:
    """The identity that the folder holds; it is made when there is none yet."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ca_path, certificate_path, key_path = folder / "ca.pem", folder / "server.pem", folder / "server.key"
    if not (ca_path.exists() and certificate_path.exists() and key_path.exists()):
        ca, chain, key = _issue(host, pedigree)
        _write(ca_path, ca, 0o644)
        _write(key_path, key, 0o600)
        _write(certificate_path, chain, 0o644)
    certificate = x509.load_pem_x509_certificate(certificate_path.read_bytes())
    fingerprint = certificate.fingerprint(hashes.SHA256()).hex()
    return TlsIdentity(str(ca_path), str(certificate_path), str(key_path), fingerprint)


def context_of(chain: str, key: str) -> ssl.SSLContext:
    """A server's TLS context from PEM texts; OpenSSL reads them from files that are gone at once."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        chain_path, key_path = Path(folder, "chain.pem"), Path(folder, "key.pem")
        _write(chain_path, chain, 0o600)
        _write(key_path, key, 0o600)
        context.load_cert_chain(chain_path, key_path)
    return context


def _write(path: Path, text: str, mode: int) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="ascii") as file:
        file.write(text)


def _issue(host: str, pedigree: Pedigree) -> tuple[str, str, str]:
    """PEM texts of the root, of the server's certificate with the authorities between them, and of its key."""
    names: dict[str, x509.GeneralName] = {}
    for name in ("localhost", "127.0.0.1", host, *pedigree.names):
        if name != "0.0.0.0":  # noqa: S104 - a server that listens everywhere has no name by that
            names[name] = _general_name(name)
    key = ec.generate_private_key(ec.SECP256R1())
    signer, signer_key = pedigree.root, ec.generate_private_key(ec.SECP256R1())
    root, between = _certificate(signer, signer_key, signer, signer_key, authority=True), ""
    if pedigree.intermediate:
        own_key = ec.generate_private_key(ec.SECP256R1())
        between = _certificate(pedigree.intermediate, own_key, signer, signer_key, authority=True)
        signer, signer_key = pedigree.intermediate, own_key
    certificate = _certificate(
        pedigree.common_name,
        key,
        signer,
        signer_key,
        names=list(names.values()),
        key_identifier=pedigree.key_identifier,
    )
    key_text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return root, certificate + between, key_text.decode()


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _certificate(
    subject: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    authority: bool = False,
    names: list[x509.GeneralName] | None = None,
    key_identifier: bool = True,
) -> str:
    now = dt.datetime.now(dt.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + _VALIDITY)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=authority,
                crl_sign=authority,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    if key_identifier:
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
        builder = builder.add_extension(identifier, critical=False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        builder = builder.add_extension(usage, critical=False)
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
