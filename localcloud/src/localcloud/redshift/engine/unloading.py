"""UNLOAD: the result of a query as files in S3."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sqlglot import exp

from localcloud.lake.sql_text import identifier, quoted
from localcloud.redshift.engine.history import Unload
from localcloud.redshift.engine.result import Column, Result
from localcloud.redshift.engine.unload_files import SliceWriter, Written, encryption, manifest
from localcloud.redshift.engine.unload_lines import write_lines
from localcloud.redshift.engine.unload_parquet import write_parquet
from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.sql.statement import Statement, split
from localcloud.redshift.sql.types import of_result
from localcloud.redshift.sql.unload_options import UnloadOptions, unload_options
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

_STAGE = "temp.main.pg_landfall_unload"


def unload(session: Session, statement: Statement, _parameters: Sequence[exp.Expr]) -> Result:
    """UNLOAD ('query') TO 's3://bucket/prefix' IAM_ROLE … options; writes nothing when the destination is taken."""
    words = Words(statement.tokens)
    words.expect("UNLOAD", "(")
    text = words.string()
    words.expect(")")
    options = unload_options(words)
    sql = session.translated(_query(text), [])
    columns = session.query_columns(sql)
    s3 = session.database.lake.s3
    _prepare_destination(s3, options)
    with tempfile.TemporaryDirectory(prefix="unload-", dir=session.database.state_dir) as folder:
        written = _write(session, sql, columns, options, Path(folder))
    if options.manifest:
        kinds = [(column.name, of_result(column.type).name) for column in columns]
        body = manifest(options, written, kinds)
        s3.put_object(Bucket=options.bucket, Key=f"{options.prefix}manifest", Body=body, **encryption(options))
    session.database.history.unloads.extend(
        Unload(
            session.user,
            session.process_id,
            statement.text,
            f"s3://{options.bucket}/{each.key}",
            options.format.lower(),
            each.bytes,
            each.rows,
        )
        for each in written
    )
    session.connection.execute("SET VARIABLE rs_unloaded = ?", [sum(each.rows for each in written)])
    return Result("UNLOAD")


def _write(
    session: Session, sql: str, columns: Sequence[Column], options: UnloadOptions, folder: Path
) -> list[Written]:
    if options.partition_by:
        return _write_partitions(session, sql, columns, options, folder)
    write = _write_parquet if options.format == "PARQUET" else write_lines
    return write(session, sql, columns, options, folder)


def _write_partitions(
    session: Session, sql: str, columns: Sequence[Column], options: UnloadOptions, folder: Path
) -> list[Written]:
    """Files of their own below `key=value/…/` for each combination; the keys are left out of them without INCLUDE."""
    names = [column.name for column in columns]
    missing = [name for name in options.partition_by if name not in names]
    if missing:
        raise RedshiftError("42703", f'partition column "{missing[0]}" is not in the SELECT list')
    keys = [names.index(name) for name in options.partition_by]
    kept = [i for i in range(len(columns)) if options.include or i not in keys]
    if not kept:
        raise RedshiftError("0A000", "UNLOAD can't leave out all columns: use INCLUDE")
    aliases = ", ".join(f"c{i}" for i in range(len(columns)))
    session.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_STAGE} AS SELECT {aliases} FROM ({sql}) AS s({aliases})"  # noqa: S608
    )
    texts = ", ".join(f"CAST(c{key} AS VARCHAR)" for key in keys)
    try:
        found = session.connection.execute(f"SELECT DISTINCT {texts} FROM {_STAGE} ORDER BY ALL").fetchall()  # noqa: S608
        written: list[Written] = []
        for values in found:
            pairs = list(zip(options.partition_by, keys, values, strict=True))
            where = " AND ".join(_same(key, value) for _, key, value in pairs)
            part = f"SELECT {', '.join(f'c{i}' for i in kept)} FROM {_STAGE} WHERE {where}"  # noqa: S608
            steps = "".join(f"{name}={_path_text(value)}/" for name, _, value in pairs)
            below = replace(options, prefix=f"{options.prefix.rstrip('/')}/{steps}", partition_by=())
            written += _write(session, part, [columns[i] for i in kept], below, folder)
        return written
    finally:
        session.connection.execute(f"DROP TABLE {_STAGE}")


def _same(key: int, value: str | None) -> str:
    return f"c{key} IS NULL" if value is None else f"CAST(c{key} AS VARCHAR) = {quoted(value)}"


def _path_text(value: str | None) -> str:
    return "__HIVE_DEFAULT_PARTITION__" if value is None else quote(value, safe=" !$&()+,;@~")


def _query(text: str) -> exp.Expr:
    statements = split(text)
    if len(statements) != 1 or statements[0].verb != "SELECT":
        raise RedshiftError("42601", "UNLOAD takes one SELECT statement")
    tree = statements[0].tree
    outer = tree.unnest() if isinstance(tree, exp.Subquery) else tree
    if outer.args.get("limit") or tree.args.get("limit"):
        raise RedshiftError(
            "0A000",
            "Limit clause is not supported",
            "UNLOAD does not take LIMIT in the outer SELECT: put it into a nested one.",
        )
    return tree


def _prepare_destination(s3: Any, options: UnloadOptions) -> None:
    pages = s3.get_paginator("list_objects_v2")
    try:
        if options.clean_path:
            folder = options.prefix.rpartition("/")[0]
            if not folder:
                raise RedshiftError("0A000", "CLEANPATH can't remove a whole bucket: give the destination a folder")
            for page in pages.paginate(Bucket=options.bucket, Prefix=f"{folder}/"):
                for entry in page.get("Contents", []):
                    s3.delete_object(Bucket=options.bucket, Key=entry["Key"])
        elif not options.allow_overwrite:
            for page in pages.paginate(Bucket=options.bucket, Prefix=options.prefix):
                if page.get("Contents"):
                    raise RedshiftError(
                        "XX000",
                        "Specified unload destination on S3 is not empty. Consider using a different bucket / prefix,"
                        " manually removing the target files in S3, or using the ALLOWOVERWRITE option.",
                    )
    except s3.exceptions.NoSuchBucket as error:
        raise RedshiftError(
            "XX000",
            f"S3ServiceException:The specified bucket {options.bucket} does not exist,Status 404,Error NoSuchBucket",
        ) from error


def _write_parquet(
    session: Session, sql: str, columns: Sequence[Column], options: UnloadOptions, folder: Path
) -> list[Written]:
    outputs = ", ".join(
        f"CAST(c{i} AS {of_result(c.type).duckdb}) AS {identifier(c.name)}" for i, c in enumerate(columns)
    )
    names = ", ".join(f"c{i}" for i in range(len(columns)))
    query = f"SELECT {outputs} FROM ({sql}) AS source({names})"  # noqa: S608
    writer = SliceWriter(session.database.lake.s3, options, folder, 0)
    with tempfile.TemporaryDirectory(dir=folder) as parts:
        sizes = {"max_file_size": options.max_file_size, "row_group_size": options.row_group_size}
        for path, rows in write_parquet(session.connection, query, Path(parts) / "files", **sizes):
            writer.put(path, rows)
    return writer.written
