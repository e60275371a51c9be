# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A change of the configuration in a copy, which stays active only if the server is healthy with it."""

from __future__ import annotations

import time
import typing as t
from dataclasses import replace

from ..._engine.apply import apply_declared
from ..._engine.plan import listed
from ..._engine.report import Answer
from ..._engine.run import Run
from ..._files import pem
from ..._text.errors import EstateError, InputError, NotBack, OutcomeUnknown, Refused, SignInError, Unreachable, reads
from ..api.client import AccessServer, some
from ..api.connection import ACCESS_SERVER, transport
from ..server.health import problems
from ..server.restart import MODES, TIMEOUT, announced, refuse_no_time, restarted
from .api_addresses import api_addresses
from .config_item import CONFIG_ITEM, typed
from .config_profile import CONFIG_PROFILE, activate, create
from .copy_names import PREFIX, CopyNames
from .sign_in_settings import CERTIFICATE, SHARED, WEB, Dependence, depends

DAEMONS = ("vpn.server.daemon.tcp.n_daemons", "vpn.server.daemon.udp.n_daemons")
MULTI_DAEMON = "vpn.server.daemon.enable"
NUMBERS = frozenset([*DAEMONS, *(key for key, _interface in (*WEB, *SHARED))])
PAUSE = 1.0  # seconds between two checks of a server that is not healthy yet
ATTEMPTS = 3  # to roll back, if the server shows that the earlier attempt was not carried out

Values = t.Mapping[str, t.Any]
SPEC: t.Mapping[str, t.Any] = {
    **{name: CONFIG_ITEM.argument_spec()[name] for name in ("config_items", "src", "update_secrets")},
    "name": {"type": "str", "default": "staged"},
    "keep": {"type": "int", "default": 5},
    "restart_mode": {"type": "str", "choices": list(MODES), "default": "warm"},
    "restart_timeout": {"type": "int", "default": TIMEOUT},
    "check_timeout": {"type": "int", "default": 60},
    "allow_connection_change": {"type": "bool", "default": False},
    "new_url": {"type": "str"},
}
CONSTRAINTS: t.Mapping[str, t.Any] = {
    "required_one_of": [("config_items", "src")],
    "mutually_exclusive": [("config_items", "src")],
}


def stage(run: Run[AccessServer]) -> Answer:
    """The work of as_staged_config."""
    params = run.task.params
    _refuse_invalid(params)
    compared = _items(run, check=True)
    active, profiles = run.client.config_profiles
    names = CopyNames(params["name"])
    stale = names.stale(profiles, active)
    answer = {**compared, "profile": active, "previous": active, "url": run.client.url, "removed": stale}
    profiles = [profile for profile in profiles if profile not in stale]
    change = Staging(run, active, names.next([*profiles, *stale], active), compared) if compared["changed"] else None
    if change:
        answer["profile"] = change.name
        answer["url"] = change.addresses[0]
    elif names.owns(active):
        _warn_of_problems(run, active)
    answer["removed"] = stale + names.outdated(profiles, answer["profile"], params["keep"])
    _note_removed(answer, compared, change)
    if run.task.check:
        return answer
    left = _remove(run, stale)
    if change:
        answer.update(change.bring())
        run = replace(run, client=change.reached)
    left += _remove(run, [profile for profile in answer["removed"] if profile not in stale])
    answer["removed"] = [profile for profile in answer["removed"] if profile not in left]
    _note_removed(answer, compared, change)
    return answer


def _note_removed(answer: Answer, compared: Answer, change: t.Optional[Staging]) -> None:
    """Whether anything changes, and the diff: items, the restart, and deleted profiles."""
    before, after = ({**compared["diff"][side]} for side in ("before", "after"))
    before.update({f"configuration profile {name}": {"state": "present"} for name in answer["removed"]})
    after.update(change.restart if change else {})
    answer.update(changed=bool(change or answer["removed"]), diff={"before": before, "after": after})


def _refuse_invalid(params: Values) -> None:
    for option in ("restart_timeout", "check_timeout"):
        refuse_no_time(option, params[option])
    if params["keep"] < 0:
        raise InputError(f"keep: {params['keep']} is too small; the smallest value is 0.")
    if not PREFIX.fullmatch(params["name"]):
        raise InputError(f"name: {params['name']!r} is not valid. Use 1 to 20 letters, digits and underscores.")


