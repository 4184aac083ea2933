"""What a night costs as history grows: `python -m benchmarks.nightly_flat`; it starts stacks of its own, one at a time.

The same new days land after 1, 10 and 100 times as many days of history, and the night's own steps take each in: load,
audit of raw, dbt and the gate and the publication on the lake, then the same on the warehouse, and the report's counts.
History is put into raw in bulk and then built, audited and published by the same steps. Prints a table by stage: bytes
and statements of the last night, in which a merchant changes its plan as well, and the medians of the nights' times.
With `--statements FILE` every statement of each night is written there as JSON.

One time history must hold all that a night reaches back to, which is two months: 28 days, or the 30 days of
`order_life_days`, and the whole month in which they begin.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shlex
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.night_meter import NightMeter, by_stage
from benchmarks.night_table import print_nights
from benchmarks.nightly_history import LONGEST_LIFE_DAYS, STREAMS, History

if TYPE_CHECKING:
    from tests.mutations.stage import Stage

REPOSITORY = Path(__file__).resolve().parents[1]
LOCALCLOUD = REPOSITORY / ".venv" / "localcloud" / "bin" / "python"
BOUND = 1.15


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; return 1 if a night with the longest history costs more than the bound allows."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nightly_flat", description=__doc__)
    parser.add_argument("--days", type=int, default=62, help="days of history at 1x")
    parser.add_argument("--orders", type=int, default=100, help="orders a day; events are ten times as many")
    parser.add_argument("--factors", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--nights", type=int, default=3, help="nights that are measured on each history")
    parser.add_argument("--statements", type=Path, help="where every statement of each night is written")
    parser.add_argument("--here", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.days <= LONGEST_LIFE_DAYS + 1:
        parser.error(f"--days: the first refund comes after {LONGEST_LIFE_DAYS} days, and a mart without rows is none")
    if args.here:
        args.here.write_text(json.dumps(_nights(days=args.days, orders=args.orders, nights=args.nights)))
        return 0
    histories: dict[int, list[dict[str, Any]]] = {}
    for factor in args.factors:
        began_at = time.monotonic()
        histories[factor] = nights = _on_a_stack(days=factor * args.days, orders=args.orders, nights=args.nights)
        # The longest takes an hour, and what was measured before it is not lost with it.
        for night in nights:
            seen, units = sum(night["bytes"].values()), night["rpu_seconds"]
            _tell(f"{factor}x: {seen:,} bytes scanned, RPU-seconds {units}", began_at)
        if args.statements:
            args.statements.write_text(json.dumps(histories))
    return print_nights(histories, bound=BOUND)


def _on_a_stack(*, days: int, orders: int, nights: int) -> list[dict[str, Any]]:
    """Return what nights cost after `days` days, on a local cloud that is started for them and ended after them."""
    with tempfile.TemporaryDirectory(prefix="landfall-night-") as folder:
        state, found = Path(folder) / "state", Path(folder) / "night.json"
        cloud = [str(LOCALCLOUD), "-m", "localcloud"]
        up = ["up", "--without-airflow", "--ports", "free", "--state", str(state)]
        subprocess.run([*cloud, *up], check=True, stdout=subprocess.DEVNULL)
        try:
            words = shlex.split((state / "env").read_text(encoding="utf-8"))
            environment = os.environ | dict(word.split("=", 1) for word in words if "=" in word)
            sizes = ["--days", str(days), "--orders", str(orders), "--nights", str(nights)]
            measure = [sys.executable, "-m", "benchmarks.nightly_flat", *sizes, "--here", str(found)]
            subprocess.run(measure, check=True, env=environment)
        finally:
            subprocess.run([*cloud, "down", "--purge", "--state", str(state)], check=True, stdout=subprocess.DEVNULL)
        return list(json.loads(found.read_text()))


def _nights(*, days: int, orders: int, nights: int) -> list[dict[str, Any]]:
    """Bring `days` days of history to the running stack, let the next days land, and measure the night of each."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    from landfall.aws.athena import Athena

    from tests.mutations.stage import Stage

    with tempfile.TemporaryDirectory(prefix="landfall-night-dbt-") as folder:
        stage, began_at = Stage(Path(folder)), time.monotonic()
        athena = Athena(settings=stage.settings)
        # The last whole day, so that what is loaded now is younger than history, which says that it was loaded daily.
        today = datetime.now(UTC).date() - timedelta(days=1)
        history = History(today=today, days=days, orders=orders)
        before = today - timedelta(days=nights)
        for stream in STREAMS:
            stage.load(stream)  # makes the tables
            for first, after in history.chunks():
                athena.run(history.insert(stream, first, min(after, before)))
        _tell(f"{days} days of history are in raw", began_at)
        _transform(stage, run_id="history", meter=NightMeter(stage.settings))
        _tell(f"{days} days of history are published", began_at)
        # A night that is not counted: before it all history looks as if it had been loaded at once.
        _take_in(stage, athena, history, before, run_id="before", meter=NightMeter(stage.settings))
        _tell("the night before has passed", began_at)
        measured = []
        for back in reversed(range(nights)):
            measured.append(_measure(stage, athena, history, today - timedelta(days=back)))
            _tell(f"a night after {days} days took {measured[-1][1]['loaded']}", began_at)
        return [night | _spent(meter) for meter, night in measured]


