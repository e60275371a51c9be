# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action under all modules: it shares the sign-in, and does the module's work here where it can."""

from __future__ import annotations

import contextlib
import difflib
import errno
import importlib
import os
import re
import sys
import typing as t
from pathlib import Path

import yaml
from ansible import constants
from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.text.converters import to_text
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.parsing.vault import VaultLib, match_encrypt_secret
from ansible.playbook.block import Block
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import filter_loader, lookup_loader, test_loader
from ansible.utils.display import Display
from ansible.utils.vars import merge_hash
from ansible_collections.vpn.estate.plugins.module_utils._engine.arguments import Checker
from ansible_collections.vpn.estate.plugins.module_utils._engine.declaration_files import SafeLoader
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import Body
from ansible_collections.vpn.estate.plugins.module_utils._engine.server_declaration import VALIDATE_ONLY
from ansible_collections.vpn.estate.plugins.module_utils._engine.until import TODAY
from ansible_collections.vpn.estate.plugins.module_utils._files.read_file import LIMIT, VAULTED, plain_read
from ansible_collections.vpn.estate.plugins.module_utils._net.libraries import REQUESTS_ERROR
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import (
    InputError,
    Mistakes,
    SignInError,
    did_you_mean,
)
from ansible_collections.vpn.estate.plugins.module_utils._text.masking import SHORTEST_SECRET, Mask, presentable
from ansible_collections.vpn.estate.plugins.module_utils._text.outside import shown
from ansible_collections.vpn.estate.plugins.plugin_utils._in_process import perform, surroundings, untagged
from ansible_collections.vpn.estate.plugins.plugin_utils._one_host import DATABASE, Claims
from ansible_collections.vpn.estate.plugins.plugin_utils._progress import Progress
from ansible_collections.vpn.estate.plugins.plugin_utils._shared_sign_in import Params, SharedSignIn

# Ansible imports an action once, and starts a process for each task and host after that. Each of them would load the plugins
# that the templates of our roles use, and import what these need; so they are loaded here.
filter_loader.get("vpn.estate.people")
test_loader.get("defined")
lookup_loader.get("ansible.builtin.varnames", class_only=True)

OURS = "vpn.estate."
# Options of a whole declaration that roles work out by themselves. For each other one they have a variable.
WITHOUT_VARIABLE = {"src", "only", "mistakes", VALIDATE_ONLY}
# Values and names that a message offers; some are also names of options.
CHOICES = re.compile(r"is given, and one of .*? is needed|(?:Available|The options) are [\w, ]+")
IN_PROCESS, PROGRESS = "vpn_estate_in_process", "vpn_estate_progress"


def own_role(task: t.Any) -> str:
    """The name of the role of this collection that a task is part of, as ``vpn.estate.cluster``; empty for other tasks."""
    name = task._role.get_name(include_role_fqcn=True) if task._role else ""
    return name if name.startswith(OURS) else ""


def action_of(name: str) -> tuple[type[ModuleAction], t.Callable[[], None]]:
    """The action of a module, by the name of the file that asks, and what ansible-lint calls to check a task's options.

    Each module has such a file, because Ansible imports the action that has a module's name once, before it starts a process
    for each task and host. An action that a list in meta/runtime.yml names (action_plugin) is imported by each of these
    processes again, which takes 0.3 s; and links to one file are redirects to antsibull-docs, which then leaves modules out.
    """
    module = importlib.import_module(name.replace(".plugins.action.", ".plugins.modules."))
    return type("ActionModule", (ModuleAction,), {"body": module.BODY}), module.main


class Unprinted(dict[str, t.Any]):
    """Arguments of a module: with ANSIBLE_DEBUG, Ansible prints them, and with them what they hold that is secret."""

    def __repr__(self) -> str:
        return "(not shown)"


