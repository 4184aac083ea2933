"""What DuckDB takes for a load's work when it has the machine to itself: without, and with, what a load promises.

Neither way has a ledger, S3, Iceberg or a second process, and neither can be repeated after a kill.
"""

from __future__ import annotations

import time
from pathlib import Path

import duckdb

COLUMNS = {
    "order_id": "VARCHAR",
    "line_number": "BIGINT",
    "version": "BIGINT",
    "customer_id": "VARCHAR",
    "shopper_id": "VARCHAR",
    "status": "VARCHAR",
    "sku": "VARCHAR",
    "quantity": "BIGINT",
    "unit_price_cents": "BIGINT",
    "currency": "VARCHAR",
    "note": "VARCHAR",
    "occurred_at": "TIMESTAMP",
}
_KEY = "order_id, line_number, version"
_OPTIONAL = "note"
_PATTERNS = {
    "order_id": '"ord_[0-9a-f]{12}"',
    "customer_id": '"cus_[0-9]{6}"',
    "shopper_id": '"shp_[0-9]{8}"',
    "currency": '"[A-Z]{3}"',
    "occurred_at": r'"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z"',
}
"""What the contract asks of a field's JSON text; of the others only their type is looked at."""
_THREADS = 2
"""What the local Athena's engine has."""


def bare(folder: Path) -> tuple[int, float]:
    """Return the rows bare DuckDB writes and the seconds it takes: what it cannot read is dropped and forgotten."""
    connection = duckdb.connect(config={"threads": _THREADS})
    source = connection.read_json(str(folder / "*.gz"), format="newline_delimited", columns=COLUMNS, ignore_errors=True)
    began_at = time.perf_counter()
    unique = source.query("events", f"select distinct on ({_KEY}) * from events")  # noqa: S608
    unique.write_parquet(str(folder / "floor.parquet"), compression="zstd")
    seconds = time.perf_counter() - began_at
    rows = connection.read_parquet(str(folder / "floor.parquet")).filter("order_id is not null").count("*").fetchone()
    return (rows or (0,))[0], seconds


def by_hand(folder: Path) -> tuple[int, float]:
    """Return the rows and the seconds of DuckDB where each line is accounted for, by SQL written for these events.

    Lines are numbered; fields checked; the first of a key kept, with a hash of its content, in files by day; broken
    lines kept as they came; and records counted by object.
    """
    connection = duckdb.connect(config={"threads": _THREADS})
    began_at = time.perf_counter()
    connection.execute(_checked(folder))
    connection.execute(
        f"copy (select * exclude (broken_line, key_rank), occurred_at::date as day from checked"  # noqa: S608
        f" where broken_line is null and key_rank = 1) to '{folder / 'raw'}'"
        " (format parquet, compression zstd, partition_by (day), overwrite true)"
    )
    broken = "select source_object, number, broken_line from checked where broken_line is not null"
    connection.execute(f"copy ({broken}) to '{folder / 'quarantine.parquet'}' (format parquet, compression zstd)")
    connection.execute("select source_object, count(*), count(broken_line) from checked group by 1").fetchall()
    seconds = time.perf_counter() - began_at
    rows = connection.read_parquet(str(folder / "raw/*/*.parquet")).count("*").fetchone()
    return (rows or (0,))[0], seconds


def _checked(folder: Path) -> str:
    members = ", ".join(f'"{name}": "JSON"' for name in COLUMNS)
    broken = " or ".join(f"coalesce({_is_broken(name, kind)}, true)" for name, kind in COLUMNS.items())
    values = ", ".join(f"{_value(name, kind)} as {name}" for name, kind in COLUMNS.items())
    texts = ", ".join(f"{name}::varchar" for name in COLUMNS)
    return f"""
        create temp table checked as
        with lines as (
            select line, filename as source_object, row_number() over () as number
            from read_csv('{folder / "*.gz"}', columns = {{'line': 'VARCHAR'}}, delim = '', quote = '', escape = '',
                header = false, filename = true, auto_detect = false)
        ), documents as (
            select *, case when json_valid(line) then from_json(line, '{{{members}}}') end as document from lines
        ), fields as (
            select source_object, number, case when {broken} then line end as broken_line, {values} from documents
        )
        select *, case when broken_line is null then md5(to_json([{texts}])) end as content_hash,
            row_number() over (partition by broken_line is null, {_KEY} order by source_object, number) as key_rank
        from fields
    """  # noqa: S608


def _is_broken(name: str, kind: str) -> str:
    member = f"document.{name}"
    if name in _PATTERNS:
        return f"not regexp_full_match({member}, '{_PATTERNS[name]}')"
    if kind == "BIGINT":
        return f"try_cast({member} as bigint) is null"
    is_text = f"starts_with({member}, '\"')"
    return f"not (coalesce({member} = 'null', true) or {is_text})" if name == _OPTIONAL else f"not {is_text}"


def _value(name: str, kind: str) -> str:
    text = f"document.{name} ->> '$'"
    if kind == "BIGINT":
        return f"try_cast(document.{name} as bigint)"
    return f"try_cast(replace(replace({text}, 'T', ' '), 'Z', '') as timestamp)" if kind == "TIMESTAMP" else text
