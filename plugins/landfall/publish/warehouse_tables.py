"""Tables of the warehouse that a publication reads and writes, as SQLAlchemy's expressions.

A group's candidates are in the schema called as the group, where dbt also keeps `build_log`; what readers see is in
the schema `published_<group>`, with `publication`, a single row that says which version that is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from landfall.errors import PublicationError

LOADED_AT = "_loaded_at"
"""When the newest event behind a row was loaded: how a row tells that it changed."""


def published_schema(group: str) -> str:
    """Name of the schema in which readers see `group`."""
    return f"published_{group}"


def publication_table(group: str) -> sa.Table:
    """Return the table of one row that says which version readers see; `record` is the whole record as JSON."""
    return sa.Table(
        "publication",
        sa.MetaData(),
        sa.Column("version", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("lake_version", sa.BigInteger),
        sa.Column("published_at", sa.DateTime),
        sa.Column("record", sa.String(65535), nullable=False),
        schema=published_schema(group),
    )


Types = Mapping[str, str]
"""Column name -> type, in the order of the columns."""


@dataclass(frozen=True)
class Carried:
    """One dataset's candidate and its published copy; `columns` are those of the candidate, in order.

    A row's value in `never_moves_on` never becomes a later one, whatever else of the row changes.
    """

    candidate: sa.TableClause
    published: sa.TableClause
    key: tuple[str, ...]
    columns: tuple[str, ...]
    never_moves_on: str | None = None

    @classmethod
    def of(
        cls, group: str, dataset: str, *, key: Sequence[str], columns: Iterable[str], never_moves_on: str | None = None
    ) -> Carried:
        """Return the two tables of `dataset`."""
        names = tuple(columns)
        schemas = (group, published_schema(group))
        candidate, published = (sa.table(dataset, *map(_column, names), schema=schema) for schema in schemas)
        return cls(candidate, published, tuple(key), names, never_moves_on if never_moves_on in names else None)

    def newest(self) -> sa.Select[Any]:
        """Ask up to when the published rows were loaded."""
        return sa.select(sa.func.max(self.published.c[LOADED_AT]))

    def months(self, day: str, since: Any) -> sa.Select[Any]:
        """Ask for the first days of the months of the column `day` in the candidate's rows loaded after `since`."""
        month = sa.cast(sa.func.date_trunc(sa.literal_column("'month'"), self.candidate.c[day]), sa.Date())
        return sa.select(month).where(self.candidate.c[LOADED_AT] > since).distinct()

    def delete_all(self) -> sa.Delete:
        """Delete every published row."""
        return sa.delete(self.published)

    def earliest(self, since: Any) -> sa.Select[Any]:
        """Ask for the earliest value in `never_moves_on` of the candidate's rows loaded after `since`."""
        return sa.select(sa.func.min(self.candidate.c[str(self.never_moves_on)])).where(
            self.candidate.c[LOADED_AT] > since
        )

    def delete_changed(self, since: Any, earliest: Any = None) -> sa.Delete:
        """Delete the published rows whose candidate was loaded after `since`.

        None of them lies before `earliest`: Redshift, which has the tables sorted by that column, leaves the blocks
        before it unread, and the statement costs what is new.
        """
        candidate = self.candidate.alias("candidate")
        deleted = sa.delete(self.published).where(self._exists(candidate, candidate.c[LOADED_AT] > since))
        return deleted if earliest is None else deleted.where(self.published.c[str(self.never_moves_on)] >= earliest)

    def delete_gone(self) -> sa.Delete:
        """Delete the published rows that are no candidates any more."""
        return sa.delete(self.published).where(~self._exists(self.candidate.alias("candidate")))

    def insert(self, since: Any = None) -> sa.Insert:
        """Insert the candidate's rows that were loaded after `since`; all without it."""
        rows = sa.select(*self.candidate.c)
        if since is not None:
            rows = rows.where(self.candidate.c[LOADED_AT] > since)
        return sa.insert(self.published).from_select(list(self.columns), rows)

    def changed(self, since: Any = None) -> sa.CompoundSelect[Any]:
        """Ask for a row of the candidate, loaded after `since`, that readers do not see as it is; any without it."""
        rows, seen = (sa.select(*(table.c[name] for name in self.columns)) for table in self._both())
        if since is not None:
            rows = rows.where(self.candidate.c[LOADED_AT] > since)
            seen = seen.where(self.published.c[LOADED_AT] > since)
        return rows.except_(seen).limit(1)

    def counts(self) -> sa.Select[Any]:
        """Ask how many rows the candidate and its published copy have."""
        return sa.select(*(sa.select(sa.func.count()).select_from(each).scalar_subquery() for each in self._both()))

    def _both(self) -> tuple[sa.TableClause, sa.TableClause]:
        return self.candidate, self.published

    def _exists(self, candidate: sa.FromClause, *conditions: sa.ColumnElement[bool]) -> sa.Exists:
        """Tell whether a published row is among the candidates that meet the conditions."""
        same_key = (candidate.c[name] == OuterColumn(self.published, name) for name in self.key)
        return sa.exists(sa.select(sa.literal_column("1")).where(*same_key, *conditions))


