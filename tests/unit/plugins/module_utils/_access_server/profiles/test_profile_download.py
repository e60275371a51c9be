# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user's own profile: when it is downloaded, how a server's questions are answered, and what becomes of refusals."""

from __future__ import annotations

import base64
import html
import json
import stat
import time
import typing as t
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.totp import claim_code, totp
from ansible_collections.vpn.estate.plugins.module_utils._access_server.profiles import profile_download
from ansible_collections.vpn.estate.plugins.modules.as_profile_download import BODY
from ansible_collections.vpn.estate.plugins.plugin_utils._in_process import perform
from ansible_collections.vpn.estate.tests.simulator.pki import process_identity
from ansible_collections.vpn.estate.tests.unit.plugins.support.client_profile import (
    SERIAL,
    completed,
    identity,
    profile,
)
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.wire import HANG_UP, Wire, reply

PASSWORD, SECRET, TOKEN = "mArKpAsSwOrD-&<é", "GEZDGNBVGY3TQOJQ", "mArKtOkEn0123456789"
NO_ADDRESS = (
    "Give as_url, or token_url. In your own play: in the task or in module_defaults. For playbooks of vpn.estate: in the variable "
    "with this name. Or in the environment: VPN_ESTATE_AS_URL."
)
NO_ACCOUNT = (
    "Give as_username and as_password, or token, or token_url. In your own play: in the task or in module_defaults. For playbooks "
    "of vpn.estate: in variables with these names. Or in the environment: VPN_ESTATE_AS_USERNAME and VPN_ESTATE_AS_PASSWORD."
)
STATE = "miwN39AlF4k40Fd8X8r9j74FuOoaJKJM"
PORTAL = reply(b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Welcome.</body></html>")


def served(text: str, **headers: str) -> bytes:
    return reply(text.encode(), headers={"Content-Type": "application/x-openvpn-profile", **headers})


def session(token: str) -> dict[str, str]:
    """Headers of an answer that spare a second code."""
    fields = {"VPN-Session-User": "anna", "VPN-Session-Token": token}
    return {name: base64.b64encode(value.encode()).decode() for name, value in fields.items()}


def xml(message: str, status: int, declaration: str = '<?xml version="1.0" encoding="UTF-8"?>\n') -> bytes:
    """An error as the vendor's document shows them."""
    fields = {"Type": "Authorization Required", "Synopsis": "REST method failed", "Message": html.escape(message)}
    text = "\n".join(f"<{name}>{value}</{name}>" for name, value in fields.items())
    return reply(f"{declaration}<Error>\n{text}\n</Error>".encode(), status, {"Content-Type": "text/xml"})


def challenge(text: str, flags: str = "R,E", status: int = 401) -> bytes:
    return xml(f"CRV1:{flags}:{STATE}:{base64.b64encode(b'anna').decode()}:{text} (9007)", status, "")


WRONG = "AUTH_FAILED: Server Agent XML method requires authentication (9007)"
USERLOGIN = profile().replace("/AUTOLOGIN", "").replace("# OVPN_ACCESS_SERVER_AUTOLOGIN=1\n", "auth-user-pass\n")


@pytest.fixture(name="dest")
def fixture_dest(tmp_path: Path) -> Path:
    return tmp_path / "office.conf"


def fetch(wire: Wire, dest: Path, /, check: bool = False, **params: t.Any) -> Answer:
    """Run as_profile_download; what is None is left out."""
    given = {
        "as_url": wire.url,
        "as_username": "anna",
        "as_password": PASSWORD,
        "as_ca_path": process_identity("127.0.0.1").ca_path,
        "profile_type": "autologin",
        "dest": str(dest),
        **params,
    }
    said = {name: value for name, value in given.items() if value is not None}
    return perform(BODY, "as_profile_download", said, check=check, invocation=True)


def asked(wire: Wire) -> list[tuple[str, str]]:
    """Path with query, and the decoded credentials, of each request."""
    found = []
    for line, headers in map(head, wire.heard):
        _basic, _blank, credentials = headers.get("Authorization", "").partition(" ")
        found.append((line.split()[1], base64.b64decode(credentials).decode()))
    return found


def sessions(wire: Wire) -> list[dict[str, str]]:
    """The session headers of each request."""
    return [
        {name: value for name, value in head(request)[1].items() if name.startswith("VPN-")} for request in wire.heard
    ]


def head(request: bytes) -> tuple[str, dict[str, str]]:
    """The first line of a request, and its headers."""
    [line, *fields] = request.split(b"\r\n\r\n")[0].decode().split("\r\n")
    return line, dict(field.split(": ", 1) for field in fields)


# -- the file


def test_a_profile_is_downloaded_once(serve: Callable[..., Wire], dest: Path) -> None:
    wire = serve(served(profile()))
    answer = fetch(wire, dest)
    assert (answer["changed"], answer["reason"]) == (True, "none exists yet")
    assert (answer["serial"], answer["not_after"]) == ("9108875457979699679", "2036-10-03T15:39:38Z")
    assert "warnings" not in answer
    assert dest.read_text() == profile()
    assert stat.S_IMODE(dest.stat().st_mode) == 0o600
    assert asked(wire) == [("/rest/GetAutologin", f"anna:{PASSWORD}")]
    again = fetch(wire, dest)
    assert again["changed"] is False
    assert (again["serial"], again["not_after"]) == (answer["serial"], answer["not_after"])
    assert len(wire.heard) == 1


def test_each_type_has_a_call_and_tls_crypt_v2_is_set_in_the_query(serve: Callable[..., Wire], dest: Path) -> None:
    wire = serve(served(USERLOGIN))
    assert fetch(wire, dest, profile_type=None, tls_crypt_v2=True)["changed"]
    assert asked(wire) == [("/rest/GetUserlogin?tls-cryptv2=1", f"anna:{PASSWORD}")]
    assert not fetch(wire, dest, profile_type="userlogin")["changed"]


@pytest.mark.parametrize(
    ("text", "params", "reason"),
    [
        (profile(), {"renew": True}, "renew is set"),
        (profile(), {"renew_before": 99999}, " days left, and renew_before is 99999"),
        (profile(), {"as_username": "berta"}, "it is for anna, and its type is autologin"),
        (USERLOGIN, {}, "it is for anna, and its type is userlogin"),
        (profile(key=identity("Ed25519")[1]), {}, "it is not a profile: it has no certificate with its private key"),
        (completed(""), {}, "it is not a profile: it has no certificate with its private key"),
        (profile().replace("remote vpn.example.com", "# "), {}, "it is not a profile: it names no server (remote)"),
        (profile()[:3000], {}, "it is not a profile: line "),
        ("", {}, "it is not a profile: it names no device (dev)"),
        ("\ufeff\0", {}, "it is not a profile: line 1"),
    ],
)
def test_a_file_that_is_not_good_is_replaced(
    serve: Callable[..., Wire], dest: Path, text: str, params: dict[str, t.Any], reason: str
) -> None:
    dest.write_text(text)
    dest.chmod(0o600)
    wire = serve(served(profile()))
    planned = fetch(wire, dest, check=True, **params)
    assert (planned["changed"], dest.read_text(), wire.heard) == (True, text, [])
    answer = fetch(wire, dest, **params)
    assert answer["changed"], answer
    assert reason in answer["reason"]
    assert planned["reason"] == answer["reason"]
    assert dest.read_text() == profile()
    assert len(wire.heard) == 1


def test_a_good_file_that_others_can_read_is_taken_from_them_without_a_request(
    serve: Callable[..., Wire], dest: Path
) -> None:
    wire = serve(HANG_UP)
    dest.write_text(profile())
    dest.chmod(0o644)
    assert fetch(wire, dest, check=True)["changed"]
    assert stat.S_IMODE(dest.stat().st_mode) == 0o644
    answer = fetch(wire, dest)
    assert (answer["changed"], answer["reason"]) == (True, "other users could read it")
    assert stat.S_IMODE(dest.stat().st_mode) == 0o600
    assert not fetch(wire, dest)["changed"]
    assert wire.heard == []


def test_a_profile_of_another_server_is_none_of_this_one(serve: Callable[..., Wire], dest: Path) -> None:
    dest.write_text(profile())
    dest.chmod(0o600)
    wire = serve(served(profile()))
    url = wire.url.replace("127.0.0.1", "localhost")
    answer = fetch(wire, dest, as_url=url)
    assert "it is for the server vpn.example.com; if this is the same server, set as_server_name" in answer["reason"]
    assert "The next run will download another profile" in answer["warnings"][0]
    assert not fetch(wire, dest, as_url=url, as_server_name="vpn.example.com")["changed"]
    assert not fetch(wire, dest, as_url="https://vpn.example.com")["changed"]
    assert len(wire.heard) == 1


def test_a_new_profile_that_will_not_do_is_reported(serve: Callable[..., Wire], dest: Path) -> None:
    answer = fetch(serve(served(profile())), dest, renew_before=99999)
    assert answer["changed"]
    assert "because of the new one: it has " in answer["warnings"][0]


# -- what is refused before anything is asked


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"as_username": None}, NO_ACCOUNT),
        ({"as_url": None}, NO_ADDRESS),
        ({"as_password": None}, NO_ACCOUNT),
        ({"as_username": "an:na"}, "as_username: 'an:na' contains a colon, which this sign-in does not support."),
        ({"renew_before": -1}, "renew_before: -1 is too small; the smallest value is 0."),
        (
            {"token": TOKEN, "token_url": "https://h/rest/GetProfileViaToken?token=x"},
            "mutually exclusive: token|token_url",
        ),
        ({"token_url": f"http://h/rest/GetProfileViaToken?token={TOKEN}"}, "token_url is not an address of the form"),
        ({"token_url": f"https://h/rest/GetProfile?token={TOKEN}"}, "token_url is not an address of the form"),
        (
            {"token_url": f"https://a:{TOKEN}@h/rest/GetProfileViaToken?token=x"},
            "token_url is not an address of the form",
        ),
        ({"token_url": "https://h/rest/GetProfileViaToken"}, "token_url is not an address of the form"),
        ({"as_url": "http://vpn.example.com"}, "is not an https address"),
        ({"as_timeout": 0}, "as_timeout: 0 is too small; the smallest value is 1 second."),
        ({"as_totp_secret": "no base32!", "renew": True}, "as_totp_secret is not a secret in base32"),
        ({"as_token": "x"}, "Unsupported parameters for (as_profile_download) module: as_token"),
        ({"dest": "/nowhere/at/all"}, "dest: /nowhere/at/all cannot be written: there is no folder /nowhere/at."),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_asked(
    serve: Callable[..., Wire], dest: Path, params: dict[str, t.Any], sentence: str
) -> None:
    wire = serve(served(profile()))
    answer = fetch(wire, dest, **params)
    assert answer["failed"]
    assert sentence in answer["msg"]
    assert TOKEN not in json.dumps(answer)
    assert (wire.heard, dest.exists()) == ([], False)


