# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One list of people for servers of both products: who becomes what where, and what cannot be."""

from __future__ import annotations

import datetime
import json
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.vpn.estate.plugins.filter.people import FilterModule, person_spec
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_user import VPN_USER
from ansible_collections.vpn.estate.plugins.module_utils._text import outside
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Box, Server, sentences_of
from ansible_collections.vpn.estate.tests.unit.plugins.support.playbook import Folder, Run
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import first
from ansible_collections.vpn.estate.tests.unit.plugins.support.templates import given_options

ROOT = Path(__file__).resolve().parents[4]
FILTERS = FilterModule().filters()
INVENTORY = {
    "all": ["site-a", "site-b", "home", "web"],
    "access_servers": ["site-a", "site-b"],
    "freeboxes": ["home"],
    "lyon": ["site-b", "home"],
}
PRODUCTS = {"site-a": "access_server", "site-b": "access_server", "home": "freebox"}
SECRET = "mArK-pAsSwOrD-7"


def users(people: list[dict[str, t.Any]], server: str, own: list[dict[str, t.Any]] | None = None) -> t.Any:
    return FILTERS["people"](people, PRODUCTS[server], server, INVENTORY, own or [])


def wrong(people: t.Any, server: str, own: list[dict[str, t.Any]] | None = None) -> list[str]:
    found = FILTERS["people_contradictions"](people, PRODUCTS[server], server, INVENTORY, own or [])
    if found:  # the mapping is not made of what cannot be
        with pytest.raises(AnsibleFilterError) as caught:
            users(people, server, own)
        assert all(sentence in str(caught.value) for sentence in found)
    assert not any(SECRET in sentence for sentence in found)
    return t.cast("list[str]", found)


def notices(people: list[dict[str, t.Any]], server: str) -> t.Any:
    return FILTERS["people_notices"](people, PRODUCTS[server], server, INVENTORY)


# -- what a person becomes


def test_a_person_who_is_everywhere() -> None:
    anna = {"name": "anna"}
    assert users([anna], "site-a") == [{"name": "anna"}]
    assert users([anna], "home") == [{"login": "anna"}]


def test_all_that_can_be_said() -> None:
    anna = {
        "name": "anna",
        "state": "present",
        "groups": ["staff"],
        "servers": ["site-a", "freeboxes"],
        "addresses": {"site-a": ["10.8.16.9", "fd00:0::9"], "home": "192.168.27.70"},
        "password": SECRET,
        "access_server": {"autologin": True},
        "freebox": {"type": "standard"},
    }
    assert users([anna], "site-a") == [
        {
            "name": "anna",
            "group": "staff",
            "static_ipv4": "10.8.16.9",
            "static_ipv6": "fd00::9",
            "password": SECRET,
            "autologin": True,
        }
    ]
    assert users([anna], "site-b") == [{"name": "anna", "state": "absent"}]
    assert users([anna], "home") == [
        {"login": "anna", "ip_reservation": "192.168.27.70", "password": SECRET, "type": "standard"}
    ]


@pytest.mark.parametrize(
    ("servers", "there"),
    [
        (["all"], ["site-a", "site-b", "home"]),
        (["lyon"], ["site-b", "home"]),
        (["site-a", "lyon"], ["site-a", "site-b", "home"]),
        (["home"], ["home"]),
        (["web"], []),
        ([], []),
        (None, ["site-a", "site-b", "home"]),
    ],
)
def test_who_is_somewhere_is_nowhere_else(servers: list[str] | None, there: list[str]) -> None:
    """Left alone elsewhere, access would be wider than it is declared."""
    people = [{"name": "anna", "servers": servers}]
    assert [server for server in PRODUCTS if users(people, server)[0].get("state") != "absent"] == there


@pytest.mark.parametrize(
    ("state", "on_access_servers", "on_freeboxes"),
    [("present", None, None), ("blocked", "blocked", "absent"), ("absent", "absent", "absent")],
)
def test_states(state: str, on_access_servers: str | None, on_freeboxes: str | None) -> None:
    people = [{"name": "anna", "state": state, "groups": ["staff"], "addresses": {"home": "192.168.27.70"}}]
    assert users(people, "site-a")[0].get("state") == on_access_servers
    assert users(people, "home")[0].get("state") == on_freeboxes
    assert ("group" in users(people, "site-a")[0]) is (state != "absent")


