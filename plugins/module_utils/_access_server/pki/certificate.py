# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates that an Access Server makes and does not keep: pairs of files, described."""

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
SOUND, MISSING = "in order", "it is missing"
RENEW_BEFORE = 30  # days
ATTEMPTS = 3  # requests for one certificate, where answers are lost
INFO_SPEC: t.Mapping[str, t.Any] = {
    "certificate": {"type": "str", "required": True},
    "private_key": {"type": "str", "no_log": True},
    "chain": {"type": "str"},
    "ca_roots": {"type": "list", "elements": "str"},
}

# Why a pair is made anew, by the property that is not as it should be; with what it is.
REASONS = {
    "certificate": "certificate: {}",
    "private_key": "private key: {}",
    "common_name": "its common name is {}",
    "subj_alt_dns_names": "its alternative names are {}",
    "issuer": "it is signed by {}",
    "algorithm": "its key is {}",
    "is_authority": "whether it is an authority: {}",
    "expires": "it expires {}",
    "renew": "that is asked for",
    "private_key_is_private": "others than its owner may read the private key",
}


class PublicFile(SecretFile):
    """A file that anybody may read as far as the umask, or whoever has made it, allows."""

    def write(self, text: str) -> None:
        """The same, and then let others read it."""
        mode = 0o666 & ~_umask()
        with contextlib.suppress(FileNotFoundError):
            mode = stat.S_IMODE(os.stat(self.path).st_mode)
        super().write(text)
        with self._errors():
            os.chmod(self.path, mode)


def _umask() -> int:
    """Which cannot be read without setting it."""
    umask = os.umask(0o077)
    os.umask(umask)
    return umask


class Certificate(Resource):
    """Certificates with their private keys. What is there are the files; the server makes new ones and keeps nothing."""

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
        """Two files of its own, and for a certificate that is to be there, what it is made of."""
        for want in wanted:
            yield from _faults(want)
        owners: dict[str, str] = {}
        placed = [want for want in wanted if want.values.get("private_key_dest")]
        for path, name in ((file.path, want.name) for want in placed for file in _files(want)):
            if path in owners:
                yield f"{path} is declared for {owners[path]} and for {name}; each certificate has two own files."
            owners.setdefault(path, name)

    def read(self, run: Run[AccessServer], names: t.Optional[t.Sequence[str]]) -> Actual:
        """What the files hold."""
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
        """Of a pair that is there, what would be a reason to make a new one if it were otherwise."""
        if have is None:
            return super().desired(run, wanted, have)
        desired = {"certificate": SOUND, "private_key": SOUND, "private_key_is_private": True}
        if run.task.params["renew"]:
            desired["renew"] = True
        if have["certificate"] != SOUND:
            return desired
        said = wanted.values
        desired.update((n, said[n]) for n in ("common_name", "algorithm", "subj_alt_dns_names") if n in said)
        desired.update(is_authority=said["cert_template"] in AUTHORITIES, expires="later")
        if "signing_ca" in said:
            desired["issuer"] = pem.certificate(said["signing_ca"]).subject
        return desired

    def validate_plan(self, run: Run[AccessServer], mistakes: Mistakes) -> None:
        """Files that could not be written, what would have to be made again at once, and what the server cannot make."""
        plan = run.plan
        if run.task.params["renew_before"] < 0:
            mistakes.add(f"renew_before: {run.task.params['renew_before']} is not a number of days from 0 up.")
        for change in plan.changes:
            have = change.before or {}
            if change.action in ("create", "update"):
                change.results["reasons"] = _reasons(have, change.values) if have else ["there is none"]
            if have.get("facts") and not _is_made_anew(change) and change.action != "delete":
                change.results["certificate"] = have["facts"]
            for file in _files(change.wanted) if change.action in ("create", "update") else ():
                with mistakes.collecting():
                    file.refuse_unusable()
            if _is_made_anew(change):
                self._check_making(run, change.wanted, mistakes)

    def _check_making(self, run: Run[AccessServer], want: Wanted, mistakes: Mistakes) -> None:
        said, least = want.values, run.task.params["renew_before"]
        if said.get("days_to_expiry", least + 1) <= least:
            mistakes.add(
                f"days_to_expiry of {self.noun} {want.name}: {said['days_to_expiry']} is not more than renew_before, which is "
                f"{least}, so that each run would make it anew."
            )
        if "signing_ca" in said and pem.certificate(said["signing_ca"]).days_left() < least:
            mistakes.add(
                f"signing_ca of {self.noun} {want.name} expires within the {least} days of renew_before, and what it signs "
                "would be made anew by each run."
            )
        if "algorithm" in said:
            with mistakes.collecting():
                _offered(run.client, said["algorithm"])

    def create(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Make them, one after the other."""
        self.update(run, changes)

    def update(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Make them anew, or only keep a key to its owner."""

        def make(change: Change) -> None:
            if _is_made_anew(change):
                self._make(run, change)
            else:
                _files(change.wanted)[1].make_private()

        run.writes.each(changes, make, "made", in_order=True)

    def _make(self, run: Run[AccessServer], change: Change) -> None:
        """The old pair stays until the new one is known to be what was asked for."""
        want = change.wanted
        certificate, private_key = _made(run.client, _request(run.client, want))
        have = _state(want, certificate, private_key, run.task)
        wrong = {n: v for n, v in self.desired(run, want, have).items() if n in have and have[n] != v}
        if wrong.pop("expires", None):
            run.task.warn(
                f"{self.noun} {change.name} {_expiry(have)}, so that each run will make it anew; see renew_before."
            )
        if wrong:
            told = "; ".join(_reasons(have, wrong))
            change.fail(f"the server made something else than was asked for ({told}), and no file was changed")
            return
        public, secret = _files(want)
        secret.write(private_key)  # first: where a certificate is, its key is there too
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
    """What no server could make, as sentences."""
    said, secrets, which = want.values, want.secrets, f"certificate {want.name}"
    needed = ["private_key_dest"] + (["common_name", "cert_template"] if want.state == "present" else [])
    missing = [name for name in needed if name not in want.given or said.get(name) == ""]
    if missing:
        yield f"{which}: {', '.join(missing)} is missing."
    if want.state != "present":
        return
    if said.get("subj_alt_dns_names") and said.get("cert_template", WITH_NAMES) != WITH_NAMES:
        yield f"{which}: subj_alt_dns_names go with cert_template {WITH_NAMES} only."
    if said.get("days_to_expiry", 1) < 1:
        yield f"{which}: days_to_expiry is {said['days_to_expiry']}, which is not a number of days from 1 up."
    keys = [name for name in ("signing_ca_key", "signing_ca_config_key") if name in {**said, **secrets}]
    if len(keys) != ("signing_ca" in said):
        yield f"{which}: signing_ca goes with one of signing_ca_key and signing_ca_config_key, and they with it."
        return
    if "signing_ca_private_key_passphrase" in secrets and not keys:
        yield f"{which}: signing_ca_private_key_passphrase is for a signing_ca, and there is none."
    if not keys:
        return
    mistakes = Mistakes()
    with mistakes.collecting():
        with pem.about(f"signing_ca of {which}"):
            authority = pem.certificate(said["signing_ca"])
            if not authority.is_authority:
                raise ValueError("it is not a certificate of an authority")
        if "signing_ca_key" in secrets:
            with pem.about(f"signing_ca_key of {which}"):
                passphrase = secrets.get("signing_ca_private_key_passphrase")
                if pem.public_half(secrets["signing_ca_key"], passphrase) != authority.public_key:
                    raise ValueError("it is not the key of signing_ca")
    yield from mistakes.sentences


def _state(want: Wanted, certificate: t.Optional[str], private_key: t.Optional[str], task: Task) -> Object:
    """What a pair is, in the words of a declaration, and what is wrong with it."""
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
            f"{want.values['private_key_dest']} is encrypted: say private_key_passphrase, or remove it first (state: absent). "
            "Nothing was written."
        )
    try:
        half = pem.public_half(private_key, passphrase)
    except ValueError as exc:
        return str(exc)
    return SOUND if certificate is None or half == certificate.public_key else "it is that of another certificate"


