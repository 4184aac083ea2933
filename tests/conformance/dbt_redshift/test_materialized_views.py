"""Materialized views: what replaces what, refreshes, and changes of their configuration."""

from __future__ import annotations

from typing import Any

import pytest
from dbt.adapters.base.relation import BaseRelation
from dbt.tests.adapter.catalog.relation_types import CatalogRelationTypes
from dbt.tests.adapter.materialized_view.basic import MaterializedViewBasic
from dbt.tests.adapter.materialized_view.changes import (
    MaterializedViewChanges,
    MaterializedViewChangesApplyMixin,
    MaterializedViewChangesContinueMixin,
    MaterializedViewChangesFailMixin,
)
from dbt.tests.adapter.materialized_view.files import MY_TABLE, MY_VIEW
from dbt.tests.util import get_model_file, set_model_file

_MATERIALIZED_VIEW = """
{{ config(materialized='materialized_view', sort_type='compound', sort=['id'], dist='id') }}
select * from {{ ref('my_seed') }}
"""


def _first(project: Any, sql: str) -> Any:
    row = project.run_sql(sql, fetch="one")
    return row[0] if row else None


class OnRedshift:
    """How the suite is told to look at Redshift's catalog."""

    @pytest.fixture(scope="class", autouse=True)
    def models(self) -> dict[str, str]:
        return {
            "my_table.sql": MY_TABLE,
            "my_view.sql": MY_VIEW,
            "my_materialized_view.sql": _MATERIALIZED_VIEW,
        }

    @staticmethod
    def query_relation_type(project: Any, relation: BaseRelation) -> str | None:
        kind: str | None = _first(
            project,
            f"""
            select 'table' from pg_tables where schemaname = '{relation.schema}' and tablename = '{relation.identifier}'
            union all
            select case when definition ilike '%create materialized view%' then 'materialized_view' else 'view' end
            from pg_views where schemaname = '{relation.schema}' and viewname = '{relation.identifier}'
            """,
        )
        return kind


class TestMaterializedViewBasic(OnRedshift, MaterializedViewBasic):
    @staticmethod
    def insert_record(project: Any, table: BaseRelation, record: tuple[int, int]) -> None:
        project.run_sql(f"insert into {table} (id, value) values ({record[0]}, {record[1]})")

    @staticmethod
    def refresh_materialized_view(project: Any, materialized_view: BaseRelation) -> None:
        project.run_sql(f"refresh materialized view {materialized_view}")

    @staticmethod
    def query_row_count(project: Any, relation: BaseRelation) -> int:
        return int(_first(project, f"select count(*) from {relation}"))


class Changes(OnRedshift, MaterializedViewChanges):
    """AUTO REFRESH is altered in place; another key needs another view."""

    @staticmethod
    def check_start_state(project: Any, materialized_view: BaseRelation) -> None:
        assert _auto_refresh(project, materialized_view) == "f"
        assert _keys(project, materialized_view) == ["KEY(id)", "id"]

    @staticmethod
    def change_config_via_alter(project: Any, materialized_view: BaseRelation) -> None:
        model = get_model_file(project, materialized_view)
        set_model_file(project, materialized_view, model.replace("dist='id'", "dist='id', auto_refresh=True"))

    @staticmethod
    def check_state_alter_change_is_applied(project: Any, materialized_view: BaseRelation) -> None:
        assert _auto_refresh(project, materialized_view) == "t"

    @staticmethod
    def change_config_via_replace(project: Any, materialized_view: BaseRelation) -> None:
        model = get_model_file(project, materialized_view)
        model = model.replace("dist='id'", "dist='even'").replace("sort=['id']", "sort=['value']")
        set_model_file(project, materialized_view, model)

    @staticmethod
    def check_state_replace_change_is_applied(project: Any, materialized_view: BaseRelation) -> None:
        assert _keys(project, materialized_view) == ["EVEN", "value"]


def _auto_refresh(project: Any, view: BaseRelation) -> str:
    return str(
        _first(
            project,
            f"select autorefresh from stv_mv_info where schema = '{view.schema}' and name = '{view.identifier}'",
        )
    )


def _keys(project: Any, view: BaseRelation) -> list[str]:
    sql = (
        "select diststyle, sortkey1 from svv_table_info"
        f" where \"schema\" = '{view.schema}' and \"table\" = '{view.identifier}'"
    )
    return list(project.run_sql(sql, fetch="one"))


class TestMaterializedViewChangesApply(Changes, MaterializedViewChangesApplyMixin):
    pass


class TestMaterializedViewChangesContinue(Changes, MaterializedViewChangesContinueMixin):
    pass


class TestMaterializedViewChangesFail(Changes, MaterializedViewChangesFailMixin):
    pass


class TestCatalogRelationTypes(CatalogRelationTypes):
    pass