@pytest.mark.parametrize("server", PRODUCTS)
def test_an_end_and_when_the_password_is_sent_are_for_both_products(server: str) -> None:
    product = PRODUCTS[server]
    anna = {"name": "anna", "password": SECRET, "update_password": "always", "until": datetime.date(2026, 12, 31)}
    [user] = users([anna], server)
    assert (user["until"], user["update_password"]) == ("2026-12-31", "always")
    own = {"until": datetime.date(2027, 1, 31), "update_password": "on_create"}
    [user] = users([{**anna, product: own}], server)
    assert (user["until"], user["update_password"]) == ("2027-01-31", "on_create")
    key = "name" if product == "access_server" else "login"
    assert users([anna], server, [{key: "anna", "until": anna["until"]}])[0]["until"] == "2026-12-31"
    assert wrong([anna], server, [{key: "anna", "until": "2026-11-30"}])
    [sentence] = wrong([{"name": "anna", "until": "soon"}], server)
    assert sentence.startswith(f"anna cannot be a user of {server}: until of ")
    assert "'soon' is neither a day, such as 2026-12-31" in sentence
    assert "update_password" in wrong([{**anna, "update_password": "now"}], server)[0]


def test_groups_of_an_access_server() -> None:
    assert users([{"name": "anna", "groups": []}], "site-a") == [{"name": "anna", "group": ""}]
    assert users([{"name": "anna", "groups": [], "access_server": {"group": ""}}], "site-a")[0]["group"] == ""
    both = {"name": "anna", "groups": ["staff", "board"]}
    assert wrong([both], "home") == []
    assert wrong([both], "site-a") == [
        "anna is in the groups staff and board, and a user of an Access Server has one group: choose it with access_server: "
        "{group: staff}"
    ]
    chosen = {**both, "access_server": {"group": "board"}}
    assert users([chosen], "site-a")[0]["group"] == "board"
    assert wrong([{**both, "access_server": {"group": "guests"}}], "site-a") == [
        "anna has the group guests in access_server, which is not among the groups of anna"
    ]


def test_addresses_that_are_taken_away() -> None:
    for nothing in ("", []):
        people = [{"name": "anna", "addresses": {"site-a": nothing, "home": nothing}}]
        assert users(people, "site-a") == [{"name": "anna", "static_ipv4": "", "static_ipv6": ""}]
        assert users(people, "home") == [{"login": "anna", "ip_reservation": ""}]


def test_wireguard() -> None:
    """Its users have no password, which may be there for the other product."""
    phone = {
        "name": "phone",
        "password": SECRET,
        "freebox": {"type": "wireguard"},
        "addresses": {"home": "192.168.27.71"},
    }
    assert users([phone], "home") == [{"login": "phone", "type": "wireguard", "ip_reservation": "192.168.27.71"}]
    assert users([phone], "site-a")[0]["password"] == SECRET
    assert wrong([{**phone, "addresses": {}}], "home") == [
        "phone is a WireGuard user, and needs an address on each Freebox: set it in addresses"
    ]
    said = {**phone, "freebox": {"type": "wireguard", "password": SECRET}}
    assert wrong([said], "home") == [
        "phone cannot be a user of home: password of VPN user phone: a WireGuard user has keys, and no password"
    ]


def test_a_password_of_one_product_goes_before_that_of_the_person() -> None:
    people = [{"name": "anna", "password": SECRET, "freebox": {"password": "another-one"}}]
    assert users(people, "home")[0]["password"] == "another-one"
    assert users(people, "site-a")[0]["password"] == SECRET


# -- beside users of the server's own


def test_what_a_server_says_of_a_person_adds_to_it() -> None:
    own = [{"name": "kiosk"}, {"name": "anna", "admin": True, "group": "staff"}]
    people = [{"name": "anna", "groups": ["staff"]}, {"name": "bert"}]
    assert users(people, "site-a", own) == [
        {"name": "anna", "group": "staff", "admin": True},
        {"name": "bert"},
        {"name": "kiosk"},
    ]


def test_without_people_the_servers_own_users_are_what_they_are() -> None:
    own = [{"name": "kiosk", "anything": 1}, {"name": "kiosk"}]
    assert users([], "site-a", own) is own
    assert wrong([], "site-a", own) == []


def test_a_server_may_keep_a_person_out() -> None:
    people = [{"name": "anna", "groups": ["staff"]}]
    assert users(people, "site-a", [{"name": "anna", "state": "absent"}]) == [{"name": "anna", "state": "absent"}]
    assert users(people, "site-a", [{"name": "anna", "state": "blocked"}])[0]["state"] == "blocked"


