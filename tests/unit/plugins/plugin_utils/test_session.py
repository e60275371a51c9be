# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a shared session is: that of tasks with the same credentials that trust the same servers. Laws of both products."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import typing as t
from pathlib import Path

import pytest
from ansible import constants
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.totp import claim_code
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_user import VPN_USER
from ansible_collections.vpn.estate.plugins.module_utils._net.session import FAILURES
from ansible_collections.vpn.estate.plugins.module_utils._net.session_store import locked
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import EstateError
from ansible_collections.vpn.estate.plugins.plugin_utils._shared_sign_in import SharedSignIn, codes_file
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Box, Server, Simulated, text_of

NEW = "Battery-Staple-9"
Start = t.Callable[..., t.Any]


class Kind(t.NamedTuple):
    """What the laws below need to know of a product."""

    kind: type[Simulated]
    prefix: str
    secret: str  # the option that proves who we are
    sign_in: str  # how the path of a sign-in ends
    resource: t.Any

    def __str__(self) -> str:
        return self.prefix.rstrip("_")


KINDS = (
    Kind(Server, "as_", "as_password", "/auth/login/userpassword", USER),
    Kind(Box, "freebox_", "freebox_app_token", "/login/session/", VPN_USER),
)
kinds = pytest.mark.parametrize("kind", KINDS, ids=str)


class Run:
    """Tasks of one run against one server, each with its own options, in one process or many: they have a file in common."""

    def __init__(self, start: Start, kind: Kind, folder: Path) -> None:
        self.kind, self.server, self.folder = kind, start(kind.kind), folder
        handed = self.sign_in_for(is_local=True).options(self.server.connection)
        self.file = Path(handed[f"{kind.prefix}session"]["file"])

    def sign_in_for(self, *, is_local: bool) -> SharedSignIn:
        """That of a task on this machine, or on another."""
        return SharedSignIn(self.kind.kind.product, is_local)

    def task(self, **options: t.Any) -> Answer:
        """Read something, with options in the place of the usual ones."""
        session = {f"{self.kind.prefix}session": {"file": str(self.file)}}
        said = {name: value for name, value in options.items() if not name.startswith(self.kind.prefix)}
        ours = {name: value for name, value in options.items() if name not in said}
        more = {f"{self.kind.prefix}{name}": value for name, value in said.items()}
        return t.cast(
            Answer,
            self.server.run(
                lambda run: {"found": len(self.kind.resource.read(run, ["nobody"]).objects)},
                {**self.kind.resource.argument_spec()},
                **{self.kind.resource.key: "nobody", **session, **ours, **more},
            ),
        )

    @property
    def sign_ins(self) -> int:
        """How often a task tried to sign in."""
        return sum(one.path.endswith(self.kind.sign_in) for one in self.server.simulator.log)


