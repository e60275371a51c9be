# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of WireGuard: read as its programs read them, and without their secrets in everything that leaves the host."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._files import openvpn_profile
from ansible_collections.vpn.estate.plugins.module_utils._files.header import BEGINNING, height, stamp_of, stamped
from ansible_collections.vpn.estate.plugins.module_utils._files.wireguard_file import (
    WireGuardFile,
    is_wireguard,
    public_part,
)
from ansible_collections.vpn.estate.plugins.modules.ovpn_file_info import look_at
from hypothesis import given
from hypothesis import strategies as st

WG_QUICK = shutil.which("wg-quick", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
PRIVATE, SERVER, SHARED = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2, 3))
TEXT = f"""# made by hand, with a secret: Correct-Horse
[Interface]
privatekey = {PRIVATE}  # Correct-Horse
Address = 192.168.27.70/32, fd00::7/128
Address=10.0.0.1/8
DNS = 192.168.27.1
MTU = 1360
PostUp = echo Correct-Horse

[Peer]
PublicKey = {SERVER}
PresharedKey = {SHARED}
Endpoint = [2001:db8::1]:51820
AllowedIPs = 0.0.0.0/0, ::/0
PersistentKeepalive = 25
"""
FACTS = {
    "addresses": ["192.168.27.70/32", "fd00::7/128", "10.0.0.1/8"],
    "dns": ["192.168.27.1"],
    "mtu": 1360,
    "endpoint": {"host": "2001:db8::1", "port": 51820},
    "allowed_ips": ["0.0.0.0/0", "::/0"],
    "persistent_keepalive": 25,
    "server_key": SERVER,
    "preshared_key": True,
    "unlisted_directives": ["PostUp"],
}


@pytest.mark.parametrize("text", [TEXT, TEXT.replace("\n", "\r\n"), "\ufeff" + TEXT, stamped(TEXT, {"user": "ada"})])
def test_the_content_of_a_file(text: str) -> None:
    assert is_wireguard(text)
    assert WireGuardFile(text).facts() == FACTS


@pytest.mark.parametrize("text", [TEXT, stamped(TEXT, {"user": "ada"})])
def test_its_public_part_has_the_same_content_without_secrets(text: str) -> None:
    public = public_part(text)
    assert WireGuardFile(public).facts() == FACTS
    assert public_part(public) == public
    assert public.count("\n") == text.count("\n")
    assert not any(secret in public for secret in (PRIVATE, SHARED, "Correct-Horse"))
    assert stamp_of(public) == stamp_of(text)


def test_what_may_be_absent() -> None:
    text = f"[Interface]\nPrivateKey = {PRIVATE}\n[Peer]\nPublicKey = {SERVER}\nPersistentKeepalive = off\n"
    facts = WireGuardFile(text).facts()
    absent = ("mtu", "endpoint", "persistent_keepalive", "preshared_key")
    assert [facts[name] for name in absent] == [None, None, None, False]


FLAWS = {
    "": "it has no server.",
    TEXT + "[Peer]\n": "it has more than one peer, and a client has one.",
    TEXT.replace("privatekey", "#"): "it has no private key.",
    TEXT.replace("PublicKey", "#"): "it has no public key of its server.",
    TEXT.replace(SERVER, "# withheld"): "it has no public key of its server.",
    TEXT.replace(PRIVATE, "c2hvcnQ="): "line 3: this is not a key of WireGuard.",
    TEXT.replace(SHARED, "no base64!"): "line 12: this is not a key of WireGuard.",
    TEXT.replace("MTU = 1360", "MTU = x"): "line 7: this is not a number.",
    TEXT.replace("51820", "0"): "line 13: this is not an address with a port.",
    TEXT.replace("51820", "99999"): "line 13: this is not an address with a port.",
    TEXT.replace("]:51820", "]"): "line 13: this is not an address with a port.",
    TEXT.replace("DNS", "PublicKey"): "line 6: this section has no such key.",
    TEXT.replace("MTU = 1360", "MTU ="): "line 7: the value is missing.",
    TEXT.replace("MTU = 1360", "MTU"): "line 7: this is not a setting of a section.",
    "MTU = 7\n" + TEXT: "line 1: this is not a setting of a section.",
}


