"""SELECT and the statements that change rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb
from sqlglot import exp

from localcloud.redshift.engine import external_entries, external_writing, settings, tables
from localcloud.redshift.engine.result import Column, Result, Row, columns_of, of_rows
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.inference import Columns
from localcloud.redshift.sql.kinds import SUPER, is_char, is_datetime
from localcloud.redshift.sql.nodes import call
from localcloud.redshift.sql.statement import Statement, split
from localcloud.redshift.sql.translate import translate
from localcloud.redshift.sql.types import byte_limit

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

_ZONED = "TIMESTAMP WITH TIME ZONE"
_FETCHED_AS = {_ZONED: "timezone('UTC', {})", "INTERVAL": "rs_interval_text({})"}
"""DuckDB gives zoned timestamps to Python only with pytz, so that the UTC clock time is fetched and the zone named
here; an INTERVAL would lose its months."""
Check = Callable[[exp.Expression], exp.Expression]


def select(session: Session, statement: Statement, parameters: Sequence[exp.Expression]) -> Result:
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


def select_into(session: Session, statement: Statement, parameters: Sequence[exp.Expression]) -> Result:
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


def _terminate(session: Session, tree: exp.Expression) -> Result | None:
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


def insert(session: Session, statement: Statement, parameters: Sequence[exp.Expression]) -> Result:
    tree = session.folded(statement, parameters)
    if not isinstance(tree, exp.Insert) or tree.args.get("returning") or tree.args.get("conflict"):
        raise unsupported("this form of INSERT")
    target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    schema, name = session.names.place(target)
    database = external_entries.external_database(session, schema, name)
    if database is not None:
        return external_writing.insert(session, tree, schema, name, database)
    limits = _limits(session, target)
    names = [column.name for column in tree.this.expressions] if isinstance(tree.this, exp.Schema) else list(limits)
    unknown = [name for name in names if name not in limits]
    if unknown:
        raise RedshiftError("42703", f'column "{unknown[0]}" of relation "{target.name}" does not exist')
    checks = [limits[name] for name in names]
    source = tree.expression
    if isinstance(source, exp.Values):
        for row in source.expressions:
            for value, check in zip(list(row.expressions), checks, strict=False):
                if check and not (
                    isinstance(value, exp.Var) or (isinstance(value, exp.Column) and value.name == "default")
                ):
                    value.replace(check(value))
    elif source is not None and any(checks):
        tree.set("expression", _checked_query(source, names, checks))
    return _change(session, tree, "INSERT")


def _checked_query(source: exp.Expression, names: Sequence[str], checks: Sequence[Check | None]) -> exp.Select:
    columns = [exp.column(name, quoted=True) for name in names]
    outputs = [check(column) if check else column for column, check in zip(columns, checks, strict=True)]
    query = source.this if isinstance(source, exp.Subquery) and not source.alias else source
    alias = exp.TableAlias(
        this=exp.to_identifier("source", quoted=True), columns=[exp.to_identifier(n, quoted=True) for n in names]
    )
    return exp.Select(expressions=outputs).from_(exp.Subquery(this=query.copy(), alias=alias))


def update(session: Session, statement: Statement, parameters: Sequence[exp.Expression]) -> Result:
    tree = session.folded(statement, parameters)
    _check_assignments(tree.expressions, _limits(session, tree.this))
    return _change(session, tree, "UPDATE")


def delete(session: Session, statement: Statement, parameters: Sequence[exp.Expression]) -> Result:
    tree = session.folded(statement, parameters)
    _limits(session, tree.this)
    return _change(session, tree, "DELETE")


def merge(session: Session, statement: Statement, parameters: Sequence[exp.Expression]) -> Result:
    """Redshift's MERGE: one source row may match a target row, or it is an error."""
    tree = session.folded(statement, parameters)
    if not isinstance(tree, exp.Merge):
        raise unsupported("this form of MERGE")
    limits = _limits(session, tree.this)
    for when in tree.args["whens"].expressions:
        action = when.args["then"]
        if isinstance(action, exp.Update):
            _check_assignments(action.expressions, limits)
        elif isinstance(action, exp.Insert) and action.this is not None:
            _check_merged_row(action, limits)
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


def _check_merged_row(action: exp.Insert, limits: dict[str, Check | None]) -> None:
    first = action.this.expressions[0]
    if isinstance(first, exp.Anonymous) and first.name.lower() == "values":
        # INSERT VALUES (…) without a column list: sqlglot takes it for a call of a function.
        columns = [exp.column(name, quoted=True) for name in limits]
        action.set("expression", exp.Tuple(expressions=first.expressions))
        action.set("this", exp.Tuple(expressions=columns))
    if not isinstance(action.args.get("expression"), exp.Tuple):
        raise RedshiftError("42601", "syntax error: INSERT without VALUES (...)")
    names, values = action.this.expressions, action.expression.expressions
    if len(names) != len(values):
        raise RedshiftError("42601", "INSERT has more target columns than expressions, or fewer")
    for column, value in zip(names, list(values), strict=True):
        check = limits.get(column.name)
        if check:
            value.replace(check(value))


def _check_assignments(assignments: Sequence[exp.Expression], limits: dict[str, Check | None]) -> None:
    for assignment in assignments:
        if not isinstance(assignment, exp.EQ) or not isinstance(assignment.this, exp.Column):
            raise RedshiftError("42601", f'syntax error at or near "{assignment.sql(dialect="redshift")}"')
        check = limits.get(assignment.this.name)
        if check:
            assignment.expression.replace(check(assignment.expression))


def _limits(session: Session, target: exp.Expression) -> dict[str, Check | None]:
    """Columns of the table to be written, in order, each with its check; refuses views and external tables."""
    if not isinstance(target, exp.Table):
        raise unsupported("writing to anything but a table")
    schema, name = session.names.place(target)
    if schema == "pg_temp":
        rows = session.connection.execute(
            "SELECT column_name, type_name FROM temp.main.pg_landfall_temp_columns WHERE table_name = ?"
            " ORDER BY ordinal",
            [name],
        ).fetchall()
        return {column: _check(kind) for column, kind in rows}
    if session.catalog.external_schema(schema):
        raise unsupported(f'writing to the external table "{schema}.{name}"')
    entry = session.catalog.require(schema, name)
    if entry.kind != "r":
        raise RedshiftError("42809", f'"{name}" is a view')
    return {column.name: _check(column.type_name) for column in session.catalog.columns(entry.oid)}


def _check(type_name: str) -> Check | None:
    """Texts must not be too long; a CHAR is kept without trailing blanks; a text in a SUPER column is no JSON.

    A date or time that is written as a text is read as Redshift reads it.
    """
    kind = exp.DataType.build(type_name, dialect="redshift")
    if type_name == SUPER:
        return lambda value: exp.Cast(this=value.copy(), to=kind.copy())
    if is_datetime(type_name):
        return lambda value: exp.Cast(this=value.copy(), to=kind.copy()) if value.is_string else value
    limit = byte_limit(type_name)
    if limit is None:
        return None

    def check(value: exp.Expression) -> exp.Expression:
        text = exp.Cast(this=value.copy(), to=exp.DataType.build("VARCHAR(MAX)", dialect="redshift"))
        checked = call("rs_checked", text, exp.Literal.number(limit), exp.Literal.string(type_name))
        return call("rtrim", checked, exp.Literal.string(" ")) if is_char(type_name) else checked

    return check


def _change(session: Session, tree: exp.Expression, tag: str) -> Result:
    row = session.connection.execute(translate(tree, session.names)).fetchone()
    return Result(tag, affected=int(row[0]) if row else 0)
