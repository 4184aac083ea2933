"""Names of unnamed result columns: `count`, `?column?`, … as PostgreSQL's FigureColname gives them."""

from __future__ import annotations

from sqlglot import exp

_NAMES: dict[type[exp.Expr], str] = {
    exp.Substring: "substring",
    exp.GroupConcat: "listagg",
    exp.Case: "case",
    exp.DecodeCase: "case",
    exp.StrPosition: "position",
    exp.ApproxDistinct: "count",
    exp.CurrentTimestamp: "sysdate",
    exp.CurrentDate: "date",
    exp.Extract: "date_part",
    exp.CurrentUser: "current_user",
    exp.Exists: "exists",
    exp.If: "case",
}
_CALLED_OTHERWISE = {"dateadd": "date_add", "datediff": "date_diff", "date_part": "pgdate_part"}
_CAST_NAMES = {
    "INT": "int4",
    "BIGINT": "int8",
    "SMALLINT": "int2",
    "VARCHAR": "varchar",
    "TEXT": "varchar",
    "FLOAT": "float4",
    "DOUBLE": "float8",
    "BOOLEAN": "bool",
    "DECIMAL": "numeric",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMPTZ": "timestamptz",
    "CHAR": "bpchar",
}
UNNAMED = "?column?"


def label_projections(tree: exp.Expr) -> None:
    """Give every unnamed projection below `tree` the alias that Redshift would show. Changes `tree`."""
    for select in list(tree.find_all(exp.Select)):
        if isinstance(select.parent, (exp.In, exp.Exists)):
            continue
        for projection in list(select.expressions):
            if isinstance(projection, (exp.Alias, exp.Star, exp.Column, exp.Aliases)):
                continue
            alias = exp.to_identifier(_label(projection), quoted=True)
            place = projection.index
            select.set("expressions", exp.Alias(this=projection, alias=alias), place)


def _label(node: exp.Expr) -> str:
    if isinstance(node, exp.Column):
        return node.name
    if isinstance(node, exp.Cast):
        if isinstance(node.to, exp.ObjectIdentifier):
            return str(node.to.this).lower()
        inner = _label(node.this)
        return inner if inner != UNNAMED else _CAST_NAMES.get(node.to.this.value, UNNAMED)
    if isinstance(node, (exp.Bracket, exp.Paren, exp.Window, exp.Filter, exp.WithinGroup, exp.IgnoreNulls)):
        return _label(node.this)
    if isinstance(node, exp.Dot):
        return _label(node.expression)
    if isinstance(node, exp.Subquery):
        inner_select = node.unnest()
        return _label(inner_select.expressions[0].unalias()) if isinstance(inner_select, exp.Select) else UNNAMED
    if type(node) in _NAMES:
        return _NAMES[type(node)]
    if isinstance(node, exp.Anonymous):
        name = str(node.this).lower()
        return _CALLED_OTHERWISE.get(name, name)
    if isinstance(node, (exp.Func, exp.CurrentTimestamp)) and not isinstance(node, (exp.And, exp.Or, exp.Concat)):
        return type(node).sql_name().lower()
    return UNNAMED
