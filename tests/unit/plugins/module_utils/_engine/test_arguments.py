# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task gives: text stays text, null means "not set", and each mistake has its place. Laws of all modules."""

from __future__ import annotations

import datetime
import importlib
import json
import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_list import ACCESS_LIST
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.properties import SCRIPTS
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_item import CONFIG_ITEM
from ansible_collections.vpn.estate.plugins.module_utils._access_server.profiles.profile import PROFILE
from ansible_collections.vpn.estate.plugins.module_utils._engine.arguments import Checker, Lines
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_server import VPN_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_user import VPN_USER
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import Mistakes
from ansible_collections.vpn.estate.plugins.plugin_utils._in_process import untagged
from ansible_collections.vpn.estate.tests.unit.plugins.laws.test_resources import started, usual
from ansible_collections.vpn.estate.tests.unit.plugins.modules.test_modules import OF_SERVERS
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Box, Server, Simulated, sentences_of
from ansible_collections.vpn.estate.tests.unit.plugins.support.samples import PASSWORD, SAMPLES, Sample

BODIES: dict[str, Body] = {
    name: importlib.import_module(f"ansible_collections.vpn.estate.plugins.modules.{name}").BODY for name in OF_SERVERS
}
Names = tuple[str, ...]


def options_of(options: t.Mapping[str, t.Any], path: Names = ()) -> Iterator[tuple[Names, t.Mapping[str, t.Any]]]:
    """Each option with the names that lead to it."""
    for name, option in options.items():
        yield (*path, name), option
        yield from options_of(option.get("options") or {}, (*path, name))


def given(options: t.Mapping[str, t.Any], path: Names, value: t.Any) -> dict[str, t.Any]:
    """Arguments in which one option has a value, however deep it is."""
    name, *rest = path
    inner = given(options[name]["options"], tuple(rest), value) if rest else value
    return {name: [inner] if rest and options[name]["type"] == "list" else inner}


def named(options: t.Mapping[str, t.Any], path: Names, value: t.Any) -> dict[str, t.Any]:
    """The same, with a name for what needs one."""
    found = given(options, path, value)
    inside = found[path[0]] if len(path) > 1 else [found] if "name" in options else []
    for one in inside if isinstance(inside, list) else []:
        one["name"] = "anna"
    return found


def reported(options: t.Mapping[str, t.Any], arguments: dict[str, t.Any]) -> list[str]:
    """The messages about arguments."""
    try:
        Checker(options).arguments(arguments)
    except Mistakes as exc:
        return exc.sentences
    return []


def of(sentences: list[str], path: Names) -> list[str]:
    """Those about one option."""
    return [one for one in sentences if f"{path[-1]}: " in one or f"{path[-1]}[0]: " in one]


TEXTS = [
    (name, path)
    for name, body in BODIES.items()
    for path, option in options_of(body.argument_spec)
    if option.get("type", "str") in ("str", "path") or option.get("elements") in ("str", "path")
]
# No name, no login, no reference and no secret is among those that may be written as a number.
MAY_BE_NUMBERS = {"purge_limit", "reason", "client_reason", "app_version", "until"} | {
    *("start", "end", "start_relative", "end_relative", "value"),
}
NO_TEXT: list[t.Any] = [True, 1.10, ["a"], {"a": 1}]


def test_there_are_texts() -> None:
    assert len(TEXTS) > 500


@pytest.mark.parametrize("name", BODIES)
def test_what_is_no_text_is_not_made_text(name: str) -> None:
    """Neither of a task, nor of one object of many, nor deeper in it."""
    options = BODIES[name].argument_spec
    for path in (path for module, path in TEXTS if module == name):
        option = dict(options_of(options))[path]
        for value in NO_TEXT:
            if option.get("type") == "list" and isinstance(value, list):
                value = [value]
            assert of(reported(options, given(options, path, value)), path), (path, value)
        number = [7] if option.get("type") == "list" else 7
        refused = bool(of(reported(options, given(options, path, number)), path))
        amount = path[:1] in (("duration",), ("bytes_sent",), ("bytes_received",)) or path[-1] != "value"
        assert refused is not (not MAY_BE_NUMBERS.isdisjoint((path[0], path[-1])) and amount), path


