"""Incremental extracts: what changed, put upon the earlier version's files by key, makes those of the later one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from landfall.contracts.extract_product import load_products
from landfall.errors import RequestError
from landfall.extract.door.request import ExtractRequest, parse_request
from landfall.extract.engines.changes import CHANGE, file_columns
from landfall.extract.engines.statements import count_rows, file_rows

PRODUCTS = load_products()
PRODUCT = PRODUCTS["orders"]
OLD, NEW = "published.v1", "published.v2"
GOOD = {"customer_id": "cus_000042", "product": "orders", "format": "parquet", "since": "1", "pii": True}
COLUMNS = ["order_id", "line_number", "customer_id", "shopper_id", "status", "note", "placed_at"]

Row = tuple[Any, ...]
CELLS = st.tuples(
    st.sampled_from(["cus_000042", "cus_000042", "cus_000043"]),
    st.sampled_from(["shp_1", "shp_2", None]),
    st.sampled_from(["placed", "paid"]),
    st.sampled_from(["", None, "=1+1", "a"]),
    st.sampled_from([datetime(2026, 11, 20), datetime(2026, 11, 21), None]),
)
TABLE = st.dictionaries(st.tuples(st.sampled_from("abcd"), st.integers(1, 3)), CELLS, max_size=10)
"""Rows by their key; both versions have few keys, so that most are in both."""


def _request(**asked: Any) -> ExtractRequest:
    return parse_request({**GOOD, "columns": COLUMNS, **asked}, run_id="r", products=PRODUCTS, may_have_pii=True)


def _tables(old: Mapping[Row, Row], new: Mapping[Row, Row]) -> duckdb.DuckDBPyConnection:
    database = duckdb.connect(config={"threads": 1})
    database.execute("create schema published")
    for table, rows in ((OLD, old), (NEW, new)):
        database.execute(
            f"create table {table} (order_id varchar, line_number bigint, customer_id varchar, shopper_id varchar, "
            "status varchar, note varchar, placed_at timestamp)"
        )
        for key, cells in rows.items():
            database.execute(f"insert into {table} values (?, ?, ?, ?, ?, ?, ?)", [*key, *cells])
    return database


def _files(database: duckdb.DuckDBPyConnection, request: ExtractRequest, *tables: str) -> list[Row]:
    return database.execute(file_rows(PRODUCT, request, *tables).sql(dialect="duckdb")).fetchall()


def _by_key(rows: Sequence[Row]) -> dict[Row, Row]:
    found = {row[:2]: row for row in rows}
    assert len(found) == len(rows)
    return found


@pytest.mark.parametrize("asked", [{}, {"status": "paid"}, {"from_date": "2026-11-21"}, {"pii": False}], ids=str)
@settings(deadline=None, max_examples=25)
@given(old=TABLE, new=TABLE)
def test_the_changes_make_the_later_files_of_the_earlier_ones(
    asked: dict[str, Any], old: Mapping[Row, Row], new: Mapping[Row, Row]
) -> None:
    request = _request(**asked)
    everything = replace(request, since=None)
    with _tables(old, new) as database:
        before, after = (_by_key(_files(database, everything, table)) for table in (OLD, NEW))
        changes = _by_key(_files(database, request, NEW, OLD))
        counted = database.execute(count_rows(PRODUCT, request, NEW, OLD).sql(dialect="duckdb")).fetchone()

    applied = dict(before)
    for key, (*cells, change) in changes.items():
        if change == "delete":
            assert cells[2] == "cus_000042" and cells[3:] == [None] * 4  # nothing of it but whose it was
            del applied[key]
        else:
            assert before.get(key) != tuple(cells) or asked == {"pii": False}
            applied[key] = tuple(cells)
    assert applied == after
    assert counted == (len(changes),)
    assert list(changes) == sorted(changes)


def test_what_a_masked_column_hides_makes_no_change() -> None:
    shown = ("cus_000042", "shp_1", "paid")
    at = datetime(2026, 11, 20)
    with _tables({("a", 1): (*shown, "secret", at)}, {("a", 1): (*shown, "another", at)}) as database:
        assert _files(database, _request(pii=False), NEW, OLD) == []
        assert len(_files(database, _request(), NEW, OLD)) == 1


def test_the_files_have_a_column_of_changes_only_where_changes_were_asked_for() -> None:
    assert file_columns(PRODUCT, _request())[-1] == CHANGE
    assert CHANGE not in file_columns(PRODUCT, _request(since=None))


@pytest.mark.parametrize("since", ["0", "-1", "1.0", "٣", 3, True, "", "a/b", "../manifest", "x" * 121, "9" * 10, []])
def test_what_is_neither_an_extract_nor_a_version_is_refused(since: object) -> None:
    with pytest.raises(RequestError, match=r"^since: .* is neither the id of an extract nor the number of a version"):
        _request(since=since)


def test_columns_without_the_key_are_refused() -> None:
    with pytest.raises(RequestError, match=r"^since: rows are told apart by line_number; add that to columns"):
        _request(columns=["order_id", "note"])
