"""Hooks before and after models, seeds, snapshots and runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from dbt.tests.adapter.hooks.test_model_hooks import (
    BaseDuplicateHooksInConfigs,
    BaseHooksRefsOnSeeds,
    BasePrePostModelHooksOnSeeds,
    BasePrePostModelHooksOnSeedsPlusPrefixed,
    BasePrePostModelHooksOnSeedsPlusPrefixedWhitespace,
    BasePrePostModelHooksOnSnapshots,
    BasePrePostSnapshotHooksInConfigKwargs,
)
from dbt.tests.adapter.hooks.test_run_hooks import BaseAfterRunHooks

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


@pytest.fixture(scope="class")
def hook_table(project: Any) -> Callable[[str], None]:
    """Makes the table that hooks write to; the suite leaves it to each adapter."""

    def make(name: str) -> None:
        columns = hook_columns(text="varchar(64)", integer="integer")
        project.run_sql(f"drop table if exists {project.test_schema}.{name}")
        project.run_sql(f"create table {project.test_schema}.{name} ({columns})")

    return make


@pytest.fixture(scope="class")
def hook_target(project: Any) -> dict[str, str]:
    """What dbt-redshift tells a hook of where it runs."""
    credentials = project.adapter.config.credentials
    return {"dbname": project.database, "host": credentials.host, "type": "redshift", "user": credentials.user}


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


class TestPrePostRunHooks(PrePostRunHooks):
    pass


class TestAfterRunHooks(BaseAfterRunHooks):
    pass
