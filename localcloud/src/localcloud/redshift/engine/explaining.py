"""EXPLAIN in the shape of Redshift's: the plan that plans.py makes of DuckDB's, as lines of text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.redshift.engine.plans import Scanned, steps
from localcloud.redshift.engine.result import Column, Result, of_rows
from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.sql import kinds
from localcloud.redshift.sql.statement import Statement, split
from localcloud.redshift.sql.translate import translate

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

_TEXT_WIDTH = 17
"""Bytes that a text column is taken to have on average."""
_FORMATS = {"READ_PARQUET": "PARQUET", "PARQUET_SCAN": "PARQUET", "ICEBERG_SCAN": "ICEBERG"}
_WIDTHS = {"smallint": 2, "integer": 4, "bigint": 8, "real": 4, "double precision": 8, "boolean": 1, "date": 4}


def explain(session: Session, statement: Statement, parameters: Sequence[exp.Expr]) -> Result:
    """EXPLAIN [VERBOSE] of a SELECT, INSERT, UPDATE, DELETE or CREATE TABLE AS; nothing is executed."""
    after = 2 if len(statement.tokens) > 1 and statement.tokens[1].text.upper() == "VERBOSE" else 1
    if len(statement.tokens) <= after:
        raise RedshiftError("42601", "syntax error at end of input")
    inner = split(statement.text[statement.tokens[after].start :])[0]
    if inner.verb not in ("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE TABLE"):
        raise RedshiftError("42601", f'syntax error at or near "{inner.verb.lower()}"')
    query = _query(session, inner, parameters)
    external = _external_tables(session, query)
    planned = session.connection.execute(f"EXPLAIN (FORMAT json) {translate(query, session.names)}").fetchall()
    plan = json.loads(planned[0][1])[0]
    lines = steps(plan, lambda name, read: _table(session, name, read, external)).lines()
    if any("Nested Loop" in line for line in lines):
        lines.append(
            "----- Nested Loop Join in the query plan - review the join predicates to avoid Cartesian products -----"
        )
    return of_rows("EXPLAIN", [Column("QUERY PLAN", "VARCHAR")], [(line,) for line in lines])


def _query(session: Session, inner: Statement, parameters: Sequence[exp.Expr]) -> exp.Expr:
    """What the statement reads; the rows that it would write are not part of the plan."""
    tree = session.folded(inner, parameters)
    if isinstance(tree, (exp.Create, exp.Insert)):
        if tree.expression is None:
            raise RedshiftError("42601", "EXPLAIN needs CREATE TABLE AS with a query")
        return tree.expression
    if isinstance(tree, (exp.Update, exp.Delete)):
        source, using = tree.args.get("from_"), tree.args.get("using")
        query = exp.select("1").from_(tree.this)
        others = [source.this] if source is not None else using if isinstance(using, list) else []
        for other in others:
            query = query.join(other, join_type="cross")
        condition = tree.args.get("where")
        return query.where(condition.this) if condition is not None else query
    return tree


def _external_tables(session: Session, query: exp.Expr) -> dict[str, set[str]]:
    """The columns of every external table that the query names."""
    found = {}
    for table in query.find_all(exp.Table):
        if table.db and session.catalog.external_schema(table.db):
            relation = session.names.resolve((table.db, table.name))
            found[f"{table.db}.{table.name}"] = {name for name, _ in relation.columns}
    return found


def _table(session: Session, name: str, read: Sequence[str], external: dict[str, set[str]]) -> Scanned:
    parts = name.split(".")
    if len(parts) == 1:
        source = next((table for table, columns in external.items() if columns.issuperset(read)), name.lower())
        return Scanned(f"{source} format:{_FORMATS.get(name, 'TEXT')}")
    if len(parts) < 3 or parts[-3] != session.database.name:
        return Scanned(parts[-1])
    entry = session.catalog.relation(parts[-2], parts[-1])
    if entry is None:
        return Scanned(parts[-1])
    columns = session.catalog.columns(entry.oid)
    key = next((column.name for column in columns if column.is_distkey), "")
    style = session.catalog.rows("SELECT diststyle FROM {c}.relations WHERE oid = ?", entry.oid)[0][0]
    return Scanned(entry.name, str(style), key, sum(_width(str(column.type_name)) for column in columns))


def _width(kind: str) -> int:
    if kinds.is_text(kind):
        return min(kinds.length(kind), _TEXT_WIDTH)
    return _WIDTHS.get(kind, 8)
