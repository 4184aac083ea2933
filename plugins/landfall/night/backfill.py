"""Build a range of days of the marts anew: which days, one after the other, and how far that is."""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from landfall.aws.publications import PublicationTable
from landfall.errors import EngineError, RequestError
from landfall.publish.backfilled import note_built
from landfall.publish.groups import LAKE
from landfall.settings import Settings

RANGE_MACRO: Final = "macro.landfall.backfill_range"
"""By which the models know the days."""

logger = logging.getLogger(__name__)

LONGEST_DAYS: Final = 366
"""A range of more is built in several runs: Airflow maps at most 1,024 tasks by default."""


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Days that are built by one task: `first` inclusive, `after` exclusive (ISO), number `number` of `of`."""

    number: int
    of: int
    first: str
    after: str

    @property
    def in_words(self) -> str:
        """Return the days as the UI shows them."""
        last = date.fromisoformat(self.after) - timedelta(days=1)
        return self.first if last.isoformat() == self.first else f"{self.first} to {last.isoformat()}"


def plan(params: Mapping[str, Any], *, today: date) -> list[dict[str, Any]]:
    """Return the chunks, as plain values, of the days from `first_day` to `last_day`, both inclusive.

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
        asdict(Chunk(number=number, of=len(ranges), first=begin.isoformat(), after=end.isoformat()))
        for number, (begin, end) in enumerate(ranges, start=1)
    ]


def build(chunk: Chunk, *, streams: Sequence[str], run_id: str, manifest: Path, project: Path) -> dict[str, Any]:
    """Build the days of `chunk` anew in every mart of the lake that follows from `streams` (none: all of them).

    Days are whole: doing it twice gives the same rows. Nothing is published by it. Returns the progress.
    Raises EngineError with the models that failed.
    """
    logger.info("backfill %s: task %d of %d builds %s", run_id, chunk.number, chunk.of, chunk.in_words)
    started = datetime.now(UTC)
    _run_dbt(arguments(chunk, streams=streams, project=project), manifest=manifest)
    seconds = round((datetime.now(UTC) - started).total_seconds(), 1)
    table = PublicationTable(name=Settings.from_environment().publication_table)
    done = note_built(table, run_id=run_id, chunk=asdict(chunk), at=datetime.now(UTC))
    logger.info("backfill %s: %d of %d tasks are done, %s in %.0f s", run_id, done, chunk.of, chunk.in_words, seconds)
    return {**asdict(chunk), "seconds": seconds, "done": done}


def arguments(chunk: Chunk, *, streams: Sequence[str], project: Path) -> list[str]:
    """Return the words of the dbt command: only what is stored by day runs; tests run before the publication."""
    select = [f"stg_landfall__{stream}+,config.materialized:incremental" for stream in streams]
    return [
        "run",
        *("--project-dir", str(project), "--profiles-dir", str(project), "--target", LAKE),
        *("--select", *(select or ["config.materialized:incremental"])),
        *("--vars", json.dumps({"backfill_from": chunk.first, "backfill_to": chunk.after})),
    ]


def _run_dbt(words: Sequence[str], *, manifest: Path) -> None:
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

    # The parse that made the manifest: other vars would else let dbt parse the whole project anew for each day.
    parsed = Manifest.from_msgpack(manifest.with_name("partial_parse.msgpack").read_bytes())
    if RANGE_MACRO not in parsed.macros:
        raise EngineError(f"the dbt project has no {RANGE_MACRO}: its models would take the days for an ordinary run")
    parsed.build_flat_graph()
    with tempfile.TemporaryDirectory(prefix="landfall-backfill-") as folder:
        result = dbtRunner(manifest=parsed).invoke([*words, "--target-path", folder, "--log-path", folder])
    if result.success:
        return
    failed = [f"{each.node.name}: {each.message}" for each in getattr(result.result, "results", []) if _failed(each)]
    raise EngineError(f"dbt could not build the days: {'; '.join(failed) or result.exception}")


def _failed(result: Any) -> bool:
    return str(result.status) in ("error", "fail", "runtime error")


def _ranges(first: date, after: date, *, step: timedelta) -> Iterator[tuple[date, date]]:
    while first < after:
        yield first, min(first + step, after)
        first += step
