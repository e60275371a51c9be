# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of a connection profile: an OpenVPN configuration with the comments by which the vendor's clients know it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..clock import moment


@dataclass(frozen=True)
class ProfileContents:
    """What goes into a profile; `username`, `serial` and `common_name` are None where it belongs to no user.

    `remotes` are host, port and protocol of each daemon; `blocks` are the inline files by the name of their option.
    """

    host: str
    web_port: int
    created: float
    profile_type: str
    username: str | None
    serial: str | None
    common_name: str | None
    expires: float | None
    remotes: Sequence[str]
    tls_version_min: str
    blocks: Mapping[str, str]
    extra: str

    @property
    def text(self) -> str:
        directives = [
            "client",
            "server-poll-timeout 4",
            "nobind",
            *(f"remote {remote}" for remote in self.remotes),
            "dev tun",
            "dev-type tun",
            "remote-cert-tls server",
            f"tls-version-min {self.tls_version_min}",
            "reneg-sec 604800",
            *(["setenv CLIENT_CERT 0"] if self.profile_type == "generic" else []),
            *(["auth-user-pass"] if self.profile_type != "autologin" else []),
            *(["key-direction 1"] if "tls-auth" in self.blocks else []),
            "verb 3",
            "push-peer-info",
            *self.extra.splitlines(),
        ]
        inline = [f"<{name}>\n{text.rstrip()}\n</{name}>" for name, text in self.blocks.items()]
        return "\n".join([*(f"# {line}" for line in self._comments()), *directives, "", *inline, ""])

    def _comments(self) -> list[str]:
        lines = [
            "Automatically generated OpenVPN client config file",
            f"Generated on {moment(self.created).strftime('%a %b %e %H:%M:%S %Y')} by {self.host}",
        ]
        if self.serial is not None and self.expires is not None:
            lines += [
                "Note: this config file contains inline private keys",
                "      and therefore should be kept confidential!",
                f"      Certificate serial: {self.serial}, certificate common name: {self.common_name}",
                f"      Expires {moment(self.expires).strftime('%Y-%m-%d %H:%M:%S')}",
            ]
        owner = ""
        if self.username is not None:
            lines += [
                "Note: this configuration is user-locked to the username below",
                f"OVPN_ACCESS_SERVER_USERNAME={self.username}",
            ]
            owner = f"{self.username}@"
        autologin = self.profile_type == "autologin"
        lines += [
            "Define the profile name of this particular configuration file",
            f"OVPN_ACCESS_SERVER_PROFILE={owner}{self.host}{'/AUTOLOGIN' if autologin else ''}",
        ]
        if autologin:
            lines.append("OVPN_ACCESS_SERVER_AUTOLOGIN=1")
        if self.profile_type == "generic":
            lines.append("OVPN_ACCESS_SERVER_GENERIC=1")
        if self.profile_type == "epki-generic":
            lines.append("OVPN_ACCESS_SERVER_EXTERNAL_PKI=1")
        return [
            *lines,
            "OVPN_ACCESS_SERVER_CLI_PREF_ALLOW_WEB_IMPORT=True",
            "OVPN_ACCESS_SERVER_CLI_PREF_BASIC_CLIENT=False",
            "OVPN_ACCESS_SERVER_CLI_PREF_ENABLE_CONNECT=False",
            "OVPN_ACCESS_SERVER_CLI_PREF_ENABLE_XD_PROXY=True",
            f"OVPN_ACCESS_SERVER_WSHOST={self.host}:{self.web_port}",
        ]
