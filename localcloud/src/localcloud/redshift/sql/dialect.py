"""sqlglot's Redshift dialect with what this engine wants to see for itself."""

from __future__ import annotations

from typing import ClassVar

from sqlglot import exp
from sqlglot.dialects.redshift import Redshift
from sqlglot.parsers.redshift import RedshiftParser
from sqlglot.tokens import TokenType

OWN_FUNCTIONS = (
    "GETDATE", "JSON_EXTRACT_PATH_TEXT", "JSON_EXTRACT_ARRAY_ELEMENT_TEXT", "INITCAP", "STRTOL", "MONTHS_BETWEEN",
    "REGEXP_SUBSTR", "REGEXP_COUNT", "REGEXP_INSTR", "TO_NUMBER", "CONVERT_TIMEZONE", "ADD_MONTHS",
    "REGEXP_REPLACE", "TRANSLATE", "SHA2", "SHA1", "SHA", "NEXT_DAY", "ISNULL", "TRUNC", "LOG",
)  # fmt: skip
"""Functions that functions.sql defines with Redshift's semantics: the parser must leave them as they are written."""


class LocalRedshift(Redshift):
    """Redshift SQL as this engine parses it."""

    PRESERVE_ORIGINAL_NAMES = True

    class Tokenizer(Redshift.Tokenizer):
        # Commands are taken apart by this engine, token by token.
        COMMANDS: ClassVar[set[TokenType]] = set()

    class Parser(RedshiftParser):
        FUNCTIONS: ClassVar = {name: build for name, build in RedshiftParser.FUNCTIONS.items() if name not in OWN_FUNCTIONS}
        NO_PAREN_FUNCTIONS: ClassVar = {**RedshiftParser.NO_PAREN_FUNCTIONS, TokenType.CURRENT_TIMESTAMP: exp.CurrentTimestamp}
