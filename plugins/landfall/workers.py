"""Airflow's LocalExecutor with everything that tasks import loaded before they are forked.

Airflow forks each task from a worker, and each worker from the scheduler. What the scheduler has imported by then no
task imports again, and all of them share its memory; what it has not, every task pays for: Great Expectations alone
takes two seconds of CPU.
"""

from __future__ import annotations

import importlib
import logging
import os
from typing import Final

from airflow.executors.local_executor import LocalExecutor

from landfall.aws.clients import load_descriptions

logger = logging.getLogger(__name__)

MODULES: Final = (
    "landfall.extract.run.operators",
    "landfall.extract.run.admission",
    "landfall.extract.run.course",
    "landfall.extract.run.publish",
    "landfall.extract.run.failure_callback",
    "landfall.lineage.hooks",
    "landfall.quality.checkpoint",
)
"""The modules that tasks import; with them comes what they import themselves."""

SERVICES: Final = ("athena", "dynamodb", "glue", "kms", "redshift-data", "s3", "secretsmanager", "sns", "sqs", "sts")
"""The AWS services that tasks call, by their boto3 names."""


class PreloadingExecutor(LocalExecutor):  # type: ignore[misc]  # mypy does not follow Airflow's imports
    """LocalExecutor for `AIRFLOW__CORE__EXECUTOR=landfall.workers.PreloadingExecutor`."""

    def start(self) -> None:
        """Load, then start the workers."""
        load()
        super().start()


def load() -> None:
    """Import MODULES and read the descriptions of SERVICES. What cannot be loaded is logged: a task will tell of it.

    No connection is made and no thread is started here, for neither lives on in a forked process.
    """
    for name in MODULES:
        try:
            importlib.import_module(name)
        except Exception:
            logger.exception("%s cannot be imported before tasks are forked", name)
    load_descriptions(SERVICES)
    logger.info("loaded %d modules for tasks in process %d", len(MODULES), os.getpid())
