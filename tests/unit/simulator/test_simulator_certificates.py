# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that the server makes and examines but does not keep, and the secret of a second factor."""

from __future__ import annotations

import datetime as dt
import ipaddress

import pytest
from ansible_collections.vpn.estate.tests.simulator.access_server import code, counter
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


def made(api, **body):
    reply = api.post("certificate/create", {"cert_template": "ca", "common_name": "Root", **body})
    assert reply.status == 200, reply.body
    return reply.body["certificate"], reply.body["private_key"]


def read(pem):
    return x509.load_pem_x509_certificate(pem.encode())


def info(api, pem):
    return api.post("certificate/info", {"certificate": pem}).body


@pytest.mark.parametrize(
    ("template", "authority", "path_length", "usages"),
    [
        ("spcert", False, None, None),
        ("ca", True, None, None),
        ("intermediate_ca", True, 0, None),
        ("webserver", False, None, [SERVER]),
        ("server", False, None, [SERVER]),
        ("client", False, None, [CLIENT]),
        ("hybrid", False, None, [SERVER, CLIENT]),
    ],
)
def test_a_template_decides_what_a_certificate_is_for(api, template, authority, path_length, usages):
    names = ["a.example.com", "b.example.com"]
    pem, key = made(api, cert_template=template, common_name="a.example.com", subj_alt_dns_names=names)
    certificate = read(pem)
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.critical, constraints.value.ca, constraints.value.path_length) == (True, authority, path_length)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.key_cert_sign, usage.crl_sign, usage.digital_signature) == (authority, authority, not authority)
    if usages is None:
        with pytest.raises(x509.ExtensionNotFound):
            certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    else:
        assert [*certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value] == usages
    described = info(api, pem)
    assert described["subj_alt_names"] == ([f"DNS:{name}" for name in names] if template == "webserver" else [])
    assert (described["ca"], described["self_signed"]) == (authority, True)
    assert load_pem_private_key(key.encode(), None).public_key() == certificate.public_key()


@pytest.mark.parametrize("algorithm", ["rsa2048", "secp521r1", "Ed25519"])
def test_signed_by_an_authority_of_any_kind(api, algorithm):
    root, root_key = made(api, algorithm=algorithm, private_key_passphrase="open", days_to_expiry=10)
    with pytest.raises(TypeError):
        load_pem_private_key(root_key.encode(), None)
    signer = {"signing_ca": root, "signing_ca_key": root_key, "signing_ca_private_key_passphrase": "open"}
    pem, _key = made(api, cert_template="client", common_name="alice", **signer)
    read(pem).verify_directly_issued_by(read(root))
    assert read(pem).not_valid_after_utc == read(root).not_valid_after_utc
    assert not info(api, pem)["self_signed"]


def test_signed_with_a_key_of_the_configuration(start):
    server, api = start(settings={"restart_downtime": 0.0})
    root, root_key = made(api)
    signer = {"signing_ca": root, "signing_ca_config_key": "own.ca.key"}
    body = {"cert_template": "client", "common_name": "alice", **signer}
    assert api.post("certificate/create", body).status == 400
    server.set_configuration(**{"own.ca.key": root_key})
    server.machine.configuration.take_over()
    read(made(api, **body)[0]).verify_directly_issued_by(read(root))


def test_a_certificate_cannot_be_made_of_wrong_parts(api):
    root, root_key = made(api)
    locked, locked_key = made(api, private_key_passphrase="open")
    leaf, leaf_key = made(api, cert_template="client")
    for wrong in (
        {"cert_template": "rogue"},
        {"algorithm": "rsa512"},
        {"days_to_expiry": 0},
        {"common_name": "x" * 65},
        {"cert_template": "webserver", "subj_alt_dns_names": ["käse.example.com"]},
        {"signing_ca": root},
        {"signing_ca_key": root_key},
        {"signing_ca": root, "signing_ca_key": "no key"},
        {"signing_ca": "no certificate", "signing_ca_key": root_key},
        {"signing_ca": root, "signing_ca_key": leaf_key},
        {"signing_ca": leaf, "signing_ca_key": leaf_key},
        {"signing_ca": locked, "signing_ca_key": locked_key},
        {"signing_ca": locked, "signing_ca_key": locked_key, "signing_ca_private_key_passphrase": "shut"},
        {"signing_ca": root, "signing_ca_key": root_key, "signing_ca_private_key_passphrase": "open"},
    ):
        reply = api.post("certificate/create", {"cert_template": "client", "common_name": "alice", **wrong})
        assert (wrong, reply.status) == (wrong, 400)
        assert reply.body["reason"]


