# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that an Access Server issues and does not keep: pairs of files."""

from __future__ import annotations

import contextlib
import os
import stat
import typing as t

from ..._engine.field import Field, Object
from ..._engine.plan import Actual, Change, Wanted
from ..._engine.resource import Resource
from ..._engine.run import Run, Task
from ..._files import pem
from ..._files.secret_file import SecretFile
from ..._text.errors import EstateError, InputError, Mistakes, OutcomeUnknown, Refused, reads
from ..._text.outside import Sentence
from ..api.client import AccessServer
from .ca import algorithms

TEMPLATES = ("spcert", "ca", "intermediate_ca", "webserver", "server", "client", "hybrid")
AUTHORITIES, WITH_NAMES = ("ca", "intermediate_ca"), "webserver"
SOUND, MISSING = "valid", "it does not exist"
RENEW_BEFORE = 30  # days
ATTEMPTS = 3  # requests for one certificate, where answers are lost
INFO_SPEC: t.Mapping[str, t.Any] = {
    "certificate": {"type": "str", "required": True},
    "private_key": {"type": "str", "no_log": True},
    "chain": {"type": "str"},
    "ca_roots": {"type": "list", "elements": "str"},
}

# Why a pair is issued again: a sentence with the value of the property that is not as declared.
REASONS = {
    "certificate": "certificate: {}",
    "private_key": "private key: {}",
    "common_name": "its common name is {}",
    "subj_alt_dns_names": "its alternative names are {}",
    "issuer": "it is signed by {}",
    "algorithm": "its key is {}",
    "is_authority": "it is an authority: {}",
    "expires": "it expires {}",
    "renew": "renew is set",
    "private_key_is_private": "other users could read the private key",
}


class PublicFile(SecretFile):
    """A file that other users may read, as far as the umask or its present mode allows."""

    def write(self, text: str) -> None:
        """Write the text, and then let other users read it."""
        mode = 0o666 & ~_umask()
        with contextlib.suppress(FileNotFoundError):
            mode = stat.S_IMODE(os.stat(self.path).st_mode)
        super().write(text)
        with self._errors():
            os.chmod(self.path, mode)


def _umask() -> int:
    """The umask, which cannot be read without setting it."""
    umask = os.umask(0o077)
    os.umask(umask)
    return umask


