# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access tests, such as ``ada may reach 10.20.0.5:tcp/443``, and whether they are true on a server."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..._engine.server_declaration import FAILED, PASSED, UNKNOWN
from ..._text.outside import Sentence
from .access_ruleset import EVERYBODY
from .reach import Account, Clients, Destination, Estate, Piece, blocked, destination, reached

_SENTENCE = re.compile(r"(?P<who>\S.*?)\s+may\s+(?P<negated>not\s+)?reach\s+(?P<where>\S.*)")
FORM = (
    "write NAME may reach DESTINATION, or NAME may not reach DESTINATION. NAME is a user, a group, or everybody; "
    "DESTINATION is like 10.20.0.5:tcp/443, 10.0.0.0/8, fd00::/8|tcp/443, app.example.com, *.example.com, user:ada or group:staff"
)


@dataclass(frozen=True)
class AccessTest:
    """The parts of a sentence. ``kind`` is the kind of the subject if the sentence names it, else empty."""

    text: str
    kind: str
    who: str
    may: bool
    where: Destination


@dataclass(frozen=True)
class Verdict:
    """Whether a test passed, failed, or cannot be judged, and why it did not pass."""

    test: AccessTest
    result: str
    why: str = ""

    def __str__(self) -> str:
        return f"access_tests: {self.test.text!r} {_ENDS[self.result]}: {self.why}."

    def report(self) -> dict[str, str]:
        """For the answer of a task."""
        return {"test": Sentence(self.test.text), "result": self.result, "reason": Sentence(self.why)}


_ENDS = {PASSED: "is true", FAILED: "is not true", UNKNOWN: "cannot be judged"}


def parse(text: str) -> AccessTest:
    """A test as it is written. Raises ValueError with a sentence."""
    given = " ".join(str(text).split())
    found = _SENTENCE.fullmatch(given)
    if not found:
        raise ValueError(f"{given!r} is not an access test; {FORM}")
    kind, _blank, name = found["who"].partition(" ")
    if kind not in ("user", "group") or not name:
        kind, name = EVERYBODY if found["who"] == EVERYBODY else "", found["who"]
    try:
        where = destination(found["where"])
    except ValueError as exc:
        raise ValueError(f"{given!r}: {exc}") from None
    return AccessTest(given, kind, name, not found["negated"], where)


def judge(test: AccessTest, estate: Estate, whole: bool) -> Verdict:
    """Whether a test is true. With ``whole``, what the estate does not have does not exist; otherwise it is only not declared.

    If a group may reach something, members that are blocked by their own ``deny`` do not count.
    """
    missing = _missing(test, estate, whole)
    if missing:
        return Verdict(test, FAILED if whole else UNKNOWN, missing)
    decisions = [(one, piece) for one in _accounts(test, estate) for piece in reached(estate, one, test.where)]
    wrong = [each for each in decisions if each[1].allowed is not test.may]
    if not wrong:
        return Verdict(test, PASSED)
    account, piece = next((each for each in wrong if each[1].allowed is not None), wrong[0])
    if piece.allowed is None and not whole:
        return Verdict(test, UNKNOWN, _described(account, piece))
    return Verdict(test, FAILED, _described(account, piece))


def _accounts(test: AccessTest, estate: Estate) -> list[Account]:
    if test.kind == EVERYBODY:
        found = estate.everybody()
    elif _is_group(test, estate):
        found = estate.members(test.who)
    else:
        return [estate.account(test.who)]
    return [one for one in found if not (test.may and one.name and blocked(estate, one) == f"user {one.name}")]


def _is_group(test: AccessTest, estate: Estate) -> bool:
    return test.kind == "group" or (not test.kind and test.who in estate.groups)


def _missing(test: AccessTest, estate: Estate, whole: bool) -> str:
    """What the estate lacks, as a part of a sentence."""
    lacking = "there is no" if whole else "the declaration has no"
    if test.kind != EVERYBODY and test.who not in (estate.groups if _is_group(test, estate) else estate.users):
        return f"{lacking} {test.kind or 'user or group'} {test.who}"
    where = test.where
    if isinstance(where, Clients) and where.name not in (estate.users if where.kind == "user" else estate.groups):
        return f"{lacking} {where.kind} {where.name}"
    for account in () if whole else _accounts(test, estate):
        if account.group and account.group not in estate.groups:
            return f"{lacking} group {account.group}, which {account} is in"
    return ""


def _described(account: Account, piece: Piece) -> str:
    if piece.allowed is None:
        return f"{account}, {piece.what}: {piece.why}"
    if piece.allowed:
        return f"{account} reaches {piece.what} by {piece.why}"
    return f"{account} does not reach {piece.what}: {piece.why}"
