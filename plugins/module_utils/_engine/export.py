# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The content of a server in the form in which it is declared, and what no declaration can contain."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._text.errors import InputError, NotOffered
from .._text.outside import Sentence, alike, only_in
from .arguments import Checker
from .declaration import slips_of
from .field import Object
from .report import Answer, everything
from .resource import Resource
from .run import Run
from .server_declaration import ServerDeclaration

Beyond = t.Callable[[Run[t.Any]], t.Iterable[str]]


@dataclass
class Export:
    """Objects of one resource as its module takes them, in the order of their names.

    ``secrets`` are the secrets that are set, each with the name of its object and its option; ``left_out`` is all else that the
    server has.
    """

    part: str
    items: dict[str, Object] = field(default_factory=dict)
    secrets: list[Object] = field(default_factory=list)
    left_out: list[Object] = field(default_factory=list)

    def leave_out(
        self, reason: str, name: str = "", options: t.Sequence[str] = (), item: t.Optional[Object] = None
    ) -> None:
        """Add a sentence about what no declaration of these objects contains.

        With the name of an object, these options of it are not declared, or the whole object if there are no options; ``item`` is
        its declaration.
        """
        which = {"name": name, "options": [*options]} if name else {}
        self.left_out.append({**left_out_of(self.part, reason), **which, **({} if item is None else {"item": item})})


def left_out_of(part: str, reason: str) -> Object:
    """What is left out of a part of a declaration, or is in no part of one, as tasks return it."""
    return {"part": part, "reason": Sentence(reason)}


def exported(
    resource: Resource, objects: t.Mapping[str, Object], gone: t.Optional[dict[str, set[str]]] = None
) -> Export:
    """These objects, without what the module would refuse if it were declared.

    ``gone`` are the names of objects that are left out, by their noun: what refers to them is left out too.
    """
    found, seen, gone = Export(resource.option), dict[str, str](), {} if gone is None else gone
    held: dict[str, dict[str, str]] = {name: {} for name in resource.unshared}
    spec = {resource.plural: resource.argument_spec()[resource.plural]} if resource.plural else resource.object_spec()
    checker = Checker(spec, {resource.plural: slips_of(resource)})
    for name, have in sorted(objects.items()):
        which = resource.title(name)
        item = resource.declaration(name, have)
        if item is not None:
            missing = [
                one
                for one in resource.references(name, {option: have.get(option) for option in item})
                if one.name in gone.get(one.noun, ())
            ]
            problem = _problem(resource, checker, item)
            twin = name if problem else seen.setdefault(alike(name), name)
            if twin != name:
                problem = f"its name differs from {twin!r} {only_in(twin, name)}, and one task cannot declare both."
            problem = problem or next((f"{one.noun} {one.name} is left out." for one in missing if one.owner), "")
            if problem:
                found.leave_out(f"{which} is left out: {problem}", name, item=item)
                gone.setdefault(resource.noun, set()).add(name)
                continue
            for one in missing:
                if item.pop(one.option, None) is not None:
                    found.leave_out(
                        f"{which}: {one.option} is left out, because {one.noun} {one.name} is left out.",
                        name,
                        [one.option],
                    )
            for option, holders in held.items():
                value = item.get(option)
                if value and holders.setdefault(value, name) != name:
                    del item[option]
                    found.leave_out(
                        f"{which}: {option} {value} is left out, because {resource.noun} {holders[value]} has it too.",
                        name,
                        [option],
                    )
            found.items[name] = item
        for option in resource.withheld(have):
            found.secrets.append({"part": resource.option, "name": name, "option": option})
        for what in resource.left_out(have):
            found.leave_out(f"No declaration of {which} can contain {what}.", "" if name in found.items else name)
    return found


def _problem(resource: Resource, checker: Checker, item: Object) -> str:
    """Why the module would refuse an object, as a sentence; empty if it would not."""
    try:
        resource.parse(checker.item(resource.plural, item) if resource.plural else checker.arguments(item), "present")
    except InputError as exc:
        return str(exc)
    return ""


def export_server(run: Run[t.Any], server: ServerDeclaration, beyond: Beyond) -> Answer:
    """A whole server. ``beyond`` returns what no resource of the declaration knows."""
    declaration: dict[str, t.Any] = {}
    secrets: list[Object] = []
    left_out: list[Object] = []
    gone: dict[str, set[str]] = {}
    for option, resource in server.resources.items():
        if option not in (run.task.params["only"] or server.resources):
            continue
        try:
            found = exported(resource, everything(run.within(resource.defaults()), resource), gone)
        except NotOffered as exc:
            left_out.append(left_out_of(option, str(exc)))
            continue
        items = [*found.items.values()]
        declaration[option] = items if resource.plural else next(iter(items), {})
        secrets += found.secrets
        left_out += found.left_out
    left_out += [left_out_of("", reason) for reason in beyond(run)]
    return {"changed": False, "declaration": declaration, "secrets": secrets, "left_out": left_out}
