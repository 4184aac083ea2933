"""Every suite accepts a good row, and every one of its checks rejects a row made bad for it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa
import yaml
from landfall.aws.engine_urls import EngineAddress
from landfall.extract.files.outgoing import READING
from landfall.quality.gates import with_queries
from landfall.quality.kinds import KINDS, Place, Surroundings
from landfall.quality.suites import EXPECTATIONS, Check, Suite, load_suite
from landfall.settings import REPOSITORY

SUITES = sorted(path.relative_to(EXPECTATIONS).with_suffix("").as_posix() for path in EXPECTATIONS.glob("*/*.yaml"))


Row = dict[str, Any]

_AT, _LATER = "2026-11-20 10:00:00", "2026-11-20 11:00:00"
_EVENT: Row = {"customer_id": "cus_000001", "shopper_id": "shp_00000001", "_source_object": "s3://x/y.gz"}
_LINE: Row = {**_EVENT, "order_id": "ord_0123456789ab", "line_number": 1, "status": "paid", "quantity": 2}
_LINE |= {"unit_price_cents": 50, "line_total_cents": 100, "currency": "EUR", "placed_at": _AT, "updated_at": _LATER}
_PAYMENT: Row = {**_EVENT, "payment_event_id": "pev_1", "payment_id": "pay_1", "order_id": "ord_1", "currency": "EUR"}
_PAYMENT |= {"amount_cents": 5, "net_amount_cents": -5, "payment_kind": "refund", "payment_method": "card"}
_PAYMENT |= {"kind": "refund", "method": "card", "occurred_at": _AT}
_CUSTOMER: Row = {**_EVENT, "version": 1, "name": "A", "customer_name": "A", "plan": "free", "country": "DE"}
_CUSTOMER |= {"is_active": True, "is_current": True, "valid_from": _AT, "valid_to": _LATER}
_DAY: Row = {"customer_id": "cus_000001", "sales_date": "2026-11-20", "currency": "EUR", "orders": 1, "units": 2}
_DAY |= {"gross_sales_cents": 100, "cancelled_cents": 30, "refunded_cents": 20, "net_sales_cents": 50}
_CONVERTED: Row = {**_DAY, "exchange_rate": 1, "gross_sales_eur_cents": 100, "cancelled_eur_cents": 30}
_CONVERTED |= {"refunded_eur_cents": 20, "net_sales_eur_cents": 50}
_REVERSAL: Row = {**_PAYMENT, "reversal_kind": "refund", "reversed_cents": 5, "reversed_date": "2026-11-20"}
_FUNNEL: Row = {"customer_id": "cus_000001", "funnel_date": "2026-11-20", "payment_method": "card", "currency": "EUR"}
_FUNNEL |= {f"{step}s": 1 for step in ("authorisation", "capture", "refund", "chargeback")}
_FUNNEL |= {f"{step}_cents": 5 for step in ("authorised", "captured", "refunded", "charged_back")}
_SESSION: Row = {**_EVENT, "session_id": "pgv_1", "started_at": _AT, "ended_at": _LATER, "page_views": 3}
_SESSION |= {"duration_seconds": 3600, "device": "mobile"}
_RATE: Row = {"currency": "EUR", "valid_from": "2026-11-01", "valid_to": "2026-12-01", "eur_per_unit": 1}


def _raw_row(contract: Path) -> Row:
    """Return the row of a contract's own examples."""
    properties = yaml.safe_load(contract.read_text())["schema"][0]["properties"]
    return {field["name"]: field["examples"][0] for field in properties} | {"_source_object": "s3://x/y.gz"}