@pytest.mark.parametrize(
    ("person", "own", "sentence"),
    [
        (
            {"groups": ["staff"]},
            {"group": "board"},
            "group of anna differs between estate_people and access_server_users of site-a: 'staff' and 'board'",
        ),
        (
            {"password": SECRET},
            {"password": f"{SECRET}2"},
            "password of anna differs between estate_people and access_server_users of site-a",
        ),
        (
            {"state": "blocked"},
            {"state": "present"},
            "state of anna differs between estate_people and access_server_users of site-a: 'blocked' and 'present'",
        ),
        (
            {"servers": ["site-b"]},
            {},
            "estate_people excludes anna from site-a, but access_server_users of site-a declares anna",
        ),
        (
            {"state": "absent"},
            {"state": "blocked"},
            "estate_people excludes anna from site-a, but access_server_users of site-a declares anna",
        ),
    ],
)
def test_what_a_server_says_of_a_person_does_not_contradict_it(
    person: dict[str, t.Any], own: dict[str, t.Any], sentence: str
) -> None:
    assert wrong([{"name": "anna", **person}], "site-a", [{"name": "anna", **own}]) == [sentence]


# -- what cannot be


@pytest.mark.parametrize(
    ("person", "server", "sentence"),
    [
        (
            {"adress": 1},
            "home",
            "anna has 'adress', which is not an option of a person. Did you mean addresses?",
        ),
        (
            {"phone": 1},
            "home",
            "anna has 'phone', which is not an option of a person. "
            "Available are name, state, groups, servers, addresses, password, ",
        ),
        ({"state": "gone"}, "home", "the state of anna is 'gone'; allowed are present, blocked, absent"),
        ({"groups": "staff"}, "home", "groups of anna is not a list of names"),
        ({"servers": "home"}, "home", "servers of anna is not a list of names"),
        ({"servers": [1]}, "home", "servers of anna is not a list of names"),
        ({"addresses": "10.0.0.1"}, "home", "addresses of anna is not a mapping from servers to addresses"),
        (
            {"addresses": {"home": 1}},
            "home",
            "addresses of anna has a server with neither an address nor a list of addresses",
        ),
        ({"freebox": []}, "site-a", "freebox of anna is not a mapping of options"),
        ({"access_server": "x"}, "home", "access_server of anna is not a mapping of options"),
        ({"freebox": {"login": "x"}}, "home", "freebox of anna has 'login', which is set for the person, in name"),
        ({"freebox": {"state": "x"}}, "home", "freebox of anna has 'state', which is set for the person, in state"),
        (
            {"access_server": {"static_ipv4": "x"}},
            "home",
            "access_server of anna has 'static_ipv4', which is set for the person, in addresses",
        ),
        (
            {"servers": ["site-c"]},
            "home",
            "servers of anna names 'site-c', which is not a host or a group of the inventory",
        ),
        (
            {"addresses": {"site-c": ""}},
            "home",
            "addresses of anna names 'site-c', which is not a host of the inventory",
        ),
        (
            {"addresses": {"lyon": ""}},
            "home",
            "addresses of anna names 'lyon', which is a group; an address is for one server",
        ),
        (
            {"addresses": {"site-a": "10.8.16.9"}, "servers": ["home"]},
            "home",
            "addresses of anna names 'site-a', which is not among the servers of anna",
        ),
        (
            {"addresses": {"home": "10.8.16"}},
            "home",
            "the address '10.8.16' of anna on home is not an IP address, such as 192.0.2.7",
        ),
        (
            {"addresses": {"home": "fd00::9"}},
            "home",
            "anna has the address fd00::9 on home, which assigns no IPv6 address",
        ),
        (
            {"addresses": {"site-a": ["10.8.16.9", "10.8.16.10"]}},
            "site-a",
            "anna has two IPv4 addresses on site-a, and can have one",
        ),
        (
            {"password": SECRET * 3},
            "home",
            "anna cannot be a user of home: password of VPN user anna has 45 characters; a Freebox takes 8 to 32",
        ),
        (
            {"password": "anna"},
            "site-a",
            "anna cannot be a user of site-a: password of user anna: it must not be the user's name, which is easy to guess",
        ),
        ({"freebox": {"colour": 1}}, "home", "anna cannot be a user of home: colour: there is no such option."),
        ({"access_server": {"autologin": "perhaps"}}, "site-a", "anna cannot be a user of site-a: "),
        (
            {"state": "blocked", "access_server": {"deny": False}},
            "site-a",
            "anna cannot be a user of site-a: user anna: state: blocked contradicts the declared deny; only one of them is allowed",
        ),
    ],
)
def test_what_cannot_be(person: dict[str, t.Any], server: str, sentence: str) -> None:
    found = wrong([{"name": "anna", **person}], server)
    assert len(found) == 1, found
    assert found[0].startswith(sentence), found


@pytest.mark.parametrize("person", [{}, {"name": ""}, {"name": 7}, "anna", None])
def test_a_person_without_a_name(person: t.Any) -> None:
    assert wrong([{"name": "anna"}, person], "home") == ["person number 2 is not a mapping with a name"]


