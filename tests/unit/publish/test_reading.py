"""A pinned statement names one version's tables and nothing else of it changes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from landfall.errors import RequestError
from landfall.publish.reading import pinned
from landfall.publish.record import Publication, PublishedDataset

CURRENT = Publication(
    group="lake",
    version=7,
    datasets={
        name: PublishedDataset(table=f"published.{name}__v7", snapshot_id=1, metadata_location="s3://b/1.json")
        for name in ("fct_orders", "dim_customers")
    },
    gate="gate",
    contract_versions={},
    cause_run_id="run",
    published_at=datetime(2026, 11, 21, tzinfo=UTC),
)


def test_every_published_name_becomes_that_of_the_version_and_keeps_its_alias() -> None:
    sql = (
        "SELECT fct_orders.order_id, c.plan FROM published.fct_orders "
        "JOIN published.dim_customers AS c ON c.customer_id = fct_orders.customer_id"
    )
    assert pinned(sql, CURRENT, dialect="athena") == (
        "SELECT fct_orders.order_id, c.plan FROM published.fct_orders__v7 AS fct_orders "
        "JOIN published.dim_customers__v7 AS c ON c.customer_id = fct_orders.customer_id"
    )


def test_a_column_that_names_its_database_finds_the_version() -> None:
    found = pinned("SELECT published.fct_orders.order_id FROM published.fct_orders", CURRENT, dialect="redshift")
    assert found == "SELECT fct_orders.order_id FROM published.fct_orders__v7 AS fct_orders"


def test_other_tables_and_pinned_ones_stay() -> None:
    sql = "SELECT 1 FROM raw.fct_orders, published.fct_orders__v7"
    assert pinned(sql, CURRENT, dialect="athena") == sql


@pytest.mark.parametrize("table", ["fct_other", "fct_orders__v6"])
def test_a_published_table_outside_of_the_version_is_refused(table: str) -> None:
    with pytest.raises(RequestError, match=f"published.{table} is no dataset"):
        pinned(f"SELECT 1 FROM published.{table}", CURRENT, dialect="athena")


def test_what_is_no_statement_is_refused() -> None:
    with pytest.raises(RequestError, match="sql:"):
        pinned("SELECT FROM WHERE", CURRENT, dialect="athena")
