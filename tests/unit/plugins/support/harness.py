# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks run in this process, against a simulated server."""

from __future__ import annotations

import functools
import importlib
import json
import re
import tempfile
import typing as t
from pathlib import Path

from ansible.module_utils.common.arg_spec import ModuleArgumentSpecValidator
from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import (
    Body,
    answer_to,
    inform,
    manage,
    manage_server,
)
from ansible_collections.vpn.estate.plugins.module_utils._engine.product import Product
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.plugins.module_utils._engine.run import Run, Task
from ansible_collections.vpn.estate.plugins.module_utils._engine.server_declaration import ServerDeclaration
from ansible_collections.vpn.estate.plugins.module_utils._freebox.connection import FREEBOX
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import InputError
from ansible_collections.vpn.estate.tests.contract.checker import FREEBOX as FREEBOX_CONTRACT
from ansible_collections.vpn.estate.tests.contract.checker import ContractChecker
from ansible_collections.vpn.estate.tests.simulator.access_server import AccessServerSimulator
from ansible_collections.vpn.estate.tests.simulator.freebox import FreeboxSimulator
from ansible_collections.vpn.estate.tests.simulator.parts import Thing
from ansible_collections.vpn.estate.tests.simulator.server import Simulator
from ansible_collections.vpn.estate.tests.unit.plugins.support.documents import loaded

Answer = dict[str, t.Any]
MODULES = Path(__file__).resolve().parents[4] / "plugins/modules"


def module_of(resource: Resource) -> str:
    """The name of the module that manages objects of this kind, also where there is none."""
    product = "freebox" if "._freebox." in type(resource).__module__ else "as"
    return f"{product}_" + re.sub(r"(?<!^)(?=[A-Z])", "_", type(resource).__name__).lower()


def answered_key(resource: Resource) -> str:
    """The key under which an info module answers the objects, or the one object that there is."""
    return resource.plural or resource.noun.replace(" ", "_")


def info_body(resource: Resource) -> Body:
    """The body of the info module that shows the objects of a resource and nothing else, or what that body usually is."""
    name = f"{module_of(resource)}_info"
    if (MODULES / f"{name}.py").is_file():
        module = importlib.import_module(f"ansible_collections.vpn.estate.plugins.modules.{name}")
        if set(loaded(module.RETURN)) - {"declaration", "left_out"} == {answered_key(resource)}:
            return t.cast(Body, module.BODY)
    return inform(resource, FREEBOX if name.startswith("freebox_") else ACCESS_SERVER)


def objects_in(answer: Answer, resource: Resource) -> list[dict[str, t.Any]]:
    """What an info module answers as a list, also where it shows the one object that there is."""
    found = answer[answered_key(resource)]
    return t.cast(list[dict[str, t.Any]], found if resource.plural else [found] if found is not None else [])


