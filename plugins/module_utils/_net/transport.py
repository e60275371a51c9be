# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place that talks HTTP: TLS, pinning, time limits, and what may be repeated when."""

from __future__ import annotations

import base64
import contextlib
import functools
import itertools
import os
import random
import re
import socket
import ssl
import threading
import time
import traceback
import typing as t
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlsplit
from urllib.request import getproxies_environment

from .._text.errors import EstateError, InputError, OutcomeUnknown, Refused, Unreachable, WriteWithheld
from .answer_limits import ENCODINGS, FILE_LIMIT, LIMIT, Answer, Broken, TooMuch, Watch, parsed, watched, whole
from .operations import CONTROL, JSON, MAKES_NEW, NAMED, READ, SET, SIGN_IN, Call, Headers
from .redact import address, concealed, longest_form, parts_of_uri, words

try:
    import requests
    import urllib3
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.exceptions import SSLError as Urllib3SSLError
    from urllib3.util.ssl_ import create_urllib3_context
except ImportError:
    HTTPAdapter = HTTPConnection = HTTPSConnection = object  # type: ignore[assignment,misc]
    HTTPConnectionPool = HTTPSConnectionPool = object  # type: ignore[assignment,misc]
    REQUESTS_ERROR: t.Optional[str] = traceback.format_exc()
else:
    REQUESTS_ERROR = None

ATTEMPTS = 3
KEPT = 16  # servers that one process keeps connections to
RETRY_BUDGET = 20  # repeats in one task, however many calls it makes
LONGEST_WAIT = 8.0  # seconds between two attempts
CONNECT_TIMEOUT = 5.0  # seconds
DEADLINE = 5  # how many time limits a call may take as a whole, with its repeats and the waits between them
SLOW = 4  # how many times as long a call may take, and keep silent, that is known to be slow
BREAK_AFTER = 5  # attempts in a row without an answer, after which a server is left alone
BREAK = 2.0  # seconds for which it is left alone; one attempt follows
TELLING = 200  # characters of an unexpected answer that an error quotes
LONGEST_REASON = 2000  # characters of the server's own words for a refusal
MOST_REASONS = 10_000  # objects of one request that a refusal speaks of one by one
NO_SECRETS = ("username", "name", "api_endpoint")  # of a secret call: they say whom it was about

Authorise = t.Callable[[t.Optional[Headers]], Headers]


@dataclass(frozen=True)
class Trust:
    """Whom we believe to be the server.

    ``fingerprint`` pins the certificate itself (SHA-256, hexadecimal, colons allowed) and needs no authority;
    ``server_name`` is the name to find in the certificate when ``url`` holds an address (server-behaviour.md, 5). ``roots``
    are a product's own authorities, in PEM, trusted beside the public ones and those of this machine; ``strict`` is what
    Python asks of certificates since 3.13, and some products' own do not fulfil (server-behaviour.md, F16). ``plain`` says
    that an address without TLS was asked for.
    """

    validate: bool = True
    ca_path: t.Optional[str] = None
    fingerprint: t.Optional[str] = None
    server_name: t.Optional[str] = None
    options: str = ""  # how the names of the product's options begin
    roots: str = ""
    strict: bool = True
    plain: bool = False

    @property
    def verify(self) -> t.Union[bool, str]:
        """What requests calls verify; given with each call, because the environment overrides the session's."""
        if self.ca_path and self.validate:
            return self.ca_path
        return self.validate and not self.fingerprint

    @property
    def context(self) -> t.Optional[ssl.SSLContext]:
        """How to speak TLS where that differs from what the libraries would do; they add the authorities of verify."""
        if self.strict and not self.roots:
            return None
        context = create_urllib3_context()
        if self.verify is False:  # the libraries make that of a context of their own only
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if not self.strict:
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if self.roots and self.verify is True:
            context.load_default_certs()
            context.load_verify_locations(cadata=self.roots)
        return context


class Meaning(t.NamedTuple):
    """What an answer says in its text: the status that it amounts to, and why.

    ``said`` is the server's own word for it, for sentences.
    """

    status: int
    reason: str
    said: str = ""


