"""The product's own steps on the running local cloud, one at a time, and what each said."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from dbt.cli.main import dbtRunner
from landfall.aws import s3
from landfall.ingest import tasks
from landfall.publish.changed_days import audited_days
from landfall.publish.groups import DAY_COLUMNS, LAKE, WAREHOUSE, suites
from landfall.publish.record import versioned_table
from landfall.publish.steps import candidate_gate
from landfall.quality.data_docs import SUMMARY_FILE, docs_key
from landfall.quality.gates import Engine, Gate
from landfall.quality.kinds import Surroundings
from landfall.settings import REPOSITORY, Settings

ENGINES: Mapping[str, Engine] = {LAKE: "athena", WAREHOUSE: "redshift"}
_DAG = "mutations"


@dataclass(frozen=True, order=True)
class Said:
    """Something that a step said of the data: who said it, how loud, and in words."""

    by: str
    severity: str
    words: str


@dataclass(frozen=True)
class Arrival:
    """A record as it lands: when, and its text."""

    at: datetime
    text: str


class Stage:
    """The steps in the order of a nightly run; each returns what it said against the data, nothing if all was well."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings.from_environment()
        self._folder = folder
        self.project = folder / "dbt_project"
        shutil.rmtree(self.project, ignore_errors=True)
        shutil.copytree(REPOSITORY / "dbt_project", self.project, ignore=shutil.ignore_patterns("target"))
        self.lake_version = 0
        """Version of the published lake that the warehouse is built from."""
        self._numbers = count(1)
        self._run = f"mutations_{datetime.now(UTC):%Y%m%dT%H%M%S}"

    def land(self, stream: str, arrivals: Iterable[Arrival]) -> list[str]:
        """Put the records into landing as Firehose does, an object an hour; return the keys."""
        name = f"{self._run}_{next(self._numbers):04d}.gz"
        hours: dict[str, list[str]] = defaultdict(list)
        for arrival in arrivals:
            hours[f"{stream}/dt={arrival.at:%Y-%m-%d}/hr={arrival.at:%H}/{name}"].append(arrival.text)
        for key, texts in hours.items():
            body = gzip.compress("".join(f"{text}\n" for text in texts).encode())
            s3.write_object(bucket=self.settings.landing_bucket, key=key, body=body, content_type="application/gzip")
        return list(hours)

    def unland(self, keys: Sequence[str]) -> None:
        """Remove objects that were loaded, so that the next listing is as short as this one was."""
        for key in keys:
            s3.delete_prefix(bucket=self.settings.landing_bucket, prefix=key)

    def load(self, stream: str) -> dict[str, Any]:
        """Load what has landed; return the load's report."""
        run_id = self._next_run()
        tasks.discover_objects(stream=stream, run_id=run_id)
        return tasks.load_objects(stream=stream, run_id=run_id)

    def audit_raw(self, stream: str) -> list[Said]:
        """Run the raw gate over what was loaded."""
        run_id = self._next_run()
        return self._gate(f"raw_{stream}", run_id, lambda: tasks.audit_raw(stream=stream, dag_id=_DAG, run_id=run_id))

    def audit(self, group: str, tables: Iterable[str], *, version: int) -> list[Said]:
        """Run the candidate's gate over `tables` ("database.name"), against the published lake `version`.

        It looks at the fewest days that a night's gate ever looks at.
        """
        run_id, lake = self._next_run(), {table: _dataset(table) for table in suites(LAKE)}
        now = datetime.now(UTC)
        around = Surroundings(
            at=now,
            days=audited_days({}, (), at=now),
            day_columns=DAY_COLUMNS,
            published={table: versioned_table(name, version) for table, name in lake.items()} if group == LAKE else {},
            lake={name: versioned_table(name, version) for name in lake.values()} if group == WAREHOUSE else {},
        )
        chosen = {table: path for table, path in suites(group).items() if table in set(tables)}
        gate = candidate_gate(group)
        return self._gate(
            gate,
            run_id,
            lambda: Gate(
                gate=gate, engine=ENGINES[group], suites=chosen, run_id=run_id, dag_id=_DAG, around=around
            ).run(),
        )

    def build(self, group: str, *selection: str, options: Sequence[str] = (), unit_tests: bool = False) -> list[Said]:
        """Run `dbt build` over `selection`, or the unit tests of it alone; what a failure left out is not told."""
        if unit_tests:
            return self._dbt(group, "test", "--select", *(f"{each},test_type:unit" for each in selection))
        chosen = ("--select", *selection) if selection else ()
        return self._dbt(group, "build", "--exclude-resource-type", "unit_test", *chosen, *options)

    def make_view(self, group: str, name: str) -> list[Said]:
        """Make the view of the model `name` anew."""
        return self._dbt(group, "run", "--select", name)

    def _dbt(self, group: str, *words: str) -> list[Said]:
        folder = self._folder / f"dbt_{group}"
        os.environ["LANDFALL_LAKE_VERSION"] = str(self.lake_version)
        outcome = dbtRunner().invoke(
            [
                *("--quiet", "--log-level", "none", "--log-level-file", "none", *words, "--target", group),
                *("--project-dir", str(self.project), "--profiles-dir", str(self.project)),
                *("--target-path", str(folder), "--log-path", str(folder)),
            ]
        )
        if outcome.exception is not None:
            return [Said(by="dbt", severity="stop", words=_first_line(str(outcome.exception)))]
        return [
            Said(by=f"dbt {result.node.resource_type}", severity="stop", words=f"{result.node.name}: {_why(result)}")
            for result in outcome.result
            if result.status in ("error", "fail", "runtime error")
        ]

    def manifest(self, group: str) -> Path:
        """Return the manifest that the last `build` of `group` has written."""
        return self._folder / f"dbt_{group}" / "manifest.json"

    def _gate(self, gate: str, run_id: str, run: Callable[[], Any]) -> list[Said]:
        """Run a gate and return its broken checks, or what kept it from checking."""
        broke: list[Said] = []
        try:
            run()
        except Exception as error:
            broke = [Said(by=f"gate {gate}", severity="stop", words=_first_line(str(error)))]
        key = f"{docs_key(_DAG, run_id, gate)}/{SUMMARY_FILE}"
        if not list(s3.list_objects(bucket=self.settings.ops_bucket, prefix=key)):
            return broke  # a gate that has nothing to look at leaves no summary
        return broken_checks(dag_id=_DAG, run_id=run_id, gate=gate)

    def _next_run(self) -> str:
        return f"{self._run}_{next(self._numbers):05d}"


def broken_checks(*, dag_id: str, run_id: str, gate: str) -> list[Said]:
    """Return what a gate found broken in a run, as the summary beside its Data Docs has it."""
    key = f"{docs_key(dag_id, run_id, gate)}/{SUMMARY_FILE}"
    summary = json.loads(s3.read_object(bucket=Settings.from_environment().ops_bucket, key=key))
    return [
        Said(by=f"gate {gate}", severity=check["severity"], words=f"{check['relation']}: {check['check']}")
        for check in summary["checks"]
        if not check["passed"]
    ]


def _dataset(table: str) -> str:
    return table.partition(".")[2]


def _why(result: Any) -> str:
    return _first_line(result.message or str(result.status))


def _first_line(text: str) -> str:
    """Return what fits on a line of the list, without dbt's word on where this machine has the compiled code."""
    return " ".join(text.partition("compiled code at")[0].split())[:200]
