"""What a parsed query needs before it is typed and rewritten: names of its outputs and of its columns' sources."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp
from sqlglot.errors import OptimizeError
from sqlglot.optimizer.qualify import qualify
from sqlglot.schema import MappingSchema

from localcloud.athena.sql.dialect import identifier
from localcloud.athena.sql.nodes import type_of
from localcloud.athena.sql.walk import every
from localcloud.lake.errors import LakeError
from localcloud.lake.glue import Column

_HIDDEN = ("$path", "$line", "$pos", "$file_size")


def drop_idle_casts(query: exp.Expr) -> None:
    """Take off casts to the type a column has already, as a view's are, so that conditions pass through them."""
    for cast in every(query, exp.Cast):
        if type_of(cast) is not None and isinstance(cast.this, exp.Column) and type_of(cast.this) == type_of(cast):
            cast.replace(cast.this)


def selectable(query: exp.Expr) -> exp.Expr:
    """A query without parentheses around it; a bare VALUES as a SELECT from it."""
    while isinstance(query, exp.Subquery) and not query.args.get("with_"):
        query = query.this
    if isinstance(query, exp.Values):
        first = query.expressions[0]
        width = len(first.expressions) if isinstance(first, exp.Tuple) else 1
        names = [identifier(f"_col{index}") for index in range(width)]
        values = query.copy()
        values.set("alias", exp.TableAlias(this=identifier("_values"), columns=names))
        return exp.Select(expressions=[exp.Star()]).from_(values)
    return query


def qualified(query: exp.Expr, columns: Mapping[str, tuple[Column, ...]]) -> exp.Expr:
    """Name the source of every column and spread out every `*`; hidden columns can be named but are not in `*`."""
    visible = {key: [column.name for column in found] for key, found in columns.items()}
    types: dict[str, object] = {key: dict.fromkeys([*names, *_HIDDEN], "VARCHAR") for key, names in visible.items()}
    try:
        return qualify(
            query,
            schema=MappingSchema(types, visible={**visible}, dialect="trino", normalize=False),
            dialect="trino",
            validate_qualify_columns=True,
            identify=True,
            quote_identifiers=True,
        )
    except OptimizeError as error:
        message = str(error)
        if "could not be resolved" in message or "Unknown column" in message:
            name = message.split("'")[1] if "'" in message else message.rpartition(" ")[2]
            raise LakeError("COLUMN_NOT_FOUND", f"line 1:1: Column '{name}' cannot be resolved") from error
        raise LakeError("SYNTAX_ERROR", f"line 1:1: {message}") from error


def name_outputs(query: exp.Expr) -> None:
    """Name what has no name, since sqlglot would choose names of its own."""
    for select in query.find_all(exp.Select):
        for index, projection in enumerate(select.expressions):
            if isinstance(projection, exp.Column | exp.Star | exp.Alias):
                continue
            name = projection.expression.name.lower() if isinstance(projection, exp.Dot) else f"_col{index}"
            alias = exp.alias_(projection.copy(), identifier(name))
            alias.meta["unnamed"] = not isinstance(projection, exp.Dot)
            projection.replace(alias)


def name_positions(query: exp.Expr) -> None:
    """Athena names the n-th column of a result _col<n>, counting from 0 and after `*` is spread out."""
    if isinstance(query, exp.Select):
        for index, projection in enumerate(query.expressions):
            if isinstance(projection, exp.Alias) and projection.meta.get("unnamed"):
                projection.set("alias", identifier(f"_col{index}"))
