"""Airflow's failure callback of the extract's DAG; what it needs is imported when it is called, not when it is read."""

from __future__ import annotations

from typing import Any


def record_failure(context: Any) -> None:
    """Note in the extract's record how its run ended."""
    from landfall.extract.run import course

    course.record_failure(context)
