# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Find the words that the word list in CONTRIBUTING.md replaces, in all files that Git knows, and name better ones.

The list is the table below the heading "Write plain English": words in code quotes on the left, what to write on the right.
Texts that others wrote (recorded answers, the vendor's contracts, the licence) keep their words.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from collection_tree import ROOT, checkout

LIST = Path("CONTRIBUTING.md")
HEADING = "## Write plain English"
FROM_OTHERS = ("tests/recorded/", "tests/contract/", "LICENSE", "CODE_OF_CONDUCT.md")


def word_list(text: str) -> dict[str, str]:
    """Each word of the list, in small letters, with what to write in its place."""
    section = text.partition(HEADING)[2].partition("\n## ")[0]
    words = {}
    for row in section.splitlines():
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        if row.startswith("|") and len(cells) == 2:
            words.update(dict.fromkeys((word.lower() for word in re.findall(r"`([^`]+)`", cells[0])), cells[1]))
    return words


def found(text: str, words: dict[str, str]) -> list[tuple[int, str]]:
    """The number of each line that has a word of the list, with the word.

    Words in longer identifiers do not count, nor do values: a word alone in quotes, such as the name of an account.
    """
    alone = "|".join(map(re.escape, words))
    pattern = re.compile(rf"(?<![\w-])(?!(?<=[\"`])(?:{alone})[\"`])({alone})(?![\w-])", re.IGNORECASE)
    return [
        (number, match[1].lower())
        for number, line in enumerate(text.splitlines(), 1)
        for match in pattern.finditer(line)
    ]


def main() -> int:
    text = (ROOT / LIST).read_text(encoding="utf-8")
    words = word_list(text)
    if not words:
        print(f'{LIST} has no word list below "{HEADING}".')
        return 1
    count = 0
    for path in sorted(checkout()):
        if str(path).startswith(FROM_OTHERS):
            continue
        try:
            lines = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:  # a picture
            continue
        if path == LIST:  # the list itself
            lines = re.sub(r"^\|.*\|$", "", lines, flags=re.MULTILINE)
        for number, word in found(lines, words):
            count += 1
            print(f'{path}:{number}: "{word}": write {words[word]}')
    print(f"{count} words of the list found.")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
