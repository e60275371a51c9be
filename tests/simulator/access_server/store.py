# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything a server keeps over a restart: records, access lists, configuration and PKI, in one SQLite database."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..parts import Part, Thing, by_owner

DEFAULT_USER = "__DEFAULT__"
"""Name of the record whose properties all users inherit."""
FORMER_OWNER = "former_owner"
"""Kind of the entries about deleted owners of access lists."""

SCHEMA = """
create table if not exists record (
    id integer primary key, name varchar(255) not null unique, kind varchar(255) not null, member_of varchar(255),
    own text not null, password text);
create index if not exists record_kind on record (kind, name);
create index if not exists record_member_of on record (member_of) where member_of is not null;
create table if not exists access_route (
    owner varchar(255) not null, type varchar(255) not null, position integer not null, route text not null,
    primary key (owner, type, position));
create table if not exists profile (name varchar(255) primary key);
create table if not exists configuration (
    profile varchar(255) not null, item varchar(255) not null, value text not null, primary key (profile, item));
create table if not exists fact (name varchar(255) primary key, value text not null);
create table if not exists entry (
    id integer primary key, kind varchar(255) not null, name varchar(255) not null, value text not null,
    unique (kind, name));
"""
TABLES: Mapping[str, tuple[str, ...]] = {
    "record": ("name",),
    "access_route": ("owner", "type", "position"),
    "profile": ("name",),
    "configuration": ("profile", "item"),
    "fact": ("name",),
    "entry": ("kind", "name"),
}
"""Every table, with the columns that tell its rows apart."""
_AS_JSON = ("own", "route", "value")


@dataclass
class Record:
    """A user, a group or the default user, with the properties that are set on it itself.

    Users, groups and the default user share one name space (server behaviour, 60).
    """

    name: str
    kind: str
    own: dict[str, Any] = field(default_factory=dict)
    member_of: str | None = None
    password: str | None = None


class Connection(Protocol):
    """What the store needs of a database: as much as that of sqlite3 has."""

    def execute(self, statement: str, values: Any = ..., /) -> Any: ...
    def executemany(self, statement: str, rows: Any, /) -> Any: ...
    def close(self) -> None: ...