def test_two_people_of_one_name() -> None:
    assert wrong([{"name": "anna"}, {"name": "anna"}], "home") == ["two people are called anna"]
    assert wrong([{"name": "anna"}, {"name": "Anna"}], "site-a") == [
        "two people are called anna and Anna, which differ only in case"
    ]


def test_one_address_of_two_people() -> None:
    people = [
        {"name": name, "addresses": {"home": text}}
        for name, text in (("anna", "192.168.27.70"), ("bert", "192.168.27.70"))
    ]
    assert wrong(people, "home") == ["anna and bert have the same address on home, 192.168.27.70"]
    assert wrong(people, "site-a") == []
    people[1]["state"] = "blocked"
    assert wrong(people, "home") == []
    own = [{"login": "kiosk", "ip_reservation": " 192.168.27.70"}, {"login": "max", "ip_reservation": "192.168.27.70"}]
    assert wrong(people, "home", own[1:]) == ["anna and max have the same address on home, 192.168.27.70"]
    assert wrong(people, "home", own[:1]) == ["anna and kiosk have the same address on home, 192.168.27.70"]


def test_a_person_and_a_user_of_a_server_who_differ_only_in_case() -> None:
    for server, key, where in (("home", "login", "freebox_vpn_users"), ("site-a", "name", "access_server_users")):
        sentence = f"anna in estate_people and Anna in {where} of {server} differ only in case"
        assert wrong([{"name": "anna"}], server, [{key: "Anna"}]) == [sentence]
        assert wrong([{"name": "anna"}], server, [{key: "berta"}]) == []


def test_names_of_many_people_and_users_are_compared_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counted(name: str) -> str:
        asked.append(name)
        return name.casefold()

    monkeypatch.setattr(outside, "alike", counted)
    people, own = ([{"name": f"{kind}{number}"} for number in range(50)] for kind in ("person", "user"))
    assert not FILTERS["people_contradictions"](people, "access_server", "site-a", INVENTORY, own)
    assert len(asked) <= 2 * (len(people) + len(own))


@pytest.mark.parametrize("people", [{"anna": {"groups": ["staff"]}}, "anna"])
def test_what_is_no_list_of_people(people: t.Any) -> None:
    assert wrong(people, "home") == ["estate_people is not a list of people"]


@pytest.mark.parametrize("given", [("inventory", []), ("product", "router"), ("own", "x")])
def test_what_the_filters_cannot_do_without(given: tuple[str, t.Any]) -> None:
    what = {"product": "freebox", "inventory": INVENTORY, "own": [], given[0]: given[1]}
    arguments = ([{"name": "anna"}], what["product"], "home", what["inventory"], what["own"])
    for name in ("people", "people_contradictions"):
        with pytest.raises(AnsibleFilterError, match=r"^people: "):
            FILTERS[name](*arguments)


def test_notices() -> None:
    people = [
        {"name": "anna", "groups": ["staff"]},
        {"name": "bert", "groups": ["staff"], "state": "blocked"},
        {"name": "carl", "state": "blocked"},
        {"name": "dora", "groups": ["staff"], "servers": ["site-a"]},
        {"name": "emil", "groups": []},
        {"name": "finn", "until": "2026-12-31"},
        {"name": "gerd", "until": "2026-12-31", "state": "absent"},
        {"name": "hugo", "freebox": {"until": "2026-12-31"}},
    ]
    assert notices(people, "site-a") == []
    assert notices(people, "home") == [
        "a Freebox cannot block a user, and deletes these users after until: finn and hugo",
        "a Freebox cannot block a user and keep it, so blocked users are deleted there: bert and carl",
        "a Freebox has no groups, and users may reach everything; groups have no effect there for: anna",
    ]
    assert notices(people[4:5], "home") == []
    assert notices([], "home") == []


# -- people from a table


def from_csv(text: str) -> t.Any:
    return FILTERS["people_from_csv"](text, "people.csv")