def test_without_the_library_that_reads_certificates_nothing_is_asked(
    serve: Callable[..., Wire], dest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profile_download, "HAS_CRYPTOGRAPHY", False)
    wire = serve(served(profile()))
    assert "Failed to import the required Python library (cryptography)" in fetch(wire, dest)["msg"]
    assert wire.heard == []


def test_a_link_is_not_followed(serve: Callable[..., Wire], dest: Path, tmp_path: Path) -> None:
    (tmp_path / "target").write_text("kept")
    dest.symlink_to(tmp_path / "target")
    wire = serve(served(profile()))
    assert "is a symbolic link, and secrets are not written through links" in fetch(wire, dest)["msg"]
    assert ((tmp_path / "target").read_text(), wire.heard) == ("kept", [])


# -- refusals: one request, one sentence, and the file as it was

REFUSALS = [
    (xml(WRONG, 401), "refused the name or the password of anna (AUTH_FAILED: Server Agent XML method"),
    (xml(WRONG, 403), "refused the name or the password of anna"),
    (xml(WRONG, 500), "refused the name or the password of anna"),
    (xml(WRONG, 200, ""), "refused the name or the password of anna"),
    (reply(b"<html>Unauthorized</html>", 401), "refused the name or the password of anna"),
    (
        xml("NEED_AUTOLOGIN: User 'anna' lacks autologin privilege (9000)", 500),
        "provides no autologin profile for anna (NEED_AUTOLOGIN: User 'anna' lacks autologin privilege (9000)). "
        "An administrator must",
    ),
    (xml("You must enroll this user in Authenticator first (9008)", 403), "Enrol first: sign in once in a browser"),
    (
        xml("No permission to generate profile (9422)", 400),
        "(No permission to generate profile (9422)). An administrator must",
    ),
    (
        xml("Ovpn-WebAuth: providername,flags", 401),
        "accepts anna only through a browser, for example for SAML (Ovpn-WebAuth: provider",
    ),
    (xml("LOCKOUT: user temporarily locked out (9007)", 403), "has locked anna after too many failed sign-ins"),
    (
        xml("Something <new> & odd (9999)", 400),
        "provides no profile for anna: GET /rest/GetAutologin of https://127.0.0.1:",
    ),
    (xml("Something <new> & odd (9999)", 400), "answered 400: Something <new> & odd (9999)."),
    (challenge("What is 1 x 3?"), 'asks anna "What is 1 x 3?", and the task has no answer. If this is the code of an'),
    (challenge("Enter Authenticator Code", status=500), 'asks anna "Enter Authenticator Code"'),
    (PORTAL, "returned something that is not a profile, such as a page of a proxy in front of it."),
    (reply({"status": "ok"}), "returned something that is not a profile"),
    (reply(b""), "returned something that is not a profile"),
    (served(profile()[:3000]), "returned something that is not a profile"),
    (
        reply(status=302, headers={"Location": "https://portal.example.com/?x=1"}),
        "a redirect to https://portal.example.com/",
    ),
    (xml("No such profile (9422)", 404), "(No such profile (9422)). An administrator must"),
    (xml("Nothing here", 404), "answered 404: Nothing here"),
    (HANG_UP, "did not answer anna. It was not asked again, because the lost answer may have been a refusal"),
    (reply(b"Bad Gateway", 502), "did not answer anna."),
]


