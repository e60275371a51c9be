# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report says of the results of tasks, and that nothing in it is a mark of Markdown or HTML."""

from __future__ import annotations

import datetime
import json
import re
import shutil
import subprocess
import typing as t
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import pytest
from ansible_collections.vpn.estate.plugins.callback.report import CallbackModule
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.declaration import DECLARATION
from ansible_collections.vpn.estate.plugins.module_utils._engine.field import HIDDEN
from ansible_collections.vpn.estate.plugins.plugin_utils._report import (
    commit_of,
    in_words,
    report_of,
    server_report,
    write,
)
from ansible_collections.vpn.estate.plugins.plugin_utils._report_health import findings
from ansible_collections.vpn.estate.plugins.plugin_utils._report_page import markdown, page
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server

Json = dict[str, t.Any]
CHROMIUM = shutil.which("chromium")
SCHEMA = json.loads((Path(__file__).resolve().parents[4] / "schemas/report.json").read_text())
HOSTILE = "<script>alert(1)</script>|```*x*[a](javascript:b)\n# title\u202e&amp;\x1b[31m"
FAILED = {"failed": True, "changed": False, "msg": "no such user"}
CLEAN: Json = {"changed": False, "users": {"objects": [{"name": "x", "action": "unchanged"}], "counts": {}}}


def compared(server: Server, *, check: bool = True, **declared: t.Any) -> Json:
    answer = server.declare(DECLARATION, **declared, undeclared=True, check=check)
    assert not answer.get("failed"), answer["msg"]
    return answer


def furnished(server: Server) -> Json:
    """A server of which one of everything differs."""
    for number in range(6):
        server.simulator.set_user(f"u{number}")
    server.simulator.set_user("zoe", deny=True, autologin=False)
    server.simulator.set_group("old")
    return {
        "users": [
            *({"name": f"u{n}", "totp": True} for n in range(6)),
            {"name": "zoe", "deny": False},
            {"name": "new"},
        ],
        "groups": [],
        "purge": ["groups"],
        "purge_empty": True,
        "purge_limit": {"groups": "1"},
        "config_items": [{"name": "sa.company_name", "value": "X"}],
    }


def test_what_differs_is_told_by_part(server: Server) -> None:
    answer = compared(server, **furnished(server))
    one = server_report("vpn-a", [("as_declaration", answer)], check=True)
    report = report_of([one], check=True)
    jsonschema.validate(json.loads(json.dumps(report)), SCHEMA)
    assert (report["status"], report["counts"]) == ("drift", {"drift": 1})
    parts = {part["part"]: part for part in one["parts"]}
    assert {*parts} == {"users", "groups", "config_items"}
    assert [one["name"] for one in parts["users"]["undeclared"]] == ["mfa-admin", "openvpn"]
    assert {(each["name"], each["action"]) for each in parts["groups"]["changes"]} == {("old", "deleted")}
    text = markdown(report)
    for line in (
        "| vpn-a | drift | 1 | 8 | 1 | 4 | needed | groups, users, config items |",
        "- 6 objects: u0, u1, u2, u3, u4, u5: **differs**\n  - totp: nothing on the server, true declared\n",
        "- zoe: **differs**\n  - deny: true on the server, false declared\n",
        "- new: **missing**\n",
        "- zoe: **options not declared**\n  - autologin: false on the server, nothing declared\n",
        "- openvpn: **not declared**\n  - admin: true on the server, nothing declared\n",
        "- old: **will be deleted**\n",
        "A restart may be needed by sa.company_name; 0 clients are connected now.",
    ):
        assert line in text
    assert in_words(report) == "1 of 1 servers differ from what is declared: vpn-a."


def test_after_a_real_run_it_says_what_was_done(server: Server) -> None:
    answer = compared(server, **furnished(server), check=False)
    report = report_of([server_report("vpn-a", [("as_declaration", answer)], check=False)], check=False)
    jsonschema.validate(json.loads(json.dumps(report)), SCHEMA)
    assert report["status"] == "changed"
    assert "- new: **created**\n" in markdown(report)
    assert "What to do" not in page(report)


def test_a_server_without_a_difference_is_clean() -> None:
    report = report_of([server_report("a", [("as_declaration", CLEAN)], check=True)], check=True)
    assert (report["status"], report["servers"][0]["parts"]) == ("clean", [])
    assert in_words(report) == "All 1 servers are as they are declared."


