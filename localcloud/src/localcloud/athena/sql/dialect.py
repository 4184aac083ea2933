"""Parsing Athena's SQL with every function call kept under the name it was written with.

sqlglot knows many functions and renders each for DuckDB as it sees fit. Here only what functions.py lists may reach
DuckDB, so calls are parsed as plain calls and looked up there.
"""

from __future__ import annotations

import re

from sqlglot import exp, parse_one
from sqlglot.dialects.trino import Trino
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokens import TokenType

from localcloud.lake.errors import LakeError, NotSupportedError

_SPECIAL_SYNTAX = ("CAST", "TRY_CAST", "EXTRACT", "TRIM", "POSITION", "SUBSTRING", "LISTAGG")


class QueryDialect(Trino):
    """Trino without sqlglot's own functions."""

    INDEX_OFFSET = 0  # subscripts stay as they are written

    class Parser(Trino.Parser):
        """Calls are `exp.Anonymous`; only special syntax (CAST, EXTRACT, TRIM, ...) has nodes of its own."""

        FUNCTIONS: dict[str, object] = {}  # noqa: RUF012 - as sqlglot declares it
        COLUMN_OPERATORS = {  # noqa: RUF012
            token: parser for token, parser in Trino.Parser.COLUMN_OPERATORS.items() if token != TokenType.DCOLON
        }
        FUNCTION_PARSERS = {  # noqa: RUF012
            name: parser for name, parser in Trino.Parser.FUNCTION_PARSERS.items() if name in _SPECIAL_SYNTAX
        }


def parse_query(text: str) -> exp.Expression:
    """One statement of Athena's DML; raises LakeError SYNTAX_ERROR with line and column."""
    try:
        tree = parse_one(text, dialect=QueryDialect)
    except ParseError as error:
        where = error.errors[0] if error.errors else {}
        raise LakeError(
            "SYNTAX_ERROR",
            f"line {where.get('line', 1)}:{where.get('col', 1)}: mismatched input '{where.get('highlight', '')}'."
            f" {where.get('description', error)}",
        ) from error
    except TokenError as error:
        raise LakeError("SYNTAX_ERROR", f"line 1:1: {error}") from error
    if re.search(r"\b0[xX][0-9a-fA-F]", text) and tree.find(exp.HexString):
        raise NotSupportedError("a hexadecimal number")
    if any((join.args.get("method") or "").upper() == "NATURAL" for join in tree.find_all(exp.Join)):
        raise LakeError("NOT_SUPPORTED", "line 1:1: Natural join not supported")
    if tree.args.get("returning") is not None:
        raise LakeError("SYNTAX_ERROR", "line 1:1: mismatched input 'RETURNING'. Expecting: <EOF>")
    return tree


def identifier(name: str) -> exp.Identifier:
    """A quoted identifier."""
    return exp.Identifier(this=name, quoted=True)
