# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals of a server, as errors that quote its words without any secret of the request."""

from __future__ import annotations

import base64
import contextlib
import itertools
import re
import typing as t

from .._text.errors import Refused
from .._text.redact import concealed, longest_form, parts_of_uri, words
from .answer_limits import Answer, parsed
from .operations import Call

LONGEST_QUOTE = 200  # characters of an unexpected answer that an error quotes
LONGEST_REASON = 2000  # characters of the server's own words for a refusal
MOST_REASONS = 10_000  # objects of one request that a refusal lists one by one
NO_SECRETS = ("username", "name", "api_endpoint")  # of a secret call: they identify its object


class Meaning(t.NamedTuple):
    """The meaning of the text of an answer: the status that it stands for, and why.

    ``said`` is the server's own word for it, for sentences.
    """

    status: int
    reason: str
    said: str = ""


def redirect(call: Call, url: str, answer: Answer) -> Refused:
    """The error for a redirect."""
    where = _without_secrets(re.split("[?#]", answer.headers.get("Location", ""))[0], [*_secrets(call, answer)])
    return Refused(
        f"{call} of {url}",
        answer.status_code,
        f"a redirect to {where or 'nowhere'}. Redirects are not followed, because the session's token would be sent "
        "there: give the final address instead.",
    )


def refusal(call: Call, url: str, status: int, meant: t.Optional[Meaning], answer: Answer, node: str) -> Refused:
    """The error for an answer of this status from 400 up; ``node`` carries out the call if the server itself does not."""
    body = _object(answer)
    reason, reasons = (meant.reason, {}) if meant else _reason(body)
    secrets = list(_secrets(call, answer))
    reasons = {_without_secrets(key, secrets): _without_secrets(text, secrets) for key, text in reasons.items()}
    words_of_it = quoted(call, answer) if reason is None else _without_secrets(reason, secrets)
    if status in (429, 503) and "Retry-After" in answer.headers:
        words_of_it += f" (Retry-After: {answer.headers['Retry-After'][:LONGEST_QUOTE]})"
    if status in (502, 504) and node:
        late = "which did not answer in time" if status == 504 else "which it does not know or cannot reach"
        words_of_it = f"it had to forward this to {node}, {late}: {words_of_it}"
    return Refused(f"{call} of {url}", status, words_of_it, reasons, body, (meant and meant.said) or str(status))


def quoted(call: Call, answer: Answer) -> str:
    """The start of an answer, without secrets: both the server's data and repeated parts of the request may contain some."""
    if call.secret:
        return "(not shown)"
    sent = [*words([call.body, *call.query.values()]), *_secrets(call, answer)]
    start = answer.content[: 4 * (4 * LONGEST_QUOTE + longest_form(sent))].decode("utf-8", "replace")
    text = " ".join(start.split())
    if text[:1] in ("{", "["):
        return f"({len(answer.content)} bytes of data, not shown)"
    return concealed(text, sent, LONGEST_QUOTE) or "(empty)"


def _secrets(call: Call, answer: Answer) -> t.Iterator[str]:
    """Secrets of the request, which a server may repeat in its reason."""
    for name, value in answer.sent.items():
        if re.search("auth|token", name, re.IGNORECASE):
            yield value
            with contextlib.suppress(ValueError):  # a name and a password, which are only encoded
                yield from words(
                    base64.b64decode(value.removeprefix("Basic "), validate=True).decode().partition(":")[2]
                )
    if call.secret:
        body = call.body
        confided = {k: v for k, v in body.items() if k not in NO_SECRETS} if isinstance(body, dict) else body
        for word in words([confided, *call.query.values()]):
            yield word
            yield from words(parts_of_uri(word))


def _without_secrets(text: str, secrets: t.Sequence[str]) -> str:
    """The server's own words, shortened."""
    return concealed(text, secrets, LONGEST_REASON)


def _object(answer: Answer) -> dict[str, t.Any]:
    try:
        body = parsed(answer.content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _reason(body: t.Mapping[str, t.Any]) -> tuple[t.Optional[str], dict[str, str]]:
    """The server's own words, as a whole and per key (server behaviour, 6)."""
    detail = body.get("detail")
    reasons: dict[str, str] = {}
    if isinstance(detail, dict):
        some = itertools.islice(detail.items(), MOST_REASONS)
        reasons = {str(k): str(v["reason"] if isinstance(v, dict) and "reason" in v else v) for k, v in some}
    for text in (body.get("reason"), detail, body.get("message"), body.get("msg"), body.get("error")):
        if isinstance(text, str) and text:
            return text, reasons
    return ("it gave no reason" if reasons else None), reasons
