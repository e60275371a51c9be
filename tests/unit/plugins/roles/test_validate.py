# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of all declarations before a request to any server, in real runs of ansible-playbook without a password."""

from __future__ import annotations

import importlib
import re
import typing as t
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.vpn.estate.plugins.filter.without_vault import HAS_MARKERS, OPAQUE
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_user import VPN_USER
from ansible_collections.vpn.estate.plugins.plugin_utils._module_action import WITHOUT_VARIABLE, ModuleAction
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Server
from ansible_collections.vpn.estate.tests.unit.plugins.support.playbook import Folder
from ansible_collections.vpn.estate.tests.unit.plugins.support.templates import variables_of

# Encrypted with a password that the tests do not have. Before ansible-core 2.19 this stops a run; a missing variable does not.
SEALED = (
    """\
!vault |
  $ANSIBLE_VAULT;1.1;AES256
  35623064343563356661636237313335343536373432326434613936653331623535303765663739
  6664346531666231643832633943231376561636330300a643461313064386365616632313138
  3237"""
    if HAS_MARKERS
    else '"{{ vault_sealed }}"'
)
ROLES = Path(__file__).resolve().parents[4] / "roles"
HOSTS = ("vpn-a", "vpn-b", "vpn-c")
FILES = {
    "host_vars/vpn-a/users.yml": f"""
access_server_users:
  - {{name: ada, gruop: staff, password: "{{{{ vault_passwords.ada }}}}"}}
  - name: bob
    static_ip: 10.8.0.7
    password: {SEALED.replace(chr(10), chr(10) + "    ")}
  - {{name: cleo, state: blockt}}
  - {{name: dora, static_ipv4: 10.8.0.300}}
""",
    "host_vars/vpn-a/configuration.yml": """
access_server_config_items:
  - {name: vpn.server.max_clients, valeu: 500}
  - {nmae: sa.company_name, value: Example Company}
  - {name: cs.https.port, value: 943, stat: present}
access_server_purge: [users, group]
""",
    "host_vars/vpn-b/access_lists.yml": """
access_server_access_lists:
  - {group: staff, access_too: [10.0.0.0/8]}
  - {group: guests, access_to: [10.0.0.0/33]}
  - {user: ada, access_to: ["10.0.0.0/8:https/tcp/1"]}
access_server_users_src: "{{ inventory_dir }}/people.yml"
access_server_purge: true
""",
    "people.yml": """
- {name: eve, gorup: staff}
- {name: fred, deny: perhaps}
- {name: gus, totp: 7}
- {nam: hugo}
""",
    "host_vars/vpn-c/all.yml": """
estate_people:
  - {name: ines, group: staff}
  - {name: jack, servers: [vpn-d]}
access_server_users: [{name: kate, autologn: true}]
access_server_groups: [{name: staff, subnets: [10.8.0.0/40]}]
access_server_default_user: {def_denny: true}
access_server_access_test: [ines may reach 10.0.0.1]
access_server_datacenter: north
acces_server_access_lists: []
server_users: []
""",
}
MISTAKES = {
    "vpn-a": [
        "users[0] (ada): gruop: there is no such option. Did you mean group?",
        "users[1] (bob): static_ip: there is no such option. Did you mean static_ipv6?",
        "users[2] (cleo): state: 'blockt' is given, and one of present, absent, blocked is needed.",
        "users[3]: static_ipv4 of user dora: '10.8.0.300' is not an IP address.",
        "config_items[0] (vpn.server.max_clients): valeu: there is no such option. Did you mean value?",
        "config_items[1] (Example Company): nmae: there is no such option. Did you mean name?",
        "config_items[2] (cs.https.port): stat: there is no such option. Did you mean state?",
        "purge[1]: 'group' is given, and one of groups, users, access_lists, access_rulesets is needed. Did you mean groups?",
    ],
    "vpn-b": [
        "access_lists[0] (staff): access_too: there is no such option. Did you mean access_to?",
        "10.0.0.0/33",
        "10.0.0.0/8:https/tcp/1",
        "line 2 (eve): gorup: there is no such option. Did you mean group?",
        "line 3 (fred): deny: 'perhaps' is given, and",
        "line 4 (gus): totp: ",
        "line 5: nam: there is no such option. Did you mean name?",
        "purge: a boolean is given, and a list is needed.",
    ],
    "vpn-c": [
        "ines has 'group', which is not an option of a person. Did you mean groups? (",
        "servers of jack names 'vpn-d', which is not a host or a group of the inventory",
        "users[0] (kate): autologn: there is no such option. Did you mean autologin?",
        "groups[0]: subnets of group staff: '10.8.0.0/40'",
        "default_user.def_denny: there is no such option. Did you mean def_deny?",
    ],
}


