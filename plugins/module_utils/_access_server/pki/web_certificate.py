# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate of an Access Server's web services, with its key and its bundle, as one object."""

from __future__ import annotations

import contextlib
import os
import ssl
import tempfile
import time
import typing as t
from datetime import datetime, timezone
from urllib.parse import urlsplit

from ..._engine.apply import apply_declared
from ..._engine.field import Field, Object
from ..._engine.plan import Actual, Change, Wanted
from ..._engine.resource import Resource
from ..._engine.run import Run, Task
from ..._files import pem
from ..._files.read_file import content_of
from ..._files.secret_file import SecretFile
from ..._net import tls
from ..._text.errors import InputError, Mistakes, Unreachable, reads
from ..api.client import AccessServer
from ..api.connection import ACCESS_SERVER
from ..server.restart import TIMEOUT, refusal, refuse_no_time, restarted

KEYS = {"certificate": "cs.cert", "private_key": "cs.priv_key", "ca_bundle": "cs.ca_bundle"}
SOURCES = {name: f"{name}_src" for name in KEYS}
WRONG_NAME = (62, 64)  # OpenSSL's numbers for a host name and an address that are not in a certificate
PAUSE = 1.0  # seconds between two looks at a server that restarts
ROUNDS = 4  # the most turns of the two sides of a TLS handshake


def _is_another_key(declared: Object, have: Object) -> bool:
    """The server's key is not read: it belongs to its certificate, or is not set."""
    own = have["own"] if have["private_key"] else None
    return not own or own.public_key != pem.public_half(declared["private_key"])


