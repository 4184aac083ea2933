"""Maintain one table: look at its metadata, compact what needs it, expire what nobody reads, look again."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from sqlglot import exp

from landfall.aws import s3
from landfall.errors import MaintenanceError
from landfall.maintain.expiry import Pin, Retention, retention_for
from landfall.maintain.lake_tables import pins_of, read_metadata
from landfall.maintain.metadata import TableMetadata
from landfall.maintain.partitions import (
    PartitionFiles,
    compaction_groups,
    deletes_by_partition,
    partition_files,
    select_delete_files,
    select_partitions,
    single_field,
    to_compact,
)
from landfall.maintain.policy import Policy
from landfall.maintain.upkeep_statements import Upkeep, Yielded, optimize, set_properties, vacuum

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Size:
    """What a table is: its data and delete files and their bytes, its snapshots, all objects stored for it."""

    data_files: int
    delete_files: int
    bytes: int
    snapshots: int
    stored_objects: int
    stored_bytes: int


@dataclass(kw_only=True)
class TableReport:
    """What was done to a table, or would be; `yielded_to` names the writer that it was left to."""

    table: str
    dry_run: bool
    before: Size
    after: Size | None = None
    compacted_partitions: int = 0
    expired_snapshots: int = 0
    pinned_by: list[str] = field(default_factory=list)
    yielded_to: str | None = None
    rounds: int = 0
    scanned_bytes: int = 0
    cost_usd: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return asdict(self)


class TableMaintenance:
    """The maintenance of the table `database.name`."""

    def __init__(self, *, table: str, policy: Policy, upkeep: Upkeep, clock: Callable[[], float]) -> None:
        self._name = table
        database, _, name = table.partition(".")
        self._table = exp.table_(name, db=database, quoted=True)
        self._policy = policy
        self._upkeep = upkeep
        self._clock = clock

    def run(self, *, dry_run: bool) -> TableReport:
        """Do what the table's metadata asks for and return what was done; with `dry_run` what would be.

        Raises MaintenanceError or EngineError; every step may be repeated and none changes a row.
        """
        metadata = read_metadata(self._name)
        report = TableReport(table=self._name, dry_run=dry_run, before=_size(metadata))
        try:
            self._upkeep.give_way()
            self._compact(metadata, report)
            self._expire(report)
        except Yielded as reason:
            report.yielded_to = str(reason)
        if not dry_run:
            report.after = _size(read_metadata(self._name))
        report.rounds = self._upkeep.rounds
        report.scanned_bytes = self._upkeep.scanned_bytes
        report.cost_usd = round(self._upkeep.cost_usd, 6)
        logger.info("maintenance of %s: %s", self._name, report.as_dict())
        return report

    def _compact(self, metadata: TableMetadata, report: TableReport) -> None:
        """Rewrite the partitions that need it, a group a statement, so that a load loses no more than one commit each.

        Metadata alone says whether: its totals first, then the sizes of partitions.
        """
        field = single_field(metadata)
        chosen = to_compact(self._partitions(metadata), deletes=self._deletes(metadata), policy=self._policy)
        report.compacted_partitions = len(chosen)
        if not report.dry_run:
            for condition in compaction_groups(chosen, field):
                self._upkeep.run(optimize(self._table, condition))

    def _partitions(self, metadata: TableMetadata) -> tuple[PartitionFiles, ...]:
        if metadata.data_files < self._policy.small_files and metadata.delete_files < self._policy.delete_files:
            return ()
        field = single_field(metadata)
        if field is None:
            whole = PartitionFiles(first=None, data_files=metadata.data_files, bytes=metadata.data_bytes)
            return (whole,)
        return partition_files(self._upkeep.rows(select_partitions(self._table, field)), field)

    def _deletes(self, metadata: TableMetadata) -> Counter[Any]:
        """Count delete files by partition. Those that the engine does not list count as lying anywhere."""
        if metadata.delete_files < self._policy.delete_files:
            return Counter()
        rows = self._upkeep.rows(select_delete_files(self._table))
        found = deletes_by_partition((str(path) for (path,) in rows), single_field(metadata))
        found[None] += max(0, metadata.delete_files - found.total())
        return found

    def _expire(self, report: TableReport) -> None:
        """Run VACUUM if a snapshot can expire. Without one nothing was written for long, and nothing was orphaned.

        A version published from here on pins a file that is younger than what any policy lets expire.
        """
        metadata = read_metadata(self._name)
        pins = pins_of(metadata)
        report.pinned_by = sorted(pin.table for pin in pins)
        retention = retention_for(metadata, pins, now=self._clock(), policy=self._policy)
        report.expired_snapshots = self._expirable(metadata, retention)
        if report.dry_run or not report.expired_snapshots:
            return
        wanted = retention.as_properties()
        if any(metadata.properties.get(name) != value for name, value in wanted.items()):
            self._upkeep.run(set_properties(self._table, wanted))
        self._upkeep.run(vacuum(self._table))
        report.expired_snapshots = len(metadata.snapshots) - len(read_metadata(self._name).snapshots)
        _check_readable(pins)

    def _expirable(self, metadata: TableMetadata, retention: Retention) -> int:
        return metadata.expirable(
            now=self._clock(), keep_seconds=retention.max_age_seconds, keep_snapshots=retention.min_snapshots
        )


def _size(metadata: TableMetadata) -> Size:
    bucket, prefix = s3.split_uri(metadata.location)
    objects = stored_bytes = 0
    for found in s3.list_objects(bucket=bucket, prefix=prefix):
        objects += 1
        stored_bytes += found.bytes
    return Size(
        data_files=metadata.data_files,
        delete_files=metadata.delete_files,
        bytes=metadata.data_bytes,
        snapshots=len(metadata.snapshots),
        stored_objects=objects,
        stored_bytes=stored_bytes,
    )


def _check_readable(pins: Sequence[Pin]) -> None:
    """Raise MaintenanceError if an expiry took what a published version needs, against all that was set before it."""
    for pin in pins:
        for address in (pin.metadata_location, pin.snapshot.manifest_list):
            bucket, key = s3.split_uri(address)
            if not any(found.key == key for found in s3.list_objects(bucket=bucket, prefix=key)):
                raise MaintenanceError(f"{pin.table} cannot be read any more: {address} is gone")
