# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The licence of a server: activated once, for any report of the server, and never shown."""

from __future__ import annotations

import base64
import json
import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.modules.as_license import BODY
from ansible_collections.vpn.estate.plugins.modules.as_license_info import BODY as INFO
from ansible_collections.vpn.estate.plugins.plugin_utils._in_process import perform
from ansible_collections.vpn.estate.tests.simulator.access_server.licences import bundle
from ansible_collections.vpn.estate.tests.unit.plugins.laws.test_resources import dialects
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server

Start = t.Callable[..., Server]
KEY, OTHER_KEY = "FIXED-1111-2222", "FIXED-3333-4444"
TEST = "/api/license/subscription/test"


def licensed(server: Server, *, check: bool = False, **given: t.Any) -> Answer:
    server.simulator.log.clear()
    return perform(BODY, "as_license", {**server.connection, **given}, check=check, invocation=True)


def done(server: Server, **given: t.Any) -> Answer:
    """The run does what check mode reports."""
    reported, answer = (licensed(server, check=check, **given) for check in (True, False))
    assert not answer.get("failed"), answer
    assert (reported["objects"], reported["diff"]) == (answer["objects"], answer["diff"])
    return answer


def informed(server: Server, **given: t.Any) -> Answer:
    return perform(INFO, "as_license_info", {**server.connection, **given}, check=False, invocation=False)


def refused(server: Server, **given: t.Any) -> str:
    """The sentence of a refusal, which is that of check mode; nothing was written."""
    reported, answer = (licensed(server, check=check, **given) for check in (True, False))
    assert answer["failed"]
    assert reported["msg"] == answer["msg"]
    assert not server.writes()
    return str(answer["msg"])


@dialects
@pytest.mark.parametrize("encoded", [False, True], ids=["JSON", "base64"])
def test_a_subscription_is_loaded_once_and_removed_once(start: Start, dialect: str, encoded: bool) -> None:
    server = start(dialect=dialect)
    text = base64.b64encode(bundle().encode()).decode() if encoded else bundle()
    answer = done(server, subscription=text)
    assert answer["objects"] == [{"name": "license", "action": "created", "changed_keys": ["subscription"]}]
    found = informed(server)
    assert (found["license"]["licensing_type"], found["license"]["name"]) == ("subscription", "Subscription 1")
    assert (found["seats_left"], found["expires"]) == (10, None)
    assert "SUBKEY_1" not in json.dumps(found)
    assert text not in json.dumps(answer)
    assert "SUBKEY_1" not in json.dumps(answer)
    assert not done(server, subscription=text)["changed"]
    removed = done(server, state="absent")
    assert removed["counts"] == {"deleted": 1}
    assert informed(server)["license"]["licensing_type"] == "unlicensed"
    assert not done(server, state="absent")["changed"]


@pytest.mark.parametrize("reported", ["subkey", "billing_id"])
def test_another_subscription_takes_its_place(start: Start, reported: str) -> None:
    server = start(readings={"tested_subscription": reported})
    done(server, subscription=bundle(1))
    assert done(server, subscription=bundle(2))["counts"] == {"updated": 1}
    assert [one.path for one in server.simulator.log].count(TEST) == 1
    assert done(server, subscription=bundle(2))["counts"] == {"unchanged": 1}


def test_where_the_server_names_none_any_subscription_is_the_declared_one(start: Start) -> None:
    """It would be loaded in every run otherwise; renew loads it."""
    server = start(readings={"tested_subscription": "nothing"})
    done(server, subscription=bundle(1))
    assert not done(server, subscription=bundle(2))["changed"]
    assert done(server, subscription=bundle(2), renew=True)["changed"]
    assert informed(server)["license"]["name"] == "Subscription 2"


@pytest.mark.parametrize("shown", ["whole", "masked"])
@pytest.mark.parametrize("again", ["refused", "accepted"])
def test_a_fixed_licence_is_activated_once(start: Start, shown: str, again: str) -> None:
    server = start(readings={"fixed_license_key": shown, "second_activation": again})
    answer = done(server, activation_key=f" {KEY}\n")
    assert answer["counts"] == {"created": 1}
    found = informed(server)
    assert (found["seats_left"], found["license"]["licensing_type"]) == (5, "fixed")
    assert found["expires"] == found["license"]["fixed_licenses"][0]["expiry"]
    assert KEY not in json.dumps([answer, found])
    assert not done(server, activation_key=KEY)["changed"]
    more = done(server, license_file=f"SERVER x\n{OTHER_KEY} 5\n")
    assert more["counts"] == {"updated": 1}
    assert informed(server)["seats_left"] == 10
    assert not done(server, license_file=f"SERVER x\n{OTHER_KEY} 5\n")["changed"]


