# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server as a SAML service provider: what follows from metadata, which certificate is trusted, and what is refused."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.modules.as_saml import BODY
from ansible_collections.vpn.estate.plugins.modules.as_saml_info import BODY as INFO
from ansible_collections.vpn.estate.plugins.plugin_utils._in_process import perform
from ansible_collections.vpn.estate.tests.simulator.identity_provider import IdentityProvider, signer
from ansible_collections.vpn.estate.tests.unit.plugins.laws.test_resources import dialects
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server, text_of

Start = t.Callable[..., Server]
OLD, NEW, EXPIRED = signer("old"), signer("new", days=400), signer("expired", days=-1)
PROVIDER = IdentityProvider(signers=[OLD])
ROTATING = IdentityProvider(signers=[OLD, NEW])
OF_IDP = ("enable", "idp_cert", "idp_entityid", "idp_logout_endpoint", "idp_signon_endpoint")


def saml(server: Server, *, check: bool = False, **given: t.Any) -> Answer:
    server.simulator.log.clear()
    return perform(BODY, "as_saml", {**server.connection, **given}, check=check, invocation=True)


def done(server: Server, **given: t.Any) -> Answer:
    """The run does what check mode reports, and then nothing is left to do."""
    foretold, answer = (saml(server, check=check, **given) for check in (True, False))
    assert not answer.get("failed"), answer
    assert (foretold["objects"], foretold["diff"], foretold["changed"]) == (
        answer["objects"],
        answer["diff"],
        answer["changed"],
    )
    assert not saml(server, **given)["changed"]
    assert not server.writes()
    return answer


def refused(server: Server, **given: t.Any) -> str:
    """The sentence of a refusal, which is that of check mode; nothing was written."""
    foretold, answer = (saml(server, check=check, **given) for check in (True, False))
    assert answer["failed"], answer
    assert foretold["msg"] == answer["msg"]
    assert not server.writes()
    return str(answer["msg"])


def informed(server: Server, **given: t.Any) -> Answer:
    return perform(INFO, "as_saml_info", {**server.connection, **given}, check=False, invocation=False)


def restart(server: Server) -> None:
    """What is written becomes active."""
    server.simulator.machine.configuration.take_over()


def trusted(server: Server) -> list[str]:
    """Fingerprints of the certificates in the settings."""
    return [one["fingerprint"] for one in informed(server)["idp_certificates"]]


# -- metadata


@dialects
@pytest.mark.parametrize("source", ["idp_metadata", "idp_metadata_src", "idp_metadata_url"])
@pytest.mark.parametrize("form", ["pem", "base64"])
def test_settings_follow_from_metadata(start: Start, dialect: str, source: str, form: str, tmp_path: Path) -> None:
    server = start(dialect=dialect, readings={"saml_certificate_form": form})
    url, file = "https://idp.example.com/metadata.xml", tmp_path / "idp.xml"
    server.simulator.machine.saml.metadata_at[url] = PROVIDER.metadata()
    file.write_text(PROVIDER.metadata())
    value = {"idp_metadata": PROVIDER.metadata(), "idp_metadata_src": str(file), "idp_metadata_url": url}[source]
    answer = done(server, **{source: value}, enabled=True)
    assert sorted(answer["objects"][0]["pending"]) == [f"auth.saml.0.{end}" for end in OF_IDP]
    found = informed(server)
    assert found["saml"]["idp_entity_id"] == PROVIDER.entity_id
    assert found["saml"]["idp_signon_endpoint"] == PROVIDER.sign_on
    assert found["saml"]["idp_logout_endpoint"] == PROVIDER.logout
    assert found["saml"]["idp_certificate"] == OLD.pem
    assert [(one["fingerprint"], one["used"]) for one in answer["objects"][0]["idp_certificates"]] == [
        (OLD.fingerprint, True)
    ]


def test_an_address_for_signing_out_goes_with_metadata_that_has_none(server: Server) -> None:
    done(server, idp_metadata=PROVIDER.metadata())
    done(server, idp_metadata=IdentityProvider(signers=[OLD], logout="").metadata())
    assert informed(server)["saml"]["idp_logout_endpoint"] == ""


