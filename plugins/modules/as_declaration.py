#!/usr/bin/python
# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: as_declaration
short_description: Bring a whole OpenVPN Access Server to its declared state
description:
  - Applies groups, the default user, users, access lists, domain rules and configuration items of a server in one task.
    All of them are checked and planned before anything is written. One of them may refer to objects that another one
    declares.
  - Parts, objects and options that are left out stay as they are on the server.
  - Access tests are sentences that state which user may reach which address. The declaration must pass them.
  - The task reports all mistakes in the declaration at once, before it contacts a server. Mistakes that only the server
    can reveal are reported before the first write.
  - The task removes access first and grants access last. So a user never reaches more than what was allowed before or
    is allowed afterwards. A change that could end the sign-in of the task's own account is made last of all, and a new
    sign-in proves it.
  - If an object fails, only objects that refer to it are skipped.
  - The web certificate, the certificate authority and second factors of users are not part of the declaration, because
    they hold secrets that are created once. They have their own modules.
version_added: 0.1.0
author: vpn.estate contributors (@vpn-estate)
extends_documentation_fragment:
  - vpn.estate._access_server
  - vpn.estate._allow_self
  - vpn.estate._attributes
  - vpn.estate._attributes.manage
  - vpn.estate._attributes.access_server
  - vpn.estate._declaration
