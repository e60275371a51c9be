# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects declared in tables: what a cell means, what a table may not be, and that all else is as with YAML."""

from __future__ import annotations

import csv
import io
import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_list import ACCESS_LIST
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.declaration import DECLARATION
from ansible_collections.vpn.estate.plugins.module_utils._engine.declaration_files import File, place_among, read_files
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.plugins.module_utils._engine.run import Run, Task
from ansible_collections.vpn.estate.plugins.module_utils._files.read_file import plain_read
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_server import VPN_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_user import VPN_USER
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import Mistakes
from ansible_collections.vpn.estate.plugins.modules.as_user import BODY
from ansible_collections.vpn.estate.plugins.plugin_utils._in_process import perform
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import (
    Server,
    Simulated,
    sentences_of,
    text_of,
)
from ansible_collections.vpn.estate.tests.unit.plugins.support.samples import PASSWORD
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import examples
from hypothesis import given
from hypothesis import strategies as st

Item = dict[str, t.Any]
RESOURCES = (USER, GROUP, ACCESS_LIST, VPN_USER, VPN_SERVER)
EMPTY = "(empty)"
TABLE = "name,group,autologin,bypass_subnets,cli_script_connect_win_env.PATH\n"
ANNA = {
    "name": "anna",
    "group": "staff",
    "autologin": True,
    "bypass_subnets": ["10.0.0.0/8", "192.0.2.0/24"],
    "cli_script_connect_win_env": {"PATH": "C:\\"},
}


def read(text: str | bytes, resource: Resource = USER, name: str = "a.csv") -> File:
    """The file with this text."""
    plural, content = resource.plural, text if isinstance(text, bytes) else text.encode()
    [file] = read_files(name, plural, resource.argument_spec()[plural], lambda path: content)
    return file


def items(text: str | bytes, resource: Resource = USER) -> list[Item]:
    """The objects of a table without mistakes."""
    file = read(text, resource)
    assert not file.mistakes
    return file.items


def refusal(server: Server, path: Path, resource: Resource = USER) -> list[str]:
    """The message of a task that is refused before its first request, a sentence for each mistake; it contains no secret."""
    server.simulator.log.clear()
    answer = server.manage(resource, src=str(path))
    assert answer["failed"]
    assert not server.simulator.log
    assert PASSWORD not in text_of(answer)
    reported = sentences_of(str(answer["msg"]).replace(str(path), "SRC"))
    return reported[1:] if len(reported) > 1 and reported[0].endswith("mistakes:") else reported


# -- what a cell means


@pytest.mark.parametrize(
    "text",
    [
        TABLE + 'anna,staff,yes,10.0.0.0/8;192.0.2.0/24,C:\\\n"bert",,,,\n',
        TABLE.replace("\n", "\r\n") + "anna,staff,TRUE,10.0.0.0/8 ; 192.0.2.0/24,C:\\\r\nbert,,,,",
        "\ufeff" + TABLE + "\n,,,,\nanna,staff,1,10.0.0.0/8;192.0.2.0/24,C:\\\n\nbert,,,,\n,,,,\n",
        TABLE.replace(",", ";") + 'anna;staff;true;"10.0.0.0/8;192.0.2.0/24";C:\\\nbert;;;;\n',
        TABLE.replace(",", " , ") + 'anna , staff\u00a0, on , 10.0.0.0/8;192.0.2.0/24 ,"C:\\"\n bert ,,,,\n',
        TABLE.replace("\n", ",,\n") + "anna,staff,true,10.0.0.0/8;192.0.2.0/24,C:\\,,\nbert,,,,,,\n",
    ],
    ids=["plain", "windows", "marked", "semicolons", "blanks", "columns without a name"],
)
def test_a_table(text: str) -> None:
    assert items(text) == [ANNA, {"name": "bert"}]