class WebCertificate(Resource):
    """One certificate, its key and its bundle in the active configuration profile. If none is set, the server creates one."""

    noun, plural, keys, read_back = "web certificate", "", {}, ()
    sole_name = noun
    purgeable = False
    fields = (
        Field("certificate", {"type": "str"}),
        Field("private_key", {"type": "str", "no_log": True}, rewrite=_is_another_key),
        Field("ca_bundle", {"type": "str"}, unset=[]),
    )
    options = {
        **{name: {"type": "path", "no_log": False} for name in SOURCES.values()},
        "allow_other_name": {"type": "bool", "default": False},
        "minimum_days": {"type": "int", "default": 0},
        "restart": {"type": "bool", "default": True},
        "restart_timeout": {"type": "int", "default": TIMEOUT},
        "check_presented": {"type": "bool", "default": True},
        "allow_connection_change": {"type": "bool", "default": False},
    }
    rules = {
        "mutually_exclusive": list(SOURCES.items()),
        "required_if": [("state", "present", (name, SOURCES[name]), True) for name in ("certificate", "private_key")],
    }

    def read(self, run: Run[AccessServer], names: t.Optional[t.Sequence[str]]) -> Actual:
        """The configured certificate, and the presented one."""
        have = configured(run.client)
        if not have["is_set"]:
            return Actual({})
        if run.task.params["check_presented"]:
            shown = presented(run)
            have["presented"] = shown.fingerprint if shown else None
        return Actual({self.noun: have})

    def desired(self, run: Run[AccessServer], wanted: Wanted, have: t.Optional[Object]) -> Object:
        """Certificates are compared and shown by their content; ``presented`` only if it can be seen."""
        own = pem.certificate(wanted.values["certificate"])
        desired: Object = {"certificate": own.facts()}
        if "ca_bundle" in wanted.values:
            desired["ca_bundle"] = [one.fingerprint for one in _bundle(wanted.values["ca_bundle"])]
        if have and have.get("presented") and run.task.params["restart"]:
            desired["presented"] = own.fingerprint
        return desired

    def validate_plan(self, run: Run[AccessServer], mistakes: Mistakes) -> None:
        """Whether it fits the server, our connection and the date, before anything is written."""
        task, plan = run.task, run.plan
        with mistakes.collecting():
            refuse_no_time("restart_timeout", task.params["restart_timeout"])
        if task.params["minimum_days"] < 0:
            mistakes.add(f"minimum_days: {task.params['minimum_days']} is too small; the smallest value is 0.")
        for change in plan.changes:
            changed = list(KEYS.values()) if change.action == "delete" else [KEYS[k] for k in change.keys if k in KEYS]
            if change.state == "present":
                change.results["certificate"] = self._checked(run, change, mistakes).facts()
                have = change.before or {}
                if have.get("presented") not in (None, change.results["certificate"]["fingerprint"]):
                    changed = changed or [KEYS["certificate"]]
            elif change.action == "delete" and (
                task.params["as_certificate_fingerprint"] or task.params["as_validate_certs"]
            ):
                with mistakes.collecting():
                    _refuse_to_be_cut_off(task, "the server would create its own certificate, which is not known yet")
            change.results["pending"] = [] if task.params["restart"] else changed

    def _checked(self, run: Run[AccessServer], change: Change, mistakes: Mistakes) -> pem.Certificate:
        task = run.task
        params, have = task.params, change.before or {}
        own, left = pem.certificate(change.wanted.values["certificate"]), "ca_bundle" not in change.wanted.values
        days, now = own.days_left(), datetime.now(timezone.utc)
        if change.action == "none":
            if days < params["minimum_days"]:
                task.warn(f"The {self.noun} of {run.client.url} expires on {own.facts()['not_after']}.")
            return own
        chain = [own, *(have.get("bundle", []) if left else _bundle(change.wanted.values["ca_bundle"]))]
        gap = pem.break_in(chain)
        if gap:
            which = (
                "ca_bundle is not set, and the bundle of the server does not match"
                if left
                else "ca_bundle is not valid"
            )
            mistakes.add(f"{which}: {gap}.")
        if own.not_after <= now or days < params["minimum_days"]:
            mistakes.add(
                f"certificate: it expires on {own.facts()['not_after']}, but at least {params['minimum_days']} days must be left."
            )
        if own.not_before > now:
            task.warn(f"The {self.noun} is not valid before {own.facts()['not_before']}.")
        host = _host(run.client, params)
        if not params["allow_other_name"] and not pem.covers(own, host):
            names = ", ".join((*own.dns_names, *own.addresses)) or "no name"
            mistakes.add(
                f"certificate: it is for {names}, not for {host}. If this is intended, set allow_other_name: true."
            )
        if not mistakes.sentences:  # each of them could be the reason that we could not connect
            _refuse_to_be_cut_off(task, _distrust(params, chain, change.wanted.secrets["private_key"], host))
        return own

    def create(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """The same as a change."""
        self.update(run, changes)

    def update(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """All that is declared in one request, so that it is never incomplete; and a restart."""

        def activate(change: Change) -> None:
            if change.action == "create" or KEYS.keys() & set(change.keys):
                contents = {**change.wanted.values, **change.wanted.secrets}
                body = {KEYS[name]: text for name, text in contents.items()}
                run.client.set_config_items(run.client.config_profiles[0], body, secret=True)
            own = pem.certificate(change.wanted.values["certificate"])
            pin = {"as_certificate_fingerprint": own.fingerprint, "as_ca_path": None, "as_validate_certs": True}
            _restart(run, change, {**run.task.params, **pin})
            shown = presented(run) if run.task.params["restart"] and run.task.params["check_presented"] else None
            if shown and shown.fingerprint != own.fingerprint:
                change.fail(
                    f"{run.client.url} has restarted and presents another certificate ({shown.subject}). If a "
                    "proxy in front of the server handles TLS, set check_presented: false"
                )

        run.writes.each(changes, activate, "activated", in_order=True)

    def delete(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Reset all three keys; a new server has none of them."""

        def reset(change: Change) -> None:
            run.client.reset_config_items(run.client.config_profiles[0], dict.fromkeys(KEYS.values(), ""))
            have = configured(run.client)  # now, because no client may trust what is presented after the restart
            if have["is_set"]:
                change.fail(f"the server answered that it deleted {self.noun} {change.name}, and still lists it")
            else:
                _restart(run, change, run.task.params)

        run.writes.each(changes, reset, "reset", in_order=True)


WEB_CERTIFICATE = WebCertificate()


def apply_certificate(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The work of as_web_certificate: its files are read, and the declared state is applied."""
    task = run.task
    texts = {name: _read(source, task) for name, source in SOURCES.items() if task.params[source]}
    task.secrets.update(texts[name] for name in ("private_key",) if name in texts)
    return apply_declared(run.within({**texts, **_in_order({**task.params, **texts})}), WEB_CERTIFICATE)


def _in_order(params: t.Mapping[str, t.Any]) -> dict[str, str]:
    """The texts in PEM format that are not secret, in normal form. Raises InputError if they do not belong together."""
    noun = WEB_CERTIFICATE.noun
    given = {name: params[name] for name in KEYS if params[name] is not None}
    if params["state"] == "absent":
        if given:
            raise InputError(f"The {noun} with state: absent cannot have certificate, private_key or ca_bundle.")
        return {}
    if not given.get("certificate") or not given.get("private_key"):
        raise InputError(f"The {noun} needs certificate and private_key, and one of them is empty.")
    mistakes = Mistakes()
    own, others = None, []
    with mistakes.collecting(), pem.about("certificate"):
        own, *others = pem.certificates(given["certificate"])
        if others and "ca_bundle" in given:
            raise ValueError("it contains several certificates; put all but the first one in ca_bundle")
    if given.get("ca_bundle", "").strip():
        with mistakes.collecting(), pem.about("ca_bundle"):
            others = pem.certificates(given["ca_bundle"])
    with mistakes.collecting(), pem.about("private_key"):
        public_half = pem.public_half(given["private_key"])
        if own and public_half != own.public_key:
            raise ValueError("it is not the key of the certificate")
    mistakes.refuse()
    bundle = {"ca_bundle": _text_of(others)} if others or "ca_bundle" in given else {}
    return {"certificate": own.pem, **bundle}


def _read(source: str, task: Task) -> str:
    path = task.params[source]
    try:
        return content_of(source, path, task.read).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{source}: {path} is not text in PEM format.") from None


@reads
def configured(client: AccessServer) -> Object:
    """The values in the active configuration profile; for the key, only whether it is set."""
    found = {item["name"]: item for item in client.config_items(client.config_profiles[0], list(KEYS.values()))}
    texts = {name: found.get(key, {}).get("value") or "" for name, key in KEYS.items() if name != "private_key"}
    key = found.get(KEYS["private_key"], {})
    has_key = bool(key.get("value") or key.get("redacted_value"))
    own, bundle = _readable(texts["certificate"])[:1], _readable(texts["ca_bundle"])
    return {
        "is_set": has_key or any(text.strip() for text in texts.values()),
        "own": own[0] if own else None,
        "bundle": bundle,
        "certificate": own[0].facts() if own else None,
        "ca_bundle": [one.fingerprint for one in bundle],
        "private_key": has_key,
    }


def _readable(text: str) -> list[pem.Certificate]:
    try:
        return _bundle(text)
    except ValueError:
        return []


def presented(run: Run[AccessServer]) -> t.Optional[pem.Certificate]:
    """The certificate at the server's address, with any issuer; None if no server answers directly."""
    try:
        return pem.from_der(tls.presented(run.client.url, _host(run.client, run.task.params)) or b"")
    except ValueError:
        return None


def listing(run: Run[AccessServer]) -> list[Object]:
    """For as_web_certificate_info: the configured certificate, if there is one, and the presented one."""
    have, shown = configured(run.client), presented(run)
    return [
        {
            "certificate": _told(have["own"]),
            "ca_bundle": [_told(one) for one in have["bundle"]],
            "private_key_is_set": have["private_key"],
            "presented": _told(shown),
        }
    ]


def _told(one: t.Optional[pem.Certificate]) -> t.Optional[Object]:
    return {**one.facts(), "days_left": one.days_left()} if one else None


def _text_of(bundle: t.Iterable[pem.Certificate]) -> str:
    return "".join(one.pem for one in bundle)


def _bundle(text: str) -> list[pem.Certificate]:
    return pem.certificates(text) if text.strip() else []


def _host(client: AccessServer, params: t.Mapping[str, t.Any]) -> str:
    """The name that a certificate must have."""
    return params["as_server_name"] or urlsplit(client.url).hostname or ""


def _refuse_to_be_cut_off(task: Task, why: t.Optional[str]) -> None:
    if why and task.params["check_presented"] and not task.params["allow_connection_change"]:
        raise InputError(
            f"After a restart, this and later tasks could not connect: {why}. Nothing was written. If this is intended, set "
            "allow_connection_change: true, and let later tasks trust the new certificate."
        )


def _distrust(
    params: t.Mapping[str, t.Any], chain: t.Sequence[pem.Certificate], private_key: str, host: str
) -> t.Optional[str]:
    """Why the options of the task would not accept this certificate, if so; the TLS library decides."""
    pin = (params["as_certificate_fingerprint"] or "").lower().replace(":", "").replace(" ", "")
    if pin and pin != chain[0].fingerprint:
        return "as_certificate_fingerprint belongs to another certificate"
    if not params["as_validate_certs"] or (pin and not params["as_ca_path"]):
        return None
    try:
        _shake_hands(_text_of(chain), private_key, host, params["as_ca_path"])
    except ssl.SSLCertVerificationError as exc:
        if exc.verify_code in WRONG_NAME:
            return f"the certificate must be for {host} (as_url or as_server_name), and is not"
        trusted = (
            f"as_ca_path {params['as_ca_path']}" if params["as_ca_path"] else "the public authorities (no as_ca_path)"
        )
        return f"with {trusted} the certificate is not trusted: {exc.verify_message}"
    except ssl.SSLError as exc:
        return f"the TLS library does not accept the certificate: {exc.reason}"
    return None


def _shake_hands(chain: str, private_key: str, host: str, ca_path: t.Optional[str]) -> None:
    """A TLS connection in memory between a server with this chain and a client like ours. Raises SSLError if it fails."""
    from requests.utils import DEFAULT_CA_BUNDLE_PATH

    path = ca_path or DEFAULT_CA_BUNDLE_PATH
    is_folder = os.path.isdir(path)
    trusting = ssl.create_default_context(cafile=None if is_folder else path, capath=path if is_folder else None)
    trusting.hostname_checks_common_name = False
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:  # the library reads keys only from files
        pair = SecretFile("private_key", os.path.join(folder, "pair.pem"))
        pair.write(private_key.rstrip() + "\n" + chain)
        serving.load_cert_chain(pair.path)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = trusting.wrap_bio(to_client, to_server, server_hostname=host)
    theirs = serving.wrap_bio(to_server, to_client, server_side=True)
    for side in (ours, theirs) * ROUNDS:
        with contextlib.suppress(ssl.SSLWantReadError):
            side.do_handshake()


def _restart(run: Run[AccessServer], change: Change, afterwards: t.Mapping[str, t.Any]) -> None:
    """Restart, if the task wants it. ``afterwards`` are the options that trust the server after the restart."""
    params = run.task.params
    if not params["restart"]:
        return
    wait = None
    if params["allow_connection_change"] and params["check_presented"]:
        wait = _patience(run, ACCESS_SERVER.connect(afterwards, True))
    change.outcome, change.message = (
        "unknown",
        "it was written, but it is not known whether the server has restarted with it",
    )
    with refusal(run.client), restarted(run.client, params["restart_timeout"], wait):
        run.client.restart("warm")
    change.outcome, change.message = "planned", ""


def _patience(run: Run[AccessServer], later: AccessServer) -> t.Callable[[t.Optional[str], float], str]:
    """How to wait for a server that still has its old certificate for some time, which ``later`` may not trust."""
    before = presented(run)

    def wait(last_restarted: t.Optional[str], timeout: float) -> str:
        deadline = time.monotonic() + timeout
        while True:
            try:
                return later.await_restart(last_restarted, max(0.0, deadline - time.monotonic()))
            except Unreachable:
                shown = presented(run)
                if run.task.params["state"] == "absent" and shown not in (None, before):
                    return ""  # it answers again, with its own new certificate that no client trusts yet
                time.sleep(PAUSE)

    return wait
