# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""as_certificate keeps a pair of files valid, reports why it issues a new one, and never leaves half of one behind."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.vpn.estate.plugins.module_utils._access_server.pki import certificate as module
from ansible_collections.vpn.estate.plugins.module_utils._files import pem
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import InputError
from ansible_collections.vpn.estate.plugins.modules import as_certificate as documentation
from ansible_collections.vpn.estate.tests.unit.plugins.laws.test_resources import dialects
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server, text_of
from ansible_collections.vpn.estate.tests.unit.plugins.support.identities import Identity, identity
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

Start = t.Callable[..., Server]
PASSPHRASE = "mArKpAsSpHrAsE-1"
CREATE = "/certificate/create"


class Pair:
    """The two files of a certificate, and tasks about them."""

    def __init__(self, folder: Path, server: Server, name: str = "wiki") -> None:
        self.server, self.folder = server, folder
        self.dest, self.private_key_dest = folder / f"{name}.pem", folder / f"{name}.key"
        self.declared = {
            "dest": str(self.dest),
            "private_key_dest": str(self.private_key_dest),
            "common_name": "wiki.example.com",
            "cert_template": "webserver",
        }

    def task(self, **params: t.Any) -> Answer:
        """Run as_certificate."""
        return self.server.manage(module.CERTIFICATE, **{**self.declared, **params})

    def made(self, **params: t.Any) -> dict[str, t.Any]:
        """Run it with success; return what it reports about the pair."""
        answer = self.task(**params)
        assert not answer.get("failed"), answer["msg"]
        [line] = answer["objects"]
        assert answer["changed"] is (line["action"] != "unchanged")
        return t.cast(dict[str, t.Any], line)

    def put(self, one: Identity) -> None:
        """Another pair, from another place."""
        self.dest.write_text(one.pem)
        self.private_key_dest.write_text(one.key_pem)
        self.private_key_dest.chmod(0o600)

    @property
    def requests(self) -> int:
        """How often the server was asked for a pair; it keeps none, so this is not a write."""
        return sum(one.path == "/api/certificate/create" for one in self.server.simulator.log)

    @property
    def texts(self) -> list[str | None]:
        paths = (self.dest, self.private_key_dest)
        return [path.read_text() if path.exists() else None for path in paths]

    @property
    def certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.dest.read_bytes())

    def belongs_together(self, passphrase: str | None = None) -> bool:
        key = load_pem_private_key(self.private_key_dest.read_bytes(), passphrase and passphrase.encode())
        return key.public_key() == self.certificate.public_key()


@pytest.fixture(name="pair")
def fixture_pair(tmp_path: Path, server: Server) -> Pair:
    return Pair(tmp_path, server)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# -- making


@dialects
def test_a_pair_is_made_and_reported_and_once_is_enough(start: Start, tmp_path: Path, dialect: str) -> None:
    pair = Pair(tmp_path, start(dialect=dialect))
    names = ["www.example.com", "Wiki.example.com"]
    line = pair.made(subj_alt_dns_names=names, algorithm="SECP384R1", days_to_expiry=90)
    certificate = pair.certificate
    assert (line["action"], line["reasons"]) == ("created", ["none exists yet"])
    assert pair.belongs_together()
    assert mode(pair.private_key_dest) == 0o600
    found = line["certificate"]
    assert (found["serial"], found["common_name"]) == (str(certificate.serial_number), "wiki.example.com")
    assert found["not_after"] == certificate.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert sorted(found["subj_alt_dns_names"]) == ["wiki.example.com", "www.example.com"]
    assert (found["algorithm"], found["is_authority"]) == ("secp384r1", False)
    pair.server.simulator.log.clear()
    again = pair.made(subj_alt_dns_names=names[::-1], algorithm="secp384r1", days_to_expiry=60)
    assert (again["action"], again["certificate"]) == ("unchanged", found)
    assert pair.server.simulator.log == []  # not even a sign-in