def test_what_stands_between_cells_does_not_change_what_a_cell_means() -> None:
    """A spreadsheet writes one or the other by the language of its user, and quotes the cells where that is needed."""
    rows = [["name", "bypass_subnets", "group"], ["anna", "10.0.0.0/8;192.0.2.0/24", "a,b"], ["bert", "", EMPTY]]
    expected = [
        {"name": "anna", "bypass_subnets": ["10.0.0.0/8", "192.0.2.0/24"], "group": "a,b"},
        {"name": "bert", "group": ""},
    ]
    for between in ",;":
        text = io.StringIO()
        csv.writer(text, delimiter=between).writerows(rows)
        assert items(text.getvalue()) == expected


def test_nothing_and_an_empty_value_are_two_things() -> None:
    header = "name,group,bypass_subnets,cc_commands,password,deny\n"
    assert items(header + 'anna,,"",,,\n') == [{"name": "anna"}]
    [item] = items(header + f"anna,{EMPTY},{EMPTY},{EMPTY},{EMPTY},\n")
    assert item == {"name": "anna", "group": "", "bypass_subnets": [], "cc_commands": "", "password": ""}


def test_text_of_several_lines_and_secrets_are_kept_as_they_are() -> None:
    text = 'name,cc_commands,password\nanna,"push ""a""\n push b\n"," two blanks "\n'
    assert items(text) == [{"name": "anna", "cc_commands": 'push "a"\n push b\n', "password": " two blanks "}]


def test_text_is_no_number_and_no_date() -> None:
    assert items("name,auth_method\n007,1.10\n2031-05-09,true\n") == [
        {"name": "007", "auth_method": "1.10"},
        {"name": "2031-05-09", "auth_method": "true"},
    ]


def test_options_within_options() -> None:
    text = "name,port,conf_pptp.mppe,conf_pptp.allowed_auth.pap,conf_ipsec.ike_version\npptp,1723,require,no,2\nx,,,,\n"
    assert items(text, VPN_SERVER) == [
        {
            "name": "pptp",
            "port": 1723,
            "conf_pptp": {"mppe": "require", "allowed_auth": {"pap": False}},
            "conf_ipsec": {"ike_version": 2},
        },
        {"name": "x"},
    ]


def test_rules_with_commas() -> None:
    text = 'user,group,access_to\n,staff,"10.20.0.0/16:https,tcp/5432;10.9.0.0/16"\n'
    assert items(text, ACCESS_LIST) == [{"group": "staff", "access_to": ["10.20.0.0/16:https,tcp/5432", "10.9.0.0/16"]}]


def test_a_table_without_rows_is_an_empty_list() -> None:
    assert items("name,group\n") == []


def test_a_line_for_each_object(tmp_path: Path) -> None:
    """Of cells with several lines, the first; blank lines count, and rows without a word are no objects."""
    (tmp_path / "a.csv").write_text('\nname,cc_commands\r\n"anna","a\n\nb"\r\n\r\n,\r\nbert,\r\n')
    (tmp_path / "b.yml").write_text("# two\n- name: carl\n")
    files = read_files(str(tmp_path), "users", USER.argument_spec()["users"], plain_read)
    assert [item["name"] for file in files for item in file.items] == ["anna", "bert", "carl"]
    assert [place_among(files, number).rpartition("/")[2] for number in range(3)] == [
        "a.csv, line 3",
        "a.csv, line 8",
        "b.yml, line 2",
    ]


# -- the same list as in YAML

words = st.text("abcxyz,;\"'|# =:{}[]%-_.\u00e9\u2028\n", min_size=1, max_size=9).map(str.strip).filter(bool)
parts = words.map(lambda text: text.replace(";", ":"))  # the values of a list are apart by it


