"""`x = ANY (ARRAY[…])` and `x <> ALL (ARRAY[…])`, as SQLAlchemy asks the catalogue: written as IN and NOT IN."""

from __future__ import annotations

from sqlglot import exp


def expand(tree: exp.Expression) -> exp.Expression:
    """Replace every comparison with the elements of an array constructor. Changes `tree` and returns it."""
    for comparison in list(tree.find_all(exp.EQ, exp.NEQ)):
        elements = _elements(comparison)
        if elements is None:
            continue
        listed: exp.Expression = exp.In(this=comparison.this.copy(), expressions=elements)
        if isinstance(comparison, exp.NEQ):
            listed = exp.Not(this=listed)
        if comparison is tree:
            return listed
        comparison.replace(listed)
    return tree


def _elements(comparison: exp.Expression) -> list[exp.Expression] | None:
    quantified = comparison.expression
    if isinstance(comparison, exp.EQ) and isinstance(quantified, exp.Any):
        array = quantified.this.unnest()
    elif isinstance(comparison, exp.NEQ) and isinstance(quantified, exp.Anonymous) and quantified.name.lower() == "all":
        array = quantified.expressions[0]
    else:
        return None
    if not isinstance(array, exp.Array) or not array.args.get("bracket_notation"):
        return None
    return [element.copy() for element in array.expressions]
