"""What an extract costs in time: from the request to the readable manifest, alone, in a burst, and behind a queue.

`python -m benchmarks.extract_latency` on a stack of its own that `make up` started, without data: it publishes
1,000,000 order lines of 200 customers as the product `orders`. Each turn asks for one customer's 5,000 rows and, before
or after it, runs an empty DAG of one task: what Airflow itself takes. No two requests are the same, for the second
would be given the first one's files. A burst is 100 requests of 20 customers at once; a customer's time is the mean of
theirs. With `--queued 1000` so many are asked for while Airflow's pages are read, and then cancelled.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from landfall.api.keys import ApiKeyStore
from landfall.aws.athena import Athena
from landfall.contracts.extract_product import load_products
from landfall.extract.records.record import UNDER_WAY, ExtractRecord
from landfall.extract.records.store import ExtractStore
from landfall.publish.publication import PublicationStore
from landfall.publish.walls import raise_walls_of
from landfall.settings import Settings

from benchmarks.__main__ import REPOSITORY, load_environment
from benchmarks.airflow_runs import Airflow

CUSTOMERS, ROWS_EACH = 200, 5_000
EMPTY_DAG = "benchmark_empty"
_DAG_FILE = Path(__file__).with_name("extract_latency_dag.py")
_POLL_SECONDS = 0.02
_LONGEST_SECONDS = 900.0
_NUMBERS = count(random.randrange(8_000))  # noqa: S311 - guards nothing
_PAGES = ("ui/dags?limit=50", "api/v2/dags?limit=50", "api/v2/dags/extract_customer_file/dagRuns?limit=50")
_ROWS = """
insert into extracts.ext_orders
select
  'ord_' || lpad(cast(c * {rows} + n as varchar), 12, '0'), n % 3 + 1, 'cus_' || lpad(cast(c as varchar), 6, '0'),
  'shp_' || lpad(cast(n % 997 as varchar), 8, '0'), 'paid', 'SKU-' || cast(n % 100 as varchar), 2, 50 + n, 100 + 2 * n,
  'EUR', 'note ' || cast(n as varchar), date_add('minute', n, timestamp '2026-11-01 00:00:00.000'),
  date_add('minute', n, timestamp '2026-11-01 00:00:00.000')
from unnest(sequence(0, {customers} - 1)) as customers (c) cross join unnest(sequence(0, {rows} - 1)) as numbers (n)
"""


@dataclass(frozen=True)
class Customer:
    """A customer's system: its id and a client with its key."""

    customer_id: str
    client: httpx.Client

    @classmethod
    def number(cls, number: int, settings: Settings) -> Customer:
        """Return customer `number` with a new key."""
        customer_id = f"cus_{number:06d}"
        _, token = ApiKeyStore.of(settings).create(
            customer_id=customer_id, name="benchmark", products=(), pii=True, days=1, created_by="cli:benchmark"
        )
        base = f"{os.environ['LANDFALL_AIRFLOW_URL']}/landfall/v1/"
        return cls(customer_id, httpx.Client(base_url=base, headers={"Authorization": f"Bearer {token}"}, timeout=120))

    def ask(self) -> str:
        """Ask for all of the customer's orders; return the extract's id."""
        # All rows are later than this day; it makes each request, of each run of this program, another one.
        day = (datetime(2000, 1, 1, tzinfo=UTC) + timedelta(days=next(_NUMBERS))).date().isoformat()
        body = {"product": "orders", "format": "csv", "pii": True, "from_date": day}
        answer = self.client.post("extracts", json=body)
        return str(answer.raise_for_status().json()["extract_id"])

    def manifest(self, extract_id: str) -> dict[str, Any]:
        """Return the manifest of a done extract."""
        found: dict[str, Any] = self.client.get(f"extracts/{extract_id}/manifest").raise_for_status().json()
        return found


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
    _publish_rows(settings)
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
    began = time.monotonic()
    extract_id = customer.ask()
    _ended(store, extract_id)
    manifest = customer.manifest(extract_id)
    seconds = time.monotonic() - began
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
    """Print how fast Airflow's pages are while `requests` extracts are under way; cancel those that are left."""
    callers = [Customer.number(100 + number, settings) for number in range(customers)]
    times: dict[str, list[float]] = {page: [] for page in _PAGES}
    with ThreadPoolExecutor(4) as pool:
        asked = [(each, pool.submit(each.ask)) for _ in range(requests // customers) for each in callers]
        while not all(future.done() for _, future in asked) or len(times[_PAGES[0]]) < 60:
            for page in _PAGES:
                times[page].append(airflow.seconds_of(page))
            time.sleep(0.5)
    for page, samples in times.items():
        _print(page, samples)
    refused = [future.exception() for _, future in asked if future.exception()]
    sys.stdout.write(f"queued: {len(asked)} asked for, {len(refused)} refused {set(map(str, refused))}\n")
    with ThreadPoolExecutor(4) as pool:
        left = [(each, future.result()) for each, future in asked if not future.exception()]
        list(pool.map(lambda pair: pair[0].client.post(f"extracts/{pair[1]}/cancel"), left))


def _publish_rows(settings: Settings) -> None:
    """Publish the rows of CUSTOMERS customers as `ext_orders`, unless this has been done before."""
    store = PublicationStore(settings)
    current = store.current("lake")
    if current is not None:
        if current.gate != "benchmark":
            raise RuntimeError("the stack has published data: take one of its own, with another LANDFALL_STATE")
        raise_walls_of(current, settings=settings)
        return
    types = {"integer": "bigint"}
    columns = load_products()["orders"].columns
    listed = ", ".join(f"{each.name} {types.get(each.type, each.type)}" for each in columns)
    location = f"s3://{settings.lake_bucket}/extracts/ext_orders/"
    athena = Athena(settings=settings)
    athena.run(
        f"CREATE TABLE extracts.ext_orders ({listed}) LOCATION '{location}' TBLPROPERTIES ('table_type' = 'ICEBERG')"
    )
    athena.run(_ROWS.format(customers=CUSTOMERS, rows=ROWS_EACH))
    candidate = store.freeze("lake", {"ext_orders": "extracts.ext_orders"})
    published = store.publish(candidate, gate="benchmark", contract_versions={}, cause_run_id="benchmark")
    raise_walls_of(published, settings=settings)


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
