# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that reads client profiles, and the module that reads them where they lie."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.vpn.estate.plugins.filter.ovpn_info import FilterModule
from ansible_collections.vpn.estate.plugins.modules import ovpn_file_info
from ansible_collections.vpn.estate.plugins.modules.ovpn_file_info import look_at
from ansible_collections.vpn.estate.tests.unit.plugins.module_utils._files.test_directives import SECRET
from ansible_collections.vpn.estate.tests.unit.plugins.module_utils._files.test_wireguard_file import (
    TEXT as WIREGUARD_TEXT,
)
from ansible_collections.vpn.estate.tests.unit.plugins.support.client_profile import (
    KEYS,
    USUAL,
    authority,
    client,
    completed,
    profile,
)
from ansible_collections.vpn.estate.tests.unit.plugins.support.identities import identity

pytestmark = pytest.mark.versions

FILTERS = Path(ovpn_file_info.__file__).parents[1] / "filter"
ovpn_info = FilterModule().filters()["ovpn_info"]


def documented(contains: dict[str, t.Any], found: t.Any) -> None:
    """What is found has the keys that are documented, and no others, all the way down."""
    for one in found if isinstance(found, list) else [found]:
        assert set(one) == set(contains)
        for key, more in contains.items():
            if "contains" in more and one[key] is not None:
                documented(more["contains"], one[key])


def test_a_profile_of_an_access_server() -> None:
    found = ovpn_info(profile())
    documentation = yaml.safe_load((FILTERS / "ovpn_info.yml").read_text(encoding="utf-8"))
    documented(documentation["RETURN"]["_value"]["contains"], found)
    assert found["remotes"] == [
        {"host": "vpn.example.com", "port": 1194, "proto": "udp"},
        {"host": "vpn.example.com", "port": 443, "proto": "tcp"},
    ]
    assert found["access_server"] == {
        "user": "anna",
        "server": "vpn.example.com",
        "web_address": "vpn.example.com:443",
        "profile_type": "autologin",
        "friendly_name": None,
        "organization": None,
    }
    assert (found["proto"], found["dev"], found["cipher"], found["data_ciphers"]) == ("udp", "tun", "AES-256-CBC", [])
    assert (found["tls_crypt"], found["asks_for_password"], found["static_challenge"]) == ("tls-auth", False, None)
    assert (found["key_present"], found["key_matches"]) == (True, True)


@pytest.mark.parametrize("algorithm", KEYS)
def test_certificates_are_returned_as_the_server_returns_them(algorithm: str) -> None:
    found = ovpn_info(profile(algorithm))
    assert found["certificate"] == {
        "common_name": "anna_AUTOLOGIN",
        "subject": "CN=anna_AUTOLOGIN",
        "issuer": "CN=OpenVPN CA",
        "serial": "9108875457979699679",
        "subj_alt_dns_names": [],
        "subj_alt_addresses": [],
        "not_before": "2026-10-03T15:39:38Z",
        "not_after": "2036-10-03T15:39:38Z",
        "algorithm": algorithm,
        "is_authority": False,
        "fingerprint": client(algorithm).fingerprint,
    }
    [ca] = found["ca"]
    assert (ca["common_name"], ca["is_authority"], ca["fingerprint"]) == ("OpenVPN CA", True, authority().fingerprint)


def test_keys() -> None:
    for key, matches in [
        (client(USUAL).key_pem, True),
        (identity("bert").key_pem, False),
        (client("rsa2048").key_pem, False),
        (client(USUAL).encrypted("open sesame"), None),
        ("# withheld\n", None),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", None),
    ]:
        found = ovpn_info(profile(key=key))
        assert (found["key_present"], found["key_matches"]) == (True, matches)
    assert ovpn_info(completed(""))["key_present"] is False
    for key in ("\n", "\ud800\n", f"{client(USUAL).key_pem[:60]}\n", "  " + client(USUAL).key_pem):
        with pytest.raises(AnsibleFilterError, match="this block does not contain a complete key"):
            ovpn_info(profile(key=key))


# What an Access Server has written, and user, server and type that follow from it.
WRITTEN = {
    "PROFILE=anna@vpn.example.com": ("anna", "vpn.example.com", "userlogin"),
    "PROFILE=anna@example.org@vpn.example.com/AUTOLOGIN": ("anna@example.org", "vpn.example.com", "autologin"),
    "PROFILE=EX/anna@vpn.example.com": ("EX/anna", "vpn.example.com", "userlogin"),
    "PROFILE=vpn.example.com\n# OVPN_ACCESS_SERVER_GENERIC=1": (None, "vpn.example.com", "generic"),
    "PROFILE=vpn.example.com\nsetenv GENERIC_CONFIG": (None, "vpn.example.com", "generic"),
    "PROFILE=vpn.example.com": (None, "vpn.example.com", None),
    "EXTERNAL_PKI=1\n# OVPN_ACCESS_SERVER_GENERIC=1": (None, None, "epki-generic"),
    "USERNAME=anna\n# OVPN_ACCESS_SERVER_AUTOLOGIN=0": ("anna", None, "userlogin"),
    "AUTOLOGIN=1": (None, None, "autologin"),
}