def test_a_table_says_what_the_list_says() -> None:
    """All that can be said, and what is left out; quotes and the separator are those of a spreadsheet."""
    text = (
        "\ufeffname;state;groups;servers;addresses.site-a;addresses.home.example.com;password;"
        "access_server.autologin;access_server.cli_script_connect_win_env.A.b;freebox.type\n"
        f'anna;present;"staff;ops";{{}};" 10.8.16.9 ; fd00::9";192.168.27.70;{SECRET} ;yes;x;standard\n'
        ";;;;;;;;;\n"
        "bert;blocked;(empty);;(empty);;;;;\n"
    )
    assert from_csv(text.format('"site-a;freeboxes"').replace("\n", "\r\n")) == [
        {
            "name": "anna",
            "state": "present",
            "groups": ["staff", "ops"],
            "servers": ["site-a", "freeboxes"],
            "addresses": {"site-a": ["10.8.16.9", "fd00::9"], "home.example.com": ["192.168.27.70"]},
            "password": f"{SECRET} ",
            "access_server": {"autologin": True, "cli_script_connect_win_env": {"A.b": "x"}},
            "freebox": {"type": "standard"},
        },
        {"name": "bert", "state": "blocked", "groups": [], "addresses": {"site-a": []}},
    ]


def test_all_mistakes_of_a_table_are_reported_at_once() -> None:
    text = (
        "name,state,access_server.state,freebox.tpye,addresses.site-a,access_server.deny,password\n"
        f"anna,gone,,,10.8.16.9;,perhaps,{SECRET}\n"
        f"bert,{SECRET}\n"
        f",,,,,,{SECRET}\n"
        "carl,gone,,,,perhaps,\n"
    )
    with pytest.raises(AnsibleFilterError) as caught:
        from_csv(text)
    _first, *sentences = sentences_of(str(caught.value))
    expected = (
        "line 1: access_server.state: there is no such option.",
        "line 1: freebox.tpye: there is no such option. Did you mean type?",
        "line 3: the row has 2 cells, and the header has 7.",
        "line 2 (anna): addresses.site-a: a value of the list is empty;",
        "line 2 (anna): state: 'gone' is given, and one of present, blocked, absent is needed.",
        "line 2 (anna): access_server.deny: 'perhaps' is given, and true or false is needed.",
        "line 4: name: a value is needed.",
        "line 5 (carl): state: 'gone' is given, and one of present, blocked, absent is needed.",
        "line 5 (carl): access_server.deny: 'perhaps' is given, and true or false is needed.",
    )
    for sentence, words in zip(sentences, expected, strict=True):
        assert sentence.startswith(f"people.csv, {words}")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("text", [None, b"name\nanna\n", ["name"], {}])
def test_what_is_no_text_is_no_table(text: t.Any) -> None:
    with pytest.raises(AnsibleFilterError, match=r"people_from_csv: pass the text of a table"):
        FILTERS["people_from_csv"](text)


def test_a_table_has_columns_for_what_the_documentation_names() -> None:
    """With the same types."""
    documented = yaml.safe_load((ROOT / "plugins/filter/people.yml").read_text())["DOCUMENTATION"]
    said = documented["options"]["_input"]["suboptions"]
    spec = person_spec()
    assert list(spec) == list(said)
    for name, option in spec.items():
        assert {key: option.get(key) for key in ("type", "elements", "required")} == {
            key: said[name].get(key) for key in ("type", "elements", "required")
        }
        assert [*option.get("choices", ())] == said[name].get("choices", [])


# -- people who have no access any more


def gone(people: list[dict[str, t.Any]], server: str, **more: t.Any) -> t.Any:
    return FILTERS["people_gone"](people, PRODUCTS[server], server, INVENTORY, **more)


def test_who_has_no_access_any_more() -> None:
    people = [
        {"name": "anna"},
        {"name": "bert", "state": "blocked", "password": object()},
        {"name": "carl", "state": "absent"},
        {"name": "dora", "servers": ["access_servers"]},
        {"name": "emil", "until": datetime.date(2001, 5, 6)},
        {"name": "finn", "until": "2990-12-31", "freebox": {"until": "2001-05-06"}},
    ]
    assert gone(people, "site-a") == ["bert", "carl", "emil"]
    assert gone(people, "home") == ["bert", "carl", "dora", "emil", "finn"]
    assert gone([], "home") == []
    assert gone(["anna", {}, {"name": 7, "state": "blocked"}], "home") == []  # the site playbook tells of these


def test_who_has_no_access_on_another_day(monkeypatch: pytest.MonkeyPatch) -> None:
    people = [{"name": "anna", "until": "2990-12-31"}, {"name": "bert", "until": "2991-01-01"}]
    assert gone(people, "home", today=datetime.date(2991, 1, 1), check=True) == ["anna"]
    with pytest.raises(AnsibleFilterError, match="vpn_estate_today is '2991-01-01', but it is for check mode only"):
        gone(people, "home", today="2991-01-01")
    monkeypatch.setenv("VPN_ESTATE_TODAY", "2991-01-02")
    assert gone(people, "home", check=True) == ["anna", "bert"]
    with pytest.raises(AnsibleFilterError, match="people_gone: 'soon' is neither a day"):
        gone([{"name": "anna", "until": "soon"}], "home", check=True)


