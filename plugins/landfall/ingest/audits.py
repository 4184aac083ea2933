"""Which batches the raw suite has not looked at yet: a batch is owed an audit from before its first row is in raw.

So rows of a run that was killed are audited by a later run, and runs that follow each other within a minute share one
audit instead of each paying for its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from landfall.aws.dynamodb import Change
from landfall.ingest.ledger import LEASE_SECONDS, Items

SHARED_SECONDS = 60
"""How long a batch may wait for an audit that it shares with later ones, in runs that follow landing."""

_PREFIX = "#audit/"


@dataclass(frozen=True, kw_only=True)
class OwedAudit:
    """A batch with rows in raw on the days from `first_day` to `last_day`, due for its audit since `due_at`."""

    batch_id: str
    first_day: date
    last_day: date
    due_at: int


class OwedAudits:
    """The audits owed to one stream's batches, kept in the ledger's table; `owner` is the run that asks."""

    def __init__(self, *, items: Items, stream: str, owner: str, clock: Callable[[], float]) -> None:
        self._items = items
        self._stream = stream
        self._owner = owner
        self._clock = clock

    def owe(self, batch_id: str, days: Iterable[date]) -> None:
        """Note, before rows of `days` are merged, that the batch needs an audit: when it is closed, or its run is dead.

        A batch may be merged in parts, of which each adds its days.
        """
        known = self._items.read(self._key(batch_id)) or {}
        ordered = sorted({*(day.isoformat() for day in days), *filter(None, map(known.get, ("first_day", "last_day")))})
        values = {"first_day": ordered[0], "last_day": ordered[-1], "due_at": int(self._clock()) + LEASE_SECONDS}
        self._change(batch_id, values, due_at=known.get("due_at"))

    def make_due(self, batch_id: str) -> None:
        """Note that a batch is closed."""
        known = self._items.read(self._key(batch_id))
        if known is not None:
            self._change(batch_id, {"due_at": int(self._clock())}, due_at=known["due_at"])

    def due(self) -> tuple[OwedAudit, ...]:
        """Return the audits that are due, without those that failed another run: that run stays red for them."""
        found = self._items.select(equals=("stream", self._stream), begins=("object_key", _PREFIX))
        return tuple(
            _owed(item)
            for item in found
            if item["due_at"] <= self._clock() and item.get("failed_by") in (None, self._owner)
        )

    def settle(self, audits: Sequence[OwedAudit]) -> None:
        """Forget audits that passed."""
        for audit in audits:
            self._items.delete(self._key(audit.batch_id))

    def keep_failed(self, audits: Sequence[OwedAudit]) -> None:
        """Leave audits that failed to this run alone, which is to be cleared once the rows are right."""
        for audit in audits:
            self._change(audit.batch_id, {"failed_by": self._owner}, due_at=audit.due_at)

    def _change(self, batch_id: str, values: Mapping[str, Any], *, due_at: int | None) -> None:
        # Somebody else can only have been faster once the batch is due, and then there is nothing to add.
        self._items.change(Change(key=self._key(batch_id), values=values, expected={"due_at": due_at}))

    def _key(self, batch_id: str) -> dict[str, str]:
        return {"stream": self._stream, "object_key": f"{_PREFIX}{batch_id}"}


def are_worth_a_gate(audits: Sequence[OwedAudit], *, now: float, shared: bool) -> bool:
    """Whether to audit now: at once, or in a run that follows landing (`shared`) once one has waited long enough."""
    return bool(audits) and (not shared or min(audit.due_at for audit in audits) <= now - SHARED_SECONDS)


def _owed(item: Mapping[str, Any]) -> OwedAudit:
    return OwedAudit(
        batch_id=item["object_key"].removeprefix(_PREFIX),
        first_day=date.fromisoformat(item["first_day"]),
        last_day=date.fromisoformat(item["last_day"]),
        due_at=int(item["due_at"]),
    )
