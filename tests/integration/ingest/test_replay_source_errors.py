"""From a record that Firehose could not process to its row in raw, on the local cloud."""

from __future__ import annotations

import http.client
import json
import os
import time
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

from landfall.aws import s3
from landfall.aws.clients import client
from landfall.ingest.source_errors_replay import SourceErrors

from tests.integration.ingest.probe import Probe, line, order


def fault(method: str, rule: dict[str, object] | None = None) -> None:
    address = urlsplit(os.environ["AWS_ENDPOINT_URL"])
    connection = http.client.HTTPConnection(str(address.hostname), address.port)
    connection.request(method, "/_localcloud/faults", json.dumps(rule) if rule else None)
    assert connection.getresponse().status == 200
    connection.close()


def errors_of(probe: Probe, run: str = "run-1") -> SourceErrors:
    today = datetime.now(UTC).date()
    first: date = today - timedelta(days=1)
    bucket = probe.settings.landing_bucket
    return SourceErrors(ledger=probe.ledger(run), stream=probe.stream, bucket=bucket, first=first, last=today)


def test_a_record_that_firehose_could_not_process_is_shown_landed_and_loaded_once(probe: Probe) -> None:
    name = f"landfall-{probe.settings.environment}-{probe.stream}"
    bucket = probe.settings.landing_bucket
    described = client("firehose").describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
    client("firehose").update_destination(
        DeliveryStreamName=name,
        CurrentDeliveryStreamVersionId=described["VersionId"],
        DestinationId=described["Destinations"][0]["DestinationId"],
        ExtendedS3DestinationUpdate={"BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 1}},
    )
    fault("POST", {"kind": "processing_failed", "service": "firehose", "match": name})
    try:
        events = [{"Data": line(order(number)).encode(), "PartitionKey": str(number)} for number in (1, 2)]
        client("kinesis").put_records(StreamName=name, Records=events)
        deadline = time.monotonic() + 20
        prefix = f"landing-errors/{probe.stream}/processing-failed/"
        while not list(s3.list_objects(bucket=bucket, prefix=prefix)) and time.monotonic() < deadline:
            time.sleep(0.2)
    finally:
        fault("DELETE")
    shown = errors_of(probe).show().as_dict()
    (group,) = shown["errors"]
    assert (group["code"], group["cause"]) == ("Lambda.FunctionError", "transformation")
    assert (group["records"], group["in_landing"], shown["landed_records"]) == (2, 0, 0)
    assert errors_of(probe).replay(("Lambda.Other",)).landed_records == 0
    replayed = errors_of(probe).replay(())
    assert (replayed.landed_records, len(replayed.landed_objects)) == (2, 1)
    assert errors_of(probe, "run-2").replay(()).landed_records == 0
    assert errors_of(probe).show().as_dict()["errors"][0]["in_landing"] == 2
    assert probe.load().loaded == 2
    assert [key for (key,) in probe.raw("order_id")] == [f"ord_{1:012x}", f"ord_{2:012x}"]
    # The announcement of the object itself comes too, and changes nothing.
    assert probe.load("run-3").objects == 0