@pytest.fixture(name="folder")
def fixture_folder(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path)
    folder.write("hosts.json", {"access_servers": {"hosts": dict.fromkeys(HOSTS)}})
    return folder


@pytest.mark.versions
def test_one_run_reports_all_mistakes_of_all_servers_without_a_request(server: Server, folder: Folder) -> None:
    for name, text in FILES.items():
        folder.write(name, text)
    connection = {"as_validate_certs": False, **server.connection}
    folder.write("group_vars/access_servers.json", connection)
    run = folder.play([{"import_playbook": "vpn.estate.site"}])
    assert run.status != 0
    for host, mistakes in MISTAKES.items():
        [line] = [line for line in run.output.splitlines() if line.startswith(f"fatal: [{host}]")]
        missing = [mistake for mistake in mistakes if mistake not in line]
        assert not missing, line
        assert re.search(
            r"The role vpn\.estate\.access_server takes (\w+) from the variable access_server_\1[,.]", line
        )
    assert sum(map(len, MISTAKES.values())) == 21
    output = " ".join(run.output.split())
    assert (
        "access_server_access_test is not a variable of the role vpn.estate.access_server, and has no effect. "
        "Did you mean access_server_access_tests?" in output
    )
    assert "acces_server_access_lists is not a variable of the role vpn.estate.access_server" in output
    assert "Did you mean access_server_access_lists?" in output
    assert "access_server_datacenter is" not in output
    assert "server_users is" not in output
    assert server.simulator.log == []


def test_one_mistake_on_one_server_stops_all(server: Server, folder: Folder) -> None:
    folder.write("group_vars/access_servers.json", {"access_server_users": [{"name": "ada"}], **server.connection})
    folder.write("host_vars/vpn-b.json", {"access_server_groups": [{"name": "staff", "denny": True}]})
    run = folder.play([{"import_playbook": "vpn.estate.site"}])
    assert run.status != 0
    assert "There are mistakes in the declarations for vpn-b. Nothing was written to any server." in run.output
    assert server.simulator.log == []
    assert "Bring servers to their declared state" not in run.output


@pytest.mark.versions
@pytest.mark.parametrize("inventory", [{"access_server": {"hosts": {"vpn-a": {}}}}, {}], ids=["wrong group", "no host"])
def test_an_inventory_without_a_server_is_a_mistake(folder: Folder, inventory: dict[str, t.Any]) -> None:
    folder.write("hosts.json", inventory)
    run = folder.play([{"import_playbook": "vpn.estate.validate"}])
    assert run.status != 0, run.output
    assert "The inventory has no host in the groups access_servers and freeboxes. Nothing was checked" in run.output


@pytest.mark.versions
def test_a_variable_that_cannot_be_had_is_named(server: Server, folder: Folder) -> None:
    """``default(omit)`` in the playbook hides that it is declared."""
    folder.write("group_vars/access_servers.json", {**server.connection, "access_server_users": [{"name": "ada"}]})
    folder.write("host_vars/vpn-a.json", {"as_password": "{{ vault_as_pasword }}"})
    run = folder.play([{"import_playbook": "vpn.estate.site"}], "--check", "--limit", "vpn-a")
    assert run.status != 0
    assert "Give as_username and as_password, or as_token." in run.output
    assert "The variable as_password uses vault_as_pasword, which is not defined." in run.output
    assert server.simulator.log == []


@pytest.mark.versions
def test_a_declaration_is_checked_without_server_credentials_and_password(folder: Folder) -> None:
    folder.write(
        "group_vars/access_servers.yml",
        f"""
as_password: "{{{{ vault_as_password }}}}"
estate_people:
  - {{name: ada, groups: [staff], password: "{{{{ vault_passwords.ada }}}}"}}
access_server_groups: [{{name: staff}}]
access_server_users:
  - {{name: kiosk, group: staff, password: "{{{{ vault_prefix }}}}-kiosk"}}
  - name: lobby
    password: {SEALED.replace(chr(10), chr(10) + "    ")}
access_server_config_items:
  - {{name: auth.ldap.0.bind_pw, secret_value: "{{{{ vault_ldap }}}}"}}
""",
    )
    run = folder.play([{"import_playbook": "vpn.estate.validate"}])
    assert run.status == 0, run.output
    assert {host: numbers["failed"] for host, numbers in run.tally.items()} == dict.fromkeys(HOSTS, 0)