@pytest.mark.parametrize("name", BODIES)
def test_what_is_refused_is_not_repeated_where_it_is_a_secret(name: str) -> None:
    options = BODIES[name].argument_spec
    for path in (path for module, path in TEXTS if module == name):
        if dict(options_of(options))[path].get("no_log"):
            for value in (4711.25, 57443681, ["4711-secret"], {"a": "4711-secret"}):
                checker = Checker(options)
                with pytest.raises(Mistakes) as caught:
                    checker.arguments(given(options, path, value))
                assert "4711" not in str(caught.value)
                assert "57443681" not in str(caught.value)
                assert checker.secrets


LINED = [
    (name, path)
    for name, body in BODIES.items()
    for path, option in options_of(body.argument_spec)
    if isinstance(option.get("type"), Lines)
]


@pytest.mark.parametrize(("name", "path"), LINED, ids=lambda one: one if isinstance(one, str) else ".".join(one))
def test_text_of_several_lines_is_also_a_list_of_lines(name: str, path: Names) -> None:
    options = BODIES[name].argument_spec
    for said, text in ((["a", "b"], "a\nb"), ([], ""), ("a\nb\n", "a\nb\n"), (["push 1", 2], "push 1\n2"), (7, "7")):
        found: t.Any = Checker(options).arguments(named(options, path, said))
        assert found == named(options, path, text)
    for said in ({"a": 1}, [["a"]], [{"a": "b"}], [True], [None], 1.5):
        assert of(reported(options, given(options, path, said)), path), said


def test_all_texts_of_several_lines_are() -> None:
    names = {path[-1] for _module, path in LINED}
    assert names == {"cc_commands", *SCRIPTS}


@pytest.mark.parametrize("option", ["cc_commands", *SCRIPTS])
def test_lines_are_written_as_their_text_is(server: Server, option: str) -> None:
    assert server.manage(USER, name="anna", **{option: ["echo 1", "echo 2"]})["changed"]
    assert not server.manage(USER, users=[{"name": "anna", option: "echo 1\necho 2\n"}])["changed"]


# -- in files


