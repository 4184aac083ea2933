"""What became of a model in a run of dbt, as it is told from the task that runs dbt to the tasks of the models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

CONTENTS_KEY: Final = "outcomes"
"""XCom key of the Contents; each page has a key of its own, so that what was told once is not written again."""


class Status(StrEnum):
    """How a model ended: a test of it that fails fails it."""

    BUILT = "built"
    FAILED = "failed"
    SKIPPED = "skipped"


_DBT_FAILED: Final = frozenset({"error", "fail", "runtime error", "partial success"})
_DBT_SKIPPED: Final = frozenset({"skipped"})


def status_of(dbt_statuses: Iterable[str]) -> Status:
    """Return how a model ended, from dbt's words for it and for its tests."""
    words = {word.lower() for word in dbt_statuses}
    if words & _DBT_FAILED:
        return Status.FAILED
    return Status.SKIPPED if words & _DBT_SKIPPED else Status.BUILT


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a model ended, and what dbt logged of it and its tests."""

    status: Status
    lines: tuple[str, ...]


def page_key(number: int) -> str:
    """Return the XCom key of a page of outcomes; pages are numbered from 0 without a gap."""
    return f"outcomes_{number:04d}"


@dataclass(frozen=True, kw_only=True)
class Contents:
    """How many pages there are, written after the last of them.

    `attempt` tells the pages of one try from those of another, `is_complete` that dbt has ended.
    """

    attempt: str
    pages: int
    is_complete: bool

    def to_json(self) -> dict[str, Any]:
        """Return the contents as they are kept in an XCom."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Contents:
        """Return the contents that `to_json` gave."""
        return cls(**value)


def page_to_json(outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    """Return a page, models' ids and outcomes, as it is kept in an XCom."""
    return {
        model: {"status": outcome.status.value, "lines": list(outcome.lines)} for model, outcome in outcomes.items()
    }


def page_from_json(value: Mapping[str, Any]) -> dict[str, Outcome]:
    """Return the page that `page_to_json` gave."""
    return {
        model: Outcome(status=Status(outcome["status"]), lines=tuple(outcome["lines"]))
        for model, outcome in value.items()
    }