@pytest.mark.parametrize("template", module.TEMPLATES)
def test_each_template_is_made_once(pair: Pair, template: str) -> None:
    assert pair.made(cert_template=template)["action"] == "created"
    assert pair.made(cert_template=template)["action"] == "unchanged"
    assert pair.made(cert_template=template)["certificate"]["is_authority"] is (template in ("ca", "intermediate_ca"))


@pytest.mark.parametrize("dest_mode", [None, 0o640, 0o604])
def test_the_certificate_is_public_as_the_umask_says_or_as_it_was(pair: Pair, dest_mode: int | None) -> None:
    if dest_mode:
        pair.put(identity("other"))
        pair.dest.chmod(dest_mode)
    before = os.umask(0o027)
    try:
        pair.made()
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert mode(pair.dest) == (dest_mode or 0o640)
    assert mode(pair.private_key_dest) == 0o600


def test_an_authority_signs_with_its_key_or_with_one_that_the_server_has(pair: Pair) -> None:
    ca = identity("Estate CA", authority=True, days=1000)
    signing = {"signing_ca": ca.pem, "signing_ca_key": ca.encrypted(PASSPHRASE)}
    pair.made(**signing, signing_ca_private_key_passphrase=PASSPHRASE)
    pair.certificate.verify_directly_issued_by(ca.certificate)
    other = Pair(pair.folder, pair.server, "other")
    pair.server.simulator.set_configuration(**{"estate.ca_key": ca.key_pem})
    pair.server.simulator.machine.configuration.take_over()
    other.made(signing_ca=ca.pem, signing_ca_config_key="estate.ca_key")
    other.certificate.verify_directly_issued_by(ca.certificate)
    assert other.made(signing_ca=ca.pem, signing_ca_config_key="estate.ca_key")["action"] == "unchanged"


def test_a_list_and_a_file_are_as_good_as_one(pair: Pair) -> None:
    other = Pair(pair.folder, pair.server, "other")
    declared = [pair.declared, {**other.declared, "state": "absent"}]
    other.made()
    answer = pair.server.manage(module.CERTIFICATE, certificates=declared)
    assert [line["action"] for line in answer["objects"]] == ["created", "deleted"]
    src = pair.folder / "certificates.json"
    src.write_text(json.dumps(declared))
    answer = pair.server.manage(module.CERTIFICATE, src=str(src))
    assert answer["counts"] == {"unchanged": 2}


def test_what_is_absent_is_gone_and_gone_twice_is_gone_once(pair: Pair) -> None:
    pair.made()
    pair.server.simulator.log.clear()
    planned = pair.task(state="absent", check=True)
    assert None not in pair.texts
    done = pair.task(state="absent")
    assert (planned, done["counts"], pair.texts) == (done, {"deleted": 1}, [None, None])
    assert done["diff"]["before"][str(pair.dest)]["common_name"] == "wiki.example.com"
    assert pair.made(state="absent")["action"] == "unchanged"
    assert pair.server.simulator.log == []


# -- reasons


OTHER_CA = identity("Another CA", authority=True)
OLD_CA = identity("Old CA", authority=True, days=7)
NAMESAKE = identity("Estate CA", authority=True)
CA = identity("Estate CA", authority=True)
GOOD: dict[str, t.Any] = {
    "algorithm": "secp256r1",
    "subj_alt_dns_names": ["wiki.example.com", "www.example.com"],
    "signing_ca": CA.pem,
    "signing_ca_key": CA.key_pem,
}


def good(common_name: str = "wiki.example.com", **how: t.Any) -> Identity:
    """What GOOD declares, with other values for some options."""
    names = how.pop("names", ("www.example.com", "WIKI.example.com"))
    return identity(common_name, *names, **{"issuer": CA, **how})


def spoil(name: str) -> t.Callable[[Pair], None]:
    return lambda pair: getattr(pair, name).write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")


