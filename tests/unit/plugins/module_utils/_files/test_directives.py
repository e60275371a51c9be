# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directives that may harm a client: found wherever a profile hides them, named, and used only where a task allows them."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.profiles.profile import PROFILE
from ansible_collections.vpn.estate.plugins.module_utils._files import openvpn_profile, wireguard_file
from ansible_collections.vpn.estate.plugins.module_utils._files.directives import (
    DIRECTIVES,
    TABLE,
    WIREGUARD,
    objection,
)
from ansible_collections.vpn.estate.plugins.module_utils._files.openvpn_profile import Profile
from ansible_collections.vpn.estate.plugins.module_utils._files.wireguard_file import WireGuardFile
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_profile import VPN_PROFILE
from ansible_collections.vpn.estate.plugins.modules.ovpn_file_info import look_at
from ansible_collections.vpn.estate.tests.simulator.freebox import client_file_text
from ansible_collections.vpn.estate.tests.unit.plugins.module_utils._files.test_wireguard_file import (
    TEXT as WIREGUARD_TEXT,
)
from ansible_collections.vpn.estate.tests.unit.plugins.support.client_profile import completed, identity
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Box, Server
from hypothesis import example, given
from hypothesis import strategies as st

SECRET = "S3cret.Horse:9"
CERTIFICATE, _KEY = identity()


def unlisted(text: str) -> list[str]:
    found: list[str] = Profile(completed(text)).facts()["unlisted_directives"]
    return found


# -- what is harmless, and with which parameters

HARMLESS = [
    "auth-user-pass",
    "<auth-user-pass>\nname\nword\n</auth-user-pass>",
    f"ca [inline]\n<ca>\n{CERTIFICATE}</ca>",
    f"<extra-certs>\n{CERTIFICATE}</extra-certs>",
    "script-security 0",
    "script-security 1",
    "setenv UV_PLATFORM linux",
    "setenv IV_HWADDR x",
    "setenv CLIENT_CERT 0",
    "setenv PUSH_PEER_INFO",
    "setenv ALLOW_PASSWORD_SAVE 0",
    "setenv USERNAME ada",
    "setenv FRIENDLY_NAME 'At work'",
    "setenv-safe NAME value",
    "setenv opt block-outside-dns",
    "setenv opt",
    "http-proxy proxy.example.com 3128",
    "http-proxy proxy.example.com 3128 auto ntlm",
    "socks-proxy 127.0.0.1 1080",
    "<connection>\nremote a\nhttp-proxy b 1\n</connection>",
    "ignore-unknown-option up plugin",
    "pull-filter ignore route",
    "# up /bin/sh",
    "; up /bin/sh",
    "verb 3 # up /bin/sh",
    "askpass",
]
# With the names that are shown.
HARMFUL = {
    **{
        f"{name} /tmp/x": [name]
        for name in (
            *("up", "down", "route-up", "route-pre-down", "ipchange", "tls-verify", "auth-user-pass-verify", "plugin"),
            *("client-connect", "client-disconnect", "learn-address", "dns-updown", "iproute", "tls-export-cert"),
            *("log", "log-append", "status", "writepid", "replay-persist", "config", "cd", "chroot", "tmp-dir"),
            *("auth-user-pass", "askpass", "ca", "pkcs12", "extra-certs", "crl-verify", "capath"),
            *("tls-auth", "tls-crypt", "tls-crypt-v2", "http-proxy-user-pass", "pkcs11-providers", "engine"),
            *("providers", "dev-node", "management-client-user", "syslog", "daemon", "memstats", "genkey"),
        )
    },
    "cert /tmp/x\n<key>\n# withheld\n</key>": ["cert"],
    f"key /tmp/x\n<cert>\n{CERTIFICATE}</cert>": ["key"],
    "script-security 2": ["script-security"],
    "script-security 03": ["script-security"],
    "management 127.0.0.1 7505": ["management"],
    "setenv PATH /tmp": ["setenv"],
    "setenv LD_PRELOAD /tmp/x.so": ["setenv"],
    "setenv UV_X\u0131 x": ["setenv"],
    "http-proxy proxy 3128 /etc/shadow": ["http-proxy"],
    "socks-proxy proxy 1080 /etc/shadow": ["socks-proxy"],
    "<connection>\nremote a\nhttp-proxy proxy 3128 /etc/shadow\n</connection>": ["http-proxy"],
    "<connection>\nremote a\ntls-auth /etc/shadow\n</connection>": ["tls-auth"],
    "tls-auth [inline] /etc/shadow\n": None,
    "--up /bin/sh": ["up"],
    "\tup\t/bin/sh": ["up"],
    '"up" /bin/sh': ["up"],
    "'up' /bin/sh": ["up"],
    '"--up" /bin/sh': ["up"],
    "\\ up /bin/sh": ["up"],
    "up\r/bin/sh": ["up"],
    "\vup\f/bin/sh": ["up"],
    "\ufeffup /bin/sh": ["up"],
    "setenv opt up /bin/sh": ["up"],
    "'setenv' \"opt\" up /bin/sh": ["up"],
    "--setenv opt up /bin/sh": ["up"],
    "up /bin/sh\nup /bin/sh\ndown /bin/sh": ["up", "down"],
    "up " + "x " * 20: ["up"],
    "<connection>\nremote a\n</connection>\nup /bin/sh": ["up"],
    "<connection>\nremote a\n  </connection> rest\nup /bin/sh": ["up"],
    "<dh>\nx\n</dh>": ["dh"],
    "<secret>\nx\n</secret>": ["secret"],
    "connection up": ["connection"],
    "unheard-of x": ["unheard-of"],
    "setenv opt unheard-of x": ["unheard-of"],
    "<unheard-of>\nx\n</unheard-of>": ["unheard-of"],
    "0123456789abcdef0123456789abcdef": ["line 1"],  # as a key has them
}


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_connects_is_harmless(text: str) -> None:
    assert unlisted(text) in ([], ["ca"])


