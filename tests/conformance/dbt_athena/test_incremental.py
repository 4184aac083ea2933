"""The suite's incremental models."""

from __future__ import annotations

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


class TestUniqueKey(MergesByDefault, BaseIncrementalUniqueKey):
    pass


class TestMicrobatch(BaseMicrobatch):
    pass
