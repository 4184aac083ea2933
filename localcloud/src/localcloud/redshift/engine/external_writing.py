"""CREATE EXTERNAL TABLE AS and INSERT into external tables: files in S3, partitions in Glue.

Sources: "CREATE EXTERNAL TABLE, usage notes" and "INSERT (external table)" in the Amazon Redshift Database Developer
Guide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb
from sqlglot import exp

from localcloud.lake import hive_read, hive_write, serdes
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.glue import LakeTable
from localcloud.lake.hive_partitions import register_partitions
from localcloud.lake.hive_write import FileFormat, WrittenFile
from localcloud.lake.sql_text import identifier
from localcloud.redshift.engine import external_entries, external_reading, grants_checks
from localcloud.redshift.engine.result import Column, Result, columns_of
from localcloud.redshift.errors import RedshiftError, from_duckdb, unsupported
from localcloud.redshift.sql import kinds
from localcloud.redshift.sql.external_tables import ExternalTable
from localcloud.redshift.sql.external_types import read_as, written_as
from localcloud.redshift.sql.statement import split
from localcloud.redshift.sql.types import byte_limit, of_typed_result, stored_as

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

_WRITTEN_SERDES = {hive_read.PARQUET: "PARQUET", serdes.LAZY: "TEXTFILE"}
_CODECS = {"PARQUET": "snappy", "TEXTFILE": "none"}
"""What files are compressed with unless the table property compression_type names something else."""


@dataclass(frozen=True)
class _Target:
    """Where rows go, and the names of the data columns and of the partition columns behind them."""

    location: str
    format: FileFormat
    columns: tuple[str, ...]
    keys: tuple[str, ...]


def create_as(session: Session, declared: ExternalTable, database: str, parameters: Sequence[exp.Expr]) -> Result:
    """Write the rows of the query, then make the table and its partitions known."""
    sql, found = _query(session, _only_select(declared.query), parameters)
    of = {column.name: of_typed_result(column.declared or None, column.type) for column in found}
    if len(of) != len(found):
        raise RedshiftError("42701", "a column of the query is named twice")
    keys = [name for name, _ in declared.keys]
    missing = [name for name in keys if name not in of]
    if missing:
        raise RedshiftError("42703", f'partition column "{missing[0]}" is not in the SELECT list')
    data = [name for name in of if name not in keys]
    if not data:
        raise RedshiftError("0A000", "an external table needs a column beside its partition columns")
    table = replace(
        declared,
        columns=[(name, written_as(of[name].name)) for name in data],
        keys=[(name, written_as(of[name].name)) for name in keys],
    )
    _require_empty(session, declared.location)
    target = _Target(
        declared.location, _file_format(declared.format, declared.properties, declared.serde_properties),
        tuple(data), tuple(keys),
    )  # fmt: skip
    places = {column.name: f"c{place}" for place, column in enumerate(found)}
    outputs = ", ".join(f"CAST({places[name]} AS {of[name].duckdb}) AS {identifier(name)}" for name in [*data, *keys])
    files = _write(session, f"SELECT {outputs} FROM ({sql}) AS source({', '.join(places.values())})", target)  # noqa: S608
    rows = sum(file.rows for file in files)
    table.properties = {"numRows": str(rows)} | declared.properties
    external_entries.make_entry(session, table, database)
    register_partitions(
        session.database.lake, external_reading.find(session, table.name[-2], database, table.name[-1]), files
    )
    return Result("SELECT", affected=rows)


def insert(session: Session, tree: exp.Insert, schema: str, name: str, database: str) -> Result:
    """INSERT INTO schema.table SELECT …: columns by position, the partition columns last."""
    external_entries.refuse_transaction(session, "INSERT into")
    grants_checks.require_schema(session, schema, "usage")
    table = external_reading.find(session, schema, database, name)
    if isinstance(tree.this, exp.Schema):
        raise unsupported("INSERT into named columns of an external table")
    if not isinstance(tree.expression, exp.Query) or isinstance(tree.expression, exp.Values):
        raise unsupported(f'VALUES for the external table "{schema}.{name}"')
    target = _target(table, schema)
    sql, found = _query(session, tree.expression, ())
    files = _write(session, _assigned(table, sql, found), target)
    register_partitions(session.database.lake, table, files)
    rows = sum(file.rows for file in files)
    if table.parameters.get("numRows", "").isdigit():
        counted = {**table.parameters, "numRows": str(int(table.parameters["numRows"]) + rows)}
        external_entries.update(session, table, Parameters=counted)
    return Result("INSERT", affected=rows)


def _target(table: LakeTable, schema: str) -> _Target:
    if table.kind != "hive":
        raise unsupported(f'writing to the external table "{schema}.{table.name}" of the kind {table.kind}')
    if table.serde not in _WRITTEN_SERDES:
        raise RedshiftError("0A000", "INSERT into an external table only supports the formats PARQUET and TEXTFILE")
    if (table.glue.get("StorageDescriptor") or {}).get("BucketColumns"):
        raise unsupported("INSERT into a bucketed external table")
    file_format = _file_format(_WRITTEN_SERDES[table.serde], table.parameters, table.serde_parameters)
    names = tuple(column.name for column in table.columns)
    return _Target(table.location, file_format, names, tuple(key.name for key in table.partition_keys))


def _file_format(kind: str, properties: Mapping[str, str], serde_properties: Mapping[str, str]) -> FileFormat:
    codec = properties.get("compression_type", _CODECS[kind]).lower()
    try:
        return FileFormat(kind, codec, serde_properties.get("field.delim", "\x01"))
    except NotSupportedError as error:
        raise unsupported(f"writing {kind} with the compression_type {codec}") from error


def _only_select(text: str) -> exp.Expr:
    statements = split(text)
    if len(statements) != 1 or statements[0].verb != "SELECT":
        raise RedshiftError("42601", "CREATE EXTERNAL TABLE AS takes one SELECT statement")
    return statements[0].tree


def _query(session: Session, tree: exp.Expr, parameters: Sequence[exp.Expr]) -> tuple[str, list[Column]]:
    """DuckDB SQL and columns of the SELECT that fills a table; raises RedshiftError 0A000 for an outer LIMIT."""
    if tree.args.get("limit") or tree.unnest().args.get("limit"):
        raise RedshiftError("0A000", "Limit clause is not supported", "Put LIMIT into a nested SELECT.")
    translated = session.typed(tree, parameters)
    described = [(column.name, column.type) for column in session.query_columns(translated.sql)]
    return translated.sql, columns_of(described, translated.columns)


def _assigned(table: LakeTable, sql: str, found: Sequence[Column]) -> str:
    """The query's columns as the table's, by position; raises RedshiftError 42804 where types do not go together."""
    wanted = table.all_columns
    if len(wanted) != len(found):
        raise RedshiftError(
            "42601", f"INSERT has {'more' if len(found) > len(wanted) else 'fewer'} expressions than target columns"
        )
    outputs = []
    for place, (column, given) in enumerate(zip(wanted, found, strict=True)):
        target = read_as(column.type, iceberg=False)
        source = of_typed_result(given.declared or None, given.type).name
        # NULL and a text literal have no type of their own.
        source = target if given.declared == kinds.UNKNOWN and target else source
        if target is None or target == kinds.SUPER or not _goes_into(source, target):
            raise RedshiftError(
                "42804", f'column "{column.name}" is of type {target} but expression is of type {source}'
            )
        outputs.append(f"{_stored(f'c{place}', target)} AS {identifier(column.name)}")
    names = ", ".join(f"c{place}" for place in range(len(found)))
    return f"SELECT {', '.join(outputs)} FROM ({sql}) AS source({names})"  # noqa: S608


def _stored(value: str, kind: str) -> str:
    """The value as a column of the type holds it: a text that is too long is an error."""
    limit = byte_limit(kind)
    if limit is not None:
        value = f"rs_checked({value}, {limit}, '{kind}')"
    return f"rtrim({value}, ' ')" if kinds.is_char(kind) else f"CAST({value} AS {stored_as(kind)})"


def _goes_into(source: str, target: str) -> bool:
    if kinds.is_text(target):
        return kinds.is_text(source)
    if kinds.is_number(target):
        return kinds.is_number(source)
    if kinds.is_datetime(target):
        return kinds.is_datetime(source)
    return source == target


def _require_empty(session: Session, location: str) -> None:
    try:
        hive_write.require_empty(session.database.lake, location.rstrip("/") + "/")
    except LakeError as error:
        raise RedshiftError(
            "XX000",
            "Specified unload destination on S3 is not empty. Consider using a different bucket / prefix, manually"
            " removing the target files in S3, or using the ALLOWOVERWRITE option.",
        ) from error
    except session.database.lake.s3.exceptions.NoSuchBucket as error:
        raise RedshiftError("XX000", f"S3ServiceException: the bucket of {location} does not exist") from error


def _write(session: Session, select: str, target: _Target) -> list[WrittenFile]:
    try:
        return hive_write.write_files(
            session.database.lake,
            session.connection,
            select,
            location=target.location,
            columns=target.columns,
            keys=target.keys,
            file_format=target.format,
            name=f"{datetime.now(UTC):%Y%m%d_%H%M%S_%f}_{session.process_id}_0000_part_00_",
        )
    except duckdb.Error as error:
        raise from_duckdb(error, session.database.told(error)) from error
