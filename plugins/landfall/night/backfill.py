"""Build a range of days of the marts anew: which days, one after the other, and how far that is."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from landfall.aws.publications import PublicationTable
from landfall.errors import EngineError, RequestError
from landfall.night.progress import Chunk, note_done, note_planned
from landfall.publish.backfilled import note_built
from landfall.publish.groups import LAKE
from landfall.settings import Settings
from landfall.transform.models import PROJECT, manifest_path

RANGE_MACRO: Final = "macro.landfall.backfill_range"
"""By which the models know the days."""

logger = logging.getLogger(__name__)

LONGEST_DAYS: Final = 366
"""A range of more is built in several runs: Airflow maps at most 1,024 tasks by default."""


def begin(params: Mapping[str, Any], *, run_id: str) -> list[dict[str, Any]]:
    """Plan the backfill `run_id` for the range that its form names, note the plan, and return its chunks' values."""
    now = datetime.now(UTC)
    chunks = plan(params, today=now.date())
    note_planned(_table(), run_id=run_id, chunks=chunks)
    return [asdict(chunk) for chunk in chunks]


def plan(params: Mapping[str, Any], *, today: date) -> list[Chunk]:
    """Return the chunks of the days from `first_day` to `last_day`, both inclusive.

    Raises RequestError for a range that is empty, too long, or in the future.
    """
    first, last = date.fromisoformat(params["first_day"]), date.fromisoformat(params["last_day"])
    if first > last:
        raise RequestError(f"last_day: {last} is before first_day {first}; both are inclusive")
    if last > today:
        raise RequestError(f"last_day: {last} is in the future; the last day that can be built is {today} (UTC)")
    if (last - first).days >= LONGEST_DAYS:
        raise RequestError(
            f"first_day: {(last - first).days + 1} days are more than {LONGEST_DAYS}: start two backfills"
        )
    ranges = list(_ranges(first, last + timedelta(days=1), step=timedelta(days=params["days_per_task"])))
    return [
        Chunk(number=number, of=len(ranges), first=begins.isoformat(), after=ends.isoformat())
        for number, (begins, ends) in enumerate(ranges, start=1)
    ]


def build(chunk: Chunk, *, streams: Sequence[str], run_id: str, folder: Path) -> dict[str, Any]:
    """Build the days of `chunk` anew in every mart of the lake that follows from `streams` (none: all of them).

    Days are whole: doing it twice gives the same rows. Nothing is published by it. dbt's artifacts go to `folder`.
    Returns the progress. Raises EngineError with the models that failed.
    """
    logger.info("backfill %s: task %d of %d builds %s", run_id, chunk.number, chunk.of, chunk.in_words)
    began_at = time.monotonic()
    table = _table()
    # Before, since a task that dies has changed days all the same; and after, since a night may publish meanwhile.
    note_built(table)
    _run_dbt(arguments(chunk, streams=streams, folder=folder))
    note_built(table)
    seconds = round(time.monotonic() - began_at)
    found = note_done(table, run_id=run_id, chunk=chunk, seconds=seconds)
    logger.info("backfill %s: %s; %s took %d s", run_id, found.in_words, chunk.in_words, seconds)
    return {**asdict(chunk), "seconds": seconds, "progress": found.in_words}


def arguments(chunk: Chunk, *, streams: Sequence[str], folder: Path) -> list[str]:
    """Return the words of the dbt command: only what is stored by day runs; tests run before the publication."""
    select = [f"stg_landfall__{stream}+,config.materialized:incremental" for stream in streams]
    return [
        "run",
        *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--target", LAKE),
        *("--target-path", str(folder), "--log-path", str(folder), "--no-use-colors"),
        *("--select", *(select or ["config.materialized:incremental"])),
        *("--vars", json.dumps({"backfill_from": chunk.first, "backfill_to": chunk.after})),
    ]


def _run_dbt(words: Sequence[str]) -> None:
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

    # The parse that made the manifest: other vars would else let dbt parse the whole project anew for each day.
    parsed = Manifest.from_msgpack(manifest_path(LAKE).with_name("partial_parse.msgpack").read_bytes())
    if RANGE_MACRO not in parsed.macros:
        raise EngineError(f"the dbt project has no {RANGE_MACRO}: its models would take the days for an ordinary run")
    parsed.build_flat_graph()
    result = dbtRunner(manifest=parsed).invoke(list(words))
    if result.success:
        return
    failed = [f"{each.node.name}: {each.message}" for each in getattr(result.result, "results", []) if _failed(each)]
    raise EngineError(f"dbt could not build the days: {'; '.join(failed) or result.exception}")


def _table() -> PublicationTable:
    return PublicationTable(name=Settings.from_environment().publication_table)


def _failed(result: Any) -> bool:
    return str(result.status) in ("error", "fail", "runtime error")


def _ranges(first: date, after: date, *, step: timedelta) -> Iterator[tuple[date, date]]:
    while first < after:
        yield first, min(first + step, after)
        first += step
