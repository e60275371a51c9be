# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The questions that documents and captures leave open, and the reading the simulator takes of each."""

from __future__ import annotations

READINGS: dict[str, tuple[str, ...]] = {
    # HTTP status of the error noent (F48)
    "noent_status": ("200", "404"),
    # a list without elements: no result at all, or an empty array (F47)
    "empty_list": ("absent", "array"),
    # the keys of conf_openvpn, conf_pptp, conf_wireguard that a PUT does not name (F57)
    "partial_objects": ("merge", "replace"),
    # read-only keys in a PUT
    "read_only_keys": ("refused", "ignored"),
    # enable_ipv4 and enable_ipv6 of a server for which they are "not relevant" (F55)
    "irrelevant_keys": ("ignored", "refused"),
    # a change to a server that runs: it starts again, or goes on running
    "change_while_started": ("restarts", "goes_on"),
    # auth_modes of conf_ipsec: typed as an array, described as a map (F56)
    "ipsec_auth_modes": ("list", "map"),
    # a PUT with login and password in one body (F67)
    "put_with_login": ("accepted", "refused"),
    # a user who is deleted while connected: is cut off, or stays until the connection is ended
    "deleted_user": ("cut_off", "goes_on"),
    # the error for an address that another user has (F64)
    "address_taken": ("inval", "exist", "inuse"),
    # whether a new WireGuard file invalidates the one before (F72)
    "wireguard_download": ("renews", "keeps"),
    # what a new OpenVPN file invalidates: all earlier ones of the user, or those for the same server (F72)
    "download_invalidates": ("user", "server"),
    # Content-Type of WireGuard files (F71)
    "wireguard_content_type": ("application/octet-stream", "text/plain", "application/x-openvpn-profile"),
    # whether one challenge is good for several logins (F30)
    "challenge_use": ("many", "once"),
    # whether the answer insufficient_rights has a challenge as well (F30 and F44 disagree)
    "insufficient_rights_challenge": ("absent", "given"),
    # rights that an app lacks: shown as false, or left out (F40)
    "denied_rights": ("false", "absent"),
    # what a newly paired app may do (F42)
    "rights_after_pairing": ("without_settings", "all"),
}
"""Name of each question with the readings it has; the first is the default."""
