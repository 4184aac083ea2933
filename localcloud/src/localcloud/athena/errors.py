"""Errors as Athena reports them."""

from __future__ import annotations

import re

import duckdb

from localcloud.lake.errors import LakeError
from localcloud.lake.invalidated import leaves_after


class ApiError(Exception):
    """A request is refused; `code` is the exception's name in Athena's API.

    `athena_code` is the AthenaErrorCode of an InvalidRequestException, `reason` the Reason of a
    TooManyRequestsException.
    """

    def __init__(self, code: str, message: str, athena_code: str = "", *, reason: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.athena_code = athena_code
        self.reason = reason


def invalid_request(message: str) -> ApiError:
    """The request cannot be meant."""
    return ApiError("InvalidRequestException", message, "INVALID_INPUT")


def not_supported(operation: str) -> ApiError:
    """Athena can do this, the local cloud cannot."""
    return ApiError("InvalidRequestException", f"{operation} is not supported by the local cloud", "INVALID_INPUT")


_PATTERNS: list[tuple[str, str, str]] = [
    (r"TRINO:(\w+):(.*?):END", "", ""),
    (r"Out of Memory Error: (.*)", "EXCEEDED_LOCAL_MEMORY_LIMIT", "Query exhausted resources at this scale factor"),
    (r"Could not convert string ['\"](.*?)['\"] to (\w+)", "INVALID_CAST_ARGUMENT", r"Cannot cast '\1' to \2"),
    (r"Could not cast value .*? to DECIMAL", "INVALID_CAST_ARGUMENT", ""),
    (r"Overflow in |out of range|Out of Range Error", "NUMERIC_VALUE_OUT_OF_RANGE", ""),
    (
        r"More than one row returned by a subquery",
        "SUBQUERY_MULTIPLE_ROWS",
        "Scalar sub-query has returned multiple rows",
    ),
    (r"must appear in the GROUP BY clause", "EXPRESSION_NOT_AGGREGATE", ""),
    (r"No files found that match|HTTP 404|NoSuchKey", "HIVE_CANNOT_OPEN_SPLIT", ""),
    (r"Invalid Input Error: No magic bytes|not a parquet file", "HIVE_BAD_DATA", ""),
    (r"Referenced column \"(.*?)\" not found", "COLUMN_NOT_FOUND", r"line 1:1: Column '\1' cannot be resolved"),
    (r"Cannot mix values of type|Cannot compare values of type", "TYPE_MISMATCH", ""),
    (r"invalid (?:perl|escape|repetition|character)|missing \)|invalid regular", "INVALID_FUNCTION_ARGUMENT", ""),
    (r"Could not parse string|strptime", "INVALID_FUNCTION_ARGUMENT", ""),
    (r"map key list does not align", "INVALID_FUNCTION_ARGUMENT", "Key and value arrays must be the same length"),
    (
        r"Values were not provided for the following prepared statement parameters: (?:.*, )?(\d+)",
        "SYNTAX_ERROR",
        r"line 1:1: Incorrect number of parameters: expected \1 but found 0",
    ),
]


def from_duckdb(error: duckdb.Error, text: str) -> LakeError:
    """DuckDB's complaint, whose words are `text`, under the name Trino has for it; these words where there is none."""
    if leaves_after(error):
        return LakeError("GENERIC_INTERNAL_ERROR", "the engine is started anew after a failure: run the query again")
    first = text.split("\n", 1)[0]
    for pattern, code, message in _PATTERNS:
        match = re.search(pattern, text, re.DOTALL)
        if not match:
            continue
        if not code:
            return LakeError(match[1], match[2])
        return LakeError(code, match.expand(message) if message else first)
    if isinstance(error, duckdb.BinderException | duckdb.ParserException | duckdb.CatalogException):
        return LakeError("NOT_SUPPORTED", f"this statement is not supported by the local cloud ({first})")
    return LakeError("GENERIC_INTERNAL_ERROR", first)
