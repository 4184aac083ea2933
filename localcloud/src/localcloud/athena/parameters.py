"""Parameters of a query: `?` marks and EXECUTE of prepared statements."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sqlglot.dialects.trino import Trino
from sqlglot.errors import TokenError
from sqlglot.tokens import TokenType

from localcloud.athena.statement import strip
from localcloud.lake.errors import LakeError

_EXECUTE = re.compile(r'execute\s+("?)([\w@:]+)\1(?:\s+using\s+(.*))?$', re.IGNORECASE | re.DOTALL)


def bind(text: str, parameters: Sequence[str], prepared: Callable[[str], str]) -> str:
    """The query with its marks replaced by the parameters, each of which is the text of one SQL literal."""
    match = _EXECUTE.match(strip(text))
    if match:
        parameters = split_values(match[3]) if match[3] else parameters
        text = prepared(match[2])
    marks = _marks(text) if parameters or match else []
    if not parameters and not match:
        return text
    if len(marks) != len(parameters):
        raise LakeError(
            "SYNTAX_ERROR", f"Incorrect number of parameters: expected {len(marks)} but found {len(parameters)}"
        )
    pieces, last = [], 0
    for mark, value in zip(marks, parameters, strict=True):
        _require_one_value(value)
        pieces += [text[last:mark], value]
        last = mark + 1
    return "".join([*pieces, text[last:]])


def _tokens(text: str):  # type: ignore[no-untyped-def]
    try:
        return Trino().tokenize(text)
    except TokenError as error:
        raise LakeError("SYNTAX_ERROR", f"line 1:1: {error}") from error


def _marks(text: str) -> list[int]:
    return [token.start for token in _tokens(text) if token.token_type == TokenType.PLACEHOLDER]


def split_values(text: str) -> list[str]:
    """The values of EXECUTE ... USING, split at the commas outside parentheses and quotes."""
    values, depth, last = [], 0, 0
    for token in _tokens(text):
        if token.token_type in (TokenType.L_PAREN, TokenType.L_BRACKET):
            depth += 1
        elif token.token_type in (TokenType.R_PAREN, TokenType.R_BRACKET):
            depth -= 1
        elif token.token_type == TokenType.COMMA and depth == 0:
            values.append(text[last : token.start].strip())
            last = token.end + 1
    return [*values, text[last:].strip()]


def _require_one_value(value: str) -> None:
    """A parameter is one literal or constant expression, so that a value can never become SQL around it."""
    from sqlglot import exp

    from localcloud.athena.sql.dialect import parse_query

    node = parse_query(f"SELECT {value}")
    single = (
        isinstance(node, exp.Select)
        and len(node.expressions) == 1
        and not any(node.args.get(key) for key in ("from_", "where", "joins", "with_", "group", "limit"))
    )
    if not single or node.find(exp.Column, exp.Subquery):
        raise LakeError("SYNTAX_ERROR", f"the execution parameter {value!r} is no literal")
