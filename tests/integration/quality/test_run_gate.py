"""Gates on both engines: a good table passes, a bad row fails, `where` decides what is audited, Data Docs appear."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from landfall.aws import s3
from landfall.aws.athena import Athena
from landfall.aws.redshift_data import RedshiftData
from landfall.errors import EngineError
from landfall.quality.gates import Engine, Gate, GateResult
from landfall.quality.overrides import Override, overrides_of, record_overrides
from landfall.settings import Settings
from sqlglot import exp

SUITE = """
- {type: expect_column_values_to_be_unique, kwargs: {column: id}, meta: {why: the key}}
- {type: expect_column_values_to_not_be_null, kwargs: {column: status}, meta: {why: always there}}
- {type: expect_column_values_to_be_in_set, kwargs: {column: status, value_set: [paid, open]}, meta: {why: known}}
- {type: expect_column_value_lengths_to_equal, kwargs: {column: status, value: 4}, meta: {why: short}}
- {type: expect_column_values_to_be_between, kwargs: {column: cents, min_value: 0}, meta: {why: money}}
- type: expect_column_pair_values_a_to_be_greater_than_b
  kwargs: {column_A: ended_at, column_B: began_at, or_equal: true}
  meta: {why: order}
- {type: expect_table_row_count_to_be_between, kwargs: {min_value: 1}, meta: {why: filled}}
- type: unexpected_rows_expectation
  kwargs: {description: cents are even, unexpected_rows_query: "SELECT id FROM {batch} WHERE MOD(cents, 2) <> 0"}
  meta: {why: a rule over a row}