@pytest.mark.versions
def test_a_host_without_a_declaration_is_a_warning_and_connection_options_are_checked(
    server: Server, folder: Folder
) -> None:
    """Without what only the password of a vault opens, and without asking for an account."""
    users = {"access_server_users": [{"name": "ada"}], "as_password": "{{ vault_as_password }}"}
    asked = folder.path / "asked"
    account = {"as_token": "{{ vault_as_token }}", "as_username": f"{{{{ lookup('pipe', 'echo ada | tee {asked}') }}}}"}
    folder.write("group_vars/access_servers.json", account)
    folder.write("host_vars/vpn-a.json", {"access_server_user": [], "as_pasword": "x", "as_url": server.simulator.url})
    wrong = {
        "as_url": "htps://vpn-b:943",
        "as_certificate_fingerprint": "abcd",
        "as_ca_path": "ca.pem",
        "as_timeout": "soon",
    }
    folder.write("host_vars/vpn-b.json", {**users, **wrong, "as_connections": 9})
    folder.write("host_vars/vpn-c.json", {**users, "as_url": "{{ vault_as_url }}", "as_ca_path": "{{ omit }}"})
    run = folder.play([{"import_playbook": "vpn.estate.validate"}])
    assert run.status != 0
    assert {host: numbers["ok"] for host, numbers in run.tally.items()} == {"vpn-a": 1, "vpn-b": 0, "vpn-c": 1}, (
        run.output
    )
    [line] = [line for line in run.output.splitlines() if line.startswith("fatal: [vpn-b]")]
    for mistake in (
        "as_url: 'htps://vpn-b:943' is not an https address; write it as https://vpn.example.com:943.",
        "as_certificate_fingerprint: 'abcd' is not a SHA-256 fingerprint, 64 hexadecimal digits.",
        "as_timeout: 'soon' is given, and a whole number is needed.",
        "as_connections: 9 is not a number from 1 to 8.",
    ):
        assert mistake in line
    assert "ca_path" not in line  # the machine that checks may lack the file
    output = " ".join(run.output.split())
    assert (
        "Nothing is declared for vpn-a: neither access_server_groups, access_server_default_user, access_server_users, "
        "access_server_access_lists, access_server_access_rulesets, access_server_config_items nor estate_people is set, so its "
        "server stays as it is." in output
    )
    assert "The host is in the groups access_servers." in output
    assert (
        "access_server_user is not a variable of the role vpn.estate.access_server, and has no effect. Did you mean"
        in output
    )
    assert "as_pasword is not a connection option, and has no effect. Did you mean as_password?" in output
    assert "Nothing is declared for vpn-c" not in output
    assert "__access_server" not in output
    assert not asked.exists()
    assert server.simulator.log == []


@pytest.mark.versions
def test_a_correct_inventory_has_one_warning_for_a_host_without_a_declaration(folder: Folder) -> None:
    """No name of a variable is similar to another one, and a host of both groups is checked for both."""
    hosts = {"access_servers": {"hosts": {"vpn-a": {}, "vpn-b": {}}}, "freeboxes": {"hosts": {"vpn-b": {}, "box": {}}}}
    folder.write("hosts.json", hosts)
    folder.write("host_vars/vpn-b.json", {"access_server_users": [{"name": "ada"}]})
    folder.write("host_vars/box.json", {"freebox_vpn_users": [{"login": "ada"}]})
    run = folder.play([{"import_playbook": "vpn.estate.validate"}])
    assert run.status == 0, run.output
    warnings = " ".join(run.output.split()).split("[WARNING]: ")[1:]
    assert [warning.split(":")[0] for warning in warnings] == [
        "Nothing is declared for vpn-a",
        "Nothing is declared for vpn-b",
    ]
    assert "neither access_server_groups, access_server_default_user" in warnings[0]
    assert "neither freebox_vpn_servers, freebox_vpn_users nor estate_people is set" in warnings[1]
    assert "The host is in the groups access_servers, freeboxes." in warnings[1]


@pytest.mark.versions
def test_a_password_in_the_wrong_connection_option_is_not_shown(folder: Folder) -> None:
    secret = "Marker-Password-7!"
    wrong = {"as_password": secret, "as_ca_path": "{{ as_password }}", "as_certificate_fingerprint": secret}
    folder.write("group_vars/access_servers.json", wrong)
    folder.write("host_vars/vpn-a.json", {"access_server_users": [{"name": "ada"}]})
    run = folder.play([{"import_playbook": "vpn.estate.validate"}], "-vvv")
    assert run.status != 0
    assert run.output.count("as_certificate_fingerprint: '") >= len(HOSTS)
    assert secret not in run.output


