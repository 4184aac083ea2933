"""The tasks of maintain_lake: the pieces of this package put together with what the environment says."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from landfall.aws.athena import Athena
from landfall.aws.dynamodb import ItemTable
from landfall.errors import RequestError
from landfall.ingest.ledger import Ledger
from landfall.maintain.lake_tables import OF_STREAMS, maintained_tables
from landfall.maintain.leftovers import Leftovers
from landfall.maintain.policy import Policy
from landfall.maintain.table import TableMaintenance
from landfall.maintain.upkeep_statements import Upkeep
from landfall.settings import Settings


def list_tables(params: Mapping[str, Any]) -> list[str]:
    """Return the tables to maintain: those the form names, or all. Raises RequestError for one that is none."""
    found = maintained_tables()
    asked = params["tables"] or found
    if unknown := sorted(set(asked) - set(found)):
        raise RequestError(f"tables: {', '.join(unknown)} cannot be maintained; there are {', '.join(found)}")
    return sorted(set(asked))


def maintain_table(table: str, *, params: Mapping[str, Any], models_are_built: Callable[[], bool]) -> dict[str, Any]:
    """Maintain one table and return the report's values; `models_are_built` says whether the transform is running."""
    settings = Settings.from_environment()
    upkeep = Upkeep(
        engine=Athena(settings=settings),
        busy=lambda: _writer_of(table, settings=settings, models_are_built=models_are_built),
    )
    maintenance = TableMaintenance(table=table, policy=Policy.from_params(params), upkeep=upkeep, clock=time.time)
    return maintenance.run(dry_run=bool(params["dry_run"])).as_dict()


def remove_leftovers(*, params: Mapping[str, Any]) -> dict[str, Any]:
    """Remove what dead loads and old rebuilds left and return the report's values."""
    settings = Settings.from_environment()
    leftovers = Leftovers(
        items=ItemTable(name=settings.ledger_table),
        lake_bucket=settings.lake_bucket,
        policy=Policy.from_params(params),
        clock=time.time,
    )
    return leftovers.run(dry_run=bool(params["dry_run"])).as_dict()


def summarize(tables: Sequence[Mapping[str, Any]], leftovers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sums over all tables that were maintained."""
    after = [report["after"] or report["before"] for report in tables]
    return {
        "tables": len(tables),
        "yielded": sorted(report["table"] for report in tables if report["yielded_to"]),
        "data_files_before": sum(report["before"]["data_files"] for report in tables),
        "data_files_after": sum(size["data_files"] for size in after),
        "stored_bytes_before": sum(report["before"]["stored_bytes"] for report in tables),
        "stored_bytes_after": sum(size["stored_bytes"] for size in after),
        "expired_snapshots": sum(report["expired_snapshots"] for report in tables),
        "leftover_tables": len(leftovers["tables"]),
        "scanned_bytes": sum(report["scanned_bytes"] for report in tables),
        "cost_usd": round(sum(report["cost_usd"] for report in tables), 6),
    }


def _writer_of(table: str, *, settings: Settings, models_are_built: Callable[[], bool]) -> str | None:
    """Return who writes the table at this moment, None if nobody does."""
    database, _, name = table.partition(".")
    if database not in OF_STREAMS:
        return "transform_lake is running" if models_are_built() else None
    items = ItemTable(name=settings.ledger_table)
    claimed = Ledger(items=items, stream=name, owner="", clock=time.time).leased()
    return f"{claimed} objects of {name} are being loaded" if claimed else None
