# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts of a server cannot act on a terminal or a log, and secrets in them are masked even if the text is changed in other ways."""

from __future__ import annotations

import contextlib
import datetime
import importlib
import itertools
import json
import sys
import typing as t
import unicodedata
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_item import CONFIG_ITEM
from ansible_collections.vpn.estate.plugins.module_utils._engine.arguments import secrets_in
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, manage
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.plugins.module_utils._text import masking
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import InputError
from ansible_collections.vpn.estate.plugins.module_utils._text.masking import PART, WHOLE, Mask, presentable
from ansible_collections.vpn.estate.plugins.module_utils._text.outside import (
    LONGEST,
    MOST_MARKS,
    Sentence,
    shown,
    shown_value,
)
from ansible_collections.vpn.estate.plugins.plugin_utils._in_process import perform
from ansible_collections.vpn.estate.tests.simulator.answers import Answer
from ansible_collections.vpn.estate.tests.simulator.identity_provider import IdentityProvider
from ansible_collections.vpn.estate.tests.unit.plugins.laws import test_answers, test_freebox_answers
from ansible_collections.vpn.estate.tests.unit.plugins.modules.test_modules import OF_SERVERS
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import SIMULATORS, Box, Server, Simulated
from ansible_collections.vpn.estate.tests.unit.plugins.support.samples import SAMPLES, Sample
from hypothesis import given
from hypothesis import strategies as st

Json = t.Any
# A line of its own, a title of the terminal, writing that runs backwards, nothing at all, a tag, half a character, a flood.
HOSTILE = "\r\n\x1b[2J\x1b]0;x\x07PLAY RECAP ***\n\x9b2K\u202e\u2066\u200b\ufeff\u2028\U000e0041\ud800e" + "\u0301" * 40
SEEN = r"\x1b[2J"  # how a part of it is shown
VISIBLE = (
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"  # signs around numbers
)
SECRET = "Marker-Secret-7!"


