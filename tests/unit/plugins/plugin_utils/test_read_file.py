# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that a task reads: regular ones, of limited size, and never with a wait."""

from __future__ import annotations

import contextlib
import os
import threading
import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible.parsing.vault import VaultLib
from ansible_collections.vpn.estate.plugins.module_utils._access_server.pki.web_certificate import (
    SOURCES,
    apply_certificate,
)
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.declaration import DECLARATION
from ansible_collections.vpn.estate.plugins.module_utils._engine.declaration_files import read_files
from ansible_collections.vpn.estate.plugins.module_utils._engine.run import Run, Task
from ansible_collections.vpn.estate.plugins.module_utils._files.read_file import MEGABYTE, plain_read
from ansible_collections.vpn.estate.plugins.module_utils._files.secret_file import SecretFile
from ansible_collections.vpn.estate.plugins.module_utils._net.connection_options import reach_spec, trust
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import EstateError, InputError
from ansible_collections.vpn.estate.plugins.modules.ovpn_file_info import look_at
from ansible_collections.vpn.estate.plugins.plugin_utils._module_action import ModuleAction

RULES = {"options": {"name": {"required": True}}}
CONTENT = '[{"name": "anna"}]'
Reader = Callable[[str], t.Any]


def action() -> ModuleAction:
    """An action with what it needs to read a file."""
    found = ModuleAction.__new__(ModuleAction)
    found._loader = SimpleNamespace(_vault=VaultLib())
    return found


def certificate(path: str) -> t.Any:
    """Read a file as as_web_certificate does."""
    return apply_certificate(Run(None, Task({**dict.fromkeys(SOURCES.values()), "certificate_src": path})))


def authorities(path: str) -> t.Any:
    """Trust a file as every module does; a library opens it later."""
    given = {name: option.get("default") for name, option in reach_spec("as_").items()}
    return trust({**given, "as_ca_path": path}, "as_")


def default_user(path: str) -> t.Any:
    """Read a file of the folder that declares a whole server."""
    folder = Path(path).parent / "server"
    folder.mkdir()
    (folder / "default_user.json").symlink_to(path)
    given = {name: option.get("default") for name, option in DECLARATION.argument_spec().items()}
    return DECLARATION.declared(Run(None, Task({**given, "src": str(folder)})))


READERS: dict[str, Reader] = {
    "src of a whole server": default_user,
    "src": lambda path: read_files(path, "users", RULES, plain_read),
    "src in the controller's process": lambda path: read_files(path, "users", RULES, action()._read),
    "certificate_src": certificate,
    "ca_path": authorities,
    "dest": lambda path: SecretFile("dest", path).read(),
    "path of ovpn_file_info": lambda path: (look_at(path)["content"] is None) or pytest.fail("it was read"),
}
readers = pytest.mark.parametrize("reader", READERS.values(), ids=READERS)


@pytest.fixture(name="pipe")
def fixture_pipe(tmp_path: Path) -> Iterator[Path]:
    """A pipe with a valid text for each reader."""
    path = tmp_path / "a.json"
    os.mkfifo(path)

    def write() -> None:
        with contextlib.suppress(BrokenPipeError):
            path.write_text(CONTENT)

    writer = threading.Thread(target=write)
    writer.start()
    yield path
    reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # lets the writer go on, if nothing has read
    writer.join()
    os.close(reading)


def refusal(reader: Reader, path: Path) -> str:
    """The message about a file that cannot be read; empty if the answer itself has it."""
    try:
        reader(str(path))
    except EstateError as exc:
        return str(exc)
    return ""


@readers
def test_a_pipe_is_refused_and_not_waited_for(reader: Reader, pipe: Path) -> None:
    message = refusal(reader, pipe)
    assert (
        message == ""
        or "not a regular file" in message
        or "there is no file" in message
        or "exists and is not a file" in message
    )
    assert (message == "") is (reader is READERS["path of ovpn_file_info"])


@readers
def test_a_device_is_refused_also_behind_a_link(reader: Reader, tmp_path: Path) -> None:
    link = tmp_path / "a.json"
    link.symlink_to("/dev/null")
    message = refusal(reader, link)
    assert (message == "") is (reader is READERS["path of ovpn_file_info"])
    assert "JSON" not in message


def test_a_pipe_in_a_folder_of_files(pipe: Path) -> None:
    (pipe.parent / "b.json").write_text(CONTENT)
    with pytest.raises(InputError, match=r"^src: .*/a\.json cannot be read: it is not a regular file\.$"):
        read_files(str(pipe.parent), "users", RULES, plain_read)


def test_a_file_has_a_size_that_the_environment_can_raise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    path.write_text(CONTENT)
    os.truncate(path, MEGABYTE + 1)
    monkeypatch.setenv("VPN_ESTATE_SRC_LIMIT", "1")
    with pytest.raises(
        InputError, match=r"a\.json cannot be read: it is larger than 1 MB\. Set vpn_estate_src_limit to a"
    ):
        read_files(str(path), "users", RULES, plain_read)
    monkeypatch.setenv("VPN_ESTATE_SRC_LIMIT", "2")
    assert len(plain_read(str(path))) == MEGABYTE + 1
    monkeypatch.setenv("VPN_ESTATE_SRC_LIMIT", "plenty")
    with pytest.raises(
        InputError,
        match=r"^vpn_estate_src_limit: 'plenty' is not a whole number of megabytes; the smallest value is 1\.$",
    ):
        plain_read(str(path))


@pytest.mark.parametrize("environment", [None, {"A": "b"}, [{"A": "b"}]], ids=repr)
def test_the_variable_reaches_the_module_wherever_it_runs(environment: t.Any) -> None:
    found = action()
    found._templar = SimpleNamespace(template=lambda value: value)
    found._connection = SimpleNamespace(_shell=SimpleNamespace(env_prefix=lambda **variables: ""))
    found._task = SimpleNamespace(environment=environment)
    found._pass_on("vpn_estate_src_limit", {})
    assert found._task.environment == environment
    found._pass_on("vpn_estate_src_limit", {"vpn_estate_src_limit": 256})
    given: dict[str, t.Any] = {}
    found._compute_environment_string(given)
    assert given == {"VPN_ESTATE_SRC_LIMIT": "256", **({"A": "b"} if environment else {})}
