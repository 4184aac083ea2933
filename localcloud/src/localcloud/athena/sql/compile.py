"""A Trino query as DuckDB SQL over the files of the tables it reads."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import duckdb
import pyarrow as pa
from sqlglot import exp

from localcloud.athena import catalog_tables, metadata_tables
from localcloud.athena.sql.columns_read import columns_read
from localcloud.athena.sql.compiled import Compiled
from localcloud.athena.sql.dialect import identifier
from localcloud.athena.sql.inference import infer
from localcloud.athena.sql.json_members import share_passes
from localcloud.athena.sql.json_order import leave_unsorted
from localcloud.athena.sql.lasting import told_of
from localcloud.athena.sql.line_numbers import number_lines
from localcloud.athena.sql.pushdown import Conditions, conditions_by_table
from localcloud.athena.sql.resolve import INFORMATION_SCHEMA, LOCAL, Resolver, Source
from localcloud.athena.sql.rewrite import rewrite
from localcloud.athena.sql.shape import (
    drop_idle_casts,
    name_outputs,
    name_positions,
    qualified,
    selectable,
)
from localcloud.athena.sql.special_types import plain
from localcloud.athena.sql.walk import every
from localcloud.lake import hive_read, iceberg_read
from localcloud.lake.errors import LakeError
from localcloud.lake.glue import Column
from localcloud.lake.iceberg_read import Version
from localcloud.lake.objects import named_paths
from localcloud.lake.scan import Relation, scan
from localcloud.lake.session import Lake
from localcloud.lake.types import from_duckdb


@dataclass(frozen=True)
class Analysed:
    """A query in Trino's terms whose names are resolved and whose expressions are typed.

    `kinds` are the types of its output columns; each of its tables is a key of `sources` and of `columns`.
    """

    query: exp.Query
    kinds: list[str | None]
    sources: Mapping[str, Source]
    columns: Mapping[str, tuple[Column, ...]]


class Compiler:
    """Compiles the queries of one statement; the views it makes live on `cursor`."""

    def __init__(
        self, lake: Lake, cursor: duckdb.DuckDBPyConnection, database: str, limit_bytes: int | None = None
    ) -> None:
        self._lake = lake
        self._cursor = cursor
        self._limit_bytes = limit_bytes
        # One for the whole statement, so that all its parts see the same version of a table.
        self.resolver = Resolver(lake, database, catalog_tables.COLUMNS)
        self._views = 0
        self._reads = True
        self.scanned_bytes = 0

    def compile(self, query: exp.Expr, *, reads: bool = True, runs_next: bool = False) -> Compiled:
        """Compile one query; raises LakeError for what is wrong with it or not supported.

        Without `reads` the query will not be run, only looked at, and counts nothing as scanned. With `runs_next` it
        is run before anything else is done, so that DuckDB need not be asked beforehand what it thinks of it.
        """
        self._reads = reads
        found = self.analyse(query)
        query = found.query
        names = query.named_selects
        leave_unsorted(query)
        query = rewrite(query)
        share_passes(query)
        conditions = conditions_by_table(query)
        self._bind(query, found.sources, found.columns, conditions)
        self._require_within_limit()
        sql = query.sql(dialect="duckdb", copy=False)
        known = [kind for kind in found.kinds if kind is not None]
        if runs_next and len(known) == len(names):
            columns = tuple(map(Column, names, known))
        else:
            columns = self._output(sql, names, found.kinds)
        shown = tuple(column.type for column in columns)
        columns = tuple(Column(column.name, plain(column.type)) for column in columns)
        told = {} if self._views else told_of(self._lake, found.sources, conditions)
        return Compiled(sql, columns, self.scanned_bytes, shown, told)

    def take(self, compiled: Compiled) -> Compiled:
        """Count what a query scans that was compiled before; raises LakeError where that is too much."""
        self.scanned_bytes += compiled.scanned_bytes
        self._require_within_limit()
        return compiled

    def _require_within_limit(self) -> None:
        if self._limit_bytes is not None and self.scanned_bytes > self._limit_bytes:
            raise LakeError("CANCELLED", "Query cancelled! : Bytes scanned limit was exceeded")

    def analyse(self, query: exp.Expr) -> Analysed:
        """Resolve the names of a query and find its types, without reading a table."""
        resolver = self.resolver
        resolver.sources = {}
        wrapper = exp.Subquery(this=selectable(query))  # so that a query that is itself replaced keeps a parent
        query = resolver.resolve(wrapper).this
        name_outputs(query)
        columns = {
            key: _visible(self._lake, source, self.version(source.version)) for key, source in resolver.sources.items()
        }
        query = qualified(query, columns)
        name_positions(query)
        number_lines(query, resolver.sources)
        kinds = infer(query, columns)
        drop_idle_casts(query)
        return Analysed(cast(exp.Query, query), kinds, resolver.sources, columns)

    def _bind(
        self,
        query: exp.Expr,
        sources: Mapping[str, Source],
        columns: Mapping[str, tuple[Column, ...]],
        conditions: Conditions,
    ) -> None:
        read = columns_read(query)
        named: dict[str, set[str]] = defaultdict(set)
        for column in every(query, exp.Column):
            named[column.table].add(column.name)
        whole = [key for key in sources if named_paths(conditions.get(key, [])) is None]
        hive_read.list_ahead(self._lake, [sources[key].table for key in whole if sources[key].table.location])
        for table in list(query.find_all(exp.Table)):
            source = sources.get(table.name)
            if source is None:
                continue
            needed = named[table.alias_or_name]
            names = [column.name for column in columns[table.name] if column.name in needed]
            counted = [name for name in names if name in read.get(table.name, ())]
            select = self._relation(source, names, counted, needed, conditions.get(table.name, []))
            if source.table.database in (LOCAL, INFORMATION_SCHEMA) or source.suffix:
                table.set("this", identifier(self._view(select, table.name)))
            else:
                # Every table in it is named so that no common table expression of the query can be meant.
                table.set("this", exp.Var(this=f"({select})"))

    def _view(self, select: str, of: str) -> str:
        self._views += 1
        name = f"_view_{self._views}_{of}"
        self._cursor.execute(f'CREATE TEMP VIEW "{name}" AS {select}')
        return name

    def _relation(
        self,
        source: Source,
        names: list[str],
        counted: list[str],
        needed: set[str],
        conditions: list[exp.Expr],
    ) -> str:
        if source.table.database == LOCAL:
            return f'SELECT * FROM "{source.table.name}"'  # noqa: S608
        if source.table.database == INFORMATION_SCHEMA:
            return catalog_tables.relation_sql(self._lake, self._cursor, source.table.name, conditions)
        if source.suffix:
            return metadata_tables.relation_sql(self._lake, self._cursor, source.table, source.suffix)
        version = self.version(source.version)
        relation = scan(
            self._lake,
            self._cursor,
            source.table,
            columns=names,
            counted=counted,
            conditions=conditions,
            version=version,
            position="$pos" in needed,
            path=not needed.isdisjoint(("$path", "$file_size")),
            rows=self._reads,
        )
        self.scanned_bytes += relation.scanned_bytes if self._reads else 0
        if "$file_size" in needed:
            return self._with_sizes(relation)
        if "$line" in needed and '"$line"' not in relation.sql:
            return f'SELECT *, 0 AS "$line" FROM ({relation.sql})'  # noqa: S608
        return relation.sql

    def _with_sizes(self, relation: Relation) -> str:
        """The relation with `"$file_size"`, the bytes of each row's file."""
        self._views += 1
        name = f"_sizes_{self._views}"
        sizes = pa.table(
            {"$path": pa.array(relation.paths, pa.string()), "$file_size": pa.array(relation.sizes, pa.int64())}
        )
        self._cursor.register(f"{name}_arrow", sizes)
        self._cursor.execute(f'CREATE TEMP TABLE "{name}" AS SELECT * FROM "{name}_arrow"')  # noqa: S608
        self._cursor.unregister(f"{name}_arrow")
        return f'SELECT r.*, f."$file_size" FROM ({relation.sql}) r JOIN temp."{name}" f ON r."$path" = f."$path"'  # noqa: S608

    def version(self, node: exp.Expr | None) -> Version | None:
        """The version that FOR TIMESTAMP or VERSION AS OF names."""
        if node is None:
            return None
        value = self._cursor.execute(
            f"SELECT {rewrite(_typed(node.expression.copy())).sql(dialect='duckdb')}::VARCHAR"
        ).fetchone()
        text = value[0] if value else ""
        if node.name.upper() in ("VERSION", "SNAPSHOT"):
            return Version(snapshot_id=int(text))
        moment = datetime.datetime.fromisoformat(text)
        return Version(as_of=moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC))

    def _output(self, sql: str, names: list[str], kinds: list[str | None]) -> tuple[Column, ...]:
        described = self._cursor.execute(f"DESCRIBE {sql}").fetchall()
        return tuple(
            Column(name, kind if kind is not None else _described(row[1]))
            for name, kind, row in zip(names, kinds, described, strict=True)
        )


def _described(duckdb_type: str) -> str:
    return "unknown" if duckdb_type in ('"NULL"', "NULL") else from_duckdb(duckdb_type)


def _typed(node: exp.Expr) -> exp.Expr:
    select = exp.Select(expressions=[node])
    infer(select, {})
    return select.expressions[0]


def _visible(lake: Lake, source: Source, version: Version | None = None) -> tuple[Column, ...]:
    """The columns `*` stands for. Iceberg's own schema is exact where Glue's types are not."""
    if source.suffix:
        return metadata_tables.columns(lake, source.table, source.suffix)
    if source.table.kind != "iceberg":
        return source.columns
    return iceberg_read.columns(iceberg_read.load(lake, source.table), version)
