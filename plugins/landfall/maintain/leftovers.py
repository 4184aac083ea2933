"""What nobody will ever clear away: scratch tables of loads that died, and tables that a rebuild replaced long ago.

A load drops its scratch table itself, and whoever takes over its objects drops that of the load before. But a CREATE
that is in flight when its load is taken over may make the table afterwards, and then nobody knows of it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from landfall.aws import glue, s3
from landfall.aws.dynamodb import ItemTable
from landfall.ingest.ledger import Ledger
from landfall.maintain.lake_tables import REBUILD_MARK, metadata_location
from landfall.maintain.policy import Policy

logger = logging.getLogger(__name__)

SCRATCH = "scratch"
_BATCH_TABLE = re.compile(r"(?P<stream>.+)_(?P<batch_id>[0-9a-f]{32})")
_REPLAY_ITEM = "#replay"


@dataclass(kw_only=True)
class LeftoverReport:
    """What was removed, or would be: names of tables, folders without a table, and the objects and bytes in both."""

    dry_run: bool
    tables: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    objects: int = 0
    bytes: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return asdict(self)


class Leftovers:
    """Finds and removes leftovers in one lake."""

    def __init__(self, *, items: ItemTable, lake_bucket: str, policy: Policy, clock: Callable[[], float]) -> None:
        self._items = items
        self._bucket = lake_bucket
        self._policy = policy
        self._clock = clock

    def run(self, *, dry_run: bool) -> LeftoverReport:
        """Remove scratch tables and folders a day old that no open claim names, and tables replaced a week ago."""
        report = LeftoverReport(dry_run=dry_run)
        for table in self._scratch_tables():
            self._remove_table(SCRATCH, table, report)
        for folder in self._scratch_folders():
            report.folders.append(folder)
            self._remove_files(folder, report)
        for database in ("raw", "quarantine"):
            for table in self._replaced_tables(database):
                self._remove_table(database, table, report)
        logger.info("leftovers: %s", report.as_dict())
        return report

    def _scratch_tables(self) -> list[dict[str, Any]]:
        return [
            table
            for table in glue.list_tables(database=SCRATCH)
            if self._age(table["CreateTime"]) > self._policy.scratch_seconds and not self._is_in_use(table["Name"])
        ]

    def _scratch_folders(self) -> list[str]:
        """Return the prefixes that hold files of no table: a CREATE that failed leaves what it had written."""
        named = {self._folder_of(table) for table in glue.list_tables(database=SCRATCH)}
        found = s3.list_folders(bucket=self._bucket, prefix=f"{SCRATCH}/")
        return [
            prefix
            for prefix in found
            if prefix not in named and not self._is_in_use(prefix.split("/")[1]) and self._is_old(prefix)
        ]

    def _is_old(self, prefix: str) -> bool:
        newest = max(stored.modified_at for stored in s3.list_objects(bucket=self._bucket, prefix=prefix))
        return self._age(newest) > self._policy.scratch_seconds

    def _is_in_use(self, name: str) -> bool:
        """Whether a batch that the ledger holds open, a load's or a replay's, has this scratch table."""
        match = _BATCH_TABLE.fullmatch(name)
        return match is not None and match["batch_id"] in self._open_batches(match["stream"])

    def _open_batches(self, stream: str) -> set[str]:
        ledger = Ledger(items=self._items, stream=stream, owner="", clock=self._clock)
        replay = self._items.read({"stream": stream, "object_key": _REPLAY_ITEM}) or {}
        return {*ledger.open_batches(), *([replay["batch_id"]] if replay.get("batch_id") else [])}

    def _replaced_tables(self, database: str) -> Iterator[dict[str, Any]]:
        """Tables that a rebuild made or replaced, long after: nobody has swapped back, and a rebuild begins afresh."""
        for table in glue.list_tables(database=database):
            is_old = self._age(table["CreateTime"]) > self._policy.replaced_seconds
            if REBUILD_MARK in table["Name"] and is_old:
                yield table

    def _remove_table(self, database: str, table: dict[str, Any], report: LeftoverReport) -> None:
        report.tables.append(f"{database}.{table['Name']}")
        if not report.dry_run:
            glue.delete_table(database=database, table=table["Name"])
        folder = self._folder_of(table)
        # A pointer may have moved: files below a table that lives elsewhere in the catalog are not this one's.
        if folder is not None and folder not in self._live_folders(database, but=table["Name"]):
            self._remove_files(folder, report)

    def _live_folders(self, database: str, *, but: str) -> set[str | None]:
        return {self._folder_of(found) for found in glue.list_tables(database=database) if found["Name"] != but}

    def _folder_of(self, table: dict[str, Any]) -> str | None:
        """Return the prefix of an Iceberg table's files in the lake, None if they are anywhere else."""
        location = metadata_location(table)
        if location is None:
            return None
        bucket, key = s3.split_uri(location)
        prefix = key.split("/metadata/")[0] + "/"
        return prefix if bucket == self._bucket and prefix.count("/") > 1 else None

    def _remove_files(self, folder: str, report: LeftoverReport) -> None:
        for stored in s3.list_objects(bucket=self._bucket, prefix=folder):
            report.objects += 1
            report.bytes += stored.bytes
        if not report.dry_run:
            s3.delete_prefix(bucket=self._bucket, prefix=folder)

    def _age(self, when: datetime) -> float:
        return self._clock() - when.astimezone(UTC).timestamp()
