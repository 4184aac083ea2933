"""Many clients at once: throughput, errors, and what the engine's process holds before and after.

`python -m benchmarks.clients_at_once --engine athena --seconds 60 --clients 16`. The engine is found by the
environment that `make up` writes; its process by the port it listens on.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import psutil  # type: ignore[import-untyped]
import redshift_connector
from pyathena import connect

from benchmarks.__main__ import load_environment

STATEMENTS = (
    "select 1",
    "select count(*), sum(n) from (values 1, 2, 3) t (n)",
    "select 'text' as a, cast(1.5 as decimal(10, 2)) as b, cast(null as varchar) as c",
)
REDSHIFT_STATEMENTS = (
    "select 1",
    "select count(*), sum(n) from (select 1 as n union all select 2) t",
    "select 'text' as a, cast(1.5 as decimal(10, 2)) as b, cast(null as varchar) as c",
)
WARM_UP_SECONDS, SETTLE_SECONDS = 3, 3
_MEGABYTE = 2**20

Run = Callable[[str], object]


@dataclass(frozen=True)
class Target:
    """An engine: how a client of its own is made, what it runs, and the port its process listens on."""

    port: int
    statements: Sequence[str]
    open_client: Callable[[], Run]


@dataclass(frozen=True)
class Held:
    """What a process holds: resident memory in bytes, threads and open files."""

    resident_bytes: int
    threads: int
    files: int

    def __str__(self) -> str:
        """One line of a report."""
        return f"{self.resident_bytes / _MEGABYTE:.0f} MB resident, {self.threads} threads, {self.files} open files"


@dataclass
class Tally:
    """What the clients saw; one lock for all of them."""

    seconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)


def athena() -> Target:
    """Return Athena, reached by PyAthena with its defaults in the stack's work group."""
    workgroup = os.environ["LANDFALL_ATHENA_WORKGROUP"]

    def open_client() -> Run:
        cursor = connect(work_group=workgroup, region_name=os.environ["AWS_REGION"]).cursor()
        return lambda statement: cursor.execute(statement).fetchall()

    port = urlsplit(os.environ["AWS_ENDPOINT_URL_ATHENA"]).port or 0
    return Target(port, STATEMENTS, open_client)


def redshift() -> Target:
    """Return Redshift, reached by redshift_connector over one connection a client."""
    port = int(os.environ["LANDFALL_REDSHIFT_PORT"])

    def open_client() -> Run:
        connection = redshift_connector.connect(
            host=os.environ["LANDFALL_REDSHIFT_HOST"],
            port=port,
            database=os.environ["LANDFALL_REDSHIFT_DATABASE"],
            user=os.environ["LANDFALL_REDSHIFT_USER"],
            password=os.environ["LANDFALL_REDSHIFT_PASSWORD"],
            ssl=os.environ.get("LANDFALL_REDSHIFT_SSLMODE") != "disable",
        )
        connection.autocommit = True

        def run(statement: str) -> object:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall()

        return run

    return Target(port, REDSHIFT_STATEMENTS, open_client)


TARGETS = {"athena": athena, "redshift": redshift}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the load on each engine asked for; return 1 if any client saw an error."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clients_at_once", description=__doc__)
    parser.add_argument("--engine", choices=TARGETS, action="append", help="default: both")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--clients", type=int, default=16)
    args = parser.parse_args(argv)
    if not load_environment():
        sys.stderr.write("benchmarks: the stack is not up: run `make demo` or `make up` first\n")
        return 1
    failed = False
    for name in args.engine or TARGETS:
        target = TARGETS[name]()
        clients = [target.open_client() for _ in range(args.clients)]
        # The engine opens what it keeps open for this many clients first, so that only growth under load is seen.
        load(clients, target.statements, seconds=WARM_UP_SECONDS)
        with _reported(name, target.port):
            tally = load(clients, target.statements, args.seconds)
        sys.stdout.write(_summary(tally, args.clients, args.seconds))
        failed = failed or bool(tally.errors)
    return int(failed)


def load(clients: Sequence[Run], statements: Sequence[str], seconds: float) -> Tally:
    """Let every client run statements in a thread of its own for `seconds`."""
    tally, until = Tally(), time.monotonic() + seconds
    threads = [threading.Thread(target=_client, args=(run, statements, tally, until)) for run in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tally


def _client(run: Run, statements: Sequence[str], tally: Tally, until: float) -> None:
    number = 0
    while time.monotonic() < until:
        began_at = time.perf_counter()
        try:
            run(statements[number % len(statements)])
        except Exception as error:
            with tally.lock:
                tally.errors[f"{type(error).__name__}: {error}"] += 1
        else:
            with tally.lock:
                tally.seconds.append(time.perf_counter() - began_at)
        number += 1


@contextmanager
def _reported(name: str, port: int) -> Iterator[None]:
    process = _listening_on(port)
    sys.stdout.write(f"{name}: before: {_held(process)}\n")
    yield
    time.sleep(SETTLE_SECONDS)
    sys.stdout.write(f"{name}: after:  {_held(process)}\n")


def _listening_on(port: int) -> psutil.Process:
    for found in psutil.net_connections("tcp"):
        if found.status == psutil.CONN_LISTEN and found.laddr.port == port and found.pid:
            return psutil.Process(found.pid)
    raise RuntimeError(f"no process listens on port {port}")


def _held(process: psutil.Process) -> Held:
    return Held(process.memory_info().rss, process.num_threads(), process.num_fds())


def _summary(tally: Tally, clients: int, seconds: float) -> str:
    ordered = sorted(tally.seconds) or [0.0]
    p95 = ordered[int(0.95 * (len(ordered) - 1))]
    lines = [
        f"{clients} clients for {seconds:.0f} s: {len(tally.seconds)} statements, {len(tally.seconds) / seconds:.0f} a"
        f" second, p50 {statistics.median(ordered) * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms",
        f"errors: {tally.errors.total()}",
        *(f"  {count} x {message}" for message, count in tally.errors.most_common(5)),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
