# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A public client of Freeboxes, which others wrote, against a simulated one."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import urlsplit

import pytest

pytestmark = [
    pytest.mark.filterwarnings("ignore:ssl_context is deprecated:DeprecationWarning"),
]
APP = {"app_id": "org.example.client", "app_name": "Example", "app_version": "1", "device_name": "here"}


@pytest.fixture
def talk(box, tmp_path, monkeypatch):
    """A function that runs a conversation with the box; the client trusts its authority as the system's own."""
    from freebox_api import Freepybox

    monkeypatch.setenv("SSL_CERT_FILE", box.ca_path)
    address = urlsplit(box.url)

    def talked(conversation, version="v8"):
        async def conversed():
            client = Freepybox(app_desc=APP, token_file=tmp_path / "token", api_version=version)
            try:
                await client.open(address.hostname, address.port)
                return await conversation(client._access)
            finally:
                if hasattr(client, "_access"):
                    await client.close()
                else:
                    await client._session.close()

        return asyncio.run(conversed())

    return talked


@pytest.fixture
def paired(box, tmp_path):
    """The client has a token, and all rights."""
    token = box.machine.applications.add(APP["app_id"]).token
    (tmp_path / "token").write_text(json.dumps({**APP, "app_token": token, "track_id": 1}))


@pytest.fixture
def pressed(box):
    """A function that presses the button as soon as an app has asked and looks after it."""
    presses = []

    def at_the_button(status):
        def watch(*_unused):
            presses.append(box.press_button(status))

        # the second look finds that it was pressed
        box.faults.add(path="login/authorize/*", method="GET", nth=2, do="act", act=watch)

    yield at_the_button
    assert len(presses) == 1


def test_it_is_paired_and_reads(box, talk, pressed, tmp_path):
    pressed("granted")

    async def read(access):
        return await access.get("vpn/"), await access.get_permissions()

    servers, rights = talk(read)
    assert [each["name"] for each in servers][1] == "openvpn_routed"
    assert rights["settings"] is False
    assert json.loads((tmp_path / "token").read_text())["app_id"] == APP["app_id"]


def test_it_says_that_pairing_was_denied(box, talk, pressed):
    from freebox_api.exceptions import AuthorizationError

    pressed("denied")
    with pytest.raises(AuthorizationError, match="revoked"):
        talk(None)


def test_it_manages_users_and_servers(box, paired, talk):
    box.configure(start_duration=0.0)

    async def manage(access):
        made = await access.post("vpn/user/", {"login": "alice", "password": "Secret-123"})
        await access.put("vpn/user/alice", {"ip_reservation": "192.168.27.70"})
        assert await access.get("vpn/user/alice") == {**made, "type": "standard", "ip_reservation": "192.168.27.70"}
        await access.put("vpn/openvpn_routed/config/", {"enabled": True})
        file = await access.get("vpn/download_config/openvpn_routed/alice")
        text = await file.text()
        assert await access.delete("vpn/user/alice") is None
        assert await access.get("vpn/user/") is None
        return text

    assert talk(manage).startswith("client\n")


def test_it_logs_in_again_when_its_session_has_ended(box, paired, talk):
    async def read(access):
        await access.get("vpn/")
        box.expire_sessions()
        return await access.get("vpn/ip_pool/")

    assert talk(read)["ip_start"] == "192.168.27.65"


def test_it_says_what_it_lacks_a_right_for(box, paired, talk):
    from freebox_api.exceptions import HttpRequestError, InsufficientPermissionsError

    async def write(access):
        await access.post("vpn/user/", {"login": "alice"})

    async def read(access):
        await access.get("vpn/user/bob")

    box.set_rights("explorer", app_id=APP["app_id"])
    with pytest.raises(InsufficientPermissionsError):
        talk(write)
    with pytest.raises(HttpRequestError, match="noent"):
        talk(read)
