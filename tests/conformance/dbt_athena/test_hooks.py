"""The suite's hooks of models, seeds, snapshots and runs, on Iceberg: they change tables in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from dbt.tests.adapter.hooks.test_model_hooks import (
    BaseHooksRefsOnSeeds,
    BasePrePostModelHooksOnSeeds,
    BasePrePostModelHooksOnSeedsPlusPrefixed,
    BasePrePostModelHooksOnSeedsPlusPrefixedWhitespace,
    BasePrePostModelHooksOnSnapshots,
    BasePrePostSnapshotHooksInConfigKwargs,
)
from dbt.tests.adapter.hooks.test_run_hooks import BaseAfterRunHooks
from dbt.tests.util import run_dbt
from dbt_common.exceptions import DbtRuntimeError

from tests.conformance.hooks import (
    PrePostRunHooks,
    TestHookRefs,
    TestPrePostModelHooks,
    TestPrePostModelHooksInConfig,
    TestPrePostModelHooksInConfigKwargs,
    TestPrePostModelHooksInConfigWithCount,
    TestPrePostModelHooksUnderscores,
    hook_columns,
)

__all__ = [
    "TestHookRefs",
    "TestPrePostModelHooks",
    "TestPrePostModelHooksInConfig",
    "TestPrePostModelHooksInConfigKwargs",
    "TestPrePostModelHooksInConfigWithCount",
    "TestPrePostModelHooksUnderscores",
]

CHANGES = ["alter table {{ this.render_hive() }} add columns (new_col int)", "update {{ this }} set new_col = 1"]
"""What the suite's hooks do to seeds and snapshots, in Athena's SQL."""


@pytest.fixture(scope="class")
def table_type() -> str:
    """Athena changes rows of Iceberg tables only."""
    return "iceberg"


@pytest.fixture(scope="class")
def hook_table(project: Any, local_cloud: Mapping[str, str]) -> Callable[[str], None]:
    """Makes the table that hooks write to; the suite leaves it to each adapter."""

    def make(name: str) -> None:
        columns = hook_columns(text="string", integer="int")
        location = f"s3://{local_cloud['LANDFALL_OPS_BUCKET']}/dbt-conformance/hooks/{project.test_schema}/{name}/"
        project.run_sql(f"drop table if exists {project.test_schema}.{name}")
        project.run_sql(
            f"create table {project.test_schema}.{name} ({columns}) location '{location}'"
            " tblproperties ('table_type' = 'iceberg')"
        )

    return make


@pytest.fixture(scope="class")
def hook_target() -> dict[str, str]:
    """What dbt-athena tells a hook of where it runs: no host, database or user."""
    return {"dbname": "", "host": "", "type": "athena", "user": ""}


class TestPrePostModelHooksOnSeeds(BasePrePostModelHooksOnSeeds):
    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        return {"seeds": {"post-hook": CHANGES, "quote_columns": False}}


class PlusPrefixed:
    """The same by the configuration's longer name."""

    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        return {"seeds": {"+post-hook": CHANGES, "quote_columns": False}}


class TestPrePostModelHooksOnSeedsPlusPrefixed(PlusPrefixed, BasePrePostModelHooksOnSeedsPlusPrefixed):
    pass


class TestPrePostModelHooksOnSeedsPlusPrefixedWhitespace(
    PlusPrefixed, BasePrePostModelHooksOnSeedsPlusPrefixedWhitespace
):
    pass


class TestHooksRefsOnSeeds(BaseHooksRefsOnSeeds):
    pass


class TestPrePostModelHooksOnSnapshots(BasePrePostModelHooksOnSnapshots):
    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        return {"snapshot-paths": ["test-snapshots"], "snapshots": {"post-hook": CHANGES}}


class TestPrePostSnapshotHooksInConfigKwargs(BasePrePostSnapshotHooksInConfigKwargs):
    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        return {"snapshot-paths": ["test-kwargs-snapshots"], "snapshots": {"post-hook": CHANGES}}


class TestPrePostRunHooks(PrePostRunHooks):
    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        """The suite's hooks, with a query for each table: Athena wants a location where a table has none."""
        order_tests = {
            state: [
                f"{{{{ custom_run_hook('{state}', target, run_started_at, invocation_id) }}}}",
                f"create table {{{{ target.schema }}}}.{state}_hook_order_test as select 1 as id",
                f"drop table {{{{ target.schema }}}}.{state}_hook_order_test",
            ]
            for state in ("start", "end")
        }
        return {
            "on-run-start": [*order_tests["start"], "{{ log(env_var('TERM_TEST'), info=True) }}"],
            "on-run-end": [
                *order_tests["end"],
                "create table {{ target.schema }}.schemas as select schema from unnest(array["
                "{% for schema in schemas %}'{{ schema }}'{{ ',' if not loop.last }}{% endfor %}]) t (schema)",
                "create table {{ target.schema }}.db_schemas as select db, schema from (values"
                "{% for db, schema in database_schemas %}('{{ db }}', '{{ schema }}'){{ ',' if not loop.last }}"
                "{% endfor %}) t (db, schema)",
            ],
            "seeds": {"quote_columns": False},
        }


class TestAfterRunHooks(BaseAfterRunHooks):
    def test_missing_column_pre_hook(self, project: Any) -> None:
        # The class that dbt-athena raises, of which the suite's DbtDatabaseError is one kind.
        with pytest.raises(DbtRuntimeError):
            run_dbt(["run"], expect_pass=False)
