"""Read events back: from a file of JSON lines, a folder of event files, or all files that a prefix begins."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from landfall.errors import LineageError
from landfall.lineage.naming import Dataset


@dataclass(frozen=True, order=True)
class Node:
    """A dataset, or one of its columns."""

    dataset: Dataset
    column: str | None = None

    def __str__(self) -> str:
        return str(self.dataset) if self.column is None else f"{self.dataset}#{self.column}"


@dataclass(frozen=True)
class Link:
    """One node made from another by a run; `is_direct` is False where the source only decides."""

    source: Node
    target: Node
    is_direct: bool = True


@dataclass(frozen=True, kw_only=True)
class JobRun:
    """One run of a job as its events tell it: what it read and wrote, and when it was done.

    `tables` link whole datasets, `columns` their columns; `views` are those of `writes` that are computed when they are
    read; `objects` are the addresses of the objects it read, by dataset.
    """

    job: str
    run_id: str
    at: datetime
    reads: tuple[Dataset, ...]
    writes: tuple[Dataset, ...]
    tables: tuple[Link, ...]
    columns: tuple[Link, ...]
    views: frozenset[Dataset]
    objects: Mapping[Dataset, tuple[str, ...]]


def read_runs(events: Path) -> tuple[JobRun, ...]:
    """Return the runs that the events tell of, in the order they were done; an event told twice counts once.

    Raises LineageError when there are no events, or a line is none.
    """
    last: dict[str, JobRun] = {}
    for event in _events(events):
        if event.get("eventType") == "COMPLETE" and (event.get("inputs") or event.get("outputs")):
            run = _run(event)
            last[run.run_id] = run
    if not last:
        raise LineageError(f"no lineage events at {events}: is a file transport configured, and has anything run?")
    return tuple(sorted(last.values(), key=lambda run: run.at))


def _events(place: Path) -> Iterator[dict[str, Any]]:
    for file in _files(place):
        text = file.read_text(encoding="utf-8")
        try:
            yield json.loads(text)  # a file an event
        except json.JSONDecodeError:
            yield from _lines(file, text)


def _files(place: Path) -> list[Path]:
    if place.is_file():
        return [place]
    if place.is_dir():
        return sorted(path for path in place.iterdir() if path.is_file())
    return sorted(place.parent.glob(f"{place.name}-*.json")) if place.parent.is_dir() else []


def _lines(file: Path, text: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            yield json.loads(line)
        except json.JSONDecodeError as error:
            raise LineageError(f"{file}, line {number} is no event: {error}") from error


def _run(event: Mapping[str, Any]) -> JobRun:
    try:
        outputs = event.get("outputs") or []
        inputs = event.get("inputs") or []
        return JobRun(
            job=event["job"]["name"],
            run_id=event["run"]["runId"],
            at=datetime.fromisoformat(event["eventTime"]),
            reads=tuple(_dataset(each) for each in inputs),
            writes=tuple(_dataset(each) for each in outputs),
            tables=tuple(_table_links(inputs, outputs)),
            columns=tuple(link for each in outputs for link in _links(each)),
            views=frozenset(_dataset(each) for each in outputs if _is_view(each)),
            objects={_dataset(each): found for each in inputs if (found := _objects(each))},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise LineageError(f"an event of run {event.get('run')} is not as OpenLineage has it: {error!r}") from error


def _dataset(told: Mapping[str, Any]) -> Dataset:
    return Dataset(namespace=told["namespace"], name=told["name"])


def _table_links(inputs: list[Mapping[str, Any]], outputs: list[Mapping[str, Any]]) -> Iterator[Link]:
    """Yield which input each output was made of; of several outputs, each of what its columns or rows came from."""
    for output in outputs:
        facet = _lineage(output)
        origins = [each for lineage in facet["fields"].values() for each in lineage["inputFields"]]
        named = {_dataset(each) for each in (*origins, *(facet.get("dataset") or ()))}
        for each in inputs:
            if len(outputs) == 1 or not named or _dataset(each) in named:
                yield Link(Node(_dataset(each)), Node(_dataset(output)))


def _lineage(output: Mapping[str, Any]) -> Mapping[str, Any]:
    return (output.get("facets") or {}).get("columnLineage") or {"fields": {}}


def _is_view(output: Mapping[str, Any]) -> bool:
    return ((output.get("facets") or {}).get("datasetType") or {}).get("datasetType") == "VIEW"


def _links(output: Mapping[str, Any]) -> Iterator[Link]:
    for column, lineage in _lineage(output)["fields"].items():
        target = Node(_dataset(output), column)
        for origin in lineage["inputFields"]:
            source = Node(_dataset(origin), origin["field"])
            for is_direct in sorted(_directness(origin.get("transformations") or ()), reverse=True):
                yield Link(source, target, is_direct)


def _directness(transformations: Iterable[Mapping[str, Any]]) -> set[bool]:
    return {each["type"] == "DIRECT" for each in transformations} or {True}


def _objects(read: Mapping[str, Any]) -> tuple[str, ...]:
    condition = ((read.get("inputFacets") or {}).get("subset") or {}).get("inputCondition") or {}
    return tuple(condition.get("locations") or ())
