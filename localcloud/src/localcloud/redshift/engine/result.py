"""What a statement gives back, whatever kind of statement it was."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from localcloud.redshift.sql.inference import Columns

Row = tuple[Any, ...]
Fetch = Callable[[int], list[Row]]
_HELD_IN_MEMORY_BYTES = 1024 * 1024
_HELD_PAGE_ROWS = 2_000


@dataclass(frozen=True)
class Column:
    """A result column: its name, DuckDB's name of its type, e.g. `DECIMAL(18,2)`, and Redshift's where it is known."""

    name: str
    type: str
    declared: str = ""


@dataclass
class Result:
    """`columns` is None for statements without rows; `fetch(n)` gives the next at most n rows, [] at the end.

    `tag` is PostgreSQL's command tag without a count; `affected` the number of rows written, None where there is none.
    """

    tag: str
    columns: Sequence[Column] | None = None
    fetch: Fetch = lambda _: []
    affected: int | None = None

    def held(self) -> Result:
        """The same result with its remaining rows taken out of the engine, which is then free for other statements."""
        return Result(self.tag, self.columns, _hold(self.fetch), self.affected)


def columns_of(described: Iterable[tuple[str, str]], known: Columns) -> list[Column]:
    """Names and DuckDB types as DuckDB describes them, with Redshift's types where all are known."""
    found = list(described)
    kinds = [kind or "" for _, kind in known] if len(known) == len(found) else [""] * len(found)
    return [Column(name, kind, declared) for (name, kind), declared in zip(found, kinds, strict=True)]


def of_rows(tag: str, columns: Sequence[Column], rows: Sequence[Row]) -> Result:
    """A result whose rows are already in memory."""
    remaining = list(rows)

    def fetch(count: int) -> list[Row]:
        page = remaining[:count]
        del remaining[:count]
        return page

    return Result(tag, columns, fetch)


def _hold(source: Fetch) -> Fetch:
    """Read `source` to its end into a file that is in memory as long as it is small; gives a reader of it."""
    # Closed when the reader is forgotten.
    store = tempfile.SpooledTemporaryFile(_HELD_IN_MEMORY_BYTES)  # noqa: SIM115
    while rows := source(_HELD_PAGE_ROWS):
        pickle.dump(rows, store, pickle.HIGHEST_PROTOCOL)
    end = store.tell()
    store.seek(0)
    pending: list[Row] = []

    def fetch(count: int) -> list[Row]:
        while len(pending) < count and store.tell() < end:
            pending.extend(pickle.load(store))  # noqa: S301 - written by this process, in a file nobody else can name
        page = pending[:count]
        del pending[:count]
        return page

    return fetch
