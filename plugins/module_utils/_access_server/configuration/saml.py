# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An Access Server as a SAML service provider: its identity provider, and what this provider needs of the server."""

from __future__ import annotations

import contextlib
import typing as t
from datetime import datetime, timezone
from urllib.parse import urlsplit

from ..._engine.apply import apply_declared
from ..._engine.field import Field, Object, Turn
from ..._engine.plan import Actual, Change, OwnAccount, Wanted
from ..._engine.run import Run
from ..._files import pem
from ..._files.read_file import content_of
from ..._files.saml_metadata import ServiceProvider, certificate_of, identity_provider, service_provider
from ..._files.secret_file import SecretFile
from ..._text.errors import EstateError, InputError, Mistakes, Refused, reads
from ..._text.outside import Sentence
from ..accounts.account_safety import Safeguarded
from ..api import values
from ..api.client import AccessServer
from .config_item import LIMITS, is_known, item_of, plain_text, problem_of, profile_of, typed
from .sign_in_settings import endangered

PREFIX = "auth.saml.0."
NEEDED = ("idp_entity_id", "idp_signon_endpoint", "idp_certificate")  # without which no user can sign in
OF_METADATA = (*NEEDED, "idp_logout_endpoint")
SOURCES = ("idp_metadata", "idp_metadata_src", "idp_metadata_url")
FACTS = ("type", "default_value", *LIMITS)  # of an item
UNSET: t.Mapping[str, t.Any] = {
    "enabled": False,
    "timeout": 180,
}  # if a server reports no default (117); texts are empty
INFO_SPEC: t.Mapping[str, t.Any] = {"profile": {"type": "str"}}
XML = "application/samlmetadata+xml"


def _address(text: str) -> None:
    if text and not (
        text.startswith("https://") and urlsplit(text).hostname and text.isprintable() and " " not in text
    ):
        raise ValueError(f"{text!r} is not an https address")


def _certificates(text: str) -> list[pem.Certificate]:
    """The certificates of a text in PEM format, or a single one in base64. Raises ValueError."""
    return pem.certificates(text) if pem.BEGIN in text else [certificate_of(text)] if text.strip() else []


def _normal(text: str) -> str:
    """Certificates in PEM format, each once. A text without one stays as it is: a server can have any text."""
    try:
        return "".join(dict.fromkeys(one.pem for one in _certificates(text)))
    except ValueError:
        return plain_text(text)


def _number(value: t.Any) -> t.Any:
    return typed(value, "integer")


def _field(name: str, end: str, kind: str = "str", **more: t.Any) -> Field:
    return Field(name, {"type": kind}, api=PREFIX + end, read_back=True, **more)


