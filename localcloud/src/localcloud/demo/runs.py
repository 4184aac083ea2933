"""Start DAG runs and show how they go, until they end well or a station is known to have failed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from localcloud.demo.airflow import Airflow, TaskState
from localcloud.demo.errors import DemoError

_DAGS_SECONDS: Final = 180
_MAX_FAILED_RUNS: Final = 50


class Runs:
    """Runs of this demo: their ids are made from the account and the wave, so a second start finds the first."""

    def __init__(self, *, airflow: Airflow, console: Console, task_logs: Path) -> None:
        self._airflow = airflow
        self._console = console
        self._task_logs = task_logs

    def finish(self, dag_id: str, name: str, conf: Mapping[str, Any], *, timeout_seconds: float) -> str:
        """Bring the run `name` to success, and return its id: `name`, or `name-2` ... after failed ones.

        Raises DemoError naming the failed tasks of any DAG that ran since, with the address of the run and its log.
        """
        run_id = self._choose(dag_id, name)
        self._airflow.trigger(dag_id, run_id, conf)
        since = self._airflow.run_after(dag_id, run_id)
        progress = _Progress(self._console)
        with self._console.status(dag_id) as status:
            state = self._airflow.wait(
                dag_id,
                run_id,
                timeout_seconds=timeout_seconds,
                on_poll=lambda: status.update(progress.show(self._airflow.tasks_since(since))),
            )
        if state != "success":
            raise DemoError(self._explain(dag_id, run_id, since))
        return run_id

    def await_dags(self, wanted: set[str]) -> None:
        """Return once Airflow has parsed all `wanted` DAGs. Raises DemoError with the import errors otherwise."""
        deadline = time.monotonic() + _DAGS_SECONDS
        while missing := wanted - self._airflow.dag_ids():
            if errors := self._airflow.import_errors():
                raise DemoError("Airflow cannot import:\n  " + "\n  ".join(errors))
            if time.monotonic() > deadline:
                raise DemoError(
                    f"Airflow does not show {', '.join(sorted(missing))} (or they are paused): {self._airflow.url}/dags"
                )
            time.sleep(1)

    def _choose(self, dag_id: str, name: str) -> str:
        for number in range(1, _MAX_FAILED_RUNS):
            run_id = name if number == 1 else f"{name}-{number}"
            if self._airflow.run_state(dag_id, run_id) != "failed":
                return run_id
        raise DemoError(f"{dag_id} has failed {_MAX_FAILED_RUNS} times as {name}")

    def _explain(self, dag_id: str, run_id: str, since: str) -> str:
        lines = [f"{dag_id} failed: {self._airflow.run_address(dag_id, run_id)}"]
        for task in self._airflow.tasks_since(since):
            if task.state == "failed":
                log = self._task_logs / f"dag_id={task.dag_id}" / f"run_id={task.run_id}" / f"task_id={task.task_id}"
                lines.append(f"  {task.dag_id}.{task.task_id}: {self._airflow.run_address(task.dag_id, task.run_id)}")
                lines.append(f"    log: {log}")
        return "\n".join(lines)


class _Progress:
    """What to say of many runs: a line when a DAG's run ends, and a status of those that still go."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told: set[tuple[str, str]] = set()

    def show(self, tasks: list[TaskState]) -> str:
        """Print the runs that have ended since the last call and return a line about the rest."""
        going = []
        for run in sorted({(task.dag_id, task.run_id) for task in tasks}):
            of_run = [task for task in tasks if (task.dag_id, task.run_id) == run]
            ended = sum(task.has_ended for task in of_run)
            if ended < len(of_run):
                running = ", ".join(
                    sorted(task.task_id for task in of_run if task.state in ("running", "deferred"))[:2]
                )
                going.append(f"{run[0]} {ended}/{len(of_run)}" + (f" ({running})" if running else ""))
            elif run not in self._told:
                self._told.add(run)
                states = Counter(str(task.state) for task in of_run)
                self._console.print(
                    f"  {run[0]:<24}" + ", ".join(f"{n} {state}" for state, n in sorted(states.items()))
                )
        return "; ".join(going) or "waiting for the next DAG"
