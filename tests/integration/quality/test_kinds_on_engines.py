"""Landfall's own kinds of check on both engines: against the last published version and the lake."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from landfall.aws.athena import Athena
from landfall.aws.redshift_data import RedshiftData
from landfall.quality.gates import Engine, Gate, GateResult
from landfall.quality.kinds import Surroundings
from landfall.settings import Settings

SUITE = """
- {type: row_count_near_published, kwargs: {description: rows, least: 0.9}, meta: {why: w}}
- {type: mean_near_published, kwargs: {description: mean, column: cents, within: 0.5, least_rows: 1}, meta: {why: w}}
- type: share_near_published
  kwargs: {description: share, column: status, value: paid, within: 0.2, least_rows: 1}
  meta: {why: w, severity: hold}
- {type: no_orphans, kwargs: {description: keys, columns: [id], parent: lake.other}, meta: {why: w}}
- {type: fresh_within, kwargs: {description: new, column: seen_at, hours: 48}, meta: {why: w, severity: warn}}
- {type: as_fresh_as, kwargs: {description: level, column: seen_at, source: lake.other, hours: 1}, meta: {why: w}}
- type: same_total
  kwargs: {description: money, total: SUM(cents), by: [status], source: lake.other, until: seen_at}
  meta: {why: w}
"""
CHECKS = 7
"""Of the suite; the other kinds need a history, which tests/mutations has, and are tested on DuckDB in tests/unit."""

GOOD = "(1, 'paid', 100, TIMESTAMP '2026-11-20 10:00:00'), (2, 'open', 300, TIMESTAMP '2026-11-20 11:00:00')"
BAD = "(3, 'open', 30000, TIMESTAMP '2026-11-10 10:00:00')"
NOW = datetime(2026, 11, 21, tzinfo=UTC)

Tables = Callable[[str], str]


@pytest.fixture(params=["athena", "redshift"])
def engine(request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.param
    return found


@pytest.fixture
def tables(engine: Engine, local_cloud: dict[str, str]) -> Iterator[Tables]:
    """Return a function that makes a table of the given rows; all are dropped afterwards."""
    settings = Settings.from_environment()
    made: list[str] = []

    def run(statement: str) -> None:
        if engine == "athena":
            Athena(settings=settings).run(statement)
        else:
            RedshiftData(settings=settings).run(statement, name="test")

    def make(rows: str) -> str:
        name = f"kind_{uuid.uuid4().hex[:12]}"
        if engine == "athena":
            table = f"scratch.{name}"
            place = f"LOCATION 's3://{settings.lake_bucket}/scratch/{name}/' TBLPROPERTIES ('table_type'='ICEBERG')"
            run(f"CREATE TABLE {table} (id bigint, status string, cents bigint, seen_at timestamp) {place}")
        else:
            table = f"public.{name}"
            run(f"CREATE TABLE {table} (id bigint, status varchar(20), cents bigint, seen_at timestamp)")
        made.append(table)
        run(f"INSERT INTO {table} VALUES {rows}")
        return table

    yield make
    for table in made:
        run(f"DROP TABLE {table}")


def _gate(engine: Engine, candidate: str, other: str | None, folder: Path) -> GateResult:
    (folder / "owners.yaml").write_text("rows: team_a")
    suite = folder / "rows" / "rows.yaml"
    suite.parent.mkdir(exist_ok=True)
    suite.write_text(SUITE)
    around = Surroundings(at=NOW)
    if other:
        around = Surroundings(at=NOW, published={candidate: other}, lake={"other": other})
    gate = Gate(
        gate="kinds", engine=engine, suites={candidate: suite}, run_id="run-1", dag_id="test_kinds", around=around
    )
    return gate.run()


def test_a_candidate_like_the_published_version_passes(engine: Engine, tables: Tables, tmp_path: Path) -> None:
    result = _gate(engine, tables(GOOD), tables(GOOD), tmp_path)
    assert (result.passed, result.checks, result.warned) == (True, CHECKS, ())


def test_each_kind_finds_its_defect_with_its_severity(engine: Engine, tables: Tables, tmp_path: Path) -> None:
    result = _gate(engine, tables(BAD), tables(GOOD), tmp_path)
    assert len(result.failed) == CHECKS - 2
    assert [check.check for check in result.held] == ["share_near_published(share)"]
    assert len(result.warned) == 1


def test_the_first_publication_has_no_history_to_fail_on(engine: Engine, tables: Tables, tmp_path: Path) -> None:
    assert _gate(engine, tables(GOOD), None, tmp_path).passed
