# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VPN servers of a Freebox: the box decides which exist, and their settings depend on their types."""

from __future__ import annotations

import time
import typing as t

from .._engine.field import Field, Object
from .._engine.plan import Actual, Change, Wanted
from .._engine.resource import Resource
from .._engine.run import Run
from .._text.errors import Mistakes, did_you_mean, reads
from .client import Freebox
from .nested_fields import merged, nested_field, without_none
from .session import SETTINGS

STARTED, STOPPED, ERROR = "started", "stopped", "error"
RUNNING = (STARTED, "starting")
MPPE = ("disable", "require", "require_128")
CIPHERS = ("blowfish", "aes128", "aes256", "chacha20poly1305")
MTUS = range(512, 1421)  # bytes (server behaviour, F55)
PORTS = range(1, 65536)
CHOOSE_THEIR_PORT = ("openvpn", "wireguard")  # types of servers (server behaviour, F55)
CONF_IPSEC = "conf_ipsec"  # all of it is read-only (vendor document, lines 145 to 152)
PATIENCE = 180  # seconds; the longest time that other clients wait for a server to start (server behaviour, F59)
INTERVAL = 2.0  # seconds between two reads
OLD_ERROR = 10.0  # seconds after a change in which the error from before it may still be reported


def _typed(kind: type) -> t.Callable[[t.Any], t.Any]:
    """Reads a value of this type from a record; any other cannot be compared with what is declared."""

    def load(value: t.Any) -> t.Any:
        if value is None or (isinstance(value, kind) and isinstance(value, bool) == (kind is bool)):
            return value
        raise TypeError(kind.__name__)

    return load


def _ipsec(value: t.Mapping[str, t.Any]) -> Object:
    """Modes of authentication as a list, even if the box returns them by their names (server behaviour, F56)."""
    config = without_none(value)
    modes = config.get("auth_modes")
    if modes is None:
        return config
    each = [modes[name] for name in sorted(modes)] if isinstance(modes, dict) else modes
    return {**config, "auth_modes": [without_none(one) for one in each]}


def _option(name: str, kind: type, **more: t.Any) -> Field:
    return Field(name, {"type": kind.__name__}, load=_typed(kind), **more)


def _shown(name: str, kind: type) -> Field:
    return Field(name, load=_typed(kind))


def _validate_mtu(declared: Object) -> None:
    mtu = declared.get("mtu", MTUS[0])
    if mtu not in MTUS:
        raise ValueError(f"mtu is {mtu}, but has to be from {MTUS[0]} to {MTUS[-1]}")


