"""What a Trino query becomes: SQL for DuckDB, and what is known of its result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from localcloud.athena.sql.dialect import identifier
from localcloud.lake.glue import Column
from localcloud.lake.session import Told
from localcloud.lake.types import to_duckdb


@dataclass(frozen=True)
class Compiled:
    """A query ready for the cursor it was compiled on."""

    sql: str
    columns: tuple[Column, ...]
    scanned_bytes: int
    shown: tuple[str, ...] = ()
    """The columns' types with the time zones that their values are shown in."""
    told: Mapping[str, Told] = field(default_factory=dict)
    """What it depends on beside the query's text, see `lasting.told_of`; nothing where it does for this time only."""

    @property
    def typed_sql(self) -> str:
        """The query with every column cast to the DuckDB form of its Trino type, for writing it to a table."""
        casts = (
            f"CAST({identifier(column.name)} AS {to_duckdb(column.type)}) AS {identifier(column.name)}"
            for column in self.columns
        )
        return f"SELECT {', '.join(casts)} FROM ({self.sql})"  # noqa: S608
