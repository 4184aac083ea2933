"""SELECT and the statements that change rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb
from sqlglot import exp

from localcloud.redshift.engine import external_entries, external_writing, row_checks, settings, tables
from localcloud.redshift.engine.catalog import RelationEntry
from localcloud.redshift.engine.result import Column, Result, Row, columns_of, of_rows
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.inference import Columns
from localcloud.redshift.sql.statement import Statement, split
from localcloud.redshift.sql.translate import translate

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

_ZONED = "TIMESTAMP WITH TIME ZONE"
_FETCHED_AS = {_ZONED: "timezone('UTC', {})", "INTERVAL": "rs_interval_text({})"}
"""DuckDB gives zoned timestamps to Python only with pytz, so that the UTC clock time is fetched and the zone named
here; an INTERVAL would lose its months."""


def select(session: Session, statement: Statement, parameters: Sequence[exp.Expr]) -> Result:
    """Rows are fetched from DuckDB as the client takes them."""
    tree = statement.tree
    if isinstance(tree, (exp.Insert, exp.Update, exp.Delete, exp.Merge)):
        raise RedshiftError("42601", "a WITH clause before a statement that changes rows is not Redshift's syntax")
    terminated = _terminate(session, tree)
    if terminated is not None:
        return terminated
    settings.apply_calls(session, tree)
    translated = session.typed(tree, parameters)
    return read(session, translated.sql, "SELECT", translated.columns)


def select_into(session: Session, statement: Statement, parameters: Sequence[exp.Expr]) -> Result:
    """SELECT … INTO [TEMP] table FROM …: CREATE TABLE AS in other words."""
    tree = statement.tree.copy()
    into = tree.args.get("into") if isinstance(tree, exp.Select) else None
    if into is None:
        raise RedshiftError("42601", 'syntax error at or near "into"')
    tree.set("into", None)
    kind = "temp table" if into.args.get("temporary") else "table"
    text = f"create {kind} {into.this.sql(dialect='redshift')} as {tree.sql(dialect='redshift')}"
    return tables.create(session, split(text)[0], parameters)


def read(session: Session, sql: str, tag: str, known: Columns) -> Result:
    """Run translated SQL; DuckDB computes on while the rows are fetched."""
    cursor = session.connection.execute(sql)
    columns = columns_of(((d[0], str(d[1])) for d in cursor.description or []), known)
    zoned = [place for place, column in enumerate(columns) if column.type == _ZONED]
    if any(column.type in _FETCHED_AS for column in columns):
        names = ", ".join(f"c{place}" for place in range(len(columns)))
        outputs = ", ".join(
            _FETCHED_AS.get(column.type, "{}").format(f"c{place}") for place, column in enumerate(columns)
        )
        cursor = session.connection.execute(f"SELECT {outputs} FROM ({sql}) AS source({names})")  # noqa: S608
    return Result(tag, columns, lambda count: _fetch(session, cursor, count, zoned))


def _fetch(session: Session, cursor: duckdb.DuckDBPyConnection, count: int, zoned: Sequence[int]) -> list[Row]:
    with session.errors():
        rows: list[Row] = cursor.fetchmany(count)
    if not zoned:
        return rows
    return [tuple(_utc(value) if place in zoned else value for place, value in enumerate(row)) for row in rows]


def _utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.replace(tzinfo=UTC)


def _terminate(session: Session, tree: exp.Expr) -> Result | None:
    """`select pg_terminate_backend(pid)`: what dbt sends to cancel another connection's statement."""
    call_node = tree.expressions[0].unalias() if isinstance(tree, exp.Select) and len(tree.expressions) == 1 else None
    if not isinstance(call_node, exp.Anonymous) or call_node.name.lower() not in (
        "pg_terminate_backend",
        "pg_cancel_backend",
    ):
        return None
    from localcloud.redshift.engine.session import find_session

    if len(call_node.expressions) != 1 or not call_node.expressions[0].is_int:
        raise unsupported(f"{call_node.name} of anything but one process id")
    other = find_session(int(call_node.expressions[0].name))
    if other is not None:
        other.cancel()
    name = call_node.name.lower()
    return of_rows("SELECT", [Column(name, "INTEGER")], [(int(other is not None),)])


