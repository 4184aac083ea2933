"""The fakes that `make chaos` plays with and the local cloud keep the same promises, each tested on both."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from landfall.aws import s3, sqs
from landfall.aws.dynamodb import Change
from landfall.errors import EngineError
from landfall.ingest.batch import LandedObject
from landfall.ingest.discover import landed_object
from landfall.ingest.outcomes import select_days
from landfall.ingest.scratch import create_scratch, drop_scratch
from landfall.ingest.statements import is_unreadable_data

from tests.chaos.events import every_fate
from tests.chaos.history import CONTRACT
from tests.chaos.reader import Reader
from tests.chaos.verdict import violations
from tests.integration.chaos.sides import CloudSide, FakeSide, Side, load, new_batch_id

GOOD = gzip.compress(b'{"not": "an order"}\n')


@pytest.fixture(params=["fake", "cloud"])
def side(request: pytest.FixtureRequest) -> Iterator[Side]:
    """A stream of the fakes, and one of the local cloud."""
    if request.param == "cloud":
        request.getfixturevalue("local_cloud")
        yield CloudSide()
        return
    fake = FakeSide()
    with fake.world.installed():
        yield fake


def change(side: Side, name: str, values: dict[str, Any], expected: dict[str, Any]) -> Change:
    return Change(key={"stream": side.contract.stream, "object_key": name}, values=values, expected=expected)


def read(side: Side, name: str) -> dict[str, Any] | None:
    found = side.items.read({"stream": side.contract.stream, "object_key": name})
    return found and {key: value for key, value in found.items() if key not in ("stream", "object_key")}


def test_an_item_changes_only_if_it_is_as_expected(side: Side) -> None:
    assert read(side, "#a") is None
    assert not side.items.change(change(side, "#a", {"n": 1}, {"n": 0}))
    assert read(side, "#a") is None
    assert side.items.change(change(side, "#a", {"n": 1, "owner": "x"}, {"n": None}))
    assert not side.items.change(change(side, "#a", {"n": 2}, {"n": None}))
    assert not side.items.change(change(side, "#a", {"n": 2}, {"n": 1, "owner": "y"}))
    assert side.items.change(change(side, "#a", {"n": 2, "owner": None}, {"n": 1, "owner": "x"}))
    assert read(side, "#a") == {"n": 2}


def test_a_transaction_changes_all_its_items_or_none(side: Side) -> None:
    both = [change(side, name, {"n": 1}, {"n": None}) for name in ("#a", "#b")]
    assert side.items.change_all(both[:1])
    assert not side.items.change_all(both)
    assert read(side, "#b") is None
    assert side.items.change_all([change(side, "#a", {"n": 2}, {"n": 1}), both[1]])
    assert (read(side, "#a"), read(side, "#b")) == ({"n": 2}, {"n": 1})


def test_a_transaction_takes_a_hundred_items_and_no_more(side: Side) -> None:
    changes = [change(side, f"#{number:03}", {"n": number}, {"n": None}) for number in range(101)]
    with pytest.raises((ClientError, ValueError)):
        side.items.change_all(changes)
    assert read(side, "#000") is None
    assert side.items.change_all(changes[:100])
    assert read(side, "#099") == {"n": 99}


def test_items_are_selected_in_the_order_of_their_sort_key_and_deleted_repeatably(side: Side) -> None:
    stream = side.contract.stream
    for name in ("b/2", "a/1", "b/1"):
        assert side.items.change(change(side, name, {"n": 1}, {"n": None}))
    selected = side.items.select(equals=("stream", stream), begins=("object_key", "b/"))
    assert [item["object_key"] for item in selected] == ["b/1", "b/2"]
    for _ in range(2):
        side.items.delete({"stream": stream, "object_key": "b/1"})
    assert [item["object_key"] for item in side.items.select(equals=("stream", stream))] == ["a/1", "b/2"]


def test_the_index_follows_the_state(side: Side) -> None:
    states = [f"{side.contract.stream}#{state}" for state in ("landed", "claimed")]

    def found(state: str) -> list[str]:
        selected = side.items.select(equals=("stream_state", state), index="by_state")
        return [item["object_key"] for item in selected if item["object_key"].startswith("#")]

    values = {"stream_state": states[0], "landed_at": "2026-11-20T12:00:00.000+00:00"}
    assert side.items.change(change(side, "#a", values, {"stream_state": None}))
    assert (found(states[0]), found(states[1])) == (["#a"], [])
    assert side.items.change(change(side, "#a", {"stream_state": states[1]}, {"stream_state": states[0]}))
    assert (found(states[0]), found(states[1])) == ([], ["#a"])


def test_objects_and_folders_are_listed_in_order_and_read(side: Side) -> None:
    keys = sorted(side.land(f"{name}.gz", GOOD) for name in ("b", "a"))
    stream, bucket = side.contract.stream, side.bucket
    (day,) = s3.list_folders(bucket=bucket, prefix=f"{stream}/dt=")
    listed = list(s3.list_objects(bucket=bucket, prefix=day))
    assert [(found.key, found.bytes) for found in listed] == [(key, len(GOOD)) for key in keys]
    assert list(s3.list_folders(bucket=bucket, prefix=f"{stream}/dt=", start_after=f"{day}~")) == []
    assert list(s3.list_folders(bucket=bucket, prefix=f"{stream}/dt=", start_after=day[:-2])) == [day]
    assert s3.open_object(bucket=bucket, key=keys[0]).read() == GOOD
    with pytest.raises(KeyError):
        s3.open_object(bucket=bucket, key=f"{day}missing")


def test_an_object_is_announced_with_key_and_size_until_its_message_is_deleted(side: Side) -> None:
    keys = {side.land(f"{number:02}.gz", GOOD) for number in range(12)}
    url = sqs.queue_url(side.queue)
    found: dict[str, sqs.Message] = {}
    while len(found) < len(keys):
        for messages in sqs.receive_batches(url=url, most=100, wait_seconds=2):
            assert len(messages) <= 10
            for message in messages:
                landed = landed_object(message.body, stream=side.contract.stream, bucket=side.bucket)
                assert landed is not None
                assert landed.bytes == len(GOOD)
                found[landed.key] = message
            # The fake finds fault with whoever deletes the message of an object that the ledger does not know.
            if unknown := [announced(side, key) for key in found if read(side, key) is None]:
                side.items.change_all(unknown)
            sqs.delete_messages(url=url, messages=messages)
    assert set(found) == keys
    assert list(sqs.receive_batches(url=url, most=100)) == []


def announced(side: Side, key: str) -> Change:
    return change(side, key, {"state": "landed", "attempt": 0}, {"state": None})


def scratch_of(side: Side, batch_id: str, *objects: LandedObject) -> Any:
    return create_scratch(
        side.contract,
        batch_id=batch_id,
        objects=list(objects),
        landing_bucket=side.bucket,
        location=f"s3://{side.lake_bucket}/scratch/{side.contract.stream}_{batch_id}/",
    )


def landed(side: Side, name: str, body: bytes) -> LandedObject:
    key = side.land(name, body)
    (found,) = [stored for stored in s3.list_objects(bucket=side.bucket, prefix=key) if stored.key == key]
    return LandedObject(key=key, bytes=found.bytes, landed_at=found.modified_at)


def test_a_scratch_table_is_made_once_read_and_dropped_repeatably(side: Side) -> None:
    batch_id, good = new_batch_id(), landed(side, "a.gz", GOOD)
    side.engine.run(scratch_of(side, batch_id, good))
    with pytest.raises(EngineError, match="TABLE_ALREADY_EXISTS"):
        side.engine.run(scratch_of(side, batch_id, good))
    assert side.engine.run(select_days(side.contract, batch_id), fetch=True).rows == ((None, "1"),)
    for _ in range(2):
        side.engine.run(drop_scratch(side.contract, batch_id))
    with pytest.raises(EngineError, match="TABLE_NOT_FOUND"):
        side.engine.run(select_days(side.contract, batch_id), fetch=True)


@pytest.mark.parametrize("body", [b"no gzip", GOOD[:-12]], ids=["not-gzip", "cut-short"])
def test_an_object_that_cannot_be_read_fails_its_statement_with_the_cause(side: Side, body: bytes) -> None:
    with pytest.raises(EngineError) as failed:
        side.engine.run(scratch_of(side, new_batch_id(), landed(side, "a.gz", body)))
    assert is_unreadable_data(failed.value)


def test_a_load_survives_the_commit_of_another_writer_and_leaves_what_the_model_says(side: Side) -> None:
    for name, body in every_fate(random.Random(11)):
        side.land(name, body)
    with side.let_another_commit():
        load(side)
    found = violations(
        reader=Reader(CONTRACT),
        objects=side.objects,
        ledger=side.ledger(),
        raw=side.rows("raw"),
        quarantine=side.rows("quarantine"),
        bucket=side.bucket,
    )
    assert found == []
    assert side.scratch_left() == []


def test_both_sides_make_the_same_rows_of_the_same_bytes(local_cloud: dict[str, str]) -> None:
    bodies = {
        name: body for seed in range(4) for name, body in every_fate(random.Random(seed)) if Reader(CONTRACT).read(body)
    }
    fake, cloud = FakeSide(), CloudSide()
    with fake.world.installed():
        told_by_fake = told(fake, bodies)
    assert told_by_fake == told(cast(Side, cloud), bodies)


def told(side: Side, bodies: dict[str, bytes]) -> dict[str, list[str]]:
    """Load objects, and return the rows of both tables without what no two runs share."""
    for name, body in bodies.items():
        side.land(name, body)
    load(side)
    return {database: sorted(map(comparable, side.rows(database))) for database in ("raw", "quarantine")}


def comparable(row: dict[str, Any]) -> str:
    own = ("batch_id", "loaded_at", "landed_date", "quarantined_at", "content_hash", "stream")
    values = {name: value for name, value in row.items() if name.removeprefix("_") not in own}
    for name, value in values.items():
        if name.endswith("source_object"):
            values[name] = str(value).rsplit("/", 1)[-1]
    return json.dumps(values, default=str, sort_keys=True)
