"""The suite's incremental models."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest
from dbt.tests.adapter.incremental.test_incremental_merge_exclude_columns import BaseMergeExcludeColumns
from dbt.tests.adapter.incremental.test_incremental_microbatch import BaseMicrobatch
from dbt.tests.adapter.incremental.test_incremental_on_schema_change import BaseIncrementalOnSchemaChange
from dbt.tests.adapter.incremental.test_incremental_predicates import BaseIncrementalPredicates
from dbt.tests.adapter.incremental.test_incremental_unique_id import BaseIncrementalUniqueKey

from tests.conformance.dbt_athena.table_types import IcebergOnly


class TestOnSchemaChange(BaseIncrementalOnSchemaChange):
    pass


class MergesByDefault(IcebergOnly):
    """Models that give a unique key and no strategy."""

    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        return {"models": {"+incremental_strategy": "merge"}}


class TestIncrementalPredicates(IcebergOnly, BaseIncrementalPredicates):
    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        return {"models": {"+incremental_predicates": ["target.id != 2"], "+incremental_strategy": "merge"}}


class TestMergeExcludeColumns(MergesByDefault, BaseMergeExcludeColumns):
    pass


def _with_dates(files: dict[str, Any]) -> dict[str, Any]:
    """The suite's SQL with its dates as dates, which PostgreSQL reads from text; as dbt-athena's own tests do it."""
    return {
        name: _with_dates(text)
        if isinstance(text, dict)
        else text
        if name.endswith(".csv")
        else re.sub(r"'\d{4}-\d\d-\d\d'", r"cast(\g<0> as date)", text)
        for name, text in files.items()
    }


class TestUniqueKey(IcebergOnly, BaseIncrementalUniqueKey):
    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        """Models merge by their key; dbt-athena asks for one, so those without any append."""
        keyless = ("no_unique_key", "empty_str_unique_key", "empty_unique_key_list")
        appends = {model: {"+incremental_strategy": "append"} for model in keyless}
        return {"models": {"+incremental_strategy": "merge", "test": appends}}

    @pytest.fixture(scope="class")
    def models(self) -> dict[str, Any]:
        return _with_dates(inspect.unwrap(BaseIncrementalUniqueKey.models)(self))

    @pytest.fixture(scope="class")
    def seeds(self) -> dict[str, Any]:
        return _with_dates(inspect.unwrap(BaseIncrementalUniqueKey.seeds)(self))


class TestMicrobatch(BaseMicrobatch):
    """Hive tables take no time zone and replace partitions, Iceberg tables merge; as in dbt-athena's own tests."""

    @pytest.fixture(scope="class")
    def input_model_sql(self, table_type: str) -> str:
        kind = "timestamp(6)" if table_type == "iceberg" else "timestamp"
        rows = " union all ".join(
            f"select {day} as id, cast(timestamp '2020-01-0{day} 00:00:00' as {kind}) as event_time"
            for day in (1, 2, 3)
        )
        return f"{{{{ config(materialized='table', event_time='event_time') }}}} {rows}"

    @pytest.fixture(scope="class")
    def microbatch_model_sql(self, table_type: str) -> str:
        key = "unique_key='id'" if table_type == "iceberg" else "partitioned_by=['event_time']"
        return (
            "{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='event_time',"
            f" batch_size='day', begin=modules.datetime.datetime(2020, 1, 1, 0, 0, 0), {key}) }}}}"
            " select id, event_time from {{ ref('input_model') }}"
        )
