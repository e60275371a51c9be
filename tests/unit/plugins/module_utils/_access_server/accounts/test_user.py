# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users who are created, blocked and deleted; and their names, groups and passwords."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.group import GROUP
from ansible_collections.vpn.estate.plugins.module_utils._access_server.accounts.user import USER
from ansible_collections.vpn.estate.plugins.module_utils._engine.resource import Resource
from ansible_collections.vpn.estate.tests.unit.plugins.laws.test_resources import dialects
from ansible_collections.vpn.estate.tests.unit.plugins.support.harness import Answer, Server, text_of

Start = t.Callable[..., Server]
SET, DISCONNECT, DELETE = "/api/userprop/set", "/api/vpn/client/disconnect", "/api/users/delete"


def users(server: Server, **params: t.Any) -> Answer:
    """Run as_user; it must succeed."""
    answer = server.manage(USER, **params)
    assert not answer.get("failed"), answer["msg"]
    return answer


def refused(server: Server, **params: t.Any) -> str:
    """Run as_user, which is to fail without having written, in check mode too; the sentence."""
    server.simulator.log.clear()
    planned, answer = (server.manage(USER, check=check, **params) for check in (True, False))
    assert answer["failed"]
    assert planned["msg"] == answer["msg"]
    assert not server.writes()
    return str(answer["msg"])


def user(server: Server, name: str) -> dict[str, t.Any] | None:
    """A user as the server keeps it."""
    return t.cast("dict[str, t.Any] | None", server.simulator.state()["users"].get(name))


def connected(server: Server) -> list[str]:
    return [one["username"] for one in server.simulator.state()["vpn_clients"]]


# -- a directory that maps users to groups


@dialects
@pytest.mark.parametrize("chosen", ["ops", ""], ids=["another group", "no group"])
def test_a_group_mapping_decides_the_groups_of_users(start: Start, dialect: str, chosen: str) -> None:
    """The declared group is that of a user who is created; what the directory assigns afterwards stays."""
    server = start(dialect=dialect)
    for name in ("staff", "ops"):
        server.simulator.set_group(name)
    declared = {"users": [{"name": "alice", "group": "staff", "autologin": True}], "group_mapping": True}
    assert users(server, **declared)["counts"]["created"] == 1
    assert (user(server, "alice") or {})["group"] == "staff"
    server.simulator.set_user("alice", group=chosen, autologin=False)
    assert users(server, **declared)["objects"] == [
        {"name": "alice", "action": "updated", "changed_keys": ["autologin"]}
    ]
    assert (user(server, "alice") or {}).get("group", "") == chosen
    assert not users(server, **declared)["changed"]
    assert users(server, **{**declared, "group_mapping": False})["objects"][0]["changed_keys"] == ["group"]


# -- blocked


@dialects
def test_a_blocked_user_that_does_not_exist_is_created_denied(start: Start, dialect: str) -> None:
    """So that a directory cannot bring them back."""
    server = start(dialect=dialect)
    answer = users(server, name="alice", state="blocked")
    assert answer["objects"] == [{"name": "alice", "action": "created", "changed_keys": ["deny"]}]
    kept = user(server, "alice")
    assert kept is not None
    assert kept["deny"] is True
    [creation] = [one for one in server.simulator.log if one.wrote]
    assert creation.request == {"name": "alice", "deny": True}  # at no moment could she get in
    assert not users(server, name="alice", state="blocked")["changed"]