GOOD: Mapping[str, Row] = {
    **{f"raw/{path.stem}": _raw_row(path) for path in (REPOSITORY / "contracts" / "streams").glob("*.yaml")},
    "marts/fct_orders": _LINE,
    "marts/fct_payments": _PAYMENT,
    "marts/dim_customers": _CUSTOMER,
    "marts/fct_daily_sales": _DAY,
    "marts/fct_sessions": _SESSION,
    "marts/dim_exchange_rates": _RATE,
    "marts/fct_cohort_retention": {
        "cohort_month": "2026-11-01",
        "months_since_first": 0,
        "cohort_customers": 2,
        "active_customers": 2,
    },
    "marts/fct_daily_sales_v2": _CONVERTED,
    "marts/fct_monthly_sales": {
        "customer_id": "cus_000001",
        "sales_month": "2026-11-01",
        "active_days": 1,
        "order_lines": 1,
        "units": 2,
    },
    "marts/fct_payment_funnel": _FUNNEL,
    "marts/fct_refunds_and_chargebacks": _REVERSAL,
    "marts/fct_sales_day_changes": {"sales_date": "2026-11-20", "_loaded_at": _LATER},
    "extracts/ext_daily_sales": _CONVERTED,
    "extracts/ext_payments": _PAYMENT,
    "extracts/ext_sessions": _SESSION,
    "extracts/ext_orders": _LINE,
    "extracts/outgoing_orders": _LINE,
    "extracts/outgoing_payments": _PAYMENT,
    "extracts/outgoing_daily_sales": _CONVERTED,
    "extracts/outgoing_sessions": {**_SESSION, "session_date": "2026-11-20"},
    "warehouse/dwh_fct_payments": _PAYMENT,
    "warehouse/dwh_dim_customers": _CUSTOMER,
    "warehouse/dwh_fct_daily_sales": _DAY,
    "warehouse/dwh_dim_currencies": {
        "currency": "EUR",
        "first_rate_date": "2026-11-01",
        "latest_rate_date": "2026-11-02",
        "latest_eur_per_unit": 1,
    },
    "warehouse/dwh_dim_dates": {"date_day": "2026-11-20", "month_number": 11, "is_weekend": 0},
    "warehouse/dwh_fct_daily_sales_converted": _CONVERTED,
    "warehouse/dwh_fct_orders": _LINE,
    "warehouse/dwh_fct_payment_funnel": _FUNNEL,
    "warehouse/dwh_fct_refunds_and_chargebacks": _REVERSAL,
}

_BROKEN_BY_RULE: Mapping[str, Row] = {
    "line_total_cents = quantity x unit_price_cents": {"line_total_cents": 101},
    "net_amount_cents lies within +- amount_cents": {"net_amount_cents": -6},
    "net = gross - cancelled - refunded": {"net_sales_cents": 51},
    "net in euros = gross - cancelled - refunded in euros": {"net_sales_eur_cents": 51},
    "money in euros is there when a rate is": {"exchange_rate": None},
    "a euro is a euro": {"exchange_rate": 2},
    "euros are cents times the rate": {"gross_sales_eur_cents": 101, "net_sales_eur_cents": 51},
    "the same days and money as version 1": {"net_sales_cents": 49, "gross_sales_cents": 99},
    "no more are active than belong to the cohort": {"active_customers": 3},
    "a whole cohort is active in its first month": {"cohort_customers": 3},
    "a rate is above zero": {"eur_per_unit": 0},
    "the euro is worth one euro": {"eur_per_unit": 2},
    "gross sales of all days = total of all order lines": {"gross_sales_cents": 101, "net_sales_cents": 51},
}


def break_for(check: Check, good: Row) -> list[Row]:
    """Return rows that the one `check` must reject, made from a good row."""
    kwargs = check.kwargs
    column = kwargs.get("column", "")
    match check.type:
        case "expect_table_row_count_to_be_between":
            return []
        case "expect_compound_columns_to_be_unique" | "expect_column_values_to_be_unique":
            return [good, good]
        case "expect_column_unique_value_count_to_be_between":
            return [good, {**good, column: "cus_000002"}]
        case "unexpected_rows_expectation" if kwargs["description"] == "one current version a customer":
            return [good, {**good, "version": 2}]
        case "unexpected_rows_expectation":
            return [{**good, **_BROKEN_BY_RULE[kwargs["description"]]}]
        case "expect_column_pair_values_a_to_be_greater_than_b":
            return [{**good, kwargs["column_A"]: "2026-01-01 00:00:00"}]
    return [{**good, column: _bad_value(check)}]


