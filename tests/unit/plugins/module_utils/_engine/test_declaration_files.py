# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects declared in files: what a file may contain, and the messages about mistakes; the rest is as with arguments."""

from __future__ import annotations

import copy
import json
import os
import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_list import ACCESS_LIST
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._engine import arguments, declaration_files
from ansible_collections.vpn.estate.plugins.module_utils._engine.arguments import Checker, secrets_in
from ansible_collections.vpn.estate.plugins.module_utils._engine.declaration_files import (
    is_plain_number,
    place_among,
    read_files,
)
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.plugins.module_utils._files.read_file import plain_read
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import InputError, Mistakes
from ansible_collections.vpn.estate.plugins.modules.as_user import BODY
from ansible_collections.vpn.estate.plugins.plugin_utils._in_process import perform
from ansible_collections.vpn.estate.tests.unit.plugins.laws.test_resources import started, usual
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import (
    Answer,
    Server,
    Simulated,
    sentences_of,
    text_of,
)
from ansible_collections.vpn.estate.tests.unit.plugins.support.samples import PASSWORD, SAMPLES, Sample
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import crossed, examples
from hypothesis import given
from hypothesis import strategies as st

PEOPLE = [{"name": "anna", "autologin": True}, {"name": "bert", "bypass_subnets": ["10.8.0.0/16"]}]
YAML = """\
# Who works here.
- name: anna
  autologin: yes

- name: bert
  bypass_subnets: [10.8.0.0/16]
"""
RULES = USER.argument_spec()["users"]
CREATE = "/api/users/create"
LISTED = [sample for sample in SAMPLES if sample.resource.plural]


def write(folder: Path, **files: str | bytes) -> Path:
    """Files by name, ``_`` for the dot."""
    for name, content in files.items():
        text = content if isinstance(content, bytes) else content.encode()
        (folder / ".".join(name.rsplit("_", 1))).write_bytes(text)
    return folder


def items(path: Path) -> list[t.Any]:
    return [item for file in read_files(str(path), "users", RULES, plain_read) for item in file.items]


def done(answer: Answer) -> Answer:
    assert not answer.get("failed"), answer["msg"]
    return answer


def refusal(server: Server, path: Path, resource: Resource = USER, **params: t.Any) -> str:
    """The message of a task that is refused before its first request to the server; it contains no secret."""
    server.simulator.log.clear()
    answer = server.manage(resource, src=str(path), **params)
    assert answer["failed"]
    assert not answer["changed"]
    assert not server.simulator.log
    assert PASSWORD not in text_of(answer)
    assert "defect" not in answer["msg"]
    return str(answer["msg"]).replace(str(path), "SRC")


# -- what a file may hold


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.json", json.dumps(PEOPLE)),
        ("mapping.json", json.dumps({"users": PEOPLE}, indent=4)),
        ("mark.json", "\ufeff" + json.dumps(PEOPLE)),
        ("list.yml", YAML),
        ("mapping.yaml", "---\nusers:\n" + YAML),
        ("mark.yml", "\ufeff" + YAML),
        ("json.yml", json.dumps({"users": PEOPLE}, indent=4)),
        ("people", YAML),
        ("merged.yml", "- &a {name: anna, autologin: true}\n- {<<: *a, name: bert}\n"),
    ],
    ids=lambda text: text[:25],
)
def test_a_file_holds_a_list_or_a_mapping_with_nothing_but_the_list(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    expected = [PEOPLE[0], {**PEOPLE[0], "name": "bert"}] if name == "merged.yml" else PEOPLE
    assert items(tmp_path / name) == expected


def test_a_folder_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    hidden, other = '[{"name": "hidden"}]', '[{"name": "other"}]'
    write(tmp_path, b_yaml="- name: two", a_json='[{"name": "one"}]', c_yml="users:\n- name: three", d_txt=other)
    (tmp_path / ".a.yml").write_text(hidden)
    (tmp_path / "c.yml~").write_text(other)
    (tmp_path / "yml").write_text(other)
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "e.yml").write_text(other)
    assert [one["name"] for one in items(tmp_path)] == ["one", "two", "three"]