def test_only_the_parts_that_are_declared_are_named_as_compared(server: Server) -> None:
    """A change of another part is not in the report, and no reader must believe that it is."""
    declared = server_report("a", [("as_declaration", CLEAN), ("as_access_list", {"objects": []})], check=True)
    empty = server_report("b", [], check=True)
    assert (declared["compared"], empty["compared"]) == (["users", "as_access_list"], [])
    report = report_of([declared, empty], check=True)
    assert "| a | clean |  |  |  |  | | users, as access list |" in markdown(report)
    assert "| b | clean |  |  |  |  | | none |" in markdown(report)
    assert "<td>users, as access list</td>" in page(report)


def test_an_error_counts_more_than_a_difference(server: Server) -> None:
    drift = server_report("b", [("as_declaration", compared(server, users=[{"name": "new"}]))], check=True)
    broken = server_report("c", [("as_declaration", FAILED), ("ansible_failed_result", FAILED)], check=True)
    report = report_of([server_report("a", [("as_declaration", CLEAN)], check=True), drift, broken], check=True)
    assert (report["status"], broken["messages"]) == ("error", ["no such user"])
    assert markdown(report).count("> no such user") == page(report).count("no such user</p>") == 1
    assert (
        in_words(report) == "1 of 3 servers differ from what is declared: b; 1 of 3 servers could not be compared: c."
    )


def test_a_task_of_one_noun_is_a_part() -> None:
    result = {
        "changed": True,
        "objects": [
            {"name": "ana", "action": "failed", "changed_keys": [], "msg": "refused"},
            {"name": "b", "action": "created"},
        ],
        "diff": {"before": {}, "after": {"b": {"deny": True}}},
    }
    report = report_of([server_report("a", [("as_user", result)], check=False)], check=False)
    text = markdown(report)
    assert "### as_user" in text
    assert "- ana: **failed** - refused\n" in text
    assert "- b: **created**\n  - deny: nothing → true\n" in text


def test_a_secret_that_was_set_is_not_shown_as_new() -> None:
    result = {
        "changed": True,
        "objects": [{"name": "b", "action": "updated"}],
        "diff": {"before": {"b": {}}, "after": {"b": {"password": HIDDEN, "totp": True}}},
    }
    text = markdown(report_of([server_report("a", [("as_user", result)], check=False)], check=False))
    assert "- b: **changed**\n  - password: set (not shown)\n  - totp: nothing → true\n" in text


def test_a_secret_that_is_not_compared_is_not_shown_as_missing() -> None:
    result = {
        "changed": True,
        "objects": [{"name": "b", "action": "updated"}],
        "diff": {"before": {"b": {}}, "after": {"b": {"password": HIDDEN}}},
    }
    text = markdown(report_of([server_report("a", [("as_user", result)], check=True)], check=True))
    assert "- b: **differs**\n  - password: will be set (not shown)\n" in text
    assert "nothing on the server" not in text


def test_a_task_whose_diff_is_text_is_told_without_it() -> None:
    result = {"changed": True, "diff": [{"before": "old\n", "after": "new\n"}]}
    report = report_of([server_report("a", [("as_x", result)], check=False)], check=False)
    assert "- as_x: **changed**" in markdown(report)


def test_what_is_not_declared_is_no_change_of_a_real_run(server: Server) -> None:
    server.simulator.set_user("eve")
    answer = compared(server, users=[{"name": "openvpn"}], check=False)
    assert server_report("a", [("as_declaration", answer)], check=False)["status"] == "clean"
    assert server_report("a", [("as_declaration", answer)], check=True)["status"] == "drift"


def test_a_host_that_ansible_cannot_reach_is_an_error() -> None:
    found = server_report("a", [("as_user", {"unreachable": True, "msg": "no route", "changed": False})], check=False)
    assert (found["status"], found["messages"]) == ("error", ["no route"])


NOW = datetime.datetime(2026, 11, 29, 12, tzinfo=datetime.timezone.utc)


