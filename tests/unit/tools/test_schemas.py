# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schemas in ``schemas`` take what the modules take, and refuse the mistakes that the modules refuse."""

from __future__ import annotations

import copy
import json
import re
import typing as t
from collections.abc import Iterator, Mapping
from pathlib import Path

import jsonschema
import pytest
from ansible_collections.vpn.estate.plugins.filter.people import people_contradictions
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_list import ACCESS_LIST
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.access_ruleset import ACCESS_RULESET
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.default_user import DEFAULT_USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.configuration.config_item import CONFIG_ITEM
from ansible_collections.vpn.estate.plugins.module_utils._engine.arguments import Checker, Lines, TextOrNumber
from ansible_collections.vpn.estate.plugins.module_utils._engine.declaration_files import read_files
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.plugins.module_utils._files.read_file import plain_read
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_server import VPN_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._freebox.vpn_user import VPN_USER
from ansible_collections.vpn.estate.plugins.module_utils._text.errors import InputError
from ansible_collections.vpn.estate.tests.unit.plugins.support.documents import loaded
from ansible_collections.vpn.estate.tests.unit.plugins.support.sizes import examples
from hypothesis import given
from hypothesis import strategies as st

Item = dict[str, t.Any]
Rules = Mapping[str, t.Any]

ROOT = Path(__file__).resolve().parents[3]
RESOURCES: Mapping[str, Resource] = {
    "access_server_groups": GROUP,
    "access_server_default_user": DEFAULT_USER,
    "access_server_users": USER,
    "access_server_access_lists": ACCESS_LIST,
    "access_server_access_rulesets": ACCESS_RULESET,
    "access_server_config_items": CONFIG_ITEM,
    "freebox_vpn_servers": VPN_SERVER,
    "freebox_vpn_users": VPN_USER,
}
# Of what people write. The one of reports is tried on reports, in test_report.py.
SCHEMAS: Mapping[str, t.Any] = {
    path.stem: json.loads(path.read_text()) for path in ROOT.glob("schemas/*.json") if path.stem != "report"
}
TAKES = {name: jsonschema.Draft7Validator(schema).is_valid for name, schema in SCHEMAS.items()}
ROLES = ("access_server", "freebox_vpn")
OPTIONS_OF_ROLES: Mapping[str, Rules] = {
    name: option
    for role in ROLES
    for name, option in loaded((ROOT / f"roles/{role}/meta/argument_specs.yml").read_text())["argument_specs"]["main"][
        "options"
    ].items()
}
TEMPLATE = "{{ vault_of_a_name | default('x') }}"

each_resource = pytest.mark.parametrize("variable", RESOURCES)


def rules_of(resource: Resource) -> Rules:
    return resource.argument_spec()[resource.plural] if resource.plural else {"options": resource.object_spec()}


def checked(resource: Resource, item: t.Any) -> bool:
    """Whether the module takes an object."""
    rules = rules_of(resource)
    try:
        if resource.plural:
            Checker({resource.plural: rules}).item(resource.plural, item)
        else:
            Checker(rules["options"]).arguments(item)
    except InputError:
        return False
    return True


def in_file(variable: str, item: t.Any) -> bool:
    """Whether the schema of a file takes an object."""
    return TAKES[variable]([item] if RESOURCES[variable].plural else item)


def in_variables(variable: str, item: t.Any) -> bool:
    """Whether the schema of variables takes an object."""
    return TAKES["variables"]({variable: [item] if RESOURCES[variable].plural else item})


# -- values that are right, and others

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 70_000),
    st.floats(allow_nan=False, allow_infinity=False, width=16),
    st.text(max_size=8),
    st.sampled_from(
        ["yes", "OFF", " true ", "2", "7", " +7 ", "7.0", "7.5", "1e3", "1_000", "1.5e1", "inf", "_", "", "٧", "K"]
        + [
            "{",
            "{}",
            '{"a": 1}',
            "a=b",
            "a=b c=d",
            "a=b c",
            "deny,admin",
            "deny, admin",
            "deny",
            "present",
            "global",
            "tcp",
        ]
    ),
)
ANYTHING = st.recursive(
    SCALARS,
    lambda each: st.one_of(st.lists(each, max_size=2), st.dictionaries(st.text(max_size=4), each, max_size=2)),
    max_leaves=4,
)
WRONG: Mapping[str, list[t.Any]] = {
    "bool": ["maybe", 2, -1, 0.5, [], {}],
    "int": ["ten", "1.5", 1.5, True, [], {}],
    "str": [True, 1.5, 7, [], ["a"], {}],
    "number": [True, 1.5, [], {}],
    "lines": [True, 1.5, {}, [None], [True], [["a"]]],
    "dict": ["text", 7, True, [], ["a"]],
    "list": [True, 7, 1.5, {}],
    "raw": [],
}