@dialects
def test_a_blocked_user_keeps_the_rest_and_loses_every_session(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    users(server, users=[{"name": "alice", "autologin": True}, {"name": "bob"}])
    for name in ("alice", "bob", "alice"):
        server.simulator.connect(name)
    answer = users(server, name="alice", state="blocked")
    assert answer["objects"][0]["changed_keys"] == ["deny", "sessions"]
    assert answer["diff"] == {
        "before": {"alice": {"deny": None, "sessions": 2}},
        "after": {"alice": {"deny": True, "sessions": 0}},
    }
    assert connected(server) == ["bob"]
    kept = user(server, "alice")
    assert kept is not None
    assert (kept["deny"], kept["autologin"]) == (True, True)


@dialects
def test_the_diff_of_a_deletion_has_what_is_set_and_nothing_else(start: Start, dialect: str) -> None:
    """Servers return more: what is off by default, and what they derive."""
    server = start(dialect=dialect)
    plain = {"name": "bob"}
    set_on_her = {"name": "alice", "deny": False, "autologin": True, "static_ipv4": "172.27.224.9"}
    users(server, users=[set_on_her, plain, {"name": "carl", "totp_admin_only": True}])
    answer = users(server, users=[{"name": name} for name in ("alice", "bob", "carl")], state="absent")
    assert answer["diff"]["before"] == {
        "alice": {"deny": False, "autologin": True, "static_ipv4": "172.27.224.9"},
        "bob": {},
        "carl": {"totp_admin_only": True},
    }


HELD = ["profile_tokens", "profiles", "sessions"]


@dialects
@pytest.mark.parametrize("state", ["blocked", "absent"])
def test_a_user_that_leaves_is_denied_then_loses_profiles_then_tokens_then_sessions(
    start: Start, dialect: str, state: str
) -> None:
    server = start(dialect=dialect)
    users(server, users=[{"name": "alice"}, {"name": "bob"}])
    for name in ("alice", "alice", "bob"):
        server.simulator.add_profile(name)
        server.simulator.add_profile_token(name, "userlogin")
        server.simulator.connect(name)
    server.simulator.log.clear()
    planned = users(server, name="alice", state=state, check=True)
    assert not server.writes()
    done = users(server, name="alice", state=state)
    assert (planned["objects"], planned["diff"]) == (done["objects"], done["diff"])
    revoking = ["/api/profiles/delete", "/api/token-url/delete", DISCONNECT]
    assert server.writes() == [SET, *revoking, *([DELETE] if state == "absent" else [])]
    assert [one["username"] for one in server.simulator.machine.profiles.all()] == ["bob"]
    assert [one["username"] for one in server.simulator.machine.tokens.all().values()] == ["bob"]
    assert connected(server) == ["bob"]
    if state == "blocked":
        assert done["objects"][0]["changed_keys"] == ["deny", *HELD]
        assert done["diff"]["before"]["alice"] == {"deny": None, **dict.fromkeys(HELD, 2)}
    assert not users(server, name="alice", state=state)["changed"]


def test_what_a_directory_user_without_a_record_holds_is_revoked(server: Server) -> None:
    server.simulator.add_profile("alice")
    server.simulator.add_profile_token("alice", "userlogin")
    assert users(server, name="alice", state="blocked")["counts"] == {"created": 1}
    assert server.simulator.machine.profiles.all() == []
    assert not server.simulator.machine.tokens.all()


@dialects
def test_a_user_without_a_record_loses_what_was_left(start: Start, dialect: str) -> None:
    """Another administrator has deleted the user; the next one of that name would inherit it."""
    server = start(dialect=dialect)
    for name in ("ghost", "bob"):
        server.simulator.add_profile(name)
    server.simulator.add_profile_token("ghost", "userlogin")
    planned = users(server, name="ghost", state="absent", check=True)
    assert planned["diff"]["before"] == {"ghost": {"profiles": 1, "profile_tokens": 1}}
    server.simulator.log.clear()
    done = users(server, name="ghost", state="absent")
    assert (planned["objects"], planned["diff"]) == (done["objects"], done["diff"])
    assert server.writes() == ["/api/profiles/delete", "/api/token-url/delete"]
    assert [one["username"] for one in server.simulator.machine.profiles.all()] == ["bob"]
    assert not users(server, name="ghost", state="absent")["changed"]


def test_a_deleted_user_is_reported_with_what_ends(server: Server) -> None:
    users(server, name="alice")
    server.simulator.add_profile("alice")
    done = users(server, name="alice", state="absent", check=True)
    assert done["objects"][0]["profiles"] == 1
    assert done["diff"]["before"]["alice"]["profiles"] == 1


def test_a_profile_that_the_server_does_not_revoke_is_reported(server: Server) -> None:
    users(server, name="alice")
    serial = server.simulator.add_profile("alice")
    body = {"message": None, "response": {serial: 403}}
    server.simulator.faults.add(path="/profiles/delete", status=200, body=body)
    answer = server.manage(USER, name="alice", state="absent")
    assert answer["failed"]
    assert f"did not revoke the profile with serial {serial}: it answered 403" in answer["msg"]
    assert user(server, "alice") is not None


def test_a_session_that_outlived_the_block_ends(server: Server) -> None:
    users(server, name="alice", state="blocked")
    server.simulator.connect("alice")
    server.simulator.log.clear()
    assert users(server, name="alice", state="blocked")["objects"][0]["changed_keys"] == ["sessions"]
    assert server.writes() == [DISCONNECT]
    assert connected(server) == []


def test_a_blocked_user_stays_blocked_with_state_present(server: Server) -> None:
    users(server, name="alice", state="blocked")
    assert not users(server, name="alice")["changed"]
    assert not users(server, users=[{"name": "alice", "deny": True}])["changed"]
    assert users(server, name="alice", deny=False)["changed"]
    kept = user(server, "alice")
    assert kept is not None
    assert kept["deny"] is False


@pytest.mark.parametrize("said", [{"deny": False}, {"inherit": ["deny"]}])
def test_a_blocked_user_cannot_be_allowed(server: Server, said: dict[str, t.Any]) -> None:
    words = "user alice: state: blocked contradicts the declared deny"
    assert words in refused(server, name="alice", state="blocked", **said)
    assert words in refused(server, users=[{"name": "bob"}, {"name": "alice", "state": "blocked", **said}])
    assert users(server, name="alice", state="blocked", deny=True)["changed"]


def test_each_of_many_has_a_state_of_its_own(server: Server) -> None:
    users(server, users=[{"name": "alice"}, {"name": "bob"}])
    declared = [{"name": "alice", "state": "blocked"}, {"name": "bob", "state": "absent"}, {"name": "carol"}]
    assert users(server, users=declared)["counts"] == {"updated": 1, "deleted": 1, "created": 1}
    alice, carol = user(server, "alice"), user(server, "carol")
    assert alice is not None
    assert carol is not None
    assert (alice["deny"], carol.get("deny"), user(server, "bob")) == (True, None, None)


# -- absent


@dialects
def test_a_deleted_user_is_denied_and_disconnected_first(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    users(server, name="alice")
    server.simulator.connect("alice")
    server.simulator.connect("bob")
    server.simulator.log.clear()
    assert users(server, name="alice", state="absent")["counts"] == {"deleted": 1}
    assert server.writes() == [SET, DISCONNECT, DELETE]
    assert connected(server) == ["bob"]
    assert not users(server, name="alice", state="absent")["changed"]


# -- groups


@dialects
def test_a_group_that_is_not_there_is_refused(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    sentence = refused(server, users=[{"name": "alice"}, {"name": "bob", "group": "nowhere"}])
    assert "nowhere" in sentence
    assert "assume_present" in sentence


@dialects
def test_a_group_that_this_run_makes_may_be_missing_in_check_mode(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    wanted = {"users": [{"name": "alice", "group": "staff"}], "assume_present": ["staff"]}
    planned = users(server, check=True, **wanted)
    server.manage(GROUP, name="staff")
    done = users(server, **wanted)
    assert (planned["objects"], planned["diff"]) == (done["objects"], done["diff"])


@dialects
def test_a_group_that_this_run_did_not_make_after_all_fails_its_users_alone(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    declared = [{"name": "alice", "group": "staff"}, {"name": "bob"}]
    answer = server.manage(USER, users=declared, assume_present=["staff"])
    assert answer["failed"]
    assert answer["changed"]
    assert [one["action"] for one in answer["objects"]] == ["failed", "created"]
    assert "staff" in answer["msg"]


# -- names


@dialects
def test_users_and_groups_share_one_name_space(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    server.manage(GROUP, name="staff")
    assert "A group named staff already exists. A user cannot have the same name" in refused(server, name="staff")
    users(server, name="alice")
    answer = server.manage(GROUP, groups=[{"name": "ops"}, {"name": "alice"}])
    assert "A user named alice already exists. A group cannot have the same name" in answer["msg"]
    assert "ops" not in server.simulator.state()["groups"]


def test_two_that_differ_only_in_case_are_not_declared_together(server: Server) -> None:
    sentence = refused(server, users=[{"name": "alice"}, {"name": "Alice"}])
    assert "'alice'" in sentence
    assert "'Alice'" in sentence
    assert "differ only in case" in sentence
    assert "user alice is declared twice" in refused(server, users=[{"name": "alice"}, {"name": "alice"}])


@dialects
def test_one_that_differs_from_one_that_is_there_only_in_case_is_warned_of(start: Start, dialect: str) -> None:
    server = start(dialect=dialect)
    users(server, name="alice")
    for check in (True, False):
        answer = users(server, name="Alice", autologin=True, check=check)
        assert answer["counts"] == {"created": 1}
        [warning] = answer["warnings"]
        assert "Alice is created, but alice exists already and differs only in case" in warning
    assert "warnings" not in users(server, name="Alice", autologin=False)
    kept = user(server, "alice")
    assert kept is not None
    assert "autologin" not in kept


@pytest.mark.parametrize("resource", [USER, GROUP], ids=["users", "groups"])
@pytest.mark.parametrize("there", ["ana.lopez", "ANA.LOPEZ", "Ana.lopez", "Ana.Lopez"])
def test_what_differs_in_case_is_known_in_its_usual_spellings(server: Server, resource: Resource, there: str) -> None:
    """A name that is asked for brings them along; of many, more are asked for."""
    for name in (there, "cara"):
        server.manage(resource, name=name)
    for others in (0, 60):
        names = ["aNa.LoPeZ", "CARA", *(f"u{number}" for number in range(others))]
        answer = server.manage(resource, **{resource.plural: [{"name": name} for name in names]}, check=True)
        assert answer["warnings"] == [
            f"{resource.noun.capitalize()} aNa.LoPeZ is created, but {there} exists already and differs only in case.",
            f"{resource.noun.capitalize()} CARA is created, but cara exists already and differs only in case.",
        ]


@pytest.mark.parametrize("resource", [USER, GROUP], ids=["users", "groups"])
def test_what_differs_in_case_is_known_in_any_spelling_where_the_whole_list_is_read(
    server: Server, resource: Resource
) -> None:
    server.manage(resource, name="aLiCe")
    declared = {resource.plural: [{"name": "ALICE"}], "check": True}
    assert "warnings" not in server.manage(resource, **declared)
    keep = ["aLiCe", server.simulator.username, server.simulator.mfa_username]
    answer = server.manage(resource, **declared, purge=True, protect=keep)
    assert "ALICE is created, but aLiCe exists already" in answer["warnings"][0]


@pytest.mark.parametrize(("resource", "other"), [(USER, "groups"), (GROUP, "users")], ids=["a user", "a group"])
def test_one_that_is_new_costs_no_look_at_the_whole_list(start: Start, resource: Resource, other: str) -> None:
    server = start(users=3000, groups=1200)
    for check in (True, False):
        server.simulator.log.clear()
        assert server.manage(resource, name="Alice", check=check)["counts"] == {"created": 1}
        asked = [one.path.removeprefix("/api/") for one in server.simulator.log if "/auth/" not in one.path]
        own = resource.plural
        assert asked == [f"{own}/list", f"{other}/list", *([] if check else [f"{own}/create", f"{own}/list"])]
        named = [one.request[own] for one in server.simulator.log if one.path == f"/api/{own}/list"]
        assert named == [["Alice", "ALICE", "alice"], ["Alice"]][: len(named)]
    server.simulator.log.clear()
    server.manage(resource, name="Alice", state="absent")
    assert next(one.request[own] for one in server.simulator.log if one.path == f"/api/{own}/list") == ["Alice"]


@pytest.mark.parametrize("name", ["", " alice", "alice "])
def test_a_name_neither_is_empty_nor_has_blanks_around_it(server: Server, name: str) -> None:
    assert f"{name!r} cannot be a name" in refused(server, name=name)


def test_the_default_user_is_no_user(server: Server) -> None:
    assert "use as_default_user" in refused(server, name="__DEFAULT__", state="absent")


# -- passwords


@pytest.mark.parametrize("password", ["alice.smith", "Alice.Smith"])
@pytest.mark.parametrize("update_password", ["on_create", "always"])
def test_a_name_is_no_password(server: Server, password: str, update_password: str) -> None:
    sentence = refused(server, name="alice.smith", password=password, update_password=update_password)
    assert "password of user alice.smith: it must not be the user's name" in sentence


def test_a_short_password_is_warned_of_and_not_shown(server: Server) -> None:
    server.simulator.set_configuration(**{"cs.cws.pwd_strength": False})
    server.simulator.machine.configuration.take_over()
    answer = users(server, name="alice", password="Ab1!xyz")
    [warning] = answer["warnings"]
    assert "password of user alice is shorter than 8 characters" in warning
    assert "Ab1!xyz" not in text_of(answer)
    assert server.simulator.password_is("alice", "Ab1!xyz")
    assert "warnings" not in users(server, name="alice", password="Ab1!wxyz", update_password="always")


def test_a_password_whose_step_failed_is_set_by_running_again(server: Server) -> None:
    wanted = {"name": "alice", "password": "Marker-Password-7!", "deny_web": True}
    server.simulator.faults.add(path="/auth/password/change", status=503, times=None)
    answer = server.manage(USER, **wanted)
    assert answer["failed"]
    assert answer["changed"]
    kept = user(server, "alice")
    assert kept is not None
    assert (kept["deny_web"], kept["password_defined"]) == (True, False)
    server.simulator.faults.clear()
    assert users(server, **wanted)["objects"] == [{"name": "alice", "action": "updated", "changed_keys": ["password"]}]
    assert server.simulator.password_is("alice", "Marker-Password-7!")
    assert not users(server, **wanted)["changed"]


def test_check_mode_knows_what_an_earlier_task_of_the_run_would_have_made(server: Server) -> None:
    """The role declares a leaver first, and the same user's properties are no second creation."""
    declared = {"name": "eve", "deny": True}
    planned = server.manage(USER, **declared, assume_present=["eve"], check=True)
    assert [one["action"] for one in planned["objects"]] == ["updated"]
    assert server.manage(USER, name="eve")["changed"]
    assert server.manage(USER, **declared, assume_present=["eve"])["objects"] == planned["objects"]


def test_a_user_that_is_read_by_name_is_reported_as_among_all(server: Server) -> None:
    users(server, name="alice", deny_web=True)
    server.simulator.log.clear()
    by_name = server.inform(USER, ["alice", "Alice"])
    assert [each.path for each in server.simulator.log][1:] == ["/api/users/list"]  # after the sign-in
    assert by_name == [one for one in server.inform(USER) if one["name"] == "alice"]
