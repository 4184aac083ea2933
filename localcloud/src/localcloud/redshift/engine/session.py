"""One client's session: transaction state, settings, and the execution of statements one at a time."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb
from sqlglot import exp

from localcloud.lake.interruption import Interruption
from localcloud.redshift.engine import cursors, external_reading, handlers, prepared, settings
from localcloud.redshift.engine.catalog import Catalog, RelationEntry
from localcloud.redshift.engine.database import Database
from localcloud.redshift.engine.faulting import faulted
from localcloud.redshift.engine.history import InsertStep, Query, query_type
from localcloud.redshift.engine.names import Names
from localcloud.redshift.engine.other_databases import OtherDatabases
from localcloud.redshift.engine.result import Column, Fetch, Result, Row
from localcloud.redshift.engine.session_transactions import FAILED, IDLE, Transactions
from localcloud.redshift.engine.translations import Translations
from localcloud.redshift.errors import RedshiftError, from_duckdb
from localcloud.redshift.sql import statement as statements
from localcloud.redshift.sql.statement import Statement
from localcloud.redshift.sql.translate import Translated, bind, fold_names

_PROCESS_IDS = itertools.count(1_073_750_000)
_SESSIONS: dict[int, Session] = {}
_MOST_NOTICES = 20


class Session:
    """Not for use by two threads at once, but `cancel` may be called from any."""

    def __init__(self, *, database: Database, user: str) -> None:
        self.database = database
        self.user = user
        self.process_id = next(_PROCESS_IDS)
        self.settings = dict(settings.DEFAULTS)
        self.connection = database.connect()
        self.connection.execute("SET VARIABLE rs_user = ?", [user])
        self.connection.execute("SET VARIABLE rs_process_id = ?", [self.process_id])
        self.connection.execute("SET VARIABLE rs_schema = 'public'")
        self.connection.execute("SET VARIABLE rs_search_path = ['public']")
        settings.publish(self)
        self.transactions = Transactions(self)
        self.catalog = Catalog(self.connection, database.name, database.oids, database.catalog_memory)
        self.names = Names(self)
        self.translations = Translations(self)
        self.others = OtherDatabases(self)
        self.cursors: dict[str, Result] = {}
        self.plans: dict[str, prepared.Plan] = {}
        self.notices: list[RedshiftError] = []
        self._query: Query | None = None
        self.cancelled = False
        self.interruption = Interruption(self.connection.interrupt)
        self._statement_lock = threading.Lock()
        _SESSIONS[self.process_id] = self

    def parse(self, sql: str) -> tuple[Statement, ...]:
        """The statements of `sql`; raises RedshiftError 42601."""
        return statements.split(sql)

    def describe(self, statement: Statement, parameters: Sequence[exp.Expr]) -> Sequence[Column] | None:
        """The columns that executing `statement` will give, or None; has no effect on data."""
        if statement.verb == "SELECT":
            return self._described(statement, parameters)
        if statement.verb == "FETCH":
            return cursors.columns(self, statement)
        if statement.verb == "EXECUTE":
            return prepared.columns(self, statement, parameters)
        if statement.verb in handlers.READ_ONLY_ROWS:
            return self.execute(statement, parameters).columns
        return None

    def _described(self, statement: Statement, parameters: Sequence[exp.Expr]) -> Sequence[Column]:
        try:
            with self.errors():
                return self.translations.columns(statement.tree, parameters)
        finally:
            self._left_others()

    def _left_others(self) -> None:
        """Outside a transaction block each statement sees other databases anew."""
        if self.status == IDLE:
            self.others.leave()

    def execute(self, statement: Statement, parameters: Sequence[exp.Expr]) -> Result:
        """Run one statement; raises RedshiftError and leaves the transaction as it found it (see `fail`)."""
        if self.status == FAILED and statement.verb not in ("COMMIT", "ROLLBACK"):
            raise RedshiftError(
                "25P02", "current transaction is aborted, commands ignored until end of transaction block"
            )
        if statement.verb not in ("COMMIT", "ROLLBACK"):
            self.database.siblings.refuse_overuse()
        self.cancelled = False
        if statement.verb != "SELECT":
            self.translations.forget()
        if self.names.left_scratch:
            external_reading.forget_scratch(self)
        entry = self._query = self._entered(statement)
        try:
            with self._working():
                result = faulted(statement, lambda: self.run(statement, parameters))
        except RedshiftError as error:
            entry.finish("canceled" if error.sqlstate == "57014" else "failed", error=error.message)
            raise
        finally:
            self._left_others()
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

    def inserted(self, relation: RelationEntry, rows: int) -> None:
        """Enter in sys_query_detail that the statement being run has put rows into a table."""
        if self._query is not None:
            query = self._query
            step = InsertStep(self.user, query.query_id, relation.oid, relation.name, rows, query.start_time)
            self.database.history.insert_steps.append(step)

    @property
    def status(self) -> str:
        """IDLE, IN_TRANSACTION or FAILED."""
        return self.transactions.status

    def run(self, statement: Statement, parameters: Sequence[exp.Expr]) -> Result:
        """The same for a statement inside another one, as EXECUTE and DECLARE have it."""
        handler = handlers.find(statement.verb)
        if statement.verb in handlers.OUTSIDE_TRANSACTIONS and self.status != IDLE:
            raise RedshiftError("25001", f"{statement.verb} cannot run inside a transaction block")

        def work() -> Result:
            return handler.run(self, statement, parameters)

        if handler.transactional or (self.status != IDLE and statement.verb == "SELECT"):
            return self.transactions.run(statement, work)
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
            self.interruption.running(),
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

    def translated(self, tree: exp.Expr, parameters: Sequence[exp.Expr]) -> str:
        """DuckDB SQL of a query, its parameters bound and its names resolved."""
        return self.typed(tree, parameters).sql

    def typed(self, tree: exp.Expr, parameters: Sequence[exp.Expr]) -> Translated:
        """The same with the Redshift types of its columns."""
        return self.translations.typed(tree, parameters)

    def query_columns(self, sql: str) -> list[Column]:
        """Names and DuckDB types of a translated query's columns."""
        described = self.connection.execute(f"DESCRIBE {sql}").fetchall()
        return [Column(row[0], row[1]) for row in described]

    def folded(self, statement: Statement, parameters: Sequence[exp.Expr] = ()) -> exp.Expr:
        """A changeable copy of the statement's tree with names in lower case and parameters bound."""
        return fold_names(bind(statement.tree, parameters))

    def warn(self, sqlstate: str, message: str) -> None:
        """Tell the client something that is no error; an API's session has nobody to tell."""
        self.notices.append(RedshiftError(sqlstate, message, severity="WARNING"))
        del self.notices[:-_MOST_NOTICES]

    def cancel(self) -> None:
        """Interrupt what the session is executing; harmless when it is idle."""
        if self._statement_lock.locked():
            self.cancelled = True
            self.interruption.request()
            self.database.isolation.wake()

    def close(self) -> None:
        """Roll back and let go of the connection."""
        _SESSIONS.pop(self.process_id, None)
        self.transactions.close()
        self.database.disconnect(self.connection)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn DuckDB's exceptions into RedshiftErrors."""
        try:
            yield
        except duckdb.Error as error:
            raise from_duckdb(error, self.database.told(error)) from error
        except RecursionError as error:
            raise RedshiftError("54001", "statement too complex") from error


def find_session(process_id: int) -> Session | None:
    """The open session with this backend process id."""
    return _SESSIONS.get(process_id)
