"""Relations of the namespace's other databases, read by names of three parts.

What may be read so, and how, is in https://docs.aws.amazon.com/redshift/latest/dg/cross-database_usage.html and
cross-database_limitation.html. Each database is an engine of its own here: its rows are copied for the statement.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.lake.sql_text import identifier
from localcloud.redshift.engine import grants_checks
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.translate import Stored

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

_SYSTEM_SCHEMAS = frozenset({"pg_catalog", "information_schema"})
_BATCH_ROWS = 100_000
_names = itertools.count()


class OtherDatabases:
    """One session's view of them; until `leave`, each stays as it was when it was first read."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._opened: dict[tuple[str, str], Session] = {}
        self._reachable = True

    def scan(self, parts: tuple[str, ...], user: str | None) -> Stored:
        """A copy of the rows that `user` may read; raises RedshiftError 42P01, 42501 or 0A000."""
        database, schema, name = parts
        if schema in _SYSTEM_SCHEMAS:
            raise RedshiftError("0A000", f"{schema} of another database can't be queried: use the SVV_ALL views")
        if not self._reachable:
            raise RedshiftError(
                "0A000", f"a view of another database that reads {database}.{schema}.{name}, of a third"
            )
        if user is None:
            raise unsupported("a row-level security policy that reads another database")
        other = self.session(database, user)
        query = exp.select("*").from_(exp.table_(name, db=schema, quoted=True))
        with other.errors():
            typed = other.typed(query, [])
        if other.names.external:
            raise unsupported("an external table of another database")
        described = other.query_columns(typed.sql)
        kinds = typed.columns or [(column.name, None) for column in described]
        return Stored("temp", "main", self._copy(other, typed.sql), kinds)

    def session(self, database: str, user: str) -> Session:
        """A session in another database whose transaction lasts until `leave`; raises RedshiftError 3D000, 42501."""
        if (database, user) not in self._opened:
            other = self._session.database.siblings.session(database, user)
            other.others._reachable = False
            other.transactions.begin()
            try:
                self._admit(other, user)
            except RedshiftError:
                other.close()
                raise
            self._opened[database, user] = other
        return self._opened[database, user]

    def leave(self) -> None:
        """End what was begun in other databases."""
        while self._opened:
            self._opened.popitem()[1].close()

    def _admit(self, other: Session, user: str) -> None:
        """A user of this database alone is nobody in the other; only administrators are known everywhere."""
        if grants_checks.is_superuser(self._session, user):
            return
        if not other.catalog.rows("SELECT 1 FROM {c}.principals WHERE principal_name = ? AND kind = 'user'", user):
            raise RedshiftError("42501", f"permission denied for database {other.database.name}")

    def _copy(self, other: Session, query: str) -> str:
        """A temporary table with the rows of a query there; it is forgotten before the next statement."""
        name, source = f"_other_{next(_names)}", other.connection.execute(query)
        types = [(column[0], str(column[1])) for column in source.description or []]
        # Arrow has no JSON of its own: it comes as text.
        outputs = ", ".join(
            f"{identifier(column)}::JSON AS {identifier(column)}" if kind == "JSON" else identifier(column)
            for column, kind in types
        )
        connection, stream = self._session.connection, f"{name}_stream"
        connection.register(stream, source.fetch_record_batch(_BATCH_ROWS))
        try:
            connection.execute(f"CREATE TEMP TABLE {identifier(name)} AS SELECT {outputs} FROM {identifier(stream)}")  # noqa: S608
        finally:
            connection.unregister(stream)
        self._session.names.left_scratch = True
        copied = connection.execute(f"SELECT * FROM {identifier(name)} LIMIT 0").description or []  # noqa: S608
        for (column, kind), (_, found, *_) in zip(types, copied, strict=True):
            if str(found) != kind:
                raise unsupported(f"reading column {column} of another database, whose values are of type {kind},")
        return name