@pytest.mark.parametrize(
    ("result", "sentences"),
    [
        (
            {"web_certificate": {"presented": {"not_after": "2026-12-10T00:00:00Z"}, "certificate": None}},
            ["The web certificate ends on 2026-12-10, in 10 days."],
        ),
        ({"web_certificate": {"presented": None, "certificate": {"not_after": "2027-12-10T00:00:00Z"}}}, []),
        (
            {"cas": [{"common_name": "Old", "not_after": "2026-11-01T00:00:00Z"}]},
            ["The certificate authority Old ended on 2026-11-01."],
        ),
        (
            {
                "profiles": [
                    {"user": "a", "days_left": 29, "profile_type": "userlogin"},
                    {"user": "b", "days_left": 30, "profile_type": "autologin"},
                    {"user": "c", "days_left": -1, "profile_type": "autologin"},
                ]
            },
            [
                "Client profiles of 1 users end within 30 days: a.",
                "1 users have profiles that connect without a sign-in (autologin): b.",
            ],
        ),
        ({"license": {"current_cc": 9, "max_cc": 10}}, ["9 of 10 connections of the licence are in use."]),
        ({"license": {"current_cc": 8, "max_cc": 10, "error": None}}, []),
        ({"license": {"error": "no answer"}}, ["The licence has a problem: no answer."]),
        (
            {"license": {"max_cc": 10}, "expires": "2026-12-10T00:00:00Z"},
            ["The licence ends on 2026-12-10, in 10 days."],
        ),
        ({"license": {"max_cc": 10}, "expires": "soon"}, ["The end of the licence is not a date: soon."]),
        ({"changed": True, "expires": "2026-12-10T00:00:00Z"}, []),
        (
            {
                "users": [
                    {"name": "a", "effective": {"totp": False, "deny": False}},
                    {"name": "b", "effective": {"totp": True}},
                    {"name": "c", "effective": {"deny": True}},
                    {"name": "d", "effective": {"auth_method": "saml"}},
                ]
            },
            ["1 users sign in without a second factor of this server: a."],
        ),
        (
            {
                "ending": [
                    {"part": "users", "name": "b", "until": "2026-12-10", "days_left": 10},
                    {"part": "users", "name": "a", "until": "2026-12-01 Europe/Paris", "days_left": 1},
                ]
            },
            ["2 users end within 30 days: a (2026-12-01 Europe/Paris), b (2026-12-10)."],
        ),
        ({"ending": []}, []),
        ({"users": [{"login": "of a Freebox"}]}, []),
        ({"users": {"objects": []}, "changed": False}, []),
    ],
)
def test_what_needs_attention_soon(result: Json, sentences: list[str]) -> None:
    assert [*findings(result, NOW)] == sentences


def test_what_needs_attention_changes_no_status() -> None:
    found = {"changed": False, "license": {"error": HOSTILE}}
    report = report_of([server_report("a", [("x", CLEAN), ("y", found)], check=True)], check=True)
    assert report["status"] == "clean"
    jsonschema.validate(json.loads(json.dumps(report)), SCHEMA)
    assert "### Soon\n\n- The licence has a problem: &lt;script&gt;" in markdown(report)
    assert "<h3>Soon</h3>" in page(report)
    assert "<script>" not in page(report)


def test_who_gains_and_who_loses_is_told(server: Server) -> None:
    """In check mode as what the next run does, after a run as what it did."""
    for name, group in (("u1", "team"), ("u2", "team"), ("u3", None)):
        server.simulator.set_user(name, group=group)
    server.simulator.set_group("team")
    answers = [
        compared(
            server,
            access_lists=[{"group": "team", "access_to": ["10.20.0.0/16:https"]}],
            check=check,
            access_changes=True,
        )
        for check in (True, False)
    ]
    for check, answer in zip((True, False), answers, strict=True):
        report = report_of([server_report("a", [("as_declaration", answer)], check=check)], check=check)
        jsonschema.validate(json.loads(json.dumps(report)), SCHEMA)
        assert report["servers"][0]["access"]["changes"][0]["users"] == ["u1", "u2"]
        verb = "will gain" if check else "gained"
        assert f"- group team; 2 users u1, u2\n  - **{verb}**: 10.20.0.0/16:tcp/443\n" in markdown(report)
        assert "<tr><td>group team; 2 users u1, u2</td>\n<td>10.20.0.0/16:tcp/443</td><td></td></tr>" in page(report)
    clean = compared(server, access_lists=[{"group": "team", "access_to": ["10.20.0.0/16:https"]}], access_changes=True)
    assert "access" not in server_report("a", [("as_declaration", clean)], check=True)


