# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The database that the nodes of a cluster have in common: MariaDB, or a file of SQLite for tests in one process."""

from __future__ import annotations

import contextlib
import importlib
import re
import sqlite3
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from ..parts import Thing
from .configuration_keys import KEYS
from .store import SCHEMA, TABLES, Store

DEFAULT_NAME = "openvpn_as"
"""Database of a URI that names none, as in the document's example."""
_LOCAL_KEYS = frozenset(key.name for key in KEYS.values() if key.local)
_OVERLAY = "cluster:"
"""Before the name of a profile: what this node has of it itself, in its own database."""
_SESSION = "session"
_GENERATION = "generation"
_READING = "select value from fact where name = ?"
_FIRST = f"insert or ignore into fact values ('{_GENERATION}', '0')"  # noqa: S608
_TIMEOUT_SECONDS = 30
_STATEMENTS = (
    ("?", "%s"),
    ("json_each(%s)", "json_table(%s, '$[*]' columns (value varchar(255) path '$')) as listed"),
    ("insert or replace", "replace"),
    ("insert or ignore", "insert ignore"),
    ("random()", "rand()"),
)
"""What MariaDB calls by another name than SQLite."""
_TYPES = ((" text", " longtext"), ("integer primary key", "integer primary key auto_increment"))


class DatabaseLost(Exception):
    """The database does not answer; the text says which and why, without who asks."""


class SharedDatabase(Store):
    """The store of every node of a cluster: one transaction at a time, over all nodes.

    `uri` is mysql://user:password@host:port/name (the name may be missing) or sqlite:///path. What each node has for
    itself is in its `local` store, whose lock this one takes over. While `lost` says so, nothing is reached.
    """

    def __init__(self, uri: str, local: Store, standalone: bool = False, lost: Callable[[], bool] = bool) -> None:
        self.uri = uri
        self._local = local
        self.standalone = standalone
        self._lost = lost
        self._generation = 0
        scheme = urlsplit(uri).scheme
        if scheme == "mysql":
            self._connection: _MariaDb | _SharedFile = _MariaDb(uri)
            self._locking = "select value from fact where name = ? for update"
        elif scheme == "sqlite":
            self._connection = _SharedFile(urlsplit(uri).path)
            self.begin, self._locking = "begin immediate", _READING
        else:
            raise ValueError("The URI of the database must begin with mysql://")
        self._prepare(self._connection, local.lock)
        self.sessions = _Sessions(self)

    def _execute(self, statement: str, values: Sequence[Any] = ()) -> Any:
        if self._lost():
            raise DatabaseLost("The database cannot be reached")
        return super()._execute(statement, values)

    def _begun(self) -> None:
        """The connection that has the row of the generation is alone until the end of the transaction."""
        self._generation = self._current_generation(self._locking)

    def _ending(self) -> None:
        self._execute("update fact set value = ? where name = ?", (str(self._generation + 1), _GENERATION))

    @property
    def generation(self) -> int:
        return self._generation if self._within else self._current_generation()

    def _current_generation(self, statement: str = _READING) -> int:
        rows = self._rows(statement, _GENERATION)
        return int(rows[0][0]) if rows else 0

    def check(self) -> None:
        """DatabaseLost unless it can be reached."""
        self._execute("select 1")

    @property
    def used(self) -> bool:
        """Whether a server has moved in there."""
        return set(TABLES) <= set(self._connection.tables()) and bool(self._rows("select count(*) from record")[0][0])

    @contextlib.contextmanager
    def founded_on(self, other: Store) -> Iterator[None]:
        """A transaction in which all that nodes have in common was copied; ValueError unless the database is empty."""
        if self.used or set(self._connection.tables()) - set(TABLES):
            raise ValueError("The database is not empty")
        self._connection.prepare()
        with self.transaction():
            if self.used:
                raise ValueError("The database is not empty")
            for table in TABLES:
                self._copy(table, other)
            self.sessions.update(other.sessions)
            yield

    def _copy(self, table: str, other: Store) -> None:
        rows = other._rows(f"select * from {table}")  # noqa: S608 - a name from TABLES
        if table == "configuration":
            rows = [row for row in rows if row[1] not in _LOCAL_KEYS and not row[0].startswith(_OVERLAY)]
        if table == "fact":
            rows = [row for row in rows if row[0] in ("accounts", "active_profile")]
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            self._write_many(f"insert into {table} values ({marks})", rows)  # noqa: S608

    def kept(self) -> dict[Thing, Any]:
        """Without sessions, and without the number that moves with each of them."""
        left_out = (("entry", _SESSION), ("fact", _GENERATION))
        return {thing: value for thing, value in super().kept().items() if thing[:2] not in left_out}

    # configuration: some keys are those of the node

    def start_overlay(self, values: dict[str, Any]) -> None:
        """What the node has for itself, of everything that was configured."""
        self._local.set_configuration(_OVERLAY, {key: values[key] for key in values if key in _LOCAL_KEYS})

    def drop_overlay(self) -> None:
        for profile in ("", *self.profiles()):
            self._local.delete_profile(_OVERLAY + profile)

    def source(self, key: str) -> str:
        if key in _LOCAL_KEYS:
            return "local_db"
        return "mysql_standalone_db" if self.standalone else "cluster_db"

    def configuration(self, profile: str) -> dict[str, Any]:
        own = self._local.configuration(_OVERLAY) | self._local.configuration(_OVERLAY + profile)
        return super().configuration(profile) | own

    def set_configuration(self, profile: str, values: dict[str, Any]) -> None:
        own = {key: value for key, value in values.items() if key in _LOCAL_KEYS}
        super().set_configuration(profile, {key: value for key, value in values.items() if key not in own})
        self._local.set_configuration(_OVERLAY + profile, own)

    def unset_configuration(self, profile: str, key: str) -> None:
        super().unset_configuration(profile, key)
        for own in (_OVERLAY, _OVERLAY + profile):
            self._local.unset_configuration(own, key)

    def delete_profile(self, name: str) -> None:
        super().delete_profile(name)
        self._local.delete_profile(_OVERLAY + name)


