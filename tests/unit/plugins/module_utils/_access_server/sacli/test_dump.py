# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files with the output of sacli: problems are reported with the file and the key, all at once, and without values."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.sacli.dump import (
    CONFIGURATION,
    USERS,
    Dumps,
    read_dumps,
)
from ansible_collections.vpn.estate.plugins.module_utils._files.read_file import plain_read
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import InputError

SECRET = "Correct-Horse-7"
USER = {"erika": {"type": "user_connect", "pvt_password_digest": SECRET}}


def read(folder: Path, **content: bytes) -> Dumps:
    """Dumps of files with these bytes, by option."""
    paths: dict[str, str | None] = {USERS: None, CONFIGURATION: None}
    for option, data in content.items():
        path = folder / f"{option}.json"
        path.write_bytes(data)
        paths[option] = str(path)
    return read_dumps(paths, plain_read)


def test_both_are_read_as_they_are(tmp_path: Path) -> None:
    found = read(tmp_path, user_properties=json.dumps(USER).encode(), configuration=b'{"host.name": "a", "n": 1}\n')
    assert found == Dumps(USER, {"host.name": "a", "n": 1})


@pytest.mark.parametrize("option", [USERS, CONFIGURATION])
def test_one_alone_says_nothing_of_the_other(tmp_path: Path, option: str) -> None:
    found = read(tmp_path, **{option: b"{}"})
    assert (found.users, found.configuration) == (({}, None) if option == USERS else (None, {}))


def test_a_mark_of_the_encoding_and_blank_lines_do_no_harm(tmp_path: Path) -> None:
    assert read(tmp_path, user_properties=b"\xef\xbb\xbf\r\n" + json.dumps(USER).encode()).users == USER


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "{path}, line 1: this is not JSON: Expecting value."),
        (b"sacli UserPropGet\nWARNING\n{}", "{path}, line 1: this is not JSON. The dump seems to begin in line 3;"),
        (b"{}\n{}", "{path}, line 2: there is more text after the end of the dump; delete it."),
        (b'{"erika": {"type": "Correct-Horse-7"', "{path}, line 1: this is not JSON: Expecting ',' delimiter."),
        (
            b'{"erika": {"type": "Correct-Horse-7\n"}}',
            "{path}, line 1: this is not JSON: Invalid control character at.",
        ),
        (b"{'erika': {}}", "{path}, line 1: this is not JSON: Expecting property name enclosed in double quotes."),
        (json.dumps(USER).encode("utf-16"), "{path}: this is not text in UTF-8."),
        (b"[]", "{path}: this is a list, and sacli UserPropGet prints a mapping."),
        (b'"Correct-Horse-7"', "{path}: this is text, and"),
        (b'{"a":' * 100_000, "{path}: this is nested too deeply."),
        (b'{"erika": {"type": ' + b"9" * 5000 + b"}}", "{path}: it contains a number that cannot be read."),
        (
            b'{"erika": ["Correct-Horse-7"], "max": {}}',
            "{path}: erika is a list, but must be a mapping of properties.",
        ),
        (b'{"erika": null, "max": {}}', "{path}: erika is null, but"),
        (
            b'{"host.name": "Correct-Horse-7"}',
            "{path} looks like the output of sacli ConfigQuery. Set it as configuration.",
        ),
        (b"$ANSIBLE_VAULT;1.1;AES256\n", "{path} is encrypted by ansible-vault."),
    ],
    ids=lambda one: str(one)[:40],
)
def test_what_is_wrong_has_its_place(tmp_path: Path, data: bytes, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, user_properties=data)
    assert sentence.format(path=f"user_properties: {tmp_path}/user_properties.json") in str(caught.value)
    assert SECRET not in str(caught.value)


def test_properties_of_users_are_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"looks like the output of sacli UserPropGet\. Set it as user_properties"):
        read(tmp_path, configuration=json.dumps(USER).encode())


def test_all_mistakes_of_both_files_are_reported_at_once(tmp_path: Path) -> None:
    users = (
        b'{"erika": {"a": "1", "a": "2", "b": "1", "b": "1"}, "max": {"type": "x"}, "max": {}, "eva": 1,'
        b' "x": {"y": {"z": 1, "z": 2}}}'
    )
    with pytest.raises(InputError) as caught:
        read(tmp_path, user_properties=users, configuration=b'{"host.name": "a", "host.name": "b"}')
    reported = [
        f"{USERS}: {tmp_path}/{USERS}.json: {what}"
        for what in (
            "the key max occurs twice in one mapping.",
            "erika: the key a occurs twice in one mapping.",
            "erika: the key b occurs twice in one mapping.",
            "eva is a number, but must be a mapping of properties.",
        )
    ]
    reported.insert(
        1, f"{CONFIGURATION}: {tmp_path}/{CONFIGURATION}.json: the key host.name occurs twice in one mapping."
    )
    assert str(caught.value) == "5 mistakes: " + " ".join(f"({n}) {one}" for n, one in enumerate(reported, 1))


def test_a_file_that_is_not_there_hides_no_other_mistake(tmp_path: Path) -> None:
    (tmp_path / "damaged").write_text("{")
    with pytest.raises(InputError) as caught:
        read_dumps({USERS: f"{tmp_path}/none", CONFIGURATION: f"{tmp_path}/damaged"}, plain_read)
    assert "none cannot be read: No such file or directory." in str(caught.value)
    assert "damaged, line 1: this is not JSON" in str(caught.value)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="it is not a regular file"):
        read_dumps({USERS: str(tmp_path / "pipe")}, plain_read)


def test_a_huge_text_is_a_text(tmp_path: Path) -> None:
    text = "x" * 5_000_000
    found: t.Any = read(tmp_path, configuration=json.dumps({"a": text}).encode()).configuration
    assert found == {"a": text}