REASONS: dict[str, tuple[t.Callable[[Pair], t.Any], str]] = {
    "no certificate": (lambda pair: pair.dest.unlink(), "certificate: it does not exist"),
    "no key": (lambda pair: pair.private_key_dest.unlink(), "private key: it does not exist"),
    "a broken certificate": (spoil("dest"), "certificate: it contains a certificate that cannot be read"),
    "an empty certificate": (
        lambda pair: pair.dest.write_text(""),
        "certificate: it contains no certificate in PEM format",
    ),
    "a broken key": (spoil("private_key_dest"), "private key: it contains no private key in PEM format"),
    "binary data": (
        lambda pair: pair.dest.write_bytes(b"\xff\xfe"),
        "certificate: it contains no certificate in PEM format",
    ),
    "another key": (
        lambda pair: pair.private_key_dest.write_text(identity("x").key_pem),
        "private key: it belongs to another certificate",
    ),
    "soon": (lambda pair: pair.put(good(days=29)), "it expires on "),
    "expired": (lambda pair: pair.put(good(days=-3)), "it expires on "),
    "another common name": (lambda pair: pair.put(good("blog.example.com")), "its common name is blog.example.com"),
    "other names": (
        lambda pair: pair.put(good(names=["www.example.com"])),
        "its alternative names are www.example.com",
    ),
    "more names": (
        lambda pair: pair.put(good(names=["wiki.example.com", "www.example.com", "x.example.com"])),
        "its alternative names are wiki.example.com, www.example.com, x.example.com",
    ),
    "another issuer": (lambda pair: pair.put(good(issuer=OTHER_CA)), "it is signed by CN=Another CA"),
    "an issuer of the same name": (
        lambda pair: pair.put(good(issuer=NAMESAKE)),
        "it is signed by another CN=Estate CA",
    ),
    "another algorithm": (
        lambda pair: pair.put(good(key=ec.generate_private_key(ec.SECP384R1()))),
        "its key is secp384r1",
    ),
    "an authority": (lambda pair: pair.put(good(authority=True)), "it is an authority: yes"),
}


@pytest.mark.parametrize("reason", REASONS)
def test_each_reason_is_reported_and_leads_to_a_new_pair_once(pair: Pair, reason: str) -> None:
    disturb, sentence = REASONS[reason]
    pair.put(good())
    assert pair.made(**GOOD)["action"] == "unchanged"
    disturb(pair)
    before = [path.read_bytes() for path in sorted(pair.folder.iterdir())]
    pair.server.simulator.log.clear()
    planned = pair.made(**GOOD, check=True)
    assert [path.read_bytes() for path in sorted(pair.folder.iterdir())] == before
    assert pair.requests == 0
    done = pair.made(**GOOD)
    assert {**planned, "certificate": done["certificate"]} == done
    assert len(done["reasons"]) == 1
    assert done["reasons"][0].startswith(sentence)
    assert pair.belongs_together()
    assert pair.made(**GOOD)["action"] == "unchanged"


def test_what_is_left_out_is_left_alone(pair: Pair) -> None:
    pair.put(good())
    assert pair.made()["action"] == "unchanged"


def test_the_common_name_may_be_among_the_alternative_names(pair: Pair) -> None:
    pair.put(identity("wiki.example.com", "wiki.example.com", "www.example.com"))
    assert pair.made(subj_alt_dns_names=["www.example.com"])["action"] == "unchanged"
    pair.put(identity("wiki.example.com"))
    assert pair.made(subj_alt_dns_names=[])["action"] == "unchanged"


def test_several_reasons_are_reported_in_one_answer(pair: Pair) -> None:
    pair.put(identity("blog", days=3))
    line = pair.made()
    assert [each.split(" on ")[0] for each in line["reasons"]] == ["its common name is blog", "it expires"]
    assert line["changed_keys"] == ["common_name", "expires"]


def test_renewal_can_be_asked_for(pair: Pair) -> None:
    pair.made()
    before = pair.texts
    assert pair.made(renew=True)["reasons"] == ["renew is set"]
    assert pair.texts[0] != before[0]
    assert pair.texts[1] != before[1]


def test_days_to_go_are_counted_against_renew_before(pair: Pair) -> None:
    pair.put(identity("wiki.example.com", days=10.5))
    assert pair.made(renew_before=10)["action"] == "unchanged"
    assert pair.made(renew_before=11)["action"] == "updated"


