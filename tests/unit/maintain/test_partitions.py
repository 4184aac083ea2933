"""Which partitions are compacted, and that the condition names those and no other."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from landfall.maintain.metadata import PartitionField
from landfall.maintain.partitions import (
    PartitionFiles,
    compaction_groups,
    deletes_by_partition,
    first_day,
    to_compact,
)
from landfall.maintain.policy import MEGABYTE, Policy

BY_DAY = PartitionField(name="occurred_at_day", column="occurred_at", transform="day")
BY_MONTH = PartitionField(name="placed_at_month", column="placed_at", transform="month")
BY_DATE = PartitionField(name="landed_date", column="landed_date", transform="identity")
POLICY = Policy(small_files=20, small_file_bytes=128 * MEGABYTE, delete_files=2)
DAY = date(2026, 11, 20)


def partition(first: date | None = DAY, *, files: int, megabytes: int) -> PartitionFiles:
    return PartitionFiles(first=first, data_files=files, bytes=megabytes * MEGABYTE)


@pytest.mark.parametrize(
    ("files", "megabytes", "is_chosen"),
    [(20, 100, True), (19, 19, False), (20, 20 * 128, False), (20, 20 * 128 - 1, True)],
)
def test_a_partition_is_compacted_for_many_files_that_are_small(files: int, megabytes: int, is_chosen: bool) -> None:
    found = partition(files=files, megabytes=megabytes)
    assert to_compact([found], deletes=Counter(), policy=POLICY) == ((found,) if is_chosen else ())


def test_a_partition_is_compacted_for_its_delete_files_and_no_other_is() -> None:
    one, other = partition(files=1, megabytes=1), partition(DAY + timedelta(days=1), files=1, megabytes=1)
    assert to_compact([one, other], deletes=Counter({DAY: 2}), policy=POLICY) == (one,)
    assert to_compact([one, other], deletes=Counter({DAY: 1}), policy=POLICY) == ()


def test_delete_files_that_may_lie_anywhere_are_looked_for_everywhere() -> None:
    both = (partition(files=1, megabytes=1), partition(DAY + timedelta(days=1), files=1, megabytes=1))
    assert to_compact(both, deletes=Counter({None: 2}), policy=POLICY) == both


def test_delete_files_are_placed_by_what_iceberg_writes_into_their_address() -> None:
    paths = ["s3://lake/raw/t/data/occurred_at_day=2026-11-20/a.parquet", "s3://lake/raw/t/data/b.parquet"]
    assert deletes_by_partition(paths, BY_DAY) == Counter({DAY: 1, None: 1})


@pytest.mark.parametrize(
    ("text", "field", "first"),
    [
        ("2026-11-20", BY_DAY, DAY),
        ("20777", BY_DAY, DAY),
        ("2026-11-20", BY_DATE, DAY),
        ("2026-11", BY_MONTH, date(2026, 11, 1)),
        ("682", BY_MONTH, date(2026, 11, 1)),
        ("null", BY_DAY, None),
        (None, BY_DAY, None),
    ],
)
def test_a_partition_is_known_by_its_first_day(text: str | None, field: PartitionField, first: date | None) -> None:
    assert first_day(text, field) == first


@pytest.mark.parametrize(
    ("field", "first", "condition"),
    [
        (BY_DAY, DAY, ["2026-11-20 00:00:00.000000", "2026-11-21 00:00:00.000000"]),
        (BY_DATE, DAY, ["2026-11-20"]),
        (BY_MONTH, date(2026, 12, 1), ["2026-12-01", "2027-01-01"]),
    ],
)
def test_the_condition_names_the_partition_by_its_column(
    field: PartitionField, first: date, condition: list[str]
) -> None:
    (found,) = compaction_groups([partition(first, files=20, megabytes=1)], field)
    assert found is not None
    sql = found.sql(dialect="athena")
    assert f'"{field.column}"' in sql
    assert [text for text in sql.split("'") if text[:2] == "20"] == condition


def test_a_statement_names_no_more_partitions_than_it_may_write() -> None:
    days = [partition(DAY + timedelta(days=2 * number), files=20, megabytes=1) for number in range(101)]
    groups = compaction_groups(days, BY_DAY)
    assert [str(group).count(">=") for group in groups] == [100, 1]


def test_a_table_whose_partitions_have_no_condition_is_compacted_whole() -> None:
    assert compaction_groups([partition(None, files=20, megabytes=1)], None) == (None,)
    assert compaction_groups([], None) == ()