@pytest.mark.parametrize(("text", "names"), HARMFUL.items())
def test_what_does_more_is_named(text: str, names: list[str] | None) -> None:
    if names is None:
        with pytest.raises(ValueError, match="does not follow"):
            unlisted(text)
        return
    whole = completed(text)
    found = Profile(whole).facts()["unlisted_directives"]
    assert [name for name in found if name != "ca" or "ca" in names] == names
    assert Profile(openvpn_profile.public_part(whole)).facts()["unlisted_directives"] == found


# What openvpn reads as `up` although it looks like a part of something else, or may read so: refused altogether.
HIDDEN = {
    "in a piece of a long line of a block": "<ca>\n" + "A" * 255 + "</ca>\nup /bin/sh\n</ca>",
    "behind a long end of a block": "<ca>\nx\n</ca>" + " " * 250 + "\tup /bin/sh",
    "behind many blanks and an end": "<ca>\n" + " " * 300 + "</ca> \nup /bin/sh\n</ca>",
    "behind a long comment": "#" + "x" * 255 + "up /bin/sh",
    "behind a long comment with wide letters": "#" + "\u00e9" * 128 + "up /bin/sh",
    "in a long line of a connection": "<connection>\nremote a\n#" + "x" * 255 + "up /bin/sh\n</connection>",
    "behind a NUL character": "verb 3\0\nup /bin/sh",
    "behind a NUL character of a block": "<ca>\nx\0\n</ca>\nup /bin/sh\n</ca>",
    "behind a backslash": "verb 3\\\nup /bin/sh",
    "in a block without an end": "<ca>\nup /bin/sh",
    "in a block of another name": "<ca>\n</CA>\nup /bin/sh",
    "as a block": "<up>\n/bin/sh\n</up>",
    "as a block of another directive": "--<up>\n/bin/sh\n</up>",
    "as a block in a connection": "<connection>\nremote a\n<up>\n/bin/sh\n</up>\n</connection>",
    "in a connection": "<connection>\nremote a\nup /bin/sh\n</connection>",
    "in capital letters": "UP /bin/sh",
    "behind a mark that is none of the first line": "client\n\ufeffup /bin/sh",
    "as two directives in one line": "<ca>\n</ca>\\\nup /bin/sh",
}


@pytest.mark.parametrize("text", HIDDEN.values(), ids=HIDDEN)
def test_no_directive_hides(text: str) -> None:
    """Either it is named, or the text is no profile; both keep it from its place."""
    try:
        found = unlisted(text)
    except ValueError:
        return
    assert "up" in found


