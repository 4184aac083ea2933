"""Overrides: a human lets checks of one gate that hold a publication pass, for a reason and until a time.

They are lines of JSON in the ops bucket, one object a decision, which the table `ops.gate_overrides` reads. Nothing
else may be overridden: a check that stops stays broken, and what Great Expectations found is never changed.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from landfall.aws import s3
from landfall.errors import GateFailed, RequestError
from landfall.quality.data_docs import safe_key

PREFIX = "gates/overrides"
"""Where overrides lie in the ops bucket: gates/overrides/<gate>/<dag_id>/<run_id>/<decided at>.json."""


@dataclass(frozen=True, kw_only=True)
class Override:
    """One check of a gate that a human lets pass: who decided, why, in which run, and until when (UTC)."""

    gate: str
    relation: str
    expectation: str
    decided_by: str
    reason: str
    decided_at: datetime
    valid_until: datetime
    dag_id: str
    run_id: str

    def to_row(self) -> dict[str, Any]:
        """Return the row of `ops.gate_overrides`."""
        times = {"decided_at": sql_time(self.decided_at), "valid_until": sql_time(self.valid_until)}
        return asdict(self) | times

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Override:
        """Read what `to_row` returned."""
        times = {name: datetime.fromisoformat(row[name]).replace(tzinfo=UTC) for name in ("decided_at", "valid_until")}
        return cls(**{**row, **times})


Overrides = Mapping[tuple[str, str], Override]
"""(relation, expectation) -> the override that holds longest."""


def record_overrides(overrides: Collection[Override], *, bucket: str) -> None:
    """Write the overrides of one decision in one object; the same decision written again changes nothing.

    Raises RequestError if there is no reason, no name, or no time left in one of them.
    """
    for override in overrides:
        _refuse_incomplete(override)
    first = next(iter(overrides))
    decision = f"{first.decided_at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}.json"
    key = safe_key(PREFIX, first.gate, first.dag_id, first.run_id, decision)
    body = "".join(json.dumps(override.to_row()) + "\n" for override in overrides).encode()
    s3.write_object(bucket=bucket, key=key, body=body, content_type="application/json")


def overrides_of(gate: str, *, bucket: str, at: datetime) -> Overrides:
    """Return the overrides of `gate` that hold `at` that time."""
    prefix = f"{safe_key(PREFIX, gate)}/"
    return valid_overrides(
        (
            Override.from_row(json.loads(line))
            for found in s3.list_objects(bucket=bucket, prefix=prefix)
            for line in s3.read_object(bucket=bucket, key=found.key).splitlines()
        ),
        gate=gate,
        at=at,
    )


def let_through(result: str, held: Iterable[Mapping[str, Any]], *, gate: str, bucket: str, at: datetime) -> str:
    """Return the gate's `result` in words with who lets each of the `held` checks pass at that time.

    Raises GateFailed for one that nobody lets pass.
    """
    held = list(held)
    overrides = overrides_of(gate, bucket=bucket, at=at) if held else {}
    words = [result]
    for check in held:
        override = overrides.get((check["relation"], check["check"]))
        if override is None:
            raise GateFailed(f"gate {gate}: {check['relation']}: {check['check']} holds, and no override is in force")
        words.append(f"overridden: {override.relation}: {override.expectation}, by {override.decided_by}")
    return "; ".join(words)


def valid_overrides(overrides: Iterable[Override], *, gate: str, at: datetime) -> Overrides:
    """Return those of `overrides` that are of `gate` and hold `at` that time, the longest of each check."""
    held = (override for override in overrides if override.gate == gate and override.valid_until > at)
    ordered = sorted(held, key=lambda override: override.valid_until)
    return {(override.relation, override.expectation): override for override in ordered}


def sql_time(moment: datetime) -> str:
    """Return `moment` in UTC as Athena's JSON SerDes read a timestamp: without a zone, to the millisecond."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="milliseconds")


def _refuse_incomplete(override: Override) -> None:
    if not override.decided_by or not override.reason.strip():
        raise RequestError(f"an override of {override.expectation} needs the name of a person and a reason: ask again")
    if override.valid_until <= override.decided_at:
        raise RequestError(f"an override of {override.expectation} ends before it begins: give it hours")
