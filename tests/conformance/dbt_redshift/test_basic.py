"""The suite's basic part: materialisations, tests, snapshots, documentation and adapter methods."""

from __future__ import annotations

from typing import Any
from unittest.mock import ANY

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
from dbt.tests.util import AnyStringWith


class TestAdapterMethod(BaseAdapterMethod):
    pass


class TestSimpleMaterializations(BaseSimpleMaterializations):
    pass


class TestEmpty(BaseEmpty):
    pass


class TestEphemeral(BaseEphemeral):
    pass


class TestGenericTests(BaseGenericTests):
    pass


class TestIncremental(BaseIncremental):
    pass


class TestIncrementalNotSchemaChange(BaseIncrementalNotSchemaChange):
    pass


class TestIncrementalBadStrategy(BaseIncrementalBadStrategy):
    pass


class TestSingularTests(BaseSingularTests):
    pass


class TestSingularTestsEphemeral(BaseSingularTestsEphemeral):
    pass


class TestTableMaterialization(BaseTableMaterialization):
    pass


class TestValidateConnection(BaseValidateConnection):
    pass


class WideNames:
    """dbt-redshift makes a seed's text as wide as its longest value; the snapshots then get longer ones."""

    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        return {"seeds": {"test": {"added": {"+column_types": {"name": "varchar(64)"}}}}}


class TestSnapshotCheckCols(WideNames, BaseSnapshotCheckCols):
    pass


class TestSnapshotTimestamp(WideNames, BaseSnapshotTimestamp):
    pass


@pytest.fixture(scope="class")
def catalog_words(local_cloud: dict[str, str]) -> dict[str, Any]:
    """Types of columns and relations as Redshift's information schema names them."""
    return {
        "role": local_cloud["LANDFALL_REDSHIFT_USER"],
        "id_type": "integer",
        "text_type": AnyStringWith("character varying"),
        "time_type": "timestamp without time zone",
        "view_type": "VIEW",
        "table_type": "BASE TABLE",
        "seed_stats": ANY,  # blocks, rows and keys of a table, as svv_table_info tells them
    }


class TestDocsGenerate(BaseDocsGenerate):
    @pytest.fixture(scope="class")
    def expected_catalog(self, project: Any, catalog_words: dict[str, Any]) -> dict[str, Any]:
        return base_expected_catalog(project, model_stats=no_stats(), **catalog_words)


class TestDocsGenReferences(BaseDocsGenReferences):
    @pytest.fixture(scope="class")
    def expected_catalog(self, project: Any, catalog_words: dict[str, Any]) -> dict[str, Any]:
        return expected_references_catalog(
            project, bigint_type="bigint", model_stats=ANY, view_summary_stats=no_stats(), **catalog_words
        )