@pytest.mark.parametrize(
    ("key", "said"), [("name", "2031-05-09"), ("name", "="), ("cc_commands", "2031-05-09 10:00:00")]
)
def test_what_yaml_alone_takes_for_something_else_stays_text(tmp_path: Path, key: str, said: str) -> None:
    """JSON has no dates."""
    (tmp_path / "a.yml").write_text(f"- {key}: {said}")
    assert items(tmp_path / "a.yml") == [{key: said}]


def test_an_empty_list_is_a_list(tmp_path: Path) -> None:
    assert items(write(tmp_path, a_yml="[]", b_yml="users: []", c_json="[]")) == []


scalars = st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=8))
plain = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


@given(st.lists(plain))
def test_what_is_written_as_json_or_yaml_is_what_is_read(objects: list[t.Any]) -> None:
    texts = {
        "a.json": json.dumps(objects),
        "a.yml": yaml.safe_dump(objects),
        "b.yml": yaml.safe_dump({"users": objects}),
    }
    for name, text in texts.items():
        [file] = read_files(name, "users", RULES, lambda path, text=text: text.encode())
        assert file.items == objects


@pytest.mark.versions
@given(st.data(), st.lists(plain, min_size=1, max_size=5), st.sampled_from(["%s", '{ "users" :\n%s }']))
def test_lines_of_json(data: st.DataObject, objects: list[t.Any], frame: str) -> None:
    """Blank lines, and brackets, commas and line ends inside of objects and their texts, do not matter."""
    blanks = st.text(" \t\r\n", max_size=4)
    text, expected = frame.partition("%s")[0] + data.draw(blanks) + "[", []
    for one in objects:
        text += data.draw(blanks)
        expected.append(text.count("\n") + 1)
        indent = data.draw(st.sampled_from([None, 0, 3]))
        text += json.dumps(one, indent=indent, ensure_ascii=data.draw(st.booleans())) + data.draw(blanks) + ","
    text = text[:-1] + "]" + frame.partition("%s")[2]
    [file] = read_files("a.json", "users", RULES, lambda path: text.encode())
    assert [file.place(number) for number in range(len(objects))] == [f"a.json, line {line}" for line in expected]


@pytest.mark.versions
def test_lines_of_yaml(tmp_path: Path) -> None:
    text = (
        '# one\n\nusers:\n  - name: "a\n\n      b"\n  # not - this\n  - {name: b,\n     totp: no}\n\n  -\n    name: c\n'
    )
    folder = write(tmp_path, a_yml=text, b_yml="<<: {users: [{name: d},\n{name: e}]}")
    files = read_files(str(folder), "users", RULES, plain_read)
    places = [place_among(files, number) for number in range(5)]
    assert [place.rpartition("/")[2] for place in places] == [
        *(f"a.yml, line {line}" for line in (4, 8, 12)),
        *(f"b.yml, line {line}" for line in (1, 2)),
    ]


# -- messages about mistakes: the file, the line, and no secret


SECRET_ITEM = {"name": "anna", "password": PASSWORD}
BEFORE = f"- name: anna\n  password: {PASSWORD}\n"


@pytest.mark.versions
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "- name: bert\n  passwrod: {}\n",
            "passwrod: there is no such option. Did you mean password?",
        ),
        (
            "- name: bert\n  dmz_ip: [{{ip: 192.0.2.1, password: {}}}]\n",
            "dmz_ip[0] (192.0.2.1): password: there is no such option. The options are end_port, ip, protocol, start_port.",
        ),
        ("- password: {}\n", "name: a value is needed."),
        ("- name:\n  password: {}\n", "name: a value is needed."),
        ("- name: bert\n  password: {}\n  deny: perhaps\n", "deny: 'perhaps' is given, and true or false is needed."),
        (
            "- name: bert\n  password: {}\n  static_ipv4: 10.0.0.300\n",
            "static_ipv4 of user bert: '10.0.0.300' is not an",
        ),
        (
            "- name: bert\n  password: {}\n  reroute_gw: all\n",
            "reroute_gw: 'all' is given, and one of global, dns_only, disable is needed.",
        ),
        (
            "- name: bert\n  password: {}\n  inherit: [name]\n",
            "inherit[0]: 'name' is given, and one of deny, deny_web, ",
        ),
        (
            "- name: bert\n  password: {}\n  deny: true\n  inherit: [deny]\n",
            "deny of user bert: set, and also listed in",
        ),
        ("- name: {0}\n  password: {0}\n", "password of user"),
        ("- name=bert password={}\n", "text is given, and a mapping is needed."),
        ("- [bert, {}]\n", "a list is given, and a mapping is needed."),
    ],
    ids=lambda text: text[:25],
)
def test_a_mistake_in_an_object(server: Server, tmp_path: Path, text: str, words: str) -> None:
    """The message is the same for both formats, with the name if there is one."""
    secret = "bert" if "{0}" in text else PASSWORD
    names = {"- name: bert\n": " (bert)", "- name: {0}\n": " (********)"}
    name = next((reported for beginning, reported in names.items() if text.startswith(beginning)), "")
    path = write(tmp_path, a_yml=BEFORE + text.format(secret)) / "a.yml"
    reported = refusal(server, path)
    assert reported.startswith(f"src: SRC, line 3{name}: {words}")
    assert reported.endswith((".", "?"))
    assert not reported.endswith("..")
    as_json = write(tmp_path, a_json=json.dumps(yaml.safe_load(path.read_text()), indent=1)) / "a.json"
    assert refusal(server, as_json) == reported.replace("line 3", "line 6")