class _Lost(Exception):
    """The answer never came, or came from a proxy that does not know."""


class _NotSent(Exception):
    """No connection: the server has heard nothing. Its argument is the exception that says why."""


class _Telling:
    """Tells what goes wrong before a request from what goes wrong after its first byte."""

    def connect(self) -> None:
        try:
            super().connect()  # type: ignore[misc]
        except Exception as exc:
            raise _NotSent(exc) from exc  # no library knows it, so that it arrives as it is

    def _new_conn(self) -> t.Any:
        return watched(super()._new_conn())  # type: ignore[misc]


class _Connection(_Telling, HTTPSConnection):
    """Over TLS."""


class _PlainConnection(_Telling, HTTPConnection):
    """Without."""


class _Watching:
    """Tells the watch of this thread of a connection that was there before."""

    def _get_conn(self, timeout: t.Optional[float] = None) -> t.Any:
        connection = super()._get_conn(timeout)  # type: ignore[misc]
        watched(connection.sock)
        return connection


class _Pool(_Watching, HTTPSConnectionPool):
    """Connections to one server."""

    ConnectionCls = _Connection


class _PlainPool(_Watching, HTTPConnectionPool):
    """The same without TLS."""

    ConnectionCls = _PlainConnection


POOLS = {"https": _Pool, "http": _PlainPool}


class _TrustingAdapter(HTTPAdapter):
    """Connections that check the pin and the server's name, straight or through a proxy."""

    def __init__(self, trust: Trust) -> None:
        self._pins: dict[str, t.Any] = {}
        if trust.fingerprint:
            self._pins["assert_fingerprint"] = trust.fingerprint
        if trust.server_name:
            self._pins["assert_hostname"] = self._pins["server_hostname"] = trust.server_name
        context = trust.context
        if context:
            self._pins["ssl_context"] = context
        super().__init__()

    def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().init_poolmanager(*args, **{**kwargs, **self._pins})
        self.poolmanager.pool_classes_by_scheme = POOLS

    def build_response(self, req: t.Any, resp: t.Any) -> t.Any:
        """No cookie is kept, so that none is read."""
        for name in ("Set-Cookie", "Set-Cookie2"):
            del resp._original_response.msg[name]
        return super().build_response(req, resp)

    def proxy_manager_for(self, proxy: str, **kwargs: t.Any) -> t.Any:
        manager = super().proxy_manager_for(proxy, **{**kwargs, **self._pins})
        manager.pool_classes_by_scheme = POOLS
        return manager


class _Breaker:
    """Leaves a server alone that does not answer, so that not each object of a task, or of a loop, waits for it."""

    def __init__(self) -> None:
        self._failures, self._counted, self._until = 0, 0.0, 0.0
        self._lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether the server is to be left alone."""
        return self._failures >= BREAK_AFTER and time.monotonic() < self._until

    def failed(self, begun: float) -> None:
        """An attempt that began at this time had no answer. Attempts side by side count as one: one moment can lose them all."""
        with self._lock:
            now = time.monotonic()
            if begun >= self._counted:
                self._failures, self._counted = self._failures + 1, now
            self._until = now + BREAK

    def heard(self) -> None:
        """There was an answer, whatever it said."""
        self._failures = 0


class _Line(t.NamedTuple):
    """The way to a server that tasks of one process have in common."""

    session: t.Any
    breaker: _Breaker


class _Session(requests.Session if REQUESTS_ERROR is None else object):  # type: ignore[misc]
    """Redirects are told, and not looked at: to look at one, requests would read its whole body."""

    def get_redirect_target(self, resp: t.Any) -> None:
        """There is none."""


@functools.lru_cache(maxsize=KEPT)
def _connections(url: str, trust: Trust, process: int) -> _Line:
    """Connections to a server, kept for the other tasks of this process, such as the items of a loop."""
    session = _Session()
    session.trust_env = False  # neither ~/.netrc nor REQUESTS_CA_BUNDLE has a say
    session.adapters.clear()
    session.mount("http://" if trust.plain else "https://", _TrustingAdapter(trust))  # never one for the other
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))  # nothing of one account goes to another
    return _Line(session, _Breaker())


class _TimeLeft:
    """How many ``seconds`` a call may still take. They pass within its blocks only: not during a sign-in for it."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __enter__(self) -> None:
        self._since = time.monotonic()

    def __exit__(self, *unused: object) -> None:
        self.seconds -= time.monotonic() - self._since


