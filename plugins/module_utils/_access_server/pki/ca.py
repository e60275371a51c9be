# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The certificate authorities of an Access Server, which sign its own certificate and those of client profiles."""

from __future__ import annotations

import typing as t

from ..._engine.field import Field, Object
from ..._engine.plan import Actual, Change, Wanted
from ..._engine.resource import Resource
from ..._engine.run import Run
from ..._text.errors import InputError, Mistakes, reads
from ..accounts.properties import warn_of_twins
from ..api import values
from ..api.client import AccessServer

INFO_SPEC: t.Mapping[str, t.Any] = {"names": {"type": "list", "elements": "str"}}
ROLES = {"ca": "current", "old_ca": "old", "cross_ca": "cross"}
LONGEST_NAME = 64  # characters; the limit of X.509 for a common name (RFC 5280, ub-common-name)
LOST = ("serial", "algorithm", "role", "not_after", "client_profiles")  # what the diff shows of a deleted one
BACK_AGAIN = 60  # seconds; with a new authority the server restarts briefly (server behaviour, 99)


class Ca(Resource):
    """Authorities by common name. The newest one is current; the server also creates new ones by itself (98)."""

    noun, plural, key = "certificate authority", "cas", "common_name"
    keys = {"common_name": {"type": "str"}, "serial": {"type": "str"}}  # by its serial if others have the same name
    purgeable = False
    fields = (
        Field("algorithm", {"type": "str"}, create_only=True),
        Field("delete_clients", {"type": "int"}, create_only=True),
        Field("serial"),
        Field("role", api="cert_type", load=lambda wire: ROLES.get(wire, wire)),
        Field("not_before", normal=values.moment),
        Field("not_after", normal=values.moment),
        Field("client_profiles", normal=int, unset=0),
        Field("signing_ca_cn"),
    )

    def identity(self, params: t.Mapping[str, t.Any]) -> str:
        """The common name, or the serial as the server writes it."""
        return _by_serial(params["serial"]) if params.get("common_name") is None else str(params["common_name"])

    def validate(self, wanted: t.Sequence[Wanted]) -> t.Iterator[str]:
        """Values that do not fit a certificate or the state."""
        for want in wanted:
            if want.state != "present":
                continue
            if "common_name" not in want.given:
                yield f"{self.noun} {want.name}: state: present needs common_name, because a new one has no serial yet."
            elif len(want.name) > LONGEST_NAME:
                yield f"common_name: {want.name!r} has {len(want.name)} characters, but a certificate holds only {LONGEST_NAME}."
            if "delete_clients" in want.given:
                yield f"delete_clients of {self.noun} {want.name} is allowed only with state: absent."

    def read(self, run: Run[AccessServer], names: t.Optional[t.Sequence[str]]) -> Actual:
        """By common name, the last one of several; and by serial."""
        found: dict[str, Object] = {}
        for wire in _listed(run.client):
            have, name = _authority(wire), wire["common_name"]
            namesakes = found.get(name, {}).get("namesakes", 0) + 1
            found[name] = {**have, "namesakes": namesakes}
            found[_by_serial(have["serial"])] = {**have, "namesakes": 1}
        return Actual({name: have for name, have in found.items() if names is None or name in names}, whole=True)

    def desired(self, run: Run[AccessServer], wanted: Wanted, have: t.Optional[Object]) -> Object:
        """A key is created once, so another algorithm means another authority."""
        algorithm = wanted.values.get("algorithm")
        if have and algorithm and algorithm != have["algorithm"]:
            raise InputError(
                f"algorithm of {self.noun} {wanted.name}: it is {have['algorithm']} and cannot change. For {algorithm}, "
                "declare a new authority with another common_name."
            )
        return super().desired(run, wanted, have)

    def validate_plan(self, run: Run[AccessServer], mistakes: Mistakes) -> None:
        """An algorithm that the server supports; and for deletions, that no client profile needs it, or how many do."""
        plan = run.plan
        asked = {c.name: c.values["algorithm"] for c in plan.of("create") if "algorithm" in c.values}
        offered = algorithms(run.client) if asked else []
        for name, algorithm in asked.items():
            if algorithm not in offered:
                mistakes.add(
                    f"algorithm of {self.noun} {name}: {run.client.url} does not support {algorithm}. Supported: "
                    f"{', '.join(offered)}."
                )
        warn_of_twins(run, lambda names: [str(one.get("common_name")) for one in _listed(run.client)], self.noun)
        doomed = plan.of("delete")
        if doomed:
            self._check_deletion(run, doomed, mistakes)
        for change in plan.changes:
            have = change.before or {}
            change.results = {key: have[key] for key in ("serial", "client_profiles") if key in have}
            change.lost = {key: have[key] for key in LOST if key in have}

    def _check_deletion(self, run: Run[AccessServer], doomed: t.Sequence[Change], mistakes: Mistakes) -> None:
        serials = {str((change.before or {})["serial"]) for change in doomed}
        left = [one for one in _listed(run.client) if one["serial"] not in serials]
        if not any(ROLES.get(one.get("cert_type", ""), "current") != "cross" for one in left):
            mistakes.add(
                f"{self.noun} {doomed[-1].name} is the last one of {run.client.url}, which needs one. Create another one first."
            )
        for change in doomed:
            have = change.before or {}
            if have["namesakes"] > 1:
                mistakes.add(
                    f"common_name: {have['namesakes']} authorities are called {change.name}. Set serial to select one "
                    "(as_ca_info lists them)."
                )
            elif have["client_profiles"] != change.wanted.values.get("delete_clients", 0):
                mistakes.add(
                    f"{self.noun} {change.name} signed {have['client_profiles']} client profiles, which would stop working. "
                    "Nothing was written. Issue them again first, or set "
                    f"delete_clients: {have['client_profiles']} if this is intended."
                )
            if have["role"] == "current":
                run.task.warn(
                    f"{self.noun.capitalize()} {change.name} is the current one. The server selects another one."
                )

    def create(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """One after the other: the last declared one is the current one afterwards."""
        for change in changes:
            run.writes.each([change], lambda c: _create(run.client, c.name, c.values.get("algorithm")))
            run.client.await_service(BACK_AGAIN)

    def delete(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """With the profiles that it signed only if the task has their number."""

        def delete(change: Change) -> None:
            have = change.before or {}
            query = {"delete_clients": "true"} if have["client_profiles"] else {}
            run.client.call("DELETE /ca/vpn/{serial}", path={"serial": have["serial"]}, query=query)

        run.writes.each(changes, delete, in_order=True)


def algorithms(client: AccessServer) -> list[str]:
    """Algorithms that the server supports for keys."""
    answer = client.call("GET /ca/allowed-algorithms/list")
    if not isinstance(answer, list) or not all(isinstance(one, str) for one in answer):
        raise client.unreadable("a list of names")
    return answer


def _create(client: AccessServer, common_name: str, algorithm: t.Optional[str]) -> None:
    body = {"common_name": common_name, **({"algorithm": algorithm} if algorithm else {})}
    client.call("POST /ca/vpn/create", body)


def _authority(wire: t.Mapping[str, t.Any]) -> Object:
    """An authority with its algorithm, which is declared only once and always returned."""
    have = CA.load(wire)
    return {**have, "algorithm": wire.get("algorithm"), "days_left": values.days_until(have["not_after"])}


def _by_serial(serial: str) -> str:
    return f"of serial {serial}"


@reads
def _listed(client: AccessServer) -> list[t.Mapping[str, t.Any]]:
    """All authorities, the newest last; among those of one day, the current one last."""
    every = client.authorities()
    return sorted(every, key=lambda one: (values.moment(one["not_before"]), one.get("cert_type") == "ca"))


CA = Ca()


def listing(run: Run[AccessServer]) -> list[Object]:
    """For as_ca_info: every authority, including those with the same name, in the order of creation."""
    names = run.task.params["names"]
    listed = [{"common_name": one["common_name"], **_authority(one)} for one in _listed(run.client)]
    return [one for one in listed if names is None or one["common_name"] in names]
