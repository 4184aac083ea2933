"""Conditions on one table, used to leave out what cannot match before anything is read.

A condition is a sqlglot expression in DuckDB's dialect over the table's bare column names. Every condition is applied
again by the query itself, so leaving one out here only costs time; using one that says too much would lose rows.
"""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
from pyiceberg import expressions as ice
from pyiceberg import types as ice_types
from pyiceberg.schema import Schema
from sqlglot import exp

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{6})?", re.ASCII)
_DECIMAL = re.compile(r"\d{1,15}\.\d{1,15}", re.ASCII)
_TIMESTAMPS = (exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ)
Evaluate = Callable[[exp.Expr], Any]

_FROM: type[Any] = ice.GreaterThanOrEqual
_BEFORE: type[Any] = ice.LessThan
_COMPARISONS: dict[type[exp.Expr], tuple[type[Any], type[Any]]] = {
    exp.EQ: (ice.EqualTo, ice.EqualTo),
    exp.NEQ: (ice.NotEqualTo, ice.NotEqualTo),
    exp.LT: (ice.LessThan, ice.GreaterThan),
    exp.LTE: (ice.LessThanOrEqual, ice.GreaterThanOrEqual),
    exp.GT: (ice.GreaterThan, ice.LessThan),
    exp.GTE: (ice.GreaterThanOrEqual, ice.LessThanOrEqual),
}
"""Iceberg's predicate for `column op value`, and for `value op column`."""


def evaluator(cursor: duckdb.DuckDBPyConnection) -> Evaluate:
    """A function that computes an expression without columns and returns its Python value."""

    def evaluate(expression: exp.Expr) -> Any:
        if isinstance(expression, exp.Literal) and expression.is_string:
            return expression.to_py()
        known: Any = _whole_number(expression)
        if known is None:
            known = _date_or_decimal(expression)
        if known is not None:
            return known
        # By Arrow: DuckDB's own fetch of a timestamp with a zone needs pytz.
        values = cursor.execute(f"SELECT {expression.sql(dialect='duckdb')}").to_arrow_table().column(0)
        return values[0].as_py() if len(values) else None

    return evaluate


def _whole_number(expression: exp.Expr) -> int | None:
    """The value of an integer or of a sum of integers, where DuckDB would find it to fit its INTEGER too."""
    node = expression.unnest()
    if isinstance(node, exp.Literal):
        return int(node.name) if node.is_int else None
    if isinstance(node, exp.Neg):
        inner = _whole_number(node.this)
        return None if inner is None else _in_range(-inner)
    if isinstance(node, exp.Add | exp.Sub):
        left, right = _whole_number(node.this), _whole_number(node.expression)
        if left is None or right is None:
            return None
        return _in_range(left + right if isinstance(node, exp.Add) else left - right)
    return None


def _date_or_decimal(expression: exp.Expr) -> datetime.date | Decimal | None:
    """The value of a text cast to a date or a moment, or of a number with a point, of which DuckDB makes a decimal."""
    text = expression.this if isinstance(expression, exp.Cast) and not isinstance(expression, exp.TryCast) else None
    if isinstance(text, exp.Literal) and text.is_string:
        try:
            if expression.is_type(exp.DType.DATE) and _DATE.fullmatch(text.name):
                return datetime.date.fromisoformat(text.name)
            if expression.is_type(*_TIMESTAMPS) and _MOMENT.fullmatch(text.name):
                return datetime.datetime.fromisoformat(text.name)
        except ValueError:
            return None
    is_number = isinstance(expression, exp.Literal) and not expression.is_string
    return Decimal(expression.name) if is_number and _DECIMAL.fullmatch(expression.name) else None


def _in_range(value: int) -> int | None:
    return value if abs(value) < 2**31 else None


def matching(cursor: duckdb.DuckDBPyConnection, candidates: pa.Table, conditions: Sequence[exp.Expr]) -> list[int]:
    """The positions of those candidate rows that meet every condition whose columns the candidates have."""
    names = {name.lower() for name in candidates.column_names}
    usable = [condition for condition in conditions if column_names(condition) <= names]
    if not usable:
        return list(range(candidates.num_rows))
    where = " AND ".join(f"({condition.sql(dialect='duckdb')})" for condition in usable)
    cursor.register("_candidates", candidates)
    try:
        query = f"SELECT _i FROM (SELECT *, row_number() OVER () - 1 AS _i FROM _candidates) WHERE {where} ORDER BY _i"  # noqa: S608
        return [row[0] for row in cursor.execute(query).fetchall()]
    finally:
        cursor.unregister("_candidates")


def column_names(expression: exp.Expr) -> set[str]:
    """The lower-case names of the columns an expression reads."""
    return {column.name.lower() for column in expression.find_all(exp.Column)}


def conjuncts(node: exp.Expr | None) -> Iterator[exp.Expr]:
    """The parts of a condition that AND joins."""
    if node is None:
        return
    node = node.unnest()
    if isinstance(node, exp.And):
        yield from conjuncts(node.this)
        yield from conjuncts(node.expression)
    else:
        yield node


def bare(condition: exp.Expr) -> exp.Expr:
    """A copy of a condition on one table whose columns are named without it."""
    copy = condition.copy()
    for column in copy.find_all(exp.Column):
        for qualifier in ("table", "db", "catalog"):
            column.set(qualifier, None)
    return copy


