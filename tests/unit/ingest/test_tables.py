"""Tables follow the contract: made from it, widened with it, never changed under their rows."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlglot
from landfall.contracts import load_stream_contract
from landfall.errors import ContractError
from landfall.ingest.tables import add_columns, create_table, quarantine_shape, raw_shape
from landfall.settings import REPOSITORY

ORDERS = load_stream_contract(REPOSITORY / "contracts" / "streams" / "orders.yaml")


def test_raw_has_the_contracts_columns_in_athenas_own_types() -> None:
    columns = raw_shape(ORDERS).columns
    assert (columns["order_id"], columns["quantity"], columns["occurred_at"]) == ("string", "bigint", "timestamp")
    assert list(columns)[-1] == "_loaded_at"


@pytest.mark.parametrize(
    ("shape", "partition"),
    [(raw_shape(ORDERS), "DAY(`occurred_at`)"), (quarantine_shape(ORDERS), "`landed_date`")],
)
def test_tables_are_iceberg_and_partitioned_by_day(shape, partition: str) -> None:  # type: ignore[no-untyped-def]
    text = create_table(shape, location="s3://lake/x/").sql(dialect="athena")
    assert f"CREATE TABLE IF NOT EXISTS `{shape.database}`.`orders`" in text
    assert f"PARTITIONED BY ({partition}) LOCATION 's3://lake/x/' TBLPROPERTIES ('table_type'='ICEBERG'" in text
    assert sqlglot.parse_one(text, dialect="athena").sql(dialect="athena") == text


def test_a_new_field_is_added_and_nothing_else_touched() -> None:
    shape = raw_shape(ORDERS)
    existing = {name: kind for name, kind in shape.columns.items() if name != "note"}
    widening = add_columns(shape, existing)
    assert widening is not None
    assert widening.sql(dialect="athena").startswith("ALTER TABLE `raw`.`orders` ADD COLUMNS (`note` STRING COMMENT ")
    assert add_columns(shape, shape.columns) is None


def test_a_column_of_a_field_that_is_gone_stays() -> None:
    shape = raw_shape(replace(ORDERS, fields=ORDERS.fields[:-2]))
    assert add_columns(shape, raw_shape(ORDERS).columns) is None


def test_a_changed_type_is_refused() -> None:
    shape = raw_shape(ORDERS)
    with pytest.raises(ContractError, match=r"raw\.orders\.quantity is string and the contract now makes it bigint"):
        add_columns(shape, {**shape.columns, "quantity": "string"})
