# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A filter that draws QR codes."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError


def qr_svg(text: t.Any) -> str:
    """A QR code as an element of HTML: black on white with a quiet zone, so that it can be read on any page."""
    if not isinstance(text, str) or not text:
        raise AnsibleFilterError("qr_svg: pass a text that is not empty.")
    try:
        import segno  # here, because Ansible loads all filters of a collection when it looks for one of them
    except ImportError:
        raise AnsibleFilterError(
            "qr_svg needs the Python library segno where Ansible runs: pip install segno"
        ) from None
    try:
        code = segno.make_qr(text, error="m")
    except ValueError:  # its words may quote the text
        raise AnsibleFilterError("qr_svg: the text does not fit into a QR code.") from None
    return str(code.svg_inline(border=4, light="#fff", dark="#000", omitsize=True, svgclass=None, lineclass=None))


class FilterModule:
    """Filters of this file by name."""

    def filters(self) -> dict[str, t.Callable[[t.Any], t.Any]]:
        """Filters of this file by name."""
        return {"qr_svg": qr_svg}
