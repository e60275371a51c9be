# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files with the declaration of a server: which there are, whether a person has changed them, and what is written."""

from __future__ import annotations

import datetime
import hashlib
import os
import re
import typing as t
from collections import Counter
from dataclasses import dataclass

from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.declaration import (
    DECLARATION as ACCESS_SERVER,
)
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.plugins.module_utils._engine.server_declaration import ServerDeclaration
from ansible_collections.vpn.estate.plugins.module_utils._freebox.declaration import DECLARATION as FREEBOX
from ansible_collections.vpn.estate.plugins.module_utils._net.session_store import FileStore
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import InputError, Mistakes
from ansible_collections.vpn.estate.plugins.module_utils._text.outside import shown
from ansible_collections.vpn.estate.plugins.plugin_utils._declaration_text import (
    EXPORTED,
    Template,
    body_of,
    checksum,
    declares,
    file_of,
    origin_of,
    taken_apart,
    without_secrets,
)
from ansible_collections.vpn.estate.plugins.plugin_utils._whole_file import replace_file

Params = dict[str, t.Any]
# Products, each with the prefix of the variables of its role.
PRODUCTS: t.Mapping[str, tuple[ServerDeclaration, str]] = {
    "access_server": (ACCESS_SERVER, "access_server"),
    "freebox": (FREEBOX, "freebox_vpn"),
}
KNOWN = "known"
STEMS = {"config_items": "configuration"}  # names of files that are not those of the parts
WRITTEN = ("created", "updated")
PEOPLE = {"users": "estate_people"}  # variables that declare a part for several hosts
ORDINARY = re.compile(r"[a-z0-9_.]+")  # names that the name of a variable can hold as they are
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
        "options": {
            "part": {"type": "str", "default": ""},
            "reason": {"type": "str", "required": True},
            "name": {"type": "str"},
            "options": {"type": "list", "elements": "str", "default": []},
            "item": {"type": "dict"},
        },
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
    variable: str
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
        if not force and (said == checksum(self.body) or (said and declares(body, self.body, self.variable))):
            self.action = "kept"
            return
        if not force and said != checksum(body):
            by = "was changed since it was exported, and declares other things" if said else "is not an exported file"
            raise InputError(
                f"{self.path} {by}. Export to another folder (dest) to compare the two. With force: true it is overwritten, and "
                "the changes in it are lost."
            )
        self.action = "updated"


def claim(folder: str, dest: str, host: str) -> None:
    """Let one host of a run write to ``dest``; ``folder`` is that of the run. Raises InputError for another host.

    Hosts run at the same time, so no file shows yet what another host writes.
    """
    with FileStore(os.path.join(folder, "vpn.estate-exported.json")).held() as state:
        other = state.setdefault(os.path.realpath(dest), host)
    if other != host:
        raise InputError(
            f"{dest}: the files of {other} are written there in this run. Give each host a folder of its own (dest), for "
            f"example {_own_folder(dest)}. Nothing was written for {host}."
        )


def _own_folder(dest: str) -> str:
    return os.path.join(dest, "{{ inventory_hostname }}")


def export(args: Params, *, check: bool, diff: bool, defined: t.Container[str] = ()) -> Params:
    """Compare all files, and write those that differ: what the task returns. Raises InputError, and OSError.

    ``defined`` has the variables of the host, if ``dest`` is the folder from which Ansible reads them: a new file for a part
    that is declared elsewhere would hide or contradict that.
    """
    server, prefix = PRODUCTS[args["product"]]
    mistakes = Mistakes()
    for part in args["declaration"].keys() - server.resources.keys():
        mistakes.add(
            f"declaration: {part} is not a part of a declaration. The parts are {', '.join(server.resources)}."
        )
    mistakes.refuse()
    secrets = _named_secrets(args["secrets"])
    files: list[_File] = []
    known = [_known(one) for one in args["left_out"] if one.get("name") is not None]
    for part, resource in server.resources.items():
        value = args["declaration"].get(part)
        if value is None:
            continue
        texts: dict[str, Params] = {}  # of secrets, by the names of their objects
        for one in secrets:
            if one["part"] == part:
                texts.setdefault(one["name"], {})[one["option"]] = Template(f"{{{{ {one['variable']} }}}}")
        with mistakes.collecting(f"declaration: {part}"):
            names = [_name_of(resource, item) for item in (value if resource.plural else [value])]
            asides = [one["item"] for one in args["left_out"] if one["part"] == part and one.get("item")]
            alone = [name for name in texts if name not in names]
            known += [{"part": part, "name": name} for name in alone]
            others = [*asides, *({**resource.keys_of(name), **texts[name]} for name in alone)]
            body = body_of(f"{prefix}_{part}", value, [texts.get(name, {}) for name in names], others)
            path = os.path.join(args["dest"], f"{STEMS.get(part, part)}.yml")
            files.append(_File(path, part, f"{prefix}_{part}", _text_of(path), body))
    path = os.path.join(args["dest"], f"{KNOWN}.yml")
    if known or os.path.lexists(path):
        with mistakes.collecting():
            variable = f"{prefix}_{KNOWN}"
            files.append(_File(path, KNOWN, variable, _text_of(path), body_of(variable, known, [{} for _one in known])))
    elsewhere: list[str] = []
    origins: dict[str, list[str]] = {}  # by other hosts: the files of their exports that this one would overwrite
    for file in files:
        candidates = (file.variable, f"{file.variable}_src", PEOPLE.get(file.part, file.variable))
        found = next((name for name in candidates if name in defined), None) if file.part != KNOWN else None
        if found and file.before is None and not args["force"]:
            file.action = "skipped"
            elsewhere.append(f"{os.path.basename(file.path)} ({found} is set elsewhere)")
            continue
        with mistakes.collecting():
            file.decide(args["force"])
        origin = origin_of(file.before or "")
        if file.action == "updated" and not args["force"] and origin not in ("", shown(args["source"])):
            origins.setdefault(origin, []).append(os.path.basename(file.path))
    for origin, names in origins.items():
        mistakes.add(
            f"{args['dest']}: {', '.join(names)} {'was' if len(names) == 1 else 'were'} exported from {origin}. Give each host a "
            f"folder of its own (dest), for example {_own_folder(args['dest'])}. With force: true, the files of {origin} are "
            "overwritten."
        )
    mistakes.unwritten = True
    mistakes.refuse()
    done = _write(files, args, secrets, check=check, diff=diff)
    if elsewhere:
        done["warnings"] = [
            f"Not written to {args['dest']}: {', '.join(elsewhere)}. A file there would hide or contradict what is set "
            "elsewhere, for example in group_vars. To see what the server has, export to another folder (dest)."
        ]
    return done


