# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The database of an Access Server: its own, or one on MySQL; and the content of one, as seen from this machine."""

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
ONCE_DONE = "If it has already moved, set assume_local: false."
REREADING = "server_agent"  # the mode of a restart that reads the choice of the database again (server behaviour, 103)
PORT = 3306
SILENCE = 30.0  # seconds that a database may stay silent while it is checked
# Parameters that the usual libraries for MySQL know; any other text after a ? may be the rest of a password.
QUERY = ("charset", "connect_timeout", "ssl_ca", "ssl_cert", "ssl_key", "ssl_mode", "unix_socket")
_SYSTEM = ("information_schema", "mysql", "performance_schema", "sys")
_TABLES = (
    "SELECT table_schema, COUNT(*) FROM information_schema.tables "  # noqa: S608 - of constants
    f"WHERE table_schema NOT IN {_SYSTEM} GROUP BY table_schema"
)
_REASONS = {
    1044: "its user may not use it",
    1045: "it does not accept its user or its password",
    1049: "a database with this name does not exist",
    2003: "it cannot be reached",
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
    """The kind of database of the server, as far as it shows: by its cluster, or by the source of its items."""
    return CLUSTER if client.is_node() else client.database_source() or UNKNOWN


def inform(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The work of as_database_info."""
    return {"changed": False, "in_use": in_use(run.client)}


def convert(run: Run[AccessServer]) -> dict[str, t.Any]:
    """The work of as_database: the content of the local database moves to MySQL, once."""
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
            f"{client.url} does not report which database it has. If it is a local one, set assume_local: true. {ONCE_DONE} "
            "Nothing was written."
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
            f"{lost}{client.url} has restarted, but does not report that it uses MySQL (it reports: {now}). "
            "The request was not repeated. Check the log of the server."
        )
    return {**answer, "in_use": MYSQL if now == UNKNOWN else now}


def _refuse_again(client: AccessServer, uri: str) -> None:
    """A server that does not report its database may have moved before, and may move again: only an empty database shows it.

    Raises InputError if the database is not empty, or cannot be checked.
    """
    try:
        refuse_unless_empty(uri)
    except InputError as exc:
        raise InputError(
            f"{client.url} does not report which database it has. Only the database at mysql_uri can show whether it has moved. "
            f"{exc} {ONCE_DONE}"
        ) from exc


def _convert(client: AccessServer, params: t.Mapping[str, t.Any]) -> str:
    """Request it once; returns why the result is not known, if so."""
    try:
        client.call("PUT /database/convert", {"mysqluri": params["mysql_uri"]})
    except Refused as exc:
        if exc.status != 400:
            raise
        raise EstateError(
            f"{client.url} refuses to convert its database: {exc.reason}. It continues to run as before."
        ) from exc
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
            "mysql_uri is not the address of a database, such as mysql://USER:PASSWORD@HOST:3306/. Write characters such as @, "
            f"#, / and ? in the password with percent encoding (%40, %23, %2F, %3F). After a ? only these are "
            f"allowed: {', '.join(QUERY)}."
        ) from None


def tables(uri: str) -> dict[str, int]:
    """The number of tables of each database that the user of the address may see. Raises InputError."""
    parts = address(uri)
    if parts.scheme != "mysql" or not parts.hostname:
        raise InputError("check_database: mysql_uri is not a MySQL address, such as mysql://USER:PASSWORD@HOST:3306/.")
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
            read_timeout=SILENCE,  # without it, PyMySQL waits forever for a server that is not MySQL
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
    except (OSError, RuntimeError, ValueError) as exc:  # for example a sign-in method that needs another library
        why = type(exc).__name__
    raise InputError(f"check_database: {where} cannot be checked: {why}. Nothing was written.")


def _host(uri: str) -> str:
    return address(uri).hostname or "its socket"


def refuse_unless_empty(uri: str) -> None:
    """Existing tables would be in the way, or belong to another cluster. Raises InputError."""
    found = tables(uri)
    if found:
        raise InputError(
            f"check_database: the database at {_host(uri)} is not empty: there are {sum(found.values())} tables in "
            f"{some(found)}. It may belong to another cluster. Nothing was written."
        )


def refuse_if_empty(uri: str) -> None:
    """An empty database has no cluster to join. Raises InputError."""
    if not tables(uri):
        raise InputError(
            f"check_database: the database at {_host(uri)} is empty, so it is not the database of the cluster. "
            "Nothing was written."
        )