def test_a_key_that_others_may_read_is_kept_to_its_owner_and_stays(pair: Pair) -> None:
    pair.made()
    before = pair.texts
    pair.private_key_dest.chmod(0o644)
    pair.server.simulator.log.clear()
    assert pair.made(check=True)["reasons"] == ["other users could read the private key"]
    assert mode(pair.private_key_dest) == 0o644
    line = pair.made()
    assert (line["action"], line["changed_keys"]) == ("updated", ["private_key_is_private"])
    assert line["certificate"]["common_name"] == "wiki.example.com"
    assert (mode(pair.private_key_dest), pair.texts, pair.server.simulator.log) == (0o600, before, [])
    assert pair.made()["action"] == "unchanged"


def test_a_passphrase_is_part_of_what_is_declared(pair: Pair) -> None:
    pair.made()
    line = pair.made(private_key_passphrase=PASSPHRASE)
    assert line["reasons"] == ["private key: it is not encrypted, but a passphrase is given"]
    assert pair.belongs_together(PASSPHRASE)
    assert pair.made(private_key_passphrase=PASSPHRASE)["action"] == "unchanged"
    line = pair.made(private_key_passphrase=PASSPHRASE + "2")
    assert line["reasons"] == ["private key: it contains no private key in PEM format that the passphrase decrypts"]
    before = pair.texts
    answer = pair.task()
    assert "is encrypted. Set private_key_passphrase" in answer["msg"]
    assert pair.texts == before


# -- refusals


LEAF = identity("leaf")
REFUSED: dict[str, tuple[dict[str, t.Any], str]] = {
    "no key file": ({"private_key_dest": None}, "needs private_key_dest"),
    "nothing to make": ({"common_name": None}, "needs common_name"),
    "one file for both": ({"private_key_dest": "{folder}/./wiki.pem"}, "Each certificate needs two files of its own"),
    "a folder that is not there": ({"dest": "{folder}/none/wiki.pem"}, "dest: .* there is no folder"),
    "a key in a folder that is not there": (
        {"private_key_dest": "{folder}/none/a"},
        "private_key_dest: .* there is no folder",
    ),
    "a folder for a file": (
        {"private_key_dest": "{folder}"},
        "private_key_dest: .* (cannot be read|exists and is not a file)",
    ),
    "names without a web server": (
        {"cert_template": "server", "subj_alt_dns_names": ["a"]},
        "subj_alt_dns_names is allowed only with cert_template: webserver",
    ),
    "no day": ({"days_to_expiry": 0}, "days_to_expiry: 0 is too small"),
    "fewer days than renew_before": ({"days_to_expiry": 30}, r"30 must be more than renew_before \(30\)"),
    "a negative number of days": ({"renew_before": -1}, "renew_before: -1 is too small"),
    "an unknown algorithm": ({"algorithm": "rot13"}, "does not support rot13. Supported: .*rsa2048"),
    "an authority without a key": ({"signing_ca": CA.pem}, "signing_ca needs either"),
    "a key without an authority": ({"signing_ca_key": CA.key_pem}, "signing_ca needs either"),
    "two keys": (
        {"signing_ca": CA.pem, "signing_ca_key": CA.key_pem, "signing_ca_config_key": "k"},
        "signing_ca needs either",
    ),
    "a passphrase for nothing": (
        {"signing_ca_private_key_passphrase": PASSPHRASE},
        "signing_ca_private_key_passphrase needs signing_ca",
    ),
    "the key of another": (
        {"signing_ca": CA.pem, "signing_ca_key": OTHER_CA.key_pem},
        "signing_ca_key of .*: it is not the key of signing_ca",
    ),
    "a key that its passphrase does not open": (
        {"signing_ca": CA.pem, "signing_ca_key": CA.encrypted("x"), "signing_ca_private_key_passphrase": PASSPHRASE},
        "signing_ca_key of .*: it contains no private key",
    ),
    "no authority": ({"signing_ca": LEAF.pem, "signing_ca_key": LEAF.key_pem}, "not a certificate of an authority"),
    "no certificate": (
        {"signing_ca": "Estate CA", "signing_ca_key": CA.key_pem},
        "signing_ca of .*: it contains no cert",
    ),
    "an authority at its end": (
        {"signing_ca": OLD_CA.pem, "signing_ca_key": OLD_CA.key_pem},
        "signing_ca of .* expires within the 30 days",
    ),
}


