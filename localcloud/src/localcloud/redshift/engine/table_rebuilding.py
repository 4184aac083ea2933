"""Changes of columns inside a transaction, where DuckDB cannot alter a table whose rows were changed before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from localcloud.lake.sql_text import identifier
from localcloud.redshift.engine.catalog import RelationEntry

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

_STAGE = "temp.main.pg_landfall_rebuilt"


@dataclass(frozen=True)
class StoredColumn:
    """A column as DuckDB declares it; `value` is what the old rows get, as an expression over the old columns."""

    name: str
    type: str
    nullable: bool
    default: str | None
    value: str


def change_columns(
    session: Session,
    entry: RelationEntry,
    alteration: str,
    rebuilt: Callable[[list[StoredColumn]], list[StoredColumn]],
) -> None:
    """Run `ALTER TABLE … alteration`; in a client's transaction make the table anew with the columns of `rebuilt`."""
    table = identifier(session.database.name, entry.schema, entry.name)
    run = session.connection.execute
    if session.status == "I":
        run(f"ALTER TABLE {table} {alteration}")
        return
    columns = rebuilt(_stored(session, entry))
    definitions = ", ".join(
        f"{identifier(column.name)} {column.type}"
        + ("" if column.nullable else " NOT NULL")
        + (f" DEFAULT {column.default}" if column.default else "")
        for column in columns
    )
    run(f"CREATE OR REPLACE TEMP TABLE {_STAGE} AS SELECT * FROM {table}")  # noqa: S608
    run(f"DROP TABLE {table}")
    run(f"CREATE TABLE {table} ({definitions})")
    run(f"INSERT INTO {table} SELECT {', '.join(column.value for column in columns)} FROM {_STAGE}")  # noqa: S608
    run(f"DROP TABLE {_STAGE}")


def _stored(session: Session, entry: RelationEntry) -> list[StoredColumn]:
    rows = session.connection.execute(
        "SELECT column_name, data_type, is_nullable, column_default FROM duckdb_columns()"
        " WHERE database_name = ? AND schema_name = ? AND table_name = ? ORDER BY column_index",
        [session.database.name, entry.schema, entry.name],
    ).fetchall()
    return [StoredColumn(name, kind, nullable, default, identifier(name)) for name, kind, nullable, default in rows]