class Transport:
    """One server: its address, whom to trust, how long to wait, and the promise of check mode.

    ``tried`` counts writes, and ``writes`` those that were, or may have been, acted on.

    ``authorise`` is asked for headers before each call, and after a 401 with those that were refused. ``meaning`` says of a
    text that is a refusal, whatever its status, what it amounts to. Calls may be made side by side. ``pressed`` counts how
    often the server asked for less: 429, 503, or something locked. ``beyond`` is whom the server passes calls on to, for
    sentences. ``deadline`` is for a call as a whole, in seconds, DEADLINE time limits if nothing else is said.
    """

    def __init__(
        self, url: str, *, trust: Trust, timeout: float, read_only: bool, deadline: t.Optional[float] = None
    ) -> None:
        self.url = url.rstrip("/")
        self.tried = self.writes = self.pressed = 0
        self.asked = ""  # the last call, for sentences
        self.trust = trust
        self._timeout, self._deadline = timeout, timeout * DEADLINE if deadline is None else deadline
        self._read_only = read_only
        self._budget = RETRY_BUDGET
        self._session, self._breaker = _connections(self.url, trust, os.getpid())
        if not trust.validate:
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # the task warns, in better words
        # Of a Mac, requests would also ask the system, which ends a process that was forked, as Ansible's workers are.
        self._proxies = _proxies(self.url) if getproxies_environment() else {}
        self.authorise: Authorise = lambda refused: {}
        self.meaning: t.Optional[t.Callable[[int, str], t.Optional[Meaning]]] = None
        self.beyond = ""

    def read(self, call: Call) -> t.Any:
        """A call that changes nothing, whatever its verb. Answers parsed JSON, or a text where that was asked for."""
        return self._carry(call, self.authorise)

    def write(self, call: Call) -> t.Any:
        """A call that changes something. Answers parsed JSON, or None where the server says nothing."""
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
        """Whether anything at all answers, as after a restart. Nothing is repeated and nobody signs in."""
        try:
            self._send(Call("GET", path, READ), {}, self._timeout)
        except (_NotSent, _Lost):
            return False
        except TooMuch:
            pass
        self._breaker.heard()
        return True

    def _carry(self, call: Call, authorise: Authorise) -> t.Any:
        attempt, renewed = 1, False
        time_left = _TimeLeft(self._deadline * (SLOW if call.slow else 1))
        while True:
            headers = authorise(None)
            self.asked = f"{call} of {self.url}"  # not the sign-in that may have come before it
            if self._breaker.is_open:
                raise Unreachable(
                    f"{call}: {self.url} has not answered {BREAK_AFTER} times in a row, and is left alone for now"
                )
            begun = time.monotonic()
            try:
                with time_left:
                    answer = self._send(call, headers, time_left.seconds)
            except TooMuch as exc:
                raise _unreadable(call)(f"{call} of {self.url} was answered by {exc}. The rest was not read.") from exc
            except _NotSent as exc:
                self._breaker.failed(begun)
                if not self._again(attempt, None, time_left):
                    way = " through the proxy that the environment names" if self._proxies else ""
                    why = f"no connection to {self.url}{way}: {_cause(exc)}"
                    raise Unreachable(f"{call}: {why} ({attempt} attempts)") from exc
            except _Lost as exc:
                self._breaker.failed(begun)
                if call.kind == READ:
                    if not self._again(attempt, None, time_left):
                        raise Unreachable(f"{call} of {self.url}: {exc} ({attempt} attempts)") from exc
                else:
                    raise OutcomeUnknown(f"{call} was sent to {self.url}, and {exc}") from exc
            else:
                self._breaker.heard()
                meant = self.meaning(answer.status_code, answer.text) if self.meaning else None
                status = meant.status if meant else answer.status_code
                if status == 401 and call.kind != SIGN_IN and not renewed:
                    renewed = True
                    authorise(headers)
                    continue
                if status in (429, 503):
                    self.pressed += 1  # only ever upwards: an addition of nothing could undo another thread's
                if not self._postponed(call, status, answer, attempt, time_left):
                    return self._understood(call, status, meant, answer, attempt)
            attempt += 1

    def _postponed(self, call: Call, status: int, answer: Answer, attempt: int, time_left: _TimeLeft) -> bool:
        """Whether the server asked to be asked later, and we waited."""
        if status == 500 and call.kind == READ:
            return attempt == 1 and self._again(attempt, None, time_left)
        later = answer.headers.get("Retry-After")
        patient = {READ: (429, 502, 503, 504), SET: (429, 503), NAMED: (429, 503), MAKES_NEW: (429,), CONTROL: ()}
        if call.kind == SIGN_IN:
            return status in (429, 503) and attempt == 1 and self._again(attempt, later, time_left)
        return status in patient[call.kind] and self._again(attempt, later, time_left)

    def _again(self, attempt: int, retry_after: t.Optional[str], time_left: _TimeLeft) -> bool:
        if attempt >= ATTEMPTS or self._budget <= 0 or self._breaker.is_open or time_left.seconds <= 0:
            return False
        longest = min(LONGEST_WAIT, 0.5 * 2**attempt, time_left.seconds / 2)
        wait = random.uniform(0, longest)  # noqa: S311 - spreads load, guards nothing
        asked = _seconds(retry_after)
        if asked is not None:
            if asked > min(self._timeout, time_left.seconds):
                return False
            wait = asked
        self._budget -= 1
        with time_left:
            time.sleep(wait)
        return True

    def _send(self, call: Call, headers: t.Mapping[str, str], seconds: float) -> Answer:
        """One request and its answer, within so many seconds. Raises TooMuch where the answer is beyond a limit."""
        with Watch(seconds) as watch:
            try:
                return self._exchange(call, headers, watch)
            except _NotSent as exc:
                if watch.struck:
                    raise _NotSent(TimeoutError(f"there was none within {seconds:.3g} seconds")) from exc
                raise
            except _Lost as exc:
                if watch.struck:
                    raise _Lost(
                        f"no whole answer came within {seconds:.3g} seconds ({self.trust.options}deadline)"
                    ) from exc
                raise

    def _exchange(self, call: Call, headers: t.Mapping[str, str], watch: Watch) -> Answer:
        silence = self._timeout * (SLOW if call.slow else 1)
        try:
            with self._session.request(
                call.method,
                self.url + call.path,
                json=call.body,
                params=call.query,
                headers={"Accept": call.accept, "Accept-Encoding": ENCODINGS, **headers},
                timeout=(min(CONNECT_TIMEOUT, silence), silence),
                verify=self.trust.verify,
                proxies=self._proxies,
                allow_redirects=False,  # a redirect would carry the token to somebody else
                stream=True,
            ) as answer:
                content = whole(answer.raw, LIMIT if call.accept == JSON else FILE_LIMIT, watch)
                return Answer(answer.status_code, answer.headers, content, answer.request.headers)
        except TooMuch:
            raise
        except (Broken, urllib3.exceptions.HTTPError, HTTPException) as exc:
            raise _Lost(f"no whole answer came: {_cause(exc)}") from exc
        except _NotSent as exc:
            if _is_distrust(exc.args[0]) and not watch.struck:
                raise Unreachable(_tls_sentence(self.url, self.trust.options, exc.args[0])) from exc
            raise
        except (
            requests.exceptions.InvalidURL,
            requests.exceptions.InvalidSchema,
            requests.exceptions.MissingSchema,
        ) as exc:
            raise EstateError(f"{self.url} is not an address that can be asked: give it as https://HOST:PORT") from exc
        except (requests.exceptions.InvalidHeader, UnicodeError):  # its text quotes the header
            names = ", ".join(headers)
            raise EstateError(
                f"{call} was not sent: the value for {names} holds characters that no header can."
            ) from None
        except requests.exceptions.RequestException as exc:
            raise _Lost(f"no whole answer came: {_cause(exc)}") from exc
        except OSError as exc:  # a CA file that is not there, for one
            raise EstateError(f"cannot prepare a connection to {self.url}: {exc}") from exc

    def _understood(self, call: Call, status: int, meant: t.Optional[Meaning], answer: Answer, attempt: int) -> t.Any:
        asked = f"{call} of {self.url}"
        if 300 <= status < 400:
            where = _told(re.split("[?#]", answer.headers.get("Location", ""))[0], [*_confided(call, answer)])
            raise Refused(
                asked,
                status,
                f"a redirect to {where or 'nowhere'}. Redirects are not followed, because the session's token would travel "
                "along: give the final address instead.",
            )
        if status >= 400:
            body = _object(answer)
            reason, reasons = (meant.reason, {}) if meant else _reason(body)
            said = (meant and meant.said) or str(status)
            confided = list(_confided(call, answer))
            reasons = {_told(key, confided): _told(text, confided) for key, text in reasons.items()}
            quoted = self._quote(call, answer) if reason is None else _told(reason, confided)
            if status in (429, 503) and "Retry-After" in answer.headers:
                quoted += f" (Retry-After: {answer.headers['Retry-After'][:TELLING]})"
            if status in (502, 504) and self.beyond:
                late = "which did not answer in time" if status == 504 else "which it does not know or cannot reach"
                quoted = f"it was to pass this on to {self.beyond}, {late}: {quoted}"
            refused = Refused(asked, status, quoted, reasons, body, said)
            if refused.locked:
                self.pressed += 1
            if (status in (502, 504) and call.kind != READ) or (status == 500 and call.kind not in (READ, SIGN_IN)):
                raise OutcomeUnknown(f"{call} was sent to {self.url}, which answered {said}: {quoted}")
            if status in (502, 503, 504):
                raise Unreachable(f"{asked} answered {said}: {quoted} ({attempt} attempts)")
            raise refused
        if call.on_headers:
            call.on_headers(answer.headers)
        if not answer.content:
            return None
        try:
            return parsed(answer.content)
        except TooMuch as exc:
            raise _unreadable(call)(f"{call} of {self.url} was answered by {exc}. Nothing was made of them.") from exc
        except ValueError as exc:
            if call.accept != JSON:
                return answer.text
            raise _unreadable(call)(
                f"{call} was answered by something that is not JSON, so {self.url} is not the API of this product, "
                f"or something stands in front of it: {self._quote(call, answer)}"
            ) from exc

    @staticmethod
    def _quote(call: Call, answer: Answer) -> str:
        """The start of an answer. Data of the server may hold secrets, and so may what it repeats of the request."""
        if call.secret:
            return "(not shown)"
        sent = [*words([call.body, *call.query.values()]), *_confided(call, answer)]
        start = answer.content[: 4 * (4 * TELLING + longest_form(sent))].decode("utf-8", "replace")
        text = " ".join(start.split())
        if text[:1] in ("{", "["):
            return f"({len(answer.content)} bytes of data, not shown)"
        return concealed(text, sent, TELLING) or "(empty)"


