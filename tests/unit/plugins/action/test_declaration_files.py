# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of declared objects in real runs: encrypted ones, relative paths, and what a run leaves of them."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible_collections.vpn.estate.tests.unit.plugins.module_utils._engine.test_declaration_files import CREATE, people
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.playbook import Folder, Run
from ansible_collections.vpn.estate.tests.unit.plugins.support.samples import PASSWORD
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import first

# While the run goes on, nothing in Ansible's private folder is what the file says in clear.
LOOK_FOR_CLEAR_TEXT: list[dict[str, t.Any]] = [
    {
        "ansible.builtin.find": {
            "paths": "{{ lookup('ansible.builtin.env', 'ANSIBLE_HOME') }}/tmp",
            "recurse": True,
            "contains": ".*auth_meth[o]d",
        },
        "register": "found",
    },
    {"ansible.builtin.assert": {"that": ["found.examined > 0", "found.matched == 0"]}},
]


class Estate:
    """A folder with a playbook that takes its users from a file beside it."""

    def __init__(self, server: Server, path: Path) -> None:
        self.server, self.folder = server, Folder(path)
        self.folder.hosts(here={"ansible_connection": "local"})

    def write(self, name: str, content: t.Any, password: str = "") -> Path:
        """A file, encrypted where there is a password."""
        path = self.folder.write(name, content)
        if password:
            secret = VaultSecret(password.encode())
            path.write_bytes(VaultLib().encrypt(path.read_bytes(), secret))
        return path

    def run(self, src: str, *arguments: str, below: str = ".", **variables: t.Any) -> Run:
        """Run the playbook, which may lie in another folder than the one that imports it."""
        play = {
            "hosts": "all",
            "gather_facts": False,
            "module_defaults": {"group/vpn.estate.access_server": self.server.connection},
            "vars": variables,
            "tasks": [{"block": [{"vpn.estate.as_user": {"src": src}}], "always": LOOK_FOR_CLEAR_TEXT}],
        }
        self.folder.write(f"{below}/people.yml", [play])
        return self.folder.play([{"ansible.builtin.import_playbook": f"{below}/people.yml"}], "-vvv", *arguments)

    def leftovers(self, text: str) -> list[str]:
        """Files in which there is a text, but those that were there before the run."""
        given = {"site.yml", "people.yml", "users.yml"}
        files = [path for path in self.folder.path.rglob("*") if path.is_file() and not path.is_symlink()]
        return [str(path) for path in files if path.name not in given and text.encode() in path.read_bytes()]


@pytest.fixture(name="estate")
def fixture_estate(server: Server, tmp_path: Path) -> Estate:
    return Estate(server, tmp_path)


SECRET_PEOPLE = [{"name": "anna", "auth_method": "local", "password": PASSWORD}, {"name": "bert"}]


@pytest.mark.versions
def test_an_encrypted_file_is_read_and_leaves_nothing(estate: Estate) -> None:
    """Beside a plain one, in a folder; what the server says of a password in it is masked."""
    estate.write("people/a.yml", SECRET_PEOPLE, password="open-sesame")
    estate.write("people/b.json", [{"name": "carl"}])
    estate.folder.write("key", "open-sesame")
    estate.server.simulator.faults.add(path=CREATE, nth=1, status=400, body={"reason": f"I do not like {PASSWORD}"})
    run = estate.run("people", "--vault-password-file=key")
    assert "1 of 3 failed" in run.output
    assert "I do not like ********" in run.output
    assert PASSWORD not in run.output
    assert run.tally["here"] == {**run.tally["here"], "ok": 2, "failed": 1}, run.output
    assert estate.leftovers(PASSWORD) == []
    assert len(people(estate.server)) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--vault-password-file=key",), "src: users.yml cannot be read: Decryption failed"),
        pytest.param(
            (),
            "src: users.yml cannot be read: A vault password or secret must be specified to decrypt users.yml",
            marks=pytest.mark.exhaustive,
        ),
    ],
    ids=["wrong", "missing"],
)
def test_a_file_that_cannot_be_decrypted(estate: Estate, arguments: tuple[str, ...], words: str) -> None:
    estate.write("users.yml", SECRET_PEOPLE, password="open-sesame")
    estate.folder.write("key", "open-barley")
    run = estate.run("users.yml", *arguments)
    assert run.status != 0
    assert words in run.output
    assert "defect" not in run.output
    assert not estate.server.writes()


@pytest.mark.parametrize("in_process", first(True, False))
def test_a_relative_path_begins_at_the_playbook(estate: Estate, in_process: bool) -> None:
    """Not where the run was started, nor at the playbook that imports it."""
    estate.write("users.yml", [{"name": "wrong"}])
    estate.write("plays/files/users.yml", SECRET_PEOPLE)
    estate.write("plays/users.yml", [{"name": "right"}])
    run = estate.run("users.yml", below="plays", vpn_estate_in_process=in_process)
    assert run.status == 0, run.output
    assert set(people(estate.server)) == {"right"}


@pytest.mark.exhaustive
def test_a_process_of_its_own_reads_no_encrypted_file(estate: Estate) -> None:
    estate.write("users.yml", SECRET_PEOPLE, password="open-sesame")
    estate.folder.write("key", "open-sesame")
    run = estate.run("users.yml", "--vault-password-file=key", vpn_estate_in_process=False)
    assert run.status != 0
    assert (
        "src: users.yml is encrypted by ansible-vault. Only a task that Ansible runs in its own process can"
        in run.output
    )
    assert not estate.server.writes()


def test_a_process_of_its_own_masks_what_a_file_holds(estate: Estate) -> None:
    estate.write("users.yml", SECRET_PEOPLE)
    estate.server.simulator.faults.add(path=CREATE, status=400, body={"reason": f"I do not like {PASSWORD}"})
    run = estate.run("users.yml", vpn_estate_in_process=False)
    assert run.status != 0
    assert "I do not like ********" in run.output
    assert PASSWORD not in run.output
    assert estate.leftovers(PASSWORD) == []
