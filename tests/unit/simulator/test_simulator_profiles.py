# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection profiles: what is in them, who gets one, how they are listed and deleted."""

from __future__ import annotations

import base64
import hmac
import json
import os
import re
import shutil
import struct
import subprocess
from datetime import timedelta
from typing import NamedTuple

import pytest
from ansible_collections.vpn.estate.tests.simulator.access_server import Clock
from cryptography import x509
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PASSWORD = "Secret-123"


class Parsed(NamedTuple):
    """`meta` are the comments that clients of the vendor read."""

    directives: list[str]
    blocks: dict[str, str]
    meta: dict[str, str]


def parsed(text):
    blocks = dict(re.findall(r"^<([a-z0-9-]+)>\n(.*?)^</\1>$", text, re.DOTALL | re.MULTILINE))
    outside = re.sub(r"^<([a-z0-9-]+)>\n.*?^</\1>$", "", text, flags=re.DOTALL | re.MULTILINE)
    lines = [line for line in outside.splitlines() if line]
    meta = dict(re.findall(r"^# OVPN_ACCESS_SERVER_(\w+)=(.*)$", outside, re.MULTILINE))
    return Parsed([line for line in lines if not line.startswith("#")], blocks, meta)


def certificate(block):
    return x509.load_pem_x509_certificate(block.encode())


def created(api, **body):
    reply = api.post("profiles/create", {"user": "alice", "profile_type": "autologin", **body})
    assert reply.status == 201, reply.body
    return reply.body


def listed(api, **body):
    reply = api.post("profiles/list", body)
    assert reply.status == 200, reply.body
    return reply.body["profiles"]


@pytest.fixture
def alice(server):
    server.set_user("alice", password=PASSWORD, autologin=True)
    return server


@pytest.fixture
def as_alice(alice, another_client):
    api = another_client(alice)
    assert api.login("alice", PASSWORD).status == 200
    return api


# contents