@pytest.mark.parametrize("text", FLAWS)
def test_a_flaw_is_reported_by_its_line_and_never_quoted(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(FLAWS[text])}$"):
        WireGuardFile(text).facts()


@given(st.text(alphabet=st.sampled_from("[]Interfacepk=# \n\r\t:.,019/"), max_size=80))
def test_the_public_part_of_anything_is_made(text: str) -> None:
    """And has the first flaw in the same line, if any."""

    def said(text: str) -> str:
        try:
            return str(WireGuardFile(text).facts())
        except ValueError as exc:
            return str(exc)

    public = public_part(text)
    assert len(public.split("\n")) == len(text.replace("\r\n", "\n").split("\n"))
    if not re.search("not a setting|no such key|value is missing", said(text)):
        assert said(public) == said(text)


@pytest.mark.skipif(not WG_QUICK, reason="wg-quick is not installed")
def test_wg_quick_passes_over_a_stamp(tmp_path: Path) -> None:
    path = tmp_path / "wg0.conf"
    path.write_text(stamped(TEXT, {"user": "x" * 500}))
    path.chmod(0o600)
    done = subprocess.run([str(WG_QUICK), "strip", str(path)], capture_output=True, text=True, check=True)  # noqa: S603
    assert SHARED in done.stdout


def test_the_module_reads_both_kinds(tmp_path: Path) -> None:
    path = tmp_path / "wg0.conf"
    path.write_text(stamped(TEXT, {"user": "ada"}))
    found = look_at(str(path))
    assert (found["format"], found["problem"], found["stamp"]) == ("wireguard", None, {"user": "ada"})
    assert PRIVATE not in str(found)
    path.write_text(TEXT.replace("51820", "0"))
    assert look_at(str(path))["problem"] == "line 13: this is not an address with a port."
    path.write_text("client\n[Interface]\n")
    found = look_at(str(path))
    assert (found["format"], found["problem"]) == ("openvpn", "line 2: this is not a directive.")


# -- what is noted at the top of a file


@given(st.dictionaries(st.text(max_size=300), st.text(max_size=300), min_size=1, max_size=3), st.text())
def test_a_stamp_reads_back(said: dict[str, str], text: str) -> None:
    """In lines that OpenVPN takes; a new one takes its place, and the rest stays as it is."""
    if text.removeprefix("\ufeff").startswith(BEGINNING):
        return
    once = stamped(text, said)
    assert stamp_of(once) == said
    assert max(len(line) for line in once.split("\n")[: height(once)]) < 255
    assert stamped(once, {"user": "ben"}) == stamped(text, {"user": "ben"})
    assert "\n".join(once.split("\n")[height(once) :]) == text.removeprefix("\ufeff")


@pytest.mark.parametrize("line", ["", "{", "[]", "no JSON: Correct-Horse", "[" * 100_000])
def test_what_is_no_stamp_is_none_and_not_public(line: str) -> None:
    text = f"{BEGINNING}{line}\nclient\n"
    assert (stamp_of(text), height(text)) == ({}, 0)
    for public in (openvpn_profile.public_part, public_part):
        assert "Correct-Horse" not in public(text)


def test_a_stamp_is_public_only_at_the_top() -> None:
    """Further down it could be from any program."""
    line = f'{BEGINNING}{{"password": "Correct-Horse"}}'
    assert "Correct-Horse" not in openvpn_profile.public_part(f"client\n{line}\n")
    assert "Correct-Horse" not in public_part(TEXT.replace("made by hand, with a secret: ", "") + f"\n{line}\n")
