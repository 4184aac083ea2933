"""A session's transaction: begun and ended, its locks, what it reads, and statements that are one of their own."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import duckdb

from localcloud.redshift.engine import targets
from localcloud.redshift.engine.isolation import Transaction
from localcloud.redshift.engine.result import Result
from localcloud.redshift.sql.statement import Statement

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

IDLE, IN_TRANSACTION, FAILED = "I", "T", "E"
"""Of a session, as the wire's ReadyForQuery tells it."""

Work = Callable[[], Result]
_CONFLICT_ATTEMPTS = 6


class Transactions:
    """Those of one session, one after the other."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.status = IDLE
        self._transaction: Transaction | None = None
        self._implicit = False

    def begin(self) -> None:
        """BEGIN; inside a transaction it does nothing, as in PostgreSQL."""
        if self.status == IDLE:
            self._begin()
            self._transaction = self._session.database.isolation.begin(self._session.process_id)
            self.status = IN_TRANSACTION
        elif not self._implicit:
            self._session.warn("25001", "there is already a transaction in progress")
        self._implicit = False

    def end(self, *, commit: bool) -> bool:
        """COMMIT or ROLLBACK; tells whether anything was committed. Without a transaction it does nothing."""
        committed = commit and self.status == IN_TRANSACTION
        before, self.status, self._implicit = self.status, IDLE, False
        if before == IDLE:
            self._session.warn("25P01", "there is no transaction in progress")
        self._session.cursors.clear()
        done = False
        try:
            if before == IN_TRANSACTION:
                with self._session.interruption.held_off():
                    self._session.connection.execute("COMMIT" if commit else "ROLLBACK")
            done = committed
        finally:
            self._leave(committed=done)
        return committed

    def fail(self) -> None:
        """After an error: an open transaction is rolled back and refuses statements until it is ended."""
        if self.status == IN_TRANSACTION:
            self._rollback_quietly()
            self._leave(committed=False)
            self._session.cursors.clear()
            self.status = IDLE if self._implicit else FAILED
            self._implicit = False

    def _leave(self, *, committed: bool) -> None:
        """Have the databases forget the transaction and its locks."""
        self._session.catalog.settle()
        self._session.others.leave()
        if self._transaction is not None:
            self._session.database.isolation.end(self._transaction, committed=committed)
            self._transaction = None

    @contextmanager
    def script(self, count: int) -> Iterator[None]:
        """Statements sent together are one transaction unless they begin one themselves."""
        if count > 1 and self.status == IDLE:
            self.begin()
            self._implicit = True
        yield
        if self._implicit:
            with self._session.errors():
                self.end(commit=True)

    def close(self) -> None:
        """Roll back what is open, for the end of the session."""
        self._rollback_quietly()
        self._leave(committed=False)

    def run(self, statement: Statement, work: Work) -> Result:
        """Run a statement in the open transaction, or as one of its own."""
        return self._alone(statement, work) if self.status == IDLE else self._tracked(statement, work)

    def _begin(self) -> None:
        self._session.connection.execute("BEGIN TRANSACTION")
        self._session.catalog.begin()

    def _rollback_quietly(self) -> None:
        with self._session.interruption.held_off(), suppress(duckdb.Error):
            self._session.connection.execute("ROLLBACK")

    def _alone(self, statement: Statement, work: Work) -> Result:
        """Run one statement as a transaction of its own."""
        for attempt in itertools.count(1):
            self._transaction = self._session.database.isolation.begin(self._session.process_id)
            committed = False
            try:
                result = self._tracked(statement, work, own=True)
                with self._session.interruption.held_off():
                    self._session.connection.execute("COMMIT")
                committed = True
                return result
            except duckdb.TransactionException:
                # The catalogue's own rows have no locks that could be waited for; DuckDB asks to try again.
                if attempt == _CONFLICT_ATTEMPTS or self._session.cancelled:
                    raise
            finally:
                if not committed:
                    self._rollback_quietly()
                self._leave(committed=committed)
            time.sleep(0.02 * 2**attempt)
        raise AssertionError("unreachable")

    def _tracked(self, statement: Statement, work: Work, *, own: bool = False) -> Result:
        """Run a statement of the current transaction: lock what it writes, note what it reads, look for a cycle.

        `own`: the transaction is the statement's own, begun only when the locks are held, so that it waits for other
        writers and then sees what they wrote.
        """
        transaction, isolation = self._transaction, self._session.database.isolation
        if transaction is None:
            return work()
        locked = self._lock_written(transaction, statement, own=own)
        isolation.start_statement(transaction)
        if own:
            self._begin()
        self._session.names.tables.clear()
        result = work()
        if statement.verb in targets.APPENDING:
            self._session.names.tables.difference_update(locked)
        transaction.reads.update(self._session.names.tables)
        isolation.check(transaction)
        return result

    def _lock_written(self, transaction: Transaction, statement: Statement, *, own: bool) -> list[int]:
        """Lock the permanent tables that the statement writes; gives their object ids."""
        locked = []
        for parts in targets.written(statement):
            schema, name = self._session.names.place_of(parts[-2:])
            relation = None if schema == "pg_temp" else self._session.catalog.relation(schema, name)
            if relation is None:
                continue
            locked.append(relation.oid)
            waited = self._session.database.isolation.lock(transaction, relation.oid, lambda: self._session.cancelled)
            if waited and not own and transaction.snapshot is None:
                # Nothing was done yet: what the other writer committed belongs to this transaction's snapshot.
                self._session.connection.execute("ROLLBACK")
                self._begin()
        return locked
