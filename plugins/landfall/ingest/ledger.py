"""The bookmark of ingestion: what became of each landed object, moved only by conditional writes.

    landed -> claimed -> loaded | failed        claimed -> landed (given back)        failed -> claimed (retried)

A claim is a lease. It ends at a time, after which anyone may take the object over, and it carries an attempt number
that each take-over raises: whoever comes back late with an older number can change nothing any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from landfall.aws.dynamodb import TRANSACTION_LIMIT, Change
from landfall.errors import LeaseLostError
from landfall.ingest.batch import LandedObject
from landfall.ingest.claims import Claim, Entry, Outcome, State, entry_of

LEASE_SECONDS = 1800
"""How long a claim holds without being renewed; longer than Athena lets a statement run by default (30 minutes)."""

_INDEX = "by_state"


class Items(Protocol):
    """What the ledger needs of its table; see landfall.aws.dynamodb.ItemTable."""

    def read(self, key: Mapping[str, str]) -> dict[str, Any] | None:
        """Return one item or None."""

    def select(
        self, *, equals: tuple[str, str], begins: tuple[str, str] | None = None, index: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield items of one partition key in the order of their sort key."""

    def change(self, change: Change) -> bool:
        """Make a conditional change; False if the condition fails."""

    def change_all(self, changes: Sequence[Change]) -> bool:
        """Make conditional changes together; False if one condition fails."""

    def delete(self, key: Mapping[str, str]) -> None:
        """Delete an item if it is there."""