class VpnServer(Resource):
    """VPN servers. Each has a configuration, in which it is enabled or not, and a state that follows after a while."""

    noun, plural, read_back = "VPN server", "servers", ("update",)  # documented for one server only (F57)
    states = ("present",)
    purgeable = False
    ignored = ("id",)
    always_there = True
    fields = (
        _shown("type", str),
        _shown("state", str),
        _option("enabled", bool, gives=True),  # a server that stops frees its port
        _option("enable_ipv4", bool),
        _option("enable_ipv6", bool),
        _option("port", int),
        _shown("min_port", int),
        _shown("max_port", int),
        _option("port_ike", int),
        _option("port_nat", int),
        nested_field(
            "conf_pptp",
            {
                "mppe": {"type": "str", "choices": list(MPPE)},
                # Methods of authentication, which contain no secret.
                "allowed_auth": {
                    "type": "dict",
                    "no_log": False,
                    "options": {name: {"type": "bool"} for name in ("pap", "chap", "mschapv2")},
                },
            },
        ),
        nested_field(
            "conf_openvpn",
            {
                "cipher": {"type": "str", "choices": list(CIPHERS)},
                "disable_fragment": {"type": "bool"},
                "use_tcp": {"type": "bool"},
            },
        ),
        nested_field(
            CONF_IPSEC,
            {
                "ike_version": {"type": "int"},
                "auth_modes": {
                    "type": "list",
                    "elements": "dict",
                    "no_log": False,
                    "options": {"id_source": {"type": "str"}, "id_custom": {"type": "str"}},
                },
            },
            normal=_ipsec,
        ),
        nested_field("conf_wireguard", {"mtu": {"type": "int"}}, validate=_validate_mtu),
        *(_shown(name, str) for name in ("ip_start", "ip_end", "ip6_start", "ip6_end")),
        _shown("connection_count", int),
        _shown("auth_connection_count", int),
    )
    options = {"wait": {"type": "bool", "default": True}, "wait_timeout": {"type": "int", "default": PATIENCE}}

    def __init__(
        self,
        clock: t.Callable[[], float] = time.monotonic,
        sleep: t.Optional[t.Callable[[float], object]] = None,
    ) -> None:
        self._clock, self._pause = clock, sleep

    def declaration(self, name: str, have: Object) -> t.Optional[Object]:
        """Without settings that cannot be changed on a server of its type."""
        fixed = {CONF_IPSEC, *(() if have["type"] in CHOOSE_THEIR_PORT else ("port",))}
        values = super().declaration(name, have) or {}
        return {option: value for option, value in values.items() if option not in fixed}

    def desired(self, run: Run[Freebox], wanted: Wanted, have: t.Optional[Object]) -> Object:
        """What is declared, completed with the current values."""
        return merged(super().desired(run, wanted, have), have)

    # -- reading

    def read(self, run: Run[Freebox], names: t.Optional[t.Sequence[str]]) -> Actual:
        """The list has states; one call for each server returns its configuration."""
        listed = {str(one["name"]): one for one in run.client.objects("GET /vpn/")}
        chosen = [name for name in listed if names is None or name in names]
        return Actual(
            {name: self.load_whole({**_config(run.client, name), **listed[name]}) for name in chosen}, whole=True
        )

    def validate_plan(self, run: Run[Freebox], mistakes: Mistakes) -> None:
        """Refuse servers, settings and ports that a box does not have; warn of clients that would be disconnected."""
        plan = run.plan
        if run.task.params["wait_timeout"] < 1:
            mistakes.add(
                f"wait_timeout: {run.task.params['wait_timeout']} is too small; the smallest value is 1 second."
            )
        unknown = [change.name for change in plan.changes if change.before is None]
        there = sorted(_states(run.client)) if unknown else []
        for name in unknown:
            it_has = f"{run.client.url} has no {self.noun} {name!r}; it has {', '.join(there)}."
            mistakes.add(f"{it_has}{did_you_mean(name, there)}")
        for change in plan.of("update"):
            if change.before is not None:
                self._check_offered(change, mistakes)
                self._check_read_only(change, mistakes)
                self._check_ports(change, mistakes)
        if plan.changed:
            with mistakes.collecting():
                run.client.session.refuse_without(SETTINGS)
        self._warn_of_connections(run)
        for change in plan.of("none"):
            if change.wanted.values.get("enabled") and (change.before or {}).get("state") == ERROR:
                change.fail("it is enabled, and in the state error: the box cannot start it, and does not report why")

    def _check_offered(self, change: Change, mistakes: Mistakes) -> None:
        have = change.before or {}
        own = [f.name for f in self.fields if f.spec and have.get(f.name) is not None]
        for key in change.values:
            if key not in own:
                mistakes.add(
                    f"{key} of {self.noun} {change.name}: this server, of type {have['type']}, has no such setting. It has "
                    f"{', '.join(own)}."
                )

    def _check_read_only(self, change: Change, mistakes: Mistakes) -> None:
        have = (change.before or {}).get(CONF_IPSEC) or {}
        declared = change.wanted.values.get(CONF_IPSEC) or {}
        for key, value in declared.items() if have else ():
            if have.get(key) != value:
                mistakes.add(
                    f"{CONF_IPSEC} of {self.noun} {change.name}: {key} is {have.get(key)!r}, and cannot be changed to "
                    f"{value!r}."
                )

    def _check_ports(self, change: Change, mistakes: Mistakes) -> None:
        have = change.before or {}
        for key in ("port", "port_ike", "port_nat"):
            port = change.values.get(key)
            if port is None or have.get(key) is None:
                continue
            which = f"{key} of {self.noun} {change.name}"
            if key == "port" and have["type"] not in CHOOSE_THEIR_PORT:
                mistakes.add(
                    f"{which} is {have[key]}, and cannot be changed: only servers of type {' and '.join(CHOOSE_THEIR_PORT)} "
                    "can use another port."
                )
                continue
            first, last = PORTS[0], PORTS[-1]
            if key == "port":
                first, last = have["min_port"] or first, have["max_port"] or last
            if not first <= port <= last:
                mistakes.add(f"{which}: {port} is not from {first} to {last}.")

    def _warn_of_connections(self, run: Run[Freebox]) -> None:
        cut = []
        for change in run.plan.changes:
            number = (change.before or {}).get("connection_count") or 0
            change.results["connections"] = number
            if number and change.action == "update":
                cut.append(f"{change.name} ({number} connected)")
        if cut:
            run.task.warn(f"VPN clients of {run.client.url} may be disconnected by a change to {', '.join(cut)}.")

    # -- changing

    def update(self, run: Run[Freebox], changes: t.Sequence[Change]) -> None:
        """Write only what differs now, so that settings that other programs have changed meanwhile stay."""

        def write(change: Change) -> None:
            there = _config(run.client, change.name)
            declared = {key: value for key, value in change.wanted.values.items() if key in change.values}
            whole = merged(self.dump(declared), there)
            change.complete(without_none(whole))
            left = {key: value for key, value in whole.items() if there.get(key) != value}
            if left:
                run.client.call("PUT /vpn/{vpn_id}/config/", left, path={"vpn_id": change.name})

        run.writes.each(changes, write)

    def settle(self, run: Run[Freebox], stopped: bool) -> None:
        """Wait for servers, which start and stop with a delay (server behaviour, F59)."""
        if stopped:
            return
        plan = run.plan
        goals = {change.name: _goal(change) for change in plan.of("update", "none")}
        waiting = [change for change in plan.of("update", "none") if _is_open(change, goals[change.name])]
        if not waiting or not run.task.params["wait"]:
            return
        total, since, limit = len(waiting), self._clock(), run.task.params["wait_timeout"]
        while True:
            states, elapsed = _states(run.client), self._clock() - since
            waiting = [change for change in waiting if states.get(change.name) != goals[change.name]]
            for change in waiting:
                old = change.action == "update" and (change.before or {})["state"] == ERROR and elapsed < OLD_ERROR
                if states.get(change.name) == ERROR and not old:
                    change.fail("it is in the state error after the change, and the box does not report why")
                elif elapsed >= limit:
                    change.fail(
                        f"it is {states.get(change.name, 'not listed')} after {limit} seconds, not {goals[change.name]}; see "
                        "wait_timeout"
                    )
            waiting = [change for change in waiting if change.outcome != "failed"]
            run.task.progress("settled", total - len(waiting), total)
            if not waiting:
                return
            (self._pause or time.sleep)(min(INTERVAL, limit - elapsed))


def _goal(change: Change) -> t.Optional[str]:
    """The state that a server has to reach: as declared, or the one before if only other settings have changed."""
    enabled = change.wanted.values.get("enabled")
    if enabled is None:
        came_from = (change.before or {})["state"]
        return STARTED if change.action == "update" and came_from in RUNNING else None
    return STARTED if enabled else STOPPED


def _is_open(change: Change, goal: t.Optional[str]) -> bool:
    """Whether only another read can show that a server has reached a state."""
    return goal is not None and (change.action == "update" or (change.before or {})["state"] != goal)


def _config(client: Freebox, name: str) -> Object:
    return client.object("GET /vpn/{vpn_id}/config/", path={"vpn_id": name})


@reads
def _states(client: Freebox) -> dict[str, str]:
    return {str(one["name"]): str(one["state"]) for one in client.objects("GET /vpn/")}


VPN_SERVER = VpnServer()