class ModuleAction(ActionBase):
    """Runs a module of this collection: in this process where that is the same, else as Ansible would.

    It is the same where the task would run on this machine, as this user and with this Python, and is waited for.
    """

    body: Body
    _supports_check_mode = True
    _supports_async = True
    _requires_connection = True

    def run(self, tmp: t.Optional[str] = None, task_vars: t.Optional[Params] = None) -> Params:
        """Find or make what tasks share, and run the module with it."""
        result, variables = super().run(tmp, task_vars), task_vars or {}
        for switch in (LIMIT, TODAY):
            self._pass_on(switch, variables)
        shared = SharedSignIn(self.body.product, self.is_local)
        checker = self.body.checker()
        take_back: t.Callable[[], None] = _nothing
        try:
            with self._surroundings():
                here = self._can_run_here(variables)
                args = self.body.checked(untagged(self._task.args), checker, self._read if here else None)
                self._refuse_to_reveal(args)
                named, unknown = self._connection_variables(variables) if self._is_offline(args) else ({}, set())
                if self._is_offline(args):
                    self._add_connection_mistakes(args, variables, named)
                    undeclared = self._undeclared(args, variables)
                    if undeclared:
                        return {**result, "changed": False, **self._warnings(variables, [undeclared])}
                take_back = self._claim(args, shared, variables, named, unknown)
                if not self._is_offline(args):
                    args.update(shared.options(args))
                done = self._perform(args, variables) if here else None
        except (InputError, SignInError) as exc:
            take_back()
            msg = f"{self.body.failure(exc)}{self._undefined(str(exc), variables)}{self._variables_for(str(exc))}"
            failure = {"failed": True, "changed": False, "msg": msg, **self._warnings(variables)}
            return {**result, **presentable(failure, checker.secrets)}
        if done is None:
            done = self._execute_module(
                module_args=Unprinted(args), task_vars=task_vars, wrap_async=self._task.async_val
            )
            if not self._task.async_val:
                self._remove_tmp_path(self._connection._shell.tmpdir)
        if done.get("failed"):
            if not done.get("changed"):
                take_back()
            if isinstance(done.get("msg"), str):
                done["msg"] += self._undefined(done["msg"], variables) + self._variables_for(done["msg"])
        done.update(self._warnings(variables, done.get("warnings") or ()))
        if not self._task.diff:  # Ansible shows what is there, also to who has asked for no diff of this task
            done.pop("diff", None)
        if "summary" in done and not self._task.no_log and self._is_switched_on(PROGRESS, variables):
            self._show(f"{_with_host(self._name, variables)}: {done['summary']}")
        refusal = done.pop("sign_in_refused", None)
        if refusal:
            shared.remember(refusal)
        return t.cast(Params, merge_hash(result, done))

    def _warnings(self, variables: Params, others: t.Sequence[str] = ()) -> Params:
        """Those of a result: ``others``, and those about names of variables."""
        found = [*others, *self._misspelt(variables)]
        return {"warnings": found} if found else {}

    def _misspelt(self, variables: Params) -> list[str]:
        """A sentence for each variable that has a similar name to one of the role or of the connection: Ansible ignores it.

        One that is not similar may be the user's own. The check of a declaration looks for them, and no other task.
        """
        name = own_role(self._task)
        if not name or not boolean(self._task.args.get(VALIDATE_ONLY) or False, strict=False):
            return []
        prefix, product = f"{name[len(OURS) :]}_", self.body.product
        options = {one for one in product.argument_spec if one != product.session_option}
        others = {one for one in variables if not str(one).startswith(prefix)}
        found = _misspelt_among(others, product.prefix, options, "is not a connection option, and has no effect.")
        if {one for one in variables if str(one).startswith(prefix)} - {
            prefix + option for option in self.body.options
        }:
            path = Path(self._task._role._role_path) / "meta" / "argument_specs.yml"
            specs = yaml.load(path.read_text(encoding="utf-8"), Loader=SafeLoader)  # noqa: S506 - safe, and fast where it can be
            known = {one for entry in specs["argument_specs"].values() for one in entry.get("options") or {}}
            found += _misspelt_among(
                variables, prefix, known, f"is not a variable of the role {name}, and has no effect."
            )
        endings = sorted(set(self.body.options) - WITHOUT_VARIABLE)
        ending = re.compile(rf"([^\W_]\w*?)_({'|'.join(endings)})")  # a role's own variables begin with an underscore
        for one in sorted(map(str, others)):  # a mistake in the prefix
            parts = ending.fullmatch(one)
            if parts and difflib.get_close_matches(parts[1], [prefix[:-1]], 1, 0.85):
                found.append(
                    f"{one} is not a variable of the role {name}, and has no effect. Did you mean {prefix}{parts[2]}?"
                )
        return found

    @property
    def _name(self) -> str:
        """Of the module, for sentences."""
        return str(self._task.action.rpartition(".")[2])

    def _undefined(self, msg: str, variables: Params) -> str:
        """A sentence for each option that a message names, and whose variable has an undefined part: a default hides this."""
        sentences = []
        for option in sorted(({*self.body.product.argument_spec} - {*self._task.args}) & {*variables}):
            if not re.search(rf"\b{option}\b", msg):
                continue
            try:
                self._templar.template(variables[option])
            except AnsibleError as exc:
                lacking = re.search(r"'(\w+)' is undefined", str(exc))
                if lacking:
                    sentences.append(f" The variable {option} uses {lacking[1]}, which is not defined.")
        return "".join(sentences)

    def _variables_for(self, msg: str) -> str:
        """A sentence with the variables for the options that a message names, in a role of this collection that sets them."""
        role = own_role(self._task)
        if not self.body.server or not role:
            return ""
        prefix = role[len(OURS) :]
        options = sorted(set(self.body.options) - WITHOUT_VARIABLE)
        msg = CHOICES.sub("", msg)
        named = [one for one in options if re.search(rf"\b{one}(?=[:[])" if "_" not in one else rf"\b{one}\b", msg)]
        return (
            f" The role {role} takes {', '.join(f'{one} from the variable {prefix}_{one}' for one in named)}."
            if named
            else ""
        )

    def _is_offline(self, args: Params) -> bool:
        """Whether the task asks no server, so that it needs no sign-in."""
        return bool(self.body.offline and boolean(args.get(self.body.offline) or False, strict=False))

    def _refuse_to_reveal(self, args: Params) -> None:
        """What a task returns is printed, unless the task says that it is not to be."""
        option = self.body.reveals
        if option and not self._task.no_log and boolean(args.get(option) or False, strict=False):
            raise InputError(
                f"{option}: the result would hold a secret and be printed. Set no_log: true on the task, or write the "
                "secret to a file (dest). Nothing was written."
            )

    def _claim(
        self, args: Params, shared: SharedSignIn, variables: Params, named: Params, unknown: t.AbstractSet[str]
    ) -> t.Callable[[], None]:
        """Let one host of a play declare a part of a server, and return what takes that back.

        A task that asks no server may have no connection options: then the variables of their names, ``named``, give the
        server, unless they are among the ``unknown`` ones.
        Raises InputError where another host declares such a part otherwise.
        """
        if not self.body.server or len(variables.get("ansible_play_hosts_all", ())) < 2:
            return _nothing
        product, host = self.body.product, variables["inventory_hostname"]
        reach = dict(args)
        if self._is_offline(args):
            if product.place_options & unknown:
                return _nothing
            reach = {**{name: one for name, one in named.items() if name in product.place_options}, **args}
            if not reach.keys() & product.place_options:
                return _nothing
        params = shared.connection_params(reach)
        if not params:
            return _nothing
        database = None
        with contextlib.suppress(AnsibleError):  # the variable of another role, which may be in a vault
            database = self._templar.template(variables.get(DATABASE))
        other = {"only", VALIDATE_ONLY, *product.argument_spec}  # options that declare nothing
        declaration = {name: value for name, value in args.items() if name not in other}
        if not self.is_local:  # its files lie on another machine
            declaration["host"] = self._task.delegate_to or host
        claims = Claims(constants.DEFAULT_LOCAL_TMP, _play_of(self._task))
        return claims.claim(host, self.body.server.declared_parts(args), declaration, product.place(params), database)

    def _connection_variables(self, variables: Params) -> tuple[Params, set[str]]:
        """Connection options that variables of their names set, and the names of those that need the password of a vault.

        Without secrets, and without the account: no check needs it, and its variable may ask a password manager.
        """
        found, unknown, product = {}, set(), self.body.product
        for name, option in product.argument_spec.items():
            if name in variables and name not in product.account_options and not option.get("no_log"):
                try:  # as a mapping, which loses what is omitted
                    found.update(untagged(self._templar.template({name: variables[name]})))
                except AnsibleError:
                    unknown.add(name)
        return {name: one for name, one in found.items() if one != variables.get("omit")}, unknown

    def _connection_secrets(self, variables: Params) -> list[str]:
        """Secrets that variables of the connection set: another one may have the same value by mistake."""
        found: list[str] = []
        for name, option in self.body.product.argument_spec.items():
            if name in variables and option.get("no_log"):
                with contextlib.suppress(AnsibleError):
                    found += map(str, untagged(self._templar.template({name: variables[name]})).values())
        return [one for one in found if len(one) >= SHORTEST_SECRET]

    def _add_connection_mistakes(self, args: Params, variables: Params, named: Params) -> None:
        """Add what is wrong with the connection options of a task that asks no server, as far as this is known here.

        ``named`` are those that variables set. Files may be missing on a machine that only checks. Raises Mistakes where the
        task declares nothing that it could check as well.
        """
        if not self.is_local or not self.body.server:  # files of another machine
            return
        product, mistakes = self.body.product, Mistakes()
        spec = {name: option for name, option in product.argument_spec.items() if not option.get("no_log")}
        given = {**named, **{name: args[name] for name in spec if name in args}}
        checker = Checker(spec)
        with mistakes.collecting():
            checker.arguments(given)
        checked = ArgumentSpecValidator(spec).validate(checker.right(given, spec))
        for sentence in checked.error_messages:  # about the environment
            mistakes.add(sentence)
        if not checked.error_messages:
            with mistakes.collecting():
                files = [name for name, option in spec.items() if option.get("type") == "path"]
                product.check({**checked.validated_parameters, **dict.fromkeys(files)})
        if mistakes.sentences:  # only then, because the variable of a password may ask a password manager
            mask = Mask(self._connection_secrets(variables))
            mistakes.sentences = [mask.over(sentence) for sentence in mistakes.sentences]
        if not self.body.server.declared_parts(args):
            mistakes.refuse()
        args["mistakes"] = [*(args.get("mistakes") or ()), *mistakes.sentences]

    def _undeclared(self, args: Params, variables: Params) -> str:
        """A sentence where a role of this collection checks a host for which nothing is declared; else an empty text."""
        server, role = self.body.server, own_role(self._task)
        if not server or not role or args.get("purge") or server.declared_parts(args):
            return ""
        names = [f"{role[len(OURS) :]}_{part}" for part in server.resources]
        groups = ", ".join(sorted(variables.get("group_names", ())))
        return (
            f"Nothing is declared for {variables['inventory_hostname']}: neither {', '.join(names)} nor estate_people is set, so "
            "its server stays as it is. Check the names of variables, and of files in group_vars and host_vars. The host is in "
            f"the groups {groups}."
        )

    @property
    def is_local(self) -> bool:
        """Whether the module would run on this machine and as this user."""
        return bool(self._connection.transport == "local" and not self._connection.become)

    def _can_run_here(self, variables: Params) -> bool:
        if not self.is_local or self._task.async_val or REQUESTS_ERROR:
            return False
        return self._is_switched_on(IN_PROCESS, variables) and self._is_own_interpreter(variables)

    def _is_switched_on(self, switch: str, variables: Params) -> bool:
        """Whether a variable says so, or else the environment; both are on unless they are switched off."""
        said = variables.get(switch, os.environ.get(switch.upper(), "true"))
        try:
            return bool(boolean(self._templar.template(said)))
        except TypeError:
            name = switch if switch in variables else f"{switch.upper()} in the environment"
            raise InputError(f"{name}: {said!r} is neither true nor false.") from None

    def _is_own_interpreter(self, variables: Params) -> bool:
        """Whether no interpreter is set, or the one that runs this."""
        delegate = self._task.delegate_to
        if delegate:
            variables = variables.get("ansible_delegated_vars", {}).get(delegate, variables)
        said = constants.config.get_config_value("INTERPRETER_PYTHON", variables=variables)
        asked = str(self._templar.template(said))
        if asked.startswith("auto"):
            return True
        ours = sys.executable  # its neighbours of other names are the same environment; its target is the system's
        return os.path.dirname(asked) == os.path.dirname(ours) and os.path.realpath(asked) == os.path.realpath(ours)

    def _pass_on(self, switch: str, variables: Params) -> None:
        """Put a variable into the environment of the module, wherever it runs."""
        if switch in variables:
            said = self._task.environment or []
            own = {switch.upper(): str(self._templar.template(variables[switch]))}
            self._task.environment = [*(said if isinstance(said, list) else [said]), own]

    def _surroundings(self) -> t.ContextManager[None]:
        """The environment and the folder of this task's processes, if they are processes of this machine."""
        if not self.is_local:
            return contextlib.nullcontext()
        environment: dict[str, t.Any] = {}
        self._compute_environment_string(environment)
        return surroundings({key: str(value) for key, value in environment.items()}, self._loader.get_basedir())

    def _perform(self, args: Params, variables: Params) -> Params:
        name = self._name
        done = perform(
            self.body,
            self._task.action,
            args,
            check=self._task.check_mode,
            invocation=_repeats_arguments(variables),
            progress=self._progress(name, variables),
            say=lambda sentence: self._show(f"{_with_host(name, variables)}: {sentence}"),
            read=self._read,
            seal=self._seal,
        )
        if "exception" in done and not self._task.no_log:  # some versions of ansible-core keep it to themselves
            Display().vvv(done["exception"])
        return done

    def _progress(self, name: str, variables: Params) -> t.Callable[[str, int, int], None]:
        """Nothing where the task is not to be seen."""
        if self._task.no_log or not self._is_switched_on(PROGRESS, variables):
            return lambda said, done, total: None
        return Progress(_with_host(name, variables), self._show)

    @staticmethod
    def _show(line: str) -> None:
        """At once, and on the error channel, so that no callback's output is disturbed."""
        Display().display(shown(line), stderr=True)

    def _read(self, path: str) -> bytes:
        """A file, decrypted where ansible-vault has encrypted it."""
        content = plain_read(path)
        if not content.startswith(VAULTED):
            return content
        vault = self._loader._vault
        if not vault.secrets:
            what = f"A vault password or secret must be specified to decrypt {path}"
            raise OSError(errno.EACCES, what, path)
        try:
            return t.cast(bytes, vault.decrypt(content))
        except AnsibleError as exc:
            raise OSError(errno.EACCES, exc.message.rstrip("."), path) from exc

    def _seal(self, text: str, vault_id: t.Optional[str]) -> str:
        """A text as ansible-vault encrypts it. Raises InputError if no secret is set to encrypt it with."""
        known = self._loader._vault.secrets or []
        if not known:
            raise InputError("no vault secret is set to encrypt with. Give one to Ansible, for example with --vault-id")
        wanted = vault_id or constants.DEFAULT_VAULT_ENCRYPT_IDENTITY
        try:
            found, secret = match_encrypt_secret(known, wanted)
        except AnsibleError as exc:
            raise InputError(f"no secret is set for the vault id {wanted!r}") from exc
        return to_text(VaultLib(known).encrypt(text, secret, wanted or found))


