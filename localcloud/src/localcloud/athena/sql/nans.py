"""NaN as Trino compares it: neither equal to anything, nor above, nor below; to DuckDB it is the greatest and itself.

Sources: IEEE 754; Trino's operators, whose GREATEST takes NaN for the least (COMPARISON_UNORDERED_FIRST) and LEAST for
the greatest; the recorded answers of Trino 435.
"""

from __future__ import annotations

from sqlglot import exp

from localcloud.athena.sql.nodes import call, type_of

_FLOATING = ("double", "real")
_HOLDS_ROWS_BACK = (exp.Where, exp.Having, exp.Join)


def compare(node: exp.Expr) -> exp.Expr:
    """A comparison, with what it lacks where a side may be NaN; where none may be it stays as it is."""
    doubted = _doubted(node)
    if doubted is None:
        return node
    other = node.expression if doubted is node.this else node.this
    is_nan = _is_nan(doubted)
    if not isinstance(node, exp.NEQ) and _decides_rows(node):
        # Unknown and false are one here, and the comparison itself is still seen: by a join, and by a scan.
        return exp.paren(exp.and_(node.copy(), exp.not_(is_nan)))
    known = exp.and_(is_nan, exp.not_(exp.Is(this=other.copy(), expression=exp.Null())))
    answer = exp.Boolean(this=isinstance(node, exp.NEQ))
    return exp.paren(exp.Case(ifs=[exp.If(this=known, true=answer)], default=node.copy()))


def between(node: exp.Expr) -> exp.Expr:
    """BETWEEN as two comparisons, where its upper bound may be NaN: DuckDB finds everything below that."""
    if not may_be_nan(node.args["high"]):
        return node
    value, low, high = (node.args[name].copy() for name in ("this", "low", "high"))
    at_least, at_most = exp.GTE(this=value, expression=low), exp.LTE(this=value.copy(), expression=high)
    return exp.paren(exp.and_(compare(at_least), compare(at_most)))


def one_of(node: exp.Expr) -> exp.Expr:
    """IN as comparisons, where both sides may be NaN."""
    items = node.expressions
    if not may_be_nan(node.this) or not any(may_be_nan(item) for item in items):
        return node
    equal = [compare(exp.EQ(this=node.this.copy(), expression=item.copy())) for item in items]
    return exp.paren(exp.or_(*equal))


def extreme(name: str, items: list[exp.Expr]) -> exp.Expr:
    """GREATEST or LEAST of what is known: NaN is passed over unless there is nothing else."""
    if not any(may_be_nan(item) for item in items):
        return call(name, *items)
    numbers = [
        exp.Case(ifs=[exp.If(this=exp.not_(_is_nan(item)), true=item.copy())]) if may_be_nan(item) else item
        for item in items
    ]
    return exp.Coalesce(this=call(name, *numbers), expressions=[call("trino_nan")])


def may_be_nan(node: exp.Expr) -> bool:
    """Whether a value is of a floating type and no number that is written out."""
    if type_of(node) not in _FLOATING:
        return False
    while isinstance(node, exp.Paren | exp.Neg):
        node = node.this
    if isinstance(node, exp.Cast) and type_of(node.this) not in (None, "unknown", "varchar", *_FLOATING):
        return False
    return not isinstance(node, exp.Literal)


def _is_nan(node: exp.Expr) -> exp.Expr:
    # DuckDB may compute what is a double to Trino as another number.
    return call("isnan", exp.cast(node.copy(), "double", dialect="duckdb"))


def _doubted(node: exp.Expr) -> exp.Expr | None:
    """The side whose being NaN DuckDB answers otherwise, None if there is none."""
    left, right = may_be_nan(node.this), may_be_nan(node.expression)
    if isinstance(node, exp.LT | exp.LTE):
        return node.expression if right else None
    if isinstance(node, exp.GT | exp.GTE):
        return node.this if left else None
    return node.this if left and right else None


def _decides_rows(node: exp.Expr) -> bool:
    """Whether only the rows for which a comparison is true go on."""
    parent = node.parent
    while isinstance(parent, exp.And | exp.Paren):
        parent = parent.parent
    return isinstance(parent, _HOLDS_ROWS_BACK)
