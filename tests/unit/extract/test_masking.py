"""Masks in the SQL: on both engines, of masked columns alone, with the customer's salt; and nothing shows through."""

from __future__ import annotations

from dataclasses import replace

import pytest
from landfall.contracts.extract_product import Format, Mask, ProductColumn, load_products
from landfall.extract.door.request import ExtractRequest
from landfall.extract.engines.masking import Engine, masked, masks_of, salt_of
from landfall.extract.engines.statements import unload_statement
from sqlglot import exp

PRODUCT = load_products()["orders"]
TABLE = "published.ext_orders__v7"
ROLE = "arn:aws:iam::123456789012:role/landfall-prod-unload"
REQUEST = ExtractRequest(
    extract_id="run-1",
    customer_id="cus_000042",
    product="orders",
    format="csv",
    filters={},
    columns=("order_id", "customer_id", "shopper_id", "note"),
)


def test_masked_columns_are_masked_on_redshift() -> None:
    statement = unload_statement(PRODUCT, REQUEST, TABLE, destination="s3://b/p_", salt="5a17", role_arn=ROLE)

    assert "SHA2(''5a17'' || shopper_id, 256) AS shopper_id" in statement
    assert "CAST(NULL AS VARCHAR" in statement and " AS note FROM" in statement
    assert "WHERE customer_id = ''cus_000042''" in statement


def test_masked_columns_are_masked_on_athena() -> None:
    request = replace(REQUEST, format="parquet")
    statement = unload_statement(PRODUCT, request, TABLE, destination="s3://b/p/", salt="5a17", role_arn=ROLE)

    assert "LOWER(TO_HEX(SHA256(TO_UTF8(CONCAT(" in statement and "'5a17'" in statement
    assert "CAST(NULL AS VARCHAR) AS note" in statement


@pytest.mark.parametrize("file_format", ["csv", "jsonl", "parquet"])
def test_with_the_scope_nothing_is_masked(file_format: Format) -> None:
    request = replace(REQUEST, pii=True, format=file_format)
    statement = unload_statement(PRODUCT, request, TABLE, destination="s3://b/p/", salt="5a17", role_arn=ROLE)
    assert masks_of(PRODUCT, request) == {}
    assert "5a17" not in statement and "SHA" not in statement


def test_only_columns_of_the_file_are_told_as_masked() -> None:
    assert masks_of(PRODUCT, REQUEST) == {"shopper_id": "hash", "note": "empty"}
    assert masks_of(PRODUCT, replace(REQUEST, columns=("order_id", "customer_id"))) == {}


@pytest.mark.parametrize("engine", ["athena", "redshift"])
@pytest.mark.parametrize("mask", ["hash", "partial", "empty"])
def test_a_value_that_is_not_there_stays_so_and_the_tree_is_of_one_column(engine: Engine, mask: Mask) -> None:
    column = ProductColumn("email", "string", "direct", "Address.", mask)
    tree = masked(column, mask, salt="5a17", engine=engine)
    assert {found.name for found in tree.find_all(exp.Column)} <= {"email"}
    assert "ELSE" not in tree.sql(dialect=engine)


def test_each_customer_has_a_salt_of_his_own_and_none_tells_the_secret() -> None:
    first, second = (salt_of(customer, secret="s3cret") for customer in ("cus_000001", "cus_000002"))
    assert first != second and first == salt_of("cus_000001", secret="s3cret")
    assert first != salt_of("cus_000001", secret="other")
    assert "s3cret" not in first and len(first) == 64
