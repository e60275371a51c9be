# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration items of the Access Server."""

from __future__ import annotations

import contextlib
import ipaddress
import re
import typing as t

from ..._engine.arguments import PRIVATE_KEY, texts_in
from ..._engine.declaration_files import Doubtful
from ..._engine.field import HIDDEN, WHEN_WRITTEN, Field, KnownValues, Object, Turn
from ..._engine.plan import Actual, Change, OwnAccount, Wanted
from ..._engine.run import Run, Task
from ..._files.pem import certificates, public_half
from ..._text.errors import EstateError, InputError, Mistakes, did_you_mean
from ..accounts.account_safety import Safeguarded
from ..api import values
from ..api.client import AccessServer
from . import known_values
from .sign_in_settings import endangered

# Servers show some secrets in clear text (server behaviour, 85), so names count as well as the server's own masks.
_SECRET = re.compile(
    r".*pass(word|wd|phrase)?|(.*_)?(bind_)?pw|.*secret|(.*_)?psk|.*priv(ate)?_key|.*(hmac|api)_key|.*token|subkey|bundle|mysqluri"
)
# A password in an address, for example of a database (server behaviour, 117).
_CREDENTIALS = re.compile(r"://[^/@\s:]*:[^/@\s]*@")
_LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"^(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*\.?$")
_PEM = {"pemCertificate": "-----BEGIN CERTIFICATE-----", "pemPrivateKey": "PRIVATE KEY-----"}
PEM_KEY = "pemPrivateKey"
_KEY_END = re.compile("(?:priv_key|private_key|key)$")
KNOWN_TYPES = ("string", "integer", "boolean")
_BOOLEANS = {"true": True, "false": False, "yes": True, "no": False, "on": True, "off": False}
_INDEX = re.compile(r"\.[0-9]+(?=\.|$)")
EULA = "aui.eula_version"  # the version that a person has accepted (server behaviour, 89)
LIMITS = ("allowed_values", "min_value", "max_value", "type_hint")
INFO_SPEC: t.Mapping[str, t.Any] = {
    "names": {"type": "list", "elements": "str"},
    "profile": {"type": "str"},
    "only_set": {"type": "bool", "default": False},
}
INNER = ("secret_value", "certificate", "like", "private_key", "accepted")
FACTS = ("default_value", "type", "category", "derived_from", "description", *LIMITS)


def is_secret(name: str, item: t.Mapping[str, t.Any]) -> bool:
    """Whether a value must never be shown, by the server's description and by its key."""
    if item.get("redacted_value") or item.get("type_hint") == PEM_KEY:
        return True
    value = item.get("value")
    if isinstance(value, str) and (_CREDENTIALS.search(value) or PRIVATE_KEY in value):
        return True
    words = [word for word in name.split(".") if not word.isdigit()]  # keys may end in an index or a version
    return bool(words and _SECRET.fullmatch(words[-1]))


def beside_key(name: str) -> tuple[str, str]:
    """The items of the certificate and of its bundle that belong to the item of a private key."""
    return _KEY_END.sub("cert", name), _KEY_END.sub("ca_bundle", name)


def plain_text(text: str) -> str:
    """A text as it is compared and written: a PEM text ends with one line end, any other text with none."""
    if "-----BEGIN" in text:
        return values.lines(text).rstrip() + "\n"
    return values.lines(text)


def typed(value: t.Any, kind: t.Any) -> t.Any:
    """A value in the type that the server reports for its item; a value of another type stays as it is.

    The same for declared and for returned values, so that a shown value can be declared.
    """
    if value is None or isinstance(value, (list, dict)):
        return value
    if kind == "boolean":
        return _BOOLEANS.get(value.strip().lower(), plain_text(value)) if isinstance(value, str) else value
    if kind == "integer":
        whole = isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]{1,18}\s*", value)
        return int(value) if whole else plain_text(value) if isinstance(value, str) else value
    return plain_text(str(value).lower() if isinstance(value, bool) else str(value))


def _known(name: str, have: Object) -> t.Optional[KnownValues]:
    """The known values of a key, unless the server itself lists the allowed values."""
    item = have.get("like") or have
    return None if item.get("allowed_values") or item.get("type") == "boolean" else known_values.of_key(name)


def _misplaced(item: Object) -> str:
    """Refuse a value that is a secret, by the name of its item or by its text."""
    name = item.get("name")
    if isinstance(name, str) and is_secret(name, item):
        return "this is a secret. Set it as secret_value, so that Ansible masks it."
    return ""