def values_of(option: t.Mapping[str, t.Any]) -> st.SearchStrategy[t.Any] | None:
    """Values of an option that a cell can hold; None for lists of mappings."""
    kind, deeper = option.get("type", "str"), option.get("options")
    if kind == "list":
        return None if option["elements"] == "dict" else st.lists(parts, max_size=3)
    if kind == "dict":
        free = st.dictionaries(st.sampled_from(["A", "b.c", "\u00e9"]), words, min_size=1)
        return items_of(deeper).filter(bool) if deeper else free
    plain: dict[str, st.SearchStrategy[t.Any]] = {"bool": st.booleans(), "int": st.integers(-(10**9), 10**9)}
    return plain.get(kind, st.just("") | words)


def items_of(options: t.Mapping[str, t.Any]) -> st.SearchStrategy[Item]:
    """Objects with some of the options."""
    known = {name: values_of(option) for name, option in options.items()}
    required = {name: words for name, option in options.items() if option.get("required")}
    optional = {name: values for name, values in known.items() if values is not None and name not in required}
    some = st.lists(st.sampled_from(sorted(optional)), max_size=6, unique=True)
    return some.flatmap(lambda names: st.fixed_dictionaries({**required, **{name: optional[name] for name in names}}))


def cells_of(item: Item, before: str = "") -> dict[str, str]:
    """An object as cells by the names of their columns."""
    cells: dict[str, str] = {}
    for name, value in item.items():
        if isinstance(value, dict):
            cells.update(cells_of(value, f"{before}{name}."))
        elif isinstance(value, list):
            cells[before + name] = ";".join(value) or EMPTY
        else:
            cells[before + name] = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value) or EMPTY
    return cells


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: str(resource.plural))
@examples(30, 1000)
@given(data=st.data())
def test_a_table_declares_the_same_as_the_list_in_yaml(resource: Resource, data: st.DataObject) -> None:
    rules = resource.argument_spec()[resource.plural]
    objects = data.draw(st.lists(items_of(rules["options"]).filter(bool), max_size=4))
    rows = [cells_of(one) for one in objects]
    keys = {name for name, option in rules["options"].items() if option.get("required")}
    header = sorted({name for row in rows for name in row} | (keys or {"user"}))
    text = io.StringIO()
    writer = csv.DictWriter(
        text,
        data.draw(st.permutations(header)),
        delimiter=data.draw(st.sampled_from(",;" if len(header) > 1 else ",")),
        quoting=data.draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
        lineterminator=data.draw(st.sampled_from(["\n", "\r\n"])),
    )
    writer.writeheader()
    writer.writerows(rows)
    marked = data.draw(st.sampled_from(["", "\ufeff"])) + text.getvalue()
    in_yaml = read(yaml.safe_dump(objects), resource, "a.yml").items
    assert items(marked, resource) == in_yaml == objects