@pytest.mark.parametrize(
    ("dialect", "begins", "ends"),
    [("3.2", "2024-01-02T03:04:05Z", "2034-01-02T03:04:05Z"), ("document", "2024-01-02", "2034-01-02")],
)
def test_what_is_told_of_a_foreign_certificate(start, dialect, begins, ends):
    _server, api = start(dialect=dialect)
    key = ec.generate_private_key(ec.SECP256R1())
    parts = [
        (NameOID.COUNTRY_NAME, "US"),
        (NameOID.STATE_OR_PROVINCE_NAME, "Maryland"),
        (NameOID.LOCALITY_NAME, "Pasadena"),
        (NameOID.ORGANIZATION_NAME, "DevOrg"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "FreeSoft"),
        (NameOID.COMMON_NAME, "rogue software department"),
    ]
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in parts])
    alternative = [x509.DNSName("foo.example.com"), x509.IPAddress(ipaddress.ip_address("192.0.2.4"))]
    moment = dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=dt.timezone.utc)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 2**70)
        .not_valid_before(moment)
        .not_valid_after(moment.replace(year=2034))
        .add_extension(x509.SubjectAlternativeName(alternative), critical=False)
        .sign(key, hashes.SHA256())
    )
    described = info(api, certificate.public_bytes(Encoding.PEM).decode())
    assert described == {
        "serial": str(2**70),
        "common_name": "rogue software department",
        "algorithm": "secp256r1",
        "not_before": begins,
        "not_after": ends,
        "self_signed": True,
        "sha256fp": ":".join(f"{byte:02X}" for byte in certificate.fingerprint(hashes.SHA256())),
        "subj_alt_names": ["DNS:foo.example.com", "IP:192.0.2.4"],
        "subject": ["C=US", "ST=Maryland", "L=Pasadena", "O=DevOrg", "OU=FreeSoft", "CN=rogue software department"],
        "ca": False,
    }


def test_whether_a_key_belongs_to_a_certificate(api):
    (one, one_key), (_other, other_key) = made(api), made(api, algorithm="rsa2048")
    _locked, locked_key = made(api, private_key_passphrase="open")
    for key, status, answer in ((one_key, 200, {"status": True}), (other_key, 200, {"status": False})):
        reply = api.post("certificate/check-private-key", {"certificate": one, "private_key": key})
        assert (reply.status, reply.body) == (status, answer)
    for body in (
        {"certificate": "none", "private_key": one_key},
        {"certificate": one, "private_key": "none"},
        {"certificate": one, "private_key": locked_key},
        {"certificate": one},
    ):
        assert api.post("certificate/check-private-key", body).status == 400


def test_chains_are_found_through_intermediates(server, api, monkeypatch, tmp_path):
    root, root_key = made(api, days_to_expiry=100)
    signer = {"signing_ca": root, "signing_ca_key": root_key}
    middle, middle_key = made(api, cert_template="intermediate_ca", common_name="Middle", **signer)
    signer = {"signing_ca": middle, "signing_ca_key": middle_key}
    leaf, _key = made(api, cert_template="webserver", common_name="a.example.com", days_to_expiry=9, **signer)
    stranger, _key = made(api)

    def chain(**body):
        reply = api.post("certificate/check-against-ca-roots", {"certificate": leaf, **body})
        return [each["common_name"] for each in reply.body["chain"]] if reply.status == 200 else reply.status

    whole = ["a.example.com", "Middle", "Root"]
    assert chain(chain=middle, ca_roots=[stranger, root]) == whole
    assert chain(certificate=leaf + middle, ca_roots=[root]) == whole
    assert chain(ca_roots=[root, middle]) == whole
    assert chain(ca_roots=[root]) == 400
    assert chain(chain=middle + root, ca_roots=[stranger]) == 400
    assert chain(chain=middle, ca_roots=[middle]) == 400
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    for system, found in ((stranger, 400), (root, whole)):
        (tmp_path / "roots.pem").write_text(system)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "roots.pem"))
        assert chain(chain=middle) == chain(chain=middle, ca_roots=[]) == found
    assert chain(certificate=root, ca_roots=[root]) == ["Root"]
    server.clock.advance(10 * 86400)
    assert api.login(server.username, server.password, request_admin=True).status == 200
    assert chain(chain=middle, ca_roots=[root]) == 400
    assert chain(certificate=middle, ca_roots=[root]) == whole[1:]


# the secret of a second factor


def test_the_secret_is_made_once_and_can_be_reset(server, api):
    server.set_user("alice", password="Secret-123", totp=True)
    first = api.post("userprop/mfa/generate-secret", {"username": "alice"}).body["totp_secret"]
    again = api.post("userprop/mfa/generate-secret", {"username": "alice", "reset_secret": False})
    assert again.body["totp_secret"] == first
    assert [each.operation for each in server.writes] == ["post__userprop_mfa_generate-secret"]
    second = api.post("userprop/mfa/generate-secret", {"username": "alice", "reset_secret": True}).body["totp_secret"]
    assert second != first
    assert server.state()["users"]["alice"]["totp_secret"] == second


@pytest.mark.parametrize("field", ["locked", "reset_locked"])
def test_a_locked_secret_signs_in_at_once(server, api, another_client, field):
    server.set_user("alice", password="Secret-123", totp=True)
    body = {"username": "alice", "reset_secret": True, field: True}
    secret = api.post("userprop/mfa/generate-secret", body).body["totp_secret"]
    client = another_client(server)
    challenge = client.login("alice", "Secret-123")
    assert challenge.status == 401
    answer = {
        "username": "alice",
        "challenge_context": challenge.body["challenge_context"],
        "response": code(secret, counter(server.clock.now())),
    }
    assert client.post("auth/login/mfaauth", answer).status == 200
    assert api.post("userprop/mfa/generate-secret", {"username": "alice", field: False}).status == 200
    assert client.login("alice", "Secret-123").status == 409
    reset = api.post("userprop/mfa/generate-secret", {"username": "alice", "reset_secret": True})
    assert reset.status == 200
    assert not server.state()["users"]["alice"]["totp_locked"]


def test_only_users_have_a_secret(server, api):
    server.set_group("staff")
    for name in ("nobody", "staff", "__DEFAULT__"):
        assert api.post("userprop/mfa/generate-secret", {"username": name}).status == 404
    assert api.post("userprop/mfa/generate-secret", {"user": "openvpn"}).status == 400