@pytest.mark.parametrize("why", REFUSED)
@pytest.mark.parametrize("check", [True, False])
def test_what_cannot_be_is_refused_before_anything_is_made(pair: Pair, why: str, check: bool) -> None:
    params, sentence = REFUSED[why]
    params = {k: v.replace("{folder}", str(pair.folder)) if isinstance(v, str) else v for k, v in params.items()}
    answer = pair.task(**params, check=check)
    assert answer["failed"]
    assert answer["changed"] is False
    assert re.search(sentence, answer["msg"]), answer["msg"]
    assert pair.requests == 0
    assert list(pair.folder.iterdir()) == []


@pytest.mark.parametrize("name", ["dest", "private_key_dest"])
def test_no_link_is_followed(pair: Pair, name: str) -> None:
    elsewhere = pair.folder / "elsewhere"
    elsewhere.write_text("kept")
    getattr(pair, name).symlink_to(elsewhere)
    answer = pair.task()
    assert answer["failed"]
    assert name in answer["msg"]
    assert elsewhere.read_text() == "kept"
    assert pair.requests == 0


def test_two_certificates_do_not_share_a_file(pair: Pair) -> None:
    other = {**pair.declared, "dest": str(pair.folder / "other.pem")}
    answer = pair.server.manage(module.CERTIFICATE, certificates=[pair.declared, other])
    assert "is declared for" in answer["msg"]


def test_of_several_certificates_the_one_with_a_single_file_is_reported_by_its_place(pair: Pair) -> None:
    path = str(pair.folder / "other.pem")
    other = {**pair.declared, "dest": path, "private_key_dest": path}
    answer = pair.server.manage(module.CERTIFICATE, certificates=[pair.declared, other])
    assert f"certificates[1]: {path} is declared for {path} and for {path}" in answer["msg"]
    assert pair.requests == 0


def test_all_files_are_looked_at_before_the_first_pair_is_made(pair: Pair) -> None:
    lost = {**pair.declared, "dest": str(pair.folder / "none/a.pem"), "private_key_dest": str(pair.folder / "a.key")}
    answer = pair.server.manage(module.CERTIFICATE, certificates=[pair.declared, lost])
    assert answer["failed"]
    assert (pair.requests, list(pair.folder.iterdir())) == (0, [])


