# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of a task to one server: sent, repeated where that is safe, and returned as values or an error."""

from __future__ import annotations

import copy
import os
import time
import typing as t
from http import HTTPStatus
from http.client import HTTPException
from urllib.request import getproxies_environment

from .._text.errors import EstateError, OutcomeUnknown, Unreachable, WriteWithheld
from .answer_limits import (
    ENCODINGS,
    FILE_LIMIT,
    LIMIT,
    SINK_LIMIT,
    Answer,
    Broken,
    TooMuch,
    Watch,
    parsed,
    poured,
    whole,
)
from .connections import NotSent, connections, proxies_for
from .libraries import requests, urllib3
from .operations import JSON, READ, SIGN_IN, Call, Headers
from .refusals import Meaning, quoted, redirect, refusal
from .retries import BREAK_AFTER, Retries, TimeLeft
from .tls import CONNECT_TIMEOUT, Trust, cause_of, distrust_of, is_distrust

DEADLINE = 5  # how many time limits a call may take as a whole, with its repetitions and the waits between them
SLOW = 4  # by this factor, slow calls may take longer, as a whole and between two pieces

Authorise = t.Callable[[t.Optional[Headers]], Headers]


class _Lost(Exception):
    """The answer never arrived, or came from a proxy that does not know the result."""