def _bad_value(check: Check) -> object:
    """Return a value that a check of single values must reject."""
    match check.type:
        case "expect_column_values_to_not_be_null":
            return None
        case "expect_column_values_to_be_in_set":
            return "bogus"
        case "expect_column_values_to_be_between":
            return check.kwargs["min_value"] - 1
        case "expect_column_value_lengths_to_equal":
            return "x" * (check.kwargs["value"] + 1)
        case "expect_column_value_lengths_to_be_between":
            return "x" * (check.kwargs["min_value"] - 1)
    raise LookupError(f"no bad fixture is known for {check.type}: add one")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Path]:
    """A SQLite file; every connection to it sees a database `marts` with what suites hold their rows against."""
    marts = tmp_path / "marts.db"
    with sqlite3.connect(marts) as connection:
        connection.execute("create table fct_orders (line_total_cents integer)")
        connection.execute("insert into fct_orders values (100)")
        connection.execute("create table fct_daily_sales (customer_id, sales_date, currency, net_sales_cents)")
        connection.execute("insert into fct_daily_sales values ('cus_000001', '2026-11-20', 'EUR', 50)")

    def attach(connection: Any, _record: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("attach database ? as marts", [str(marts)])

    sa.event.listen(sa.Engine, "connect", attach)
    yield tmp_path / "rows.db"
    sa.event.remove(sa.Engine, "connect", attach)


def test_every_suite_has_a_good_row() -> None:
    assert sorted(GOOD) == SUITES


@pytest.mark.parametrize("name", SUITES)
def test_suite_accepts_good_and_rejects_bad(name: str, database: Path, tmp_path: Path) -> None:
    from landfall.quality.validation import PreparedSuites

    place = Place(relation="good", around=Surroundings(at=datetime(2026, 11, 21, tzinfo=UTC)))
    address = EngineAddress(f"sqlite:///{database}", {})
    if "/outgoing_" in name:  # the suites of files are run on DuckDB
        database = tmp_path / "rows.duckdb"
        address = EngineAddress(f"{READING}:///{database}", {})
    suite = with_queries(_of_rows(load_suite(EXPECTATIONS / f"{name}.yaml")), place, dialect="sqlite")
    good = GOOD[name]
    _write_table(database, "good", good, [good])
    for number, check in enumerate(suite.checks):
        _write_table(database, f"bad_{number}", good, break_for(check, good))
    suites = {"good": suite}
    suites |= {f"bad_{number}": Suite(f"bad {number}", (check,)) for number, check in enumerate(suite.checks)}

    results = PreparedSuites(
        address=address,
        queries={relation: f"SELECT * FROM {relation}" for relation in suites},
        suites=suites,
        site=tmp_path / "site",
    ).run("test")

    assert [result.check for result in results if result.relation == "good" and not result.passed] == []
    accepted = {result.relation for result in results if result.passed}
    for number, check in enumerate(suite.checks):
        assert f"bad_{number}" not in accepted, f"{check.type} {check.kwargs} let its bad fixture pass"


def _of_rows(suite: Suite) -> Suite:
    """Return the checks of the rows themselves; those that compare with other tables are in test_kinds.py."""
    return replace(suite, checks=tuple(check for check in suite.checks if check.type not in KINDS))


def _write_table(database: Path, table: str, columns: dict[str, object], rows: Sequence[dict[str, object]]) -> None:
    is_of_files = database.suffix == ".duckdb"
    with duckdb.connect(database) if is_of_files else sqlite3.connect(database) as connection:
        # What is read of a CSV file is text.
        connection.execute(f"create table {table} ({', '.join(f'{c} varchar' if is_of_files else c for c in columns)})")
        marks = ", ".join("?" for _ in columns)
        connection.executemany(f"insert into {table} values ({marks})", [tuple(row.values()) for row in rows])
