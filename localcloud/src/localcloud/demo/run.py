"""The whole of the pipeline, driven and checked from outside: what `make demo` does once everything is installed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import boto3
from rich.console import Console

from localcloud.demo import account, checks, extracts, produce, report
from localcloud.demo.airflow import Airflow
from localcloud.demo.checks import Extract, Outcome
from localcloud.demo.engines import AthenaQueries, RedshiftQueries
from localcloud.demo.errors import DemoError
from localcloud.demo.journal import Journal, Wave
from localcloud.demo.landing import Landing
from localcloud.demo.model import STREAMS
from localcloud.demo.runs import Runs
from localcloud.stack.environment import read_env_file
from localcloud.stack.layout import Layout

DAGS: Final = {
    *(f"ingest_{stream}" for stream in STREAMS),
    "transform_lake",
    "transform_warehouse",
    "nightly_batch",
    "maintain_lake",
    "extract_customer_file",
}
FORMATS: Final = ("csv", "parquet")

_LANDING_SECONDS: Final = 240
_NIGHTLY_SECONDS: Final = 1200
_EXTRACT_SECONDS: Final = 300
_POLL_SECONDS: Final = 1.0


@dataclass(frozen=True, kw_only=True)
class Volume:
    """How much traffic a wave has: about `events` events over `days` days, drawn by `seed`."""

    seed: int
    events: int
    days: int


class Demo:
    """One run of the demo on the stack of `layout`; every step finds what an earlier, cut off run has done."""

    def __init__(self, *, layout: Layout, volume: Volume, console: Console) -> None:
        self._layout = layout
        self._volume = volume
        self._console = console
        self._outcome = Outcome()
        self._environment: Mapping[str, str] = {}

    def run(self) -> int:
        """Run all stages and print what was found; return 0 only if all of it is right.

        Raises DemoError when a station fails or is too slow.
        """
        with self._stage("stack"):
            self._start_stack()
        journal = Journal(path=journal_path(self._layout))
        try:
            wave = self._produce(journal)
            with self._stage("landing"):
                landed = self._await_landing(journal)
            runs = self._runs()
            with self._stage("nightly batch"):
                name = f"demo-{journal.account_id}-wave-{wave.number}"
                runs.finish("nightly_batch", name, {}, timeout_seconds=_NIGHTLY_SECONDS)
            lines = account.order_lines(journal)
            with self._stage("extracts"):
                self._extract(runs, name, lines)
            with self._stage("checks"):
                self._check(journal, landed, lines)
            if not self._outcome.problems:
                journal.mark_verified(wave.number, datetime.now(UTC))
        finally:
            journal.close()
        report.show(self._outcome, self._console, self._environment)
        return 1 if self._outcome.problems else 0

    def _start_stack(self) -> None:
        path = journal_path(self._layout)
        if path.exists():
            journal = Journal(path=path)
            cut_off = journal.cut_off()
            journal.close()
            if cut_off:
                self._console.print(
                    f"An earlier run was cut off while {cut_off} records were on their way: nobody can know whether "
                    "the stream took them, so the account is no longer exact. Starting over without the old data."
                )
                self._localcloud("down", "--purge")
        self._localcloud("up")
        self._environment = read_env_file(self._layout.env_file)
        os.environ.update(self._environment)

    def _produce(self, journal: Journal) -> Wave:
        with self._stage("producer"):
            last = journal.last_wave()
            if last and not last.is_verified:
                self._console.print(f"Going on with wave {last.number}, which no run has verified yet")
                wave = last
            else:
                wave = produce.plan(journal, seed=self._volume.seed, events=self._volume.events, days=self._volume.days)
            produce.send(journal, self._console)
        return wave

    def _await_landing(self, journal: Journal) -> dict[str, int]:
        landing = Landing(client=boto3.client("s3"), bucket=os.environ["LANDFALL_LANDING_BUCKET"])
        wanted = {stream: counts.sent for stream, counts in account.by_stream(journal).items()}
        deadline = time.monotonic() + _LANDING_SECONDS
        with self._console.status("landing") as status:
            while (landed := landing.records()) != wanted:
                shown = ", ".join(f"{stream} {landed[stream]:,}/{wanted[stream]:,}" for stream in STREAMS)
                too_many = any(landed[stream] > wanted[stream] for stream in STREAMS)
                if too_many or time.monotonic() > deadline:
                    raise DemoError(
                        f"landing does not hold what the account says was sent ({shown}; Firehose errors: "
                        f"{len(landing.errors())}): see {self._layout.log_of('aws')}; "
                        "`make down ARGS=--purge` starts over"
                    )
                status.update(f"Firehose fills its buffers: {shown}")
                time.sleep(_POLL_SECONDS)
        self._console.print(f"  {sum(landed.values()):,} records landed in {landing.objects()} objects")
        return landed

    def _runs(self) -> Runs:
        runs = Runs(airflow=self._airflow(), console=self._console, task_logs=self._layout.airflow / "logs")
        runs.await_dags(DAGS)
        return runs

    def _extract(self, runs: Runs, name: str, lines: list[account.OrderLine]) -> None:
        customer_id = account.choose_customer(lines)
        expected = [line for line in lines if line.customer_id == customer_id]
        for file_format in FORMATS:
            conf = {"customer_id": customer_id, "product": "orders", "format": file_format, "pii": True}
            run_id = runs.finish(
                "extract_customer_file", f"{name}-{file_format}", conf, timeout_seconds=_EXTRACT_SECONDS
            )
            downloaded = extracts.download(
                self._extract_answer(run_id),
                self._layout.state / "demo" / "extracts" / run_id,
                airflow=self._airflow(),
            )
            verified = extracts.verify(downloaded, self._layout.product_bin / "landfall")
            rows, differences = extracts.compare(downloaded, expected)
            self._outcome.problems += [f"extract {run_id}: {sentence}" for sentence in differences]
            self._outcome.extracts.append(
                Extract(
                    run_id, customer_id, file_format, rows, len(expected), downloaded.file_bytes, tuple(differences)
                )
            )
            self._console.print(f"  landfall verify: {verified}", highlight=False)

    def _extract_answer(self, extract_id: str) -> Mapping[str, object]:
        status, answer = self._airflow().get_json(f"{os.environ['LANDFALL_API_URL']}/extracts/{extract_id}")
        if status != 200 or answer["state"] != "done":
            raise DemoError(f"the extract API answered {status} to GET extracts/{extract_id}: {answer}")
        return dict(answer)

    def _check(self, journal: Journal, landed: Mapping[str, int], lines: list[account.OrderLine]) -> None:
        outcome = self._outcome
        athena = AthenaQueries(workgroup=os.environ["LANDFALL_ATHENA_WORKGROUP"])
        redshift = RedshiftQueries(
            workgroup=os.environ["LANDFALL_REDSHIFT_WORKGROUP"],
            database=os.environ["LANDFALL_REDSHIFT_DATABASE"],
            secret_arn=os.environ["LANDFALL_REDSHIFT_SECRET_ARN"],
        )
        outcome.streams = checks.check_streams(
            account.by_stream(journal), landed, athena, os.environ["LANDFALL_LEDGER_TABLE"]
        )
        for stream, result in outcome.streams.items():
            outcome.problems += [f"{stream}: {difference}" for difference in result.differences()]
        outcome.publications = checks.publications(os.environ["LANDFALL_PUBLICATION_TABLE"], ("lake", "warehouse"))
        outcome.problems += checks.missing_publications(outcome.publications)
        outcome.models = checks.models(outcome.publications, athena, redshift)
        outcome.numbers = checks.check_numbers(lines, athena, redshift)
        outcome.problems += [f"{number.name}: {number.values}" for number in outcome.numbers if not number.is_equal]

    def _airflow(self) -> Airflow:
        return Airflow(
            url=os.environ["LANDFALL_AIRFLOW_URL"],
            user=os.environ["LANDFALL_AIRFLOW_USER"],
            password=os.environ["LANDFALL_AIRFLOW_PASSWORD"],
        )

    def _localcloud(self, *words: str) -> None:
        """Run the `localcloud` command as a user would, so that its own words reach the terminal."""
        command = [sys.executable, "-m", "localcloud", *words, "--state", str(self._layout.state)]
        if subprocess.run(command, check=False).returncode:
            raise DemoError(
                f"`localcloud {' '.join(words)}` failed; its words are above, its logs in {self._layout.logs}"
            )

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        began_at = time.monotonic()
        self._console.rule(f"[bold]{name}", align="left")
        yield
        self._outcome.stages.append((name, time.monotonic() - began_at))


def journal_path(layout: Layout) -> Path:
    """Return where the account of a stack is kept."""
    return layout.state / "demo" / "account.sqlite3"
