"""In which order extracts wait for a worker."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace
from typing import Any, cast

import airflow_local_settings
import pytest
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from landfall.extract.run.line import EXTRACT_DAG, GIVES_WAY_SECONDS, weight
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

REPOSITORY = Path(__file__).parents[3]
ASKED_AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def session() -> Iterator[Session]:
    engine = create_engine("sqlite://")
    tables = DagRun.metadata.tables
    DagRun.metadata.create_all(engine, [tables["dag_run"], tables["log_template"]])
    with Session(engine) as session:
        yield session


class Asking:
    """Makes runs as Airflow does, one a second, and tells the order in which their tasks get workers."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._weights: dict[str, int] = {}

    def ask(self, name: str, *, conf: Any, after: int, state: str = "running", dag_id: str = EXTRACT_DAG) -> DagRun:
        """Make the run `name`, `after` seconds, and note its task's weight."""
        run = DagRun(
            dag_id=dag_id,
            run_id=name,
            run_type="manual",
            conf=conf,
            run_after=ASKED_AT + timedelta(seconds=after),
        )
        run._state = state
        self._session.add(run)
        self._session.flush()
        self._weights[name] = weight(run)
        return run

    def order(self) -> list[str]:
        return sorted(self._weights, key=lambda name: -self._weights[name])


def test_who_asked_first_goes_first(session: Session) -> None:
    asking = Asking(session)
    for number in range(5):
        asking.ask(f"run_{number}", conf={"customer_id": f"cus_{number:06d}"}, after=number)
    assert asking.order() == [f"run_{number}" for number in range(5)]


def test_a_customers_second_comes_after_the_first_of_the_others(session: Session) -> None:
    asking = Asking(session)
    for customer in range(4):
        for number in range(3):
            asking.ask(f"{number}_{customer}", conf={"customer_id": f"cus_{customer:06d}"}, after=3 * customer + number)
    assert asking.order() == sorted(asking.order())


def test_who_asks_later_than_a_customer_gives_way_for_comes_later(session: Session) -> None:
    asking = Asking(session)
    for number in range(3):
        asking.ask(f"many_{number}", conf={"customer_id": "cus_000001"}, after=0)
    asking.ask("before", conf={"customer_id": "cus_000002"}, after=2 * GIVES_WAY_SECONDS - 1)
    asking.ask("after", conf={"customer_id": "cus_000003"}, after=2 * GIVES_WAY_SECONDS + 1)
    assert asking.order() == ["many_0", "many_1", "before", "many_2", "after"]


def test_only_what_is_under_way_of_the_same_dag_counts(session: Session) -> None:
    asking, mine = Asking(session), {"customer_id": "cus_000001"}
    alone = weight(asking.ask("alone", conf={"customer_id": "cus_000002"}, after=0))
    asking.ask("done", conf=mine, after=0, state="success")
    asking.ask("failed", conf=mine, after=0, state="failed")
    asking.ask("elsewhere", conf=mine, after=0, dag_id="other")
    first = asking.ask("first", conf=mine, after=0)
    assert weight(first) == alone
    asking.ask("second", conf=mine, after=0, state="queued")
    first.start_date = ASKED_AT
    assert weight(first) == alone  # cleared, it stands where it stood
    assert weight(asking.ask("third", conf=mine, after=0)) == alone - 2 * GIVES_WAY_SECONDS


def test_who_is_made_behind_one_of_a_later_number_counts_it(session: Session) -> None:
    asking, mine = Asking(session), {"customer_id": "cus_000001"}
    first = asking.ask("first", conf=mine, after=0)
    alone = weight(first)
    asking.ask("quicker", conf=mine, after=0)  # it had its number later, and its turn in the lock before
    assert weight(first) == alone - GIVES_WAY_SECONDS


@pytest.mark.parametrize("conf", [None, {}, {"customer_id": None}, {"customer_id": 7}, {"customer_id": ["' or 1=1"]}])
def test_what_the_task_will_refuse_has_a_place_all_the_same(session: Session, conf: Any) -> None:
    asking = Asking(session)
    assert weight(asking.ask("odd", conf=conf, after=0)) == weight(asking.ask("odd_too", conf=conf, after=0))


def test_weights_are_below_those_of_other_dags_and_fit_into_airflows_column(session: Session) -> None:
    run = Asking(session).ask("run", conf={}, after=0)
    run.run_after = datetime(2090, 1, 1, tzinfo=UTC)
    assert -(2**31) < weight(run) < 0


def test_only_extracts_are_given_a_place(session: Session) -> None:
    run = Asking(session).ask("run", conf={}, after=0)
    for dag_id, dag_run, found in ((EXTRACT_DAG, run, weight(run)), (EXTRACT_DAG, None, 1), ("nightly_batch", run, 1)):
        task = cast(TaskInstance, SimpleNamespace(dag_id=dag_id, priority_weight=1))
        airflow_local_settings.task_instance_mutation_hook(task, dag_run)
        assert task.priority_weight == found


def test_airflow_finds_the_policy_beside_the_plugins(tmp_path: Path) -> None:
    program = """
        import airflow
        from airflow.settings import get_policy_plugin_manager
        hooks = get_policy_plugin_manager().hook.task_instance_mutation_hook.get_hookimpls()
        print([each.plugin_name for each in hooks])
    """
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(REPOSITORY / "plugins"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path}/airflow.db",
    }
    ran = subprocess.run(
        [sys.executable, "-c", dedent(program)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert "'AirflowLocalSettingsPolicy'" in ran.stdout.splitlines()[-1]
