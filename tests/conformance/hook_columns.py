"""What the hooks of dbt's shared suite write down about the run, which the suite itself expects to be PostgreSQL's."""

from __future__ import annotations

from typing import Any

_BEFORE_THREADS = (
    "test_state",
    *(f"target_{part}" for part in ["dbname", "host", "name", "schema", "type", "user", "pass"]),
)
_AFTER_THREADS = ("run_started_at", "invocation_id", "thread_id")


def hook_columns(*, text: str, integer: str) -> str:
    """The columns of the table that hooks write to, in the order in which they insert, with their types, for DDL."""
    types = dict.fromkeys(_BEFORE_THREADS, text) | {"target_threads": integer} | dict.fromkeys(_AFTER_THREADS, text)
    return ", ".join(f"{name} {kind}" for name, kind in types.items())


def check_hook(row: dict[str, Any], project: Any, target: dict[str, str]) -> None:
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
