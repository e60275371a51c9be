# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page that a user gets: whole in itself, with its QR code, and with nothing in it that its values could smuggle in."""

from __future__ import annotations

import re
import sys
import typing as t
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
import segno
from ansible.errors import AnsibleFilterError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.vpn.estate.plugins.filter import qr_svg as plugin
from ansible_collections.vpn.estate.tests.unit.plugins.support.templates import data, trust_as_template

pytestmark = pytest.mark.versions

PAGE = Path(plugin.__file__).parents[2] / "roles/profile_distribution/templates/hand_out.html.j2"
URL = "openvpn://import-profile/https://vpn.example.com/rest/GetProfileViaToken?token=abc&more=<1>"
HAND_OUT = {"user": "anna", "url": URL, "expires": "2026-10-05T15:39:38Z", "usages": 1, "estate": "Example"}
HOSTILE = "\"'><script src=https://example.org/x.js></script>&amp;{{ 1 }}"
VOID = {"meta", "path"}
qr_svg = plugin.FilterModule().filters()["qr_svg"]


class Page(HTMLParser):
    """The elements of a page, each with its attributes and the text right in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self._open: list[tuple[str, list[str]]] = []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        words: list[str] = []
        self.elements.append((tag, dict(attrs), words))
        if tag not in VOID:
            self._open.append((tag, words))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self._open[-1][1].append(data)

    def all(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        return [(attributes, "".join(words).strip()) for name, attributes, words in self.elements if name == tag]

    @property
    def text(self) -> str:
        shown = ("".join(words) for tag, _attributes, words in self.elements if tag != "style")
        return re.sub(r"\s+", " ", " ".join(shown))


def render(**values: t.Any) -> str:
    """As the module template has it."""
    templar = Templar(loader=DataLoader(), variables={"hand_out": data({**HAND_OUT, **values})})
    return str(templar.template(trust_as_template(PAGE.read_text(encoding="utf-8"))))


def test_the_page_says_what_it_is_given() -> None:
    page = Page(render())
    assert page.all("html") == [({"lang": "en"}, "")]
    assert [attributes["href"] for attributes, _text in page.all("a")] == ["https://openvpn.net/client/", URL]
    assert ({"class": "text"}, URL) in page.all("p")
    assert page.all("time") == [({"datetime": "2026-10-05T15:39:38Z"}, "2026-10-05 15:39 UTC")]
    assert "works once, until" in page.text
    assert [text for _attributes, text in page.all("strong")] == ["anna", "anna"]
    assert page.all("h1") == [({}, "VPN access to Example")]
    assert len(page.all("h2")) == 4
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in [
        a for a, _text in page.all("meta")
    ]
    assert "prefers-color-scheme: dark" in page.all("style")[0][1]


def test_the_page_has_the_code_with_a_name() -> None:
    text = render()
    assert qr_svg(URL) in text
    [named] = [attributes for tag, attributes, _words in Page(text).elements if attributes.get("role") == "img"]
    assert "QR code" in str(named["aria-label"])


def test_other_times_and_uses() -> None:
    page = Page(render(usages="3", expires="2026-10-05T17:39:38+02:00"))
    assert page.all("time") == [({"datetime": "2026-10-05T17:39:38+02:00"}, "2026-10-05T17:39:38+02:00")]
    assert "works 3 times, until" in page.text


@pytest.mark.parametrize(
    "values", [{}, dict.fromkeys(["user", "estate", "url", "expires"], HOSTILE)], ids=["tame", "hostile"]
)
def test_the_page_loads_and_runs_nothing(values: dict[str, str]) -> None:
    text = render(**values)
    page = Page(text)
    assert {tag for tag, _attributes, _words in page.elements} <= {
        *(
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "main",
            "h1",
            "h2",
            "p",
            "a",
            "strong",
            "div",
            "svg",
            "path",
        ),
        "time",
    }
    for tag, attributes, _words in page.elements:
        assert not {name for name in attributes if name in ("src", "srcset", "style", "data") or name.startswith("on")}
        assert "href" not in attributes or tag == "a"
    assert "url(" not in text
    assert "@import" not in text
    [policy] = [a["content"] for a, _text in page.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    assert str(policy).startswith("default-src 'none';")


def test_hostile_values_are_shown_as_they_are() -> None:
    page = Page(render(user=HOSTILE, estate=HOSTILE, url=HOSTILE, expires=HOSTILE))
    assert page.all("title") == [({}, f"VPN access to {HOSTILE} for {HOSTILE}")]
    assert [text for _attributes, text in page.all("strong")] == [HOSTILE, HOSTILE]
    assert page.all("time") == [({"datetime": HOSTILE}, HOSTILE)]
    assert ({"class": "text"}, HOSTILE) in page.all("p")


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", " javascript:alert(1)", "data:text/html,x", "http://example.org/"]
)
def test_what_is_no_link_to_a_profile_cannot_be_tapped(url: str) -> None:
    page = Page(render(url=url))
    assert [attributes["href"] for attributes, _text in page.all("a")] == ["https://openvpn.net/client/"]
    assert url.strip() in page.text


# -- the filter


def test_a_code_holds_its_text() -> None:
    """Line by line the same as what segno makes of the text, drawn black on white with a quiet zone of four."""
    svg = ElementTree.fromstring(qr_svg(URL))  # noqa: S314
    white, black = svg.findall("path")
    code = segno.make_qr(URL, error="m")
    side = code.symbol_size(border=4)[0]
    assert svg.get("viewBox") == f"0 0 {side} {side}"
    assert (white.get("fill"), black.get("stroke")) == ("#fff", "#000")
    assert dark_modules(str(black.get("d"))) == {
        (x + 4, y + 4) for y, row in enumerate(code.matrix) for x, dark in enumerate(row) if dark
    }


def dark_modules(path: str) -> set[tuple[int, int]]:
    """The squares that strokes of the width 1 cover."""
    found, x, y = set(), 0.0, 0.0
    for command, numbers in re.findall(r"([Mmh])([-0-9. ]+)", path):
        values = [float(number) for number in numbers.split()]
        if command == "h":
            found |= {(int(x) + step, int(y)) for step in range(int(values[0]))}
            x += values[0]
        else:
            x, y = (values[0], values[1]) if command == "M" else (x + values[0], y + values[1])
    return found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "pass a text"),
        (None, "pass a text"),
        (["openvpn://"], "pass a text"),
        ("S3cret" * 500, "does not fit"),
        ("S3cret\ud800", "does not fit"),
    ],
)
def test_mistakes_are_reported(text: t.Any, words: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        qr_svg(text)
    assert words in str(caught.value)
    assert "S3cret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_without_segno_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "segno", None)
    with pytest.raises(AnsibleFilterError, match="pip install segno"):
        qr_svg(URL)
