"""Gates on both engines: a good table passes, a bad row fails, `where` decides what is audited, Data Docs appear."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from landfall.aws import s3
from landfall.aws.athena import Athena
from landfall.aws.redshift_data import RedshiftData
from landfall.errors import EngineError
from landfall.quality.gates import Engine, GateResult, run_gate
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
    path = tmp_path / "rows.yaml"
    path.write_text(SUITE)
    return path


def _gate(
    engine: Engine, relation: str, suite: Path, *, run_id: str = "run:1+00", where: exp.Condition | None = None
) -> GateResult:
    return run_gate(
        gate="rows", engine=engine, suites={relation: suite}, run_id=run_id, dag_id="test_gates", where=where
    )


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


def test_data_docs_are_in_the_ops_bucket_and_hold_no_value(tables: Tables, suite: Path) -> None:
    run_id = f"manual__2026-11-21T01:00:00+00:00_{uuid.uuid4().hex[:6]}"
    result = _gate("athena", tables("athena", f"{GOOD}, {BAD}"), suite, run_id=run_id)

    bucket, key = s3.split_uri(result.data_docs_url)
    prefix = key.removesuffix("index.html")
    pages = {
        found.key: s3.read_object(bucket=bucket, key=found.key)
        for found in s3.list_objects(bucket=bucket, prefix=prefix)
    }
    assert key in pages
    assert any("/validations/" in page for page in pages)
    summary = json.loads(pages[f"{prefix}gate.json"])
    assert (summary["passed"], len(summary["checks"])) == (False, CHECKS)
    assert not any(b"lost!" in page for page in pages.values())


def test_a_table_that_is_not_there_is_the_engines_failure_and_no_verdict(
    local_cloud: dict[str, str], suite: Path
) -> None:
    with pytest.raises(EngineError, match="could not be evaluated"):
        _gate("athena", "scratch.nothing_here", suite)
