"""sqlglot's Redshift dialect with what this engine wants to see for itself."""

from __future__ import annotations

import re
from typing import ClassVar

from sqlglot import exp
from sqlglot.dialects.redshift import Redshift
from sqlglot.parsers.redshift import RedshiftParser
from sqlglot.tokens import TokenType

OWN_FUNCTIONS = (
    "GETDATE",
    "JSON_EXTRACT_PATH_TEXT",
    "JSON_EXTRACT_ARRAY_ELEMENT_TEXT",
    "STRTOL",
    "MONTHS_BETWEEN",
    "REGEXP_SUBSTR",
    "REGEXP_COUNT",
    "REGEXP_INSTR",
    "TO_NUMBER",
    "CONVERT_TIMEZONE",
    "ADD_MONTHS",
    "REGEXP_REPLACE",
    "TRANSLATE",
    "SHA2",
    "SHA1",
    "SHA",
    "NEXT_DAY",
    "ISNULL",
    "TRUNC",
    "LOG",
    "TO_CHAR",
    "OCTET_LENGTH",
    "TO_DATE",
    "TO_TIMESTAMP",
)
"""Functions that functions.sql or rewrites.py give Redshift's semantics: the parser leaves them as written."""


class DollarQuotingRedshift(Redshift):
    """Redshift SQL as this engine parses it, with `$tag$ text $tag$` strings."""

    class Tokenizer(Redshift.Tokenizer):
        # Commands are taken apart by this engine, token by token.
        COMMANDS: ClassVar[set[TokenType]] = set()

    class Parser(RedshiftParser):
        FUNCTIONS: ClassVar = {
            name: build for name, build in RedshiftParser.FUNCTIONS.items() if name not in OWN_FUNCTIONS
        }
        NO_PAREN_FUNCTIONS: ClassVar = {
            **RedshiftParser.NO_PAREN_FUNCTIONS,
            TokenType.CURRENT_TIMESTAMP: exp.CurrentTimestamp,
        }


class LocalRedshift(DollarQuotingRedshift):
    """The same without dollar quoting, because sqlglot's tokenizer takes `$1,$2` for the start of a quoted string."""

    class Tokenizer(DollarQuotingRedshift.Tokenizer):
        HEREDOC_STRINGS: ClassVar[list[str]] = []
        SINGLE_TOKENS: ClassVar = {**DollarQuotingRedshift.Tokenizer.SINGLE_TOKENS, "$": TokenType.PARAMETER}

    class Parser(DollarQuotingRedshift.Parser):
        pass


def dialect_of(sql: str) -> type[Redshift]:
    """The dialect to read `sql` with: dollar quoting only where there is a tag."""
    return DollarQuotingRedshift if re.search(r"\$([A-Za-z_]\w*)?\$", sql) else LocalRedshift