options:
  groups:
    description: Groups, as in M(vpn.estate.as_group).
    type: list
    elements: dict
    suboptions:
      # BEGIN suboptions: as_group (tools/generate.py)
      name: {description: 'See O(vpn.estate.as_group#module:name).', type: str, required: true}
      deny: {description: 'See O(vpn.estate.as_group#module:deny).', type: bool}
      deny_web: {description: 'See O(vpn.estate.as_group#module:deny_web).', type: bool}
      admin: {description: 'See O(vpn.estate.as_group#module:admin).', type: bool}
      autologin: {description: 'See O(vpn.estate.as_group#module:autologin).', type: bool}
      auth_method: {description: 'See O(vpn.estate.as_group#module:auth_method).', type: str}
      cc_commands: {description: 'See O(vpn.estate.as_group#module:cc_commands).', type: raw}
      totp: {description: 'See O(vpn.estate.as_group#module:totp).', type: bool}
      allow_generate_profiles: {description: 'See O(vpn.estate.as_group#module:allow_generate_profiles).', type: bool}
      password_strength: {description: 'See O(vpn.estate.as_group#module:password_strength).', type: bool}
      allow_password_change: {description: 'See O(vpn.estate.as_group#module:allow_password_change).', type: bool}
      reroute_gw:
        description: See O(vpn.estate.as_group#module:reroute_gw).
        type: str
        choices: [global, dns_only, disable]
      bypass_subnets: {description: 'See O(vpn.estate.as_group#module:bypass_subnets).', type: list, elements: str}
      cli_script_connect_win_user_connect:
        description: See O(vpn.estate.as_group#module:cli_script_connect_win_user_connect).
        type: raw
      cli_script_connect_win_user_disconnect:
        description: See O(vpn.estate.as_group#module:cli_script_connect_win_user_disconnect).
        type: raw
      cli_script_connect_win_admin_connect:
        description: See O(vpn.estate.as_group#module:cli_script_connect_win_admin_connect).
        type: raw
      cli_script_connect_win_admin_disconnect:
        description: See O(vpn.estate.as_group#module:cli_script_connect_win_admin_disconnect).
        type: raw
      cli_script_connect_mac_user_connect:
        description: See O(vpn.estate.as_group#module:cli_script_connect_mac_user_connect).
        type: raw
      cli_script_connect_mac_user_disconnect:
        description: See O(vpn.estate.as_group#module:cli_script_connect_mac_user_disconnect).
        type: raw
      cli_script_connect_mac_admin_connect:
        description: See O(vpn.estate.as_group#module:cli_script_connect_mac_admin_connect).
        type: raw
      cli_script_connect_mac_admin_disconnect:
        description: See O(vpn.estate.as_group#module:cli_script_connect_mac_admin_disconnect).
        type: raw
      cli_script_connect_win_env: {description: 'See O(vpn.estate.as_group#module:cli_script_connect_win_env).', type: dict}
      cli_script_connect_mac_env: {description: 'See O(vpn.estate.as_group#module:cli_script_connect_mac_env).', type: dict}
      subnets: {description: 'See O(vpn.estate.as_group#module:subnets).', type: list, elements: str}
      dynamic_ranges: {description: 'See O(vpn.estate.as_group#module:dynamic_ranges).', type: list, elements: str}
      members: {description: 'See O(vpn.estate.as_group#module:members).', type: list, elements: str}
      inherit:
        description: See O(vpn.estate.as_group#module:inherit).
        type: list
        elements: str
        choices: [deny, deny_web, admin, autologin, auth_method, cc_commands, totp, password_strength, allow_password_change,
          allow_generate_profiles, reroute_gw, cli_script_connect_win_user_connect, cli_script_connect_win_user_disconnect,
          cli_script_connect_win_admin_connect, cli_script_connect_win_admin_disconnect, cli_script_connect_mac_user_connect,
          cli_script_connect_mac_user_disconnect, cli_script_connect_mac_admin_connect, cli_script_connect_mac_admin_disconnect]
      state:
        description: See O(vpn.estate.as_group#module:state).
        type: str
        choices: [present, absent]
      # END
  groups_src:
    description: A file or a folder with groups, as in O(vpn.estate.as_group#module:src).
    type: path
  default_user:
    description: The default user, as in M(vpn.estate.as_default_user).
    type: dict
    suboptions:
      # BEGIN suboptions: as_default_user (tools/generate.py)
      deny: {description: 'See O(vpn.estate.as_default_user#module:deny).', type: bool}
      deny_web: {description: 'See O(vpn.estate.as_default_user#module:deny_web).', type: bool}
      admin: {description: 'See O(vpn.estate.as_default_user#module:admin).', type: bool}
      autologin: {description: 'See O(vpn.estate.as_default_user#module:autologin).', type: bool}
      auth_method: {description: 'See O(vpn.estate.as_default_user#module:auth_method).', type: str}
      cc_commands: {description: 'See O(vpn.estate.as_default_user#module:cc_commands).', type: raw}
      totp: {description: 'See O(vpn.estate.as_default_user#module:totp).', type: bool}
      allow_generate_profiles: {description: 'See O(vpn.estate.as_default_user#module:allow_generate_profiles).', type: bool}
      password_strength: {description: 'See O(vpn.estate.as_default_user#module:password_strength).', type: bool}
      allow_password_change: {description: 'See O(vpn.estate.as_default_user#module:allow_password_change).', type: bool}
      reroute_gw:
        description: See O(vpn.estate.as_default_user#module:reroute_gw).
        type: str
        choices: [global, dns_only, disable]
      bypass_subnets: {description: 'See O(vpn.estate.as_default_user#module:bypass_subnets).', type: list, elements: str}
      cli_script_connect_win_user_connect:
        description: See O(vpn.estate.as_default_user#module:cli_script_connect_win_user_connect).
        type: raw
      cli_script_connect_win_user_disconnect:
        description: See O(vpn.estate.as_default_user#module:cli_script_connect_win_user_disconnect).
        type: raw
      cli_script_connect_win_admin_connect:
        description: See O(vpn.estate.as_default_user#module:cli_script_connect_win_admin_connect).
        type: raw
      cli_script_connect_win_admin_disconnect:
        description: See O(vpn.estate.as_default_user#module:cli_script_connect_win_admin_disconnect).
        type: raw
      cli_script_connect_mac_user_connect:
        description: See O(vpn.estate.as_default_user#module:cli_script_connect_mac_user_connect).
        type: raw
      cli_script_connect_mac_user_disconnect:
        description: See O(vpn.estate.as_default_user#module:cli_script_connect_mac_user_disconnect).
        type: raw
      cli_script_connect_mac_admin_connect:
        description: See O(vpn.estate.as_default_user#module:cli_script_connect_mac_admin_connect).
        type: raw
      cli_script_connect_mac_admin_disconnect:
        description: See O(vpn.estate.as_default_user#module:cli_script_connect_mac_admin_disconnect).
        type: raw
      cli_script_connect_win_env:
        description: See O(vpn.estate.as_default_user#module:cli_script_connect_win_env).
        type: dict
      cli_script_connect_mac_env:
        description: See O(vpn.estate.as_default_user#module:cli_script_connect_mac_env).
        type: dict
      group: {description: 'See O(vpn.estate.as_default_user#module:group).', type: str}
      def_deny: {description: 'See O(vpn.estate.as_default_user#module:def_deny).', type: bool}
      inherit:
        description: See O(vpn.estate.as_default_user#module:inherit).
        type: list
        elements: str
        choices: [deny, deny_web, admin, autologin, auth_method, cc_commands, totp, password_strength, allow_password_change,
          allow_generate_profiles, reroute_gw, cli_script_connect_win_user_connect, cli_script_connect_win_user_disconnect,
          cli_script_connect_win_admin_connect, cli_script_connect_win_admin_disconnect, cli_script_connect_mac_user_connect,
          cli_script_connect_mac_user_disconnect, cli_script_connect_mac_admin_connect, cli_script_connect_mac_admin_disconnect]
      # END
  users:
    description: Users, as in M(vpn.estate.as_user).
    type: list
    elements: dict
    suboptions:
      # BEGIN suboptions: as_user (tools/generate.py)
      name: {description: 'See O(vpn.estate.as_user#module:name).', type: str, required: true}
      group: {description: 'See O(vpn.estate.as_user#module:group).', type: str}
      deny: {description: 'See O(vpn.estate.as_user#module:deny).', type: bool}
      deny_web: {description: 'See O(vpn.estate.as_user#module:deny_web).', type: bool}
      admin: {description: 'See O(vpn.estate.as_user#module:admin).', type: bool}
      autologin: {description: 'See O(vpn.estate.as_user#module:autologin).', type: bool}
      auth_method: {description: 'See O(vpn.estate.as_user#module:auth_method).', type: str}
      cc_commands: {description: 'See O(vpn.estate.as_user#module:cc_commands).', type: raw}
      totp: {description: 'See O(vpn.estate.as_user#module:totp).', type: bool}
      allow_generate_profiles: {description: 'See O(vpn.estate.as_user#module:allow_generate_profiles).', type: bool}
      password_strength: {description: 'See O(vpn.estate.as_user#module:password_strength).', type: bool}
      allow_password_change: {description: 'See O(vpn.estate.as_user#module:allow_password_change).', type: bool}
      reroute_gw:
        description: See O(vpn.estate.as_user#module:reroute_gw).
        type: str
        choices: [global, dns_only, disable]
      bypass_subnets: {description: 'See O(vpn.estate.as_user#module:bypass_subnets).', type: list, elements: str}
      cli_script_connect_win_user_connect:
        description: See O(vpn.estate.as_user#module:cli_script_connect_win_user_connect).
        type: raw
      cli_script_connect_win_user_disconnect:
        description: See O(vpn.estate.as_user#module:cli_script_connect_win_user_disconnect).
        type: raw
      cli_script_connect_win_admin_connect:
        description: See O(vpn.estate.as_user#module:cli_script_connect_win_admin_connect).
        type: raw
      cli_script_connect_win_admin_disconnect:
        description: See O(vpn.estate.as_user#module:cli_script_connect_win_admin_disconnect).
        type: raw
      cli_script_connect_mac_user_connect:
        description: See O(vpn.estate.as_user#module:cli_script_connect_mac_user_connect).
        type: raw
      cli_script_connect_mac_user_disconnect:
        description: See O(vpn.estate.as_user#module:cli_script_connect_mac_user_disconnect).
        type: raw
      cli_script_connect_mac_admin_connect:
        description: See O(vpn.estate.as_user#module:cli_script_connect_mac_admin_connect).
        type: raw
      cli_script_connect_mac_admin_disconnect:
        description: See O(vpn.estate.as_user#module:cli_script_connect_mac_admin_disconnect).
        type: raw
      cli_script_connect_win_env: {description: 'See O(vpn.estate.as_user#module:cli_script_connect_win_env).', type: dict}
      cli_script_connect_mac_env: {description: 'See O(vpn.estate.as_user#module:cli_script_connect_mac_env).', type: dict}
      static_ipv4: {description: 'See O(vpn.estate.as_user#module:static_ipv4).', type: str}
      static_ipv6: {description: 'See O(vpn.estate.as_user#module:static_ipv6).', type: str}
      dmz_ip:
        description: See O(vpn.estate.as_user#module:dmz_ip).
        type: list
        elements: dict
        suboptions:
          ip: {description: 'See O(vpn.estate.as_user#module:dmz_ip[].ip).', type: str, required: true}
          protocol:
            description: See O(vpn.estate.as_user#module:dmz_ip[].protocol).
            type: str
            choices: [tcp, udp, icmp]
          start_port: {description: 'See O(vpn.estate.as_user#module:dmz_ip[].start_port).', type: int}
          end_port: {description: 'See O(vpn.estate.as_user#module:dmz_ip[].end_port).', type: int}
      dmz_ipv6:
        description: See O(vpn.estate.as_user#module:dmz_ipv6).
        type: list
        elements: dict
        suboptions:
          ip: {description: 'See O(vpn.estate.as_user#module:dmz_ipv6[].ip).', type: str, required: true}
          protocol:
            description: See O(vpn.estate.as_user#module:dmz_ipv6[].protocol).
            type: str
            choices: [tcp, udp, icmp]
          start_port: {description: 'See O(vpn.estate.as_user#module:dmz_ipv6[].start_port).', type: int}
          end_port: {description: 'See O(vpn.estate.as_user#module:dmz_ipv6[].end_port).', type: int}
      client_to_server_subnets:
        description: See O(vpn.estate.as_user#module:client_to_server_subnets).
        type: list
        elements: str
      compile: {description: 'See O(vpn.estate.as_user#module:compile).', type: bool}
      totp_admin_only: {description: 'See O(vpn.estate.as_user#module:totp_admin_only).', type: bool}
      password: {description: 'See O(vpn.estate.as_user#module:password).', type: str}
      inherit:
        description: See O(vpn.estate.as_user#module:inherit).
        type: list
        elements: str
        choices: [deny, deny_web, admin, autologin, auth_method, cc_commands, totp, password_strength, allow_password_change,
          allow_generate_profiles, reroute_gw, cli_script_connect_win_user_connect, cli_script_connect_win_user_disconnect,
          cli_script_connect_win_admin_connect, cli_script_connect_win_admin_disconnect, cli_script_connect_mac_user_connect,
          cli_script_connect_mac_user_disconnect, cli_script_connect_mac_admin_connect, cli_script_connect_mac_admin_disconnect]
      until: {description: 'See O(vpn.estate.as_user#module:until).', type: str}
      state:
        description: See O(vpn.estate.as_user#module:state).
        type: str
        choices: [present, absent, blocked]
      update_password:
        description: See O(vpn.estate.as_user#module:update_password).
        type: str
        choices: [on_create, always]
      # END
  users_src:
    description: A file or a folder with users, as in O(vpn.estate.as_user#module:src).
    type: path
  access_lists:
    description: Access lists of users and groups, as in M(vpn.estate.as_access_list).
    type: list
    elements: dict
    suboptions:
      # BEGIN suboptions: as_access_list (tools/generate.py)
      user: {description: 'See O(vpn.estate.as_access_list#module:user).', type: str}
      group: {description: 'See O(vpn.estate.as_access_list#module:group).', type: str}
      access_to: {description: 'See O(vpn.estate.as_access_list#module:access_to).', type: list, elements: raw}
      access_from: {description: 'See O(vpn.estate.as_access_list#module:access_from).', type: list, elements: raw}
      state:
        description: See O(vpn.estate.as_access_list#module:state).
        type: str
        choices: [present, absent]
      # END
  access_lists_src:
    description: A file or a folder with access lists, as in O(vpn.estate.as_access_list#module:src).
    type: path
  access_rulesets:
    description: Rulesets with domain rules, as in M(vpn.estate.as_access_ruleset).
    type: list
    elements: dict
    suboptions:
      # BEGIN suboptions: as_access_ruleset (tools/generate.py)
      user: {description: 'See O(vpn.estate.as_access_ruleset#module:user).', type: str}
      group: {description: 'See O(vpn.estate.as_access_ruleset#module:group).', type: str}
      everybody: {description: 'See O(vpn.estate.as_access_ruleset#module:everybody).', type: bool}
      name: {description: 'See O(vpn.estate.as_access_ruleset#module:name).', type: str}
      comment: {description: 'See O(vpn.estate.as_access_ruleset#module:comment).', type: str}
      position: {description: 'See O(vpn.estate.as_access_ruleset#module:position).', type: int}
      rules:
        description: See O(vpn.estate.as_access_ruleset#module:rules).
        type: list
        elements: dict
        suboptions:
          domain: {description: 'See O(vpn.estate.as_access_ruleset#module:rules[].domain).', type: str}
          match: {description: 'See O(vpn.estate.as_access_ruleset#module:rules[].match).', type: str}
          data: {description: 'See O(vpn.estate.as_access_ruleset#module:rules[].data).', type: str}
          action:
            description: See O(vpn.estate.as_access_ruleset#module:rules[].action).
            type: str
            choices: [route, nat, deny, bypass]
            required: true
          type: {description: 'See O(vpn.estate.as_access_ruleset#module:rules[].type).', type: str}
          comment: {description: 'See O(vpn.estate.as_access_ruleset#module:rules[].comment).', type: str}
          position: {description: 'See O(vpn.estate.as_access_ruleset#module:rules[].position).', type: int}
      state:
        description: See O(vpn.estate.as_access_ruleset#module:state).
        type: str
        choices: [present, absent]
      # END
  access_rulesets_src:
    description: A file or a folder with rulesets, as in O(vpn.estate.as_access_ruleset#module:src).
    type: path
  config_items:
    description: Items of the active configuration profile, as in M(vpn.estate.as_config_item).
    type: list
    elements: dict
    suboptions:
      # BEGIN suboptions: as_config_item (tools/generate.py)
      name: {description: 'See O(vpn.estate.as_config_item#module:name).', type: str, required: true}
      value: {description: 'See O(vpn.estate.as_config_item#module:value).', type: raw}
      secret_value: {description: 'See O(vpn.estate.as_config_item#module:secret_value).', type: str}
      custom: {description: 'See O(vpn.estate.as_config_item#module:custom).', type: bool}
      state:
        description: See O(vpn.estate.as_config_item#module:state).
        type: str
        choices: [present, default]
      # END
  config_items_src:
    description: A file or a folder with configuration items, as in O(vpn.estate.as_config_item#module:src).
    type: path
  src:
    description:
      - A folder that declares the server. It holds files named C(groups), C(default_user), C(users), C(access_lists),
        C(access_rulesets) and C(config_items), each ending in C(.yml), C(.yaml), C(.json) or C(.csv), or folders of
        these names with such files. Each part may be missing. A file with another name is an error.
      - The file of the default user is a mapping, so it cannot be a table. The other files follow the option for the
        part, such as O(users_src).
    type: path
  only:
    description:
      - Parts to apply. The other parts are only checked, and serve as targets of references. By default, all parts are
        applied. An empty list means none.
    type: list
    elements: str
    choices: [groups, default_user, users, access_lists, access_rulesets, config_items]
  purge:
    description:
      - Parts in which all objects that are not declared are deleted. The task refuses a purge in the same cases as
        O(vpn.estate.as_user#module:purge).
    type: list
    elements: str
    choices: [groups, users, access_lists, access_rulesets]
    default: []
  purge_limit:
    description: Maximum number of objects that O(purge) may delete, as in O(vpn.estate.as_user#module:purge_limit).
    type: dict
    suboptions:
      groups:
        description: Limit for groups.
        type: str
      users:
        description: Limit for users.
        type: str
      access_lists:
        description: Limit for owners of access lists.
        type: str
      access_rulesets:
        description: Limit for rulesets.
        type: str
  purge_default_rulesets:
    description: >-
      Whether O(purge) also deletes rulesets with names that the web interface gives, as in
      O(vpn.estate.as_access_ruleset#module:purge_default_rulesets).
    type: bool
    default: false
  known:
    description:
      - Objects and options that are on the server, are not declared, and must stay. O(purge) keeps them, and
        O(undeclared) does not return them.
      - The playbook C(vpn.estate.export) writes such a list of everything that a declaration cannot hold.
    type: list
    elements: dict
    default: []
    suboptions:
      part:
        description: Part of the declaration.
        type: str
        required: true
        choices: [groups, default_user, users, access_lists, access_rulesets, config_items]
      name:
        description: Name of the object, as the results of the task show it.
        type: str
        required: true
      options:
        description: >-
          Options of the object, if the object is declared and these options are not. By default, the whole object.
        type: list
        elements: str
  protect:
    description:
      - Names of users and groups that O(purge) keeps although they are not declared, together with their access lists
        and rulesets.
      - Rulesets with such a name are kept too.
    type: list
    elements: str
    default: []
  access_tests:
    description:
      - Sentences that state which user or group may reach what, such as C(ada may reach 10.20.0.5:tcp/443),
        C(contractors may not reach 10.0.0.0/8) or C(ada may reach app.example.com). The subject is a user, a group or
        C(everybody). Write C(user) or C(group) before a name that both a user and a group could have.
      - C(may reach) is true if every member of a group reaches every address and every port of the target. C(may not
        reach) is true if no member reaches any of them.
      - The task tests the declaration before it contacts a server, also with O(validate_only). It tests the server as
        it will be afterwards before the first write. A test that is not true is a mistake. The message names the rule
        that decides and the owner of the rule.
      - The guide to R(access rules, ansible_collections.vpn.estate.docsite.access) describes how rules work together,
        and what cannot be derived from a declaration alone.
    type: list
    elements: str
    default: []
  access_changes:
    description:
      - Whether to return which users and groups gain or lose access to which destinations by the changes of the task,
        also in check mode. It does not change what the task writes.
      - If the task changes nothing that affects access, it sends no further request. Otherwise it reads all users,
        groups, access lists, rulesets and the configuration that it has not read yet, before the first write. This
        takes about five requests, and one more for each thousand users.
      - If the server refuses these requests, the task warns and continues.
    type: bool
    default: false
  group_mapping:
    description:
      - Whether a group mapping of the server assigns users to groups, as in O(vpn.estate.as_user#module:group_mapping).
        If it does, no group may declare O(groups[].members).
    type: bool
    default: false
  disconnect_moved:
    description: >-
      Whether to end the sessions of users who are moved, as in O(vpn.estate.as_user#module:disconnect_moved).
    type: bool
    default: false
    version_added: 1.1.0
  update_password:
    description: When to send a declared password, as in O(vpn.estate.as_user#module:update_password).
    type: str
    choices: [on_create, always]
    default: on_create
  update_secrets:
    description: When to write a declared secret, as in O(vpn.estate.as_config_item#module:update_secrets).
    type: str
    choices: [on_create, always]
    default: on_create
notes:
  - With O(only), parts that are not applied count as they are on the server.
  - If two hosts of a play declare the same part of one server differently, the task that starts first writes, and the
    other task is refused. With O(validate_only), the second task is refused too, if options or variables identify the
    server. The same applies to nodes of a cluster with the same O(as_url), or with the same C(cluster_mysql_uri) of the
    role C(vpn.estate.cluster). Such nodes may differ in O(config_items).
seealso:
  - module: vpn.estate.as_default_user
  - module: vpn.estate.as_group
  - module: vpn.estate.as_user
  - module: vpn.estate.as_access_list
  - module: vpn.estate.as_access_ruleset
  - module: vpn.estate.as_config_item
  - module: vpn.estate.as_restart
"""

EXAMPLES = r"""
- name: Apply the declaration of a server
  vpn.estate.as_declaration:
    as_url: https://vpn.example.com:943
    as_username: openvpn
    as_password: "{{ vault_openvpn_password }}"
    default_user:
      def_deny: true
    groups:
      - name: staff
        subnets: [10.40.0.0/24]
      - name: interns
        state: absent
    users:
      - name: ada
        group: staff
        static_ipv4: 10.50.0.7
      - name: bob
        state: blocked
    access_lists:
      - group: staff
        access_to: [10.10.0.0/16, 10.20.0.0/16:https]
    access_rulesets:
      - group: staff
        rules: [{domain: "*.intranet.example.com", action: nat}]
    config_items:
      - name: vpn.server.static.0.network
        value: 10.50.0.0
      - name: vpn.server.static.0.netmask_bits
        value: 24
      - name: vpn.server.routing.private_access
        value: nat
      - name: vpn.server.routing.private_network.0
        value: 10.90.0.0/24
    access_tests:
      - ada may reach 10.20.0.5:tcp/443
      - ada may reach wiki.intranet.example.com
      - staff may not reach 10.20.0.0/16:ssh
    access_changes: true

# The tasks below take the connection from the defaults of the play:
#   module_defaults:
#     group/vpn.estate.access_server:
#       as_url: https://vpn.example.com:943
#       as_username: openvpn
#       as_password: "{{ vault_openvpn_password }}"

- name: Apply a declaration from a folder, and delete everything that is not declared
  vpn.estate.as_declaration:
    src: files/vpn-a
    purge: [users, groups, access_lists, access_rulesets]
    purge_limit:
      users: "20"
      groups: "2"
      access_lists: 10%
      access_rulesets: 10%
    purge_default_rulesets: true
    protect: [openvpn, break-glass]
    disconnect_moved: true
    update_password: on_create
    update_secrets: on_create
    group_mapping: true

- name: Apply a declaration with a file or a folder for each part
  vpn.estate.as_declaration:
    groups_src: files/groups.yml
    users_src: files/users
    access_lists_src: files/access_lists.yml
    access_rulesets_src: files/access_rulesets.yml
    config_items_src: files/configuration.yml
    only: [users, access_lists]
    undeclared: true
    known:
      - {part: users, name: break-glass}
      - {part: config_items, name: auth.ldap.0.bind_pw}
      - {part: users, name: bob, options: [static_ipv4]}

- name: Check a declaration without a server
  vpn.estate.as_declaration:
    src: files/vpn-a
    mistakes: "{{ estate_people | vpn.estate.people_contradictions('access_server', inventory_hostname, groups) }}"
    validate_only: true

- name: Delete all users but one, and let the task change its own account
  vpn.estate.as_declaration:
    users: []
    purge: [users]
    purge_empty: true
    purge_limit:
      users: 100%
    protect: [openvpn]
    allow_self: true
"""

RETURN = r"""
groups:
  description:
    - Results of the declared groups, and of the groups that O(purge) deleted.
    - In check mode, the results that a real run would have.
  returned: when groups are declared, and the task has compared the declaration with the server
  type: dict
  contains: &part
    objects:
      description: Each object with its result, as in the module that manages such objects.
      type: list
      elements: dict
    counts:
      description: Number of objects by result.
      type: dict
    undeclared:
      description: Objects that are on the server and not declared.
      returned: when O(undeclared) is set
      type: list
      elements: dict
      contains: &undeclared
        name: {description: Name of the object., type: str}
        options: {description: Options that are set on it., type: dict}
    undeclared_options:
      description: Declared objects, with the options that are set on the server and not declared.
      returned: when O(undeclared) is set
      type: list
      elements: dict
      contains: *undeclared
default_user:
  description: Result of the default user, in the form of RV(groups).
  returned: as for RV(groups)
  type: dict
  contains: *part
users:
  description: Results of users, in the form of RV(groups).
  returned: as for RV(groups)
  type: dict
  contains: *part
access_lists:
  description: Results of access lists, in the form of RV(groups).
  returned: as for RV(groups)
  type: dict
  contains: *part
access_rulesets:
  description: Results of rulesets, in the form of RV(groups).
  returned: as for RV(groups)
  type: dict
  contains: *part
config_items:
  description: Results of configuration items, in the form of RV(groups).
  returned: as for RV(groups)
  type: dict
  contains: *part
counts:
  description: Number of objects of all parts, by result.
  returned: when the task has compared the declaration with the server
  type: dict
  sample:
    created: 3
    unchanged: 296
access_tests:
  description:
    - Result of each entry of O(access_tests). A failed test is a mistake, and the task then returns no results of
      tests.
    - With O(validate_only), a test is V(unknown) if it depends on something that is not declared. The task then warns.
  returned: when there are tests, and none has failed
  type: list
  elements: dict
  contains:
    test:
      description: The sentence of the test.
      type: str
      sample: ada may reach 10.20.0.5:tcp/443
    result:
      description: V(passed) or V(unknown).
      type: str
      sample: passed
    reason:
      description: Reason why the result is unknown; otherwise empty.
      type: str
      sample: ""
access_changes:
  description:
    - Users and groups that gain or lose access by the changes of the task. A change that failed does not count.
    - Users and groups that gain and lose the same destinations share one entry. An entry names the first 20 of each
      kind.
    - The guide to R(access rules, ansible_collections.vpn.estate.docsite.access) describes how rules are interpreted.
  returned: when O(access_changes) is set, and the task has compared the declaration with the server
  type: dict
  contains:
    changes:
      description: At most 100 entries.
      type: list
      elements: dict
      contains:
        groups: {description: Names of groups. Members without their own rules are affected., type: list, elements: str}
        group_count: {description: Number of groups., type: int}
        users: {description: Names of users., type: list, elements: str}
        user_count: {description: Number of users., type: int}
        others: {description: Whether users without a group and without their own rules are affected., type: bool}
        gains: {description: Destinations that they reach only after the changes., type: list, elements: str}
        gain_count: {description: Number of such destinations., type: int}
        loses: {description: Destinations that they reached only before the changes., type: list, elements: str}
        lose_count: {description: Number of such destinations., type: int}
    left_out:
      description: Number of further entries.
      type: int
    vpn_clients_compared:
      description: Whether the destinations include other VPN clients. V(false) if there are too many combinations.
      type: bool
  sample:
    changes:
      - groups: [staff]
        group_count: 1
        users: [ada, erika]
        user_count: 2
        others: false
        gains: ["10.20.0.0/16:tcp/443", "*.intranet.example.com"]
        gain_count: 2
        loses: []
        lose_count: 0
    left_out: 0
    vpn_clients_compared: true
ending:
  # BEGIN ending (tools/generate.py)
  description: Declared users whose O(users[].until) is within 30 days.
  returned: unless the task was stopped
  type: list
  elements: dict
  contains:
    part: {description: Part of the declaration., type: str}
    name: {description: Name of the user., type: str}
    until: {description: Declared end of the access., type: str}
    days_left: {description: Whole days until then., type: int}
  sample:
    - {part: users, name: max, until: "2026-12-31", days_left: 12}
  # END
restart:
  description:
    - Changed configuration items that may need a restart of the server.
    - Pass the list to O(vpn.estate.as_restart#module:changed_items).
  returned: unless the task was stopped
  type: list
  elements: str
  sample: [vpn.server.max_clients]
vpn_clients:
  description: Number of connected VPN clients, which a restart may interrupt.
  returned: when RV(restart) is not empty, and the server reports the number
  type: int
  sample: 41
summary:
  description:
    - The counts of each part in words, the items that may need a restart, and the number of connected clients. The task
      prints it while it runs.
    - A user who becomes blocked is counted as created or updated, and also shown in brackets.
  returned: unless the task was stopped
  type: str
  sample: >-
    groups: 1 created, 4 unchanged; users: 3 created (1 blocked), 2 updated (1 blocked), 296 unchanged; config_items: 1 updated;
    a restart may be needed by vpn.server.max_clients; VPN clients connected now: 41
"""

from ansible_collections.vpn.estate.plugins.module_utils._access_server.api.connection import ACCESS_SERVER
from ansible_collections.vpn.estate.plugins.module_utils._access_server.server.declaration import DECLARATION
from ansible_collections.vpn.estate.plugins.module_utils._engine.module import manage_server, run

BODY = manage_server(DECLARATION, ACCESS_SERVER)


def main() -> None:
    """Run the task."""
    run(BODY)


if __name__ == "__main__":
    main()
