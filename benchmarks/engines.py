"""The engines that are compared, each a function that runs a statement and returns its rows as text."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable

import boto3
import duckdb
import pyathena
import redshift_connector

Engine = Callable[[str], list[tuple[str, ...]]]

_POLL_SECONDS = 0.005


def athena() -> Engine:
    """Return Athena as boto3 reaches it: start, poll, fetch the result."""
    client = boto3.client("athena")

    def run(statement: str) -> list[tuple[str, ...]]:
        workgroup = os.environ["LANDFALL_ATHENA_WORKGROUP"]
        query_id = client.start_query_execution(QueryString=statement, WorkGroup=workgroup)["QueryExecutionId"]
        while True:
            status = client.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]["Status"]
            if status["State"] == "SUCCEEDED":
                break
            if status["State"] in ("FAILED", "CANCELLED"):
                raise RuntimeError(f"Athena: {status.get('StateChangeReason')}")
            time.sleep(_POLL_SECONDS)
        pages = client.get_paginator("get_query_results").paginate(QueryExecutionId=query_id)
        rows = [row["Data"] for page in pages for row in page["ResultSet"]["Rows"]]
        return [tuple(cell["VarCharValue"] for cell in row) for row in rows[1:]]

    return run


def pyathena_cursor() -> Engine:
    """Return Athena as PyAthena's default cursor reaches it, with the client's own times to wait."""
    connection = pyathena.connect(work_group=os.environ["LANDFALL_ATHENA_WORKGROUP"])
    return lambda statement: _text(connection.cursor().execute(statement).fetchall())


def redshift() -> Engine:
    """Return Redshift as redshift_connector reaches it, over one open connection."""
    connection = redshift_connector.connect(
        host=os.environ["LANDFALL_REDSHIFT_HOST"],
        port=int(os.environ["LANDFALL_REDSHIFT_PORT"]),
        database=os.environ["LANDFALL_REDSHIFT_DATABASE"],
        user=os.environ["LANDFALL_REDSHIFT_USER"],
        password=os.environ["LANDFALL_REDSHIFT_PASSWORD"],
        ssl=os.environ.get("LANDFALL_REDSHIFT_SSLMODE") != "disable",
    )
    connection.autocommit = True

    def run(statement: str) -> list[tuple[str, ...]]:
        cursor = connection.cursor()
        cursor.execute(statement)
        return _text(cursor.fetchall())

    return run


def duckdb_direct(*, copy_from: Engine) -> Engine:
    """Return DuckDB in this process, with the published orders copied into its memory from another engine."""
    connection = duckdb.connect()
    connection.execute("create table fct_orders (status varchar, quantity bigint, unit_price_cents bigint)")
    rows = copy_from("select status, quantity, unit_price_cents from published.fct_orders")
    connection.executemany("insert into fct_orders values (?, ?, ?)", rows)
    return lambda statement: _text(connection.execute(statement).fetchall())


def _text(rows: Iterable[Iterable[object]]) -> list[tuple[str, ...]]:
    return [tuple(str(cell) for cell in row) for row in rows]