@pytest.mark.parametrize(("answer", "sentence"), REFUSALS, ids=[sentence[:40] for _answer, sentence in REFUSALS])
def test_a_refusal_is_one_request_and_one_sentence(
    serve: Callable[..., Wire], dest: Path, answer: bytes, sentence: str
) -> None:
    dest.write_text("old")
    wire = serve(answer)
    refused = fetch(wire, dest)
    assert refused["failed"], refused
    assert sentence in refused["msg"]
    assert len(wire.heard) == 1
    assert dest.read_text() == "old"
    assert list(dest.parent.iterdir()) == [dest]
    assert PASSWORD not in json.dumps(refused, ensure_ascii=False)
    assert base64.b64encode(f"anna:{PASSWORD}".encode()).decode() not in json.dumps(refused)


@pytest.mark.parametrize(("answer", "final"), [(REFUSALS[0][0], True), (REFUSALS[5][0], False), (PORTAL, False)])
def test_only_a_refused_sign_in_concerns_other_tasks(
    serve: Callable[..., Wire], dest: Path, answer: bytes, final: bool
) -> None:
    assert ("sign_in_refused" in fetch(serve(answer), dest)) is final


@pytest.mark.parametrize("secret", [False, True])
def test_a_server_that_repeats_requests_shows_no_secret(serve: Callable[..., Wire], dest: Path, secret: bool) -> None:
    def echo(request: bytes) -> bytes:
        return xml(request.decode(), 400) if secret else reply(request, 400)

    given: dict[str, t.Any] = {"token": TOKEN} if secret else {}
    shown = json.dumps(fetch(serve(echo), dest, **given))
    assert base64.b64encode(f"anna:{PASSWORD}".encode()).decode() not in shown
    assert TOKEN not in shown


