"""What a state, a log and a retry a model cost: the models in Airflow by Cosmos and by us, against a bare `dbt build`.

`python -m benchmarks.dbt_in_airflow` on the stack that `make demo` left up. Every arm builds and tests all models of a
target, with dbt's threads, on data that has not changed since; the arms take turns, so that a busy moment of the
machine meets all of them. An arm in Airflow is measured from the run's start to its end as Airflow tells them; the bare
one is a process of its own, as from a shell.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from landfall.transform.invocation import build_arguments
from landfall.transform.models import MANIFEST_DIR_VARIABLE

from benchmarks.__main__ import REPOSITORY, load_environment
from benchmarks.airflow_runs import Airflow

BARE = "bare"
ARMS = (BARE, "ours", "cosmos_watcher", "cosmos_local")
TARGETS = ("lake", "warehouse")
_DAG_FILE = Path(__file__).with_name("dbt_in_airflow_dags.py")
_PARSED_WITHIN_SECONDS = 180.0


def main(argv: Sequence[str] | None = None) -> int:
    """Measure the arms and print medians (s) and ratios to the bare build."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dbt_in_airflow", description=__doc__)
    parser.add_argument("--repeats", type=int, default=3, help="how often each arm runs")
    parser.add_argument("--targets", nargs="+", choices=TARGETS, default=list(TARGETS), help="which models")
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=list(ARMS), help="what is measured")
    args = parser.parse_args(argv)
    if not load_environment() or "LANDFALL_AIRFLOW_URL" not in os.environ:
        sys.stderr.write("benchmarks: the stack is not up: run `make demo` first, which also makes the data\n")
        return 1
    state = Path(os.environ.get("LANDFALL_STATE", REPOSITORY / ".local"))
    os.environ.setdefault(MANIFEST_DIR_VARIABLE, str(state / "dbt"))
    arms = [BARE, *(arm for arm in args.arms if arm != BARE)]
    sys.stdout.write(f"{'target':<12}{'arm':<18}{'median s':>10}{'min s':>10}{'max s':>10}{'ratio':>8}\n")
    with tempfile.TemporaryDirectory() as folder, _dags_in(Airflow()) as airflow:
        for target in args.targets:
            runs: dict[str, Callable[[], float]] = {BARE: partial(_bare, target, Path(folder))}
            runs |= {arm: partial(_in_airflow, airflow, target, arm) for arm in arms if arm != BARE}
            _print(target, _measured(runs, args.repeats))
    return 0


def _measured(runs: Mapping[str, Callable[[], float]], repeats: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {arm: [] for arm in runs}
    for turn in range(repeats):
        # Each turn begins with another arm: what one leaves warm favours no other one.
        names = list(runs)
        for arm in names[turn % len(names) :] + names[: turn % len(names)]:
            times[arm].append(runs[arm]())
    return times


def _print(target: str, times: Mapping[str, Sequence[float]]) -> None:
    floor = statistics.median(times[BARE])
    for arm, samples in times.items():
        median = statistics.median(samples)
        sys.stdout.write(
            f"{target:<12}{arm:<18}{median:>10.1f}{min(samples):>10.1f}{max(samples):>10.1f}{median / floor:>8.2f}\n"
        )
    sys.stdout.flush()


def _bare(target: str, folder: Path) -> float:
    """Return how long `dbt build` takes from a shell (s); RuntimeError with its words when it fails."""
    command = [str(Path(sys.executable).with_name("dbt")), *build_arguments(target=target, folder=folder)]
    began = time.monotonic()
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise RuntimeError(f"dbt failed:\n{ended.stdout[-4000:]}")
    return time.monotonic() - began


def _in_airflow(airflow: Airflow, target: str, arm: str) -> float:
    """Return how long a run of the arm's DAG takes (s); RuntimeError when a task of it is not green."""
    ended = airflow.run(f"benchmark_{target}_{arm}")
    red = {task: state for task, state in ended.tasks.items() if state != "success"}
    if red:
        raise RuntimeError(f"{arm} of {target} is not green: {red}")
    return ended.seconds


@contextmanager
def _dags_in(airflow: Airflow) -> Iterator[Airflow]:
    """Give Airflow the benchmark's DAGs, and take them away again."""
    placed = REPOSITORY / "dags" / f"benchmark_{_DAG_FILE.name}"
    dag_ids = [f"benchmark_{target}_{arm}" for target in TARGETS for arm in ARMS if arm != BARE]
    shutil.copyfile(_DAG_FILE, placed)
    try:
        for dag_id in dag_ids:
            airflow.wait_for_dag(dag_id, timeout_seconds=_PARSED_WITHIN_SECONDS)
        yield airflow
    finally:
        placed.unlink()
        for dag_id in dag_ids:
            airflow.delete_dag(dag_id)


if __name__ == "__main__":
    sys.exit(main())
