"""The statements that carry rows, as Redshift gets them."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from landfall.publish.warehouse_tables import AddColumn, Carried, CreateTableLike
from sqlalchemy_redshift.dialect import RedshiftDialect_redshift_connector

DAYS = Carried.of("warehouse", "fct_days", key=["customer_id", "Day"], columns=["customer_id", "Day", "_loaded_at"])


def compiled(statement: sa.Executable) -> str:
    return " ".join(str(statement.compile(dialect=RedshiftDialect_redshift_connector())).split())


def test_rows_are_deleted_by_key_and_no_others() -> None:
    same = 'candidate.customer_id = published_warehouse.fct_days.customer_id AND candidate."Day" = '
    same += 'published_warehouse.fct_days."Day"'
    assert compiled(DAYS.delete_gone()) == (
        f"DELETE FROM published_warehouse.fct_days WHERE NOT (EXISTS (SELECT 1 FROM warehouse.fct_days AS candidate "
        f"WHERE {same}))"
    )
    assert compiled(DAYS.delete_changed(datetime(2026, 11, 20))) == (
        "DELETE FROM published_warehouse.fct_days WHERE EXISTS (SELECT 1 FROM warehouse.fct_days AS candidate "
        f"WHERE {same} AND candidate._loaded_at > %s)"
    )


def test_a_copy_has_the_columns_of_its_candidate() -> None:
    assert compiled(CreateTableLike(DAYS)) == "CREATE TABLE published_warehouse.fct_days (LIKE warehouse.fct_days)"
    assert compiled(AddColumn(DAYS.published, "note", "character varying(16)")) == (
        "ALTER TABLE published_warehouse.fct_days ADD COLUMN note character varying(16)"
    )
