# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From task arguments to an answer. run() is the only code that knows AnsibleModule."""

from __future__ import annotations

import contextlib
import traceback
import typing as t
from collections import Counter
from dataclasses import dataclass, field

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from .._net.libraries import REQUESTS_ERROR
from .._net.redact import with_passwords
from .._text.errors import EstateError, InputError, Mistakes, SignInError, did_you_mean
from .._text.masking import told
from .._text.outside import alike, only_in
from .arguments import Checker, place_of, secrets_in
from .declaration_files import File, place_among, read_files
from .plan import Plan
from .reconcile import converge
from .resource import Product, Resource, Task, Wanted

Answer = dict[str, t.Any]
Work = t.Callable[[t.Any, Task], Answer]
REVEAL = "return_content"
SHORTEST_SECRET = 8  # characters; Ansible masks values, and a short one would mask half of its own output


@dataclass(frozen=True)
class Body:
    """What a module is, apart from its documentation: its options and its work, for whoever runs it."""

    product: Product
    options: t.Mapping[str, t.Any]
    work: Work
    own_constraints: t.Mapping[str, t.Any] = field(default_factory=dict)
    reveals: str = ""  # the option with which its results hold a secret that no argument held
    resource: t.Optional[Resource] = None  # whose objects it takes

    @property
    def argument_spec(self) -> dict[str, t.Any]:
        """Its options, and those that say how to reach a server."""
        return {**self.options, **self.product.argument_spec}

    @property
    def constraints(self) -> dict[str, t.Any]:
        """Rules between options, by the names that AnsibleModule and its validators give them."""
        both = (self.product.constraints, self.own_constraints)
        kinds = {kind for each in both for kind in each}
        return {kind: [rule for each in both for rule in each.get(kind, [])] for kind in kinds}

    def checker(self) -> Checker:
        """What holds arguments to its options."""
        return Checker(self.argument_spec, _slips(self.resource) if self.resource else None)

    def checked(self, given: t.Mapping[str, t.Any], checker: Checker) -> dict[str, t.Any]:
        """A task's arguments as its validator may have them. Raises Mistakes."""
        try:
            return checker.arguments(given)
        except Mistakes as mistakes:
            if self.resource:
                _wanted_of(self.resource, given, checker, mistakes)
            raise


def _slips(resource: Resource) -> t.Optional[t.Callable[[t.Any], t.Any]]:
    """The resource's own, if it has any: none are looked for in ten thousand users."""
    return None if type(resource).slips is Resource.slips else resource.slips


def _wanted_of(resource: Resource, given: t.Mapping[str, t.Any], checker: Checker, mistakes: Mistakes) -> None:
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
            wanted[number] = resource.wanted(item, state)
    return wanted


def manage(resource: Resource, product: Product) -> Body:
    """The body of every module that brings objects to a state."""
    return Body(
        product,
        resource.argument_spec(),
        lambda client, task: bring_about(resource, client, task),
        resource.constraints(),
        REVEAL if REVEAL in resource.options else "",
        resource,
    )


def inform(resource: Resource, product: Product) -> Body:
    """The body of every info module about a resource."""

    def work(client: t.Any, task: Task) -> Answer:
        return {resource.plural: resource.inform(client, task.params.get("names"), task), "changed": False}

    by_name = resource.informs_by_name and len(resource.key_spec()) == 1
    names = {"names": {"type": "list", "elements": "str"}} if by_name else {}
    return Body(product, {**names, **resource.info_options}, work)


class _Module(AnsibleModule):
    """Keeps secrets also where Ansible refuses the arguments before it knows which they are."""

    def fail_json(self, msg: str, **more: t.Any) -> t.Any:
        """Ansible's own, with all secrets masked."""
        self.no_log_values.update(with_passwords(secrets_in(self.argument_spec, self.params)))
        return super().fail_json(**told({"msg": msg, **more}, self.no_log_values))


def run(body: Body) -> None:
    """One task in a process of its own: parse its arguments, do its work, and tell the truth about it once."""
    module = _Module(argument_spec=body.argument_spec, supports_check_mode=True, **body.constraints)
    if REQUESTS_ERROR:
        module.fail_json(msg=missing_required_lib("requests"), exception=REQUESTS_ERROR)
    task = Task(module.params, module.check_mode, secrets=set(module.no_log_values))
    answer = answer_to(body.product, body.work, task)
    module.no_log_values |= with_passwords({*module.no_log_values, *task.secrets})
    for sentence in answer.pop("warnings", ()):
        module.warn(sentence)
    if answer.pop("failed", False):
        module.fail_json(**answer)
    module.exit_json(**answer)


