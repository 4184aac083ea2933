"""The SQL of an extract: the customer's predicate is always there, and no value becomes syntax."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlglot
from landfall.contracts.extract_product import load_products
from landfall.extract.door.options import FileOptions
from landfall.extract.door.request import ExtractRequest
from landfall.extract.engines.statements import count_rows, unload_statement
from sqlglot import exp

PRODUCTS = load_products()
PRODUCT = PRODUCTS["orders"]
TABLE = "published.ext_orders__v7"
ROLE = "arn:aws:iam::123456789012:role/landfall-prod-unload"
REQUEST = ExtractRequest(
    extract_id="run-1",
    customer_id="cus_000042",
    product="orders",
    format="csv",
    filters={"from_date": "2026-11-01", "to_date": "2026-12-01"},
    columns=tuple(column.name for column in PRODUCT.columns),
    pii=True,
)
PARQUET = replace(REQUEST, format="parquet", options=FileOptions(compression="snappy"))


def test_the_count_reads_the_pinned_version_of_one_customer_and_range() -> None:
    assert count_rows(PRODUCT, REQUEST, TABLE).sql(dialect="athena") == (
        "SELECT COUNT(*) FROM published.ext_orders__v7 WHERE customer_id = 'cus_000042' "
        "AND placed_at >= CAST('2026-11-01 00:00:00' AS TIMESTAMP) "
        "AND placed_at < CAST('2026-12-01 00:00:00' AS TIMESTAMP)"
    )


def test_the_csv_unload_carries_the_same_predicate_inside_its_literal() -> None:
    statement = unload_statement(
        PRODUCT, REQUEST, TABLE, destination="s3://b/cus_000042/run-1/attempt-1/orders_", salt="", role_arn=ROLE
    )

    assert "\\" not in statement
    inner = statement[len("UNLOAD ('") : statement.index("') TO ")].replace("''", "'")
    tree = sqlglot.parse_one(inner, dialect="redshift")
    where = tree.find(exp.Where)
    assert where is not None and where.sql(dialect="athena") == count_rows(PRODUCT, REQUEST, TABLE).args["where"].sql(
        dialect="athena"
    )
    assert "customer_id = 'cus_000042'" in where.sql()
    assert [column.alias_or_name for column in tree.selects] == [column.name for column in PRODUCT.columns]
    assert tree.args["order"].sql(dialect="redshift").strip() == "ORDER BY order_id, line_number"


def test_every_text_cell_of_a_csv_is_defended_and_no_number() -> None:
    statement = unload_statement(PRODUCT, REQUEST, TABLE, destination="s3://b/p_", salt="", role_arn=ROLE)

    for column in PRODUCT.columns:
        defended = (
            f"ASCII({column.name}) IN (61, 43, 45, 64, 9, 13, 10, 0, 65309, 65291, 65293, 65312, 39)" in statement
        )
        assert defended == (column.type == "string"), column.name


def test_the_parquet_unload_writes_timestamps_as_athena_can() -> None:
    statement = unload_statement(PRODUCT, PARQUET, TABLE, destination="s3://b/p/", salt="", role_arn=ROLE)

    assert "CAST(placed_at AS TIMESTAMP(3)) AS placed_at" in statement
    assert "customer_id = 'cus_000042'" in statement
    assert statement.endswith("TO 's3://b/p/' WITH (format = 'PARQUET', compression = 'SNAPPY')")


def test_every_type_of_filter_is_a_literal_of_its_columns_type() -> None:
    request = replace(
        REQUEST,
        product="daily_sales",
        filters={"from_date": "2026-11-01", "currency": "EUR", "min_amount_cents": -5, "max_amount_cents": 7},
        columns=("customer_id", "sales_date"),
    )

    assert count_rows(PRODUCTS["daily_sales"], request, TABLE).sql(dialect="athena") == (
        "SELECT COUNT(*) FROM published.ext_orders__v7 WHERE customer_id = 'cus_000042' "
        "AND sales_date >= CAST('2026-11-01' AS DATE) AND currency = 'EUR' "
        "AND gross_sales_cents >= -5 AND gross_sales_cents <= 7"
    )


def test_only_the_columns_asked_for_are_written_in_the_order_of_all() -> None:
    request = replace(PARQUET, columns=("order_id", "customer_id", "note"))

    statement = unload_statement(PRODUCT, request, TABLE, destination="s3://b/p/", salt="", role_arn=ROLE)

    assert statement.startswith("UNLOAD (SELECT order_id, customer_id, note FROM published.ext_orders__v7 WHERE ")
    assert "ORDER BY order_id, line_number" in statement


def _options(**chosen: Any) -> str:
    """Return what an UNLOAD says behind its destination."""
    file_format = chosen.pop("format", "csv")
    request = replace(REQUEST, format=file_format, options=FileOptions(**chosen))
    return unload_statement(PRODUCT, request, TABLE, destination="s3://b/p_", salt="", role_arn=ROLE).partition(
        f"{ROLE}' "
    )[2]


def test_what_is_chosen_is_said_as_redshift_takes_it() -> None:
    assert _options() == "FORMAT AS CSV HEADER GZIP PARALLEL OFF EXTENSION 'csv.gz'"
    assert _options(delimiter="tab", header=False, compression="zstd", part_size_mb=5) == (
        r"FORMAT AS CSV DELIMITER AS '\t' ZSTD MAXFILESIZE AS 5 MB PARALLEL OFF EXTENSION 'csv.zst'"
    )
    assert _options(delimiter="pipe", compression="none") == (
        "FORMAT AS CSV HEADER DELIMITER AS '|' PARALLEL OFF EXTENSION 'csv'"
    )
    # The workbook is made of these.
    assert _options(format="xlsx", compression="none") == "FORMAT AS JSON GZIP PARALLEL OFF EXTENSION 'jsonl.gz'"
    assert _options(format="jsonl") == "FORMAT AS JSON GZIP PARALLEL OFF EXTENSION 'jsonl.gz'"


def test_a_zone_moves_every_timestamp_and_nothing_else() -> None:
    request = replace(REQUEST, options=FileOptions(time_zone="Europe/Berlin"))
    statement = unload_statement(PRODUCT, request, TABLE, destination="s3://b/p_", salt="", role_arn=ROLE)
    for name in ("placed_at", "updated_at"):
        assert f"TO_CHAR(CONVERT_TIMEZONE(''UTC'', ''Europe/Berlin'', {name})," in statement
    assert "placed_at >= CAST(''2026-11-01 00:00:00'' AS TIMESTAMP)" in statement  # filters stay in UTC
    assert "CONVERT_TIMEZONE" not in unload_statement(
        PRODUCT, REQUEST, TABLE, destination="s3://b/p_", salt="", role_arn=ROLE
    )


def test_a_decimal_comma_is_written_into_decimals_alone() -> None:
    request = replace(
        REQUEST,
        product="daily_sales",
        filters={},
        columns=("customer_id", "exchange_rate", "net_sales_cents"),
        options=FileOptions(delimiter="semicolon", decimal_sign="comma"),
    )
    statement = unload_statement(
        PRODUCTS["daily_sales"], request, TABLE, destination="s3://b/p_", salt="", role_arn=ROLE
    )
    assert ", net_sales_cents, REPLACE(CAST(exchange_rate AS VARCHAR), ''.'', '','') AS exchange_rate FROM" in statement