def _proxies(url: str) -> dict[str, str]:
    """The proxies that the environment names for an address, by scheme. Raises InputError, which quotes none of them."""
    proxies: dict[str, str] = requests.utils.get_environ_proxies(url)
    for proxy in proxies.values():
        try:
            address(proxy if "://" in proxy else f"http://{proxy}")
        except ValueError:
            raise InputError(
                f"The environment names a proxy for {url} that is not an address such as http://USER:PASSWORD@HOST:3128. Write "
                "signs such as @, #, / and ? in the password in percent code (%40, %23, %2F, %3F)."
            ) from None
    return proxies


def _unreadable(call: Call) -> type[EstateError]:
    """What it is that an answer cannot be read: of a write, it is not known what became of it."""
    return EstateError if call.kind in (READ, SIGN_IN) else OutcomeUnknown


def _confided(call: Call, answer: Answer) -> t.Iterator[str]:
    """What we sent and nobody else is to read, though the server may repeat it when it says why it refuses."""
    for name, value in answer.sent.items():
        if re.search("auth|token", name, re.IGNORECASE):
            yield value
            with contextlib.suppress(ValueError):  # a name and a password, which only look unreadable
                yield from words(
                    base64.b64decode(value.removeprefix("Basic "), validate=True).decode().partition(":")[2]
                )
    if call.secret:
        body = call.body
        told = {k: v for k, v in body.items() if k not in NO_SECRETS} if isinstance(body, dict) else body
        for word in words([told, *call.query.values()]):
            yield word
            yield from words(parts_of_uri(word))


