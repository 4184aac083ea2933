"""sqlglot's Redshift dialect with what this engine wants to see for itself."""

from __future__ import annotations

import re
from typing import ClassVar

from sqlglot import exp
from sqlglot.dialects.redshift import Redshift
from sqlglot.parsers.redshift import RedshiftParser
from sqlglot.tokens import TokenType

from localcloud.redshift.sql.functions import PARSED_BY_NAME, PARSED_BY_SYNTAX


def _as_date(arguments: list[exp.Expr]) -> exp.Expr:
    """DATE(x), PostgreSQL's functional way to write a cast."""
    if len(arguments) != 1:
        return exp.Anonymous(this="date", expressions=arguments)
    return exp.Cast(this=arguments[0], to=exp.DataType(this=exp.DataType.Type.DATE))


class DollarQuotingRedshift(Redshift):
    """Redshift SQL as this engine parses it, with `$tag$ text $tag$` strings."""

    class Tokenizer(Redshift.Tokenizer):
        # Commands are taken apart by this engine, token by token.
        COMMANDS: ClassVar[set[TokenType]] = set()
        # TEXT is VARCHAR(256) in Redshift; sqlglot writes it as VARCHAR(MAX).
        KEYWORDS: ClassVar = {**Redshift.Tokenizer.KEYWORDS, "TEXT": TokenType.VARCHAR}

    class Parser(RedshiftParser):
        # A function that is not named here stays a name, which functions.py knows or the engine refuses.
        FUNCTIONS: ClassVar = {
            name: build for name, build in RedshiftParser.FUNCTIONS.items() if name in PARSED_BY_NAME
        } | {"DATE": _as_date}
        FUNCTION_PARSERS: ClassVar = {
            name: parse for name, parse in RedshiftParser.FUNCTION_PARSERS.items() if name in PARSED_BY_SYNTAX
        }
        NO_PAREN_FUNCTIONS: ClassVar = {
            **RedshiftParser.NO_PAREN_FUNCTIONS,
            TokenType.CURRENT_TIMESTAMP: exp.CurrentTimestamp,
        }


class LocalRedshift(DollarQuotingRedshift):
    """The same without dollar quoting, because sqlglot's tokenizer takes `$1,$2` for the start of a quoted string."""

    class Tokenizer(DollarQuotingRedshift.Tokenizer):
        HEREDOC_STRINGS: ClassVar[list[str | tuple[str, str]]] = []
        SINGLE_TOKENS: ClassVar = {**DollarQuotingRedshift.Tokenizer.SINGLE_TOKENS, "$": TokenType.PARAMETER}

    class Parser(DollarQuotingRedshift.Parser):
        pass


def dialect_of(sql: str) -> type[Redshift]:
    """The dialect to read `sql` with: dollar quoting only where there is a tag."""
    return DollarQuotingRedshift if re.search(r"\$([A-Za-z_]\w*)?\$", sql) else LocalRedshift
