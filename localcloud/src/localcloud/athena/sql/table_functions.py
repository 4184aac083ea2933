"""Table functions: TABLE(sequence(start => 0, stop => 10)). Source: Trino's documentation, 'Table functions'."""

from __future__ import annotations

from sqlglot import exp

from localcloud.athena.sql.walk import every
from localcloud.lake.errors import LakeError, NotSupportedError

_ARGUMENTS = ("start", "stop", "step")
_COLUMN = "sequential_number"


def expand(query: exp.Expr) -> exp.Expr:
    """Replace each call of `sequence` by the UNNEST of the array of its numbers; others are refused."""
    for table in every(query, exp.Table):
        function = table.this
        if isinstance(function, exp.Anonymous) and function.name.upper() == "TABLE":
            table.replace(_sequence(table, function.expressions))
    return query


def _sequence(table: exp.Table, calls: list[exp.Expr]) -> exp.Expr:
    call = calls[0] if len(calls) == 1 else None
    if not isinstance(call, exp.Anonymous) or call.name.lower() != "sequence":
        raise NotSupportedError(f"the table function {call.name if call else ''}")
    given: dict[str, exp.Expr] = {}
    for name, argument in zip(_ARGUMENTS, call.expressions, strict=False):
        named = isinstance(argument, exp.Kwarg)
        given[argument.this.name.lower() if named else name] = argument.expression if named else argument
    if "stop" not in given or not set(given) <= set(_ARGUMENTS) or len(call.expressions) > len(_ARGUMENTS):
        raise LakeError("MISSING_ARGUMENT", "line 1:1: Missing argument: STOP")
    start = given.get("start", exp.Literal.number(0))
    arguments = [start, given["stop"], *([given["step"]] if "step" in given else [])]
    alias = table.args.get("alias")
    columns = alias.columns if alias and alias.columns else [exp.to_identifier(_COLUMN)]
    shown = alias.this if alias and alias.this else exp.to_identifier("_sequence")
    numbers = exp.Anonymous(this="sequence", expressions=[argument.copy() for argument in arguments])
    return exp.Unnest(
        expressions=[numbers], alias=exp.TableAlias(this=shown.copy(), columns=[column.copy() for column in columns])
    )
