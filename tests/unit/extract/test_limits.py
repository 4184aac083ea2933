"""How many rows there may be: a workbook holds fewer, and the refusal says what would do."""

from __future__ import annotations

from dataclasses import replace

from landfall.contracts.extract_product import load_products
from landfall.extract.door.limits import too_many

PRODUCT = replace(load_products()["daily_sales"], max_rows=100, max_rows_xlsx=10)


def test_as_many_rows_as_a_product_allows_are_not_too_many() -> None:
    assert too_many(100, PRODUCT, "csv") is None
    assert too_many(10, PRODUCT, "xlsx") is None


def test_too_many_rows_are_refused_by_the_field_that_would_help() -> None:
    narrow = "narrow from_date and to_date and currency and min_amount_cents and max_amount_cents"
    assert (
        too_many(101, PRODUCT, "csv")
        == f"customer_id: 101 rows are more than the 100 that daily_sales allows; {narrow}"
    )
    assert too_many(11, PRODUCT, "xlsx") == (
        f"format: 11 rows are more than the 10 that daily_sales allows in xlsx; use csv, or {narrow}"
    )
    assert too_many(101, PRODUCT, "xlsx") == too_many(101, PRODUCT, "csv")
