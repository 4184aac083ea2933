"""What an extract costs in time: from the request to the readable manifest, alone, in a burst, and behind a queue.

`python -m benchmarks.extract_latency` on a stack of its own that `make up` started, without data: it publishes
1,000,000 order lines of 200 customers as the product `orders`. Each turn asks for one customer's 5,000 rows and, before
or after it, runs an empty DAG of one task: what Airflow itself takes. Both are looked at ten times a second, and end
when they say themselves, the extract after its manifest was read besides. No two requests are the same, for the second
would be given the first one's files. A burst is 100 requests of 20 customers at once; a customer's time is the mean of
theirs. With `--queued 1000` Airflow's pages are read while so many are asked for, and when all are, before those that
are left are cancelled.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from landfall.extract.records.record import UNDER_WAY, ExtractRecord
from landfall.extract.records.store import ExtractStore
from landfall.settings import Settings

from benchmarks.__main__ import REPOSITORY, load_environment
from benchmarks.airflow_runs import Airflow
from benchmarks.extract_customers import ROWS_EACH, Customer, publish_rows

EMPTY_DAG = "benchmark_empty"
_DAG_FILE = Path(__file__).with_name("extract_latency_dag.py")
_POLL_SECONDS = 0.1
_LONGEST_SECONDS = 900.0
_READS = 60
_PAGES = ("ui/dags?limit=50", "api/v2/dags?limit=50", "api/v2/dags/extract_customer_file/dagRuns?limit=50")


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; return 1 if the stack is not up or an extract is lost."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extract_latency", description=__doc__)
    parser.add_argument("--turns", type=int, default=30)
    parser.add_argument("--bursts", type=int, default=1)
    parser.add_argument("--customers", type=int, default=20, help="customers of a burst and of the queue")
    parser.add_argument("--each", type=int, default=5, help="requests of each customer of a burst")
    parser.add_argument("--queued", type=int, default=0)
    args = parser.parse_args(argv)
    if not load_environment() or "LANDFALL_AIRFLOW_URL" not in os.environ:
        sys.stderr.write("benchmarks: the stack is not up: run `make up` first\n")
        return 1
    settings = Settings.from_environment()
    publish_rows(settings)
    with _empty_dag(Airflow()) as airflow:
        _print_load()
        if args.turns:
            _alone(airflow, settings, turns=args.turns)
        lost = sum(_burst(settings, customers=args.customers, each=args.each) for _ in range(args.bursts))
        if args.queued:
            _queued(airflow, settings, customers=args.customers, requests=args.queued)
        _print_load()
    return 1 if lost else 0


def _alone(airflow: Airflow, settings: Settings, *, turns: int) -> None:
    """Print how long one request takes, and an empty run beside it."""
    customer, store = Customer.number(7, settings), ExtractStore.of(settings)
    times: dict[str, list[float]] = {"extract": [], "empty run": []}
    for turn in range(turns + 1):
        for arm in sorted(times, reverse=turn % 2 == 1):
            seconds = _empty_run(airflow) if arm == "empty run" else _one(customer, store)
            if turn:  # the first of each warms up
                times[arm].append(seconds)
    for arm, samples in times.items():
        _print(arm, samples)
    ratio = statistics.median(times["extract"]) / statistics.median(times["empty run"])
    sys.stdout.write(f"extract / empty run (medians): {ratio:.2f}\n")


def _one(customer: Customer, store: ExtractStore) -> float:
    """Return the time from the request until the extract was done, and of the request for its manifest."""
    began = datetime.now(UTC)
    extract_id = customer.ask()
    done = datetime.fromisoformat(_ended(store, extract_id).changed_at)
    asked = time.monotonic()
    manifest = customer.manifest(extract_id)
    seconds = (done - began).total_seconds() + time.monotonic() - asked
    if manifest["rows"] != ROWS_EACH:
        raise RuntimeError(f"extract {extract_id} has {manifest['rows']} rows, not {ROWS_EACH}")
    return seconds


def _ended(store: ExtractStore, extract_id: str) -> ExtractRecord:
    """Return the record of an extract at its end; RuntimeError for one that is not done."""
    deadline = time.monotonic() + _LONGEST_SECONDS
    while (record := store.read(extract_id)) is None or record.state in UNDER_WAY:
        if time.monotonic() > deadline:
            raise TimeoutError(f"extract {extract_id} is not done in {_LONGEST_SECONDS:.0f} s: {record}")
        time.sleep(_POLL_SECONDS)
    if record.state != "done":
        raise RuntimeError(f"extract {extract_id} is {record.state}: {record.cause}")
    return record


def _empty_run(airflow: Airflow) -> float:
    """Return the time from the request for an empty run to its end as Airflow writes it down."""
    began = datetime.now(UTC)
    return (airflow.run_quickly(EMPTY_DAG) - began).total_seconds()


def _burst(settings: Settings, *, customers: int, each: int) -> int:
    """Print how the requests of some customers fare, sent customer after customer; return how many were lost."""
    store = ExtractStore.of(settings)
    callers = [Customer.number(10 + number, settings) for number in range(customers)]
    asked: list[tuple[Customer, str, datetime]] = []
    began = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        requests = [caller for caller in callers for _ in range(each)]
        asked = list(pool.map(lambda customer: (customer, customer.ask(), datetime.now(UTC)), requests))
    sent = time.monotonic() - began
    taken: dict[str, list[float]] = {caller.customer_id: [] for caller in callers}
    lost = 0
    for customer, extract_id, at in asked:
        try:
            ended = datetime.fromisoformat(_ended(store, extract_id).changed_at)
        except (RuntimeError, TimeoutError) as error:
            sys.stdout.write(f"lost: {error}\n")
            lost += 1
        else:
            taken[customer.customer_id].append((ended - at).total_seconds())
    whole = time.monotonic() - began
    means, lasts = [statistics.mean(each) for each in taken.values()], [max(each) for each in taken.values()]
    sys.stdout.write(
        f"burst: {len(asked)} requests of {len(callers)} customers sent in {sent:.1f} s, done in {whole:.1f} s "
        f"({len(asked) / whole * 60:.0f} a minute), lost {lost}; slowest / fastest customer: "
        f"{max(means) / min(means):.2f} by the mean, {max(lasts) / min(lasts):.2f} by the last\n"
    )
    return lost


def _queued(airflow: Airflow, settings: Settings, *, customers: int, requests: int) -> None:
    """Print how fast Airflow's pages are while `requests` extracts are asked for, and then; cancel what is left."""
    callers = [Customer.number(100 + number, settings) for number in range(customers)]
    with ThreadPoolExecutor(4) as pool:
        asked = [(each, pool.submit(each.ask)) for _ in range(requests // customers) for each in callers]
        _read_pages(airflow, "while they come", until=lambda reads: all(future.done() for _, future in asked))
    _read_pages(airflow, "when all wait", until=lambda reads: reads >= _READS)
    refused = [future.exception() for _, future in asked if future.exception()]
    sys.stdout.write(f"queued: {len(asked)} asked for, {len(refused)} refused {set(map(str, refused))}\n")
    store = ExtractStore.of(settings)
    left = [(each, future.result()) for each, future in asked if not future.exception()]
    states = Counter(record.state if (record := store.read(extract_id)) else "lost" for _, extract_id in left)
    sys.stdout.write(f"queued: after the last read of a page {dict(states)}\n")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda pair: pair[0].client.post(f"extracts/{pair[1]}/cancel"), left))


