"""json_exists, json_value and json_query of SQL/JSON."""

from __future__ import annotations

import json
import math
import re
import struct
from decimal import Decimal

import duckdb

from localcloud.athena.sql.json_path import PathError, parse_path


def _refuse(name: str) -> object:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_refuse)
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")
_BIGINT = range(-(2**63), 2**63)


class _ResultError(Exception):
    """A result that the function cannot give, or a document that is none."""


def install(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `landfall_json_exists`, `_value` and `_query`, whose options are texts; see the functions below."""
    for name, function, width, kind in (
        ("exists", exists, 3, "BOOLEAN"),
        ("value", value, 6, "VARCHAR"),
        ("query", query, 6, "VARCHAR"),
    ):
        connection.create_function(  # type: ignore[call-overload]  # names of types are fine
            f"landfall_json_{name}",
            function,
            ["VARCHAR"] * width,
            kind,
            null_handling="special",
        )


def exists(document: str | None, path: str, on_error: str) -> bool | None:
    """Whether the path leads to anything; `on_error` is true, false, unknown or error."""
    if document is None:
        return None
    try:
        return bool(_items(document, path))
    except (PathError, _ResultError) as error:
        if on_error == "error":
            raise _failure() from error
        return {"true": True, "false": False}.get(on_error)


def value(
    document: str | None, path: str, on_empty: str, empty: str | None, on_error: str, wrong: str | None
) -> str | None:
    """The scalar that the path leads to as text; `on_…` are null, error, or default with the text after it."""
    if document is None:
        return None
    try:
        items = _items(document, path)
        if items:
            return _scalar(items)
    except (PathError, _ResultError) as error:
        if on_error == "error":
            raise _failure() from error
        return wrong
    if on_empty == "error":
        raise _failure()
    return empty


def query(document: str | None, path: str, wrapper: str, quotes: str, on_empty: str, on_error: str) -> str | None:
    """What the path leads to as JSON. `wrapper`: without, with or conditional; `on_…`: null, error, array or object."""
    if document is None:
        return None
    try:
        items = _items(document, path)
        if items:
            return _document(items, wrapper, quotes)
    except (PathError, _ResultError) as error:
        return _instead(on_error, error)
    return _instead(on_empty, None)


def _items(document: str, path: str) -> list[object]:
    text = document.lstrip(" \t\r\n")
    try:
        # As Trino's reader, this one takes the first value and does not look at what follows it.
        parsed, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise _ResultError from error
    if text[end : end + 1].strip(" \t\r\n"):
        raise _ResultError
    return parse_path(path).items(parsed)


def _scalar(items: list[object]) -> str | None:
    item = items[0]
    if len(items) > 1 or isinstance(item, dict | list):
        raise _ResultError
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, float):
        return java_double(item, scientific=True)
    if isinstance(item, int) and item not in _BIGINT:
        raise _ResultError
    return None if item is None else str(item)


def _document(items: list[object], wrapper: str, quotes: str) -> str:
    nested = len(items) == 1 and isinstance(items[0], dict | list)
    if wrapper == "with" or (wrapper == "conditional" and not nested):
        return _written(items)
    if len(items) > 1:
        raise _ResultError
    if quotes == "omit" and isinstance(items[0], str):
        return items[0]
    return _written(items[0])


def _instead(behaviour: str, error: Exception | None) -> str | None:
    if behaviour == "error":
        raise _failure() from error
    return {"array": "[]", "object": "{}"}.get(behaviour)


def _failure() -> ValueError:
    return ValueError("TRINO:PATH_EVALUATION_ERROR:path evaluation failed:END")


def _written(item: object) -> str:
    if isinstance(item, dict):
        return "{" + ",".join(f"{_quoted(key)}:{_written(one)}" for key, one in item.items()) + "}"
    if isinstance(item, list):
        return "[" + ",".join(map(_written, item)) + "]"
    if isinstance(item, float):
        text = java_double(item, scientific=False)
        return f'"{text}"' if math.isinf(item) else text
    return _quoted(item) if isinstance(item, str) else json.dumps(item)


def _quoted(text: str) -> str:
    """Text as a JSON string; Trino's writer escapes what Java holds as two characters."""
    return _ASTRAL.sub(
        lambda match: "".join(f"\\u{unit:04X}" for unit in struct.unpack(">2H", match[0].encode("utf-16-be"))),
        json.dumps(text, ensure_ascii=False),
    )


def java_double(number: float, *, scientific: bool) -> str:
    """A double as Java prints it: plain from 0.001 to 10 million, unless always `scientific`."""
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    if number == 0 and scientific:
        return "-0E0" if math.copysign(1, number) < 0 else "0E0"
    if not scientific and (number == 0 or 1e-3 <= abs(number) < 1e7):
        return repr(number)
    digits = Decimal(repr(number)).normalize().as_tuple()
    first, *rest = map(str, digits.digits)
    exponent = int(digits.exponent) + len(rest)
    return f"{'-' if digits.sign else ''}{first}.{''.join(rest) or '0'}E{exponent}"