def _write(files: t.Sequence[_File], args: Params, secrets: t.Sequence[Params], *, check: bool, diff: bool) -> Params:
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    diffs: list[Params] = []
    failure = ""
    for file in files:
        if file.action not in WRITTEN:
            continue
        if failure:
            file.action = "not attempted"
            continue
        comments = [
            f"What {args['source']}{EXPORTED}{now}.",
            "Change it as you like: the next export does not overwrite what you have changed.",
        ]
        comments += [f"Not here: {one['reason']}" for one in args["left_out"] if one["part"] == file.part]
        text = file_of(file.body, comments)
        try:
            if not check:
                os.makedirs(args["dest"], exist_ok=True)
                replace_file(file.path, text)
        except OSError as exc:
            failure, file.action = f"{file.path} cannot be written: {exc.strerror}.", "failed"
            continue
        diffs.append(
            {
                "before": without_secrets(file.before or ""),
                "after": text,
                "before_header": file.path if file.before is not None else os.devnull,
                "after_header": file.path,
            }
        )
    return {
        "changed": any(file.action in WRITTEN for file in files),
        "files": [{"path": file.path, "part": file.part, "action": file.action} for file in files],
        "counts": dict(Counter(file.action for file in files)),
        "secrets": secrets,
        **({"diff": diffs} if diff else {}),
        **({"failed": True, "msg": failure} if failure else {}),
    }


def _name_of(resource: Resource, item: t.Any) -> str:
    """The name of an object. Raises InputError where it has none."""
    if not isinstance(item, dict):
        raise InputError(f"{item!r} is not a mapping.")
    try:
        return resource.identity(item)
    except KeyError as exc:
        raise InputError(f"an object has no {exc.args[0]}.") from None


def _known(one: Params) -> Params:
    """What is left out, as a declaration names it that knows of it."""
    options = one.get("options") or []
    return {"part": one["part"], "name": one["name"], **({"options": [*options]} if options else {})}


def _named_secrets(secrets: t.Sequence[Params]) -> list[Params]:
    """Each with the name of a variable, which no other one has, and which does not depend on who else there is."""
    found, taken = [], Counter[str]()
    for one in secrets:
        name = str(one["name"])
        more = (
            ""
            if ORDINARY.fullmatch(name)
            else f"_{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:6]}"
        )
        words = f"vault_{one['part']}_{name}{more}_{one['option']}"
        variable = re.sub("_+", "_", re.sub("[^0-9A-Za-z]", "_", words)).lower()
        taken[variable] += 1
        found.append({**one, "variable": f"{variable}_{taken[variable]}" if taken[variable] > 1 else variable})
    return found


def _text_of(path: str) -> str | None:
    """The text of a file, or None. Raises InputError if it is not a text file."""
    if os.path.islink(path):
        raise InputError(
            f"{path} is a symbolic link, which an export does not replace. Put a file in its place, or export to another folder "
            "(dest). Nothing was written."
        )
    try:
        with open(path, "rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    try:
        return content.decode("utf-8").replace("\r\n", "\n")  # as Git or an editor may end the lines of an export
    except UnicodeDecodeError:
        raise InputError(
            f"{path} is not a text file in UTF-8. Move it to another folder. Nothing was written."
        ) from None
