# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that does not answer is a failed task with a sentence: the host, which Ansible reached, is not unreachable."""

from __future__ import annotations

import importlib

import pytest
from ansible_collections.vpn.estate.plugins.plugin_utils._in_process import perform
from ansible_collections.vpn.estate.tests.unit.plugins.modules.test_modules import OF_SERVERS

NOWHERE = "https://127.0.0.1:9"
CONNECTIONS = {
    "as_": {"as_url": NOWHERE, "as_username": "openvpn", "as_password": "Marker-Password-7!", "as_timeout": 1},
    "freebox_": {
        "freebox_url": NOWHERE,
        "freebox_app_id": "vpn.estate",
        "freebox_app_token": "Marker-Token-7!",
        "freebox_timeout": 1,
    },
}


@pytest.mark.parametrize("name", [name for name in OF_SERVERS if name.endswith("_info")])
def test_a_server_that_does_not_answer_is_a_failure_with_its_address(name: str) -> None:
    body = importlib.import_module(f"ansible_collections.vpn.estate.plugins.modules.{name}").BODY
    [given] = [dict(options) for prefix, options in CONNECTIONS.items() if name.startswith(prefix)]
    if "certificate" in body.options:
        given["certificate"] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    known = {option: value for option, value in given.items() if option in body.argument_spec}
    answer = perform(body, name, known, check=False, invocation=False)
    assert answer["failed"] is True
    assert NOWHERE in answer["msg"]
    assert "unreachable" not in answer
    assert "exception" not in answer