def test_every_directive_is_in_the_table_once_with_its_source() -> None:
    rows = [name for line in re.sub("\n +", " ", TABLE).split("\n") for name in line.partition(" |")[0].split()]
    assert sorted(rows) == sorted(DIRECTIVES)
    for each in (*DIRECTIVES.values(), *WIREGUARD.values()):
        assert each.source
        assert 0 <= each.least <= each.most <= 15
        assert bool(each.danger) == (each.is_refused or each.harmless is not None)


@pytest.mark.parametrize("name", [each.name for each in DIRECTIVES.values() if each.is_refused])
def test_nothing_makes_a_refused_directive_harmless(name: str) -> None:
    known = DIRECTIVES[name]
    for count in range(known.least, min(known.most, 4) + 1):
        assert not known.is_harmless(["[inline]"] * count)
        assert not known.is_harmless(["0"] * count)


# -- what is shown of them


@given(st.lists(st.sampled_from([*HARMFUL, *HARMLESS]), max_size=4).map("\n".join))
@example(f"up {SECRET}\nplugin {SECRET}")
@example("up /tmp/x\n\ufeffup /bin/sh")
def test_the_public_part_names_the_same(text: str) -> None:
    """A host is judged by it from elsewhere. What is wrong with a line is not public, but which line it is."""

    def reported(text: str) -> t.Any:
        try:
            return Profile(text).facts()["unlisted_directives"]
        except ValueError as exc:
            return str(exc).partition(":")[0]

    whole = completed(text)
    assert reported(openvpn_profile.public_part(whole)) == reported(whole)


def test_a_name_that_may_be_a_secret_is_not_shown(tmp_path: Path) -> None:
    """A line of a key looks like a name; so does a password, where a text is no profile."""
    file = tmp_path / "office.ovpn"
    for text in (completed("0123456789abcdef0123456789abcdef"), "staple\nhorsebattery\n"):
        file.write_text(text)
        found = look_at(str(file))
        assert not re.search("0123|staple|horse", str({**found, "path": ""}))


def test_a_sentence_names_directive_danger_and_option() -> None:
    found = Profile(completed("script-security 2\nup /bin/sh\nca [inline]\n<ca>\n# withheld\n</ca>")).unlisted
    assert objection(found, []) == (
        "it has directives that may harm the client: script-security (lets programs run), up (runs a program); if this is "
        "intended, set allow_directives: [script-security, up]"
    )
    assert objection(found, ["UP", "script-security"]) == ""
    assert "up" not in objection(found, ["up"])
    many = Profile(
        completed("\n".join(f"{name} x" for name in ("up", "plugin", *(f"x-{n}" for n in range(40)))))
    ).unlisted
    assert " and 23 more; " in objection(many, [])


# -- WireGuard


@pytest.mark.parametrize(
    ("line", "names"),
    {
        "PostUp = /bin/sh": ["PostUp"],
        "postUP=/bin/sh": ["PostUp"],
        "\t PREUP \t = /bin/sh # x": ["PreUp"],
        "PreDown = x": ["PreDown"],
        "PostDown = x": ["PostDown"],
        "SaveConfig = true": ["SaveConfig"],
        "SaveConfig = false": [],
        "Table = off": [],
        "Table = 51820": [],
        "Table = main proto x": ["Table"],
        "FwMark = 0xca6c": [],
        "MTU = 1360": [],
        "DNS = 192.0.2.1, example.org": [],
        "DNS = $(reboot)": ["DNS"],
        "Address = 192.0.2.1/32, *": ["Address"],
        "# PostUp = x": [],
    }.items(),
)
def test_settings_of_wireguard(line: str, names: list[str], tmp_path: Path) -> None:
    text = WIREGUARD_TEXT.replace("PostUp = echo Correct-Horse", line)
    assert WireGuardFile(text).facts()["unlisted_directives"] == names
    assert WireGuardFile(wireguard_file.public_part(text)).facts()["unlisted_directives"] == names
    (tmp_path / "wg0.conf").write_text(text)
    assert look_at(str(tmp_path / "wg0.conf"))["unlisted_directives"] == names


