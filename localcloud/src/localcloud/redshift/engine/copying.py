"""COPY: files in S3 into a table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import duckdb
from sqlglot import exp

from localcloud.redshift.engine import grants_checks
from localcloud.redshift.engine.catalog import CatalogColumn
from localcloud.redshift.engine.result import Result
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.statement import Statement
from localcloud.redshift.sql.storage_options import CopyOptions, copy_options, s3_place
from localcloud.redshift.sql.types import byte_limit, of_declaration
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session


def copy(session: Session, statement: Statement, _parameters: Sequence[exp.Expression]) -> Result:
    """COPY table [(columns)] FROM 's3://…' IAM_ROLE … options. All rows are loaded or none."""
    words = Words(statement.tokens)
    words.expect("COPY")
    parts = words.dotted_name()
    names: list[str] = []
    if words.accept("("):
        names.append(words.name())
        while words.accept(","):
            names.append(words.name())
        words.expect(")")
    options = copy_options(words)
    schema, name = session.names.place(exp.table_(*parts[::-1]))
    if schema == "pg_temp":
        raise unsupported("COPY into a temporary table")
    entry = session.catalog.require(schema, name)
    if entry.kind != "r":
        raise RedshiftError("42809", f'"{name}" is not a table')
    grants_checks.require_relation(session, entry, "insert")
    known = {column.name: column for column in session.catalog.columns(entry.oid)}
    missing = [n for n in names if n not in known]
    if missing:
        raise RedshiftError("42703", f'column "{missing[0]}" of relation "{name}" does not exist')
    columns = [known[n] for n in names] if names else list(known.values())
    urls = _objects(session.database.lake.s3, options)
    outputs = ", ".join(_converted(column, options) for column in columns)
    target = ", ".join(f'"{column.name}"' for column in columns)
    sql = (
        f'INSERT INTO "{session.database.name}"."{schema}"."{name}" ({target})'  # noqa: S608
        f" SELECT {outputs} FROM ({_source(session, urls, columns, options)})"
    )
    try:
        row = session.connection.execute(sql).fetchone()
    except (duckdb.ConversionException, duckdb.InvalidInputException, duckdb.ConstraintException) as error:
        raise RedshiftError(
            "XX000",
            f"Load into table '{name}' failed. Check 'sys_load_error_detail' system table for details.",
            str(error).splitlines()[0],
        ) from error
    session.connection.execute("SET VARIABLE rs_copied = ?", [int(row[0]) if row else 0])
    return Result("COPY")


def _objects(s3: Any, options: CopyOptions) -> list[str]:
    if options.manifest:
        body = json.loads(s3.get_object(Bucket=options.bucket, Key=options.prefix)["Body"].read())
        urls = [entry["url"] for entry in body["entries"]]
        for url in urls:
            s3_place(url)
        return urls
    found: list[str] = []
    try:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=options.bucket, Prefix=options.prefix):
            found += [
                f"s3://{options.bucket}/{entry['Key']}"
                for entry in page.get("Contents", [])
                if not entry["Key"].endswith("/")
            ]
    except s3.exceptions.NoSuchBucket as error:
        raise RedshiftError("XX000", f"The specified bucket {options.bucket} does not exist") from error
    if not found:
        raise RedshiftError("XX000", f"The specified S3 prefix '{options.prefix}' does not exist")
    return found


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _source(session: Session, urls: Sequence[str], columns: Sequence[CatalogColumn], options: CopyOptions) -> str:
    files = "[" + ", ".join(_quoted(url) for url in urls) + "]"
    if options.format == "PARQUET":
        described = session.connection.execute(f"DESCRIBE SELECT * FROM read_parquet({files})").fetchall()  # noqa: S608
        if len(described) != len(columns):
            raise RedshiftError(
                "XX000", f"The Parquet files have {len(described)} columns, the table takes {len(columns)}"
            )
        outputs = ", ".join(f'"{row[0]}" AS "{column.name}"' for row, column in zip(described, columns, strict=True))
        return f"SELECT {outputs} FROM read_parquet({files})"  # noqa: S608
    if options.compression == "BZIP2":
        raise unsupported("COPY with BZIP2")
    compression = {"GZIP": "gzip", "ZSTD": "zstd", "": "uncompressed"}[options.compression]
    if options.format == "JSON":
        kinds = ", ".join(f"{_quoted(column.name)}: 'VARCHAR'" for column in columns)
        reader = (
            f"read_json({files}, format = 'newline_delimited', columns = {{{kinds}}}, compression = '{compression}')"
        )
        return f"SELECT * FROM {reader}"  # noqa: S608
    kinds = ", ".join(f"{_quoted(column.name)}: 'VARCHAR'" for column in columns)
    quote = options.quote if options.format == "CSV" else ""
    return (
        f"SELECT * FROM read_csv({files}, auto_detect = false, columns = {{{kinds}}},"  # noqa: S608
        f" delim = {_quoted(options.delimiter)},"
        f" quote = {_quoted(quote)}, escape = {_quoted(quote)}, header = false, skip = {options.ignore_header},"
        f" nullstr = {_quoted(options.null_string)}, compression = '{compression}', strict_mode = true,"
        " null_padding = false, max_line_size = 4194304)"
    )


def _converted(column: CatalogColumn, options: CopyOptions) -> str:
    value = f'"{column.name}"'
    kind = of_declaration(exp.DataType.build(column.type_name, dialect="redshift")).duckdb
    if options.format == "PARQUET":
        value = f"CAST({value} AS {kind})"
    if kind == "VARCHAR":
        if options.blanks_as_null:
            value = f"CASE WHEN trim({value}) = '' THEN NULL ELSE {value} END"
        elif options.empty_as_null:
            value = f"nullif({value}, '')"
        limit = byte_limit(column.type_name)
        if limit:
            macro = (
                f"rs_truncate({value}, {limit})"
                if options.truncate_columns
                else f"rs_checked({value}, {limit}, {_quoted(column.type_name)})"
            )
            return macro
        return value
    # An empty field is NULL for every type but text.
    return value if options.format == "PARQUET" else f"CAST(nullif({value}, '') AS {kind})"
