"""Which partitions of a table are worth a compaction, and the condition that names them; no AWS here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlglot import exp

from landfall.ingest.checks import text_of
from landfall.ingest.conditions import column, on_days
from landfall.ingest.merge import MOST_OPEN_PARTITIONS
from landfall.maintain.metadata import PartitionField, TableMetadata
from landfall.maintain.policy import Policy

_DATE_TRANSFORMS = ("day", "month", "identity")
_MONTHS_OF_A_YEAR = 12
_FIRST_YEAR = 1970


@dataclass(frozen=True, kw_only=True)
class PartitionFiles:
    """A partition (None: the table has none, or by none that is understood) and its data files and bytes."""

    first: date | None
    data_files: int
    bytes: int


def select_partitions(table: exp.Table, field: PartitionField) -> exp.Select:
    """Return the query (partition, data files, bytes) of a table's partitions, from metadata alone."""
    value = exp.Dot(this=column("partition"), expression=exp.to_identifier(field.name, quoted=True))
    return exp.select(exp.cast(value, "varchar"), column("file_count"), column("total_size")).from_(
        metadata_table(table, "partitions")
    )


def select_delete_files(table: exp.Table) -> exp.Select:
    """Return the query (address) of a table's delete files, from metadata alone."""
    is_delete = column("content").neq(exp.Literal.number(0))
    return exp.select(column("file_path")).from_(metadata_table(table, "files")).where(is_delete)


def metadata_table(table: exp.Table, kind: str) -> exp.Table:
    """Return `"<table>$<kind>"`. https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-table-metadata.html"""
    return exp.table_(f"{table.name}${kind}", db=table.db, quoted=True)


def single_field(metadata: TableMetadata) -> PartitionField | None:
    """Return the field that a table is partitioned by, None if it is by none or by one no condition is made of."""
    fields = metadata.partition
    return fields[0] if len(fields) == 1 and fields[0].transform in _DATE_TRANSFORMS else None


def partition_files(rows: Iterable[Sequence[str | None]], field: PartitionField) -> tuple[PartitionFiles, ...]:
    """Read the rows of `select_partitions`."""
    return tuple(
        PartitionFiles(first=first_day(row[0], field), data_files=int(row[1] or 0), bytes=int(row[2] or 0))
        for row in rows
    )


def deletes_by_partition(paths: Iterable[str], field: PartitionField | None) -> Counter[date | None]:
    """Count delete files by partition, which Iceberg writes into their addresses; None where it does not."""
    pattern = re.compile(rf"/{re.escape(field.name)}_?=([^/]+)/") if field else None
    found: Counter[date | None] = Counter()
    for path in paths:
        match = pattern.search(path) if pattern else None
        found[first_day(match[1], field) if match else None] += 1
    return found


def to_compact(
    partitions: Sequence[PartitionFiles], *, deletes: Counter[date | None], policy: Policy
) -> tuple[PartitionFiles, ...]:
    """Return the partitions with many small files or with delete files enough; all if those cannot be told apart."""
    unplaced = deletes.total() - sum(deletes[partition.first] for partition in partitions if partition.first)
    return tuple(
        partition
        for partition in partitions
        if unplaced >= policy.delete_files
        or deletes[partition.first] >= policy.delete_files
        or (
            partition.data_files >= policy.small_files
            and partition.bytes < partition.data_files * policy.small_file_bytes
        )
    )


def compaction_groups(chosen: Sequence[PartitionFiles], field: PartitionField | None) -> tuple[exp.Expr | None, ...]:
    """Return the conditions, one a statement, that name the partitions; None stands for the whole table.

    Each names at most as many as a statement may write, and no other partition than those.
    """
    if not chosen:
        return ()
    days = sorted(partition.first for partition in chosen if partition.first is not None)
    if field is None or len(days) < len(chosen):
        return (None,)
    return tuple(
        _condition(field, days[start : start + MOST_OPEN_PARTITIONS])
        for start in range(0, len(days), MOST_OPEN_PARTITIONS)
    )


def first_day(text: str | None, field: PartitionField | None) -> date | None:
    """Return the first day of the partition that Iceberg calls `text`, None if it is not one of days or months."""
    if text is None or field is None:
        return None
    if field.transform == "month":
        return _first_of_month(text)
    if re.fullmatch(r"-?\d+", text):  # as some writers put a date into an address
        return date(_FIRST_YEAR, 1, 1) + timedelta(days=int(text))
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _first_of_month(text: str) -> date | None:
    """A month is written `2026-11` in an address and as the number of months since 1970 in a metadata table."""
    if match := re.fullmatch(r"(\d{4})-(\d{2})", text):
        return date(int(match[1]), int(match[2]), 1)
    if not re.fullmatch(r"\d+", text):
        return None
    years, months = divmod(int(text), _MONTHS_OF_A_YEAR)
    return date(_FIRST_YEAR + years, months + 1, 1)


def _condition(field: PartitionField, days: Sequence[date]) -> exp.Expr:
    source = column(field.column)
    if field.transform == "day":
        return on_days(source, days)
    if field.transform == "identity":
        return source.isin(*(_day(day) for day in days))
    return exp.or_(*(exp.and_(source >= _day(day), source.copy() < _day(_next_month(day))) for day in days))


def _next_month(day: date) -> date:
    year, month = divmod(day.year * _MONTHS_OF_A_YEAR + day.month, _MONTHS_OF_A_YEAR)
    return date(year, month + 1, 1)


def _day(day: date) -> exp.Expr:
    return exp.cast(text_of(day.isoformat()), "date")