def kind_of(rules: Rules) -> str:
    kind = rules.get("type", "str")
    return (
        "lines"
        if isinstance(kind, Lines)
        else "number"
        if isinstance(kind, TextOrNumber)
        else {"path": "str"}.get(kind, kind)
    )


def one_of(options: Rules) -> st.SearchStrategy[str]:
    """Names of options, with each kind of them as often as the others."""
    kinds: dict[tuple[str, bool], list[str]] = {}
    for name, option in options.items():
        kinds.setdefault((kind_of(option), "choices" in option), []).append(name)
    return st.one_of([st.sampled_from(names) for names in kinds.values()])


def right(rules: Rules) -> st.SearchStrategy[t.Any]:
    """Values that an option takes."""
    kind = kind_of(rules)
    if rules.get("choices") and kind == "str":
        return st.sampled_from(rules["choices"])
    text = st.text("abcdefgh./:7", min_size=1, max_size=8)
    mappings = st.one_of(st.dictionaries(text, text, max_size=2), st.sampled_from(["a=b", "a=b, c=d", '{"a": "b"}']))
    if kind == "list":
        if rules.get("elements") == "dict":
            return st.lists(objects(rules), max_size=2)
        each = right({**rules, "type": rules.get("elements", "raw"), "elements": None})
        joined = st.lists(each, min_size=1, max_size=3).map(lambda found: ",".join(map(str, found)))
        return st.one_of(st.lists(each, max_size=3), joined)
    return {
        "bool": st.sampled_from([True, False, "yes", "No", "TRUE", 0, 1, 1.0, " on "]),
        "int": st.one_of(st.integers(), st.sampled_from([7.0, "7", "+7", "7.0", "1e3"])),
        "str": text,
        "number": st.one_of(text, st.integers()),
        "lines": st.one_of(text, st.integers(), st.lists(st.one_of(text, st.integers()), max_size=3)),
        "dict": objects(rules) if rules.get("options") else mappings,
        "raw": text,
    }[kind]


@st.composite
def objects(draw: st.DrawFn, rules: Rules) -> Item:
    """Objects that a module takes: with some of their options, some of which are null."""
    options = rules["options"]
    apart = {name for names in rules.get("mutually_exclusive", ()) for name in names}
    chosen = draw(st.sets(st.sampled_from(sorted({*options} - apart)), max_size=4))
    chosen |= {name for name, option in options.items() if option.get("required")}
    chosen |= {draw(st.sampled_from(names)) for names in rules.get("required_one_of", ())}
    found = {name: draw(right(options[name])) for name in sorted(chosen)}
    left_out = sorted({*options} - chosen)
    return {**found, **dict.fromkeys(draw(st.lists(st.sampled_from(left_out), max_size=2)) if left_out else ())}


def wrong(rules: Rules) -> st.SearchStrategy[t.Any]:
    """Values with one mistake."""
    kind = kind_of(rules)
    flat = list(WRONG[kind]) + (["none of them", "present "] if rules.get("choices") else [])
    if kind == "list" and rules.get("elements", "raw") != "raw":
        one = (
            wrong({**rules, "type": rules["elements"], "elements": None})
            if rules["elements"] != "dict"
            else mistaken(rules)
        )
        return st.one_of(st.sampled_from(flat), one.map(lambda value: [value]), st.just([None]))
    if kind == "dict" and rules.get("options"):
        return st.one_of(st.sampled_from(flat), mistaken(rules))
    return st.sampled_from(flat)


