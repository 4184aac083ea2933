"""What of landing the night has not loaded, by a listing and the ledger."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from landfall.aws.dynamodb import ItemTable
from landfall.ingest.claims import Entry, State
from landfall.ingest.ledger import Ledger
from landfall.ingest.tasks import discover_objects
from landfall.settings import Settings

logger = logging.getLogger(__name__)


def reconcile(streams: Sequence[str], *, run_id: str, began_at: datetime) -> dict[str, dict[str, int]]:
    """Compare landing with the ledger once more and return what is not loaded, by stream.

    `left` landed before the night `began_at` and is claimed by another run or was never announced: it is loaded by the
    next run; `since` landed later; `failed` cannot be read. An object counts once.
    """
    settings = Settings.from_environment()
    items = ItemTable(name=settings.ledger_table)
    found: dict[str, dict[str, int]] = {}
    for stream in streams:
        discover_objects(stream=stream, run_id=run_id)
        ledger = Ledger(items=items, stream=stream, owner=run_id, clock=time.time)
        found[stream] = count_unloaded(ledger.unloaded(), began_at=began_at)
        if found[stream]["left"] or found[stream]["failed"]:
            logger.warning("stream=%s is not drained: %s", stream, found[stream])
    return found


def count_unloaded(entries: Iterable[Entry], *, began_at: datetime) -> dict[str, int]:
    """Return how many entries are `left`, landed `since`, or `failed`."""
    counts = Counter(_fate(entry, began_at) for entry in entries)
    return {fate: counts[fate] for fate in ("left", "since", "failed")}


def _fate(entry: Entry, began_at: datetime) -> str:
    if entry.state is State.FAILED:
        return "failed"
    return "left" if entry.landed.landed_at < began_at else "since"


def left_in_words(unloaded: dict[str, Any]) -> str:
    """Return one line for the report: what is left of which stream."""
    parts = [
        f"{stream} {', '.join(f'{count} {fate}' for fate, count in counts.items() if count)}"
        for stream, counts in sorted(unloaded.items())
        if any(counts.values())
    ]
    return "; ".join(parts) or "nothing"