class Ledger:
    """The ledger of one stream, as seen by one run (`owner`)."""

    def __init__(self, *, items: Items, stream: str, owner: str, clock: Callable[[], float]) -> None:
        self._items = items
        self._stream = stream
        self._owner = owner
        self._clock = clock

    def announce(self, objects: Iterable[LandedObject]) -> int:
        """Enter objects as landed and return how many are new; for one already known nothing changes."""
        distinct = {landed.key: landed for landed in objects}
        return len(self._change([self._announcement(landed) for landed in distinct.values()]))

    def known_keys(self, prefix: str) -> frozenset[str]:
        """Return the keys of all objects below a prefix of the landing bucket that the ledger knows."""
        found = self._items.select(equals=("stream", self._stream), begins=("object_key", prefix))
        return frozenset(item["object_key"] for item in found)

    def claimable(self, *, retry_failed: bool = False) -> tuple[Entry, ...]:
        """Return the objects this run may claim: landed ones, its own, those of an expired lease, failed ones if asked.

        The work of this does not grow with the objects loaded before.
        """
        states = [State.LANDED, State.CLAIMED, *([State.FAILED] if retry_failed else [])]
        # By key, for an object that changes its state between the queries is found by both.
        entries = {
            item["object_key"]: entry_of(item)
            for state in states
            for item in self._items.select(equals=("stream_state", self._stream_state(state)), index=_INDEX)
        }
        return tuple(
            entry for entry in entries.values() if entry.state is not State.CLAIMED or self._may_take_over(entry)
        )

    def leased(self) -> int:
        """Return how many objects a run that may be alive has claimed."""
        return sum(
            entry.lease_until is not None and entry.lease_until >= self._clock()
            for entry in self._in_state(State.CLAIMED)
        )

    def unloaded(self) -> tuple[Entry, ...]:
        """Return the objects that are known and not loaded: landed, claimed, or failed."""
        states = (State.LANDED, State.CLAIMED, State.FAILED)
        entries = {entry.landed.key: entry for state in states for entry in self._in_state(state)}
        return tuple(entries.values())

    def open_batches(self) -> frozenset[str]:
        """Return the batches of which a load may be alive, or which the next one clears away."""
        return frozenset(
            entry.batch_id
            for state in (State.LANDED, State.CLAIMED)
            for entry in self._in_state(state)
            if entry.batch_id is not None
        )

    def unfinished_keys(self) -> frozenset[str]:
        """Return the keys of objects of which a load may have written records, and which it has not closed."""
        found = (
            item
            for state in (State.LANDED, State.CLAIMED)
            for item in self._items.select(equals=("stream_state", self._stream_state(state)), index=_INDEX)
        )
        return frozenset(item["object_key"] for item in found if int(item["attempt"]) > 0)

    def claim(self, entries: Sequence[Entry]) -> tuple[Claim, ...]:
        """Lease the objects for this run and return the claims that succeeded: another run may have been faster."""
        changes = {
            entry.landed.key: Change(
                key=self._key(entry.landed.key),
                values=self._state(State.CLAIMED)
                | {
                    "owner": self._owner,
                    "attempt": entry.attempt + 1,
                    "lease_until": self._lease_end(),
                    "error": None,
                },
                expected={
                    "state": entry.state.value,
                    "attempt": entry.attempt,
                    "owner": entry.owner,
                    "lease_until": entry.lease_until,
                    # Named since the entry was read, by a try that lives, it would not be cleared away.
                    "batch_id": entry.batch_id,
                },
            )
            for entry in entries
        }
        made = {change.key["object_key"] for change in self._change(list(changes.values()))}
        return tuple(
            Claim(landed=entry.landed, owner=self._owner, attempt=entry.attempt + 1)
            for entry in entries
            if entry.landed.key in made
        )

    def name_batch(self, claims: Sequence[Claim], *, batch_id: str) -> None:
        """Let whoever takes the objects over know the batch, of which something may then have to be cleared away.

        To be called when nothing of the batch named before is left. Raises LeaseLostError if one was taken over.
        """
        self._change_claims(claims, lambda _: {"lease_until": self._lease_end(), "batch_id": batch_id})

    def renew(self, claims: Sequence[Claim]) -> None:
        """Prolong the leases. Raises LeaseLostError if one of the objects was taken over."""
        self._change_claims(claims, lambda _: {"lease_until": self._lease_end()})

    def close(
        self, outcomes: Mapping[Claim, Outcome], *, batch_id: str, contract_version: str, snapshot_id: int | None
    ) -> None:
        """Close claimed objects as loaded, with their counts. Raises LeaseLostError if one was taken over."""

        def closed(claim: Claim) -> dict[str, Any]:
            outcome = outcomes[claim]
            return self._state(State.LOADED) | {
                "records": outcome.records,
                "loaded": outcome.loaded,
                "duplicates": outcome.duplicates,
                "quarantined": dict(outcome.quarantined),
                "batch_id": batch_id,
                "contract_version": contract_version,
                "raw_snapshot_id": snapshot_id,
                "closed_at": int(self._clock()),
                "lease_until": None,
            }

        self._change_claims(list(outcomes), closed)

    def fail(self, claim: Claim, *, error: str) -> None:
        """Close an object as failed, with the reason. Raises LeaseLostError if it was taken over."""
        self._change_claims([claim], lambda _: self._state(State.FAILED) | {"error": error, "lease_until": None})

    def give_back(self, claims: Sequence[Claim]) -> None:
        """Make claimed objects claimable at once again; those that were taken over are left alone."""
        values = self._state(State.LANDED) | {"lease_until": None, "owner": None}
        self._change([self._claim_change(claim, values) for claim in claims])

    def mark(self) -> str | None:
        """Return the day (`YYYY-MM-DD`) up to which landing was last compared with the ledger, None if never."""
        item = self._items.read(self._key("#reconciled"))
        return None if item is None else str(item["reconciled_until"])

    def move_mark(self, day: str, *, previous: str | None) -> None:
        """Set that day; if another run moved it meanwhile, its day stands."""
        expected = {"reconciled_until": previous}
        self._items.change(Change(key=self._key("#reconciled"), values={"reconciled_until": day}, expected=expected))

    def _in_state(self, state: State) -> Iterator[Entry]:
        found = self._items.select(equals=("stream_state", self._stream_state(state)), index=_INDEX)
        return (entry_of(item) for item in found)

    def _may_take_over(self, entry: Entry) -> bool:
        # A later try of the same run need not wait: the attempt number shuts the earlier one out.
        return entry.owner == self._owner or entry.lease_until is None or entry.lease_until < self._clock()

    def _announcement(self, landed: LandedObject) -> Change:
        values = self._state(State.LANDED) | {
            "landed_at": landed.landed_at.isoformat(timespec="milliseconds"),
            "bytes": landed.bytes,
            "attempt": 0,
        }
        return Change(key=self._key(landed.key), values=values, expected={"state": None})

    def _change_claims(self, claims: Sequence[Claim], values: Callable[[Claim], dict[str, Any]]) -> None:
        for start in range(0, len(claims), TRANSACTION_LIMIT):
            part = claims[start : start + TRANSACTION_LIMIT]
            if not self._items.change_all([self._claim_change(claim, values(claim)) for claim in part]):
                raise LeaseLostError(
                    f"{self._owner}: another run took over one of {len(part)} objects of {self._stream}, "
                    f"{part[0].landed.key} to {part[-1].landed.key}: it loads them; nothing is to be done here"
                )

    def _claim_change(self, claim: Claim, values: Mapping[str, Any]) -> Change:
        expected = {"state": State.CLAIMED.value, "owner": claim.owner, "attempt": claim.attempt}
        return Change(key=self._key(claim.landed.key), values=values, expected=expected)

    def _change(self, changes: Sequence[Change]) -> list[Change]:
        """Make each change whose condition holds, a hundred a request as long as all of them do; return those made."""
        made: list[Change] = []
        for start in range(0, len(changes), TRANSACTION_LIMIT):
            part = changes[start : start + TRANSACTION_LIMIT]
            made += part if self._items.change_all(part) else [change for change in part if self._items.change(change)]
        return made

    def _lease_end(self) -> int:
        return int(self._clock()) + LEASE_SECONDS

    def _key(self, object_key: str) -> dict[str, str]:
        return {"stream": self._stream, "object_key": object_key}

    def _stream_state(self, state: State) -> str:
        return f"{self._stream}#{state.value}"

    def _state(self, state: State) -> dict[str, Any]:
        return {"state": state.value, "stream_state": self._stream_state(state)}
