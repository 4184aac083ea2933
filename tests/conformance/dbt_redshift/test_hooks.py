"""Hooks before and after models, seeds, snapshots and runs."""

from __future__ import annotations

from typing import Any

import pytest
from dbt.tests.adapter.hooks.test_model_hooks import (
    BaseDuplicateHooksInConfigs,
    BaseHookRefs,
    BaseHooksRefsOnSeeds,
    BasePrePostModelHooks,
    BasePrePostModelHooksInConfig,
    BasePrePostModelHooksInConfigKwargs,
    BasePrePostModelHooksInConfigWithCount,
    BasePrePostModelHooksOnSeeds,
    BasePrePostModelHooksOnSeedsPlusPrefixed,
    BasePrePostModelHooksOnSeedsPlusPrefixedWhitespace,
    BasePrePostModelHooksOnSnapshots,
    BasePrePostSnapshotHooksInConfigKwargs,
)
from dbt.tests.adapter.hooks.test_run_hooks import BaseAfterRunHooks, BasePrePostRunHooks

from tests.conformance.hook_columns import check_hook, hook_columns


def _make_table(project: Any, name: str) -> None:
    """The table that hooks write to; the suite leaves it to each adapter."""
    columns = hook_columns(text="varchar(64)", integer="integer")
    project.run_sql(f"drop table if exists {project.test_schema}.{name}")
    project.run_sql(f"create table {project.test_schema}.{name} ({columns})")


def _check(row: dict[str, Any], project: Any) -> None:
    credentials = project.adapter.config.credentials
    told = {"dbname": project.database, "host": credentials.host, "type": "redshift", "user": credentials.user}
    check_hook(row, project, told)


class ModelHooks:
    """Told of Redshift where the suite is told of PostgreSQL."""

    @pytest.fixture(scope="class", autouse=True)
    def setUp(self, project: Any) -> None:
        _make_table(project, "on_model_hook")

    def check_hooks(self, state: str, project: Any, _host: str | None, count: int = 1) -> None:
        for row in self.get_ctx_vars(state, count=count, project=project):  # type: ignore[attr-defined]
            _check(row, project)


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


class TestPrePostModelHooksOnSeeds(BasePrePostModelHooksOnSeeds):
    pass


class TestPrePostModelHooksOnSeedsPlusPrefixed(BasePrePostModelHooksOnSeedsPlusPrefixed):
    pass


class TestPrePostModelHooksOnSeedsPlusPrefixedWhitespace(BasePrePostModelHooksOnSeedsPlusPrefixedWhitespace):
    pass


class TestHooksRefsOnSeeds(BaseHooksRefsOnSeeds):
    pass


class TestPrePostModelHooksOnSnapshots(BasePrePostModelHooksOnSnapshots):
    pass


class TestPrePostSnapshotHooksInConfigKwargs(BasePrePostSnapshotHooksInConfigKwargs):
    pass


class TestDuplicateHooksInConfigs(BaseDuplicateHooksInConfigs):
    pass


class TestPrePostRunHooks(BasePrePostRunHooks):
    @pytest.fixture
    def setUp(self, project: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        _make_table(project, "on_run_hook")
        for table in ("schemas", "db_schemas"):
            project.run_sql(f"drop table if exists {project.test_schema}.{table}")
        monkeypatch.setenv("TERM_TEST", "TESTING")

    def check_hooks(self, state: str, project: Any, _host: str | None) -> None:
        _check(self.get_ctx_vars(state, project), project)


class TestAfterRunHooks(BaseAfterRunHooks):
    pass
