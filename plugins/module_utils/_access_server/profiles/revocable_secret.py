# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an Access Server issues to users, and takes back one by one."""

from __future__ import annotations

import typing as t

from ..._engine.field import Object
from ..._engine.one_time_secret import New, OneTimeSecret
from ..._engine.run import Run
from ..._text.errors import EstateError, reading
from ..accounts.properties import refuse_unknown
from ..api.client import AccessServer


class Revocable(OneTimeSecret):
    """A new one does not end what was there before, and ends by a call of its own."""

    def take_back(self, run: Run[AccessServer], new: Object, text: str) -> bool:
        """Make a new one that could not be kept invalid again, and say whether that worked."""
        raise NotImplementedError

    def what_became(self, run: Run[AccessServer], said: Object, text: t.Optional[str], new: t.Optional[New]) -> str:
        """It is revoked, if it is known."""
        if text is None:
            return f"There may be a new {self.noun} now that nobody has: see which there are, make it absent, and run again."
        if new is None:
            return ""
        try:
            gone = self.take_back(run, new.shown, text)
        except EstateError:
            gone = False
        which = ", ".join(f"{name} {value}" for name, value in new.shown.items() if isinstance(value, str))
        return f"The new {self.noun} ({which}) " + (
            "was revoked again." if gone else "is in nobody's hands: make it absent."
        )

    @staticmethod
    def users_there(run: Run[AccessServer], names: t.Collection[str]) -> dict[str, t.Any]:
        """Records of users by name; InputError where one is neither there nor made by the same run."""
        with reading(run):
            found = run.client.users(sorted(names)).records if names else {}
        refuse_unknown({name: [] for name in names}, found, "user", run)
        return found
