"""What of a candidate its gate has to look at: all rows once a week, in other nights the days that may have changed."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from landfall.aws.athena import Athena
from landfall.aws.publications import PublicationTable
from landfall.publish.changed_days import Pair, UnknownDaysError, audited_days, changed_days, loaded_days
from landfall.publish.groups import DAY_COLUMNS, LAKE, RAW_DAYS, WAREHOUSE
from landfall.publish.publication import PublicationStore
from landfall.publish.record import Candidate, Publication
from landfall.publish.warehouse_rows import WarehouseRows
from landfall.quality.audited_days import AuditedDays
from landfall.settings import Settings

logger = logging.getLogger(__name__)

WHOLE_EVERY: Final = timedelta(days=7)
"""All rows are audited again when they were not for so long: for a key that comes twice, a year apart, and for rows
that somebody changed by hand in raw."""

LINE_LIFE: Final = timedelta(days=30)
"""How long before its event of today an order line was placed, as a rule: `order_life_days` in dbt_project.yml."""

_AUDITED_WHOLE: Final = "audited-whole"
"""Sort key of the item that says when all rows of a group's published version were audited last."""


def scope(
    settings: Settings, store: PublicationStore, candidate: Candidate, *, at: datetime, rows: WarehouseRows
) -> AuditedDays | None:
    """Return the days on which `candidate` has to be audited, None for all rows.

    All rows are, if nothing was published yet, if that was audited whole too long ago, or if it cannot be told on which
    days the candidate differs from it. `rows` are those of the warehouse.
    """
    group = candidate.group
    base = store.current(group)
    if base is None or base.version != candidate.base_version or _is_due(settings, group, at=at):
        return None
    try:
        if group == WAREHOUSE:
            return warehouse_scope(settings, store, base, candidate, at=at, rows=rows)
        return lake_scope(settings, base, candidate, at=at)
    except UnknownDaysError as error:
        logger.warning("all rows are audited: %s", error)
        return None


def lake_scope(settings: Settings, base: Publication, candidate: Candidate, *, at: datetime) -> AuditedDays:
    """Return the days on which `candidate` may differ from the published lake `base`, or raise UnknownDaysError."""
    athena = Athena(settings=settings)
    pairs = {
        each.table: (each, base.datasets[name])
        for name, each in candidate.datasets.items()
        if name in base.datasets and each.table in DAY_COLUMNS
    }
    more = loaded_days(athena, RAW_DAYS, published_at=base.published_at)
    return audited_days(changed_days(athena, pairs), more, at=at)


def warehouse_scope(
    settings: Settings,
    store: PublicationStore,
    base: Publication,
    candidate: Candidate,
    *,
    at: datetime,
    rows: WarehouseRows,
) -> AuditedDays:
    """Return the days on which `candidate` may differ from the published warehouse `base`, or raise UnknownDaysError.

    They are those on which its lake differs from the one that `base` was built from, and those of the rows that its
    publication would carry.
    """
    before, after = (store.version(LAKE, found.built_from or 0) for found in (base, candidate))
    pairs = _lake_pairs(before, after)
    columns = {name: DAY_COLUMNS[each.table] for name, each in candidate.datasets.items() if each.table in DAY_COLUMNS}
    return audited_days(changed_days(Athena(settings=settings), pairs), rows.days_to_carry(columns), at=at)


def days_to_test(settings: Settings, store: PublicationStore, group: str, *, at: datetime) -> AuditedDays | None:
    """Return the days whose rows dbt has to test after it has built `group`, None for all.

    They are told before the build, by what it takes in: rows that were loaded since the last publication, with the days
    on which the order lines that they change may have been placed; for the warehouse, what differs in the lake.
    """
    base = store.current(group)
    if base is None or _is_due(settings, group, at=at):
        return None
    athena = Athena(settings=settings)
    if group == LAKE:
        loaded = loaded_days(athena, RAW_DAYS, published_at=base.published_at)
        return audited_days({}, [(first - LINE_LIFE, after) for first, after in loaded], at=at)
    lake = store.current(LAKE)
    try:
        pairs = _lake_pairs(store.version(LAKE, base.built_from or 0), lake) if lake else {}
        return audited_days(changed_days(athena, pairs), (), at=at)
    except UnknownDaysError as error:
        logger.warning("all rows are tested: %s", error)
        return None


def note_audited(settings: Settings, group: str, *, at: str) -> None:
    """Record that all rows of the published version were audited at a time (ISO, UTC)."""
    table = PublicationTable(name=settings.publication_table)
    table.put({"group": group, "version": _AUDITED_WHOLE, "at": at})


def _lake_pairs(before: Publication, after: Publication) -> dict[str, Pair]:
    """Return the datasets of both versions of the lake that have days, as suites call them: after and before."""
    return {
        f"lake.{name}": (after.datasets[name], then)
        for name, then in before.datasets.items()
        if name in after.datasets and f"lake.{name}" in DAY_COLUMNS
    }


def _is_due(settings: Settings, group: str, *, at: datetime) -> bool:
    found: Mapping[str, str] | None = PublicationTable(name=settings.publication_table).get(group, _AUDITED_WHOLE)
    return found is None or datetime.fromisoformat(found["at"]) <= at - WHOLE_EVERY
