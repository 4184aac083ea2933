"""Batches stay within the limits of one Athena statement."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from landfall.aws.athena import MAX_STATEMENT_BYTES
from landfall.contracts import load_stream_contract
from landfall.ingest import batch
from landfall.ingest.batch import is_landing_key, plan_batches
from landfall.ingest.scratch import create_scratch
from landfall.settings import REPOSITORY

ORDERS: Path = REPOSITORY / "contracts" / "streams" / "orders.yaml"


def test_every_object_is_in_one_batch(landed: Any) -> None:
    objects = [landed(n) for n in range(1_203)]
    batches = list(plan_batches(reversed(objects), bucket="landing"))
    assert [len(part) for part in batches] == [500, 500, 203]
    assert [found for part in batches for found in part] == objects


def test_a_batch_holds_no_more_than_its_bytes(landed: Any) -> None:
    size = batch.MOST_BYTES // 2
    batches = list(plan_batches([landed(n, size=size) for n in range(5)], bucket="landing"))
    assert [len(part) for part in batches] == [2, 2, 1]


def test_an_object_beyond_the_limit_is_a_batch_of_its_own(landed: Any) -> None:
    objects = [landed(1), landed(2, size=batch.MOST_BYTES + 1), landed(3)]
    assert [len(part) for part in plan_batches(objects, bucket="landing")] == [1, 1, 1]


def test_a_batch_writes_no_more_quarantine_partitions_than_athena_opens(landed: Any) -> None:
    objects = [landed(n, dt=f"2026-{1 + n // 28:02d}-{1 + n % 28:02d}") for n in range(120)]
    assert [len(part) for part in plan_batches(objects, bucket="landing")] == [50, 50, 20]


def test_the_statement_of_the_largest_batch_fits_into_athena(landed: Any) -> None:
    long_bucket = "landfall-" + "e" * 40 + "-landing"
    objects = [landed(n) for n in range(10_000)]
    part = next(iter(plan_batches(objects, bucket=long_bucket * 5)))
    statement = create_scratch(
        load_stream_contract(ORDERS), batch_id="b", objects=part, landing_bucket=long_bucket * 5, location="s3://l/s/"
    )
    assert len(part) < batch.MOST_OBJECTS
    assert len(statement.sql(dialect="athena").encode()) < MAX_STATEMENT_BYTES


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("orders/dt=2026-11-20/hr=23/a.gz", True),
        ("orders/dt=2026-11-20/hr=24/a.gz", False),
        ("orders/dt=2026-02-30/hr=01/a.gz", False),
        ("orders/dt=2026-11-20/hr=01/", False),
        ("orders/dt=2026-11-20/hr=01/sub/a.gz", False),
        ("payments/dt=2026-11-20/hr=01/a.gz", False),
        ("landing-errors/orders/a.gz", False),
    ],
)
def test_only_keys_the_landing_table_can_read_are_landed_objects(key: str, expected: bool) -> None:
    assert is_landing_key(key, stream="orders") is expected
