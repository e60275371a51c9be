# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Metadata of providers: what is read of it, and what is refused because it can be from anywhere."""

from __future__ import annotations

import datetime as dt

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._files.saml_metadata import (
    DEEPEST,
    LARGEST,
    MOST,
    identity_provider,
    service_provider,
)
from ansible_collections.vpn.estate.tests.simulator.identity_provider import POST, REDIRECT, IdentityProvider, signer

SIGNERS = [signer("one"), signer("two")]
METADATA = IdentityProvider(signers=SIGNERS).metadata()
MD = "urn:oasis:names:tc:SAML:2.0:metadata"
CONSUMER = f'<AssertionConsumerService Binding="{POST}" Location="https://vpn.example.com/saml/acs" index="1"/>'


def sp(inner: str = CONSUMER, attributes: str = "", entity: str = 'entityID="sp"') -> str:
    return f'<EntityDescriptor xmlns="{MD}" {entity} {attributes}><SPSSODescriptor>{inner}</SPSSODescriptor></EntityDescriptor>'


def test_what_an_identity_provider_is_configured_with_is_read() -> None:
    found = identity_provider(METADATA)
    assert found.entity_id == "https://idp.example.com/metadata"
    assert (found.signon_endpoint, found.logout_endpoint) == (
        "https://idp.example.com/sso",
        "https://idp.example.com/slo",
    )
    assert [one.fingerprint for one in found.certificates] == [one.fingerprint for one in SIGNERS]
    assert found.valid_until is None


@pytest.mark.parametrize(
    ("text", "hour"),
    [("2026-12-01T10:30:00Z", 10), ("2026-12-01T10:30:00.123Z", 10), ("2026-12-01T12:30:00+02:00", 10)],
)
def test_its_end_is_read_in_each_form_of_a_time(text: str, hour: int) -> None:
    found = identity_provider(IdentityProvider(signers=SIGNERS).metadata(valid_until=text)).valid_until
    assert found == dt.datetime(2026, 12, 1, hour, 30, tzinfo=dt.timezone.utc)


def test_the_address_for_redirected_browsers_is_preferred() -> None:
    more = f'<md:SingleSignOnService Binding="{REDIRECT}" Location="https://idp.example.com/redirect"/>'
    found = identity_provider(IdentityProvider(signers=SIGNERS).metadata(binding=POST, more=more))
    assert found.signon_endpoint == "https://idp.example.com/redirect"
    assert found.logout_endpoint == "https://idp.example.com/slo"


def test_keys_for_encryption_are_left_out_and_keys_without_a_use_are_not() -> None:
    one, two = METADATA.replace('use="signing"', 'use="encryption"', 1), METADATA.replace('use="signing"', "", 1)
    assert [each.fingerprint for each in identity_provider(one).certificates] == [SIGNERS[1].fingerprint]
    assert len(identity_provider(two).certificates) == 2


def test_one_provider_among_others_is_found() -> None:
    entity = METADATA.partition("\n")[2]
    found = identity_provider(f'<EntitiesDescriptor xmlns="{MD}">{entity}{sp()}</EntitiesDescriptor>')
    assert found.entity_id == "https://idp.example.com/metadata"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is not XML"),
        ("nothing", "it is not XML"),
        ("<a>", "it is not XML: no element found in line 1"),
        ("<!DOCTYPE a><a/>", "it has a document type"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "it has a document type"),
        ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "it has a document type"),
        ("<a>&b;</a>", "undefined entity"),
        ("<a/>", "it describes no identity provider"),
        (sp(), "it describes no identity provider"),
        (
            f'<EntitiesDescriptor xmlns="{MD}">{METADATA.partition(chr(10))[2] * 2}</EntitiesDescriptor>',
            "it describes 2",
        ),
        ("<a>" * (DEEPEST + 1), "levels of them"),
        (f"<a>{'<b/>' * MOST}</a>", "more than 20000 elements"),
        (f"<a>{' ' * LARGEST}</a>", "it is larger than 1 MB"),
        (METADATA.replace("entityID", "ID"), "its provider has no entityID"),
        (METADATA.replace("KeyDescriptor", "Descriptor"), "it contains no certificate for signatures"),
        (METADATA.replace("SingleSignOnService", "Service"), "it contains no address for sign-ins"),
        (METADATA.replace("entityID", 'validUntil="tomorrow" entityID'), "its validUntil is not a time"),
        (
            METADATA.replace("X509Certificate>\n", "X509Certificate>\nAAAA"),
            "it contains a certificate that cannot be read",
        ),
    ],
)
def test_what_cannot_be_metadata_of_an_identity_provider_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        identity_provider(text)


def test_a_service_provider_is_read_and_is_the_same_when_its_metadata_is_made_again() -> None:
    plain = service_provider(sp())
    assert (plain.entity_id, plain.consumer) == ("sp", "https://vpn.example.com/saml/acs")
    again = service_provider(sp(CONSUMER + "\n", 'validUntil="2030-01-01T00:00:00Z" ID="_1"'))
    assert again.essence == plain.essence
    assert again.valid_until == dt.datetime(2030, 1, 1, tzinfo=dt.timezone.utc)
    other = service_provider(sp(CONSUMER.replace("vpn.example.com", "other.example.com")))
    assert other.essence != plain.essence


@pytest.mark.parametrize(
    ("text", "why"), [(METADATA, "no service provider"), (sp(""), "no address"), (sp(entity=""), "no entityID")]
)
def test_what_cannot_be_metadata_of_a_service_provider_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        service_provider(text)
