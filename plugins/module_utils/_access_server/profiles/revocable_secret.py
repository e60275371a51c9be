# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets that an Access Server issues to users, and revokes one by one."""

from __future__ import annotations

import typing as t

from ..._engine.field import Object
from ..._engine.one_time_secret import New, OneTimeSecret
from ..._engine.run import Run
from ..._text.errors import EstateError, reading
from ..accounts.properties import refuse_unknown
from ..api.client import AccessServer


class Revocable(OneTimeSecret):
    """A new one does not end earlier ones, and is revoked by its own call."""

    def take_back(self, run: Run[AccessServer], new: Object, text: str) -> bool:
        """Revoke a new one that could not be saved, and return whether this worked."""
        raise NotImplementedError

    def what_became(self, run: Run[AccessServer], said: Object, text: t.Optional[str], new: t.Optional[New]) -> str:
        """Revoke it, if it is known, and describe the result."""
        if text is None:
            return (
                f"A new {self.noun} may exist, but was lost. Look for it in their list, delete it with state: absent, and run "
                "again."
            )
        if new is None:
            return ""
        try:
            gone = self.take_back(run, new.shown, text)
        except EstateError:
            gone = False
        which = ", ".join(f"{name} {value}" for name, value in new.shown.items() if isinstance(value, str))
        return f"The new {self.noun} ({which}) " + (
            "was revoked." if gone else "was created, but could not be saved. Delete it with state: absent."
        )

    @staticmethod
    def users_there(run: Run[AccessServer], names: t.Collection[str]) -> dict[str, t.Any]:
        """Records of users by name. Raises Mistakes if a user neither exists nor is created by the same run."""
        with reading(run):
            found = run.client.users(sorted(names)).records if names else {}
        refuse_unknown({name: [] for name in names}, found, "user", run)
        return found