@pytest.mark.parametrize("server", PRODUCTS)
def test_who_has_no_access_is_who_is_not_present_among_the_users(server: str) -> None:
    """The two filters that read the list agree."""
    servers = (None, ["site-a"], ["lyon"], [])
    people = [
        {"name": f"{state}-{number}", "state": state, "servers": named}
        for state in ("present", "blocked", "absent")
        for number, named in enumerate(servers)
    ]
    key = "name" if PRODUCTS[server] == "access_server" else "login"
    assert gone(people, server) == [one[key] for one in users(people, server) if one.get("state")]


# -- by real runs of the site playbook

PEOPLE: list[dict[str, t.Any]] = [
    {
        "name": "anna",
        "groups": ["staff"],
        "password": "{{ vault_anna_password }}",
        "addresses": {"home": "192.168.27.70"},
    },
    {"name": "bert", "groups": ["staff"], "servers": ["site-a"], "access_server": {"autologin": True}},
    {
        "name": "carl",
        "servers": ["freeboxes"],
        "freebox": {"type": "wireguard"},
        "addresses": {"home": "192.168.27.71"},
    },
]


class Estate:
    """An Access Server, a Freebox, and the site playbook for both."""

    def __init__(self, server: Server, box: Box, path: Path) -> None:
        self.server, self.box, self.folder = server, box, Folder(path)
        self.folder.hurry()
        self.variables: dict[str, dict[str, t.Any]] = {
            "site-a": {"access_server_groups": [{"name": "staff"}], "access_server_users": [{"name": "kiosk"}]},
            "home": {
                "freebox_vpn_servers": [
                    {"name": "openvpn_routed", "enabled": True},
                    {"name": "wireguard", "enabled": True},
                ],
            },
        }

    def run(self, people: t.Any, *arguments: str) -> Run:
        connections = {"site-a": self.server.connection, "home": self.box.connection}
        hosts = {name: {**connections[name], **more} for name, more in self.variables.items()}
        everybody = {"vault_anna_password": SECRET, **({"estate_people": people} if people is not None else {})}
        self.folder.write(
            "hosts.json",
            yaml.safe_dump(  # which has dates
                {
                    "access_servers": {"hosts": {"site-a": hosts["site-a"]}},
                    "freeboxes": {"hosts": {"home": hosts["home"]}},
                    "all": {"vars": everybody},
                }
            ),
        )
        for each in (self.server, self.box):
            each.simulator.log.clear()
        run = self.folder.play([{"import_playbook": "vpn.estate.site"}], *arguments)
        assert SECRET not in run.output
        return run

    @property
    def writes(self) -> int:
        return len(self.server.writes()) + len(self.box.writes())

    @property
    def names(self) -> dict[str, set[str]]:
        """Users on each server, but for those that the Access Server came with."""
        simulator = self.server.simulator
        there = set(simulator.state()["users"]) - {simulator.username, simulator.mfa_username}
        return {"site-a": there, "home": set(self.box.simulator.state()["users"])}


@pytest.fixture(name="estate")
def fixture_estate(server: Server, box: Box, tmp_path: Path) -> Estate:
    return Estate(server, box, tmp_path)


def changed(run: Run) -> dict[str, int]:
    return {host: numbers["changed"] for host, numbers in run.tally.items()}


@pytest.mark.versions
def test_people_from_a_table_are_text_and_no_templates(estate: Estate) -> None:
    hostile = "{{ lookup('pipe', 'touch ' ~ inventory_dir ~ '/run') }}"
    rows = ("name;groups;servers;access_server.cc_commands", f"anna;staff;site-a;{hostile}", "bert;;freeboxes;")
    estate.folder.write("people.csv", "\n".join(rows))
    done = estate.run(
        "{{ lookup('ansible.builtin.file', inventory_dir ~ '/people.csv') | vpn.estate.people_from_csv('people.csv') }}"
    )
    assert done.status == 0, done.output
    assert estate.names == {"site-a": {"anna", "kiosk"}, "home": {"bert"}}
    found = {user["name"]: user for user in estate.server.inform(USER)}
    assert (found["anna"]["group"], found["anna"]["cc_commands"]) == ("staff", hostile)
    assert not (estate.folder.path / "run").exists()


