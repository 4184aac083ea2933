"""The text of a view as the catalogue shows it."""

from __future__ import annotations

import re

from sqlglot import exp
from sqlglot.dialects.redshift import Redshift

_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")


def shown(query: exp.Expr) -> str:
    """A bound view's query with quotes only round the names that need them, as Redshift's own printer leaves them."""
    tree = query.copy()
    for identifier in tree.find_all(exp.Identifier):
        name = identifier.name
        identifier.set("quoted", not _PLAIN.fullmatch(name) or name in Redshift.Generator.RESERVED_KEYWORDS)
    return tree.sql(dialect="redshift")