class Transport:
    """One server: its address, which server is trusted, how long to wait, and the guarantee of check mode.

    ``tried`` counts writes, and ``writes`` those that the server acted on, or may have. ``throttled`` counts how often it
    asked for less: 429, 503, or something locked. ``asked`` is the last call, for sentences. ``deadline`` is for a call as
    a whole, in seconds; without one it is DEADLINE time limits.

    ``authorise`` returns the headers for a call. After a 401 it gets those that were refused. ``meaning`` returns what a
    refusal in a text stands for, with any status. ``node`` is the node that carries out the calls if that is not the server
    itself, for sentences. Calls may be made in parallel.
    """

    def __init__(
        self, url: str, *, trust: Trust, timeout: float, read_only: bool, deadline: t.Optional[float] = None
    ) -> None:
        self.url = url.rstrip("/")
        self.tried = self.writes = self.throttled = 0
        self.asked = self.node = ""
        self.secrets: set[str] = set()  # the tokens of its calls, to mask them in the task's answer; copies share it
        self.trust = trust
        self._timeout, self._deadline = timeout, timeout * DEADLINE if deadline is None else deadline
        self._read_only = read_only
        self._session, self._breaker = connections(self.url, trust, os.getpid())
        self._retries = Retries(self._breaker, timeout)
        if not trust.validate:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # the task warns, in better words
        # On macOS, requests would also ask the system, which ends a forked process, and Ansible's workers are forked.
        self._proxies = proxies_for(self.url) if getproxies_environment() else {}
        self.authorise: Authorise = lambda refused: {}
        self.meaning: t.Optional[t.Callable[[int, str], t.Optional[Meaning]]] = None

    def copy(self) -> Transport:
        """The same server for other calls: their writes and repetitions do not count here."""
        twin = copy.copy(self)
        twin._retries = copy.copy(self._retries)
        return twin

    def read(self, call: Call) -> t.Any:
        """A call that changes nothing, with any verb. Returns parsed JSON, or a text where that was asked for."""
        return self._carry(call, self.authorise)

    def write(self, call: Call) -> t.Any:
        """A call that changes something. Returns parsed JSON, or None where the answer is empty."""
        if self._read_only:
            raise WriteWithheld(f"{call} was about to be sent in check mode; nothing was sent. Please report this.")
        self.tried += 1
        try:
            answer = self._carry(call, self.authorise)
        except OutcomeUnknown:
            self.writes += 1
            raise
        self.writes += 1
        return answer

    def sign_in(self, call: Call, headers: t.Optional[t.Mapping[str, str]] = None) -> t.Any:
        """A call that opens or renews a session: allowed in check mode, and never sent twice."""
        return self._carry(call, lambda refused: headers or {})

    def answers(self, path: str) -> bool:
        """Whether anything answers, for example after a restart. Nothing is repeated, and there is no sign-in."""
        try:
            self._send(Call("GET", path, READ), {}, self._timeout)
        except (NotSent, _Lost):
            return False
        except TooMuch:
            pass
        self._breaker.answered()
        return True

    def _carry(self, call: Call, authorise: Authorise) -> t.Any:
        attempt, renewed = 1, False
        time_left = TimeLeft(self._deadline * (SLOW if call.slow else 1))
        while True:
            headers = authorise(None)
            self.asked = f"{call} of {self.url}"  # not the sign-in that may have preceded it
            if self._breaker.is_open:
                raise Unreachable(
                    f"{call}: {self.url} did not answer {BREAK_AFTER} times in a row. Nothing more is sent to it for now"
                )
            started = time.monotonic()
            try:
                with time_left:
                    answer = self._send(call, headers, time_left.seconds)
            except TooMuch as exc:
                raise _unreadable(call)(f"{call} of {self.url} was answered by {exc}. The rest was not read.") from exc
            except NotSent as exc:
                self._breaker.failed(started)
                if not self._retries.after_failure(attempt, time_left):
                    way = " through the proxy that the environment names" if self._proxies else ""
                    why = f"no connection to {self.url}{way}: {cause_of(exc)}"
                    raise Unreachable(f"{call}: {why} ({attempt} attempts)") from exc
            except _Lost as exc:
                self._breaker.failed(started)
                if call.kind == READ:
                    if not self._retries.after_failure(attempt, time_left):
                        raise Unreachable(f"{call} of {self.url}: {exc} ({attempt} attempts)") from exc
                else:
                    raise OutcomeUnknown(f"{call} was sent to {self.url}, and {exc}") from exc
            else:
                self._breaker.answered()
                meant = self.meaning(answer.status_code, answer.text) if self.meaning else None
                status = meant.status if meant else answer.status_code
                if status == 401 and call.kind != SIGN_IN and not renewed:
                    renewed = True
                    authorise(headers)
                    continue
                if status in (429, 503):
                    self.throttled += 1  # never adds 0: that could undo another thread's addition
                later = answer.headers.get("Retry-After")
                if not self._retries.after_answer(call, status, later, attempt, time_left):
                    self._refuse(call, status, meant, answer, attempt)
                    return self._value(call, answer)
            attempt += 1

    def _send(self, call: Call, headers: t.Mapping[str, str], seconds: float) -> Answer:
        """One request and its answer, within this many seconds. Raises TooMuch where the answer exceeds a limit."""
        with Watch(seconds) as watch:
            try:
                return self._exchange(call, headers, watch)
            except NotSent as exc:
                if watch.struck:
                    raise NotSent(TimeoutError(f"none was established within {seconds:.3g} seconds")) from exc
                raise
            except _Lost as exc:
                if watch.struck:
                    raise _Lost(
                        f"no complete answer arrived within {seconds:.3g} seconds ({self.trust.options}deadline)"
                    ) from exc
                raise

    def _exchange(self, call: Call, headers: t.Mapping[str, str], watch: Watch) -> Answer:
        silence = self._timeout * (SLOW if call.slow else 1)
        try:
            with self._session.request(
                call.method,
                self.url + call.path,
                json=None if call.form else call.body,
                files={name: (None, text) for name, text in call.body.items()} if call.form else None,
                params=call.query,
                headers={"Accept": call.accept, "Accept-Encoding": "identity" if call.sink else ENCODINGS, **headers},
                timeout=(min(CONNECT_TIMEOUT, silence), silence),
                verify=self.trust.verify,
                proxies=self._proxies,
                allow_redirects=False,  # a redirect would carry the token to another server
                stream=True,
            ) as answer:
                content = bytearray()
                if call.sink and answer.status_code == HTTPStatus.OK:
                    poured(answer.raw, SINK_LIMIT, watch, call.sink)
                else:
                    content = whole(answer.raw, LIMIT if call.accept == JSON else FILE_LIMIT, watch)
                return Answer(answer.status_code, answer.headers, content, answer.request.headers)
        except TooMuch:
            raise
        except (Broken, urllib3.exceptions.HTTPError, HTTPException) as exc:
            raise _Lost(f"no complete answer arrived: {cause_of(exc)}") from exc
        except NotSent as exc:
            if is_distrust(exc.args[0]) and not watch.struck:
                raise Unreachable(distrust_of(self.url, self.trust.options, exc.args[0])) from exc
            raise
        except (
            requests.exceptions.InvalidURL,
            requests.exceptions.InvalidSchema,
            requests.exceptions.MissingSchema,
        ) as exc:
            raise EstateError(f"{self.url} is not a valid address: give it as https://HOST:PORT") from exc
        except (requests.exceptions.InvalidHeader, UnicodeError):  # its text quotes the header
            names = ", ".join(headers)
            raise EstateError(
                f"{call} was not sent: the value for {names} contains characters that are not allowed in a header."
            ) from None
        except requests.exceptions.RequestException as exc:
            raise _Lost(f"no complete answer arrived: {cause_of(exc)}") from exc
        except OSError as exc:  # for example, a CA file that does not exist
            raise EstateError(f"cannot prepare a connection to {self.url}: {exc}") from exc

    def _refuse(self, call: Call, status: int, meant: t.Optional[Meaning], answer: Answer, attempt: int) -> None:
        """Raise the error for an answer of this status, unless it is a success."""
        if 300 <= status < 400:
            raise redirect(call, self.url, answer)
        if status < 400:
            return
        refused = refusal(call, self.url, status, meant, answer, self.node)
        if refused.locked:
            self.throttled += 1
        if (status in (502, 504) and call.kind != READ) or (status == 500 and call.kind not in (READ, SIGN_IN)):
            raise OutcomeUnknown(f"{call} was sent to {self.url}, which answered {refused.said}: {refused.reason}")
        if status in (502, 503, 504):
            raise Unreachable(f"{refused.call} answered {refused.said}: {refused.reason} ({attempt} attempts)")
        raise refused

    def _value(self, call: Call, answer: Answer) -> t.Any:
        """The content of a successful answer: parsed JSON, the text that the call asks for, or None where it is empty."""
        if call.on_headers:
            call.on_headers(answer.headers)
        if not answer.content:
            return None
        try:
            return parsed(answer.content)
        except TooMuch as exc:
            raise _unreadable(call)(f"{call} of {self.url} was answered by {exc}. They were not used.") from exc
        except ValueError as exc:
            if call.accept != JSON:
                return answer.text
            raise _unreadable(call)(
                f"{call} was answered by something that is not JSON, so {self.url} is not the API of this product, "
                f"or another program, such as a proxy, answers in its place: {quoted(call, answer)}"
            ) from exc


def _unreadable(call: Call) -> type[EstateError]:
    """The error for an answer that cannot be read; the result of a write is then unknown."""
    return EstateError if call.kind in (READ, SIGN_IN) else OutcomeUnknown