@st.composite
def mistaken(draw: st.DrawFn, rules: Rules) -> t.Any:
    """Objects with one mistake, which may lie deeper in them."""
    options = rules["options"]
    found: Item = draw(objects(rules))
    ways = {
        "unknown": True,
        "no mapping": bool(rules.get("elements")),
        "wrong": any(WRONG[kind_of(option)] for option in options.values()),
        "missing": any(option.get("required") for option in options.values()),
        "none of several": bool(rules.get("required_one_of")),
        "several": bool(rules.get("mutually_exclusive")),
    }
    way = draw(st.sampled_from([name for name, possible in ways.items() if possible]))
    if way == "no mapping":
        return draw(st.sampled_from([None, True, 7, [], ["a"], "text", "a=b"]))
    if way == "unknown":
        found["nonsense"] = draw(ANYTHING)
    if way == "wrong":
        name = draw(one_of({name: option for name, option in options.items() if WRONG[kind_of(option)]}))
        apart = {other for names in rules.get("mutually_exclusive", ()) if name in names for other in names}
        found = {
            **{said: value for said, value in found.items() if said not in apart},
            name: draw(wrong(options[name])),
        }
    if way == "missing":
        name = draw(st.sampled_from([name for name, option in options.items() if option.get("required")]))
        found = {**found, name: None} if draw(st.booleans()) else {k: v for k, v in found.items() if k != name}
    if way == "none of several":
        found = {k: v for k, v in found.items() if k not in rules["required_one_of"][0]}
    if way == "several":
        found.update(dict.fromkeys(rules["mutually_exclusive"][0], "erika"))
    return found


# -- objects


@each_resource
@given(data=st.data())
def test_right_objects_are_taken(variable: str, data: st.DataObject) -> None:
    item = data.draw(objects(rules_of(RESOURCES[variable])))
    assert checked(RESOURCES[variable], item)
    assert in_file(variable, item)
    assert in_variables(variable, item)


@each_resource
@given(data=st.data())
def test_what_a_module_takes_its_schemas_take(variable: str, data: st.DataObject) -> None:
    """Whatever it is: one option of a right object has any value."""
    rules = rules_of(RESOURCES[variable])
    item = data.draw(objects(rules))
    item[data.draw(one_of(rules["options"]))] = data.draw(ANYTHING)
    if checked(RESOURCES[variable], item):
        assert in_file(variable, item)
        assert in_variables(variable, item)


@each_resource
@given(data=st.data())
def test_one_mistake_is_refused(variable: str, data: st.DataObject) -> None:
    item = data.draw(mistaken(rules_of(RESOURCES[variable])))
    assert not checked(RESOURCES[variable], item)
    assert not in_file(variable, item)
    assert not in_variables(variable, item)


def places(value: t.Any, path: tuple[t.Any, ...] = ()) -> Iterator[tuple[t.Any, ...]]:
    """Where the values are of which a variable consists, itself first; null is no value."""
    if value is not None:
        yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield from places(one, (*path, key))


@each_resource
@given(data=st.data())
def test_a_template_stands_for_any_value(variable: str, data: st.DataObject) -> None:
    """In variables; in a file it is the text of a template, and no mapping."""
    resource = RESOURCES[variable]
    item = data.draw(objects(rules_of(resource)))
    said: t.Any = {variable: [item] if resource.plural else item}
    templated = copy.deepcopy(said)
    *way, last = data.draw(st.sampled_from([path for path in places(said) if path]))
    inside = templated
    for key in way:
        inside = inside[key]
    inside[last] = data.draw(st.sampled_from([TEMPLATE, "{% if x %}y{% endif %}", "$ANSIBLE_VAULT;1.1;AES256\n6162\n"]))
    assert TAKES["variables"](said)
    assert TAKES["variables"](templated)
    assert not in_file(variable, TEMPLATE)


# -- files


@pytest.mark.parametrize("variable", [name for name, resource in RESOURCES.items() if resource.plural])
@pytest.mark.parametrize(
    "content",
    [
        "[]",
        "{'P': []}",
        "{'P': [], 'more': 1}",
        "{'others': []}",
        "{'P': null}",
        "{'P': {}}",
        "{}",
        "null",
        "'text'",
        "7",
    ],
)
def test_a_file_is_a_list_or_a_mapping_with_the_list_alone(variable: str, content: str, tmp_path: Path) -> None:
    resource = RESOURCES[variable]
    plural = resource.plural
    text = content.replace("'", '"').replace('"P"', f'"{plural}"')
    (tmp_path / "one.json").write_text(text)
    try:
        taken = bool(read_files(str(tmp_path / "one.json"), plural, resource.argument_spec()[plural], plain_read))
    except InputError:
        taken = False
    assert TAKES[variable](json.loads(text)) is taken