def _is_made_anew(change: Change) -> bool:
    return change.action == "create" or bool(
        change.action == "update" and change.values.keys() - {"private_key_is_private"}
    )


def _expiry(have: Object) -> str:
    return REASONS["expires"].format(have["expires"]).partition(" ")[2]


def _reasons(have: Object, wrong: t.Collection[str]) -> list[str]:
    return [Sentence(said.format(_told(have.get(name)))) for name, said in REASONS.items() if name in wrong]


def _told(value: t.Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return {True: "yes", False: "no", None: "none"}.get(value, str(value))


def _offered(client: AccessServer, algorithm: str) -> str:
    """The server's own spelling of an algorithm. Raises InputError where it offers no such one."""
    offered = algorithms(client)
    for one in offered:
        if pem.spelled(one) == algorithm:
            return one
    raise InputError(f"algorithm: {client.url} makes no keys of {algorithm}; it offers {', '.join(offered)}.")


def _request(client: AccessServer, want: Wanted) -> dict[str, t.Any]:
    body = {name: value for name, value in {**want.values, **want.secrets}.items() if value not in (None, "", [])}
    del body["private_key_dest"]
    if "algorithm" in body:
        body["algorithm"] = _offered(client, body["algorithm"])
    return body


def _made(client: AccessServer, request: dict[str, t.Any]) -> tuple[str, str]:
    """A new pair, as texts. Where an answer is lost, what was made is lost with it, and nobody keeps it: ask again."""
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
    raise EstateError(f"{lost} ({ATTEMPTS} attempts). What the server made is lost, and it keeps nothing.") from lost


@reads
def inform(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The work of as_certificate_info: what the server thinks of a certificate."""
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
    """Around a check: that the server says no is an answer, and it says why."""
    try:
        yield
    except Refused as exc:
        if exc.status != 400:
            raise
        answer.update({verdict: False, reason: Sentence(exc.reason)})


CERTIFICATE = Certificate()
