# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installers of OpenVPN Connect that contain a profile, as files. A record next to each file keeps its purpose."""

from __future__ import annotations

import json
import typing as t
from urllib.parse import parse_qs, urlsplit

from ..._engine.run import Run
from ..._files.secret_file import SecretFile
from ..._net.operations import Headers
from ..._text.errors import EstateError, OutcomeUnknown, Refused, reads
from ..._text.outside import Sentence
from ..api.client import AccessServer
from .installer_url import DOWNLOADED, PROFILES, refuse_user

SPEC: t.Mapping[str, t.Any] = {
    "user": {"type": "str"},
    "installer_type": {"type": "str", "required": True, "choices": list(DOWNLOADED)},
    "profile_type": {"type": "str", "choices": list(PROFILES)},
    "tls_crypt_v2": {"type": "bool"},
    "dest": {"type": "path", "required": True},
    "renew": {"type": "bool", "default": False},
}
RECORD = ".json"  # the end of the name of a record, after the name of the installer
PROGRAM = "application/octet-stream"
_ABOUT = ("user", "installer_type", "profile_type", "tls_crypt_v2")
_PAGES = ("text/", "application/json", "application/xml")  # media types that are not programs, such as errors


def provide(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The work of as_installer: an unchanged downloaded file, for the declared options."""
    params = run.task.params
    file, record = SecretFile("dest", params["dest"]), SecretFile("dest", params["dest"] + RECORD)
    for each in (file, record):
        each.refuse_unusable()
    if params["user"] is not None:
        refuse_user(run.client, params)
    asked = {name: params[name] for name in _ABOUT if params[name] is not None}
    declared = {**asked, "server": run.client.url, "client_version": _version(run.client)}
    declared.setdefault("user", run.client.username)
    digest, recorded = file.digest(), _recorded(record)
    reason = _reason(declared, digest, recorded, file.is_private, renew=params["renew"])
    answer: dict[str, t.Any] = {
        "changed": bool(reason),
        "reason": Sentence(reason),
        "client_version": declared["client_version"],
    }
    if not reason:
        return answer
    answer["diff"] = file.diff(reason, there=bool(digest))
    if run.task.check:
        return answer
    found = _download(run, file, asked)
    record.write(json.dumps({**declared, **found}, indent=2, sort_keys=True) + "\n")
    return {**answer, **found}


@reads
def _version(client: AccessServer) -> t.Optional[int]:
    """The version of the programs on the server; None if it does not report it."""
    return t.cast("t.Optional[int]", client.object("GET /server/info").get("client_version"))


def _recorded(record: SecretFile) -> dict[str, t.Any]:
    try:
        found = json.loads(record.read() or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _reason(
    declared: t.Mapping[str, t.Any], digest: str, recorded: t.Mapping[str, t.Any], is_private: bool, *, renew: bool
) -> str:
    """Why a new installer must be downloaded; empty if none is needed."""
    if not digest:
        return "none exists yet"
    if renew:
        return "renew is set"
    if not is_private:
        return "other users could read it"
    if recorded.get("sha256") != digest:
        return "it is not the file that was downloaded"
    other = next(
        (name for name in ("server", *_ABOUT, "client_version") if recorded.get(name) != declared.get(name)), None
    )
    return f"its {other} was {recorded.get(other)} and is {declared.get(other)}" if other else ""


def _download(run: Run[AccessServer], file: SecretFile, asked: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Request an address, and download from the server of the task: no other server is asked."""
    url = run.task.made(run.client.text("POST /installer-url", asked))
    token = run.task.made(_token(run.client, url))
    query = {"token": token, "installer_type": asked["installer_type"]}
    media = ""

    def note(headers: Headers) -> None:
        nonlocal media
        media = headers.get("Content-Type", "").partition(";")[0].strip().lower()

    with file.arriving() as arrival:
        try:
            run.client.call(
                "GET /GetInstallerViaToken", query=query, accept=PROGRAM, on_headers=note, sink=arrival.take
            )
        except Refused as exc:
            raise EstateError(
                f"{run.client.url} provides no {asked['installer_type']} installer: {exc.reason}."
            ) from exc
        except OutcomeUnknown as exc:
            raise EstateError(f"{exc}. The incomplete download was not kept. A new run downloads it again.") from exc
        if not arrival.length or media.startswith(_PAGES) or arrival.beginning in (b"<", b"{"):
            raise EstateError(
                f"{run.client.url} returned {arrival.length} bytes of {media or 'no type'} instead of an installer. They were "
                "not kept."
            )
    return {"sha256": arrival.sha256, "length": arrival.length}


def _token(client: AccessServer, url: str) -> str:
    """The token in an address of an installer."""
    found = parse_qs(urlsplit(url).query).get("token", [])
    if len(found) != 1:
        raise client.unreadable("the address of an installer")
    return found[0]