def test_all_mistakes_of_all_files_are_reported_at_once(server: Server, tmp_path: Path) -> None:
    """Options, values, and contradictions between two options, in the order in which they are read."""
    both = "- name: d\n  static_ipv4: 10.0.0.300\n  static_ipv6: x\n"
    path = write(tmp_path, a_yml=f"{BEFORE}- name: b\n  colour: red\n{both}", b_yml="- name: c\n  deny: perhaps\n")
    first, *reported = sentences_of(refusal(server, path))
    assert first == "4 mistakes:"
    assert [each.partition(" is not")[0].partition(" There are")[0] for each in reported] == [
        "src: SRC/a.yml, line 3 (b): colour: there is no such option.",
        "src: SRC/a.yml, line 5 (d): static_ipv4 of user d: '10.0.0.300'",
        "src: SRC/a.yml, line 5 (d): static_ipv6 of user d: 'x'",
        "src: SRC/b.yml, line 1 (c): deny: 'perhaps' is given, and true or false is needed.",
    ]


def test_of_many_mistakes_twenty_are_reported(server: Server, tmp_path: Path) -> None:
    text = "".join(f"- {{name: u{number}, colour: red}}\n" for number in range(300))
    first, *reported = sentences_of(refusal(server, write(tmp_path, a_yml=text) / "a.yml"))
    assert (first, len(reported)) == ("300 mistakes:", 20)
    assert reported[-1].endswith(" And 280 more.")


def test_a_mistake_in_a_list_without_a_name_of_its_own(server: Server, tmp_path: Path) -> None:
    text = "- group: staff\n  access_to: []\n- access_to: []\n"
    reported = refusal(server, write(tmp_path, a_yml=text) / "a.yml", ACCESS_LIST)
    assert reported.startswith("src: SRC, line 3: one of user, group is needed.")
    reported = refusal(server, write(tmp_path, a_yml="- {user: a, group: b, access_to: []}") / "a.yml", ACCESS_LIST)
    assert reported.startswith("src: SRC, line 1 (a): user and group cannot be used together; give one of them.")