# -- messages about mistakes


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "name,password\nanna,{}\nbert\n",
            ["line 3: the row has 1 cell, and the header has 2. Each row needs a cell for each column"],
        ),
        (
            "name,password\nanna,{},\n",
            ['line 2: the row has 3 cells, and the header has 2. Put " before and after a cell that contains , or ;'],
        ),
        (
            "name;password\nanna;{};x\n",
            ['line 2: the row has 3 cells, and the header has 2. Put " before and after a cell that contains , or ;'],
        ),
        ("name,passwrod\nanna,{}\n", ["line 1: passwrod: there is no such option. Did you mean password?"]),
        ("name,password,{long}\nanna,{},\n", ["line 1: the name of column 3: there is no such option."]),
        ("name,password,name\nanna,{},anna\n", ["line 1: name occurs twice in the header."]),
        ("name,password,\nanna,{},x\n", ["line 2: column 3 has no name in the header, and its cell is not empty."]),
        (
            "name,dmz_ip\nanna,{}\n",
            ["line 1: dmz_ip: a cell cannot contain a list of mappings. Declare dmz_ip in YAML or JSON."],
        ),
        (
            "name,cli_script_connect_win_env\nanna,{}\n",
            [
                "line 1: cli_script_connect_win_env: a cell cannot contain a mapping. Use a column for each suboption, such as "
            ],
        ),
        ("name,password.old\nanna,{}\n", ["line 1: password.old: password has no suboptions. Write password."]),
        (
            'name,password\nanna,"{}\nbert,x\n',
            ['line 2: a cell in this row begins with ", and the closing " is missing.'],
        ),
        ('name,password\nanna,"{}"x\n', ['line 2: after the " that ends a cell, a , or the end of the row is needed']),
        ("name,password\nanna,{}\x07\x07\x00\n", ["line 2: there is a control character (U+0007)."]),
        ("name,password\r\rb\x00ert,\ranna,{}\r", ["line 3: there is a control character (U+0000)."]),
        (
            "name,password\nanna,{huge}\n",
            ['line 2: a cell has more than 131,072 characters; perhaps a closing " is missing.'],
        ),
        (
            "anna,{}\nbert,\n",
            ["line 1: the first row has no column name. This row is the header, with the names of options."],
        ),
        ("", ["line 1: the first row has no column name. This row is the header, with the names of options."]),
        (
            "name,bypass_subnets\nanna,10.0.0.0/8;\n",
            ["line 2: bypass_subnets: a value of the list is empty; write ; "],
        ),
    ],
    ids=lambda text: text[:40] if isinstance(text, str) else "",
)
def test_a_text_that_is_no_table(server: Server, tmp_path: Path, text: str, words: list[str]) -> None:
    path = tmp_path / "a.csv"
    filled = text.replace("{long}", PASSWORD * 7).replace("{huge}", PASSWORD * 10_000).replace("{}", PASSWORD)
    path.write_text(filled, newline="")
    reported = refusal(server, path)
    for sentence, expected in zip(reported, words, strict=True):
        assert sentence.startswith(f"src: SRC, {expected}")
        assert sentence.endswith((".", "?"))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("bert,{},perhaps,,", "deny: 'perhaps' is given, and true or false is needed."),
        (f"bert,{{}},{EMPTY},,", f"deny: '{EMPTY}' is given, and true or false is needed."),
        ("bert,{},,all,", "reroute_gw: 'all' is given, and one of global, dns_only, disable is needed."),
        ("bert,{},,,10.0.0.300", "static_ipv4 of user bert: '10.0.0.300' is not an IP address"),
        (",{},yes,,", "name: a value is needed."),
    ],
)
def test_a_value_is_held_to_its_option_as_in_yaml(server: Server, tmp_path: Path, row: str, words: str) -> None:
    text = f"name,password,deny,reroute_gw,static_ipv4\nanna,,,,\n{row.format(PASSWORD)}\n"
    (tmp_path / "a.csv").write_text(text)
    [reported] = refusal(server, tmp_path / "a.csv")
    name = " (bert)" if row.startswith("bert") else ""
    assert reported.startswith(f"src: SRC, line 3{name}: {words}")


def test_a_port_that_is_none() -> None:
    assert items("name,port\na,4e2\nb,1_000\nc,\u0664\nd,+7\n", VPN_SERVER) == [
        {"name": "a", "port": "4e2"},
        {"name": "b", "port": "1_000"},
        {"name": "c", "port": "\u0664"},
        {"name": "d", "port": 7},
    ]


