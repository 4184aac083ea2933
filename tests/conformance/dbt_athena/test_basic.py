"""The suite's basic part: materialisations, tests, snapshots, catalog and documentation."""

from __future__ import annotations

from typing import Any

import pytest
from dbt.tests.adapter.basic.expected_catalog import base_expected_catalog, expected_references_catalog, no_stats
from dbt.tests.adapter.basic.test_adapter_methods import BaseAdapterMethod
from dbt.tests.adapter.basic.test_base import BaseSimpleMaterializations
from dbt.tests.adapter.basic.test_docs_generate import BaseDocsGenerate, BaseDocsGenReferences
from dbt.tests.adapter.basic.test_empty import BaseEmpty
from dbt.tests.adapter.basic.test_ephemeral import BaseEphemeral
from dbt.tests.adapter.basic.test_generic_tests import BaseGenericTests
from dbt.tests.adapter.basic.test_incremental import (
    BaseIncremental,
    BaseIncrementalBadStrategy,
    BaseIncrementalNotSchemaChange,
)
from dbt.tests.adapter.basic.test_singular_tests import BaseSingularTests
from dbt.tests.adapter.basic.test_singular_tests_ephemeral import BaseSingularTestsEphemeral
from dbt.tests.adapter.basic.test_snapshot_check_cols import BaseSnapshotCheckCols
from dbt.tests.adapter.basic.test_snapshot_timestamp import BaseSnapshotTimestamp
from dbt.tests.adapter.basic.test_table_materialization import BaseTableMaterialization
from dbt.tests.adapter.basic.test_validate_connection import BaseValidateConnection
from dbt.tests.util import run_dbt

from tests.conformance.dbt_athena.table_types import IcebergOnly


class TestSimpleMaterializations(BaseSimpleMaterializations):
    pass


class TestSingularTests(BaseSingularTests):
    pass


class TestSingularTestsEphemeral(BaseSingularTestsEphemeral):
    pass


class TestEmpty(BaseEmpty):
    pass


class TestEphemeral(BaseEphemeral):
    pass


class TestIncremental(BaseIncremental):
    pass


class TestIncrementalNotSchemaChange(BaseIncrementalNotSchemaChange):
    pass


class TestIncrementalBadStrategy(BaseIncrementalBadStrategy):
    def test_incremental_invalid_strategy(self, project: Any) -> None:
        # dbt-athena refuses the strategy before dbt looks for its macro, in words of its own.
        assert len(run_dbt(["seed"])) == 2
        (failed,) = run_dbt(["run"], expect_pass=False).results
        assert "Invalid incremental strategy provided: bad_strategy" in failed.message


class TestGenericTests(BaseGenericTests):
    pass


class TestSnapshotCheckCols(IcebergOnly, BaseSnapshotCheckCols):
    pass


class TestSnapshotTimestamp(IcebergOnly, BaseSnapshotTimestamp):
    pass


class TestTableMaterialization(BaseTableMaterialization):
    pass


class TestAdapterMethod(BaseAdapterMethod):
    pass


class TestValidateConnection(BaseValidateConnection):
    pass


def as_glue_tells_it(catalog: dict[str, Any]) -> dict[str, Any]:
    """dbt-athena counts columns from 0, and Athena gives every view the comment 'Presto View'."""
    for node in (*catalog["nodes"].values(), *catalog["sources"].values()):
        node["columns"] = {name: _counted_from_0(column) for name, column in node["columns"].items()}
        if node["metadata"]["type"] == "view":
            node["metadata"]["comment"] = "Presto View"
    return catalog


def _counted_from_0(column: dict[str, Any]) -> dict[str, Any]:
    """The column where the suite gives it a place; in its other catalog it takes any."""
    return column | {"index": column["index"] - 1} if isinstance(column["index"], int) else column


@pytest.fixture(scope="class")
def catalog_words(table_type: str) -> dict[str, Any]:
    """Types of columns and relations as Glue and dbt-athena name them."""
    return {
        "role": None,
        "id_type": "int",
        "text_type": "string",
        "time_type": "timestamp",
        "view_type": "view",
        "table_type": "iceberg_table" if table_type == "iceberg" else "table",
        "model_stats": no_stats(),
    }


class TestDocsGenerate(BaseDocsGenerate):
    @pytest.fixture(scope="class")
    def expected_catalog(self, project: Any, catalog_words: dict[str, Any]) -> dict[str, Any]:
        return as_glue_tells_it(base_expected_catalog(project, **catalog_words))


class TestDocsGenReferences(BaseDocsGenReferences):
    @pytest.fixture(scope="class")
    def expected_catalog(self, project: Any, catalog_words: dict[str, Any]) -> dict[str, Any]:
        return as_glue_tells_it(expected_references_catalog(project, bigint_type="bigint", **catalog_words))
