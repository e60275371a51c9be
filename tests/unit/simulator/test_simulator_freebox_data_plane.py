# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real clients of the OpenVPN servers of a simulated Freebox: who gets in, who is seen, and how a session ends."""

from __future__ import annotations

import pytest
from ansible_collections.vpn.estate.tests.simulator.freebox import Endpoint
from ansible_collections.vpn.estate.tests.simulator.namespaces import Namespaces, available, with_credentials

pytestmark = pytest.mark.skipif(bool(available()), reason=available())

BOX_IN_TUNNEL = "192.168.27.1"
PASSWORD = "Secret-123"


@pytest.fixture
def network():
    with Namespaces() as namespaces:
        yield namespaces


@pytest.fixture
def estate(start_box, network):
    """A function that starts a box with a daemon for one server, and two users, one of them with a password."""

    def started(server, **conf_openvpn):
        box, api = start_box(data_plane=Endpoint(network.server_address, namespace=network.server))
        box.set_server(server, enabled=True, conf_openvpn=conf_openvpn)
        assert box.state()["servers"][server]["state"] == "started"
        box.set_user("alice", ip_reservation="192.168.27.80")
        box.set_user("bob", password=PASSWORD)
        return box, api

    return started


def new_file(api, login="alice", server="openvpn_routed"):
    return api.get(f"vpn/download_config/{server}/{login}").body


@pytest.mark.parametrize(
    ("server", "settings"), [("openvpn_routed", {}), ("openvpn_routed", {"use_tcp": True}), ("openvpn_bridge", {})]
)
def test_a_client_connects_is_seen_and_is_disconnected(estate, network, server, settings):
    _box, api = estate(server, **settings)
    client = network.start(new_file(api, server=server))
    assert client.failure() == ""
    assert network.ping(BOX_IN_TUNNEL)
    (seen,) = api.get("vpn/connection/").body["result"]
    assert (seen["user"], seen["vpn"], seen["authenticated"]) == ("alice", server, True)
    assert (seen["src_ip"], seen["local_ip"]) == (network.client_address, "192.168.27.80")
    assert seen["rx_bytes"] > 0
    (listed,) = [each for each in api.get("vpn/").body["result"] if each["name"] == server]
    assert listed["connection_count"] == listed["auth_connection_count"] == 1
    assert api.delete(f"vpn/connection/{seen['id']}").body == {"success": True}
    assert client.ended()
    assert api.get("vpn/connection/").body == {"success": True}


@pytest.mark.exhaustive
def test_passwords_and_older_files(estate, network):
    box, api = estate("openvpn_routed")
    file = new_file(api, "bob")
    assert network.start(with_credentials(file, "bob", "wrong")).failure() == "AUTH_FAILED"
    good = network.start(with_credentials(file, "bob", PASSWORD))
    assert good.failure() == ""
    (seen,) = api.get("vpn/connection/").body["result"]
    assert seen["local_ip"] == "192.168.27.65"
    first, second = new_file(api), new_file(api)
    assert network.start(first).failure() == "AUTH_FAILED"
    assert network.start(second).failure() == ""
    assert len(api.get("vpn/connection/").body["result"]) == 2
    api.delete("vpn/user/bob")
    assert good.ended()
    box.set_server("openvpn_routed", enabled=False)
    assert api.get("vpn/connection/").body == {"success": True}