@pytest.mark.parametrize(
    "text",
    ["0123456701234567", "007", "yes", "12:30:45", "1.10", "0x1F", "1_000", "[abcdefgh]", "{a: bcdefgh}", "~"],
)
def test_names_and_passwords_in_a_file_are_text(server: Server, tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yml").write_text(f"- name: {text}\n- name: anna\n  password: {text}\n", encoding="utf-8")
    answer = server.manage(USER, src=str(tmp_path / "a.yml"))
    assert answer["failed"]
    about_password = ["a.yml, line 2 (anna): password: "] if text != "~" else []
    assert all(words in answer["msg"] for words in ["a.yml, line 1: name: ", *about_password])
    assert "5744368105847" not in answer["msg"].partition("password: ")[2]
    assert not server.simulator.log


@pytest.mark.parametrize(
    ("text", "taken"), [("7", True), ("-3", True), ("017", False), ("0x7", False), ("1:30", False)]
)
def test_a_number_is_text_only_as_it_is_usually_written(server: Server, tmp_path: Path, text: str, taken: bool) -> None:
    (tmp_path / "a.yml").write_text(f"- name: anna\n  cc_commands: {text}\n", encoding="utf-8")
    answer = server.manage(USER, src=str(tmp_path / "a.yml"))
    assert bool(answer.get("failed")) is not taken
    if taken:
        assert server.inform(USER, ["anna"])[0]["cc_commands"] == text


# -- null


@pytest.mark.parametrize("sample", SAMPLES, ids=str)
def test_null_is_not_set(start: Callable[..., Simulated], sample: Sample, tmp_path: Path) -> None:
    """For every option, also one with choices: of one object, of one of many, and of one in a file."""
    server = started(start, sample, usual(sample))
    nothing = dict.fromkeys(sample.resource.object_spec())
    declared = {**nothing, **sample.first}
    ways: list[dict[str, t.Any]] = [declared]
    if sample.resource.plural:
        state = {"state": None} if len(sample.resource.states) > 1 else {}
        many = [{**state, **dict.fromkeys(sample.resource.key_spec()), **declared}]
        (tmp_path / "a.json").write_text(json.dumps(many), encoding="utf-8")
        ways += [{sample.resource.plural: many}, {"src": str(tmp_path / "a.json")}]
    for number, way in enumerate(ways):
        options = dict.fromkeys(sample.resource.argument_spec())
        answer = server.manage(sample.resource, **{**options, **way, **sample.options})
        assert not answer.get("failed"), answer["msg"]
        assert answer["changed"] is (number == 0)


def test_null_further_down(box: Box, server: Server) -> None:
    conf = {"cipher": None, "use_tcp": True}
    assert not box.manage(VPN_SERVER, servers=[{"name": "openvpn_routed", "conf_openvpn": conf}], check=True).get(
        "failed"
    )
    rule = {"ip": "192.0.2.9", "protocol": None, "start_port": None}
    assert not server.manage(USER, users=[{"name": "anna", "dmz_ip": [rule]}], check=True).get("failed")


# -- each mistake has its place


def test_all_mistakes_of_a_task_are_reported_at_once(server: Server) -> None:
    users: list[t.Any] = [{"name": f"u{number}"} for number in range(300)]
    users[12].update(gruop="staff", reroute_gw="dns-only")
    users[40] = {"password": PASSWORD}
    users[41] = "erika"
    users[50].update(inherit=["deny_wep", "admin"], members=7)
    users[60].update(static_ipv4="10.0.0.300", static_ipv6="x", state=None)
    users[61].update(state="blocked", deny=False)
    users[99].update(dmz_ip=[{"ip": "192.0.2.9"}, {"protocol": "upd"}])
    answer = server.manage(USER, users=users, stat="present")
    assert answer["failed"]
    assert not server.simulator.log
    first, *sentences = sentences_of(answer["msg"])
    assert first == f"{len(sentences)} mistakes:"
    expected = [
        "users[12] (u12): gruop: there is no such option. Did you mean group?",
        "users[12] (u12): reroute_gw: 'dns-only' is given, and one of global, dns_only, disable is needed. Did you mean dns_only?",
        "users[40]: name: a value is needed.",
        "users[41]: text is given, and a mapping is needed.",
        "users[50] (u50): inherit[0]: 'deny_wep' is given, and one of deny, ",
        "users[50] (u50): members: there is no such option.",
        "users[99] (u99): dmz_ip[1]: protocol: 'upd' is given, and one of tcp, udp, icmp is needed. Did you mean udp?",
        "users[99] (u99): dmz_ip[1]: ip: a value is needed.",
        "stat: there is no such option. Did you mean state?",
        "users[60]: static_ipv4 of user u60: '10.0.0.300' is not an IP address",
        "users[60]: static_ipv6 of user u60: 'x' is not an IP address",
        "users[61]: user u61: state: blocked contradicts the declared deny",
    ]
    assert len(sentences) == len(expected)
    for sentence, words in zip(sentences, expected, strict=True):
        assert sentence.startswith(words)


def test_values_alone_are_reported_at_once_too(server: Server) -> None:
    users = [{"name": f"u{number}", "static_ipv4": "10.0.0.300"} for number in range(25)]
    first, *sentences = sentences_of(server.manage(USER, users=users)["msg"])
    assert (first, len(sentences)) == ("25 mistakes:", 20)
    assert sentences[3].startswith("users[3]: static_ipv4 of user u3: ")
    assert sentences[-1].endswith(" And 5 more.")


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("007", None),
        ("12:30:45", None),
        ("0x1F", None),
        ("1.10", None),
        ("1_0.5", None),
        ("7", "7"),
        ("1.2", "1.2"),
        ("'007'", "007"),
    ],
)
def test_a_number_is_the_value_of_an_item_only_as_it_is_usually_written(
    server: Server, tmp_path: Path, text: str, taken: str | None
) -> None:
    file = tmp_path / "items.yml"
    file.write_text(f"- {{name: host.name, value: {text}}}\n")
    answer = server.manage(CONFIG_ITEM, src=str(file), check=True)
    if taken is None:
        assert (
            "line 1 (host.name): value of configuration item host.name: YAML reads this as the number " in answer["msg"]
        )
        assert answer["msg"].endswith(", but it is not written like one. Put it in quotes.")
    else:
        assert answer["diff"]["after"]["host.name"]["value"] == taken


