# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The declaration of a whole server: several resources, checked together, planned together, and written in one order."""

from __future__ import annotations

import os
import typing as t
from collections import Counter
from dataclasses import replace

from .._files.read_file import content_of
from .._text.errors import EstateError, InputError, Mistakes, did_you_mean
from .._text.outside import Sentence
from .apply import apply_together
from .arguments import TEXT_OR_NUMBER, Checker
from .declaration import add_mistakes, declared_in_part, slips_of
from .declaration_files import ENDINGS, MAPPINGS, Flaw, read_mapping
from .description import KNOWN
from .plan import PAST, Reference, Wanted, listed
from .report import Answer, diff, failures, report
from .resource import Resource
from .run import UNDECLARED, Part, Run, Task
from .until import days_left, present

VALIDATE_ONLY = "validate_only"
PASSED, FAILED, UNKNOWN = "passed", "failed", "unknown"  # results of a test
FOLDED = 5  # from this many objects with equal changes on, a diff has one entry for them
FEW = 5  # names in a line
DONE = (PAST["create"], PAST["update"])
CHANGED = (*DONE, PAST["delete"])
Contradicts = t.Callable[[t.Sequence[Part]], t.Iterable[str]]
Interrupts = t.Callable[[t.Sequence[Part]], tuple[Answer, str]]
APART = ("assume_present", "exclusive", "profile")  # options of tasks for a part of a server


class Judged(t.Protocol):
    """The result of one test. Its text is a sentence."""

    @property
    def result(self) -> str:
        """PASSED, FAILED or UNKNOWN."""

    def report(self) -> Answer:
        """For the answer of the task."""


class Tests(t.Protocol):
    """Tests that a declaration has to pass, under an option of its own."""

    option: str
    spec: t.Mapping[str, t.Any]

    def parsed(self, declared: t.Sequence[t.Any], mistakes: Mistakes) -> list[t.Any]:
        """Tests as they are declared; what cannot be read is a mistake."""

    def of_declaration(self, tests: t.Sequence[t.Any], parts: t.Sequence[Part]) -> t.Sequence[Judged]:
        """Whether what is declared passes. No server is contacted, so the result may be unknown."""

    def of_plan(self, tests: t.Sequence[t.Any], parts: t.Sequence[Part], run: Run[t.Any]) -> t.Sequence[Judged]:
        """Whether the server passes once all is done that is planned."""


class Effects(t.Protocol):
    """What changes of a plan mean for people, under an option of its own with which a task returns it."""

    option: str
    spec: t.Mapping[str, t.Any]

    def before(self, parts: t.Sequence[Part], run: Run[t.Any]) -> t.Any:
        """What has to be known of the server before the first write."""

    def of(self, before: t.Any, parts: t.Sequence[Part], run: Run[t.Any]) -> Answer:
        """The effects of what is done, or in check mode of what is planned. No server is asked."""