def test_what_an_entry_about_access_leaves_out_is_counted() -> None:
    one = {
        "groups": [],
        "group_count": 0,
        "users": ["u1", "u2"],
        "user_count": 300,
        "others": True,
        "gains": [],
        "gain_count": 0,
        "loses": ["10.0.0.1"],
        "lose_count": 7,
    }
    answer = {**CLEAN, "access_changes": {"changes": [one], "left_out": 12, "vpn_clients_compared": False}}
    text = markdown(
        report_of([server_report("a", [("as_declaration", {**answer, "changed": True})], check=True)], check=True)
    )
    assert "- 300 users u1, u2 and 298 more; users without a group\n  - **will lose**: 10.0.0.1 and 6 more\n" in text
    assert "\n12 further entries are not shown.\n" in text
    assert "there are too many combinations." in text


class Reader(HTMLParser):
    """Collects tags and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Each tag, and what it refers to."""
        self.tags.append(tag)
        self.links += [
            value or "" for name, value in attrs if name in ("href", "src", "action") or name.startswith("on")
        ]


def hostile() -> Json:
    """A report with the same hostile text in every place."""
    result = {
        "changed": True,
        "warnings": [HOSTILE],
        "restart": [HOSTILE],
        "vpn_clients": 3,
        "access_changes": {
            "changes": [
                {
                    "groups": [HOSTILE],
                    "group_count": 9,
                    "users": [HOSTILE],
                    "user_count": 1,
                    "others": True,
                    "gains": [HOSTILE],
                    "gain_count": 1,
                    "loses": [HOSTILE],
                    "lose_count": 2,
                }
            ],
            "left_out": 1,
            "vpn_clients_compared": False,
        },
        "users": {
            "objects": [
                {"name": HOSTILE, "action": "updated", "changed_keys": [HOSTILE]},
                {"name": f"{HOSTILE}2", "action": "failed", "changed_keys": [HOSTILE], "msg": HOSTILE},
            ],
            "counts": {},
            "undeclared": [{"name": HOSTILE, "options": {HOSTILE: HOSTILE}}],
            "undeclared_options": [{"name": HOSTILE, "options": {HOSTILE: [HOSTILE]}}],
        },
        "diff": [
            {
                "before_header": "users: x",
                "before": {HOSTILE: {HOSTILE: HOSTILE}},
                "after": {HOSTILE: {HOSTILE: [HOSTILE]}},
            }
        ],
    }
    servers = [
        server_report(HOSTILE, [("as_declaration", result)], check=True),
        server_report(f"{HOSTILE}3", [("as_declaration", {"failed": True, "msg": HOSTILE})], check=True),
    ]
    report = report_of(servers, check=True)
    report["commit"] = {"id": "0" * 40, "subject": HOSTILE, "changed_files": True}
    return report


def test_hostile_text_is_text_on_the_page() -> None:
    text = page(hostile())
    reader = Reader()
    reader.feed(text)
    assert not {"script", "img", "iframe", "form", "object", "link"} & {*reader.tags}
    assert {link[:1] for link in reader.links} == {"#"}
    assert text.count("&lt;script&gt;") > 5
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert "default-src 'none'" in text


def test_hostile_text_is_text_in_markdown() -> None:
    text = markdown(hostile())
    assert "<script>" not in text
    assert "\u202e" not in text
    assert "\x1b" not in text
    assert not re.search(r"^ *# title", text, re.MULTILINE)
    for mark in ("```", "*x*", "[a]"):
        assert not re.search(rf"(?<!\\){re.escape(mark)}", text), mark
    assert len({line.count("|") - line.count("\\|") for line in text.splitlines() if line.startswith("| ")}) == 1


