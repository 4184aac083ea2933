"""The suite's hooks of models, seeds, snapshots and runs, on Iceberg: they change tables in place.

Left out: BasePrePostRunHooks, whose hooks make tables without a location, and BaseAfterRunHooks, which wants an
exception of another class than dbt-athena raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from dbt.tests.adapter.hooks.test_model_hooks import (
    BaseHookRefs,
    BaseHooksRefsOnSeeds,
    BasePrePostModelHooks,
    BasePrePostModelHooksInConfig,
    BasePrePostModelHooksInConfigKwargs,
    BasePrePostModelHooksInConfigWithCount,
    BasePrePostModelHooksOnSeeds,
    BasePrePostModelHooksOnSnapshots,
)

from tests.conformance.dbt_athena.table_types import IcebergOnly
from tests.conformance.hook_columns import check_hook, hook_columns


class ModelHooks(IcebergOnly):
    """Told of Athena where the suite is told of PostgreSQL; dbt-athena tells no host, database or user."""

    @pytest.fixture(scope="class", autouse=True)
    def setUp(self, project: Any, local_cloud: Mapping[str, str]) -> None:
        columns = hook_columns(text="string", integer="int")
        project.run_sql(
            f"create table {project.test_schema}.on_model_hook ({columns})"
            f" location 's3://{local_cloud['LANDFALL_OPS_BUCKET']}/dbt-conformance/hooks/{project.test_schema}/'"
            " tblproperties ('table_type' = 'iceberg')"
        )

    def check_hooks(self, state: str, project: Any, _host: str | None, count: int = 1) -> None:
        told = {"dbname": "", "host": "", "type": "athena", "user": ""}
        for row in self.get_ctx_vars(state, count=count, project=project):  # type: ignore[attr-defined]
            check_hook(row, project, told)


class TestPrePostModelHooks(ModelHooks, BasePrePostModelHooks):
    pass


class TestHookRefs(ModelHooks, BaseHookRefs):
    pass


class TestPrePostModelHooksInConfig(ModelHooks, BasePrePostModelHooksInConfig):
    pass


class TestPrePostModelHooksInConfigWithCount(ModelHooks, BasePrePostModelHooksInConfigWithCount):
    pass


class TestPrePostModelHooksInConfigKwargs(ModelHooks, BasePrePostModelHooksInConfigKwargs):
    pass


CHANGES = ["alter table {{ this.render_hive() }} add columns (new_col int)", "update {{ this }} set new_col = 1"]
"""What the suite's hooks do to seeds and snapshots, in Athena's SQL."""


class TestPrePostModelHooksOnSeeds(IcebergOnly, BasePrePostModelHooksOnSeeds):
    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        return {"seeds": {"post-hook": CHANGES, "quote_columns": False}}


class TestPrePostModelHooksOnSeedsPlusPrefixed(IcebergOnly, BasePrePostModelHooksOnSeeds):
    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        return {"seeds": {"+post-hook": CHANGES, "quote_columns": False}}


class TestHooksRefsOnSeeds(IcebergOnly, BaseHooksRefsOnSeeds):
    pass


class TestPrePostModelHooksOnSnapshots(IcebergOnly, BasePrePostModelHooksOnSnapshots):
    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        return {"snapshot-paths": ["test-snapshots"], "snapshots": {"post-hook": CHANGES}}
