# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one action of all modules that talk to a server. The actions of the others are links to this file.

Each link has its module's name, which is how Ansible finds it, and how this file knows whose action it is. A list in
meta/runtime.yml (action_plugin) would do the same at a price: Ansible loads an action once for all hosts, before it starts a
process for each task, only where it finds it by the module's name. Else each of these processes has to import everything.
"""

from __future__ import annotations

import importlib

from ansible_collections.vpn.estate.plugins.plugin_utils.module_action import ModuleAction

MODULE = importlib.import_module(__name__.replace(".plugins.action.", ".plugins.modules."))


class ActionModule(ModuleAction):
    """Of the module of this name."""

    body = MODULE.BODY


main = MODULE.main  # ansible-lint calls it to check the options of a task