@pytest.mark.parametrize(
    ("profile_type", "common_name", "profile"),
    [
        ("autologin", "alice_AUTOLOGIN", "alice@vpn.example.com/AUTOLOGIN"),
        ("userlogin", "alice", "alice@vpn.example.com"),
    ],
)
def test_a_personal_profile_carries_a_certificate_of_the_current_authority(
    alice, api, profile_type, common_name, profile
):
    alice.add_authority("Second", algorithm="secp256r1")
    found = parsed(created(api, profile_type=profile_type))
    own, authority = certificate(found.blocks["cert"]), certificate(found.blocks["ca"])
    own.verify_directly_issued_by(authority)
    assert authority.subject.rfc4514_string() == "CN=Second"
    assert [each.value for each in own.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == [common_name]
    assert load_pem_private_key(found.blocks["key"].encode(), None).public_key() == own.public_key()
    assert [*own.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value] == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not own.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert own.not_valid_after_utc == min(
        own.not_valid_before_utc + timedelta(days=3651), authority.not_valid_after_utc
    )
    (row,) = listed(api)
    assert row["serial"] == str(own.serial_number)
    assert 0 < own.serial_number < 2**63
    assert found.meta["PROFILE"] == profile
    assert found.meta["USERNAME"] == "alice"
    assert found.meta.get("AUTOLOGIN") == ("1" if profile_type == "autologin" else None)
    assert ("auth-user-pass" in found.directives) == (profile_type == "userlogin")
    assert "client" in found.directives
    assert "remote-cert-tls server" in found.directives


@pytest.mark.parametrize(("profile_type", "mark"), [("generic", "GENERIC"), ("epki-generic", "EXTERNAL_PKI")])
def test_a_generic_profile_carries_no_certificate_and_leaves_no_trace(alice, api, profile_type, mark):
    found = parsed(created(api, profile_type=profile_type))
    assert set(found.blocks) == {"ca", "tls-crypt"}
    assert found.meta[mark] == "1"
    assert "USERNAME" not in found.meta
    assert "auth-user-pass" in found.directives
    assert listed(api) == []


def test_the_remotes_are_those_of_the_configuration(alice, api):
    def remotes():
        return [line for line in parsed(created(api)).directives if line.startswith("remote ")]

    assert remotes() == ["remote vpn.example.com 1194 udp", "remote vpn.example.com 443 tcp"]
    alice.set_configuration(**{"host.name": "gate.example.com", "vpn.server.daemon.tcp.n_daemons": 0})
    alice.machine.configuration.take_over()
    assert remotes() == ["remote gate.example.com 1194 udp"]
    alice.set_configuration(**{"vpn.server.daemon.enable": False, "vpn.daemon.0.listen.port": 8443})
    alice.machine.configuration.take_over()
    assert remotes() == ["remote gate.example.com 8443 tcp"]
    alice.configure(profile_remotes="127.0.0.1 5000 udp, 127.0.0.1 5001 tcp")
    assert remotes() == ["remote 127.0.0.1 5000 udp", "remote 127.0.0.1 5001 tcp"]


@pytest.mark.parametrize(
    ("security", "capable", "block"),
    [
        ("tls-cryptv2", True, "tls-crypt-v2"),
        ("tls-cryptv2", False, "tls-crypt"),
        ("tls-crypt", True, "tls-crypt"),
        ("tls-auth", True, "tls-auth"),
        ("none", True, None),
    ],
)
def test_the_control_channel_is_protected_as_configured(alice, api, security, capable, block):
    alice.set_configuration(**{"vpn.server.tls_cc_security": security})
    alice.machine.configuration.take_over()
    found = parsed(created(api, tls_crypt_v2=capable))
    assert set(found.blocks) - {"ca", "cert", "key"} == ({block} if block else set())
    assert ("key-direction 1" in found.directives) == (block == "tls-auth")
    assert [each["tls_crypt_v2"] for each in listed(api)] == [block == "tls-crypt-v2"]
    if block in ("tls-crypt", "tls-auth"):
        assert found.blocks[block] == alice.machine.profiles.tls_keys().static


def test_a_clients_own_key_is_wrapped_for_the_server(alice, api):
    def raw(pem):
        return base64.b64decode("".join(pem.splitlines()[1:-1]))

    before = int(alice.clock.now())
    first, second = (raw(parsed(created(api, tls_crypt_v2=True)).blocks["tls-crypt-v2"]) for _unused in range(2))
    assert first[:256] != second[:256]
    server_key, wrapped = raw(alice.machine.profiles.tls_keys().server), first[256:]
    (length,) = struct.unpack(">H", wrapped[-2:])
    assert length == len(wrapped)
    decryptor = Cipher(algorithms.AES(server_key[:32]), modes.CTR(wrapped[:16])).decryptor()
    plain = decryptor.update(wrapped[32:-2]) + decryptor.finalize()
    assert plain[:256] == first[:256]
    assert hmac.digest(server_key[64:96], wrapped[-2:] + plain, "sha256") == wrapped[:32]
    assert plain[256] == 1
    assert before <= struct.unpack(">Q", plain[257:])[0] <= alice.clock.now()


@pytest.mark.parametrize("profile_type", ["autologin", "userlogin", "generic"])
def test_the_openvpn_program_accepts_every_line(alice, api, tmp_path, profile_type):
    program = shutil.which("openvpn", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("there is no program openvpn")
    path = tmp_path / "client.ovpn"
    path.write_text(created(api, profile_type=profile_type, tls_crypt_v2=True))
    path.chmod(0o600)
    # options are read in order, and this one ends the program
    command = [program, "--config", str(path), "--show-gateway"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603
    assert (done.returncode, "Options error" in done.stdout) == (0, False), done.stdout
    path.write_text(path.read_text() + "no-such-directive\n")
    wrong = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603
    assert "no-such-directive" in wrong.stdout


@pytest.mark.parametrize(
    ("reading", "media_type"), [("plain", "application/x-openvpn-profile"), ("json", "application/json")]
)
def test_the_text_comes_as_a_file_or_as_a_string(start, reading, media_type):
    server, api = start(readings={"profile_text": reading})
    server.set_user("alice")
    reply = api.post("profiles/create", {"user": "alice", "profile_type": "userlogin"})
    (row,) = listed(api)
    assert reply.headers.get_content_type() == media_type
    assert reply.headers["Content-Disposition"] == f'attachment; filename="profile-{row["serial"]}.ovpn"'
    assert parsed(reply.body).meta["USERNAME"] == "alice"
    assert server.exchanges[-2].response == reply.body
    assert json.dumps(reply.body) != reply.body


# permission


def test_autologin_needs_the_permission(server, api):
    server.set_group("staff", autologin=True)
    server.set_user("bob")
    refusal = api.post("profiles/create", {"user": "bob", "profile_type": "autologin"})
    assert refusal.status == 403
    assert "need autologin" in refusal.body["reason"]
    assert listed(api) == []
    created(api, user="bob", profile_type="userlogin")
    server.set_user("bob", group="staff")
    created(api, user="bob")
    assert [each["profile_type"] for each in listed(api)] == ["userlogin", "autologin"]


def test_a_missing_user_gets_one_only_on_demand(server, api):
    for body in ({}, {"ignore_missing_user": None}, {"ignore_missing_user": False}):
        refusal = api.post("profiles/create", {"user": "ghost", "profile_type": "userlogin", **body})
        assert (refusal.status, refusal.body["reason"]) == (403, "User does not exist: ghost")
    created(api, user="ghost", ignore_missing_user=True)
    assert [each["username"] for each in listed(api)] == ["ghost"]
    server.set_group("staff")
    assert api.post("profiles/create", {"user": "staff", "profile_type": "userlogin"}).status == 403


def test_a_user_without_rights_is_confined_to_its_own_profiles(alice, api, as_alice):
    alice.set_user("bob", autologin=True)
    foreign = alice.add_profile("bob")
    own = str(certificate(parsed(created(as_alice)).blocks["cert"]).serial_number)
    assert as_alice.post("profiles/create", {"profile_type": "userlogin"}).status == 201
    for body in (
        {"user": "bob", "profile_type": "userlogin"},
        {"profile_type": "userlogin", "ignore_missing_user": True},
    ):
        assert as_alice.post("profiles/create", body).status == 403
    assert {each["username"] for each in listed(as_alice)} == {"alice"}
    assert len(listed(as_alice, filters={"user": {"operation": "equal", "value": "alice"}})) == 2
    for wanted in ({"operation": "substring", "value": "alice"}, {"operation": "equal", "value": "bob"}):
        assert as_alice.post("profiles/list", {"filters": {"user": wanted}}).status == 403
    answer = as_alice.post("profiles/delete", [own, foreign, "7"])
    assert answer.body == {"message": None, "response": {own: 204, foreign: 403, "7": 404}}
    refusal = as_alice.post(f"profiles/delete/{foreign}")
    assert (refusal.status, "another user" in refusal.body["reason"]) == (400, True)
    for body in ({"users": ["bob"]}, {"users": ["alice", "bob"]}, {"filter": "a"}):
        assert as_alice.post("profiles/delete-user", body).status == 400
    assert as_alice.post("profiles/delete-user", {"users": ["alice"]}).status == 200
    assert [each["serial"] for each in listed(api)] == [foreign]


def test_making_profiles_can_be_forbidden(alice, api, as_alice):
    alice.set_user("alice", allow_generate_profiles=False)
    assert as_alice.post("profiles/create", {"profile_type": "userlogin"}).status == 403
    assert as_alice.post("token-url", {"profile_type": "userlogin"}).status == 403
    created(api)


@pytest.mark.parametrize(
    "body",
    [None, {"user": "alice"}, {"user": "alice", "profile_type": "server-locked"}, {"profile_type": "generic", "x": 1}],
)
def test_a_bad_request_makes_nothing(alice, api, body):
    assert api.post("profiles/create", body).status == 400
    assert listed(api) == []


def test_a_name_too_long_for_a_certificate_is_refused(server, api):
    server.set_user("a" * 60, autologin=True)
    refusal = api.post("profiles/create", {"user": "a" * 60, "profile_type": "autologin"})
    assert (refusal.status, listed(api)) == (403, [])
    created(api, user="a" * 60, profile_type="userlogin")


# lists


@pytest.mark.parametrize("dialect", ["3.2", "document"])
def test_a_row_tells_everything(start, dialect):
    server, api = start(dialect=dialect)
    server.set_user("alice", autologin=True)
    created(api, comment="her phone", tls_crypt_v2=True)
    (row,) = listed(api)
    (authority,) = api.get("ca/vpn/list").body
    assert row.pop("serial") not in ("", authority["serial"])
    assert row == {
        "common_name": "alice_AUTOLOGIN",
        "algorithm": "secp384r1",
        "not_before": authority["not_before"],
        "not_after": authority["not_after"],
        "self_signed": False,
        "signing_ca": authority["serial"],
        "signing_ca_cn": "OpenVPN CA",
        "device_id": None,
        "comment": "her phone",
        "profile_type": "autologin",
        "tls_crypt_v2": True,
        "last_used": None,
        "username": "alice",
    }


@pytest.fixture
def four(start):
    """A server on 2023-11-14, a client of it, and the serials of four profiles by a name of each."""
    server, api = start(clock=Clock(lambda: 1.7e9))
    old = server.add_authority("Old", algorithm="secp256r1", current=False)
    serials = {
        "phone": server.add_profile("alice", comment="phone", tls_crypt_v2=True),
        "laptop": server.add_profile("alice", "userlogin", comment="laptop", days_left=30),
        "bob": server.add_profile("bob", authority=old),
        "carol": server.add_profile("carol", "userlogin", days_left=-1),
    }
    server.machine.profiles.used(serials["bob"])
    return server, api, serials


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"user": {"operation": "equal", "value": "alice"}}, "phone laptop"),
        ({"user": {"operation": "not_equal", "value": "alice"}}, "bob carol"),
        ({"user": {"operation": "substring", "value": "o"}}, "bob carol"),
        ({"comment": {"operation": "equal", "value": "phone"}}, "phone"),
        ({"comment": {"operation": "equal", "value": ""}}, "bob carol"),
        ({"signing_ca_cn": {"operation": "equal", "value": "Old"}}, "bob"),
        ({"tls_crypt_v2": {"value": True}}, "phone"),
        ({"tls_crypt_v2": {"value": False}, "user": {"operation": "equal", "value": "alice"}}, "laptop"),
        ({"not_after": {"end": "2023-11-14"}}, "carol"),
        ({"not_after": {"start": "2023-12-14", "end": "2023-12-14"}}, "laptop"),
        ({"not_after": {"start": "2023-12-15"}}, "phone bob"),
        ({"not_before": {"start": "2023-11-14"}}, ""),
        ({"last_used": {"start": "2023-11-14", "end": "2023-11-14"}}, "bob"),
        ({"last_used": {"start": "2023-11-15"}}, ""),
        ({"anywhere": {"value": "phone"}}, "phone"),
        ({"anywhere": {"value": "Old"}}, "bob"),
        ({"anywhere": {"value": "Old", "fields": ["username"]}}, ""),
        ({"anywhere": {"value": "_AUTOLOGIN", "fields": ["common_name"]}}, "phone bob"),
    ],
)
def test_filters(four, filters, expected):
    _server, api, serials = four
    assert [each["serial"] for each in listed(api, filters=filters)] == [serials[name] for name in expected.split()]


