# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""as_web_certificate activates a certificate as a whole, refuses what cannot work, and keeps its own connection."""

from __future__ import annotations

import hashlib
import re
import ssl
import subprocess
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.vpn.estate.plugins.module_utils._access_server.pki import web_certificate as module
from ansible_collections.vpn.estate.plugins.module_utils._files import pem
from ansible_collections.vpn.estate.plugins.module_utils._net.connections import connections
from ansible_collections.vpn.estate.plugins.modules import as_web_certificate, as_web_certificate_info
from ansible_collections.vpn.estate.tests.unit.plugins.laws.test_resources import dialects
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server, text_of
from ansible_collections.vpn.estate.tests.unit.plugins.support.identities import Identity, identity
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import crossed

Start = t.Callable[..., Server]
QUICK = {"restart_downtime": 0.05}
HOST = "127.0.0.1"
ROOT = identity("Root CA", authority=True)
BETWEEN = identity("Between CA", issuer=ROOT, authority=True)
STRANGER = identity("Strange CA", authority=True)


def leaf(*names: str, **how: t.Any) -> Identity:
    """A certificate for the simulated server, signed by the intermediate authority."""
    return identity("vpn.example.com", *names or (HOST, "localhost"), **{"issuer": BETWEEN, **how})


FIRST, SECOND = leaf(), leaf()


def declared(one: Identity, **params: t.Any) -> dict[str, t.Any]:
    return {"certificate": one.pem, "private_key": one.key_pem, "ca_bundle": BETWEEN.pem, **params}


