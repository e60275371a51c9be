# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the declaration of a server to files of variables, on the machine that runs Ansible."""

from __future__ import annotations

import datetime
import os
import re
import tempfile
import typing as t
from collections import Counter
from dataclasses import dataclass

from ansible.plugins.action import ActionBase
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.declaration import (
    DECLARATION as ACCESS_SERVER,
)
from ansible_collections.vpn.estate.plugins.module_utils._engine.server_declaration import ServerDeclaration
from ansible_collections.vpn.estate.plugins.module_utils._freebox.declaration import DECLARATION as FREEBOX
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import InputError, Mistakes
from ansible_collections.vpn.estate.plugins.module_utils._text.outside import shown
from ansible_collections.vpn.estate.plugins.plugin_utils._declaration_text import (
    body_of,
    checksum,
    file_of,
    taken_apart,
)
from ansible_collections.vpn.estate.plugins.plugin_utils._in_process import untagged

Params = dict[str, t.Any]
# Products, each with the prefix of the variables of its role.
PRODUCTS: t.Mapping[str, tuple[ServerDeclaration, str]] = {
    "access_server": (ACCESS_SERVER, "access_server"),
    "freebox": (FREEBOX, "freebox_vpn"),
}
STEMS = {"config_items": "configuration"}  # names of files that are not those of the parts
LARGEST = 1 << 28  # bytes of a file that is there; no declaration is near that
OBJECT = {"type": "list", "elements": "dict", "default": []}
SPEC: t.Mapping[str, t.Any] = {
    "product": {"type": "str", "choices": list(PRODUCTS), "required": True},
    "declaration": {"type": "dict", "required": True, "no_log": False},
    "secrets": {
        **OBJECT,
        "no_log": False,
        "options": {name: {"type": "str", "required": True} for name in ("part", "name", "option")},
    },
    "left_out": {
        **OBJECT,
        "options": {"part": {"type": "str", "default": ""}, "reason": {"type": "str", "required": True}},
    },
    "source": {"type": "str", "required": True},
    "dest": {"type": "path", "required": True},
    "force": {"type": "bool", "default": False},
}


@dataclass
class _File:
    """A file of one part: as it is there, if it is, and as it shall be."""

    path: str
    part: str
    before: str | None
    body: str
    action: str = "unchanged"

    def decide(self, force: bool) -> None:
        """What is to be done. Raises InputError where that would lose what a person has written."""
        if self.before is None:
            self.action = "created"
            return
        said, body = taken_apart(self.before)
        if body == self.body:
            return
        if not force and said and said == checksum(self.body):
            self.action = "kept"
            return
        if not force and said != checksum(body):
            by = "was changed since it was exported, and the server has changed too" if said else "is no exported file"
            raise InputError(f"{self.path} {by}. Move it away, or say force: true to overwrite it.")
        self.action = "updated"


class ActionModule(ActionBase):
    """The action of the module of this name."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: Params | None = None) -> Params:
        """Compare all files, and write those that differ."""
        result = super().run(tmp, task_vars)
        _validation, args = self.validate_argument_spec(argument_spec=dict(SPEC))
        args = untagged(args)
        try:
            return {**result, **self._export(args)}
        except InputError as exc:
            return {**result, "failed": True, "changed": False, "msg": str(exc)}
        except OSError as exc:
            return {**result, "failed": True, "msg": f"dest: {shown(str(exc.filename))}: {exc.strerror}."}

    def _export(self, args: Params) -> Params:
        server, prefix = PRODUCTS[args["product"]]
        mistakes = Mistakes()
        for part in args["declaration"].keys() - server.resources.keys():
            mistakes.add(f"declaration: {part} is no part of it. The parts are {', '.join(server.resources)}.")
        mistakes.refuse()
        secrets = _named_secrets(args["secrets"])
        files = []
        for part, resource in server.resources.items():
            value = args["declaration"].get(part)
            if value is None:
                continue
            objects = value if resource.plural else [value]
            names = [resource.identity(one) for one in objects]
            comments = {name: list[str]() for name in names}
            for one in secrets:
                if one["part"] == part and one["name"] in comments:
                    comments[one["name"]].append(f'{one["option"]}: "{{{{ {one["variable"]} }}}}"')
            body = body_of(f"{prefix}_{part}", value, [comments[name] for name in names])
            path = os.path.join(args["dest"], f"{STEMS.get(part, part)}.yml")
            files.append(_File(path, part, _text_of(path), body))
        for file in files:
            with mistakes.collecting():
                file.decide(args["force"])
        mistakes.unwritten = True
        mistakes.refuse()
        return self._write(files, args, secrets)

    def _write(self, files: t.Sequence[_File], args: Params, secrets: t.Sequence[Params]) -> Params:
        changed = [file for file in files if file.action in ("created", "updated")]
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
        diffs = []
        for file in changed:
            without = [one["reason"] for one in args["left_out"] if one["part"] == file.part]
            text = file_of(
                file.body,
                [
                    f"What {args['source']} has, exported by vpn.estate on {now}.",
                    "Change it as you like: the next export does not overwrite what you have changed.",
                    *(f"Not here: {one}" for one in without),
                ],
            )
            diffs.append(
                {
                    "before": file.before or "",
                    "after": text,
                    "before_header": file.path if file.before is not None else "/dev/null",
                    "after_header": file.path,
                }
            )
            if not self._task.check_mode:
                os.makedirs(args["dest"], exist_ok=True)
                _replace(file.path, text)
        return {
            "changed": bool(changed),
            "files": [{"path": file.path, "part": file.part, "action": file.action} for file in files],
            "counts": dict(Counter(file.action for file in files)),
            "secrets": secrets,
            **({"diff": diffs} if self._task.diff else {}),
        }


def _named_secrets(secrets: t.Sequence[Params]) -> list[Params]:
    """Each with the name of a variable, which no other one has."""
    found, taken = [], Counter[str]()
    for one in secrets:
        words = f"vault_{one['part']}_{one['name']}_{one['option']}"
        variable = re.sub("_+", "_", re.sub("[^0-9A-Za-z]", "_", words)).lower()
        taken[variable] += 1
        found.append({**one, "variable": f"{variable}_{taken[variable]}" if taken[variable] > 1 else variable})
    return found


def _text_of(path: str) -> str | None:
    """The text of a file that is there. Raises InputError where it is no text."""
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError(f"{path} is no text in UTF-8. Move it away. Nothing was written.") from None


def _replace(path: str, text: str) -> None:
    """Whole or not at all, with the permissions that a new file has."""
    umask = os.umask(0)
    os.umask(umask)
    handle, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".export-")
    try:
        with open(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
