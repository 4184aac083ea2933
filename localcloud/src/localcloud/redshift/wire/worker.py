"""A session's work in a statement thread, so that the event loop stays free."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import TypeVar

from sqlglot import exp

from localcloud.faults.statements import ConnectionDropped
from localcloud.redshift.engine.result import Result, Row
from localcloud.redshift.engine.session import Session
from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.sql.statement import Statement
from localcloud.redshift.wire.client_reader import ClientReader

log = logging.getLogger(__name__)

T = TypeVar("T")
_DISCONNECT_CHECK_SECONDS = 1.0


class Worker:
    """Runs what a session has to do in a thread of the pool; each time wakes one, which a short statement feels."""

    def __init__(self, session: Session, reader: ClientReader, pool: Executor) -> None:
        self._session = session
        self._reader = reader
        self._pool = pool

    async def run(self, function: Callable[[], T]) -> T:
        """Run `function`; the statement of a client that went away meanwhile is cancelled. Raises RedshiftError."""
        task = asyncio.get_running_loop().run_in_executor(self._pool, function)
        while not task.done():
            done, _ = await asyncio.wait({task}, timeout=_DISCONNECT_CHECK_SECONDS)
            if not done and self._reader.gone:
                self._session.cancel()
        try:
            return await task
        except (RedshiftError, ConnectionDropped):
            raise
        except Exception as error:
            log.exception("a statement failed in a way this engine does not know")
            raise RedshiftError("XX000", f"internal error: {type(error).__name__}: {error}") from error

    async def begin(self, statement: Statement, parameters: Sequence[exp.Expr], count: int) -> tuple[Result, list[Row]]:
        """Execute a statement and fetch its first rows, at most `count`. Raises RedshiftError."""

        def work() -> tuple[Result, list[Row]]:
            result = self._session.execute(statement, parameters)
            return result, result.fetch(count)

        return await self.run(work)

    async def fetch(self, result: Result, count: int) -> list[Row]:
        """Fetch the next rows, at most `count`. Raises RedshiftError."""
        return await self.run(lambda: result.fetch(count))
