# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates for tests. Since ansible-core 2.19, only a text that is trusted is a template; before, each text is one."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

try:
    from ansible.template import trust_as_template
except ImportError:
    from ansible.utils.unsafe_proxy import wrap_var

    TRUST: dict[str, bool] = {}

    def data(value: t.Any) -> t.Any:
        """Values of a task, which are no templates, whatever they look like."""
        return wrap_var(value)

    def trust_as_template(value: t.Any) -> t.Any:
        """Nothing to do."""
        return value

else:
    TRUST = {"trusted_as_template": True}

    def data(value: t.Any) -> t.Any:
        """Nothing to do."""
        return value


def variables_of(path: Path) -> t.Any:
    """What a file of variables holds, with its templates as they are."""
    return DataLoader().load_from_file(str(path), **TRUST)


def given_options(templates: dict[str, str] | str, variables: dict[str, t.Any]) -> dict[str, t.Any]:
    """What options are that a playbook gives as templates, or as one, without those that it omits."""
    omitted = {} if TRUST else {"omit": "what is omitted"}  # else Ansible knows it by itself
    if isinstance(templates, str):
        trusted = trust_as_template(templates)
    else:
        trusted = {name: trust_as_template(template) for name, template in templates.items()}
    found = Templar(DataLoader(), variables={**variables, **omitted}).template(trusted)
    return {name: value for name, value in found.items() if value not in omitted.values()}