"""
GOOD = "(1, 'paid', 100, TIMESTAMP '2026-11-20 10:00:00', TIMESTAMP '2026-11-20 11:00:00')"
BAD = "(1, 'lost!', -7, TIMESTAMP '2026-11-20 10:00:00', TIMESTAMP '2026-11-20 09:00:00')"
CHECKS = 8
Tables = Callable[[Engine, str], str]


@pytest.fixture
def tables(local_cloud: dict[str, str]) -> Iterator[Tables]:
    """Return a function that makes a table of the given rows on an engine; all are dropped afterwards."""
    settings = Settings.from_environment()
    athena, redshift = Athena(settings=settings), RedshiftData(settings=settings)
    made: list[tuple[Engine, str]] = []

    def make(engine: Engine, rows: str) -> str:
        name = f"gate_{uuid.uuid4().hex[:12]}"
        if engine == "athena":
            location = f"s3://{settings.lake_bucket}/scratch/{name}/"
            columns = "id bigint, status string, cents bigint, began_at timestamp, ended_at timestamp"
            athena.run(
                f"CREATE TABLE scratch.{name} ({columns}) LOCATION '{location}' TBLPROPERTIES ('table_type'='ICEBERG')"
            )
            athena.run(f"INSERT INTO scratch.{name} VALUES {rows}")
            made.append((engine, f"scratch.{name}"))
        else:
            columns = "id bigint, status varchar(20), cents bigint, began_at timestamp, ended_at timestamp"
            redshift.run(f"CREATE TABLE public.{name} ({columns})", name="test")
            redshift.run(f"INSERT INTO public.{name} VALUES {rows}", name="test")
            made.append((engine, f"public.{name}"))
        return made[-1][1]

    yield make
    for engine, table in made:
        drop = f"DROP TABLE {table}"
        _ = athena.run(drop) if engine == "athena" else redshift.run(drop, name="test")


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """The suite of these tests as a file."""
    (tmp_path / "owners.yaml").write_text("rows: team_a")
    path = tmp_path / "rows" / "rows.yaml"
    path.parent.mkdir()
    path.write_text(SUITE)
    return path


def _gate(
    engine: Engine,
    relation: str,
    suite: Path,
    *,
    run_id: str = "run:1+00",
    afterwards: ExitStack | None = None,
    **asked: Any,
) -> GateResult:
    gate = Gate(gate="rows", engine=engine, suites={relation: suite}, run_id=run_id, dag_id="test_gates", **asked)
    return gate.run(afterwards)


@pytest.mark.parametrize("engine", ["athena", "redshift"])
def test_good_rows_pass(engine: Engine, tables: Tables, suite: Path) -> None:
    result = _gate(engine, tables(engine, GOOD), suite)
    assert (result.passed, result.failed, result.checks) == (True, (), CHECKS)


@pytest.mark.parametrize("engine", ["athena", "redshift"])
def test_each_check_finds_the_bad_row(engine: Engine, tables: Tables, suite: Path) -> None:
    result = _gate(engine, tables(engine, f"{GOOD}, {BAD}"), suite)

    words = " ".join(result.failed)
    assert not result.passed
    for check in ("unique(id)", "in_set(status)", "lengths_to_equal(status)", "between(cents)", "cents are even"):
        assert check in words
    assert "expect_column_pair_values_a_to_be_greater_than_b" in words


@pytest.mark.parametrize("engine", ["athena", "redshift"])
def test_a_condition_leaves_other_rows_out(engine: Engine, tables: Tables, suite: Path) -> None:
    where = exp.column("status").neq(exp.Literal.string("lost!"))
    assert _gate(engine, tables(engine, f"{GOOD}, {BAD}"), suite, where=where).passed


@pytest.mark.parametrize("are_later", [False, True])
def test_data_docs_are_in_the_ops_bucket_and_hold_no_value(are_later: bool, tables: Tables, suite: Path) -> None:
    run_id = f"manual__2026-11-21T01:00:00+00:00_{uuid.uuid4().hex[:6]}"
    with ExitStack() as last:
        afterwards = last if are_later else None
        result = _gate("athena", tables("athena", f"{GOOD}, {BAD}"), suite, run_id=run_id, afterwards=afterwards)
        bucket, key = s3.split_uri(result.data_docs_url)
        prefix = key.removesuffix("index.html")
        assert any(s3.list_objects(bucket=bucket, prefix=key)) is not are_later

    pages = {
        found.key: s3.read_object(bucket=bucket, key=found.key)
        for found in s3.list_objects(bucket=bucket, prefix=prefix)
    }
    assert key in pages
    assert any("/validations/" in page for page in pages)
    summary = json.loads(pages[f"{prefix}gate.json"])
    assert (summary["passed"], len(summary["checks"])) == (False, CHECKS)
    assert not any(b"lost!" in page for page in pages.values())


@pytest.mark.parametrize("engine", ["athena", "redshift"])
def test_a_row_a_check_can_be_queried_once_after_a_task_was_tried_twice(
    engine: Engine, tables: Tables, suite: Path
) -> None:
    run_id, relation = f"run:{uuid.uuid4().hex[:8]}+00", tables(engine, f"{GOOD}, {BAD}")
    for _ in range(2):
        _gate(engine, relation, suite, run_id=run_id)

    query = exp.select("relation", "severity", "owner", "passed", "engine").from_("ops.gate_results")
    found = Athena(settings=Settings.from_environment()).run(
        query.where(exp.column("run_id").eq(exp.Literal.string(run_id))), fetch=True
    )
    assert len(found.rows) == CHECKS
    assert set(found.rows) == {(relation, "stop", "team_a", passed, engine) for passed in ("true", "false")}


def test_a_decision_can_be_queried_with_its_times(local_cloud: dict[str, str]) -> None:
    settings, decided_at = Settings.from_environment(), datetime(2026, 11, 21, 12, tzinfo=UTC)
    gate = f"gate_{uuid.uuid4().hex[:8]}"
    override = Override(
        gate=gate,
        relation="marts.fct_orders",
        expectation="volume",
        decided_by="jane",
        reason="the shop closed for a day",
        decided_at=decided_at,
        valid_until=decided_at + timedelta(hours=2),
        dag_id="d",
        run_id="manual__2026-11-21T12:00:00+00:00",
    )
    record_overrides([override], bucket=settings.ops_bucket)

    query = exp.select("decided_by", "reason", "valid_until").from_("ops.gate_overrides")
    found = Athena(settings=settings).run(query.where(exp.column("gate").eq(exp.Literal.string(gate))), fetch=True)
    assert found.rows == (("jane", "the shop closed for a day", "2026-11-21 14:00:00.000"),)
    assert overrides_of(gate, bucket=settings.ops_bucket, at=decided_at) == {("marts.fct_orders", "volume"): override}


def test_a_table_that_is_not_there_is_the_engines_failure_and_no_verdict(
    local_cloud: dict[str, str], suite: Path
) -> None:
    with pytest.raises(EngineError, match="could not be evaluated"):
        _gate("athena", "scratch.nothing_here", suite)