class Simulated:
    """A simulated server, and tasks against it as a playbook would run them."""

    product: Product
    checker: ContractChecker

    def __init__(self, simulator: Simulator) -> None:
        self.simulator: t.Any = simulator

    @staticmethod
    def keeps_contract(simulator: Simulator) -> bool:
        """Whether its answers are held to the contract, as requests are."""
        return True

    @property
    def connection(self) -> dict[str, t.Any]:
        """Connection options of an account that may do everything."""
        raise NotImplementedError

    def run(
        self,
        work: t.Callable[[Run[t.Any]], Answer],
        spec: t.Mapping[str, t.Any],
        constraints: t.Mapping[str, t.Any] | None = None,
        *,
        check: bool = False,
        **params: t.Any,
    ) -> Answer:
        """Do some work in a task with these options."""
        return self.perform(Body(self.product, spec, work, constraints or {}), check=check, **params)

    def perform(self, body: Body, *, check: bool = False, **params: t.Any) -> Answer:
        """Check arguments as the action plugin and Ansible do, and do the work; an answer without ``failed`` is a success."""
        checker = body.checker()
        try:
            given = body.checked({**self.connection, **params}, checker)
        except InputError as exc:
            return {"failed": True, "changed": False, "msg": body.failure(exc)}
        checked = ModuleArgumentSpecValidator(body.argument_spec, **body.constraints).validate(given)
        assert not checked.error_messages, checked.error_messages
        return answer_to(body, Task(checked.validated_parameters, check))

    def token(self) -> str:
        """A session token of the declared account. No answer of a task shows one."""
        tokens: list[str] = []

        def work(run: Run[t.Any]) -> Answer:
            tokens.append(run.client.session.token())
            return {"changed": False}

        answer = self.run(work, {})
        assert tokens, answer
        return tokens[0]

    def manage(self, resource: Resource, *, check: bool = False, **params: t.Any) -> Answer:
        """Run the module that manages a resource."""
        return self.perform(manage(resource, self.product), check=check, **params)

    def declare(self, declaration: ServerDeclaration, *, check: bool = False, **params: t.Any) -> Answer:
        """Run the module that brings a whole server to a state."""
        return self.perform(manage_server(declaration, self.product), check=check, **params)

    def inform(self, resource: Resource, names: list[str] | None = None, **params: t.Any) -> t.Any:
        """Run the info module of a resource, and answer its objects."""
        body = info_body(resource)
        answer = self.run(body.work, body.options, **({} if names is None else {"names": names}), **params)
        assert not answer.get("failed"), answer["msg"]
        return objects_in(answer, resource)

    @functools.cached_property
    def _temporary(self) -> tempfile.TemporaryDirectory[str]:
        return tempfile.TemporaryDirectory()

    @functools.cached_property
    def _elsewhere(self) -> tempfile.TemporaryDirectory[str]:
        return tempfile.TemporaryDirectory()

    @property
    def folder(self) -> Path:
        """Where tasks write files; it ends with the test."""
        return Path(self._temporary.name)

    def another_folder(self) -> str:
        """An empty one, for what the server itself keeps in files."""
        return tempfile.mkdtemp(dir=self._elsewhere.name)

    def empty_folder(self) -> None:
        """Remove whatever tasks have written."""
        for path in self.folder.iterdir():
            path.unlink()

    def files(self) -> dict[Thing, t.Any]:
        """What tasks have written, thing by thing."""
        each = sorted(self.folder.iterdir())
        return {("file", str(path)): {"lines": lines_of(path), "mode": oct(path.stat().st_mode)} for path in each}

    def writes(self) -> list[str]:
        """Paths of the calls that wrote, in order."""
        return [one.path for one in self.simulator.log if one.wrote]


class Server(Simulated):
    """An Access Server."""

    product = ACCESS_SERVER
    checker = ContractChecker()

    @staticmethod
    def keeps_contract(simulator: Simulator) -> bool:
        """Answers of real servers differ from it in places."""
        return t.cast(AccessServerSimulator, simulator).machine.dialect.name == "document"

    @property
    def connection(self) -> dict[str, t.Any]:
        """Those of an administrator."""
        simulator = self.simulator
        return {
            "as_url": simulator.url,
            "as_username": simulator.username,
            "as_password": simulator.password,
            "as_ca_path": str(simulator.ca_path),
            "as_timeout": 5,
        }


class Box(Simulated):
    """A Freebox."""

    product = FREEBOX
    checker = ContractChecker(FREEBOX_CONTRACT)

    @property
    def connection(self) -> dict[str, t.Any]:
        """Those of an application with all permissions."""
        simulator = self.simulator
        return {
            "freebox_url": simulator.url,
            "freebox_app_id": simulator.app_id,
            "freebox_app_token": simulator.app_token,
            "freebox_ca_path": str(simulator.ca_path),
            "freebox_timeout": 5,
        }


SIMULATORS: t.Mapping[type[Simulated], t.Callable[..., Simulator]] = {
    Server: AccessServerSimulator,
    Box: FreeboxSimulator,
}


def lines_of(path: Path) -> list[str]:
    """The lines of a file; what is encoded in it is one line, because the same thing can take a line more or less."""
    text = re.sub(r"(?<=-----\n)[^-]+(?=-----END)", lambda found: found[0].replace("\n", "") + "\n", path.read_text())
    return text.splitlines()


def shows_its_change(answer: Answer) -> bool:
    """Whether a task that says that it changes something, and no other, has a diff that says what."""
    diff = answer.get("diff") or {"before": {}, "after": {}}
    several = diff if isinstance(diff, list) else [diff]
    return bool(answer.get("changed")) is any(each["before"] != each["after"] for each in several)


def text_of(answer: Answer) -> str:
    """Everything that a task says, to search in."""
    return json.dumps(answer, default=str)


def sentences_of(message: str) -> list[str]:
    """The words before the first mistake, and each mistake."""
    return re.split(r" \([0-9]+\) ", message)