class Store(Part):
    """One database behind one lock; `path` None keeps it in memory."""

    begin = "begin"

    def __init__(self, path: str | None = None) -> None:
        if path is not None:
            os.close(os.open(path, os.O_CREAT, 0o600))
        base = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        # a killed process must lose nothing, a power cut may: no flush to the disk at each commit
        base.execute("pragma synchronous = off")
        base.executescript(SCHEMA)
        self._prepare(base, threading.RLock())

    def _prepare(self, base: Connection, lock: threading.RLock) -> None:
        self._base = base
        self.lock = lock
        self.commits = 0
        """Number of changes that were committed here."""
        self.committed: Callable[[], object] = lambda: None
        """Called after every committed change, behind the lock."""
        self.sessions: MutableMapping[str, dict[str, Any]] = {}
        """Tokens of those who are signed in, with what is known of each."""
        self._within = False
        self._changes = 0

    @property
    def generation(self) -> int:
        """Moves with every committed change; what is computed from the database is good for one generation."""
        return self.commits

    def source(self, key: str) -> str:
        """Where a configuration value that is set comes from, as the API calls it."""
        return "db"

    def close(self) -> None:
        with self.lock:
            self._base.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; transactions within transactions are part of the outermost one."""
        with self.lock:
            if self._within:
                yield
                return
            self._execute(self.begin)
            self._within, self._changes = True, 0
            try:
                self._begun()
                yield
                if self._changes:
                    self._ending()
                self._execute("commit")
            except BaseException:
                self._execute("rollback")
                raise
            finally:
                self._within = False
            if self._changes:
                self.commits += 1
                self.committed()

    def _begun(self) -> None:
        """Called when a transaction has begun."""

    def _ending(self) -> None:
        """Called before changes are committed."""

    def clear(self) -> None:
        """Forget everything but the facts."""
        with self.transaction():
            self.sessions.clear()
            for table in TABLES:
                if table != "fact":
                    self._write(f"delete from {table}")  # noqa: S608 - a name from above

    def state(self) -> dict[str, Any]:
        routes: dict[str, dict[str, list[Any]]] = {}
        for owner, kind, route in self.access_routes():
            routes.setdefault(owner, {}).setdefault(kind, []).append(route)
        default = self.record(DEFAULT_USER)
        return {
            "users": {each.name: _shown(each) for each in self.records("user")},
            "groups": {each.name: {**each.own, "members": self.members(each.name)} for each in self.records("group")},
            "default_user": default.own if default else {},
            "access_lists": routes,
        }

    def kept(self) -> dict[Thing, Any]:
        """The rows of all tables. Entries, most of whose names are the server's choice, go by their owner and age."""
        found: dict[Thing, Any] = {}
        entries: dict[str, list[Any]] = {}
        for table, key in TABLES.items():
            for row in self._rows_by_column(table):
                if table == "entry":
                    entries.setdefault(row["kind"], []).append(row["value"])
                else:
                    found[(table, *(str(row[column]) for column in key))] = {
                        n: v for n, v in row.items() if n not in key
                    }
        for kind, values in entries.items():
            found |= {("entry", kind, *thing): value for thing, value in by_owner(values).items()}
        return found

    def _rows_by_column(self, table: str) -> Iterator[dict[str, Any]]:
        """The rows of a table, oldest first, with values as they were before they became JSON."""
        cursor = self._execute(f"select * from {table} order by 1")  # noqa: S608 - a name from TABLES
        columns = [column[0] for column in cursor.description]
        for row in cursor.fetchall():
            values = dict(zip(columns, row, strict=True))
            values.pop("id", None)
            yield {name: json.loads(each) if name in _AS_JSON else each for name, each in values.items()}

    def _execute(self, statement: str, values: Sequence[Any] = ()) -> Any:
        return self._base.execute(statement, values)

    def _write(self, statement: str, *values: Any) -> None:
        """Part of a transaction."""
        self._changes += self._execute(statement, values).rowcount

    def _write_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Part of a transaction."""
        self._changes += max(0, self._base.executemany(statement, rows).rowcount)

    def _rows(self, statement: str, *values: Any) -> list[Any]:
        with self.lock:
            return list(self._execute(statement, values).fetchall())

    def _change(self, statement: str, *values: Any) -> None:
        with self.transaction():
            self._write(statement, *values)

    # records

    def record(self, name: str) -> Record | None:
        rows = self._rows("select name, kind, member_of, own, password from record where name = ?", name)
        return _record(rows[0]) if rows else None

    def records(self, kind: str, names: Iterable[str] | None = None, shuffled: bool = False) -> list[Record]:
        """Records of a kind by name; `names` keeps those that exist among them."""
        statement = "select name, kind, member_of, own, password from record where kind = ?"
        values: list[Any] = [kind]
        if names is not None:
            statement += " and name in (select value from json_each(?))"
            values.append(json.dumps(list(names)))
        return [_record(row) for row in self._rows(statement + _order(shuffled), *values)]

    def page(self, kind: str, size: int, offset: int, descending: bool, shuffled: bool) -> list[Record]:
        """One page of the records of a kind."""
        statement = "select name, kind, member_of, own, password from record where kind = ?"
        order = _order(shuffled) + (" desc" if descending and not shuffled else "")
        return [_record(row) for row in self._rows(f"{statement}{order} limit ? offset ?", kind, size, offset)]

    def count(self, kind: str) -> int:
        return int(self._rows("select count(*) from record where kind = ?", kind)[0][0])

    def put(self, record: Record) -> None:
        self.put_many([record])

    def put_many(self, records: Iterable[Record]) -> None:
        """Add the records, or replace those of the same name; a replaced one keeps its age."""
        with self.transaction():
            self._write_many(
                "insert into record (name, kind, member_of, own, password) values (?, ?, ?, ?, ?) on conflict (name)"
                " do update set kind = excluded.kind, member_of = excluded.member_of, own = excluded.own,"
                " password = excluded.password",
                ((r.name, r.kind, r.member_of, json.dumps(r.own), r.password) for r in records),
            )

    def delete(self, name: str, *, lists: bool = True, members: bool = True) -> None:
        """Remove a record, and by default its access lists; members of a removed group then belong to no group.

        Of an owner whose lists stay, the kind is remembered.
        """
        with self.transaction():
            record = self.record(name)
            self._write("delete from record where name = ?", name)
            if lists:
                self._write("delete from access_route where owner = ?", name)
            elif record:
                self.put_entry(FORMER_OWNER, name, {"kind": record.kind})
            if members:
                self._write("update record set member_of = null where member_of = ?", name)

    def members(self, group: str) -> list[str]:
        """Users of a group, oldest first."""
        return [row[0] for row in self._rows("select name from record where member_of = ? order by id", group)]

    def member_counts(self) -> dict[str, int]:
        return dict(self._rows("select member_of, count(*) from record where member_of is not null group by member_of"))

    # access lists

    def access_routes(self, owners: Iterable[str] | None = None) -> list[tuple[str, str, dict[str, Any]]]:
        """Owner, type and route, in order of owner and type and then as they were set."""
        statement = "select owner, type, route from access_route"
        values: list[Any] = []
        if owners is not None:
            statement += " where owner in (select value from json_each(?))"
            values.append(json.dumps(list(owners)))
        rows = self._rows(statement + " order by owner, type, position", *values)
        return [(owner, kind, json.loads(route)) for owner, kind, route in rows]

    def set_access_routes(self, owner: str, kind: str, routes: list[dict[str, Any]]) -> None:
        with self.transaction():
            self._write("delete from access_route where owner = ? and type = ?", owner, kind)
            self._write_many(
                "insert into access_route values (?, ?, ?, ?)",
                ((owner, kind, position, json.dumps(route)) for position, route in enumerate(routes)),
            )

    def owners_of_routes(self) -> set[str]:
        return {row[0] for row in self._rows("select distinct owner from access_route")}

    # configuration

    def profiles(self) -> list[str]:
        return [row[0] for row in self._rows("select name from profile order by name")]

    def add_profile(self, name: str) -> None:
        self._change("insert into profile values (?)", name)

    def delete_profile(self, name: str) -> None:
        with self.transaction():
            self._write("delete from profile where name = ?", name)
            self._write("delete from configuration where profile = ?", name)

    def configuration(self, profile: str) -> dict[str, Any]:
        """The keys that are set in a profile."""
        rows = self._rows("select item, value from configuration where profile = ? order by item", profile)
        return {key: json.loads(value) for key, value in rows}

    def set_configuration(self, profile: str, values: dict[str, Any]) -> None:
        with self.transaction():
            self._write_many(
                "insert or replace into configuration values (?, ?, ?)",
                ((profile, key, json.dumps(value)) for key, value in values.items()),
            )

    def unset_configuration(self, profile: str, key: str) -> None:
        self._change("delete from configuration where profile = ? and item = ?", profile, key)

    # entries: what the server has several of under names of its own, such as authorities and tokens

    def entries(self, kind: str) -> dict[str, dict[str, Any]]:
        """All entries of a kind by name, oldest first."""
        rows = self._rows("select name, value from entry where kind = ? order by id", kind)
        return {name: json.loads(value) for name, value in rows}

    def entry(self, kind: str, name: str) -> dict[str, Any] | None:
        rows = self._rows("select value from entry where kind = ? and name = ?", kind, name)
        return json.loads(rows[0][0]) if rows else None

    def put_entry(self, kind: str, name: str, value: dict[str, Any]) -> None:
        """Add an entry, or replace the one of that name, which keeps its age."""
        self._change(
            "insert into entry (kind, name, value) values (?, ?, ?)"
            " on conflict (kind, name) do update set value = excluded.value",
            *(kind, name, json.dumps(value)),
        )

    def delete_entry(self, kind: str, name: str) -> None:
        self._change("delete from entry where kind = ? and name = ?", kind, name)

    # facts: single values such as the name of the active profile

    def fact(self, name: str) -> Any:
        rows = self._rows("select value from fact where name = ?", name)
        return json.loads(rows[0][0]) if rows else None

    def set_fact(self, name: str, value: Any) -> None:
        self._change("insert or replace into fact values (?, ?)", name, json.dumps(value))


def _order(shuffled: bool) -> str:
    return " order by random()" if shuffled else " order by name"


def _shown(record: Record) -> dict[str, Any]:
    group = {} if record.member_of is None else {"group": record.member_of}
    return {**record.own, **group, "password_defined": record.password is not None}


def _record(row: tuple[str, str, str | None, str, str | None]) -> Record:
    name, kind, member_of, own, password = row
    return Record(name, kind, json.loads(own), member_of, password)
