"""The extract's DAG puts nothing that was asked for into a template."""

from __future__ import annotations

from airflow.dag_processing.dagbag import DagBag
from landfall.settings import REPOSITORY


def test_no_field_of_the_task_is_a_template() -> None:
    bag = DagBag(dag_folder=str(REPOSITORY / "dags" / "extract_customer_file.py"))
    (dag,) = bag.dags.values()
    assert {task.task_id: list(task.template_fields) for task in dag.tasks} == {"make_extract": []}
