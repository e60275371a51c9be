# Copyright (c) 2026 vpn.estate contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real MariaDB for the nodes of a simulated cluster, with a data directory of its own."""

from __future__ import annotations

import getpass
import importlib
import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import Self

_PROGRAMS = ("mariadbd", "mariadb-install-db")
_SEARCHED = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/bin", "/sbin"))
_USER = "estate"
_UNPRIVILEGED = ("mysql", "nobody")
_START_SECONDS = 30


class DatabaseError(RuntimeError):
    """The database did not start."""


def available() -> str | None:
    """Why no database can be started here, None when one can."""
    for program in _PROGRAMS:
        if shutil.which(program, path=_SEARCHED) is None:
            return f"{program} is not installed (Debian: mariadb-server)"
    if importlib.util.find_spec("pymysql") is None:
        return "the Python package PyMySQL is not installed"
    return None


class Database:
    """MariaDB on a free port of 127.0.0.1, as a context manager; nothing of it is left afterwards.

    Never run by root: an unprivileged account of the system takes over the data directory then.
    """

    def __init__(self) -> None:
        self._password = secrets.token_urlsafe(12)
        self._folder = Path(tempfile.mkdtemp(prefix="vpn-estate-mariadb-"))
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def uri(self) -> str:
        """As in the vendor's example: without the name of a database."""
        return f"mysql://{_USER}:{self._password}@127.0.0.1:{self.port}/"

    def __enter__(self) -> Self:
        try:
            self._install()
            self.start()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    def _install(self) -> None:
        owner = _owner()
        if owner != getpass.getuser():
            shutil.chown(self._folder, owner)
        statements = self._folder / "init.sql"
        statements.write_text(
            f"create user if not exists '{_USER}'@'127.0.0.1' identified by '{self._password}';\n"
            f"grant all on *.* to '{_USER}'@'127.0.0.1';\n",
            encoding="ascii",
        )
        statements.chmod(0o600)
        shutil.chown(statements, owner)
        temporary = self._folder / "temporary"
        temporary.mkdir()
        shutil.chown(temporary, owner)
        self._run(
            "mariadb-install-db", *self._places(), "--auth-root-authentication-method=normal", "--skip-test-db",
            f"--user={owner}",
        )  # fmt: skip

    def _places(self) -> list[str]:
        """Where it keeps what; a server that starts removes the temporary tables of others that keep them beside its own."""
        return [f"--datadir={self._folder}/data", f"--tmpdir={self._folder}/temporary"]

    def start(self) -> None:
        """Start it, on the port that it had if it ran before."""
        self.port = self.port or _free_port()
        folder = self._folder
        with open(folder / "log", "ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - a program of the system
                [
                    _path("mariadbd"), "--no-defaults", *self._places(), f"--socket={folder}/socket",
                    f"--pid-file={folder}/pid", "--bind-address=127.0.0.1", f"--port={self.port}",
                    f"--user={_owner()}", f"--init-file={folder}/init.sql", "--skip-log-bin", "--innodb-buffer-pool-size=32M",
                    "--innodb-flush-log-at-trx-commit=0", "--skip-name-resolve",
                ],
                stdout=log,
                stderr=log,
            )  # fmt: skip
        self._await()

    def _await(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _START_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                self.connect().close()
            except _pymysql().MySQLError:
                time.sleep(0.05)
            else:
                return
        self.stop()
        raise DatabaseError((self._folder / "log").read_text(encoding="utf-8", errors="replace")[-2000:])

    def connect(self, **options: Any) -> Any:
        """A connection of PyMySQL."""
        return _pymysql().connect(
            host="127.0.0.1", port=self.port, user=_USER, password=self._password, autocommit=True, **options
        )

    def clear(self) -> None:
        """Drop every database that was created."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute("select schema_name from information_schema.schemata")
            for (name,) in cursor.fetchall():
                if name not in ("information_schema", "mysql", "performance_schema", "sys"):
                    cursor.execute(f"drop database `{name}`")

    def stop(self) -> None:
        """End the process; the data stay for the next start."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_START_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def _remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        ended = subprocess.run(  # noqa: S603 - a program of the system
            [_path(program), "--no-defaults", *arguments], capture_output=True, text=True, check=False
        )
        if ended.returncode:
            raise DatabaseError(f"{program}: {ended.stdout[-1000:]}{ended.stderr[-1000:]}")


def _pymysql() -> Any:
    return importlib.import_module("pymysql")


def _path(program: str) -> str:
    return str(shutil.which(program, path=_SEARCHED))


def _owner() -> str:
    """Account of the database: that of this process, unless it is root's."""
    if os.geteuid():
        return getpass.getuser()
    known = {each.pw_name for each in pwd.getpwall()}
    return next(name for name in _UNPRIVILEGED if name in known)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
