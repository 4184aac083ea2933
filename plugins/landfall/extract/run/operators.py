"""The task that makes an extract: it waits for seconds in its worker, and longer without one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, NoReturn

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred

from landfall.assets import extract_files
from landfall.errors import ExtractEndedError, RequestError
from landfall.extract.run.waiting import StatementTrigger, TurnTrigger

if TYPE_CHECKING:
    from airflow.sdk import Context

    from landfall.extract.door.pinning import Admission
    from landfall.extract.engines.unload import Unloaded
    from landfall.extract.run.publish import Certifier
    from landfall.settings import Settings

LONGEST_TURN: Final = timedelta(hours=12)
"""How long an extract waits for its turn."""

LONGEST_STATEMENT: Final = timedelta(hours=1)
"""How long a statement is waited for; Athena ends one after half of that (its quota of DML statements)."""


class MakeExtract(BaseOperator):  # type: ignore[misc]  # mypy does not follow Airflow's imports
    """Make the extract that the params of the run ask for: admit it, let an engine write the files, certify them.

    One task, not three: Airflow takes half a second to start another, a customer's five thousand rows take one second
    in all (decision 29). What must be waited for longer than seconds is waited for without a worker.
    """

    def execute(self, context: Context) -> dict[str, Any]:
        """Check the request again, whatever door it came through, pin it to what is published, and make its files."""
        from landfall.errors import NoSlotError
        from landfall.extract.run.admission import admit
        from landfall.settings import Settings

        run = context["dag_run"]
        who = f"staff:{run.triggering_user_name or 'unknown'}"
        settings = Settings.from_environment()
        with _explained():
            try:
                admitted = admit(dict(context["params"]), run_id=run.run_id, settings=settings, requested_by=who)
            except NoSlotError as error:
                _wait_for_turn(context, slot=str(error), method=self.on_turn.__name__, kwargs={})
        return self._make(context, admitted, known={})

    def on_turn(self, context: Context, event: dict[str, Any] | None = None) -> dict[str, Any]:
        """Go on where the extract had to wait; Airflow may come back without an event when a worker was lost."""
        _refuse_late(event, "its turn")
        return self.execute(context)

    def on_waited(
        self,
        context: Context,
        admission: dict[str, Any],
        known: dict[str, str],
        attempt: int,
        event: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Go on with the statements that the `attempt` has started already.

        Airflow comes back here for another try too, without an event. That is another attempt, with a prefix and
        statements of its own: those of the one before are stopped.
        """
        from landfall.extract.door.pinning import Admission
        from landfall.extract.run import course
        from landfall.extract.run.admission import WRITING
        from landfall.settings import Settings

        is_late = event is not None and event["state"] == "late"
        if is_late or context["ti"].try_number != attempt:
            self._stop(known)
            known = {}
        _refuse_late(event, "an engine")
        admitted = Admission.from_json(admission)
        with _explained():
            course.enter_step(admitted, WRITING, settings=Settings.from_environment())
        return self._make(context, admitted, known=known)

    def _make(self, context: Context, admitted: Admission, *, known: dict[str, str]) -> dict[str, Any]:
        """Write, check and certify the files; return what the run leaves: ids and counts."""
        from landfall.extract.run import course
        from landfall.extract.run.publish import Certifier, publish_extract, published_before
        from landfall.settings import Settings

        settings, run = Settings.from_environment(), context["dag_run"]
        # What the customer need not wait for is done afterwards.
        with _explained(), ExitStack() as afterwards:
            # A try that broke off after the manifest, such as one at the door of the customer's bucket, has its files.
            published = published_before(admitted, settings=settings) if context["ti"].try_number > 1 else None
            checking = None
            if published is None:
                certifier = Certifier(admitted, settings=settings, dag_id=run.dag_id, run_id=run.run_id)
                unloaded = self._unload(context, admitted, known=known, certifier=certifier, settings=settings)
                checking = course.enter_step(admitted, course.CHECKING, settings=settings)
                published = publish_extract(unloaded, certifier, settings=settings, afterwards=afterwards)
            course.finish(admitted, published, settings=settings, seen=checking)
        outcome = {
            "manifest": published.manifest_uri,
            "rows": published.rows,
            "files": published.files,
            "bytes": published.bytes,
        }
        context["outlet_events"][extract_files].extra = {**outcome, "cause": run.run_id}
        return outcome

    def _unload(
        self,
        context: Context,
        admitted: Admission,
        *,
        known: dict[str, str],
        certifier: Certifier,
        settings: Settings,
    ) -> Unloaded:
        """Let the engine write the files to the prefix of this attempt, or leave the worker while it does."""
        from landfall.errors import NoSlotError
        from landfall.extract.engines.attempt import INLINE_SECONDS, AttemptStatements, StillRunningError
        from landfall.extract.engines.unload import unload
        from landfall.extract.run import course

        attempt = context["ti"].try_number
        statements = AttemptStatements(settings=settings, known=known, seconds=INLINE_SECONDS)
        try:
            with course.undone_when_killed(self, admitted, attempt=attempt, settings=settings):
                return unload(
                    admitted,
                    attempt=attempt,
                    settings=settings,
                    statements=statements,
                    while_counting=lambda: certifier.credentials,
                    while_writing=lambda: certifier.gate,
                )
        except NoSlotError as error:
            waited = {"admission": admitted.to_json(), "known": statements.known, "attempt": attempt}
            _wait_for_turn(context, slot=str(error), method=self.on_waited.__name__, kwargs=waited)
        except StillRunningError as error:
            _wait_for_statement(admitted, error.statement, known=statements.known, attempt=attempt)

    def _stop(self, known: dict[str, str]) -> None:
        from landfall.extract.engines import attempt
        from landfall.settings import Settings

        for statement in known.values():
            attempt.stop(statement, Settings.from_environment())


def _wait_for_turn(context: Context, *, slot: str, method: str, kwargs: dict[str, Any]) -> NoReturn:
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


def _wait_for_statement(admission: Admission, statement: str, *, known: dict[str, str], attempt: int) -> NoReturn:
    from landfall.extract.files.layout import attempt_prefix
    from landfall.extract.records.store import ExtractStore
    from landfall.settings import Settings

    extract_id = admission.request.extract_id
    # For whoever finds the run gone: the statement must not outlive it.
    ExtractStore.of(Settings.from_environment()).mark(extract_id, statement=statement)
    raise TaskDeferred(
        trigger=StatementTrigger(
            extract_id=extract_id,
            statement=statement,
            prefix=attempt_prefix(admission.request, attempt),
            until=time.time() + LONGEST_STATEMENT.total_seconds(),
        ),
        method_name=MakeExtract.on_waited.__name__,
        kwargs={"admission": admission.to_json(), "known": known, "attempt": attempt},
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
