"""A data stream keeps its records for readers, but not in memory."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from localcloud.aws.kinesis_log import ShardLog
from localcloud.aws.kinesis_records import expire_records, start_position

from .conftest import AwsProcess
from .test_s3_versions import memory_mebibytes


def reopened(state: bytes) -> ShardLog:
    log: ShardLog = pickle.loads(state)  # noqa: S301 - of this test
    return log


@pytest.fixture
def log(tmp_path: Path) -> ShardLog:
    log = ShardLog(tmp_path / "shards" / "log")
    for number in range(1200):
        log.append({"SequenceNumber": f"{number:06d}", "ApproximateArrivalTimestamp": float(number), "Data": "x\ny"})
    return log


def numbers(records: Any) -> list[int]:
    return [int(record["SequenceNumber"]) for record in records]


def test_a_log_reads_as_a_list(log: ShardLog) -> None:
    assert len(log) == 1200
    assert numbers(log) == list(range(1200))
    assert numbers(log[1190:5000]) == list(range(1190, 1200))
    assert log[7]["Data"] == "x\ny"
    assert log[1200:1300] == []
    with pytest.raises(IndexError):
        log[1200]


@pytest.mark.parametrize(
    ("kind", "sequence_number", "timestamp", "expected"),
    [
        ("TRIM_HORIZON", "", None, 0),
        ("LATEST", "", None, 1200),
        ("AT_SEQUENCE_NUMBER", "000300", None, 300),
        ("AFTER_SEQUENCE_NUMBER", "000300", None, 301),
        ("AT_TIMESTAMP", "", 299.5, 300),
        ("NONSENSE", "", None, None),
    ],
)
def test_an_iterator_begins_where_it_is_told(
    log: ShardLog, kind: str, sequence_number: str, timestamp: float | None, expected: int | None
) -> None:
    assert start_position(log, kind, sequence_number, timestamp) == expected


def test_old_records_expire_and_the_rest_stays(log: ShardLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localcloud.aws.kinesis_records.time.time", lambda: 24 * 3600 + 1000.0)
    expire_records({"RetentionPeriodHours": 24, "shards": {"s": {"records": log}}})
    assert numbers(log) == list(range(1000, 1200))
    assert numbers(reopened(pickle.dumps(log))) == list(range(1000, 1200))


def test_a_log_that_was_emptied_starts_over_also_when_only_its_former_state_was_saved(log: ShardLog) -> None:
    state = pickle.dumps(log)
    log.drop(1200)
    log.append({"SequenceNumber": "000007"})
    assert numbers(log) == numbers(reopened(pickle.dumps(log))) == [7]
    assert numbers(reopened(state)) == []


def test_what_was_written_after_the_state_was_saved_is_cut_off(log: ShardLog) -> None:
    state = pickle.dumps(log)
    log.append({"SequenceNumber": "999999"})
    assert numbers(reopened(state))[-1] == 1199


def test_readers_get_all_records_after_a_stop_and_memory_does_not_hold_them(aws: AwsProcess) -> None:
    kinesis = aws.client("kinesis")
    kinesis.create_stream(StreamName="pages", ShardCount=1)
    kinesis.put_record(StreamName="pages", Data=b"0", PartitionKey="k")
    before = memory_mebibytes(aws)
    for start in range(1, 20_001, 500):
        records = [{"Data": str(n).encode().ljust(1000), "PartitionKey": "k"} for n in range(start, start + 500)]
        kinesis.put_records(StreamName="pages", Records=records)
    assert memory_mebibytes(aws) - before < 15  # 20 MB were put
    assert aws.stop() == 0
    aws.start()
    shard = kinesis.list_shards(StreamName="pages")["Shards"][0]["ShardId"]
    iterator = kinesis.get_shard_iterator(StreamName="pages", ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    found: list[int] = []
    while batch := kinesis.get_records(ShardIterator=iterator["ShardIterator"], Limit=7000):
        if not batch["Records"]:
            break
        found += [int(record["Data"]) for record in batch["Records"]]
        iterator = {"ShardIterator": batch["NextShardIterator"]}
    assert found == list(range(20_001))