def _is_another_secret(declared: Object, have: Object) -> t.Optional[bool]:
    """A private key is never read; the certificate next to it shows whether it is the key in use."""
    if not have["is_set"]:
        return True
    return not belongs(declared["secret_value"], have["certificate"]) if have.get("certificate") else None


class ConfigItem(Safeguarded):
    """Configuration items of one configuration profile. They always exist; an unset one has its default."""

    noun, plural = "configuration item", "config_items"
    states = ("present", "default")
    purgeable, always_there, read_back = False, True, ()
    fields = (
        Field(
            "value", {"type": "raw"}, read_back=True, known=_known, misplaced=_misplaced
        ),  # 88: not documented how it is reset
        Field(
            "secret_value",
            {"type": "str", "no_log": True},
            rewrite=_is_another_secret,
            is_set=lambda have: _is_own(have) and have["secret"] and have["is_set"],
        ),
        Field("custom", {"type": "bool"}, create_only=True),
        *(Field(fact) for fact in FACTS),
        Field("is_set"),
        Field("secret"),
        Field("certificate"),
        Field("like"),
        Field("private_key"),
        Field("accepted", api="name", load=lambda name: name == EULA),
    )
    turn = Turn.REST
    of_node = True
    options = {
        "profile": {"type": "str"},
        "update_secrets": WHEN_WRITTEN,
        "assume_present": {"type": "list", "elements": "str", "default": []},
        "allow_self": {"type": "bool", "default": False},
    }

    def validate(self, wanted: t.Sequence[Wanted]) -> t.Iterator[str]:
        """A value, a secret value, or the default."""
        for want in wanted:
            if len({"value", "secret_value"} & set(want.given)) != (0 if want.state == "default" else 1):
                needs = "allows no value" if want.state == "default" else "needs either value or secret_value"
                yield f"{self.noun} {want.name}: state: {want.state} {needs}."
            if isinstance(want.values.get("value"), Doubtful):
                yield (
                    f"value of {self.noun} {want.name}: YAML reads this as the number {want.values['value']}, but it is not "
                    "written like one. Put it in quotes."
                )

    def read(self, run: Run[AccessServer], names: t.Optional[t.Sequence[str]]) -> Actual:
        """Items by key; keys that the server does not know are missing."""
        profile = profile_of(run)
        items = {item["name"]: item for item in run.client.config_items(profile, names)}
        found = {name: item_of(item) for name, item in items.items()}
        beside = {name: beside_key(name)[0] for name, item in found.items() if item["type_hint"] == PEM_KEY}
        if names is not None and beside:
            items.update((item["name"], item) for item in run.client.config_items(profile, sorted(beside.values())))
        for name, certificate in beside.items():
            text = items.get(certificate, {}).get("value")
            found[name]["certificate"] = plain_text(text) if isinstance(text, str) else None
            for other in beside_key(name):
                if other in found and found[name]["is_set"]:
                    found[other]["private_key"] = name
        self._liken(run.client, profile, list(found) if names is None else names, found)
        return Actual(found)

    def declaration(self, name: str, have: Object) -> t.Optional[Object]:
        """An item that is set on the server, and can be set on another one."""
        if not _is_own(have) or have["secret"] or have["value"] is None or [*self.left_out(have)]:
            return None
        return {"name": name, "value": have["value"], **({"custom": True} if have["custom"] else {})}

    def shown(self, values: Object) -> Object:
        """Without values that only decisions need."""
        return {name: value for name, value in super().shown(values).items() if name not in INNER}

    def withheld(self, have: Object) -> list[str]:
        """Not the private key of a certificate: both belong to as_web_certificate."""
        return [] if have["certificate"] else super().withheld(have)

    def left_out(self, have: Object) -> t.Iterator[str]:
        """Certificates and their private keys, and what a person has accepted."""
        if have["certificate"] and super().withheld(have):
            yield "its value, which belongs to a certificate: use as_web_certificate"
        if _is_own(have) and not have["secret"] and have["private_key"]:
            yield f"its value, which belongs to the private key {have['private_key']}: use as_web_certificate"
        if _is_own(have) and have["accepted"]:
            yield "its value, which records that a person has accepted the licence agreement"

    def _liken(self, client: AccessServer, profile: str, names: t.Sequence[str], found: dict[str, Object]) -> None:
        """Treat keys with an index that the server does not know like the keys with the index 0 (server behaviour, 86)."""
        strangers = {name: _INDEX.sub(".0", name) for name in names if not is_known(found.get(name))}
        firsts = {first for name, first in strangers.items() if first != name}
        missing = sorted(firsts - found.keys())
        known = {item["name"]: item_of(item) for item in client.config_items(profile, missing)} if missing else {}
        known.update((first, found[first]) for first in firsts & found.keys())
        for name, first in strangers.items():
            if first != name and is_known(known.get(first)):
                item = found.setdefault(name, item_of({"name": name, "category": "custom"}))
                item.update(like=known[first], custom=False)
                if known[first]["secret"]:
                    _hide(item)

    def desired(self, run: Run[AccessServer], wanted: Wanted, have: t.Optional[Object]) -> Object:
        """The value in the item's own type; a number may have been written as text.

        With the state default, ``wanted`` may hold the value that replaces a default that the server does not report.
        """
        if wanted.state == "default":
            return default_of(have, wanted.values.get("value"))
        if "value" not in wanted.values:
            return {}
        return {"value": typed(wanted.values["value"], (have or {}).get("type"))}

    def validate_plan(self, run: Run[AccessServer], mistakes: Mistakes) -> None:
        """All that the server reports about its items."""
        task, plan = run.task, run.plan
        strangers: list[str] = []
        for change in plan.changes:
            have = change.before or {}
            if not is_known(have) and not have.get("like") and not change.wanted.values.get("custom"):
                strangers.append(change.name)
            elif change.action != "none":
                self._look_into(change, have, mistakes, task)
            if have.get("category") in ("deprecated", "removed"):
                task.warn(f"{self.noun} {change.name} is {have['category']} on this server.")
        if strangers:
            known = []
            with contextlib.suppress(EstateError):  # without the list, only a suggestion is missing
                known = [name for name, item in run.read(self, None).objects.items() if is_known(item)]
            for name in strangers:
                hint = did_you_mean(name, known) if mistakes.has_room else ""
                mistakes.add(
                    f"This server does not know the configuration item {name}.{hint} If the name is right, set custom: true "
                    "for this item."
                )
        if "allow_self" in task.params:  # a module without that option has checked the items itself
            self._guard(run)

    def _guard(self, run: Run[AccessServer]) -> None:
        """Refuse changes to the active profile that the sign-in or the connection depends on."""
        changes = {change.name: change for change in run.plan.of("update")}
        after = {name: c.secrets.get("secret_value", c.values.get("value")) for name, c in changes.items()}
        for name in endangered(run, profile_of(run), after):
            changes[name].own_account, changes[name].turn = OwnAccount.AT_RISK, Turn.OWN

    def _look_into(self, change: Change, have: Object, mistakes: Mistakes, task: Task) -> None:
        """Add the mistakes in a change of an item."""
        value, item = change.values.get("value"), have.get("like") or have
        if have.get("category") == "derived":
            mistakes.add(f"{self.noun} {change.name} is calculated by the server from other items and cannot be set.")
        elif change.state == "default":
            if have.get("category") == "required" or value is None:
                mistakes.add(f"{self.noun} {change.name} has no default on this server. Set a value.")
        elif have.get("secret") and "value" in change.values:
            task.secrets.update(texts_in(value))
            mistakes.add(f"{self.noun} {change.name} is a secret. Set it as secret_value, so that Ansible masks it.")
        elif isinstance(value, (list, dict)):
            mistakes.add(f"{change.name}: {value!r} is not text; the server keeps one value for each key.")
        else:
            problem = "" if change.wanted.values.get("custom") else problem_of(typed(value, item.get("type")), item)
            if problem:
                sentence = f"{change.name}: {problem}. If the server accepts it anyway, set custom: true for this item."
                mistakes.add(sentence)

    def portions(self, change: Change, new: t.Collection[tuple[str, str]]) -> t.Sequence[tuple[Turn, Object]]:
        """Networks for the addresses of users come first, then values that take access away."""
        if known_values.is_network(change.name):
            return [(Turn.FOUNDATION, change.values)]
        takes = "value" in change.values and known_values.takes_access(change.name, change.values["value"])
        return [(Turn.TAKE if takes else self.turn, change.values)]

    def update(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Values in one request, and resets to the default in another."""
        profile = profile_of(run)

        def write(batch: list[Change]) -> None:
            written = {c.name: c.secrets.get("secret_value", c.values.get("value")) for c in batch}
            run.client.set_config_items(profile, written, secret=any(change.secrets for change in batch))

        def reset(batch: list[Change]) -> None:
            run.client.reset_config_items(profile, {c.name: c.values["value"] for c in batch})

        run.writes.many([change for change in changes if change.state != "default"], write)
        run.writes.many([change for change in changes if change.state == "default"], reset)

    def repair(self, run: Run[AccessServer], changes: t.Sequence[Change]) -> None:
        """Write the value itself, also if it is the default."""
        profile = profile_of(run)
        run.writes.many(
            changes, lambda batch: run.client.set_config_items(profile, {c.name: c.values["value"] for c in batch})
        )

    def take_back(self, run: Run[AccessServer], change: Change) -> None:
        """The earlier value, or the default if the item was not set."""
        before, profile = change.before or {}, profile_of(run)
        if "value" not in change.values or before.get("secret"):
            return
        if before.get("derived_from") == "default":
            run.client.reset_config_items(profile, {change.name: before.get("default_value")})
        else:
            run.client.set_config_items(profile, {change.name: before["value"]})


def item_of(wire: t.Mapping[str, t.Any]) -> Object:
    """An item in its own type; the value of a secret item is removed here."""
    item = CONFIG_ITEM.load(wire)
    item.update({name: typed(item[name], item["type"]) for name in ("value", "default_value")}, like=None)
    filled = wire.get("value") not in (None, "") or bool(wire.get("redacted_value"))
    item.update(secret=False, is_set=filled, custom=not is_known(item))
    if is_secret(wire["name"], wire):
        _hide(item)
    return item


def _is_own(item: Object) -> bool:
    """Whether an item was set to a value that the server does not calculate or have by itself."""
    is_set = item["derived_from"] != "default" and item["category"] != "derived"
    return bool(is_set and (item["secret"] or item["custom"] or item["value"] != item["default_value"]))


def profile_of(run: Run[AccessServer]) -> str:
    """The configuration profile that the task names, or the active one."""
    active, profiles = run.client.config_profiles
    profile = run.task.params.get("profile") or active
    if profile not in profiles:
        if run.task.check and profile in run.task.params.get("assume_present", ()):
            return str(active)  # a copy that this run creates is like its source
        there = f"Available: {', '.join(profiles)}.{did_you_mean(profile, profiles)}"
        raise InputError(f"profile: configuration profile {profile!r} does not exist. {there}")
    return str(profile)


def default_of(have: t.Optional[Object], otherwise: t.Any = None) -> Object:
    """The value of an item after a reset; empty if the item is not set, because nothing changes.

    ``otherwise`` is used if the server reports no default; without it, the value is None.
    """
    default = have["default_value"] if have else None
    if default is None and not (have and have["is_set"]):
        return {}
    return {"value": otherwise if default is None else default}


def is_known(item: t.Optional[Object]) -> bool:
    """Whether the server has a definition of an item in its answer."""
    if not item or item["category"] == "custom":
        return False
    return item["type"] in KNOWN_TYPES or (item["type"] is None and item["category"] is not None)


def _hide(item: Object) -> None:
    item.update(secret=True, value=HIDDEN if item["is_set"] else "", default_value="")


def problem_of(value: t.Any, item: Object) -> str:
    """The problem of a value, by the server's description of its item; empty if there is none."""
    if value is None:
        return ""
    if item.get("type") == "boolean" and not isinstance(value, bool):
        return f"{value!r} is not a boolean; it must be true or false"
    if item.get("type") == "integer" and (isinstance(value, bool) or not isinstance(value, int)):
        return f"{value!r} is not a whole number"
    low, high, choices, hint = (item.get(k) for k in ("min_value", "max_value", "allowed_values", "type_hint"))
    if isinstance(value, int) and ((low is not None and value < low) or (high is not None and value > high)):
        return f"{value!r} is not allowed; it must be from {low} to {high}"
    if choices and value not in choices:
        return f"{value!r} is not allowed; use one of {', '.join(map(repr, choices))}"
    if value and hint and not _fits(str(value), hint):
        return f"{value!r} is not valid; the server wants a value of the kind {hint}"
    return ""


def _fits(value: str, hint: str) -> bool:
    if hint in _PEM:
        return _PEM[hint] in value
    if hint in ("ipv4Address", "ipv6Address", "ipAddress"):
        try:
            version = ipaddress.ip_address(value).version
        except ValueError:
            return False
        return hint == "ipAddress" or hint == f"ipv{version}Address"
    return hint != "hostname" or bool(_HOST.match(value)) or ":" in value


def belongs(private_key: str, certificate: str) -> bool:
    """Whether a private key and a certificate (both PEM) hold the same public key."""
    try:
        return public_half(private_key) == certificates(certificate)[0].public_key
    except ValueError:
        return False


CONFIG_ITEM = ConfigItem()


def chosen(run: Run[AccessServer]) -> dict[str, Object]:
    """For as_config_item_info: items with their descriptions; the values of secret items are not returned."""
    params = run.task.params
    found = run.read(CONFIG_ITEM, params["names"]).objects
    return {n: item for n, item in found.items() if not params["only_set"] or item["derived_from"] != "default"}
