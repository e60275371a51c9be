# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An Access Server as a SAML service provider: its identity provider, and what that one has to know of the server."""

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
}  # where a server tells no default (117); texts are empty
INFO_SPEC: t.Mapping[str, t.Any] = {"profile": {"type": "str"}}
XML = "application/samlmetadata+xml"


def _address(text: str) -> None:
    if text and not (
        text.startswith("https://") and urlsplit(text).hostname and text.isprintable() and " " not in text
    ):
        raise ValueError(f"{text!r} is not an https address")


def _certificates(text: str) -> list[pem.Certificate]:
    """The certificates of a text in PEM format, or the one that is there in base64. Raises ValueError."""
    return pem.certificates(text) if pem.BEGIN in text else [certificate_of(text)] if text.strip() else []


def _normal(text: str) -> str:
    """Certificates in PEM format, each once. A text that holds none is as it was: what a server has can be anything."""
    try:
        return "".join(dict.fromkeys(one.pem for one in _certificates(text)))
    except ValueError:
        return plain_text(text)


def _number(value: t.Any) -> t.Any:
    return typed(value, "integer")


def _field(name: str, end: str, kind: str = "str", **more: t.Any) -> Field:
    return Field(name, {"type": kind}, api=PREFIX + end, read_back=True, **more)