def test_a_file_is_sent_as_a_form(server: Server) -> None:
    """As the document has it (offline-activation)."""
    done(server, license_file=f"SERVER 'ä' \"x\"\r\n{KEY}\n")
    [sent] = [one for one in server.simulator.log if one.wrote]
    assert sent.headers is not None
    assert sent.headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert sent.request == {"license": f"SERVER 'ä' \"x\"\r\n{KEY}\n"}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            {"subscription": "nonsense"},
            "subscription: the server does not recognise it: The subscription format was not",
        ),
        (
            {"subscription": bundle(state="SUBSCRIPTION_ENDED", error="It ended on 1 March.")},
            "subscription: the server reports the state SUBSCRIPTION_ENDED (It ended on 1 March.).",
        ),
        ({"state": "present"}, "state is present but any of the following are missing: subscription"),
        (
            {"subscription": bundle(), "activation_key": KEY},
            "parameters are mutually exclusive: subscription|activation",
        ),
    ],
    ids=["no subscription", "ended", "none declared", "two declared"],
)
def test_what_is_no_good_is_refused_before_anything_is_written(
    server: Server, given: dict[str, t.Any], sentence: str
) -> None:
    said = refused(server, **given)
    assert said.startswith(sentence)
    assert "SUBKEY" not in said


def test_a_subscription_with_a_remark_is_loaded_with_a_warning(server: Server) -> None:
    answer = done(server, subscription=bundle(state="STSTRACK_ERROR", error="The tracker did not answer."))
    assert answer["warnings"] == [
        "subscription: the server reports the state STSTRACK_ERROR (The tracker did not answer.)."
    ]


@pytest.mark.parametrize(
    ("first", "then", "sentence"),
    [
        ({"subscription": bundle()}, {"activation_key": KEY}, "activation_key: the server has a subscription,"),
        ({"subscription": bundle()}, {"license_file": KEY}, "license_file: the server has a subscription,"),
        ({"activation_key": KEY}, {"subscription": bundle()}, "subscription: the server has a fixed licence,"),
        (
            {"activation_key": KEY},
            {"state": "absent"},
            "state: the server has a fixed licence, and only a subscription",
        ),
    ],
)
def test_a_licence_of_another_kind_is_not_replaced(
    server: Server, first: dict[str, t.Any], then: dict[str, t.Any], sentence: str
) -> None:
    done(server, **first)
    assert refused(server, **then).startswith(sentence)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"activation_key": "SECRET-KEY-9"}, "License not found on server"),
        ({"activation_key": "FIXED-OLD-1"}, "Fixed license already expired"),
        ({"license_file": "SECRET-KEY-9"}, "The license format was not detected"),
    ],
)
def test_a_refused_activation_is_reported_in_the_words_of_the_server(
    server: Server, given: dict[str, str], reason: str
) -> None:
    answer = licensed(server, **given)
    assert answer["failed"]
    assert reason in answer["msg"]
    assert answer["objects"][0]["action"] == "failed"
    assert "SECRET" not in json.dumps(answer)


def test_the_identity_of_the_machine_is_read_where_it_is_asked_for(server: Server) -> None:
    assert informed(server, machine_id=True)["machine_id"] == "MACHINE_ID_simulated\n"
    assert "machine_id" not in informed(server)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"subscription": bundle(2)}, "license/subscription"),
        ({"activation_key": OTHER_KEY}, "license/fixed-license/online-activation"),
    ],
)
@pytest.mark.parametrize("there", [True, False], ids=["another is there", "none is there"])
def test_a_server_that_says_it_did_and_did_not_is_found_out(
    server: Server, given: dict[str, str], path: str, there: bool
) -> None:
    if there:
        done(server, **({"subscription": bundle(1)} if "subscription" in given else {"activation_key": KEY}))
    server.simulator.faults.add(path=path, method="POST", status=200, body=None)
    answer = licensed(server, **given)
    assert answer["failed"]
    assert answer["objects"][0]["action"] == "failed"


def test_a_subscription_that_has_ended_is_reported_where_it_is_the_declared_one(server: Server) -> None:
    done(server, subscription=bundle())
    ended = bundle(state="SUBSCRIPTION_ENDED")
    server.simulator.machine.local.put_entry("license", "subscription", json.loads(ended))
    answer = licensed(server, subscription=bundle())
    assert not answer["changed"]
    assert answer["warnings"] == ["The server reports the state SUBSCRIPTION_ENDED for its subscription."]


@pytest.mark.parametrize(
    ("path", "given", "quoted"),
    [
        ("license/subscription/test", {"subscription": bundle()}, "SUBKEY_1"),
        ("license/subscription/test", {"subscription": base64.b64encode(bundle().encode()).decode()}, "SUBKEY_1"),
        ("license/subscription", {"subscription": bundle()}, "BILLING_ID_1"),
        ("license/fixed-license/offline-activation", {"license_file": f"SERVER 1\n{KEY} 5"}, KEY),
    ],
)
@pytest.mark.parametrize("how", ["{} unknown", "License line '{} 5' not understood"])
def test_a_part_of_a_licence_that_the_server_quotes_is_not_shown(
    server: Server, path: str, given: dict[str, str], quoted: str, how: str
) -> None:
    server.simulator.faults.add(path=path, method="POST", status=400, body={"reason": how.format(quoted)})
    answer = licensed(server, **given)
    assert answer["failed"]
    assert quoted not in json.dumps(answer)
    assert how.partition("{}")[0] in answer["msg"]
