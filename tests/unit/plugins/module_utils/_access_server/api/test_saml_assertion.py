# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in with the assertion of an identity provider: one session on one server, and a sentence when it has ended."""

from __future__ import annotations

import base64
import time
import typing as t
from collections.abc import Callable

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.client import AccessServer
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.session import Session
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.sign_in import Credentials
from ansible_collections.vpn.estate.plugins.module_utils._net.session_store import MemoryStore
from ansible_collections.vpn.estate.plugins.module_utils._net.tls import Trust
from ansible_collections.vpn.estate.plugins.module_utils._net.transport import Transport
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import SignInError, Unreachable
from ansible_collections.vpn.estate.plugins.modules.as_saml import BODY as AS_SAML
from ansible_collections.vpn.estate.tests.simulator.identity_provider import IdentityProvider, signer
from ansible_collections.vpn.estate.tests.unit.plugins.module_utils._access_server.api.test_session import Time, World
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server, text_of

PATH, RENEW = "/api/auth/login/saml-assertion", "/api/auth/token/renew"
IDP = IdentityProvider()
ADMINISTRATOR = "sam@example.com"


class SamlWorld(World):
    """A server that trusts an identity provider, and an administrator of that provider."""

    def __init__(self, start: Callable[..., Server], time: Time, **how: t.Any) -> None:
        super().__init__(start, time, **how)
        self.simulator.set_configuration(**IDP.settings())
        self.simulator.machine.configuration.take_over()
        self.simulator.set_user(ADMINISTRATOR, auth_method="saml", admin=True)

    def by(self, username: str = ADMINISTRATOR, **how: t.Any) -> Credentials:
        """Credentials of a user who has signed in at the identity provider just now."""
        own = self.simulator.machine.saml
        about = {"service_provider": own.entity_id, "consumer": own.consumer, "now": self.time()}
        return Credentials(None, None, assertion=IDP.response(username, **{**about, **how}))


@pytest.fixture(name="time")
def fixture_time() -> Time:
    return Time()


@pytest.fixture(name="world")
def fixture_world(start: Callable[..., Server], time: Time) -> SamlWorld:
    return SamlWorld(start, time)


@pytest.mark.parametrize("dialect", ["document", "3.2"])
@pytest.mark.parametrize("takes", ["taken", "unknown"])
@pytest.mark.parametrize("signs", ["assertion", "response"])
def test_an_assertion_opens_one_session_for_all_tasks(
    start: Callable[..., Server], time: Time, dialect: str, takes: str, signs: str
) -> None:
    world = SamlWorld(start, time, dialect=dialect, readings={"saml_request_admin": takes})
    who, store = world.by(signs=signs), MemoryStore()
    for _unused in range(3):
        client = world.client(who, store)
        assert "version" in client.object("GET /server/info")
        assert client.session.account_names == [ADMINISTRATOR]
        assert client.username == ADMINISTRATOR
        assert not client.session.can_sign_in
    accepted = [one for one in world.simulator.log if one.path == PATH and one.status == 200]
    assert len(accepted) == 1
    assert world.asked(PATH) == (1 if takes == "taken" else 2)


def test_its_session_is_renewed_and_ends_in_a_sentence(world: SamlWorld) -> None:
    who, store, message = world.by(), MemoryStore(), "The session never ended."
    for _unused in range(50):  # more than the four hours in which a session can be renewed
        try:
            world.client(who, store).object("GET /server/info")
        except SignInError as exc:
            message = str(exc)
            break
        world.time.now += 400
    assert message.startswith(
        f"as_saml_assertion has already opened its one session with {world.simulator.url}. That session has ended"
    )
    assert world.asked(RENEW) > 20
    assert world.asked(PATH) == 1
    with pytest.raises(SignInError, match="has already opened its one session with .* Set a new assertion"):
        world.client(who, store).object("GET /server/info")
    assert world.asked(PATH) == 1


def test_a_session_that_the_server_drops_is_not_opened_again(world: SamlWorld) -> None:
    who, store = world.by(), MemoryStore()
    client = world.client(who, store)
    client.object("GET /server/info")
    world.simulator.machine.authentication.end_sessions()
    with pytest.raises(SignInError, match="has already opened its one session with .* Set a new assertion"):
        client.object("GET /server/info")
    assert world.asked(PATH) == 1


def test_a_task_that_trusts_the_server_by_other_options_has_no_session(world: SamlWorld) -> None:
    """Sessions are for tasks with the same trust, and there is one."""
    who, store = world.by(), MemoryStore()
    world.client(who, store).object("GET /server/info")
    trust = Trust(ca_path=world.simulator.ca_path, server_name="localhost")
    http = Transport(world.simulator.url, trust=trust, timeout=5, read_only=False)
    client = AccessServer(http, Session(http, who, store, clock=world.time, sleep=world.time.sleep))
    with pytest.raises(SignInError, match="or this task has other TLS options"):
        client.object("GET /server/info")
    assert world.asked(PATH) == 1


@pytest.mark.parametrize("replay", ["refused", "accepted"])
def test_another_run_may_find_it_spent(start: Callable[..., Server], time: Time, replay: str) -> None:
    world = SamlWorld(start, time, readings={"saml_replay": replay})
    who = world.by()
    world.client(who).object("GET /server/info")
    if replay == "accepted":
        assert "version" in world.client(who).object("GET /server/info")
    else:
        world.simulator.log.clear()
        world.refusal(who, "does not accept as_saml_assertion .* It may be used up, too old, for another server")


