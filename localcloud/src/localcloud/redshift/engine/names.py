"""What a relation's name means to a session: temporary table, table, view, external table or system view."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.lake.sql_text import identifier
from localcloud.redshift.engine import (
    external_listing,
    external_reading,
    grants_checks,
    grants_queries,
    history,
    late_binding,
    materialized,
    policies,
    user_functions,
)
from localcloud.redshift.engine.catalog import RelationEntry
from localcloud.redshift.engine.catalog_tables import HIDDEN_SCHEMA
from localcloud.redshift.engine.database import SYSTEM
from localcloud.redshift.errors import NOT_SUPPORTED, RedshiftError, unsupported
from localcloud.redshift.sql.inference import Columns
from localcloud.redshift.sql.pruning import passed_on
from localcloud.redshift.sql.statement import parse
from localcloud.redshift.sql.translate import Derived, Stored, Translated, UserFunction, translate_typed
from localcloud.redshift.sql.types import of_result

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

_MAX_VIEW_DEPTH = 50
_DATABASE_VIEWS = frozenset({"pg_database", "svv_redshift_databases", "svv_all_databases", "stv_db_isolation_level"})
_LATE_VIEWS = frozenset({"pg_get_late_binding_view_cols", "svv_columns", "svv_redshift_columns", "svv_all_columns"})
_SYSTEM_PREFIXES = ("pg_", "stl_", "stv_", "svcs_", "svl_", "svv_", "sys_")
"""https://docs.aws.amazon.com/redshift/latest/dg/c_types-of-system-tables-and-views.html"""


