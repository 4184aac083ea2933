"""`"$path"` and `"$size"`: columns of external tables that only their names give, never a star.

Source: "CREATE EXTERNAL TABLE: usage notes, Pseudocolumns" in the Amazon Redshift Database Developer Guide.
"""

from __future__ import annotations

from sqlglot import exp

from localcloud.redshift.errors import unsupported

PSEUDOCOLUMNS = ("$path", "$size")
HIDING = "hiding"
"""Key of `meta`: a relation that has pseudocolumns beside its own."""


def named(tree: exp.Expr) -> bool:
    """Whether a statement names one; RedshiftError 0A000 for `"$spectrum_oid"`, whose values are not documented."""
    names = {column.name for column in tree.find_all(exp.Column)}
    if "$spectrum_oid" in names:
        raise unsupported('the pseudocolumn "$spectrum_oid"')
    return not names.isdisjoint(PSEUDOCOLUMNS)


def hide(tree: exp.Expr) -> None:
    """Keep the pseudocolumns of the relations that have them out of every `*`. Changes `tree`."""
    for select in tree.find_all(exp.Select):
        joins = [join.this for join in select.args.get("joins") or []]
        source = select.args.get("from_")
        relations = [*([source.this] if source else []), *joins]
        hiding = {relation.alias_or_name for relation in relations if relation.meta.get(HIDING)}
        for item in select.expressions if hiding else []:
            star = item.this if isinstance(item, exp.Column) else item
            if isinstance(star, exp.Star) and (star is item or item.table in hiding):
                hidden = [exp.to_identifier(name, quoted=True) for name in PSEUDOCOLUMNS]
                star.set("except_", [*(star.args.get("except_") or []), *hidden])
