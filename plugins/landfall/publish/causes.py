"""Which runs asked for a publication."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def causes_of(extras: Iterable[Mapping[str, Any]], *, run_id: str) -> list[str]:
    """Return the distinct run ids under `causes` in the extras of asset events; `run_id` itself if there are none."""
    found = [str(cause) for extra in extras for cause in extra.get("causes", ())]
    return list(dict.fromkeys(found)) or [run_id]


def publishing_run(run_id: str) -> str:
    """Return the id of the run of transform_lake that publishes what the backfill `run_id` has built."""
    return f"backfill__{run_id}"
