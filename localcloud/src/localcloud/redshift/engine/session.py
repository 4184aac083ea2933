"""One client's session: transaction state, settings, and the execution of statements one at a time."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import duckdb
from sqlglot import exp

from localcloud.lake.interruption import Interruption
from localcloud.redshift.engine import cursors, external_reading, handlers, prepared, settings, targets
from localcloud.redshift.engine.catalog import Catalog
from localcloud.redshift.engine.database import Database
from localcloud.redshift.engine.faulting import faulted
from localcloud.redshift.engine.history import Query, query_type
from localcloud.redshift.engine.isolation import Transaction
from localcloud.redshift.engine.names import Names
from localcloud.redshift.engine.result import Column, Fetch, Result, Row, columns_of
from localcloud.redshift.errors import RedshiftError, from_duckdb
from localcloud.redshift.sql import statement as statements
from localcloud.redshift.sql.statement import Statement
from localcloud.redshift.sql.translate import Translated, bind, fold_names, translate_typed

_PROCESS_IDS = itertools.count(1_073_750_000)
_SESSIONS: dict[int, Session] = {}
_CONFLICT_ATTEMPTS = 6
_MOST_NOTICES = 20

IDLE, IN_TRANSACTION, FAILED = "I", "T", "E"


class Session:
    """Not for use by two threads at once, but `cancel` may be called from any."""

    def __init__(self, *, database: Database, user: str) -> None:
        self.database = database
        self.user = user
        self.process_id = next(_PROCESS_IDS)
        self.status = IDLE
        self.settings = dict(settings.DEFAULTS)
        self.connection = database.connect()
        self.connection.execute("SET VARIABLE rs_user = ?", [user])
        self.connection.execute("SET VARIABLE rs_process_id = ?", [self.process_id])
        self.connection.execute("SET VARIABLE rs_schema = 'public'")
        self.connection.execute("SET VARIABLE rs_search_path = ['public']")
        settings.publish(self)
        self.catalog = Catalog(self.connection, database.name, database.oids)
        self.names = Names(self)
        self.cursors: dict[str, Result] = {}
        self.plans: dict[str, prepared.Plan] = {}
        self.notices: list[RedshiftError] = []
        self._transaction: Transaction | None = None
        self._implicit = False
        self._cancelled = False
        self._interruption = Interruption(self.connection.interrupt)
        self._statement_lock = threading.Lock()
        _SESSIONS[self.process_id] = self

    def parse(self, sql: str) -> tuple[Statement, ...]:
        """The statements of `sql`; raises RedshiftError 42601."""
        return statements.split(sql)

    def describe(self, statement: Statement, parameters: Sequence[exp.Expression]) -> Sequence[Column] | None:
        """The columns that executing `statement` will give, or None; has no effect on data."""
        if statement.verb == "SELECT":
            with self.errors():
                translated = self.typed(statement.tree, parameters)
                described = [(column.name, column.type) for column in self.query_columns(translated.sql)]
                return columns_of(described, translated.columns)
        if statement.verb == "FETCH":
            return cursors.columns(self, statement)
        if statement.verb == "EXECUTE":
            return prepared.columns(self, statement, parameters)
        if statement.verb in handlers.READ_ONLY_ROWS:
            return self.execute(statement, parameters).columns
        return None

    def execute(self, statement: Statement, parameters: Sequence[exp.Expression]) -> Result:
        """Run one statement; raises RedshiftError and leaves the transaction as it found it (see `fail`)."""
        if self.status == FAILED and statement.verb not in ("COMMIT", "ROLLBACK"):
            raise RedshiftError(
                "25P02", "current transaction is aborted, commands ignored until end of transaction block"
            )
        if statement.verb not in ("COMMIT", "ROLLBACK"):
            self.database.siblings.refuse_overuse()
        self._cancelled = False
        if self.names.left_scratch:
            external_reading.forget_scratch(self)
        entry = self._entered(statement)
        try:
            with self._working():
                result = faulted(statement, lambda: self.run(statement, parameters))
        except RedshiftError as error:
            entry.finish("canceled" if error.sqlstate == "57014" else "failed", error=error.message)
            raise
        entry.finish("success", rows=result.affected or 0)
        if result.columns is not None:
            result.fetch = self._guarded(result.fetch)
        return result

    def _entered(self, statement: Statement) -> Query:
        """The statement's entry in what sys_query_history shows."""
        entry = Query(
            user=self.user,
            session_id=self.process_id,
            transaction_id=self.process_id,
            database=self.database.name,
            query_type=query_type(statement.verb, has_query=" AS " in statement.text.upper()),
            text=statement.text,
            query_label=self.settings["query_group"],
        )
        self.database.history.queries.append(entry)
        return entry

    def run(self, statement: Statement, parameters: Sequence[exp.Expression]) -> Result:
        """The same for a statement inside another one, as EXECUTE and DECLARE have it."""
        handler = handlers.find(statement.verb)
        if statement.verb in handlers.OUTSIDE_TRANSACTIONS and self.status != IDLE:
            raise RedshiftError("25001", f"{statement.verb} cannot run inside a transaction block")

        def work() -> Result:
            return handler.run(self, statement, parameters)

        if self.status != IDLE and (handler.transactional or statement.verb == "SELECT"):
            return self._tracked(statement, work)
        if handler.transactional:
            return self._in_transaction(statement, work)
        return work()

    def _guarded(self, fetch: Fetch) -> Fetch:
        """The engine computes on while rows are fetched: that too can be cancelled, is timed out and is charged."""

        def guarded(count: int) -> list[Row]:
            with self._working():
                return fetch(count)

        return guarded

    @contextmanager
    def _working(self) -> Iterator[None]:
        """Work on a statement: it can be cancelled, is timed out and is charged."""
        with (
            self._statement_lock,
            self._interruption.running(),
            self._time_limit(),
            self.errors(),
            self.database.meter.running(),
        ):
            yield

    @contextmanager
    def _time_limit(self) -> Iterator[None]:
        """`statement_timeout`, in milliseconds, 0 for none."""
        milliseconds = int(self.settings.get("statement_timeout") or 0)
        timer = threading.Timer(milliseconds / 1000, self.cancel) if milliseconds else None
        if timer is not None:
            timer.start()
        try:
            yield
        finally:
            if timer is not None:
                timer.cancel()

    def translated(self, tree: exp.Expression, parameters: Sequence[exp.Expression]) -> str:
        """DuckDB SQL of a query, its parameters bound and its names resolved."""
        return self.typed(tree, parameters).sql

    def typed(self, tree: exp.Expression, parameters: Sequence[exp.Expression]) -> Translated:
        """The same with the Redshift types of its columns."""
        return translate_typed(bind(tree, parameters), self.names)

    def query_columns(self, sql: str) -> list[Column]:
        """Names and DuckDB types of a translated query's columns."""
        described = self.connection.execute(f"DESCRIBE {sql}").fetchall()
        return [Column(row[0], row[1]) for row in described]

    def folded(self, statement: Statement, parameters: Sequence[exp.Expression] = ()) -> exp.Expression:
        """A changeable copy of the statement's tree with names in lower case and parameters bound."""
        return fold_names(bind(statement.tree, parameters))

    def begin(self) -> None:
        """BEGIN; inside a transaction it does nothing, as in PostgreSQL."""
        if self.status == IDLE:
            self.connection.execute("BEGIN TRANSACTION")
            self._transaction = self.database.isolation.begin(self.process_id)
            self.status = IN_TRANSACTION
        elif not self._implicit:
            self.warn("25001", "there is already a transaction in progress")
        self._implicit = False

    def warn(self, sqlstate: str, message: str) -> None:
        """Tell the client something that is no error; an API's session has nobody to tell."""
        self.notices.append(RedshiftError(sqlstate, message, severity="WARNING"))
        del self.notices[:-_MOST_NOTICES]

    def end(self, *, commit: bool) -> bool:
        """COMMIT or ROLLBACK; tells whether anything was committed. Without a transaction it does nothing."""
        committed = commit and self.status == IN_TRANSACTION
        before, self.status, self._implicit = self.status, IDLE, False
        if before == IDLE:
            self.warn("25P01", "there is no transaction in progress")
        self.cursors.clear()
        done = False
        try:
            if before == IN_TRANSACTION:
                with self._interruption.held_off():
                    self.connection.execute("COMMIT" if commit else "ROLLBACK")
            done = committed
        finally:
            self._leave(committed=done)
        return committed

    def fail(self) -> None:
        """After an error: an open transaction is rolled back and refuses statements until it is ended."""
        if self.status == IN_TRANSACTION:
            self._rollback_quietly()
            self._leave(committed=False)
            self.cursors.clear()
            self.status = IDLE if self._implicit else FAILED
            self._implicit = False

    def _leave(self, *, committed: bool) -> None:
        """Have the database forget the transaction and its locks."""
        if self._transaction is not None:
            self.database.isolation.end(self._transaction, committed=committed)
            self._transaction = None

    @contextmanager
    def script(self, count: int) -> Iterator[None]:
        """Statements sent together are one transaction unless they begin one themselves."""
        if count > 1 and self.status == IDLE:
            self.begin()
            self._implicit = True
        yield
        if self._implicit:
            with self.errors():
                self.end(commit=True)

    def cancel(self) -> None:
        """Interrupt what the session is executing; harmless when it is idle."""
        if self._statement_lock.locked():
            self._cancelled = True
            self._interruption.request()
            self.database.isolation.wake()

    def close(self) -> None:
        """Roll back and let go of the connection."""
        _SESSIONS.pop(self.process_id, None)
        self._rollback_quietly()
        self._leave(committed=False)
        self.database.disconnect(self.connection)

    def _rollback_quietly(self) -> None:
        with self._interruption.held_off(), suppress(duckdb.Error):
            self.connection.execute("ROLLBACK")

    def _in_transaction(self, statement: Statement, work: handlers.Work) -> Result:
        """Run one statement as a transaction of its own."""
        for attempt in itertools.count(1):
            self._transaction = self.database.isolation.begin(self.process_id)
            committed = False
            try:
                result = self._tracked(statement, work, own=True)
                with self._interruption.held_off():
                    self.connection.execute("COMMIT")
                committed = True
                return result
            except duckdb.TransactionException:
                # The catalogue's own rows have no locks that could be waited for; DuckDB asks to try again.
                if attempt == _CONFLICT_ATTEMPTS or self._cancelled:
                    raise
            finally:
                if not committed:
                    self._rollback_quietly()
                self._leave(committed=committed)
            time.sleep(0.02 * 2**attempt)
        raise AssertionError("unreachable")

    def _tracked(self, statement: Statement, work: handlers.Work, *, own: bool = False) -> Result:
        """Run a statement of the current transaction: lock what it writes, note what it reads, look for a cycle.

        `own`: the transaction is the statement's own, begun only when the locks are held, so that it waits for other
        writers and then sees what they wrote.
        """
        transaction, isolation = self._transaction, self.database.isolation
        if transaction is None:
            return work()
        locked = self._lock_written(transaction, statement, own=own)
        isolation.start_statement(transaction)
        if own:
            self.connection.execute("BEGIN TRANSACTION")
        self.names.tables.clear()
        result = work()
        if statement.verb in targets.APPENDING:
            self.names.tables.difference_update(locked)
        transaction.reads.update(self.names.tables)
        isolation.check(transaction)
        return result

    def _lock_written(self, transaction: Transaction, statement: Statement, *, own: bool) -> list[int]:
        """Lock the permanent tables that the statement writes; gives their object ids."""
        locked = []
        for parts in targets.written(statement):
            schema, name = self.names.place(exp.table_(*parts[::-1][:2]))
            relation = None if schema == "pg_temp" else self.catalog.relation(schema, name)
            if relation is None:
                continue
            locked.append(relation.oid)
            waited = self.database.isolation.lock(transaction, relation.oid, lambda: self._cancelled)
            if waited and not own and transaction.snapshot is None:
                # Nothing was done yet: what the other writer committed belongs to this transaction's snapshot.
                self.connection.execute("ROLLBACK")
                self.connection.execute("BEGIN TRANSACTION")
        return locked

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn DuckDB's exceptions into RedshiftErrors."""
        try:
            yield
        except duckdb.Error as error:
            raise from_duckdb(error) from error
        except RecursionError as error:
            raise RedshiftError("54001", "statement too complex") from error


def find_session(process_id: int) -> Session | None:
    """The open session with this backend process id."""
    return _SESSIONS.get(process_id)
