"""What the last audit of a group said, whether or not a version came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from landfall.quality.verdict import GateResult

LAST_GATE: Final = "last_gate"
"""Sort key of the item in the table of publications."""

Verdict = Literal["passed", "held", "stopped"]


@dataclass(frozen=True, kw_only=True)
class LastGate:
    """The newest candidate of a group: what its gate said of it, which relations broke it, and which run asked."""

    group: str
    verdict: Verdict
    broken: tuple[str, ...]
    run_id: str
    at: datetime

    @classmethod
    def of(cls, result: GateResult, *, group: str, run_id: str, at: datetime) -> LastGate:
        """Return what `result` says of the candidate of `group`."""
        verdict: Verdict = "stopped" if result.failed else "held" if result.held else "passed"
        return cls(group=group, verdict=verdict, broken=result.broken_relations, run_id=run_id, at=at)

    def turned_down(self, published_at: datetime) -> bool:
        """Tell whether a candidate newer than the version of `published_at` did not pass."""
        return self.verdict != "passed" and self.at > published_at

    def to_item(self) -> dict[str, Any]:
        """Return the DynamoDB item (plain values)."""
        return {
            "group": self.group,
            "version": LAST_GATE,
            "verdict": self.verdict,
            "broken": list(self.broken),
            "run_id": self.run_id,
            "at": self.at.isoformat(),
        }

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> LastGate:
        """Read an item that `to_item` made."""
        return cls(
            group=item["group"],
            verdict=item["verdict"],
            broken=tuple(item["broken"]),
            run_id=item["run_id"],
            at=datetime.fromisoformat(item["at"]),
        )