def test_without_cryptography_the_task_says_what_it_needs(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    pair.put(good())
    monkeypatch.setattr(pem, "HAS_CRYPTOGRAPHY", False)
    answer = pair.task()
    assert "cryptography" in answer["msg"]
    assert "defect" not in answer["msg"]


# -- what the server answers


def answering(pair: Pair, certificate: str, private_key: str, **how: t.Any) -> None:
    body = {"certificate": certificate, "private_key": private_key}
    pair.server.simulator.faults.add(**{"path": CREATE, "status": 200, "body": body, **how})


WRONG = {
    "another name": (identity("blog"), "its common name is blog"),
    "an authority": (identity("wiki.example.com", authority=True), "it is an authority: yes"),
    "other names": (identity("wiki.example.com", "x"), "its alternative names are x"),
    "another algorithm": (
        identity("wiki.example.com", "www.example.com", key=ec.generate_private_key(ec.SECP384R1())),
        "its key is secp384r1",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_was_not_asked_for_is_not_kept(pair: Pair, what: str) -> None:
    pair.put(identity("old"))
    before = pair.texts
    one, sentence = WRONG[what]
    answering(pair, one.pem, one.key_pem)
    answer = pair.task(algorithm="secp256r1", subj_alt_dns_names=["www.example.com"])
    assert (answer["failed"], answer["changed"]) == (True, True)
    assert "did not issue what was requested" in answer["msg"]
    assert sentence in answer["msg"]
    assert pair.texts == before


@pytest.mark.parametrize(
    ("certificate", "private_key", "sentence"),
    [
        ("", good().key_pem, "it contains no certificate"),
        (good().pem, "", "it contains no private key"),
        (good().pem, good().key_pem, "private key: it belongs to another certificate"),
        (good(issuer=OTHER_CA).pem, good().key_pem, "it is signed by CN=Another CA"),
    ],
)
def test_what_is_no_pair_is_not_kept(pair: Pair, certificate: str, private_key: str, sentence: str) -> None:
    pair.put(identity("old"))
    before = pair.texts
    answering(pair, certificate, private_key)
    answer = pair.task(**GOOD)
    assert answer["failed"]
    assert sentence in answer["msg"]
    assert pair.texts == before


def test_an_answer_without_a_pair_is_no_defect_of_ours(pair: Pair) -> None:
    pair.server.simulator.faults.add(path=CREATE, status=200, body={"certificate": "x"})
    assert "without a certificate and its private key" in pair.task()["msg"]
    assert pair.texts == [None, None]


def test_a_new_certificate_that_is_soon_to_be_renewed_is_kept_and_warned_of(pair: Pair) -> None:
    one = identity("wiki.example.com", days=20)
    answering(pair, one.pem, one.key_pem)
    answer = pair.task()
    assert answer["counts"] == {"created": 1}
    assert "each run will issue it again" in answer["warnings"][0]
    assert pair.texts[0] == one.pem


def test_a_refusal_is_reported_and_the_others_go_on(pair: Pair) -> None:
    other = Pair(pair.folder, pair.server, "other")
    pair.server.simulator.faults.add(path=CREATE, status=400, body={"reason": "No more of these"})
    answer = pair.server.manage(module.CERTIFICATE, certificates=[pair.declared, other.declared])
    assert answer["failed"]
    assert "No more of these" in answer["msg"]
    assert (pair.texts, other.belongs_together()) == ([None, None], True)


# -- faults


@pytest.mark.parametrize("do", ["drop", "truncate"])
def test_where_an_answer_is_lost_another_pair_is_made(pair: Pair, do: str) -> None:
    pair.server.simulator.faults.add(path=CREATE, do=do, applied=True, times=2)
    assert pair.made()["action"] == "created"
    assert pair.belongs_together()


def test_a_pair_that_is_never_answered_is_given_up_and_the_old_one_stays(pair: Pair) -> None:
    pair.put(identity("old"))
    before = pair.texts
    pair.server.simulator.faults.add(path=CREATE, do="drop", applied=True, times=None)
    answer = pair.task(renew=True)
    assert answer["failed"]
    assert "the server keeps nothing" in answer["msg"]
    assert pair.requests == module.ATTEMPTS
    assert pair.texts == before


@pytest.mark.parametrize("renew", [True, False])
def test_of_many_pairs_only_that_of_the_lost_answer_is_made_again(pair: Pair, renew: bool) -> None:
    declared = [Pair(pair.folder, pair.server, name).declared for name in "abc"]
    pair.server.simulator.faults.add(path=CREATE, do="drop", applied=True, nth=2)
    answer = pair.server.manage(module.CERTIFICATE, certificates=declared, renew=renew)
    assert answer["counts"] == {"created": 3}
    assert pair.requests == 4


@pytest.mark.parametrize("do", ["drop", "truncate", "html", "status"])
def test_a_fault_at_any_request_leaves_the_old_pair_or_the_new_one(start: Start, tmp_path: Path, do: str) -> None:
    calm = Pair(tmp_path, start(), "calm")
    calm.made(**GOOD)
    requests = len(calm.server.simulator.log)
    assert requests >= 3
    for nth in range(1, requests + 1):
        pair = Pair(tmp_path, start(), f"fault{nth}")
        pair.put(identity("old", days=3))
        pair.server.simulator.faults.add(do=do, nth=nth, times=4, applied=do != "status")
        answer = pair.task(**GOOD)
        assert "defect" not in answer.get("msg", "")
        assert pair.belongs_together()
        name = pair.certificate.subject.rfc4514_string()
        assert name == ("CN=old" if answer.get("failed") else "CN=wiki.example.com")
        fresh = Pair(tmp_path, start(), f"fault{nth}")
        assert fresh.made(**GOOD)["action"] == ("updated" if answer.get("failed") else "unchanged")
        assert fresh.belongs_together()


def test_a_disk_that_fails_between_the_two_files_is_seen_and_healed(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.put(identity("wiki.example.com", days=3))
    replace = os.replace

    def fail(source: str, target: str) -> None:
        if target == str(pair.dest):
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(module.SecretFile.write.__globals__["os"], "replace", fail)
        answer = pair.task()
    assert "cannot be written: No space left" in answer["msg"]
    assert not pair.belongs_together()
    assert sorted(path.name for path in pair.folder.iterdir()) == ["wiki.key", "wiki.pem"]
    assert "private key: it belongs to another certificate" in pair.made()["reasons"]
    assert pair.belongs_together()


# -- what is returned


def test_everything_that_is_reported_is_documented(pair: Pair) -> None:
    documented = yaml.safe_load(documentation.RETURN)["objects"]["contains"]
    line = pair.made()
    assert set(line) == set(documented) - {"msg"}
    assert set(line["certificate"]) == set(documented["certificate"]["contains"])
    assert set(pair.made(state="absent")) <= set(documented)


# -- secrets


def test_no_secret_is_reported(pair: Pair) -> None:
    secrets = {"private_key_passphrase": PASSPHRASE, "signing_ca": CA.pem, "signing_ca_key": CA.key_pem}
    answers = [
        pair.task(**secrets, check=True),
        pair.task(**secrets),
        pair.task(**secrets),
        pair.task(**secrets, renew=True),
    ]
    pair.server.simulator.faults.add(path=CREATE, status=400, body={"reason": f"no {PASSPHRASE} {CA.key_pem}"})
    answers.append(pair.task(**secrets, renew=True))
    assert answers[-1]["failed"]
    lines = [PASSPHRASE, *CA.key_pem.splitlines()[1:-1], *pair.private_key_dest.read_text().splitlines()[1:-1]]
    assert not [line for answer in answers for line in lines if line in text_of(answer)]


# -- as_certificate_info


def examined(server: Server, **params: t.Any) -> Answer:
    return server.run(module.inform, module.INFO_SPEC, **params)


@dialects
def test_the_server_reports_what_it_reads(start: Start, dialect: str) -> None:
    server, one = start(dialect=dialect), good()
    answer = examined(server, certificate=one.pem)
    assert answer["certificate"]["common_name"] == "wiki.example.com"
    assert answer["certificate"]["serial"] == str(one.certificate.serial_number)
    assert set(answer) == {"certificate", "changed"}
    assert not server.writes()


def test_a_key_belongs_or_not_or_cannot_be_read(server: Server) -> None:
    one = good()
    assert examined(server, certificate=one.pem, private_key=one.key_pem)["key_matches"] is True
    assert examined(server, certificate=one.pem, private_key=CA.key_pem)["key_matches"] is False
    answer = examined(server, certificate=one.pem, private_key="no key")
    assert (answer["key_matches"], answer["key_reason"]) == (False, "Private key cannot be read")


def test_trust_has_a_chain_or_a_reason(server: Server) -> None:
    between = identity("Between", issuer=CA, authority=True)
    one = good(issuer=between)
    answer = examined(server, certificate=one.pem, chain=between.pem, ca_roots=[CA.pem])
    assert (answer["trusted"], [each["common_name"] for each in answer["chain"]]) == (
        True,
        ["wiki.example.com", "Between", "Estate CA"],
    )
    for asked in ({"ca_roots": []}, {"ca_roots": [OTHER_CA.pem], "chain": between.pem}, {"chain": between.pem}):
        answer = examined(server, certificate=one.pem, **asked)
        assert (answer["trusted"], "chain" in answer) == (False, False)
        assert "cannot be verified" in answer["trust_reason"]


def test_what_is_no_certificate_is_a_failure(server: Server) -> None:
    answer = examined(server, certificate="none")
    assert answer["failed"]
    assert "cannot be parsed" in answer["msg"]


@pytest.mark.parametrize("status", [403, 500])
def test_a_check_that_cannot_be_made_is_a_failure(server: Server, status: int) -> None:
    server.simulator.faults.add(path="/certificate/check-private-key", status=status, times=None, body={"reason": "No"})
    assert examined(server, certificate=CA.pem, private_key=CA.key_pem)["failed"]


# -- certificates and keys


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (rsa.generate_private_key(65537, 2048), "rsa2048"),
        (ec.generate_private_key(ec.SECP521R1()), "secp521r1"),
        (ec.generate_private_key(ec.SECP256K1()), "secp256k1"),
        (ec.generate_private_key(ec.BrainpoolP384R1()), "brainpoolP384r1"),
        (ed25519.Ed25519PrivateKey.generate(), "Ed25519"),
        (ed448.Ed448PrivateKey.generate(), "ed448"),
    ],
)
def test_an_algorithm_is_reported_as_the_vendor_spells_it_and_its_signatures_are_checked(
    key: t.Any, algorithm: str
) -> None:
    signer = identity("Signer", authority=True, key=key)
    signed, other = identity("a", issuer=signer), identity("Signer", authority=True)
    one, two, three = (pem.certificate(each.pem) for each in (signed, signer, other))
    assert two.algorithm == algorithm
    assert pem.is_signed_by(one, two)
    assert not pem.is_signed_by(one, three)
    assert not pem.is_signed_by(two, one)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("ecp384r1", "secp384r1"),
        ("SECP512R1", "secp521r1"),
        ("secp2256k1", "secp256k1"),
        ("ed25519", "Ed25519"),
        ("x", "x"),
    ],
)
def test_spellings_of_algorithms(said: str, meant: str) -> None:
    assert pem.spelled(said) == meant


