"""Datetime format strings: TO_CHAR, TO_DATE and TO_TIMESTAMP with a literal format, token by token."""

from __future__ import annotations

import re

from sqlglot import exp

from localcloud.redshift.errors import unsupported

_STRFTIME = {
    "YYYY": "%Y",
    "YY": "%y",
    "MM": "%m",
    "DDD": "%j",
    "DD": "%d",
    "HH24": "%H",
    "HH12": "%I",
    "HH": "%I",
    "MI": "%M",
    "SS": "%S",
    "MS": "%g",
    "US": "%f",
    "AM": "%p",
    "PM": "%p",
    "IYYY": "%G",
    "IW": "%V",
}
_NAMES = {"MON": ("%b", 0), "MONTH": ("%B", 9), "DY": ("%a", 0), "DAY": ("%A", 9)}
_UNPADDED = "FM"
_NUMBERED = {"Q": ("quarter", 0), "D": ("dow", 1)}
"""Date parts that are printed as numbers, and what is added to them."""
_PARSED = frozenset(_STRFTIME) - {"MS", "IYYY", "IW"} | {"MON"}
_TOKEN = re.compile(
    r'FM|IYYY|IW|YYYY|YY|MONTH|MON|MM|MI|MS|DDD|DAY|DD|DY|HH24|HH12|HH|SS|US|AM|PM|Q|D(?![A-Za-z])|"[^"]*"|[A-Za-z]+|[^A-Za-z"]+',
    re.I,
)


def _tokens(pattern: str, function: str) -> list[tuple[str, str]]:
    """(token, text as written); token '' for literal text. Raises RedshiftError for a letter that is no known token."""
    found = []
    for match in _TOKEN.finditer(pattern):
        text = match[0]
        if text.upper() in _STRFTIME or text.upper() in _NAMES or text.upper() in (*_NUMBERED, _UNPADDED):
            found.append((text.upper(), text))
        elif text in ("T", "Z") or text[0] == '"' or not text.strip(" -/.,:;_"):
            found.append(("", text.strip('"')))
        else:
            raise unsupported(f"the format {pattern!r} of {function} (at {text!r})")
    return found


def _call(name: str, *arguments: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(arguments))


def _strftime(value: exp.Expr, pattern: str) -> exp.Expr:
    return _call("strftime", value.copy(), exp.Literal.string(pattern))


def to_char(value: exp.Expr, pattern: str) -> exp.Expr:
    """Text of a date or timestamp. Names of months and days follow the case of the token and are padded to nine."""
    parts: list[exp.Expr] = []
    run: list[tuple[str, str]] = []
    unpadded = False
    for token, text in _tokens(pattern, "to_char"):
        if token == _UNPADDED:
            unpadded = True
            continue
        if token in _NUMBERED or token in _NAMES:
            parts += _printed_at_once(value, run)
            run = []
            parts.append(_number(value, token) if token in _NUMBERED else _name(value, token, text, unpadded=unpadded))
        elif token and unpadded:
            raise unsupported(f"FM before {text} in the format {pattern!r} of to_char")
        else:
            run.append((token, text))
        unpadded = False
    parts += _printed_at_once(value, run)
    result = parts[0] if parts else exp.Literal.string("")
    for part in parts[1:]:
        result = exp.DPipe(this=result, expression=part)
    return exp.Paren(this=result)


def _printed_at_once(value: exp.Expr, run: list[tuple[str, str]]) -> list[exp.Expr]:
    """Tokens of strftime and text between them as one call: each call costs about as much as the whole."""
    if any(token for token, _ in run):
        codes = (_STRFTIME[token] if token else text.replace("%", "%%") for token, text in run)
        return [_strftime(value, "".join(codes))]
    return [exp.Literal.string("".join(text for _, text in run))] if run else []


def _number(value: exp.Expr, token: str) -> exp.Expr:
    unit, offset = _NUMBERED[token]
    number = exp.Add(
        this=_call("date_part", exp.Literal.string(unit), value.copy()), expression=exp.Literal.number(offset)
    )
    return exp.Cast(this=exp.Paren(this=number), to=exp.DataType.build("VARCHAR"))


def _name(value: exp.Expr, token: str, text: str, *, unpadded: bool) -> exp.Expr:
    code, width = _NAMES[token]
    name = _strftime(value, code)
    if text.isupper() or text.islower():
        name = _call("upper" if text.isupper() else "lower", name)
    return _call("rpad", name, exp.Literal.number(width), exp.Literal.string(" ")) if width and not unpadded else name


def parse_timestamp(value: exp.Expr, pattern: str, function: str) -> exp.Expr:
    """A timestamp from text in exactly this format."""
    codes = []
    for token, text in _tokens(pattern, function):
        if token and token not in _PARSED:
            raise unsupported(f"the format element {text} of {function}")
        codes.append(_NAMES[token][0] if token in _NAMES else _STRFTIME.get(token, text.replace("%", "%%")))
    return _call("strptime", value.copy(), exp.Literal.string("".join(codes)))