@pytest.mark.parametrize(
    "line", ["Post Up = x", "Post\0Up = x", "PostUp", "PostUp = ", "\u017fPostUp = x", "P\u00f6stUp = x"]
)
def test_what_wireguard_might_read_as_another_setting_is_none(line: str) -> None:
    with pytest.raises(ValueError, match="^line 8: "):
        WireGuardFile(WIREGUARD_TEXT.replace("PostUp = echo Correct-Horse", line))
    with pytest.raises(ValueError, match="^line 10: "):
        WireGuardFile(WIREGUARD_TEXT.replace("[Peer]", "[\u0131nterface]"))


# -- profiles that a server issues

UP = "script-security 2\nup /etc/openvpn/update-resolv-conf"
ALLOWED = ["up", "script-security"]
ADA: dict[str, t.Any] = {"user": "ada", "profile_type": "autologin"}


def configured(server: Server, text: str) -> None:
    """The server writes a text into all new profiles."""
    machine = server.simulator.machine
    machine.store.set_configuration(machine.configuration.active, {"vpn.client.config_text": text})
    machine.configuration.take_over()


@pytest.fixture(name="estate")
def fixture_estate(server: Server) -> Server:
    server.simulator.set_user("ada", autologin=True)
    configured(server, UP)
    return server


def live(server: Server) -> list[str]:
    return [one["serial"] for one in server.inform(PROFILE, users=["ada"])]


def test_an_issued_profile_that_may_harm_is_revoked_and_put_nowhere(estate: Server, tmp_path: Path) -> None:
    file = tmp_path / "ada.ovpn"
    file.write_text("what was there before")
    answer = estate.manage(PROFILE, **ADA, dest=str(file))
    assert answer["failed"]
    assert (
        "it has directives that may harm the client: script-security (lets programs run), up (runs a" in answer["msg"]
    )
    assert "allow_directives: [script-security, up]" in answer["msg"]
    assert re.search(r"The new client profile \(serial [0-9]+, .*\) was revoked\.", answer["msg"])
    assert not live(estate)
    assert [*tmp_path.iterdir()] == [file]
    assert file.read_text() == "what was there before"
    assert not estate.manage(PROFILE, **ADA, dest=str(file), allow_directives=ALLOWED).get("failed")
    assert "update-resolv-conf" in file.read_text()
    assert not estate.manage(PROFILE, **ADA, dest=str(file), allow_directives=ALLOWED)["changed"]


@pytest.mark.parametrize("how", [{"return_content": True}, {}])
def test_nor_is_it_shown(estate: Server, how: dict[str, t.Any]) -> None:
    answer = estate.manage(PROFILE, **ADA, **how)
    assert answer["failed"]
    assert "content" not in str(answer.get("objects"))
    assert not live(estate)


def test_one_profile_shows_it_for_all(estate: Server, tmp_path: Path) -> None:
    """No further ones are issued."""
    wanted = [{**ADA, "comment": str(number), "dest": str(tmp_path / f"{number}.ovpn")} for number in range(9)]
    answer = estate.manage(PROFILE, profiles=wanted)
    assert answer["failed"]
    assert estate.writes().count("/api/profiles/create") == 1
    assert {one["action"] for one in answer["objects"][1:]} == {"not attempted"}


def test_one_without_a_certificate_leaves_nothing_behind(estate: Server, tmp_path: Path) -> None:
    answer = estate.manage(PROFILE, user="ada", profile_type="generic", dest=str(tmp_path / "all.ovpn"))
    assert "It has no certificate that could be revoked." in answer["msg"]
    assert not [*tmp_path.iterdir()]


def test_an_earlier_file_is_not_valid_and_the_reason_is_reported(estate: Server, tmp_path: Path) -> None:
    file = tmp_path / "ada.ovpn"
    estate.manage(PROFILE, **ADA, dest=str(file), allow_directives=ALLOWED)
    [old] = live(estate)
    reported = estate.manage(PROFILE, **ADA, dest=str(file), check=True)
    assert reported["objects"][0]["reason"].startswith(
        f"{file} is not used: it has directives that may harm the client: script-"
    )
    configured(estate, "")
    done = estate.manage(PROFILE, **ADA, dest=str(file))
    assert done["objects"][0]["reason"] == reported["objects"][0]["reason"]
    assert "resolv" not in file.read_text()
    assert old in live(estate)
    assert not estate.manage(PROFILE, **ADA, dest=str(file))["changed"]


