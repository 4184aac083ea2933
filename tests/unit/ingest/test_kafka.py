"""The keys of Kafka Connect's S3 sink, and what the load makes of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from landfall.contracts import load_stream_contract
from landfall.deploy import plan
from landfall.ingest.batch import LandedObject, is_landing_key, plan_batches
from landfall.ingest.kafka import SinkObject, offset_of
from landfall.ingest.scratch import create_scratch
from landfall.settings import REPOSITORY
from sqlglot import exp

ORDERS = load_stream_contract(REPOSITORY / "contracts" / "streams" / "orders.yaml")
KAFKA = replace(ORDERS, kafka_topic="shop.orders")


def sunk(partition: int, offset: int, day: int = 20) -> LandedObject:
    key = f"topics/shop.orders/partition={partition}/shop.orders+{partition}+{offset:010}.json.gz"
    return LandedObject(key=key, bytes=100, landed_at=datetime(2026, 11, day, 23, 59, tzinfo=UTC))


@pytest.mark.parametrize(
    ("key", "is_ours"),
    [
        ("topics/shop.orders/partition=0/shop.orders+0+0000000000.json.gz", True),
        ("topics/shop.orders/partition=12/shop.orders+12+12345678901.json.gz", True),
        ("topics/shop.orders/partition=01/shop.orders+01+0000000000.json.gz", False),
        ("topics/shop.orders/partition=0/shop.orders+1+0000000000.json.gz", False),
        ("topics/shop.orders/partition=0/shop.other+0+0000000000.json.gz", False),
        ("topics/shop.other/partition=0/shop.other+0+0000000000.json.gz", False),
        ("topics/shop.orders/partition=0/shop.orders+0+0000000000.avro", False),
        ("topics/shop.orders/partition=0/shop.orders+0+0000000000.json", False),
        ("topics/shop.orders/partition=0/x/shop.orders+0+0000000000.json.gz", False),
        ("orders/dt=2026-11-20/hr=01/a.gz", False),
    ],
)
def test_only_objects_of_the_topic_are_landed_ones(key: str, is_ours: bool) -> None:
    assert is_landing_key(key, stream="orders", topic="shop.orders") is is_ours


def test_a_key_tells_topic_partition_and_offset() -> None:
    assert offset_of(sunk(7, 42).key) == SinkObject(topic="shop.orders", partition=7, offset=42)


def test_the_day_of_arrival_is_the_ledgers_and_a_batch_has_one() -> None:
    objects = [sunk(0, 1), sunk(1, 5, day=21), sunk(1, 0), sunk(0, 9, day=21)]
    assert [landed.dt for landed in objects] == ["2026-11-20", "2026-11-21", "2026-11-20", "2026-11-21"]
    batches = list(plan_batches(objects, bucket="landing"))
    assert [{landed.dt for landed in batch} for batch in batches] == [{"2026-11-20"}, {"2026-11-21"}]
    assert sum(len(batch) for batch in batches) == 4


def test_the_statement_reads_the_topics_partitions_and_writes_the_day_as_a_constant() -> None:
    tree = create_scratch(
        KAFKA, batch_id="b", objects=[sunk(3, 0), sunk(11, 7)], landing_bucket="landing", location="s3://lake/scratch/"
    )
    lines = next(cte.this for cte in tree.find_all(exp.CTE) if cte.alias == "lines")
    text = lines.sql(dialect="athena")
    assert '"partition" IN (3, 11)' in text
    assert "CAST('2026-11-20' AS DATE) AS _landed_date" in text
    assert "dt" not in {column.name for column in lines.find_all(exp.Column)}


def test_a_topics_stack_is_told_of_its_topic_and_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "load_stream_contracts", lambda directory: (KAFKA, replace(ORDERS, stream="other")))
    planned = plan.plan_deployment(environment="local", platform_parameters={}, stream_parameters={})
    assert [stack.parameters.get("KafkaTopic") for stack in planned.streams] == ["shop.orders", None]
