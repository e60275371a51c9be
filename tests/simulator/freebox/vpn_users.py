# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VPN users, who are common to all servers, and the addresses that are kept for them."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..answers import Answer
from ..parts import Part, operation
from ..shapes import OneOf
from .answers import Call, checked, failed, succeeded
from .vpn_servers import IP_END, IP_START

if TYPE_CHECKING:
    from .machine import Machine

_WIREGUARD_DEFAULTS: dict[str, Any] = {"keepalive": 0, "psk": False}
_KEEPALIVE = range(65536)


@dataclass
class VpnUser:
    """`wireguard` is conf_wireguard, None for users of the other servers; `address` is "" where none is kept."""

    login: str
    password: str | None = None
    address: str = ""
    wireguard: dict[str, Any] | None = None

    @property
    def type(self) -> str:
        return "standard" if self.wireguard is None else "wireguard"


class VpnUsers(Part):
    """All of them, in the order in which they were made."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._users: dict[str, VpnUser] = {}

    def clear(self) -> None:
        self._users.clear()

    def state(self) -> dict[str, Any]:
        return {"users": {user.login: self.shown(user) for user in self.all()}}

    def all(self) -> list[VpnUser]:
        return list(self._users.values())

    def get(self, login: str) -> VpnUser | None:
        return self._users.get(login)

    def find(self, login: str) -> VpnUser:
        """The user, or noent."""
        if login not in self._users:
            raise self._machine.no_such()
        return self._users[login]

    def shown(self, user: VpnUser) -> dict[str, Any]:
        """The user as the API has it: never with a password (F61, F62)."""
        found: dict[str, Any] = {
            "login": user.login,
            "password_set": user.password is not None,
            "ip_reservation": user.address,
        }
        if self._machine.api_version.has_wireguard:
            found["type"] = user.type
        if user.wireguard is not None:
            found["conf_wireguard"] = dict(user.wireguard)
        return found

    def addresses(self) -> dict[str, str]:
        """The address that is kept for each user who has one."""
        return {user.login: user.address for user in self.all() if user.address}

    def delete(self, login: str) -> None:
        """With what belongs to the user."""
        del self._users[login]
        self._machine.client_files.forget(login)
        if self._machine.readings["deleted_user"] == "cut_off":
            self._machine.connections.drop_user(login)

    # changes

    def _shape(self, login: str) -> dict[str, Any]:
        shape: dict[str, Any] = {login: _login_problem, "password": _password_problem, "ip_reservation": str}
        if self._machine.api_version.has_wireguard:
            shape |= {
                "type": OneOf("standard", "wireguard"),
                "conf_wireguard": {"keepalive": _keepalive_problem, "psk": bool},
            }
        if self._machine.readings["read_only_keys"] == "ignored":
            shape["password_set"] = bool
        return shape

    def _check_address(self, address: str, login: str) -> None:
        if not address:
            return
        try:
            number = ipaddress.IPv4Address(address)
        except ValueError:
            raise failed("inval", remark="body.ip_reservation: no IPv4 address") from None
        if not ipaddress.IPv4Address(IP_START) <= number <= ipaddress.IPv4Address(IP_END):
            raise failed("inval", remark="body.ip_reservation: outside the pool")
        if address in {kept for owner, kept in self.addresses().items() if owner != login}:
            raise failed(self._machine.readings["address_taken"], remark="body.ip_reservation: taken")

    def create(self, values: Any) -> VpnUser:
        """A new user, from the fields of the API."""
        asked = checked(values, self._shape("login!"))
        if asked["login"] in self._users:
            raise failed("exist")
        limit = self._machine.settings.user_limit
        if limit and len(self._users) >= limit:
            raise failed("size")
        kind = asked.get("type", "standard")
        user = VpnUser(asked["login"], wireguard=dict(_WIREGUARD_DEFAULTS) if kind == "wireguard" else None)
        self._take_over(user, asked)
        self._users[user.login] = user
        return user

    def change(self, login: str, values: Any) -> VpnUser:
        """Change the named fields."""
        user = self._users[login]
        asked = checked(values, self._shape("login"))
        if asked.get("login", login) != login:
            raise failed("inval", remark="body.login: cannot be changed")
        if {"login", "password"} <= set(asked) and self._machine.readings["put_with_login"] == "refused":
            raise failed("inval", remark="body.login: not together with a password")
        if asked.get("type", user.type) != user.type:
            raise failed("inval", remark="body.type: cannot be changed")
        self._take_over(user, asked)
        return user

    def set(self, login: str, **values: Any) -> VpnUser:
        """Create the user, or change the one that is there."""
        return self.change(login, values) if login in self._users else self.create({"login": login, **values})

    def _take_over(self, user: VpnUser, asked: dict[str, Any]) -> None:
        """All of it or nothing."""
        address = asked.get("ip_reservation", user.address)
        self._check_address(address, user.login)
        wrong = None
        if user.wireguard is None and "conf_wireguard" in asked:
            wrong = "body.conf_wireguard: only for users of the type wireguard"
        elif user.wireguard is not None and "password" in asked:
            wrong = "body.password: users of the type wireguard have none"
        elif user.wireguard is not None and not address:
            wrong = "body.ip_reservation: users of the type wireguard need one"
        if wrong:
            raise failed("inval", remark=wrong)
        user.address = address
        user.password = asked.get("password", user.password)
        if user.wireguard is not None and "conf_wireguard" in asked:
            merged = self._machine.readings["partial_objects"] == "merge"
            user.wireguard = {**(user.wireguard if merged else _WIREGUARD_DEFAULTS), **asked["conf_wireguard"]}

    # operations

    @operation("GET", "/vpn/user", "vpnServerUserList", "app")
    def list_all(self, call: Call) -> Answer:
        return self._machine.listed([self.shown(user) for user in self.all()])

    @operation("GET", "/vpn/user/{login}", "getVpnUser", "app")
    def read(self, call: Call) -> Answer:
        return succeeded(self.shown(self.find(call.parameters["login"])))

    @operation("POST", "/vpn/user", "addVpnUser", "settings", writes=True)
    def add(self, call: Call) -> Answer:
        user = self.create(call.body)
        self._machine.changed()
        return succeeded({name: value for name, value in self.shown(user).items() if name != "type"})  # F66

    @operation("PUT", "/vpn/user/{login}", "updateVpnUser", "settings", writes=True)
    def update(self, call: Call) -> Answer:
        user = self.find(call.parameters["login"])
        self.change(user.login, call.body)
        self._machine.changed()
        return succeeded(self.shown(user))

    @operation("DELETE", "/vpn/user/{login}", "deleteVpnUser", "settings", writes=True)
    def remove(self, call: Call) -> Answer:
        self.delete(self.find(call.parameters["login"]).login)
        self._machine.changed()
        return succeeded()

    @operation("GET", "/vpn/ip_pool", "getVpnServerIpPoolReservations", "app")
    def pool(self, call: Call) -> Answer:
        reservations = [{"login": login, "ip": address} for login, address in self.addresses().items()]
        return succeeded({"ip_start": IP_START, "ip_end": IP_END, "reservations": reservations})


def _login_problem(value: Any) -> str | None:
    return None if isinstance(value, str) and value else "Input should be a string that is not empty"


def _password_problem(value: Any) -> str | None:
    return (
        None if isinstance(value, str) and 8 <= len(value) <= 32 else "Input should be a string of 8 to 32 characters"
    )


def _keepalive_problem(value: Any) -> str | None:
    right = isinstance(value, int) and not isinstance(value, bool) and value in _KEEPALIVE
    return None if right else "Input should be a number of seconds"
