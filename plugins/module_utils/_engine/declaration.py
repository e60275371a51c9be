# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task declares: from its options or its files to objects in normal form."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._text.errors import InputError, Mistakes, did_you_mean
from .._text.masking import SHORTEST_SECRET
from .._text.outside import alike, only_in
from .arguments import Checker, place_of
from .declaration_files import File, place_among, read_files
from .field import Object
from .plan import OPEN, Wanted
from .resource import Resource
from .run import Run, Task
from .until import present


def slips_of(resource: Resource) -> t.Optional[t.Callable[[t.Any], t.Any]]:
    """A function that finds secrets in the wrong options of an object; None if there can be none, so that none is examined."""
    careful = [(f.name, f.misplaced) for f in resource.fields if f.misplaced]

    def slips(item: Object) -> t.Iterator[tuple[str, str]]:
        for name, misplaced in careful:
            advice = misplaced(item) if item.get(name) is not None else ""
            if advice:
                yield name, advice

    return slips if careful else None


@dataclass
class Found:
    """Objects as they are declared, by their numbers. Those of ``partial`` have mistakes, and lack what is wrong.

    ``whole``: each object has a name by which it is known here.
    """

    wanted: dict[int, Wanted] = field(default_factory=dict)
    partial: set[int] = field(default_factory=set)
    whole: bool = True

    def add(self, number: int, want: t.Optional[Wanted], partial: bool) -> None:
        """Add one, or None where it has no name."""
        if want is None:
            self.whole = False
            return
        self.wanted[number] = want
        if partial:
            self.partial.add(number)


def add_mistakes(resource: Resource, given: t.Mapping[str, t.Any], checker: Checker, mistakes: Mistakes) -> Found:
    """Add what is wrong with a list of objects besides their options, which the checker has refused."""
    listed, given_state, found = given.get(resource.plural), given.get("state"), Found()
    state = next((one for one in resource.states if one == given_state), resource.states[0])
    for number, item in enumerate(listed if isinstance(listed, list) else ()):
        own = Mistakes()
        found.add(number, *_seen(resource, checker, item, state, own, Mistakes()))
        mistakes.take(own, f"{resource.plural}[{number}]")
    _hold_together(resource, found, (), mistakes)
    return found


def _seen(
    resource: Resource, checker: Checker, item: t.Any, state: str, mistakes: Mistakes, refused: Mistakes
) -> tuple[t.Optional[Wanted], bool]:
    """An object of a list as far as it can be, and whether it has mistakes: those of options are added to ``refused``."""
    before = len(mistakes.sentences) + len(refused.sentences)
    right: t.Optional[Object] = None
    whole = False
    try:
        right, whole = checker.item(resource.plural, item), True
    except (InputError, RecursionError) as exc:
        refused.take(exc if isinstance(exc, InputError) else InputError("this is nested too deeply."))
        right = _right_part(resource, checker, item)
    want: t.Optional[Wanted] = None
    if right is not None:
        with mistakes.collecting():
            want = resource.understood(right, state, mistakes, whole=whole)
            if not whole and _leaves_state_open(resource, item, right):
                want = Wanted(want.name, OPEN)
    return want, len(mistakes.sentences) + len(refused.sentences) > before


def _right_part(resource: Resource, checker: Checker, item: t.Any) -> t.Optional[Object]:
    """The options without mistakes of an object with mistakes; None where they do not identify the object."""
    if not isinstance(item, dict):
        return None
    try:
        right = checker.right(item, resource.argument_spec()[resource.plural]["options"])
    except RecursionError:
        return None
    keys = [name for name in resource.key_spec() if right.get(name) is not None]
    return None if not keys or (resource.exclusive_keys and len(keys) > 1) else right


def _leaves_state_open(resource: Resource, item: t.Mapping[t.Any, t.Any], right: Object) -> bool:
    """Whether a mistake may be about the state, such as a misspelt name of the option."""
    options = resource.argument_spec()[resource.plural]["options"]
    unknown = [(name, value) for name, value in item.items() if name not in options]
    misspelt = any(value in resource.states or did_you_mean(str(name), ["state"]) for name, value in unknown)
    return "state" not in right and (misspelt or item.get("state") is not None)


def declared(run: Run[t.Any], resource: Resource) -> list[Wanted]:
    """Objects that the task declares, in normal form. Raises Mistakes."""
    mistakes = Mistakes()
    found = declared_in_part(run.task, resource, mistakes)
    mistakes.refuse()
    return [*found.wanted.values()]


