"""The second wall in statements: a session of one customer, a view of one customer, and no way round either."""

from __future__ import annotations

import pytest
from landfall.contracts.extract_product import load_products
from landfall.errors import IsolationError, VerificationError
from landfall.extract.engines.walls import binding, create_lake_view, lake_views, require_views, warehouse_view
from sqlglot import exp, parse_one

VIEW = "extract_walls.ext_orders__v7"


def test_a_session_is_bound_by_a_literal() -> None:
    bound = binding("cus_000042").sql(dialect="redshift")
    assert bound == "SELECT SET_CONFIG('landfall.customer_id', 'cus_000042', FALSE)"


def test_a_version_has_a_view_of_its_own() -> None:
    assert warehouse_view("published.ext_orders__v7") == VIEW


def test_the_view_of_an_attempt_shows_one_customers_rows_and_the_products_columns() -> None:
    product = load_products()["orders"]
    made = create_lake_view("scratch.v", product=product, customer_id="cus_000042", table="published.ext_orders__v7")
    columns = ", ".join(column.name for column in product.columns)
    assert made.sql(dialect="athena") == (
        f"CREATE OR REPLACE VIEW scratch.v AS SELECT {columns} FROM published.ext_orders__v7 "
        "WHERE customer_id = 'cus_000042'"
    )


def test_attempts_have_views_of_their_own() -> None:
    names = {lake_views(f"cus_000042/run-1/attempt-{attempt}/") for attempt in (1, 2, 3)}
    assert len(names) == 3 and {database for database, _ in names} == {"scratch"}


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM published.ext_orders__v7",
        f"SELECT * FROM {VIEW} JOIN published_warehouse.dwh_fct_orders ON TRUE",
        f"SELECT * FROM {VIEW} WHERE order_id IN (SELECT order_id FROM published.ext_orders__v7)",
        f"WITH o AS (SELECT * FROM published.ext_orders__v7) SELECT * FROM {VIEW}",
        f"SELECT * FROM {VIEW} UNION ALL SELECT * FROM extract_walls.ext_orders__v6",
        "SELECT 1",
    ],
)
def test_a_statement_that_reads_anything_but_its_view_is_not_run(query: str) -> None:
    tree = parse_one(query, dialect="redshift")
    assert isinstance(tree, exp.Query)
    with pytest.raises(IsolationError, match="may read extract_walls"):
        require_views(tree, [VIEW])


def test_an_extract_whose_statement_would_go_round_its_wall_is_held() -> None:
    assert issubclass(IsolationError, VerificationError)  # which course.judged holds
