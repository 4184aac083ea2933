"""The extract's DAG puts nothing that was asked for into a template."""

from __future__ import annotations

from typing import Any

from airflow.dag_processing.dagbag import DagBag
from landfall.settings import REPOSITORY


def test_no_field_of_a_task_is_a_template() -> None:
    bag = DagBag(dag_folder=str(REPOSITORY / "dags" / "extract_customer_file.py"))
    (dag,) = bag.dags.values()
    assert {name for task in dag.tasks for name in task.template_fields} >= {"admission", "op_kwargs"}
    for task in dag.tasks:
        fields: dict[str, Any] = {name: getattr(task, name, None) for name in task.template_fields}
        assert "{{" not in repr(fields) and "{%" not in repr(fields), task.task_id
