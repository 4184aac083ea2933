"""The DuckDB macros of macros.sql, which behave as Trino's functions of the same name."""

from __future__ import annotations

from importlib import resources

import duckdb

from localcloud.athena.sql import byte_functions, json_functions, json_text, url_functions, wide_decimals


def install(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the macros, so that every cursor of the connection's database can call them."""
    json_text.install(connection)
    for module in (byte_functions, json_functions, url_functions, wide_decimals):
        module.install(connection)
    connection.execute(resources.files(__package__).joinpath("macros.sql").read_text())
