"""An attempt's statements: started once, waited for in seconds, found again when the attempt goes on."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
from botocore.exceptions import ClientError
from landfall.aws import athena, redshift_data
from landfall.errors import EngineError
from landfall.extract.engines import attempt
from landfall.extract.engines.attempt import AttemptStatements, StillRunningError
from landfall.settings import Settings

SETTINGS = Settings(**dict.fromkeys(Settings.__dataclass_fields__, "x"))


class Engines:
    """Both services at once; a statement has the state that `states` says, RUNNING if it says nothing."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self.started: list[str] = []
        self.stopped: list[str] = []

    def _start(self, text: str) -> str:
        self.started.append(text)
        return f"s-{len(self.started)}"

    def start_query_execution(self, **request: Any) -> dict[str, str]:
        return {"QueryExecutionId": self._start(request["QueryString"])}

    def execute_statement(self, **request: Any) -> dict[str, str]:
        return {"Id": self._start(request["Sql"])}

    def get_query_execution(self, *, QueryExecutionId: str) -> dict[str, Any]:  # noqa: N803
        state = self.states.get(QueryExecutionId, "RUNNING")
        return {"QueryExecution": {"Status": {"State": state}, "Statistics": {"DataScannedInBytes": 7}}}

    def describe_statement(self, *, Id: str) -> dict[str, str]:  # noqa: N803
        return {"Status": self.states.get(Id, "STARTED")}

    def stop_query_execution(self, *, QueryExecutionId: str) -> None:  # noqa: N803
        self.stopped.append(QueryExecutionId)

    def cancel_statement(self, *, Id: str) -> None:  # noqa: N803
        self.stopped.append(Id)


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> Engines:
    """Athena and Redshift in memory."""
    found = Engines()
    for module in (athena, redshift_data):
        monkeypatch.setattr(module, "client", lambda service: found)
    return found


def _unload(statements: AttemptStatements) -> tuple[int, str]:
    counted = statements.on_athena("count", lambda: "select 1")
    written = statements.on_redshift("unload", lambda redshift: redshift.start("unload", name="n"))
    return counted.scanned_bytes, written


def test_an_attempt_that_is_taken_up_again_starts_nothing_twice(engines: Engines) -> None:
    known: dict[str, str] = {}
    for ended in ({}, {"s-1": "SUCCEEDED"}):
        engines.states |= ended
        statements = AttemptStatements(settings=SETTINGS, known=known, seconds=0)
        with pytest.raises(StillRunningError) as waited:
            _unload(statements)
        known = statements.known
    assert (waited.value.statement, known) == ("redshift:s-2", {"count": "athena:s-1", "unload": "redshift:s-2"})

    engines.states["s-2"] = "FINISHED"

    assert _unload(AttemptStatements(settings=SETTINGS, known=known, seconds=0)) == (7, "s-2")
    assert engines.started == ["select 1", "unload"] and engines.stopped == []


def test_a_statement_that_fails_while_nobody_looks_fails_the_attempt(engines: Engines) -> None:
    engines.states |= {"s-1": "SUCCEEDED", "s-2": "FAILED"}
    with pytest.raises(EngineError, match="s-2 failed"):
        _unload(AttemptStatements(settings=SETTINGS, known={"count": "athena:s-1", "unload": "redshift:s-2"}))


def test_a_wait_that_is_broken_off_stops_its_statement(engines: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", killed)
    with pytest.raises(KeyboardInterrupt):
        _unload(AttemptStatements(settings=SETTINGS, seconds=60))
    assert engines.stopped == ["s-1"]


@pytest.mark.parametrize("engine", ["athena", "redshift"])
def test_only_a_statement_that_runs_is_stopped(engines: Engines, engine: str) -> None:
    engines.states |= {"over": "FINISHED" if engine == "redshift" else "SUCCEEDED", "failed": "FAILED"}
    for name in ("over", "failed", "running"):
        attempt.stop(f"{engine}:{name}", SETTINGS)
    assert engines.stopped == ["running"]


def test_something_is_done_while_an_engine_works(engines: Engines) -> None:
    engines.states |= {"s-1": "SUCCEEDED", "s-2": "FINISHED"}
    found: list[tuple[str, ...]] = []
    statements = AttemptStatements(settings=SETTINGS, seconds=0)
    statements.on_athena("count", lambda: "select 1", meanwhile=lambda: found.append(tuple(engines.started)))
    statements.on_redshift(
        "unload",
        lambda redshift: redshift.start("unload", name="n"),
        meanwhile=lambda: found.append(tuple(engines.started)),
    )
    assert found == [("select 1",), ("select 1", "unload")]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_what_breaks_off_meanwhile_stops_the_statement(engines: Engines, error: type[BaseException]) -> None:
    def break_off() -> None:
        raise error

    with pytest.raises(error):
        AttemptStatements(settings=SETTINGS).on_athena("count", lambda: "select 1", meanwhile=break_off)
    assert engines.stopped == ["s-1"]


def test_a_statement_that_is_withdrawn_has_ended_and_is_forgotten(engines: Engines) -> None:
    statements = AttemptStatements(settings=SETTINGS, known={"count": "athena:s-0"})
    statements.withdraw("unload")
    statements.begin_on_redshift("unload", lambda redshift: redshift.start("unload", name="n"))

    def aborted(*, Id: str) -> None:  # noqa: N803
        engines.stopped.append(Id)
        engines.states[Id] = "ABORTED"

    engines.cancel_statement = aborted  # type: ignore[method-assign]
    statements.withdraw("unload")
    assert (engines.stopped, statements.known) == (["s-1"], {"count": "athena:s-0"})


@pytest.mark.parametrize("ends", [True, False])
def test_a_statement_may_end_while_it_is_being_stopped(engines: Engines, ends: bool) -> None:
    def refused(*, Id: str) -> None:  # noqa: N803
        engines.states |= {Id: "FINISHED"} if ends else {}
        raise ClientError({"Error": {"Code": "ValidationException", "Message": "not cancelled"}}, "CancelStatement")

    engines.cancel_statement = refused  # type: ignore[method-assign]
    with nullcontext() if ends else pytest.raises(ClientError):
        attempt.stop("redshift:s-1", SETTINGS)
