# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task declares: from its options or its files to objects in normal form."""

from __future__ import annotations

import contextlib
import typing as t

from .._text.errors import InputError, Mistakes
from .._text.masking import SHORTEST_SECRET
from .._text.outside import alike, only_in
from .arguments import Checker, place_of
from .declaration_files import File, place_among, read_files
from .field import Object
from .plan import Wanted
from .resource import Resource
from .run import Run, Task


def slips_of(resource: Resource) -> t.Optional[t.Callable[[t.Any], t.Any]]:
    """What finds secrets in the wrong options of an object; None if there can be none, which spares a look at each of them."""
    careful = [(f.name, f.misplaced) for f in resource.fields if f.misplaced]

    def slips(item: Object) -> t.Iterator[tuple[str, str]]:
        for name, misplaced in careful:
            advice = misplaced(item) if item.get(name) is not None else ""
            if advice:
                yield name, advice

    return slips if careful else None


def add_mistakes(resource: Resource, given: t.Mapping[str, t.Any], checker: Checker, mistakes: Mistakes) -> None:
    """Add what is wrong with the values of those objects whose options are right."""
    listed, said = given.get(resource.plural), given.get("state")
    state = next((one for one in resource.states if one == said), resource.states[0])
    right = {}
    for number, item in enumerate(listed if isinstance(listed, list) else ()):
        with contextlib.suppress(Mistakes):
            right[number] = checker.item(resource.plural, item)
    _hold_together(resource, _those_that_can_be(resource, right.items(), state, mistakes), (), mistakes)


def _those_that_can_be(
    resource: Resource, items: t.Iterable[tuple[int, t.Any]], state: str, mistakes: Mistakes
) -> dict[int, Wanted]:
    """Of the objects of a list, each with its number, those that can be; what is wrong with the others is added."""
    wanted = {}
    for number, item in items:
        with mistakes.collecting(f"{resource.plural}[{number}]"):
            wanted[number] = resource.parse(item, state)
    return wanted


def declared(run: Run[t.Any], resource: Resource) -> list[Wanted]:
    """Objects that the task declares, in normal form. Raises Mistakes."""
    task = run.task
    params = task.params
    state = params.get("state") or resource.states[0]
    files: list[File] = []
    mistakes = Mistakes()
    if params.get("src") is not None:
        files = read_files(params["src"], resource.plural, task.read)
        found = _declared_in_files(resource, task, files, state, mistakes)
    else:
        found = _declared_as_arguments(resource, params, state, mistakes)
    _hold_together(resource, found, files, mistakes)
    mistakes.refuse()
    wanted = list(found.values())
    for want in wanted:
        short = [name for name, secret in want.secrets.items() if len(secret) < SHORTEST_SECRET]
        if short:
            task.warn(
                f"{', '.join(short)} of {resource.noun} {want.name} is shorter than {SHORTEST_SECRET} characters: "
                "weak, and too short to be masked in Ansible's output."
            )
    return wanted


def _declared_as_arguments(
    resource: Resource, params: t.Mapping[str, t.Any], state: str, mistakes: Mistakes
) -> dict[int, Wanted]:
    """Those of the list that can be, by their number; or the one object."""
    many = params.get(resource.plural) if resource.plural else None
    if many is not None:
        return _those_that_can_be(resource, enumerate(many), state, mistakes)
    wanted = {}
    with mistakes.collecting():
        wanted[0] = resource.parse(params, state)
    return wanted


def _declared_in_files(
    resource: Resource, task: Task, files: t.Sequence[File], state: str, mistakes: Mistakes
) -> dict[int, Wanted]:
    """Those objects of all files that can be, by their number through all files."""
    rules = resource.argument_spec()[resource.plural]
    checker = Checker({resource.plural: rules}, {resource.plural: slips_of(resource)})
    checker.secrets = task.secrets
    wanted = {}
    for total, item in enumerate(item for file in files for item in file.items):
        try:
            wanted[total] = resource.parse(checker.item(resource.plural, item), state)
        except (InputError, RecursionError) as exc:
            found = exc if isinstance(exc, InputError) else InputError("this is nested too deep.")
            mistakes.take(found, place_of(f"src: {place_among(files, total)}", item, rules["options"]))
    return wanted


def _hold_together(
    resource: Resource, wanted: t.Mapping[int, Wanted], files: t.Sequence[File], mistakes: Mistakes
) -> None:
    """Add what is wrong with several objects together, each of which can be."""
    different: dict[str, Wanted] = {}
    seen: dict[str, int] = {}
    for number, want in wanted.items():
        first = seen.setdefault(alike(want.name), number)
        different.setdefault(want.name, want)
        if first == number:
            continue
        twin = wanted[first].name
        places = [place_among(files, one) if files else f"{resource.plural}[{one}]" for one in (first, number)]
        where = f" ({places[0]}, and {places[1]})"
        if twin == want.name:
            mistakes.add(f"{resource.noun} {want.name} is declared twice in {resource.plural}{where}.")
        else:
            mistakes.add(
                f"{resource.plural} declares {twin!r} and {want.name!r}{where}, which differ {only_in(twin, want.name)}; the "
                "server takes them for two. If that is meant, manage them in two tasks."
            )
    with mistakes.collecting():
        refuse_shared(resource, list(different.values()))
    for sentence in resource.validate(list(different.values())):
        mistakes.add(sentence)


def refuse_shared(resource: Resource, wanted: t.Sequence[Wanted]) -> None:
    """Refuse that two objects have the same value of an option of which each has its own. Raises Mistakes."""
    mistakes = Mistakes()
    for name in resource.unshared:
        holders: dict[str, list[str]] = {}
        for want in wanted:
            if want.values.get(name) and want.state != "absent":
                holders.setdefault(want.values[name], []).append(want.name)
        for value, owners in holders.items():
            if len(owners) > 1:
                mistakes.add(f"{name}: {value} is declared for {' and for '.join(owners)}.")
    mistakes.unwritten = True
    mistakes.refuse()