TOGETHER: list[dict[str, t.Any]] = [
    {"name": "a", "members": ["anna", "ben"]},
    {"name": "b", "members": ["anna", "ben", "c"], "subnets": ["10.0.0.0/33"]},
    {"name": "c", "members": ["ben"]},
    {"name": "d"},
    {"name": "d"},
    {"name": "D"},
    {"name": "..", "members": ["anna"], "subnets": ["x"]},
    {"name": "e", "members": ["anna", "ben"]},
]


@pytest.mark.parametrize("slip", [False, True])
@pytest.mark.parametrize("way", ["groups", "src"])
def test_what_several_objects_get_wrong_together_is_reported_with_all_else(
    server: Server, tmp_path: Path, way: str, slip: bool
) -> None:
    groups = [*TOGETHER, {"name": "f", "membres": []}] if slip else TOGETHER
    file = tmp_path / "groups.json"
    file.write_text(json.dumps(groups))
    said = server.manage(GROUP, **({"src": str(file)} if way == "src" else {"groups": groups}))["msg"]
    reported = "\n".join(sentences_of(said)[1:])
    assert not server.simulator.log
    for words in (
        "subnets of group b: '10.0.0.0/33'",
        "subnets of group ..: 'x'",
        "name: '..' cannot be a name",
        "group d is declared twice in groups (",
        "groups declares 'd' and 'D' (",
        "members: anna is declared in a and in b, but a user has only one group.",
        "members: ben is declared in a and in b, but a user has only one group.",
        "members: ben is declared in a and in c, but a user has only one group.",
        "members: anna is declared in a and in e, but a user has only one group.",
        "members: ben is declared in a and in e, but a user has only one group.",
        *(["membres: there is no such option. Did you mean members?"] if slip else []),
    ):
        assert reported.count(words) == 1, words
    assert len(reported.split("\n")) == 10 + slip


def test_several_faults_of_one_object_are_reported(server: Server, box: Box, tmp_path: Path) -> None:
    """Of all kinds: the name, the form of a value, what contradicts the state."""
    user = {"name": "anna\n", "state": "blocked", "deny": False, "password": "anna\n", "static_ipv4": "x"}
    first, *sentences = sentences_of(server.manage(USER, users=[user])["msg"])
    assert (first, len(sentences)) == ("4 mistakes:", 4)
    profile = {"user": "ada", "profile_type": "generic", "keep": -1, "serial": "x", "older_than": -1}
    reported = server.manage(PROFILE, profiles=[profile])["msg"]
    for words in ("keep of", "older_than of", "is not a serial", "needs dest"):
        assert reported.count(words) >= 1
    user = {"login": "max", "type": "wireguard", "password": "x" * 99, "conf_wireguard": {"keepalive": -1}}
    assert sentences_of(box.manage(VPN_USER, users=[user])["msg"])[0] == "3 mistakes:"


