"""Bring the running local cloud, night by night, to the ordinary day that mutations are compared with."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from landfall.publish import steps
from landfall.publish.groups import LAKE, TABLES, WAREHOUSE
from landfall.settings import REPOSITORY

from tests.mutations.events import Sent
from tests.mutations.play import KEPT_AFTER, KEPT_BEFORE, Ordinary
from tests.mutations.stage import Arrival, Said, Stage, broken_checks
from tests.mutations.states import STREAMS, Warehouse, lake_content, lake_state

LOCALCLOUD = REPOSITORY / ".venv" / "localcloud" / "bin" / "python"

Days = Mapping[tuple[int, str], Sequence[Sent]]
"""(Day of arrival from 1, stream) -> what arrived."""


def traffic(*, journal: Path, days: int, events: int, seed: int) -> Days:
    """Return `days` ordinary days that end now, by the example business's own producer; its account is `journal`."""
    until = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    command = [
        *(str(LOCALCLOUD), str(Path(__file__).with_name("traffic.py")), "--journal", str(journal)),
        *("--days", str(days), "--events", str(events), "--seed", str(seed), "--until", until.isoformat()),
    ]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    found: dict[tuple[int, str], list[Sent]] = {(day, stream): [] for day in range(1, days + 1) for stream in STREAMS}
    for line in map(json.loads, lines):
        sent = Sent(at=datetime.fromisoformat(line["arrives_at"]), text=line["text"], events=tuple(line["events"]))
        found[line["day"], line["stream"]].append(sent)
    return found


def take_in(stage: Stage, days: Days, which: Sequence[int]) -> tuple[dict[str, dict[str, object]], list[Said]]:
    """Load the days `which` of every stream; return each stream's report and what loads and raw gates said."""
    reports, said = {}, []
    for stream in STREAMS:
        stage.land(stream, (Arrival(sent.at, sent.text) for day in which for sent in days[day, stream]))
        reports[stream] = report = stage.load(stream)
        if report["over_limit"]:
            said.append(Said(by="quarantine limit", severity="warn", words=f"people are told of a load of {stream}"))
        said += stage.audit_raw(stream)
    return reports, said


def transform(stage: Stage, *, run_id: str) -> tuple[int, list[Said]]:
    """Build, audit and publish both groups by the steps of their DAGs; return the lake's version and what was said.

    Raises GateFailed or RuntimeError if that is not published.
    """
    _build(stage, LAKE)
    stage.lake_version = version = _publish(LAKE, run_id=run_id)
    _build(stage, WAREHOUSE)
    _publish(WAREHOUSE, run_id=run_id, lake_version=version)
    return version, [said for group in (LAKE, WAREHOUSE) for said in _told(group, run_id=run_id)]


def _build(stage: Stage, group: str) -> None:
    if said := stage.build(group):
        raise RuntimeError(f"an ordinary day does not build: {said}")


def _publish(group: str, *, run_id: str, lake_version: int | None = None) -> int:
    audited = steps.audit(group, run_id=run_id, dag_id=_dag_id(group), lake_version=lake_version)
    return int(steps.publish(audited, causes=[], run_id=run_id)["version"])


def _told(group: str, *, run_id: str) -> list[Said]:
    return broken_checks(dag_id=_dag_id(group), run_id=run_id, gate=steps.candidate_gate(group))


def _dag_id(group: str) -> str:
    return f"transform_{group}"


@dataclass(frozen=True)
class Night:
    """An ordinary day, and what was said of it."""

    day: int
    said: Sequence[Said]


def prepare(stage: Stage, days: Days, *, nights: int) -> tuple[Ordinary, list[Night]]:
    """Publish the history at once on both engines, then each of the last days as a night of its own.

    Returns the last day with the states before and after it, and what was said of each of the last `nights` days.
    """
    arrived = sorted({day for day, _ in days})
    take_in(stage, days, arrived[:-nights])
    version, _ = transform(stage, run_id="mutations_history")
    told = []
    for day in arrived[-nights:-1]:
        _, said = take_in(stage, days, [day])
        version, of_marts = transform(stage, run_id=f"mutations_{day}")
        told.append(Night(day, [*said, *of_marts]))
    last = _last_day(stage, days, arrived[-1], version)
    return last, [*told, Night(arrived[-1], sorted(last.said))]


def _last_day(stage: Stage, days: Days, last: int, version: int) -> Ordinary:
    """Publish the `last` day on top of `version`, and keep the states before and after it."""
    warehouse = Warehouse()
    warehouse.keep(KEPT_BEFORE)
    before = lake_state()
    reports, said = take_in(stage, days, [last])
    version_after, of_marts = transform(stage, run_id=f"mutations_{last}")
    warehouse.keep(KEPT_AFTER)
    return Ordinary(
        day={stream: days[last, stream] for stream in STREAMS},
        day_before={stream: days[last - 1, stream] for stream in STREAMS},
        before=before,
        after=lake_state(),
        reports=reports,
        said=frozenset([*said, *of_marts]),
        content=lake_content(TABLES[LAKE]),
        warehouse_content=warehouse.content(TABLES[WAREHOUSE]),
        version=version,
        version_after=version_after,
    )
