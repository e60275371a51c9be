# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts with Ansible's markup, converted for other readers."""

from __future__ import annotations

import re
from collections.abc import Iterable


def markdown(text: str) -> str:
    """Ansible's markup in Markdown, for a cell of a table."""
    return _marked(text, "`", "**").replace("|", "\\|")


def first_sentence(description: str | Iterable[str]) -> str:
    """The first sentence of a description, without markup."""
    text = _marked(description if isinstance(description, str) else next(iter(description)), "", "")
    return re.split(r"(?<=[.!?])\s+(?=[A-Z])", text, maxsplit=1)[0]


def _marked(text: str, code: str, bold: str) -> str:
    """A text with other marks around names, values and bold text."""
    text = re.sub(r"\b[OR]V?\((?:vpn\.estate\.)?(\w+)#module:([^)]+)\)", rf"{code}\2{code} of {code}\1{code}", text)
    text = re.sub(r"\b(?:M\(vpn\.estate\.|P\()([\w.]+)(?:#\w+)?\)", rf"{code}\1{code}", text)
    text = re.sub(r"\b(?:O|V|C|E|RV)\(((?:\\\)|[^)])+)\)", lambda found: f"{code}{found[1]}{code}", text)
    return re.sub(r"\bB\(([^)]+)\)", rf"{bold}\1{bold}", text).replace("\\)", ")")