def _column(name: str) -> sa.ColumnClause[Any]:
    return sa.column(name, sa.DateTime()) if name == LOADED_AT else sa.column(name)


class OuterColumn(sa.ColumnElement[Any]):
    """A column of the table that a statement deletes from, in a subquery of it.

    sqlalchemy_redshift compiles DELETE by itself and forgets to correlate: an ordinary column would bring its table
    into the subquery, whose condition then holds for every row.
    """

    inherit_cache = False

    def __init__(self, table: sa.TableClause, name: str) -> None:
        self.table, self.name = table, name


@compiles(OuterColumn)
def _outer_column(element: OuterColumn, compiler: Any, **_: Any) -> str:
    return f"{compiler.preparer.format_table(element.table)}.{compiler.preparer.quote(element.name)}"


class CreateTableLike(sa.schema.ExecutableDDLElement):
    """CREATE TABLE with another's columns, distribution and sort keys."""

    inherit_cache = False

    def __init__(self, carried: Carried) -> None:
        self.carried = carried


@compiles(CreateTableLike)
def _create_table_like(element: CreateTableLike, compiler: Any, **_: Any) -> str:
    table, like = (
        compiler.preparer.format_table(each) for each in (element.carried.published, element.carried.candidate)
    )
    return f"CREATE TABLE {table} (LIKE {like})"


class AddColumn(sa.schema.ExecutableDDLElement):
    """ALTER TABLE that appends a column; `type_name` is as Redshift's catalog tells it."""

    inherit_cache = False

    def __init__(self, table: sa.TableClause, column: str, type_name: str) -> None:
        self.table, self.column, self.type_name = table, column, type_name


@compiles(AddColumn)
def _add_column(element: AddColumn, compiler: Any, **_: Any) -> str:
    table, column = compiler.preparer.format_table(element.table), compiler.preparer.quote(element.column)
    return f"ALTER TABLE {table} ADD COLUMN {column} {element.type_name}"


class OpenToReaders(sa.schema.ExecutableDDLElement):
    """GRANT on a schema, or on a table of it, to every user of the database."""

    inherit_cache = False

    def __init__(self, schema: str, table: sa.FromClause | None = None) -> None:
        self.schema, self.table = schema, table


@compiles(OpenToReaders)
def _open_to_readers(element: OpenToReaders, compiler: Any, **_: Any) -> str:
    if element.table is None:
        return f"GRANT USAGE ON SCHEMA {compiler.preparer.quote(element.schema)} TO PUBLIC"
    return f"GRANT SELECT ON TABLE {compiler.preparer.format_table(element.table)} TO PUBLIC"


def catalog_columns(group: str) -> sa.Select[Any]:
    """Ask for schema, table, column and type of every column of a group's two schemas, in order."""
    columns = sa.table(
        "svv_redshift_columns",
        *map(sa.column, ("database_name", "schema_name", "table_name", "column_name", "ordinal_position", "data_type")),
    )
    return (
        sa.select(columns.c.schema_name, columns.c.table_name, columns.c.column_name, columns.c.data_type)
        .where(
            columns.c.database_name == sa.func.current_database(),
            columns.c.schema_name.in_((group, published_schema(group))),
        )
        .order_by(columns.c.schema_name, columns.c.table_name, columns.c.ordinal_position)
    )


def new_columns(carried: Carried, candidate: Types, published: Types) -> dict[str, str]:
    """Return the columns to append to the published table; PublicationError for any other difference."""
    changed = [name for name, type_name in published.items() if candidate.get(name) != type_name]
    if changed:
        raise PublicationError(
            f"{', '.join(changed)} of {carried.published.fullname} are of another type in the candidate, or gone: "
            "alter the published table likewise, then publish again"
        )
    return {name: type_name for name, type_name in candidate.items() if name not in published}
