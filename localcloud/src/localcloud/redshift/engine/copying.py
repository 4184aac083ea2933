"""COPY: files in S3 into a table, all rows or none."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import duckdb
from sqlglot import exp

from localcloud.lake.sql_text import identifier, quoted
from localcloud.redshift.engine import copying_records, grants_checks
from localcloud.redshift.engine.catalog import CatalogColumn, RelationEntry
from localcloud.redshift.engine.copying_values import cleaned, stored_type
from localcloud.redshift.engine.history import Load
from localcloud.redshift.engine.result import Result
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.copy_options import CopyOptions, copy_options
from localcloud.redshift.sql.statement import Statement
from localcloud.redshift.sql.storage_options import s3_place
from localcloud.redshift.sql.types import byte_limit
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session


def copy(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """COPY table [(columns)] FROM 's3://…' IAM_ROLE … options; NOLOAD only checks the files."""
    words = Words(statement.tokens)
    words.expect("COPY")
    parts = words.dotted_name()
    names = _column_list(words)
    options = copy_options(words)
    schema, name = session.names.place_of(parts)
    if schema == "pg_temp":
        raise unsupported("COPY into a temporary table")
    entry = session.catalog.require(schema, name)
    if entry.kind != "r":
        raise RedshiftError("42809", f'"{name}" is not a table')
    grants_checks.require_relation(session, entry, "insert")
    columns = _columns(session, entry, names)
    urls = _objects(session.database.lake.s3, options)
    rows = _load(session, entry, columns, urls, options)
    session.connection.execute("SET VARIABLE rs_copied = ?", [rows])
    source = f"s3://{options.bucket}/{options.prefix}"
    load = Load(session.user, session.process_id, statement.text, name, source, rows, len(urls))
    session.database.history.loads.append(load)
    session.inserted(entry, rows)
    return Result("COPY")


def _column_list(words: Words) -> list[str]:
    names: list[str] = []
    if words.accept("("):
        names.append(words.name())
        while words.accept(","):
            names.append(words.name())
        words.expect(")")
    return names


def _columns(session: Session, entry: RelationEntry, names: Sequence[str]) -> list[CatalogColumn]:
    known = {column.name: column for column in session.catalog.columns(entry.oid)}
    missing = [name for name in names if name not in known]
    if missing:
        raise RedshiftError("42703", f'column "{missing[0]}" of relation "{entry.name}" does not exist')
    return [known[name] for name in names] if names else list(known.values())


def _load(
    session: Session, entry: RelationEntry, columns: Sequence[CatalogColumn], urls: Sequence[str], options: CopyOptions
) -> int:
    """Load with DuckDB's own readers where they do all that is asked, else record by record."""
    if options.format != "PARQUET" and not options.plain:
        return copying_records.load(session, entry, columns, urls, options)
    target = ", ".join(identifier(column.name) for column in columns)
    sql = (
        f"INSERT INTO {identifier(session.database.name, entry.schema, entry.name)} ({target})"
        f" {_selection(session, columns, urls, options)}"
    )
    try:
        row = session.connection.execute(sql).fetchone()
    except (duckdb.ConversionException, duckdb.InvalidInputException, duckdb.ConstraintException) as error:
        if options.format != "PARQUET":
            copying_records.explain_failure(session, entry, columns, urls, options)
        raise copying_records.load_error(entry, str(error).splitlines()[0]) from error
    return int(row[0]) if row else 0


def _objects(s3: Any, options: CopyOptions) -> list[str]:
    if options.manifest:
        return _listed(s3, options)
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


def _listed(s3: Any, options: CopyOptions) -> list[str]:
    """The manifest's objects; one that is missing is an error only where it is mandatory."""
    try:
        body = json.loads(s3.get_object(Bucket=options.bucket, Key=options.prefix)["Body"].read())
        entries = [(entry["url"], bool(entry.get("mandatory"))) for entry in body["entries"]]
    except (s3.exceptions.NoSuchKey, ValueError, KeyError, TypeError) as error:
        raise RedshiftError("XX000", f"Invalid manifest file s3://{options.bucket}/{options.prefix}") from error
    found = []
    for url, mandatory in entries:
        bucket, key = s3_place(url)
        try:
            s3.head_object(Bucket=bucket, Key=key)
        except s3.exceptions.ClientError as error:
            if mandatory:
                raise RedshiftError("XX000", f"Mandatory url is not present in manifest file: {url}") from error
            continue
        found.append(url)
    return found


def _selection(session: Session, columns: Sequence[CatalogColumn], urls: Sequence[str], options: CopyOptions) -> str:
    if not urls:
        return f"SELECT {', '.join('NULL' for _ in columns)} WHERE false"
    outputs = ", ".join(_converted(column, options) for column in columns)
    return f"SELECT {outputs} FROM ({_source(session, urls, columns, options)})"  # noqa: S608


def _source(session: Session, urls: Sequence[str], columns: Sequence[CatalogColumn], options: CopyOptions) -> str:
    files = "[" + ", ".join(quoted(url) for url in urls) + "]"
    if options.format == "PARQUET":
        files += ", hive_partitioning = false"
        described = session.connection.execute(f"DESCRIBE SELECT * FROM read_parquet({files})").fetchall()  # noqa: S608
        if len(described) != len(columns):
            raise RedshiftError(
                "XX000", f"The Parquet files have {len(described)} columns, the table takes {len(columns)}"
            )
        outputs = ", ".join(
            f"{identifier(row[0])} AS {identifier(column.name)}" for row, column in zip(described, columns, strict=True)
        )
        return f"SELECT {outputs} FROM read_parquet({files})"  # noqa: S608
    compression = {"GZIP": "gzip", "ZSTD": "zstd", "": "uncompressed"}[options.compression]
    kinds = ", ".join(f"{quoted(column.name)}: 'VARCHAR'" for column in columns)
    if options.format == "JSON":
        reader = (
            f"read_json({files}, format = 'newline_delimited', columns = {{{kinds}}}, compression = '{compression}')"
        )
        return f"SELECT * FROM {reader}"  # noqa: S608
    quote = options.quote if options.format == "CSV" else ""
    return (
        f"SELECT * FROM read_csv({files}, auto_detect = false, columns = {{{kinds}}},"  # noqa: S608
        f" delim = {quoted(options.delimiter)},"
        f" quote = {quoted(quote)}, escape = {quoted(quote)}, header = false, skip = {options.ignore_header},"
        f" nullstr = {quoted(options.null_string)}, compression = '{compression}', strict_mode = true,"
        " null_padding = false, max_line_size = 4194304)"
    )


def _converted(column: CatalogColumn, options: CopyOptions) -> str:
    kind = stored_type(column)
    value = f"{identifier(column.name)}"
    if options.format == "PARQUET":
        value = f"CAST({value} AS {kind})"
        if kind != "VARCHAR":
            return value
    value = cleaned(value, column, options)
    limit = byte_limit(column.type_name)
    if kind != "VARCHAR":
        return f"CAST({value} AS {kind})"
    if not limit:
        return value
    if options.truncate_columns:
        return f"rs_truncate({value}, {limit})"
    return f"rs_checked({value}, {limit}, {quoted(column.type_name)})"