def declared_in_part(task: Task, resource: Resource, mistakes: Mistakes) -> Found:
    """Objects that the task declares, in normal form, without what is wrong, which is added to ``mistakes``."""
    params, files = task.params, t.cast("list[File]", [])
    state = params.get("state") or resource.states[0]
    if params.get("src") is not None:
        try:
            rules = resource.argument_spec()[resource.plural]
            files = read_files(params["src"], resource.plural, rules, task.read)
        except InputError as exc:
            mistakes.take(exc)
            return Found(whole=False)
        found = _declared_in_files(resource, task, files, state, mistakes)
    else:
        found = _declared_as_arguments(resource, params, state, mistakes)
    _hold_together(resource, found, files, mistakes)
    if resource.ended:  # after the checks, because they do not depend on the day
        with mistakes.collecting():
            now = present(task.started, check=task.check)
            found.wanted = {number: resource.as_of(want, now) for number, want in found.wanted.items()}
    for want in found.wanted.values():
        short = [name for name, secret in want.secrets.items() if len(secret) < SHORTEST_SECRET]
        if short:
            task.warn(
                f"{', '.join(short)} of {resource.title(want.name)} is shorter than {SHORTEST_SECRET} characters: "
                "weak, and too short to be masked in Ansible's output."
            )
    return found


def _declared_as_arguments(resource: Resource, params: t.Mapping[str, t.Any], state: str, mistakes: Mistakes) -> Found:
    """The objects of the list, by their number; or the one object."""
    many, found = params.get(resource.plural) if resource.plural else None, Found()
    for number, item in enumerate([params] if many is None else many):
        own, want = Mistakes(), None
        with own.collecting():
            want = resource.understood(item, state, own)
        found.add(number, want, bool(own.sentences))
        mistakes.take(own, "" if many is None else f"{resource.plural}[{number}]")
    return found


def _declared_in_files(
    resource: Resource, task: Task, files: t.Sequence[File], state: str, mistakes: Mistakes
) -> Found:
    """Objects of all files, by their number through all files."""
    rules = resource.argument_spec()[resource.plural]
    checker = Checker({resource.plural: rules}, {resource.plural: slips_of(resource)})
    checker.secrets = task.secrets
    found = Found(whole=not any(file.mistakes for file in files))
    for sentence in (sentence for file in files for sentence in file.mistakes):
        mistakes.add(f"src: {sentence}")
    for total, (of, item) in enumerate((file, item) for file in files for item in file.items):
        own = Mistakes()
        want, partial = _seen(resource, checker, item, state, own, own)
        if want and of.doubtful:
            want, partial = Wanted(want.name, OPEN), True
        found.add(total, want, partial)
        if own.sentences:
            mistakes.take(own, place_of(f"src: {place_among(files, total)}", item, rules["options"]))
    return found


def _hold_together(resource: Resource, found: Found, files: t.Sequence[File], mistakes: Mistakes) -> None:
    """Add what is wrong with several objects together."""
    different: dict[str, Wanted] = {}
    seen: dict[str, int] = {}
    for number, want in found.wanted.items():
        first = seen.setdefault(alike(want.name), number)
        different.setdefault(want.name, want)
        if first == number:
            continue
        twin = found.wanted[first].name
        places = [place_among(files, one) if files else f"{resource.plural}[{one}]" for one in (first, number)]
        where = f" ({places[0]}, and {places[1]})"
        if twin == want.name:
            mistakes.add(f"{resource.noun} {want.name} is declared twice in {resource.plural}{where}.")
        else:
            mistakes.add(
                f"{resource.plural} declares {twin!r} and {want.name!r}{where}, which differ {only_in(twin, want.name)}. For "
                "the server, these are two names. If both are intended, declare them in two tasks."
            )
    with mistakes.collecting():
        refuse_shared(resource, list(different.values()))
    # Mistakes of a single object have been added with its place, or follow from its other mistakes.
    partial = [found.wanted[number] for number in found.partial]
    alone = {sentence for want in partial for sentence in resource.validate([want])}
    for sentence in resource.validate(list(different.values())):
        if sentence not in alone:
            mistakes.add(sentence)


def refuse_shared(resource: Resource, wanted: t.Sequence[Wanted]) -> None:
    """Refuse two objects with the same value of an option that objects cannot share. Raises Mistakes."""
    mistakes = Mistakes()
    for name in resource.unshared:
        holders: dict[str, list[str]] = {}
        for want in wanted:
            if want.values.get(name) and want.stays:
                holders.setdefault(want.values[name], []).append(want.name)
        for value, owners in holders.items():
            if len(owners) > 1:
                mistakes.add(f"{name}: {value} is declared for {' and for '.join(owners)}.")
    mistakes.unwritten = True
    mistakes.refuse()