@pytest.mark.parametrize("written", WRITTEN)
def test_what_an_access_server_writes(written: str) -> None:
    said = ovpn_info(completed(f"client\n# OVPN_ACCESS_SERVER_{written}\n"))["access_server"]
    assert (said["user"], said["server"], said["profile_type"]) == WRITTEN[written]


def test_friendly_names() -> None:
    text = "# OVPN_ACCESS_SERVER_USERNAME=anna\nsetenv FRIENDLY_NAME 'At work'\n"
    assert ovpn_info(completed(text))["access_server"]["friendly_name"] == "At work"
    text += "# OVPN_ACCESS_SERVER_FRIENDLY_NAME=Work = here\n# OVPN_ACCESS_SERVER_ORGANIZATION=Example, Inc.\n"
    said = ovpn_info(completed(text))["access_server"]
    assert (said["friendly_name"], said["organization"]) == ("Work = here", "Example, Inc.")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "pass the text of a profile"),
        (7, "pass the text of a profile"),
        ("client\n<key>\nS3cret", "line 2: the block that begins here has no end."),
    ],
)
def test_what_is_wrong_is_said(text: t.Any, words: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        ovpn_info(text)
    assert str(caught.value).startswith("ovpn_info: ")
    assert words in str(caught.value)
    assert caught.value.__cause__ is None


# -- the module


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "office.ovpn"
    path.write_text(profile())
    path.chmod(0o640)
    link = tmp_path / "link.ovpn"
    link.symlink_to(path)
    found = look_at(str(path))
    assert set(found) == set(yaml.safe_load(ovpn_file_info.RETURN))
    assert (found["exists"], found["is_link"], found["mode"], found["problem"]) == (True, False, "0640", None)
    assert found["size"] == len(profile())
    assert (found["owner"], found["group"]) == (path.owner(), path.group())
    assert ovpn_info(found["content"]) == {**ovpn_info(profile()), "key_matches": None}
    assert look_at(str(link)) == {**found, "path": str(link), "is_link": True}


def test_what_is_no_profile(tmp_path: Path) -> None:
    path, link, pipe = tmp_path / "a.ovpn", tmp_path / "b.ovpn", tmp_path / "c.ovpn"
    link.symlink_to(path)
    assert look_at(str(path)) == {"path": str(path), "exists": False, "is_link": False}
    assert look_at(str(link)) == {"path": str(link), "exists": False, "is_link": True}
    path.write_bytes(b"\xff\xfe" + "client".encode("utf-16-le"))
    assert look_at(str(path / "below"))["exists"] is False
    found = look_at(str(path))
    assert found["content"] == '"# withheld'
    assert found["problem"].startswith("line 1: ")
    path.write_bytes(b"#" * (1 << 20 | 1))
    os.mkfifo(pipe)
    for each, words in [(path, "too large"), (pipe, "not a regular file"), (tmp_path, "not a regular file")]:
        found = look_at(str(each))
        assert found["content"] is None
        assert words in found["problem"]


# Python with nothing but its own library and Ansible's part for modules, which comes with every module.
BARE = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("cryptography", "requests", "segno", "yaml"):
            raise ImportError(name)

sys.meta_path.insert(0, Missing())
from ansible_collections.vpn.estate.plugins.modules.ovpn_file_info import main
main()
"""


def test_it_needs_nothing_but_python(tmp_path: Path) -> None:
    path = tmp_path / "office.ovpn"
    path.write_text(profile())
    done = run_bare(path)
    assert done["changed"] is False
    assert done["problem"] is None
    assert done["content"] == look_at(str(path))["content"]


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "office.ovpn"
    path.symlink_to(path)
    assert run_bare(path) == {"failed": True, "msg": f"{path} cannot be read: Too many levels of symbolic links."}


def run_bare(path: Path) -> dict[str, t.Any]:
    search = [os.environ["ANSIBLE_COLLECTIONS_PATH"], *filter(None, sys.path)]
    arguments = {"ANSIBLE_MODULE_ARGS": {"path": str(path), "_ansible_check_mode": True}}
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", BARE],
        input=json.dumps(arguments),
        env={"PYTHONPATH": os.pathsep.join(search), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    answer = json.loads(done.stdout)
    answer.pop("invocation", None)
    return answer


def test_parameters_of_what_is_not_harmless_are_withheld(tmp_path: Path) -> None:
    file = tmp_path / "office.ovpn"
    lines = [
        f"up '{SECRET} x' {SECRET}",
        f"setenv PATH {SECRET}",
        f"setenv opt plugin {SECRET}",
        f"auth-user-pass {SECRET}",
    ]
    file.write_text(completed("\n".join(lines)))
    found = look_at(str(file))
    assert SECRET not in str(found)
    assert found["content"].split("\n")[:4] == [
        "up withheld withheld",
        "setenv withheld withheld",
        "setenv opt plugin withheld",
        "auth-user-pass withheld",
    ]
    assert found["unlisted_directives"] == ["up", "setenv", "plugin", "auth-user-pass", "ca"]
    assert ovpn_info(found["content"])["unlisted_directives"] == found["unlisted_directives"]


def test_a_file_of_wireguard_is_no_profile_of_openvpn() -> None:
    with pytest.raises(AnsibleFilterError, match="this is a WireGuard file, not an OpenVPN profile"):
        ovpn_info(WIREGUARD_TEXT)
    assert ovpn_info(WIREGUARD_TEXT, default={}) == {}
