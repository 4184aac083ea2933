"""The hooks of dbt's shared suite, which writes down about a run what the suite itself expects to be PostgreSQL's.

An adapter's module imports the test classes and says by two fixtures what it has for them: `hook_table` makes a table
of the columns of `hook_columns` under a name, and `hook_target` is what a run is told of dbname, host, type and user.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from dbt.tests.adapter.hooks.test_model_hooks import (
    BaseHookRefs,
    BasePrePostModelHooks,
    BasePrePostModelHooksInConfig,
    BasePrePostModelHooksInConfigKwargs,
    BasePrePostModelHooksInConfigWithCount,
)
from dbt.tests.adapter.hooks.test_model_hooks import (
    TestPrePostModelHooksUnderscores as PrePostModelHooksUnderscores,
)
from dbt.tests.adapter.hooks.test_run_hooks import BasePrePostRunHooks

_BEFORE_THREADS = (
    "test_state",
    *(f"target_{part}" for part in ["dbname", "host", "name", "schema", "type", "user", "pass"]),
)
_AFTER_THREADS = ("run_started_at", "invocation_id", "thread_id")


def hook_columns(*, text: str, integer: str) -> str:
    """The columns of the table that hooks write to, in the order in which they insert, with their types, for DDL."""
    types = dict.fromkeys(_BEFORE_THREADS, text) | {"target_threads": integer} | dict.fromkeys(_AFTER_THREADS, text)
    return ", ".join(f"{name} {kind}" for name, kind in types.items())


def _check_hook(row: dict[str, Any], project: Any, target: dict[str, str]) -> None:
    """The suite's check of a row that a hook has written; `target` says what is told of dbname, host, type and user."""
    for name, value in target.items():
        assert row[f"target_{name}"] == value
    assert row["target_name"] == "default"
    assert row["target_schema"] == project.test_schema
    assert row["target_threads"] == project.adapter.config.threads
    assert row["target_pass"] == ""
    assert row["run_started_at"]
    assert row["invocation_id"]
    assert row["thread_id"].startswith(("Thread-", "MainThread"))


class _ModelHooks:
    """Told of the adapter under test where the suite is told of PostgreSQL."""

    hook_target: dict[str, str]

    @pytest.fixture(scope="class", autouse=True)
    def setUp(
        self, request: pytest.FixtureRequest, hook_table: Callable[[str], None], hook_target: dict[str, str]
    ) -> None:
        hook_table("on_model_hook")
        request.cls.hook_target = hook_target

    def check_hooks(self, state: str, project: Any, _host: str | None, count: int = 1) -> None:
        for row in self.get_ctx_vars(state, count=count, project=project):  # type: ignore[attr-defined]
            _check_hook(row, project, self.hook_target)


class TestPrePostModelHooks(_ModelHooks, BasePrePostModelHooks):
    pass


class TestPrePostModelHooksUnderscores(_ModelHooks, PrePostModelHooksUnderscores):
    pass


class TestHookRefs(_ModelHooks, BaseHookRefs):
    pass


class TestPrePostModelHooksInConfig(_ModelHooks, BasePrePostModelHooksInConfig):
    pass


class TestPrePostModelHooksInConfigWithCount(_ModelHooks, BasePrePostModelHooksInConfigWithCount):
    pass


class TestPrePostModelHooksInConfigKwargs(_ModelHooks, BasePrePostModelHooksInConfigKwargs):
    pass


class PrePostRunHooks(BasePrePostRunHooks):
    """Hooks before and after a run, told of the adapter under test."""

    hook_target: dict[str, str]

    @pytest.fixture
    def setUp(
        self,
        project: Any,
        hook_table: Callable[[str], None],
        hook_target: dict[str, str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        hook_table("on_run_hook")
        for table in ("schemas", "db_schemas"):
            project.run_sql(f"drop table if exists {project.test_schema}.{table}")
        monkeypatch.setenv("TERM_TEST", "TESTING")
        self.hook_target = hook_target

    def check_hooks(self, state: str, project: Any, _host: str | None) -> None:
        _check_hook(self.get_ctx_vars(state, project), project, self.hook_target)