@pytest.mark.parametrize("as_text", [True, False])
@pytest.mark.parametrize("operation", ["equal", "not_equal", "less_than", "greater_than"])
def test_the_filter_by_serial_compares_numbers(four, operation, as_text):
    _server, api, serials = four
    middle = sorted(map(int, serials.values()))[1]
    wanted = {"operation": operation, "value": str(middle) if as_text else middle}
    compare = {"equal": int.__eq__, "not_equal": int.__ne__, "less_than": int.__lt__, "greater_than": int.__gt__}
    expected = [serial for serial in serials.values() if compare[operation](int(serial), middle)]
    assert [each["serial"] for each in listed(api, filters={"serial_number": wanted})] == expected


@pytest.mark.parametrize(
    ("filters", "field"),
    [
        ({"serial_number": {"operation": "equal", "value": "12'"}}, "filters.serial_number.value"),
        ({"last_used": {"start": "yesterday"}}, "filters.last_used.start"),
        ({"user": "alice"}, "filters.user"),
        ({"username": {"operation": "equal", "value": "alice"}}, "filters.username"),
        ({"anywhere": {"value": "a", "fields": ["key"]}}, "filters.anywhere.fields.0"),
    ],
)
def test_a_bad_filter_is_refused(api, filters, field):
    reply = api.post("profiles/list", {"filters": filters})
    assert (reply.status, [*reply.body["detail"]]) == (400, [field])