def to_iceberg(conditions: Iterable[exp.Expr], schema: Schema, evaluate: Evaluate) -> ice.BooleanExpression:
    """The part of the conditions that Iceberg can prune by; never narrower than the conditions."""
    result: ice.BooleanExpression = ice.AlwaysTrue()
    for condition in conditions:
        converted = _convert(condition, schema, evaluate)
        if converted is not None:
            result = ice.And(result, converted)
    return result


def _convert(node: exp.Expr, schema: Schema, evaluate: Evaluate) -> ice.BooleanExpression | None:
    node = node.unnest()
    if isinstance(node, exp.And):
        return _both(_convert(node.this, schema, evaluate), _convert(node.expression, schema, evaluate))
    if isinstance(node, exp.Or):
        left, right = _convert(node.this, schema, evaluate), _convert(node.expression, schema, evaluate)
        return ice.Or(left, right) if left is not None and right is not None else None
    if type(node) in _COMPARISONS:
        return _compare(node, schema, evaluate)
    if isinstance(node, exp.Between):
        low = exp.GTE(this=node.this, expression=node.args["low"])
        high = exp.LTE(this=node.this, expression=node.args["high"])
        return _both(_compare(low, schema, evaluate), _compare(high, schema, evaluate))
    if isinstance(node, exp.In) and node.expressions and not node.args.get("query"):
        choices = [_compare(exp.EQ(this=node.this, expression=value), schema, evaluate) for value in node.expressions]
        known = [choice for choice in choices if choice is not None]
        return functools.reduce(ice.Or, known) if len(known) == len(choices) else None
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null) and _is_column(node.this, schema):
        return ice.IsNull(node.this.name)  # type: ignore[misc]  # pydantic's view of it has no arguments
    return None


def _both(left: ice.BooleanExpression | None, right: ice.BooleanExpression | None) -> ice.BooleanExpression | None:
    if left is None or right is None:
        return left if right is None else right
    return ice.And(left, right)


def _compare(node: exp.Expr, schema: Schema, evaluate: Evaluate) -> ice.BooleanExpression | None:
    straight, turned = _COMPARISONS[type(node)]
    column, value, predicate = node.this.unnest(), node.expression.unnest(), straight
    if _is_day_of_timestamp(column, schema) and not value.find(exp.Column, exp.Subquery, exp.Select):
        return _compare_day(column.this.name, predicate, evaluate(value))
    if not _is_column(column, schema):
        column, value, predicate = value, column, turned
    if not _is_column(column, schema) or value.find(exp.Column, exp.Subquery, exp.Select):
        return None
    literal = _literal(evaluate(value), schema.find_type(column.name))
    return None if literal is None else predicate(column.name, literal)


def _is_day_of_timestamp(node: exp.Expr, schema: Schema) -> bool:
    """Whether this is `cast(column as date)` of a timestamp without a zone."""
    if not isinstance(node, exp.Cast) or not node.is_type("date") or not _is_column(node.this, schema):
        return False
    return isinstance(schema.find_type(node.this.name), ice_types.TimestampType)


def _compare_day(column: str, predicate: type[Any], day: Any) -> ice.BooleanExpression | None:
    """What a comparison of a timestamp's day says of the timestamp, as Trino unwraps such casts."""
    if not isinstance(day, datetime.date) or isinstance(day, datetime.datetime) or day == datetime.date.max:
        return None
    begins = datetime.datetime.combine(day, datetime.time())
    first, after = begins.isoformat(), (begins + datetime.timedelta(days=1)).isoformat()
    if predicate is ice.EqualTo:
        return ice.And(_FROM(column, first), _BEFORE(column, after))
    if predicate in (_FROM, _BEFORE):
        return predicate(column, first)
    if predicate in (ice.GreaterThan, ice.LessThanOrEqual):
        return (_FROM if predicate is ice.GreaterThan else _BEFORE)(column, after)
    return None


def _is_column(node: exp.Expr, schema: Schema) -> bool:
    return isinstance(node, exp.Column) and any(field.name == node.name for field in schema.fields)


def _literal(value: Any, kind: ice_types.IcebergType) -> Any:
    """`value` as PyIceberg takes it for a column of this type; None where the comparison would not stay exact."""
    if isinstance(value, bool):
        return value if isinstance(kind, ice_types.BooleanType) else None
    if isinstance(value, int) and isinstance(kind, ice_types.IntegerType | ice_types.LongType):
        return value if abs(value) < 2**31 or isinstance(kind, ice_types.LongType) else None
    if isinstance(value, str) and isinstance(kind, ice_types.StringType):
        return value
    if isinstance(value, datetime.datetime):
        wanted = ice_types.TimestampType if value.tzinfo is None else ice_types.TimestamptzType
        return value.isoformat() if isinstance(kind, wanted) else None
    if isinstance(value, datetime.date):
        if isinstance(kind, ice_types.TimestampType):
            return datetime.datetime.combine(value, datetime.time()).isoformat()
        return value.isoformat() if isinstance(kind, ice_types.DateType) else None
    if isinstance(value, int | Decimal) and isinstance(kind, ice_types.DecimalType):
        scaled = Decimal(value).quantize(Decimal(1).scaleb(-kind.scale))
        return scaled if scaled == value else None
    return None
