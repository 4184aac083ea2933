"""Trino's functions of text whose rules are more than a macro's: regular expressions, trim and substring."""

from __future__ import annotations

import re

from sqlglot import exp

from localcloud.athena.sql.casts import is_text
from localcloud.athena.sql.functions import FUNCTIONS
from localcloud.athena.sql.nodes import call, type_of
from localcloud.lake.errors import LakeError, NotSupportedError


def regexp(node: exp.Expr) -> exp.Expr:
    """Refuse where RE2 and Java differ: `$` stands before a last line break, which only Java does."""
    text, pattern = node.expressions[:2]
    name = node.name.lower()
    if isinstance(pattern, exp.Literal) and _ends_matter(pattern.this):
        if name == "regexp_like":
            pattern.set("this", re.sub(r"(?<!\\)\$", r"(?:\\n?\\z)", pattern.this))
        else:
            text.replace(call("trino_without_last_break", text))
    node.set("this", FUNCTIONS[name].emit)
    return _regexp_replace(node) if name == "regexp_replace" else node


def _ends_matter(pattern: str) -> bool:
    return "$" in pattern and "(?m" not in pattern


def _regexp_replace(node: exp.Expr) -> exp.Expr:
    if len(node.expressions) > 2:
        replacement = node.expressions[2]
        if isinstance(replacement, exp.Lambda):
            raise NotSupportedError("regexp_replace with a function")
        if isinstance(replacement, exp.Literal):
            # Java writes a group as $1, RE2 as \1.
            text = replacement.this.replace("\\$", "\0")
            for digit in "0123456789":
                text = text.replace(f"${digit}", f"\\{digit}")
            pattern = node.expressions[1]
            if isinstance(pattern, exp.Literal) and _unknown_group(pattern.this, text):
                raise LakeError("INVALID_FUNCTION_ARGUMENT", f"Illegal replacement sequence: {replacement.this!r}")
            if "$" in text:
                raise NotSupportedError(f"the replacement {replacement.this!r}")
            replacement.set("this", text.replace("\0", "$"))
    node.set("this", "trino_regexp_replace")
    return node


def _unknown_group(pattern: str, replacement: str) -> bool:
    groups = len(re.findall(r"(?<!\\)\((?!\?(?!<|P<))", pattern))
    return any(int(digit) > groups for digit in re.findall(r"\\(\d)", replacement))


def trim(node: exp.Expr) -> exp.Expr:
    """TRIM(text): without white space at both ends, of which Java knows more than DuckDB."""
    if node.expression is None and not node.args.get("position"):
        return call("trino_ltrim", call("trino_rtrim", node.this))
    return node


def substring(node: exp.Expr) -> exp.Expr:
    """SUBSTRING(text FROM start FOR length)."""
    arguments = [node.this, node.args["start"], *([node.args["length"]] if node.args.get("length") else [])]
    return _part(*arguments)


def part_of_text(node: exp.Expr) -> exp.Expr:
    """substr(text, start, length) and substring(...)."""
    return _part(*node.expressions)


def _part(*arguments: exp.Expr) -> exp.Expr:
    """DuckDB's own substr differs for a start before the first character and a length below 0 only."""
    text, *numbers = arguments
    plain = is_text(type_of(text)) and all(isinstance(number, exp.Literal) and number.is_int for number in numbers)
    if plain and numbers and numbers[0].name != "0":
        return call("substr", *arguments)
    return call("trino_substr", *arguments)
