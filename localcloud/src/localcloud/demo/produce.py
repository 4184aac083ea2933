"""Produce a wave of traffic: plan it in the journal, then send what has not been sent."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import boto3
from botocore.config import Config
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from localcloud.demo import generator, sender
from localcloud.demo.errors import AccountInexactError
from localcloud.demo.journal import Journal, Wave


def stream_name(stream: str) -> str:
    """Return the Kinesis stream of an event stream in this environment (`LANDFALL_ENVIRONMENT`, default local)."""
    return f"landfall-{os.environ.get('LANDFALL_ENVIRONMENT', 'local')}-{stream}"


def require_exact(journal: Journal) -> None:
    """Raise AccountInexactError when an earlier run was cut off between sending and noting it."""
    if cut_off := journal.cut_off():
        raise AccountInexactError(
            f"an earlier run was cut off while {cut_off} records were on their way, so {journal.path} is "
            "no longer exact: `make down ARGS=--purge` removes it together with the local cloud's data"
        )


def plan(journal: Journal, *, seed: int, events: int, days: int) -> Wave:
    """Write the next wave into the journal, or return the last one if it has not been sent to its end."""
    last = journal.last_wave()
    if last and journal.waiting():
        return last
    number = last.number + 1 if last else 1
    until = datetime.now(UTC).replace(microsecond=0)
    records = generator.wave(seed=seed, number=number, events=events, days=days, until=until, past=journal.past())
    journal.plan(number=number, seed=seed, records=records, planned_at=until)
    return Wave(number=number, seed=seed, is_verified=False)


def send(journal: Journal, console: Console) -> None:
    """Send all planned records with a bar a stream. Raises AccountInexactError or DemoError."""
    require_exact(journal)
    # No hidden retries: see sender.send.
    client = boto3.client("kinesis", config=Config(retries={"total_max_attempts": 1}, read_timeout=60))
    columns = (
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("records"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        bars = {stream: progress.add_task(stream, total=len(records)) for stream, records in journal.waiting().items()}
        sender.send(
            journal=journal,
            client=client,
            stream_name=stream_name,
            on_sent=lambda stream, count: progress.advance(bars[stream], count),
        )