def _read_pages(airflow: Airflow, when: str, *, until: Callable[[int], bool]) -> None:
    """Read each of Airflow's pages in turn until so many reads are enough, and print how long they took."""
    times: dict[str, list[float]] = {page: [] for page in _PAGES}
    while not until(len(times[_PAGES[0]])):
        for page in _PAGES:
            times[page].append(airflow.seconds_of(page))
        time.sleep(0.5)
    for page, samples in times.items():
        _print(f"{page} {when}", samples)


@contextmanager
def _empty_dag(airflow: Airflow) -> Iterator[Airflow]:
    """Give Airflow the empty DAG, and take it away again."""
    placed = REPOSITORY / "dags" / f"{EMPTY_DAG}.py"
    shutil.copyfile(_DAG_FILE, placed)
    try:
        airflow.wait_for_dag(EMPTY_DAG, timeout_seconds=180.0)
        yield airflow
    finally:
        placed.unlink()
        airflow.delete_dag(EMPTY_DAG)


def _print(what: str, samples: Sequence[float]) -> None:
    p50, p95 = statistics.median(samples), sorted(samples)[int(0.95 * (len(samples) - 1))]
    sys.stdout.write(f"{what:<60} p50 {p50:6.2f} s  p95 {p95:6.2f} s  (min {min(samples):.2f}, n {len(samples)})\n")
    sys.stdout.flush()


def _print_load() -> None:
    sys.stdout.write(f"load of the machine: {' '.join(f'{each:.2f}' for each in os.getloadavg())}\n")


if __name__ == "__main__":
    sys.exit(main())
