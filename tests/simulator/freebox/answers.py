# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operation of a Freebox is asked, and the envelope of its answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..answers import Answer, Refusal, Request
from ..shapes import problems

if TYPE_CHECKING:
    from .sessions import Session

MESSAGES = {
    "apps_denied": "Les applications ne sont pas autorisées à accéder à cette Freebox",
    "auth_required": "Vous devez vous connecter pour accéder à cette fonction",
    "busy": "La ressource est occupée",
    "denied_from_external_ip": "Cette fonction n'est accessible que depuis le réseau local",
    "exist": "Cette entrée existe déjà",
    "insufficient_rights": "Cette application n'est pas autorisée à accéder à cette fonction",
    "internal_error": "Erreur interne",
    "inuse": "La ressource est déjà utilisée",
    "inval": "Paramètres invalides",
    "invalid_request": "Requête invalide",
    "invalid_token": "La clé de l'application est invalide ou a été révoquée",
    "new_apps_denied": "Les nouvelles applications ne sont pas autorisées",
    "noent": "Identifiant invalide",
    "pending_token": "La clé de l'application n'a pas encore été validée par l'utilisateur",
    "port_outside_range": "Le port est en dehors de la plage autorisée",
    "ratelimited": "Trop d'erreurs d'authentification depuis votre adresse IP",
    "size": "Trop d'éléments",
    "unsupp": "Non supporté",
}
"""What people read of each error code; programs decide by the code (F46)."""


@dataclass
class Call(Request):
    """One request to one operation, after routing; `session` is None where there is none."""

    session: Session | None = None


def succeeded(result: Any = None) -> Answer:
    """The envelope, without `result` where there is nothing to say (F47)."""
    return Answer(200, {"success": True} if result is None else {"success": True, "result": result})


def failed(code: str, status: int = 200, remark: str = "", message: str | None = None, **more: Any) -> Refusal:
    """The envelope of an error; those of the API itself come with status 200 (F48)."""
    body = {**more, "success": False, "msg": message or MESSAGES[code], "error_code": code}
    return Refusal(status, body, remark=remark)


def not_found() -> Refusal:
    """A path or a method that the box does not have (F11)."""
    return failed("invalid_request", 404, message=f"{MESSAGES['invalid_request']} (404)")


def checked(value: Any, shape: Any) -> Any:
    """`value` if it has the shape; otherwise inval, and the log says which fields are wrong and how."""
    found = dict(problems(value, shape))
    if found:
        raise failed("inval", remark="; ".join(f"{path}: {text}" for path, text in found.items()))
    return value