class Saml(Safeguarded):
    """The SAML settings of a configuration profile, which has one identity provider (server behaviour, 137)."""

    noun, plural, sole_name, sole_title = "saml", "", "saml", "SAML"
    keys: t.Mapping[str, t.Any] = {}
    purgeable, always_there, read_back = False, True, ()
    fields = (
        _field("enabled", "enable", "bool", normal=values.boolean),
        _field("idp_entity_id", "idp_entityid", unset=""),
        _field("idp_signon_endpoint", "idp_signon_endpoint", unset="", validate=_address),
        _field("idp_logout_endpoint", "idp_logout_endpoint", unset="", validate=_address),
        _field("idp_certificate", "idp_cert", unset="", normal=_normal, validate=_certificates),
        _field("sp_hostname", "sp_hostname", unset=""),
        _field("timeout", "timeout", "int", normal=_number),
    )
    turn = Turn.REST
    of_node = True
    options = {
        "idp_metadata": {"type": "str"},
        "idp_metadata_src": {"type": "path"},
        "idp_metadata_url": {"type": "str"},
        "idp_certificate_fingerprint": {"type": "str"},
        "sp_metadata_dest": {"type": "path"},
        "profile": {"type": "str"},
        "allow_self": {"type": "bool", "default": False},
    }
    rules = {
        "mutually_exclusive": [SOURCES, *((source, name) for source in SOURCES for name in OF_METADATA)],
    }

    def validate(self, wanted: t.Sequence[Wanted]) -> t.Iterator[str]:
        """The state absent allows no settings."""
        for want in wanted:
            if want.state == "absent" and want.values:
                yield f"{self.title(want.name)} with state: absent cannot have {', '.join(sorted(want.values))}."

    def read(self, run: Run[AccessServer], names: t.Optional[t.Sequence[str]]) -> Actual:
        """The settings as they are; under ``items``, the type, the default and the limits of each known setting."""
        keys = [f.api for f in self.fields]
        items = {item["name"]: item_of(item) for item in run.client.config_items(profile_of(run), keys)}
        have = self.load({key: item["value"] for key, item in items.items()})
        known = {f.name: items[f.api] for f in self.fields if is_known(items.get(f.api))}
        have["items"] = {name: {fact: item[fact] for fact in FACTS} for name, item in known.items()}
        return Actual({self.sole_name: have})

    def desired(self, run: Run[AccessServer], wanted: Wanted, have: t.Optional[Object]) -> Object:
        """The declared values; for the state absent, the defaults."""
        if wanted.state != "absent":
            return dict(wanted.values)
        items = (have or {})["items"]
        known = {f.name: items.get(f.name, {}).get("default_value") for f in self.fields}
        return {
            f.name: f.normal(UNSET.get(f.name, "") if known[f.name] is None else known[f.name]) for f in self.fields
        }

    def validate_plan(self, run: Run[AccessServer], mistakes: Mistakes) -> None:
        """A server that supports SAML, a complete identity provider, and the account of the task."""
        for change in run.plan.changes:
            have = change.before or {}
            strangers = [f.api for f in self.fields if f.name in change.values and f.name not in have["items"]]
            if strangers:
                mistakes.add(
                    f"This server does not know {', '.join(strangers)}. SAML needs Access Server 2.11 or later."
                )
            for name, value in change.values.items():
                item = have["items"].get(name, {})
                problem = problem_of(typed(value, item.get("type")), item)
                if problem:
                    mistakes.add(f"{name}: {problem}.")
            after = {**have, **change.values}
            missing = [name for name in NEEDED if not after[name]]
            if change.values and after["enabled"] and missing:
                mistakes.add(
                    f"enabled: without {', '.join(missing)}, no user can sign in by SAML. Set what is missing, too."
                )
            written = self.dump(change.values)
            change.results["pending"] = [*written] if profile_of(run) == run.client.config_profiles[0] else []
            with mistakes.collecting():
                if endangered(run, profile_of(run), written):
                    change.own_account, change.turn = OwnAccount.AT_RISK, Turn.OWN

    def update(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """All values in one request, so that an incomplete identity provider is never active."""
        self._send(run, changes)

    def repair(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Write the values themselves, also if they are the defaults."""
        self._send(run, changes, back=False)

    def _send(self, run: Run[AccessServer], changes: t.Sequence[Change], *, back: bool = True) -> None:
        profile = profile_of(run)

        def write(change: Change) -> None:
            items = (change.before or {}).get("items", {})
            written = {
                f.api: typed(change.values[f.name], items.get(f.name, {}).get("type"))
                for f in self.fields
                if f.name in change.values
            }
            send = run.client.reset_config_items if back and change.state == "absent" else run.client.set_config_items
            send(profile, written)

        run.writes.each(changes, write)


SAML = Saml()


def configure(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The work of as_saml: the settings, then a check of the sign-in address, and the metadata of the server in a file."""
    params = run.task.params
    file = SecretFile("sp_metadata_dest", params["sp_metadata_dest"]) if params["sp_metadata_dest"] else None
    if file:
        file.refuse_unusable()
    settings, offered = _of_identity_provider(run)
    answer = apply_declared(run.within(settings), SAML)
    if offered:
        used = [one.fingerprint for one in _certificates(settings["idp_certificate"])]
        shown = [{**_facts(one), "used": one.fingerprint in used} for one in offered]
        answer["objects"][0]["idp_certificates"] = shown
    if answer.get("failed"):
        return answer
    if not run.task.check and profile_of(run) == run.client.config_profiles[0]:
        _warn_where_it_fails(run)
    if file:
        _keep_metadata(run, file, answer)
    return answer


# -- the identity provider


def _of_identity_provider(run: Run[AccessServer]) -> tuple[dict[str, t.Any], t.Sequence[pem.Certificate]]:
    """The settings from its metadata, and all certificates in it; empty if there is no metadata.

    The server reports what it reads in metadata (137). Metadata on this machine is read here first: the server never gets a
    document type, and an answer that contradicts the local reading is refused.
    """
    params = run.task.params
    source = next((name for name in SOURCES if params[name] is not None), None)
    wanted = (params["idp_certificate_fingerprint"] or "").lower().replace(":", "")
    if source is None:
        if wanted:
            raise InputError(
                f"idp_certificate_fingerprint selects a certificate from metadata. Set one of {', '.join(SOURCES)}."
            )
        return {}, ()
    if params["state"] == "absent":
        raise InputError(f"{SAML.sole_title} with state: absent cannot have {source}.")
    own = None
    if source == "idp_metadata_url":
        with pem.about(source):
            _address(params[source])
        if "@" in params[source]:
            raise InputError(f"{source} contains a name or a password, which the server would keep in its log.")
        asked = {"url": params[source]}
    else:
        asked = {"data": params[source] if source == "idp_metadata" else _content(run, source)}
        with pem.about(source):
            own = identity_provider(asked["data"])
        if own.valid_until and own.valid_until < datetime.now(timezone.utc):
            raise InputError(f"{source}: the metadata was valid until {own.valid_until:%Y-%m-%d %H:%M} UTC.")
    read = _as_the_server_reads(run, source, asked)
    settings = {"idp_logout_endpoint": "", **read}
    if own:
        settings = {**_plain(own), **read}
        if settings["idp_entity_id"] != own.entity_id:
            raise InputError(
                f"{source}: {run.client.url} reads the entity ID {settings['idp_entity_id']!r}, but it is {own.entity_id!r}."
            )
    lacking = [name for name in NEEDED if not settings.get(name)]
    if lacking:
        raise InputError(f"{source}: {run.client.url} finds no {', '.join(lacking)} in it.")
    with pem.about(source):
        of_server = _certificates(read.get("idp_certificate", ""))
    offered = own.certificates if own else tuple(of_server)
    if not {one.fingerprint for one in of_server} <= {one.fingerprint for one in offered}:
        raise InputError(f"{source}: {run.client.url} reads a certificate that is not in the metadata.")
    chosen = _chosen(run, source, offered, of_server, wanted)
    return {**settings, "idp_certificate": "".join(one.pem for one in chosen)}, offered


def _content(run: Run[AccessServer], source: str) -> str:
    path = run.task.params[source]
    try:
        return content_of(source, path, run.task.read).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{source}: {path} is not text in UTF-8.") from None


def _plain(own: t.Any) -> dict[str, t.Any]:
    return {
        "idp_entity_id": own.entity_id,
        "idp_signon_endpoint": own.signon_endpoint,
        "idp_logout_endpoint": own.logout_endpoint,
        "idp_certificate": own.certificates[0].pem,
    }


def _as_the_server_reads(run: Run[AccessServer], source: str, asked: t.Mapping[str, str]) -> dict[str, t.Any]:
    """What the server reads in metadata, by our names; empty if it has no operation for this."""
    try:
        answer = run.client.object("POST /helper/get-saml-configuration", asked)
    except Refused as exc:
        if exc.status == 404 and "data" in asked:
            return {}
        if exc.status == 404:
            raise InputError(f"{source}: this server cannot fetch metadata. Set idp_metadata_src instead.") from exc
        if exc.status != 400:
            raise
        raise InputError(f"{source}: {run.client.url} cannot use the metadata: {exc.reason}.") from exc
    names = {f.api: f.name for f in SAML.fields}
    found = {item["name"]: item.get("value") for item in run.client.listed(answer, "configuration_items", named=True)}
    others = sorted(key for key in found if names.get(key) not in OF_METADATA and key != f"{PREFIX}enable")
    if others:
        run.task.warn(
            f"{source}: {run.client.url} also reads {', '.join(others)} in it. as_saml does not write this; use "
            "as_config_item."
        )
    return {
        names[key]: value for key, value in found.items() if names.get(key) in OF_METADATA and isinstance(value, str)
    }


def _chosen(
    run: Run[AccessServer],
    source: str,
    offered: t.Sequence[pem.Certificate],
    of_server: t.Sequence[pem.Certificate],
    wanted: str,
) -> list[pem.Certificate]:
    """The certificates that the server must trust: all valid ones if it reads several, else one.

    This one is the certificate in use, as long as the metadata has it: an identity provider publishes its next certificate
    before it signs with it (137).
    """
    if wanted:
        found = [one for one in offered if one.fingerprint == wanted]
        if not found:
            there = ", ".join(one.fingerprint for one in offered)
            raise InputError(
                f"idp_certificate_fingerprint: {source} does not have this certificate. Available: {there}."
            )
        return found
    valid = [one for one in offered if one.days_left() >= 0] or list(offered)
    if len(of_server) > 1:
        return valid
    there = _normal(run.read(SAML, None).objects[SAML.sole_name]["idp_certificate"])
    best = [one for one in valid if one.pem in there] + [one for one in of_server if one in valid] + valid
    others = [one for one in valid if one != best[0]]
    if others:
        run.task.warn(
            f"{source} has {len(valid)} certificates for signatures, but {run.client.url} reads only one. {best[0].fingerprint} is "
            f"trusted; {others[0].fingerprint} is not trusted yet. Set idp_certificate_fingerprint to select another one."
        )
    if best[0].days_left() < 0:
        run.task.warn(f"{source}: its certificate for signatures expired on {best[0].facts()['not_after']}.")
    return best[:1]


def _facts(one: pem.Certificate) -> dict[str, t.Any]:
    return {**one.facts(), "days_left": one.days_left()}


# -- what users and identity providers get


def _warn_where_it_fails(run: Run[AccessServer]) -> None:
    """If SAML is enabled, users must reach their identity provider."""
    try:
        have = run.read(SAML, None).objects[SAML.sole_name]
        problem = _sign_in_url(run, have)[1] if have["enabled"] else None
    except EstateError as exc:  # the settings are written as declared, whatever the answer to this
        problem = str(exc).rstrip(".")
    if problem:
        run.task.warn(
            f"SAML is enabled, but {run.client.url} does not send users to their identity provider: {problem}. The new "
            "settings may need a restart (as_restart)."
        )


@reads
def _sign_in_url(run: Run[AccessServer], have: Object) -> tuple[t.Optional[str], t.Optional[str]]:
    """The address without the request in it; and the problem, if there is one."""
    try:
        found = run.client.text("GET /auth/get-idp-url", None, accept="text/plain")
    except Refused as exc:
        return (None, None) if exc.status == 404 else (None, exc.reason)
    parts, wanted = urlsplit(found), urlsplit(have["idp_signon_endpoint"])
    url = Sentence(f"{parts.scheme}://{parts.netloc}{parts.path}")
    if (parts.scheme, parts.netloc, parts.path) != (wanted.scheme, wanted.netloc, wanted.path):
        return url, f"it sends them to {url}"
    return url, None


def _own_metadata(run: Run[AccessServer]) -> tuple[str, ServiceProvider]:
    """The metadata of the server, as text and parsed. Raises Refused if it has none."""
    text = run.client.text("GET /saml/metadata", None, accept=XML)
    try:
        return text, service_provider(text)
    except ValueError:
        raise run.client.unreadable("metadata of a service provider") from None


def _keep_metadata(run: Run[AccessServer], file: SecretFile, answer: dict[str, t.Any]) -> None:
    """Keep the metadata in a file. It is written again if its content has changed, not because it was generated again."""
    try:
        text, own = _own_metadata(run)
    except Refused as exc:
        if exc.status != 404:
            raise
        missing = f"sp_metadata_dest: {run.client.url} has no metadata of its own yet ({exc.reason})"
        if not answer["changed"]:
            raise EstateError(
                f"{missing}. SAML must be enabled and active: run as_restart, then this task again."
            ) from exc
        run.task.warn(f"{missing}. Nothing was written to {file.path}: run as_restart, then this task again.")
        return
    answer["objects"][0]["sp_metadata"] = _names(own)
    there = file.read()
    fault = _fault(there, own)
    if not fault:
        return
    answer["changed"] = True
    for side, lines in file.diff(fault, there=there is not None).items():
        answer["diff"][side].update(lines)
    if not run.task.check:
        file.write(text)


def _names(own: ServiceProvider) -> dict[str, str]:
    return {"entity_id": own.entity_id, "acs_url": own.consumer}


def _fault(there: t.Optional[str], own: ServiceProvider) -> str:
    """Why a file must be written; empty if it is correct."""
    if there is None:
        return "none exists yet"
    try:
        found = service_provider(there)
    except ValueError:
        return "it is not metadata of a service provider"
    if found.essence != own.essence:
        return "the metadata of the server has changed"
    return "it has expired" if found.valid_until and found.valid_until < datetime.now(timezone.utc) else ""


def inform(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The work of as_saml_info."""
    have = run.read(SAML, None).objects[SAML.sole_name]
    answer: dict[str, t.Any] = {"changed": False, SAML.option: {f.name: have[f.name] for f in SAML.fields}}
    in_use = have["enabled"] and profile_of(run) == run.client.config_profiles[0]
    url, problem = _sign_in_url(run, have) if in_use else (None, None)
    answer.update(sign_in_url=url, problem=problem and Sentence(problem), sp_metadata=None, idp_certificates=[])
    with contextlib.suppress(ValueError):
        answer["idp_certificates"] = [_facts(one) for one in _certificates(have["idp_certificate"])]
    if in_use:
        with contextlib.suppress(Refused):
            answer["sp_metadata"] = _names(_own_metadata(run)[1])
    return answer
