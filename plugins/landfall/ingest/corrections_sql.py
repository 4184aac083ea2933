"""Corrections as syntax trees: each step a query over the one before, of the record's fields as a map.

Nothing of a correction is ever part of a statement's text: names and values are literals of the tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

from sqlglot import exp

from landfall.ingest.checks import function, matches, text_of
from landfall.ingest.corrections import Cast, Default, Drop, MapValues, Rename, Step
from landfall.ingest.records import IDENTITY

_RECORD = (*IDENTITY, "_landed_date", "_raw_text", "_document")
_FIELDS = exp.column("_fields")
_NAME = exp.column("name")
_VALUE = exp.column("value")


def corrected_records(source: exp.Select, steps: Sequence[Step]) -> dict[str, exp.Select]:
    """Return CTEs of which the last, `records`, holds the rows of `source` with `_document` corrected.

    A document that is no JSON object has no fields and stays as it is.
    """
    document = exp.column("_document")
    is_object = exp.func("COALESCE", matches(function("json_format", document), r"\A\s*\{"), exp.false())
    fields = exp.func("IF", is_object, exp.cast(document.copy(), "map(varchar, json)", dialect="trino"))
    ctes = {
        "quarantined": source,
        "corrected_0": exp.select(*_RECORD, exp.alias_(fields, "_fields")).from_("quarantined"),
    }
    for position, step in enumerate(steps):
        changed = exp.alias_(_changed(step), "_fields")
        ctes[f"corrected_{position + 1}"] = exp.select(*_RECORD, changed).from_(f"corrected_{position}")
    corrected = exp.func("COALESCE", exp.cast(_FIELDS, "json", dialect="trino"), document.copy())
    ctes["records"] = exp.select(*_RECORD[:-1], exp.alias_(corrected, "_document")).from_(f"corrected_{len(steps)}")
    return ctes


@singledispatch
def _changed(step: Step) -> exp.Expr:
    """The map `_fields` after a step."""
    raise TypeError(f"{step!r} is no step")


@_changed.register
def _(step: Rename) -> exp.Expr:
    kept = function("map_filter", _FIELDS, _lambda(exp.not_(_NAME.isin(step.old, step.new))))
    renamed = _with(kept, step.new, function("element_at", _FIELDS, text_of(step.old)))
    return exp.func("IF", exp.and_(exp.not_(_is_absent(step.old)), _is_absent(step.new)), renamed, _FIELDS)


@_changed.register
def _(step: Default) -> exp.Expr:
    return exp.func("IF", _is_absent(step.field), _with(_FIELDS, step.field, _json(step.value)), _FIELDS)


@_changed.register
def _(step: MapValues) -> exp.Expr:
    case = exp.Case()
    for sent, wanted in step.values:
        # Both as the engine writes them, for one value has several texts in JSON.
        is_sent = function("json_format", _VALUE).eq(function("json_format", _json(sent)))
        case = case.when(exp.and_(_NAME.eq(text_of(step.field)), is_sent), _json(wanted), copy=False)
    return function("transform_values", _FIELDS, _lambda(case.else_(_VALUE.copy())))


@_changed.register
def _(step: Drop) -> exp.Expr:
    return function("map_filter", _FIELDS, _lambda(_NAME.neq(text_of(step.field))))


@_changed.register
def _(step: Cast) -> exp.Expr:
    sent = function("json_format", _VALUE)
    if step.to == "integer":
        is_fit = matches(sent, r'\A"-?[0-9]+"\z')
        number = exp.TryCast(
            this=function("json_extract_scalar", _VALUE, text_of("$")), to=exp.DataType.build("bigint")
        )
        cast = exp.func("COALESCE", exp.cast(number, "json", dialect="trino"), _VALUE)
    else:
        is_fit = matches(sent, r"\A(?:-?[0-9].*|true|false)\z")
        cast = exp.cast(sent.copy(), "json", dialect="trino")
    is_field = exp.and_(_NAME.eq(text_of(step.field)), is_fit)
    return function("transform_values", _FIELDS, _lambda(exp.func("IF", is_field, cast, _VALUE)))


def _is_absent(field: str) -> exp.Expr:
    text = function("json_format", function("element_at", _FIELDS, text_of(field)))
    return exp.func("COALESCE", text, text_of("null")).eq(text_of("null"))


def _with(fields: exp.Expr, name: str, value: exp.Expr) -> exp.Expr:
    one = function("map", exp.Array(expressions=[text_of(name)]), exp.Array(expressions=[value]))
    return function("map_concat", fields.copy(), one)


def _json(text: str) -> exp.Expr:
    return function("json_parse", text_of(text))


def _lambda(body: exp.Expr) -> exp.Lambda:
    return exp.Lambda(this=body, expressions=[exp.to_identifier("name"), exp.to_identifier("value")])
