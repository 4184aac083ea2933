"""Redshift's catalogue of one database: schemas, relations, columns and what depends on what."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import duckdb

from localcloud.redshift.engine.catalog_memory import CatalogMemory
from localcloud.redshift.engine.catalog_tables import CatalogTables
from localcloud.redshift.errors import RedshiftError


@dataclass(frozen=True)
class CatalogColumn:
    """A column as declared or derived; `type_name` in format_type's words, `sortkey` its 1-based place or 0."""

    name: str
    type_name: str
    not_null: bool = False
    default_text: str | None = None
    encoding: str = "none"
    is_distkey: bool = False
    sortkey: int = 0


@dataclass(frozen=True)
class RelationEntry:
    """A table (kind r) or view (kind v) of the catalogue; `protection` is how RLS policies combine, '' without RLS."""

    oid: int
    schema: str
    name: str
    kind: str
    definition: str | None = None
    late_binding: bool = False
    owner: str = ""
    protection: str = ""


@dataclass(frozen=True)
class NewRelation:
    """What CREATE TABLE or CREATE VIEW enters; `shown` is a view's text as its readers see it."""

    schema: str
    name: str
    kind: str
    columns: Sequence[CatalogColumn]
    owner: str
    diststyle: str = "AUTO(ALL)"
    definition: str | None = None
    late_binding: bool = False
    depends_on: Sequence[int] = field(default_factory=tuple)
    shown: str | None = None


@dataclass(frozen=True)
class _Read:
    """The relations that have one of `names`, by schema and name, and their columns by object id."""

    names: frozenset[str]
    relations: Mapping[tuple[str, str], RelationEntry]
    columns: Mapping[int, list[CatalogColumn]]


_RELATIONS = (
    "SELECT oid, schema_name, relation_name, kind, definition, late_binding, owner, coalesce(conjunction, '')"
    " FROM {c}.relations LEFT JOIN {c}.rls_relations ON relation_oid = oid"
)
_COLUMNS = (
    "SELECT relation_oid, column_name, type_name, not_null, default_text, encoding, is_distkey, sortkey"
    " FROM {c}.columns"
)


