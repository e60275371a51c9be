# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server as a SAML service provider: what it tells of itself, and whom it lets in by an identity provider's word."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import uuid
import zlib
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

from lxml import etree
from signxml.verifier import SignatureConfiguration, XMLVerifier

from ..answers import Answer
from ..identity_provider import NAMESPACES, POST, REDIRECT, SUCCESS
from ..parts import Part, operation
from .answers import Call, checked, refused

if TYPE_CHECKING:
    from .machine import Machine

_PREFIX = "auth.saml.0."
_STATES = ("", "cws", "profile")
_HTML = {"Content-Type": "text/html"}
_NOT_CONFIGURED = "SAML is not configured or invalid configuration"
_INVALID = "Invalid SAML assertion"
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


class Saml(Part):
    """The operations of the tag saml, the sign-in by an assertion, and the helper that reads metadata."""

    passing = ("_seen", "metadata_at")

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._seen: set[str] = set()
        self.metadata_at: dict[str, str] = {}
        """What the server finds at addresses of identity providers."""

    def clear(self) -> None:
        self._seen.clear()
        self.metadata_at.clear()

    # what is active

    def _setting(self, name: str) -> Any:
        return self._machine.configuration.in_force(_PREFIX + name)

    @property
    def _is_configured(self) -> bool:
        return all(self._setting(name) for name in ("enable", "idp_entityid", "idp_signon_endpoint", "idp_cert"))

    @property
    def _address(self) -> str:
        return f"https://{self._setting('sp_hostname') or self._machine.configuration.in_force('host.name')}/saml"

    @property
    def entity_id(self) -> str:
        return f"{self._address}/metadata"

    @property
    def consumer(self) -> str:
        """Where responses are to be sent: the assertion consumer service."""
        return f"{self._address}/acs"

    # what it tells

    @operation("GET", "/saml/metadata", "get__saml_metadata")
    def metadata(self, call: Call) -> Answer:
        if not self._is_configured:
            body = f"<html><head></head><body><h1>404 Not Found</h1><p>{_NOT_CONFIGURED}</p></body></html>"
            return Answer(404, body, headers=_HTML)
        dated = ""
        if self._machine.readings["sp_metadata"] == "dated":
            until = _utc(self._machine.clock.now() + 2 * 86400)
            dated = f' validUntil="{until:%Y-%m-%dT%H:%M:%SZ}" ID="_{uuid.uuid4()}"'
        text = (
            f'<?xml version="1.0"?>\n<md:EntityDescriptor xmlns:md="{NAMESPACES["md"]}" entityID="{self.entity_id}"{dated}>'
            f'<md:SPSSODescriptor AuthnRequestsSigned="false" WantAssertionsSigned="true" '
            f'protocolSupportEnumeration="{NAMESPACES["samlp"]}">'
            f'<md:AssertionConsumerService Binding="{POST}" Location="{self.consumer}" index="1"/>'
            "</md:SPSSODescriptor></md:EntityDescriptor>\n"
        )
        return Answer(200, text, headers={"Content-Type": "application/samlmetadata+xml"})

    @operation("GET", "/auth/get-idp-url", "get__auth_get-idp-url", "open", query=("relay_state",))
    def idp_url(self, call: Call) -> Answer:
        state = call.query.get("relay_state", "")
        if state not in _STATES:
            raise refused(400, "Wrong RelayState parameter")
        if not self._is_configured:
            raise refused(400, _NOT_CONFIGURED)
        url = self._request_url(state)
        if self._machine.readings["idp_url"] == "text":
            return Answer(200, url, headers={"Content-Type": "text/plain"})
        return Answer(200, url)

    @operation("GET", "/saml/redirect", "get__saml_redirect", "open")
    def redirect(self, call: Call) -> Answer:
        if not self._is_configured:
            return Answer(403)
        return Answer(302, headers={"Location": self._request_url("")})

    def _request_url(self, state: str) -> str:
        """Where a browser asks the identity provider who its user is (SAML 2.0, Bindings, 3.4)."""
        request = (
            f'<samlp:AuthnRequest xmlns:samlp="{NAMESPACES["samlp"]}" xmlns:saml="{NAMESPACES["saml"]}" '
            f'ID="_{uuid.uuid4()}" Version="2.0" IssueInstant="{_utc(self._machine.clock.now()):%Y-%m-%dT%H:%M:%SZ}" '
            f'AssertionConsumerServiceURL="{self.consumer}"><saml:Issuer>{self.entity_id}</saml:Issuer></samlp:AuthnRequest>'
        )
        packed = base64.b64encode(zlib.compress(request.encode())[2:-4]).decode()
        endpoint = self._setting("idp_signon_endpoint")
        mark = "&" if "?" in endpoint else "?"
        return f"{endpoint}{mark}{urlencode({'SAMLRequest': packed, 'RelayState': state or 'cws'})}"

    @operation("POST", "/saml/acs", "post__saml_acs", "open")
    def consume(self, call: Call) -> Answer:
        """The page that a browser gets, which then signs in by itself."""
        body = call.body if isinstance(call.body, dict) else {}
        if not body.get("SAMLResponse"):
            page = "<html><body><h1>SAML authentication failed</h1><p>assertion request is invalid</p></body></html>"
            return Answer(400, page, headers=_HTML)
        script = (
            f"SAMLResponse = {json.dumps(body['SAMLResponse'])}; RelayState = {json.dumps(body.get('RelayState', ''))};"
        )
        return Answer(200, f"<html><head><script>{script}</script></head><body></body></html>", headers=_HTML)

    # what metadata of an identity provider says

    @operation("POST", "/helper/get-saml-configuration", "post__helper_get-saml-configuration")
    def read_metadata(self, call: Call) -> Answer:
        asked = checked(call.body or {}, {"data": str, "url": str})
        text = asked.get("data") or self.metadata_at.get(asked.get("url", ""))
        if not text:
            raise refused(400, "Could not fetch the metadata")
        found = self._described(text)
        configuration = self._machine.configuration
        items = configuration.items(configuration.active, list(found))
        return Answer(200, {"configuration_items": [{**item, "value": found[item["name"]]} for item in items]})

    def _described(self, text: str) -> dict[str, str]:
        try:
            root = etree.fromstring(text.encode(), _parser())
        except etree.XMLSyntaxError:
            raise refused(400, "The metadata could not be parsed") from None
        provider = root.find("md:IDPSSODescriptor", NAMESPACES)
        if provider is None:
            raise refused(400, "There is no identity provider in the metadata")
        certificates = provider.findall("md:KeyDescriptor//ds:X509Certificate", NAMESPACES)
        if self._machine.readings["saml_certificates"] == "first":
            certificates = certificates[:1]
        bare = ["".join((each.text or "").split()) for each in certificates]
        as_pem = self._machine.readings["saml_certificate_form"] == "pem"
        texts = [_pem(each) for each in bare] if as_pem else bare
        found = {
            "idp_entityid": root.get("entityID", ""),
            "idp_signon_endpoint": _location(provider, "SingleSignOnService"),
            "idp_logout_endpoint": _location(provider, "SingleLogoutService"),
            "idp_cert": "".join(texts),
        }
        return {_PREFIX + name: value for name, value in found.items() if value}

    # signing in

    @operation("POST", "/auth/login/saml-assertion", "authBySAMLAssertion", "open")
    def login(self, call: Call) -> Answer:
        shape: dict[str, Any] = {"assertion!": str, "relay_state": str}
        if self._machine.readings["saml_request_admin"] == "taken":
            shape["request_admin"] = bool
        asked = checked(call.body, shape)
        admin = asked.get("request_admin", self._machine.readings["saml_request_admin"] == "unknown")
        if asked.get("relay_state", "") not in _STATES:
            raise refused(400, "Wrong RelayState parameter")
        if not self._is_configured:
            raise refused(403, "There is no valid SAML configuration")
        name = self._proven(asked["assertion"])
        return self._machine.authentication.by_identity_provider(call, name, admin)

    def _proven(self, encoded: str) -> str:
        """The name of the user whom a response is about, if the identity provider has signed it for this server, now."""
        try:
            response = etree.fromstring(base64.b64decode(encoded, validate=True), _parser())
        except (binascii.Error, etree.XMLSyntaxError):
            raise refused(400, _INVALID) from None
        status = response.find("samlp:Status/samlp:StatusCode", NAMESPACES)
        if status is None or status.get("Value") != SUCCESS:
            raise refused(401, "Invalid authentication assertion request")
        assertion = self._signed_part(response)
        if assertion is None or not self._is_for_us(assertion):
            raise refused(400, _INVALID)
        identifier = assertion.get("ID", "")
        if identifier in self._seen and self._machine.readings["saml_replay"] == "refused":
            raise refused(400, _INVALID)
        self._seen.add(identifier)
        return str(assertion.findtext("saml:Subject/saml:NameID", "", NAMESPACES))

    def _signed_part(self, response: Any) -> Any:
        """The assertion in what a known key has signed; nothing else of a response counts."""
        certificates = self._setting("idp_cert").split(_END)[:-1] or [self._setting("idp_cert")]
        if self._machine.readings["saml_certificates"] == "first":
            certificates = certificates[:1]
        for each in certificates:
            pem = f"{each}{_END}\n" if _BEGIN in each else _pem("".join(each.split()))
            try:
                found = XMLVerifier().verify(
                    response, x509_cert=pem, id_attribute="ID", expect_config=SignatureConfiguration(location=".//")
                )
            except Exception:  # noqa: S112 - whatever the library finds wrong with it, another key may have signed it
                continue
            signed = cast(Any, found).signed_xml
            return signed if signed.tag.endswith("}Assertion") else signed.find("saml:Assertion", NAMESPACES)
        return None

    def _is_for_us(self, assertion: Any) -> bool:
        now = _utc(self._machine.clock.now())
        conditions = assertion.find("saml:Conditions", NAMESPACES)
        data = assertion.find("saml:Subject/saml:SubjectConfirmation/saml:SubjectConfirmationData", NAMESPACES)
        if conditions is None or data is None:
            return False
        audiences = [each.text for each in conditions.findall(".//saml:Audience", NAMESPACES)]
        return (
            assertion.findtext("saml:Issuer", "", NAMESPACES) == self._setting("idp_entityid")
            and self.entity_id in audiences
            and data.get("Recipient") == self.consumer
            and _parsed(conditions.get("NotBefore")) <= now < _parsed(conditions.get("NotOnOrAfter"))
            and now < _parsed(data.get("NotOnOrAfter"))
        )


def _parser() -> Any:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)


def _location(provider: Any, service: str) -> str:
    """The address of a service, that for browsers which are redirected if there is one."""
    found = {each.get("Binding"): each.get("Location") for each in provider.findall(f"md:{service}", NAMESPACES)}
    return str(found.get(REDIRECT) or next(iter(found.values()), ""))


def _pem(bare: str) -> str:
    lines = [bare[start : start + 64] for start in range(0, len(bare), 64)]
    return "\n".join([_BEGIN, *lines, _END]) + "\n"


def _utc(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.timezone.utc)


def _parsed(text: str | None) -> dt.datetime:
    return dt.datetime.strptime(text or "", "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.timezone.utc)
