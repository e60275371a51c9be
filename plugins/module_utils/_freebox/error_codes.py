# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The error codes of Freebox OS, and what each means (server behaviour, F44 to F50)."""

from __future__ import annotations

import typing as t

from .._net.answer_limits import parsed
from .._net.refusals import Meaning

RIGHTS = "Freebox OS > Paramètres > Gestion des accès > Applications"  # where a person grants them (F42)
# The HTTP status that means the same, and a hint for the user. The HTTP status of the answer itself means little (F48).
CODES: t.Mapping[str, tuple[int, str]] = {
    "auth_required": (401, "the session has ended"),
    "invalid_session": (401, "the session has ended"),
    "invalid_token": (403, "the box does not know this token of the application"),
    "pending_token": (403, "the application has not been allowed on the box itself yet"),
    "insufficient_rights": (403, f"the application lacks a permission: tick it in {RIGHTS}"),
    "denied_from_external_ip": (403, "the box allows this from its own network only"),
    "invalid_request": (400, "the box does not understand the request"),
    "ratelimited": (403, "too many sign-ins from this address have failed: wait before you try again"),
    "new_apps_denied": (403, f"new applications are switched off: allow them in {RIGHTS}"),
    "apps_denied": (403, f"applications are switched off: allow them in {RIGHTS}"),
    "access_denied": (403, "the application may not do this"),
    "invalid_api_version": (404, "the box does not serve this version of its API: see freebox_api_version"),
    "internal_error": (500, "an error occurred in the box"),
    "service_down": (503, "this part of the box is not running"),
    "inval": (400, "the box does not accept these values"),
    "exist": (409, "one with this name exists already"),
    "noent": (404, "nothing with this name exists"),
    "nomem": (500, "the box has no memory left"),
    "unsupp": (400, "this box cannot do that"),
    "notsupp": (400, "this box cannot do that"),
    "inuse": (409, "it is in use"),
    "busy": (429, "the box is busy with it, as with a server that is not started"),
    "ioerror": (500, "an error occurred in the box"),
    "size": (413, "the box has no room for more"),
    "port_outside_range": (400, "the port is not one that this line can use"),
}


def meaning(status: int, text: str) -> t.Optional[Meaning]:
    """The meaning of an answer that is a refusal; None for any other. Its msg, in French, is shown and never compared."""
    try:
        body = parsed(text)
    except ValueError:
        return None
    if not isinstance(body, dict) or body.get("success") is not False:
        return None
    code = body.get("error_code")
    code = code if isinstance(code, str) else ""
    same_as, hint = CODES.get(code, (max(status, 400), ""))
    if code == "invalid_request" and status == 404:
        same_as, hint = 404, "the box has no such call, perhaps because its software is older"
    msg = body.get("msg")
    words = msg if isinstance(msg, str) and msg else "it gave no reason"
    lacking = body.get("missing_right")
    if isinstance(lacking, str):
        hint = f"{hint}, {lacking}" if hint else lacking
    return Meaning(same_as, f"{words} ({hint})" if hint else words, code or str(status))
