# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Laws that every described resource keeps, in both dialects of servers and from every starting state."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user_mfa import USER_MFA
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Simulated, text_of
from ansible_collections.vpn.estate.tests.unit.plugins.support.samples import (
    DIALECTS,
    EVERY_SAMPLE,
    MADE,
    PASSWORD,
    SAMPLES,
    Sample,
    placed,
)

samples = pytest.mark.parametrize("sample", SAMPLES, ids=str)
dialects = pytest.mark.parametrize("dialect", DIALECTS)
ways = pytest.mark.parametrize(("sample", "way"), [(s, way) for s in SAMPLES for way in s.ways], ids=str)
every_way = pytest.mark.parametrize(("sample", "way"), [(s, way) for s in EVERY_SAMPLE for way in s.ways], ids=str)
removable = pytest.mark.parametrize(
    ("sample", "way"), [(s, way) for s in EVERY_SAMPLE if s.gone for way in s.ways], ids=str
)


WHEN = {"update_password", "update_secrets"}  # options that say when to write a secret of an object that is there


def secrets_of(sample: Sample) -> set[str]:
    """The secret options that a sample declares."""
    return {f.name for f in sample.resource.fields if f.secret and f.name in sample.first}


WITH_SECRETS = [each for each in EVERY_SAMPLE if secrets_of(each) and WHEN & set(each.resource.options)]


def apply(server: Simulated, sample: Sample, declared: dict[str, t.Any], **how: t.Any) -> dict[str, t.Any]:
    """Run the module; it must succeed."""
    answer = server.manage(sample.resource, **placed({**sample.options, **declared}, server.folder), **how)
    assert not answer.get("failed"), f"{answer['msg']}\n{answer.get('exception', '')}"
    return answer


def shown(server: Simulated, sample: Sample) -> dict[str, t.Any]:
    """The object as the info module shows it."""
    by_key = [o for o in server.inform(sample.resource) if all(o[k] == v for k, v in sample.key.items())]
    return by_key[0] if by_key else {}


def normal(sample: Sample, declared: dict[str, t.Any]) -> dict[str, t.Any]:
    """What is declared, in normal form, without secrets and what only creation knows."""
    once = {f.name for f in sample.resource.fields if f.create_only}
    values = sample.resource.parse(declared, sample.resource.states[0]).values
    return {name: value for name, value in values.items() if name not in once}


def started(start: t.Callable[..., Simulated], sample: Sample, way: str) -> Simulated:
    server = start(sample.kind, **sample.ways[way])
    sample.prepare(server)
    return server


def usual(sample: Sample) -> str:
    """The way in which most servers of this kind are."""
    return "3.2" if "3.2" in sample.ways else next(iter(sample.ways))


@samples
def test_a_sample_uses_every_option(sample: Sample) -> None:
    declared: dict[str, t.Any] = {}
    for each in SAMPLES:
        if each.resource is sample.resource:
            declared |= {**each.first, **(each.second or {})}
    left_out = {
        "compile",
        "inherit",
        "secret_value",
        "custom",
    }  # compile follows from others; the rest have tests of their own
    if sample.resource is USER_MFA:
        left_out = {"dest", "reset"}  # so do these, where secrets are made and written
    missing = sorted(set(sample.resource.object_spec()) - left_out - set(declared))
    assert not missing, (
        f"tests/unit/plugins/support/samples.py: declare {', '.join(missing)} in the sample of {sample}, in both declarations"
    )


@samples
def test_the_normal_form_is_stable(sample: Sample) -> None:
    for declared in sample.declarations:
        once = normal(sample, declared)
        assert normal(sample, {**declared, **once}) == once


@ways
def test_what_is_written_reads_back(start: t.Callable[..., Simulated], sample: Sample, way: str) -> None:
    server = started(start, sample, way)
    for declared in sample.declarations:
        apply(server, sample, declared)
        found, wanted = shown(server, sample), normal(sample, declared)
        values = {name: typed(value, found[name]) for name, value in wanted.items()}
        assert {name: found[name] for name in wanted} == values


def typed(said: t.Any, found: t.Any) -> t.Any:
    """A number that a playbook writes as text is that number to the server, or the other way round."""
    if isinstance(found, str) and isinstance(said, int):
        return str(said)
    return int(said) if isinstance(found, int) and isinstance(said, str) else said


@pytest.mark.versions
@every_way
def test_twice_is_once(start: t.Callable[..., Simulated], sample: Sample, way: str) -> None:
    server = started(start, sample, way)
    for declared in sample.declarations:
        assert apply(server, sample, declared)["changed"]
        server.simulator.log.clear()
        again = apply(server, sample, declared)
        assert not again["changed"]
        assert again["diff"] == {"before": {}, "after": {}}
        assert not server.writes()


@removable
def test_gone_twice_is_gone_once(start: t.Callable[..., Simulated], sample: Sample, way: str) -> None:
    server = started(start, sample, way)
    apply(server, sample, sample.first)
    assert apply(server, sample, sample.undone)["changed"]
    server.simulator.log.clear()
    assert not apply(server, sample, sample.undone)["changed"]
    assert not server.writes()


