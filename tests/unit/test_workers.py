"""What a scheduler has loaded before it forks tasks."""

from __future__ import annotations

import ast
import importlib
import logging
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest
from airflow.models.taskinstancekey import TaskInstanceKey
from airflow.utils.state import TaskInstanceState
from landfall import workers

REPOSITORY = Path(__file__).parents[2]
TASKS = (REPOSITORY / "dags/extract_customer_file.py", REPOSITORY / "plugins/landfall/extract/run/operators.py")


def test_the_tasks_of_an_extract_find_everything_loaded() -> None:
    wanted = sorted({name for path in TASKS for name in _imported_inside_functions(path)})
    assert "landfall.extract.run.publish" in wanted
    program = f"""
        import importlib, psutil, sys, threading
        from landfall import workers
        from landfall.aws import clients
        workers.load()
        workers._write_statements()
        print("threads", threading.active_count())
        loaded = set(sys.modules)
        for name in {wanted!r}:
            importlib.import_module(name)
        print("missing", sorted(set(sys.modules) - loaded))
        print("clients", set(workers.SERVICES) <= set(clients._of_process._made))
        print("connections", len(psutil.Process().net_connections()))
        from landfall.quality import site_views
        print("pages", len(site_views._COMPILED._codes) > 5)
    """
    keys = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    environment = {**os.environ, **keys, "PYTHONPATH": str(REPOSITORY / "plugins")}
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    told = dict(line.split(" ", 1) for line in ran.stdout.splitlines()[-5:])
    # No thread lives on in a forked process, and no connection may be shared by two.
    assert told == {"threads": "1", "missing": "[]", "clients": "True", "connections": "0", "pages": "True"}


def test_all_is_loaded_before_the_first_worker_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    monkeypatch.setattr(workers, "load", lambda: order.append("load"))
    monkeypatch.setattr(workers.LocalExecutor, "start", lambda _self: order.append("start"))
    workers.LandfallExecutor(parallelism=1).start()
    assert order == ["load", "start"]


def test_a_module_that_cannot_be_imported_does_not_keep_airflow_from_starting(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", refuse)
    monkeypatch.setattr(workers, "SERVICES", ())
    with caplog.at_level(logging.ERROR):
        workers.load()
    assert all(name in caplog.text for name in workers.MODULES)


def test_a_profile_that_aws_does_not_know_does_not_keep_airflow_from_starting(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "of-nobody")
    monkeypatch.setattr(workers, "MODULES", ())
    with caplog.at_level(logging.ERROR):
        workers.load()
    assert "the clients of AWS cannot be loaded" in caplog.text and "of-nobody" in caplog.text


def test_the_end_of_a_process_that_deferred_is_not_taken_for_the_end_of_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workers.LocalExecutor, "_process_workloads", lambda _self, _workloads: None)
    executor, key = workers.LandfallExecutor(parallelism=1), TaskInstanceKey("dag", "task", "run", 1, -1)
    executor._process_workloads([Workload(key)])
    executor._process_workloads([Workload(key)])  # the trigger has fired before the first process was seen to end
    executor.change_state(key, TaskInstanceState.SUCCESS)
    assert executor.get_event_buffer() == {}
    executor.change_state(key, TaskInstanceState.FAILED)
    assert executor.get_event_buffer() == {key: (TaskInstanceState.FAILED, None)}
    executor._process_workloads([Workload(key)])
    executor.change_state(key, TaskInstanceState.SUCCESS)
    assert executor.get_event_buffer() == {key: (TaskInstanceState.SUCCESS, None)}


def test_no_more_tasks_are_taken_than_there_are_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers.LocalExecutor, "_process_workloads", lambda _self, _workloads: None)
    executor = workers.LandfallExecutor(parallelism=2)
    first, second = (TaskInstanceKey("dag", "task", run, 1, -1) for run in ("one", "two"))
    executor._process_workloads([Workload(first), Workload(second)])
    assert (executor.slots_available, executor.slots_occupied) == (0, 2)
    executor._process_workloads([Workload(first)])  # it has deferred and is back
    executor.change_state(first, TaskInstanceState.SUCCESS)
    assert executor.slots_available == 0
    executor.change_state(first, TaskInstanceState.SUCCESS)
    executor.change_state(second, TaskInstanceState.FAILED)
    assert executor.slots_available == 2


def test_an_end_that_nobody_here_sent_is_told() -> None:
    executor, key = workers.LandfallExecutor(parallelism=1), TaskInstanceKey("dag", "task", "run", 1, -1)
    executor.change_state(key, TaskInstanceState.FAILED)
    assert executor.get_event_buffer() == {key: (TaskInstanceState.FAILED, None)}


@dataclass(frozen=True)
class Workload:
    """What Airflow hands to an executor, by its key."""

    key: TaskInstanceKey


def _imported_inside_functions(path: Path) -> set[str]:
    """Return the modules of Landfall that functions of a file import when they are called."""
    functions = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)]
    imports = [node for function in functions for node in ast.walk(function) if isinstance(node, ast.ImportFrom)]
    return {node.module for node in imports if node.module and node.module.startswith("landfall")}
