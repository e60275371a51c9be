# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The database that an Access Server keeps everything in: its own, or one on MySQL; and what is in one, seen from here."""

from __future__ import annotations

import importlib
import typing as t
from urllib.parse import SplitResult, unquote

from ansible.module_utils.basic import missing_required_lib

from ..._engine.run import Run
from ..._net.tls import CONNECT_TIMEOUT
from ..._text import redact as confided
from ..._text.errors import EstateError, InputError, OutcomeUnknown, Refused, reads
from ..api.client import CLUSTER, LOCAL, MYSQL, AccessServer, some
from .restart import TIMEOUT, announced, refusal, refuse_no_time, restarted

UNKNOWN = "unknown"
ONCE_DONE = "If it has moved already, say assume_local: false."
REREADING = "server_agent"  # the mode of a restart that reads again which database there is (server behaviour, 103)
PORT = 3306
SILENCE = 30.0  # seconds that a database may keep silent while it is looked at
# Parameters that the usual libraries for MySQL know; what else follows a ? may be the rest of a password.
QUERY = ("charset", "connect_timeout", "ssl_ca", "ssl_cert", "ssl_key", "ssl_mode", "unix_socket")
_SYSTEM = ("information_schema", "mysql", "performance_schema", "sys")
_TABLES = (
    "SELECT table_schema, COUNT(*) FROM information_schema.tables "  # noqa: S608 - of constants
    f"WHERE table_schema NOT IN {_SYSTEM} GROUP BY table_schema"
)
_REASONS = {
    1044: "its user may not use it",
    1045: "it does not take its user or its password",
    1049: "there is no database of its name",
    2003: "there is no connection to it",
    2013: "the connection to it was lost",
}
SPEC: t.Mapping[str, t.Any] = {
    "mysql_uri": {"type": "str", "required": True, "no_log": True},
    "check_database": {"type": "bool", "default": False},
    "assume_local": {"type": "bool"},
    "restart_timeout": {"type": "int", "default": TIMEOUT},
}


@reads
def in_use(client: AccessServer) -> str:
    """Which kind of database the server has, as far as it tells: by its cluster, or by where its items come from."""
    return CLUSTER if client.is_node() else client.database_source() or UNKNOWN


def inform(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The work of as_database_info."""
    return {"changed": False, "in_use": in_use(run.client)}


def convert(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The work of as_database: what is in the local database moves to MySQL, once."""
    client = run.client
    params = run.task.params
    refuse_no_time("restart_timeout", params["restart_timeout"])
    address(params["mysql_uri"])
    before = in_use(client)
    if before in (MYSQL, CLUSTER):
        return {"changed": False, "before": before, "in_use": before}
    if before == UNKNOWN and params["assume_local"] is False:
        return {"changed": False, "before": before, "in_use": before}
    if before == UNKNOWN and params["assume_local"] is None:
        raise InputError(
            f"{client.url} does not tell which database it has. If it is a local one, say assume_local: true. {ONCE_DONE} Nothing "
            "was written."
        )
    if before == UNKNOWN:
        _refuse_again(client, params["mysql_uri"])
    elif params["check_database"]:
        refuse_unless_empty(params["mysql_uri"])
    after = {"database": {"in_use": MYSQL}, **announced(run, REREADING)}
    answer = {"changed": True, "before": before, "in_use": MYSQL}
    answer["diff"] = {"before": {"database": {"in_use": before}}, "after": after}
    if run.task.check:
        return answer
    with client.session.excused():
        lost = _convert(client, params)
        with refusal(client), restarted(client, params["restart_timeout"]):
            client.restart(REREADING)
        now = in_use(client)
    if now not in (MYSQL, CLUSTER) and (lost or now == LOCAL):
        raise EstateError(
            f"{lost}{client.url} has restarted, and does not tell that it uses MySQL now (but: {now}). It was not asked again."
        )
    return {**answer, "in_use": MYSQL if now == UNKNOWN else now}


def _refuse_again(client: AccessServer, uri: str) -> None:
    """A server that does not tell may have moved before, and may move again when it is asked: an empty database alone tells.

    Raises InputError where that one is not empty, or cannot be looked at.
    """
    try:
        refuse_unless_empty(uri)
    except InputError as exc:
        raise InputError(
            f"{client.url} does not tell which database it has, so that only the one at mysql_uri can tell whether it has moved. "
            f"{exc} {ONCE_DONE}"
        ) from exc


def _convert(client: AccessServer, params: t.Mapping[str, t.Any]) -> str:
    """Ask for it once; answers why nobody knows what became of it, if so."""
    try:
        client.call("PUT /database/convert", {"mysqluri": params["mysql_uri"]})
    except Refused as exc:
        if exc.status != 400:
            raise
        raise EstateError(f"{client.url} refuses to convert its database: {exc.reason}. It goes on as it was.") from exc
    except OutcomeUnknown as exc:
        client.await_service(params["restart_timeout"])
        return f"{exc}. "
    return ""


def address(uri: str) -> SplitResult:
    """The parts of a database's address. Raises InputError, which quotes nothing of it."""
    try:
        return confided.address(uri, QUERY)
    except ValueError:
        raise InputError(
            "mysql_uri is not the address of a database, such as mysql://USER:PASSWORD@HOST:3306/. Write signs such as @, #, / "
            f"and ? in the password in percent code (%40, %23, %2F, %3F). After a ? only these are allowed: {', '.join(QUERY)}."
        ) from None


def tables(uri: str) -> dict[str, int]:
    """How many tables there are by database, as far as the user of the address may see them. Raises InputError."""
    parts = address(uri)
    if parts.scheme != "mysql" or not parts.hostname:
        raise InputError("check_database: mysql_uri is not one of MySQL, such as mysql://USER:PASSWORD@HOST:3306/.")
    where = f"the database at {parts.hostname}:{parts.port or PORT}"
    try:
        pymysql = importlib.import_module("pymysql")
    except ImportError as exc:
        raise InputError(f"check_database: {missing_required_lib('PyMySQL')}") from exc
    why = ""
    try:
        connection = pymysql.connect(
            host=parts.hostname,
            port=parts.port or PORT,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=SILENCE,  # without it, PyMySQL waits for ever for what answers there and is no MySQL
            write_timeout=SILENCE,
        )
        try:
            with connection.cursor() as cursor:
                cursor.execute(_TABLES)
                return {str(name): int(number) for name, number in cursor.fetchall()}
        finally:
            connection.close()
    except pymysql.MySQLError as exc:
        code = exc.args[0] if exc.args and isinstance(exc.args[0], int) else None
        why = _REASONS.get(t.cast(int, code), f"it answers with error {code}")
    except (OSError, RuntimeError, ValueError) as exc:  # such as a way to sign in that needs another library
        why = type(exc).__name__
    raise InputError(f"check_database: {where} cannot be looked at: {why}. Nothing was written.")


def refuse_unless_empty(uri: str) -> None:
    """What is in it would be in the way, or be somebody's. Raises InputError."""
    found = tables(uri)
    if found:
        raise InputError(
            f"check_database: the database at {address(uri).hostname} is not empty: there are {sum(found.values())} tables in "
            f"{some(found)}. It may be that of another cluster. Nothing was written."
        )


def refuse_if_empty(uri: str) -> None:
    """There is nothing in it to join. Raises InputError."""
    if not tables(uri):
        raise InputError(
            f"check_database: the database at {address(uri).hostname} is empty, so that it is not that of the cluster. Nothing "
            "was written."
        )