def insert(session: Session, statement: Statement, parameters: Sequence[exp.Expr]) -> Result:
    tree = session.folded(statement, parameters)
    if not isinstance(tree, exp.Insert) or tree.args.get("returning") or tree.args.get("conflict"):
        raise unsupported("this form of INSERT")
    target = _target(tree)
    schema, name = session.names.place(target)
    database = external_entries.external_database(session, schema, name)
    if database is not None:
        return external_writing.insert(session, tree, schema, name, database)
    limits = row_checks.limits(session, target)
    names = [column.name for column in tree.this.expressions] if isinstance(tree.this, exp.Schema) else list(limits)
    unknown = [name for name in names if name not in limits]
    if unknown:
        raise RedshiftError("42703", f'column "{unknown[0]}" of relation "{target.name}" does not exist')
    checks = [limits[name] for name in names]
    source = tree.expression
    if isinstance(source, exp.Values):
        row_checks.check_values(source, checks)
    elif source is not None and any(checks):
        tree.set("expression", row_checks.checked_query(source, names, checks))
    return _change(session, tree, "INSERT")


def update(session: Session, statement: Statement, parameters: Sequence[exp.Expr]) -> Result:
    tree = session.folded(statement, parameters)
    row_checks.check_assignments(tree.expressions, row_checks.limits(session, tree.this))
    return _change(session, tree, "UPDATE")


def delete(session: Session, statement: Statement, parameters: Sequence[exp.Expr]) -> Result:
    tree = session.folded(statement, parameters)
    row_checks.limits(session, tree.this)
    return _change(session, tree, "DELETE")


def merge(session: Session, statement: Statement, parameters: Sequence[exp.Expr]) -> Result:
    """Redshift's MERGE: one source row may match a target row, or it is an error."""
    tree = session.folded(statement, parameters)
    if not isinstance(tree, exp.Merge):
        raise unsupported("this form of MERGE")
    limits = row_checks.limits(session, tree.this)
    for when in tree.args["whens"].expressions:
        action = when.args["then"]
        if isinstance(action, exp.Update):
            row_checks.check_assignments(action.expressions, limits)
        elif isinstance(action, exp.Insert) and action.this is not None:
            row_checks.check_merged_row(action, limits)
    _require_single_matches(session, tree)
    return _change(session, tree, "MERGE")


def _require_single_matches(session: Session, tree: exp.Merge) -> None:
    """DuckDB would let any of several matching source rows win."""
    target = tree.this.alias_or_name
    row = exp.column("rowid", table=target, quoted=True)
    repeated = (
        exp.select("1")
        .from_(tree.this.copy())
        .join(tree.args["using"].copy(), on=tree.args["on"].copy(), join_type="inner")
        .group_by(row)
        .having("count(*) > 1")
        .limit(1)
    )
    if session.connection.execute(translate(repeated, session.names)).fetchone():
        raise RedshiftError("21000", "Found multiple matches to update the same tuple.")


def _change(session: Session, tree: exp.Expr, tag: str) -> Result:
    written = _written(session, tree)
    row = session.connection.execute(translate(tree, session.names)).fetchone()
    rows = int(row[0]) if row else 0
    if written is not None and tag != "DELETE":
        session.inserted(written, rows)
    return Result(tag, affected=rows)


def _written(session: Session, tree: exp.Expr) -> RelationEntry | None:
    """The table that a statement changes; None for a temporary one, which the catalogue does not have."""
    schema, name = session.names.place(_target(tree))
    return session.catalog.relation(schema, name)


def _target(tree: exp.Expr) -> exp.Table:
    """The table that a statement says it changes."""
    target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    if not isinstance(target, exp.Table):
        raise RedshiftError("42601", "syntax error: no table is named whose rows are to be changed")
    return target