def test_the_estate_from_nothing(estate: Estate) -> None:
    done = estate.run(PEOPLE, "-vvv", "--diff")
    assert done.status == 0, done.output
    assert changed(done) == {"site-a": 1, "home": 1}
    assert estate.names == {"site-a": {"anna", "bert", "kiosk"}, "home": {"anna", "carl"}}
    assert (
        "a Freebox has no groups, and users may reach everything; groups have no effect there for: anna" in done.output
    )
    found = {user["name"]: user for user in estate.server.inform(USER)}
    assert (found["anna"]["group"], found["bert"]["autologin"]) == ("staff", True)
    assert estate.box.simulator.password_is("anna", SECRET)
    assert [(user["login"], user["type"], user["ip_reservation"]) for user in estate.box.inform(VPN_USER)] == [
        ("anna", "standard", "192.168.27.70"),
        ("carl", "wireguard", "192.168.27.71"),
    ]


@pytest.mark.versions
def test_the_access_of_a_person_ends(estate: Estate) -> None:
    """YAML has dates that are no text, which go through the templates of the roles."""
    estate.server.simulator.set_user("anna")
    estate.box.simulator.set_user("anna", password="Correct-Horse-1")
    people = [{"name": "anna", "until": datetime.date(2990, 12, 31)}]
    estate.variables["site-a"]["access_server_users"] = [{"name": "kiosk", "until": datetime.date(2990, 12, 30)}]
    future = ("-e", "vpn_estate_today=2991-01-01")
    shown = estate.run(people, "--check", "--diff", *future)
    assert shown.status == 0, shown.output
    assert changed(shown) == {"site-a": 1, "home": 1}
    assert "deletes these users after until: anna" in shown.output
    assert "users: 1 created (1 blocked, 1 because of until), 1 updated (1 blocked, 1 because of until)" in shown.output
    assert "users: 1 deleted (1 because of until)" in shown.output
    refused = estate.run(people, *future)
    assert refused.status != 0
    assert "vpn_estate_today is '2991-01-01', but it is for check mode only" in refused.output
    assert estate.writes == 0


@pytest.mark.exhaustive
def test_a_person_leaves(estate: Estate) -> None:
    """Anna leaves, and Bert moves to the box. Check mode tells what each run does."""
    check = estate.run(PEOPLE, "--check")
    assert check.status == 0, check.output
    assert estate.writes == 0
    assert changed(estate.run(PEOPLE)) == changed(check)
    again = estate.run(PEOPLE)
    assert again.status == 0, again.output
    assert changed(again) == {"site-a": 0, "home": 0}
    assert estate.writes == 0
    later = [{**PEOPLE[0], "state": "blocked"}, {**PEOPLE[1], "servers": ["home"]}, PEOPLE[2]]
    estate.box.simulator.connect("anna")
    estate.server.simulator.connect("anna")
    machine = estate.server.simulator.machine
    machine.profiles._made("anna", "autologin", False, comment=None)
    machine.tokens.add("anna")
    check = estate.run(later, "--check")
    done = estate.run(later)
    assert done.status == 0, done.output
    assert changed(done) == changed(check)
    assert "blocked users are deleted there: anna" in done.output
    assert estate.names == {"site-a": {"anna", "kiosk"}, "home": {"bert", "carl"}}
    assert estate.server.simulator.state()["users"]["anna"]["deny"] is True
    assert estate.box.simulator.state()["connections"] == []
    assert estate.server.simulator.state()["vpn_clients"] == []
    assert [one["username"] for one in [*machine.profiles.all(), *machine.tokens.all().values()]] == []
    assert changed(estate.run(later)) == {"site-a": 0, "home": 0}


@pytest.mark.parametrize(
    "wrong_by_sentence",
    first(
        {  # of both
            "servers of dora names 'site-c', which is not a host or a group of the inventory": {
                "name": "dora",
                "servers": ["site-c"],
            },
        },
        {  # of the Access Server alone
            "dora is in the groups staff and board": {"name": "dora", "groups": ["staff", "board"]},
            "estate_people excludes kiosk from site-a, but access_server_users": {
                "name": "kiosk",
                "state": "absent",
            },
        },
        {  # of the box alone
            "dora has the address fd00::9 on home, which assigns no IPv6 address": {
                "name": "dora",
                "addresses": {"home": "fd00::9"},
            },
            "anna and emil have the same address on home, 192.168.27.70": {
                "name": "emil",
                "addresses": {"home": "192.168.27.70"},
            },
            "password of VPN user fred has 45 characters; a Freebox takes 8 to 32": {
                "name": "fred",
                "password": SECRET * 3,
            },
        },
    ),
)
def test_what_cannot_be_on_one_server_is_said_before_anything_is_written_to_any(
    estate: Estate, wrong_by_sentence: dict[str, dict[str, t.Any]]
) -> None:
    run = estate.run([*PEOPLE, *wrong_by_sentence.values()])
    assert run.status != 0
    said = " ".join(run.output.split())
    for sentence in wrong_by_sentence:
        assert sentence in said, run.output
    assert "Nothing was written" in said
    assert estate.server.simulator.log == []
    assert estate.box.simulator.log == []


