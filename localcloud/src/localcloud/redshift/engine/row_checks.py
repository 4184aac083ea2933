"""What a value must be to be written to a column: the checks that INSERT, UPDATE and MERGE put around values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.kinds import SUPER, is_char, is_datetime
from localcloud.redshift.sql.nodes import call
from localcloud.redshift.sql.types import byte_limit

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

Check = Callable[[exp.Expr], exp.Expr]
"""The value as it is to be written, from the value that the statement has."""


def limits(session: Session, target: exp.Expr) -> dict[str, Check | None]:
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


def check_values(rows: exp.Values, checks: Sequence[Check | None]) -> None:
    """Put the checks around the values of INSERT … VALUES; DEFAULT needs none."""
    for row in rows.expressions:
        for value, check in zip(list(row.expressions), checks, strict=False):
            if check and not _is_default(value):
                value.replace(check(value))


def _is_default(value: exp.Expr) -> bool:
    return isinstance(value, exp.Var) or (isinstance(value, exp.Column) and value.name == "default")


def checked_query(source: exp.Expr, names: Sequence[str], checks: Sequence[Check | None]) -> exp.Select:
    """The rows of `source`, whose columns are `names`, with the checks around them."""
    columns = [exp.column(name, quoted=True) for name in names]
    outputs = [check(column) if check else column for column, check in zip(columns, checks, strict=True)]
    query = source.this if isinstance(source, exp.Subquery) and not source.alias else source
    alias = exp.TableAlias(
        this=exp.to_identifier("source", quoted=True), columns=[exp.to_identifier(n, quoted=True) for n in names]
    )
    return exp.Select(expressions=outputs).from_(exp.Subquery(this=query.copy(), alias=alias))


def check_assignments(assignments: Sequence[exp.Expr], checks: dict[str, Check | None]) -> None:
    """Put the checks around what UPDATE … SET assigns; raises RedshiftError 42601."""
    for assignment in assignments:
        if not isinstance(assignment, exp.EQ) or not isinstance(assignment.this, exp.Column):
            raise RedshiftError("42601", f'syntax error at or near "{assignment.sql(dialect="redshift")}"')
        check = checks.get(assignment.this.name)
        if check:
            assignment.expression.replace(check(assignment.expression))


def check_merged_row(action: exp.Insert, checks: dict[str, Check | None]) -> None:
    """Put the checks around the row that MERGE inserts; raises RedshiftError 42601."""
    first = action.this.expressions[0]
    if isinstance(first, exp.Anonymous) and first.name.lower() == "values":
        # INSERT VALUES (…) without a column list: sqlglot takes it for a call of a function.
        columns = [exp.column(name, quoted=True) for name in checks]
        action.set("expression", exp.Tuple(expressions=first.expressions))
        action.set("this", exp.Tuple(expressions=columns))
    if not isinstance(action.args.get("expression"), exp.Tuple):
        raise RedshiftError("42601", "syntax error: INSERT without VALUES (...)")
    names, values = action.this.expressions, action.expression.expressions
    if len(names) != len(values):
        raise RedshiftError("42601", "INSERT has more target columns than expressions, or fewer")
    for column, value in zip(names, list(values), strict=True):
        check = checks.get(column.name)
        if check:
            value.replace(check(value))


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

    def check(value: exp.Expr) -> exp.Expr:
        text = exp.Cast(this=value.copy(), to=exp.DataType.build("VARCHAR(MAX)", dialect="redshift"))
        checked = call("rs_checked", text, exp.Literal.number(limit), exp.Literal.string(type_name))
        return call("rtrim", checked, exp.Literal.string(" ")) if is_char(type_name) else checked

    return check