@pytest.mark.parametrize("name", ["1. a", "12. a", "7) a", "2026."])
def test_a_number_begins_no_list(name: str) -> None:
    result = {"changed": True, "objects": [{"name": name, "action": "created"}]}
    text = markdown(report_of([server_report("s", [("as_user", result)], check=False)], check=False))
    assert not re.search(r"^- \d+[.)]", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (["10.8.16.0/20", "fd00::/64"], '["10.8.16.0/20", "fd00::/64"]'),
        ({"deny_web": True}, '{"deny_web": true}'),
        ([1, [2]], "[1, [2]]"),
        ("_a_ b_c", r"\_a\_ b_c"),
        ('["a"](b) ["c"]: d ["e"][1]', r'["a"\](b) ["c"\]: d ["e"\][1]'),
        ("[work_item:1] [[page]] [+ a +] {- b -}", r"\[work_item:1] \[\[page]] \[+ a +] \{- b -}"),
    ],
)
def test_only_what_could_be_a_mark_is_escaped(value: t.Any, shown: str) -> None:
    result = {
        "changed": True,
        "objects": [{"name": "[a]", "action": "updated"}],
        "diff": {"before": {}, "after": {"[a]": {"x": value}}},
    }
    text = markdown(report_of([server_report("s", [("as_user", result)], check=False)], check=False))
    assert f"- \\[a]: **created**\n  - x: nothing → {shown}\n" in text


def test_a_long_value_is_cut() -> None:
    result = {
        "changed": True,
        "objects": [{"name": "a", "action": "updated"}],
        "diff": {"before": {}, "after": {"a": {"x": "y" * 999}}},
    }
    text = markdown(report_of([server_report("s", [("as_user", result)], check=False)], check=False))
    assert "... (999 characters)" in text
    assert "y" * 300 not in text


def test_the_commit_is_that_of_the_inventory(tmp_path: Path) -> None:
    assert commit_of(str(tmp_path)) is None
    assert commit_of(str(tmp_path / "missing")) is None
    git = ["git", "-C", str(tmp_path), "-c", "user.name=Test", "-c", "user.email=test@example.com"]
    subprocess.run([*git, "init", "-q"], check=True)  # noqa: S603
    (tmp_path / "users.yml").write_text("a: 1\n")
    subprocess.run([*git, "add", "."], check=True)  # noqa: S603
    subprocess.run([*git, "commit", "-q", "-m", "Add users"], check=True)  # noqa: S603
    found = commit_of(str(tmp_path))
    assert found is not None
    assert (found["subject"], found["changed_files"], len(found["id"])) == ("Add users", False, 40)
    (tmp_path / "new.yml").write_text("a: 2\n")
    assert (commit_of(str(tmp_path)) or {})["changed_files"] is True