def acts(text: str, lines: bool = False) -> list[str]:
    """Characters of a text that act on a terminal, by Unicode's own table; ``lines`` may stay."""
    return [
        one
        for one in text
        if (unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") and not (lines and one in "\n\t"))
        or (unicodedata.category(one) == "Cf" and one not in VISIBLE and not "\U00013430" <= one <= "\U0001345f")
    ]


def texts(value: Json) -> t.Iterator[str]:
    """Every text in a value, names of keys too."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from (str(key), *texts(one))
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from texts(one)
    elif isinstance(value, str):
        yield value


SENTENCES = ("problems", "reason", "reasons", "key_reason", "trust_reason")


def sentences(answer: Json) -> t.Iterator[str]:
    """The sentences for people, anywhere in the answer of a task."""
    yield from texts([answer.get("msg"), answer.get("warnings"), answer.get("summary")])
    resources = [one for one in answer.values() if isinstance(one, dict)]  # of a task that has several
    objects = [one for each in (answer, *resources) for one in each.get("objects", ())]
    for one in [*objects, *answer.get("nodes", ()), answer, answer.get("server", {})]:
        for key in (*SENTENCES, *(("name", "msg", "error") if one is not answer else ())):
            yield from texts(one.get(key))


def faults(answer: Json) -> list[tuple[str, list[str]]]:
    """Texts for people that act on a terminal."""
    said = [(text, acts(text)) for text in sentences(answer)]
    return [each for each in [*said, *((text, acts(text, True)) for text in texts(answer.get("diff")))] if each[1]]


# -- one text


@pytest.mark.parametrize("lines", [False, True])
def test_no_character_that_acts_is_shown(lines: bool) -> None:
    every = acts("".join(map(chr, range(sys.maxunicode + 1))))
    assert len(every) > 2000  # half of them halves of characters
    show: t.Callable[[str], str] = shown_value if lines else lambda text: shown(text, len(every) * 10)
    assert acts(show("".join(every)), lines) == []


@given(st.text(alphabet=st.characters() | st.sampled_from([*HOSTILE, "\\", "\u0e49"]), max_size=40))
def test_a_text_is_shown_in_one_way(text: str) -> None:
    once = shown(text)
    assert not acts(once)
    assert shown(once) == once
    once.encode()


@pytest.mark.parametrize(
    "text",
    [
        "Ana María",
        "Zoë",
        "日本語",
        "Việt Nam",
        unicodedata.normalize("NFD", "Việt Nam"),
        "שָׁלוֹם",
        "สวัสดีครับ",
        "👍🏽",
        "a\\x1b",
        "é\xa0!",
    ],
)
def test_what_people_write_is_shown_as_it_is(text: str) -> None:
    assert shown(text) == text


def test_escapes_are_those_of_python() -> None:
    assert shown("a\x1b[1m\nb\tc\u202ed\U000e0041\ud800\x85") == r"a\x1b[1m\nb\tc\u202ed\U000e0041\ud800\x85"
    assert shown_value({"a\nb": ["x\n\ty\r\x1b"]}) == {r"a\nb": ["x\n\ty\\r\\x1b"]}
    assert shown_value({r"a\x1b": 1, "a\x1b": 2}) == {r"a\x1b": 1, r"a\x1b (2)": 2}


def test_marks_on_one_letter_are_few() -> None:
    assert shown("e" + "\u0301" * 40).count("\u0301") == MOST_MARKS
    assert shown("\u0e01" + "\u0e49" * 40).count("\u0e49") == MOST_MARKS


@pytest.mark.parametrize("filler", ["x", "\x1b", "e\u0301\u0301\u0301\u0301\u0301"], ids=ascii)
def test_a_long_text_keeps_both_ends_and_states_its_length(filler: str) -> None:
    text = "It begins. " + filler * 100_000 + " It ends."
    found = shown(text)
    assert len(found) == LONGEST
    assert found.startswith("It begins. ")
    assert found.endswith(" It ends.")
    assert f"{len(text):,} characters" in found
    assert shown(found) == found


def test_nothing_of_a_diff_is_left_out() -> None:
    text = "x" * (LONGEST * 2)
    assert shown_value({"before": {"a": text}}) == {"before": {"a": text}}


# -- an answer


@pytest.mark.parametrize("secret", [SECRET, "two\nlines-8", "\x1b-secret-\u202e", "e" + "\u0301" * 9])
@pytest.mark.parametrize("before", range(LONGEST - 40, LONGEST + 8, 3))
def test_no_part_of_a_secret_is_left_by_a_cut_or_an_escape(secret: str, before: int) -> None:
    """At each place of a secret in a text that is cut, and with each part of it escaped."""
    kept = before - before // 3
    for at in (kept, before):
        text = "-" * at + secret + "-" * LONGEST
        answer: Json = {
            "msg": text,
            "warnings": [text],
            "diff": {"before": {"a": text}, "after": {}},
            "objects": [{"msg": Sentence(text)}],
        }
        for one in texts(presentable(answer, {secret})):
            plain = one.replace("*", "-")
            assert secret[:4] not in plain
            assert shown(secret)[:4] not in plain


TEXT = HOSTILE.replace("\ud800", "")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a\ud800b", "a\ufffdb"),
        ("\udc00", "\ufffd"),
        ("\ud83d\ude00\ud83d", "\U0001f600\ufffd"),
        ("é\U0001f600", "é\U0001f600"),
    ],
    ids=ascii,
)
def test_data_is_text_that_can_be_written(text: str, kept: str) -> None:
    """Ansible refuses what a module answers otherwise."""
    assert presentable({"found": [{text: text}]}, ()) == {"found": [{kept: kept}]}


def test_data_stays_as_it_is() -> None:
    answer: Json = {
        "records": [{"username": TEXT, "error": TEXT}],
        "objects": [{"name": Sentence(HOSTILE), "action": "failed", "content": TEXT, "msg": Sentence(HOSTILE)}],
        "msg": f"{HOSTILE} is wrong.",
        "changed": False,
    }
    found = presentable(answer, ())
    assert found["records"] == answer["records"]
    assert found["objects"] == [{"name": shown(HOSTILE), "action": "failed", "content": TEXT, "msg": shown(HOSTILE)}]
    assert found["msg"] == f"{shown(HOSTILE)} is wrong."


# -- servers that are hostile wherever they can be


def spoilt(value: Json, only: t.Container[str] | None = None, key: str = "") -> Json:
    """An answer with every text made hostile except those that give access; ``only`` those of some keys."""
    if isinstance(value, dict):
        return {name: one if name in LETS_IN else spoilt(one, only, name) for name, one in value.items()}
    if isinstance(value, list):
        return [spoilt(one, only, key) for one in value]
    return value + HOSTILE if isinstance(value, str) and (only is None or key in only) else value


LETS_IN = (
    "auth_token",
    "session_token",
    "challenge",
    "api_version",
    "api_base_url",
    "user_type",
    "expires_after",
    "uid",
)
# Keys of texts that may be anything, so that what holds them is read, compared and shown.
FREE = (
    *(
        "username",
        "comment",
        "message",
        "status",
        "description",
        "error",
        "platform",
        "version",
        "device_name",
        "default_value",
    ),
    *("cc_commands", "auth_method", "value", "friendly", "hostname", "common_name", "signing_ca_cn", "msg", "login"),
)
WAYS: dict[str, t.Callable[[t.Any, bool], Answer]] = {}


def refused(answer: t.Any, writes: bool) -> t.Any:
    """No write is done, for a hostile reason."""
    if not writes or answer.status >= 400:
        return answer
    if isinstance(answer.body, dict) and "success" in answer.body:
        return Answer(200, {"success": False, "msg": HOSTILE, "error_code": "inval"}, wrote=False)
    return Answer(400, {"reason": HOSTILE, "detail": {f"{HOSTILE}": {"reason": HOSTILE}}}, wrote=False)


def all_spoilt(answer: t.Any, writes: bool) -> t.Any:
    return Answer(answer.status, spoilt(answer.body), answer.wrote, answer.headers)


def free_spoilt(answer: t.Any, writes: bool) -> t.Any:
    return Answer(answer.status, spoilt(answer.body, FREE), answer.wrote, answer.headers)


WAYS = {"refuses": refused, "spoils everything": all_spoilt, "spoils what is free": free_spoilt}
ways = pytest.mark.parametrize("way", WAYS)


@contextlib.contextmanager
def hostile(kind: type[Simulated], furnish: t.Callable[[t.Any], object], way: str) -> t.Iterator[t.Any]:
    """A server that becomes hostile once it is furnished."""
    with SIMULATORS[kind]() as simulator:
        server = kind(simulator)
        furnish(server)
        machine: t.Any = simulator.machine  # type: ignore[attr-defined]
        carry_out = machine.answer

        def answer(call: t.Any, headers: t.Any, text: bytes) -> t.Any:
            reported, route, wrote = carry_out(call, headers, text)
            signs_in = any(word in call.path for word in ("/login", "/auth/", "/api_version"))
            return reported if signs_in else WAYS[way](reported, bool(route and route.writes)), route, wrote

        machine.answer = answer
        yield server


def bodies() -> t.Iterator[tuple[str, Body]]:
    for name in OF_SERVERS:
        if name.endswith("_info"):
            yield name, importlib.import_module(f"ansible_collections.vpn.estate.plugins.modules.{name}").BODY


INFO = dict(bodies())
ARGUMENTS: dict[str, dict[str, t.Any]] = {
    "as_certificate_info": {"certificate": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"},
}
FURNISHED: dict[type[Simulated], t.Callable[[t.Any], t.Any]] = {
    Server: test_answers.furnished,
    Box: test_freebox_answers.furnished,
}
READERS: list[tuple[type[Simulated], str, t.Any]] = [
    *((Server, path, work) for path, works in test_answers.READERS.items() for work in works),
    *((Box, path, work) for path, works in test_freebox_answers.READERS.items() for work in works),
]


def kind_of(name: str) -> type[Simulated]:
    return Server if name.startswith("as_") else Box


@ways
@pytest.mark.parametrize("kind", FURNISHED)
def test_no_info_module_lets_a_server_act(kind: type[Simulated], way: str) -> None:
    names = [name for name in INFO if kind_of(name) is kind]
    with hostile(kind, FURNISHED[kind], way) as server:
        for name in names:
            if name == "as_web_certificate_info" and way == "refuses":
                continue
            arguments = {**server.connection, **ARGUMENTS.get(name, {})}
            answer = perform(INFO[name], name, arguments, check=False, invocation=False)
            assert not faults(answer), name
            assert "exception" not in answer, (name, answer)


@ways
@pytest.mark.parametrize("kind", FURNISHED)
def test_no_task_lets_a_server_act(kind: type[Simulated], way: str) -> None:
    """Tasks that read everything and write everything, some of which fail."""
    shows = 0
    with hostile(kind, FURNISHED[kind], way) as server:
        for one, path, work in READERS:
            if one is kind:
                answer = work(server)
                assert not faults(answer), path
                shows += any(SEEN in text for text in [*sentences(answer), *texts(answer.get("diff"))])
    assert shows


@ways
@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_no_noun_lets_a_server_act(sample: Sample, way: str) -> None:
    def furnish(server: Simulated) -> None:
        sample.prepare(server)
        assert not server.manage(sample.resource, **sample.options, **sample.first).get("failed")

    shows = 0
    with hostile(sample.kind, furnish, way) as server:
        tasks = [sample.second, *([{**sample.key, "state": sample.gone}] if sample.gone else [])]
        for declared in tasks:
            for check in (True, False):
                answer = server.manage(sample.resource, check=check, **{**sample.options, **declared})
                assert not faults(answer)
                assert "exception" not in answer
                shows += any(SEEN in text for text in [*sentences(answer), *texts(answer.get("diff"))])
    assert shows or way != "refuses"


# What the modules that have no sample are asked to do, so that each talks to its server as far as it can.
DEEDS: dict[str, dict[str, t.Any]] = {
    "as_ca": {"cas": [{"common_name": "New CA"}, {"common_name": "old", "state": "absent"}]},
    "as_certificate": {
        "dest": "c.pem",
        "private_key_dest": "k.pem",
        "common_name": "vpn.example.com",
        "cert_template": "client",
    },
    "as_cluster": {"rr_dns_hostname": "vpn.example.com"},
    "as_cluster_node": {
        "name": "node1",
        "api_endpoint": "https://127.0.0.1:945",
        "certificate_fingerprint": ":".join(["AB"] * 32),
        "mysql_uri": "mysql://a:longpassword@127.0.0.1/b",
    },
    "as_database": {"mysql_uri": "mysql://a:longpassword@127.0.0.1/b", "assume_local": True},
    "as_declaration": {
        "groups": [{"name": "staff", "deny": True, "members": ["alice"]}],
        "default_user": {"autologin": True},
        "users": [{"name": "openvpn"}, {"name": "alice", "autologin": True}],
        "access_lists": [{"group": "staff", "access_to": ["10.0.0.0/8"]}],
        "config_items": [{"name": "vpn.server.daemon.udp.port", "value": 1195}],
        "purge": ["users"],
        "purge_limit": {"users": "100%"},
    },
    "as_failover": {
        "state": "tested",
        "address": "192.0.2.254",
        "secret": "a-long-secret",
        "primary": {"public": "192.0.2.11"},
        "secondary": {"public": "192.0.2.12"},
    },
    "as_installer": {"user": "alice", "installer_type": "win_v3", "dest": "i.msi"},
    "as_installer_url": {"user": "alice", "installer_type": "win_v3", "profile_type": "userlogin", "dest": "url"},
    "as_license": {"subscription": '{"subkey": "S"}'},
    "as_notification": {"notification_type": "cluster_restart_pending"},
    "as_profile": {"user": "alice", "profile_type": "userlogin", "dest": "p.ovpn"},
    "as_profile_download": {"dest": "d.ovpn"},
    "as_profile_token": {"user": "alice", "profile_type": "userlogin", "dest": "token"},
    "as_restart": {},
    "as_saml": {"idp_metadata": IdentityProvider().metadata(), "enabled": True, "sp_metadata_dest": "sp.xml"},
    "as_staged_config": {"config_items": [{"name": "vpn.server.daemon.tcp.port", "value": 8443}]},
    "as_support_report": {"dest": "report.txt"},
    "as_user_mfa": {"name": "alice", "required": True},
    "as_vpn_session": {"users": ["alice"]},
    "as_web_certificate": {"state": "absent"},
    "freebox_app": {"dest": "app.json", "wait_timeout": 1},
    "freebox_declaration": {
        "servers": [{"name": "openvpn_routed", "enabled": True}],
        "users": [{"login": "erika", "password": "Erika-Password-1!"}],
        "purge": ["users"],
        "purge_limit": {"users": "100%"},
    },
    "freebox_vpn_connection": {"users": ["max"]},
    "freebox_vpn_profile": {"user": "max", "server": "openvpn_routed", "dest": "f.ovpn"},
}
OF_SAMPLES = {
    *("as_user", "as_group", "as_default_user", "as_access_list", "as_access_ruleset", "as_config_item"),
    "as_config_profile",
    *("freebox_vpn_user", "freebox_vpn_server"),
}


def test_every_module_is_tried() -> None:
    assert {*INFO, *DEEDS, *OF_SAMPLES} == set(OF_SERVERS)


@ways
@pytest.mark.parametrize("kind", FURNISHED)
def test_no_deed_lets_a_server_act(
    kind: type[Simulated], way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shows = 0
    for name in DEEDS:
        if kind_of(name) is kind:
            shows += _deed(name, kind, way)
    assert shows or way == "spoils what is free"


def _deed(name: str, kind: type[Simulated], way: str) -> int:
    """How often a module shows that the server is hostile."""
    body = importlib.import_module(f"ansible_collections.vpn.estate.plugins.modules.{name}").BODY
    shows = 0
    with hostile(kind, FURNISHED[kind], way) as server:
        asked = len(server.simulator.log)
        given = {**server.connection, **DEEDS[name]}
        known = {key: value for key, value in given.items() if key in body.argument_spec}
        for check in (True, False):
            answer = perform(body, name, known, check=check, invocation=False)
            assert "exception" not in answer, (name, answer)
            assert not faults(answer), name
            shows += any(SEEN in text for text in [*sentences(answer), *texts(answer.get("diff"))])
        assert len(server.simulator.log) > asked, (name, answer)
    return shows


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("auth/login/userpassword", 403, {"reason": HOSTILE}),
        ("auth/login/userpassword", 403, {"reason": f"denied {HOSTILE}"}),
        (
            "auth/login/userpassword",
            401,
            {"reason": "x", "MFAChallenge": {"challenge": HOSTILE, "challenge_context": "x"}},
        ),
        ("auth/login/userpassword", 401, {"reason": f"saml {HOSTILE}"}),
        ("users/list", 500, TEXT),
        ("users/list", 302, ""),
        ("users/list", 503, {"reason": HOSTILE}),
    ],
)
def test_no_refusal_lets_a_server_act(server: Server, path: str, status: int, body: Json) -> None:
    headers = {"Retry-After": "x\x9b\x85", "Location": "https://x/\x9b\x85y"}
    server.simulator.faults.add(path=path, times=None, status=status, body=body, headers=headers)
    answer = server.manage(USER, name="alice")
    assert answer["failed"]
    assert not faults(answer)
    assert not acts(answer.get("sign_in_refused", ""))


def test_names_of_others_are_shown(server: Server) -> None:
    """A purge names the users that it deletes, and Ansible prints the objects of a task that fails."""
    name = "eve\x1b[2J\nPLAY RECAP"
    server.simulator.set_user(name)
    answer = server.manage(
        USER, users=[{"name": "openvpn"}], purge=True, purge_limit="100%", protect=["mfa-admin"], check=True
    )
    assert shown(name) in [one["name"] for one in answer["objects"]]
    assert shown(name) in answer["diff"]["before"]
    assert name not in answer["diff"]["before"]
    assert json.dumps(answer)


# -- what a mask hides

texts_of_few_letters = st.text(alphabet="abc12.- ", max_size=12)
leaves = texts_of_few_letters | st.integers() | st.floats(allow_nan=False) | st.booleans() | st.none()
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts_of_few_letters, inner, max_size=4)
)
few_secrets = st.sets(st.text(alphabet="abc12.- ", min_size=1, max_size=5), max_size=4)


def parts(value: Json, place: tuple[t.Any, ...] = ()) -> t.Iterator[tuple[tuple[t.Any, ...], Json]]:
    """Each value that holds no others, and each that holds nothing, with the keys that lead to it."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield from parts(one, (*place, key))
    if not isinstance(value, (dict, list)) or not value:
        yield place, value


def hidden(value: Json, secrets: set[str]) -> Json:
    """A value as it is to be shown: by letter, each letter of any occurrence of any secret is covered."""
    text = str(value)
    covered = [
        any(
            text[start : start + len(one)] == one
            for one in secrets
            for start in range(at - len(one) + 1, at + 1)
            if start >= 0
        )
        for at in range(len(text))
    ]
    if isinstance(value, (bool, type(None), dict, list)) or not any(covered):
        return value
    if not isinstance(value, str) or value in secrets:
        return WHOLE
    runs = itertools.groupby(zip(text, covered, strict=True), key=lambda each: each[1])
    return "".join(PART if is_secret else "".join(letter for letter, _unused in run) for is_secret, run in runs)


@given(values, few_secrets)
def test_no_letter_of_a_secret_is_shown_and_each_other_one_is(value: Json, secrets: set[str]) -> None:
    masked, seen = dict(parts(Mask(secrets).over(value))), dict(parts(value))
    assert masked.keys() == seen.keys()
    assert {place: repr(one) for place, one in masked.items()} == {
        place: repr(hidden(one, secrets)) for place, one in seen.items()
    }


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ({"abcde": "abcde"}, {"abcde": "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"}),
        (["x abcde y abcdef"], ["x ******** y ********f"]),
        ([12345, 912345.5, 1234], ["VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"] * 2 + [1234]),
        ([True, None, "True"], [True, None, "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"]),
        (("abcde", ()), ["VALUE_SPECIFIED_IN_NO_LOG_PARAMETER", []]),
        ("a", "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"),
        ("cat", "c********t"),
        (datetime.date(2026, 12, 31), "2026-12-31"),
        (datetime.date(1234, 5, 12), "1234-05-12"),
        (datetime.datetime(2026, 12, 31, 12, 34, 50), "2026-12-31T12:34:50"),
    ],
)
def test_keys_and_truth_stay_and_everything_else_is_looked_into(value: t.Any, masked: t.Any) -> None:
    assert Mask({"abcde", "12345", "True", "a"}).over(value) == masked


