"""The suite's seeds.

Left out: BaseTestEmptySeedFlag, for dbt-core 1.11 has no `dbt seed --empty`; MetadataWithEmptyFlag, whose models
change the types of columns and drop them, which Athena's Hive tables can't; EmptyModelsArentRunBase, which looks for
its tables with PostgreSQL's ILIKE; and the test of materialized views in SimpleCopyBase, for Athena has none.
"""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from dbt.tests.adapter.empty.test_empty import BaseTestEmpty, BaseTestEmptyInlineSourceRef
from dbt.tests.adapter.simple_copy.test_simple_copy import SimpleCopyBase
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


class TestSimpleCopy(SimpleCopyBase):
    test_simple_copy_with_materialized_views = None