class Saml(Safeguarded):
    """The settings of a configuration profile for SAML, which knows one identity provider (server behaviour, 137)."""

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
        """What is absent has no settings."""
        for want in wanted:
            if want.state == "absent" and want.values:
                yield f"{self.noun} with state absent takes none of {', '.join(sorted(want.values))}."

    def read(self, run: Run[AccessServer], names: t.Optional[t.Sequence[str]]) -> Actual:
        """The settings as they are; under ``items`` the type, the default and the limits of each that the server knows."""
        keys = [f.api for f in self.fields]
        items = {item["name"]: item_of(item) for item in run.client.config_items(profile_of(run), keys)}
        have = self.load({key: item["value"] for key, item in items.items()})
        known = {f.name: items[f.api] for f in self.fields if is_known(items.get(f.api))}
        have["items"] = {name: {fact: item[fact] for fact in FACTS} for name, item in known.items()}
        return Actual({self.sole_name: have})

    def desired(self, run: Run[AccessServer], wanted: Wanted, have: t.Optional[Object]) -> Object:
        """What is declared; of what is to be absent, the defaults."""
        if wanted.state != "absent":
            return dict(wanted.values)
        items = (have or {})["items"]
        known = {f.name: items.get(f.name, {}).get("default_value") for f in self.fields}
        return {
            f.name: f.normal(UNSET.get(f.name, "") if known[f.name] is None else known[f.name]) for f in self.fields
        }

    def validate_plan(self, run: Run[AccessServer], mistakes: Mistakes) -> None:
        """A server that knows SAML, an identity provider that is whole, and our own account."""
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
                mistakes.add(f"enabled: without {', '.join(missing)} no user can sign in by SAML.")
            written = self.dump(change.values)
            change.results["pending"] = [*written] if profile_of(run) == run.client.config_profiles[0] else []
            with mistakes.collecting():
                if endangered(run, profile_of(run), written):
                    change.own_account, change.turn = OwnAccount.AT_RISK, Turn.OWN

    def update(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """All of it in one request, so that no half of an identity provider is ever active."""
        self._send(run, changes)

    def repair(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Write the values themselves, also where they are the defaults."""
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
    """The work of as_saml: the settings, then a look at what users get, and the metadata of the server in a file."""
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
    """Settings by its metadata, and all the certificates that those have; nothing where there are none.

    The server says what it makes of metadata (137). Metadata that this machine has is read here first: the server gets no
    document type, and nothing that contradicts what is read here counts.
    """
    params = run.task.params
    source = next((name for name in SOURCES if params[name] is not None), None)
    wanted = (params["idp_certificate_fingerprint"] or "").lower().replace(":", "")
    if source is None:
        if wanted:
            raise InputError(f"idp_certificate_fingerprint chooses from metadata: give one of {', '.join(SOURCES)}.")
        return {}, ()
    if params["state"] == "absent":
        raise InputError(f"{SAML.noun} with state absent takes no {source}.")
    own = None
    if source == "idp_metadata_url":
        with pem.about(source):
            _address(params[source])
        if "@" in params[source]:
            raise InputError(f"{source} holds a name or a password; the server would keep them in its log.")
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
                f"{source}: {run.client.url} reads {settings['idp_entity_id']!r} as its entity id, and it is {own.entity_id!r}."
            )
    lacking = [name for name in NEEDED if not settings.get(name)]
    if lacking:
        raise InputError(f"{source}: {run.client.url} finds no {', '.join(lacking)} in it.")
    with pem.about(source):
        of_server = _certificates(read.get("idp_certificate", ""))
    offered = own.certificates if own else tuple(of_server)
    if not {one.fingerprint for one in of_server} <= {one.fingerprint for one in offered}:
        raise InputError(f"{source}: {run.client.url} reads a certificate in it that is not there.")
    chosen = _chosen(run, source, offered, of_server, wanted)
    return {**settings, "idp_certificate": "".join(one.pem for one in chosen)}, offered


def _content(run: Run[AccessServer], source: str) -> str:
    path = run.task.params[source]
    try:
        return content_of(source, path, run.task.read).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{source}: {path} is not a text in UTF-8.") from None


def _plain(own: t.Any) -> dict[str, t.Any]:
    return {
        "idp_entity_id": own.entity_id,
        "idp_signon_endpoint": own.signon_endpoint,
        "idp_logout_endpoint": own.logout_endpoint,
        "idp_certificate": own.certificates[0].pem,
    }


def _as_the_server_reads(run: Run[AccessServer], source: str, asked: t.Mapping[str, str]) -> dict[str, t.Any]:
    """What the server would set by metadata, by our names; nothing where it has no operation for that."""
    try:
        answer = run.client.object("POST /helper/get-saml-configuration", asked)
    except Refused as exc:
        if exc.status == 404 and "data" in asked:
            return {}
        if exc.status == 404:
            raise InputError(f"{source}: this server cannot fetch metadata. Give it as idp_metadata_src.") from exc
        if exc.status != 400:
            raise
        raise InputError(f"{source}: {run.client.url} cannot use the metadata: {exc.reason}.") from exc
    names = {f.api: f.name for f in SAML.fields}
    found = {item["name"]: item.get("value") for item in run.client.listed(answer, "configuration_items", named=True)}
    others = sorted(key for key in found if names.get(key) not in OF_METADATA and key != f"{PREFIX}enable")
    if others:
        run.task.warn(
            f"{source}: {run.client.url} reads {', '.join(others)} in it as well. as_saml does not write that; "
            "as_config_item can."
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
    """Those that the server is to trust: all that are valid where it reads several, else one.

    That one is the one in use, as long as metadata has it: an identity provider shows its next certificate before it signs
    with it (137).
    """
    if wanted:
        found = [one for one in offered if one.fingerprint == wanted]
        if not found:
            there = ", ".join(one.fingerprint for one in offered)
            raise InputError(f"idp_certificate_fingerprint: {source} has no such certificate; there are {there}.")
        return found
    valid = [one for one in offered if one.days_left() >= 0] or list(offered)
    if len(of_server) > 1:
        return valid
    there = _normal(run.read(SAML, None).objects[SAML.sole_name]["idp_certificate"])
    best = [one for one in valid if one.pem in there] + [one for one in of_server if one in valid] + valid
    others = [one for one in valid if one != best[0]]
    if others:
        run.task.warn(
            f"{source} has {len(valid)} certificates for signatures, and {run.client.url} reads one. {best[0].fingerprint} is "
            f"trusted, and {others[0].fingerprint} is not yet; idp_certificate_fingerprint chooses."
        )
    if best[0].days_left() < 0:
        run.task.warn(f"{source}: its certificate for signatures expired on {best[0].facts()['not_after']}.")
    return best[:1]


def _facts(one: pem.Certificate) -> dict[str, t.Any]:
    return {**one.facts(), "days_left": one.days_left()}


# -- what users and identity providers get


def _warn_where_it_fails(run: Run[AccessServer]) -> None:
    """Where SAML is enabled, users have to get to their identity provider."""
    try:
        have = run.read(SAML, None).objects[SAML.sole_name]
        problem = _sign_in_url(run, have)[1] if have["enabled"] else None
    except EstateError as exc:  # the settings are as they are declared, whatever the server answers to this
        problem = str(exc).rstrip(".")
    if problem:
        run.task.warn(
            f"SAML is enabled, and {run.client.url} does not send users to their identity provider: {problem}. What was written "
            "may wait for a restart (as_restart)."
        )


@reads
def _sign_in_url(run: Run[AccessServer], have: Object) -> tuple[t.Optional[str], t.Optional[str]]:
    """The address without the request that is in it; and what is wrong."""
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
    """The metadata of the server, as text and as read. Raises Refused where it has none."""
    text = run.client.text("GET /saml/metadata", None, accept=XML)
    try:
        return text, service_provider(text)
    except ValueError:
        raise run.client.unreadable("metadata of a service provider") from None


def _keep_metadata(run: Run[AccessServer], file: SecretFile, answer: dict[str, t.Any]) -> None:
    """Have the metadata in a file; it is written again where it says something else, and not because it was made again."""
    try:
        text, own = _own_metadata(run)
    except Refused as exc:
        if exc.status != 404:
            raise
        missing = f"sp_metadata_dest: {run.client.url} has no metadata of its own yet ({exc.reason})"
        if not answer["changed"]:
            raise EstateError(f"{missing}. SAML has to be enabled, and active: as_restart, then once more.") from exc
        run.task.warn(f"{missing}. Nothing was written to {file.path}: as_restart, then once more.")
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
    """Why a file is not as it should be; empty where it is."""
    if there is None:
        return "there is none yet"
    try:
        found = service_provider(there)
    except ValueError:
        return "it is not metadata of a service provider"
    if found.essence != own.essence:
        return "the server says something else of itself"
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