def test_a_server_without_the_helper_gets_what_is_read_here(start: Start) -> None:
    server = start(settings={"lacks": "post__helper_get-saml-configuration"})
    done(server, idp_metadata=PROVIDER.metadata())
    assert informed(server)["saml"]["idp_entity_id"] == PROVIDER.entity_id
    assert "Set idp_metadata_src instead" in refused(server, idp_metadata_url="https://idp.example.com/none")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"idp_metadata": "<!DOCTYPE a><a/>"}, "idp_metadata: it has a document type"),
        ({"idp_metadata": "<a/>"}, "idp_metadata: it describes no identity provider"),
        ({"idp_metadata_src": "/none/idp.xml"}, "idp_metadata_src: /none/idp.xml cannot be read"),
        ({"idp_metadata_url": "http://idp.example.com/"}, "'http://idp.example.com/' is not an https address"),
        (
            {"idp_metadata_url": "https://anna:secret@idp.example.com/"},
            "idp_metadata_url contains a name or a password",
        ),
        ({"idp_metadata_url": "https://idp.example.com/none"}, "cannot use the metadata: Could not fetch the metadata"),
        (
            {"idp_metadata": PROVIDER.metadata(valid_until="2020-01-01T00:00:00Z")},
            "idp_metadata: the metadata was valid until 2020-01-01 00:00 UTC",
        ),
        (
            {"idp_metadata": PROVIDER.metadata(), "idp_certificate_fingerprint": "AB:CD"},
            f"idp_metadata does not have this certificate. Available: {OLD.fingerprint}",
        ),
        ({"idp_certificate_fingerprint": "AB:CD"}, "idp_certificate_fingerprint selects a certificate from metadata"),
        ({"idp_metadata": PROVIDER.metadata(), "state": "absent"}, "SAML with state: absent cannot have idp_metadata"),
        ({"enabled": True, "state": "absent"}, "SAML with state: absent cannot have enabled"),
        (
            {"enabled": True},
            "enabled: without idp_entity_id, idp_signon_endpoint, idp_certificate, no user can sign in",
        ),
        (
            {"idp_signon_endpoint": "http://idp.example.com"},
            "idp_signon_endpoint of SAML: 'http://idp.example.com'",
        ),
        (
            {"idp_certificate": "nothing"},
            "idp_certificate of SAML: it contains a certificate that cannot be read",
        ),
        ({"idp_metadata": PROVIDER.metadata(), "idp_entity_id": "x"}, "mutually exclusive"),
        ({"timeout": 60, "sp_metadata_dest": "/none/sp.xml"}, "sp_metadata_dest: /none/sp.xml cannot be written"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    server: Server, given: dict[str, t.Any], sentence: str
) -> None:
    message = refused(server, **given)
    assert sentence in message
    assert "secret" not in message


