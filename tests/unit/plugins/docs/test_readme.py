# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""README.md is short, names what exists, and shows what happens; links between the pages of the repository lead somewhere."""

from __future__ import annotations

import re
import textwrap
import typing as t
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.tests.unit.plugins.support.guide import ROOT, Guide
from ansible_collections.vpn.estate.tests.unit.plugins.support.reader import Reader

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = ["*.md", "docs/*.md", "playbooks/**/*.md", "roles/*/README.md"]
LINK = re.compile(r"\]\(([^()\s]+)\)")


def guide() -> Guide:
    """The first server of README.md, in the form of a guide."""
    files = re.findall(r"^```yaml\n# (\S+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    [output] = re.findall(r"^```text\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    check, site = re.findall(r"^    (ansible-playbook .*?) +#", README, re.MULTILINE)
    blocks = [f".. code-block:: yaml\n   :caption: {path}\n\n{textwrap.indent(text, '   ')}" for path, text in files]
    console = textwrap.indent(f"$ {check}\n{output}$ {site}\n", "   ")
    return Guide(
        "README",
        "\n".join([".. servers: vpn1.example.com (Access Server)\n", *blocks, f".. code-block:: console\n\n{console}"]),
    )


def anchors(page: Path) -> set[str]:
    """What a link to a heading of the page has after the sign #."""
    text = page.read_text(encoding="utf-8")
    found = re.findall(r"^#+ (.+)$|^(\S.*)\n(?:=+|-+|~+)$", text, re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for one in found for title in "".join(one).lower().splitlines()
    }


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= 150


def test_modules_playbooks_and_filters_that_it_names_exist() -> None:
    for name in re.findall(r"`((?:as|freebox|declaration|sacli)_\w+)`", README):
        assert (ROOT / f"plugins/modules/{name}.py").is_file(), name
    for name in re.findall(r"vpn\.estate\.(\w+)", README):
        kinds = ("playbooks/{}.yml", "roles/{}/README.md", "plugins/modules/{}.py", "plugins/callback/{}.py")
        assert any((ROOT / kind.format(name)).is_file() for kind in kinds), name
    for name in re.findall(r"filter `(\w+)`", README):
        assert (ROOT / f"plugins/filter/{name}.yml").is_file(), name
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"\bmake ([\w-]+)(?:`|  )", README):
        assert re.search(rf"(?<![\w-]){target}(?![\w-])", makefile), target


def test_what_it_declares_is_valid() -> None:
    found = guide()
    assert [block.caption for block in found.blocks] == [
        "inventory/hosts.yml",
        "inventory/group_vars/access_servers.yml",
        "",
    ]
    assert list(found.faults()) == []


@pytest.mark.exhaustive
def test_its_commands_print_what_it_shows(tmp_path: Path, start: t.Callable[..., t.Any]) -> None:
    assert list(Reader(guide(), tmp_path, start).faults()) == []


@pytest.mark.parametrize(
    "page", sorted(path for pattern in PAGES for path in ROOT.glob(pattern)), ids=lambda path: path.stem
)
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        path, _sign, anchor = link.partition("#")
        if re.match(r"\w+:", link):
            continue
        target = page.parent / path if path else page
        assert target.exists(), f"{link} leads to no file"
        if anchor:
            assert anchor in anchors(target), f"{link} leads to no heading"
