"""PostgreSQL's syntax that only Redshift's leader node has, as clients write it when they read the catalogue."""

from __future__ import annotations

from sqlglot import exp, parse_one

from localcloud.redshift.errors import RedshiftError, unsupported

_MEMBERSHIP = (exp.EQ, exp.NEQ)


def rewrite(tree: exp.Expr) -> exp.Expr:
    """`x = ANY (ARRAY[…])`, `x <> ALL (ARRAY[…])`, `'name'::regclass` and `::oid` in ordinary words. Changes `tree`."""
    for node in list(tree.walk(bfs=False))[::-1]:
        replacement = _replacement(node)
        if replacement is None:
            continue
        if node is tree:
            tree = replacement
        else:
            node.replace(replacement)
    return tree


def _replacement(node: exp.Expr) -> exp.Expr | None:
    if isinstance(node, exp.Cast) and isinstance(node.to, exp.ObjectIdentifier):
        return _identified(node)
    elements = _elements(node) if isinstance(node, _MEMBERSHIP) else None
    if elements is None:
        return None
    listed = exp.In(this=node.this.copy(), expressions=elements)
    return exp.Not(this=listed) if isinstance(node, exp.NEQ) else listed


def _elements(comparison: exp.Expr) -> list[exp.Expr] | None:
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


def _identified(node: exp.Cast) -> exp.Expr:
    """The object number that a cast to regclass or oid gives."""
    kind = str(node.to.this).upper()
    if kind == "OID":
        return exp.Cast(this=node.this.copy(), to=exp.DataType.build("BIGINT"))
    if kind != "REGCLASS" or not isinstance(node.this, exp.Literal):
        raise unsupported(f"a cast to {kind.lower()}" + (" of what is no literal" if kind == "REGCLASS" else ""))
    name = parse_one(node.this.name, into=exp.Table, dialect="redshift")
    if not isinstance(name, exp.Table) or not name.name:
        raise RedshiftError("42602", "invalid name syntax")
    parts = [exp.Literal.string(part.lower()) for part in (name.db, name.name)]
    return exp.Anonymous(this="to_regclass", expressions=parts)
