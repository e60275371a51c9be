# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses that VPN clients of a Freebox get: their range, and their owners."""

from __future__ import annotations

import ipaddress
import typing as t
from dataclasses import dataclass

from .._engine.plan import Plan
from .._engine.run import Run
from .._text.errors import InputError, Mistakes, reads
from .client import Freebox

LARGEST = 1 << 16  # addresses; boxes have about thirty (server behaviour, F64), and each is examined


@dataclass(frozen=True)
class Pool:
    """A range of IPv4 addresses, and the users who have reserved some of them, by address."""

    first: ipaddress.IPv4Address
    last: ipaddress.IPv4Address
    holders: t.Mapping[str, str]

    @classmethod
    def of(cls, client: Freebox) -> Pool:
        """As the box returns it (server behaviour, F64)."""
        return _pool_of(client)

    @property
    def free(self) -> list[str]:
        """Addresses that are not reserved, in their order."""
        each = (str(ipaddress.IPv4Address(number)) for number in range(int(self.first), int(self.last) + 1))
        return [one for one in each if one not in self.holders]

    def spare(self, besides: t.Iterable[str]) -> str:
        """A free address besides these, for a user whose own address is needed for another one."""
        others = set(besides)
        found = next((one for one in self.free if one not in others), None)
        if found is None:
            raise InputError(
                "ip_reservation: to exchange addresses between WireGuard users, one address has to be free for a moment, and "
                f"{self.first} to {self.last} has none. Free one first."
            )
        return found

    def look_for_impossible(self, plan: Plan, mistakes: Mistakes) -> None:
        """Add planned reservations that are outside the range, or of an address that is already reserved."""
        after = {login: ip for ip, login in self.holders.items()}
        for change in plan.of("create", "update", "delete"):
            if change.action == "delete" or change.values.get("ip_reservation") == "":
                after.pop(change.name, None)
            elif "ip_reservation" in change.values:
                after[change.name] = change.values["ip_reservation"]
        holders: dict[str, str] = {}
        for change in plan.of("create", "update"):
            ip = change.values.get("ip_reservation")
            if ip and not self.first <= ipaddress.IPv4Address(ip) <= self.last:
                mistakes.add(
                    f"ip_reservation of VPN user {change.name}: {ip} is outside {self.first} to {self.last}, the range that "
                    "the box gives to VPN clients."
                )
        for login, ip in sorted(after.items()):
            other = holders.setdefault(ip, login)
            if other != login:
                mistakes.add(f"ip_reservation: {ip} would belong to {other} and to {login}.")


@reads
def _pool_of(client: Freebox) -> Pool:
    record = client.object("GET /vpn/ip_pool/")
    first, last = (ipaddress.IPv4Address(str(record[end])) for end in ("ip_start", "ip_end"))
    if not 0 <= int(last) - int(first) < LARGEST:
        raise ValueError("range")
    reserved = {str(ipaddress.IPv4Address(one["ip"])): str(one["login"]) for one in record.get("reservations") or ()}
    return Pool(first, last, reserved)


def inform(run: Run[Freebox]) -> dict[str, t.Any]:
    """The work of freebox_vpn_ip_pool_info."""
    pool = Pool.of(run.client)
    reserved = [{"ip": ip, "login": pool.holders[ip]} for ip in sorted(pool.holders, key=ipaddress.IPv4Address)]
    return {
        "ip_start": str(pool.first),
        "ip_end": str(pool.last),
        "reservations": reserved,
        "free": pool.free,
        "changed": False,
    }
