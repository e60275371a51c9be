# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From task arguments to an answer. run() is the only code that knows AnsibleModule."""

from __future__ import annotations

import contextlib
import traceback
import typing as t
from dataclasses import dataclass, field

from ansible.module_utils import basic

from .._files.read_file import Read, plain_read
from .._net.libraries import REQUESTS_ERROR
from .._text.errors import EstateError, Mistakes, SignInError, unwritten
from .._text.masking import presentable
from .._text.redact import with_passwords
from .apply import apply_declared
from .arguments import Checker, secrets_in
from .declaration import add_mistakes, slips_of
from .export import Beyond, export_server, exported
from .field import Object
from .product import Product
from .report import Answer, everything, listing, tally
from .resource import Resource
from .run import Run, Task
from .server_declaration import VALIDATE_ONLY, ServerDeclaration

Work = t.Callable[[Run[t.Any]], Answer]
REVEAL = "return_content"


@dataclass(frozen=True)
class Body:
    """A module without its documentation: its options and its work, however it is run."""

    product: Product
    options: t.Mapping[str, t.Any]
    work: Work
    constraints: t.Mapping[str, t.Any] = field(default_factory=dict)  # by the names that AnsibleModule has for them
    reveals: str = ""  # the option with which its results contain a secret that is not among its arguments
    resources: t.Sequence[Resource] = ()  # whose objects it takes
    server: t.Optional[ServerDeclaration] = None  # all that it declares, where that is a whole server
    offline: str = ""  # the option with which it contacts no server

    @property
    def argument_spec(self) -> dict[str, t.Any]:
        """Its options, and those for the connection to a server."""
        return {**self.options, **self.product.argument_spec}

    def checker(self) -> Checker:
        """The check of arguments against its options."""
        slips = {resource.plural: slips_of(resource) for resource in self.resources}
        if len(self.resources) == 1:  # its one object is given by the arguments themselves
            slips[""] = slips_of(self.resources[0])
        return Checker(self.argument_spec, slips)

    def checked(
        self, given: t.Mapping[str, t.Any], checker: Checker, read: t.Optional[Read] = None
    ) -> dict[str, t.Any]:
        """A task's arguments as its validator may get them. Raises Mistakes, with those of files if ``read`` reads them."""
        try:
            return checker.arguments(given)
        except Mistakes as mistakes:
            if self.server:
                task = Task(given, read=read or plain_read, secrets=checker.secrets)
                self.server.add_mistakes(task, checker, mistakes, files=read is not None)
            else:
                for resource in self.resources:
                    add_mistakes(resource, given, checker, mistakes)
            mistakes.refuse()
            raise

    def failure(self, exc: EstateError, *, wrote: bool = False) -> str:
        """Why its task failed, as sentences. For a whole server, they always state it if nothing was written."""
        return unwritten(str(exc)) if self.server and not wrote else str(exc)


def manage(resource: Resource, product: Product) -> Body:
    """The body of every module that brings objects to a state."""
    return Body(
        product,
        resource.argument_spec(),
        lambda run: apply_declared(run, resource),
        resource.constraints(),
        REVEAL if REVEAL in resource.options else "",
        (resource,),
    )


def manage_server(server: ServerDeclaration, product: Product) -> Body:
    """The body of a module that brings a whole server to a state."""
    return Body(
        product,
        server.argument_spec(),
        server.apply,
        server.constraints(),
        resources=(*server.resources.values(),),
        server=server,
        offline=VALIDATE_ONLY,
    )


def inform(
    resource: Resource,
    product: Product,
    chosen: t.Optional[t.Callable[[Run[t.Any]], t.Mapping[str, Object]]] = None,
    options: t.Optional[t.Mapping[str, t.Any]] = None,
) -> Body:
    """The body of every info module about a resource. Where there is only one object, the answer has no list.

    ``chosen`` returns the objects by name, by ``options``, where not every object that ``read`` finds is returned.
    """

    def work(run: Run[t.Any]) -> Answer:
        objects = chosen(run) if chosen else everything(run, resource, run.task.params.get("names"))
        found = exported(resource, objects)
        return {
            **_one_or_all(resource, resource.option, listing(resource, objects)),
            **_one_or_all(resource, "declaration", [*found.items.values()]),
            "left_out": found.left_out,
            "changed": False,
        }

    by_name = not chosen and len(resource.key_spec()) == 1
    return Body(product, options or ({"names": {"type": "list", "elements": "str"}} if by_name else {}), work)