# -- questions


@pytest.mark.parametrize("status", [200, 401, 500])
def test_a_question_is_answered_once(serve: Callable[..., Wire], dest: Path, status: int) -> None:
    wire = serve(challenge("Turing test: what is 1 x 3?", status=status), served(profile()))
    assert fetch(wire, dest, challenge_response="three")["changed"]
    assert asked(wire) == [
        ("/rest/GetAutologin", f"anna:{PASSWORD}"),
        ("/rest/GetAutologin", f"anna:CRV1::{STATE}::three"),
    ]
    assert dest.read_text() == profile()


def test_a_question_about_an_authenticator_is_answered_by_a_code(serve: Callable[..., Wire], dest: Path) -> None:
    wire = serve(challenge("Enter Authenticator Code"), served(profile()))
    before = int(time.time() // 30)
    assert fetch(wire, dest, as_totp_secret=SECRET, challenge_response="not this")["changed"]
    code = asked(wire)[1][1].rpartition("::")[2]
    assert code in [totp(SECRET, counter) for counter in range(before, int(time.time() // 30) + 1)]


def test_another_question_is_not_answered_by_a_code(serve: Callable[..., Wire], dest: Path) -> None:
    wire = serve(challenge("Enter your PIN"), served(profile()))
    answer = fetch(wire, dest, as_totp_secret=SECRET)
    assert (answer["failed"], len(wire.heard)) == (True, 1)
    assert fetch(serve(challenge("Enter your PIN"), served(profile())), dest, challenge_response="4711")["changed"]


def test_a_code_that_was_used_is_not_offered_again(serve: Callable[..., Wire], dest: Path, tmp_path: Path) -> None:
    codes, now = tmp_path / "codes", int(time.time() // 30)
    used = claim_code(str(codes), now + 1)
    wire = serve(challenge("Enter Authenticator Code"), served(profile()))
    assert fetch(wire, dest, as_totp_secret=SECRET, as_session={"codes": str(codes)})["changed"]
    assert asked(wire)[1][1].endswith(f"::{totp(SECRET, used + 1)}")


def test_an_empty_answer_goes_where_none_is_needed(serve: Callable[..., Wire], dest: Path) -> None:
    wire = serve(challenge("Press return", flags="E"), served(profile()))
    assert fetch(wire, dest, challenge_response="")["changed"]
    assert asked(wire)[1][1] == f"anna:CRV1::{STATE}::"
    assert fetch(serve(challenge("Press return", flags="R")), dest, renew=True, challenge_response="")["failed"]


@pytest.mark.parametrize(
    ("second", "sentence"),
    [
        (xml(WRONG, 401), "refused the answer to its question of anna"),
        (challenge("And what is 2 x 3?"), "asks anna another question, which this task cannot answer."),
        (HANG_UP, "did not answer anna."),
        (
            xml("NEED_AUTOLOGIN: User 'anna' lacks autologin privilege (9000)", 500),
            "provides no autologin profile for anna",
        ),
    ],
)
def test_a_refused_answer_is_the_end(serve: Callable[..., Wire], dest: Path, second: bytes, sentence: str) -> None:
    wire = serve(challenge("What is 1 x 3?"), second)
    answer = fetch(wire, dest, challenge_response="three")
    assert answer["failed"]
    assert sentence in answer["msg"]
    assert (len(wire.heard), dest.exists()) == (2, False)


def test_the_answer_goes_to_the_user_whom_the_server_names(serve: Callable[..., Wire], dest: Path) -> None:
    name = base64.b64encode("Änna".encode()).decode()
    wire = serve(xml(f"CRV1: R,E:{STATE}:{name}:Question: yes or no?", 401), served(profile()))
    fetch(wire, dest, challenge_response="yes")
    assert asked(wire)[1][1] == f"Änna:CRV1::{STATE}::yes"


# -- what the tasks of a run share

QUESTION = challenge("Enter Authenticator Code")


@pytest.fixture(name="run")
def fixture_run(dest: Path) -> dict[str, t.Any]:
    """Arguments of the tasks of one run, each of which downloads."""
    shared = {"file": str(dest.with_name("session")), "codes": str(dest.with_name("codes"))}
    return {"renew": True, "as_totp_secret": SECRET, "as_session": shared}


def claimed(run: dict[str, t.Any]) -> int:
    """The last code that was taken, as the number of its 30 seconds."""
    return int(Path(run["as_session"]["codes"]).read_text())


def test_one_code_does_for_all_downloads_of_a_run(
    serve: Callable[..., Wire], dest: Path, run: dict[str, t.Any]
) -> None:
    wire = serve(QUESTION, served(profile(), **session(TOKEN)), served(USERLOGIN), served(profile()))
    answers = [fetch(wire, dest, **run)]
    used = claimed(run)
    answers += [fetch(wire, dest, profile_type="userlogin", **run), fetch(wire, dest, **run)]
    assert [answer["changed"] for answer in answers] == [True] * 3
    assert claimed(run) == used
    assert asked(wire) == [
        ("/rest/GetAutologin", f"anna:{PASSWORD}"),
        ("/rest/GetAutologin", f"anna:CRV1::{STATE}::{totp(SECRET, used)}"),
        ("/rest/GetUserlogin", f"anna:{PASSWORD}"),
        ("/rest/GetAutologin", f"anna:{PASSWORD}"),
    ]
    assert sessions(wire) == [{}, {}, session(TOKEN), session(TOKEN)]
    for secret in (TOKEN, session(TOKEN)["VPN-Session-Token"]):
        assert secret not in json.dumps(answers)
    assert stat.S_IMODE(Path(run["as_session"]["file"]).stat().st_mode) == 0o600


def test_a_session_that_the_server_no_longer_takes_is_one_question(
    serve: Callable[..., Wire], dest: Path, run: dict[str, t.Any]
) -> None:
    first, second = served(profile(), **session(TOKEN)), served(profile(), **session("another"))
    wire = serve(QUESTION, first, QUESTION, second, served(profile()))
    fetch(wire, dest, **run)
    used = claimed(run)
    assert fetch(wire, dest, **run)["changed"]
    assert fetch(wire, dest, **run)["changed"]
    assert claimed(run) == used + 1
    assert asked(wire)[3][1] == f"anna:CRV1::{STATE}::{totp(SECRET, used + 1)}"
    assert sessions(wire) == [{}, {}, session(TOKEN), {}, session("another")]


def test_an_answer_that_is_no_code_is_spared_as_well(
    serve: Callable[..., Wire], dest: Path, run: dict[str, t.Any]
) -> None:
    pin = {**run, "as_totp_secret": None, "challenge_response": "4711"}
    wire = serve(challenge("Enter your PIN"), served(profile(), **session(TOKEN)), served(profile()))
    assert fetch(wire, dest, **pin)["changed"]
    assert fetch(wire, dest, **{**pin, "challenge_response": None})["changed"]
    assert sessions(wire) == [{}, {}, session(TOKEN)]


def test_a_refusal_that_is_no_question_leaves_the_session(
    serve: Callable[..., Wire], dest: Path, run: dict[str, t.Any]
) -> None:
    refusal = xml("NEED_AUTOLOGIN: User 'anna' lacks autologin privilege (9000)", 500)
    wire = serve(served(USERLOGIN, **session(TOKEN)), refusal, HANG_UP)
    assert fetch(wire, dest, profile_type="userlogin", **run)["changed"]
    used = claimed(run)
    assert "provides no autologin profile for anna" in fetch(wire, dest, **run)["msg"]
    assert "did not answer anna" in fetch(wire, dest, **run)["msg"]
    assert sessions(wire) == [{}, session(TOKEN), session(TOKEN)]
    assert claimed(run) == used
    assert "did not answer anna" in fetch(wire, dest, **run)["msg"]
    assert len(wire.heard) == 3, "after a failed sign-in, no task tries again"


def test_a_server_that_repeats_the_session_shows_no_secret(
    serve: Callable[..., Wire], dest: Path, run: dict[str, t.Any]
) -> None:
    wire = serve(served(profile(), **session(TOKEN)), lambda request: xml(request.decode(), 400))
    fetch(wire, dest, **run)
    shown = json.dumps(fetch(wire, dest, **run))
    assert sessions(wire)[1] == session(TOKEN)
    assert session(TOKEN)["VPN-Session-Token"] not in shown
    assert "VPN-Session-Token: ***" in shown


def test_in_check_mode_nothing_is_shared(serve: Callable[..., Wire], dest: Path, run: dict[str, t.Any]) -> None:
    wire = serve(HANG_UP)
    assert fetch(wire, dest, check=True, **run)["changed"]
    assert (wire.heard, list(dest.parent.iterdir())) == ([], [])


# -- servers without the older API

MISSING = reply({"detail": "Not Found"}, 404)


@pytest.mark.parametrize("page", [MISSING, reply(b"<html>404 Not Found</html>", 404), reply(status=404)])
def test_a_server_without_the_older_api_is_asked_for_its_twin(
    serve: Callable[..., Wire], dest: Path, page: bytes
) -> None:
    wire = serve(page, served(USERLOGIN))
    assert fetch(wire, dest, profile_type="userlogin", tls_crypt_v2=True)["changed"]
    assert asked(wire) == [
        ("/rest/GetUserlogin?tls-cryptv2=1", f"anna:{PASSWORD}"),
        ("/api/GetUserlogin?tls-cryptv2=1", f"anna:{PASSWORD}"),
    ]


def test_an_answer_goes_where_the_question_came_from(serve: Callable[..., Wire], dest: Path) -> None:
    wire = serve(MISSING, challenge("What is 1 x 3?", status=400), served(profile()))
    assert fetch(wire, dest, challenge_response="three")["changed"]
    assert [path for path, _credentials in asked(wire)] == ["/rest/GetAutologin", *["/api/GetAutologin"] * 2]
    assert asked(wire)[2][1] == f"anna:CRV1::{STATE}::three"


def test_a_server_with_neither_is_asked_for_each_once_and_that_is_no_failed_sign_in(
    serve: Callable[..., Wire], dest: Path
) -> None:
    wire = serve(MISSING)
    answer = fetch(wire, dest)
    assert "GET /api/GetAutologin of https://127.0.0.1:" in answer["msg"]
    assert "answered 404: Not Found" in answer["msg"]
    assert "sign_in_refused" not in answer
    assert [path for path, _credentials in asked(wire)] == ["/rest/GetAutologin", "/api/GetAutologin"]


@pytest.mark.parametrize("form", ["{0}/rest/GetProfileViaToken?token={1}", "{0}/api/GetProfileViaToken?token={1}"])
def test_a_token_has_a_twin_too(serve: Callable[..., Wire], dest: Path, form: str) -> None:
    given = {"as_username": None, "as_password": None, "as_url": None}
    address = form.format("", TOKEN)
    paths = list(dict.fromkeys([address, address.replace("/rest/", "/api/")]))
    wire = serve(*[MISSING] * (len(paths) - 1), served(USERLOGIN))
    assert fetch(wire, dest, token_url=form.format(wire.url, TOKEN), **given)["changed"]
    lost = serve(MISSING)
    assert (
        "provides no profile" in fetch(lost, dest, token_url=form.format(lost.url, TOKEN), renew=True, **given)["msg"]
    )
    assert asked(wire) == asked(lost) == [(path, "") for path in paths]


# -- tokens


@pytest.mark.parametrize(
    "form", ["{0}/rest/GetProfileViaToken?token={1}", "openvpn://import-profile/{0}/rest/GetProfileViaToken?token={1}"]
)
def test_a_token_is_spent_once(serve: Callable[..., Wire], dest: Path, form: str) -> None:
    wire = serve(served(USERLOGIN))
    given = {"as_username": None, "as_password": None, "as_url": None, "token_url": form.format(wire.url, TOKEN)}
    assert fetch(wire, dest, **given)["changed"]
    assert dest.read_text() == USERLOGIN
    assert not fetch(wire, dest, **given)["changed"]
    assert not fetch(wire, dest, **{**given, "as_username": "the administrator", "as_url": "https://127.0.0.1:1"})[
        "changed"
    ]
    assert asked(wire) == [(f"/rest/GetProfileViaToken?token={TOKEN}", "")]


def test_a_profile_of_everybody_has_no_certificate_and_does_not_end(serve: Callable[..., Wire], dest: Path) -> None:
    text = f"client\ndev tun\nremote vpn.example.com\nauth-user-pass\n<ca>\n{identity()[0]}</ca>\n"
    wire = serve(served(f"# OVPN_ACCESS_SERVER_PROFILE=vpn.example.com\n# OVPN_ACCESS_SERVER_GENERIC=1\n{text}"))
    answer = fetch(wire, dest, token=TOKEN)
    assert answer["changed"]
    assert "not_after" not in answer
    assert not fetch(wire, dest, token=TOKEN, renew_before=99999)["changed"]
    assert fetch(serve(served(text)), dest, token=TOKEN, renew=True)["failed"]


def test_a_token_alone_goes_to_the_server_of_the_connection(serve: Callable[..., Wire], dest: Path) -> None:
    wire = serve(served(profile()))
    assert fetch(wire, dest, token="a+b/c=")["changed"]
    [(path, credentials)] = asked(wire)
    assert parse_qs(urlsplit(path).query) == {"token": ["a+b/c="]}
    assert credentials == ""


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (HANG_UP, "its answer was lost. The token is probably used up, so it was not tried again"),
        (served(profile())[:2000], "its answer was lost. The token is probably used up, so it was not tried again"),
        (
            reply({"reason": "Invalid or expired profile token"}, 403),
            "(Invalid or expired profile token). It may be used up",
        ),
        (
            xml("No permission to generate profile (9422)", 400),
            "provides no profile for this token (No permission to generate",
        ),
        (xml("Invalid token (9007)", 401), "provides no profile for this token"),
        (PORTAL, "returned something that is not a profile"),
    ],
)
def test_a_refused_token_is_one_request(serve: Callable[..., Wire], dest: Path, answer: bytes, sentence: str) -> None:
    dest.write_text("old")
    wire = serve(answer)
    refused = fetch(wire, dest, token=TOKEN)
    assert refused["failed"]
    assert sentence in refused["msg"]
    assert TOKEN not in json.dumps(refused)
    assert (len(wire.heard), dest.read_text()) == (1, "old")


# -- simulated servers, in all that the vendor leaves open


def own(server: Server, dest: Path, **params: t.Any) -> Answer:
    """Run as_profile_download against a simulated server."""
    simulator = server.simulator
    given = {"as_url": simulator.url, "as_ca_path": str(simulator.ca_path), "dest": str(dest), **params}
    return perform(BODY, "as_profile_download", given, check=False, invocation=True)


@pytest.fixture(name="people", params=[(d, s) for d in ("document", "3.2") for s in ("401", "200")], ids="-".join)
def fixture_people(start: Callable[..., Server], request: pytest.FixtureRequest) -> Server:
    """Servers with a user, by dialect and by the status of errors."""
    dialect, status = request.param
    server = start(dialect=dialect, readings={"legacy_status": status})
    server.simulator.set_user("anna", password=PASSWORD, auth_method="local")
    return server


ANNA = {"as_username": "anna", "as_password": PASSWORD}


def test_a_user_gets_each_type_that_is_allowed(people: Server, dest: Path) -> None:
    assert own(people, dest, **ANNA)["changed"]
    assert not own(people, dest, **ANNA)["changed"]
    refused = own(people, dest, profile_type="autologin", **ANNA)
    assert "as_user, autologin" in refused["msg"]
    assert not refused["changed"]
    people.simulator.set_user("anna", autologin=True)
    assert own(people, dest, profile_type="autologin", tls_crypt_v2=True, **ANNA)["changed"]
    people.simulator.set_user("anna", allow_generate_profiles=False)
    assert "as_user, allow_generate_profiles" in own(people, dest, renew=True, **ANNA)["msg"]
    made = [(one["profile_type"], one["tls_crypt_v2"]) for one in people.simulator.state()["profiles"]]
    assert made == [("userlogin", False), ("autologin", True)]


def test_a_wrong_password_is_one_failure(people: Server, dest: Path) -> None:
    for _time in range(4):
        assert "This was one failed sign-in" in own(people, dest, **{**ANNA, "as_password": "wrong"})["msg"]
    assert own(people, dest, **ANNA)["changed"]


def test_a_user_with_an_authenticator(people: Server, dest: Path) -> None:
    simulator = people.simulator
    mine: dict[str, t.Any] = {"as_username": simulator.mfa_username, "as_password": simulator.mfa_password}
    refused = own(people, dest, **mine)
    assert f'asks {simulator.mfa_username} "' in refused["msg"]
    assert "set its secret as as_totp_secret" in refused["msg"]
    mine |= {"as_totp_secret": simulator.mfa_totp_secret, "as_session": {"codes": str(dest.with_name("codes"))}}
    answer = own(people, dest, **mine)
    assert answer["changed"], answer
    assert simulator.mfa_totp_secret not in json.dumps(answer)
    assert own(people, dest, renew=True, **mine)["changed"]  # with the next code; these tests do not wait for it


def test_a_user_with_an_authenticator_is_asked_once_in_a_run(people: Server, dest: Path, run: dict[str, t.Any]) -> None:
    simulator = people.simulator
    simulator.set_user(simulator.mfa_username, autologin=True)
    mine = {"as_username": simulator.mfa_username, "as_password": simulator.mfa_password, **run}
    mine["as_totp_secret"] = simulator.mfa_totp_secret
    assert own(people, dest, **mine)["changed"]
    used = claimed(run)
    assert own(people, dest, profile_type="autologin", **mine)["changed"]
    assert claimed(run) == used
    assert len(simulator.log) == 3, "a question, its answer, and a profile without either"
    simulator.clock.advance(600)  # the session ends, and the server's clock now differs from that of the codes
    simulator.log.clear()
    assert "refused the answer to its question" in own(people, dest, **mine)["msg"]
    assert claimed(run) == used + 1
    assert len(simulator.log) == 2


def test_the_password_is_proved_with_a_session_as_well(people: Server, dest: Path, run: dict[str, t.Any]) -> None:
    mine = {**ANNA, **run, "as_totp_secret": None}
    assert own(people, dest, **mine)["changed"]
    wrong = {**mine, "as_password": "wrong"}
    answer = own(people, dest, **wrong)
    assert "refused the name or the password of anna" in answer["msg"]
    assert own(people, dest, **wrong)["msg"] == answer["msg"], "nor does a task of this run try it again"
    assert len(people.simulator.log) == 2
    assert own(people, dest, **mine)["changed"], "the right one is as good as before"


def test_downloads_from_a_server_whose_older_api_is_off(people: Server, dest: Path, run: dict[str, t.Any]) -> None:
    simulator = people.simulator
    simulator.faults.add(path="/rest/*", times=None, status=404, body={"detail": "Not Found"})
    simulator.set_user(simulator.mfa_username, autologin=True)
    mine = {"as_username": simulator.mfa_username, "as_password": simulator.mfa_password, **run}
    mine["as_totp_secret"] = simulator.mfa_totp_secret
    for profile_type in ("userlogin", "autologin"):
        assert own(people, dest, profile_type=profile_type, **mine)["changed"]
    assert [one.path for one in simulator.log] == [
        "/rest/GetUserlogin",
        "/api/GetUserlogin",
        "/api/GetUserlogin",
        "/rest/GetAutologin",
        "/api/GetAutologin",
    ]
    assert "refused the name or the password" in own(people, dest, **{**ANNA, "as_password": "wrong"})["msg"]
    token = simulator.add_profile_token("anna", "userlogin")
    assert own(people, dest, token=token, renew=True)["changed"]


def test_a_user_who_has_to_enrol_first_or_to_use_a_browser(people: Server, dest: Path) -> None:
    people.simulator.set_user("anna", totp=True)
    assert "Enrol first: sign in once in a browser" in own(people, dest, **ANNA)["msg"]
    people.simulator.set_user("anna", totp=False, auth_method="saml")
    assert "accepts anna only through a browser" in own(people, dest, **ANNA)["msg"]


def test_a_question_of_a_back_end(people: Server, dest: Path) -> None:
    people.simulator.set_radius_account("anna", PASSWORD, pin="4711-4711")
    assert 'asks anna "Enter your PIN"' in own(people, dest, **ANNA)["msg"]
    assert own(people, dest, challenge_response="4711-4711", **ANNA)["changed"]


@pytest.mark.parametrize("profile_type", ["userlogin", "autologin", "generic"])
def test_a_token_of_each_type(people: Server, dest: Path, profile_type: str) -> None:
    people.simulator.set_user("anna", autologin=True)
    token = people.simulator.add_profile_token("anna", profile_type)
    assert own(people, dest, token=token)["changed"]
    assert not own(people, dest, token=token)["changed"]
    assert "Ask an administrator for a new one" in own(people, dest, token=token, renew=True)["msg"]


@pytest.mark.parametrize("fault", ["drop", "truncate", "html", "redirect"])
@pytest.mark.parametrize("nth", [1, 2])
def test_a_fault_at_either_request_leaves_the_file_and_is_not_repeated(
    start: Callable[..., Server], dest: Path, fault: str, nth: int
) -> None:
    server = start()
    server.simulator.set_radius_account("anna", PASSWORD, pin="4711-4711")
    dest.write_text("old")
    server.simulator.faults.add(path="/rest/*", do=fault, nth=nth, applied=True)
    answer = own(server, dest, challenge_response="4711-4711", **ANNA)
    assert answer["failed"]
    assert "A defect of vpn.estate" not in answer["msg"]
    assert dest.read_text() == "old"
    assert len([one for one in server.simulator.log if one.path.startswith("/rest/")]) == nth


# -- directives that may harm the client

HARMFUL = f"script-security 2\nup /bin/sh\n{profile()}"
ALLOWED = ["up", "script-security"]


@pytest.mark.parametrize("how", [{}, {"token": TOKEN}])
def test_a_profile_that_may_harm_is_put_nowhere(serve: Callable[..., Wire], dest: Path, how: dict[str, str]) -> None:
    """Only an administrator can revoke it, so its serial is returned."""
    dest.write_text("what was there before")
    answer = fetch(serve(served(HARMFUL)), dest, **how)
    assert answer["failed"]
    assert (
        "it has directives that may harm the client: script-security (lets programs run), up (runs a" in answer["msg"]
    )
    assert "allow_directives: [script-security, up]" in answer["msg"]
    assert f"Its certificate (serial {SERIAL}) is valid, but its key is lost" in answer["msg"]
    assert answer["msg"].endswith(f"{dest} was not changed.")
    assert dest.read_text() == "what was there before"
    assert [*dest.parent.iterdir()] == [dest]
    assert fetch(serve(served(HARMFUL)), dest, allow_directives=ALLOWED, **how)["changed"]
    assert dest.read_text() == HARMFUL


@pytest.mark.parametrize("check", [False, True])
def test_where_a_file_may_harm_no_other_one_is_made(serve: Callable[..., Wire], dest: Path, check: bool) -> None:
    wire = serve(served(profile()))
    dest.write_text(HARMFUL)
    answer = fetch(wire, dest, check=check)
    assert f"{dest} is not used: it has directives that may harm the client: " in answer["msg"]
    assert "Nothing was downloaded. To download one anyway, set renew: true." in answer["msg"]
    assert not fetch(wire, dest, check=check, allow_directives=["UP", "script-security"]).get("failed")
    assert not wire.heard
    assert fetch(wire, dest, check=check, renew=True)["changed"]
    assert dest.read_text() == (HARMFUL if check else profile())
