# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sphinx settings for the pages that antsibull-docs makes of the documentation in the plugins, and for the guides."""

from __future__ import annotations

import zlib
from pathlib import Path

from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

project = title = html_short_title = "vpn.estate"
project_copyright = "vpn.estate contributors"

extensions = ["sphinx.ext.intersphinx", "sphinx_antsibull_ext"]
default_role = "any"
nitpicky = True
pygments_style = "ansible"
highlight_language = "YAML+Jinja"
html_theme = "sphinx_ansible_theme"
html_show_sphinx = False
html_use_index = False
html_copy_source = False
html_static_path = ["static"]
html_css_files = ["narrow.css"]

# Ansible's own pages that ours refer to. Listed here, so that building the pages needs no network.
ANSIBLE = "https://docs.ansible.com/projects/ansible/devel/"
LABELS = {
    "action_plugins": "plugins/action.html",
    "ansible_collections.ansible.builtin.file_lookup": "collections/ansible/builtin/file_lookup.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "callback_plugins": "plugins/callback.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}


def inventory(path: Path) -> str:
    """Write what intersphinx would fetch from docs.ansible.com, for these labels alone; return the path."""
    header = "# Sphinx inventory version 2\n# Project: Ansible\n# Version: devel\n# The rest is compressed by zlib.\n"
    body = "".join(f"{label} std:label -1 {page} {label}\n" for label, page in LABELS.items())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header.encode() + zlib.compress(body.encode()))
    return str(path)


intersphinx_mapping = {
    "ansible": (ANSIBLE, inventory(Path(__file__).resolve().parent.parent / ".cache/docs/ansible.inv")),
}


def setup(app: Sphinx) -> None:
    """Guides show CSV files, for which Pygments has no colours."""
    app.add_lexer("csv", TextLexer)
