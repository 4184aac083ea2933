"""Athena works in rounds, and maintenance is the one that gives way."""

from __future__ import annotations

import pytest
from landfall.aws.athena import AthenaResult
from landfall.errors import EngineError, MaintenanceError
from landfall.maintain import upkeep_statements
from landfall.maintain.upkeep_statements import MOST_ROUNDS, Upkeep, Yielded, set_properties, vacuum
from sqlglot import exp

MORE = EngineError("Athena statement 1 failed: ICEBERG_VACUUM_MORE_RUNS_NEEDED: Removed 20000 files in this round")
CONFLICT = EngineError("Athena statement 1 failed: ICEBERG_COMMIT_ERROR: Failed to commit")


class Engine:
    """Answers with what it was given, in turn."""

    def __init__(self, *answers: EngineError | int) -> None:
        self.answers = list(answers)

    def run(self, statement: exp.Expression | str, *, fetch: bool = False) -> AthenaResult:
        answer = self.answers.pop(0)
        if isinstance(answer, EngineError):
            raise answer
        return AthenaResult(query_execution_id="1", rows=(), scanned_bytes=answer, engine_ms=1)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep_statements.time, "sleep", lambda seconds: None)


def test_a_statement_is_run_until_athena_needs_no_more_rounds() -> None:
    upkeep = Upkeep(engine=Engine(MORE, MORE, 0), busy=lambda: None)
    upkeep.run("VACUUM raw.orders")
    assert upkeep.rounds == 3


def test_rounds_have_an_end() -> None:
    with pytest.raises(MaintenanceError, match="not done after 50 rounds"):
        Upkeep(engine=Engine(*[MORE] * MOST_ROUNDS), busy=lambda: None).run("VACUUM raw.orders")


def test_a_commit_that_is_lost_is_tried_again_and_then_left_to_the_winner() -> None:
    Upkeep(engine=Engine(CONFLICT, CONFLICT, 0), busy=lambda: None).run("OPTIMIZE raw.orders")
    with pytest.raises(Yielded, match="committed first"):
        Upkeep(engine=Engine(*[CONFLICT] * 3), busy=lambda: None).run("OPTIMIZE raw.orders")


def test_it_gives_way_between_two_rounds() -> None:
    answers = iter([None, "a load"])
    with pytest.raises(Yielded, match="a load"):
        Upkeep(engine=Engine(MORE), busy=lambda: next(answers)).run("VACUUM raw.orders")


def test_other_errors_are_not_hidden() -> None:
    with pytest.raises(EngineError, match="HIVE"):
        Upkeep(engine=Engine(EngineError("HIVE_BAD_DATA")), busy=lambda: None).run("VACUUM raw.orders")


def test_a_statement_that_scans_costs_ten_megabytes_at_least_and_one_that_does_not_is_free() -> None:
    upkeep = Upkeep(engine=Engine(1, 20_000_000, 0), busy=lambda: None)
    for _ in range(3):
        upkeep.run("OPTIMIZE raw.orders")
    assert upkeep.cost_usd == pytest.approx(30e6 * 5 / 1e12)


def test_names_that_would_need_quotes_are_refused() -> None:
    assert vacuum(exp.table_("orders", db="raw", quoted=True)) == "VACUUM raw.orders"
    assert (
        set_properties(exp.table_("orders", db="raw"), {"a": "1"})
        == "ALTER TABLE raw.orders SET TBLPROPERTIES ('a' = '1')"
    )
    with pytest.raises(MaintenanceError, match="needs quotes"):
        vacuum(exp.table_("orders; drop", db="raw"))
