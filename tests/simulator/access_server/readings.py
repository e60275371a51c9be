# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The questions that the vendor's document leaves open, and the reading the simulator takes of each."""

from __future__ import annotations

READINGS: dict[str, tuple[str, ...]] = {
    # what userprop/access/set does with the routes of an owner and type that the request names
    "access_set": ("replace", "extend"),
    # null as the value of a property in userprop/set: back to inherited, 400, or no effect
    "null_property": ("reset", "refuse", "ignore"),
    # the secret of an authenticator in userprop/set, which the document has among the properties
    "totp_secret_property": ("kept", "ignored"),
    # userprop/set for a name that does not exist: 404, a new user, or 200 without effect
    "unknown_name": ("refuse", "create", "ignore"),
    # a configuration key that is a number: of the type integer, or a string of digits (server behaviour, 84)
    "config_integers": ("integer", "text"),
    # an authentication method that the server does not have: 400, or kept as a text
    "auth_methods": ("known", "any"),
    # a list of subnets, ranges or the like in userprop/set
    "list_property": ("replace", "merge"),
    # null as the value of a configuration key: back to the default, 400, or kept as a value
    "config_reset": ("null", "refuse", "store"),
    # a key with another index than a defined one: defined as well, or like any key that the server does not know
    "indexed_keys": ("known", "custom"),
    # the name by which userprop/set knows the default user; the other one is unknown
    "default_user_name": ("__DEFAULT__", "DEFAULT"),
    # whether users without a group of their own belong to that of the default user
    "default_group": ("alone", "followed"),
    # `members` of a group in userprop/set and groups/create
    "members": ("replace", "extend", "ignore"),
    # whether userprop/access/list keeps to the names asked for (server behaviour, 69)
    "access_list_filter": ("exact", "loose"),
    # filters of users/list, groups/list and profiles/list: taken, or left out (server behaviour, 38)
    "list_filters": ("taken", "ignored"),
    # the filters admin and autologin: by the active values, or by what is set on the record itself (server behaviour, 38)
    "flag_filters": ("effective", "own"),
    # the filter substring: with regard to case, or without
    "substring_filter": ("exact", "caseless"),
    # whether a token outlives a restart (server behaviour, 105)
    "token_after_restart": ("keeps", "dies"),
    # whether users/create and groups/create keep properties other than the name (server behaviour, 52)
    "create_properties": ("keeps", "ignores"),
    # a bad record in userprop/set: nothing is applied, or what stands before it is
    "bulk_error": ("atomic", "partial"),
    # whether adding an authority restarts the server (server behaviour, 99)
    "authority_restart": ("none", "restarts"),
    # whether ca/vpn/list has the certificates by which older authorities vouch for younger ones
    "cross_authorities": ("hidden", "listed"),
    # a new profile as the text it is, or as a JSON string (server behaviour, 92)
    "profile_text": ("plain", "json"),
    # what becomes of the profiles and tokens of users who are deleted
    "profiles_of_deleted_users": ("kept", "deleted"),
    # what becomes of the access lists of users and groups that are deleted (server behaviour, 62, 63)
    "lists_of_deleted_owners": ("deleted", "kept"),
    # the members of a group that is deleted: in no group, in a group that is not there, or the group stays (63)
    "members_of_deleted_groups": ("released", "kept", "refused"),
    # a fixed address of a user: any; or of a network that is written; or of one that the server started with (90)
    "address_networks": ("unchecked", "at_once", "after_restart"),
    # HTTP status of an error below /rest: 401, 403, 500 or 400 by its type, or always 200
    "legacy_status": ("401", "200"),
    # properties of a cluster: below its name as the document's schema has it, or by themselves as they are set
    "cluster_props": ("nested", "flat"),
    # joining once more as a node that the cluster knows with the same address and certificate, after a half-done join
    "repeated_join": ("accepted", "refused"),
    # database/convert on a server that has moved to MySQL already: 400, or it is done once more
    "second_conversion": ("refused", "repeated"),
    # whether configuration items tell that they come from MySQL, where the dialect calls the server's own database db
    "moved_source": ("shown", "db"),
    # which names of a subscription the answer to its test has: those that the server is licensed by, or none
    "tested_subscription": ("subkey", "billing_id", "nothing"),
    # the keys of fixed licences in license/info
    "fixed_license_key": ("whole", "masked"),
    # activating a fixed licence that is active: 400, or nothing happens
    "second_activation": ("refused", "accepted"),
    # cluster/nodes/list on a server that is in no cluster: nothing, itself by its name alone, or with an address as well
    "lone_node": ("hidden", "listed", "addressed"),
    # access/rules/modify: nothing, or the numbers of new rules (server behaviour, 78)
    "modify_answer": ("empty", "added"),
    # access/rulesets/list: only rulesets with an owner, or the others without one as well (server behaviour, 73)
    "unassigned_rulesets": ("hidden", "listed"),
    # the type of the global owner of rulesets
    "global_owner_type": ("user", "default"),
    # rules of the type filter: 400, or kept
    "filter_rules": ("refused", "kept"),
    # two rulesets of one name, two rules of a ruleset at one position: there can be, or 400 (server behaviour, 75)
    "ruleset_names": ("free", "unique"),
    "rule_positions": ("free", "unique"),
    # a ruleset with an owner, in access/rulesets/delete: deleted, or 400
    "assigned_ruleset": ("deleted", "refused"),
    # a ruleset that loses its last owner: it stays, or is deleted
    "last_owner_gone": ("kept", "deleted"),
    # a ruleset that is assigned to its owner once more: at another position, or 400
    "assigned_twice": ("moved", "refused"),
    # rulesets whose owner is deleted: gone with the owner, or listed still
    "rulesets_of_deleted_owners": ("deleted", "kept"),
    # of several signing certificates of an identity provider, those that count: the first, or all of them
    "saml_certificates": ("first", "all"),
    # certificates in the answer of helper/get-saml-configuration: in PEM format, or as metadata has them
    "saml_certificate_form": ("pem", "base64"),
    # auth/get-idp-url: a text, or a JSON string
    "idp_url": ("text", "json"),
    # saml/metadata: the same each time, or with the time until when it is good
    "sp_metadata": ("stable", "dated"),
    # request_admin in auth/login/saml-assertion: needed as elsewhere, or refused and not needed (server behaviour, 14)
    "saml_request_admin": ("taken", "unknown"),
    # an assertion that has been used: 400, or good until it expires
    "saml_replay": ("refused", "accepted"),
    # how a rule is called that matches all domains
    "match_all": ("all", "any"),
}
"""Name of each question with the readings it has; the first is the default."""
