# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installers as files: downloaded if needed, whole or not at all, and never shown."""

from __future__ import annotations

import hashlib
import json
import stat
import typing as t
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._net import transport
from ansible_collections.vpn.estate.plugins.modules.as_installer import BODY
from ansible_collections.vpn.estate.plugins.plugin_utils._in_process import perform
from ansible_collections.vpn.estate.tests.unit.plugins.laws.test_resources import dialects
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server

Start = t.Callable[..., Server]
DOWNLOAD = "/api/GetInstallerViaToken"
KEY = "BEGIN PRIVATE KEY"
OF_A_FILE = {"Content-Type": "application/octet-stream"}


def provided(server: Server, file: Path, *, check: bool = False, **given: t.Any) -> Answer:
    server.simulator.log.clear()
    declared = {"user": "alice", "installer_type": "win_v3", "dest": str(file), **given}
    return perform(BODY, "as_installer", {**server.connection, **declared}, check=check, invocation=True)


def done(server: Server, dest: Path, **given: t.Any) -> Answer:
    """The run does what check mode reports, and check mode creates nothing."""
    planned = provided(server, dest, check=True, **given)
    assert not server.writes()
    answer = provided(server, dest, **given)
    assert not answer.get("failed"), answer
    assert (planned["changed"], planned["reason"], planned.get("diff")) == (
        answer["changed"],
        answer["reason"],
        answer.get("diff"),
    )
    assert KEY not in json.dumps(answer)
    return answer


def downloads(server: Server) -> int:
    return sum(one.path == DOWNLOAD for one in server.simulator.log)


@pytest.fixture(name="alice")
def fixture_alice(server: Server) -> Server:
    server.simulator.set_user("alice")
    return server


