"""What a step of the pipeline did, as plain values: the events are made from these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from landfall.lineage.naming import Dataset
from landfall.lineage.origins import QueryColumns


@dataclass(frozen=True, kw_only=True)
class Field:
    """A column as a dataset's schema tells it."""

    name: str
    type: str = ""
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class Read:
    """A dataset that was read; `objects` are the addresses of just those objects of it, `version` its snapshot."""

    dataset: Dataset
    fields: tuple[Field, ...] = ()
    objects: tuple[str, ...] = ()
    version: str | None = None


@dataclass(frozen=True, kw_only=True)
class Written:
    """A dataset that was written: its columns with their origins, which `resolve` makes datasets of."""

    dataset: Dataset
    fields: tuple[Field, ...] = ()
    columns: QueryColumns | None = None
    resolve: Callable[[str], Dataset] | None = None
    version: str | None = None
    rows: int | None = None
    bytes: int | None = None
    is_view: bool = False


@dataclass(frozen=True, kw_only=True)
class Parent:
    """The Airflow task that a step is a part of, and its DAG run, by the ids that Airflow's own events have."""

    dag_id: str
    task_id: str
    task_run_id: str
    dag_run_id: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """One run of a job. `at` and `key` give it its id: a step that is repeated has the same again.

    `done_at` is when it was done, now if it is not given. `kind` is the job's type (LOAD, MODEL, SEED, PUBLICATION,
    EXTRACT, DELIVERY), `tool` what carried it out; `statement_id` is the engine's own id of the statement.
    """

    job: str
    kind: str
    tool: str
    at: datetime
    key: str
    reads: tuple[Read, ...]
    writes: tuple[Written, ...]
    done_at: datetime | None = None
    sql: str | None = None
    sql_dialect: str | None = None
    statement_id: str | None = None
