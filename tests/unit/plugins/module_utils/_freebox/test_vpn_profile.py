# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration files of Freebox users: none is downloaded without need, none is lost, and none that is invalid counts as valid."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._files.header import BEGINNING, height, stamp_of, stamped
from ansible_collections.vpn.estate.plugins.module_utils._files.openvpn_profile import public_part
from ansible_collections.vpn.estate.plugins.module_utils._files.wireguard_file import (
    public_part as wireguard_public_part,
)
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_profile import VPN_PROFILE
from ansible_collections.vpn.estate.plugins.module_utils._net.transport import Transport
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Box, text_of
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import crossed

Start = Callable[..., Box]
SBIN = f"{os.environ['PATH']}:/usr/sbin:/sbin"
OPENVPN, WG_QUICK = shutil.which("openvpn", path=SBIN), shutil.which("wg-quick", path=SBIN)
PASSWORD = "Marker-Password-7!"
ROUTED, BRIDGE, WIREGUARD = "openvpn_routed", "openvpn_bridge", "wireguard"
USERS = {ROUTED: "ada", WIREGUARD: "phone"}
both = pytest.mark.parametrize("server", USERS)


def stocked(box: Box) -> Box:
    """With a user for each kind of server, and servers that run."""
    simulator = box.simulator
    simulator.set_user("ada", password=PASSWORD)
    simulator.set_user("ben", password=PASSWORD)
    for name in (ROUTED, BRIDGE):
        simulator.set_server(name, enabled=name == ROUTED)
    if simulator.machine.api_version.has_wireguard:
        simulator.set_user(
            "phone", type="wireguard", ip_reservation="192.168.27.70", conf_wireguard={"psk": True, "keepalive": 25}
        )
        simulator.set_server(WIREGUARD, enabled=True)
    return box


@pytest.fixture(name="box")
def fixture_box(start: Start) -> Box:
    return stocked(start(Box))


def have(box: Box, file: Path, server: str = ROUTED, **params: t.Any) -> Answer:
    """Run freebox_vpn_profile for the usual user of a server; it must succeed."""
    answer = box.manage(
        VPN_PROFILE, **{"user": USERS.get(server, "ada"), "server": server, "dest": str(file), **params}
    )
    assert not answer.get("failed"), answer["msg"]
    return answer


def refused(box: Box, **params: t.Any) -> str:
    """The message of the task, before it has written anything."""
    box.simulator.log.clear()
    answer = box.manage(VPN_PROFILE, **params)
    assert answer.get("failed"), answer
    assert not answer["changed"]
    assert not box.writes()
    return str(answer["msg"])


def downloads(box: Box) -> int:
    """How many files were asked for since the log was cleared, and made."""
    return sum("download_config" in path for path in box.writes())


def secrets_of(text: str) -> list[str]:
    """The secrets in a file."""
    keys = re.findall(r"^(?:PrivateKey|PresharedKey) = (.+)$", text, re.MULTILINE)
    pem = re.search(r"<key>\n-----BEGIN.*\n(.*)\n", text)
    return [*keys, *([pem[1]] if pem else [])]


# -- one good file, however often it is asked for


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"api_version": "4.0"},
        {"api_version": "8.5"},
        *({"readings": {"wireguard_content_type": kind}} for kind in ("text/plain", "application/x-openvpn-profile")),
        {"readings": {"wireguard_download": "keeps", "download_invalidates": "server", "noent_status": "404"}},
    ],
    ids=str,
)
@both
def test_a_file_is_downloaded_once(start: Start, tmp_path: Path, how: dict[str, t.Any], server: str) -> None:
    box, file = stocked(start(Box, **how)), tmp_path / "file"
    if server not in box.simulator.machine.servers:
        pytest.skip("such a box has no WireGuard")
    before = box.simulator.state()
    reported = have(box, file, server, check=True)
    assert not file.exists()
    assert not box.writes()
    assert box.simulator.state()["files"] == before["files"]
    done = have(box, file, server)
    assert (reported["changed"], reported["diff"], reported["counts"]) == (
        done["changed"],
        done["diff"],
        done["counts"],
    )
    assert done["objects"][0]["action"] == "created"
    assert done["objects"][0]["reason"] == reported["objects"][0]["reason"] == "none exists yet"
    text = file.read_text()
    assert box.simulator.lets_in(server, text)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert secrets_of(text)
    assert not any(secret in text_of(done) for secret in (*secrets_of(text), PASSWORD))
    box.simulator.log.clear()
    again = have(box, file, server)
    assert not again["changed"]
    assert not box.writes()
    assert again["objects"][0]["remotes"] == done["objects"][0]["remotes"]
    assert file.read_text() == text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