def _misspelt_among(given: t.Iterable[str], prefix: str, known: t.Collection[str], flaw: str) -> list[str]:
    """A sentence for each name with a prefix that is not known, but similar to a known one. ``flaw`` follows the name."""
    endings = [one[len(prefix) :] for one in known if one.startswith(prefix)]
    others = sorted(one for one in given if str(one).startswith(prefix) and one not in known)
    hints = {one: did_you_mean(one[len(prefix) :], endings) for one in others}
    return [f"{shown(one)} {flaw}" + hint.replace("mean ", f"mean {prefix}", 1) for one, hint in hints.items() if hint]


def _nothing() -> None:
    """Nothing to take back."""


def _play_of(task: t.Any) -> str:
    """A text for the play of a task: the same for all batches of hosts, and another one for each play of a run."""
    parent = task._parent
    while not isinstance(parent, Block):
        parent = parent._parent
    return str(parent._play._uuid)


def _with_host(name: str, variables: Params) -> str:
    """What a line about a task begins with: which host's it is, where there are others."""
    several = len(variables.get("ansible_play_hosts_all", ())) > 1
    return f"{name} of {variables['inventory_hostname']}" if several else name


def _repeats_arguments(variables: Params) -> bool:
    """Whether results tell the arguments; a setting since ansible-core 2.21, and before that they always did."""
    try:
        return bool(constants.config.get_config_value("INJECT_INVOCATION", variables=variables))
    except AnsibleError:
        return True
