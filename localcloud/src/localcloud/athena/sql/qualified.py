"""Columns written with their table's database: `db.table.column` is read as `table.column`."""

from __future__ import annotations

from sqlglot import exp

from localcloud.athena.sql.dialect import identifier
from localcloud.athena.sql.walk import every


def shorten(query: exp.Expr, database: str) -> None:
    """Bring every such column of a query with lower-case names to the table's name alone; changes `query`.

    Where two tables of one FROM have the same name and no alias, the one that is meant gets its whole name as alias.
    `database` is that of tables written without one. A row's field (`column.field.field`) is left as it is.
    """
    for column in every(query, exp.Column):
        if not column.db:
            continue
        table = _meant(column, database)
        if table is None:
            continue
        name = table.alias or table.name
        if not table.alias and _shares_its_name(table):
            name = f"{column.db}.{table.name}"
            table.set("alias", exp.TableAlias(this=identifier(name)))
        column.set("table", identifier(name))
        column.set("db", None)
        column.set("catalog", None)


def shorten_change(change: exp.Merge | exp.Update | exp.Delete, database: str) -> None:
    """The same for the target and the source of a statement that changes rows; subqueries see to their own."""
    tables = [table for table in (change.this, change.args.get("using")) if isinstance(table, exp.Table)]
    named = {(t.db or database).lower() + "." + t.name.lower(): t.name for t in tables if not t.alias}
    for column in change.find_all(exp.Column):
        name = named.get(f"{column.db}.{column.table}".lower())
        if column.db and name:
            column.set("table", identifier(name.lower()))
            column.set("db", None)
            column.set("catalog", None)


def _meant(column: exp.Column, database: str) -> exp.Table | None:
    """The table without an alias, in the nearest enclosing SELECT that has one, which the qualifier names."""
    select = column.find_ancestor(exp.Select)
    while select is not None:
        for table in _tables(select):
            whole = f"{table.db or database}.{table.name}"
            if whole == f"{column.db}.{column.table}" and table.alias in ("", whole):
                return table
        select = select.find_ancestor(exp.Select)
    return None


def _tables(select: exp.Expr) -> list[exp.Table]:
    """The tables of its FROM and JOINs, those of subqueries left out."""
    clauses = [select.args.get("from_") or select.args.get("from"), *(select.args.get("joins") or [])]
    return [
        table
        for clause in clauses
        if clause is not None
        for table in clause.find_all(exp.Table)
        if table.find_ancestor(exp.Select) is select
    ]


def _shares_its_name(table: exp.Table) -> bool:
    select = table.find_ancestor(exp.Select)
    return select is not None and sum(other.name == table.name and not other.alias for other in _tables(select)) > 1
