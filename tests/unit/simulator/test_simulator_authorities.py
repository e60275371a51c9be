# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authorities of the VPN: their keys, their order, and what hangs on them."""

from __future__ import annotations

import pytest
from ansible_collections.vpn.estate.tests.simulator.access_server import AccessServerSimulator, Clock
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

SPELLED = {"secp2256k1": "secp256k1", "ecp384r1": "secp384r1", "secp512r1": "secp521r1"}


def authorities(api):
    return api.get("ca/vpn/list").body


def certificates(pem):
    return x509.load_pem_x509_certificates(pem.encode())


@pytest.mark.parametrize(
    ("dialect", "begins", "ends"),
    [("3.2", "2023-11-13T22:13:20Z", "2033-11-11T22:13:20Z"), ("document", "2023-11-13", "2033-11-11")],
)
def test_a_server_starts_with_one_authority(start, dialect, begins, ends):
    _server, api = start(dialect=dialect, clock=Clock(lambda: 1.7e9))
    (only,) = authorities(api)
    serial = only.pop("serial")
    assert 0 < int(serial) < 2**63
    assert only == {
        "common_name": "OpenVPN CA",
        "algorithm": "secp384r1",
        "not_before": begins,
        "not_after": ends,
        "self_signed": True,
        "cert_type": "ca",
        "client_profiles": 0,
    }
    assert authorities(api)[0]["serial"] == serial


def test_no_key_is_made_before_it_is_needed(server, api, monkeypatch):
    made = []
    name = "ansible_collections.vpn.estate.tests.simulator.certificates.ec.generate_private_key"
    generate = ec.generate_private_key
    monkeypatch.setattr(name, lambda curve: made.append(curve) or generate(curve))
    assert api.get("server/info").status == api.get("ca/allowed-algorithms/list").status == 200
    assert not made
    authorities(api)
    assert len(made) == 1


def test_every_allowed_algorithm_makes_a_key_of_its_kind(server, api):
    allowed = api.get("ca/allowed-algorithms/list").body
    document = {"rsa2048", "rsa3072", "rsa4096", "ed448", "brainpoolP384r1", "brainpoolP512r1", "secp2256k1", "Ed25519"}
    assert document | {"ecp384r1", "secp384r1", "secp256r1", "secp512r1", "secp256k1"} <= set(allowed)
    for algorithm in allowed:
        body = {"algorithm": algorithm, "common_name": f"The {algorithm}"}
        assert api.post("ca/vpn/create", body).status == 201
        newest = authorities(api)[-1]
        assert newest["common_name"] == f"The {algorithm}"
        assert newest["algorithm"] == SPELLED.get(algorithm, algorithm)
        certificate = certificates(server.machine.authorities.bundle())[-1]
        assert certificate.serial_number == int(newest["serial"])
        _assert_kind(certificate.public_key(), newest["algorithm"])
        certificate.verify_directly_issued_by(certificate)


def _assert_kind(key, algorithm):
    if algorithm.startswith("rsa"):
        assert isinstance(key, rsa.RSAPublicKey)
        assert f"rsa{key.key_size}" == algorithm
    elif algorithm.lower().startswith("ed"):
        assert isinstance(key, {"Ed25519": ed25519.Ed25519PublicKey, "ed448": ed448.Ed448PublicKey}[algorithm])
    else:
        assert isinstance(key, ec.EllipticCurvePublicKey)
        assert key.curve.name == algorithm


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"algorithm": "rsa1024"}, "algorithm"),
        ({"algorithm": 5}, "algorithm"),
        ({"common_name": "OpenVPN CA"}, "common_name"),
        ({"common_name": "x" * 65}, "common_name"),
        ({"common_name": " "}, "common_name"),
        ({"common_name": "a\nb"}, "common_name"),
        ({"name": "x"}, "name"),
    ],
)
def test_a_bad_authority_is_refused(api, body, field):
    before = authorities(api)
    reply = api.post("ca/vpn/create", body)
    assert (reply.status, [*reply.body["detail"]]) == (400, [field])
    assert authorities(api) == before


def test_the_newest_is_current_and_the_others_are_old(api):
    assert api.post("ca/vpn/create", {"common_name": "Second", "algorithm": "secp256r1"}).status == 201
    assert api.post("ca/vpn/create").status == 201
    assert [each["cert_type"] for each in authorities(api)] == ["old_ca", "old_ca", "ca"]
    names = [each["common_name"] for each in authorities(api)]
    assert names[:2] == ["OpenVPN CA", "Second"]
    assert len(set(names)) == 3


def test_the_current_one_can_be_deleted_but_not_the_only_one(server, api):
    (first,) = authorities(api)
    server.add_authority("Second")
    third = server.add_authority("Third", current=False)
    current = next(each for each in authorities(api) if each["cert_type"] == "ca")
    assert current["common_name"] == "Second"
    assert api.call("DELETE", f"/api/ca/vpn/{current['serial']}").status == 200
    assert [(each["serial"], each["cert_type"]) for each in authorities(api)] == [
        (first["serial"], "old_ca"),
        (third, "ca"),
    ]
    assert api.call("DELETE", f"/api/ca/vpn/{first['serial']}").status == 200
    refusal = api.call("DELETE", f"/api/ca/vpn/{third}?delete_clients=true")
    assert (refusal.status, refusal.body["reason"]) == (400, "The only CA cannot be deleted")
    assert api.call("DELETE", f"/api/ca/vpn/{first['serial']}").status == 404


