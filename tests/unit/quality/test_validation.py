"""How often the engine is asked for a verdict, and for the counts of what failed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest
import sqlalchemy as sa
from landfall.aws.engine_urls import EngineAddress
from landfall.quality.suites import Check, Suite

KNOWN = Check("expect_column_values_to_not_be_null", {"column": "a"}, why="it is known")
FEW = Check("expect_column_values_to_be_between", {"column": "a", "min_value": 0, "max_value": 5}, why="they are few")


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """The statements that any engine of the test is asked."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    yield statements
    sa.event.remove(sa.Engine, "before_cursor_execute", note)


NO_NINES = Check("no_nines", {}, why="nine is too many", query="SELECT a FROM {batch} WHERE a = 9")


def run(folder: Path, checks: tuple[Check, ...] = (KNOWN, FEW), **rows: list[int | None]) -> dict[tuple[str, str], Any]:
    from landfall.quality.validation import PreparedSuites

    with sqlite3.connect(folder / "rows.db") as connection:
        for table, values in rows.items():
            connection.execute(f"create table {table} (a integer)")
            connection.executemany(f"insert into {table} values (?)", [(value,) for value in values])
    prepared = PreparedSuites(
        address=EngineAddress(f"sqlite:///{folder}/rows.db", {}),
        queries={table: f"SELECT * FROM {table}" for table in rows},
        suites={table: Suite(table, checks) for table in rows},
        site=folder / "site",
    )
    results = prepared.run("test")
    prepared.write_site()
    return {(result.relation, result.check): result for result in results}


def test_only_a_suite_that_fails_is_asked_for_its_counts(tmp_path: Path, asked: list[str]) -> None:
    results = run(tmp_path, good=[1, 2], bad=[1, None, 9], fine=[3])
    assert [(relation, result.passed) for (relation, _), result in results.items()] == [
        ("good", True),
        ("good", True),
        ("bad", False),
        ("bad", False),
        ("fine", True),
        ("fine", True),
    ]
    assert [result.unexpected_rows for (relation, _), result in results.items() if relation == "bad"] == [1, 1]
    asked_of = {table: sum(f"FROM {table}" in statement for statement in asked) for table in ("good", "bad", "fine")}
    assert asked_of["good"] == asked_of["fine"] < asked_of["bad"]


def test_the_docs_tell_of_every_suite_once(tmp_path: Path) -> None:
    run(tmp_path, good=[1, 2], bad=[1, None, 9])
    pages = list((tmp_path / "site" / "validations").rglob("*.html"))
    assert len(pages) == 2
    index = (tmp_path / "site" / "index.html").read_text()
    assert index.count("good on good") >= 1 and index.count("bad on bad") >= 1


def test_a_template_of_the_docs_is_compiled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "first").mkdir()
    run(tmp_path / "first", good=[1])
    monkeypatch.setattr(jinja2.Environment, "compile", lambda *_, **__: pytest.fail("compiled again"))
    (tmp_path / "second").mkdir()
    run(tmp_path / "second", bad=[1, None])
    pages = [page.read_text() for page in (tmp_path / "second/site").rglob("*.html")]
    assert len(pages) == 3 and all("<html" in page for page in pages)


def test_the_rows_that_break_a_rule_are_counted_once_and_never_fetched(tmp_path: Path, asked: list[str]) -> None:
    results = run(tmp_path, (NO_NINES,), good=[1, 2], bad=[1, 9, 9])
    assert [(result.passed, result.observed) for result in results.values()] == [(True, None), (False, "2")]
    of_rule = [statement for statement in asked if "a = 9" in statement]
    assert all(statement.startswith("SELECT COUNT(*)") for statement in of_rule)
    assert len(of_rule) == 3  # once for each verdict, and once for the count of the one that failed