@pytest.mark.versions
@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.json", f'[\n{{"name": "a",\n"password": "{PASSWORD}}}]', ", line 3: this is not JSON: Unterminated string"),
        ("a.json", f'[\n{{"password": "{PASSWORD}\n"}}]', ", line 2: this is not JSON: Invalid control character"),
        ("a.json", f'[{{"name": "a", "password": "{PASSWORD}"}}\n{{}}]', ", line 2: this is not JSON: Expecting ','"),
        ("a.json", f'[{{"password": "\\x{PASSWORD}"}}]', ", line 1: this is not JSON: Invalid \\escape"),
        ("a.json", "", ", line 1: this is not JSON: Expecting value"),
        (
            "a.yml",
            f'- name: a\n  password: "{PASSWORD}\n- name: b\n',
            ", line 4: this is not YAML: found unexpected end of stream.",
        ),
        (
            "a.yml",
            f"- name: a\n  password: {PASSWORD}: no\n",
            ", line 2: this is not YAML: mapping values are not allowed in this context.",
        ),
        (
            "a.yml",
            f"- name: a\n  password: %{PASSWORD}\n",
            ", line 2: this is not YAML: found character that cannot start any token.",
        ),
        (
            "a.yml",
            f"- name: a\n password: {PASSWORD}\n",
            ", line 2: this is not YAML: did not find expected '-' indicator.",
        ),
        (
            "a.yml",
            f"- name: a\n  password: !{PASSWORD}!x a\n",
            ", line 2: this is not YAML: ",
        ),
        (
            "a.yml",
            f"- name: a\n  password: {PASSWORD}\n---\n- name: b\n",
            ", line 3: it contains more than one document.",
        ),
        (
            "a.yml",
            f"- name: a\n  password: *{PASSWORD}\n",
            ", line 2: this is not YAML: did not find expected alphabetic or numeric character.",
        ),
        ("a.yml", "- name: a\n  password: *Marker\n", ", line 2: this is not YAML."),
        ("a.yml", f"- password: {PASSWORD}\x00", ": this is not YAML."),
        (
            "a.yml",
            f"- name: a\n  password: !vault |\n    {PASSWORD}\n",
            ", line 2: tags, such as !vault, are not supported; ",
        ),
        (
            "a.yml",
            f"- name: a\n  password: !!binary {PASSWORD}\n",
            ", line 2: tags, such as !vault, are not supported; ",
        ),
        ("a.yml", f"- name: a\n  totp: !!bool {PASSWORD}\n", ": it contains a value that cannot be read (KeyError)."),
        ("a.yml", f"- name: a\n  <<: {PASSWORD}\n", ", line 2: this is not YAML."),
        ("a.yml", f"- {{name: a}}\n- [{PASSWORD}]: true\n", ", line 2: a key is not text; put it in quotes."),
        (
            "a.yml",
            f"- cli_script_connect_win_env:\n    NO: {PASSWORD}\n",
            ", line 2: a key is not text; put it in quotes.",
        ),
        (
            "a.yml",
            f"- name: a\n  password: {PASSWORD}\n  name: b\n",
            ", line 3: the key name occurs twice in one mapping.",
        ),
        ("a.yml", "users:\n- name: a\nusers:\n- name: b\n", ", line 3: the key users occurs twice in one mapping."),
        (
            "a.json",
            f'[{{"password": "{PASSWORD}", "password": "{PASSWORD}"}}]',
            ": the key password occurs twice in one mapping.",
        ),
        ("a.json", '{"users": [{"name": "a"}], "users": []}', ": the key users occurs twice in one mapping."),
        (
            "a.json",
            f'[{{"name": 1{"0" * 5000}, "password": "{PASSWORD}"}}]',
            ": it contains a value that cannot be read (",
        ),
        ("a.yml", f"- name: 1{'0' * 5000}\n  password: {PASSWORD}\n", ": it contains a value that cannot be read ("),
        ("a.json", "[" * 50_000, ": this is nested too deeply."),
        ("a.yml", "[" * 50_000, ": this is nested too deeply."),
        ("a.yml", "- " * 50_000 + "a", ": this is nested too deeply."),
        ("a.yml", "? " * 50_000 + "a", ": this is nested too deeply."),
        ("a.yml", "", " does not contain a list, or a mapping whose only key is users."),
        ("a.yml", "users:\n# - name: anna\n", " does not contain a list, or a mapping whose only key is users."),
        ("a.yml", f"name: a\npassword: {PASSWORD}\n", " does not contain a list, or a mapping whose only key is"),
        ("a.yml", "users: []\ngroups: []\n", " does not contain a list, or a mapping whose only key is users."),
        ("a.json", '{"groups": []}', " does not contain a list, or a mapping whose only key is users."),
    ],
    ids=lambda text: text[:25],
)
def test_a_text_that_cannot_be_read(server: Server, tmp_path: Path, name: str, text: str, words: str) -> None:
    (tmp_path / name).write_text(text)
    assert refusal(server, tmp_path / name).startswith(f"src: SRC{words}")


def test_a_parser_that_quotes_what_it_reads_is_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML's own, which reads where libyaml is not."""
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    with pytest.raises(yaml.YAMLError) as caught:
        yaml.load(f"- !{PASSWORD}x", yaml.SafeLoader)  # noqa: S506
    assert PASSWORD in str(caught.value)
    assert declaration_files._flaw_of_yaml(caught.value) == "this is not YAML"


