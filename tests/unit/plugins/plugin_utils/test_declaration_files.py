# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When files of an export are written, and when they are left alone."""

from __future__ import annotations

import os
import re
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import InputError
from ansible_collections.vpn.estate.plugins.modules import declaration_files
from ansible_collections.vpn.estate.plugins.plugin_utils import _declaration_files
from ansible_collections.vpn.estate.plugins.plugin_utils._declaration_files import SPEC, claim, export

Json = dict[str, t.Any]
ANA: Json = {"name": "ana", "group": "staff"}
TWO: Json = {"users": [ANA], "groups": [{"name": "staff"}]}


@pytest.fixture(name="dest")
def fixture_dest(tmp_path: Path) -> Path:
    return tmp_path / "host_vars/site-a"


def run(
    dest: Path,
    declaration: Json,
    *,
    check: bool = False,
    diff: bool = False,
    defined: t.Container[str] = (),
    **args: t.Any,
) -> Json:
    usual = {"product": "access_server", "source": "site-a", "secrets": [], "left_out": [], "force": False}
    wanted = {**usual, "dest": str(dest), "declaration": declaration, **args}
    return export(wanted, check=check, diff=diff, defined=defined)


def texts(dest: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(dest.iterdir())}


def test_a_file_of_each_part_is_written_once(dest: Path) -> None:
    first = run(dest, TWO)
    assert (first["changed"], first["counts"]) == (True, {"created": 2})
    before = texts(dest)
    assert list(before) == ["groups.yml", "users.yml"]
    assert yaml.safe_load(before["users.yml"]) == {"access_server_users": [ANA]}
    second = run(dest, TWO)
    assert (second["changed"], second["counts"], texts(dest)) == (False, {"unchanged": 2}, before)
    third = run(dest, {**TWO, "users": [ANA, {"name": "ben"}]})
    assert third["counts"] == {"unchanged": 1, "updated": 1}
    assert texts(dest)["groups.yml"] == before["groups.yml"]


def test_check_mode_writes_nothing_and_tells_the_same(dest: Path) -> None:
    announced = run(dest, TWO, check=True, diff=True)
    assert not dest.exists()
    done = run(dest, TWO, diff=True)
    assert announced == done
    assert [one["before"] for one in done["diff"]] == ["", ""]
    assert [one["after"] for one in done["diff"]] == [*texts(dest).values()]


def test_a_file_that_a_person_has_changed_is_not_overwritten(dest: Path) -> None:
    run(dest, TWO)
    users = dest / "users.yml"
    users.write_text(users.read_text() + "  - name: by hand\n")
    changed = users.read_text()
    kept = run(dest, TWO)  # the server is as it was
    assert (kept["changed"], kept["counts"]) == (False, {"unchanged": 1, "kept": 1})
    more = {"groups": [{"name": "new"}], "users": [ANA, {"name": "ben"}]}
    groups = (dest / "groups.yml").read_text()
    with pytest.raises(InputError, match=r"users.yml was changed since it was exported.*Nothing was written"):
        run(dest, more)
    assert (users.read_text(), (dest / "groups.yml").read_text()) == (changed, groups)
    forced = run(dest, more, force=True)
    assert forced["counts"] == {"updated": 2}
    assert yaml.safe_load(users.read_text())["access_server_users"] == more["users"]


@pytest.mark.parametrize(
    "content", [b"access_server_users: []\n", b"", b"\xff\xfe"], ids=["by hand", "empty", "no text"]
)
def test_a_file_that_was_not_exported_is_not_overwritten(dest: Path, content: bytes) -> None:
    dest.mkdir(parents=True)
    (dest / "users.yml").write_bytes(content)
    with pytest.raises(InputError, match=r"users.yml is not an? .*Nothing was written"):
        run(dest, TWO)
    assert list(texts_of := os.listdir(dest)) == ["users.yml"], texts_of
    assert (dest / "users.yml").read_bytes() == content


def test_a_symbolic_link_is_refused_and_stays_with_its_target(dest: Path, tmp_path: Path) -> None:
    """Also one that leads nowhere, and with force."""
    run(dest, TWO)
    elsewhere = tmp_path / "shared.yml"
    (dest / "users.yml").rename(elsewhere)
    (dest / "users.yml").symlink_to(elsewhere)
    (dest / "groups.yml").unlink()
    (dest / "groups.yml").symlink_to(tmp_path / "nowhere.yml")
    before = elsewhere.read_text()
    for force in (False, True):
        with pytest.raises(InputError) as refused:
            run(dest, {"users": [{"name": "ben"}], "groups": []}, force=force)
        for name in ("users.yml", "groups.yml"):
            assert f"{dest / name} is a symbolic link, which an export does not replace." in str(refused.value)
    assert (elsewhere.read_text(), (dest / "users.yml").is_symlink()) == (before, True)
    assert not (tmp_path / "nowhere.yml").exists()


