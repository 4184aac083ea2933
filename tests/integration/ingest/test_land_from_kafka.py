"""Objects of Kafka Connect's S3 sink go the way of Firehose's: announced or listed, loaded to the row, exactly once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from landfall.aws import sqs

from tests.integration.ingest.probe import Probe, line, order


@pytest.fixture
def kafka(local_cloud: dict[str, str]) -> Probe:
    """A stream of a topic that no other test knows."""
    return Probe(of_kafka=True)


def test_objects_of_a_sink_are_loaded_to_the_row_and_once(kafka: Probe) -> None:
    first = kafka.sink(line(order(1)), line(order(2)), "no json", partition=0, offset=0)
    second = kafka.sink(line(order(3)), line(order(1)), line(order(2, quantity=9)), partition=11, offset=1_234_567)
    report = kafka.load()
    assert (report.records, report.loaded, report.duplicates) == (6, 3, 1)
    assert kafka.counts(first) == {
        "state": "loaded",
        "records": 3,
        "loaded": 2,
        "duplicates": 0,
        "quarantined": {"not_json": 1},
    }
    assert kafka.counts(second)["quarantined"] == {"conflict": 1}
    uris = [f"s3://{kafka.settings.landing_bucket}/{key}" for key in (first, second)]
    assert kafka.raw("_source_object", "_line_number", "order_id") == [
        (uris[0], "1", f"ord_{1:012x}"),
        (uris[0], "2", f"ord_{2:012x}"),
        (uris[1], "1", f"ord_{3:012x}"),
    ]
    landed = {key: item["landed_at"][:10] for key, item in kafka.items().items()}
    assert kafka.quarantine("source_object", "line_number", "reason", "landed_date") == [
        (uris[0], "3", "not_json", landed[first]),
        (uris[1], "3", "conflict", landed[second]),
    ]
    # The sink starts again and writes the same object once more.
    kafka.sink(line(order(1)), line(order(2)), "no json", partition=0, offset=0)
    assert kafka.load("run-2").objects == 0
    assert len(kafka.raw("order_id")) == 3


def test_an_object_whose_announcement_was_lost_is_found_by_the_listing(kafka: Probe) -> None:
    kafka.sink(line(order(1)), partition=0, offset=0)
    kafka.load()
    kafka.sink(line(order(2)), partition=3, offset=7)
    url = sqs.queue_url(kafka.settings.landed_queue(kafka.stream))
    for messages in sqs.receive_batches(url=url, most=100):
        sqs.delete_messages(url=url, messages=messages)
    found = kafka.discover("run-2")
    assert (found.announced, found.reconciled) in {(0, 1), (1, 0)}
    assert kafka.loader("run-2").run().loaded == 1


def test_what_is_no_object_of_the_sink_is_not_loaded(kafka: Probe) -> None:
    key = kafka.sink(line(order(1)), partition=0, offset=0)
    kafka.settings.landed_queue(kafka.stream)
    other = kafka.land("firehose", line(order(2)), dt=datetime.now(UTC).date().isoformat())
    assert kafka.load().loaded == 1
    assert set(kafka.items()) == {key}
    assert other not in kafka.items()
