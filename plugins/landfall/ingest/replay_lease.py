"""One replay of a stream at a time, however its runs die: a lease in the ledger that knows what may be left behind.

Two replays with different corrections could load one record under two keys, which no merge by key would notice. A
replay therefore starts only when no other can still change raw: the lease was given back, or has run out, and it is
renewed before each statement and longer than Athena lets one run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Protocol

from landfall.aws.dynamodb import Change
from landfall.errors import LeaseLostError, ReplayRunningError
from landfall.ingest.ledger import LEASE_SECONDS

_ITEM = "#replay"
"""Sort key of the lease: no object's key begins so."""


class LeaseItems(Protocol):
    """What the lease needs of the ledger's table; see landfall.aws.dynamodb.ItemTable."""

    def read(self, key: Mapping[str, str]) -> dict[str, Any] | None:
        """Return one item or None."""

    def change(self, change: Change) -> bool:
        """Make a conditional change; False if the condition fails."""


@dataclass(frozen=True, kw_only=True)
class AbandonedBatch:
    """What a replay that died was at: its batch, run and correction, the days of its events and of their arrival.

    Without `days` it had merged nothing yet.
    """

    batch_id: str
    run_id: str
    correction: str | None
    contract_version: str
    days: tuple[date, ...]
    landing_days: tuple[date, ...]


class ReplayLease:
    """The right of the run `owner` to replay `stream`; `correction` and `contract_version` say how."""

    def __init__(
        self,
        *,
        items: LeaseItems,
        stream: str,
        owner: str,
        correction: str | None,
        contract_version: str,
        fingerprint: str,
        clock: Callable[[], float],
    ) -> None:
        """`fingerprint` is the same for the same correction and contract; `clock` returns seconds of the epoch."""
        self._items = items
        self._key = {"stream": stream, "object_key": _ITEM}
        self._owner = owner
        self._how = {
            "correction": correction or "",
            "contract_version": contract_version,
            "fingerprint": fingerprint,
        }
        self._clock = clock
        self._attempt = 0

    def acquire(self) -> AbandonedBatch | None:
        """Take the lease and return what the former owner left. Raises ReplayRunningError while another holds it.

        A later try of the same run with the same correction need not wait: whatever the earlier one still does is
        what this one does.
        """
        found = self._items.read(self._key) or {}
        until = int(found.get("lease_until", 0))
        is_own = (found.get("owner"), found.get("fingerprint")) == (self._owner, self._how["fingerprint"])
        if until >= self._clock() and not is_own:
            raise ReplayRunningError(self._busy(found))
        attempt = found.get("attempt")
        self._attempt = int(attempt or 0) + 1
        # What was left stays in the item until it is settled: this run may die before that.
        values = {"owner": self._owner, "attempt": self._attempt, "lease_until": self._lease_end()}
        kept = values if found.get("batch_id") else {**values, **self._how}
        if not self._items.change(Change(key=self._key, values=kept, expected={"attempt": attempt})):
            raise ReplayRunningError(self._busy(self._items.read(self._key) or {}))
        return _abandoned(found)

    def settled(self) -> None:
        """Say that nothing is left of the former owner's batch."""
        self._change({**self._how, **_NO_BATCH})

    def name_batch(self, batch_id: str, *, landing_days: Sequence[date]) -> None:
        """Let the next owner know which batch this is at. Raises LeaseLostError."""
        self._change({"batch_id": batch_id, "batch_run": self._owner, "landing_days": _texts(landing_days), "days": []})

    def name_days(self, days: Sequence[date]) -> None:
        """Let the next owner know where in raw the batch's rows will be; before the first of them is there."""
        self._change({"days": _texts(days)})

    def renew(self) -> None:
        """Prolong the lease. Raises LeaseLostError if it was taken over."""
        self._change({})

    def release(self) -> None:
        """Give the lease back, with nothing left to settle. Raises LeaseLostError if it was taken over."""
        self._change({**_NO_BATCH, "lease_until": 0})

    def give_up(self) -> None:
        """Give the lease back after a failure: what is left of the batch is the next owner's to settle."""
        self._change({"lease_until": 0})

    def _change(self, values: Mapping[str, Any]) -> None:
        expected = {"owner": self._owner, "attempt": self._attempt}
        if not self._items.change(
            Change(key=self._key, values={"lease_until": self._lease_end(), **values}, expected=expected)
        ):
            raise LeaseLostError(f"{self._owner}: another run replays {self._key['stream']} now: nothing is to be done")

    def _lease_end(self) -> int:
        return int(self._clock()) + LEASE_SECONDS

    def _busy(self, found: Mapping[str, Any]) -> str:
        until = datetime.fromtimestamp(int(found.get("lease_until", 0)), UTC)
        return (
            f"run {found.get('owner')} replays {self._key['stream']}, or died while it did: start this again when it "
            f"has ended, at the latest after {until:%Y-%m-%d %H:%M} UTC"
        )


_NO_BATCH = {"batch_id": None, "batch_run": None, "landing_days": None, "days": None}


def _abandoned(item: Mapping[str, Any]) -> AbandonedBatch | None:
    if not item.get("batch_id"):
        return None
    return AbandonedBatch(
        batch_id=item["batch_id"],
        run_id=item["batch_run"],
        correction=item.get("correction") or None,
        contract_version=item["contract_version"],
        days=tuple(date.fromisoformat(day) for day in item.get("days", ())),
        landing_days=tuple(date.fromisoformat(day) for day in item.get("landing_days", ())),
    )


def _texts(days: Sequence[date]) -> list[str]:
    return [day.isoformat() for day in sorted(set(days))]
