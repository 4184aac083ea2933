"""Errors with PostgreSQL SQLSTATEs, and the translation of DuckDB's exceptions into them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import duckdb

from localcloud.lake.invalidated import leaves_after

NOT_SUPPORTED = "not supported by the local cloud"


@dataclass
class RedshiftError(Exception):
    """A statement was refused or failed; `sqlstate` is the five-character code that clients branch on."""

    sqlstate: str
    message: str
    detail: str = ""
    severity: str = "ERROR"

    def __str__(self) -> str:
        return f"{self.severity}: {self.message}" + (f"\n  Detail: {self.detail}" if self.detail else "")


def unsupported(feature: str) -> RedshiftError:
    """Refuse something that real Redshift has and this engine does not."""
    return RedshiftError("0A000", f"{feature} is {NOT_SUPPORTED}")


_TABLE_MISSING = re.compile(r"(?:Table|View) with name (\S+) does not exist", re.I)
_SCHEMA_MISSING = re.compile(r"Schema with name (\S+) does not exist", re.I)
_EXISTS = re.compile(r'(?:Table|View|Schema) with name "?([^"\s]+)"? already exists', re.I)
_COLUMN_MISSING = re.compile(r'Referenced column "([^"]+)" not found|does not have a column named "([^"]+)"', re.I)
_AMBIGUOUS = re.compile(r'Ambiguous reference to column name "([^"]+)"', re.I)
_FUNCTION_MISSING = re.compile(r"(?:Scalar|Aggregate|Table) Function with name (\S+) does not exist", re.I)
_NOT_NULL = re.compile(r"NOT NULL constraint failed: \S*?([^.\s]+)$", re.I | re.M)
_NO_UTF8 = re.compile(r'value ".*?\\x([0-9A-F]{2}).* is not valid UTF8', re.S)
_RAISED = {
    "division by zero": "22012",
    "value too long for type": "22001",
    "numeric field overflow": "22003",
    "Could not cast value": "22003",
    "date field value out of range": "22008",
    "out of range": "22003",
}

_BY_CLASS: tuple[tuple[type[duckdb.Error], str], ...] = (
    (duckdb.InterruptException, "57014"),
    (duckdb.ParserException, "42601"),
    (duckdb.TransactionException, "40001"),
    (duckdb.OutOfMemoryException, "53200"),
    (duckdb.OutOfRangeException, "22003"),
    (duckdb.ConversionException, "22P02"),
    (duckdb.ConstraintException, "23000"),
    (duckdb.BinderException, "42P10"),
    (duckdb.CatalogException, "42704"),
    (duckdb.NotImplementedException, "0A000"),
    (duckdb.InvalidInputException, "22023"),
)


def from_duckdb(error: duckdb.Error, text: str) -> RedshiftError:
    """The error Redshift would give for what DuckDB reports in the words `text`; unknown ones keep them under XX000."""
    if leaves_after(error):
        return RedshiftError("57P02", "the database is started anew after a failure: connect again", text, "FATAL")
    if isinstance(error, duckdb.InterruptException):
        return RedshiftError("57014", "Query cancelled on user's request")
    if isinstance(error, duckdb.TransactionException) and "onflict" in text:
        return RedshiftError(
            "40001", f"1023: Serializable isolation violation, conflict with concurrent transaction: {text}"
        )
    named = _named_error(text)
    if named:
        return named
    summary = text.split("\n\nLINE ")[0].removeprefix(f"{type(error).__name__.removesuffix('Exception')} Error: ")
    for phrase, sqlstate in _RAISED.items():
        if phrase in text:
            return RedshiftError(sqlstate, text[text.index(phrase) :].splitlines()[0])
    for cls, sqlstate in _BY_CLASS:
        if isinstance(error, cls):
            return RedshiftError(sqlstate, summary)
    return RedshiftError("XX000", summary)


def invalid_utf8(byte: str) -> str:
    """Redshift's words for a text that is no UTF-8, told by its first wrong byte in hex.

    https://docs.aws.amazon.com/redshift/latest/dg/multi-byte-character-load-errors.html
    """
    return f"String contains invalid or unsupported UTF8 codepoints. Bad UTF8 hex sequence: {byte}"


def _named_error(text: str) -> RedshiftError | None:
    stray = _NO_UTF8.search(text)
    if stray:
        return RedshiftError("XX000", invalid_utf8(stray[1].lower()))
    shapes = (
        (_TABLE_MISSING, "42P01", 'relation "{}" does not exist'),
        (_SCHEMA_MISSING, "3F000", 'schema "{}" does not exist'),
        (_EXISTS, "42P07", 'Relation "{}" already exists'),
        (_COLUMN_MISSING, "42703", 'column "{}" does not exist'),
        (_AMBIGUOUS, "42702", 'column reference "{}" is ambiguous'),
        (_FUNCTION_MISSING, "42883", "function {} does not exist"),
        (_NOT_NULL, "23502", "Cannot insert a NULL value into column {}"),
    )
    for pattern, sqlstate, template in shapes:
        match = pattern.search(text)
        if match:
            name = next(group for group in match.groups() if group)
            return RedshiftError(sqlstate, template.format(name.strip('"')))
    return None
