"""Ordinary days of the example business as JSON lines. Run by the local cloud's Python, whose producer makes them:

the product's environment has none. What the producer says that it sent is in its own account, the journal.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from localcloud.demo import generator, merchants
from localcloud.demo.delivery import deliver
from localcloud.demo.generator import Past
from localcloud.demo.journal import Journal
from localcloud.demo.model import Body, Event, Record, iso

MERCHANTS = 60


def main() -> None:
    """Print a line a record, in order of arrival: its day of arrival (from 1), stream, time, text, and its events."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--journal", type=Path, required=True, help="the producer's account, a new file")
    parser.add_argument("--days", type=int, required=True)
    parser.add_argument("--events", type=int, required=True, help="events a day")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--until", type=datetime.fromisoformat, required=True, help="end of the last day, UTC")
    args = parser.parse_args()
    start = args.until - timedelta(days=args.days)
    journal = Journal(path=args.journal)
    records = _records(seed=args.seed, days=args.days, events=args.events * args.days, until=args.until)
    journal.plan(number=1, seed=args.seed, records=records, planned_at=datetime.now(UTC))
    for waiting in journal.waiting().values():
        journal.mark(waiting, "sent")
    journal.close()
    for record in sorted((each for group in records.values() for each in group), key=lambda each: each.arrives_at):
        sys.stdout.write(json.dumps(_line(record, start=start, days=args.days), ensure_ascii=False) + "\n")


def _records(*, seed: int, days: int, events: int, until: datetime) -> Mapping[str, Sequence[Record]]:
    """Return the records of all days; merchants change every day, and not mostly in the first as in one wave."""
    found = generator.wave(seed=seed, number=1, events=events, days=days, until=until, past=Past())
    changes: list[Event] = []
    last: dict[str, Body] = {}
    for day in range(days):
        ends_at = until - timedelta(days=days - 1 - day)
        changes += merchants.changes(
            rng=Random(f"{seed}/merchants/{day}"),
            merchants=merchants.population(max(MERCHANTS, round(events * 0.004))),
            last=last,
            start=ends_at - timedelta(days=1),
            until=ends_at,
        )
        # The next day's changes are told from its beginning on, whenever a merchant's last one was.
        last = {str(event.body["customer_id"]): {**event.body, "occurred_at": iso(ends_at)} for event in changes}
    return {**found, "customers": deliver(rng=Random(f"{seed}/customers"), events=changes, until=until)}


def _line(record: Record, *, start: datetime, days: int) -> dict[str, object]:
    return {
        "day": min(days, max(1, (record.arrives_at - start).days + 1)),
        "stream": record.stream,
        "arrives_at": record.arrives_at.isoformat(),
        "text": record.data.decode(),
        "events": [json.loads(piece.body) for piece in record.pieces if piece.body is not None],
    }


if __name__ == "__main__":
    main()