class ServerDeclaration:
    """The resources of a server that one task declares, in the order in which they are planned.

    ``contradicts`` returns, besides references to what is deleted, which declarations of several resources contradict each
    other. ``interrupts`` returns what the planned changes may do to connected clients: for the answer, and in words for the
    summary. The declaration has to pass the ``tests``. ``effects`` returns what the changes mean for people.
    """

    def __init__(
        self,
        resources: t.Sequence[Resource],
        interrupts: Interrupts,
        contradicts: Contradicts = lambda parts: (),
        tests: t.Optional[Tests] = None,
        effects: t.Optional[Effects] = None,
    ) -> None:
        self.resources = {resource.option: resource for resource in resources}
        self._interrupts, self._contradicts, self._tests, self._effects = interrupts, contradicts, tests, effects

    # -- options

    def argument_spec(self) -> dict[str, t.Any]:
        """Options of the module: the objects of each resource, and what applies to all."""
        spec: dict[str, t.Any] = {}
        purgeable = [name for name, resource in self.resources.items() if resource.plural and resource.purgeable]
        for name, resource in self.resources.items():
            if resource.plural:
                spec[name] = resource.argument_spec()[name]
                spec[f"{name}_src"] = {"type": "path"}
            else:
                spec[name] = {"type": "dict", "options": resource.object_spec()}
            spec.update((option, one) for option, one in resource.options.items() if option not in APART)
        return {
            **spec,
            "src": {"type": "path"},
            "only": {"type": "list", "elements": "str", "choices": list(self.resources)},
            "purge": {"type": "list", "elements": "str", "choices": purgeable, "default": []},
            "purge_empty": {"type": "bool", "default": False},
            "purge_limit": {"type": "dict", "options": {name: {"type": TEXT_OR_NUMBER} for name in purgeable}},
            "protect": {"type": "list", "elements": "str", "default": []},
            UNDECLARED: {"type": "bool", "default": False},
            KNOWN: {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "part": {"type": "str", "choices": list(self.resources), "required": True},
                    "name": {"type": "str", "required": True},
                    "options": {"type": "list", "elements": "str"},
                },
            },
            **{each.option: each.spec for each in (self._tests, self._effects) if each},
            "mistakes": {"type": "list", "elements": "str", "default": []},
            VALIDATE_ONLY: {"type": "bool", "default": False},
        }

    def constraints(self) -> dict[str, t.Any]:
        """What AnsibleModule checks between options."""
        lists = [name for name, resource in self.resources.items() if resource.plural]
        return {
            "required_one_of": [(*self.resources, *(f"{name}_src" for name in lists), "src")],
            "mutually_exclusive": [(name, f"{name}_src") for name in lists],
        }

    # -- the task

    def declared(self, run: Run[t.Any]) -> list[Part]:
        """What the task declares, resource by resource, in normal form and without contradictions. Raises Mistakes."""
        mistakes = Mistakes()
        given = {**run.task.params, **self._from_folder(run.task, mistakes)}
        certain = not mistakes.sentences
        parts, doubtful = [], set[str]()
        for name, resource in self.resources.items():
            if _is_declared(name, given):
                own = run.within(self._params_of(name, resource, given))
                found = declared_in_part(own.task, resource, mistakes)
                own.wanted = [*found.wanted.values()]
                parts.append(Part(resource, own, own.wanted))
                doubtful.update([] if found.whole else [name])
        for part in parts:
            part.run.parts = parts
        self._add_contradictions(parts, given, mistakes, {*self.resources} if not certain else doubtful)
        mistakes.refuse()
        return parts

    def _judged(self, run: Run[t.Any], parts: t.Sequence[Part]) -> list[Judged]:
        """The results of the tests by the declaration alone. Raises Mistakes where one has failed."""
        if not self._tests:
            return []
        mistakes = Mistakes()
        verdicts = self._tests.of_declaration(self._tests.parsed(run.task.params[self._tests.option], mistakes), parts)
        _add_failed(verdicts, mistakes)
        mistakes.refuse()
        return [*verdicts]

    def declared_parts(self, given: t.Mapping[str, t.Any]) -> list[Resource]:
        """The resources whose objects a task brings to a state, by its options alone; with a folder, these may be all."""
        only = given.get("only")
        return [
            resource
            for name, resource in self.resources.items()
            if given.get("src") is not None or _is_declared(name, given)
            if only is None or name in only
        ]

    def add_mistakes(self, task: Task, checker: Checker, mistakes: Mistakes, *, files: bool) -> None:
        """Add what is wrong with a declaration besides the options that the checker has refused, and its contradictions.

        ``files``: whether its files can be read here.
        """
        given = {name: option.get("default") for name, option in self.argument_spec().items()}
        rest = {name: one for name, one in task.params.items() if one is not None and name not in self.resources}
        right = checker.right(rest, checker.options)
        certain = len(right) == len(rest)
        given.update((name, one) for name, one in right.items() if name in given)
        for name, resource in self.resources.items():
            value = task.params.get(name)
            if resource.plural and isinstance(value, list):
                given[name] = value
            elif not resource.plural and isinstance(value, dict):
                given[name] = checker.right(value, resource.object_spec())
            elif value is not None:
                certain = False
        if files:
            before = len(mistakes.sentences)
            given.update(self._from_folder(replace(task, params=given), mistakes))
            certain = certain and len(mistakes.sentences) == before
        elif given["src"] is not None:
            certain = False
        parts, doubtful = [], {*self.resources} if not certain else set[str]()
        for name, resource in self.resources.items():
            own = replace(task, params=self._params_of(name, resource, given)) if _is_declared(name, given) else None
            if own is None or (own.params["src"] is not None and not files):
                continue
            if isinstance(own.params.get(name), list):
                found = add_mistakes(resource, own.params, checker, mistakes)
            else:
                found = declared_in_part(own, resource, mistakes)
            parts.append(Part(resource, Run(None, own), [*found.wanted.values()]))
            doubtful.update([] if found.whole else [name])
        self._add_contradictions(parts, given, mistakes, doubtful)

    def _add_contradictions(
        self, parts: t.Sequence[Part], given: t.Mapping[str, t.Any], mistakes: Mistakes, doubtful: t.Collection[str]
    ) -> None:
        """Add contradictions, and what the playbook has found.

        Which objects ``doubtful`` resources declare is not known, because of mistakes.
        """
        for name in given["purge"]:
            if name not in doubtful and not _is_declared(name, given):
                mistakes.add(f"purge: {name} is not declared. Declare {name}, or remove it from purge.")
        for sentence in given["mistakes"]:
            mistakes.add(sentence if sentence.endswith((".", "?")) else f"{sentence}.")
        if self._tests:
            self._tests.parsed(given[self._tests.option], mistakes)
        for sentence in dict.fromkeys((*contradictions(parts, doubtful), *self._contradicts(parts))):
            mistakes.add(sentence)

    def apply(self, run: Run[t.Any]) -> Answer:
        """The work of the module."""
        parts = self.declared(run)
        verdicts = self._judged(run, parts)
        if run.task.params[VALIDATE_ONLY]:
            for verdict in verdicts:
                if verdict.result == UNKNOWN:
                    run.task.warn(str(verdict))
            return {**self._test_results(verdicts), "changed": False}
        only = run.task.params["only"]
        chosen = [part for part in parts if only is None or part.resource.option in only]

        before: list[t.Any] = []

        def judge(planned: t.Sequence[Part], mistakes: Mistakes) -> None:
            if self._tests and verdicts:
                tests = self._tests.parsed(run.task.params[self._tests.option], mistakes)
                verdicts[:] = self._tests.of_plan(tests, planned, run)
                _add_failed(verdicts, mistakes)
            if self._effects and run.task.params[self._effects.option] and not mistakes.sentences:
                try:
                    before.append(self._effects.before(planned, run))
                except EstateError as exc:  # the changes themselves do not depend on it
                    run.task.warn(f"{self._effects.option} is not returned: {exc}")

        def results_with_effects(planned: t.Sequence[Part]) -> Answer:
            effects = (
                {self._effects.option: self._effects.of(before[0], planned, run)} if self._effects and before else {}
            )
            return {**results_of(planned), **effects}

        if chosen:
            apply_together(chosen, results_with_effects, judge)
        changed = any(part.run.plan.changed for part in chosen)
        interrupted, in_words = self._interrupts(chosen)
        answer = {
            **results_with_effects(chosen),
            **self._test_results(verdicts),
            **interrupted,
            "ending": ending(chosen),
            "summary": "; ".join([*summary(chosen), *([in_words] if in_words else [])]),
            "diff": diffs(chosen),
            "changed": changed,
        }
        each = [(part.resource, change) for part in chosen for change in part.run.plan.changes]
        failed = [(resource, change) for resource, change in each if change.outcome == "failed"]
        if failed:
            answer.update(failed=True, changed=run.client.wrote, msg=failures(failed, len(each)))
        return answer

    def _test_results(self, verdicts: t.Sequence[Judged]) -> Answer:
        """The result of each test, where the task has tests."""
        return {self._tests.option: [one.report() for one in verdicts]} if self._tests and verdicts else {}

    def _params_of(self, name: str, resource: Resource, given: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """The options that the module of one resource would have, without those that the task does not take."""
        own = {option: given[option] for option in resource.options if option in given}
        declared_here = {name: given[name]} if resource.plural else dict(given[name])
        kinds = [f"{key} " for key in resource.keys or ()] or [""]  # before the names of owners
        return {
            **resource.defaults(),
            **own,
            **declared_here,
            "src": given.get(f"{name}_src"),
            "purge": name in given["purge"],
            "purge_empty": given["purge_empty"],
            "purge_limit": (given["purge_limit"] or {}).get(name),
            "protect": [f"{kind}{one}" for kind in kinds for one in given["protect"]],
            UNDECLARED: given[UNDECLARED],
            KNOWN: _known_in(name, given[KNOWN]),
        }

    # -- files

    def _from_folder(self, task: Task, mistakes: Mistakes) -> dict[str, t.Any]:
        """What a folder declares: the file or the folder of each resource, by the option that it replaces."""
        folder, found = task.params["src"], dict[str, t.Any]()
        if folder is None:
            return found
        try:
            names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
        except OSError as exc:
            mistakes.add(f"src: {folder} cannot be read: {exc.strerror}.")
            return found
        if not names:
            mistakes.add(f"src: {folder} is an empty folder, so it declares nothing.")
        for name in names:
            stem, ending = os.path.splitext(name)
            path = os.path.join(folder, name)
            resource = self.resources.get(stem)
            if self._tests and stem == self._tests.option:
                mistakes.add(
                    f"src: {path}: a folder cannot have {stem}. Move the file to another folder, and read it into the option "
                    f"{stem}, for example with lookup('ansible.builtin.file', ...) | from_yaml."
                )
                continue
            endings = ENDINGS if resource and resource.plural else MAPPINGS
            if not resource or (ending not in endings and not (os.path.isdir(path) and not ending)):
                known = ", ".join(f"{one}.yml" for one in self.resources)
                mistakes.add(
                    f"src: {path} does not belong to a declaration. The files are {known}, or folders with these names "
                    "without .yml."
                )
                continue
            option = f"{stem}_src" if resource.plural else stem
            if option in found or _is_declared(stem, task.params):
                mistakes.add(f"src: {path}: {stem} is also declared in another place. Declare it in only one.")
                continue
            with mistakes.collecting():
                found[option] = path if resource.plural else self._one_object(stem, path, task, mistakes)
        return found

    def _one_object(self, name: str, path: str, task: Task, mistakes: Mistakes) -> dict[str, t.Any]:
        """The options of the one object of a resource, from its file. Raises InputError where it cannot be read."""
        try:
            item = read_mapping(content_of("src", path, task.read).decode("utf-8-sig"))
        except (Flaw, UnicodeDecodeError) as exc:
            problem = exc if isinstance(exc, Flaw) else "this is not text in UTF-8"
            where = f", line {exc.line}" if isinstance(exc, Flaw) and exc.line else ""
            raise InputError(f"src: {path}{where}: {problem}.") from None
        checker = Checker(self.resources[name].object_spec(), {"": slips_of(self.resources[name])})
        checker.secrets = task.secrets
        try:
            return checker.arguments(item)
        except InputError as exc:
            mistakes.take(exc, f"src: {path}")
            return checker.right(item, checker.options)


def _add_failed(verdicts: t.Iterable[Judged], mistakes: Mistakes) -> None:
    for verdict in verdicts:
        if verdict.result == FAILED:
            mistakes.add(str(verdict))


def _is_declared(name: str, given: t.Mapping[str, t.Any]) -> bool:
    """Whether a part is declared, among the arguments or in a file."""
    return given.get(name) is not None or given.get(f"{name}_src") is not None


def _known_in(name: str, given: t.Iterable[t.Mapping[str, t.Any]]) -> dict[str, list[str]]:
    """What is known of a part: the options of each object; no options where all of the object is known."""
    found: dict[str, list[list[str]]] = {}
    for one in given:
        if one["part"] == name:
            found.setdefault(one["name"], []).append(one.get("options") or [])
    return {
        name: [option for each in several for option in each] if all(several) else [] for name, several in found.items()
    }


# -- contradictions


def contradictions(parts: t.Sequence[Part], doubtful: t.Collection[str] = ()) -> t.Iterator[str]:
    """What one resource declares and another one denies, as sentences. No server is contacted.

    Whether a purge deletes objects of ``doubtful`` resources is not known.
    """
    gone = {part.resource.noun: _Gone(part, part.resource.option not in doubtful) for part in parts}
    for part in parts:
        for want in part.wanted:
            if not want.stays:
                continue
            for one in part.resource.references(want.name, want.values):
                why = gone[one.noun].why(one.name) if one.noun in gone else ""
                if why:
                    hint = gone[one.noun].similar(one.name)
                    yield f"{_place(part.resource, want, one)}: {one.noun} {one.name} {why}.{hint}"


class _Gone:
    """Which objects of a resource do not exist when its declaration is applied."""

    def __init__(self, part: Part, certain: bool) -> None:
        self._resource, self._params = part.resource, part.run.task.params
        self._absent = {want.name for want in part.wanted if want.state == "absent"}
        self._declared = {want.name for want in part.wanted}
        self._purge = certain and bool(self._params["purge"])

    def why(self, name: str) -> str:
        """Why an object does not exist then, as the end of a sentence; empty if it may exist."""
        if name in self._absent:
            return "is declared absent"
        if not self._purge or name in self._declared:
            return ""
        spared = self._resource.is_spared(name, self._params["protect"], self._params)
        return "" if spared else "is not declared, and purge would delete it"

    def similar(self, name: str) -> str:
        """A question after a sentence; empty where the name is declared, or no declared one is similar."""
        return "" if name in self._declared else did_you_mean(name, sorted(self._declared - self._absent))


def _place(resource: Resource, want: Wanted, one: Reference) -> str:
    title = resource.title(want.name)
    return title if one.owner else f"{one.option} of {title}"


# -- what the task returns


def results_of(parts: t.Sequence[Part]) -> Answer:
    """The results of the objects of each resource, and the counts over all of them."""
    each = {part.resource.option: {**report(part.run.plan), **_undeclared(part)} for part in parts}
    counts: Counter[str] = Counter()
    for one in each.values():
        counts.update(one["counts"])
    return {**each, "counts": dict(counts)}


def ending(parts: t.Sequence[Part]) -> list[Answer]:
    """Declared objects that end soon, by the day for which the task compares."""
    found = []
    for part in parts:
        now = present(part.run.task.started, check=part.run.task.check) if part.resource.ended else 0
        for want in part.wanted:
            left = days_left(want.until, now) if want.until and want.state == "present" else None
            if want.until and left is not None:
                one = {"part": part.resource.option, "name": Sentence(want.name)}
                found.append({**one, "until": want.until.text, "days_left": left})
    return found


def _undeclared(part: Part) -> Answer:
    """What exists, and is not declared, deleted or known: objects, and options of declared objects."""
    params, resource, plan = part.run.task.params, part.resource, part.run.plan
    if not params[UNDECLARED]:
        return {}
    known: t.Mapping[str, t.Sequence[str]] = params[KNOWN]
    objects, options = [], []
    going = {each.resource.noun: part.run.deletes(each.resource.noun) for each in part.run.parts}
    for name, have in sorted(plan.others.items()):
        if any(one.owner and one.name in going.get(one.noun, ()) for one in resource.references(name, have)):
            continue  # it goes with its owner
        has = resource.declaration(name, have)
        if (has is not None or resource.withheld(have)) and known.get(name) != []:
            objects.append(_shown(resource, name, has or {}))
    for change in plan.of("update", "none"):
        wanted = change.wanted
        named = {
            *wanted.given,
            *wanted.values,
            *wanted.inherit,
            *wanted.secrets,
            *change.values,
            *known.get(change.name, ()),
        }
        has = resource.declaration(change.name, change.before) if change.before else None
        more = _shown(resource, change.name, {name: value for name, value in (has or {}).items() if name not in named})
        options += [more] if more["options"] else []
    return {UNDECLARED: objects, f"{UNDECLARED}_options": options}


def _shown(resource: Resource, name: str, has: t.Mapping[str, t.Any]) -> Answer:
    keys = resource.keys_of(name)
    return {"name": Sentence(name), "options": {option: value for option, value in has.items() if option not in keys}}


def diffs(parts: t.Sequence[Part]) -> list[dict[str, t.Any]]:
    """A diff for each resource that changes, under a heading with the counts of its changes."""
    found = []
    for part in parts:
        if part.run.plan.changed:
            heading = _counted(part, unchanged=False)
            folded = _folded(diff(part.resource, part.run.plan))
            found.append({"before_header": heading, "after_header": heading, **folded})
    return found


def _folded(diff_of_part: t.Mapping[str, t.Mapping[str, t.Any]]) -> dict[str, dict[str, t.Any]]:
    """A diff with one entry for objects that change alike, with their number and the first of their names."""
    before, after = diff_of_part["before"], diff_of_part["after"]
    alike: dict[str, list[str]] = {}
    for name in dict.fromkeys((*before, *after)):
        alike.setdefault(repr((before.get(name), after.get(name))), []).append(name)
    folded: dict[str, dict[str, t.Any]] = {"before": {}, "after": {}}
    for names in alike.values():
        each = [f"{len(names)} objects: {listed(names)}"] if len(names) >= FOLDED else names
        for heading, name in zip(each, names):
            folded["before"].update({heading: before[name]} if name in before else {})
            folded["after"].update({heading: after[name]} if name in after else {})
    return folded


def summary(parts: t.Sequence[Part]) -> list[str]:
    """How many objects of each resource have each result, for people who read a plan."""
    return [_counted(part, unchanged=True) for part in parts if part.run.plan.changes]


def _counted(part: Part, *, unchanged: bool) -> str:
    """The counts of the answer in words; for users also how many the task blocks, and how many because of until."""
    blocked, ended, counts = Counter[str](), Counter[str](), Counter[str]()
    for change in part.run.plan.changes:
        action = str(change.report()["action"])
        counts[action] += 1
        blocked[action] += action in DONE and change.state == "blocked" and bool(change.values.get("deny"))
        ended[action] += action in CHANGED and change.wanted.ended
    words = [*sorted(counts.keys() - {"unchanged"}), *(["unchanged"] if unchanged and counts["unchanged"] else [])]
    details = {
        word: [
            *([f"{blocked[word]} blocked"] if blocked[word] else []),
            *([f"{ended[word]} because of until"] if ended[word] else []),
        ]
        for word in words
    }
    each = [f"{counts[word]} {word}" + (f" ({', '.join(details[word])})" if details[word] else "") for word in words]
    return f"{part.resource.option}: {', '.join(each)}"