def test_a_diff_masks_names_of_objects_and_keeps_their_number() -> None:
    """With a password in place of a name, two objects are still shown as two."""
    after = {"abcdefgh": {"deny": True}, "ijklmnop": {}, "x-abcdefgh": {"password": "abcdefgh"}}
    shown_after = {WHOLE: {"deny": True}, f"{WHOLE} (2)": {}, f"x-{PART}": {"password": WHOLE}}
    secrets = {"abcdefgh", "ijklmnop", "before"}
    diff = {"before": {}, "after": after}
    assert presentable({"diff": diff}, secrets)["diff"] == {"before": {}, "after": shown_after}
    assert presentable({"diff": [diff]}, secrets)["diff"] == [{"before": {}, "after": shown_after}]


def test_what_is_of_no_type_of_json_is_not_shown() -> None:
    with pytest.raises(TypeError, match="a value of type object cannot be shown"):
        Mask({"abcde"}).over([object()])


@pytest.mark.parametrize(
    ("lengths", "others"),
    [(range(16, 17), ()), (range(12, 41), ()), (range(12, 41), ("@",))],
    ids=["of one length", "of many lengths", "one of them a single character"],
)
def test_masking_costs_no_more_for_more_secrets(lengths: range, others: tuple[str, ...]) -> None:
    """Ten thousand users have ten thousand passwords."""

    def looks(number: int, others: tuple[str, ...]) -> float:
        secrets = [f"secret{each:05d}".ljust(lengths[each % len(lengths)], "-") for each in range(number)]
        texts = [Counted(f"the password of the user is {secret}!") for secret in secrets[:100]]
        assert set(Mask([*secrets, *others]).over(texts)) == {"the password of the user is ********!"}
        return sum(text.looks for text in texts) / len(texts)

    assert looks(10_000, others) <= 5 * looks(1, ())