@every_way
def test_check_mode_tells_what_the_next_run_does_and_writes_nothing(
    start: t.Callable[..., Simulated], sample: Sample, way: str
) -> None:
    server = started(start, sample, way)
    states = sample.declarations + ([sample.undone] if sample.gone else [])
    if sample.resource.noun == "configuration profile":
        states.pop()  # the active one cannot be deleted
    for declared in states:
        server.simulator.state()  # makes what a server makes when it is first asked, such as its authority
        before = everything(server)
        server.simulator.log.clear()
        foreseen = apply(server, sample, declared, check=True)
        assert not server.writes()
        assert everything(server) == before
        done = apply(server, sample, declared)
        assert (foreseen["changed"], foreseen["diff"]) == (done["changed"], done["diff"])
        if sample in MADE:  # the task tells more of what it has made
            assert all(
                foreseen_of.items() <= of.items() for foreseen_of, of in zip(*lines(foreseen, done), strict=True)
            )
        else:
            assert foreseen["objects"] == done["objects"]


def lines(*answers: dict[str, t.Any]) -> list[list[dict[str, str]]]:
    """What answers tell of each object, as texts."""
    return [[{key: repr(value) for key, value in line.items()} for line in answer["objects"]] for answer in answers]


def everything(server: Simulated) -> dict[t.Any, t.Any]:
    """What the server keeps, and the files of its tasks."""
    return {**server.simulator.kept(), **server.files()}


@pytest.mark.parametrize("sample", EVERY_SAMPLE, ids=str)
def test_the_state_compared_above_is_there(start: t.Callable[..., Simulated], sample: Sample) -> None:
    server = started(start, sample, usual(sample))
    before = everything(server)
    apply(server, sample, sample.first)
    assert everything(server) != before


@ways
def test_the_plan_tells_the_truth(start: t.Callable[..., Simulated], sample: Sample, way: str) -> None:
    server = started(start, sample, way)
    listed = {f.name for f in sample.resource.loaded}  # and not deeds, such as ending sessions or making a secret
    for declared in sample.declarations:
        after = apply(server, sample, declared)["diff"]["after"][sample.name]
        found = shown(server, sample)
        assert {name: found[name] for name in after if name in listed} == {
            n: v for n, v in after.items() if n in listed
        }


@samples
def test_one_property_alone_changes_alone(start: t.Callable[..., Simulated], sample: Sample) -> None:
    """An option that is left out is left alone."""
    server = started(start, sample, usual(sample))
    apply(server, sample, sample.first)
    single = {k: v for k, v in (sample.second or {}).items() if k not in sample.key}
    for name, value in single.items():
        before = shown(server, sample)
        answer = apply(server, sample, {**sample.key, name: value})
        if not answer["changed"]:
            continue
        after = shown(server, sample)
        follows = {
            "compile",
            "effective",
            "inherited_from",
            "member_count",
            "derived_from",
            "mfa_status",
            "is_set",
            "state",
        }
        assert {k for k in after if after[k] != before[k]} - follows == {name}


@samples
def test_a_list_of_one_is_one(start: t.Callable[..., Simulated], sample: Sample) -> None:
    if not sample.resource.plural:
        assert sample.resource.constraints() == sample.resource.rules
        return
    one, many = started(start, sample, usual(sample)), started(start, sample, usual(sample))
    for declared in sample.declarations:
        single = apply(one, sample, declared)
        listed = apply(many, sample, {sample.resource.plural: [declared]})
        assert single == listed


@samples
def test_the_order_of_a_declaration_does_not_matter(start: t.Callable[..., Simulated], sample: Sample) -> None:
    server = started(start, sample, usual(sample))
    apply(server, sample, sample.first)
    turned = {name: turn(value) for name, value in reversed(sample.first.items())}
    assert not apply(server, sample, turned)["changed"]


def turn(value: t.Any) -> t.Any:
    return value[::-1] if isinstance(value, list) else value


@pytest.mark.parametrize("sample", WITH_SECRETS, ids=str)
def test_a_secret_that_is_there_is_written_only_where_the_task_asks_for_it(
    start: t.Callable[..., Simulated], sample: Sample
) -> None:
    """No server tells which secret it has: another one in the declaration is no difference."""
    server = started(start, sample, usual(sample))
    apply(server, sample, sample.first)
    [option] = WHEN & set(sample.resource.options)
    names = sorted(secrets_of(sample))
    others = {**sample.first, **dict.fromkeys(names, "Another-Marker-8!")}
    server.simulator.log.clear()
    assert not apply(server, sample, others)["changed"]
    assert not server.writes()
    for _unused in range(2):
        answer = apply(server, sample, {**others, option: "always"})
        assert [line["changed_keys"] for line in answer["objects"]] == [names]
        assert server.writes()
        server.simulator.log.clear()
    assert not apply(server, sample, others)["changed"]


@pytest.mark.parametrize("sample", EVERY_SAMPLE, ids=str)
def test_no_secret_is_told(start: t.Callable[..., Simulated], sample: Sample) -> None:
    """Neither of ours, nor what is declared, nor what the contract marks as secret in requests and answers."""
    server = started(start, sample, usual(sample))
    declared = sample.first
    answers = [
        apply(server, sample, declared, check=True),
        apply(server, sample, declared),
        server.inform(sample.resource),
    ]
    ours = [value for name, value in server.connection.items() if server.product.argument_spec[name].get("no_log")]
    declared_ones = [declared[f.name] for f in sample.resource.fields if f.secret and f.name in declared]
    exchanged = set().union(*(server.checker.secrets(one) for one in server.simulator.exchanges if one.operation))
    for secret in (
        PASSWORD,
        *ours,
        *declared_ones,
        *exchanged,
        *getattr(server.simulator, "mfa_totp_secret", "").split(),
    ):
        assert all(secret not in text_of(answer) for answer in answers)