@pytest.mark.parametrize("repeat", ["[*{0}, *{0}]", "{{x: *{0}, y: *{0}}}", "{{<<: [*{0}, *{0}]}}"])
def test_what_few_lines_can_repeat_by_aliases(server: Server, tmp_path: Path, repeat: str) -> None:
    """Each line doubles the one before it. It would take practically forever."""
    lines = "".join(f"    v{number + 1}: &v{number + 1} {repeat.format(f'v{number}')}\n" for number in range(40))
    text = f"- name: anna\n  cli_script_connect_win_env:\n    v0: &v0 {{a: b}}\n{lines}"
    reported = refusal(server, write(tmp_path, a_yml=text) / "a.yml")
    assert reported == "src: SRC: its aliases stand for more than 10,000,000 values."


def test_what_people_repeat_by_aliases(tmp_path: Path) -> None:
    text = f"- &a {{name: a, bypass_subnets: &n [{', '.join(['10.0.0.0/8'] * 500)}]}}\n" + "".join(
        f"- {{<<: *a, name: u{number}, client_to_server_subnets: *n}}\n" for number in range(900)
    )
    assert [len(one["bypass_subnets"]) for one in items(write(tmp_path, a_yml=text) / "a.yml")] == [500] * 901
    assert items(write(tmp_path, a_yml="- &a [*a]\n") / "a.yml")[0][0] is not None


@pytest.mark.parametrize("name", ["a.json", "a.yml"])
@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_text_that_is_not_utf_8(server: Server, tmp_path: Path, name: str, encoding: str) -> None:
    (tmp_path / name).write_text(f'[{{"name": "j\u00fcrgen", "password": "{PASSWORD}"}}]', encoding=encoding)
    assert refusal(server, tmp_path / name) == "src: SRC: this is not text in UTF-8."


@pytest.mark.parametrize(
    ("option", "deep", "words"),
    [
        ("access_to", 2000, ": this is nested too deeply."),  # for the parser
        ("user", 500, ", line 1: user: a list is given, and text is needed."),
        ("access_to", 500, ", line 1 (anna): access_to of access list of user anna: "),
    ],
)
def test_what_json_may_nest(server: Server, tmp_path: Path, option: str, deep: int, words: str) -> None:
    item = {"user": "anna", "access_to": [], option: []}
    text = json.dumps([item]).replace(f'"{option}": []', f'"{option}": {"[" * deep}{"]" * deep}')
    reported = refusal(server, write(tmp_path, a_json=text) / "a.json", ACCESS_LIST)
    assert reported.startswith(f"src: SRC{words}")


def test_a_file_that_is_not_there(server: Server, tmp_path: Path) -> None:
    assert refusal(server, tmp_path / "none.yml") == "src: SRC cannot be read: No such file or directory."


def test_a_file_that_cannot_be_read(server: Server, tmp_path: Path) -> None:
    (tmp_path / "round.yml").symlink_to("round.yml")
    assert refusal(server, tmp_path / "round.yml") == "src: SRC cannot be read: Too many levels of symbolic links."
    assert "/round.yml cannot be read: Too many" in refusal(server, tmp_path)


