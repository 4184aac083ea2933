"""The suite's seeds, empty runs and copies."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from dbt.tests.adapter.empty.test_empty import (
    BaseTestEmpty,
    BaseTestEmptyInlineSourceRef,
    BaseTestEmptySeedFlag,
    MetadataWithEmptyFlag,
)
from dbt.tests.adapter.simple_copy.test_copy_uppercase import BaseSimpleCopyUppercase
from dbt.tests.adapter.simple_copy.test_simple_copy import EmptyModelsArentRunBase, SimpleCopyBase
from dbt.tests.adapter.simple_seed import seeds
from dbt.tests.adapter.simple_seed.test_seed import (
    BaseBasicSeedTests,
    BaseSeedConfigFullRefreshOff,
    BaseSeedConfigFullRefreshOn,
    BaseSeedCustomSchema,
    BaseSeedParsing,
    BaseSeedSpecificFormats,
    BaseSeedWithEmptyDelimiter,
    BaseSeedWithUniqueDelimiter,
    BaseSeedWithWrongDelimiter,
    BaseSimpleSeedEnabledViaConfig,
    BaseSimpleSeedWithBOM,
    BaseTestEmptySeed,
)
from dbt.tests.util import run_dbt

from tests.conformance.bom_seed import BomSeed
from tests.conformance.dbt_athena.table_types import IcebergOnly, OnceOnly


def _literal(cell: str) -> str:
    """A cell of a CSV file as SQL; dbt reads an empty one as NULL."""
    return "'" + cell.replace("'", "''") + "'" if cell else "null"


class ExpectedByQuery:
    """The suite makes `seed_expected` in PostgreSQL's words; here it is the same rows in Athena's."""

    @pytest.fixture(scope="class", autouse=True)
    def setUp(self, project: Any) -> None:
        rows = list(csv.reader(io.StringIO(seeds.seed__actual_csv.strip())))[1:]
        values = ", ".join(
            f"({row[0]}, {', '.join(_literal(cell) for cell in row[1:4])}, timestamp {_literal(row[4])})"
            for row in rows
        )
        project.run_sql(
            f"create table {project.test_schema}.seed_expected as select * from (values {values})"
            " as t (seed_id, first_name, email, ip_address, birthday)"
        )


class KeepsViews(ExpectedByQuery):
    """Athena drops no view with the table it reads, where the suite expects PostgreSQL's cascade."""

    def _check_relation_end_state(self, run_result: Any, project: Any, exists: bool) -> None:
        super()._check_relation_end_state(run_result, project, exists=True)  # type: ignore[misc]


class TestBasicSeed(KeepsViews, BaseBasicSeedTests):
    pass


class TestSeedFullRefreshOn(KeepsViews, BaseSeedConfigFullRefreshOn):
    pass


class TestSeedFullRefreshOff(ExpectedByQuery, BaseSeedConfigFullRefreshOff):
    pass


class TestSeedCustomSchema(ExpectedByQuery, BaseSeedCustomSchema):
    pass


class TestSeedWithUniqueDelimiter(ExpectedByQuery, BaseSeedWithUniqueDelimiter):
    pass


class TestSeedWithWrongDelimiter(ExpectedByQuery, BaseSeedWithWrongDelimiter):
    def test_seed_with_wrong_delimiter(self, project: Any) -> None:
        # The suite looks for PostgreSQL's words; these are those of Athena's DDL.
        failed = run_dbt(["seed"], expect_pass=False)
        assert "ParseException" in failed.results[0].message


class TestSeedWithEmptyDelimiter(ExpectedByQuery, BaseSeedWithEmptyDelimiter):
    pass


class TestSeedEnabledViaConfig(BaseSimpleSeedEnabledViaConfig):
    pass


class TestSeedParsing(ExpectedByQuery, BaseSeedParsing):
    pass


class TestSeedWithBOM(BomSeed, ExpectedByQuery, BaseSimpleSeedWithBOM):
    pass


class TestSeedSpecificFormats(ExpectedByQuery, BaseSeedSpecificFormats):
    pass


class TestEmptySeed(BaseTestEmptySeed):
    pass


class TestEmptyFlag(BaseTestEmpty):
    pass


class TestEmptyFlagInlineSourceRef(BaseTestEmptyInlineSourceRef):
    pass


class TestEmptySeedFlag(OnceOnly, BaseTestEmptySeedFlag):
    pass


class TestMetadataWithEmptyFlag(IcebergOnly, MetadataWithEmptyFlag):
    pass


class TestSimpleCopy(SimpleCopyBase):
    test_simple_copy_with_materialized_views = None


class TestSimpleCopyUppercase(BaseSimpleCopyUppercase):
    @pytest.fixture(scope="class")
    def dbt_profile_target(self, dbt_profile_target: dict[str, Any]) -> dict[str, Any]:
        return dbt_profile_target


class TestEmptyModelsArentRun(EmptyModelsArentRunBase):
    @pytest.fixture(scope="class")
    def project(self, project: Any) -> Any:
        # The suite asks for its tables by PostgreSQL's ILIKE.
        project.get_tables_in_schema = lambda: dict(
            project.run_sql(
                "select table_name, table_type from information_schema.tables"
                f" where table_schema = '{project.test_schema}'",
                fetch="all",
            )
        )
        return project