def test_each_kind_of_declaration_has_a_schema() -> None:
    in_files = {name.removesuffix("_src") for name in OPTIONS_OF_ROLES if name.endswith("_src")}
    assert in_files | {"access_server_default_user", "variables"} == {*SCHEMAS}
    assert {
        *re.findall(r"^``(\w+)\.json``", (ROOT / "docs/docsite/rst/guide_automation.rst").read_text(), re.MULTILINE)
    } == {*SCHEMAS}


# -- variables

FLAT = {
    name: {**option, "type": TextOrNumber("str")} if option["type"] == "str" and "choices" not in option else option
    for name, option in OPTIONS_OF_ROLES.items()
    if name not in RESOURCES and name != "estate_people" and option["type"] != "raw"
}


@pytest.mark.parametrize("variable", FLAT)
@examples(5, 200)
@given(data=st.data())
def test_variables_for_values(variable: str, data: st.DataObject) -> None:
    """What else the roles take, as their argument specs say."""
    assert TAKES["variables"]({variable: data.draw(right(FLAT[variable]))})
    assert TAKES["variables"]({variable: TEMPLATE})
    assert TAKES["variables"]({variable: None}) is ("default" not in FLAT[variable])
    assert not TAKES["variables"]({variable: data.draw(wrong(FLAT[variable]))})


@pytest.mark.parametrize("limit", [7, "10%", {"users": 20, "groups": "10%"}], ids=str)
def test_a_limit_is_one_for_all_or_one_for_each(limit: object) -> None:
    assert TAKES["variables"]({"access_server_purge_limit": limit})


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("access_server_user", False),
        ("freebox_vpn_server", False),
        ("access_servers_of_paris", True),
        ("as_url", True),
        ("vpn_user", True),
    ],
)
def test_a_name_that_begins_as_those_of_the_roles_is_one_of_them(name: str, taken: bool) -> None:
    assert TAKES["variables"]({name: ["erika"], "access_server_restart": False}) is taken


@pytest.mark.parametrize(
    ("more", "taken"),
    [
        ({}, True),
        ({"state": "blocked", "groups": ["staff"], "servers": ["site-a"], "addresses": {"site-a": "10.8.16.9"}}, True),
        ({"access_server": {"autologin": True, "inherit": ["deny"]}, "freebox": {"type": "standard"}}, True),
        ({"state": "default"}, False),
        ({"group": "staff"}, False),
        ({"access_server": {"state": "absent"}}, False),
        ({"access_server": {"static_ipv4": "10.8.16.9"}}, False),
        ({"access_server": {"nonsense": True}}, False),
        ({"freebox": {"ip_reservation": "192.168.27.70"}}, False),
    ],
)
def test_people_are_as_their_filter_takes_them(more: Item, taken: bool) -> None:
    people = [{"name": "erika", **more}]
    refused = [
        sentence
        for product in ("access_server", "freebox")
        for sentence in people_contradictions(people, product, "site-a", {"all": ["site-a"]})
    ]
    assert (not refused) is taken
    assert TAKES["variables"]({"estate_people": people}) is taken


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("playbooks/demo/inventory/*_vars/**/*.yml")), ids=lambda path: path.parent.name
)
def test_the_variables_of_the_demonstration_are_taken(path: Path) -> None:
    assert TAKES["variables"](loaded(path.read_text()))


# -- what editors show


def properties(schema: t.Any) -> Iterator[tuple[str, t.Any]]:
    """Each option that a schema describes, at any depth."""
    for key, inside in schema.items() if isinstance(schema, dict) else ():
        if key == "properties":
            yield from ((name, one) for name, one in inside.items() if "description" in one)
        if key != "allOf":  # rules between options
            yield from properties(inside)


@pytest.mark.parametrize("name", SCHEMAS)
def test_options_are_described_in_plain_text(name: str) -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMAS[name])
    described = [*properties(SCHEMAS[name])]
    assert described
    for option, schema in described:
        assert schema["description"].endswith("."), option
        assert not re.search(r"[A-Z]\(|`|\\", schema["description"]), option


@pytest.mark.parametrize("name", SCHEMAS)
def test_secrets_are_marked(name: str) -> None:
    described = [*properties(SCHEMAS[name])]
    secret = {option for option, schema in described if schema.get("writeOnly")}
    assert secret == {"password", "secret_value"} & {option for option, _schema in described}