@pytest.fixture(name="run")
def fixture_run(start: Start, kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    return Run(start, kind, tmp_path)


# -- credentials


@kinds
def test_a_wrong_secret_is_refused_once_and_the_right_one_goes_on(run: Run) -> None:
    assert "failed" not in run.task()
    wrong = {run.kind.secret: "not-this-one"}
    first = run.task(**wrong)
    assert first["failed"], "the session of others is not for those who cannot prove the same"
    assert run.sign_ins == 2
    assert run.task(**wrong)["msg"] == first["msg"]
    assert "failed" not in run.task()
    assert run.sign_ins == 2


@kinds
def test_a_wrong_secret_at_first_does_not_keep_the_right_one_out(run: Run) -> None:
    assert run.task(**{run.kind.secret: "not-this-one"})["failed"]
    for _time in range(3):
        assert "failed" not in run.task()
    assert run.sign_ins == 2


@kinds
def test_an_account_is_not_locked_by_many_wrong_secrets(run: Run) -> None:
    said = [run.task(**{run.kind.secret: f"not-this-one-{number}"})["msg"] for number in range(FAILURES + 3)]
    assert run.sign_ins == FAILURES
    assert all(f"{FAILURES} sign-ins of" in each for each in said[FAILURES:])


@kinds
def test_the_same_wrong_secret_is_tried_once_whomever_a_task_trusts(run: Run) -> None:
    wrong = {run.kind.secret: "not-this-one"}
    for trust in ({}, {"validate_certs": False}, {"certificate_fingerprint": run.server.simulator.fingerprint_sha256}):
        assert run.task(**wrong, **trust)["failed"]
    assert run.sign_ins == 1


@kinds
def test_the_file_says_nothing_by_which_a_secret_can_be_guessed(run: Run) -> None:
    secret = run.server.connection[run.kind.secret]
    run.task()
    run.task(**{run.kind.secret: "not-this-one"})
    texts = [run.file.read_text()]
    run.file.unlink()
    run.task()
    texts.append(run.file.read_text())
    for text in texts:
        for word in (secret, "not-this-one"):
            assert word not in text
            assert hashlib.sha256(word.encode()).hexdigest() not in text
    first, second = (set(json.loads(text)["known"]) for text in texts)
    assert not first & second, "digests are under a key of each run"
    assert run.file.stat().st_mode & 0o777 == 0o600


# -- trust


@kinds
@pytest.mark.parametrize("trust", ["validate_certs", "certificate_fingerprint", "ca_path", "server_name"])
def test_who_trusts_others_gets_a_session_of_its_own(run: Run, trust: str) -> None:
    """The token of one session reaches only servers that its tasks trust."""
    simulator = run.server.simulator
    other = run.folder / "ca.pem"
    other.write_text(f"{Path(simulator.ca_path).read_text()}\n# and more\n")
    value = {
        "validate_certs": False,
        "certificate_fingerprint": simulator.fingerprint_sha256,
        "ca_path": str(other),
        "server_name": "127.0.0.1",
    }[trust]
    tokens = []
    for options in ({}, {trust: value}, {}, {trust: value}):
        run.server.simulator.log.clear()
        answer = run.task(**options)
        assert "failed" not in answer, answer
        tokens.append(run.sign_ins)
    assert tokens == [1, 1, 0, 0]


@kinds
def test_an_authority_counts_by_what_it_is(run: Run) -> None:
    """Not by its name; and a file with another content is another one."""
    path = run.folder / "ca.pem"
    shutil.copy(run.server.simulator.ca_path, path)
    for options in ({}, {"ca_path": str(path)}, {"ca_path": str(path), "timeout": 7}):
        assert "failed" not in run.task(**options)
    assert run.sign_ins == 1
    path.write_text(f"{path.read_text()}\n# and more\n")
    assert "failed" not in run.task(ca_path=str(path))
    assert run.sign_ins == 2


# -- a password that the run itself changes


@pytest.fixture(name="own")
def fixture_own(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run that changes the password of its own account."""
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    return Run(start, KINDS[0], tmp_path)


def change(run: Run, **how: t.Any) -> Answer:
    simulator, session = run.server.simulator, {"file": str(run.file)}
    how = {"as_session": session, **how}
    answer = run.server.manage(
        USER, name=simulator.username, password=NEW, update_password="always", allow_self=True, **how
    )
    assert "failed" not in answer, answer
    return answer


def statuses(run: Run) -> list[int]:
    return [one.status for one in run.server.simulator.log if one.path.endswith(run.kind.sign_in)]


def test_a_run_that_changes_its_own_password_goes_on(own: Run) -> None:
    """With the old one in all its tasks, also when the session ends and whichever servers they trust; no sign-in fails."""
    old = own.server.connection
    own.task()
    change(own, **old)
    assert own.server.simulator.password_is(old["as_username"], NEW)
    for options in ({}, {"validate_certs": False}, {"as_node": None}):
        assert "failed" not in own.task(**old, **options)
    own.server.simulator.clock.advance(600)
    for options in ({}, {"validate_certs": False}, {}):
        assert "failed" not in own.task(**old, **options)
    assert set(statuses(own)) == {200}


def test_who_gives_the_new_password_shares_the_session(own: Run) -> None:
    old = own.server.connection
    own.task()
    assert own.task(as_password=NEW)["failed"], "it is not the password yet"
    change(own, **old)
    before = len(statuses(own))
    assert "failed" not in own.task(as_password=NEW)
    assert "failed" not in own.task(**old)
    assert len(statuses(own)) == before


def test_a_password_that_is_changed_elsewhere_is_said_and_the_old_one_not_tried(own: Run) -> None:
    """A module on another machine cannot tell the new one; the session that there is goes on until it ends."""
    old = own.server.connection
    elsewhere = own.sign_in_for(is_local=False)
    handed = elsewhere.options(old)["as_session"]
    answer = change(own, as_session=handed)
    assert NEW not in text_of(answer)
    elsewhere.remember(answer["sign_in_refused"])
    assert "failed" not in own.task(**old)
    own.server.simulator.clock.advance(600)
    refused = own.task(**old)
    assert "was changed in this run by a task on another machine. This task has the old one" in refused["msg"]
    assert set(statuses(own)) == {200}


# -- what the action plugin hands to modules that run elsewhere


def tokens_in(state: dict[str, t.Any]) -> set[str]:
    sessions = [session for known in state["known"].values() for session in known["sessions"].values()]
    return {session["token"] for session in sessions if "token" in session}


@kinds
def test_elsewhere_only_the_session_of_the_task_is_known(run: Run) -> None:
    """And what the module is handed is used there, whatever the authorities of that machine are."""
    run.task(validate_certs=False)
    run.task(**{run.kind.secret: "not-this-one"})
    option = f"{run.kind.prefix}session"
    handed = run.sign_in_for(is_local=False).options(run.server.connection)[option]
    tokens = tokens_in(json.loads(run.file.read_text()))
    [token] = tokens_in(json.loads(handed["state"]))
    assert len(tokens) == 2
    assert not any(other in handed["state"] for other in tokens - {token})
    before = run.sign_ins
    there = run.folder / "there.pem"
    there.write_text(f"{Path(run.server.simulator.ca_path).read_text()}\n# of another machine\n")
    assert "failed" not in run.task(**{option: handed}, ca_path=str(there))
    assert run.sign_ins == before


@kinds
def test_a_refusal_that_a_module_met_elsewhere_counts_for_the_same_secret_alone(run: Run) -> None:
    here = run.sign_in_for(is_local=True)
    here.options({**run.server.connection, run.kind.secret: "not-this-one"})
    here.remember("It was refused elsewhere.")
    assert run.task(**{run.kind.secret: "not-this-one"})["msg"] == "It was refused elsewhere."
    assert run.sign_ins == 0
    assert "failed" not in run.task()


# -- where the codes that were used are remembered


@pytest.fixture(name="home")
def fixture_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """ANSIBLE_HOME and the temporary folder of a run, as far as codes are concerned."""
    monkeypatch.setattr(constants, "ANSIBLE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path / "run"))
    (tmp_path / "run").mkdir()
    return tmp_path / "home/vpn.estate"


def spoil_file(deed: t.Callable[[Path], object]) -> t.Callable[[Path], object]:
    def spoil(folder: Path) -> None:
        folder.mkdir(parents=True, mode=0o700)
        deed(folder / "totp-key")

    return spoil


def owned_by_another(path: Path) -> None:
    path.write_text("1")
    os.chown(path, 65534, 65534)


def linked_twice(path: Path) -> None:
    path.write_text("1")
    path.chmod(0o600)
    os.link(path, path.with_name("other"))


def writable(path: Path) -> None:
    path.write_text("1")
    path.chmod(0o666)


def folder_of_another(path: Path) -> None:
    path.mkdir(parents=True)
    os.chown(path, 65534, 65534)


def open_folder(path: Path) -> None:
    path.mkdir(parents=True)
    path.chmod(0o777)


def linked_folder(path: Path) -> None:
    path.parent.mkdir()
    (path.parent / "real").mkdir(mode=0o700)
    path.symlink_to(path.parent / "real")


SPOILED: dict[str, tuple[t.Callable[[Path], object], str]] = {
    "folder of another": (folder_of_another, "it belongs to another user"),
    "folder that others write into": (open_folder, "other users can write to it"),
    "link to a folder": (linked_folder, "it is not a folder"),
    "file in the place of the folder": (lambda path: (path.parent.mkdir(), path.write_text("")), "File exists"),
    "file of another": (spoil_file(owned_by_another), "it belongs to another user"),
    "hard link": (spoil_file(linked_twice), "it has several names (hard links)"),
    "file that others write": (spoil_file(writable), "other users can use it"),
    "symbolic link": (spoil_file(lambda path: path.symlink_to(path.parent / "other")), "Too many levels"),
    "pipe": (spoil_file(os.mkfifo), "it is not a regular file"),
    "folder": (spoil_file(Path.mkdir), "Is a directory"),
}


@pytest.mark.parametrize("spoiled", SPOILED)
def test_what_others_can_get_at_is_not_used_and_that_is_said(home: Path, spoiled: str) -> None:
    deed, why = SPOILED[spoiled]
    if "another" in spoiled and os.geteuid():
        pytest.skip("only root can give a file to another user")
    deed(home)
    said: list[str] = []
    path = codes_file("key", said.append)
    assert path == f"{constants.DEFAULT_LOCAL_TMP}/totp-key"
    [warning] = said
    assert warning.startswith(f"{home}")
    assert why in warning
    assert claim_code(path, 7) == 7


def test_a_file_of_our_own_is_used_and_closed_for_others(home: Path) -> None:
    said: list[str] = []
    path = Path(codes_file("key", said.append))
    assert (path, said) == (home / "totp-key", [])
    assert home.stat().st_mode & 0o777 == 0o700
    path.chmod(0o644)
    assert claim_code(codes_file("key", said.append), 7) == 7
    assert (path.stat().st_mode & 0o777, said) == (0o600, [])


@pytest.mark.parametrize("spoiled", [name for name in SPOILED if "folder" not in name])
def test_every_locked_file_is_our_own(tmp_path: Path, spoiled: str) -> None:
    """Files of sessions and of codes alike."""
    if "another" in spoiled and os.geteuid():
        pytest.skip("only root can give a file to another user")
    SPOILED[spoiled][0](tmp_path / "vpn.estate")
    with pytest.raises(EstateError, match="cannot be used: "), locked(str(tmp_path / "vpn.estate/totp-key")):
        pytest.fail("it was opened")


def test_a_password_that_is_taken_back_outdates_nothing(own: Run) -> None:
    """Back to the one before the task, which is not the one that the task gives where another task has changed it."""
    own.task()
    change(own, **own.server.connection)
    undone: list[str] = []

    def work(run: t.Any) -> Answer:
        run.client.session.use_password("Third-Horse-3")
        undone.append(run.client.session.password_before)
        run.client.session.use_password(undone[0])
        return {"changed": False}

    options = {**own.server.connection, "as_session": {"file": str(own.file)}}
    assert "failed" not in own.server.run(work, {}, **options)
    assert undone == [NEW]
    own.server.simulator.clock.advance(600)
    assert "failed" not in own.task(**own.server.connection)
    given = own.server.connection["as_password"]
    answer = own.server.run(lambda run: {"answer": run.client.session.use_password(given), "changed": False}, {})
    assert answer["answer"] == ""