def test_what_is_given_and_wrong_is_not_called_missing(server: Server) -> None:
    said = server.manage(ACCESS_LIST, access_lists=[{"group": "a", "access_to": ["x"]}, {"group": "b"}])["msg"]
    assert said.count("access_to or access_from is required") == 1
    assert "access list of group b: access_to or access_from" in said


def test_the_state_of_the_task_counts_where_another_object_is_wrong(server: Server) -> None:
    """The default of an item takes no value, and needs none."""
    items = [{"name": "vpn.client.basic"}, {"name": "host.name", "valeu": "x"}]
    said = server.manage(CONFIG_ITEM, config_items=items, state="default")["msg"]
    assert said.startswith("config_items[1] (host.name): valeu: there is no such option. Did you mean value?")
    assert "takes one of" not in said


def test_an_owner_that_is_none(server: Server) -> None:
    lists = [
        {"user": "a", "group": "b", "access_to": []},
        {"access_to": []},
        {"user": None, "group": "b", "access_to": []},
    ]
    answer = server.manage(ACCESS_LIST, access_lists=lists)
    assert sentences_of(answer["msg"])[1:] == [
        "access_lists[0] (a): user and group cannot be used together; give one of them.",
        "access_lists[1]: one of user, group is needed.",
    ]


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        (
            {"groups": [{"name": "a", "members": ["b", 7]}]},
            "groups[0] (a): members[1]: a number (7) is given, and text is",
        ),
        ({"name": "a", "members": [None]}, "members[0]: null is given, and a value is needed."),
        ({"name": "a", "members": {"b": 1}}, "members: a mapping is given, and a list is needed."),
        (
            {"name": "a", "protect": [True]},
            "protect[0]: a boolean (true) is given, and text is needed. Put it in quotes; in a t",
        ),
        (
            {"name": datetime.date(2031, 5, 9)},
            "name: a date is given, and text is needed. Put it in quotes; in a template, use",
        ),
        ({"name": "a", "assume_present": [7]}, "assume_present[0]: a number (7) is given, and text is needed."),
        ({"name": "a" * 500, "deny": "b" * 500}, "deny: text of 500 characters is given, and true or false is needed."),
        (
            {"name": "a", "cli_script_connect_win_env": {"A": True}},
            "cli_script_connect_win_env of group a: A is True, but must be",
        ),
    ],
    ids=lambda one: str(one)[:30],
)
def test_the_sentence(server: Server, declared: dict[str, t.Any], words: str) -> None:
    answer = server.manage(GROUP, **declared)
    assert answer["failed"]
    assert answer["msg"].startswith(words)


@pytest.mark.parametrize("value", [None, "b"])
def test_an_option_that_there_is_not_is_refused_in_a_list_too(value: t.Any) -> None:
    found = reported(
        {GROUP.plural: GROUP.argument_spec()[GROUP.plural]}, {GROUP.plural: [{"name": "a", "membres": value}]}
    )
    assert found == ["groups[0] (a): membres: there is no such option. Did you mean members?"]


@pytest.mark.parametrize("text", ["inf", "-Infinity", "nan"])
def test_what_is_no_number_and_looks_like_one_is_refused(text: str) -> None:
    assert reported({"port": {"type": "int"}}, {"port": text}) == [
        f"port: {text!r} is given, and a whole number is needed."
    ]


def test_ansibles_own_validator_agrees(server: Server) -> None:
    """What is given in the forms that Ansible takes goes on."""
    said = {"groups": [{"name": "a", "deny": "yes", "members": "b,c", "bypass_subnets": ["10.0.0.0/8"], "admin": 0}]}
    found = BODIES["as_group"].checker().arguments({**server.connection, **said})
    checked = ArgumentSpecValidator(BODIES["as_group"].argument_spec).validate(found)
    assert not checked.error_messages
    [group] = checked.validated_parameters["groups"]
    assert (group["deny"], group["admin"], group["members"]) == (True, False, ["b", "c"])