class Counted(str):
    """A text that counts how many of its pieces are looked at."""

    looks = 0

    def __getitem__(self, piece: t.Any) -> str:
        self.looks += 1
        return super().__getitem__(piece)


# -- what Ansible learns, so that it masks it in later tasks, too


@pytest.fixture(name="registered")
def fixture_registered(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """What a task registers with an Ansible that has a registry, which is documented for ansible-core 2.22."""
    found: set[str] = set()
    monkeypatch.setattr(masking, "register_secrets", found.update)
    return found


def body_of(name: str) -> Body:
    return t.cast(Body, importlib.import_module(f"ansible_collections.vpn.estate.plugins.modules.{name}").BODY)


def tokens_of(server: Simulated) -> set[str]:
    """Every session token that a server has answered."""

    def found(value: Json) -> t.Iterator[str]:
        for key, one in value.items() if isinstance(value, dict) else ():
            yield from [one] if key in ("auth_token", "session_token") else found(one)

    return {token for exchange in server.simulator.log for token in found(exchange.response)}


def done(module: str, server: Simulated, /, **given: t.Any) -> dict[str, t.Any]:
    return perform(body_of(module), module, {**server.connection, **given}, check=False, invocation=False)


@pytest.mark.parametrize(("kind", "name", "noun"), [(Server, "as_user", "name"), (Box, "freebox_vpn_user", "login")])
def test_secret_options_and_session_tokens_are_registered(
    start: t.Callable[..., t.Any], registered: set[str], kind: type[Simulated], name: str, noun: str
) -> None:
    server = start(kind)
    answer = done(name, server, password=SECRET, **{noun: "eve"})
    assert answer["counts"]["created"] == 1
    assert {SECRET, *secrets_in(body_of(name).argument_spec, server.connection)} <= registered
    assert tokens_of(server)
    assert tokens_of(server) <= registered


def test_secrets_of_arguments_that_are_refused_are_registered(server: Server, registered: set[str]) -> None:
    assert done("as_user", server, name="eve", password=SECRET, passwrd="x")["failed"]
    assert {SECRET, server.simulator.password} <= registered


def test_what_a_file_holds_is_registered(server: Server, registered: set[str], tmp_path: Path) -> None:
    (tmp_path / "users.yml").write_text(f"- {{name: eve, password: {SECRET}}}\n")
    assert done("as_declaration", server, users_src=str(tmp_path / "users.yml"))["counts"]["created"] == 1
    assert SECRET in registered


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("as_profile", {"user": "erika", "profile_type": "userlogin"}),
        ("as_profile_token", {"user": "erika", "profile_type": "userlogin"}),
        ("as_installer_url", {"user": "erika", "installer_type": "win"}),
        ("as_user_mfa", {"name": "erika", "reset": True}),
    ],
)
def test_a_secret_that_is_made_is_returned_as_asked_and_registered(
    server: Server, registered: set[str], name: str, given: dict[str, t.Any]
) -> None:
    server.simulator.set_user("erika")
    answer = done(name, server, **given, return_content=True)
    assert not answer.get("failed"), answer
    content = answer["content"] if "content" in answer else answer["objects"][0]["content"]
    assert content
    assert content.__class__ is str  # Ansible sends no other kind of text
    assert {content, content.rstrip("\n")} & registered
    assert WHOLE not in json.dumps(answer)