class Names:
    """Resolves names inside the session's transaction; remembers which relations it gave out (`used`), which tables,
    those behind views too (`tables`), whether scans of external tables left anything (`left_scratch`), and whether it
    was asked for what is to be looked up each time (`varies`): an external table, a system view, another database."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._depth = 0
        self._acting: list[str | None] = []
        self._system: frozenset[tuple[str, str]] | None = None
        self._system_columns: dict[tuple[str, str], Columns] = {}
        self._temporaries: Callable[[], frozenset[str]] | None = None
        self.used: list[int] = []
        self.tables: set[int] = set()
        self.external: bool = False
        self.left_scratch: bool = False
        self.varies: bool = False

    def resolve(self, parts: tuple[str, ...], conditions: Sequence[exp.Expr] = ()) -> Stored | Derived:
        """See translate.Resolver."""
        if len(parts) == 3 and parts[0] != self._session.database.name:
            self.varies = True
            return self._session.others.scan(parts, self.acting)
        name = parts[-1]
        if len(parts) == 1:
            return self._unqualified(name, conditions)
        schema = parts[-2]
        if schema in ("pg_catalog", "information_schema"):
            return self._system_view("sys" if schema == "pg_catalog" else "info", name)
        if schema.startswith("pg_temp"):
            return self._temporary(name)
        found = self._in_schema(schema, name, conditions)
        if found is None:
            self._session.catalog.require_schema(schema)
            raise RedshiftError("42P01", f'relation "{schema}.{name}" does not exist')
        return found

    @property
    def acting(self) -> str | None:
        """Whose rights count: the user's, a view owner's inside the view, nobody's in the predicate of a policy."""
        return self._acting[-1] if self._acting else self._session.user

    def authorize(self, tree: exp.Expr) -> None:
        """See translate.Resolver."""
        if self.acting is not None:
            grants_queries.authorize(self._session, tree, self.acting)

    def stored(self, entry: RelationEntry) -> Stored:
        """A table with all its rows."""
        self.tables.add(entry.oid)
        columns = [(column.name, column.type_name) for column in self._session.catalog.columns(entry.oid)]
        return Stored(self._session.database.name, entry.schema, entry.name, columns)  # type: ignore[arg-type]

    def visible(self, query: exp.Expr) -> Derived:
        """The rows a policy leaves, read without regard to the user's own rights."""
        found = self._translate_as(None, query)
        return Derived(found.sql, found.columns)

    def _translate_as(self, acting: str | None, tree: exp.Expr) -> Translated:
        self._acting.append(acting)
        self._depth += 1
        try:
            return translate_typed(tree, self)
        finally:
            self._depth -= 1
            self._acting.pop()

    def function(self, schema: str, name: str, count: int) -> UserFunction | None:
        """See translate.Resolver."""
        return user_functions.find(self._session, schema, name, count)

    def _unqualified(self, name: str, conditions: Sequence[exp.Expr]) -> Stored | Derived:
        if self.is_temporary(name):
            return self._temporary(name)
        if ("sys", name) in self._system_names():
            return self._system_view("sys", name)
        for schema in self.search_path():
            found = self._in_schema(schema, name, conditions)
            if found is not None:
                return found
        if name.startswith(_SYSTEM_PREFIXES):
            raise _system_view_missing(name)
        raise RedshiftError("42P01", f'relation "{name}" does not exist')

    def search_path(self) -> list[str]:
        """The schemas of search_path, "$user" replaced."""
        written = self._session.settings["search_path"].split(",")
        return [
            part.strip().strip("\"'").lower().replace("$user", self._session.user.lower())
            for part in written
            if part.strip()
        ]

    def creation_schema(self) -> str:
        """Where an unqualified new table goes: the first schema of search_path that exists."""
        for schema in self.search_path():
            if self._session.catalog.has_schema(schema):
                return schema
        raise RedshiftError("3F000", "no schema has been selected to create in")

    def place(self, table: exp.Table) -> tuple[str, str]:
        """Schema and name of the table that DDL or DML writes to; a temporary table's schema is `pg_temp`."""
        if table.catalog and table.catalog != self._session.database.name:
            raise unsupported(f'writing to another database, "{table.catalog}",')
        if table.db:
            return ("pg_temp" if table.db.startswith("pg_temp") else table.db), table.name
        if self.is_temporary(table.name):
            return "pg_temp", table.name
        for schema in self.search_path():
            if self._session.catalog.relation(schema, table.name):
                return schema, table.name
        return self.creation_schema(), table.name

    def place_of(self, parts: Sequence[str]) -> tuple[str, str]:
        """`place` of a name by its parts, the outermost first."""
        name, schema, database = (*reversed(parts), None, None)[:3]
        return self.place(exp.table_(name, db=schema, catalog=database))

    @contextmanager
    def reading(self, tree: exp.Expr) -> Iterator[None]:
        """Look up what the tables of a query are at once; in between, the session changes no table."""
        outer, self._temporaries = self._temporaries, cache(self._temporary_tables)
        try:
            with self._session.catalog.reading({table.name.lower() for table in tree.find_all(exp.Table)}):
                yield
        finally:
            self._temporaries = outer

    def is_temporary(self, name: str) -> bool:
        return name in (self._temporaries or self._temporary_tables)()

    def _temporary_tables(self) -> frozenset[str]:
        found = self._session.connection.execute(
            "SELECT DISTINCT table_name FROM temp.main.pg_landfall_temp_columns"
        ).fetchall()
        return frozenset(name for (name,) in found)

    def _in_schema(self, schema: str, name: str, conditions: Sequence[exp.Expr]) -> Stored | Derived | None:
        if schema == HIDDEN_SCHEMA:
            return None
        entry = self._session.catalog.relation(schema, name)
        if entry is not None:
            if self._depth == 0:
                self.used.append(entry.oid)
            query = policies.visible_rows(self._session, entry) if self.acting is not None else None
            if query is not None:
                return self.visible(passed_on(query, conditions))
            if entry.kind == "r":
                return self.stored(entry)
            if materialized.is_materialized(entry):
                return self.stored(self._session.catalog.require(schema, materialized.data_table(name)))
            view = self._view(entry, conditions)
            return Derived(view.sql, view.columns)
        glue_database = self._session.catalog.external_schema(schema)
        if glue_database is None:
            return None
        if self.acting is not None:
            grants_checks.require_schema(self._session, schema, "usage", self.acting)
        self.external = self.left_scratch = self.varies = True
        return external_reading.scan(self._session, schema, glue_database, name, conditions)

    def _described(self, query: str) -> Columns:
        return [(column.name, of_result(column.type).name) for column in self._session.query_columns(query)]

    def _temporary(self, name: str) -> Stored:
        columns = self._session.connection.execute(
            "SELECT column_name, type_name FROM temp.main.pg_landfall_temp_columns WHERE table_name = ?"
            " ORDER BY ordinal",
            [name],
        ).fetchall()
        return Stored("temp", "main", name, columns)

    def _view(self, entry: RelationEntry, conditions: Sequence[exp.Expr]) -> Translated:
        if self._depth >= _MAX_VIEW_DEPTH:
            raise RedshiftError("54001", f'view "{entry.schema}.{entry.name}" is nested too deeply')
        tree = passed_on(_view_tree(entry.definition or "").copy(), conditions)
        return self._translate_as(entry.owner, tree)

    def _system_names(self) -> frozenset[tuple[str, str]]:
        if self._system is None:
            self._system = self._session.database.system_relations()
        return self._system

    def _system_view(self, schema: str, name: str) -> Stored:
        if (schema, name) not in self._system_names():
            raise _system_view_missing(name)
        self.varies = True
        if name in external_listing.VIEWS and schema == "sys":
            external_listing.refresh(self._session)
        if name == external_listing.PARTITIONS_VIEW:
            external_listing.refresh_partitions(self._session)
        if name in _DATABASE_VIEWS:
            self._session.database.refresh_databases()
        if name == "sys_serverless_usage":
            self._session.database.refresh_usage()
        if name in history.VIEWS:
            self._session.database.history.publish(self._session.connection)
        if name in _LATE_VIEWS:
            late_binding.refresh_columns(self._session)
        if (schema, name) not in self._system_columns:
            self._system_columns[schema, name] = self._described(f"SELECT * FROM {SYSTEM}.{schema}.{identifier(name)}")  # noqa: S608
        return Stored(SYSTEM, schema, name, self._system_columns[schema, name])


def _system_view_missing(name: str) -> RedshiftError:
    return RedshiftError("42P01", f'relation "{name}" does not exist or is {NOT_SUPPORTED}')


@lru_cache(maxsize=256)
def _view_tree(definition: str) -> exp.Expr:
    return parse(definition)