@pytest.fixture(name="repository")
def fixture_repository(tmp_path: Path) -> Path:
    """A repository with one commit."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git = ["git", "-C", str(folder), "-c", "user.name=Test", "-c", "user.email=test@example.com"]
    subprocess.run([*git, "init", "-q"], check=True)  # noqa: S603
    (folder / "users.yml").write_text("a: 1\n")
    subprocess.run([*git, "add", "."], check=True)  # noqa: S603
    subprocess.run([*git, "commit", "-q", "-m", "Add users"], check=True)  # noqa: S603
    return folder


def test_reading_the_commit_starts_no_program_of_the_repository(repository: Path, tmp_path: Path) -> None:
    witness, program = tmp_path / "witness", tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {witness}\n")
    program.chmod(0o755)
    git = ["git", "-C", str(repository), "config"]
    for name in ("core.fsmonitor", "gpg.program"):
        subprocess.run([*git, name, str(program)], check=True)  # noqa: S603
    subprocess.run([*git, "log.showSignature", "true"], check=True)  # noqa: S603
    for hook in ("post-index-change", "fsmonitor-watchman"):
        shutil.copy(program, repository / ".git/hooks" / hook)
    subprocess.run(["git", "-C", str(repository), "status"], check=True, capture_output=True)  # noqa: S603, S607
    assert witness.exists()  # which shows that git would start it
    witness.unlink()
    (repository / "users.yml").touch()
    assert (commit_of(str(repository)) or {})["subject"] == "Add users"
    assert not witness.exists()


def test_the_environment_leads_to_no_other_repository(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a hook of Git, which has these variables."""
    other = tmp_path / "other"
    other.mkdir()
    monkeypatch.setenv("GIT_DIR", str(repository / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(repository))
    monkeypatch.setenv("GIT_INDEX_FILE", str(repository / ".git/index"))
    assert commit_of(str(other)) is None
    monkeypatch.setenv("GIT_DIR", str(other))
    assert (commit_of(str(repository)) or {})["subject"] == "Add users"


@pytest.mark.parametrize("name", ["@ana", "x @all", "(@ana)", "-@ana"])
def test_a_name_mentions_no_account(name: str) -> None:
    result = {"changed": True, "objects": [{"name": name, "action": "created"}]}
    report = report_of([server_report(name, [("as_user", result)], check=False)], check=False)
    report["commit"] = {"id": "0" * 40, "subject": name, "changed_files": False}
    text = markdown(report)
    assert not re.search(r"(?<!\w)@\w", text)
    assert text.count("<span>@</span>a") == 4  # in the subject, the table, the heading and the list
    assert "&lt;span&gt;" not in page(report)


def test_an_address_with_a_sign_stays_as_it_is() -> None:
    result = {"changed": True, "objects": [{"name": "ana@example.com", "action": "created"}]}
    assert "- ana@example.com: **created**" in markdown(
        report_of([server_report("a", [("as_user", result)], check=False)], check=False)
    )


def test_a_task_in_the_background_is_no_change() -> None:
    begun = {"changed": True, "started": 1, "finished": 0, "ansible_job_id": "j1"}
    found = server_report("a", [("as_user", begun)], check=False)
    assert (found["status"], found["parts"]) == ("clean", [])
    assert found["warnings"] == ["as_user runs in the background (async). What it does is not part of this report."]
    ended = {**begun, "finished": 1, "objects": [{"name": "x", "action": "created"}]}
    assert server_report("a", [("as_user", ended)], check=False)["status"] == "changed"
    failed = {**begun, "failed": True, "msg": "no"}
    assert server_report("a", [("as_user", failed)], check=False)["status"] == "error"


def test_a_report_replaces_no_symbolic_link(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_text("mine")
    (tmp_path / "report.md").symlink_to(target)
    with pytest.raises(OSError, match="it is a symbolic link, and only a file is replaced"):
        write(hostile(), str(tmp_path))
    assert (target.read_text(), (tmp_path / "report.md").is_symlink()) == ("mine", True)


def test_three_files_are_written(tmp_path: Path) -> None:
    report = hostile()
    paths = write(report, str(tmp_path / "new/folder"))
    assert [Path(path).name for path in paths] == ["report.json", "report.md", "report.html"]
    assert json.loads(Path(paths[0]).read_text())["status"] == "error"
    with pytest.raises(OSError, match="File exists|Not a directory"):
        write(report, paths[0])


@pytest.mark.exhaustive
@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium; as root on Debian, make test-all installs it")
@pytest.mark.parametrize("width", [400, 1200], ids=["phone", "desktop"])
def test_a_browser_shows_the_page_and_runs_nothing(tmp_path: Path, width: int) -> None:
    """The page that a browser has made of it, with hostile text everywhere."""
    path, shot = tmp_path / "report.html", tmp_path / "report.png"
    path.write_text(page(hostile()))
    browser = [
        str(CHROMIUM),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path / 'profile'}",
        f"--window-size={width},900",
        f"--screenshot={shot}",
        "--dump-dom",
        path.as_uri(),
    ]
    done = subprocess.run(browser, check=True, capture_output=True, text=True, timeout=120)  # noqa: S603
    reader = Reader()
    reader.feed(done.stdout)
    assert "script" not in reader.tags
    assert reader.tags.count("section") == 2
    assert "What to do" in done.stdout
    assert "Refused to" not in done.stderr  # nothing on the page breaks its own policy
    assert shot.stat().st_size > 10_000


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_the_record_of_a_run_does_not_depend_on_the_host_that_is_done_first(order: str, tmp_path: Path) -> None:
    callback = CallbackModule()
    callback.get_option = lambda name: str(tmp_path)
    task = SimpleNamespace(resolved_action="vpn.estate.as_declaration", check_mode=False, no_log=False)
    for name in order:
        host = SimpleNamespace(get_name=lambda name=name: name)
        callback.v2_runner_on_ok(SimpleNamespace(task=task, host=host, result={**CLEAN, "changed": True}))
    callback.v2_playbook_on_stats(SimpleNamespace(failures={}, dark={}))
    assert re.findall("^## (.*)", (tmp_path / "report.md").read_text(), re.MULTILINE) == ["a: changed", "b: changed"]