def _measure(stage: Stage, athena: Any, history: History, day: date) -> tuple[NightMeter, dict[str, Any]]:
    """Let a day land and take it in; return what counted, and what was loaded in how many seconds."""
    meter = NightMeter(stage.settings)
    meter.wait_for_a_minute()
    began_at = time.monotonic()
    loaded = _take_in(stage, athena, history, day, run_id=f"night_{day:%Y%m%d}", meter=meter)
    _report(stage, meter)
    return meter, {"day": f"{day}", "loaded": loaded, "seconds": time.monotonic() - began_at}


def _spent(meter: NightMeter) -> dict[str, Any]:
    """Return what a night cost: asked after the last one, since the engines' own records come late."""
    charged, used = meter.rpu_seconds()
    statements = meter.statements()
    return {
        "rpu_seconds": {"charged": charged, "used": used},
        "statements": [asdict(each) for each in statements],
        "bytes": by_stage(statements),
    }


def _take_in(
    stage: Stage, athena: Any, history: History, day: date, *, run_id: str, meter: NightMeter
) -> dict[str, int]:
    """Let a day land, and take it in as a night does; return the rows loaded by stream."""
    from landfall.ingest import tasks

    _land(stage, athena, history, day)
    loaded = {}
    with meter.stage("load"):
        for stream in STREAMS:
            loaded[stream] = int(stage.load(stream)["loaded"])
    with meter.stage("audit raw"):
        for stream in STREAMS:
            tasks.audit_raw(stream=stream, dag_id=f"ingest_{stream}", run_id=run_id)
    _transform(stage, run_id=run_id, meter=meter)
    return loaded


def _transform(stage: Stage, *, run_id: str, meter: NightMeter) -> None:
    """Build, audit and publish both groups by the steps of their DAGs."""
    for group in ("lake", "warehouse"):
        _transform_group(stage, group, run_id=run_id, meter=meter)


def _transform_group(stage: Stage, group: str, *, run_id: str, meter: NightMeter) -> None:
    """Build, audit and publish a group; RuntimeError if dbt fails or the gate holds."""
    from landfall.publish import steps

    run = f"{run_id}_{group}"
    begun = steps.begin(group, causes=[run], run_id=run)
    lake_version = begun if group == "warehouse" else None
    stage.lake_version = begun
    os.environ["LANDFALL_TESTED_DAYS"] = steps.tested_days(group)
    with meter.stage(f"dbt {group}"):
        said = stage.build(group)
    if said:
        raise RuntimeError(f"dbt failed on {group}: {said}")
    with meter.stage(f"gate {group}"):
        audited = steps.audit(group, run_id=run, dag_id=f"transform_{group}", lake_version=lake_version)
    for check in audited["held"]:
        raise RuntimeError(f"the ordinary day is held: {check}")
    with meter.stage(f"publish {group}"):
        steps.publish(audited, causes=[run], run_id=run)


def _report(stage: Stage, meter: NightMeter) -> None:
    from landfall.night import counting
    from landfall.publish.publication import PublicationStore

    store = PublicationStore(stage.settings)
    with meter.stage("report"):
        for group in ("lake", "warehouse"):
            current = store.current(group)
            if current:
                counting.dataset_rows(stage.settings, current)


def _land(stage: Stage, athena: Any, history: History, day: date) -> None:
    """Let a day's events land as JSON lines."""
    from tests.mutations.stage import Arrival

    for stream in STREAMS:
        query = history.events(stream, day, day + timedelta(days=1))
        rows = athena.run(query, fetch=True).rows
        columns = query.args["from_"].this.this.named_selects
        arrivals = []
        for row in rows:
            body = {name: _value(name, text) for name, text in zip(columns, row, strict=True) if text is not None}
            at = datetime.fromisoformat(str(body["occurred_at"]).replace("Z", "+00:00"))
            arrivals.append(Arrival(at, json.dumps(body)))
        stage.land(stream, arrivals)


def _value(name: str, text: str) -> object:
    if name == "occurred_at":
        return text.replace(" ", "T")[:26] + "Z"
    if name in ("line_number", "version", "quantity", "unit_price_cents", "amount_cents"):
        return int(text)
    return text == "true" if name == "is_active" else text


def _tell(words: str, began_at: float) -> None:
    sys.stderr.write(f"{words} ({time.monotonic() - began_at:.0f} s)\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