@pytest.mark.parametrize("name", ["--up", "up down", "", "<ca>"])
def test_what_is_no_name_is_refused_before_anything_is_written(estate: Server, name: str) -> None:
    answer = estate.manage(PROFILE, **ADA, return_content=True, allow_directives=["up", name])
    assert f"allow_directives: {name!r} is not the name of a directive" in answer["msg"]
    assert not estate.writes()


# -- files of a Freebox

SERVERS = {"openvpn_routed": ("ada", "up /bin/sh", ["up"]), "wireguard": ("phone", "PostUp = /bin/sh", ["postup"])}


@pytest.fixture(name="box", params=SERVERS)
def fixture_box(
    start: Callable[..., Box], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> HostileBox:
    return HostileBox(start(Box), request.param, monkeypatch, tmp_path / "file")


class HostileBox:
    """A box that writes any text into its files, from the moment that the test chooses."""

    def __init__(self, box: Box, server: str, monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
        self.box, self.server, self.file, self._patch = box, server, file, monkeypatch
        self.user, self.line, self.allowed = SERVERS[server]
        kind = {"type": "wireguard", "ip_reservation": "192.168.27.70"} if server == "wireguard" else {}
        box.simulator.set_user(self.user, **kind)
        box.simulator.set_server(server, enabled=True)
        self._turned = False

        def hostile(make: Callable[..., str]) -> Callable[..., str]:
            def made(*args: t.Any) -> str:
                text = make(*args)
                if not self._turned:
                    return text
                return text.replace("[Peer]", f"{self.line}\n[Peer]") if "[Peer]" in text else f"{self.line}\n{text}"

            return made

        for name in ("openvpn", "wireguard"):
            monkeypatch.setattr(client_file_text, name, hostile(getattr(client_file_text, name)))

    def turn(self) -> None:
        self._turned = True

    def have(self, **params: t.Any) -> Answer:
        self.box.simulator.log.clear()
        return self.box.manage(
            VPN_PROFILE, **{"user": self.user, "server": self.server, "dest": str(self.file), **params}
        )

    @property
    def downloads(self) -> int:
        return sum("download_config" in path for path in self.box.writes())

    @property
    def beside(self) -> Path:
        return self.file.with_name(f"{self.file.name}.rescued")


def test_a_file_that_may_harm_is_kept_beside_its_place_until_it_is_allowed(box: HostileBox) -> None:
    box.turn()
    answer = box.have()
    name = box.line.split()[0]
    assert f"is not used: it has directives that may harm the client: {name} (runs a program)" in answer["msg"]
    assert f"allow_directives: [{name}]" in answer["msg"]
    assert "The earlier file is invalid now." in answer["msg"]
    assert f"The new one is in {box.beside}: a run that allows its directives puts it in its place" in answer["msg"]
    assert box.line not in box.file.read_text()
    assert box.line in box.beside.read_text()
    for check in (True, False):
        again = box.have(check=check)
        assert again["failed"]
        assert f"the newest one is in {box.beside}, and it has directives that may harm" in again["msg"]
        assert not box.box.writes()
    done = box.have(allow_directives=box.allowed)
    assert not done.get("failed"), done["msg"]
    assert not box.downloads
    assert box.line in box.file.read_text()
    assert not box.beside.exists()
    assert not box.have(allow_directives=box.allowed)["changed"]


def test_a_file_from_before_that_may_harm_is_not_ended_for_one_that_would_too(box: HostileBox) -> None:
    box.turn()
    box.have(allow_directives=box.allowed)
    text = box.file.read_text()
    public = (wireguard_file if box.server == "wireguard" else openvpn_profile).public_part(text)
    for where in ({}, {"held": public, "dest": None, "check": True}):
        answer = box.have(**where)
        assert answer["failed"]
        assert "it has directives that may harm the client" in answer["msg"]
        assert "Nothing was downloaded. To download one anyway, set renew: true." in answer["msg"]
        assert not box.box.writes()
    assert box.file.read_text() == text
    assert not box.have(held=public, dest=None, check=True, allow_directives=box.allowed)["changed"]
