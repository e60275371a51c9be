# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module for tests, with what modules can have and do; run as a program, it answers as a module for each case.

The program reads cases from stdin and writes one line for each. It must load nothing of Ansible's controller, in whose
presence Ansible's module library behaves otherwise.
"""

from __future__ import annotations

import json
import os
import sys
import typing as t

from ansible.module_utils import basic
from ansible.module_utils.common.parameters import PASS_VARS
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Answer, Body, run
from ansible_collections.vpn.estate.plugins.module_utils._engine.product import Product
from ansible_collections.vpn.estate.plugins.module_utils._engine.run import Run
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import InputError

SECRET = "mArKeD-sEcReT-7"
CREATED = "cReAtEd-7-bY-a-TaSk"


class NoServer:
    """A client that reaches no server."""

    url, asked, wrote = "https://no-server", "nothing", False

    def __init__(self) -> None:
        self.cautions = ["No server is there."]
        self.secrets: set[str] = set()

    def close(self) -> None:
        """Nothing was open."""


def work(run: Run[t.Any]) -> Answer:
    """What a module might do, and what it must not."""
    params = run.task.params
    run.task.warn(f"The name is {params['name']}.")
    if params["name"] == "breaks":
        raise KeyError(f"{params['secret']} {params['name']}")
    if params["name"] == "exits":
        sys.exit(params["secret"])
    if params["name"] == "refuses":
        raise InputError(f"{params['secret']} is not good enough.")
    if params["name"] == "creates":
        return {"changed": True, "created": {"content": run.task.made(CREATED)}}
    text = f"the secret is {params['secret']}"
    return {"changed": not run.task.check, "told": [text, {"secret": (1, 2.5, None)}], "template": "{{ 6 * 7 }}"}


class Specimen(Product):
    """A product without servers."""

    def connect(self, params: t.Mapping[str, t.Any], read_only: bool) -> NoServer:
        return NoServer()


BODY = Body(
    Specimen(),
    {
        "name": {
            "type": "str",
            "required": True,
            "aliases": ["title", "label"],
            "deprecated_aliases": [{"name": "label", "version": "9.0.0", "collection_name": "vpn.estate"}],
        },
        "number": {"type": "int", "default": 3},
        "old": {"type": "str", "removed_in_version": "8.0.0", "removed_from_collection": "vpn.estate"},
        "secret": {"type": "str", "no_log": True, "fallback": (basic.env_fallback, ["TEST_SECRET"])},
        "parts": {
            "type": "list",
            "elements": "dict",
            "options": {
                "size": {
                    "type": "int",
                    "aliases": ["length"],
                    "deprecated_aliases": [{"name": "length", "date": "2031-01-01", "collection_name": "vpn.estate"}],
                },
                "key": {"type": "str", "no_log": True},
            },
        },
    },
    work,
    {"mutually_exclusive": [("old", "parts")]},
)
CASES: dict[str, dict[str, t.Any]] = {
    "it goes well": {"name": "ana", "secret": SECRET, "number": "7"},
    "nothing happens": {"name": "ana", "secret": SECRET, "_ansible_check_mode": True},
    "a warning that holds a secret": {"name": f"ana {SECRET}", "secret": SECRET},
    "a secret that the task creates": {"name": "creates", "secret": SECRET},
    "a deprecated option": {"name": "ana", "old": "yes"},
    "an alias": {"title": "ana"},
    "a deprecated alias beside the option": {"name": "ana", "label": "ben", "secret": SECRET},
    "a deprecated alias further down": {"name": "ana", "parts": [{"length": 1, "key": SECRET}, {"size": "2"}]},
    "an option that there is none": {"name": "ana", "secret": SECRET, "sekret": SECRET, "colour": "blue"},
    "the same further down": {"name": "ana", "parts": [{"sighs": 1, "key": SECRET}]},
    "a value that does not fit": {"name": "ana", "number": SECRET, "secret": SECRET},
    "what excludes each other": {"name": "ana", "old": "yes", "parts": []},
    "something lacks": {"secret": SECRET},
    "a number for a secret": {"name": "ana", "secret": 1024, "number": 1024},
    "input that is refused": {"name": "refuses", "secret": SECRET},
    "a defect": {"name": "breaks", "secret": SECRET},
    "an exit": {"name": "exits", "secret": SECRET},
    "a list that is none": {"name": "ana", "secret": SECRET, "parts": 3},
    "a list of something else": {"name": "ana", "secret": SECRET, "parts": ["one", {"key": "another-sEcReT"}]},
}


def one_module_each(cases: list[dict[str, t.Any]]) -> None:
    """Run the body as a module for each case, in a process of its own."""
    for arguments in cases:
        if not os.fork():
            given = dict(arguments)
            if "inject_invocation" in PASS_VARS:  # else arguments are always repeated
                given["_ansible_inject_invocation"] = True
            given["_ansible_module_name"] = "vpn.estate.as_test"
            basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": given}).encode()
            basic._ANSIBLE_PROFILE = "legacy"
            run(BODY)
        os.wait()


if __name__ == "__main__":
    one_module_each(json.load(sys.stdin))
