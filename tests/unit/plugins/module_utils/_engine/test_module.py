# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an info module answers."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import inform
from ansible_collections.vpn.estate.plugins.module_utils._engine.plan import Actual
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.plugins.module_utils._engine.run import Run
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server


class FrontPage(Resource):
    """A server has one page of this kind, or none."""

    noun, plural, keys, sole_name = "front page", "", {}, "front page"

    def __init__(self, page: dict[str, t.Any] | None) -> None:
        self.page = page

    def read(self, run: Run[t.Any], names: t.Sequence[str] | None) -> Actual:
        """The page, if there is one."""
        return Actual({} if self.page is None else {self.sole_name: self.page})


@pytest.mark.parametrize(
    ("page", "found"), [(None, None), ({"title": "Hello"}, {"name": "front page", "title": "Hello"})]
)
def test_the_only_object_of_its_kind_is_found_without_a_list(server: Server, page: t.Any, found: t.Any) -> None:
    body = inform(FrontPage(page), server.product)
    assert not body.options
    assert server.run(body.work, body.options) == {
        "front_page": found,
        "declaration": {} if page else None,
        "left_out": [],
        "changed": False,
    }