def _items(run: Run[AccessServer], check: bool = False, **how: t.Any) -> Answer:
    """What as_config_item does and returns; ``how`` are more options."""
    run.client.read_config_profiles()
    own = {"profile": run.task.params.get("profile"), **how}
    return apply_declared(run.within(own, check), CONFIG_ITEM)


def _remove(run: Run[AccessServer], names: t.Sequence[str]) -> list[str]:
    """Delete profiles. Profiles that could not be deleted are in a warning and returned; the next run tries again."""
    if not names:
        return []
    declared = [{"name": name, "state": "absent"} for name in names]
    try:
        lines = apply_declared(run.within({"src": None, "config_profiles": declared}), CONFIG_PROFILE)["objects"]
        left = [line["name"] for line in lines if line["action"] not in ("deleted", "unchanged")]
        why = next((line["msg"] for line in lines if line.get("msg")), "")
    except EstateError as exc:
        left, why = list(names), str(exc)
    if left:
        reason = f" ({why.rstrip('.')})" if why else ""
        run.task.warn(
            f"Configuration profiles that could not be deleted{reason}: {', '.join(left)}. The next run tries again."
        )
    return left


def _active_profile(client: AccessServer) -> str:
    """The active profile, as it is now."""
    return client.read_config_profiles()[0]


@reads
def _values(client: AccessServer, profile: str) -> dict[str, tuple[t.Any, t.Any]]:
    """Every item of a profile that is not calculated: its value, and the replacement for a value that is not shown."""
    return {
        item["name"]: (_typed(item["name"], item.get("value")), item.get("redacted_value"))
        for item in client.config_items(profile)
        if item.get("category") != "derived"
    }


def _typed(key: str, value: t.Any) -> t.Any:
    """A value that decides here, in the type of its key: servers may keep it as text (server behaviour, 84)."""
    kind = "integer" if key in NUMBERS else "boolean" if key == MULTI_DAEMON else None
    return typed(value, kind) if kind else value


@reads
def _problems(client: AccessServer, has_daemons: bool) -> dict[str, str]:
    """The problems of a server: a sentence for each."""
    return problems(client.object("GET /server/status"), client.object("GET /vpn/status") if has_daemons else None)


def _warn_of_problems(run: Run[AccessServer], active: str) -> None:
    """A run that was interrupted between activation and check has left an active profile that was not checked."""
    has_daemons = _has_daemons({key: value for key, (value, _redacted) in _values(run.client, active).items()})
    found = _problems(run.client, has_daemons)
    if found:
        run.task.warn(
            f"{run.client.url} is not healthy with the declared configuration ({active}): {'; '.join(found.values())}. You can "
            "activate the earlier profile again (as_config_profile)."
        )


def _has_daemons(values: Values) -> bool:
    """Whether VPN daemons are configured."""
    return values.get(MULTI_DAEMON) is False or any(values.get(name) != 0 for name in DAEMONS)


