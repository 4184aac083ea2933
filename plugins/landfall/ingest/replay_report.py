"""What a replay did, or would do, as counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from landfall.ingest.replay_statements import LOADED

Outcomes = Counter[tuple[str, str | None, str | None]]
"""Records by outcome, the reason a record is still broken for, and its field."""


@dataclass(kw_only=True)
class ReplayReport:
    """What a replay did, or would do."""

    stream: str
    contract_version: str
    correction: str | None
    records: int = 0
    outcomes: Outcomes = field(default_factory=Counter)
    batch_ids: list[str] = field(default_factory=list)
    days: set[date] = field(default_factory=set)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON values, for XCom and the asset event; the names are those of a load's report."""
        return {
            "stream": self.stream,
            "contract_version": self.contract_version,
            "correction": self.correction,
            "records": self.records,
            "loaded": sum(count for (outcome, _, _), count in self.outcomes.items() if outcome == LOADED),
            "outcomes": [
                {"outcome": outcome, "reason": reason, "field": name, "records": count}
                for (outcome, reason, name), count in sorted(self.outcomes.items(), key=str)
            ],
            "batch_ids": self.batch_ids,
            "first_day": min(self.days).isoformat() if self.days else None,
            "last_day": max(self.days).isoformat() if self.days else None,
        }


def outcomes_in(rows: Sequence[tuple[str | None, ...]]) -> Outcomes:
    """Add up rows (outcome, reason, field, records)."""
    found: Outcomes = Counter()
    for outcome, reason, name, count in rows:
        found[str(outcome), reason, name] += int(count or 0)
    return found