class Catalog(CatalogTables):
    """What the catalogue knows, by what it is: schemas, relations, columns."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, database: str, oids: itertools.count[int], memory: CatalogMemory
    ) -> None:
        super().__init__(connection, database, memory)
        self._oids = oids
        self._read: _Read | None = None

    @contextmanager
    def reading(self, names: Collection[str]) -> Iterator[None]:
        """Read the relations of these names, in any schema, at once and do not ask for them again until the end.

        For work that changes nothing in the catalogue: what it knows of the relations is of one moment.
        """
        outer, self._read = self._read, self._read_together(names)
        try:
            yield
        finally:
            self._read = outer

    def relation(self, schema: str, name: str) -> RelationEntry | None:
        if self._read is not None and name in self._read.names:
            return self._read.relations.get((schema, name))
        found = self.rows(f"{_RELATIONS} WHERE schema_name = ? AND relation_name = ?", schema, name)
        return RelationEntry(*found[0]) if found else None

    def require(self, schema: str, name: str) -> RelationEntry:
        entry = self.relation(schema, name)
        if entry is None:
            raise RedshiftError("42P01", f'relation "{schema}.{name}" does not exist')
        return entry

    def columns(self, oid: int) -> list[CatalogColumn]:
        if self._read is not None and oid in self._read.columns:
            return self._read.columns[oid]
        found = self.rows(f"{_COLUMNS} WHERE relation_oid = ? ORDER BY ordinal", oid)
        return [CatalogColumn(*row) for _, *row in found]

    def _read_together(self, names: Collection[str]) -> _Read:
        relations = self.rows(f"{_RELATIONS} WHERE list_contains(?, relation_name)", sorted(names)) if names else []
        entries = {(entry.schema, entry.name): entry for entry in (RelationEntry(*row) for row in relations)}
        oids = [entry.oid for entry in entries.values()]
        columns: dict[int, list[CatalogColumn]] = {oid: [] for oid in oids}
        if oids:
            for oid, *row in self.rows(f"{_COLUMNS} WHERE list_contains(?, relation_oid) ORDER BY ordinal", oids):
                columns[oid].append(CatalogColumn(*row))
        return _Read(frozenset(names), entries, columns)

    def add(self, relation: NewRelation) -> int:
        """Enter a relation; raises RedshiftError 42P07 when the name is taken. Gives its object id."""
        if self.relation(relation.schema, relation.name):
            raise RedshiftError("42P07", f'Relation "{relation.name}" already exists')
        oid = next(self._oids)
        self.rows(
            "INSERT INTO {c}.relations VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, now()::TIMESTAMP, now()::TIMESTAMP)",
            oid,
            relation.schema,
            relation.name,
            relation.kind,
            relation.diststyle,
            relation.definition,
            relation.late_binding,
            relation.owner,
        )
        for ordinal, column in enumerate(relation.columns, 1):
            self.add_column(oid, ordinal, column)
        for other in set(relation.depends_on):
            self.rows("INSERT INTO {c}.dependencies VALUES (?, ?)", oid, other)
        if relation.shown is not None:
            self.rows("INSERT INTO {c}.view_texts VALUES (?, ?)", oid, relation.shown)
        self.grant_defaults("relation", oid, relation.owner, relation.schema)
        return oid

    def grant_defaults(self, kind: str, oid: int, owner: str, schema: str) -> None:
        """What ALTER DEFAULT PRIVILEGES says of a new `relation` or `function` of this owner."""
        self.rows(
            "INSERT INTO {c}.privileges"
            " SELECT object_kind, ?, '', privilege, grantee, grantee_kind, grant_option, owner"
            " FROM {c}.default_privileges WHERE object_kind = ? AND owner = ? AND schema_name IN ('', ?)",
            oid,
            kind,
            owner,
            schema,
        )

    def add_column(self, oid: int, ordinal: int, column: CatalogColumn) -> None:
        self.rows(
            "INSERT INTO {c}.columns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            oid,
            ordinal,
            column.name,
            column.type_name,
            column.not_null,
            column.default_text,
            column.encoding,
            column.is_distkey,
            column.sortkey,
        )

    def add_constraint(self, oid: int, kind: str, columns: Sequence[str], definition: str, name: str) -> None:
        self.rows(
            "INSERT INTO {c}.constraints VALUES (?, ?, ?, ?, ?, ?)",
            next(self._oids),
            oid,
            name,
            kind,
            list(columns),
            definition,
        )

    def remove(self, oid: int) -> None:
        for table, key in (
            ("columns", "relation_oid"),
            ("constraints", "relation_oid"),
            ("dependencies", "view_oid"),
            ("dependencies", "relation_oid"),
            ("privileges", "object_oid"),
            ("view_texts", "relation_oid"),
            ("rls_attachments", "relation_oid"),
            ("rls_relations", "relation_oid"),
            ("relations", "oid"),
        ):
            self.rows(f"DELETE FROM {{c}}.{table} WHERE {key} = ?", oid)  # noqa: S608

    def dependents(self, oid: int) -> list[RelationEntry]:
        """Bound views that read the relation, nearest first."""
        return [
            RelationEntry(*row)
            for row in self.rows(
                "SELECT r.oid, schema_name, relation_name, kind, definition, late_binding, owner"
                " FROM {c}.dependencies d"
                " JOIN {c}.relations r ON r.oid = d.view_oid WHERE d.relation_oid = ?",
                oid,
            )
        ]

    def next_oid(self) -> int:
        return next(self._oids)

    def has_schema(self, schema: str) -> bool:
        return bool(self.rows("SELECT 1 FROM {c}.schemas WHERE schema_name = ?", schema))

    def schema_identity(self, schema: str) -> tuple[int, str] | None:
        """Object id and owner of a local or external schema."""
        found = self.rows(
            "SELECT oid, owner FROM {c}.schemas WHERE schema_name = ?"
            " UNION ALL SELECT oid, owner FROM {c}.external_schemas WHERE schema_name = ?",
            schema,
            schema,
        )
        return (int(found[0][0]), str(found[0][1])) if found else None

    def forget_privileges(self, schema: str) -> None:
        """Before a schema goes: what was granted on it goes with it."""
        identity = self.schema_identity(schema)
        if identity is not None:
            self.rows("DELETE FROM {c}.privileges WHERE object_kind = 'schema' AND object_oid = ?", identity[0])

    def external_schema(self, schema: str) -> str | None:
        """The Glue database behind an external schema."""
        found = self.rows("SELECT glue_database FROM {c}.external_schemas WHERE schema_name = ?", schema)
        return str(found[0][0]) if found else None

    def require_schema(self, schema: str) -> None:
        if not self.has_schema(schema):
            raise RedshiftError("3F000", f'schema "{schema}" does not exist')