def test_what_contradicts_metadata_that_was_read_here_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that reads other things in it is not the one to believe."""
    own = server.simulator.machine.saml
    monkeypatch.setattr(own, "_described", lambda text: {"auth.saml.0.idp_entityid": "https://evil.example.com"})
    assert "reads the entity ID 'https://evil.example.com', but it is" in refused(
        server, idp_metadata=PROVIDER.metadata()
    )
    monkeypatch.setattr(own, "_described", lambda text: {"auth.saml.0.idp_cert": NEW.pem})
    assert "reads a certificate that is not in the metadata" in refused(server, idp_metadata=PROVIDER.metadata())


def test_a_server_that_finds_nothing_at_an_address_is_reported(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    own = server.simulator.machine.saml
    own.metadata_at["https://idp.example.com/"] = PROVIDER.metadata()
    monkeypatch.setattr(own, "_described", lambda text: {"auth.saml.0.idp_cert": NEW.pem})
    message = refused(server, idp_metadata_url="https://idp.example.com/")
    assert "finds no idp_entity_id, idp_signon_endpoint in it" in message


def test_keys_that_the_server_reads_beside_ours_are_reported(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    own = server.simulator.machine.saml
    read = own._described
    monkeypatch.setattr(own, "_described", lambda text: {**read(text), "auth.saml.0.sp_hostname": "x.example.com"})
    [warning] = saml(server, idp_metadata=PROVIDER.metadata())["warnings"]
    assert "also reads auth.saml.0.sp_hostname in it. as_saml does not write this" in warning


def test_a_server_without_saml_is_reported_by_a_sentence(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    configuration = server.simulator.machine.configuration
    items = configuration.items
    monkeypatch.setattr(
        configuration,
        "items",
        lambda profile, names: [one for one in items(profile, names) if "saml" not in one["name"]],
    )
    assert "This server does not know auth.saml.0.timeout. SAML needs Access Server 2.11 or later." in refused(
        server, timeout=60
    )


# -- certificates that take the place of others


def test_a_server_that_reads_several_certificates_trusts_both_while_they_overlap(start: Start) -> None:
    server = start(readings={"saml_certificates": "all"})
    done(server, idp_metadata=PROVIDER.metadata())
    done(server, idp_metadata=ROTATING.metadata())
    assert trusted(server) == [OLD.fingerprint, NEW.fingerprint]
    answer = done(server, idp_metadata=IdentityProvider(signers=[EXPIRED, NEW]).metadata())
    assert trusted(server) == [NEW.fingerprint]
    assert [one["used"] for one in answer["objects"][0]["idp_certificates"]] == [False, True]


def test_a_server_that_reads_one_keeps_the_one_in_use_until_metadata_has_it_no_more(start: Start) -> None:
    server = start(readings={"saml_certificates": "first"})
    done(server, idp_metadata=PROVIDER.metadata())
    turned = IdentityProvider(signers=[NEW, OLD]).metadata()
    answer = saml(server, idp_metadata=turned)
    assert not answer["changed"]
    [warning] = answer["warnings"]
    assert (
        f"{OLD.fingerprint} is trusted; {NEW.fingerprint} is not trusted yet. Set idp_certificate_fingerprint"
        in warning
    )
    spelt = ":".join(NEW.fingerprint[at : at + 2] for at in range(0, 64, 2)).upper()
    done(server, idp_metadata=turned, idp_certificate_fingerprint=spelt)
    assert trusted(server) == [NEW.fingerprint]
    done(server, idp_metadata=IdentityProvider(signers=[OLD]).metadata())
    assert trusted(server) == [OLD.fingerprint]


def test_the_next_certificate_is_trusted_where_the_one_in_use_has_expired(start: Start) -> None:
    server = start(readings={"saml_certificates": "first"})
    answer = saml(server, idp_metadata=IdentityProvider(signers=[EXPIRED]).metadata())
    [warning] = answer["warnings"]
    assert "its certificate for signatures expired on" in warning
    done(server, idp_metadata=IdentityProvider(signers=[EXPIRED, NEW]).metadata())
    assert trusted(server) == [NEW.fingerprint]


# -- what users and identity providers get


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_task_reports_where_users_are_sent(start: Start, form: str) -> None:
    server = start(readings={"idp_url": form})
    answer = saml(server, idp_metadata=PROVIDER.metadata(), enabled=True)
    [warning] = answer["warnings"]
    assert "SAML is not configured or invalid configuration. The new settings may need a restart" in warning
    restart(server)
    assert not saml(server, idp_metadata=PROVIDER.metadata()).get("warnings")
    found = informed(server)
    assert (found["sign_in_url"], found["problem"]) == (PROVIDER.sign_on, None)
    assert "SAMLRequest" not in text_of(found)
    moved = IdentityProvider(signers=[OLD], sign_on="https://idp.example.com/other")
    [warning] = saml(server, idp_metadata=moved.metadata())["warnings"]
    assert "it sends them to https://idp.example.com/sso" in warning
    done(server, enabled=False)
    assert informed(server)["sign_in_url"] is None


@pytest.mark.parametrize("answer", ["https://[", 7, "", {}], ids=str)
def test_an_odd_answer_to_the_question_where_users_are_sent_is_a_warning(server: Server, answer: t.Any) -> None:
    server.simulator.faults.add(path="/api/auth/get-idp-url", status=200, body=answer, times=None)
    found = saml(server, idp_metadata=PROVIDER.metadata(), enabled=True)
    assert found["counts"] == {"updated": 1}
    [warning] = found["warnings"]
    assert "does not send users to their identity provider" in warning


@pytest.mark.parametrize("made", ["stable", "dated"])
def test_the_metadata_of_the_server_is_kept_in_a_file(start: Start, made: str, tmp_path: Path) -> None:
    server = start(readings={"sp_metadata": made})
    file = tmp_path / "sp.xml"
    first = saml(server, idp_metadata=PROVIDER.metadata(), enabled=True, sp_metadata_dest=str(file))
    assert any("has no metadata of its own yet" in warning for warning in first["warnings"])
    assert not file.exists()
    assert "SAML must be enabled and active" in refused(server, sp_metadata_dest=str(file))
    restart(server)
    answer = done(server, sp_metadata_dest=str(file))
    assert answer["objects"][0]["sp_metadata"] == {
        "entity_id": "https://vpn.example.com/saml/metadata",
        "acs_url": "https://vpn.example.com/saml/acs",
    }
    assert informed(server)["sp_metadata"] == answer["objects"][0]["sp_metadata"]
    assert "https://vpn.example.com/saml/acs" in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    done(server, sp_hostname="sso.example.com")
    restart(server)
    done(server, sp_metadata_dest=str(file))
    assert "https://sso.example.com/saml/acs" in file.read_text()
    file.write_text("something else")
    assert done(server, sp_metadata_dest=str(file))["changed"]


def test_metadata_that_has_expired_is_written_again(start: Start, tmp_path: Path) -> None:
    server, file = start(readings={"sp_metadata": "dated"}), tmp_path / "sp.xml"
    server.simulator.set_configuration(**PROVIDER.settings())
    restart(server)
    done(server, sp_metadata_dest=str(file))
    text = file.read_text()
    file.write_text(text.replace('validUntil="20', 'validUntil="19'))
    assert done(server, sp_metadata_dest=str(file))["changed"]


# -- profiles, and the account of the task


def test_settings_of_a_profile_that_is_not_active_wait_for_it(server: Server) -> None:
    server.simulator.machine.store.add_profile("next")
    answer = done(server, profile="next", idp_metadata=PROVIDER.metadata(), enabled=True)
    assert answer["objects"][0]["pending"] == []
    assert not answer.get("warnings")
    assert informed(server, profile="next")["saml"]["enabled"] is True
    assert informed(server)["saml"]["enabled"] is False


def test_enabling_saml_is_no_risk_to_an_account_with_a_password(server: Server) -> None:
    done(server, idp_metadata=PROVIDER.metadata(), enabled=True)
    done(server, state="absent")
    assert informed(server)["saml"]["enabled"] is False


def test_settings_for_the_sign_in_of_the_account_are_left_alone_unless_a_change_is_intended(server: Server) -> None:
    server.simulator.set_configuration(**PROVIDER.settings())
    token = server.token()
    server.simulator.set_user(server.simulator.username, auth_method="saml")
    own = {"as_password": None, "as_token": token}
    message = refused(server, state="absent", **own)
    assert "the sign-in of this and later tasks depends on auth.saml.0.enable" in message
    answer = saml(server, state="absent", allow_self=True, **own)
    assert answer["changed"]
    assert any("This task cannot verify that they work" in warning for warning in answer["warnings"])


def test_an_administrator_with_a_method_of_its_own_may_change_them(server: Server) -> None:
    server.simulator.set_configuration(**PROVIDER.settings())
    server.simulator.set_user("anna", admin=True, auth_method="saml")
    assert done(server, state="absent")["changed"]