@dialects
def test_an_installer_is_downloaded_once(start: Start, dialect: str, tmp_path: Path) -> None:
    server, dest = start(dialect=dialect), tmp_path / "alice.msi"
    server.simulator.set_user("alice")
    answer = done(server, dest)
    assert (answer["changed"], answer["reason"], downloads(server)) == (True, "none exists yet", 1)
    content = dest.read_bytes()
    assert content.startswith(b"OpenVPN Connect for win_v3")
    assert KEY.encode() in content
    assert (answer["length"], answer["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
    files = [dest, tmp_path / "alice.msi.json"]
    assert sorted(tmp_path.iterdir()) == files
    assert [stat.S_IMODE(one.stat().st_mode) for one in files] == [0o600, 0o600]
    assert KEY not in files[1].read_text()
    again = done(server, dest)
    assert (again["changed"], again["reason"], downloads(server)) == (False, "", 0)


@pytest.mark.parametrize(
    ("spoil", "given", "reason"),
    [
        (lambda dest: dest.unlink(), {}, "none exists yet"),
        (lambda dest: dest.write_text("other"), {}, "it is not the file that was downloaded"),
        (lambda dest: dest.chmod(0o644), {}, "other users could read it"),
        (lambda dest: Path(f"{dest}.json").unlink(), {}, "it is not the file that was downloaded"),
        (lambda dest: Path(f"{dest}.json").write_text("[1]"), {}, "it is not the file that was downloaded"),
        (lambda dest: Path(f"{dest}.json").write_text("{"), {}, "it is not the file that was downloaded"),
        (lambda dest: None, {"renew": True}, "renew is set"),
        (lambda dest: None, {"installer_type": "mac_v3"}, "its installer_type was win_v3 and is mac_v3"),
        (lambda dest: None, {"user": "bob"}, "its user was alice and is bob"),
        (lambda dest: None, {"profile_type": "userlogin"}, "its profile_type was None and is userlogin"),
    ],
    ids=["gone", "another", "open", "no record", "odd record", "broken record", "renew", "type", "user", "profile"],
)
def test_it_is_downloaded_again_where_it_is_not_what_is_declared(
    alice: Server, tmp_path: Path, spoil: t.Callable[[Path], object], given: dict[str, t.Any], reason: str
) -> None:
    dest = tmp_path / "alice.msi"
    alice.simulator.set_user("bob")
    done(alice, dest)
    spoil(dest)
    answer = done(alice, dest, **given)
    assert (answer["reason"], downloads(alice)) == (reason, 1)
    assert hashlib.sha256(dest.read_bytes()).hexdigest() == answer["sha256"]
    if "renew" not in given:
        assert not done(alice, dest, **given)["changed"]


def test_the_installer_of_another_server_or_account_is_not_kept(start: Start, tmp_path: Path) -> None:
    """A file for a server that is replaced by another one would lead its user nowhere."""
    one, two = start(), start()
    for server in (one, two):
        server.simulator.set_user("alice")
    done(one, tmp_path / "x")
    answer = done(two, tmp_path / "x")
    assert answer["reason"].startswith("its server was https://127.0.0.1:")
    assert not done(two, tmp_path / "x")["changed"]
    mine = done(two, tmp_path / "y", user=None)
    assert mine["changed"]
    assert done(two, tmp_path / "y", user="alice")["reason"] == "its user was openvpn and is alice"
    assert not done(two, tmp_path / "y", user="alice")["changed"]


def test_a_new_version_of_the_program_is_downloaded(alice: Server, tmp_path: Path) -> None:
    done(alice, tmp_path / "x")
    info = {"version": "3.2.2", "client_version": 36}
    alice.simulator.faults.add(path="server/info", times=None, do="status", status=200, body=info)
    answer = done(alice, tmp_path / "x")
    assert answer["reason"] == "its client_version was 35 and is 36"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"status": 404, "body": "no such file"}, "provides no win_v3 installer"),
        (
            {"status": 200, "body": "<html>sign in</html>", "headers": {"Content-Type": "application/octet-stream"}},
            "instead of an",
        ),
        (
            {"status": 200, "body": "sign in", "headers": {"Content-Type": "text/html"}},
            "7 bytes of text/html instead of",
        ),
        (
            {"status": 200, "body": "", "headers": {"Content-Type": "application/octet-stream"}},
            "0 bytes of application",
        ),
        ({"status": 200, "body": {"error": 1}}, "of application/json instead of an installer"),
        ({"do": "drop", "applied": True}, "The incomplete download was not kept"),
        ({"do": "truncate"}, "The incomplete download was not kept"),
    ],
    ids=["missing", "page", "text", "empty", "JSON", "lost", "cut off"],
)
def test_what_is_no_whole_installer_leaves_the_file(
    alice: Server, tmp_path: Path, fault: dict[str, t.Any], said: str
) -> None:
    dest = tmp_path / "alice.msi"
    done(alice, dest)
    before = dest.read_bytes()
    how = {"do": "status", **fault} if "status" in fault else fault
    alice.simulator.faults.add(path="GetInstallerViaToken", times=None, **how)
    answer = provided(alice, dest, renew=True)
    assert answer["failed"]
    assert said in answer["msg"], answer["msg"]
    assert downloads(alice) == 1  # the token is spent
    assert dest.read_bytes() == before
    assert len([*tmp_path.iterdir()]) == 2
    alice.simulator.faults.clear()
    assert not done(alice, dest)["changed"]


def test_an_endless_installer_is_cut_off(alice: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "SINK_LIMIT", 100)
    answer = provided(alice, tmp_path / "x")
    assert answer["failed"]
    assert "more than 0 MB" in answer["msg"]
    assert not [*tmp_path.iterdir()]


def test_a_user_that_may_not_have_it_is_refused_before_anything_is_made(alice: Server, tmp_path: Path) -> None:
    for given, said in (
        ({"user": "nope"}, "user nope does not exist"),
        ({"profile_type": "autologin"}, "alice may not have autologin profiles"),
        ({"dest": str(tmp_path / "none" / "x")}, "dest: "),
    ):
        answer = provided(alice, tmp_path / "x", **given)
        assert said in answer["msg"]
        assert not alice.writes()
