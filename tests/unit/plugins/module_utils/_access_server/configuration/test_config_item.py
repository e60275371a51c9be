# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration items in the server's own types and limits, including secrets; and profiles that are activated as a whole."""

from __future__ import annotations

import datetime as dt
import functools
import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration import config_item
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_item import CONFIG_ITEM
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_profile import (
    CONFIG_PROFILE,
)
from ansible_collections.vpn.estate.plugins.module_utils._engine.field import HIDDEN
from ansible_collections.vpn.estate.tests.simulator.access_server import READINGS
from ansible_collections.vpn.estate.tests.unit.plugins.laws.test_resources import dialects
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server, text_of
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

Start = t.Callable[..., Server]
PORT = "vpn.server.daemon.tcp.port"
RADIUS_SECRET = "auth.radius.0.server.0.secret"  # masked by servers
LDAP_SECRET = "auth.ldap.0.bind_pw"  # servers show it in clear text (server behaviour, 85)
SECRET = "Marker-Secret-9!"
QUICK = {"restart_downtime": 0.05}


def items(server: Server, **params: t.Any) -> Answer:
    """Run as_config_item."""
    return server.manage(CONFIG_ITEM, **params)


def done(answer: Answer) -> Answer:
    """The answer of a task that succeeded."""
    assert not answer.get("failed"), answer["msg"]
    return answer


def refused(server: Server, **params: t.Any) -> str:
    """Run as_config_item, which is to fail without having written; the sentence."""
    answer = items(server, **params)
    assert answer["failed"]
    assert not answer["changed"]
    assert not server.writes()
    return str(answer["msg"])


def stored(server: Server, profile: str = "default") -> dict[str, t.Any]:
    """What is set in a profile."""
    return t.cast(dict[str, t.Any], server.simulator.state()["configuration"][profile])


def value(server: Server, name: str, **params: t.Any) -> t.Any:
    """The value of an item, as the info module returns it."""
    return server.inform(CONFIG_ITEM, [name], **params)[0]["value"]


@functools.cache
def key(number: int) -> ec.EllipticCurvePrivateKey:
    """The first private key, the second one, and so on."""
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(number: int) -> str:
    return key(number).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@functools.cache
def certificate_pem(number: int, name: str = "vpn.example.com") -> str:
    """A certificate for that private key."""
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).serial_number(1)
    builder = builder.not_valid_before(start).not_valid_after(start + dt.timedelta(days=3650))
    return (
        builder.public_key(key(number).public_key())
        .sign(key(number), hashes.SHA256())
        .public_bytes(Encoding.PEM)
        .decode()
    )


# -- types


@pytest.mark.parametrize(
    ("name", "said", "is_on"),
    [
        (PORT, "8443", 8443),
        (PORT, 8443, 8443),
        (PORT, " 8443\n", 8443),
        ("vpn.server.daemon.enable", "no", False),
        ("vpn.server.daemon.enable", "False", False),
        ("vpn.server.daemon.enable", "off", False),
        ("vpn.server.daemon.enable", False, False),
        ("vpn.server.daemon.ovpndco", False, "false"),  # a text to the server
        ("sa.company_name", 42, "42"),
        ("sa.company_name", "", ""),
        ("vpn.server.config_text", "push a\npush b\n", "push a\npush b"),
    ],
)
@dialects
def test_a_value_has_the_type_of_its_item(start: Start, dialect: str, name: str, said: t.Any, is_on: t.Any) -> None:
    server = start(dialect=dialect)
    assert done(items(server, name=name, value=said))["changed"]
    assert (stored(server)[name], type(stored(server)[name])) == (is_on, type(is_on))
    assert not done(items(server, name=name, value=said))["changed"]