def test_ends_of_lines_change_no_exported_file(dest: Path) -> None:
    """As Git writes them on Windows: the file counts as exported, and is written again where the server has changed."""
    run(dest, TWO)
    users = dest / "users.yml"
    users.write_bytes(users.read_bytes().replace(b"\n", b"\r\n"))
    there = users.read_bytes()
    assert run(dest, TWO)["counts"] == {"unchanged": 2}
    assert users.read_bytes() == there
    assert run(dest, {**TWO, "users": [{"name": "ben"}]})["counts"] == {"unchanged": 1, "updated": 1}
    assert b"\r" not in users.read_bytes()


def test_all_mistakes_are_told_at_once(dest: Path) -> None:
    dest.mkdir(parents=True)
    for name in ("users.yml", "groups.yml"):
        (dest / name).write_text("mine: 1\n")
    with pytest.raises(InputError) as refused:
        run(dest, {**TWO, "access_lists": [{"access_to": []}, "text"]})
    assert "3 mistakes" in str(refused.value)
    with pytest.raises(InputError, match="declaration: usres is not a part of a declaration. The parts are groups, "):
        run(dest, {"usres": []})


def test_secrets_are_comments_beside_their_objects(dest: Path) -> None:
    secrets = [
        {"part": "users", "name": "ana", "option": "password"},
        {"part": "users", "name": "a-na", "option": "password"},
        {"part": "users", "name": "a.na", "option": "password"},
        {"part": "config_items", "name": "auth.ldap.0.bind_pw", "option": "secret_value"},
    ]
    found = run(dest, {"users": [ANA, {"name": "a-na"}, {"name": "a.na"}], "config_items": []}, secrets=secrets)
    variables = [one["variable"] for one in found["secrets"]]
    assert [re.sub("_[0-9a-f]{6}_", "_XXXXXX_", one) for one in variables] == [
        "vault_users_ana_password",
        "vault_users_a_na_XXXXXX_password",
        "vault_users_a_na_password",
        "vault_config_items_auth_ldap_0_bind_pw_secret_value",
    ]
    assert len({*variables}) == 4
    alone = run(dest.parent / "alone", {"users": [{"name": "a-na"}]}, secrets=secrets[1:2])
    assert alone["secrets"] == found["secrets"][1:2]  # other secrets make no difference
    users, items = texts(dest)["users.yml"], texts(dest)["configuration.yml"]
    assert '    # password: "{{ vault_users_ana_password }}"\n  - name: a-na\n' in users
    assert items.endswith(
        "access_server_config_items: []\n  # - name: auth.ldap.0.bind_pw\n"
        '  #   secret_value: "{{ vault_config_items_auth_ldap_0_bind_pw_secret_value }}"\n'
    )
    assert len(yaml.safe_load(users)["access_server_users"]) == 3


def test_what_is_left_out_of_a_part_stands_in_its_file(dest: Path) -> None:
    left_out = [{"part": "users", "reason": "user x\nname: y"}, {"part": "groups", "reason": "a group"}]
    run(dest, TWO, left_out=left_out)
    assert "# Not here: user x\\nname: y\n" in texts(dest)["users.yml"]
    assert "# Not here: a group\n" in texts(dest)["groups.yml"]


def test_an_empty_part_is_declared_empty(dest: Path) -> None:
    run(dest, {"users": [], "default_user": {}})
    read = [yaml.safe_load(text) for text in texts(dest).values()]
    assert read == [{"access_server_default_user": {}}, {"access_server_users": []}]


def test_variables_of_a_freebox(dest: Path) -> None:
    run(dest, {"servers": [{"name": "pptp", "enabled": False}], "users": [{"login": "ana"}]}, product="freebox")
    assert [*yaml.safe_load(texts(dest)["servers.yml"])] == ["freebox_vpn_servers"]
    assert [*yaml.safe_load(texts(dest)["users.yml"])] == ["freebox_vpn_users"]


