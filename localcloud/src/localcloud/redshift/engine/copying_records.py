"""COPY record by record: with the options that DuckDB's readers lack, and to say which records are bad and why."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from localcloud.lake.sql_text import identifier
from localcloud.redshift.engine.catalog import CatalogColumn, RelationEntry
from localcloud.redshift.engine.copying_rows import Failure, Record, records
from localcloud.redshift.engine.copying_values import cleaned, converted, reason
from localcloud.redshift.engine.history import LoadError
from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.sql.copy_options import CopyOptions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.redshift.engine.session import Session

_STAGE = "pg_landfall_load"


def load(
    session: Session, entry: RelationEntry, columns: Sequence[CatalogColumn], urls: Sequence[str], options: CopyOptions
) -> int:
    """Insert the good records; raises RedshiftError XX000 when there are MAXERROR bad ones. Gives the rows loaded."""
    found = _read(session, columns, urls, options)
    with _staged(session.connection, found, len(columns)):
        bad = _failures(session.connection, found, columns, options)
        _keep(session, entry, found, bad)
        if len(bad) >= max(1, options.max_error):
            raise load_error(entry, bad[min(bad)].reason)
        if options.no_load:
            return len(found) - len(bad)
        names = ", ".join(identifier(column.name) for column in columns)
        values = ", ".join(converted(f"t{i}", column, options) for i, column in enumerate(columns))
        session.connection.execute(
            f"INSERT INTO {identifier(session.database.name, entry.schema, entry.name)} ({names})"  # noqa: S608
            f" SELECT {values} FROM ({_texts(columns, options)}) WHERE NOT list_contains(?, n)",
            [sorted(bad)],
        )
    return len(found) - len(bad)


def explain_failure(
    session: Session, entry: RelationEntry, columns: Sequence[CatalogColumn], urls: Sequence[str], options: CopyOptions
) -> None:
    """After a load failed: raises RedshiftError XX000 with the first bad record's reason, if there is one."""
    found = _read(session, columns, urls, options)
    with session.connection.cursor() as connection, _staged(connection, found, len(columns)):
        bad = _failures(connection, found, columns, options)
    _keep(session, entry, found, bad)
    if bad:
        raise load_error(entry, bad[min(bad)].reason)


def load_error(entry: RelationEntry, detail: str) -> RedshiftError:
    message = f"Load into table '{entry.name}' failed. Check 'sys_load_error_detail' system table for details."
    return RedshiftError("XX000", message, detail)


def _read(
    session: Session, columns: Sequence[CatalogColumn], urls: Sequence[str], options: CopyOptions
) -> list[Record]:
    names = [column.name for column in columns]
    return [record for url in urls for record in records(session.database.lake.s3, url, names, options)]


@contextmanager
def _staged(connection: duckdb.DuckDBPyConnection, found: Sequence[Record], width: int) -> Iterator[None]:
    """The readable records as a DuckDB view: `n`, their place, and texts c0, c1, …"""
    good = [(n, record) for n, record in enumerate(found) if record.failure is None]
    table: dict[str, Any] = {"n": pa.array([n for n, _ in good], pa.int64())}
    for i in range(width):
        table[f"c{i}"] = pa.array([record.fields[i] for _, record in good], pa.string())
    connection.register(_STAGE, pa.table(table))
    try:
        yield
    finally:
        connection.unregister(_STAGE)


def _texts(columns: Sequence[CatalogColumn], options: CopyOptions) -> str:
    outputs = ", ".join(f"{cleaned(f'c{i}', column, options)} AS t{i}" for i, column in enumerate(columns))
    return f"SELECT n, {outputs} FROM {_STAGE}"  # noqa: S608


def _failures(
    connection: duckdb.DuckDBPyConnection,
    found: Sequence[Record],
    columns: Sequence[CatalogColumn],
    options: CopyOptions,
) -> dict[int, Failure]:
    """By place among the records; the first column that can't be converted is the one to blame."""
    bad = {n: record.failure for n, record in enumerate(found) if record.failure is not None}
    cases = []
    for i, column in enumerate(columns):
        if column.not_null and column.default_text is None:
            cases.append(f"WHEN t{i} IS NULL THEN {i}")
        if not (options.accept_any_date and ("date" in column.type_name or "timestamp" in column.type_name)):
            cases.append(f"WHEN t{i} IS NOT NULL AND ({converted(f't{i}', column, options)}) IS NULL THEN {i}")
    if cases:
        rows = connection.execute(
            f"SELECT n, place FROM (SELECT n, CASE {' '.join(cases)} END AS place FROM ({_texts(columns, options)}))"  # noqa: S608
            " WHERE place IS NOT NULL"
        ).fetchall()
        for n, place in rows:
            value = found[n].fields[place]
            code, text = reason(columns[place], value) if value else (1213, "Missing data for not-null field")
            bad[n] = Failure(code, text, columns[place].name, value or "")
    return bad


def _keep(session: Session, entry: RelationEntry, found: Sequence[Record], bad: dict[int, Failure]) -> None:
    for n in sorted(bad):
        record, failure = found[n], bad[n]
        session.database.history.load_errors.append(
            LoadError(
                session.user,
                session.process_id,
                entry.name,
                entry.oid,
                record.url,
                record.line,
                failure.column,
                failure.value,
                record.raw,
                failure.code,
                failure.reason,
            )
        )
