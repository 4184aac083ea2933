"""One client's session: transaction state, settings, and the execution of statements one at a time."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb
from sqlglot import exp

from localcloud.redshift.engine import handlers, queries
from localcloud.redshift.engine.catalog import Catalog
from localcloud.redshift.engine.database import Database
from localcloud.redshift.engine.names import Names
from localcloud.redshift.engine.result import Column, Result
from localcloud.redshift.errors import RedshiftError, from_duckdb
from localcloud.redshift.sql import statement as statements
from localcloud.redshift.sql.statement import Statement
from localcloud.redshift.sql.translate import Translated, bind, fold_names, translate_typed

_PROCESS_IDS = itertools.count(1_073_750_000)
_SESSIONS: dict[int, Session] = {}
_CONFLICT_ATTEMPTS = 6

IDLE, IN_TRANSACTION, FAILED = "I", "T", "E"


class Session:
    """Not for use by two threads at once, but `cancel` may be called from any."""

    def __init__(self, *, database: Database, user: str) -> None:
        self.database = database
        self.user = user
        self.process_id = next(_PROCESS_IDS)
        self.status = IDLE
        self.settings: dict[str, str] = {"search_path": '"$user", public', "timezone": "UTC", "query_group": "unset"}
        self.connection = database.connect()
        self.connection.execute("SET VARIABLE rs_user = ?", [user])
        self.connection.execute("SET VARIABLE rs_process_id = ?", [self.process_id])
        self.connection.execute("SET VARIABLE rs_schema = 'public'")
        self.connection.execute("SET VARIABLE rs_search_path = ['public']")
        self.catalog = Catalog(self.connection, database.name, database.oids)
        self.names = Names(self)
        self.declared: dict[str, Result] = {}
        self._implicit = False
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
                return queries.columns_of(described, translated.columns)
        if statement.verb in handlers.READ_ONLY_ROWS:
            return self.execute(statement, parameters).columns
        return None

    def execute(self, statement: Statement, parameters: Sequence[exp.Expression]) -> Result:
        """Run one statement; raises RedshiftError and leaves the transaction as it found it (see `fail`)."""
        handler = handlers.find(statement.verb)
        if self.status == FAILED and statement.verb not in ("COMMIT", "ROLLBACK"):
            raise RedshiftError(
                "25P02", "current transaction is aborted, commands ignored until end of transaction block"
            )
        with self._statement_lock, self._time_limit(), self.errors():
            if handler.transactional:
                return self._in_transaction(lambda: handler.run(self, statement, parameters))
            return handler.run(self, statement, parameters)

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
            self.status = IN_TRANSACTION
        self._implicit = False

    def end(self, *, commit: bool) -> bool:
        """COMMIT or ROLLBACK; tells whether anything was committed. Without a transaction it does nothing."""
        committed = commit and self.status == IN_TRANSACTION
        before, self.status, self._implicit = self.status, IDLE, False
        if before == IN_TRANSACTION:
            self.connection.execute("COMMIT" if commit else "ROLLBACK")
        return committed

    def fail(self) -> None:
        """After an error: an open transaction is rolled back and refuses statements until it is ended."""
        if self.status == IN_TRANSACTION:
            self._rollback_quietly()
            self.status = IDLE if self._implicit else FAILED
            self._implicit = False

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
            self.connection.interrupt()

    def close(self) -> None:
        """Roll back and let go of the connection."""
        _SESSIONS.pop(self.process_id, None)
        self._rollback_quietly()
        self.connection.close()

    def _rollback_quietly(self) -> None:
        try:
            self.connection.execute("ROLLBACK")
        except duckdb.Error:
            return

    def _in_transaction(self, work: handlers.Work) -> Result:
        if self.status != IDLE:
            return work()
        for attempt in itertools.count(1):
            self.connection.execute("BEGIN TRANSACTION")
            try:
                result = work()
                self.connection.execute("COMMIT")
                return result
            except duckdb.TransactionException:
                # A statement of its own waits for the other writer in Redshift; DuckDB asks to try again.
                self._rollback_quietly()
                if attempt == _CONFLICT_ATTEMPTS:
                    raise
                time.sleep(0.02 * 2**attempt)
            except BaseException:
                self._rollback_quietly()
                raise
        raise AssertionError("unreachable")

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