def test_a_name_in_an_access_rule_is_text(server: Server) -> None:
    answer = server.manage(ACCESS_LIST, group="a", access_from=[{"type": "user", "user": 7}])
    assert answer["msg"].startswith(
        "access_from of access list of group a: user is 7, but must be text. Put it in quotes"
    )


# -- references to what there is not


def test_what_refers_to_what_there_is_not_is_named(server: Server) -> None:
    server.manage(GROUP, groups=[{"name": "Staff"}, {"name": "ops"}])
    users = [
        {"name": name, "group": group} for name, group in (("a", "staf"), ("b", "ops"), ("c", "staf"), ("d", "zzz"))
    ]
    first, *sentences = sentences_of(server.manage(USER, users=users)["msg"])
    remedy = " Nothing was written. Create what is missing first. If this run creates it, list it in assume_present."
    assert first == "2 mistakes:"
    assert sentences == [
        "group staf (needed by user a and 1 more) does not exist. Did you mean Staff?",
        f"group zzz (needed by user d) does not exist.{remedy}",
    ]


def test_owners_and_members_that_there_are_not(server: Server) -> None:
    server.manage(USER, users=[{"name": "erika"}, {"name": "max"}])
    server.manage(GROUP, name="ops")
    answer = server.manage(GROUP, name="ops", members=["erica", "max"])
    assert answer["msg"].startswith(
        "user erica (needed by group ops) does not exist. Did you mean erika? Nothing was written."
    )
    lists = [
        {"user": "maxx", "access_to": ["10.0.0.0/8"]},
        {"group": "ops", "access_from": [{"type": "user", "user": "erica"}]},
    ]
    assert sentences_of(server.manage(ACCESS_LIST, access_lists=lists)["msg"])[1:] == [
        "user erica (needed by the access list of group ops) does not exist. Did you mean erika?",
        "user maxx (needed by an access list) does not exist. Did you mean max? Nothing was written. Create what is missing "
        "first. If this run creates it, list it in assume_present.",
    ]


# -- secrets where they would be shown


@pytest.mark.parametrize("declared", [{"name": "auth.ldap.0.bind_pw"}, {"name": "x.text"}], ids=str)
@pytest.mark.parametrize("many", [False, True])
def test_a_secret_value_is_sealed_before_it_is_refused(declared: dict[str, t.Any], many: bool) -> None:
    secret = PASSWORD if "bind_pw" in declared["name"] else f"-----BEGIN PRIVATE KEY-----\n{PASSWORD}\n"
    body = BODIES["as_config_item"]
    item = {**declared, "value": secret}
    checker = body.checker()
    with pytest.raises(Mistakes, match="value: this is a secret. Set it as secret_value") as caught:
        body.checked({"config_items": [item]} if many else item, checker)
    assert PASSWORD not in str(caught.value)
    assert secret in checker.secrets


@pytest.mark.parametrize("option", ["certificate", "ca_bundle"])
def test_a_private_key_among_certificates(option: str) -> None:
    body, key = BODIES["as_web_certificate"], f"-----BEGIN RSA PRIVATE KEY-----\n{PASSWORD}\n"
    checker = body.checker()
    with pytest.raises(Mistakes, match=f"^{option}: it contains a private key"):
        checker.arguments({option: key})
    assert key in checker.secrets
    assert body.checker().arguments({"private_key": key, option: key})


# -- Ansible's own kinds of values


def test_values_that_ansible_has_marked_are_plain_values() -> None:
    loaded = yaml.safe_load("{a: 7, b: [x, {c: 1.5}], d: true, e: null, f: 2031-05-09}")

    class Text(str):
        """As Ansible marks text."""

    class Number(int):
        """As Ansible marks a number."""

    found = untagged({Text("t"): Text("u"), "n": Number(7), **loaded})
    assert found == {"t": "u", "n": 7, **loaded}
    assert [type(one) for one in (*found, found["t"], found["n"])] == [str] * (len(found) + 1) + [int]
