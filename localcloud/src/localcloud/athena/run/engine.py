"""Runs one statement from its text to its result files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import duckdb
from botocore.exceptions import ClientError

from localcloud.athena import errors, results
from localcloud.athena.results import ResultColumn
from localcloud.athena.run import (
    alter,
    create_as,
    create_table,
    databases,
    drop_table,
    explain,
    insert,
    merge,
    optimize,
    prepared,
    repair,
    show,
    show_create,
    unload,
    vacuum,
    views,
)
from localcloud.athena.run.context import Context, Outcome
from localcloud.athena.run.plans import Plans
from localcloud.athena.sql import macros
from localcloud.athena.sql.dialect import parse_query
from localcloud.athena.statement import Statement
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.session import Lake, attach_lake

Run = Callable[[Context, str], Outcome]


def _select(context: Context, text: str) -> Outcome:
    known = context.plans.find(context.lake, text, context.database)
    if known is not None:
        compiled = context.compiler.take(known)
    else:
        compiled = context.compiler.compile(context.parsed or parse_query(text), runs_next=True)
        context.plans.keep(context.lake, text, context.database, compiled)
    return Outcome(query=compiled, columns=compiled.columns)


STATEMENTS: dict[str, Run] = {
    "SELECT": _select,
    "INSERT": insert.insert,
    "CREATE_TABLE_AS_SELECT": create_as.create_as,
    "MERGE": merge.merge,
    "UPDATE": merge.update,
    "DELETE": merge.delete,
    "UNLOAD": unload.unload,
    "OPTIMIZE": optimize.optimize,
    "CREATE_VIEW": views.create_view,
    "CREATE_DATABASE": databases.create_database,
    "CREATE_TABLE": create_table.create_table,
    "DROP_DATABASE": databases.drop_database,
    "DROP_VIEW": drop_table.drop_table,
    "DROP_TABLE": drop_table.drop_table,
    "ALTER_DATABASE": databases.alter_database,
    "ALTER_TABLE": alter.alter_table,
    "MSCK_REPAIR": repair.repair,
    "VACUUM": vacuum.vacuum,
    "SHOW_DATABASES": show.databases,
    "SHOW_TABLES": show.list_tables,
    "SHOW_VIEWS": show.list_tables,
    "SHOW_COLUMNS": show.columns,
    "SHOW_PARTITIONS": show.partitions,
    "SHOW_TBLPROPERTIES": show.properties,
    "SHOW_CREATE_TABLE": show_create.create_table,
    "SHOW_CREATE_VIEW": show_create.create_view,
    "DESCRIBE": show_create.describe,
    "EXPLAIN": explain.explain,
    "PREPARE": prepared.prepare,
    "DEALLOCATE_PREPARE": prepared.deallocate,
}
"""What executes a statement, by its substatement type."""


@dataclass(frozen=True)
class Finished:
    """What a statement left: its result's columns, where it is, and what it cost."""

    columns: tuple[ResultColumn, ...]
    output_location: str
    manifest_location: str | None
    update_count: int | None
    scanned_bytes: int
    output_rows: int = 0
    output_bytes: int = 0


class Engine:
    """One DuckDB instance; every statement has a cursor of its own."""

    def __init__(self, lake: Lake, plans: Plans) -> None:
        self.lake = lake
        self.plans = plans
        self._database = duckdb.connect()
        attach_lake(self._database, lake.settings)
        macros.install(self._database)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A cursor for one statement; `interrupt()` on it stops the statement."""
        return self._database.cursor()

    def run(self, statement: Statement, context: Context) -> Finished:
        """Run a statement and write its result files; raises LakeError with Athena's words."""
        run = STATEMENTS.get(statement.subtype)
        if run is None:
            raise NotSupportedError(f"the statement {statement.text.split(None, 2)[0].upper()!r}")
        try:
            outcome = run(context, statement.text)
            scanned = context.compiler.scanned_bytes
            written = results.write(context, statement, outcome)
        except duckdb.Error as error:
            raise errors.from_duckdb(error, self.lake.local_files.with_uris(str(error))) from error
        except ClientError as error:
            raise LakeError("GENERIC_INTERNAL_ERROR", f"{error} (AWS said so)") from error
        return Finished(
            columns=written.columns,
            output_location=written.location,
            manifest_location=written.manifest,
            update_count=outcome.rows,
            scanned_bytes=scanned,
            output_rows=written.rows or outcome.rows or 0,
            output_bytes=written.size,
        )

    def close(self) -> None:
        """End the DuckDB instance."""
        self._database.close()
