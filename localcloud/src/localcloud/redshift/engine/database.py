"""One Redshift database: a DuckDB file and the in-memory helpers that every session sees."""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import duckdb

from localcloud.lake.session import Lake, LakeSettings, attach_lake
from localcloud.lake.sql_text import identifier, quoted
from localcloud.redshift.engine.catalog_memory import CatalogMemory
from localcloud.redshift.engine.catalog_tables import HIDDEN_SCHEMA, install
from localcloud.redshift.engine.filling import fill
from localcloud.redshift.engine.history import History
from localcloud.redshift.engine.isolation import Isolation
from localcloud.redshift.engine.usage import KEPT_SECONDS, Meter
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.functions import install_macros

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

SYSTEM = "localsys"
"""The in-memory DuckDB database with macros (main) and system views (sys, info)."""
_NAME_BYTES = 127
_NAME = re.compile(r"[\w$-]+")
_RESERVED = frozenset({SYSTEM, "system", "temp", "memory", "template0", "template1", "padb_harvest"})


class Siblings(Protocol):
    """The databases of the same namespace, by name; each method raises RedshiftError for names it can't take."""

    def session(self, name: str, user: str) -> Session: ...

    def create(self, name: str, level: str) -> None: ...

    def alter(self, name: str, level: str) -> None: ...

    def drop(self, name: str, *, force: bool) -> None: ...

    def refuse_overuse(self) -> None:
        """Raise RedshiftError 53400 when a usage limit has switched queries off."""
        ...

    def levels(self) -> Mapping[str, str]:
        """Names of the databases and their isolation levels."""
        ...


class Database:
    """Opens `path` on first use. Sessions get connections of their own from `connect`; thread-safe."""

    def __init__(
        self, *, path: Path, name: str, lake: Lake, settings: LakeSettings, meter: Meter, siblings: Siblings
    ) -> None:
        check_name(name)
        self.name = name
        self.lake = lake
        self.isolation = Isolation()
        self.meter = meter
        self.siblings = siblings
        self.sessions = 0
        self.state_dir = settings.state_dir
        self._path = path
        self._settings = settings
        self._lock = threading.Lock()
        self._root: duckdb.DuckDBPyConnection | None = None
        self.oids: itertools.count[int] = itertools.count()
        self.history = History()
        self.catalog_memory = CatalogMemory()

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A connection with Redshift's settings, standing in schema public."""
        with self._lock:
            connection = self._open().cursor()
            self.sessions += 1
        connection.execute("SET integer_division = true")
        connection.execute("SET default_null_order = 'nulls_last_on_asc_first_on_desc'")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(files(__package__).joinpath("session.sql").read_text())
        connection.execute(f"USE {SYSTEM}.main")
        return connection

    def disconnect(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let go of a connection that `connect` gave."""
        connection.close()
        with self._lock:
            self.sessions -= 1

    def refresh_databases(self) -> None:
        """Bring the system views' list of databases up to date."""
        rows = [(name, level.title()) for name, level in self.siblings.levels().items()]
        self._replace("rs_databases", rows)

    def refresh_usage(self) -> None:
        """Bring sys_serverless_usage up to date: one row for each minute with use in the last seven days."""
        megabytes = self._path.stat().st_size // 1_000_000
        rows = [
            (start, use.compute, use.capacity, megabytes, round(use.charged))
            for start, use in self.meter.minutes(time.time() - KEPT_SECONDS)
        ]
        self._replace("rs_usage", rows)

    def _replace(self, table: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Exchange the rows of a table of the system database, in a transaction of its own."""
        with self._lock:
            cursor = self._open().cursor()
            cursor.execute("BEGIN TRANSACTION")
            fill(cursor, f"{SYSTEM}.sys.{table}", rows)
            cursor.execute("COMMIT")
            cursor.close()

    def _open(self) -> duckdb.DuckDBPyConnection:
        if self._root is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            root = duckdb.connect(":memory:")
            try:
                self._prepare(root)
            except BaseException:
                root.close()
                raise
            self._root = root
        return self._root

    def _prepare(self, root: duckdb.DuckDBPyConnection) -> None:
        attach_lake(root, self._settings)
        root.execute(f"ATTACH {quoted(str(self._path))} AS {identifier(self.name)}")
        root.execute(f"ATTACH ':memory:' AS {SYSTEM}")
        root.execute(f"USE {SYSTEM}.main")
        root.execute("SET integer_division = true")
        install_macros(root, self.name)
        self.oids = itertools.count(install(root, self.name))
        root.execute(files(__package__).joinpath("session.sql").read_text())
        for script in ("system_views.sql", "security_views.sql", "history_views.sql", "definitions.sql"):
            root.execute(files(__package__).joinpath(script).read_text().replace("{database}", self.name))

    def password_hash(self, user: str) -> str | None:
        """What CREATE USER set (hex MD5 of password + user name); None without a password that is valid now."""
        with self._lock:
            connection = self._open().cursor()
        found = connection.execute(
            f'SELECT password_hash FROM "{self.name}".{HIDDEN_SCHEMA}.principals WHERE principal_name = ?'  # noqa: S608
            " AND kind = 'user' AND coalesce(valid_until > now() AT TIME ZONE 'UTC', true)",
            [user],
        ).fetchone()
        return str(found[0]) if found and found[0] else None

    def system_relations(self) -> frozenset[tuple[str, str]]:
        """(schema, name) of the system views: schema `sys` for pg_catalog, `info` for information_schema."""
        with self._lock:
            rows = (
                self._open()
                .cursor()
                .execute(
                    "SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = ? AND NOT internal",
                    [SYSTEM],
                )
            )
            return frozenset((str(schema), str(name)) for schema, name in rows.fetchall())

    def told(self, error: duckdb.Error) -> str:
        """DuckDB's words without the places of this machine's files: an S3 object's body goes by its URI."""
        words = self.lake.local_files.with_uris(str(error))
        return words.replace(f"{self._path.parent}/", "").replace(f"{self.state_dir}/", "")

    def close(self) -> None:
        """Checkpoint and release the file."""
        with self._lock:
            if self._root is not None:
                self._root.close()
                self._root = None


def check_name(name: str) -> None:
    """Raise RedshiftError for what can't be a database's name.

    42602 for the names of this engine's own databases and for more than 127 bytes, Redshift's limit for a name
    (https://docs.aws.amazon.com/redshift/latest/dg/r_names.html); 0A000 for what a delimited identifier may hold and
    the name of a file here may not.
    """
    if name in _RESERVED or not 0 < len(name.encode()) <= _NAME_BYTES:
        raise RedshiftError("42602", f'invalid database name "{name}"')
    if not _NAME.fullmatch(name):
        raise unsupported(f'the database name "{name}"')
