# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the API of an Access Server tells of a certificate."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from ..certificates import algorithm_of, common_name_of, is_authority, is_signed_by

_SHORT_NAMES = {NameOID.EMAIL_ADDRESS: "emailAddress", NameOID.SERIAL_NUMBER: "serialNumber"}


def details(certificate: x509.Certificate, time: Callable[[float], str]) -> dict[str, Any]:
    """What the API tells of any certificate; `time` writes its dates."""
    return {
        "serial": str(certificate.serial_number),
        "common_name": common_name_of(certificate),
        "algorithm": algorithm_of(certificate),
        "not_before": time(certificate.not_valid_before_utc.timestamp()),
        "not_after": time(certificate.not_valid_after_utc.timestamp()),
        "self_signed": is_signed_by(certificate, certificate),
    }


def all_details(certificate: x509.Certificate, time: Callable[[float], str]) -> dict[str, Any]:
    """What the API tells of a certificate that it was asked about."""
    return {
        **details(certificate, time),
        "sha256fp": certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
        "subj_alt_names": _alternative_names(certificate),
        "subject": [_attribute(each) for each in certificate.subject],
        "ca": is_authority(certificate),
    }


def _attribute(attribute: x509.NameAttribute[Any]) -> str:
    name = _SHORT_NAMES.get(attribute.oid, attribute.rfc4514_attribute_name)
    return f"{name}={attribute.value}"


def _alternative_names(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [
        f"{'DNS' if isinstance(name, x509.DNSName) else 'IP'}:{name.value}"
        for name in names
        if isinstance(name, x509.DNSName) or isinstance(name.value, ipaddress.IPv4Address | ipaddress.IPv6Address)
    ]