def answer_to(product: Product, work: Work, task: Task) -> Answer:
    """What a task answers: a function of its parameters and mode that knows nothing of AnsibleModule."""
    client = None
    try:
        client = product.connect(task.params, task.check)
        task.warnings += client.cautions
        client.progress = task.progress
        answer = work(client, task)
    except EstateError as exc:
        steps: t.Optional[Plan] = getattr(exc, "plan", None)
        answer = {
            **(report(steps) if steps else {}),
            "failed": True,
            "changed": bool(client and client.wrote),
            "msg": str(exc),
        }
        if steps:
            answer["msg"] = f"{answer['msg'].rstrip('.')}. {_tally(steps)}"
        if isinstance(exc, SignInError) and exc.final:
            answer["sign_in_refused"] = str(exc)  # for the action plugin: no other task may try
    except (Exception, SystemExit) as exc:
        # A defect of ours: its text may hold anything, so only its kind and place are told.
        place = "".join(traceback.format_tb(exc.__traceback__)[-3:])
        answer = {
            "failed": True,
            "changed": bool(client and client.wrote),
            "msg": f"A defect of vpn.estate: {type(exc).__name__} (its text is withheld, as it might hold a secret). "
            "Please report it.",
            "exception": f"{place}{type(exc).__name__}",
        }
    if task.outdated:
        answer.setdefault("sign_in_refused", task.outdated)
    if client:
        with contextlib.suppress(EstateError):  # the work is done, and a session that stays open ends by itself
            client.close()
    if task.warnings:
        answer["warnings"] = task.warnings
    return told(answer, task.secrets)


def bring_about(resource: Resource, client: t.Any, task: Task) -> Answer:
    """Bring the declared objects to their state, or say what that would take."""
    task.wanted = _declared(resource, task)
    states = _chosen("only_states", resource.states, task)
    steps = converge(resource, client, [want for want in task.wanted if want.state in states], task)
    answer = {**report(steps), "diff": steps.diff(resource), "changed": steps.changed}
    failed = [change for change in steps.changes if change.outcome == "failed"]
    if failed:
        first = f"{failed[0].name}: {failed[0].message}"
        more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
        answer.update(
            failed=True, changed=client.wrote, msg=f"{len(failed)} of {len(steps.changes)} failed. {first}{more}."
        )
    return answer


def report(steps: Plan) -> Answer:
    """Each object and what became of it, and how many of each kind."""
    lines = [change.report() for change in steps.changes]
    return {"objects": lines, "counts": dict(Counter(line["action"] for line in lines))}


def _tally(steps: Plan) -> str:
    counts = report(steps)["counts"]
    return "So far: " + ", ".join(f"{number} {kind}" for kind, number in counts.items()) + "; see objects."


def _declared(resource: Resource, task: Task) -> list[Wanted]:
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
    task.declared = wanted
    if params.get("only_properties") is not None:
        kept = _chosen("only_properties", [f.name for f in resource.fields if f.spec], task)
        wanted = [want.confined_to({*kept, *resource.identifying}) for want in wanted]
    for want in wanted:
        short = [name for name, secret in want.secrets.items() if len(secret) < SHORTEST_SECRET]
        if short:
            task.warn(
                f"{', '.join(short)} of {resource.noun} {want.name} is shorter than {SHORTEST_SECRET} characters: "
                "weak, and too short to be masked in Ansible's output."
            )
    return wanted


def _chosen(option: str, known: t.Sequence[str], task: Task) -> t.Collection[str]:
    """What a task is confined to by an option: what it names, or all but what it names with an exclamation mark."""
    said = task.params.get(option)
    if said is None:
        return known
    left_out = {one[1:] for one in said if one.startswith("!")}
    named = {one for one in said if not one.startswith("!")}
    mistakes = Mistakes()
    for one in sorted((left_out | named) - set(known)):
        mistakes.add(f"{option}: {one!r} is none of {', '.join(known)}.{did_you_mean(one, known)}")
    mistakes.refuse()
    return (named or (set(known) if left_out else set())) - left_out


def _declared_as_arguments(
    resource: Resource, params: t.Mapping[str, t.Any], state: str, mistakes: Mistakes
) -> dict[int, Wanted]:
    """Those of the list that can be, by their number; or the one object."""
    many = params.get(resource.plural) if resource.plural else None
    if many is not None:
        return _those_that_can_be(resource, enumerate(many), state, mistakes)
    wanted = {}
    with mistakes.collecting():
        wanted[0] = resource.wanted(params, state)
    return wanted


def _declared_in_files(
    resource: Resource, task: Task, files: t.Sequence[File], state: str, mistakes: Mistakes
) -> dict[int, Wanted]:
    """Those objects of all files that can be, by their number through all files."""
    rules = resource.argument_spec()[resource.plural]
    checker = Checker({resource.plural: rules}, _slips(resource))
    checker.secrets = task.secrets
    wanted = {}
    for total, item in enumerate(item for file in files for item in file.items):
        try:
            wanted[total] = resource.wanted(checker.item(resource.plural, item), state)
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
        resource.agree(list(different.values()))
