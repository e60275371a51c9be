# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module's work in the controller's own process: what AnsibleModule does around it, and no process."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import typing as t
from collections.abc import Mapping

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator, ValidationResult
from ansible.module_utils.common.json import AnsibleJSONEncoder
from ansible.module_utils.errors import UnsupportedError
from ansible_collections.vpn.estate.plugins.module_utils._engine.arguments import secrets_in
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body, answer_to
from ansible_collections.vpn.estate.plugins.module_utils._engine.report import Answer
from ansible_collections.vpn.estate.plugins.module_utils._engine.run import Task
from ansible_collections.vpn.estate.plugins.module_utils._text.masking import Mask, presentable


def perform(
    body: Body, name: str, arguments: t.Mapping[str, t.Any], *, check: bool, invocation: bool, **how: t.Any
) -> Answer:
    """Validate arguments, do the work, and answer what the module would have, its secrets masked.

    ``name`` is the module's, for sentences; ``invocation`` says whether the answer repeats the arguments; ``how`` goes
    to the task.
    """
    given = _plain(arguments)
    checked = ArgumentSpecValidator(body.argument_spec, **body.constraints).validate(given)
    params = checked.validated_parameters
    secrets = {*secrets_in(body.argument_spec, given), *secrets_in(body.argument_spec, params)}
    if checked.error_messages:
        msg = checked.errors.msg
        if isinstance(checked.errors[0], UnsupportedError):
            msg = f"Unsupported parameters for ({name}) module: {msg}"
        answer: Answer = presentable({"failed": True, "msg": msg}, secrets)
    else:
        task = Task(params, check, secrets=secrets, **how)
        answer = answer_to(body, task)
    _add_notices(answer, checked)
    if invocation:
        answer["invocation"] = Mask(secrets).over({"module_args": params})
    return answer


def _plain(value: t.Any) -> t.Any:
    """As it would arrive in another process: of JSON's types, and nothing that Ansible would take for a template."""
    return json.loads(json.dumps(value, cls=AnsibleJSONEncoder, vault_to_text=True))


def untagged(value: t.Any) -> t.Any:
    """Arguments in Python's own types, without the marks that Ansible puts on values.

    Dates stay dates: in JSON they would look like text.
    """
    if isinstance(value, str):
        return str.__str__(value)
    if value is None or isinstance(value, (bool, datetime.date)):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Mapping):
        return {untagged(name): untagged(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [untagged(one) for one in value]
    return _plain(value)


def _add_notices(answer: Answer, checked: ValidationResult) -> None:
    """What the validator noticed, in the words and the form in which a module returns it."""
    doubled = [f"Both option {each['option']} and its alias {each['alias']} are set." for each in checked._warnings]
    if doubled:
        answer["warnings"] = [*doubled, *answer.get("warnings", ())]
    if checked._deprecations:
        answer["deprecations"] = [
            {key: each[key] for key in ("msg", "version", "date", "collection_name") if each.get(key)}
            for each in checked._deprecations
        ]


@contextlib.contextmanager
def surroundings(environment: t.Mapping[str, str], folder: str) -> t.Iterator[None]:
    """The environment and the working folder that a module's process would have."""
    before, home = dict(os.environ), os.getcwd()
    try:
        os.environ.update(environment)
        os.chdir(folder)
        yield
    finally:
        os.chdir(home)
        os.environ.clear()
        os.environ.update(before)
