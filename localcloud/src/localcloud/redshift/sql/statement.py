"""Splitting a script into statements, and telling what each of them is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Token, TokenType

from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.sql.dialect import dialect_of

_PHRASES = (
    "START TRANSACTION",
    "CREATE EXTERNAL SCHEMA",
    "CREATE EXTERNAL TABLE",
    "CREATE EXTERNAL FUNCTION",
    "CREATE SCHEMA",
    "CREATE OR REPLACE VIEW",
    "CREATE VIEW",
    "CREATE MATERIALIZED VIEW",
    "CREATE TABLE",
    "CREATE TEMP TABLE",
    "CREATE TEMPORARY TABLE",
    "CREATE LOCAL TEMP TABLE",
    "CREATE LOCAL TEMPORARY TABLE",
    "CREATE USER",
    "CREATE GROUP",
    "CREATE ROLE",
    "CREATE DATABASE",
    "ALTER DATABASE",
    "DROP DATABASE",
    "CREATE OR REPLACE FUNCTION",
    "CREATE FUNCTION",
    "CREATE OR REPLACE PROCEDURE",
    "CREATE PROCEDURE",
    "DROP SCHEMA",
    "DROP TABLE",
    "DROP VIEW",
    "DROP MATERIALIZED VIEW",
    "DROP USER",
    "DROP GROUP",
    "DROP ROLE",
    "ALTER TABLE",
    "ALTER SCHEMA",
    "ALTER USER",
    "ALTER DEFAULT PRIVILEGES",
    "ALTER GROUP",
    "ALTER ROLE",
    "CREATE RLS POLICY",
    "ALTER RLS POLICY",
    "DROP RLS POLICY",
    "ATTACH RLS POLICY",
    "DETACH RLS POLICY",
    "COMMENT ON",
    "SHOW SCHEMAS",
    "SHOW TABLES",
    "SHOW COLUMNS",
    "SHOW DATABASES",
    "SHOW GRANTS",
    "SHOW TABLE",
    "SHOW VIEW",
    "SHOW EXTERNAL TABLE",
    "REFRESH MATERIALIZED VIEW",
    "ALTER MATERIALIZED VIEW",
    "DROP FUNCTION",
)
_ALIASES = {
    "START TRANSACTION": "BEGIN",
    "END": "COMMIT",
    "ABORT": "ROLLBACK",
    "WITH": "SELECT",
    "VALUES": "SELECT",
    "(": "SELECT",
    "CREATE TEMP TABLE": "CREATE TABLE",
    "CREATE TEMPORARY TABLE": "CREATE TABLE",
    "CREATE LOCAL TEMP TABLE": "CREATE TABLE",
    "CREATE LOCAL TEMPORARY TABLE": "CREATE TABLE",
    "CREATE OR REPLACE VIEW": "CREATE VIEW",
    "CREATE OR REPLACE FUNCTION": "CREATE FUNCTION",
    "CREATE OR REPLACE PROCEDURE": "CREATE PROCEDURE",
    "ANALYSE": "ANALYZE",
}
_LONGEST_PHRASE = max(len(phrase.split()) for phrase in _PHRASES)


@dataclass(frozen=True)
class Statement:
    """One statement: its text without the semicolon, its tokens, and the verb that decides who executes it."""

    text: str
    tokens: tuple[Token, ...]
    verb: str

    @cached_property
    def tree(self) -> exp.Expr:
        """The parsed statement, not to be changed (copy it); raises RedshiftError 42601."""
        return parse(self.text, self.tokens)

    @cached_property
    def parameter_count(self) -> int:
        """How many `$n` parameters the statement takes."""
        numbers = [
            int(after.text)
            for before, after in zip(self.tokens, self.tokens[1:], strict=False)
            if before.token_type == TokenType.PARAMETER and after.text.isdigit()
        ]
        return max(numbers, default=0)


def parse(text: str, tokens: Sequence[Token] | None = None) -> exp.Expr:
    """One Redshift statement as a syntax tree; raises RedshiftError 42601 with the place of the mistake.

    `tokens` are those of `text`, where they are known already.
    """
    dialect = dialect_of(text)
    try:
        if tokens is None:
            tree = sqlglot.parse_one(text, dialect=dialect)
        else:
            parsed = dialect().parser().parse(list(tokens), text)[0]
            if parsed is None:
                raise RedshiftError("42601", "syntax error at end of input")
            tree = parsed
    except SqlglotError as error:
        raise _syntax_error(error) from error
    except RecursionError as error:
        raise RedshiftError("54001", "statement too complex") from error
    return tree


def tokenize(text: str) -> list[Token]:
    """Redshift's tokens of `text`; raises RedshiftError 42601."""
    try:
        return dialect_of(text)().tokenize(text)
    except SqlglotError as error:
        raise _syntax_error(error) from error


@lru_cache(maxsize=512)
def split(sql: str) -> tuple[Statement, ...]:
    """The statements of a script; empty ones are left out."""
    statements: list[Statement] = []
    pending: list[Token] = []
    for token in [*tokenize(sql), None]:
        if token is not None and token.token_type != TokenType.SEMICOLON:
            pending.append(token)
        elif pending:
            text = sql[pending[0].start : pending[-1].end + 1]
            # Tokens tell their places: only those of a statement at the start of the script can be kept.
            tokens = tuple(tokenize(text)) if pending[0].start else tuple(pending)
            statements.append(Statement(text, tokens, _verb(pending)))
            pending = []
    return tuple(statements)


def _verb(tokens: Sequence[Token]) -> str:
    words = [token.text.upper() for token in tokens[:_LONGEST_PHRASE]]
    for count in range(len(words), 0, -1):
        phrase = " ".join(words[:count])
        if phrase in _PHRASES or phrase in _ALIASES:
            break
    else:
        phrase = words[0]
    verb = _ALIASES.get(phrase, phrase)
    return "SELECT INTO" if verb == "SELECT" and _has_into(tokens) else verb


def _has_into(tokens: Sequence[Token]) -> bool:
    """Whether INTO stands outside all parentheses, before FROM."""
    depth = 0
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0 and token.token_type == TokenType.INTO:
            return True
        if depth == 0 and token.token_type == TokenType.INSERT:
            return False
    return False


def _syntax_error(error: SqlglotError) -> RedshiftError:
    place = (getattr(error, "errors", None) or [{}])[0]
    near = place.get("highlight") or ""
    if near:
        return RedshiftError("42601", f'syntax error at or near "{near}"', str(place.get("description", "")))
    return RedshiftError("42601", f"syntax error: {str(error).splitlines()[0]}")