def test_a_server_cannot_have_its_own_short_texts_masked(server: Server) -> None:
    """A session token of one letter would make every answer unreadable."""
    server.simulator.set_user("erika")
    server.simulator.faults.add(path="userprop/mfa/generate-secret", body={"totp_secret": "e"})
    answer = done("as_user_mfa", server, name="erika", reset=True, return_content=True)
    assert "erika" in json.dumps(answer)


# -- secrets in the words of a message


LONG_SECRET = "Marker-" + "secret-word-" * 12  # longer than a value that a message quotes whole
ODD_SECRET = 'it\'s a "mark\\er"\tof a kind'  # which Python quotes in another form


def as_tasks_see_it(resource: Resource, given: dict[str, t.Any]) -> dict[str, t.Any]:
    """The answer in check mode, of the action plugin or of the task itself."""
    body = manage(resource, ACCESS_SERVER)
    checker = body.checker()
    try:
        checked = body.checked(given, checker)
    except InputError as exc:
        return presentable({"msg": str(exc)}, checker.secrets)
    return perform(body, "as_test", checked, check=True, invocation=False)


@pytest.mark.parametrize("secret", [LONG_SECRET, ODD_SECRET], ids=["long", "odd"])
@pytest.mark.parametrize("option", ["state", "admin", "reroute_gw", "auth_method", "static_ipv4", "group", "name"])
def test_a_secret_in_the_place_of_another_option_is_masked_whole(server: Server, option: str, secret: str) -> None:
    """It is neither cut in half before it is masked, nor in another form than the one that is looked for."""
    user = {"name": "ana", "password": secret + "!"}
    users = [{**user, option: secret}, {"name": "ben", "password": secret}]
    answer = as_tasks_see_it(USER, {**server.connection, "users": users})
    said = f"{answer.get('msg', '')} {answer.get('warnings', '')}"
    assert option in said or option == "name"
    assert "secret-word" not in said
    assert "mark" not in said


