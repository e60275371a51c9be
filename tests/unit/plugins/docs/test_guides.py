# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guides show what is so: their YAML is valid, and their commands print what they show, against simulated servers."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.vpn.estate.tests.simulator.database import available
from ansible_collections.vpn.estate.tests.unit.plugins.support.guide import GUIDES, LABEL, ROOT, Guide
from ansible_collections.vpn.estate.tests.unit.plugins.support.reader import DATABASE, Reader, missing

NAMES = sorted(path.stem for path in GUIDES.glob("*.rst"))
QUICK = ("guide_first_hour",)  # whose commands run in `make test`, too
SOUND = """\
.. servers: vpn1.example.com (Access Server)

.. code-block:: yaml
   :caption: inventory/hosts.yml

   access_servers:
     hosts:
       vpn1.example.com:
         greeting: hello

.. code-block:: yaml

   access_server_users:
     - {name: erika, group: staff, until: 2026-12-31}
     - {name: max, password: "{{ vault_max_password }}", autologin: "{{ greeting == 'hello' }}"}

.. run:

   $ cat ./FRAGMENT
     - {name: erika,

.. code-block:: yaml

   - name: Bring erika in
     vpn.estate.as_user:
       name: "{{ user }}"
       group: "{{ greeting }}"

.. run:

   $ cat FRAGMENT
     hosts: access_servers
         vpn.estate.as_user

.. code-block:: console

   $ printf 'PLAY [Check] %s\\n\\nok:   [vpn1]  =>  same\\n' '************'
   PLAY [Check] ***
   ok: [vpn1] => ...

.. code-block:: console
   :caption: fails

   $ cat inventory/hosts.yml; \\
     : -e user=erika site.yml; false
   access_servers:

.. code-block:: yaml
   :caption: site.yml

   - name: Show the user
     hosts: all
     tasks:
       - name: Show it
         ansible.builtin.debug:
"""


@pytest.mark.parametrize("name", NAMES)
def test_what_a_guide_declares_is_valid(name: str) -> None:
    found = list(Guide.read(GUIDES / f"{name}.rst").faults())
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.exhaustive) for name in NAMES]
)
def test_the_commands_of_a_guide_print_what_it_shows(name: str, tmp_path: Path, start: t.Callable[..., t.Any]) -> None:
    guide = Guide.read(GUIDES / f"{name}.rst")
    if DATABASE in guide.servers.values() and available():
        pytest.skip(available())
    found = list(Reader(guide, tmp_path, start).faults())
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", NAMES)
def test_a_guide_has_a_label_and_a_place(name: str) -> None:
    text = (GUIDES / f"{name}.rst").read_text()
    assert name.startswith("guide_")
    assert f"\n.. _{LABEL}{name.removeprefix('guide_')}:\n" in f"\n{text}"
    sections = yaml.safe_load((ROOT / "docs/docsite/extra-docs.yml").read_text())["sections"]
    assert [entry for section in sections for entry in section["toctree"]].count(name) == 1


