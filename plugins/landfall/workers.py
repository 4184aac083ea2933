"""Airflow's LocalExecutor as extracts need it: all is imported before tasks start, and priorities and pauses count.

Airflow forks each task from a worker, and each worker from the scheduler. What the scheduler has imported by then no
task imports again, and all of them share its memory; what it has not, every task pays for: Great Expectations alone
takes two seconds of CPU.
"""

from __future__ import annotations

import importlib
import logging
import os
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from airflow.executors.local_executor import LocalExecutor
from airflow.models.taskinstancekey import TaskInstanceKey
from airflow.utils.state import TaskInstanceState

from landfall.aws.clients import make_clients
from landfall.contracts.extract_product import load_products

logger = logging.getLogger(__name__)

MODULES: Final = (
    "airflow.dag_processing.dagbag",
    "airflow.providers.standard.decorators.python",
    "airflow.sdk.definitions.decorators.setup_teardown",
    "airflow.sdk.execution_time.supervisor",
    "great_expectations.render.renderer.site_builder",
    "landfall.assets",
    "landfall.dag_defaults",
    "landfall.extract.door.form",
    "landfall.extract.run.operators",
    "landfall.extract.run.admission",
    "landfall.extract.run.course",
    "landfall.extract.run.publish",
    "landfall.extract.run.failure_callback",
    "landfall.lineage.events",
    "landfall.lineage.extracts",
    "landfall.lineage.hooks",
    "landfall.lineage.parent",
    "landfall.quality.validation",
    "sqlglot.dialects.athena",
    "sqlglot.dialects.duckdb",
    "sqlglot.dialects.redshift",
)
"""The modules that the DAG and its tasks import, with what they import themselves, and sqlglot's dialects, which it

looks up by name.
"""

SERVICES: Final = ("athena", "dynamodb", "glue", "kms", "redshift-data", "s3", "secretsmanager", "sns", "sqs", "sts")
"""The AWS services that tasks call, by their boto3 names."""


class LandfallExecutor(LocalExecutor):  # type: ignore[misc]  # mypy does not follow Airflow's imports
    """LocalExecutor for `AIRFLOW__CORE__EXECUTOR=landfall.workers.LandfallExecutor`.

    A task that defers ends its process, and has another as soon as its trigger fires. The scheduler may learn of the
    first one's end when the second is on its way, and then takes it for the end of the second, which it fails:
    "finished with state success, but the task instance's state attribute is queued"
    (https://github.com/apache/airflow/issues/67287 and 72716). So such an end is not told.

    What has gone to the workers is counted as running (https://github.com/apache/airflow/pull/71914). Uncounted, all
    that waits goes to their queue at once, where nothing that comes later can pass it, whatever its priority.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._processes: Counter[TaskInstanceKey] = Counter()

    def start(self) -> None:
        """Load, then start the workers."""
        load()
        super().start()

    def _process_workloads(self, workload_list: Sequence[Any]) -> None:
        tasks = [each.key for each in workload_list if isinstance(each.key, TaskInstanceKey)]
        self._processes.update(tasks)
        self.running.update(tasks)
        super()._process_workloads(workload_list)

    def change_state(self, key: Any, state: Any, info: Any = None, remove_running: bool = True) -> None:
        """Tell the scheduler what became of `key`, unless it is a task that another process has by now."""
        if isinstance(key, TaskInstanceKey) and state in (TaskInstanceState.SUCCESS, TaskInstanceState.FAILED):
            self._processes[key] -= 1
            if self._processes[key] > 0:
                logger.info("the process of %s that ended as %s has deferred: another has it now", key, state)
                return
            del self._processes[key]
        super().change_state(key, state, info, remove_running)


def load() -> None:
    """Import MODULES, make the clients of SERVICES, read the products, write SQL and run a gate.

    What cannot be done is logged.

    No connection is opened and no thread is started here, for neither lives on in a forked process.
    """
    # It tells in hundreds of lines which of its functions it leaves out of its reference pages.
    logging.getLogger("great_expectations._docs_decorators").setLevel(logging.WARNING)
    steps: dict[str, Callable[[], Any]] = {name: partial(importlib.import_module, name) for name in MODULES}
    steps["the clients of AWS"] = partial(make_clients, SERVICES)
    steps["the products of extracts"] = load_products
    steps["the statements of extracts"] = _write_statements
    steps["the gate of outgoing files"] = _rehearse
    for what, step in steps.items():
        try:
            step()
        except Exception:
            logger.exception("%s cannot be loaded before tasks are forked", what)
    logger.info("loaded what tasks import in process %d", os.getpid())


def _write_statements() -> None:
    """Let sqlglot find out how the statements of an extract are written."""
    from landfall.extract.door.request import ExtractRequest
    from landfall.extract.engines.statements import count_rows, unload_statement

    product = next(iter(load_products().values()))
    columns = tuple(column.name for column in product.columns)
    asked = ExtractRequest(
        extract_id="none", customer_id="none", product=product.product, format="csv", filters={}, columns=columns
    )
    count_rows(product, asked, "published.none").sql(dialect="athena")
    unload_statement(product, asked, "none.none", destination="s3://none/", salt="none", role_arn="none")


def _rehearse() -> None:
    from landfall.extract.files.outgoing import rehearse

    rehearse(next(iter(load_products().values())))