@pytest.mark.parametrize("secret", [LONG_SECRET, ODD_SECRET], ids=["long", "odd"])
@pytest.mark.parametrize("item", ["host.name", "vpn.daemon.0.listen.port", "vpn.server.tls_version_min", None])
def test_a_secret_in_the_place_of_a_configuration_item_is_masked_whole(
    server: Server, item: str | None, secret: str
) -> None:
    items = [{"name": item or secret, "value": secret}, {"name": "auth.ldap.0.bind_pw", "secret_value": secret}]
    answer = as_tasks_see_it(CONFIG_ITEM, {**server.connection, "config_items": items})
    said = f"{answer.get('msg', '')} {answer.get('warnings', '')}"
    assert "********" in said
    assert "secret-word" not in said
    assert "mark" not in said


@given(st.text(min_size=8, max_size=20), st.text(max_size=5), st.text(max_size=5))
def test_a_secret_is_masked_as_python_quotes_it(secret: str, before: str, after: str) -> None:
    quoted = repr(before + secret + after)
    said = presentable({"warnings": [f"{quoted} and {[secret]!r}"]}, {secret})["warnings"][0]
    assert repr(secret)[1:-1] not in said
    assert "*****" in said


def test_a_text_that_is_cut_keeps_how_it_begins_and_how_it_ends() -> None:
    text = "The first words. " + "x" * 9_000 + " The last words."
    cut = shown(text)
    assert cut.startswith("The first words. x")
    assert cut.endswith("x The last words.")
    assert f"shortened: {len(text):,} characters" in cut
