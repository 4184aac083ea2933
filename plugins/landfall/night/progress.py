"""How far a backfill is, as the publication table keeps it: group `lake`, key `backfill#<run_id>`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from landfall.aws.publications import PublicationTable
from landfall.publish.groups import LAKE


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


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The chunks of a backfill, and for the number of each that is built how many seconds it took."""

    chunks: Sequence[Chunk]
    seconds: Mapping[int, int]

    @property
    def seconds_left(self) -> int | None:
        """Return how long the rest takes if it goes on as until now; None before the first is built."""
        if not self.seconds:
            return None
        return round(sum(self.seconds.values()) / len(self.seconds) * (len(self.chunks) - len(self.seconds)))

    @property
    def in_words(self) -> str:
        """Return one line: how many tasks are done, and about how long the others take."""
        done = f"{len(self.seconds)} of {len(self.chunks)} tasks are done"
        left = self.seconds_left
        return f"{done}, about {_in_words(left)} left" if left else done


def note_planned(table: PublicationTable, *, run_id: str, chunks: Sequence[Chunk]) -> None:
    """Record what the backfill `run_id` is going to build; planning it anew begins the count anew."""
    days = [[chunk.first, chunk.after] for chunk in chunks]
    table.put({"group": LAKE, "version": _key(run_id), "chunks": days, "seconds": {}})


def note_done(table: PublicationTable, *, run_id: str, chunk: Chunk, seconds: int) -> Progress:
    """Record that a chunk is built and return the progress; tasks of one backfill end one after the other."""
    known = progress(table, run_id=run_id) or Progress(chunks=[chunk], seconds={})
    built = {**known.seconds, chunk.number: seconds}
    days = [[each.first, each.after] for each in known.chunks]
    by_number = {str(number): took for number, took in built.items()}
    table.put({"group": LAKE, "version": _key(run_id), "chunks": days, "seconds": by_number})
    return Progress(chunks=known.chunks, seconds=built)


def progress(table: PublicationTable, *, run_id: str) -> Progress | None:
    """Return how far the backfill `run_id` is, None if no such backfill was planned."""
    item = table.get(LAKE, _key(run_id))
    return None if item is None else _read(item)


def _read(item: Mapping[str, Any]) -> Progress:
    days = item["chunks"]
    return Progress(
        chunks=[
            Chunk(number=number, of=len(days), first=first, after=after)
            for number, (first, after) in enumerate(days, start=1)
        ],
        seconds={int(number): int(took) for number, took in item["seconds"].items()},
    )


def _key(run_id: str) -> str:
    return f"backfill#{run_id}"


def _in_words(seconds: int) -> str:
    return f"{seconds} s" if seconds < 100 else f"{round(seconds / 60)} min"
