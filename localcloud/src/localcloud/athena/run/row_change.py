"""Changing rows of an Iceberg table by rewriting only the files that hold them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyiceberg.expressions import AlwaysTrue
from sqlglot import exp

from localcloud.athena.run.coercion import can_store, stored_sql
from localcloud.athena.run.context import Context, Outcome
from localcloud.athena.run.merge_pruning import Side, with_bounds
from localcloud.athena.run.tables import table_columns
from localcloud.athena.sql.compiled import Compiled
from localcloud.athena.sql.dialect import identifier, parse_query
from localcloud.lake import iceberg_commit, iceberg_read, iceberg_write
from localcloud.lake.errors import LakeError
from localcloud.lake.glue import Column, LakeTable

_SOURCE, _MATCHED = "_merge_source", "_merge_matched"
_SID, _PATH, _POS, _CLAUSE = "_merge_sid", "_merge_path", "_merge_pos", "_merge_clause"


@dataclass(frozen=True)
class Change:
    """A clause for matched rows: a condition, and new values by column (None deletes the row)."""

    condition: exp.Expr | None
    values: dict[str, exp.Expr] | None


@dataclass(frozen=True)
class Addition:
    """A clause for source rows without a match: a condition and the values to insert by column."""

    condition: exp.Expr | None
    values: dict[str, exp.Expr]


class RowChange:
    """The steps of one change; the target is read in one version throughout."""

    def __init__(self, context: Context, target: exp.Table) -> None:
        self._context = context
        self._cursor = context.cursor
        self._target = target
        self._alias = (target.alias or target.name).lower()
        self._table: LakeTable = context.compiler.resolver.table(target)
        if self._table.kind != "iceberg":
            raise LakeError("NOT_SUPPORTED", "Modifying Hive table rows is only supported for Iceberg tables")
        self._columns = table_columns(context, self._table)
        self._iceberg = iceberg_read.load(context.lake, self._table)
        self._source_alias = ""
        self._source_columns: tuple[Column, ...] = ()

    def read_source(self, using: exp.Expr) -> None:
        """Compute the source once, into a temporary table with a number for each row."""
        self._source_alias = using.alias_or_name.lower()
        query = exp.Select(expressions=[exp.Star()]).from_(using.copy())
        compiled = self._context.compiler.compile(query)
        self._cursor.execute(
            f'CREATE TEMP TABLE "{_SOURCE}" AS SELECT *, row_number() OVER () AS "{_SID}" FROM ({compiled.typed_sql})'  # noqa: S608
        )
        self._source_columns = compiled.columns
        self._context.compiler.resolver.locals[_SOURCE] = (*compiled.columns, Column(_SID, "bigint"))

    def assignments(self, then: exp.Expr) -> dict[str, exp.Expr] | None:
        """The values of an UPDATE clause; None for DELETE."""
        if isinstance(then, exp.Var) and then.name.upper() == "DELETE":
            return None
        values = {item.this.name.lower(): item.expression for item in then.expressions}
        self._require_columns(values)
        return values

    def insertion(self, then: exp.Expr) -> dict[str, exp.Expr]:
        """The values of an INSERT clause by column."""
        names = [item.name.lower() for item in then.this.expressions] if then.this else [c.name for c in self._columns]
        given = then.expression.expressions
        if len(names) != len(given):
            raise LakeError(
                "SYNTAX_ERROR", f"line 1:1: INSERT names {len(names)} columns and gives {len(given)} values"
            )
        values = dict(zip(names, given, strict=True))
        self._require_columns(values)
        return values

    def run(self, on: exp.Expr, changes: Sequence[Change], additions: Sequence[Addition]) -> Outcome:
        """Find the matches, write what changes, commit."""
        if self._source_alias:
            source = Side(self._source_alias, {column.name: column.type for column in self._source_columns})
            target = Side(self._alias, {column.name: column.type for column in self._columns})
            on = with_bounds(self._cursor, on, target, source, _SOURCE)
        self._find_matches(on, changes)
        touched = self._touched(changes)
        selects = [self._added(additions)] if additions else []
        rewritten = 0
        if touched:
            rows = "_merge_rewritten"
            self._cursor.execute(f'CREATE TEMP TABLE "{rows}" AS {self._rewritten(touched, changes)}')
            rewritten = self._count(rows, "true")
            selects.append(f'SELECT * FROM "{rows}"')  # noqa: S608
        added = []
        if selects:
            added = iceberg_write.write_files(self._cursor, self._iceberg, " UNION ALL ".join(selects))
        inserted = sum(file.record_count for file in added) - rewritten
        removed = iceberg_read.plan(self._iceberg, AlwaysTrue()).only(touched).files if touched else ()
        try:
            iceberg_commit.commit_replace(self._context.lake, self._iceberg, added, removed)
        except LakeError:
            iceberg_write.discard(self._iceberg, added)
            raise
        changed = self._count(_MATCHED, f'"{_CLAUSE}" IS NOT NULL') if changes else 0
        return Outcome(rows=changed + inserted, files=tuple(file.file_path for file in added))

    def _require_columns(self, values: dict[str, exp.Expr]) -> None:
        names = {column.name for column in self._columns}
        for name in values:
            if name not in names:
                raise LakeError("COLUMN_NOT_FOUND", f"line 1:1: Column '{name}' cannot be resolved")

    def _target_table(self) -> exp.Table:
        table = self._target.copy()
        table.set("alias", exp.TableAlias(this=identifier(self._alias)))
        return table

    def _source_table(self) -> exp.Table:
        return exp.Table(this=identifier(_SOURCE), alias=exp.TableAlias(this=identifier(self._source_alias)))

    def _find_matches(self, on: exp.Expr, changes: Sequence[Change]) -> None:
        hidden = [
            exp.alias_(exp.column(identifier("$path"), table=self._alias), _PATH),
            exp.alias_(exp.column(identifier("$pos"), table=self._alias), _POS),
        ]
        branches = [
            exp.If(
                this=change.condition.copy() if change.condition is not None else exp.true(),
                true=exp.Literal.number(index),
            )
            for index, change in enumerate(changes, start=1)
        ]
        clause = exp.Case(ifs=branches) if branches else exp.cast(exp.Null(), "integer", dialect="trino")
        select = exp.Select(expressions=[*hidden, exp.alias_(clause, _CLAUSE)]).from_(self._target_table())
        if self._source_alias:
            select = select.select(exp.alias_(exp.column(_SID, table=self._source_alias), _SID))
            select = select.join(self._source_table(), on=on.copy(), join_type="inner")
        else:
            select = select.where(on.copy())
        if changes or self._source_alias:
            compiled = self._context.compiler.compile(select)
            self._cursor.execute(f'CREATE TEMP TABLE "{_MATCHED}" AS {compiled.sql}')
            self._context.compiler.resolver.locals[_MATCHED] = compiled.columns
        self._require_single_matches()

    def _require_single_matches(self) -> None:
        query = (
            f'SELECT 1 FROM "{_MATCHED}" WHERE "{_CLAUSE}" IS NOT NULL'  # noqa: S608
            f' GROUP BY "{_PATH}", "{_POS}" HAVING count(*) > 1 LIMIT 1'
        )
        if self._cursor.execute(query).fetchone():
            raise LakeError(
                "MERGE_TARGET_ROW_MULTIPLE_MATCHES", "One MERGE target table row matched more than one source row"
            )

    def _touched(self, changes: Sequence[Change]) -> list[str]:
        if not changes:
            return []
        query = f'SELECT DISTINCT "{_PATH}" FROM "{_MATCHED}" WHERE "{_CLAUSE}" IS NOT NULL'  # noqa: S608
        return [row[0] for row in self._cursor.execute(query).fetchall()]

    def _count(self, table: str, condition: str) -> int:
        row = self._cursor.execute(f'SELECT count(*) FROM "{table}" WHERE {condition}').fetchone()  # noqa: S608
        return int(row[0]) if row else 0

    def _rewritten(self, touched: Sequence[str], changes: Sequence[Change]) -> str:
        """The rows of the touched files as they are to be, without the deleted ones."""
        clause = exp.column(_CLAUSE, table=_MATCHED)
        selected = []
        for column in self._columns:
            kept = exp.column(identifier(column.name), table=self._alias)
            branches = [
                exp.If(
                    this=exp.EQ(this=clause.copy(), expression=exp.Literal.number(index)),
                    true=change.values[column.name].copy(),
                )
                for index, change in enumerate(changes, start=1)
                if change.values is not None and column.name in change.values
            ]
            value = exp.Case(ifs=branches, default=kept) if branches else kept
            selected.append(exp.alias_(value, identifier(column.name)))
        paths = [exp.Literal.string(path) for path in touched]
        select = exp.Select(expressions=selected).from_(self._target_table())
        # Rows that matched without a clause are kept, once each.
        matched = f'SELECT * FROM "{_MATCHED}" WHERE "{_CLAUSE}" IS NOT NULL'  # noqa: S608
        select = select.join(
            exp.Subquery(this=parse_query(matched), alias=exp.TableAlias(this=identifier(_MATCHED))),
            on=exp.and_(
                exp.EQ(
                    this=exp.column(identifier("$path"), table=self._alias),
                    expression=exp.column(_PATH, table=_MATCHED),
                ),
                exp.EQ(
                    this=exp.column(identifier("$pos"), table=self._alias), expression=exp.column(_POS, table=_MATCHED)
                ),
            ),
            join_type="left",
        )
        if self._source_alias:
            select = select.join(
                self._source_table(),
                on=exp.EQ(this=exp.column(_SID, table=self._source_alias), expression=exp.column(_SID, table=_MATCHED)),
                join_type="left",
            )
        select = select.where(exp.In(this=exp.column(identifier("$path"), table=self._alias), expressions=paths))
        deleting = [exp.Literal.number(i) for i, change in enumerate(changes, start=1) if change.values is None]
        if deleting:
            kept_rows = exp.Not(this=exp.Paren(this=exp.In(this=clause.copy(), expressions=deleting)))
            select = select.where(exp.or_(exp.Is(this=clause.copy(), expression=exp.Null()), kept_rows))
        return self._stored(self._context.compiler.compile(select))

    def _added(self, additions: Sequence[Addition]) -> str:
        """The rows that source rows without a match give; the first clause whose condition holds takes a row."""
        selects = []
        earlier: list[exp.Expr] = []
        sids = parse_query(f'SELECT "{_SID}" FROM "{_MATCHED}"')  # noqa: S608
        has_matches = self._count(_MATCHED, "true") > 0
        for addition in additions:
            values = [
                exp.alias_(addition.values.get(column.name, exp.Null()).copy(), identifier(column.name))
                for column in self._columns
            ]
            select = exp.Select(expressions=values).from_(self._source_table()).where(*[e.copy() for e in earlier])
            if has_matches:
                sid = exp.column(_SID, table=self._source_alias)
                select = select.where(exp.Not(this=exp.In(this=sid, query=exp.Subquery(this=sids.copy()))))
            if addition.condition is not None:
                select = select.where(addition.condition.copy())
                taken = exp.Coalesce(this=addition.condition.copy(), expressions=[exp.false()])
                earlier.append(exp.Not(this=taken))
            selects.append(self._stored(self._context.compiler.compile(select)))
            if addition.condition is None:
                break
        return " UNION ALL ".join(selects)

    def _stored(self, compiled: Compiled) -> str:
        """A compiled query with its columns cast to the target's; raises TYPE_MISMATCH."""
        casts = []
        for column, given in zip(self._columns, compiled.columns, strict=True):
            if not can_store(given.type, column.type):
                raise LakeError(
                    "TYPE_MISMATCH", f"line 1:1: MERGE column '{column.name}' is {column.type}, the value {given.type}"
                )
            casts.append(
                f"{stored_sql(identifier(given.name).sql(), given.type, column.type)} AS {identifier(column.name)}"
            )
        return f"SELECT {', '.join(casts)} FROM ({compiled.sql})"  # noqa: S608