def _told(text: str, sent: t.Sequence[str]) -> str:
    """The server's own words, without what was confided, and not at length."""
    return concealed(text, sent, LONGEST_REASON)


def _object(answer: Answer) -> dict[str, t.Any]:
    try:
        body = parsed(answer.content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _reason(body: t.Mapping[str, t.Any]) -> tuple[t.Optional[str], dict[str, str]]:
    """The server's own words, whole and per key (server-behaviour.md, 6)."""
    detail = body.get("detail")
    reasons: dict[str, str] = {}
    if isinstance(detail, dict):
        some = itertools.islice(detail.items(), MOST_REASONS)
        reasons = {str(k): str(v["reason"] if isinstance(v, dict) and "reason" in v else v) for k, v in some}
    for text in (body.get("reason"), detail, body.get("message"), body.get("msg"), body.get("error")):
        if isinstance(text, str) and text:
            return text, reasons
    return ("it gave no reason" if reasons else None), reasons


def _seconds(retry_after: t.Optional[str]) -> t.Optional[float]:
    """What a Retry-After header asks for, None where it is neither a number nor a date."""
    text = (retry_after or "")[:TELLING]
    if re.fullmatch("[0-9]{1,9}", text):
        return float(text)
    with contextlib.suppress(TypeError, ValueError, LookupError, OverflowError):
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    return None


def _cause(exc: BaseException) -> str:
    """The innermost text of nested library exceptions, without addresses of objects."""
    inner: t.Any = exc
    while isinstance(inner, BaseException):
        exc, inner = inner, getattr(inner, "reason", None) or (inner.args[-1] if inner.args else None)
    return (str(exc) or type(exc).__name__).rsplit(">: ", 1)[-1].rsplit("): ", 1)[-1]


def _is_distrust(exc: BaseException) -> bool:
    """Whether a connection failed over TLS for a reason that another try cannot heal."""
    cut_off = isinstance(exc, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError))
    return isinstance(exc, (ssl.SSLError, Urllib3SSLError, ValueError)) and not cut_off


