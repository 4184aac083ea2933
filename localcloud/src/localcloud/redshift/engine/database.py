"""One Redshift database: a DuckDB file and the in-memory helpers that every session sees."""

from __future__ import annotations

import itertools
import threading
from importlib.resources import files
from pathlib import Path

import duckdb

from localcloud.lake.session import Lake, LakeSettings, attach_lake
from localcloud.redshift.engine import catalog
from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.sql.functions import install_macros

SYSTEM = "localsys"
"""The in-memory DuckDB database with macros (main) and system views (sys, info)."""
_RESERVED = frozenset({SYSTEM, "system", "temp", "memory", "template0", "template1", "padb_harvest"})


class Database:
    """Opens `path` on first use. Sessions get connections of their own from `connect`; thread-safe."""

    def __init__(self, *, path: Path, name: str, lake: Lake, settings: LakeSettings) -> None:
        if name in _RESERVED or not name.isidentifier():
            raise RedshiftError("42602", f'invalid database name "{name}"')
        self.name = name
        self.lake = lake
        self.state_dir = settings.state_dir
        self._path = path
        self._settings = settings
        self._lock = threading.Lock()
        self._root: duckdb.DuckDBPyConnection | None = None
        self.oids: itertools.count[int] = itertools.count()

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A connection with Redshift's settings, standing in schema public."""
        with self._lock:
            connection = self._open().cursor()
        connection.execute("SET integer_division = true")
        connection.execute("SET default_null_order = 'nulls_last_on_asc_first_on_desc'")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(files(__package__).joinpath("session.sql").read_text())
        connection.execute(f"USE {SYSTEM}.main")
        return connection

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
        root.execute(f"""ATTACH '{str(self._path).replace("'", "''")}' AS "{self.name}" """)
        root.execute(f"ATTACH ':memory:' AS {SYSTEM}")
        root.execute(f"USE {SYSTEM}.main")
        root.execute("SET integer_division = true")
        install_macros(root, self.name)
        self.oids = itertools.count(catalog.install(root, self.name))
        root.execute(files(__package__).joinpath("session.sql").read_text())
        root.execute(files(__package__).joinpath("system_views.sql").read_text().replace("{database}", self.name))

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

    def close(self) -> None:
        """Checkpoint and release the file."""
        with self._lock:
            if self._root is not None:
                self._root.close()
                self._root = None
