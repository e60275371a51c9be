# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Client profiles as an Access Server writes them, with true certificates."""

from __future__ import annotations

import datetime as dt
import functools
import re
import typing as t

from ansible_collections.vpn.estate.tests.unit.plugins.support import identities
from ansible_collections.vpn.estate.tests.unit.plugins.support.identities import Identity
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

# What openvpn needs of a client, by the directive that says it.
NEEDED = {
    "client": "client",
    "dev": "dev tun",
    "remote": "remote vpn.example.com",
    "ca": "ca ca.crt",
    "auth-user-pass": "auth-user-pass",
}
SERIAL = 9108875457979699679  # of 64 bits, as the server chooses them
BEGIN, END = (dt.datetime(year, 10, 3, 15, 39, 38, tzinfo=dt.timezone.utc) for year in (2026, 2036))
STATIC_KEY = "\n".join(f"{number:032x}" for number in range(0xF00D, 0xF01D))
KEYS: dict[str, t.Callable[[], t.Any]] = {
    "rsa2048": lambda: rsa.generate_private_key(65537, 2048),
    "secp384r1": lambda: ec.generate_private_key(ec.SECP384R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}
USUAL = "secp384r1"


@functools.cache
def authority() -> Identity:
    """Who has signed all client certificates."""
    return identities.identity("OpenVPN CA", authority=True)


@functools.cache
def client(algorithm: str) -> Identity:
    """A client's certificate; the same at every call."""
    key, ca = KEYS[algorithm](), authority()
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name.from_rfc4514_string("CN=anna_AUTOLOGIN"))
        .issuer_name(ca.certificate.subject)
        .public_key(key.public_key())
        .serial_number(SERIAL)
        .not_valid_before(BEGIN)
        .not_valid_after(END)
    )
    return Identity(builder.sign(ca.private_key, hashes.SHA256()), key)


def identity(algorithm: str = USUAL) -> tuple[str, str]:
    """The same and its private key, both PEM."""
    return client(algorithm).pem, client(algorithm).key_pem


def profile(algorithm: str = USUAL, key: str | None = None) -> str:
    """What Access Server hands out for automatic sign-in, put together from published ones."""
    own, ca = client(algorithm), authority()
    commented = "".join(f"# {line}\n" for line in ca.pem.splitlines())
    return f"""\
# Automatically generated OpenVPN client config file
# Generated on Sat Oct  3 15:39:39 2026 by 781f32b4d1d5
# Note: this config file contains inline private keys
#       and therefore should be kept confidential!
#       Certificate serial: {SERIAL}, certificate common name: anna_AUTOLOGIN
#       Expires 2036-10-03 15:39:38
# Note: this configuration is user-locked to the username below
# OVPN_ACCESS_SERVER_USERNAME=anna
# Define the profile name of this particular configuration file
# OVPN_ACCESS_SERVER_PROFILE=anna@vpn.example.com/AUTOLOGIN
# OVPN_ACCESS_SERVER_AUTOLOGIN=1

# Default Cipher
cipher AES-256-CBC
# OVPN_ACCESS_SERVER_CLI_PREF_ALLOW_WEB_IMPORT=True
# OVPN_ACCESS_SERVER_WSHOST=vpn.example.com:443
# OVPN_ACCESS_SERVER_WEB_CA_BUNDLE_START
{commented}# OVPN_ACCESS_SERVER_WEB_CA_BUNDLE_STOP
# OVPN_ACCESS_SERVER_IS_OPENVPN_WEB_CA=1
client
server-poll-timeout 4
nobind
remote vpn.example.com 1194 udp
remote vpn.example.com 443 tcp
dev tun
dev-type tun
remote-cert-tls server
tls-version-min 1.2
reneg-sec 604800
verb 3
setenv PUSH_PEER_INFO

<ca>
{ca.pem}</ca>

<cert>
{own.pem}</cert>

<key>
{key or own.key_pem}</key>

key-direction 1
<tls-auth>
#
# 2048 bit OpenVPN static key (Server Agent)
#
-----BEGIN OpenVPN Static key V1-----
{STATIC_KEY}
-----END OpenVPN Static key V1-----
</tls-auth>

## -----BEGIN RSA SIGNATURE-----
## DIGEST:sha256
## kfpG6mQFYlWKXTO5nB4ydhq9HyLX83tna+K4wHKcO2OkfZbCax
## -----END RSA SIGNATURE-----
"""


def completed(text: str) -> str:
    """A text with what it lacks to be the profile of a client, at its end."""
    said = set(re.findall(r"^\s*(?:setenv opt )?(?:--)?<?([a-z-]+)", text.removeprefix("\ufeff"), re.MULTILINE))
    return "\n".join([text, *(line for name, line in NEEDED.items() if name not in said)])
