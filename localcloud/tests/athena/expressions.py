"""A lone expression as the local Athena computes it, without its server."""

from __future__ import annotations

import duckdb
from localcloud.athena import errors, results
from localcloud.athena.sql.compile import Compiler
from localcloud.athena.sql.dialect import parse_query


def evaluate(connection: duckdb.DuckDBPyConnection, expression: str) -> tuple[str, str]:
    """Type and text of an expression, 'null' for NULL; raises LakeError."""
    cursor = connection.cursor()
    try:
        compiled = Compiler(None, cursor, "none").compile(parse_query(f"SELECT x FROM (SELECT {expression} AS x)"))
        kind = compiled.columns[0].type
        text = results.result_text("x", compiled.shown[0])
        row = cursor.execute(f"SELECT {text} FROM ({compiled.sql}) AS r(x)").fetchone()
    except duckdb.Error as error:
        raise errors.from_duckdb(error, str(error)) from error
    assert row is not None
    return kind, "null" if row[0] is None else row[0]