@pytest.mark.versions
def test_two_hosts_of_one_server_are_found_where_they_omit_the_node(folder: Folder) -> None:
    connection = {"as_url": "https://vpn.example.com", "as_node": "{{ omit }}"}
    folder.write("group_vars/access_servers.json", {**connection, "access_server_users": [{"name": "ada"}]})
    folder.write("host_vars/vpn-b.json", {"access_server_groups": [{"name": "staff"}]})
    run = folder.play([{"import_playbook": "vpn.estate.validate"}], "--limit", "vpn-a,vpn-b")
    assert run.status != 0
    assert "declares them too in this play, for the same server" in run.output


# -- data without values that are encrypted


def without_vault(expression: str, folder: Folder, text: str) -> t.Any:
    loader = DataLoader()
    path = folder.write("variables.yml", text)
    variables = variables_of(path)
    path = folder.write("expression.yml", f'it: "{{{{ {expression} | vpn.estate.without_vault }}}}"')
    it = variables_of(path)["it"]
    return Templar(loader, variables=variables).template(it)


@pytest.mark.versions
def test_only_values_of_vaults_become_opaque(folder: Folder) -> None:
    variables = f"""
users:
  - {{name: ada, password: "{{{{ vault_passwords[0].ada }}}}", groups: ["{{{{ vault_group }}}}", staff]}}
  - {{name: "{{{{ known }}}}", password: "{{{{ sealed }}}}-2"}}
known: bob
sealed: {SEALED.replace(chr(10), chr(10) + "  ")}
broken: [{{name: "{{{{ unknown }}}}"}}]
"""
    assert without_vault("users", folder, variables) == [
        {"name": "ada", "password": OPAQUE, "groups": [OPAQUE, "staff"]},
        {"name": "bob", "password": OPAQUE},
    ]
    assert without_vault("sealed", folder, variables) == OPAQUE
    for expression in ("broken", "unknown"):
        with pytest.raises(AnsibleError, match="'unknown' is undefined"):
            without_vault(expression, folder, variables)


def test_a_value_of_a_vault_can_be_a_password_of_each_product() -> None:
    """The length of its placeholder is no reason to refuse it."""
    for resource in (USER, VPN_USER):
        assert resource.parse({resource.key: "ada", "password": OPAQUE}, "present").secrets == {"password": OPAQUE}


# -- messages of the role


@pytest.mark.parametrize(
    ("role", "name"), [("access_server", "as_declaration"), ("freebox_vpn", "freebox_declaration")]
)
def test_a_role_has_a_variable_for_each_option_of_its_declaration(role: str, name: str) -> None:
    """A message of the role names them."""
    body = importlib.import_module(f"ansible_collections.vpn.estate.plugins.modules.{name}").BODY
    specs = yaml.safe_load((ROLES / role / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    assert {f"{role}_{option}" for option in set(body.options) - WITHOUT_VARIABLE} <= specs.keys()


@pytest.mark.parametrize(
    ("role", "msg", "said"),
    [
        ("vpn.estate.access_server", "purge: users is not declared. Say allow_self: true.", "allow_self, purge"),
        ("vpn.estate.access_server", "users_src: it is no file.", "users_src"),
        ("vpn.estate.access_server", "users[2] (cleo): state: 'blockt' is given.", "users"),
        ("vpn.estate.access_server", "purge[0]: 'u' is given, and one of groups, access_lists is needed.", "purge"),
        ("vpn.estate.access_server", "users would be deleted by a purge of groups.", ""),
        ("vpn.estate.access_server", "Available are name, update_password, until, access_server.", ""),
        (
            "vpn.estate.freebox_vpn",
            "users[0]: name: there is no such option. The options are update_password.",
            "users",
        ),
        ("vpn.estate.freebox_vpn", "purge_limit of users", "purge_limit"),
        ("other.collection.access_server", "purge: users", ""),
        (None, "purge: users", ""),
    ],
)
def test_a_refusal_names_the_variables_of_the_role(role: str | None, msg: str, said: str) -> None:
    action = ModuleAction.__new__(ModuleAction)
    name = "freebox_declaration" if role and "freebox" in role else "as_declaration"
    action.body = importlib.import_module(f"ansible_collections.vpn.estate.plugins.modules.{name}").BODY
    found = SimpleNamespace(get_name=lambda include_role_fqcn: role) if role else None
    action._task = SimpleNamespace(_role=found)
    prefix = str(role).rpartition(".")[2]
    variables = ", ".join(f"{one} from the variable {prefix}_{one}" for one in said.split(", ") if one)
    assert action._variables_for(msg) == (f" The role {role} takes {variables}." if said else "")