def test_all_mistakes_of_all_files_are_reported_at_once(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("name,colour,stat\nanna,red\nbert,red,absent\n,,\ncarl,,blocked\n")
    (tmp_path / "b.csv").write_text('name;deny\nanna;perhaps\nbert;no;no\n"dora;no\n')
    (tmp_path / "c.yml").write_text("- name: bert\n  deny: perhaps\n")
    reported = refusal(server, tmp_path)
    assert [one.partition("option.")[0].partition(" Each")[0].partition(" Put ")[0] for one in reported] == [
        "src: SRC/a.csv, line 1: colour: there is no such ",
        "src: SRC/a.csv, line 1: stat: there is no such ",
        "src: SRC/a.csv, line 2: the row has 2 cells, and the header has 3.",
        "src: SRC/b.csv, line 3: the row has 3 cells, and the header has 2.",
        'src: SRC/b.csv, line 4: a cell in this row begins with ", and the closing " is missing.',
        "src: SRC/b.csv, line 2 (anna): deny: 'perhaps' is given, and true or false is needed.",
        "src: SRC/c.yml, line 1 (bert): deny: 'perhaps' is given, and true or false is needed.",
        "user bert is declared twice in users (SRC/a.csv, line 3, and SRC/c.yml, line 1).",
    ]


@pytest.mark.parametrize("ending", ["csv", "yml"])
@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_text_that_is_not_utf_8(server: Server, tmp_path: Path, encoding: str, ending: str) -> None:
    (tmp_path / f"a.{ending}").write_text(f"name,password\nj\u00fcrgen,{PASSWORD}\n", encoding=encoding)
    assert refusal(server, tmp_path / f"a.{ending}") == ["src: SRC: this is not text in UTF-8."]


# -- in a task


def test_a_table_is_as_good_as_arguments(start: Callable[..., Simulated], tmp_path: Path) -> None:
    """The same requests and answers; secrets are masked wherever the answer repeats them."""
    server: Server = start()
    path = tmp_path / "users.csv"
    path.write_text(f'name;group;admin;password\nanna;"";yes;{PASSWORD}\nbert;{EMPTY};;\n')
    users = [{"name": "anna", "admin": True, "password": PASSWORD}, {"name": "bert", "group": ""}]
    expected = server.manage(USER, check=True, users=users)
    assert server.manage(USER, check=True, src=str(path)) == expected
    assert expected["counts"] == {"created": 2}
    server.simulator.faults.add(path="/api/users/create", status=400, body={"reason": f"I do not like {PASSWORD}"})
    answer = perform(BODY, "as_user", {**server.connection, "src": str(path)}, check=False, invocation=True)
    assert "I do not like ********" in answer["msg"]
    assert PASSWORD not in text_of(answer)


def declared(folder: Path, **params: t.Any) -> Mistakes:
    """The mistakes of a whole server's declaration in a folder."""
    given = {name: option.get("default") for name, option in DECLARATION.argument_spec().items()}
    with pytest.raises(Mistakes) as caught:
        DECLARATION.declared(Run(None, Task({**given, "src": str(folder), **params})))
    return caught.value


def test_tables_in_the_folder_of_a_whole_server(tmp_path: Path) -> None:
    (tmp_path / "groups.csv").write_text("name,members\nstaff,anna;bert\nothers,bert\n")
    (tmp_path / "users.csv").write_text("name,group,state\nanna,staff,\nbert,,absent\n")
    (tmp_path / "default_user.csv").write_text("group\nstaff\n")
    reported = "\n".join(declared(tmp_path).sentences)
    assert "default_user.csv does not belong to a declaration" in reported
    assert "bert is declared in staff and in others, but a user has only one group." in reported


@pytest.mark.parametrize("wrong", ["stat", "state"])
def test_what_a_wrong_header_hides_is_not_reported_as_a_contradiction(tmp_path: Path, wrong: str) -> None:
    """The table does not show whether bert stays while the meaning of one of its columns is unknown."""
    (tmp_path / "groups.yml").write_text("- {name: staff, state: absent}\n")
    (tmp_path / "users.csv").write_text(f"name,group,{wrong}\nbert,staff,present\n")
    reported = declared(tmp_path).sentences
    if wrong == "state":
        assert reported == ["group of user bert: group staff is declared absent."]
    else:
        assert [one.partition(" There")[0].rpartition("/")[2] for one in reported] == [
            "users.csv, line 1: stat: there is no such option. Did you mean state?"
        ]
