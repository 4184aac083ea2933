"""The tasks of an extract that may have to wait: they do so for seconds in their worker, and longer without one."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NoReturn

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred

from landfall.errors import ExtractEndedError, RequestError
from landfall.extract.run.waiting import StatementTrigger, TurnTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context

    from landfall.extract.door.pinning import Admission
    from landfall.extract.engines.attempt import StillRunningError

LONGEST_TURN: Final = timedelta(hours=12)
"""How long an extract waits for its turn."""

LONGEST_STATEMENT: Final = timedelta(hours=1)
"""How long a statement is waited for; Athena ends one after half of that (its quota of DML statements)."""


class AdmitRequest(BaseOperator):  # type: ignore[misc]  # mypy does not follow Airflow's imports
    """Check the request again, whatever door it came through, wait for its turn, and pin it to what is published."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Return the admission, or wait for the turn without a worker."""
        from landfall.errors import NoSlotError
        from landfall.extract.run.admission import admit
        from landfall.settings import Settings

        run = context["dag_run"]
        who = f"staff:{run.triggering_user_name or 'unknown'}"
        settings = Settings.from_environment()
        with _explained():
            try:
                return admit(dict(context["params"]), run_id=run.run_id, settings=settings, requested_by=who).to_json()
            except NoSlotError as error:
                _wait_for_turn(context, slot=str(error), kwargs={})

    def on_turn(self, context: Context, event: dict[str, Any] | None = None) -> dict[str, Any]:
        """Go on where the extract had to wait; Airflow may come back without an event when a worker was lost."""
        _refuse_late(event, "its turn")
        return self.execute(context)


class UnloadExtract(BaseOperator):  # type: ignore[misc]
    """Let the engine write the files of `admission` to a prefix of this attempt."""

    template_fields: Sequence[str] = ("admission",)

    def __init__(self, *, admission: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.admission = admission

    def execute(self, context: Context) -> dict[str, Any]:
        """Return what was unloaded, or wait without a worker for what takes longer than seconds."""
        return self._go_on(context, known={})

    def on_waited(
        self, context: Context, known: dict[str, str], attempt: int, event: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Go on with the statements that the `attempt` has started already.

        Airflow comes back here for another try too, without an event. That is another attempt, with a prefix and
        statements of its own: those of the one before are stopped.
        """
        is_late = event is not None and event["state"] == "late"
        if is_late or context["ti"].try_number != attempt:
            self._stop(known)
            known = {}
        _refuse_late(event, "an engine")
        return self._go_on(context, known=known)

    def _go_on(self, context: Context, *, known: dict[str, str]) -> dict[str, Any]:
        from landfall.errors import NoSlotError
        from landfall.extract.door.pinning import Admission
        from landfall.extract.engines.attempt import INLINE_SECONDS, AttemptStatements, StillRunningError
        from landfall.extract.engines.unload import unload
        from landfall.extract.run import course
        from landfall.settings import Settings

        settings, attempt = Settings.from_environment(), context["ti"].try_number
        admitted = Admission.from_json(self.admission)
        statements = AttemptStatements(settings=settings, known=known, seconds=INLINE_SECONDS)
        with _explained():
            course.enter_step(admitted, course.WRITING, settings=settings)
            try:
                with course.undone_when_killed(self, admitted, attempt=attempt, settings=settings):
                    return unload(admitted, attempt=attempt, settings=settings, statements=statements).to_json()
            except NoSlotError as error:
                waited = {"known": statements.known, "attempt": attempt}
                _wait_for_turn(context, slot=str(error), kwargs=waited, method=self.on_waited.__name__)
            except StillRunningError as error:
                _wait_for_statement(admitted, error, attempt=attempt)

    def _stop(self, known: dict[str, str]) -> None:
        from landfall.extract.engines import attempt
        from landfall.settings import Settings

        for statement in known.values():
            attempt.stop(statement, Settings.from_environment())


def _wait_for_turn(context: Context, *, slot: str, kwargs: dict[str, Any], method: str = "on_turn") -> NoReturn:
    from landfall.extract.door.request import extract_id_of

    raise TaskDeferred(
        trigger=TurnTrigger(
            extract_id=extract_id_of(context["run_id"]),
            slot=slot,
            since=context["dag_run"].run_after.isoformat(),
            until=time.time() + LONGEST_TURN.total_seconds(),
        ),
        method_name=method,
        kwargs=kwargs,
    )


def _wait_for_statement(admission: Admission, waited: StillRunningError, *, attempt: int) -> NoReturn:
    from landfall.extract.files.layout import attempt_prefix
    from landfall.extract.records.store import ExtractStore
    from landfall.settings import Settings

    extract_id = admission.request.extract_id
    # For whoever finds the run gone: the statement must not outlive it.
    ExtractStore.of(Settings.from_environment()).mark(extract_id, statement=waited.statement)
    raise TaskDeferred(
        trigger=StatementTrigger(
            extract_id=extract_id,
            statement=waited.statement,
            prefix=attempt_prefix(admission.request, attempt),
            until=time.time() + LONGEST_STATEMENT.total_seconds(),
        ),
        method_name=UnloadExtract.on_waited.__name__,
        kwargs={"known": waited.known, "attempt": attempt},
    )


def _refuse_late(event: dict[str, Any] | None, what: str) -> None:
    if event is not None and event["state"] == "late":
        raise AirflowFailException(f"the extract has waited too long for {what}; start a new one")


@contextmanager
def _explained() -> Iterator[None]:
    """Fail at once, without another try, where the request is what is wrong."""
    try:
        yield
    except (RequestError, ExtractEndedError) as error:
        raise AirflowFailException(str(error)) from error