def test_order_and_pages(four):
    _server, api, serials = four

    def ordered(**body):
        return [each["serial"] for each in listed(api, **body)]

    oldest_first = [*serials.values()]
    assert ordered() == oldest_first
    assert ordered(order_by="serial") == sorted(oldest_first, key=int)
    assert ordered(order_by="username", sort_by="desc") == [
        serials[name] for name in ("carol", "bob", "phone", "laptop")
    ]
    assert ordered(order_by="type") == [serials[name] for name in ("phone", "bob", "laptop", "carol")]
    assert ordered(order_by="not_after")[:2] == [serials["carol"], serials["laptop"]]
    assert ordered(order_by="last_used", sort_by="desc")[0] == serials["bob"]
    assert ordered(order_by="tls_crypt_v2")[-1] == serials["phone"]
    assert ordered(order_by="algorithm")[0] == serials["bob"]
    assert ordered(order_by="not_before")[0] == serials["carol"]
    answer = api.post("profiles/list", {"page_size": 3, "offset": 2}).body
    assert (answer["total"], [each["serial"] for each in answer["profiles"]]) == (4, oldest_first[2:])
    assert api.post("profiles/list", {"order_by": "comment"}).status == 400
    assert api.post("profiles/list", {"page_size": -1}).status == 400