class Web:
    """A server, tasks about its web certificate that trust our authority too, and what becomes of it."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self.simulator = server, server.simulator
        trusted = folder / "trusted.pem"
        trusted.write_text(Path(server.simulator.ca_path).read_text() + ROOT.pem)
        self.trust: dict[str, t.Any] = {"as_ca_path": str(trusted)}

    def task(self, one: Identity | None = None, **params: t.Any) -> Answer:
        """Run as_web_certificate; params can take away what is declared of the certificate."""
        body = module.WEB_CERTIFICATE
        given = {**self.trust, "restart_timeout": 5, **(declared(one) if one else {}), **params}
        said = {name: value for name, value in given.items() if value is not None or name in self.trust}
        connections.cache_clear()  # as in a process of its own
        return self.server.run(module.apply_certificate, body.argument_spec(), body.constraints(), **said)

    def done(self, one: Identity | None = None, **params: t.Any) -> dict[str, t.Any]:
        """Run it with success; its line."""
        answer = self.task(one, **params)
        assert not answer.get("failed"), answer["msg"]
        [line] = answer["objects"]
        assert answer["changed"] is (line["action"] != "unchanged")
        return t.cast(dict[str, t.Any], line)

    def refused(self, one: Identity | None = None, **params: t.Any) -> str:
        """Run it in vain, with and without check mode; the sentence."""
        before = self.stored
        planned, answer = self.task(one, **params, check=True), self.task(one, **params)
        assert planned == answer
        assert (answer["failed"], answer["changed"]) == (True, False)
        assert (self.stored, self.restarts) == (before, 0)
        return str(answer["msg"])

    def listed(self) -> dict[str, t.Any]:
        """Run as_web_certificate_info."""
        answer = self.server.run(as_web_certificate_info.BODY.work, {}, **self.trust)
        assert not answer.get("failed"), answer["msg"]
        return t.cast(dict[str, t.Any], answer["web_certificate"])

    @property
    def presented(self) -> str:
        """Fingerprint of what answers."""
        pem = ssl.get_server_certificate((HOST, int(self.simulator.url.rpartition(":")[2])))
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()

    @property
    def stored(self) -> dict[str, t.Any]:
        """The three items, as far as they are set."""
        found = self.simulator.state()["configuration"]["default"]
        return {key: found[key] for key in module.KEYS.values() if found.get(key)}

    @property
    def restarts(self) -> int:
        return sum(one.path == "/api/server/restart" for one in self.simulator.log)

    @property
    def config_writes(self) -> list[t.Any]:
        return [one.request for one in self.simulator.log if one.path == "/api/config-items/default"]


@pytest.fixture(name="web")
def fixture_web(start: Start, tmp_path: Path) -> Web:
    return Web(start(settings=QUICK), tmp_path)


# -- active


@dialects
def test_a_certificate_is_activated_and_once_is_enough(start: Start, tmp_path: Path, dialect: str) -> None:
    web = Web(start(dialect=dialect, settings=QUICK), tmp_path)
    planned = web.task(FIRST, check=True)
    assert (web.stored, web.restarts) == ({}, 0)
    answer = web.task(FIRST)
    assert planned == answer
    [line] = answer["objects"]
    assert (line["action"], line["pending"]) == ("created", [])
    assert line["changed_keys"] == ["ca_bundle", "certificate", "private_key"]
    assert line["certificate"]["fingerprint"] == FIRST.fingerprint == web.presented
    assert web.stored == {"cs.cert": FIRST.pem, "cs.priv_key": FIRST.key_pem, "cs.ca_bundle": BETWEEN.pem}
    assert (len(web.config_writes), web.restarts) == (1, 1)
    web.simulator.log.clear()
    again = web.task(FIRST)
    assert (again["changed"], again["diff"]) == (False, {"before": {}, "after": {}})
    assert (web.config_writes, web.restarts) == ([], 0)


def test_a_renewed_certificate_goes_with_its_key_and_bundle_in_one_request(web: Web) -> None:
    web.done(FIRST)
    web.simulator.log.clear()
    planned, answer = web.task(SECOND, check=True), web.task(SECOND)
    assert planned == answer
    assert answer["objects"][0]["changed_keys"] == ["certificate", "presented", "private_key"]
    before, after = (answer["diff"][side]["web certificate"] for side in ("before", "after"))
    assert before["certificate"]["fingerprint"] == before["presented"] == FIRST.fingerprint
    assert after["certificate"]["fingerprint"] == after["presented"] == SECOND.fingerprint == web.presented
    assert after["private_key"] == "(not shown)"
    assert [set(body) for body in web.config_writes] == [{"cs.cert", "cs.priv_key", "cs.ca_bundle"}]


def test_a_new_certificate_of_the_same_key_is_one_too(web: Web) -> None:
    web.done(FIRST)
    renewed = leaf(key=FIRST.private_key)
    assert web.done(renewed)["changed_keys"] == ["certificate", "presented"]
    assert web.presented == renewed.fingerprint
    assert web.done(renewed)["action"] == "unchanged"


def test_another_bundle_is_a_change_and_other_line_ends_are_none(web: Web) -> None:
    web.done(FIRST)
    assert web.done(FIRST, ca_bundle=f"# comment\r\n{BETWEEN.pem}".replace("\n", "\r\n"))["action"] == "unchanged"
    assert web.done(FIRST, ca_bundle=BETWEEN.pem + ROOT.pem)["changed_keys"] == ["ca_bundle"]
    assert web.stored["cs.ca_bundle"] == BETWEEN.pem + ROOT.pem


def test_a_key_that_is_missing_is_written_though_its_certificate_is_there(web: Web) -> None:
    web.simulator.set_configuration(**{"cs.cert": FIRST.pem, "cs.ca_bundle": BETWEEN.pem})
    assert "private_key" in web.done(FIRST)["changed_keys"]
    assert web.stored["cs.priv_key"] == FIRST.key_pem


def test_a_whole_chain_is_certificate_and_bundle(web: Web) -> None:
    web.done(FIRST, certificate=FIRST.pem + BETWEEN.pem, ca_bundle=None)
    assert (web.stored["cs.cert"], web.stored["cs.ca_bundle"]) == (FIRST.pem, BETWEEN.pem)
    assert web.done(FIRST)["action"] == "unchanged"


def test_a_bundle_that_is_left_out_stays_and_has_to_fit(web: Web) -> None:
    web.done(FIRST)
    web.done(SECOND, ca_bundle=None)
    assert web.stored["cs.ca_bundle"] == BETWEEN.pem
    web.simulator.log.clear()
    direct = leaf(issuer=ROOT)
    assert "ca_bundle is not set, and the bundle of the server does not match" in web.refused(direct, ca_bundle=None)
    web.done(direct, ca_bundle="")
    assert set(web.stored) == {"cs.cert", "cs.priv_key"}
    assert web.presented == direct.fingerprint


def test_texts_may_be_in_files(web: Web, tmp_path: Path) -> None:
    sources = {"certificate": FIRST.pem, "private_key": FIRST.key_pem, "ca_bundle": BETWEEN.pem}
    for name, text in sources.items():
        (tmp_path / name).write_text(text)
    web.done(**{f"{name}_src": str(tmp_path / name) for name in sources})
    assert web.done(FIRST)["action"] == "unchanged"


# -- restarts


def test_without_a_restart_it_is_reported_what_waits_for_one(web: Web) -> None:
    fresh = web.presented
    planned, answer = web.task(FIRST, restart=False, check=True), web.task(FIRST, restart=False)
    assert planned == answer
    assert answer["objects"][0]["pending"] == ["cs.ca_bundle", "cs.cert", "cs.priv_key"]
    assert (web.presented, web.restarts, len(web.stored)) == (fresh, 0, 3)
    line = web.done(FIRST, restart=False)
    assert (line["action"], line["pending"]) == ("unchanged", ["cs.cert"])
    web.simulator.log.clear()
    line = web.done(FIRST)
    assert (line["changed_keys"], line["pending"]) == (["presented"], [])
    assert (web.config_writes, web.restarts, web.presented) == ([], 1, FIRST.fingerprint)


def test_a_server_that_refuses_to_restart_is_reported(web: Web) -> None:
    web.simulator.set_configuration(**{"host.name": ""})
    answer = web.task(FIRST)
    assert (answer["failed"], answer["changed"]) == (True, True)
    assert "refuses to restart" in answer["msg"]
    assert answer["objects"][0]["action"] == "unknown"
    assert "it was written, but it is not known whether the server has restarted" in answer["objects"][0]["msg"]
    web.simulator.set_configuration(**{"host.name": "vpn.example.com"})
    assert web.done(FIRST)["changed_keys"] == ["presented"]


def test_a_server_that_does_not_answer_again_is_reported(start: Start, tmp_path: Path) -> None:
    web = Web(start(settings={"restart_delay": 600}), tmp_path)
    answer = web.task(FIRST, restart_timeout=1)
    assert "did not restart within 1 seconds" in answer["msg"]
    assert answer["objects"][0]["action"] == "unknown"


def test_something_in_front_of_the_server_is_suspected_or_known(web: Web) -> None:
    web.simulator.machine.restarted = lambda: None  # what answers goes on with its own certificate
    answer = web.task(FIRST)
    assert answer["failed"]
    assert "presents another certificate" in answer["msg"]
    assert "check_presented: false" in answer["msg"]
    assert web.done(FIRST, check_presented=False)["action"] == "unchanged"
    web.simulator.log.clear()
    assert web.done(SECOND, check_presented=False)["changed_keys"] == ["certificate", "private_key"]
    assert web.restarts == 1


# -- refusals


def several(*ones: Identity) -> str:
    return "".join(one.pem for one in ones)


REFUSED: dict[str, tuple[dict[str, t.Any], str]] = {
    "the key of another": ({"private_key": SECOND.key_pem}, "^private_key: it is not the key of the certificate"),
    "an encrypted key": ({"private_key": FIRST.encrypted("x")}, "^private_key: it is encrypted"),
    "no key": ({"private_key": "secret"}, "^private_key: it contains no private key in PEM format"),
    "an empty key": ({"private_key": ""}, "one of them is empty"),
    "no certificate": ({"certificate": "vpn.example.com"}, "^certificate: it contains no certificate in PEM format"),
    "no bundle": ({"ca_bundle": "Between"}, "^ca_bundle: it contains no certificate in PEM format"),
    "two bundles": ({"certificate": several(FIRST, BETWEEN)}, "it contains several certificates"),
    "a bundle that signed something else": (
        {"ca_bundle": STRANGER.pem},
        "^ca_bundle is not valid: CN=vpn.example.com is",
    ),
    "a bundle upside down": (
        {"ca_bundle": several(ROOT, BETWEEN)},
        "^ca_bundle is not valid: .* is signed by CN=Between CA, and the next certificate is CN=Root CA",
    ),
    "no time": ({"restart_timeout": 0}, "restart_timeout: 0 is too small"),
    "negative days": ({"minimum_days": -1}, "minimum_days: -1 is too small"),
    "more days than are left": ({"minimum_days": 400}, "at least 400 days must be left"),
    "an expired one": (declared(leaf(days=-1)), "at least 0 days must be left"),
    "one that expires today": (declared(leaf(days=0.5), minimum_days=1), "at least 1 days must be left"),
    "another name": (declared(leaf("vpn.example.com")), r"it is for vpn.example.com, not for 127\.0\.0\.1"),
    "no name": (declared(identity("127.0.0.1", issuer=BETWEEN)), "it is for no name, not for"),
    "a wrong server name": ({"as_server_name": "localhost", **declared(leaf(HOST))}, "not for localhost"),
    "a file that is not there": (
        {"certificate": None, "certificate_src": "/nowhere/web.pem"},
        "^certificate_src: /nowhere/web.pem cannot be read: No such file",
    ),
    "nothing to be absent": ({"state": "absent"}, "cannot have certificate"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_would_not_do_is_refused_before_anything_is_written(web: Web, why: str) -> None:
    params, sentence = REFUSED[why]
    assert re.search(sentence, web.refused(**{**declared(FIRST), **params}))


@pytest.mark.parametrize(
    ("content", "sentence"), [(b"\xff", "is not text"), (b"$ANSIBLE_VAULT;1.1;AES256\n61", "encrypted")]
)
def test_files_that_cannot_be_read_are_refused(web: Web, tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    assert sentence in web.refused(FIRST, private_key=None, private_key_src=str(path))


def test_one_that_is_not_yet_valid_is_warned_of(web: Web) -> None:
    later = leaf(begins=1)
    answer = web.task(later, as_validate_certs=False)
    assert not answer.get("failed"), answer["msg"]
    assert any("is not valid before" in sentence for sentence in answer["warnings"])


def test_one_that_is_active_is_only_warned_of(web: Web) -> None:
    web.done(FIRST)
    answer = web.task(FIRST, minimum_days=400)
    assert (answer["changed"], len(answer["warnings"])) == (False, 1)
    assert "expires on" in answer["warnings"][0]


# -- our own connection


def test_a_certificate_that_the_pin_does_not_fit_must_be_allowed(web: Web) -> None:
    web.trust = {"as_certificate_fingerprint": web.presented.upper(), "as_ca_path": None}
    sentence = web.refused(FIRST)
    assert "as_certificate_fingerprint belongs to another certificate" in sentence
    assert "allow_connection_change: true" in sentence
    assert web.done(FIRST, allow_connection_change=True)["action"] == "created"
    assert web.presented == FIRST.fingerprint
    assert "is not the pinned one" in web.task(FIRST)["msg"]
    web.trust = {"as_certificate_fingerprint": FIRST.fingerprint, "as_ca_path": None}
    assert web.done(FIRST)["action"] == "unchanged"


@pytest.mark.parametrize("delay", [0.0, 0.3])
def test_an_authority_that_is_not_trusted_must_be_allowed(start: Start, tmp_path: Path, delay: float) -> None:
    web = Web(start(settings={**QUICK, "restart_delay": delay}), tmp_path)
    web.trust = {"as_ca_path": web.simulator.ca_path}
    sentence = web.refused(FIRST)
    assert f"with as_ca_path {web.simulator.ca_path} the certificate is not trusted" in sentence
    assert web.done(FIRST, allow_connection_change=True)["action"] == "created"
    assert (web.presented, web.restarts) == (FIRST.fingerprint, 1)


def test_a_name_that_does_not_fit_must_be_allowed_twice(web: Web) -> None:
    one = leaf("vpn.example.com")
    assert "(as_url or as_server_name), and is not" in web.refused(one, allow_other_name=True)
    web.done(one, allow_other_name=True, allow_connection_change=True)
    web.trust["as_server_name"] = "vpn.example.com"
    assert web.done(one)["action"] == "unchanged"


def test_a_chain_that_lacks_its_middle_is_not_trusted(web: Web) -> None:
    assert "is not trusted" in web.refused(FIRST, ca_bundle="")


def test_a_folder_of_authorities_is_asked_too(web: Web, tmp_path: Path) -> None:
    web.done(FIRST)
    web.simulator.log.clear()
    empty = tmp_path / "empty"
    empty.mkdir()
    chain = several(SECOND, BETWEEN)
    with pytest.raises(ssl.SSLCertVerificationError):
        module._shake_hands(chain, SECOND.key_pem, HOST, str(empty))
    digest = subprocess.run(  # noqa: S603
        ["openssl", "x509", "-noout", "-hash"],  # noqa: S607
        input=ROOT.pem,
        capture_output=True,
        text=True,
        check=True,  # noqa: S607
    )
    (empty / f"{digest.stdout.strip()}.0").write_text(ROOT.pem)
    module._shake_hands(chain, SECOND.key_pem, HOST, str(empty))


@pytest.mark.parametrize(
    ("trust", "why"),
    [
        ({}, "with the public authorities (no as_ca_path) the certificate is not trusted: "),
        ({"as_certificate_fingerprint": ":".join(re.findall("..", FIRST.fingerprint.upper()))}, None),
        ({"as_certificate_fingerprint": FIRST.fingerprint, "as_validate_certs": False}, None),
        (
            {"as_certificate_fingerprint": SECOND.fingerprint, "as_validate_certs": False},
            "as_certificate_fingerprint belongs to another certificate",
        ),
        ({"as_validate_certs": False}, None),
    ],
)
def test_what_the_options_of_a_task_trust(trust: dict[str, t.Any], why: str | None) -> None:
    params = {"as_certificate_fingerprint": None, "as_ca_path": None, "as_validate_certs": True, **trust}
    chain = [pem.certificate(one.pem) for one in (FIRST, BETWEEN)]
    found = module._distrust(params, chain, FIRST.key_pem, HOST)
    assert found is None if why is None else str(found).startswith(why)


def test_where_nothing_is_checked_nothing_can_be_cut_off(web: Web) -> None:
    web.trust = {"as_validate_certs": False, "as_ca_path": None}
    assert web.done(identity("a", HOST), ca_bundle="")["action"] == "created"
    assert web.done(state="absent")["action"] == "deleted"


# -- back to the server's own


@pytest.mark.parametrize("reading", ["null", "refuse", "store"])
@dialects
def test_absent_is_back_to_the_servers_own(start: Start, tmp_path: Path, dialect: str, reading: str) -> None:
    web = Web(start(dialect=dialect, settings=QUICK, readings={"config_reset": reading}), tmp_path)
    fresh = web.presented
    web.done(FIRST)
    web.simulator.log.clear()
    assert "is not known" in web.refused(state="absent")
    planned = web.task(state="absent", allow_connection_change=True, check=True)
    answer = web.task(state="absent", allow_connection_change=True)
    assert planned == answer
    assert answer["counts"] == {"deleted": 1}
    assert (web.stored, web.presented, web.restarts) == ({}, fresh, 1)
    assert web.done(state="absent")["action"] == "unchanged"


def test_absent_succeeds_although_no_client_trusts_the_next_certificate(web: Web) -> None:
    web.done(FIRST)
    web.trust = {"as_certificate_fingerprint": FIRST.fingerprint, "as_ca_path": None}
    assert web.done(state="absent", allow_connection_change=True)["action"] == "deleted"
    assert web.stored == {}
    assert web.presented == web.simulator.fingerprint_sha256


# -- faults


def test_a_fault_at_any_request_is_healed_by_the_next_run(start: Start, tmp_path: Path) -> None:
    calm = Web(start(settings=QUICK), tmp_path)
    calm.done(FIRST)
    requests = range(1, len(calm.simulator.log) + 1)
    for do, nth in crossed(["drop", "truncate", "html", "status"], requests):
        web = Web(start(settings=QUICK), tmp_path)
        web.simulator.faults.add(do=do, nth=nth, times=3, applied=do != "status")
        answer = web.task(FIRST)
        assert "defect" not in answer.get("msg", "")
        assert len(web.stored) in (0, 3)  # whole or not at all
        if not answer.get("failed"):
            assert web.presented == FIRST.fingerprint
        web.simulator.faults.clear()
        web.server.session = {"state": {}}
        web.done(FIRST)
        assert web.presented == FIRST.fingerprint


def test_where_the_answer_to_the_write_is_lost_it_is_not_written_twice(web: Web) -> None:
    web.simulator.faults.add(path="/config-items/default", do="drop", applied=True)
    assert web.done(FIRST)["action"] == "created"
    assert (len(web.config_writes), web.restarts, web.presented) == (1, 1, FIRST.fingerprint)


def test_what_the_server_refuses_is_reported(web: Web) -> None:
    web.simulator.faults.add(path="/config-items/default", status=400, body={"reason": "Not this one"})
    answer = web.task(FIRST)
    assert (answer["failed"], answer["changed"], web.restarts) == (True, False, 0)
    assert "Not this one" in answer["msg"]


# -- what is returned


@dialects
def test_the_info_shows_what_is_configured_and_what_is_presented(start: Start, tmp_path: Path, dialect: str) -> None:
    web = Web(start(dialect=dialect, settings=QUICK), tmp_path)
    found = web.listed()
    assert (found["certificate"], found["ca_bundle"], found["private_key_is_set"]) == (None, [], False)
    assert found["presented"]["fingerprint"] == web.simulator.fingerprint_sha256
    web.done(FIRST, restart=False)
    found = web.listed()
    assert (found["certificate"]["fingerprint"], found["certificate"]["days_left"]) == (FIRST.fingerprint, 364)
    assert [one["common_name"] for one in found["ca_bundle"]] == ["Between CA"]
    assert (found["private_key_is_set"], found["presented"]["common_name"]) == (True, "localhost")


def test_everything_that_is_reported_is_documented(web: Web) -> None:
    documented = yaml.safe_load(as_web_certificate.RETURN)["objects"]["contains"]
    line = web.done(FIRST)
    assert set(line) == set(documented) - {"msg"}
    assert set(line["certificate"]) == set(documented["certificate"]["contains"])
    shown, found = yaml.safe_load(as_web_certificate_info.RETURN)["web_certificate"]["contains"], web.listed()
    assert set(found) == set(shown)
    assert set(found["certificate"]) == set(found["presented"]) == set(shown["certificate"]["contains"])


def test_the_info_says_where_nothing_can_be_seen(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*where: t.Any) -> t.Any:
        raise ConnectionRefusedError

    monkeypatch.setattr(module.tls.socket, "create_connection", unreachable)
    web.simulator.set_configuration(**{"cs.cert": "nonsense"})
    found = web.listed()
    assert (found["certificate"], found["presented"]) == (None, None)


def test_no_key_is_reported_or_left_behind(web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(module.tempfile, "tempdir", str(temporary))
    answers = [
        web.task(FIRST, check=True),
        web.task(FIRST),
        web.task(SECOND),
        web.listed(),
        web.task(FIRST, ca_bundle="x"),
    ]
    web.simulator.faults.add(
        path="/config-items/default", status=400, body={"reason": FIRST.key_pem, "detail": FIRST.key_pem}
    )
    answers.append(web.task(FIRST))
    assert answers[-1]["failed"]
    lines = [line for one in (FIRST, SECOND) for line in one.key_pem.splitlines()[1:-1]]
    assert not [line for answer in answers for line in lines if line in text_of(answer)]
    assert list(temporary.iterdir()) == []
