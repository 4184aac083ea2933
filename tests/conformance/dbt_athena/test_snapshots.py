"""The suite's snapshots, on Iceberg: between them it changes rows in place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from dbt.tests.adapter.simple_snapshot.new_record_check_mode import BaseSnapshotNewRecordCheckMode
from dbt.tests.adapter.simple_snapshot.new_record_timestamp_mode import BaseSnapshotNewRecordTimestampMode
from dbt.tests.adapter.simple_snapshot.test_ephemeral_snapshot_hard_deletes import (
    BaseSnapshotEphemeralHardDeletes,
    BaseSnapshotNewColumnSpecificCheckCols,
    BaseSnapshotNewColumnTimestampStrategy,
    BaseSnapshotNewColumnWithDeletes,
)
from dbt.tests.adapter.simple_snapshot.test_snapshot import BaseSimpleSnapshot, BaseSnapshotCheck
from dbt.tests.util import relation_from_name

from tests.conformance.dbt_athena.statements import in_athenas_words
from tests.conformance.dbt_athena.table_types import IcebergOnly

_SNAPSHOT = """
{% snapshot snapshot_actual %}
    {{ config(unique_key="cast(id as varchar) || '-' || first_name") }}
    select * from {{ target.database }}.{{ target.schema }}.seed
{% endsnapshot %}
"""


class FactsInAthenasWords(IcebergOnly):
    """What the suite does to its facts between snapshots, in Athena's SQL."""

    project: Any

    def create_fact_from_seed(self, where: str = "1 = 1") -> None:
        fact, seed = (relation_from_name(self.project.adapter, name) for name in ("fact", "seed"))
        location = f"{self.project.adapter.config.credentials.s3_staging_dir}facts/{self.project.test_schema}/"
        self.project.run_sql(f"drop table if exists {fact.render_hive()}")
        self.project.run_sql(
            f"create table {fact} with (table_type = 'iceberg', is_external = false, location = '{location}')"
            f" as select * from {seed} where {where}"
        )

    def update_fact_records(self, updates: dict[str, str], where: str = "1 = 1") -> None:
        values = {
            name: re.sub(r"\bleft\((\w+), (\d+)\)", r"substr(\1, 1, \2)", value).replace(
                "interval '1 day'", "interval '1' day"
            )
            for name, value in updates.items()
        }
        super().update_fact_records(values, where)  # type: ignore[misc]

    def add_fact_column(self, column: str, definition: str) -> None:
        fact = relation_from_name(self.project.adapter, "fact")
        self.project.run_sql(f"alter table {fact.render_hive()} add columns ({column} string)")


class TestSimpleSnapshot(FactsInAthenasWords, BaseSimpleSnapshot):
    pass


class TestSnapshotCheck(FactsInAthenasWords, BaseSnapshotCheck):
    pass


class SourceInAthenasWords(IcebergOnly):
    """The source that the suite makes, fills and changes, in Athena's SQL."""

    @pytest.fixture(scope="class")
    def source_create_sql(self, local_cloud: Mapping[str, str]) -> str:
        return (
            "create table {schema}.src_customers (id int, first_name string, last_name string, email string,"
            f" updated_at timestamp) location 's3://{local_cloud['LANDFALL_OPS_BUCKET']}/dbt-conformance/facts/{{schema}}/'"
            " tblproperties ('table_type' = 'iceberg')"
        )

    @pytest.fixture(scope="class")
    def source_insert_sql(self) -> str:
        return """insert into {schema}.src_customers values
            (1, 'John', 'Doe', 'john.doe@example.com', timestamp '2023-01-01 10:00:00'),
            (2, 'Jane', 'Smith', 'jane.smith@example.com', timestamp '2023-01-02 11:00:00'),
            (3, 'Bob', 'Johnson', 'bob.johnson@example.com', timestamp '2023-01-03 12:00:00')"""

    @pytest.fixture(scope="class")
    def source_alter_sql(self) -> str:
        return "alter table {schema}.src_customers add columns (dummy_column string)"


class TestSnapshotEphemeralHardDeletes(SourceInAthenasWords, BaseSnapshotEphemeralHardDeletes):
    pass


class TestSnapshotNewColumnTimestampStrategy(SourceInAthenasWords, BaseSnapshotNewColumnTimestampStrategy):
    pass


class TestSnapshotNewColumnSpecificCheckCols(SourceInAthenasWords, BaseSnapshotNewColumnSpecificCheckCols):
    pass


class TestSnapshotNewColumnWithDeletes(SourceInAthenasWords, BaseSnapshotNewColumnWithDeletes):
    pass


class StatementsInAthenasWords(IcebergOnly):
    """What the suite does to its tables before and between snapshots, in Athena's SQL."""

    @pytest.fixture(scope="class")
    def project(self, project: Any, local_cloud: Mapping[str, str]) -> Any:
        send = project.run_sql
        storage = f"s3://{local_cloud['LANDFALL_OPS_BUCKET']}/dbt-conformance/statements/{project.test_schema}/"

        def run_sql(sql: str, fetch: str | None = None) -> Any:
            filled = sql.format(database=project.database, schema=project.test_schema)
            *before, last = in_athenas_words(filled, storage=storage)
            for statement in before:
                send(statement)
            return send(last, fetch=fetch)

        project.run_sql = run_sql
        return project

    @pytest.fixture(scope="class")
    def snapshots(self) -> dict[str, str]:
        # Trino joins no number to a text.
        return {"snapshot.sql": _SNAPSHOT}


class TestSnapshotNewRecordTimestampMode(StatementsInAthenasWords, BaseSnapshotNewRecordTimestampMode):
    pass


class TestSnapshotNewRecordCheckMode(StatementsInAthenasWords, BaseSnapshotNewRecordCheckMode):
    pass
