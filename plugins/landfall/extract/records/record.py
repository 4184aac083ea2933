"""One extract as the table of extracts holds it: who asked for what, how it stands, and what came of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Literal, cast, get_args

State = Literal["queued", "running", "done", "failed", "cancelled", "held", "expired", "deleted"]
"""`held`: a gate found the files or the data unfit. `expired` and `deleted`: the files are gone, the record stays."""

RunState = Literal["queued", "running", "failed", "success", "unknown"]
"""How Airflow has the run of an extract; `unknown`: it has none."""

ENDED_WITHOUT_A_WORD = "the run ended and did not say why; staff find it in Airflow"
"""Cause of an extract whose run has ended and left the record as it was."""

STATES: tuple[State, ...] = get_args(State)

GONE: frozenset[State] = frozenset({"expired", "deleted"})
UNDER_WAY: frozenset[State] = frozenset({"queued", "running"})

MAY_FOLLOW: Mapping[State, frozenset[State]] = {
    # A run that failed or was held back may be tried again by staff; one that was cancelled may not.
    "queued": frozenset({"failed", "held"}),
    "running": frozenset({"queued", "running", "failed", "held"}),
    "done": frozenset({"running"}),
    "failed": frozenset({"queued", "running"}),
    "held": frozenset({"queued", "running"}),
    "cancelled": frozenset({"queued", "running"}),
    "expired": frozenset({"done"}),
    "deleted": frozenset({"done", "failed", "held", "cancelled", "expired"}),
}
"""State -> the states it may follow."""

_NUMBERS = ("version", "rows", "bytes", "files")
_CAUSE_CHARACTERS = 500


@dataclass(frozen=True, kw_only=True)
class ExtractRecord:
    """One extract. Times are UTC in ISO 8601; `request` is the JSON text of the parsed request, without its id.

    `conf` is what the run is started with, as JSON text. `requested_by` is `key:<key id>` or `staff:<user>`.
    `pii`: whether personal data leaves unmasked.
    `triggered`: whether Airflow is known to have the run. `step` says in words how far a running extract is.
    `certified_at`: when an extract that is to be delivered to the customer's own bucket was certified: should that
    fail, its files are kept for another try. `delivered_to`: where it was delivered (s3://).
    `told_at`: when the topic of extracts took the event of its end.
    `statement`: `<engine>:<id>` of a statement that outlived its task's wait. `swept_at`: when what an extract that has
    ended may have left was removed. `notice` tells what a done extract is not: of the newest data.
    """

    extract_id: str
    customer_id: str
    product: str
    request: str
    requested_by: str
    requested_at: str
    changed_at: str
    state: State
    run_id: str
    pii: bool
    conf: str | None = None
    idempotency_hash: str | None = None
    triggered: bool = False
    cause: str | None = None
    step: str | None = None
    version: int | None = None
    rows: int | None = None
    bytes: int | None = None
    files: int | None = None
    expires_at: str | None = None
    told_at: str | None = None
    statement: str | None = None
    swept_at: str | None = None
    notice: str | None = None
    certified_at: str | None = None
    delivered_to: str | None = None

    @property
    def is_kept(self) -> bool:
        """Whether the extract's certified files are kept though it has not ended well: its delivery is tried again."""
        return self.state == "failed" and self.certified_at is not None

    def as_seen_at(self, now: datetime) -> ExtractRecord:
        """Return the record with the state it has at `now`: a finished one whose time is over is expired."""
        if self.state != "done" or self.expires_at is None or now < datetime.fromisoformat(self.expires_at):
            return self
        cause = f"the extract expired at {self.expires_at}"
        return ExtractRecord(**{**asdict(self), "state": "expired", "cause": cause})

    def to_item(self) -> dict[str, Any]:
        """Return the item of DynamoDB; what is not known is absent."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> ExtractRecord:
        """Return the record of an item."""
        known = {field.name: item[field.name] for field in fields(cls) if field.name in item}
        counted = {name: int(known[name]) for name in _NUMBERS if name in known}
        return cls(**{**known, **counted, "state": cast("State", item["state"])})


def request_text(request: Mapping[str, Any]) -> str:
    """Return a parsed request's JSON values as one canonical text, without the id of its extract."""
    return json.dumps({name: value for name, value in request.items() if name != "extract_id"}, sort_keys=True)


def digest(*parts: str) -> str:
    """Return the SHA-256 (hex) of `parts`, each with its length, so that no two lists of parts meet."""
    found = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        found.update(len(encoded).to_bytes(8) + encoded)
    return found.hexdigest()


def timestamp(moment: datetime) -> str:
    """Return `moment` as the table writes it: UTC to the microsecond, of one length, so that text sorts as time."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def cause_in_words(error: BaseException | str) -> str:
    """Return why an extract ended, short enough for an item."""
    text = error if isinstance(error, str) else (str(error) or type(error).__name__)
    return text[:_CAUSE_CHARACTERS]