def test_a_sound_guide_has_no_faults(tmp_path: Path, start: t.Callable[..., t.Any]) -> None:
    guide = Guide("sound", SOUND)
    assert " ".join(block.language for block in guide.blocks) == "yaml yaml run yaml run console console yaml"
    assert [*guide.faults(), *Reader(guide, tmp_path, start).faults()] == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("group: staff", "grup: staff", "'grup' was unexpected"),
        ("until: 2026-12-31", "deny: perhaps", "access_server_users.0.deny: 'perhaps'"),
        ('group: "{{', 'grup: "{{', "vpn.estate.as_user: Additional properties"),
        ("vpn.estate.as_user:", "vpn.estate.as_usr:", "vpn.estate.as_usr: the collection has no such module"),
        ("access_server_users:", "access_server_user:", "access_server_user: the collection has no such variable"),
        ("vault_max_password", "max_password", "the template needs max_password, which is not defined"),
        ("       greeting: hello", "       greting: hello", "the template needs greeting, which is not defined"),
        ("{{ greeting }}", "{{ greeting", "is not a template"),
        ("{{ greeting }}", "{{ greeting | vpn.estate.poeple }}", "No filter named 'vpn.estate.poeple'"),
        ("hosts:\n", "host:\n", "access_servers: host is nothing that a group of an inventory has"),
        (":caption: fails", ":caption: failed", "and not failed"),
        ("   $ printf", "   printf", "begins with a command"),
        ("cat ./FRAGMENT", "true", "nothing runs it"),
        (".. run:\n\n   $ cat FRAGMENT", ".. code-block:: text\n\n   $ cat FRAGMENT", "nothing runs it"),
        ("   $ cat FRAGMENT", "   cat FRAGMENT", "begins with a command"),
        ("erika site.yml", "erika other.yml", "nothing runs it"),
        ("-e user=", "-e usr=", "the template needs user, which is not defined"),
        (".. servers", f"See :ref:`it <{LABEL}elsewhere>`.\n\n.. servers", f"there is no label {LABEL}elsewhere"),
    ],
)
def test_faults_in_what_a_guide_declares_are_found(old: str, new: str, fault: str) -> None:
    assert SOUND.count(old) == 1
    found = list(Guide("faulty", SOUND.replace(old, new)).faults())
    assert fault in "\n".join(found)
    assert all(re.match(r"faulty:\d+: ", one) for one in found)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("   ok: [vpn1] => ...", "   ok: [vpn2] => ...", "does not print this line"),
        (
            "   PLAY [Check] ***\n   ok: [vpn1] => ...",
            "   ok: [vpn1] => same\n   PLAY [Check] ***",
            "not in this order",
        ),
        ("site.yml; false\n", "site.yml; true\n", "ends with the status 0"),
        ("   $ printf", "   $ exit 3; printf", "ends with the status 3"),
        ("cat inventory/hosts.yml", "cat hosts.yml", "does not print this line"),
        ("     hosts: access_servers", "     hosts: freeboxes", "does not print this line"),
    ],
)
def test_faults_in_what_commands_print_are_found(
    old: str, new: str, fault: str, tmp_path: Path, start: t.Callable[..., t.Any]
) -> None:
    assert SOUND.count(old) == 1
    [found] = Reader(Guide("faulty", SOUND.replace(old, new)), tmp_path, start).faults()
    assert fault in found


def test_a_reader_uses_the_servers_of_the_guide(tmp_path: Path, start: t.Callable[..., t.Any]) -> None:
    pin = ":".join(["AB"] * 32)
    text = f"""\
.. servers: vpn1.example.com (Access Server), box.example.net (Freebox)

.. code-block:: yaml
   :caption: hosts.yml

   as_url: https://vpn1.example.com:943
   by_name: "https://{{{{ inventory_hostname }}}}.example.com:943"
   as_certificate_fingerprint: {pin}
   freebox_url: https://box.example.net
   dest: /home/ada/vpn/one

.. simulator: vpn1.example.com group {{"name": "staff"}}

.. simulator: vpn1.example.com user {{"name": "erika", "group": "staff"}}

.. code-block:: console

   $ grep url hosts.yml; pwd
   as_url: https://vpn1.example.com:943
   freebox_url: https://box.example.net:443
   /home/ada/vpn
"""
    reader = Reader(Guide("one", text), tmp_path, start)
    assert list(reader.faults()) == []
    server, box = reader.servers.values()
    assert yaml.safe_load((reader.folder / "hosts.yml").read_text()) == {
        "as_url": server.url,
        "by_name": f"{{{{ {{'vpn1': '{server.url}'}}[inventory_hostname] }}}}",
        "as_certificate_fingerprint": server.fingerprint_sha256,
        "freebox_url": box.url,
        "dest": str(reader.folder / "one"),
    }
    assert server.machine.state()["users"]["erika"]["group"] == "staff"


def test_a_fingerprint_is_shown_in_any_form() -> None:
    assert list(missing(["it is " + "AB" * 32], "it is " + ":".join(["cd"] * 32))) == []