def test_lists_can_come_in_any_order(server, api):
    oldest_first = [server.add_profile("alice") for _unused in range(12)]
    server.configure(shuffle_lists=True)
    orders = [[each["serial"] for each in listed(api)] for _unused in range(3)]
    assert all(sorted(order) == sorted(oldest_first) for order in orders)
    assert any(order != oldest_first for order in orders)


# deleting


def test_deletion_by_serial(four):
    _server, api, serials = four
    assert api.post(f"profiles/delete/{serials['phone']}").status == 200
    assert api.post(f"profiles/delete/{serials['phone']}").status == 400
    writes_nothing = api.post("profiles/delete", [serials["phone"], "none"])
    assert writes_nothing.body["response"] == {serials["phone"]: 404, "none": 404}
    answer = api.post("profiles/delete", [serials["bob"], "none"])
    assert (answer.status, answer.body["response"]) == (200, {serials["bob"]: 204, "none": 404})
    assert [each["serial"] for each in listed(api)] == [serials["laptop"], serials["carol"]]
    assert api.post("profiles/delete", {"serial": serials["laptop"]}).status == 400


def test_only_a_deletion_that_found_something_wrote(four):
    server, api, serials = four
    api.post("profiles/delete", ["1", "2"])
    assert server.writes == []
    api.post("profiles/delete", ["1", serials["bob"]])
    assert [each.path for each in server.writes] == ["/api/profiles/delete"]


@pytest.mark.parametrize(
    ("body", "left"),
    [
        ({"users": ["alice", "nobody"]}, "bob carol"),
        ({"filter": "o"}, "phone laptop"),
        ({"filter": "_AUTO"}, "laptop carol"),
        ({"users": ["bob"], "filter": "carol"}, "phone laptop"),
    ],
)
def test_deletion_by_user(four, body, left):
    _server, api, serials = four
    assert api.post("profiles/delete-user", body).status == 200
    assert [each["serial"] for each in listed(api)] == [serials[name] for name in left.split()]
    assert api.post("profiles/delete-user", body).status == 404


@pytest.mark.parametrize(("reading", "left"), [("kept", 2), ("deleted", 1)])
@pytest.mark.parametrize("behind", [True, False])
def test_what_becomes_of_the_profiles_of_deleted_users(start, reading, left, behind):
    server, api = start(readings={"profiles_of_deleted_users": reading})
    for name in ("alice", "bob"):
        server.set_user(name, autologin=True)
        server.add_profile(name)
        server.add_profile_token(name)
    if behind:
        server.delete_user("alice")
    else:
        assert api.post("users/delete", {"users": ["alice"]}).status == 204
    assert len(listed(api)) == len(api.get("token-url/list").body["profileTokens"]) == left


def test_the_control_of_tests_refuses_what_the_server_does_not_keep(server, api):
    with pytest.raises(ValueError, match="not 'generic'"):
        server.add_profile("alice", "generic")
    with pytest.raises(ValueError, match="no authority 7"):
        server.add_profile("alice", authority="7")
    serial = api.call("POST", "/_simulator/profile", {"user": "alice", "comment": "behind"}).body
    authority = api.call("POST", "/_simulator/authority", {"common_name": "Behind"}).body
    token = api.call("POST", "/_simulator/profile-token", {"user": "alice", "usages": 3}).body
    assert [(each["serial"], each["comment"]) for each in listed(api)] == [(serial, "behind")]
    assert api.get("ca/vpn/list").body[-1]["serial"] == authority
    assert api.get("token-url/list").body["profileTokens"][0]["token"] == token
