"""Parsing Athena's SQL with every function call kept under the name it was written with.

sqlglot knows many functions and renders each for DuckDB as it sees fit. Here only what functions.py lists may reach
DuckDB, so calls are parsed as plain calls and looked up there.
"""

from __future__ import annotations

import re

from sqlglot import exp, parse_one
from sqlglot.dialects.trino import Trino
from sqlglot.errors import ParseError, TokenError
from sqlglot.parser import Parser
from sqlglot.tokens import TokenType

from localcloud.athena.sql import json_syntax
from localcloud.athena.sql.table_functions import expand
from localcloud.athena.sql.walk import every
from localcloud.lake.errors import LakeError, NotSupportedError

_BINARY = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|(?<!\w)[xX]'([^']*)'", re.DOTALL)
"""Everything in which a quote is no start of a binary literal, or a binary literal."""
_JSON_CLAUSES = re.compile(r"\b(json_(?:exists|value|query|object|array))\s*\(", re.IGNORECASE)
"""Functions of SQL/JSON, whose arguments have a syntax of their own."""
_SPECIAL_SYNTAX = ("CAST", "TRY_CAST", "EXTRACT", "TRIM", "POSITION", "SUBSTRING", "LISTAGG")


def _decimal_literal(parser: Parser, text: exp.Literal, kind: exp.DataType) -> exp.Expr:
    """DECIMAL '1.50', whose precision and scale are those of its digits; a cast to decimal is one to decimal(38,0)."""
    if not kind.expressions:
        whole, _, fraction = text.name.strip().lstrip("+-").partition(".")
        precision = len(whole.lstrip("0")) + len(fraction) or 1
        kind = exp.DataType.build(f"decimal({precision},{len(fraction)})", dialect="trino")
    return exp.Cast(this=text, to=kind)


class QueryDialect(Trino):
    """Trino without sqlglot's own functions."""

    INDEX_OFFSET = 0  # subscripts stay as they are written

    class Parser(Trino.Parser):  # type: ignore[misc, valid-type]  # sqlglot makes it when it is imported
        """Calls are `exp.Anonymous`; only special syntax (CAST, EXTRACT, TRIM, ...) has nodes of its own."""

        FUNCTIONS: dict[str, object] = {}  # noqa: RUF012 - as sqlglot declares it
        COLUMN_OPERATORS = {  # noqa: RUF012
            token: parser for token, parser in Trino.Parser.COLUMN_OPERATORS.items() if token != TokenType.DCOLON
        }
        FUNCTION_PARSERS = {
            name: parser for name, parser in Trino.Parser.FUNCTION_PARSERS.items() if name in _SPECIAL_SYNTAX
        } | {
            "JSON_EXISTS": json_syntax.parse_exists,
            "JSON_VALUE": json_syntax.parse_value,
            "JSON_QUERY": json_syntax.parse_query,
        }
        TYPE_LITERAL_PARSERS = {**Trino.Parser.TYPE_LITERAL_PARSERS, exp.DType.DECIMAL: _decimal_literal}  # noqa: RUF012

        def _parse_bracket(self, this: exp.Expr | None = None) -> exp.Expr | None:
            if not this and self._curr and self._curr.token_type == TokenType.L_BRACKET:
                self.raise_error("An array begins with ARRAY")
            return super()._parse_bracket(this)


_NO_STATEMENTS = (exp.Condition, exp.Alias, exp.Block, exp.Command)
"""What sqlglot makes of a lone expression and of several statements."""


def parse_query(text: str) -> exp.Expr:
    """One statement of Athena's DML; raises LakeError SYNTAX_ERROR with line and column."""
    try:
        tree = parse_one(_BINARY.sub(_packed, text), dialect=QueryDialect)
    except ParseError as error:
        if clause := _JSON_CLAUSES.search(text):
            raise NotSupportedError(f"{clause[1].lower()}()") from error
        where = error.errors[0] if error.errors else {}
        raise LakeError(
            "SYNTAX_ERROR",
            f"line {where.get('line', 1)}:{where.get('col', 1)}: mismatched input '{where.get('highlight', '')}'."
            f" {where.get('description', error)}",
        ) from error
    except TokenError as error:
        raise LakeError("SYNTAX_ERROR", f"line 1:1: {error}") from error
    if isinstance(tree, _NO_STATEMENTS):
        raise LakeError("SYNTAX_ERROR", f"line 1:1: mismatched input '{text.split(None, 1)[0]}'")
    if re.search(r"\b0[xX][0-9a-fA-F]", text) and tree.find(exp.HexString):
        raise NotSupportedError("a hexadecimal number")
    if any((join.args.get("method") or "").upper() == "NATURAL" for join in every(tree, exp.Join)):
        raise LakeError("NOT_SUPPORTED", "line 1:1: Natural join not supported")
    if tree.args.get("returning") is not None:
        raise LakeError("SYNTAX_ERROR", "line 1:1: mismatched input 'RETURNING'. Expecting: <EOF>")
    return expand(tree)


def _packed(match: re.Match[str]) -> str:
    """A binary literal, X'68 65', without the blanks in it, which move behind it so that positions stay."""
    if match[1] is None:
        return match[0]
    digits = "".join(match[1].split())
    if re.search("[^0-9a-fA-F]", digits):
        raise LakeError("SYNTAX_ERROR", "line 1:1: Binary literal can only contain hexadecimal digits")
    if len(digits) % 2:
        raise LakeError("SYNTAX_ERROR", "line 1:1: Binary literal must contain an even number of digits")
    return f"X'{digits}'" + " " * (len(match[1]) - len(digits))


def identifier(name: str) -> exp.Identifier:
    """A quoted identifier."""
    return exp.Identifier(this=name, quoted=True)
