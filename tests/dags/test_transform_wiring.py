"""The transform and nightly DAGs: nothing is published before its audit, and a failure is told at once."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from landfall.contracts.streams import load_stream_contracts
from landfall.publish import steps
from landfall.settings import REPOSITORY

from tests.dbt.manifest import parsed_manifest


@pytest.fixture(scope="module")
def dags(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    manifests = tmp_path_factory.mktemp("manifests")
    for target in ("lake", "warehouse"):
        parsed_manifest(target, manifests / target)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
        patch.setenv("LANDFALL_DBT_MANIFEST_DIR", str(manifests))
        yield {name: _bag(name).dags[name] for name in ("transform_lake", "transform_warehouse", "nightly_batch")}


def _bag(name: str) -> Any:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(REPOSITORY / "dags" / f"{name}.py"))


@pytest.mark.parametrize(("group", "audit"), [("lake", "audit_marts"), ("warehouse", "audit_warehouse")])
def test_every_model_is_built_before_the_audit_and_audited_before_publication(
    dags: dict[str, Any], group: str, audit: str
) -> None:
    dag = dags[f"transform_{group}"]
    before_audit = set(dag.get_task(audit).get_flat_relative_ids(upstream=True))
    models = {task.task_id for task in dag.tasks if task.task_id.startswith("dbt.")}
    assert models
    assert models <= before_audit
    assert audit in dag.get_task(f"publish_{group}").upstream_task_ids


@pytest.mark.parametrize(("group", "audit"), [("lake", "audit_marts"), ("warehouse", "audit_warehouse")])
def test_what_holds_is_approved_between_audit_and_publication(dags: dict[str, Any], group: str, audit: str) -> None:
    approval = dags[f"transform_{group}"].get_task("approve_held")
    assert approval.gate == f"{group}_candidate"
    assert approval.upstream_task_ids == {audit}
    publication = dags[f"transform_{group}"].get_task(f"publish_{group}")
    assert "approve_held" in publication.upstream_task_ids
    assert publication.trigger_rule == "all_success", "a rejected or unanswered candidate is not published"


@pytest.mark.parametrize("group", ["lake", "warehouse"])
def test_any_failed_task_is_recorded_at_once(dags: dict[str, Any], group: str) -> None:
    dag = dags[f"transform_{group}"]
    recorder = dag.get_task("record_failure")
    others = {task.task_id for task in dag.tasks} - {"record_failure"}
    assert recorder.trigger_rule == "one_failed"
    assert set(recorder.get_flat_relative_ids(upstream=True)) == others


@pytest.mark.parametrize("group", ["lake", "warehouse"])
def test_a_run_whose_failure_was_recorded_is_a_failed_run(
    dags: dict[str, Any], group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk.exceptions import AirflowFailException

    recorded: list[str] = []
    monkeypatch.setattr(steps, "record_failure", lambda group, **told: recorded.append(group) or "run r failed in t")
    (recorder,) = (task for task in dags[f"transform_{group}"].tasks if not task.downstream_task_ids)
    states = SimpleNamespace(dag_id=f"transform_{group}", get_task_states=lambda **asked: {"r": {"t": "failed"}})

    with pytest.raises(AirflowFailException, match="run r failed in t"):
        recorder.python_callable(run_id="r", ti=states)
    assert recorded == [group]


def test_the_warehouse_is_pinned_to_the_lake_version_it_began_with(dags: dict[str, Any]) -> None:
    for task in ("dbt.dbt_build", "dbt.dwh_fct_orders"):
        environment = dags["transform_warehouse"].get_task(task).environment
        assert environment["LANDFALL_LAKE_VERSION"] == "{{ ti.xcom_pull(task_ids='begin_attempt') }}"


def test_each_model_is_a_task_of_its_own_that_waits_without_a_worker(dags: dict[str, Any]) -> None:
    dag = dags["transform_lake"]
    for model in ("stg_landfall__orders", "fct_orders", "fct_daily_sales_v2", "exchange_rates", "ext_orders"):
        task = dag.get_task(f"dbt.{model}")
        assert task.start_from_trigger, model
        # It is started before what stands before it has ended: its trigger waits for that.
        assert task.trigger_rule == "always", model


def test_models_are_wired_as_dbt_reads_them(dags: dict[str, Any]) -> None:
    dag = dags["transform_lake"]
    extract = dag.get_task("dbt.ext_orders")
    assert extract.upstream_task_ids == {"dbt.dbt_build", "dbt.fct_orders"}
    assert extract.start_trigger_args.trigger_kwargs["upstream_tasks"] == ["dbt.fct_orders"]


@pytest.mark.parametrize("group", ["lake", "warehouse"])
def test_a_failure_anywhere_in_dbt_is_seen_after_it(dags: dict[str, Any], group: str) -> None:
    dag = dags[f"transform_{group}"]
    built = dag.get_task("dbt.built")
    others = {task.task_id for task in dag.tasks if task.task_id.startswith("dbt.")} - {"dbt.built"}
    assert built.trigger_rule == "all_success"
    assert built.upstream_task_ids == others, "a failure two models away would arrive here as a mere skip"
    assert "dbt.built" in dag.get_task("record_failure").upstream_task_ids


def test_the_night_drains_every_stream_under_an_id_of_that_night(dags: dict[str, Any]) -> None:
    dag = dags["nightly_batch"]
    streams = [contract.stream for contract in load_stream_contracts(REPOSITORY / "contracts" / "streams")]
    for stream in streams:
        trigger = dag.get_task(f"ingest_{stream}")
        assert (trigger.trigger_dag_id, trigger.trigger_run_id) == (f"ingest_{stream}", "nightly__{{ run_id }}")
        assert trigger.deferrable
        assert trigger.wait_for_completion
        assert "drained" in trigger.downstream_task_ids


def test_the_waits_for_both_groups_hold_no_worker_and_the_run_is_as_green_as_they_are(dags: dict[str, Any]) -> None:
    from landfall.night.waiting import AwaitPublication

    dag = dags["nightly_batch"]
    for group in ("lake", "warehouse"):
        assert isinstance(dag.get_task(f"await_{group}"), AwaitPublication)
        assert dag.get_task(f"await_{group}").group == group
    leaf = dag.get_task("published")
    assert (leaf.upstream_task_ids, leaf.trigger_rule) == ({"await_warehouse"}, "all_success")
    assert {task.task_id for task in dag.tasks if not task.downstream_task_ids} == {"published", "report"}


def test_upkeep_and_report_follow_a_night_that_failed_too(dags: dict[str, Any]) -> None:
    dag = dags["nightly_batch"]
    for task_id in ("maintain_lake", "report"):
        assert dag.get_task(task_id).trigger_rule == "all_done"
    assert not dag.get_task("maintain_lake").wait_for_completion, "upkeep must not hold up the report"


def test_the_night_has_a_deadline_that_the_triggerer_can_tell_of(dags: dict[str, Any]) -> None:
    (alert,) = dags["nightly_batch"].deadline
    assert alert.interval.total_seconds() == 240 * 60
    assert alert.callback.path == "landfall.night.lateness.tell_late"


def test_a_missing_manifest_is_an_import_error_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("LANDFALL_DBT_MANIFEST_DIR", str(tmp_path))
    (error,) = _bag("transform_lake").import_errors.values()
    assert "no dbt manifest at" in error
    assert "dbt parse --project-dir" in error
