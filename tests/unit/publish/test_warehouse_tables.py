"""The statements that carry rows, as Redshift gets them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime

import pytest
import sqlalchemy as sa
from landfall.publish.groups import DAY_COLUMNS, TABLES, WAREHOUSE
from landfall.publish.warehouse_tables import AddColumn, Carried, CreateTableLike
from landfall.settings import REPOSITORY
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


def test_where_rows_never_move_on_none_before_the_earliest_changed_one_is_looked_at() -> None:
    days = replace(DAYS, never_moves_on="Day")
    assert compiled(days.earliest(datetime(2026, 11, 20))) == (
        'SELECT min(warehouse.fct_days."Day") AS min_1 FROM warehouse.fct_days WHERE warehouse.fct_days._loaded_at > %s'
    )
    deletes, _, rows = compiled(DAYS.delete_changed(datetime(2026, 11, 20))).partition(" WHERE ")
    assert compiled(days.delete_changed(datetime(2026, 11, 20), date(2026, 11, 1))) == (
        f'{deletes} WHERE ({rows}) AND published_warehouse.fct_days."Day" >= %s'
    )


@pytest.mark.parametrize("table", TABLES[WAREHOUSE])
def test_the_models_merge_by_the_same_column(table: str) -> None:
    model = (REPOSITORY / "dbt_project" / "models" / f"{table.replace('.', '/')}.sql").read_text(encoding="utf-8")
    found = re.search(r"'never_moves_on': '(\w+)'", model)
    assert DAY_COLUMNS.get(table) == (found[1] if found else None)


def test_a_copy_has_the_columns_of_its_candidate() -> None:
    assert compiled(CreateTableLike(DAYS)) == "CREATE TABLE published_warehouse.fct_days (LIKE warehouse.fct_days)"
    assert compiled(AddColumn(DAYS.published, "note", "character varying(16)")) == (
        "ALTER TABLE published_warehouse.fct_days ADD COLUMN note character varying(16)"
    )
