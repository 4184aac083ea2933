"""The tables in which Redshift's catalogue of one database is kept, as one session sees them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import duckdb

from localcloud.redshift.engine.catalog_memory import CatalogMemory, Rows

HIDDEN_SCHEMA = "pg_landfall"
FIRST_USER_OID = 100_000


def install(connection: duckdb.DuckDBPyConnection, database: str) -> int:
    """Create the catalogue's tables where missing; gives the next free object id."""
    connection.execute(files(__package__).joinpath("catalog.sql").read_text().replace("{database}", database))
    prefix = f'"{database}".{HIDDEN_SCHEMA}'
    row = connection.execute(
        f"SELECT max(oid) FROM (SELECT oid FROM {prefix}.schemas UNION ALL SELECT oid FROM {prefix}.external_schemas"  # noqa: S608
        f" UNION ALL SELECT oid FROM {prefix}.relations UNION ALL SELECT oid FROM {prefix}.constraints"
        f" UNION ALL SELECT oid FROM {prefix}.rls_policies UNION ALL SELECT oid FROM {prefix}.functions)"
    ).fetchone()
    return max(FIRST_USER_OID, (row[0] if row and row[0] else 0) + 1)


class CatalogTables:
    """Reads and changes the catalogue's tables through one session's connection, inside its transaction."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, database: str, memory: CatalogMemory) -> None:
        self._connection = connection
        self._prefix = f'"{database}".{HIDDEN_SCHEMA}'
        self._memory = memory
        self._is_in_transaction = False
        self._has_snapshot = False
        self._snapshot: int | None = None
        self._has_changed = False

    def rows(self, sql: str, *values: Any) -> Rows:
        """Run SQL in which `{c}` stands for the catalogue's schema; all of it is read and changed by this."""
        if not sql.lstrip().startswith(("SELECT", "WITH")):
            return self._change(sql, values)
        moment = self.moment()
        if moment is None:
            return self._rows(sql, values)
        return self._memory.recall((sql, *map(_key, values)), lambda: self._rows(sql, values), at=moment)

    def moment(self) -> int | None:
        """Return the memory's number of the moment that the session sees; None if that is past, or not to be known."""
        now = self._memory.moment()
        if not self._is_in_transaction:
            return now
        if not self._has_snapshot:
            # DuckDB takes it with the first look at the database: what is recalled is to be of the same moment.
            self._rows("SELECT 1 FROM {c}.schemas LIMIT 1", ())
            self._has_snapshot = True
            self._snapshot = now if now == self._memory.moment() else None
        return self._snapshot if self._snapshot == now else None

    def begin(self) -> None:
        """Note that a transaction of DuckDB's has begun, which has seen nothing yet."""
        self._is_in_transaction, self._has_snapshot = True, False

    def settle(self) -> None:
        """Note that the session's transaction has ended, with what it changed or without."""
        self._is_in_transaction = False
        if self._has_changed:
            self._has_changed = False
            self._memory.end_change()

    def _change(self, sql: str, values: Sequence[Any]) -> Rows:
        if not self._has_changed:
            self._has_changed = True
            self._memory.begin_change()
        try:
            return self._rows(sql, values)
        finally:
            if not self._is_in_transaction:
                self.settle()

    def _rows(self, sql: str, values: Sequence[Any]) -> Rows:
        return self._connection.execute(sql.replace("{c}", self._prefix), list(values)).fetchall()


def _key(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