def _tls_sentence(url: str, options: str, exc: BaseException) -> str:
    text = str(exc)
    if "ingerprint" in text:
        why = f"its certificate is not the pinned one. If it was renewed on purpose, update {options}certificate_fingerprint"
    elif "self-signed" in text or "self signed" in text or "unable to get local issuer" in text:
        why = (
            "its certificate is not signed by an authority that is trusted here. Name the authority's file "
            f"({options}ca_path) or pin the certificate ({options}certificate_fingerprint)"
        )
    elif "ostname" in text or "IP address mismatch" in text or "doesn't match" in text:
        why = f"its certificate is for another name. Ask for the server by that name, or give the name as {options}server_name"
    elif "expired" in text:
        why = "its certificate has expired"
    elif "WRONG_VERSION_NUMBER" in text or "wrong version number" in text:
        why = "it does not speak TLS on this port"
    else:
        why = _cause(exc)
    return f"No trustworthy connection to {url}: {why}. Nothing was sent."


def presented(url: str, server_name: t.Optional[str] = None) -> t.Optional[bytes]:
    """The certificate that answers at an address, in binary form, whoever has signed it; None where nobody answers.

    Nothing is said to whoever answers, and no proxy that the environment names is asked.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        place = urlsplit(url)
        with Watch(2 * CONNECT_TIMEOUT), contextlib.ExitStack() as open_ones:
            raw = open_ones.enter_context(
                watched(socket.create_connection((place.hostname, place.port or 443), CONNECT_TIMEOUT))
            )
            name = server_name or place.hostname
            return open_ones.enter_context(context.wrap_socket(raw, server_hostname=name)).getpeercert(True)
    except (OSError, ValueError):
        return None