def test_an_authority_with_profiles_goes_only_with_them(server, api):
    old = server.add_authority("Old", current=False)
    gone, kept = server.add_profile("alice", authority=old), server.add_profile("alice")
    counts = {each["common_name"]: each["client_profiles"] for each in authorities(api)}
    assert counts == {"OpenVPN CA": 1, "Old": 1}
    for query in ("", "?delete_clients=false"):
        assert api.call("DELETE", f"/api/ca/vpn/{old}{query}").status == 400
    assert api.call("DELETE", f"/api/ca/vpn/{old}?delete_clients=maybe").status == 400
    assert {each["serial"] for each in server.state()["profiles"]} == {gone, kept}
    assert api.call("DELETE", f"/api/ca/vpn/{old}?delete_clients=true").status == 200
    assert [each["serial"] for each in server.state()["profiles"]] == [kept]


@pytest.mark.parametrize(("reading", "away"), [("none", False), ("restarts", True)])
def test_adding_one_can_restart_the_server(start, reading, away):
    server, api = start(readings={"authority_restart": reading}, settings={"restart_downtime": 60.0})
    assert api.post("ca/vpn/create", {"common_name": "New"}).status == 201
    assert server.machine.power.away is away


def test_a_restart_replaces_an_authority_of_more_than_a_year(start):
    server, api = start(settings={"restart_downtime": 0.0})
    (first,) = authorities(api)
    for days, number in ((364, 1), (2, 2), (1, 2)):
        server.clock.advance(days * 86400)
        assert api.login(server.username, server.password, request_admin=True).status == 200
        assert api.post("server/restart").status == 200
        assert len(authorities(api)) == number
    assert (authorities(api)[0]["serial"], authorities(api)[0]["cert_type"]) == (first["serial"], "old_ca")


def test_cross_certificates_can_be_listed(start):
    server, api = start(readings={"cross_authorities": "listed"})
    (first,) = authorities(api)
    server.add_authority("Second")
    *own, cross = authorities(api)
    assert [each["cert_type"] for each in own] == ["old_ca", "ca"]
    assert (cross["cert_type"], cross["common_name"], cross["self_signed"]) == ("cross_ca", "Second", False)
    assert (cross["signing_ca"], cross["signing_ca_cn"]) == (first["serial"], "OpenVPN CA")
    assert authorities(api)[-1] == cross
    assert api.call("DELETE", f"/api/ca/vpn/{cross['serial']}").status == 404


def test_days_left_are_those_of_an_old_authority(server, api):
    server.add_authority("Short", days_left=10)
    made = certificates(server.machine.authorities.bundle())[-1]
    assert round((made.not_valid_after_utc.timestamp() - server.clock.now()) / 86400) == 10
    assert (made.not_valid_after_utc - made.not_valid_before_utc).days == 3651
    client = server.add_profile("alice")
    assert server.state()["profiles"][0]["serial"] == client
    assert server.state()["profiles"][0]["not_after"] == authorities(api)[-1]["not_after"]


def test_the_daemons_certificate_leads_to_every_authority(server):
    server.add_authority("Second", algorithm="rsa2048")
    server.add_authority("Third", algorithm="Ed25519")
    pair = server.machine.authorities.server_certificate()
    own, *crosses = certificates(pair.certificate)
    usage = own.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [*usage] == [ExtendedKeyUsageOID.SERVER_AUTH]
    first, second, third = certificates(server.machine.authorities.bundle())
    own.verify_directly_issued_by(third)
    assert [each.subject for each in crosses] == [third.subject, second.subject]
    for cross, signer, subject in zip(crosses, (second, first), (third, second), strict=True):
        cross.verify_directly_issued_by(signer)
        assert cross.public_key() == subject.public_key()


def test_a_revocation_list_names_the_deleted_profiles_of_its_authority(server, api):
    first = server.add_profile("alice")
    server.add_authority("Second")
    kept, second = server.add_profile("alice"), server.add_profile("alice")
    assert api.post("profiles/delete", [first, second]).body["response"] == {first: 204, second: 204}
    pems = server.machine.authorities.crl().split("-----END X509 CRL-----\n")[:-1]
    lists = [x509.load_pem_x509_crl(f"{pem}-----END X509 CRL-----\n".encode()) for pem in pems]
    issuers = certificates(server.machine.authorities.bundle())
    assert all(each.is_signature_valid(issuer.public_key()) for each, issuer in zip(lists, issuers, strict=True))
    assert [[str(entry.serial_number) for entry in each] for each in lists] == [[first], [second]]
    assert kept not in {first, second}


def test_authorities_outlive_the_process(tmp_path):
    path = str(tmp_path / "server.db")
    with AccessServerSimulator(data=path) as before:
        before.add_authority("Second")
        serial, token = before.add_profile("alice"), before.add_profile_token("alice")
        state = before.state()
        keys, bundle = before.machine.profiles.tls_keys(), before.machine.authorities.bundle()
    with AccessServerSimulator(data=path) as after:
        assert after.state()["authorities"] == state["authorities"]
        assert [each["serial"] for each in after.state()["profiles"]] == [serial]
        assert after.machine.tokens.redeem(token) == ("alice", "autologin")
        assert (after.machine.profiles.tls_keys(), after.machine.authorities.bundle()) == (keys, bundle)
        after.reset()
        assert [each["common_name"] for each in after.state()["authorities"]] == ["OpenVPN CA"]
        assert after.state()["profiles"] == after.state()["profile_tokens"] == []
        assert after.machine.profiles.tls_keys() != keys


def test_the_state_has_no_keys_and_no_tokens(server):
    server.add_profile("alice", tls_crypt_v2=True)
    token = server.add_profile_token("alice")
    text = str(server.state())
    assert "PRIVATE" not in text
    assert token not in text
    assert "alice_AUTOLOGIN" in text
