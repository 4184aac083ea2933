"""What one day's load costs as history grows: `python -m benchmarks.flat_cost`, on the stack that `make up` started.

The same delta, of the same day, is discovered and loaded into streams whose tables, landing and ledger hold 1, 10 and
100 times as many days before it. History is written without the load: rows by Athena INSERT from a sequence, objects
and their closed ledger items beside them. Prints a table and, with `--plot FILE`, writes a picture (SVG).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from landfall.aws.athena import Athena
from landfall.ingest.claims import Outcome
from sqlglot import exp, parse_one

from benchmarks.__main__ import load_environment
from benchmarks.cost_meter import CostMeter
from benchmarks.cost_plot import draw
from benchmarks.timed_engine import TimedEngine

if TYPE_CHECKING:
    from tests.integration.ingest.probe import Probe

_MEASURES = {
    "scanned_bytes": "Athena, bytes scanned",
    "s3_client": "S3 requests, load",
    "s3_engine": "S3 requests, engine",
    "dynamodb_units": "DynamoDB units",
    "dynamodb_items": "DynamoDB items read",
    "seconds": "run time, s",
}
_DAYS_A_STATEMENT = 50
"""Athena writes at most 100 partitions a statement."""
_OBJECTS_A_DAY = 4
_TODAY = date(2026, 11, 20)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; return 1 if the stack is not up."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flat_cost", description=__doc__)
    parser.add_argument("--events", type=int, default=20_000, help="events of a day: thousands")
    parser.add_argument("--days", type=int, default=4, help="days of history at 1x")
    parser.add_argument("--factors", type=int, nargs="+", default=[1, 10, 100])
    parser.add_argument("--loads", type=int, default=3, help="deltas loaded at each factor; the median counts")
    parser.add_argument("--plot", type=Path)
    args = parser.parse_args(argv)
    if not load_environment():
        sys.stderr.write("benchmarks: the stack is not up: run `make up` first\n")
        return 1
    meter = CostMeter()
    costs = {
        factor: _measure(meter, days=factor * args.days, events=args.events, loads=args.loads)
        for factor in args.factors
    }
    _print(costs)
    if args.plot:
        args.plot.write_text(
            draw({name: [costs[f][key] for f in costs] for key, name in _MEASURES.items()}, list(costs))
        )
    return 0


def _print(costs: Mapping[int, Mapping[str, float]]) -> None:
    first, last = min(costs), max(costs)
    heads = "".join(f" {factor}x |" for factor in costs)
    sys.stdout.write(f"| one day's load |{heads} {last}x / {first}x |\n|---|{'---:|' * (len(costs) + 1)}\n")
    for key, name in _MEASURES.items():
        cells = "".join(f" {cost[key]:,.{1 if key == 'seconds' else 0}f} |" for cost in costs.values())
        sys.stdout.write(f"| {name} |{cells} {costs[last][key] / costs[first][key]:.2f} |\n")


def _measure(meter: CostMeter, *, days: int, events: int, loads: int) -> dict[str, float]:
    """Return the median cost of the loads of a day's delta after `days` of history."""
    from tests.integration.ingest.probe import Probe

    probe = Probe()
    engine = TimedEngine(settings=probe.settings)
    probe.loader("history")  # makes the tables
    _write_history(probe, [_TODAY - timedelta(days=back) for back in range(days, 0, -1)], events=events)
    found: list[dict[str, float]] = []
    for number in range(loads + 1):
        for part in range(_OBJECTS_A_DAY):
            size = events // _OBJECTS_A_DAY
            first = (number * _OBJECTS_A_DAY + part) * size
            probe.land(f"delta-{number}-{part}", *_lines(first, size))
        loader = probe.loader(f"run-{number}", engine=engine)
        engine.scanned.clear()
        meter.begin()
        began_at = time.perf_counter()
        probe.discover(f"run-{number}")
        report = loader.run()
        seconds = time.perf_counter() - began_at
        if report.loaded != events:
            raise RuntimeError(f"{report.loaded} of {events} events were loaded")
        found.append(dict(meter.end()) | {"seconds": seconds, "scanned_bytes": sum(engine.scanned.values())})
    # The first comes to know the history: the day up to which landing was compared with the ledger.
    median = {key: sorted(cost[key] for cost in found[1:])[loads // 2] for key in _MEASURES}
    sys.stderr.write(f"{days} days of history: {median}\n")
    return median


def _lines(first: int, size: int) -> list[str]:
    from tests.integration.ingest.probe import line, order

    return [line(order(number)) for number in range(first, first + size)]


def _write_history(probe: Probe, days: Sequence[date], *, events: int) -> None:
    athena = Athena(settings=probe.settings)
    for start in range(0, len(days), _DAYS_A_STATEMENT):
        athena.run(_rows(probe.stream, days[start : start + _DAYS_A_STATEMENT], events=events))
    ledger = probe.ledger("history")
    for day in days:
        for part in range(_OBJECTS_A_DAY):
            probe.land(f"old-{part}", *_lines(0, 1), dt=day.isoformat())
    probe.discover("history")
    claims = ledger.claim(ledger.claimable())
    size = events // _OBJECTS_A_DAY
    outcomes = {claim: Outcome(records=size, loaded=size, duplicates=0) for claim in claims}
    ledger.close(outcomes, batch_id="history", contract_version=probe.contract.version, snapshot_id=None)


def _rows(stream: str, days: Sequence[date], *, events: int) -> exp.Insert:
    """Return the INSERT of `events` rows for each of the days, which follow each other."""
    template = parse_one(
        """
        select
            'ord_' || lower(substr(to_hex(md5(to_utf8(cast(day * :events + number as varchar)))), 1, 12)) as order_id,
            1 as line_number, 1 as version,
            'cus_000042' as customer_id, 'shp_00000007' as shopper_id, 'placed' as status, 'sku-1' as sku,
            2 as quantity, 1999 as unit_price_cents, 'EUR' as currency,
            cast(date_add('day', day, cast(:first as date)) as timestamp(6)) as occurred_at,
            to_hex(md5(to_utf8(cast(number as varchar)))) as _content_hash,
            's3://landing/' || cast(day as varchar) as _source_object, number as _line_number, 1 as _record_number,
            'history' as _batch_id, '1.0.0' as _contract_version, timestamp '2026-11-20 00:00:00.000000' as _loaded_at
        from (
            select day, thousand * 1000 + place as number
            from unnest(sequence(0, :last_day)) as d (day)
            cross join unnest(sequence(0, :events / 1000 - 1)) as a (thousand)
            cross join unnest(sequence(0, 999)) as b (place)
        )
        """,
        dialect="athena",
        into=exp.Select,
    )
    query = exp.replace_placeholders(
        template,
        events=exp.Literal.number(events),
        last_day=exp.Literal.number(len(days) - 1),
        first=exp.Literal.string(days[0].isoformat()),
    )
    columns = [exp.to_identifier(name, quoted=True) for name in template.named_selects]
    table = exp.table_(stream, db="raw", quoted=True)
    return exp.Insert(this=exp.Schema(this=table, expressions=columns), expression=query)


if __name__ == "__main__":
    sys.exit(main())
