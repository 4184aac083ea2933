"""How old an event is when its row can be read: from Kinesis PutRecords' answer to the commit of its batch into raw.

`python -m benchmarks.freshness --rate 1000 --minutes 10`, on the stack that `make up` started: its Firehose waits
2 s for a buffer to fill. Events go through Kinesis, Firehose, S3's announcement, SQS, Airflow's triggerer and one run
of `ingest_orders` after the other. The commit of a batch is the first snapshot of raw that is not older than the time
its rows bear as `_loaded_at`.
"""

from __future__ import annotations

import argparse
import bisect
import json
import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import boto3
from pyathena import connect

from benchmarks.__main__ import load_environment

_REQUEST_RECORDS = 100
_SETTLE_SECONDS = 120
"""How long to wait for the last rows."""


def main(argv: Sequence[str] | None = None) -> int:
    """Send, wait, and print the ages; return 1 if an event was lost or is in raw twice."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.freshness", description=__doc__)
    parser.add_argument("--rate", type=int, default=1000, help="events a second")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long to send them")
    args = parser.parse_args(argv)
    if not load_environment():
        sys.stderr.write("benchmarks: the stack is not up: run `make up` first\n")
        return 1
    first = int(time.time()) << 16  # twelve hexadecimal digits, as the contract asks
    sent_at = _send(first, rate=args.rate, events=int(args.rate * args.minutes * 60))
    rows = _rows(first, wanted=len(sent_at))
    ages = sorted(commit - sent_at[number - first] for number, commit in rows)
    lost, doubled = len(sent_at) - len({number for number, _ in rows}), len(rows) - len({number for number, _ in rows})
    quantiles = ", ".join(f"p{part}: {ages[int(part / 100 * (len(ages) - 1))]:.1f} s" for part in (50, 95, 99, 100))
    sys.stdout.write(f"{len(sent_at)} events at {len(sent_at) / (sent_at[-1] - sent_at[0]):.0f} a second\n")
    sys.stdout.write(f"age when readable in raw: {quantiles}\nlost: {lost}, twice: {doubled}\n")
    return 1 if lost or doubled else 0


def _send(first: int, *, rate: int, events: int) -> list[float]:
    """Put events at an even rate and return when each was acknowledged (seconds since 1970)."""
    kinesis = boto3.client("kinesis")
    stream = f"landfall-{os.environ['LANDFALL_ENVIRONMENT']}-orders"
    sent_at: list[float] = []
    began_at = time.time()
    for start in range(first, first + events, _REQUEST_RECORDS):
        time.sleep(max(0.0, began_at + len(sent_at) / rate - time.time()))
        records = [_record(number) for number in range(start, min(start + _REQUEST_RECORDS, first + events))]
        failed = kinesis.put_records(StreamName=stream, Records=records)["FailedRecordCount"]
        if failed:
            raise RuntimeError(f"Kinesis refused {failed} records: lower --rate")
        sent_at += [time.time()] * len(records)
    return sent_at


def _record(number: int) -> dict[str, bytes | str]:
    event = {
        "order_id": f"ord_{number:012x}",
        "line_number": 1,
        "version": 1,
        "customer_id": f"cus_{number % 500:06d}",
        "shopper_id": f"shp_{number % 100_000:08d}",
        "status": "placed",
        "sku": f"sku-{number % 1000}",
        "quantity": 1 + number % 5,
        "unit_price_cents": 1999,
        "currency": "EUR",
        "occurred_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    return {"Data": json.dumps(event).encode(), "PartitionKey": str(number)}


def _rows(first: int, *, wanted: int) -> list[tuple[int, float]]:
    """Return the number and the time of commit of every event in raw, once all are there or none comes any more."""
    with connect(work_group=os.environ["LANDFALL_ATHENA_WORKGROUP"]).cursor() as cursor:
        deadline = time.time() + _SETTLE_SECONDS
        count = "select count(*) from raw.orders where order_id >= %(first)s"
        parameters = {"first": f"ord_{first:012x}"}
        while cursor.execute(count, parameters).fetchall()[0][0] < wanted and time.time() < deadline:
            time.sleep(2)
        commits = sorted(
            row[0].timestamp() for row in cursor.execute('select committed_at from raw."orders$snapshots"').fetchall()
        )
        cursor.execute("select order_id, _loaded_at from raw.orders where order_id >= %(first)s", parameters)
        return [(int(order_id[4:], 16), _commit(commits, loaded_at)) for order_id, loaded_at in cursor]


def _commit(commits: list[float], loaded_at: datetime) -> float:
    return commits[bisect.bisect_left(commits, loaded_at.replace(tzinfo=UTC).timestamp())]


if __name__ == "__main__":
    sys.exit(main())
