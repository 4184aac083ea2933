"""What the record knows of days that were built anew: from which lake version on the warehouse has to follow."""

from __future__ import annotations

from typing import Final

from landfall.aws.publications import PublicationTable
from landfall.publish.groups import LAKE, WAREHOUSE
from landfall.publish.record import CURRENT

BACKFILLED: Final = "backfilled"
"""Sort key of the item whose `number` is the lake version that was current when days were last built anew."""


def note_built(table: PublicationTable) -> None:
    """Record that days of the lake are built anew, which its current version does not hold."""
    current = table.get(LAKE, CURRENT)
    table.put({"group": LAKE, "version": BACKFILLED, "number": current["number"] if current else 0})


def must_follow(table: PublicationTable, *, lake_version: int) -> bool:
    """Tell whether `lake_version` has days built anew that the warehouse was not built from yet.

    Its models take in rows by when they were loaded, so it would miss what changed in old days.
    """
    noted, warehouse = table.get(LAKE, BACKFILLED), table.get(WAREHOUSE, CURRENT)
    seen = int(noted["number"]) if noted else -1
    built_from = int(warehouse["built_from"] or 0) if warehouse else 0
    return built_from <= seen < lake_version
