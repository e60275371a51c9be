# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking for secrets wherever a run may have left them."""

from __future__ import annotations

import base64
import html
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from ansible_collections.vpn.estate.tests.unit.plugins.support.playbook import Folder


class Secrets:
    """Secrets of a server and of a play, with what marks secrets beside them, and where they were found.

    ``sources`` are files that the play itself is made of, or was asked to make: they need not keep a secret from its author.
    """

    def __init__(self, known: Iterable[str], marks: Iterable[str], sources: Iterable[str]) -> None:
        self.known, self._marks, self._sources = list(known), list(marks), set(sources)

    def found_in(self, text: str) -> Iterator[str]:
        """Lines in which there is a secret or a part of one, in one form or another."""
        forms = [
            *self._marks,
            *(form for word in self.known for form in (word, quote(word), html.escape(word), json.dumps(word)[1:-1])),
            *(base64.b64encode(word.encode()).decode().rstrip("=") for word in self.known),
        ]
        for line in text.splitlines():
            if any(form in line for form in forms):
                yield line[:300]

    def found_below(self, folder: Path) -> Iterator[str]:
        """The same for every file that a run has left, by its name and what is in it."""
        for path in sorted(folder.rglob("*")):
            for line in self.found_in(str(path.relative_to(folder))):
                yield f"the name {line}"
            if path.is_file() and not path.is_symlink() and path.name not in self._sources:
                for line in self.found_in(path.read_bytes().decode("utf-8", "replace")):
                    yield f"{path.relative_to(folder)}: {line}"


def sinks(folder: Folder) -> dict[str, str]:
    """Every place where Ansible can write."""
    return {
        "ANSIBLE_DEBUG": "1",
        "ANSIBLE_PIPELINING": "0",
        "ANSIBLE_LOG_PATH": str(folder.path / "ansible.log"),
        "ANSIBLE_CACHE_PLUGIN": "jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(folder.path / "facts"),
        "ANSIBLE_CALLBACKS_ENABLED": "ansible.builtin.tree,ansible.builtin.junit",
        "ANSIBLE_CALLBACK_TREE_DIR": str(folder.path / "tree"),
        "JUNIT_OUTPUT_DIR": str(folder.path / "junit"),
    }


def until(done: Callable[[], bool]) -> None:
    """Wait, though not for ever: Ansible's wrapper of asynchronous tasks tidies up when the run may have ended already."""
    pause = threading.Event()  # time.sleep() does not wait in these tests
    for _unused in range(100):
        if done():
            return
        pause.wait(0.1)


def failures(tasks: Mapping[str, str], names: Iterable[str]) -> str:
    """Tasks of a play that must fail, by their names, each with a rescue that shows what is known of the failure."""
    return "".join(
        f"""
    - block:
        - name: {name}
          vpn.estate.{tasks[name]}
          register: outcome
        - ansible.builtin.fail: {{msg: It did not fail}}
      rescue:
        - ansible.builtin.debug: {{msg: [it failed, "{{{{ ansible_failed_result }}}}", "{{{{ outcome | default('') }}}}"]}}
        - ansible.builtin.assert: {{that: "ansible_failed_task.action is match('vpn.estate')"}}
"""
        for name in names
    )
