# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A SAML identity provider without a web page: its metadata, and signed responses for whom a test names (SAML 2.0, Core).

As a program, it keeps its key in a folder, and prints its metadata, or a response:

    python identity_provider.py FOLDER [--user NAME --entity-id ID --acs-url URL]
"""

from __future__ import annotations

import argparse
import base64
import datetime as dt
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from lxml import etree
from signxml.signer import XMLSigner

NAMESPACES = {
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
}
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
_DECLARED = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
_FOR_ANYBODY = "urn:oasis:names:tc:SAML:2.0:cm:bearer"


@dataclass(frozen=True)
class Signer:
    """A key of an identity provider, with the certificate that its metadata shows."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def fingerprint(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex()


def signer(name: str = "idp", days: float = 365) -> Signer:
    """A new key, with a certificate that is good for so many days from now."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    begin = now + min(dt.timedelta(days=-1), dt.timedelta(days=days - 1))
    builder = builder.not_valid_before(begin).not_valid_after(now + dt.timedelta(days=days))
    return Signer(key, builder.sign(key, hashes.SHA256()))


@dataclass
class IdentityProvider:
    """What signs people in; `signers` are its keys, of which the first one signs."""

    entity_id: str = "https://idp.example.com/metadata"
    sign_on: str = "https://idp.example.com/sso"
    logout: str = "https://idp.example.com/slo"
    signers: Sequence[Signer] = field(default_factory=lambda: [signer()])

    def metadata(self, *, binding: str = REDIRECT, valid_until: str = "", more: str = "") -> str:
        """Its metadata: a KeyDescriptor for each of its keys; `more` is XML at the end of its IDPSSODescriptor."""
        keys = "".join(
            f'<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>\n{_base64(each)}'
            "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            for each in self.signers
        )
        logout = (
            f'<md:SingleLogoutService Binding="{binding}" Location={quoteattr(self.logout)}/>' if self.logout else ""
        )
        until = f' validUntil="{valid_until}"' if valid_until else ""
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n'
            f"<md:EntityDescriptor {_DECLARED} entityID={quoteattr(self.entity_id)}{until}>"
            f'<md:IDPSSODescriptor protocolSupportEnumeration="{NAMESPACES["samlp"]}">{keys}{logout}'
            f'<md:SingleSignOnService Binding="{binding}" Location={quoteattr(self.sign_on)}/>{more}'
            "</md:IDPSSODescriptor></md:EntityDescriptor>\n"
        )

    def settings(self) -> dict[str, Any]:
        """What a service provider is configured with, by the keys of an Access Server."""
        return {
            "auth.saml.0.enable": True,
            "auth.saml.0.idp_entityid": self.entity_id,
            "auth.saml.0.idp_signon_endpoint": self.sign_on,
            "auth.saml.0.idp_cert": self.signers[0].pem,
        }

    def response(
        self,
        username: str,
        service_provider: str,
        consumer: str,
        *,
        now: float,
        lifetime: float = 300,
        by: Signer | None = None,
        status: str = SUCCESS,
        signs: str = "assertion",
        issuer: str | None = None,
    ) -> str:
        """A response that a browser would post as `SAMLResponse`: that a user has signed in, for a service provider.

        `consumer` is the address that it is for, and `signs` says what is signed: the assertion, the response or nothing.
        """
        begin, end = _time(now), _time(now + lifetime)
        response_id, assertion_id = f"_{uuid.uuid4()}", f"_{uuid.uuid4()}"
        name = escape(self.entity_id if issuer is None else issuer)
        place = '<ds:Signature Id="placeholder"/>'
        assertion = (
            f'<saml:Assertion {_DECLARED} ID="{assertion_id}" Version="2.0" IssueInstant="{begin}">'
            f"<saml:Issuer>{name}</saml:Issuer>{place if signs == 'assertion' else ''}"
            f"<saml:Subject><saml:NameID>{escape(username)}</saml:NameID>"
            f'<saml:SubjectConfirmation Method="{_FOR_ANYBODY}">'
            f"<saml:SubjectConfirmationData NotOnOrAfter={quoteattr(end)} Recipient={quoteattr(consumer)}/>"
            "</saml:SubjectConfirmation></saml:Subject>"
            f"<saml:Conditions NotBefore={quoteattr(begin)} NotOnOrAfter={quoteattr(end)}><saml:AudienceRestriction>"
            f"<saml:Audience>{escape(service_provider)}</saml:Audience></saml:AudienceRestriction></saml:Conditions>"
            f"<saml:AuthnStatement AuthnInstant={quoteattr(begin)}><saml:AuthnContext/></saml:AuthnStatement></saml:Assertion>"
        )
        if signs == "assertion":
            assertion = self._signed(assertion, assertion_id, by)
        response = (
            f'<samlp:Response {_DECLARED} ID="{response_id}" Version="2.0" IssueInstant="{begin}" '
            f"Destination={quoteattr(consumer)}><saml:Issuer>{name}</saml:Issuer>"
            f"{place if signs == 'response' else ''}"
            f"<samlp:Status><samlp:StatusCode Value={quoteattr(status)}/></samlp:Status>{assertion}</samlp:Response>"
        )
        if signs == "response":
            response = self._signed(response, response_id, by)
        return base64.b64encode(response.encode()).decode()

    def _signed(self, text: str, identifier: str, by: Signer | None) -> str:
        own = by or self.signers[0]
        root = etree.fromstring(text.encode())
        made = XMLSigner(c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#").sign(
            root, key=own.key, cert=[own.certificate], reference_uri=f"#{identifier}", id_attribute="ID"
        )
        return etree.tostring(made).decode()


def kept_in(folder: Path) -> IdentityProvider:
    """The identity provider whose key is in a folder; a new one where there is none."""
    file = folder / "idp.pem"
    if not file.is_file():
        made = signer()
        file.touch(0o600)
        file.write_bytes(made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + made.pem.encode())
    content = file.read_bytes()
    key = load_pem_private_key(content, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return IdentityProvider(signers=[Signer(key, x509.load_pem_x509_certificate(content))])


def main() -> None:
    """Print metadata, or a response for a user."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--user", help="whom a response is about")
    parser.add_argument("--entity-id", help="the service provider that it is for")
    parser.add_argument("--acs-url", help="the address that it is for")
    asked = parser.parse_args()
    provider = kept_in(asked.folder)
    if asked.user:
        print(provider.response(asked.user, asked.entity_id, asked.acs_url, now=time.time()))
    else:
        print(provider.metadata())


def _base64(one: Signer) -> str:
    return "".join(one.pem.splitlines(keepends=True)[1:-1])


def _time(now: float) -> str:
    return dt.datetime.fromtimestamp(now, dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    main()