@pytest.mark.exhaustive
def test_files_of_users_and_people_do_not_go_together(estate: Estate) -> None:
    path = str(estate.folder.write("users.json", []))
    del estate.variables["site-a"]["access_server_users"]
    estate.variables["site-a"]["access_server_users_src"] = path
    estate.variables["home"]["freebox_vpn_users_src"] = path
    run = estate.run(PEOPLE)
    assert run.status != 0
    for sentence in (
        "estate_people and access_server_users_src are both defined",
        "estate_people and freebox_vpn_users_src are both defined",
    ):
        assert sentence in " ".join(run.output.split()), run.output
    assert estate.writes == 0


@pytest.mark.exhaustive
def test_an_estate_without_a_list_of_people(estate: Estate) -> None:
    """Each server has what it declares itself, and a purge keeps users that only the list of people declares."""
    estate.variables["home"]["freebox_vpn_users"] = [{"login": "erika", "password": SECRET}]
    estate.box.simulator.set_user("stranger")
    estate.variables["home"] |= {"freebox_vpn_purge": ["users"], "freebox_vpn_purge_limit": "1"}
    run = estate.run(None)
    assert run.status == 0, run.output
    assert estate.names == {"site-a": {"kiosk"}, "home": {"erika"}}
    estate.variables["home"]["freebox_vpn_users"] = []
    both = estate.run(PEOPLE[:1])
    assert both.status == 0, both.output
    assert estate.names == {"site-a": {"anna", "kiosk"}, "home": {"anna"}}


@pytest.mark.exhaustive
def test_what_the_role_of_boxes_refuses_by_itself(estate: Estate) -> None:
    estate.variables["home"] = {
        "freebox_vpn_users": [],
        "freebox_vpn_users_src": "x",
        "freebox_vpn_servers": [],
        "freebox_vpn_servers_src": "x",
    }
    output = " ".join(estate.run(None, "--limit=home").output.split())
    assert "parameters are mutually exclusive: servers|servers_src, users|users_src" in output
    estate.variables["home"] = {"freebox_vpn_purge": ["users"]}
    output = " ".join(estate.run(None, "--limit=home").output.split())
    assert "one of the following is required: servers, users, servers_src, users_src, src" in output
    estate.variables["home"] = {"freebox_vpn_purge": ["users"], "freebox_vpn_servers": []}
    output = " ".join(estate.run(None, "--limit=home").output.split())
    assert "purge: users is not declared. Declare users, or remove it from purge." in output
    assert estate.box.simulator.log == []


@pytest.mark.exhaustive
def test_the_role_of_boxes_takes_files(estate: Estate) -> None:
    users_of_home = [{"login": "erika", "password": SECRET}, {"login": "max", "state": "absent"}]
    users = str(estate.folder.write("users.json", users_of_home))
    servers = str(estate.folder.write("servers.json", [{"name": "openvpn_routed", "enabled": True}]))
    estate.box.simulator.set_user("max")
    estate.variables["home"] = {"freebox_vpn_users_src": users, "freebox_vpn_servers_src": servers}
    check = estate.run(None, "--check", "--limit=home")
    run = estate.run(None, "--limit=home")
    assert run.status == 0, run.output
    assert changed(run) == changed(check) == {"home": 1}
    assert set(estate.box.simulator.state()["users"]) == {"erika"}
    assert changed(estate.run(None, "--limit=home")) == {"home": 0}


def test_the_site_playbook_passes_every_connection_option_of_boxes_on() -> None:
    from ansible_collections.vpn.estate.plugins.module_utils._freebox.connection import ARGUMENT_SPEC

    plays = yaml.safe_load((ROOT / "playbooks/site.yml").read_text(encoding="utf-8"))
    [play] = [play for play in plays if "module_defaults" in play]
    passed_on = play["module_defaults"]["group/vpn.estate.freebox"]
    named = {name: f"the value of {name}" for name in set(ARGUMENT_SPEC) - {"freebox_session"}}
    assert given_options(passed_on, named) == named
    assert given_options(passed_on, {}) == {}


def test_the_documentation_shows_people_as_the_filter_takes_them() -> None:
    text = yaml.safe_load((ROOT / "plugins/filter/people.yml").read_text(encoding="utf-8"))
    known = set(text["DOCUMENTATION"]["options"]["_input"]["suboptions"])
    assert json.loads(json.dumps(sorted(known))) == sorted(
        {"name", "state", "groups", "servers", "addresses", "access_server", "freebox"}
        | {"password", "update_password", "until"}
    )