class _Sessions(MutableMapping[str, dict[str, Any]]):
    """Sessions that every node knows."""

    def __init__(self, database: SharedDatabase) -> None:
        self._database = database

    def __getitem__(self, token: str) -> dict[str, Any]:
        session = self._database.entry(_SESSION, token)
        if session is None:
            raise KeyError(token)
        return session

    def __setitem__(self, token: str, session: dict[str, Any]) -> None:
        self._database.put_entry(_SESSION, token, session)

    def __delitem__(self, token: str) -> None:
        self._database.delete_entry(_SESSION, token)

    def __iter__(self) -> Iterator[str]:
        return iter(self._database.entries(_SESSION))

    def __len__(self) -> int:
        return len(self._database.entries(_SESSION))


class _SharedFile(sqlite3.Connection):
    """A file of SQLite that several connections write to."""

    def __init__(self, path: str) -> None:
        try:
            super().__init__(path, timeout=_TIMEOUT_SECONDS, check_same_thread=False, isolation_level=None)
        except sqlite3.OperationalError as error:
            raise DatabaseLost(f"The database cannot be reached: {error}") from None
        self.execute("pragma synchronous = off")

    def tables(self) -> list[str]:
        return [name for (name,) in self.execute("select name from sqlite_master where type = 'table'")]

    def prepare(self) -> None:
        self.executescript(SCHEMA)
        self.execute(_FIRST)


class _MariaDb:
    """A connection to MariaDB that takes the statements of SQLite; one that broke is opened again."""

    def __init__(self, uri: str) -> None:
        address = urlsplit(uri)
        if not address.hostname or not address.username:
            raise ValueError("The URI of the database must be mysql://user:password@host:port/")
        self._where = f"{address.hostname}:{address.port or 3306}"
        self._name = unquote(address.path.strip("/")) or DEFAULT_NAME
        self._options: dict[str, Any] = {
            "host": address.hostname,
            "port": address.port or 3306,
            "user": unquote(address.username),
            "password": unquote(address.password or ""),
            "charset": "utf8mb4",
            "autocommit": True,
            "connect_timeout": _TIMEOUT_SECONDS,
        }
        self._connection: Any = None

    @contextlib.contextmanager
    def _errors_told(self) -> Iterator[None]:
        pymysql = _pymysql()
        try:
            yield
        except (pymysql.OperationalError, pymysql.InterfaceError) as error:
            self.close()
            number = error.args[0] if error.args else ""
            raise DatabaseLost(f"The database cannot be reached: {self._where} (error {number})") from None

    def _opened(self) -> Any:
        if self._connection is None:
            connection = _pymysql().connect(**self._options)
            with connection.cursor() as cursor:
                cursor.execute(
                    f"create database if not exists `{self._name.replace('`', '``')}`"
                    " character set utf8mb4 collate utf8mb4_nopad_bin"
                )
                connection.select_db(self._name)
                cursor.execute("set session transaction isolation level read committed")
            self._connection = connection
        return self._connection

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Any:
        if statement == "rollback" and self._connection is None:
            return None
        with self._errors_told():
            cursor = self._opened().cursor()
            cursor.execute(_translated(statement), values)
            return cursor

    def executemany(self, statement: str, rows: Any) -> Any:
        with self._errors_told():
            cursor = self._opened().cursor()
            cursor.executemany(_translated(statement), list(rows))
            return cursor

    def tables(self) -> list[str]:
        return [name for (name,) in self.execute("show tables").fetchall()]

    def prepare(self) -> None:
        for statement in filter(None, map(str.strip, SCHEMA.split(";"))):
            text = statement.replace(" where member_of is not null", "")
            for ours, theirs in _TYPES:
                text = text.replace(ours, theirs)
            self.execute(text + " collate utf8mb4_nopad_bin" * text.startswith("create table"))
        self.execute(_FIRST)

    def close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(Exception):
                self._connection.close()
            self._connection = None


def _pymysql() -> Any:
    """Only a real database needs it."""
    return importlib.import_module("pymysql")


def _translated(statement: str) -> str:
    for ours, theirs in _STATEMENTS:
        statement = statement.replace(ours, theirs)
    statement = re.sub(r"on conflict \([^)]*\) do update set", "on duplicate key update", statement)
    return re.sub(r"excluded\.(\w+)", r"values(\1)", statement)
