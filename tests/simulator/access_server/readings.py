# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The questions that the vendor's document leaves open, and the readings that the simulator can take."""

from __future__ import annotations

READINGS: dict[str, tuple[str, ...]] = {
    # what userprop/access/set does with the routes of an owner and type that the request names
    "access_set": ("replace", "extend"),
    # null as the value of a property in userprop/set: the property inherits again, 400, or no effect
    "null_property": ("reset", "refuse", "ignore"),
    # the secret of an authenticator in userprop/set, which the document has among the properties
    "totp_secret_property": ("kept", "ignored"),
    # userprop/set for a name that does not exist: 404, a new user, or 200 without effect
    "unknown_name": ("refuse", "create", "ignore"),
    # a configuration key that is a number: of the type integer, or a string of digits (server behaviour, 84)
    "config_integers": ("integer", "text"),
    # an authentication method that the server does not have: 400, or kept as a text
    "auth_methods": ("known", "any"),
    # lists in userprop/set, for example of subnets or ranges: the new list replaces the old one, or both are merged
    "list_property": ("replace", "merge"),
    # null as the value of a configuration key: the default is restored, 400, or null is stored
    "config_reset": ("null", "refuse", "store"),
    # a key with another index than a defined one: also defined, or unknown to the server
    "indexed_keys": ("known", "custom"),
    # the name of the default user in userprop/set; the other name is unknown
    "default_user_name": ("__DEFAULT__", "DEFAULT"),
    # whether users without a group belong to the group of the default user
    "default_group": ("alone", "followed"),
    # `members` of a group in userprop/set and groups/create
    "members": ("replace", "extend", "ignore"),
    # userprop/access/list: only the owners in the request, or others too (server behaviour, 69)
    "access_list_filter": ("exact", "loose"),
    # filters of users/list, groups/list and profiles/list: applied, or ignored (server behaviour, 38)
    "list_filters": ("taken", "ignored"),
    # the filters admin and autologin: by the active values, or by what is set on the record itself (server behaviour, 38)
    "flag_filters": ("effective", "own"),
    # whether the filter substring distinguishes capital and small letters
    "substring_filter": ("exact", "caseless"),
    # whether a token is still valid after a restart (server behaviour, 105)
    "token_after_restart": ("keeps", "dies"),
    # whether users/create and groups/create keep properties other than the name (server behaviour, 52)
    "create_properties": ("keeps", "ignores"),
    # a bad record in userprop/set: no record is applied, or those before it are
    "bulk_error": ("atomic", "partial"),
    # whether adding an authority restarts the server (server behaviour, 99)
    "authority_restart": ("none", "restarts"),
    # whether ca/vpn/list has the certificates by which older authorities vouch for younger ones
    "cross_authorities": ("hidden", "listed"),
    # a new profile: a text, or a JSON string (server behaviour, 92)
    "profile_text": ("plain", "json"),
    # the profiles and tokens of deleted users
    "profiles_of_deleted_users": ("kept", "deleted"),
    # the access lists of deleted users and groups (server behaviour, 62, 63)
    "lists_of_deleted_owners": ("deleted", "kept"),
    # the members of a deleted group: in no group, in a group that does not exist, or the group stays (63)
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
    # whether configuration items show that they come from MySQL, where the dialect calls the server's own database db
    "moved_source": ("shown", "db"),
    # the name that identifies a subscription in the answer to its test, if there is one
    "tested_subscription": ("subkey", "billing_id", "nothing"),
    # the keys of fixed licences in license/info
    "fixed_license_key": ("whole", "masked"),
    # activating a fixed licence that is active: 400, or nothing happens
    "second_activation": ("refused", "accepted"),
    # cluster/nodes/list on a server without a cluster: no node, itself by its name, or itself with an address too
    "lone_node": ("hidden", "listed", "addressed"),
    # access/rules/modify: nothing, or the numbers of new rules (server behaviour, 78)
    "modify_answer": ("empty", "added"),
    # access/rulesets/list: only rulesets with an owner, or all rulesets (server behaviour, 73)
    "unassigned_rulesets": ("hidden", "listed"),
    # the type of the global owner of rulesets
    "global_owner_type": ("user", "default"),
    # rules of the type filter: 400, or kept
    "filter_rules": ("refused", "kept"),
    # two rulesets with one name, and two rules of a ruleset with one position: allowed, or 400 (server behaviour, 75)
    "ruleset_names": ("free", "unique"),
    "rule_positions": ("free", "unique"),
    # a ruleset with an owner, in access/rulesets/delete: deleted, or 400
    "assigned_ruleset": ("deleted", "refused"),
    # a ruleset that loses its last owner: it stays, or is deleted
    "last_owner_gone": ("kept", "deleted"),
    # a ruleset that is assigned to its owner once more: at another position, or 400
    "assigned_twice": ("moved", "refused"),
    # rulesets whose owner is deleted: deleted with the owner, or still in the list
    "rulesets_of_deleted_owners": ("deleted", "kept"),
    # several signing certificates of an identity provider: the first one counts, or all count
    "saml_certificates": ("first", "all"),
    # certificates in the answer of helper/get-saml-configuration: in PEM format, or as metadata has them
    "saml_certificate_form": ("pem", "base64"),
    # auth/get-idp-url: a text, or a JSON string
    "idp_url": ("text", "json"),
    # saml/metadata: the same each time, or with a time of expiry
    "sp_metadata": ("stable", "dated"),
    # request_admin in auth/login/saml-assertion: needed as in 14, or refused and not needed (server behaviour, 143)
    "saml_request_admin": ("taken", "unknown"),
    # an assertion that was used: 400, or valid until it expires
    "saml_replay": ("refused", "accepted"),
    # the match type of a rule that matches all domains (server behaviour, 130)
    "match_all": ("all", "any"),
}
"""The name of each question, and its readings. The first one is the default."""
