"""Who may run now: sets of extract ids in the table of extracts, which DynamoDB never lets grow beyond their limit.

`slots#<customer_id>`            extracts of a customer that run
`under_way#<customer_id>`        extracts of a customer that run or wait
`asked#<customer_id>#<day>`      extracts of a customer that were asked for on a day (UTC)
`slots#large`                    large extracts that run, whosever they are

An id is added by one conditional write, which is the same when done again, and taken out when its extract ends. What
died before it could is taken out by who finds the set full.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from landfall.contracts.limits import Limits, load_limits
from landfall.errors import NoSlotError, QuotaError
from landfall.extract.records.record import UNDER_WAY

LARGE: Final = "large"
_SOON_SECONDS: Final = 30
"""What a customer with too many extracts under way is asked to wait: one or the other is done by then."""


class Table(Protocol):
    """What the slots ask of `landfall.aws.dynamodb.ItemTable`."""

    def read(self, key: Mapping[str, str]) -> dict[str, Any] | None: ...

    def join(self, key: Mapping[str, str], member: str, *, most: int, values: Mapping[str, Any]) -> bool: ...

    def leave(self, key: Mapping[str, str], members: Collection[str]) -> None: ...


@dataclass(frozen=True)
class Slots:
    """The sets of one deployment."""

    table: Table
    limits: Limits = field(default_factory=load_limits)

    def ask(self, customer_id: str, extract_id: str, *, asked_at: datetime) -> None:
        """Count an extract that is asked for; done again it counts once.

        Raises QuotaError, with the time after which there is room again, for one more than the customer may have.
        """
        limits = self.limits.of(customer_id)
        day = asked_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        today = {"extract_id": f"asked#{customer_id}#{day:%Y-%m-%d}"}
        over = {"delete_after": int((day + timedelta(days=3)).timestamp())}
        if not self.table.join(today, extract_id, most=limits.per_day, values=over):
            seconds = int((day + timedelta(days=1) - asked_at).total_seconds()) + 1
            words = f"{limits.per_day} extracts a day (UTC) are taken; ask again tomorrow"
            raise QuotaError(f"customer_id: {words}", retry_after=max(1, seconds))
        if not self._join(f"under_way#{customer_id}", extract_id, most=limits.under_way):
            # It was not asked for after all.
            self.table.leave(today, {extract_id})
            words = f"{limits.under_way} extracts are under way; ask again when some of them are done"
            raise QuotaError(f"customer_id: {words}", retry_after=_SOON_SECONDS)

    def take(self, slot: str, extract_id: str) -> bool:
        """Give an extract a slot (LARGE, or its customer's by the id), False if all of them are taken."""
        most = self.limits.large_at_once if slot == LARGE else self.limits.of(slot).at_once
        return self._join(f"slots#{slot}", extract_id, most=most)

    def take_if_large(self, extract_id: str, *, rows: int) -> None:
        """Take a slot for an extract whose rows make it a large one. Raises NoSlotError while there is none."""
        if rows > self.limits.large_rows and not self.take(LARGE, extract_id):
            raise NoSlotError(LARGE)

    def give_back(self, customer_id: str, extract_id: str) -> None:
        """Take an extract that has ended out of every set but those of days."""
        for name in (f"slots#{customer_id}", f"slots#{LARGE}", f"under_way#{customer_id}"):
            self.table.leave({"extract_id": name}, {extract_id})

    def _join(self, name: str, extract_id: str, *, most: int) -> bool:
        key = {"extract_id": name}
        if self.table.join(key, extract_id, most=most, values={}):
            return True
        ended = self._ended(key)
        if not ended:
            return False
        self.table.leave(key, ended)
        return self.table.join(key, extract_id, most=most, values={})

    def _ended(self, key: Mapping[str, str]) -> set[str]:
        """Return the members of a set that are not under way any more, or never were."""
        members = (self.table.read(key) or {}).get("members", ())
        states = {member: (self.table.read({"extract_id": member}) or {}).get("state") for member in members}
        return {member for member, state in states.items() if state not in UNDER_WAY}