@pytest.mark.skipif(not OPENVPN, reason="openvpn is not installed")
def test_openvpn_opens_it(box: Box, tmp_path: Path) -> None:
    """Up to the first packet, for which certificates and keys have to be in order."""
    have(box, tmp_path / "file")
    (tmp_path / "login").write_text("ada\nsecret\n")
    (tmp_path / "login").chmod(0o600)
    options = ["--dev", "null", "--dev-type", "null", "--auth-user-pass", str(tmp_path / "login"), "--verb", "3"]
    with subprocess.Popen(  # noqa: S603
        [str(OPENVPN), "--config", str(tmp_path / "file"), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout
        said = []
        for line in process.stdout:
            said.append(line)
            if "link remote: [AF_INET]127.0.0.1:1194" in line:
                process.kill()
    assert "link remote" in said[-1] or any("link remote" in line for line in said), "".join(said)


@pytest.mark.skipif(not WG_QUICK, reason="wg-quick is not installed")
def test_wg_quick_opens_it(box: Box, tmp_path: Path) -> None:
    have(box, tmp_path / "wg0.conf", WIREGUARD)
    stripped = subprocess.run(  # noqa: S603
        [str(WG_QUICK), "strip", str(tmp_path / "wg0.conf")], capture_output=True, text=True, check=True
    ).stdout
    text = (tmp_path / "wg0.conf").read_text()
    assert all(secret in stripped for secret in secrets_of(text))
    assert "Endpoint = 127.0.0.1:51820" in stripped


def test_many_in_one_task(box: Box, tmp_path: Path) -> None:
    """Valid files stay, and the others are downloaded; a check costs the same for any number of files for one server."""
    declared = [
        {"user": user, "server": server, "dest": str(tmp_path / user)}
        for user, server in (("ada", ROUTED), ("ben", ROUTED), ("phone", WIREGUARD))
    ]
    have(box, tmp_path / "ada")
    answer = box.manage(VPN_PROFILE, profiles=declared)
    assert answer["counts"] == {"unchanged": 1, "created": 2}
    assert [box.simulator.lets_in(one["server"], Path(one["dest"]).read_text()) for one in declared] == [True] * 3
    box.simulator.log.clear()
    assert not box.manage(VPN_PROFILE, profiles=declared)["changed"]
    asked = [one.path.partition("/vpn/")[2] for one in box.simulator.log if "/vpn/" in one.path]
    assert sorted(asked) == ["", "openvpn_routed/config/", "user/", "wireguard/config/"]


# -- what is good enough


def rewrite(file: Path, pattern: str, replacement: str) -> None:
    text = file.read_text()
    changed = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    assert changed != text
    file.write_text(changed)


def restamp(file: Path, **said: t.Any) -> None:
    text = file.read_text()
    file.write_text(stamped(text, {**stamp_of(text), **said}))


def unstamp(file: Path) -> None:
    file.write_text(bare(file.read_text()))
    assert BEGINNING not in file.read_text()


def bare(text: str) -> str:
    """Without its stamp."""
    return "\n".join(text.split("\n")[height(text) :])


def of_another_user(box: Box, file: Path) -> None:
    have(box, file, user="ben")
    box.simulator.set_user("ada")


def without_a_stamp(then: Callable[[Box, Path], object]) -> Callable[[Box, Path], object]:
    def act(box: Box, file: Path) -> None:
        unstamp(file)
        then(box, file)

    return act


def configured(server: str, **values: t.Any) -> Callable[[Box, Path], object]:
    return lambda box, file: box.simulator.set_server(server, **values)


def given(login: str, **values: t.Any) -> Callable[[Box, Path], object]:
    return lambda box, file: box.simulator.set_user(login, **values)


# What has become of a good file, and why it is not good any more.
REASONS: dict[str, tuple[str, Callable[[Box, Path], object], str]] = {
    "gone": (ROUTED, lambda box, file: file.unlink(), "none exists yet"),
    "page": (
        ROUTED,
        lambda box, file: file.write_text("<html>"),
        "no client can use it: line 1: the block",
    ),
    "cut off": (
        ROUTED,
        lambda box, file: file.write_text(file.read_text()[:-90]),
        "the block that begins here has no end",
    ),
    "other key": (
        ROUTED,
        lambda box, file: rewrite(file, "<key>\n(.*\n)+</key>", "<key>\nno key\n</key>"),
        "",
    ),
    "no key": (ROUTED, lambda box, file: rewrite(file, "<key>\n(.*\n)+</key>\n", ""), "it has only a certificate"),
    "no authority": (
        ROUTED,
        lambda box, file: rewrite(file, "<ca>\n(.*\n)+?</ca>\n", ""),
        "it names no certificate authority",
    ),
    "no remote": (ROUTED, lambda box, file: rewrite(file, "^remote .*\n", ""), "it names no server"),
    "other user": (ROUTED, of_another_user, "it was created for user ben, not for ada"),
    "other box": (ROUTED, lambda box, file: restamp(file, box="another"), "it was created for box another, not for"),
    "other server": (
        ROUTED,
        lambda box, file: restamp(file, server=BRIDGE),
        "it was created for server openvpn_bridge, ",
    ),
    "superseded": (
        ROUTED,
        lambda box, file: restamp(file, superseded=True),
        "a newer one was requested, and never arr",
    ),
    "port": (ROUTED, configured(ROUTED, port=1200), "it was created when port was 1194; now port is 1200"),
    "protocol": (
        ROUTED,
        configured(ROUTED, conf_openvpn={"use_tcp": True}),
        "created when protocol was udp; now protocol is tcp",
    ),
    "cipher": (
        ROUTED,
        configured(ROUTED, conf_openvpn={"cipher": "aes256"}),
        "cipher was aes128; now cipher is aes256",
    ),
    "fragment": (
        ROUTED,
        configured(ROUTED, conf_openvpn={"disable_fragment": True}),
        "disable_fragment was false; now",
    ),
    "edited": (
        ROUTED,
        lambda box, file: rewrite(file, "^remote (.*) 1194$", r"remote \1 99"),
        "its port is 99, but on the box",
    ),
    "ends soon": (ROUTED, lambda box, file: box.simulator.machine.clock.advance(0), ""),
    "no stamp, port": (
        ROUTED,
        without_a_stamp(configured(ROUTED, port=1200)),
        "its port is 1194, but on the box it is 1200",
    ),
    "no stamp, protocol": (
        ROUTED,
        without_a_stamp(configured(ROUTED, conf_openvpn={"use_tcp": True})),
        "its protocol is udp, but on the box it is tcp",
    ),
    "no stamp, cipher": (
        ROUTED,
        without_a_stamp(configured(ROUTED, conf_openvpn={"cipher": "blowfish"})),
        "its cipher is aes128, but on the box it is blowfish",
    ),
    "no stamp, other user": (
        ROUTED,
        lambda box, file: (of_another_user(box, file), unstamp(file)),
        "its certificate belongs to ben",
    ),
    "wg port": (WIREGUARD, configured(WIREGUARD, port=1200), "it was created when port was 51820; now port is 1200"),
    "wg mtu": (WIREGUARD, configured(WIREGUARD, conf_wireguard={"mtu": 1280}), "mtu was 1360; now mtu is 1280"),
    "wg address": (
        WIREGUARD,
        given("phone", ip_reservation="192.168.27.71"),
        "it was created when ip_reservation was 192.168.27.70; now ip_reservation is 192.168.27.71",
    ),
    "wg keepalive": (
        WIREGUARD,
        given("phone", conf_wireguard={"keepalive": 0}),
        "keepalive was 25; now keepalive is 0",
    ),
    "wg psk": (WIREGUARD, given("phone", conf_wireguard={"psk": False}), "psk was true; now psk is false"),
    "wg, no stamp, address": (
        WIREGUARD,
        without_a_stamp(given("phone", ip_reservation="192.168.27.71")),
        "its ip_reservation is 192.168.27.70, but on the box it is 192.168.27.71",
    ),
    "wg, no stamp, port": (WIREGUARD, without_a_stamp(configured(WIREGUARD, port=1200)), "its port is 51820, but on"),
    "wg, no stamp, psk": (
        WIREGUARD,
        without_a_stamp(given("phone", conf_wireguard={"psk": False})),
        "its psk is true, but on the box it is false",
    ),
    "wg key": (
        WIREGUARD,
        lambda box, file: rewrite(file, "^PrivateKey = .*$", "PrivateKey = short"),
        "not a key of WireGuard",
    ),
    "wg endpoint": (WIREGUARD, lambda box, file: rewrite(file, "^Endpoint = .*\n", ""), "it names no server"),
    "wg, another kind": (
        WIREGUARD,
        have,
        "no client can use it: line 3: this is not a setting",
    ),
}
del REASONS["other key"], REASONS["ends soon"]  # they have tests of their own


@pytest.mark.parametrize("case", REASONS)
def test_a_file_that_is_no_longer_valid_is_replaced_with_a_reason(box: Box, tmp_path: Path, case: str) -> None:
    server, change, reason = REASONS[case]
    file = tmp_path / "file"
    have(box, file, server)
    change(box, file)
    before = file.read_text() if file.exists() else None
    box.simulator.log.clear()
    reported = have(box, file, server, check=True)
    assert not box.writes()
    assert (file.read_text() if file.exists() else None) == before
    done = have(box, file, server)
    assert reason in done["objects"][0]["reason"]
    assert reported["objects"][0]["reason"] == done["objects"][0]["reason"]
    assert (reported["changed"], reported["diff"]) == (True, done["diff"])
    assert downloads(box) == 1
    assert box.simulator.lets_in(server, file.read_text())
    assert not have(box, file, server)["changed"]
    assert downloads(box) == 1


@both
def test_a_file_without_a_stamp_is_left_as_it_is_if_nothing_speaks_against_it(
    box: Box, tmp_path: Path, server: str
) -> None:
    file = tmp_path / "file"
    have(box, file, server)
    unstamp(file)
    text = file.read_text()
    assert not have(box, file, server)["changed"]
    assert file.read_text() == text


@pytest.mark.parametrize("damage", ["{", "[]", "[" * 200, '{"settings": 7, "differs": "port", "user": {}}'])
def test_a_damaged_stamp_is_none(box: Box, tmp_path: Path, damage: str) -> None:
    file = tmp_path / "file"
    have(box, file)
    text = f"{BEGINNING}{damage}\n{bare(file.read_text())}"
    file.write_text(text)
    assert not have(box, file)["changed"]


def test_a_certificate_ends(box: Box, tmp_path: Path) -> None:
    """A new one that is no better causes a warning, because each run would create it again."""
    file = tmp_path / "file"
    have(box, file)
    assert not have(box, file, renew_before=3648)["changed"]
    answer = have(box, file, renew_before=3649)
    assert answer["objects"][0]["reason"] == "it has 3649 days left, and renew_before is 3649"
    assert answer["warnings"] == [
        "The new file openvpn_routed of ada is valid for 3649 days, and renew_before is 3649: each run "
        "creates a new one, and invalidates the one before."
    ]


def test_a_file_that_differs_from_the_settings_of_the_box_is_kept_with_a_warning(
    box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else each run would end the file of the one before."""
    from ansible_collections.vpn.estate.tests.simulator.freebox import client_file_text

    real, file = client_file_text.openvpn, tmp_path / "file"
    monkeypatch.setattr(client_file_text, "openvpn", lambda name, address, port, *more: real(name, address, 443, *more))
    answer = have(box, file)
    assert answer["objects"][0]["differs"] == ["port"]
    assert answer["warnings"] == [
        "The new file openvpn_routed of ada has another port than the box reports. It is kept unchanged."
    ]
    assert not have(box, file)["changed"]
    box.simulator.set_server(ROUTED, port=1200)
    assert have(box, file)["objects"][0]["reason"] == "it was created when port was 1194; now port is 1200"


def test_others_lose_what_they_could_read(box: Box, tmp_path: Path) -> None:
    file = tmp_path / "file"
    have(box, file)
    file.chmod(0o644)
    text = file.read_text()
    answer = have(box, file)
    assert answer["objects"][0]["changed_keys"] == ["private"]
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == (text, 0o600)


@both
@pytest.mark.parametrize("reading", ["renews", "keeps"])
def test_renew_downloads_although_there_is_a_good_one(start: Start, tmp_path: Path, server: str, reading: str) -> None:
    box, file = stocked(start(Box, readings={"wireguard_download": reading})), tmp_path / "file"
    have(box, file, server)
    answer = have(box, file, server, renew=True, return_content=True)
    assert answer["objects"][0]["reason"] == "renew is set"
    assert answer["objects"][0]["content"] == file.read_text()
    assert box.simulator.lets_in(server, file.read_text())
    assert not have(box, file, server)["changed"]


# -- judged for another host


@both
def test_a_file_on_another_host_is_judged_by_its_public_part(box: Box, tmp_path: Path, server: str) -> None:
    file, new = tmp_path / "file", tmp_path / "new"
    have(box, file, server)
    public = (wireguard_public_part if server == WIREGUARD else public_part)(file.read_text())
    assert not any(secret in public for secret in secrets_of(file.read_text()))
    box.simulator.log.clear()
    judge = {"user": USERS[server], "server": server}
    assert not box.manage(VPN_PROFILE, **judge, held=public)["changed"]
    box.simulator.set_server(server, port=1200)
    reported = box.manage(VPN_PROFILE, **judge, held=public, check=True)
    assert reported["objects"][0]["reason"].endswith("now port is 1200")
    assert box.manage(VPN_PROFILE, **judge, held="", check=True)["objects"][0]["reason"] == "none exists yet"
    assert not box.writes()
    assert "the new one would be lost; set dest or return_content" in refused(box, **judge, held=public)
    assert have(box, new, server, held=public)["objects"][0]["action"] == "updated"
    assert box.simulator.lets_in(server, new.read_text())
    content = box.manage(VPN_PROFILE, **judge, held="", return_content=True)["objects"][0]["content"]
    assert box.simulator.lets_in(server, content)


# -- what is refused before anything is written

ADA: dict[str, t.Any] = {"user": "ada", "server": ROUTED}


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        ({"user": "", "server": ROUTED}, "user: '' cannot be a name: it is empty"),
        ({"user": "ada"}, "VPN profile (no server) of ada: server is required."),
        (
            {**ADA, "dest": None},
            "VPN profile openvpn_routed of ada: dest is required, because later runs compare only with this file.",
        ),
        ({**ADA, "dest": "none/file"}, "there is no folder"),
        (
            {**ADA, "server": "l2tp"},
            "has no VPN server 'l2tp'; it has ipsec, openvpn_bridge, openvpn_routed, pptp, wireguard.",
        ),
        (
            {**ADA, "server": "pptp"},
            "server pptp of user ada: its type is pptp, which has no configuration files. Servers that have them: openvpn_bridge, "
            "openvpn_routed, wireguard. Nothing was written.",
        ),
        (
            {**ADA, "server": "ipsec"},
            "server ipsec of user ada: its type is ipsec, which has no configuration files.",
        ),
        ({**ADA, "user": "eve"}, "has no VPN user 'eve'. Create it first"),
        (
            {**ADA, "server": WIREGUARD},
            "user ada: its type is standard, but wireguard is for users of the type wireguard.",
        ),
        (
            {**ADA, "user": "phone"},
            "user phone: its type is wireguard, but openvpn_routed is for users of the type stand",
        ),
        (
            {**ADA, "server": BRIDGE},
            "server: openvpn_bridge is stopped, and provides files only while it runs. Start it first, or ",
        ),
        ({**ADA, "renew_before": -1}, "renew_before: -1 is too small; the smallest value is 0."),
        ({**ADA, "start_timeout": 0}, "start_timeout: 0 is too small; the smallest value is 1."),
    ],
)
def test_what_cannot_be_is_refused(
    box: Box, tmp_path: Path, declared: dict[str, t.Any], sentence: str, check: bool
) -> None:
    params = {"dest": "file", **declared}
    if params["dest"]:
        params["dest"] = str(tmp_path / params["dest"])
    assert sentence in refused(box, **{name: value for name, value in params.items() if value is not None}, check=check)
    assert not list(tmp_path.iterdir())


def test_two_in_one_file_and_one_in_two_are_refused(box: Box, tmp_path: Path) -> None:
    one = {**ADA, "dest": str(tmp_path / "file")}
    assert "is declared for two profiles" in refused(box, profiles=[one, {**one, "user": "ben"}])
    assert "declared twice" in refused(box, profiles=[one, {**one, "dest": str(tmp_path / "other")}])


@pytest.mark.parametrize("state", ["error", "stopped"])
def test_a_server_that_does_not_run_is_no_matter_where_nothing_is_needed(box: Box, tmp_path: Path, state: str) -> None:
    file = tmp_path / "file"
    have(box, file)
    box.simulator.set_server(ROUTED, enabled=state == "error", broken=state == "error")
    assert not have(box, file)["changed"]
    text = refused(box, **ADA, dest=str(file), renew=True, start=state == "error")
    assert ("server: openvpn_routed is in the state error, and provides no files" in text) == (state == "error")
    assert file.read_text().startswith(BEGINNING)
    assert "superseded" not in file.read_text()


def test_without_the_permission_nothing_is_begun(box: Box, tmp_path: Path) -> None:
    file = tmp_path / "file"
    have(box, file)
    box.simulator.set_rights("tv")
    box.simulator.expire_sessions()
    assert not have(box, file)["changed"]
    assert "lacks the permission settings" in refused(box, **ADA, dest=str(file), renew=True)


@pytest.mark.parametrize("check", [True, False])
def test_who_is_made_by_the_same_run(box: Box, tmp_path: Path, check: bool) -> None:
    """In check mode users and servers of this run count as there; else they have to be."""
    file = tmp_path / "file"
    have(box, file, user="ben")
    declared = {"user": "new", "server": BRIDGE, "dest": str(file), "assume_present": ["new", BRIDGE]}
    if not check:
        assert "has no VPN user 'new'" in refused(box, **declared)
        return
    answer = box.manage(VPN_PROFILE, **declared, check=True)
    assert answer["objects"][0]["reason"] == "the user new does not exist yet"


# -- two servers of one user


def two(tmp_path: Path) -> list[dict[str, t.Any]]:
    return [{"user": "ada", "server": name, "dest": str(tmp_path / name)} for name in (ROUTED, BRIDGE)]


@pytest.mark.parametrize("reading", ["user", "server"])
def test_files_of_one_user_for_two_servers(start: Start, tmp_path: Path, reading: str) -> None:
    """They are refused, unless it is known that they do not invalidate each other; where they do, there is a warning before."""
    box = stocked(start(Box, readings={"download_invalidates": reading}))
    box.simulator.set_server(BRIDGE, enabled=True)
    text = refused(box, profiles=two(tmp_path))
    assert (
        "user ada: files for openvpn_routed and for openvpn_bridge are declared, but the download of one invalidates the other."
        in text
    )
    assert "Use another user for each server." in text
    answer = box.manage(VPN_PROFILE, profiles=two(tmp_path), invalidates="server")
    assert "warnings" not in answer
    good = [box.simulator.lets_in(name, (tmp_path / name).read_text()) for name in (ROUTED, BRIDGE)]
    assert good == [reading == "server", True]
    warned = have(box, tmp_path / ROUTED, renew=True, check=True)["warnings"]
    assert warned == [
        "The new file of ada for openvpn_routed may invalidate the one for openvpn_bridge, if one exists: see invalidates."
    ]
    assert have(box, tmp_path / ROUTED, renew=True)["warnings"] == warned


# -- servers that are started


@both
def test_a_server_is_started_where_that_is_asked_for(start: Start, tmp_path: Path, server: str) -> None:
    box, file = stocked(start(Box, settings={"start_duration": 0.05})), tmp_path / "file"
    box.simulator.set_server(server, enabled=False)
    reported = have(box, file, server, start=True, check=True)
    assert not box.writes()
    done = have(box, file, server, start=True)
    assert (
        reported["warnings"]
        == done["warnings"]
        == [f"{server} is started to download files, and keeps running afterwards."]
    )
    assert box.simulator.lets_in(server, file.read_text())
    box.simulator.set_server(server, enabled=False)
    box.simulator.log.clear()
    assert not have(box, file, server, start=True)["changed"]
    assert not box.writes()


def test_a_server_that_is_starting_is_waited_for(start: Start, tmp_path: Path) -> None:
    box = stocked(start(Box, settings={"start_duration": 0.1}))
    box.simulator.machine.servers.find(ROUTED).since = box.simulator.machine.clock.now()
    have(box, tmp_path / "file")
    assert downloads(box) == 1


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (True, "does not run: it is in the state error after the change"),
        (False, "does not run: it is starting after 1 seconds, not started"),
    ],
)
def test_a_server_that_does_not_start(start: Start, tmp_path: Path, broken: bool, sentence: str) -> None:
    box = stocked(start(Box, settings={"start_duration": 0.05 if broken else 9999}))
    box.simulator.set_server(ROUTED, enabled=False, broken=broken)
    timeout = {} if broken else {"start_timeout": 1}
    answer = box.manage(VPN_PROFILE, **ADA, dest=str(tmp_path / "file"), start=True, **timeout)
    assert f"openvpn_routed of {box.simulator.url} {sentence}" in answer["msg"]
    assert "Nothing was downloaded." in answer["msg"]
    assert answer["changed"]
    assert downloads(box) == 0
    assert not list(tmp_path.iterdir())


# -- what goes wrong half-way


class Killed(BaseException):
    """The process ends here."""


class Trial:
    """A place in a state to start from, and a task for it, again and again."""

    def __init__(self, box: Box, folder: Path, state: str, server: str) -> None:
        self.box, self.state, self.server, self.file = box, state, server, folder / "file"
        self.was_good = False
        self.start_over()
        box.simulator.log.clear()
        self.run()
        self.log = [*box.simulator.log]

    def start_over(self) -> None:
        simulator = self.box.simulator
        for path in self.file.parent.iterdir():
            path.unlink()
        simulator.reset()
        stocked(self.box)
        if self.state != "nothing":
            have(self.box, self.file, self.server)
        if self.state == "moved":
            simulator.set_server(self.server, port=1200)
        simulator.log.clear()

    @property
    def renew(self) -> bool:
        return self.state == "to be renewed"

    def run(self, **params: t.Any) -> Answer:
        declared = {"user": USERS[self.server], "server": self.server, "dest": str(self.file)}
        return self.box.manage(VPN_PROFILE, **{**declared, "renew": self.renew, **params})

    def mended(self) -> None:
        """The next run provides a valid file, and the one after that has nothing to do; both without renew."""
        simulator = self.box.simulator
        simulator.faults.clear()
        simulator.log.clear()
        done = self.run(renew=False)
        assert not done.get("failed"), done["msg"]
        assert downloads(self.box) <= 1
        text = self.file.read_text()
        assert simulator.lets_in(self.server, text), "the file that counts as good has ended"
        simulator.log.clear()
        assert not self.run(renew=False)["changed"]
        assert not self.box.writes()
        assert [path for path in self.file.parent.iterdir() if "rescued" in path.name] == []
        assert stat.S_IMODE(self.file.stat().st_mode) == 0o600


TRIALS = (("nothing", WIREGUARD), ("moved", ROUTED), ("to be renewed", ROUTED), ("to be renewed", WIREGUARD))


@pytest.fixture(name="trial", params=TRIALS, ids=str)
def fixture_trial(start: Start, tmp_path: Path, request: pytest.FixtureRequest) -> Trial:
    (tmp_path / "place").mkdir()
    return Trial(start(Box), tmp_path / "place", *request.param)


FAULTS: dict[str, dict[str, t.Any]] = {
    "dropped before": {"do": "drop"},
    "dropped after": {"do": "drop", "applied": True},
    "500 before": {"status": 500},
    "500 after": {"status": 500, "applied": True},
    "internal error after": {
        "status": 200,
        "applied": True,
        "body": {"success": False, "error_code": "internal_error", "msg": "?"},
    },
    "busy": {"status": 200, "body": {"success": False, "error_code": "busy", "msg": "?"}, "times": 9},
    "no such call": {"status": 404, "body": {"success": False, "error_code": "noent", "msg": "?"}},
    "503": {"status": 503, "body": "<html>", "times": 9},
    "half an answer": {"do": "truncate"},
    "a page": {"do": "html"},
    "nothing": {"status": 200, "body": {"success": True}, "applied": True},
    "session gone": {"status": 403, "body": {"success": False, "error_code": "auth_required", "msg": "?"}},
}


def test_a_fault_at_any_request(trial: Trial) -> None:
    """At most one file is created, a failure reports it, and an invalid file never counts as valid."""
    for fault, number in crossed(FAULTS, range(1, len(trial.log) + 1), seed=f"{trial.state} {trial.server}"):
        trial.start_over()
        before = trial.file.read_bytes() if trial.file.exists() else None
        good = bool(before) and trial.box.simulator.lets_in(trial.server, trial.file.read_text())
        trial.box.simulator.faults.add(nth=number, **FAULTS[fault])
        answer = trial.run()
        assert "defect" not in answer.get("msg", ""), answer
        made = downloads(trial.box)
        assert made <= 1
        assert answer["changed"] or not made
        if answer.get("failed"):
            action = [one["action"] for one in answer.get("objects", ())]
            assert action in ([], ["unknown"], ["not attempted"], ["failed"]), answer
            if action == ["unknown"]:
                assert "to get a new one." in answer["msg"], answer["msg"]
            else:
                assert not answer["changed"]
                assert (trial.file.read_bytes() if trial.file.exists() else None) == before
                assert not good or trial.box.simulator.lets_in(trial.server, trial.file.read_text())
        else:
            assert trial.box.simulator.lets_in(trial.server, trial.file.read_text())
        trial.mended()


def killing(nth: int, function: Callable[..., t.Any], before: bool) -> Callable[..., t.Any]:
    """The function, until it is called for the nth time."""
    calls = 0

    def counted(*args: t.Any, **how: t.Any) -> t.Any:
        nonlocal calls
        calls += 1
        if calls == nth and before:
            raise Killed
        answer = function(*args, **how)
        if calls == nth:
            raise Killed
        return answer

    return counted


@pytest.mark.parametrize(
    ("trial", "what", "before"), crossed(TRIALS, ["request", "replace", "fsync"], [True, False]), indirect=["trial"]
)
def test_killed_at_any_request_and_file_operation(
    trial: Trial, what: str, before: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder, name = (Transport, "_send") if what == "request" else (os, what)
    for nth in range(1, 30):
        trial.start_over()
        with monkeypatch.context() as patch:
            patch.setattr(holder, name, killing(nth, getattr(holder, name), before))
            try:
                trial.run()
            except Killed:
                pass
            else:
                assert nth > (4 if what == "request" else 2)
                return
        assert downloads(trial.box) <= 1
        trial.mended()
    raise AssertionError("the task never ends")


def test_a_session_that_ends_in_the_middle_is_renewed(trial: Trial) -> None:
    for number in range(3, len(trial.log) + 1):
        trial.start_over()
        trial.box.simulator.faults.add(nth=number, do="act", act=trial.box.simulator.expire_sessions)
        assert not trial.run().get("failed")
        assert downloads(trial.box) == 1
        trial.mended()


# -- what comes and cannot be put in its place


@pytest.fixture(name="full")
def fixture_full(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes files of these names impossible to write, though there is room for them."""
    real = os.replace

    def full(*names: str, prefix: str = "") -> None:
        def replace(source: str, target: str) -> None:
            if os.path.basename(target) in names and not (prefix and prefix in target):
                text = Path(source).read_text()
                if "superseded" not in text:  # which only announces a newer file
                    raise OSError(5, "Input/output error")
            real(source, target)

        monkeypatch.setattr(os, "replace", replace)

    return full


@both
@pytest.mark.parametrize("state", ["nothing", "renew"])
def test_what_cannot_be_written_is_kept_beside_and_put_there_by_the_next_run(
    box: Box, tmp_path: Path, server: str, state: str, full: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    file, beside = tmp_path / "file", tmp_path / "file.rescued"
    if state == "renew":
        have(box, file, server)
    box.simulator.log.clear()
    full("file")
    declared = {"user": USERS[server], "server": server, "dest": str(file)}
    answer = box.manage(VPN_PROFILE, **declared, renew=True)
    assert answer["failed"]
    assert answer["changed"]
    assert answer["objects"][0]["action"] == "unknown"
    assert f"dest: {file} cannot be written: Input/output error." in answer["msg"]
    assert f"The new one is in {beside}: the next run puts it in its place." in answer["msg"]
    text = beside.read_text()
    assert not any(secret in text_of(answer) for secret in secrets_of(text))
    assert stat.S_IMODE(beside.stat().st_mode) == 0o600
    assert box.simulator.lets_in(server, text)
    monkeypatch.undo()
    reported = have(box, file, server, check=True)
    done = have(box, file, server, renew=True)
    assert reported["objects"][0]["reason"] == done["objects"][0]["reason"]
    assert "could not be put in its place earlier" in done["objects"][0]["reason"]
    assert file.read_text() == text
    assert not beside.exists()
    assert downloads(box) == 1
    assert not have(box, file, server)["changed"]


def test_what_is_kept_beside_and_is_no_use_any_more_goes(box: Box, tmp_path: Path, full: Callable[..., None]) -> None:
    file, beside = tmp_path / "file", tmp_path / "file.rescued"
    full("file")
    box.manage(VPN_PROFILE, **ADA, dest=str(file))
    full()
    box.simulator.set_server(ROUTED, port=1200)
    answer = have(box, file)
    assert answer["objects"][0]["reason"] == "a newer one was requested, and never arrived"
    assert not beside.exists()
    assert box.simulator.lets_in(ROUTED, file.read_text())
    beside.write_text(file.read_text())
    left = have(box, file)
    assert left["objects"][0]["changed_keys"] == ["rescued"]
    assert not beside.exists()
    assert not have(box, file)["changed"]


def test_what_cannot_be_kept_beside_either_is_kept_elsewhere(
    box: Box, tmp_path: Path, full: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    (tmp_path / "place").mkdir()
    file = tmp_path / "place/file"
    full("file", "file.rescued", prefix=str(temporary))
    answer = box.manage(VPN_PROFILE, **ADA, dest=str(file))
    [kept] = temporary.rglob("file")
    assert f"The new one is in {kept}: move it to {file}." in answer["msg"]
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    full()
    kept.rename(file)
    assert box.simulator.lets_in(ROUTED, file.read_text())
    assert not have(box, file)["changed"]
    full("file", "file.rescued")
    answer = box.manage(VPN_PROFILE, **ADA, dest=str(file), renew=True)
    assert "It could not be saved in another place either." in answer["msg"]
    assert "Run again to get a new one." in answer["msg"]


def test_a_disk_that_is_full_is_noticed_before_anything_is_asked_for(
    box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    have(box, file)
    text = file.read_text()
    box.simulator.log.clear()

    def full(number: int) -> t.NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    answer = box.manage(VPN_PROFILE, **ADA, dest=str(file), renew=True)
    assert f"dest: {file} cannot be written: No space left on device." in answer["msg"]
    assert (answer["changed"], downloads(box)) == (False, 0)
    assert answer["objects"][0]["action"] == "not attempted"
    assert file.read_text() == text


def test_what_is_not_understood_is_kept_to_look_at(box: Box, tmp_path: Path) -> None:
    file = tmp_path / "file"
    box.simulator.faults.add(path="vpn/download_config/*", status=200, body="something new", applied=True)
    answer = box.manage(VPN_PROFILE, **ADA, dest=str(file))
    beside = tmp_path / "file.rescued"
    assert "answered something that no client can use: it names no device (dev)." in answer["msg"]
    assert f"The answer is in {beside}, which only this account can read." in answer["msg"]
    assert "something new" in beside.read_text()
    assert stat.S_IMODE(beside.stat().st_mode) == 0o600
    assert have(box, file)["changed"]
    assert box.simulator.lets_in(ROUTED, file.read_text())
    assert not beside.exists()


def test_one_lost_answer_of_many_stops_the_task(box: Box, tmp_path: Path) -> None:
    """Each has its own result: a new file, an unknown result, or not attempted."""
    declared = [{"user": user, "server": ROUTED, "dest": str(tmp_path / user)} for user in ("ada", "ben")]
    box.simulator.set_user("cyd")
    declared.append({"user": "cyd", "server": ROUTED, "dest": str(tmp_path / "cyd")})
    box.simulator.faults.add(path="vpn/download_config/*/ben/*", do="drop", applied=True)
    answer = box.manage(VPN_PROFILE, profiles=declared)
    assert [one["action"] for one in answer["objects"]] == ["created", "unknown", "not attempted"]
    assert "Earlier files of ben may be invalid now" in answer["msg"]
    assert downloads(box) == 2
    again = box.manage(VPN_PROFILE, profiles=declared)
    assert [one["action"] for one in again["objects"]] == ["unchanged", "updated", "created"]
    assert all(box.simulator.lets_in(ROUTED, Path(one["dest"]).read_text()) for one in declared)


def test_no_text_of_a_file_is_quoted_by_an_error(box: Box, tmp_path: Path) -> None:
    """Not even where the box answers a file and an error at once."""
    secret = "Correct-Horse-Battery"
    for body, status in ((f"<key>{secret}", 200), (f"<key>{secret}", 400), ({"msg": 7, "key": secret}, 500)):
        box.simulator.faults.add(path="vpn/download_config/*", status=status, body=body)
        answer = box.manage(VPN_PROFILE, **ADA, dest=str(tmp_path / "file"))
        assert answer["failed"]
        assert secret not in text_of(answer)


def test_a_user_who_goes_meanwhile(box: Box, tmp_path: Path) -> None:
    box.simulator.faults.add(path="vpn/user/", nth=3, do="act", act=lambda: box.simulator.delete_user("ada"))
    answer = box.manage(VPN_PROFILE, **ADA, dest=str(tmp_path / "file"))
    assert "server openvpn_routed or user ada no longer exists on" in answer["msg"]
    assert "Nothing was downloaded" in answer["msg"]
    assert not answer["changed"]
    assert not list(tmp_path.iterdir())
