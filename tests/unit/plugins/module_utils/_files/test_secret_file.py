# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files with secrets: their owner's alone, whole or not at all, and never somewhere else than they seem."""

from __future__ import annotations

import os
import stat
import threading
import typing as t
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._files.secret_file import SecretFile
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import EstateError, InputError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
@pytest.mark.parametrize("before", [None, 0o644, 0o600])
def test_what_is_written_is_its_owners_alone(tmp_path: Path, mask: int, before: int | None) -> None:
    path = tmp_path / "key"
    if before is not None:
        path.write_text("old")
        path.chmod(before)
    kept = os.umask(mask)
    try:
        SecretFile("dest", str(path)).write("secret\n")
    finally:
        os.umask(kept)
    assert path.read_text() == "secret\n"
    assert mode(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_program_that_reads_meanwhile_gets_a_complete_text(tmp_path: Path) -> None:
    file = SecretFile("dest", str(tmp_path / "key"))
    texts = [letter * 200_000 for letter in "ab"]
    file.write(texts[0])
    done, seen = threading.Event(), set()

    def read() -> None:
        while not done.is_set():
            seen.add(file.read())

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(60):
        file.write(texts[turn % 2])
    done.set()
    reader.join()
    assert seen <= set(texts)


UNUSABLE: dict[str, tuple[t.Callable[[Path], object], str]] = {
    "link": (lambda path: path.symlink_to(path.parent / "elsewhere"), "is a symbolic link"),
    "folder": (lambda path: path.mkdir(), "exists and is not a file"),
    "pipe": (os.mkfifo, "exists and is not a file"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_what_is_no_file_is_refused(tmp_path: Path, case: str) -> None:
    prepare, sentence = UNUSABLE[case]
    prepare(tmp_path / "key")
    with pytest.raises(InputError, match=f"dest: {tmp_path}/key {sentence}"):
        SecretFile("dest", str(tmp_path / "key")).refuse_unusable()


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no folder"):
        SecretFile("dest", str(tmp_path / "no" / "key")).refuse_unusable()


def test_a_link_that_comes_in_between_is_replaced_and_not_followed(tmp_path: Path) -> None:
    path, elsewhere = tmp_path / "key", tmp_path / "elsewhere"
    elsewhere.write_text("theirs")
    path.symlink_to(elsewhere)
    SecretFile("dest", str(path)).write("secret")
    assert elsewhere.read_text() == "theirs"
    assert not path.is_symlink()


def test_a_failure_leaves_what_was_there_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "key"
    path.write_text("old")

    def full(number: int) -> t.NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EstateError, match="cannot be written: No space left on device"):
        SecretFile("dest", str(path)).write("secret")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_room_is_kept_before_there_is_a_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without room, this is an error before the text exists; with room, a text can use the room of a longer one."""
    path = tmp_path / "key"
    path.write_text("old")
    with SecretFile("dest", str(path)).room(1 << 16) as keep:
        [kept] = [one for one in tmp_path.iterdir() if one != path]
        assert (kept.stat().st_size, mode(kept)) == (1 << 16, 0o600)
        assert path.read_text() == "old"
        keep("new")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]
    with SecretFile("dest", str(path)).room(1 << 16):
        pass
    assert path.read_text() == "new"

    def full(number: int) -> t.NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with (
        pytest.raises(InputError, match="cannot be written: No space left on device"),
        SecretFile("dest", str(path)).room(1 << 16),
    ):
        raise AssertionError("there is no room")
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_removed_may_be_gone(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("old")
    for _turn in range(2):
        SecretFile("dest", str(path)).remove()
    assert not path.exists()


def test_others_lose_what_they_could_do(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("secret")
    path.chmod(0o640)
    file = SecretFile("dest", str(path))
    assert not file.is_private
    file.make_private()
    assert file.is_private
    assert mode(path) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_an_owner_who_is_another_user_loses_it_too(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("secret")
    path.chmod(0o600)
    os.chown(path, 65534, 65534)
    file = SecretFile("dest", str(path))
    assert not file.is_private
    file.make_private()
    assert file.is_private
    assert (path.stat().st_uid, path.read_text()) == (0, "secret")


@pytest.mark.parametrize(("content", "read"), [(None, None), (b"text\r\n", "text\r\n"), (b"\xff\xfe", "")])
def test_reading_never_fails_over_what_a_file_holds(tmp_path: Path, content: bytes | None, read: str | None) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    assert SecretFile("dest", str(path)).read() == read


@pytest.mark.parametrize("case", UNUSABLE)
def test_what_is_no_file_is_not_read(tmp_path: Path, case: str) -> None:
    """And it is not waited for: a pipe may never get a writer."""
    prepare, sentence = UNUSABLE[case]
    prepare(tmp_path / "key")
    for work in (SecretFile.read, SecretFile.make_private):
        with pytest.raises(EstateError):
            work(SecretFile("dest", str(tmp_path / "key")))
