# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses for the download of an installer of OpenVPN Connect that contains a profile."""

from __future__ import annotations

import typing as t

from ..._engine.run import Run
from ..._files.secret_file import SecretFile
from ..._text.errors import InputError, reads
from ..api import values
from ..api.client import AccessServer

DOWNLOADED = ("win_v3", "mac_v3", "win", "mac")  # other programs come from a store or a package repository
INSTALLERS = (*DOWNLOADED, "ios", "android", "linux")
PROFILES = ("autologin", "userlogin", "generic", "epki-generic")
SPEC: t.Mapping[str, t.Any] = {
    "user": {"type": "str"},
    "installer_type": {"type": "str", "required": True, "choices": list(INSTALLERS)},
    "profile_type": {"type": "str", "choices": list(PROFILES)},
    "tls_crypt_v2": {"type": "bool"},
    "dest": {"type": "path"},
    "return_content": {"type": "bool", "default": False},
}
CONSTRAINTS: t.Mapping[str, t.Sequence[t.Any]] = {"required_one_of": [("dest", "return_content")]}


def create(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The work of as_installer_url: a new address in each run."""
    params = run.task.params
    file = SecretFile("dest", params["dest"]) if params["dest"] is not None else None
    if file:
        file.refuse_unusable()
    elif not params["return_content"]:
        raise InputError(
            "Neither dest nor return_content is set, so the address of the installer would be lost. Set one."
        )
    if params["user"] is not None:
        refuse_user(run.client, params)
    names = ("user", "installer_type", "profile_type", "tls_crypt_v2")
    request = {name: params[name] for name in names if params[name] is not None}
    place = {"dest": file.path} if file else {}
    answer: dict[str, t.Any] = {"changed": True, "diff": {"before": {}, "after": {"installer": {**request, **place}}}}
    if run.task.check:
        return answer
    url = run.task.made(run.client.text("POST /installer-url", request))
    if file:
        file.write(f"{url}\n")
    return {**answer, "content": url} if params["return_content"] else answer


@reads
def refuse_user(client: AccessServer, params: t.Mapping[str, t.Any]) -> None:
    """Refuse a user that does not exist, or may not have the requested profile."""
    name = params["user"]
    user = client.users([name]).records.get(name)
    if user is None:
        raise InputError(f"user {name} does not exist. Nothing was written.")
    if params["profile_type"] == "autologin" and not values.boolean(values.effective(user.get("autologin"))):
        raise InputError(
            f"profile_type: {name} may not have autologin profiles. Nothing was written. Set autologin: true for the user or "
            "the group first (as_user, as_group)."
        )
