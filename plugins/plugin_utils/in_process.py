# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A module's work in the controller's own process: what AnsibleModule does around it, and no process."""

from __future__ import annotations

import contextlib
import json
import os
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator, ValidationResult
from ansible.module_utils.common.json import AnsibleJSONEncoder
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.errors import UnsupportedError
from ansible_collections.vpn.estate.plugins.module_utils._confided import with_passwords
from ansible_collections.vpn.estate.plugins.module_utils._module import Answer, Body, answer_to, confided
from ansible_collections.vpn.estate.plugins.module_utils._resource import Task


def perform(
    body: Body, name: str, arguments: t.Mapping[str, t.Any], *, check: bool, invocation: bool, **how: t.Any
) -> Answer:
    """Validate arguments, do the work, and answer what the module would have, its secrets masked.

    ``name`` is the module's, for sentences; ``invocation`` says whether the answer repeats the arguments; ``how`` goes
    to the task.
    """
    given = _plain(arguments)
    checked = ArgumentSpecValidator(body.argument_spec, **body.constraints).validate(given)
    params, secrets = checked.validated_parameters, set(checked._no_log_values)
    if checked.error_messages:
        secrets |= set(confided(body.argument_spec, given))
        answer: Answer = {"failed": True, "msg": checked.errors.msg}
        if isinstance(checked.errors[0], UnsupportedError):
            answer["msg"] = f"Unsupported parameters for ({name}) module: {answer['msg']}"
    else:
        task = Task(params, check, **how)
        answer = answer_to(body.product, body.work, task)
        secrets |= task.secrets
    _add_notices(answer, checked)
    if invocation:
        answer["invocation"] = {"module_args": params}
    return Mask(with_passwords(secrets)).over(answer)


def _plain(value: t.Any) -> t.Any:
    """As it would arrive in another process: of JSON's types, and nothing that Ansible would take for a template."""
    return json.loads(json.dumps(value, cls=AnsibleJSONEncoder, vault_to_text=True))


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


class Mask:
    """Hides secrets as AnsibleModule does, at a cost that grows with the text and not with the number of secrets.

    Ansible looks for each secret in each string. Here the secrets that a string holds are found first, by looking up
    its pieces, and Ansible's own function is then asked about those alone. Pieces are as long as the largest power of
    two that a secret is no shorter than: there are few of them, and one short secret makes no others harder to find.
    """

    def __init__(self, secrets: t.Iterable[str]) -> None:
        self._secrets = set(map(str, secrets))
        self._lengths: dict[int, dict[str, set[int]]] = {}  # of secrets, by the length of their beginning, and by that
        for secret in self._secrets:
            beginning = secret[: 1 << len(secret).bit_length() >> 1]
            self._lengths.setdefault(len(beginning), {}).setdefault(beginning, set()).add(len(secret))

    def over(self, value: t.Any) -> t.Any:
        """The value with its secrets masked. Truth values and names of keys stay."""
        if isinstance(value, dict):
            return {key: self.over(one) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.over(one) for one in value]
        if value is None or isinstance(value, bool):
            return value
        if not isinstance(value, str):
            return remove_values(value, self._held_by(str(value)))
        held = self._held_by(value)
        return remove_values(value, held) if held else value

    def _held_by(self, text: str) -> set[str]:
        return {
            text[at : at + length]
            for size, lengths in self._lengths.items()
            for at in range(len(text) - size + 1)
            if text[at : at + size] in lengths
            for length in lengths[text[at : at + size]]
            if text[at : at + length] in self._secrets
        }


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