def test_a_folder_that_cannot_be_read(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> list[str]:
        raise PermissionError(13, os.strerror(13), path)

    monkeypatch.setattr(declaration_files.os, "listdir", refuse)
    assert refusal(server, tmp_path) == "src: SRC cannot be read: Permission denied."


def test_a_folder_without_a_file(server: Server, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text(YAML)
    reported = "src: SRC is a folder that has no file with a name that ends in .csv, .json, .yaml, .yml."
    assert refusal(server, tmp_path, purge=True, purge_empty=True) == reported


def test_an_encrypted_file_where_there_is_no_key(server: Server, tmp_path: Path) -> None:
    path = write(tmp_path, a_yml="$ANSIBLE_VAULT;1.1;AES256\n3133\n") / "a.yml"
    reported = "src: SRC is encrypted by ansible-vault. Only a task that Ansible runs in its own process can read it"
    assert refusal(server, path).startswith(reported)


def test_yaml_where_there_is_no_parser(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path, a_yml=YAML, a_json=json.dumps(PEOPLE))
    monkeypatch.setattr(declaration_files, "SafeLoader", object)
    reported = refusal(server, folder / "a.yml")
    assert reported.startswith(
        "src: SRC: this is not JSON, and YAML cannot be read: Failed to import the required Python library (PyYAML)"
    )
    assert done(server.manage(USER, src=str(folder / "a.json")))["counts"] == {"created": 2}


@pytest.mark.parametrize("other", ["anna", "Anna"])
def test_one_that_is_declared_in_two_files(server: Server, tmp_path: Path, other: str) -> None:
    write(tmp_path, a_yml=f"{BEFORE}- name: bert\n", b_json=f'[{{"name": "carl"}},\n{{"name": "{other}"}}]')
    reported = refusal(server, tmp_path)
    assert "(SRC/a.yml, line 1, and SRC/b.json, line 2)" in reported
    assert ("user anna is declared twice" in reported) == (other == "anna")
    assert ("'anna' and 'Anna'" in reported) == (other == "Anna")


# -- what else is declared beside the files


@pytest.mark.parametrize("beside", [{"users": []}, {"name": "anna"}, {"deny": True}], ids=str)
def test_src_stands_alone(server: Server, tmp_path: Path, beside: dict[str, t.Any]) -> None:
    path = write(tmp_path, a_yml=YAML) / "a.yml"
    with pytest.raises(AssertionError, match="parameters are mutually exclusive"):
        server.manage(USER, src=str(path), **beside)


@pytest.mark.parametrize("nothing", [{}, {"src": None}, {"users": None}, {"name": None}, {"src": ""}], ids=str)
def test_an_empty_file_declares_no_objects(server: Server, nothing: dict[str, t.Any]) -> None:
    """A variable that turns out empty must not become a user whose name is None."""
    if nothing != {"src": ""}:
        with pytest.raises(AssertionError, match="one of the following is required: name, users, src"):
            server.manage(USER, **nothing)
        return
    answer = server.manage(USER, **nothing)
    assert answer["failed"]
    assert "src is empty" in answer["msg"]
    assert not server.simulator.log


def test_the_state_of_the_task_is_for_those_without_one(server: Server, tmp_path: Path) -> None:
    path = write(tmp_path, a_yml="- name: anna\n- name: bert\n  state: present\n")
    done(server.manage(USER, src=str(path), state="blocked"))
    assert {name: user.get("deny") for name, user in people(server).items()} == {"anna": True, "bert": None}


def test_purge_with_files(server: Server, tmp_path: Path) -> None:
    keep = [server.simulator.username, server.simulator.mfa_username]
    server.manage(USER, users=[{"name": name} for name in ("anna", "bert", "carl", "dora")])
    folder = write(tmp_path, a_yml=YAML, b_json='[{"name": "carl", "state": "absent"}]')
    answer = done(server.manage(USER, src=str(folder), purge=True, protect=keep))
    assert {one["name"]: one["action"] for one in answer["objects"]} == {
        **dict.fromkeys(("anna", "bert"), "updated"),
        **dict.fromkeys(("carl", "dora"), "deleted"),
    }
    assert set(people(server)) == {"anna", "bert"}
    empty = write(tmp_path, a_yml="[]", b_json="[]")
    answer = server.manage(USER, src=str(empty), purge=True, protect=keep)
    assert "purge with an empty list of users" in answer["msg"]
    assert done(server.manage(USER, src=str(empty), purge=True, protect=keep, purge_empty=True))["counts"] == {
        "deleted": 2
    }


# -- the same as arguments


def values_of(option: t.Mapping[str, t.Any]) -> st.SearchStrategy[t.Any]:
    """Values of the type that an option wants, and such as are often written in their place."""
    kind, options = option.get("type", "str"), option.get("options")
    texts = st.sampled_from(
        ["10.0.0.1", "10.0.0.0/8", "2001:db8::/48", "tcp", "yes", "7", "", "staff", "{'a': 1}", "a=b"]
    )
    right: dict[str, st.SearchStrategy[t.Any]] = {
        "str": st.sampled_from(option["choices"]) if "choices" in option else texts,
        "bool": st.booleans(),
        "int": st.integers(0, 70000),
        "raw": texts | st.fixed_dictionaries({"type": st.sampled_from(["all", "user"])}, optional={"user": texts}),
        "dict": items_of(options)
        if options
        else st.dictionaries(texts, texts | st.integers() | st.booleans(), max_size=2),
    }
    each = {
        "type": option.get("elements", "str"),
        "options": options,
        **{k: option[k] for k in option if k == "choices"},
    }
    wanted = st.lists(values_of(each), max_size=3) if kind == "list" else right[kind]
    wrong = st.one_of(texts, st.none(), st.booleans(), st.integers(-1, 2), st.floats(0, 9), st.just([]), st.just({}))
    return st.integers(0, 9).flatmap(lambda draw: wrong if draw == 0 else wanted)


def items_of(options: t.Mapping[str, t.Mapping[str, t.Any]]) -> st.SearchStrategy[dict[str, t.Any]]:
    """Some of the options, the required ones nearly always, and rarely one that there is none."""
    known = {name: values_of(option) for name, option in options.items()}
    required = {name: known.pop(name) for name, option in options.items() if option.get("required")}
    some = st.lists(st.sampled_from(sorted(known)), max_size=4, unique=True)
    usual = some.flatmap(lambda names: st.fixed_dictionaries({**required, **{name: known[name] for name in names}}))
    odd = st.sampled_from([(), ("name",), ("group",), ("colour",)])
    return st.integers(0, 9).flatmap(lambda draw: usual if draw else st.builds(without_or_with, usual, odd))


def without_or_with(item: dict[str, t.Any], names: tuple[str, ...]) -> dict[str, t.Any]:
    return {**{k: v for k, v in item.items() if k not in names}, **{n: "red" for n in names if n not in item}}


def wanted(resource: Resource, item: dict[str, t.Any]) -> t.Any:
    """The result of an object, which may be a refusal."""
    try:
        return resource.parse(item, "present")
    except InputError as exc:
        return str(exc)


@pytest.mark.parametrize("resource", [USER, GROUP, ACCESS_LIST], ids=lambda resource: str(resource.plural))
@examples(30, 3000)
@given(data=st.data())
def test_files_are_held_to_the_options_as_arguments_are(resource: Resource, data: st.DataObject) -> None:
    """What Ansible refuses is refused, what it would make text of is refused, and everything else means the same."""
    spec = resource.argument_spec()[resource.plural]
    item = data.draw(items_of(spec["options"]))
    checker, before = Checker({resource.plural: spec}), copy.deepcopy(item)
    said = without_nulls(item, spec["options"])
    found = ArgumentSpecValidator({resource.plural: spec}).validate({resource.plural: [said]})
    if found.error_messages or is_made_text(said, spec["options"]):
        with pytest.raises(Mistakes, match=r"\w"):
            checker.item(resource.plural, item)
    else:
        [expected] = found.validated_parameters[resource.plural]
        assert wanted(resource, checker.item(resource.plural, item)) == wanted(resource, expected)
    assert set(secrets_in({resource.plural: spec}, found.validated_parameters)) <= checker.secrets
    assert item == before


def without_nulls(item: dict[str, t.Any], options: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The values of an object; a list of lines is their text."""
    found = {}
    for name, value in item.items():
        deeper = options.get(name, {}).get("options")
        if deeper and isinstance(value, list):
            found[name] = [without_nulls(one, deeper) if isinstance(one, dict) else one for one in value]
        elif isinstance(value, list) and isinstance(options.get(name, {}).get("type"), arguments.Lines):
            found[name] = "\n".join(value)
        elif value is not None:
            found[name] = value
    return found


def is_made_text(item: t.Any, options: t.Mapping[str, t.Any]) -> bool:
    """Whether there is a value that Ansible turns into another kind of value, and accepts."""
    for name, value in item.items() if isinstance(item, dict) else ():
        option = options.get(name, {})
        kind = option.get("type", "str")
        if kind == "str" and "choices" not in option and not isinstance(value, str):
            return True
        if isinstance(kind, arguments.Lines) and not (isinstance(value, (str, list)) or is_plain_number(value)):
            return True
        if kind == "int" and isinstance(value, bool):
            return True
        if kind == "list" and not isinstance(value, (str, list)):
            return True
        for one in value if kind == "list" and isinstance(value, list) else ():
            if option.get("elements") == "str" and not isinstance(one, str):
                return True
            if option.get("options") and (not isinstance(one, dict) or is_made_text(one, option["options"])):
                return True
    return False


@pytest.mark.parametrize("resource", [USER, GROUP, ACCESS_LIST], ids=lambda resource: str(resource.plural))
def test_what_is_of_the_right_types_needs_no_conversion(resource: Resource, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ansible's validator takes too long for ten thousand repetitions."""
    checker = Checker({resource.plural: resource.argument_spec()[resource.plural]})
    monkeypatch.setattr(arguments, "ArgumentSpecValidator", None)
    for sample in SAMPLES:
        if sample.resource is resource:
            assert [checker.item(resource.plural, item) for item in (sample.first, sample.second)] == [
                sample.first,
                sample.second,
            ]


@pytest.mark.parametrize(("sample", "ending"), crossed(LISTED, ["json", "yml"]), ids=str)
def test_a_file_is_as_good_as_arguments(
    start: Callable[..., Simulated], sample: Sample, tmp_path: Path, ending: str
) -> None:
    """The same answers in both modes, and the same requests."""
    by_file, by_arguments = (started(start, sample, usual(sample)) for _unused in range(2))
    dump = json.dumps if ending == "json" else yaml.safe_dump
    for number, declared in enumerate((sample.first, sample.first, sample.second)):
        path = tmp_path / f"{number}.{ending}"
        path.write_text(dump([declared]))
        for check in (True, False):
            for server in (by_file, by_arguments):
                server.simulator.log.clear()
            from_file = by_file.manage(sample.resource, check=check, src=str(path), **sample.options)
            listed = {sample.resource.plural: [declared]}
            assert done(from_file) == by_arguments.manage(sample.resource, check=check, **listed, **sample.options)
            asked = [[(one.path, one.request) for one in s.simulator.log] for s in (by_file, by_arguments)]
            assert [call for call in asked[0] if "login" not in call[0]] == [
                call for call in asked[1] if "login" not in call[0]
            ]
            assert asked[0]


# -- secrets


@pytest.mark.parametrize("path", ["quick", "slow"])
def test_secrets_of_a_file_are_masked(server: Server, tmp_path: Path, path: str) -> None:
    """Wherever the answer repeats them; what needs a conversion goes another way."""
    item = {"name": "anna", "password": PASSWORD, "deny": False if path == "quick" else "no"}
    file = write(tmp_path, a_json=json.dumps([item])) / "a.json"
    server.simulator.faults.add(path=CREATE, status=400, body={"reason": f"I do not like {PASSWORD}"})
    arguments = {**server.connection, "src": str(file)}
    answer = perform(BODY, "as_user", arguments, check=False, invocation=True)
    assert answer["failed"]
    assert "I do not like ********" in answer["msg"]
    assert PASSWORD not in text_of(answer)


def test_a_secret_in_the_wrong_place_is_one_all_the_same(server: Server, tmp_path: Path) -> None:
    """One line too deep, a password is a part of what stands above it."""
    text = f"- name: anna\n  bypass_subnets:\n    - password: {PASSWORD}\n"
    arguments = {**server.connection, "src": str(write(tmp_path, a_yml=text) / "a.yml")}
    answer = perform(BODY, "as_user", arguments, check=False, invocation=True)
    assert "/a.yml, line 1 (anna): bypass_subnets[0]: a mapping is given, and text is needed." in answer["msg"]
    assert PASSWORD not in text_of(answer)


@pytest.mark.parametrize("password", ["", None], ids=repr)
def test_what_is_no_secret_masks_nothing(server: Server, tmp_path: Path, password: t.Any) -> None:
    item = {"name": "anna", "password": password, "deny": "no", "group": "unknown"}
    arguments = {**server.connection, "src": str(write(tmp_path, a_json=json.dumps([item])) / "a.json")}
    answer = perform(BODY, "as_user", arguments, check=True, invocation=False)
    assert answer["msg"].startswith("group unknown (needed by user anna) does not exist.")


def test_a_short_password_in_a_file_brings_the_warning(server: Server, tmp_path: Path) -> None:
    answer = done(server.manage(USER, src=str(write(tmp_path, a_yml="- {name: anna, password: Sh0rt!}")), check=True))
    assert [sentence for sentence in answer["warnings"] if "password of user anna is shorter than 8" in sentence]


def people(server: Server) -> dict[str, t.Any]:
    """Properties of all users but those that a server comes with."""
    own = (server.simulator.username, server.simulator.mfa_username)
    return {name: user for name, user in server.simulator.state()["users"].items() if name not in own}
