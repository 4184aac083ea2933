"""The statements of one attempt: each is started once, however often the attempt is taken up again.

An attempt waits some seconds for an engine. What takes longer is left to the triggerer (StillRunningError), and the
attempt taken up again with the ids of all statements so far finds them ended instead of starting them anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from botocore.exceptions import ClientError
from sqlglot import exp

from landfall.aws.athena import Athena, AthenaResult
from landfall.aws.polling import Meanwhile, wait_for
from landfall.aws.redshift_data import RedshiftData
from landfall.errors import EngineError
from landfall.settings import Settings

INLINE_SECONDS: Final = 5.0
"""How long an attempt waits for engines before it gives its worker back: most extracts are done by then."""

_STOPPED_SECONDS: Final = 2.0
"""How long a statement that was stopped is waited for: a task that is killed has five seconds in all."""


class StillRunningError(Exception):
    """A statement (`statement`, `<engine>:<id>`) takes longer than an attempt waits for."""

    def __init__(self, statement: str) -> None:
        super().__init__(statement)
        self.statement = statement


class AttemptStatements:
    """Statements by their name within the attempt; `known` are those that were started before, as `<engine>:<id>`.

    All of them are waited for `seconds` together, for as long as it takes if None.
    """

    def __init__(
        self, *, settings: Settings, known: Mapping[str, str] | None = None, seconds: float | None = None
    ) -> None:
        self._settings = settings
        self._known = dict(known or {})
        self._deadline = None if seconds is None else time.monotonic() + seconds

    def on_athena(
        self,
        name: str,
        statement: Callable[[], exp.Expression | str],
        *,
        fetch: bool = False,
        meanwhile: Meanwhile = None,
    ) -> AthenaResult:
        """Return what became of the statement `name`, made and started now unless it was before.

        `meanwhile` is done while the engine works.
        Raises StillRunningError when its time is over, EngineError when it failed.
        """
        athena = Athena(settings=self._settings)
        query_id = self._started(name, "athena", lambda: athena.start(statement()))
        ended = athena.wait(query_id, seconds=self._seconds_left, meanwhile=meanwhile)
        if ended is None:
            raise StillRunningError(self._known[name])
        return replace(ended, rows=athena.rows(query_id)) if fetch else ended

    def on_redshift(self, name: str, start: Callable[[RedshiftData], str], *, meanwhile: Meanwhile = None) -> str:
        """Return the id of the statement `name` once it has ended well; `start` starts it unless it was before.

        It is given the warehouse as the user that writes extracts, who sees nothing but walls.
        All else is as with `on_athena`.
        """
        statement_id = self.begin_on_redshift(name, start)
        if not self._redshift.wait(statement_id, seconds=self._seconds_left, meanwhile=meanwhile):
            raise StillRunningError(self._known[name])
        return statement_id

    def begin_on_redshift(self, name: str, start: Callable[[RedshiftData], str]) -> str:
        """Return the id of the statement `name`, started now unless it was before, and do not wait for it."""
        return self._started(name, "redshift", lambda: start(self._redshift))

    def withdraw(self, name: str) -> None:
        """Stop the statement `name` and forget it; nothing happens if there is none."""
        statement = self._known.pop(name, None)
        if statement is not None:
            stop(statement, self._settings)
            # What is started in its place must not meet it.
            wait_for(lambda: has_ended(statement, self._settings) or None, stop=lambda: None, seconds=_STOPPED_SECONDS)

    @property
    def _redshift(self) -> RedshiftData:
        return RedshiftData(settings=self._settings, secret_arn=self._settings.redshift_extract_secret_arn)

    def _started(self, name: str, engine: str, start: Callable[[], str]) -> str:
        if name not in self._known:
            self._known[name] = f"{engine}:{start()}"
        return self._known[name].partition(":")[2]

    @property
    def known(self) -> dict[str, str]:
        """All statements so far."""
        return dict(self._known)

    @property
    def _seconds_left(self) -> float:
        return float("inf") if self._deadline is None else max(0.0, self._deadline - time.monotonic())


def has_ended(statement: str, settings: Settings) -> bool:
    """Tell whether a statement (`<engine>:<id>`) has ended, whether well or not."""
    engine, _, statement_id = statement.partition(":")
    try:
        if engine == "redshift":
            return RedshiftData(settings=settings).has_ended(statement_id)
        return Athena(settings=settings).ended(statement_id) is not None
    except EngineError:
        return True


def stop(statement: str, settings: Settings) -> None:
    """Stop a statement (`<engine>:<id>`); nothing happens to one that has ended."""
    if has_ended(statement, settings):
        return
    engine, _, statement_id = statement.partition(":")
    try:
        (RedshiftData(settings=settings) if engine == "redshift" else Athena(settings=settings)).stop(statement_id)
    except ClientError:
        # Redshift refuses to stop what has ended in the meantime.
        if not has_ended(statement, settings):
            raise
