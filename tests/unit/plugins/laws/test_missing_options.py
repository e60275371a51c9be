# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks without the connection options that they need: refused in one sentence, which says where to give them."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
from ansible import constants
from ansible_collections.vpn.estate.plugins.modules import as_user_info, freebox_vpn_user_info
from ansible_collections.vpn.estate.plugins.plugin_utils._in_process import perform
from ansible_collections.vpn.estate.plugins.plugin_utils._shared_sign_in import SharedSignIn
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Box, Server, Simulated

PLACES = "In your own play: in the task or in module_defaults. For playbooks of vpn.estate: in {}. Or in the environment: {}."
ONE, SEVERAL = "the variable with this name", "variables with these names"
NO_ADDRESS = f"Give as_url. {PLACES.format(ONE, 'VPN_ESTATE_AS_URL')}"
NO_ACCOUNT = "Give as_username and as_password, or as_token. " + PLACES.format(
    SEVERAL, "VPN_ESTATE_AS_USERNAME and VPN_ESTATE_AS_PASSWORD"
)
NO_APPLICATION = "Give freebox_app_id and freebox_app_token, which freebox_app makes. " + PLACES.format(
    SEVERAL, "VPN_ESTATE_FREEBOX_APP_ID and VPN_ESTATE_FREEBOX_APP_TOKEN"
)
CASES = [
    (Server, ["as_url"], NO_ADDRESS),
    (Server, ["as_url", "as_username", "as_password"], NO_ADDRESS),
    (Server, ["as_username", "as_password"], NO_ACCOUNT),
    (Server, ["as_username"], NO_ACCOUNT),
    (Server, ["as_password"], NO_ACCOUNT),
    (Box, ["freebox_app_id", "freebox_app_token"], NO_APPLICATION),
    (Box, ["freebox_app_id"], NO_APPLICATION),
    (Box, ["freebox_app_token"], NO_APPLICATION),
]
BODIES = {Server: as_user_info.BODY, Box: freebox_vpn_user_info.BODY}


def inform(server: Simulated, given: dict[str, t.Any]) -> Answer:
    return perform(BODIES[type(server)], "a module", given, check=False, invocation=False)


@pytest.mark.parametrize("empty", [False, True], ids=["left out", "empty"])
@pytest.mark.parametrize(("kind", "missing", "sentence"), CASES, ids=str)
def test_what_is_missing_is_refused_before_anything_is_sent(
    start: t.Callable[..., Simulated], kind: type[Simulated], missing: list[str], sentence: str, empty: bool
) -> None:
    server = start(kind)
    given = {name: value for name, value in server.connection.items() if name not in missing}
    answer = inform(server, {**given, **(dict.fromkeys(missing, "") if empty else {})})
    assert answer == {"failed": True, "changed": False, "msg": sentence}
    assert server.simulator.log == []


@pytest.mark.parametrize(("kind", "missing", "sentence"), CASES, ids=str)
def test_each_variable_of_the_environment_that_it_names_is_taken(
    start: t.Callable[..., Simulated],
    monkeypatch: pytest.MonkeyPatch,
    kind: type[Simulated],
    missing: list[str],
    sentence: str,
) -> None:
    server = start(kind)
    given = server.connection
    for variable in re.findall("VPN_ESTATE_[A-Z_]+", sentence):
        monkeypatch.setenv(variable, given.pop(variable.removeprefix("VPN_ESTATE_").lower()))
    assert "failed" not in inform(server, given)
    assert server.simulator.log != []


@pytest.mark.parametrize(("kind", "missing", "sentence"), CASES, ids=str)
def test_no_one_signs_in_for_a_module_elsewhere_that_lacks_them(
    start: t.Callable[..., Simulated],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    kind: type[Simulated],
    missing: list[str],
    sentence: str,
) -> None:
    """The environment of its host may have them; else the module itself refuses."""
    monkeypatch.setattr(constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
    server = start(kind)
    given = {name: value for name, value in server.connection.items() if name not in missing}
    found = SharedSignIn(kind.product, is_local=False).options(given)
    assert kind.product.session_option not in found
    assert server.simulator.log == []
    assert inform(server, {**given, **found})["msg"] == sentence
