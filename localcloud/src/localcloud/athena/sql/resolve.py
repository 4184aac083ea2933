"""Names: which table or view each reference means, with views replaced by their queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from localcloud.athena.sql.dialect import identifier, parse_query
from localcloud.athena.sql.qualified import shorten
from localcloud.athena.sql.types import data_type
from localcloud.athena.sql.walk import every
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.glue import Column, LakeTable, find_table, view_definition
from localcloud.lake.session import Lake
from localcloud.lake.tables_at_once import find_tables

MAX_VIEW_DEPTH = 20
INFORMATION_SCHEMA = "information_schema"
CATALOG = "awsdatacatalog"
LOCAL = "$local"
"""The database of tables that live only on the statement's own cursor."""


@dataclass(frozen=True)
class Source:
    """A table a query reads: its entry, the suffix after '$' for a metadata table, and the version node, if any."""

    table: LakeTable
    suffix: str = ""
    version: exp.Expr | None = None
    columns: tuple[Column, ...] = ()


@dataclass
class Resolution:
    """A query whose every table reference is a key of `sources`."""

    query: exp.Expr
    sources: dict[str, Source] = field(default_factory=dict)


class Resolver:
    """Resolves the references of one statement; catalogue entries are read once."""

    def __init__(self, lake: Lake, database: str, virtual: Mapping[str, tuple[Column, ...]]) -> None:
        self._lake = lake
        self._database = database
        self._tables: dict[tuple[str, str], LakeTable] = {}
        self._virtual = virtual
        self.locals: dict[str, tuple[Column, ...]] = {}
        self.sources: dict[str, Source] = {}

    def table(self, reference: exp.Table, database: str | None = None) -> LakeTable:
        """The entry a reference names; raises TABLE_NOT_FOUND, SCHEMA_NOT_FOUND or CATALOG_NOT_FOUND."""
        catalog = reference.catalog.lower()
        if catalog and catalog != CATALOG:
            raise LakeError("CATALOG_NOT_FOUND", f"line 1:1: Catalog '{catalog}' does not exist")
        key = (reference.db.lower() or database or self._database, reference.name.lower())
        if key not in self._tables:
            try:
                self._tables[key] = find_table(self._lake, *key)
            except LakeError as error:
                raise LakeError(error.code, f"{_position(reference)}: {error.message}") from None
        return self._tables[key]

    def fresh(self, table: LakeTable) -> LakeTable:
        """The entry as Glue has it now."""
        self._tables.pop((table.database, table.name), None)
        return self.table(exp.table_(table.name, db=table.database))

    def resolve(self, query: exp.Expr) -> exp.Expr:
        """`query` with lower-case names, views inlined and each table named by a key of `sources`."""
        lower_names(query)
        _bare_tables(query)
        shorten(query, self._database)
        self._read_entries(query)
        self._visit(query, frozenset(), self._database, 0)
        return query

    def _read_entries(self, query: exp.Expr) -> None:
        """Ask for the entries of all tables at once; one that cannot be had is asked for alone where it stands."""
        nodes = every(query, exp.CTE, exp.Table)
        common = {cte.alias for cte in nodes if isinstance(cte, exp.CTE)}
        keys = {
            (node.db.lower() or self._database, node.name.partition("$")[0].lower())
            for node in nodes
            if isinstance(node, exp.Table)
            and node.name
            and not node.catalog
            and node.db != INFORMATION_SCHEMA
            and (node.db or node.name not in common)
        }
        self._tables |= find_tables(
            self._lake, [key for key in keys - self._tables.keys() if key[1] not in self.locals]
        )

    def _visit(self, node: exp.Expr, names: frozenset[str], database: str, depth: int) -> None:
        """Replace the tables below `node`; `names` are the common table expressions in sight."""
        with_ = node.args.get("with_") or node.args.get("with")
        if with_:
            for cte in with_.expressions:
                self._visit(cte.this, names | ({cte.alias} if with_.recursive else frozenset()), database, depth)
                names |= {cte.alias}
        for key, value in list(node.args.items()):
            if key in ("with_", "with"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, exp.Table):
                    self._visit_table(child, names, database, depth)
                elif isinstance(child, exp.Expression):
                    self._visit(child, names, database, depth)

    def _visit_table(self, node: exp.Table, names: frozenset[str], database: str, depth: int) -> None:
        for join in node.args.get("joins") or []:
            self._visit(join, names, database, depth)
        if not node.name or (not node.db and node.name in names):
            return
        if node.args.get("sample"):
            raise NotSupportedError("TABLESAMPLE")
        if not node.db and node.name in self.locals:
            self._bind(node, Source(LakeTable(LOCAL, node.name, "hive", ()), columns=self.locals[node.name]))
            return
        if node.db == INFORMATION_SCHEMA:
            self._bind(node, self._virtual_source(node))
            return
        base, _, suffix = node.name.partition("$")
        reference = exp.Table(this=identifier(base), db=node.args.get("db"), catalog=node.args.get("catalog"))
        reference.meta.update((node.args.get("db") or node.this).meta)
        table = self.table(reference, database)
        if table.kind == "view":
            self._inline_view(node, table, depth)
            return
        version = node.args.get("version")
        self._bind(node, Source(table, suffix, version, table.all_columns))

    def _virtual_source(self, node: exp.Table) -> Source:
        columns = self._virtual.get(node.name)
        if columns is None:
            raise LakeError(
                "TABLE_NOT_FOUND", f"{_position(node)}: Table '{INFORMATION_SCHEMA}.{node.name}' does not exist"
            )
        entry = LakeTable(INFORMATION_SCHEMA, node.name, "hive", columns)
        return Source(entry, columns=columns)

    def _bind(self, node: exp.Table, source: Source) -> None:
        key = f"_t{len(self.sources)}"
        self.sources[key] = source
        alias = node.args.get("alias") or exp.TableAlias(this=identifier(node.name))
        bound = exp.Table(this=identifier(key), alias=alias, joins=node.args.get("joins"))
        node.replace(bound)

    def _inline_view(self, node: exp.Table, table: LakeTable, depth: int) -> None:
        if depth >= MAX_VIEW_DEPTH:
            raise LakeError("VIEW_IS_RECURSIVE", f"View '{table.database}.{table.name}' is nested too deep")
        definition = view_definition(table)
        query = parse_query(definition["originalSql"])
        lower_names(query)
        database = definition.get("schema") or table.database
        _bare_tables(query)
        shorten(query, database)
        self._visit(query, frozenset(), database, depth + 1)
        inner = "_view"
        casts = [
            exp.alias_(
                exp.Cast(this=exp.column(identifier(column["name"]), table=inner), to=data_type(column["type"])),
                identifier(column["name"].lower()),
            )
            for column in definition["columns"]
        ]
        names = [identifier(column["name"].lower()) for column in definition["columns"]]
        body = exp.Subquery(this=query, alias=exp.TableAlias(this=identifier(inner), columns=names))
        alias = node.args.get("alias") or exp.TableAlias(this=identifier(node.name))
        select = exp.Select(expressions=casts).from_(body)
        node.replace(exp.Subquery(this=select, alias=alias, joins=node.args.get("joins")))


def lower_names(query: exp.Expr) -> None:
    """Trino compares names without case, quoted or not: bring all of them to lower case."""
    for node in every(query, exp.Identifier):
        node.set("this", node.this.lower())


def _bare_tables(query: exp.Expr) -> None:
    """Take the parentheses off a table that stands alone in them: `FROM (orders) AS o`."""
    for wrapped in every(query, exp.Subquery):
        table = wrapped.this
        if isinstance(table, exp.Table) and not table.args.get("joins"):
            for key in ("alias", "joins"):
                if wrapped.args.get(key):
                    table.set(key, wrapped.args[key])
            wrapped.replace(table)


def _position(node: exp.Expr) -> str:
    first = (node.args.get("db") or node.this) if isinstance(node, exp.Table) else node
    meta = first.meta if isinstance(first, exp.Expression) and first.meta else node.meta
    line, end, start = meta.get("line", 1), meta.get("col", 1), meta.get("start")
    length = meta.get("end", 0) - start if start is not None else 0
    return f"line {line}:{max(1, end - length)}"
