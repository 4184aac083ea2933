"""What a statement gives back, whatever kind of statement it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Row = tuple[Any, ...]


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
    fetch: Callable[[int], list[Row]] = lambda _: []
    affected: int | None = None


def of_rows(tag: str, columns: Sequence[Column], rows: Sequence[Row]) -> Result:
    """A result whose rows are already in memory."""
    remaining = list(rows)

    def fetch(count: int) -> list[Row]:
        page = remaining[:count]
        del remaining[:count]
        return page

    return Result(tag, columns, fetch)
