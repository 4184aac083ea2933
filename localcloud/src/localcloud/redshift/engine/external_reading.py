"""Reading external tables: the files that Glue and a table's metadata name now, as DuckDB SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.lake import glue
from localcloud.lake.errors import LakeError, TableNotFoundError
from localcloud.lake.glue import Column, LakeTable
from localcloud.lake.predicates import column_names
from localcloud.lake.scan import Relation
from localcloud.lake.scan import scan as scan_table
from localcloud.lake.sql_text import identifier, quoted
from localcloud.lake.types import from_duckdb
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql import pruning
from localcloud.redshift.sql.external_types import read_as, read_sql
from localcloud.redshift.sql.pseudocolumns import PSEUDOCOLUMNS
from localcloud.redshift.sql.translate import Derived

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

_SCRATCH = r"\_(text|rows|partitions|other)\_\d+"
"""Names of the temporary tables that hold the rows of what DuckDB can't read itself."""


def find(session: Session, schema: str, glue_database: str, name: str) -> LakeTable:
    """The table's entry in Glue; raises RedshiftError 42P01."""
    try:
        return glue.find_table(session.database.lake, glue_database, name)
    except TableNotFoundError as error:
        raise RedshiftError("42P01", f'relation "{schema}.{name}" does not exist') from error
    except LakeError as error:
        raise RedshiftError("XX000", f"Spectrum Scan Error: {error}") from error


def scan(session: Session, schema: str, glue_database: str, name: str, conditions: Sequence[exp.Expr] = ()) -> Derived:
    """The table's rows; of an Iceberg table, those of the files in which something may meet `conditions`.

    Raises RedshiftError 42P01 or XX000.
    """
    table = find(session, schema, glue_database, name)
    if table.kind == "view":
        raise unsupported(f"reading {schema}.{name}, a view of the data catalog,")
    iceberg = table.kind == "iceberg"
    usable = [pruning.on_bytes(condition) for condition in conditions] if iceberg else []
    try:
        relation = scan_table(session.database.lake, session.connection, table, counted=(), conditions=usable)
    except LakeError as error:
        raise RedshiftError("XX000", f"Spectrum Scan Error: {error}") from error
    columns = _columns(session, table, relation)
    outputs = ", ".join(
        f"{read_sql(identifier(column.name), column.type, iceberg=iceberg)} AS {identifier(column.name)}"
        for column in columns
    )
    kinds = [(column.name, read_as(column.type, iceberg=iceberg)) for column in columns]
    source = f"({relation.sql}){_text_filter(usable, columns)}"
    query = f"SELECT {outputs} FROM {source}"  # noqa: S608
    if session.settings["spectrum_enable_pseudo_columns"].lower() in ("off", "false"):
        return Derived(query, kinds)
    return Derived(query, kinds, f"SELECT {outputs}, {_pseudocolumns(relation)} FROM {source}")  # noqa: S608


def forget_scratch(session: Session) -> None:
    """Drop what earlier statements read into temporary tables; a session may live long."""
    found = session.connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = 'temp' AND regexp_full_match(table_name, ?)",
        [_SCRATCH],
    ).fetchall()
    for (name,) in found:
        session.connection.execute(f'DROP TABLE temp.main."{name}"')
    session.names.left_scratch = False


def _columns(session: Session, table: LakeTable, relation: Relation) -> list[Column]:
    """The table's columns with exact types: Glue does not tell those of an Iceberg table."""
    if table.kind != "iceberg":
        return list(table.all_columns)
    known = {column.name for column in table.all_columns}
    described = session.query_columns(relation.sql)
    return [Column(column.name, from_duckdb(column.type)) for column in described if column.name in known]


def _text_filter(conditions: Sequence[exp.Expr], columns: Sequence[Column]) -> str:
    """A WHERE of those conditions that are on columns of text alone, or nothing.

    DuckDB passes it to the reader of Parquet, as it can't the query's own: those are on texts that have been cut.
    """
    texts = {column.name for column in columns if column.type == "varchar"}
    usable = [condition for condition in conditions if column_names(condition) and column_names(condition) <= texts]
    return f" WHERE {' AND '.join(each.sql(dialect='duckdb', identify=True) for each in usable)}" if usable else ""


def _pseudocolumns(relation: Relation) -> str:
    """The file of each row, and its size in bytes."""
    path, size = (f'"{name}"' for name in PSEUDOCOLUMNS)
    sizes = ", ".join(f"{quoted(file)}: {length}" for file, length in zip(relation.paths, relation.sizes, strict=True))
    return f"{path}, MAP {{{sizes}}}[{path}]::BIGINT AS {size}"