@pytest.mark.parametrize(
    ("name", "said", "words"),
    [
        (PORT, "https", "'https' is not a whole number"),
        (PORT, "8443.0", "is not a whole number"),
        (PORT, True, "True is not a whole number"),
        (PORT, "", "is not a whole number"),
        ("vpn.server.daemon.enable", "perhaps", "'perhaps' is not a boolean; it must be true or false"),
        ("vpn.server.daemon.enable", 2, "2 is not a boolean"),
        ("sa.company_name", ["Example"], "is not text; the server keeps one value for each key"),
        ("sa.company_name", {"name": "Example"}, "is not text"),
    ],
)
@dialects
def test_a_value_of_another_type_is_refused(start: Start, dialect: str, name: str, said: t.Any, words: str) -> None:
    assert f"{name}: " in refused(start(dialect=dialect), name=name, value=said)
    assert words in refused(start(dialect=dialect), name=name, value=said)


# -- limits


@pytest.mark.parametrize(
    ("name", "said", "words"),
    [
        (PORT, 0, "0 is not allowed; it must be from 1 to 65535"),
        (PORT, 65536, "65536 is not allowed; it must be from 1 to 65535"),
        ("cs.tls_version_min", "1.4", "'1.4' is not allowed; use one of '1.0', '1.1', '1.2', '1.3'"),
        ("host.name", "vpn example com", "wants a value of the kind hostname"),
        ("host.name", "-vpn.example.com", "wants a value of the kind hostname"),
        ("vpn.server.dhcp_option.dns.0", "dns.example.com", "wants a value of the kind ipAddress"),
        ("vpn.daemon.0.client.network", "2001:db8::", "wants a value of the kind ipv4Address"),
        ("vpn.daemon.0.client.network6", "10.8.0.0", "wants a value of the kind ipv6Address"),
        ("cs.cert", "vpn.example.com", "wants a value of the kind pemCertificate"),
    ],
)
@dialects
def test_a_value_that_the_server_does_not_allow_is_not_sent(
    start: Start, dialect: str, name: str, said: t.Any, words: str
) -> None:
    server = start(dialect=dialect)
    assert words in refused(
        server, config_items=[{"name": "sa.company_name", "value": "Example"}, {"name": name, "value": said}]
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (PORT, 1),
        (PORT, 65535),
        ("cs.tls_version_min", "1.3"),
        ("host.name", "192.0.2.1"),
        ("host.name", "2001:db8::1"),
        ("host.name", "vpn_1.example.com"),
        ("vpn.server.dhcp_option.dns.0", "2001:db8::53"),
        ("vpn.server.dhcp_option.dns.1", ""),
        ("cs.cert", certificate_pem(1)),
    ],
)
@dialects
def test_a_value_within_the_limits_is_written(start: Start, dialect: str, name: str, said: t.Any) -> None:
    server = start(dialect=dialect)
    done(items(server, name=name, value=said, allow_self=True))
    assert value(server, name) == said


@pytest.mark.parametrize("name", ["cs.url", "admin_ui.url"])
@dialects
def test_what_the_server_derives_cannot_be_set(start: Start, dialect: str, name: str) -> None:
    sentence = refused(start(dialect=dialect), name=name, value="https://vpn.example.com/")
    assert f"{name} is calculated by the server from other items and cannot be set" in sentence


@pytest.mark.parametrize(
    ("name", "category", "said"),
    [("vpn.server.cipher", "deprecated", "AES-128-GCM"), ("cs.cws_proto_v2", "removed", "false")],
)
@dialects
def test_what_goes_away_is_warned_of_whether_or_not_it_changes(
    start: Start, dialect: str, name: str, category: str, said: str
) -> None:
    server = start(dialect=dialect)
    for changed in (True, False):
        answer = done(items(server, name=name, value=said))
        assert answer["changed"] is changed
        assert answer["warnings"] == [f"configuration item {name} is {category} on this server."]


# -- keys that the server does not know