class Staging:
    """One copy of the active profile, until it is active.

    ``reached`` is the client that reaches the server afterwards, and ``addresses`` are possible addresses of the API then.
    """

    def __init__(self, run: Run[AccessServer], source: str, name: str, compared: Answer) -> None:
        client, task = run.client, run.task
        self.run, self.source, self.name = run, source, name
        self.declared = {line["name"] for line in compared["objects"]}
        after = {key: _typed(key, side.get("value")) for key, side in compared["diff"]["after"].items()}
        before = {key: value for key, (value, _redacted) in _values(client, source).items()}
        self.values = {**before, **after}
        found = depends(run, after, lambda: before, after)
        self.sign_in_items = found.sign_in
        self.addresses = api_addresses(client.url, before, self.values, task.params["new_url"])
        self._refuse_to_be_cut_off(found, after)
        if self.sign_in_items and not run.client.session.can_sign_in:
            task.warn(
                f"The sign-in depends on {listed(self.sign_in_items)}. This task cannot verify that its account can still sign in; "
                "that needs as_username and as_password."
            )
        self._options = self._changed_options(after)
        self.later = [
            ACCESS_SERVER.connect({**task.params, **each, **self._session()}, task.check) for each in self._options
        ]
        self.later = self.later or [client]
        self.reached = client
        self._had_daemons = _has_daemons(before)
        self._earlier_problems = _problems(client, self._had_daemons)
        for sentence in self._earlier_problems.values():
            task.warn(f"Before the change, {sentence} on {client.url}. This is not a reason for a rollback.")
        self.restart = announced(run, task.params["restart_mode"])

    def _refuse_to_be_cut_off(self, found: Dependence, after: Values) -> None:
        if found.endangered and not self.run.task.params["allow_connection_change"]:
            raise found.refusal(
                "If this is intended, set allow_connection_change: true, and let later tasks use the address that this one returns."
            )
        if CERTIFICATE in after and not after[CERTIFICATE]:
            raise InputError(
                f"{CERTIFICATE}: the server would create its own certificate, which is not known beforehand. This task could not "
                "check whether the server answers again. Use as_web_certificate. Nothing was written."
            )

    def _changed_options(self, after: Values) -> list[dict[str, t.Any]]:
        """The new connection options, for each possible address of the API; empty if they stay the same."""
        trust: dict[str, t.Any] = {}
        if CERTIFICATE in after:
            with pem.about(CERTIFICATE):
                pin = pem.certificates(after[CERTIFICATE])[0].fingerprint
            trust = {"as_certificate_fingerprint": pin, "as_ca_path": None, "as_validate_certs": True}
        if not trust and self.addresses == [self.run.client.url]:
            return []
        return [{**trust, "as_url": url} for url in self.addresses]

    def _session(self) -> dict[str, t.Any]:
        """The open session: a task that can no longer sign in with the new profile must still be able to roll back."""
        share, given = self.run.client.session.share, self.run.task.params["as_session"] or {}
        return {"as_session": {**given, **({"trust": share.trust} if "file" in given else share.handed())}}

    # -- the change

    def bring(self) -> Answer:
        """Make the copy, activate it, and check the server; returns more results of the task. Raises EstateError."""
        try:
            self._make()
        except EstateError as exc:
            left = _remove(self.run, [self.name])
            raise _as(exc, f"{_plain(exc)}. {self.source} is still active and unchanged{_left(left)}.") from exc
        results: Answer = {}
        try:
            with restarted(self.run.client, self.run.task.params["restart_timeout"], self._await_later) as results:
                activate(self.run.client, self.name, self.run.task.params["restart_mode"])
            wrong = self._wrong(self.reached, self.name, _has_daemons(self.values)) or self._locked_out()
        except EstateError as exc:
            wrong = _plain(exc)
        if wrong:
            raise self._rolled_back(wrong)
        return {**results, "url": self.reached.url}

    def _make(self) -> None:
        """Make the copy with all declared items, and let the server validate it."""
        self._copy()
        written = _items(self.run, profile=self.name)
        if written.get("failed"):
            raise EstateError(written["msg"])
        self._compare()
        try:
            self.run.client.call("GET /config-profile/{profile}/validate", path={"profile": self.name})
        except Refused as exc:
            if exc.status != 400:
                raise
            raise EstateError(f"{self.run.client.url} refuses the declared configuration as invalid: {exc}") from exc
        try:
            self.run.client.restart("dry_run")
        except Refused as exc:
            raise EstateError(f"{self.run.client.url} would refuse to restart: {exc}") from exc

    def _copy(self) -> None:
        try:
            create(self.run.client, self.name, self.source)
        except OutcomeUnknown:
            if self.name not in self.run.client.read_config_profiles()[1]:
                create(self.run.client, self.name, self.source)

    def _compare(self) -> None:
        """Only a complete copy of the active profile, with all that is declared, may become active."""
        kept = _items(self.run, check=True, profile=self.name, update_secrets="on_create")
        lost = [line["name"] for line in kept["objects"] if line["action"] != "unchanged"]
        if lost:
            raise EstateError(f"{self.run.client.url} accepted what is declared, but did not keep it: {some(lost)}")
        active = _active_profile(self.run.client)
        if active != self.source:
            raise EstateError(f"Another user has activated {active} on {self.run.client.url} in the meantime")
        there, copied = _values(self.run.client, self.source), _values(self.run.client, self.name)
        other = {key for key in {*there, *copied} - self.declared if there.get(key) != copied.get(key)}
        if other:
            raise EstateError(
                f"{self.run.client.url} made a copy of {self.source} that differs from it in {some(other)}"
            )

    def _await_later(self, before: t.Optional[str], timeout: float) -> str:
        """Wait until the restarted server answers at one of its possible addresses."""
        return self._await(self.later, before, timeout)

    def _await(self, clients: t.Sequence[AccessServer], before: t.Optional[str], timeout: float) -> str:
        deadline = time.monotonic() + timeout
        while True:
            for one in clients:
                try:
                    last_restarted = one.await_restart(before, min(PAUSE, timeout))
                except (NotBack, Unreachable):
                    continue
                self.reached = one
                return last_restarted
            if time.monotonic() > deadline:
                where = " and ".join(one.url for one in clients)
                raise NotBack(f"No restarted server answered at {where} within {timeout:g} seconds")
            time.sleep(PAUSE)

    def _wrong(self, client: AccessServer, profile: str, has_daemons: bool) -> str:
        """The problems of a restarted server after the time to become healthy; empty if there are none."""
        deadline = time.monotonic() + self.run.task.params["check_timeout"]
        while True:
            try:
                active = _active_profile(client)
                found = _problems(client, has_daemons)
                wrong = [sentence for thing, sentence in sorted(found.items()) if thing not in self._earlier_problems]
                wrong += [f"{active} is active"] if active != profile else []
            except SignInError:
                raise
            except EstateError as exc:
                wrong = [_plain(exc)]
            if not wrong:
                return ""
            if time.monotonic() > deadline:
                return f"{client.url} is not healthy with {profile} active: {'; '.join(wrong)}"
            time.sleep(PAUSE)

    def _locked_out(self) -> str:
        """Why the administrator can no longer sign in, if items for the sign-in have changed; tried once, without a token."""
        params = self.run.task.params
        if not self.sign_in_items or not self.run.client.session.can_sign_in:
            return ""
        changed = self._options[self.later.index(self.reached)] if self._options else {}
        try:
            self.run.client.session.apart(transport({**params, **changed}, True)).token()
        except EstateError as exc:
            return _plain(exc)
        return ""

    # -- the rollback

    def _rolled_back(self, wrong: str) -> EstateError:
        """Activate the old profile again, check the server, and report."""
        was_active, trouble = False, ""
        active: t.Optional[str] = None
        for last in (*[False] * ATTEMPTS, True):
            try:
                client, active = self._found()
                if active != self.name or last:
                    break
                was_active = True
                with restarted(client, self.run.task.params["restart_timeout"], self._await_former):
                    activate(client, self.source, self.run.task.params["restart_mode"])
            except EstateError as exc:
                active, trouble = None, f" ({_plain(exc)})"
        if active in (None, self.name):
            what = f"{active} is" if active else f"{self.name} or {self.source} is"
            return EstateError(
                f"{wrong}. The rollback to {self.source} failed{trouble}. {what} active. Activate {self.source} on the server "
                "itself."
            )
        if was_active:
            state = f"Rolled back: {active} is active again, {self._health_again()}"
        else:
            state = f"{self.name} is not active; {active} is active"
        return EstateError(f"{wrong}. {state}{_left(_remove(replace(self.run, client=client), [self.name]))}.")

    def _await_former(self, before: t.Optional[str], timeout: float) -> str:
        return self._await([self.run.client], before, timeout)

    def _found(self) -> tuple[AccessServer, str]:
        """A client that reaches the server, and the active profile. Raises EstateError if no address answers."""
        trouble: t.Optional[EstateError] = None
        for client in dict.fromkeys([self.run.client, self.reached, *self.later]):
            try:
                return client, _active_profile(client)
            except EstateError as exc:
                trouble = trouble or exc
        raise trouble or NotBack(f"{self.run.client.url} does not answer")

    def _health_again(self) -> str:
        try:
            wrong = self._wrong(self.run.client, self.source, self._had_daemons)
        except EstateError as exc:
            wrong = _plain(exc)
        return f"but {wrong}" if wrong else "and the server is healthy"


def _plain(exc: Exception) -> str:
    return str(exc).rstrip(".")


def _left(names: t.Sequence[str]) -> str:
    return f"; {' and '.join(names)} could not be deleted, and the next run tries again" if names else ""


def _as(exc: EstateError, sentence: str) -> EstateError:
    """The same error with another sentence; other tasks of the run must know of a refused sign-in."""
    return SignInError(sentence, final=exc.final) if isinstance(exc, SignInError) else EstateError(sentence)