def inform_server(server: ServerDeclaration, product: Product, beyond: Beyond) -> Body:
    """The body of the info module about a whole server. ``beyond`` returns what no part of a declaration contains."""
    options = {"only": {"type": "list", "elements": "str", "choices": list(server.resources)}}
    return Body(product, options, lambda run: export_server(run, server, beyond))


def facts(
    resource: Resource,
    product: Product,
    found: t.Callable[[Run[t.Any]], list[Object]],
    options: t.Optional[t.Mapping[str, t.Any]] = None,
) -> Body:
    """The body of an info module about what is created once, such as certificates: no declaration creates the same again."""

    def work(run: Run[t.Any]) -> Answer:
        return {**_one_or_all(resource, resource.option, found(run)), "changed": False}

    return Body(product, options or {}, work)


def _one_or_all(resource: Resource, key: str, found: list[Object]) -> Answer:
    return {key: found if resource.plural else next(iter(found), None)}


def _ansible_module() -> type[basic.AnsibleModule]:
    """AnsibleModule as it is now: tools that only check arguments, such as ansible-lint, replace it with their own."""

    class Module(basic.AnsibleModule):
        """Keeps secrets also where Ansible refuses the arguments before it knows which they are."""

        def fail_json(self, msg: str, **more: t.Any) -> t.Any:
            """Ansible's own, with all secrets masked."""
            secrets = self.secrets()
            self.mask(secrets)
            return super().fail_json(**presentable({"msg": msg, **more}, secrets))

        def secrets(self) -> set[str]:
            """The values of secret options."""
            return {*secrets_in(self.argument_spec, self.params), *getattr(self, "no_log_values", ())}

        def mask(self, secrets: t.Iterable[str]) -> None:
            """Have Ansible mask them in what it adds to the answer; from 2.22 on, presentable() registers them for this."""
            if hasattr(self, "no_log_values"):
                self.no_log_values.update(with_passwords(secrets))

    return Module


def run(body: Body) -> None:
    """One task in a process of its own: parse its arguments, do its work, and report the truth about it once."""
    module = _ansible_module()(argument_spec=body.argument_spec, supports_check_mode=True, **body.constraints)
    if REQUESTS_ERROR:
        module.fail_json(msg=basic.missing_required_lib("requests"), exception=REQUESTS_ERROR)
    task = Task(module.params, module.check_mode, secrets=module.secrets())
    answer = answer_to(body, task)
    module.mask(module.secrets())  # of its arguments, which Ansible repeats; the answer is masked already
    for sentence in answer.pop("warnings", ()):
        module.warn(sentence)
    if answer.pop("failed", False):
        module.fail_json(**answer)
    module.exit_json(**answer)


def answer_to(body: Body, task: Task) -> Answer:
    """The answer of a task: a function of its parameters and mode, independent of AnsibleModule."""
    client = None
    try:
        if not (body.offline and task.params[body.offline]):
            client = body.product.connect(task.params, task.check)
            task.warnings += client.cautions
            client.progress = task.progress
        answer = body.work(Run(client, task))
    except EstateError as exc:
        wrote = bool(client and client.wrote)
        answer = {**exc.answer, "failed": True, "changed": wrote, "msg": body.failure(exc, wrote=wrote)}
        if exc.answer:
            answer["msg"] = f"{answer['msg'].rstrip('.')}. {tally(exc.answer)}"
        if isinstance(exc, SignInError) and exc.final:
            answer["sign_in_refused"] = str(exc)  # for the action plugin: no other task may try
    except (Exception, SystemExit) as exc:
        # A defect of ours: its text may contain anything, so only its kind and place are shown.
        place = "".join(traceback.format_tb(exc.__traceback__)[-3:])
        answer = {
            "failed": True,
            "changed": bool(client and client.wrote),
            "msg": f"A defect of vpn.estate: {type(exc).__name__} (its text is not shown, as it might contain a secret). "
            "Please report it.",
            "exception": f"{place}{type(exc).__name__}",
        }
    if task.outdated:
        answer.setdefault("sign_in_refused", task.outdated)
    if client:
        with contextlib.suppress(EstateError):  # the work is done; an open session ends by itself
            client.close()
        for token in client.secrets:
            task.made(token)
    if task.warnings:
        answer["warnings"] = task.warnings
    return presentable(answer, task.secrets)
