"""Bring the running local cloud to the ordinary day that mutations are compared with."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from landfall.publish import steps
from landfall.publish.groups import LAKE, TABLES, WAREHOUSE
from landfall.settings import REPOSITORY

from tests.mutations.events import Sent
from tests.mutations.play import KEPT_AFTER, KEPT_BEFORE, Ordinary
from tests.mutations.stage import Arrival, Said, Stage
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
    """Load the days `which` of every stream; return each stream's report and what the raw gates said."""
    reports, said = {}, []
    for stream in STREAMS:
        stage.land(stream, (Arrival(sent.at, sent.text) for day in which for sent in days[day, stream]))
        reports[stream] = stage.load(stream)
        said += stage.audit_raw(stream)
    return reports, said


def transform(stage: Stage, *, run_id: str) -> tuple[int, list[Said]]:
    """Build, audit and publish both groups by the steps of their DAGs; return the lake's version and what was said.

    Raises GateFailed or RuntimeError if that is not published.
    """
    said = _built(stage, LAKE)
    stage.lake_version = version = _publish(LAKE, run_id=run_id)
    said += _built(stage, WAREHOUSE)
    _publish(WAREHOUSE, run_id=run_id, lake_version=version)
    return version, said


def _built(stage: Stage, group: str) -> list[Said]:
    said = stage.build(group)
    if said:
        raise RuntimeError(f"an ordinary day does not build: {said}")
    return said


def _publish(group: str, *, run_id: str, lake_version: int | None = None) -> int:
    audited = steps.audit(group, run_id=run_id, dag_id=f"transform_{group}", lake_version=lake_version)
    return int(steps.publish(audited, causes=[], run_id=run_id)["version"])


def prepare(stage: Stage, days: Days) -> Ordinary:
    """Publish all days but the last on both engines, then the last, and keep the states before and after it."""
    *history, last = sorted({day for day, _ in days})
    take_in(stage, days, history)
    version, _ = transform(stage, run_id="mutations_before")
    warehouse = Warehouse()
    warehouse.keep(KEPT_BEFORE)
    before = lake_state()
    reports, said = take_in(stage, days, [last])
    version_after, _ = transform(stage, run_id="mutations_after")
    warehouse.keep(KEPT_AFTER)
    return Ordinary(
        day={stream: days[last, stream] for stream in STREAMS},
        day_before={stream: days[last - 1, stream] for stream in STREAMS},
        before=before,
        after=lake_state(),
        reports=reports,
        said=frozenset([*said, *usually_said(stage, version=version, version_after=version_after)]),
        content=lake_content(TABLES[LAKE]),
        warehouse_content=warehouse.content(TABLES[WAREHOUSE]),
        version=version,
        version_after=version_after,
    )


def usually_said(stage: Stage, *, version: int, version_after: int) -> list[Said]:
    """Return what the candidates' gates say of the ordinary day."""
    return [
        *stage.audit(LAKE, TABLES[LAKE], version=version),
        *stage.audit(WAREHOUSE, TABLES[WAREHOUSE], version=version_after),
    ]
