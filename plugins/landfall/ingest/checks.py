"""A field's promise as SQL: its typed value, and which rule a sent value breaks. Trino functions of Athena engine 3.

Each field has been taken out of its JSON document beforehand as two columns: `_json_<field>`, its JSON text (NULL if
absent, `null` if null), and `_scalar_<field>`, its text without quotes and escapes.
"""

from __future__ import annotations

from sqlglot import exp

from landfall.contracts import Field, FieldType

MISSING_FIELD = "missing_field"
WRONG_TYPE = "wrong_type"
NOT_ALLOWED = "not_allowed"
NOT_JSON = "not_json"
NOT_UTF8 = "not_utf8"
"""The record holds bytes that are no UTF-8: the engine reads each as U+FFFD, and what was meant is lost."""
CONFLICT = "conflict"
"""Raw holds the record's key with other content: one of the two is wrong, and which one only its producer knows."""

REASONS = (MISSING_FIELD, WRONG_TYPE, NOT_ALLOWED, NOT_JSON, NOT_UTF8, CONFLICT)
"""Every reason a record can be quarantined for."""

_INTEGER = r"\A-?[0-9]+\z"
_TIMESTAMP = r"\A[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?Z\z"
"""ISO-8601 in UTC. More than six digits of a second could not be kept; 24:00 and leap seconds have no timestamp."""


def json_column(field: Field) -> exp.Column:
    """The field's JSON text."""
    return exp.column(f"_json_{field.name}", quoted=True)


def scalar_column(field: Field) -> exp.Column:
    """The field's text without quotes and escapes."""
    return exp.column(f"_scalar_{field.name}", quoted=True)


def value_column(field: Field) -> exp.Column:
    """The field's typed value; NULL where it has not the promised type."""
    return exp.column(field.name, quoted=True)


def typed_value(field: Field) -> exp.Expr:
    """The field as its column's type, NULL if it is absent, null or cannot be that."""
    if field.type is FieldType.STRING:
        return scalar_column(field)
    if field.type is FieldType.TIMESTAMP:
        # Text rather than from_iso8601_timestamp, which keeps milliseconds only and also takes other zones and forms.
        text = function("replace", function("replace", scalar_column(field), text_of("T"), text_of(" ")), text_of("Z"))
        cast = exp.TryCast(this=text, to=data_type("timestamp(6)"))
        return exp.func("IF", matches(scalar_column(field), _TIMESTAMP), cast, dialect="athena")
    return exp.TryCast(this=json_column(field), to=data_type(field.type.athena_type))


def failure(field: Field) -> exp.Expr:
    """The reason to quarantine a record because of this field, or NULL."""
    sent = json_column(field)
    absent = exp.or_(sent.is_(exp.null()), sent.eq(text_of("null")))
    case = exp.Case().when(absent, text_of(MISSING_FIELD) if field.required else exp.null())
    case = case.when(_has_wrong_type(field), text_of(WRONG_TYPE))
    broken = _broken_rules(field)
    if broken:
        case = case.when(exp.or_(*broken), text_of(NOT_ALLOWED))
    return case


def _has_wrong_type(field: Field) -> exp.Expr:
    is_string = function("starts_with", json_column(field), text_of('"'))
    if field.type is FieldType.STRING:
        return exp.not_(is_string)
    if field.type is FieldType.BOOLEAN:
        return exp.not_(json_column(field).isin("true", "false"))
    if field.type is FieldType.TIMESTAMP:
        return exp.or_(exp.not_(is_string), value_column(field).is_(exp.null()))
    return exp.or_(exp.not_(matches(json_column(field), _INTEGER)), value_column(field).is_(exp.null()))


def _broken_rules(field: Field) -> list[exp.Expr]:
    value = value_column(field)
    broken: list[exp.Expr] = []
    if field.allowed:
        broken.append(exp.not_(value.isin(*field.allowed)))
    if field.pattern is not None:
        broken.append(exp.not_(matches(value, whole_value(field.pattern))))
    if field.minimum is not None:
        broken.append(exp.LT(this=value, expression=exp.Literal.number(field.minimum)))
    if field.maximum is not None:
        broken.append(exp.GT(this=value, expression=exp.Literal.number(field.maximum)))
    if field.min_length is not None:
        broken.append(exp.LT(this=function("length", value), expression=exp.Literal.number(field.min_length)))
    if field.max_length is not None:
        broken.append(exp.GT(this=function("length", value), expression=exp.Literal.number(field.max_length)))
    return broken


def whole_value(pattern: str) -> str:
    r"""Return a contract's pattern, `^...$`, bound to both ends: `$` alone would let a last newline pass in Trino."""
    return rf"\A(?:{pattern[1:-1]})\z"


def matches(value: exp.Expr, pattern: str) -> exp.Expr:
    """`regexp_like(value, pattern)`."""
    return function("regexp_like", value, text_of(pattern))


def function(name: str, *arguments: exp.Expr) -> exp.Expr:
    """Return the call of a Trino function."""
    return exp.func(name, *arguments, dialect="athena")


def text_of(value: str) -> exp.Expr:
    """Return a text literal."""
    return exp.Literal.string(value)


def data_type(name: str) -> exp.DataType:
    """Return a Trino type by its name."""
    return exp.DataType.build(name, dialect="trino")
