"""What the record knows of backfills: how far each is, and from which lake version on the warehouse has to follow."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from landfall.aws.publications import PublicationTable
from landfall.publish.groups import LAKE, WAREHOUSE
from landfall.publish.record import CURRENT

BACKFILLED: Final = "backfilled"
"""Sort key of the item whose `number` is the lake version that was current when days were last built anew."""


def note_built(table: PublicationTable, *, run_id: str, chunk: Mapping[str, Any], at: datetime) -> int:
    """Record that a chunk (`number`, `of`, `first`, `after`) of the backfill `run_id` is built; return how many are.

    Tasks of one backfill end one after the other, and writing one down twice changes nothing.
    """
    current = table.get(LAKE, CURRENT)
    table.put({"group": LAKE, "version": BACKFILLED, "number": current["number"] if current else 0})
    key = f"backfill#{run_id}"
    known = table.get(LAKE, key)
    done = sorted({*(int(number) for number in (known["done"] if known else ())), chunk["number"]})
    words = {"done": done, "of": chunk["of"], "built_until": chunk["after"], "at": at.isoformat(timespec="seconds")}
    table.put({"group": LAKE, "version": key, **words})
    return len(done)


def must_follow(table: PublicationTable, *, lake_version: int) -> bool:
    """Tell whether `lake_version` has days built anew that the warehouse was not built from yet.

    Its models take in rows by when they were loaded, so it would miss what changed in old days.
    """
    noted, warehouse = table.get(LAKE, BACKFILLED), table.get(WAREHOUSE, CURRENT)
    seen = int(noted["number"]) if noted else -1
    built_from = int(warehouse["built_from"] or 0) if warehouse else 0
    return built_from <= seen < lake_version
