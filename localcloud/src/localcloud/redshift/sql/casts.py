"""CAST, `::` and CONVERT with Redshift's rounding, text forms and errors."""

from __future__ import annotations

import re

from sqlglot import exp

from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql import kinds, types
from localcloud.redshift.sql.expressions import kind_of
from localcloud.redshift.sql.nodes import call, number, text

_MOMENT_READERS = {kinds.DATE: "rs_iso", kinds.TIMESTAMP: "rs_without_zone", kinds.TIMESTAMPTZ: "rs_with_zone"}
"""What makes of a text one that DuckDB reads as that type."""
_ISO = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d:\d\d(\.\d+)?)?")


def rewrite_cast(node: exp.Cast) -> exp.Expr:
    """One cast; texts are cut to the target's bytes, other values too long for it are errors."""
    if node.to.this == exp.DataType.Type.INTERVAL:
        return node
    source, target = kind_of(node.this), types.of_declaration(node.to)
    if source == target.name and not kinds.is_char(source):
        return node.this
    _refuse_impossible(source, target.name)
    if kinds.is_text(target.name):
        return _to_text(node, source, target.name)
    if target.name == kinds.SUPER and not isinstance(node.this, exp.Null):
        return call("to_json", node.this)
    if source == kinds.SUPER:
        return _from_super(node, target.duckdb)
    if kinds.is_text(source) or source == kinds.UNKNOWN:
        return _from_text(node, target)
    if kinds.is_float(source) and kinds.is_numeric(target.name):
        # As in PostgreSQL; DuckDB multiplies by the power of ten, which a float rounds.
        node.set("this", _digits(node.this, source))
    node.set("to", exp.DataType.build(target.duckdb, dialect="duckdb"))
    return node


def _refuse_impossible(source: kinds.Kind, target: str) -> None:
    """Casts that Redshift has no function for. Source: "Type compatibility and conversion"."""
    moments = (kinds.DATE, kinds.TIMESTAMP, kinds.TIMESTAMPTZ)
    if (source in moments and (kinds.is_number(target) or target == kinds.BOOLEAN)) or (
        (kinds.is_number(source) or source == kinds.BOOLEAN) and target in moments
    ):
        raise RedshiftError("42846", f"cannot cast type {source} to {target}")
    if source == kinds.BOOLEAN and (kinds.is_numeric(target) or kinds.is_float(target)):
        raise RedshiftError("42846", f"cannot cast type {source} to {target}")


def _to_text(node: exp.Cast, source: kinds.Kind, target: str) -> exp.Expr:
    value = node.this
    if kinds.is_float(source):
        value = _digits(value, source)
    elif source == kinds.SUPER:
        value = call("rs_super_text", value)
    else:
        value = exp.Cast(this=value, to=exp.DataType.build("VARCHAR"))
    limit = types.byte_limit(target) if node.to.expressions or kinds.is_char(target) else None
    if limit is None:
        return value
    if source is None or kinds.is_text(source) or source == kinds.UNKNOWN:
        cut = call("rs_truncate", value, number(limit))
        return call("rtrim", cut, text(" ")) if kinds.is_char(target) else cut
    return call("rs_checked", value, number(limit), text(target))


def _digits(value: exp.Expr, source: kinds.Kind) -> exp.Expr:
    """A float as text of 15 (a real of 6) significant digits, as extra_float_digits = 0 asks for."""
    return call("rs_float_text", value, text("{:.15g}" if source == kinds.DOUBLE else "{:.6g}"))


def _from_text(node: exp.Cast, target: types.ColumnType) -> exp.Expr:
    to = exp.DataType.build(target.duckdb, dialect="duckdb")
    if isinstance(node.this, exp.Literal):
        written = node.this.name.strip()
        if kinds.is_integer(target.name) and not written.lstrip("+-").isdigit():
            raise RedshiftError("22P02", f'invalid input syntax for type {target.name}: "{node.this.name}"')
    elif kinds.is_integer(target.name):
        return exp.Cast(this=call("rs_integer_text", node.this, text(target.name)), to=to)
    if target.name in _MOMENT_READERS:
        return exp.Cast(this=moment_text(node.this, target.name), to=to)
    if target.name == kinds.BOOLEAN:
        return call("rs_boolean_text", node.this)
    if target.name == kinds.VARBYTE:
        return call("encode", node.this)
    node.set("to", to)
    return node


def moment_text(value: exp.Expr, kind: str) -> exp.Expr:
    """A text as DuckDB reads it for DATE, TIMESTAMP or TIMESTAMPTZ."""
    if isinstance(value, exp.Literal) and _ISO.fullmatch(value.name):
        return value
    return call(_MOMENT_READERS[kind], value)


def _from_super(node: exp.Cast, duckdb_type: str) -> exp.Expr:
    if duckdb_type in ("BLOB", "TIMETZ"):
        raise unsupported(f"a cast of SUPER to {duckdb_type.lower()}")
    to = exp.DataType.build(duckdb_type, dialect="duckdb")
    return exp.Cast(this=call("rs_super_text", node.this), to=to)