INVALID = "does not accept as_saml_assertion"
DENIED = "The account of as_saml_assertion may not administer"


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"now": 1_700_000_000.0}, INVALID),
        ({"now": 1_900_000_000.0}, INVALID),
        ({"service_provider": "https://other.example.com/saml/metadata"}, INVALID),
        ({"consumer": "https://other.example.com/saml/acs"}, INVALID),
        ({"by": signer("another")}, INVALID),
        ({"signs": "nothing"}, INVALID),
        ({"issuer": "https://evil.example.com"}, INVALID),
        (
            {"status": "urn:oasis:names:tc:SAML:2.0:status:Requester"},
            "as_saml_assertion states that the sign-in failed, as https://",
        ),
        ({"username": "openvpn"}, DENIED),
        ({"username": "stranger"}, DENIED),
        ({"username": "worker"}, DENIED),
    ],
    ids=[*map(str, range(11))],
)
def test_what_the_server_does_not_believe_is_a_sentence_and_is_not_tried_again(
    world: SamlWorld, how: dict[str, t.Any], sentence: str
) -> None:
    world.simulator.set_user("worker", auth_method="saml")
    world.refusal(world.by(**how), sentence)


@pytest.mark.parametrize("text", ["nothing", "AAAA", "PGE+", ""])
def test_what_is_no_assertion(world: SamlWorld, text: str) -> None:
    world.refusal(Credentials(None, None, assertion=text or "\n"), INVALID)


def xml_of(who: Credentials) -> str:
    return base64.b64decode(who.assertion or "").decode()


def of_xml(text: str) -> Credentials:
    return Credentials(None, None, assertion=base64.b64encode(text.encode()).decode())


def test_a_changed_name_breaks_the_signature(world: SamlWorld) -> None:
    """The simulated server verifies signatures: what is not as it was signed counts for nothing."""
    world.refusal(of_xml(xml_of(world.by("worker")).replace(">worker<", f">{ADMINISTRATOR}<")), INVALID)


def test_an_assertion_that_is_not_signed_does_not_count_beside_one_that_is(world: SamlWorld) -> None:
    """An attacker puts one of their own before it."""
    world.simulator.set_user("worker", auth_method="saml")
    signed, forged = xml_of(world.by("worker")), xml_of(world.by(signs="nothing"))
    at, end = signed.index("<saml:Assertion"), "</saml:Assertion>"
    forged = forged[forged.index("<saml:Assertion") : forged.index(end) + len(end)]
    world.refusal(of_xml(signed[:at] + forged + signed[at:]), DENIED)


def test_a_server_without_saml(world: SamlWorld) -> None:
    world.simulator.set_configuration(**{"auth.saml.0.enable": False})
    world.simulator.machine.configuration.take_over()
    world.refusal(world.by(), r"administer .* \(There is no valid SAML configuration\).* SAML must be enabled")


def test_an_older_server(start: Callable[..., Server], time: Time) -> None:
    world = SamlWorld(start, time, settings={"lacks": "authBySAMLAssertion"})
    world.refusal(
        world.by(), "does not offer a sign-in by as_saml_assertion .* Check that this is an Access Server 2.11 or later"
    )


@pytest.mark.parametrize(
    "fault", [{"do": "drop"}, {"do": "drop", "applied": True}, {"do": "truncate"}, {"status": 504}]
)
def test_a_lost_answer_is_not_asked_for_again(world: SamlWorld, fault: dict[str, t.Any]) -> None:
    world.simulator.faults.add(path=PATH, times=None, **fault)
    world.refusal(world.by(), "did not answer the sign-in by as_saml_assertion. The assertion may be used up")


def test_a_server_that_is_away_has_taken_nothing(world: SamlWorld) -> None:
    store, who = MemoryStore(), world.by()
    world.simulator.faults.add(path=PATH, status=503, times=8)
    for _unused in range(4):
        with pytest.raises(Unreachable, match="answered 503"):
            world.client(who, store).object("GET /server/info")
    assert "version" in world.client(who, store).object("GET /server/info")


def test_an_assertion_does_not_show(world: SamlWorld) -> None:
    who = world.by()
    assert (who.assertion or "") not in repr(who)
    world.simulator.faults.add(path=PATH, status=400, body={"reason": f"bad assertion {who.assertion}"}, times=None)
    with pytest.raises(SignInError) as raised:
        world.client(who).object("GET /server/info")
    assert not any(str(who.assertion)[at : at + 24] in str(raised.value) for at in range(0, 2000, 24))


# -- from metadata to a task


def test_from_metadata_to_a_task_that_an_administrator_does_behind_saml(server: Server) -> None:
    """The local administrator configures the provider; one behind SAML creates a user, and cannot saw off the branch."""
    simulator, provider = server.simulator, IdentityProvider(signers=[signer()])
    answer = server.perform(AS_SAML, idp_metadata=provider.metadata(), enabled=True)
    assert answer["changed"], answer
    simulator.machine.configuration.take_over()
    server.manage(USER, name=ADMINISTRATOR, admin=True, auth_method="saml")
    own = simulator.machine.saml

    def options() -> dict[str, t.Any]:
        assertion = provider.response(ADMINISTRATOR, own.entity_id, own.consumer, now=time.time())
        return {"as_username": None, "as_password": None, "as_saml_assertion": assertion}

    created = server.manage(USER, name="anna", admin=False, **options())
    assert created["counts"] == {"created": 1}, created
    given = options()
    refused = server.manage(USER, name=ADMINISTRATOR, admin=False, **given)
    assert f"could end the sign-in of {ADMINISTRATOR}, the account of this task" in refused["msg"]
    off = server.perform(AS_SAML, state="absent", **options())
    assert "the sign-in of this and later tasks depends on auth.saml.0.enable" in off["msg"]
    assert given["as_saml_assertion"] not in text_of(refused)
    again = server.manage(USER, name="anna", state="absent", **given)
    assert "It may be used up" in again["msg"]
    assert given["as_saml_assertion"] not in text_of(again)