class Certificate(Resource):
    """Certificates with their private keys. The files are the state; the server issues new pairs and keeps nothing."""

    noun, plural, key = "certificate", "certificates", "dest"
    keys = {"dest": {"type": "path"}}
    naming, read_back = (), ()
    purgeable = False
    fields = (
        Field("private_key_dest", {"type": "path", "no_log": False}, create_only=True),
        Field("common_name", {"type": "str"}),
        Field("cert_template", {"type": "str", "choices": list(TEMPLATES)}, create_only=True),
        Field("algorithm", {"type": "str"}, normal=pem.spelled),
        Field("days_to_expiry", {"type": "int"}, create_only=True),
        Field(
            "subj_alt_dns_names",
            {"type": "list", "elements": "str"},
            normal=lambda names: sorted({name.lower() for name in names}),
        ),
        Field("private_key_passphrase", {"type": "str", "no_log": True}),
        Field("signing_ca", {"type": "str"}, create_only=True),
        Field("signing_ca_key", {"type": "str", "no_log": True}),
        Field("signing_ca_config_key", {"type": "str", "no_log": False}, create_only=True),
        Field("signing_ca_private_key_passphrase", {"type": "str", "no_log": True}),
    )
    options = {
        "renew_before": {"type": "int", "default": RENEW_BEFORE},
        "renew": {"type": "bool", "default": False},
    }

    def validate(self, wanted: t.Sequence[Wanted]) -> t.Iterator[str]:
        """Two files for each certificate, and the options that the state present needs."""
        for want in wanted:
            yield from _faults(want)
        owners: dict[str, str] = {}
        placed = [want for want in wanted if want.values.get("private_key_dest")]
        for path, name in ((file.path, want.name) for want in placed for file in _files(want)):
            if path in owners:
                yield f"{path} is declared for {owners[path]} and for {name}. Each certificate needs two files of its own."
            owners.setdefault(path, name)

    def read(self, run: Run[AccessServer], names: t.Optional[t.Sequence[str]]) -> Actual:
        """The content of the files."""
        found: dict[str, Object] = {}
        for want in run.wanted or ():
            if names is not None and want.name not in names:
                continue
            certificate, private_key = (file.read() for file in _files(want))
            if (certificate, private_key) != (None, None):
                found[want.name] = _state(want, certificate, private_key, run.task)
                found[want.name]["private_key_is_private"] = _files(want)[1].is_private
        return Actual(found, whole=True)

    def desired(self, run: Run[AccessServer], wanted: Wanted, have: t.Optional[Object]) -> Object:
        """For an existing pair, the values that would require a new pair if they were different."""
        if have is None:
            return super().desired(run, wanted, have)
        desired = {"certificate": SOUND, "private_key": SOUND, "private_key_is_private": True}
        if run.task.params["renew"]:
            desired["renew"] = True
        if have["certificate"] != SOUND:
            return desired
        declared = wanted.values
        desired.update((n, declared[n]) for n in ("common_name", "algorithm", "subj_alt_dns_names") if n in declared)
        desired.update(is_authority=declared["cert_template"] in AUTHORITIES, expires="later")
        if "signing_ca" in declared:
            desired["issuer"] = pem.certificate(declared["signing_ca"]).subject
        return desired

    def validate_plan(self, run: Run[AccessServer], mistakes: Mistakes) -> None:
        """Files that cannot be written, pairs that would be issued again at once, and pairs that the server cannot issue."""
        plan = run.plan
        if run.task.params["renew_before"] < 0:
            mistakes.add(f"renew_before: {run.task.params['renew_before']} is too small; the smallest value is 0.")
        for change in plan.changes:
            have = change.before or {}
            if change.action in ("create", "update"):
                change.results["reasons"] = _reasons(have, change.values) if have else ["none exists yet"]
            if have.get("facts") and not _is_issued(change) and change.action != "delete":
                change.results["certificate"] = have["facts"]
            for file in _files(change.wanted) if change.action in ("create", "update") else ():
                with mistakes.collecting():
                    file.refuse_unusable()
            if _is_issued(change):
                self._check_issue(run, change.wanted, mistakes)

    def _check_issue(self, run: Run[AccessServer], want: Wanted, mistakes: Mistakes) -> None:
        declared, least = want.values, run.task.params["renew_before"]
        if declared.get("days_to_expiry", least + 1) <= least:
            mistakes.add(
                f"days_to_expiry of {self.noun} {want.name}: {declared['days_to_expiry']} must be more than renew_before "
                f"({least}). Otherwise each run would issue it again."
            )
        if "signing_ca" in declared and pem.certificate(declared["signing_ca"]).days_left() < least:
            mistakes.add(
                f"signing_ca of {self.noun} {want.name} expires within the {least} days of renew_before. Each run would "
                "issue the certificate again."
            )
        if "algorithm" in declared:
            with mistakes.collecting():
                _offered(run.client, declared["algorithm"])

    def create(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Issue them, one after the other."""
        self.update(run, changes)

    def update(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Issue them again, or only make a key private."""

        def make(change: Change) -> None:
            if _is_issued(change):
                self._make(run, change)
            else:
                _files(change.wanted)[1].make_private()

        run.writes.each(changes, make, "issued", in_order=True)

    def _make(self, run: Run[AccessServer], change: Change) -> None:
        """The old pair stays until the new pair is checked."""
        want = change.wanted
        certificate, private_key = _made(run.client, _request(run.client, want))
        have = _state(want, certificate, private_key, run.task)
        wrong = {n: v for n, v in self.desired(run, want, have).items() if n in have and have[n] != v}
        if wrong.pop("expires", None):
            run.task.warn(f"{self.noun} {change.name} {_expiry(have)}, so each run will issue it again (renew_before).")
        if wrong:
            reasons = "; ".join(_reasons(have, wrong))
            change.fail(f"the server did not issue what was requested ({reasons}), and no file was changed")
            return
        public, secret = _files(want)
        secret.write(private_key)  # first, so that a certificate always has its key
        public.write(certificate)
        change.results = {**change.results, "certificate": have["facts"]}
        change.outcome = "done"

    def delete(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Remove both files, the secret one first."""
        for change in changes:
            for file in reversed(_files(change.wanted)):
                try:
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(file.path)
                except OSError as exc:
                    change.fail(f"{file.option}: {file.path} cannot be removed: {exc.strerror}")
                    break


def _files(want: Wanted) -> tuple[PublicFile, SecretFile]:
    return PublicFile("dest", want.name), SecretFile("private_key_dest", want.values["private_key_dest"])


def _faults(want: Wanted) -> t.Iterator[str]:
    """What no server could issue, as sentences."""
    declared, secrets, which = want.values, want.secrets, f"certificate {want.name}"
    needed = ["private_key_dest"] + (["common_name", "cert_template"] if want.state == "present" else [])
    missing = [name for name in needed if name not in want.given or declared.get(name) == ""]
    if missing:
        yield f"{which} needs {' and '.join(missing)}."
    if want.state != "present":
        return
    if declared.get("subj_alt_dns_names") and declared.get("cert_template", WITH_NAMES) != WITH_NAMES:
        yield f"{which}: subj_alt_dns_names is allowed only with cert_template: {WITH_NAMES}."
    if declared.get("days_to_expiry", 1) < 1:
        yield f"{which}: days_to_expiry: {declared['days_to_expiry']} is too small; the smallest value is 1."
    keys = [name for name in ("signing_ca_key", "signing_ca_config_key") if name in {**declared, **secrets}]
    if len(keys) != ("signing_ca" in declared):
        yield f"{which}: signing_ca needs either signing_ca_key or signing_ca_config_key, and each of these needs signing_ca."
        return
    if "signing_ca_private_key_passphrase" in secrets and not keys:
        yield f"{which}: signing_ca_private_key_passphrase needs signing_ca."
    if not keys:
        return
    mistakes = Mistakes()
    with mistakes.collecting():
        with pem.about(f"signing_ca of {which}"):
            authority = pem.certificate(declared["signing_ca"])
            if not authority.is_authority:
                raise ValueError("it is not a certificate of an authority")
        if "signing_ca_key" in secrets:
            with pem.about(f"signing_ca_key of {which}"):
                passphrase = secrets.get("signing_ca_private_key_passphrase")
                if pem.public_half(secrets["signing_ca_key"], passphrase) != authority.public_key:
                    raise ValueError("it is not the key of signing_ca")
    yield from mistakes.sentences


def _state(want: Wanted, certificate: t.Optional[str], private_key: t.Optional[str], task: Task) -> Object:
    """The properties of a pair, as in a declaration, and its problems."""
    have: Object = {"certificate": MISSING, "private_key": MISSING}
    found = None
    if certificate is not None:
        try:
            found = pem.certificates(certificate)[0]
            have["certificate"] = SOUND
        except ValueError as exc:
            have["certificate"] = str(exc)
    if want.state == "present":
        have["private_key"] = _state_of_key(want, private_key, found)
    if found is None:
        return have
    names = {name.lower() for name in found.dns_names}
    if found.common_name and found.common_name.lower() not in want.values.get("subj_alt_dns_names", ()):
        names.discard(found.common_name.lower())  # the server may have added it
    have.update(
        facts=found.facts(),
        common_name=found.common_name,
        algorithm=found.algorithm,
        subj_alt_dns_names=sorted(names),
        is_authority=found.is_authority,
        issuer=found.issuer,
        expires="later" if found.days_left() >= task.params["renew_before"] else f"on {found.facts()['not_after']}",
    )
    if "signing_ca" in want.values:
        authority = pem.certificate(want.values["signing_ca"])
        if not pem.is_signed_by(found, authority) and found.issuer == authority.subject:
            have["issuer"] = f"another {found.issuer}"
    return have


def _state_of_key(want: Wanted, private_key: t.Optional[str], certificate: t.Optional[pem.Certificate]) -> str:
    if private_key is None:
        return MISSING
    passphrase = want.secrets.get("private_key_passphrase")
    if pem.is_encrypted(private_key) and not passphrase:
        raise InputError(
            f"{want.values['private_key_dest']} is encrypted. Set private_key_passphrase, or delete it first (state: absent). "
            "Nothing was written."
        )
    try:
        half = pem.public_half(private_key, passphrase)
    except ValueError as exc:
        return str(exc)
    return SOUND if certificate is None or half == certificate.public_key else "it belongs to another certificate"


def _is_issued(change: Change) -> bool:
    return change.action == "create" or bool(
        change.action == "update" and change.values.keys() - {"private_key_is_private"}
    )


def _expiry(have: Object) -> str:
    return REASONS["expires"].format(have["expires"]).partition(" ")[2]


def _reasons(have: Object, wrong: t.Collection[str]) -> list[str]:
    return [Sentence(reason.format(_shown(have.get(name)))) for name, reason in REASONS.items() if name in wrong]


def _shown(value: t.Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return {True: "yes", False: "no", None: "none"}.get(value, str(value))


def _offered(client: AccessServer, algorithm: str) -> str:
    """The server's spelling of an algorithm. Raises InputError if the server does not support it."""
    offered = algorithms(client)
    for one in offered:
        if pem.spelled(one) == algorithm:
            return one
    raise InputError(f"algorithm: {client.url} does not support {algorithm}. Supported: {', '.join(offered)}.")


def _request(client: AccessServer, want: Wanted) -> dict[str, t.Any]:
    body = {name: value for name, value in {**want.values, **want.secrets}.items() if value not in (None, "", [])}
    del body["private_key_dest"]
    if "algorithm" in body:
        body["algorithm"] = _offered(client, body["algorithm"])
    return body


def _made(client: AccessServer, request: dict[str, t.Any]) -> tuple[str, str]:
    """A new pair, as texts. If the answer is lost, the pair is lost too, because the server keeps nothing: ask again."""
    lost: t.Optional[OutcomeUnknown] = None
    for _attempt in range(ATTEMPTS):
        try:
            answer = client.call("POST /certificate/create", request)
        except OutcomeUnknown as exc:
            lost = exc
        else:
            try:
                texts = [str(answer[name]).rstrip() + "\n" for name in ("certificate", "private_key")]
            except (KeyError, TypeError):
                raise client.unreadable("a certificate and its private key") from None
            return texts[0], texts[1]
    raise EstateError(
        f"{lost} ({ATTEMPTS} attempts). What the server issued is lost, because the server keeps nothing."
    ) from lost


@reads
def inform(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The work of as_certificate_info: how the server judges a certificate."""
    params = run.task.params
    certificate = params["certificate"]
    answer: dict[str, t.Any] = {
        "certificate": run.client.object("POST /certificate/info", {"certificate": certificate}),
        "changed": False,
    }
    if params["private_key"]:
        pair = {"certificate": certificate, "private_key": params["private_key"]}
        with _answered(answer, "key_matches", "key_reason"):
            answer["key_matches"] = bool(run.client.object("POST /certificate/check-private-key", pair).get("status"))
    if params["chain"] is not None or params["ca_roots"] is not None:
        between = {name: params[name] for name in ("chain", "ca_roots") if params[name]}
        with _answered(answer, "trusted", "trust_reason"):
            answer.update(
                chain=run.client.objects(
                    "POST /certificate/check-against-ca-roots", "chain", {"certificate": certificate, **between}
                ),
                trusted=True,
            )
    return answer


@contextlib.contextmanager
def _answered(answer: dict[str, t.Any], verdict: str, reason: str) -> t.Iterator[None]:
    """Around a check: a refusal is a result, with its reason."""
    try:
        yield
    except Refused as exc:
        if exc.status != 400:
            raise
        answer.update({verdict: False, reason: Sentence(exc.reason)})


CERTIFICATE = Certificate()
