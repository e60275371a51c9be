# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The drift playbook and the report after a run: what they say, and that comparing writes nothing."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Box, Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.playbook import Folder

DRIFT = [{"import_playbook": "vpn.estate.drift"}]
SITE = [{"import_playbook": "vpn.estate.site"}]
PASSWORD = "Marker-Password-7!"
Json = dict[str, t.Any]


def estate(folder: Folder, server: Server, box: Box, **hosts: t.Any) -> None:
    folder.write(
        "hosts.json", {"access_servers": {"hosts": {"office": {}, **hosts}}, "freeboxes": {"hosts": {"home": {}}}}
    )
    declared = {
        "access_server_users": [
            {"name": "ana", "password": PASSWORD},
            {"name": "openvpn", "admin": True, "auth_method": "local"},
            {"name": "mfa-admin", "admin": True, "totp": True},
        ],
        "access_server_config_items": [{"name": "host.name", "value": "vpn.example.com"}],
    }
    folder.write("group_vars/access_servers.json", {**server.connection, **declared})
    folder.write("group_vars/freeboxes.json", {**box.connection, "freebox_vpn_users": []})


@pytest.mark.versions
def test_servers_are_compared_and_a_real_run_is_recorded(server: Server, box: Box, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    estate(folder, server, box)
    run = folder.play(DRIFT)
    assert run.status != 0, run.output
    report = json.loads((tmp_path / "drift/report.json").read_text())
    assert (report["status"], report["mode"]) == ("drift", "check")
    assert {one["name"]: one["status"] for one in report["servers"]} == {"office": "drift", "home": "clean"}
    assert "1 of 2 servers differ from what is declared: office." in run.output
    assert (server.writes(), box.writes()) == ([], [])
    run = folder.play(SITE, "--diff", ANSIBLE_CALLBACKS_ENABLED="vpn.estate.report", VPN_ESTATE_REPORT="done")
    assert run.status == 0, run.output
    record = json.loads((tmp_path / "done/report.json").read_text())
    assert (record["status"], record["mode"]) == ("changed", "run")
    [office] = [one for one in record["servers"] if one["name"] == "office"]
    assert [each["name"] for each in office["parts"][0]["changes"]] == ["ana"]
    run = folder.play(DRIFT, "-e", '{"vpn_estate_drift_health": true}')
    assert run.status == 0, run.output
    report = json.loads((tmp_path / "drift/report.json").read_text())
    health = {one["name"]: one["health"] for one in report["servers"]}
    assert (report["status"], health["home"]) == ("clean", [])
    assert "2 users sign in without a second factor of this server: ana, openvpn." in health["office"]
    for path in tmp_path.glob("d*/report.*"):
        assert PASSWORD not in path.read_text()


def test_a_change_by_hand_and_a_server_that_is_down_are_told(server: Server, box: Box, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    server.simulator.set_user("ana")
    server.simulator.set_user("eve")
    server.simulator.set_user("mfa-admin")
    estate(folder, server, box, down={"as_url": "https://127.0.0.1:9"}, wrong={"access_server_users": [{"oops": 1}]})
    run = folder.play(DRIFT, "-e", "vpn_estate_drift_dest=night/first")
    assert run.status != 0
    report = json.loads((tmp_path / "night/first/report.json").read_text())
    assert report["status"] == "error"
    found = {one["name"]: one for one in report["servers"]}
    assert {name: one["status"] for name, one in found.items()} == {
        "office": "drift",
        "down": "error",
        "wrong": "error",
        "home": "clean",
    }
    assert [part["undeclared"] for part in found["office"]["parts"]] == [[{"name": "eve", "options": {}}]]
    assert "no connection to https://127.0.0.1:9" in found["down"]["messages"][0]
    assert "oops: there is no such option" in found["wrong"]["messages"][0]
    assert (server.writes(), box.writes()) == ([], [])


@pytest.mark.exhaustive
def test_what_was_not_compared_is_an_error_and_tags_choose_what_is(server: Server, box: Box, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    server.simulator.set_user("mfa-admin")
    estate(folder, server, box)
    callback = {"ANSIBLE_CALLBACKS_ENABLED": "vpn.estate.report", "VPN_ESTATE_REPORT": "callback"}
    run = folder.play(DRIFT, "--tags", "users", "--limit", "office", **callback)
    assert run.status != 0, run.output
    for name in ("drift", "callback"):
        report = json.loads((tmp_path / name / "report.json").read_text())
        [office] = report["servers"]
        assert (report["status"], [part["part"] for part in office["parts"]]) == ("drift", ["users"])
    folder.write("group_vars/freeboxes.json", box.connection)
    run = folder.play(DRIFT, "--limit", "home", "-e", '{"vpn_estate_drift_health": true}')
    assert run.status != 0, run.output
    report = json.loads((tmp_path / "drift/report.json").read_text())
    assert report["status"] == "error"
    assert "It was not compared: nothing is declared for it" in report["servers"][0]["messages"][0]


@pytest.mark.versions
def test_no_run_that_compared_nothing_ends_well(server: Server, box: Box, tmp_path: Path) -> None:
    """With --limit to a host that is no server, and with tags whose tasks do not run."""
    folder = Folder(tmp_path)
    estate(folder, server, box)
    hosts = json.loads((tmp_path / "hosts.json").read_text())
    folder.write("hosts.json", {**hosts, "web": {"hosts": {"www": {}}}})
    run = folder.play(DRIFT, "--limit", "www")
    assert run.status != 0
    assert (
        "The run has no host in the groups access_servers and freeboxes. Check the inventory and --limit." in run.output
    )
    assert not (tmp_path / "drift").exists()
    for words in (["--skip-tags", "always"], ["--tags", "users", "--skip-tags", "always"], ["--tags", "no-such-part"]):
        run = folder.play(DRIFT, "--limit", "office", *words)
        assert run.status != 0, run.output
        expected = "error" if "no-such-part" in words else "drift"
        assert json.loads((tmp_path / "drift/report.json").read_text())["status"] == expected
        (tmp_path / "drift/report.json").unlink()
    assert (server.writes(), box.writes()) == ([], [])


@pytest.mark.versions
def test_a_record_has_hosts_that_failed_before_the_first_task_of_ours(server: Server, tmp_path: Path) -> None:
    """Not those whose failure was rescued or ignored, and not those of plays without a task of ours."""
    folder = Folder(tmp_path)
    folder.hosts(
        far={"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 9},
        **{name: {"ansible_connection": "local"} for name in ("stopped", "ignored", "web")},
    )
    ours: Json = {"vpn.estate.as_user": {"name": "x"}}
    fail = {"ansible.builtin.fail": {"msg": PASSWORD}}
    group = {"group/vpn.estate.access_server": server.connection}
    plays = [
        {
            "hosts": "far:stopped:ignored",
            "gather_facts": False,
            "module_defaults": group,
            "pre_tasks": [
                {"ansible.builtin.setup": {"gather_subset": ["!all"]}, "name": "Look at the host"},
                {**fail, "name": "Stop", "when": "inventory_hostname == 'stopped'"},
                {**fail, "ignore_errors": True},
                {"block": [fail], "rescue": [{"ansible.builtin.meta": "noop"}]},
            ],
            "tasks": [{"block": [{"when": "inventory_hostname == 'none'", **ours}]}],
        },
        {"hosts": "web", "gather_facts": False, "tasks": [fail]},
    ]
    run = folder.play(plays, ANSIBLE_CALLBACKS_ENABLED="vpn.estate.report", VPN_ESTATE_REPORT="record")
    record = json.loads((tmp_path / "record/report.json").read_text())
    found = {one["name"]: (one["status"], one["messages"]) for one in record["servers"]}
    before = "failed before the first task of vpn.estate. The output of the run has its message."
    assert found == {
        "far": ("error", [f"Look at the host (ansible.builtin.setup) {before}"]),
        "stopped": ("error", [f"Stop (ansible.builtin.fail) {before}"]),
    }, run.output
    assert record["status"] == "error"
    assert not any(PASSWORD in path.read_text() for path in (tmp_path / "record").iterdir())


@pytest.mark.versions
def test_a_record_counts_no_task_in_the_background(server: Server, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.hosts(here={"ansible_connection": "local"})
    play = {
        "hosts": "all",
        "gather_facts": False,
        "module_defaults": {"group/vpn.estate.access_server": server.connection},
        "tasks": [
            {"vpn.estate.as_user": {"name": "later"}, "async": 60, "poll": 0, "register": "job"},
            {
                "ansible.builtin.async_status": {"jid": "{{ job.ansible_job_id }}"},
                "register": "ended",
                "until": "ended is finished",
                "retries": 100,
                "delay": 1,
            },
        ],
    }
    run = folder.play([play], ANSIBLE_CALLBACKS_ENABLED="vpn.estate.report", VPN_ESTATE_REPORT="record")
    assert run.status == 0, run.output
    [here] = json.loads((tmp_path / "record/report.json").read_text())["servers"]
    assert (here["status"], here["parts"]) == ("clean", [])
    assert here["warnings"] == ["as_user runs in the background (async). What it does is not part of this report."]


@pytest.mark.versions
def test_a_record_tells_what_failed(server: Server, tmp_path: Path) -> None:
    """Also of an item of a loop, and where the playbook goes on."""
    folder = Folder(tmp_path)
    folder.hosts(
        here={"ansible_connection": "local"},
        far={"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 9},
    )
    tasks: list[t.Any] = [
        {"vpn.estate.as_user": {"name": "{{ item }}"}, "loop": ["one", ""], "ignore_errors": True},
        {"block": [{"vpn.estate.as_user": {"name": "two", "oops": 1}}], "rescue": [{"ansible.builtin.meta": "noop"}]},
        {"vpn.estate.as_user": {"name": "{{ item }}"}, "loop": ["three"], "delegate_to": "localhost"},
    ]
    group = {"group/vpn.estate.access_server": server.connection}
    play = {"hosts": "here", "gather_facts": False, "strategy": "free", "module_defaults": group, "tasks": tasks}
    away = {
        "hosts": "far",
        "gather_facts": False,
        "module_defaults": group,
        "tasks": [{"vpn.estate.as_user": {"name": "x"}}],
    }
    callback = {"ANSIBLE_CALLBACKS_ENABLED": "vpn.estate.report", "VPN_ESTATE_REPORT": "record"}
    folder.play([play, away], **callback)
    record = json.loads((tmp_path / "record/report.json").read_text())
    found = {one["name"]: one for one in record["servers"]}
    assert {name: one["status"] for name, one in found.items()} == {"here": "error", "far": "error"}
    messages = found["here"]["messages"]
    assert [" ".join(message.split()[:2]) for message in messages] == ["name: ''", "oops: there"]
    changes = [change["name"] for part in found["here"]["parts"] for change in part["changes"]]
    assert changes == ["one", "three"]


@pytest.mark.parametrize("real", [True, False])
def test_a_record_of_changes_holds_what_was_done(server: Server, tmp_path: Path, real: bool) -> None:
    """Also where other tasks of the run were in check mode."""
    folder = Folder(tmp_path)
    folder.hosts(here={"ansible_connection": "local"})
    play = {
        "hosts": "all",
        "gather_facts": False,
        "module_defaults": {"group/vpn.estate.access_server": server.connection},
        "tasks": [
            {"vpn.estate.as_user": {"name": "compared"}, "check_mode": True},
            {"vpn.estate.as_user": {"name": "done"}, "check_mode": not real},
            {
                "vpn.estate.declaration_files": {
                    "product": "access_server",
                    "declaration": {"users": []},
                    "source": "x",
                    "dest": str(tmp_path / "files"),
                }
            },
        ],
    }
    callback = {"ANSIBLE_CALLBACKS_ENABLED": "vpn.estate.report", "VPN_ESTATE_REPORT": "record"}
    run = folder.play([play], "--diff", **callback)
    assert run.status == 0, run.output
    record = json.loads((tmp_path / "record/report.json").read_text())
    assert (record["mode"], record["status"]) == (("run", "changed") if real else ("check", "drift"))
    names = [change["name"] for part in record["servers"][0]["parts"] for change in part["changes"]]
    assert names == (["done"] if real else ["compared", "done"])
