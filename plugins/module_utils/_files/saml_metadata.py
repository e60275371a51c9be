# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SAML metadata (saml-metadata-2.0-os) from any source: what it contains about a provider.

A document type, and so every entity, is refused; size, depth and number of elements have limits. What cannot be read raises
ValueError, with half a sentence. Signatures of metadata are not verified: the user has to know where the metadata is from.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime, timezone
from xml.parsers import expat

from . import pem

LARGEST = 1 << 20  # bytes of a text
DEEPEST = 40  # levels of elements; metadata has about ten
MOST = 20_000  # elements
SEPARATOR = " "  # between the namespace and the name of an element

MD, DS = "urn:oasis:names:tc:SAML:2.0:metadata ", "http://www.w3.org/2000/09/xmldsig# "
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
_PASSING = ("validUntil", "cacheDuration", "ID")  # attributes that may differ each time that metadata is created


class Element:
    """An element: its name with its namespace, its attributes, the elements in it, and the text before the first of them."""

    def __init__(self, name: str, attributes: t.Mapping[str, str]) -> None:
        self.name, self.attributes = name, attributes
        self.elements: list[Element] = []
        self.text = ""

    def within(self, *names: str) -> t.Iterator[Element]:
        """Elements by the names of the path to them."""
        found = [self]
        for name in names:
            found = [each for one in found for each in one.elements if each.name == name]
        return iter(found)


class _Reader:
    """The methods that expat calls while it reads."""

    def __init__(self) -> None:
        self.root: t.Optional[Element] = None
        self._open: list[Element] = []
        self._number = 0

    def begin(self, name: str, attributes: t.Mapping[str, str]) -> None:
        self._number += 1
        if len(self._open) >= DEEPEST or self._number > MOST:
            raise ValueError(f"it has more than {MOST} elements, or more than {DEEPEST} levels of them")
        element = Element(name, attributes)
        if self._open:
            self._open[-1].elements.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, name: str) -> None:
        self._open.pop()

    def text(self, text: str) -> None:
        if not self._open[-1].elements:
            self._open[-1].text += text

    def refuse(self, *args: t.Any) -> None:
        raise ValueError("it has a document type (DOCTYPE), which metadata does not need")


@dataclass(frozen=True)
class IdentityProvider:
    """A provider that authenticates users. ``certificates`` are those of its keys for signatures, each once."""

    entity_id: str
    signon_endpoint: str
    logout_endpoint: str
    certificates: tuple[pem.Certificate, ...]
    valid_until: t.Optional[datetime]


@dataclass(frozen=True)
class ServiceProvider:
    """A provider to which users sign in. ``consumer`` is the address to which browsers send the assertion of an identity provider.

    ``essence`` is what does not change when the same metadata is created again.
    """

    entity_id: str
    consumer: str
    valid_until: t.Optional[datetime]
    essence: t.Any


def parsed(text: str) -> Element:
    """The root of an XML document."""
    content = text.encode("utf-8", "replace")
    if len(content) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST >> 20} MB")
    reader, parser = _Reader(), expat.ParserCreate("utf-8", SEPARATOR)
    parser.StartElementHandler, parser.EndElementHandler = reader.begin, reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = reader.refuse
    try:
        parser.Parse(content, True)
    except expat.ExpatError as exc:
        raise ValueError(f"it is not XML: {expat.errors.messages[exc.code]} in line {exc.lineno}") from None
    if reader.root is None:
        raise ValueError("it is not XML")
    return reader.root


def identity_provider(text: str) -> IdentityProvider:
    """The one identity provider that metadata describes."""
    entity, role = _role(parsed(text), "IDPSSODescriptor", "identity provider")
    found: dict[str, pem.Certificate] = {}
    for key in role.within(f"{MD}KeyDescriptor"):
        if key.attributes.get("use", "signing") == "signing":
            for each in key.within(f"{DS}KeyInfo", f"{DS}X509Data", f"{DS}X509Certificate"):
                one = certificate_of(each.text)
                found[one.fingerprint] = one
    if not found:
        raise ValueError("it contains no certificate for signatures")
    signon = _location(role, "SingleSignOnService")
    if not signon:
        raise ValueError("it contains no address for sign-ins (SingleSignOnService)")
    return IdentityProvider(
        _entity_id(entity), signon, _location(role, "SingleLogoutService"), tuple(found.values()), _until(entity, role)
    )


def service_provider(text: str) -> ServiceProvider:
    """The one service provider that metadata describes."""
    entity, role = _role(parsed(text), "SPSSODescriptor", "service provider")
    consumer = _location(role, "AssertionConsumerService")
    if not consumer:
        raise ValueError("it contains no address for assertions (AssertionConsumerService)")
    return ServiceProvider(_entity_id(entity), consumer, _until(entity, role), _essence(entity))


def certificate_of(text: str) -> pem.Certificate:
    """A certificate in PEM format, or in base64 alone, as metadata has it."""
    if pem.BEGIN in text:
        return pem.certificate(text)
    return pem.certificate(f"{pem.BEGIN}\n{text.strip()}\n{pem.END}\n")


def _role(root: Element, name: str, noun: str) -> tuple[Element, Element]:
    entities = [root] if root.name == f"{MD}EntityDescriptor" else list(root.within(f"{MD}EntityDescriptor"))
    found = [(entity, role) for entity in entities for role in entity.within(MD + name)]
    if len(found) != 1:
        raise ValueError(f"it describes {len(found) or 'no'} {noun}{'s' if found else ''}, and one is expected")
    return found[0]


def _entity_id(entity: Element) -> str:
    found = entity.attributes.get("entityID", "")
    if not found:
        raise ValueError("its provider has no entityID")
    return found


def _location(role: Element, service: str) -> str:
    """The address of a service: the one for redirected browsers, or the first one; empty if it has no address."""
    found = [each.attributes for each in role.within(MD + service) if each.attributes.get("Location")]
    best = next((each for each in found if each.get("Binding") == REDIRECT), found[0] if found else {})
    return best.get("Location", "")


def _until(*elements: Element) -> t.Optional[datetime]:
    """The time until which it is valid: the earliest one that it contains."""
    found = [each.attributes["validUntil"] for each in elements if "validUntil" in each.attributes]
    return min(map(_time, found), default=None)


def _time(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text.partition(".")[0].rstrip("Z"))
    except ValueError:
        raise ValueError("its validUntil is not a time") from None
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def _essence(element: Element) -> t.Any:
    attributes = {name: value for name, value in element.attributes.items() if name not in _PASSING}
    inner = [_essence(each) for each in element.elements if each.name != f"{DS}Signature"]
    return element.name, attributes, element.text.strip(), inner
