"""What a load did, as counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from landfall.errors import ConservationError
from landfall.ingest.claims import Claim, Outcome


@dataclass(kw_only=True)
class LoadReport:
    """The sum over the batches of one run.

    `failed` names the objects that could not be read, `over_limit` says how far batches passed the contract's limit.
    """

    stream: str
    contract_version: str
    objects: int = 0
    bytes: int = 0
    records: int = 0
    loaded: int = 0
    duplicates: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    batch_ids: list[str] = field(default_factory=list)
    days: set[date] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)
    over_limit: list[str] = field(default_factory=list)
    raw_snapshot_id: int | None = None
    scanned_bytes: int = 0

    def add(self, outcomes: Mapping[Claim, Outcome], *, batch_id: str, days: Iterable[date]) -> None:
        """Add a batch whose objects were closed."""
        self.batch_ids.append(batch_id)
        self.days.update(days)
        for claim, outcome in outcomes.items():
            self.objects += 1
            self.bytes += claim.landed.bytes
            self.records += outcome.records
            self.loaded += outcome.loaded
            self.duplicates += outcome.duplicates
            self.quarantined.update(outcome.quarantined)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON values, for XCom and the asset event."""
        return {
            "stream": self.stream,
            "contract_version": self.contract_version,
            "objects": self.objects,
            "bytes": self.bytes,
            "records": self.records,
            "loaded": self.loaded,
            "duplicates": self.duplicates,
            "quarantined": dict(sorted(self.quarantined.items())),
            "batch_ids": self.batch_ids,
            "first_day": min(self.days).isoformat() if self.days else None,
            "last_day": max(self.days).isoformat() if self.days else None,
            "failed": self.failed,
            "over_limit": self.over_limit,
            # Text, for a snapshot id is beyond the integers that JSON readers keep exactly.
            "raw_snapshot_id": None if self.raw_snapshot_id is None else str(self.raw_snapshot_id),
            "scanned_bytes": self.scanned_bytes,
        }


def outcomes_of(
    claims: Iterable[Claim], rows: Iterable[tuple[str | None, ...]], *, bucket: str
) -> dict[Claim, Outcome]:
    """Return each object's outcome from the rows of count_outcomes; an object without rows held no record.

    Raises ConservationError that names the first object whose records do not add up.
    """
    counts: dict[str, Counter[tuple[str, str]]] = {}
    for source_object, kind, reason, records in rows:
        counts.setdefault(str(source_object), Counter())[str(kind), reason or ""] += int(records or 0)
    outcomes: dict[Claim, Outcome] = {}
    for claim in claims:
        uri = f"s3://{bucket}/{claim.landed.key}"
        found = counts.pop(uri, Counter())
        outcomes[claim] = outcome = Outcome(
            records=found["records", ""],
            loaded=found["loaded", ""],
            duplicates=found["duplicate", ""],
            quarantined={why: n for (name, why), n in sorted(found.items()) if name == "quarantined"},
        )
        if not outcome.adds_up:
            raise ConservationError(
                f"{uri}: {outcome.records} records are not {outcome.loaded} loaded + {outcome.duplicates} duplicates + "
                f"{dict(outcome.quarantined)} quarantined; the object stays open: look for its rows in both tables"
            )
    if counts:
        raise ConservationError(f"records of objects that are not in the batch: {', '.join(sorted(counts))}")
    return outcomes