@pytest.mark.parametrize(
    ("names", "host", "covered"),
    [
        (["vpn.example.com"], "VPN.example.com.", True),
        (["*.example.com"], "vpn.example.com", True),
        (["*.Example.com"], "vpn.example.com", True),
        (["*.example.com"], "example.com", False),
        (["*.example.com"], "a.vpn.example.com", False),
        (["*.com"], "com", False),
        (["127.0.0.1"], "127.0.0.1", True),
        (["2001:db8::1"], "2001:DB8:0::1", True),
        (["vpn.example.com"], "127.0.0.1", False),
        ([], "vpn.example.com", False),  # the common name counts no more
    ],
)
def test_which_hosts_a_certificate_is_for(names: list[str], host: str, covered: bool) -> None:
    assert pem.covers(pem.certificate(identity("vpn.example.com", *names).pem), host) is covered


def test_a_chain_is_in_order_or_the_break_is_named() -> None:
    between = identity("Between", issuer=CA, authority=True)
    chain = [pem.certificate(each.pem) for each in (good(issuer=between), between, CA)]
    assert pem.break_in(chain) is None
    assert "CN=wiki.example.com is signed by CN=Between, and the next certificate is CN=Estate CA" in str(
        pem.break_in([chain[0], chain[2], chain[1]])
    )
    leaf = identity("Leaf")
    broken = [pem.certificate(each.pem) for each in (identity("x", issuer=leaf), leaf)]
    assert "CN=Leaf is not a certificate authority" in str(pem.break_in(broken))


def test_a_certificate_is_read_whatever_its_line_ends() -> None:
    one = good()
    assert pem.certificate(one.pem.replace("\n", "\r\n")) == pem.certificate(f"text\n{one.pem}\ntext")
    with pytest.raises(ValueError, match="it contains 2 certificates, and one is expected"):
        pem.certificate(one.pem + CA.pem)


def test_an_option_is_named_by_what_is_wrong_with_it() -> None:
    with (
        pytest.raises(InputError, match=r"^ca_bundle: it contains no certificate in PEM format\.$"),
        pem.about("ca_bundle"),
    ):
        pem.certificates("")