def test_a_disk_that_is_full_says_what_was_written(dest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = _declaration_files.replace_file
    calls: list[str] = []

    def replace(path: str, text: str) -> None:
        calls.append(path)
        if len(calls) == 2:
            raise OSError(28, "No space left on device", path)
        real(path, text)

    monkeypatch.setattr(_declaration_files, "replace_file", replace)
    declared = {**TWO, "config_items": []}
    found = run(dest, declared)
    assert found["failed"]
    assert found["msg"] == f"{dest / 'users.yml'} cannot be written: No space left on device."
    assert [one["action"] for one in found["files"]] == ["created", "failed", "not attempted"]
    assert run(dest, declared)["counts"] == {"unchanged": 1, "created": 2}


def test_a_file_that_cannot_be_replaced_leaves_no_other_one(dest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: t.Any) -> None:
        raise OSError(1, "Operation not permitted", "x")

    monkeypatch.setattr(os, "replace", refuse)
    assert run(dest, TWO)["failed"]
    assert os.listdir(dest) == []


def test_options_are_as_documented() -> None:
    options = yaml.safe_load(declaration_files.DOCUMENTATION)["options"]
    assert set(options) == set(SPEC)
    for name, spec in SPEC.items():
        documented = options[name]
        for key in ("type", "elements", "required", "default", "choices"):
            assert documented.get(key) == spec.get(key), (name, key)
        assert set(documented.get("suboptions") or {}) == set(spec.get("options") or {})


def test_what_is_left_out_is_a_comment_and_known(dest: Path) -> None:
    left_out = [
        {"part": "users", "reason": "twin", "name": "Ana", "options": [], "item": {"name": "Ana", "group": "{{ x }}"}},
        {"part": "users", "reason": "address", "name": "ana", "options": ["static_ipv4"]},
        {"part": "", "reason": "keys"},
    ]
    secrets = [{"part": "config_items", "name": "a.bind_pw", "option": "secret_value"}]
    declaration = {"users": [ANA], "config_items": []}
    run(dest, declaration, left_out=left_out, secrets=secrets)
    known = yaml.safe_load(texts(dest)["known.yml"])["access_server_known"]
    assert known == [
        {"part": "users", "name": "Ana"},
        {"part": "users", "name": "ana", "options": ["static_ipv4"]},
        {"part": "config_items", "name": "a.bind_pw"},
    ]
    assert "  # - name: Ana\n  #   group: !unsafe '{{ x }}'\n" in texts(dest)["users.yml"]
    run(dest, declaration)  # it has got a name that can be declared, and the secret is gone
    assert yaml.safe_load(texts(dest)["known.yml"])["access_server_known"] == []


def test_a_file_that_was_changed_and_declares_what_is_there_stays(dest: Path) -> None:
    """As after a run of what a person has declared."""
    run(dest, TWO)
    users = dest / "users.yml"
    mine = [
        '  - {group: ops, name: ben, password: !vault "x", state: present, cc_commands: !unsafe "{{ y }}"}',
        "  - {name: ana, group: staff}  # mine",
    ]
    users.write_text("access_server_users:\n" + "\n".join(mine) + "\n")
    with pytest.raises(InputError, match="is not an exported file"):
        run(dest, {"users": [ANA]})
    run(dest, {"users": [ANA]}, force=True)
    users.write_text(
        users.read_text().rpartition("access_server_users:")[0] + "access_server_users:\n" + "\n".join(mine) + "\n"
    )
    now = [ANA, {"name": "ben", "group": "ops", "cc_commands": "{{ y }}"}]
    before = users.read_text()
    assert run(dest, {"users": now})["counts"] == {"kept": 1}
    assert users.read_text() == before
    with pytest.raises(InputError, match=r"declares other things. Export to another folder \(dest\)"):
        run(dest, {"users": [*now, {"name": "eve"}]})
    users.write_text(before + "other: 1\n")
    with pytest.raises(InputError, match="declares other things"):
        run(dest, {"users": now})


@pytest.mark.parametrize(
    ("mine", "now"),
    [
        ('access_to: ["-10.0.0.1", 10.0.0.0/8]', {"access_to": ["10.0.0.0/8", "-10.0.0.1"]}),
        ("rules: [{domain: b}, {domain: a}]", {"rules": [{"domain": "a"}, {"domain": "b"}]}),
        ("1: x", {"access_to": []}),
    ],
    ids=["deny", "domains", "no text"],
)
def test_the_order_of_rules_counts(dest: Path, mine: str, now: Json) -> None:
    """Each was changed by a person, and the server has another order, which decides who reaches what."""
    run(dest, {"access_lists": [{"user": "ana"}]})
    path = dest / "access_lists.yml"
    path.write_text(path.read_text().replace("- user: ana\n", f"- user: ana\n    {mine}\n"))
    with pytest.raises(InputError, match="declares other things"):
        run(dest, {"access_lists": [{"user": "ana", **now}]})


def test_a_file_that_is_written_again_keeps_its_permissions(dest: Path) -> None:
    run(dest, TWO)
    (dest / "users.yml").chmod(0o600)
    run(dest, {"users": [], "groups": []})
    assert oct((dest / "users.yml").stat().st_mode & 0o777) == "0o600"


@pytest.mark.parametrize(
    "written",
    [
        'password: "Marker-Word-1!"',
        "password: !unsafe Marker-Word-1!",
        "secret_value: |\n      -----BEGIN KEY-----\n      Marker-Word-1!\n",
        'conf: {password: "Marker-Word-1!"}',
        "password: [Marker-Word-1!",
    ],
)
def test_a_diff_shows_no_secret_that_a_person_has_written(dest: Path, written: str) -> None:
    run(dest, {"users": [ANA]})
    path = dest / "users.yml"
    path.write_text(path.read_text() + f"    {written}\n")
    [diff] = run(dest, {"users": []}, check=True, diff=True, force=True)["diff"]
    assert "Marker" not in str(diff)
    assert "ana" in diff["before"] or "this is not YAML" in diff["before"]


@pytest.mark.parametrize("variable", ["access_server_users", "access_server_users_src", "estate_people"])
def test_a_part_that_is_declared_elsewhere_gets_no_new_file(dest: Path, variable: str) -> None:
    defined = {variable: "{{ not evaluated }}", "access_server_known": []}
    args = {"declaration": TWO, "left_out": [{"part": "users", "reason": "why", "name": "ben"}]}
    for check in (True, False):
        done = run(dest, **args, check=check, defined=defined)
        assert (done["counts"], done["changed"]) == ({"created": 2, "skipped": 1}, True)
        assert done["warnings"] == [
            f"Not written to {dest}: users.yml ({variable} is set elsewhere). A file there would hide or contradict what is "
            "set elsewhere, for example in group_vars. To see what the server has, export to another folder (dest)."
        ]
    assert list(texts(dest)) == ["groups.yml", "known.yml"]
    assert run(dest, **args, defined=defined, force=True)["counts"] == {"unchanged": 2, "created": 1}
    again = run(dest, **args, defined={**defined, "access_server_groups": []})  # the files themselves define them now
    assert ("warnings" in again, again["counts"]) == (False, {"unchanged": 3})


def test_one_host_of_a_run_writes_to_a_folder(tmp_path: Path) -> None:
    """By whatever name; the same host may do so again."""
    dest, link = tmp_path / "now", tmp_path / "link"
    link.symlink_to(dest)
    for place, host in ((dest, "site-a"), (link, "site-a"), (tmp_path / "other", "site-b")):
        claim(str(tmp_path), str(place), host)
    for place in (dest, link, f"{dest}/"):
        with pytest.raises(InputError, match="the files of site-a are written there.*Nothing was written for site-b"):
            claim(str(tmp_path), str(place), "site-b")


def test_an_export_does_not_overwrite_the_files_of_another_host(dest: Path) -> None:
    """Also in another run, when each host is exported alone; what both have needs no write."""
    other = {"groups": [{"name": "ops"}], "users": [ANA, {"name": "ben"}]}
    run(dest, TWO)
    before = texts(dest)
    with pytest.raises(InputError) as refused:
        run(dest, {**other, "config_items": []}, source="site-b")
    assert str(refused.value) == (
        f"{dest}: groups.yml, users.yml were exported from site-a. Give each host a folder of its own (dest), for example "
        f"{dest}/{{{{ inventory_hostname }}}}. With force: true, the files of site-a are overwritten. Nothing was written."
    )
    with pytest.raises(InputError, match="users.yml was exported from site-a"):
        run(dest, {**TWO, "users": [ANA, {"name": "ben"}]}, source="site-b")
    assert texts(dest) == before
    assert run(dest, TWO, source="site-b")["counts"] == {"unchanged": 2}
    assert run(dest, other, source="site-b", force=True)["counts"] == {"updated": 2}
    assert run(dest, TWO, source="site-b")["counts"] == {"updated": 2}  # they are its own now


def test_all_parts_that_are_declared_elsewhere_are_named_in_one_warning(dest: Path) -> None:
    done = run(dest, TWO, defined={"access_server_users": [], "access_server_groups_src": "groups.csv"})
    assert not dest.exists()
    assert (
        "groups.yml (access_server_groups_src is set elsewhere), users.yml (access_server_users is set"
        in done["warnings"][0]
    )
    assert done["counts"] == {"skipped": 2}
