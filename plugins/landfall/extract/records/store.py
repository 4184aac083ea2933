"""The table of extracts. Every change is conditional on the state that was seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from landfall.aws.dynamodb import Change, ItemTable
from landfall.extract.records import slots
from landfall.extract.records.record import MAY_FOLLOW, UNDER_WAY, ExtractRecord, State, timestamp
from landfall.extract.records.slots import Slots
from landfall.settings import Settings

BY_CUSTOMER: Final = "by_customer"
BY_STATE: Final = "by_state"
CLAIM_HOURS: Final = 24
"""How long an idempotency key stands for the extract it was first used for."""

_POSITION: Final = ("requested_at", "extract_id")
"""What tells where a record stands in an index, beside the value that is looked for."""

_TRIES: Final = 10


class Table(slots.Table, Protocol):
    """What the store asks of `landfall.aws.dynamodb.ItemTable`."""

    def change(self, change: Change) -> bool: ...

    def page(
        self, *, equals: tuple[str, str], index: str, limit: int, after: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]: ...


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What an idempotency key stands for: the extract it made, and the digest of what was asked for."""

    extract_id: str
    request_digest: str
    claimed_at: str


class ExtractStore:
    """Records of extracts and claims of idempotency keys."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.slots = Slots(table)

    @classmethod
    def of(cls, settings: Settings) -> ExtractStore:
        """Return the store of a deployment."""
        return cls(ItemTable(name=settings.extract_table))

    def read(self, extract_id: str) -> ExtractRecord | None:
        """Return a record as it is now, None if there is none of that id."""
        item = self._table.read({"extract_id": extract_id})
        return ExtractRecord.from_item(item) if item and "customer_id" in item else None

    def create(self, record: ExtractRecord) -> bool:
        """Write a new record; False, with nothing done, if the id is in use."""
        values = {name: value for name, value in record.to_item().items() if name != "extract_id"}
        key = {"extract_id": record.extract_id}
        return self._table.change(Change(key=key, values=values, expected={"state": None}))

    def move(
        self, extract_id: str, state: State, *, seen: ExtractRecord | None = None, **values: Any
    ) -> tuple[bool, ExtractRecord | None]:
        """Bring a record to `state` with new `values`; return whether it is so now by this call, and the record.

        False with the record as it is when `state` may not follow what it is in, with None when there is none. `seen`
        is the record as the caller has just read it: unless it has changed since, it is not read again.
        """
        for attempt in range(_TRIES):
            record = seen if attempt == 0 and seen is not None else self.read(extract_id)
            if record is None or record.state not in MAY_FOLLOW[state]:
                return False, record
            # A run that is tried again ends anew, which is to be told anew.
            anew = {"told_at": None} if state in ("queued", "running") else {}
            now = timestamp(datetime.now(UTC))
            changed = {"cause": None, "swept_at": None, **anew, **values, "state": state, "changed_at": now}
            if self._change(record, changed):
                return True, replace(record, **changed)
        raise TimeoutError(f"the record of extract {extract_id} is changed by others all the time; try again")

    def mark(self, extract_id: str, **values: Any) -> None:
        """Set `values` of a record that is still under way; nothing happens to one that has ended."""
        record = self.read(extract_id)
        if record is not None and record.state in UNDER_WAY:
            self._change(record, values)

    def note(self, record: ExtractRecord, **values: Any) -> bool:
        """Set `values` of a record unless it has changed since it was read; tell whether they are set."""
        return self._change(record, values)

    def _change(self, record: ExtractRecord, values: Mapping[str, Any]) -> bool:
        expected = {"state": record.state, "changed_at": record.changed_at}
        return self._table.change(Change(key={"extract_id": record.extract_id}, values=values, expected=expected))

    def of_customer(self, customer_id: str, *, after: Sequence[str] | None = None) -> Iterator[ExtractRecord]:
        """Yield a customer's records, the newest first, from behind `after` (requested_at, extract_id) on.

        They are read page by page as they are consumed; the index may lag behind writes by moments.
        """
        return self._of("customer_id", customer_id, index=BY_CUSTOMER, after=after)

    def in_state(self, state: State, *, after: Sequence[str] | None = None) -> Iterator[ExtractRecord]:
        """Yield the records in `state`, as `of_customer` does a customer's."""
        return self._of("state", state, index=BY_STATE, after=after)

    def _of(self, name: str, value: str, *, index: str, after: Sequence[str] | None) -> Iterator[ExtractRecord]:
        key = {name: value, **dict(zip(_POSITION, after, strict=True))} if after else None
        while items := self._table.page(equals=(name, value), index=index, limit=100, after=key):
            yield from map(ExtractRecord.from_item, items)
            key = {name: value, **{each: items[-1][each] for each in _POSITION}}

    def unclaim(self, key_hash: str, claim: Claim) -> None:
        """Let an idempotency key stand for nothing again, if it still stands for `claim`."""
        key = {"extract_id": f"claim#{key_hash}"}
        # A claim of long ago may be taken over by the next who comes.
        self._table.change(Change(key=key, values={"claimed_at": ""}, expected={"claimed_at": claim.claimed_at}))

    def claim(self, key_hash: str, *, extract_id: str, request_digest: str, now: datetime) -> Claim:
        """Return what an idempotency key stands for: from now on `extract_id`, unless it was claimed within a day."""
        key = {"extract_id": f"claim#{key_hash}"}
        fresh = Claim(extract_id=extract_id, request_digest=request_digest, claimed_at=timestamp(now))
        values = {
            "claimed_extract_id": fresh.extract_id,
            "request_digest": fresh.request_digest,
            "claimed_at": fresh.claimed_at,
            "delete_after": int((now + timedelta(hours=2 * CLAIM_HOURS)).timestamp()),
        }
        for _ in range(_TRIES):
            item = self._table.read(key)
            if item is not None and item["claimed_at"] > timestamp(now - timedelta(hours=CLAIM_HOURS)):
                return Claim(
                    extract_id=item["claimed_extract_id"],
                    request_digest=item["request_digest"],
                    claimed_at=item["claimed_at"],
                )
            seen = item["claimed_at"] if item else None
            if self._table.change(Change(key=key, values=values, expected={"claimed_at": seen})):
                return fresh
        raise TimeoutError("the idempotency key is claimed by others all the time; try again")