@dialects
def test_an_unknown_item_is_refused_unless_custom_is_set(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    wanted = {"name": "vpn.server.deamon.tcp.port", "value": 8443}
    sentence = refused(server, **wanted)
    assert "This server does not know the configuration item vpn.server.deamon.tcp.port" in sentence
    assert "Did you mean vpn.server.daemon.tcp.port? If the name is right, set custom: true for this item" in sentence
    assert done(items(server, **wanted, custom=True))["changed"]
    assert stored(server)["vpn.server.deamon.tcp.port"] == "8443"
    assert not done(items(server, **wanted, custom=True))["changed"]
    assert (
        "does not know the configuration item" in items(server, **wanted)["msg"]
    )  # that it is set now makes no difference


def test_an_unknown_item_that_the_server_leaves_out_of_its_answers_can_be_set(server: Server) -> None:
    """Servers make an item up, or leave it out (server behaviour, 86)."""
    path = "/config-items/default/list"
    server.simulator.faults.add(path=path, status=200, body={"total": 0, "items": []})
    assert done(items(server, name="local.note", value="x", custom=True))["changed"]
    assert stored(server)["local.note"] == "x"


@dialects
def test_one_item_that_is_custom_leaves_the_others_guarded(start: Start, dialect: str) -> None:
    declared = [
        {"name": "local.note", "value": "x", "custom": True},
        {"name": "vpn.server.deamon.tcp.port", "value": 8443},
    ]
    sentence = refused(start(dialect=dialect), config_items=declared)
    assert "does not know the configuration item vpn.server.deamon.tcp.port" in sentence
    assert "local.note" not in sentence


def test_all_mistakes_are_reported_at_once(server: Server) -> None:
    declared = [
        {"name": PORT, "value": "https"},
        {"name": "vpn.server.deamon.tcp.port", "value": 8443},
        {"name": "cs.tls_version_min", "value": "1.4"},
        {"name": "cs.url", "value": "https://vpn.example.com/"},
        {"name": "host.name", "state": "default"},
        {"name": RADIUS_SECRET, "secret_value": SECRET},
    ]
    sentence = refused(server, config_items=declared)
    for words in (
        f"{PORT}: 'https' is not a whole number",
        "does not know the configuration item vpn.server.deamon.tcp.port",
        "cs.tls_version_min: '1.4' is not allowed",
        "cs.url is calculated by the server",
        "host.name has no default",
    ):
        assert words in sentence
    assert sentence.count("Nothing was written") == 1
    many = [{"name": f"local.note{number}", "value": "x"} for number in range(25)]
    sentence = refused(server, config_items=many)
    assert "configuration item local.note19." in sentence
    assert "configuration item local.note20." not in sentence
    assert "And 5 more. Nothing was written." in sentence


@pytest.mark.parametrize("reading", READINGS["indexed_keys"])
@pytest.mark.parametrize(
    ("name", "said", "is_on"),
    [
        ("vpn.server.routing.private_network.2", "172.21.70.72/32", "172.21.70.72/32"),
        ("auth.ldap.1.server.2.host", "ldap.example.com:636", "ldap.example.com:636"),
        ("auth.radius.1.acct_enable", True, True),
        ("auth.radius.0.server.3.auth_port", 1645, 1645),
    ],
)
@dialects
def test_a_key_with_another_index_is_known(
    start: Start, dialect: str, name: str, said: t.Any, is_on: t.Any, reading: str
) -> None:
    server = start(dialect=dialect, readings={"indexed_keys": reading})
    assert done(items(server, name=name, value=said))["changed"]
    kept = is_on if reading == "known" else str(is_on).lower()  # keys without a definition hold texts
    assert stored(server)[name] == kept
    assert not done(items(server, name=name, value=said))["changed"]
    assert not done(items(server, name=name, value=value(server, name)))["changed"]


@pytest.mark.parametrize("reading", READINGS["indexed_keys"])
@pytest.mark.parametrize(
    ("declared", "words"),
    [
        (
            {"name": "auth.radius.0.server.3.auth_port", "value": 65536},
            "65536 is not allowed; it must be from 1 to 65535",
        ),
        ({"name": "vpn.server.dhcp_option.dns.4", "value": "example.com"}, "wants a value of the kind ipAddress"),
        ({"name": "auth.radius.1.server.2.secret", "value": SECRET}, "is a secret. Set it as secret_value"),
        ({"name": "vpn.server.routing.privat_network.2", "value": "10.0.0.0/8"}, "Did you mean"),
    ],
)
def test_a_key_with_another_index_is_guarded_like_the_first(
    start: Start, declared: dict[str, t.Any], words: str, reading: str
) -> None:
    sentence = refused(start(readings={"indexed_keys": reading}), **declared)
    assert words in sentence
    assert SECRET not in sentence


REROUTE_DNS = (
    "vpn.client.routing.reroute_dns"  # returned as a boolean; servers also accept one text (server behaviour, 117)
)


@dialects
def test_a_description_that_is_narrower_than_the_server_has_a_way_round_for_one_item(
    start: Start, dialect: str
) -> None:
    server = start(dialect=dialect)
    sentence = refused(server, name=REROUTE_DNS, value="custom")
    assert f"{REROUTE_DNS}: 'custom' is not a boolean" in sentence
    assert "set custom: true for this item" in sentence
    server.simulator.log.clear()
    assert done(items(server, name=REROUTE_DNS, value="custom", custom=True))["changed"]
    assert stored(server)[REROUTE_DNS] == "custom"
    for custom in (True, False):  # an existing value needs no custom
        assert not done(items(server, name=REROUTE_DNS, value="custom", custom=custom))["changed"]


@pytest.mark.parametrize(
    ("name", "said", "kept"),
    [(PORT, 70000, 70000), ("cs.tls_version_min", "1.4", "1.4"), ("host.name", "vpn,example", "vpn,example")],
)
def test_the_server_decides_on_an_item_that_is_custom(server: Server, name: str, said: t.Any, kept: t.Any) -> None:
    answer = items(server, name=name, value=said, custom=True, allow_self=True)
    assert answer["failed"]
    [sent] = [one.request for one in server.simulator.log if one.path == "/api/config-items/default"]
    assert sent == {name: kept}


def test_what_the_server_calculates_stays_refused_where_it_is_custom(server: Server) -> None:
    sentence = refused(server, name="cs.url", value="https://vpn.example.com/", custom=True)
    assert "is calculated by the server" in sentence


@dialects
def test_an_address_with_a_password_in_it_is_a_secret(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    server.simulator.set_configuration(certs_db=f"mysql://as:{SECRET}@db.example.com/as_certs")
    for names in (["certs_db"], None):
        found = {one["name"]: one for one in server.inform(CONFIG_ITEM, names)}["certs_db"]
        assert found["secret"]
        assert found["value"] == HIDDEN
    sentence = refused(server, name="log_db", value=f"mysql://as:{SECRET}@db.example.com/as_log", custom=True)
    assert "is a secret. Set it as secret_value" in sentence
    assert SECRET not in sentence


@pytest.mark.parametrize(
    "text",
    [
        "https://vpn.example.com:943/?mail=a@b.c",
        'url = "ldap://" + host\nport: int\n@cached\n',
        "ldap://a.example:389/,b@c",
    ],
)
def test_an_address_without_a_password_is_no_secret(server: Server, text: str) -> None:
    assert done(items(server, name="vpn.client.config_text", value=text))["changed"]
    assert value(server, "vpn.client.config_text") == text.rstrip()


# -- the default


@dialects
def test_an_item_is_reset_to_its_default_once(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    done(items(server, name=PORT, value=8443))
    answer = done(items(server, name=PORT, state="default"))
    assert answer["diff"] == {"before": {PORT: {"value": 8443}}, "after": {PORT: {"value": 443}}}
    assert value(server, PORT) == 443
    assert not done(items(server, name=PORT, state="default"))["changed"]


@dialects
def test_an_item_that_must_have_a_value_has_no_default(start: Start, dialect: str) -> None:
    sentence = refused(start(dialect=dialect), name="host.name", state="default")
    assert "host.name has no default on this server. Set a value" in sentence


@dialects
def test_an_item_whose_default_is_not_shown_is_refused_before_anything_is_written(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    done(items(server, name="local.note", value="x", custom=True))
    server.simulator.log.clear()
    declared = [{"name": PORT, "value": 8443}, {"name": "local.note", "state": "default", "custom": True}]
    sentences = {items(server, config_items=declared, check=check)["msg"] for check in (True, False)}
    assert not server.writes()
    assert len(sentences) == 1
    assert "local.note has no default on this server. Set a value. Nothing was written" in sentences.pop()


@dialects
def test_a_secret_is_reset_to_its_default_too(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    for name in (RADIUS_SECRET, LDAP_SECRET):
        done(items(server, name=name, secret_value=SECRET))
        answer = done(items(server, name=name, state="default"))
        assert answer["changed"]
        assert SECRET not in text_of(answer)
        assert not stored(server).get(name)
        assert not done(items(server, name=name, state="default"))["changed"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"state": "default", "value": 443}, "state: default allows no value"),
        ({"state": "default", "secret_value": SECRET}, "state: default allows no value"),
        ({}, "state: present needs either value or secret_value"),
        ({"value": 443, "secret_value": SECRET}, "state: present needs either value or secret_value"),
    ],
)
def test_a_state_and_its_value_go_together(server: Server, said: dict[str, t.Any], words: str) -> None:
    sentence = refused(server, name=PORT, **said)
    assert words in sentence
    assert SECRET not in sentence


# -- secrets


@pytest.mark.parametrize("name", [RADIUS_SECRET, LDAP_SECRET, "subscription.bundle", "cs.priv_key"])
@dialects
def test_a_secret_as_an_open_value_is_refused(start: Start, dialect: str, name: str) -> None:
    sentence = refused(start(dialect=dialect), name=name, value=SECRET)
    assert sentence == "value: this is a secret. Set it as secret_value, so that Ansible masks it."
    assert SECRET not in sentence


@pytest.mark.parametrize("said", ["x", ["mArKeD"], {"name": "mArKeD"}])
def test_what_the_server_calls_a_secret_is_one_whatever_its_name(server: Server, said: t.Any) -> None:
    item = {"name": "acme.account", "type": "string", "category": "default", "derived_from": "db", "default_value": ""}
    shown = {"total": 1, "items": [{**item, "value": None, "redacted_value": "[hidden]"}]}
    server.simulator.faults.add(path="/config-items/default/list", status=200, body=shown)
    sentence = refused(server, name="acme.account", value=said)
    assert "acme.account is a secret" in sentence
    assert "mArKeD" not in sentence


@pytest.mark.parametrize("name", [RADIUS_SECRET, LDAP_SECRET])
@dialects
def test_a_secret_is_written_where_there_is_none_and_always_where_that_is_set(
    start: Start, dialect: str, name: str
) -> None:
    server = start(dialect=dialect)
    first = done(items(server, name=name, secret_value=SECRET))
    assert first["diff"]["after"] == {name: {"secret_value": HIDDEN}}
    assert stored(server)[name] == SECRET
    assert not done(items(server, name=name, secret_value="Another-Secret-9!"))["changed"]
    assert stored(server)[name] == SECRET
    always = done(items(server, name=name, secret_value="Another-Secret-9!", update_secrets="always"))
    assert always["changed"]
    assert stored(server)[name] == "Another-Secret-9!"
    answers = [first, always, server.inform(CONFIG_ITEM, [name]), server.inform(CONFIG_ITEM)]
    assert all("Secret-9!" not in text_of(t.cast(Answer, one)) for one in answers)
    assert value(server, name) == HIDDEN


@dialects
def test_a_secret_is_not_written_in_check_mode(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    planned = done(items(server, name=RADIUS_SECRET, secret_value=SECRET, check=True))
    assert not server.writes()
    assert planned == done(items(server, name=RADIUS_SECRET, secret_value=SECRET))


def pair(certificate: int, private_key: int) -> list[dict[str, t.Any]]:
    """A web certificate and a private key, as a playbook declares them."""
    return [
        {"name": "cs.cert", "value": certificate_pem(certificate)},
        {"name": "cs.priv_key", "secret_value": key_pem(private_key)},
    ]


@dialects
def test_a_private_key_is_compared_by_its_public_half(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    answer = done(items(server, config_items=pair(1, 1), allow_self=True))
    assert [one["action"] for one in answer["objects"]] == ["updated", "updated"]
    assert "PRIVATE" not in text_of(answer)
    for update_secrets in ("on_create", "always"):
        assert not done(items(server, config_items=pair(1, 1), update_secrets=update_secrets))["changed"]
    renewed = [{"name": "cs.cert", "value": certificate_pem(1, "other.example.com")}, pair(1, 1)[1]]
    answer = done(items(server, config_items=renewed, allow_self=True))
    assert [one["action"] for one in answer["objects"]] == ["updated", "unchanged"]
    answer = done(items(server, config_items=pair(2, 2), allow_self=True))
    assert [one["action"] for one in answer["objects"]] == ["updated", "updated"]
    assert stored(server)["cs.priv_key"] == key_pem(2)
    assert not done(items(server, config_items=pair(2, 2)))["changed"]


@dialects
def test_a_private_key_that_is_missing_is_written_though_its_certificate_is_there(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    certificate, private_key = pair(1, 1)
    done(items(server, **certificate, allow_self=True))
    assert done(items(server, **private_key, allow_self=True))["changed"]
    assert stored(server)["cs.priv_key"] == key_pem(1)
    assert not done(items(server, **private_key))["changed"]


@pytest.mark.parametrize("ending", ["", "\n", "\n\n", "\r\n"])
def test_line_ends_make_no_other_certificate(server: Server, ending: str) -> None:
    kept = certificate_pem(1).rstrip().replace("\n", "\r\n" if "\r" in ending else "\n") + ending
    server.simulator.set_configuration(**{"cs.cert": kept})
    assert not done(items(server, name="cs.cert", value=certificate_pem(1)))["changed"]
    assert not done(items(server, name="cs.cert", value=certificate_pem(1).rstrip()))["changed"]


# -- many, and elsewhere


@dialects
def test_many_items_are_one_request(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    wanted = [{"name": PORT, "value": 8443}, {"name": "cs.tls_version_min", "value": "1.3"}]
    same = {"name": "vpn.server.daemon.udp.port", "value": 1194}
    answer = done(items(server, config_items=[*wanted, same]))
    assert answer["counts"] == {"updated": 2, "unchanged": 1}
    assert server.writes() == ["/api/config-items/default"]


@dialects
def test_a_profile_that_is_not_there_is_named_with_those_that_are(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    sentence = refused(server, name=PORT, value=8443, profile="candidate")
    assert "configuration profile 'candidate' does not exist. Available: default" in sentence


# -- profiles


def profiles(server: Server, **params: t.Any) -> Answer:
    """Run as_config_profile."""
    return server.manage(CONFIG_PROFILE, **params)


def active(server: Server) -> str:
    return str(server.simulator.state()["active_profile"])


@pytest.fixture(name="quick")
def fixture_quick(start: Start) -> Server:
    """A server that is soon back, with a copy of its profile."""
    server = start(settings=QUICK)
    done(items(server, name=PORT, value=8443))
    done(profiles(server, name="candidate", copy_from="default"))
    server.simulator.log.clear()
    return server


def test_a_copy_has_what_is_set_and_goes_its_own_way(quick: Server) -> None:
    assert stored(quick, "candidate") == stored(quick, "default")
    done(items(quick, name=PORT, value=9443, profile="candidate"))
    assert (value(quick, PORT), value(quick, PORT, profile="candidate")) == (8443, 9443)
    assert not done(profiles(quick, name="candidate", copy_from="default"))["changed"]
    assert value(quick, PORT, profile="candidate") == 9443


def test_a_copy_of_a_copy_is_made_in_the_order_of_the_declaration(quick: Server) -> None:
    copies = [{"name": "second", "copy_from": "candidate"}, {"name": "third", "copy_from": "second"}]
    assert done(profiles(quick, config_profiles=copies))["counts"] == {"created": 2}
    assert stored(quick, "third") == stored(quick, "default")


@pytest.mark.parametrize("copies", [["nowhere"], ["later", None]])
def test_a_source_that_does_not_exist_at_that_time_is_refused(quick: Server, copies: list[str | None]) -> None:
    declared = [{"name": name, "copy_from": source} for name, source in zip(("copy", "later"), copies, strict=False)]
    for check in (True, False):
        answer = profiles(quick, config_profiles=declared, check=check)
        assert answer["failed"]
        assert (
            f"copy_from of copy: configuration profile {copies[0]} does not exist when copy is created. Available:"
            in answer["msg"]
        )
    assert not quick.writes()


@dialects
def test_a_profile_is_activated_by_a_restart_that_is_waited_for(start: Start, dialect: str) -> None:
    server = start(dialect=dialect, settings=QUICK)
    done(profiles(server, name="candidate", copy_from="default"))
    done(items(server, name=PORT, value=9443, profile="candidate"))
    assert server.simulator.state()["running"].get(PORT) is None
    before = server.simulator.state()["last_restarted"]
    done(profiles(server, name="candidate", active=True, restart_mode="cold"))
    [activation] = [one for one in server.simulator.log if one.path.endswith("/set-active")]
    assert activation.query == {"restartMode": "cold"}
    assert active(server) == "candidate"
    assert server.simulator.state()["running"][PORT] == 9443
    assert server.simulator.state()["last_restarted"] != before
    assert value(server, PORT) == 9443
    assert [one["active"] for one in server.inform(CONFIG_PROFILE)] == [True, False]
    assert not done(profiles(server, name="candidate", active=True))["changed"]


@pytest.mark.parametrize("validate", [True, False])
@pytest.mark.parametrize("check", [True, False])
def test_a_profile_that_cannot_be_active_is_not_activated(quick: Server, validate: bool, check: bool) -> None:
    """Whether it is checked beforehand, or the server itself refuses."""
    quick.simulator.set_configuration("candidate", **{"host.name": ""})
    answer = profiles(quick, name="candidate", active=True, validate=validate, check=check)
    if check and not validate:
        assert not answer.get("failed")  # no server was asked
    else:
        assert answer["failed"]
        assert not answer["changed"]
        assert "Required configuration key is not set: host.name" in answer["msg"]
    assert active(quick) == "default"
    assert not quick.writes()


def test_a_new_profile_that_cannot_be_active_was_created_and_that_is_reported(quick: Server) -> None:
    quick.simulator.set_configuration("candidate", **{"host.name": ""})
    answer = profiles(quick, name="empty", copy_from="candidate", active=True)
    assert answer["failed"]
    assert answer["changed"]
    [line] = answer["objects"]
    assert line["action"] == "failed"
    assert "is not valid and was not activated: Required configuration key" in line["msg"]
    assert "It was created." in line["msg"]
    assert active(quick) == "default"
    assert "empty" in [one["name"] for one in quick.inform(CONFIG_PROFILE)]


def test_a_server_that_does_not_come_back_leaves_the_outcome_open(quick: Server) -> None:
    quick.simulator.configure(restart_delay=600)
    answer = profiles(quick, name="candidate", active=True, restart_timeout=1)
    assert answer["failed"]
    assert answer["changed"]
    assert "did not restart within 1 seconds" in answer["msg"]
    assert [one["action"] for one in answer["objects"]] == ["unknown"]


@pytest.mark.parametrize("check", [True, False])
def test_a_time_that_is_not_valid_is_refused(quick: Server, check: bool) -> None:
    answer = profiles(quick, name="candidate", active=True, restart_timeout=0, check=check)
    assert answer["failed"]
    assert "restart_timeout: 0 is too small; the smallest value is 1 second" in answer["msg"]
    assert not quick.writes()


@pytest.mark.parametrize("check", [True, False])
def test_the_profile_active_is_not_deleted(quick: Server, check: bool) -> None:
    declared = [{"name": "candidate", "state": "absent"}, {"name": "default", "state": "absent"}]
    answer = profiles(quick, config_profiles=declared, check=check)
    assert answer["failed"]
    assert "default is active and cannot be deleted. Activate another one first" in answer["msg"]
    assert not quick.writes()


def test_the_profile_that_was_active_can_be_deleted(quick: Server) -> None:
    done(profiles(quick, name="candidate", active=True))
    assert done(profiles(quick, name="default", state="absent"))["changed"]
    assert [one["name"] for one in quick.inform(CONFIG_PROFILE)] == ["candidate"]
    assert not done(profiles(quick, name="default", state="absent"))["changed"]


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ([{"name": "a", "active": True}, {"name": "b", "active": True}], "only one profile can be active, but a and b"),
        (
            [{"name": "default", "active": False}],
            "it is the active profile. To deactivate it, activate another one. Nothing was written",
        ),
        ([{"name": "a"}, {"name": "a"}], "a is declared twice"),
    ],
)
def test_one_profile_is_active(quick: Server, declared: list[dict[str, t.Any]], words: str) -> None:
    answer = profiles(quick, config_profiles=declared)
    assert answer["failed"]
    assert words in answer["msg"]
    assert not quick.writes()


def test_an_empty_profile_is_not_made_to_be_activated(quick: Server) -> None:
    """A slip of the pen in a name would leave a profile behind that cannot be active."""
    for check in (True, False):
        answer = quick.manage(CONFIG_PROFILE, name="typo", active=True, check=check)
        assert answer["failed"]
        assert "copy_from" in answer["msg"]
    assert "typo" not in [one["name"] for one in quick.inform(CONFIG_PROFILE)]


def test_a_staged_change_can_be_looked_at_before_its_first_run(quick: Server) -> None:
    staged = {"profile": "next", "name": "vpn.server.daemon.tcp.port", "value": 8443}
    assert quick.manage(CONFIG_PROFILE, name="next", copy_from="default", check=True)["changed"]
    planned = quick.manage(CONFIG_ITEM, **staged, assume_present=["next"], check=True)
    assert not planned.get("failed"), planned["msg"]
    quick.manage(CONFIG_PROFILE, name="next", copy_from="default")
    assert quick.manage(CONFIG_ITEM, **staged, assume_present=["next"])["diff"] == planned["diff"]
    refused = quick.manage(CONFIG_ITEM, **{**staged, "profile": "other"}, assume_present=["other"])
    assert "configuration profile 'other' does not exist" in refused["msg"]


def test_values_and_secrets_are_one_request(server: Server) -> None:
    """A key and its certificate that were written apart could be left apart."""
    items = [
        {"name": "sa.company_name", "value": "Example"},
        {"name": "auth.ldap.0.bind_pw", "secret_value": "Bind-Pw-7!"},
    ]
    server.simulator.log.clear()
    answer = server.manage(CONFIG_ITEM, config_items=items)
    assert answer["counts"] == {"updated": 2}
    assert server.writes() == ["/api/config-items/default"]


def test_hints_are_looked_for_only_where_they_are_reported(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(config_item, "did_you_mean", lambda said, known: asked.append(said) or "")
    items = [{"name": f"vpn.sever.port{number}", "value": "1"} for number in range(100)]
    assert "And 80 more." in server.manage(CONFIG_ITEM, config_items=items)["msg"]
    assert len(asked) == 20
