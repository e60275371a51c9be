# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks run in this process, against a simulated server."""

from __future__ import annotations

import json
import typing as t

from ansible.module_utils.common.arg_spec import ModuleArgumentSpecValidator
from ansible_collections.vpn.estate.plugins.module_utils._access_server.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._module import answer_to, bring_about
from ansible_collections.vpn.estate.plugins.module_utils._resource import Resource, Task
from ansible_collections.vpn.estate.tests.contract.checker import ContractChecker
from ansible_collections.vpn.estate.tests.simulator.access_server import AccessServerSimulator

Answer = dict[str, t.Any]
CHECKER = ContractChecker()


class Server:
    """A simulated server, and tasks against it as a playbook would run them."""

    def __init__(self, simulator: AccessServerSimulator) -> None:
        self.simulator = simulator
        self.session: dict[str, t.Any] = {"state": {}}

    @property
    def connection(self) -> dict[str, t.Any]:
        """Connection options of an administrator."""
        simulator = self.simulator
        return {
            "as_url": simulator.url,
            "as_username": simulator.username,
            "as_password": simulator.password,
            "as_ca_path": str(simulator.ca_path),
            "as_timeout": 5,
        }

    def run(
        self,
        work: t.Callable[[t.Any, Task], Answer],
        spec: t.Mapping[str, t.Any],
        constraints: t.Mapping[str, t.Any] | None = None,
        *,
        check: bool = False,
        **params: t.Any,
    ) -> Answer:
        """Validate arguments as Ansible does, and do the work; an answer without ``failed`` is a success."""
        rules = dict(constraints or {})
        validator = ModuleArgumentSpecValidator({**spec, **ACCESS_SERVER.argument_spec}, **rules)
        checked = validator.validate({**self.connection, **params})
        assert not checked.error_messages, checked.error_messages
        return answer_to(ACCESS_SERVER, work, Task(checked.validated_parameters, check))

    def manage(self, resource: Resource, *, check: bool = False, **params: t.Any) -> Answer:
        """Run the module that manages a resource."""
        return self.run(
            lambda client, task: bring_about(resource, client, task),
            resource.argument_spec(),
            resource.constraints(),
            check=check,
            **params,
        )

    def inform(self, resource: Resource, names: list[str] | None = None, **params: t.Any) -> t.Any:
        """Run the info module of a resource, and answer its objects."""
        spec = {"names": {"type": "list", "elements": "str"}, **resource.info_options}
        answer = self.run(
            lambda client, task: {"found": resource.inform(client, task.params["names"], task)},
            spec,
            names=names,
            **params,
        )
        assert not answer.get("failed"), answer["msg"]
        return answer["found"]

    def writes(self) -> list[str]:
        """Paths of the calls that wrote, in order."""
        return [one.path for one in self.simulator.log if one.wrote]


def text_of(answer: Answer) -> str:
    """Everything that a task says, to search in."""
    return json.dumps(answer, default=str)
