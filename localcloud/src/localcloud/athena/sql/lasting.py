"""Whether what a query was compiled to depends on nothing but its text and what was told of its tables at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlglot import exp

from localcloud.athena.sql.resolve import Source
from localcloud.lake.hive_read import PARQUET
from localcloud.lake.partitions import folder
from localcloud.lake.session import Lake, Told

_SAME_ALWAYS = (exp.Connector, exp.Cast, exp.Case, exp.If, exp.Coalesce)
_CONSTANTS = ("trino_date_from_text", "trino_timestamp_from_text", "trino_to_boolean")
"""Functions that are called without a column and always give the same."""


def told_of(lake: Lake, sources: Mapping[str, Source], conditions: Mapping[str, list[exp.Expr]]) -> Mapping[str, Told]:
    """What the compiled form of a query depends on, by the query that asked for it; nothing where there is more.

    There is more where a table has partitions or takes tables of the statement's own, where a condition by which files
    are left out asks the clock, and where an entry or a folder had to be asked for alone.
    """
    told = (lake.told if sources else None) or {}
    tables = {key for answer in told.values() for key in answer.tables}
    folders = {uri for answer in told.values() for uri in answer.folders}
    if not all(_is_told(source, tables, folders) for source in sources.values()):
        return {}
    return dict(told) if all(map(_is_same_always, _functions(conditions))) else {}


def _is_told(source: Source, tables: set[tuple[str, str]], folders: set[str]) -> bool:
    table = source.table
    if source.suffix or source.version is not None or (table.database, table.name) not in tables:
        return False
    if table.kind == "iceberg":  # the entry names the metadata file, which names all others, and none of them changes
        return True
    return table.serde == PARQUET and not table.partition_keys and folder(table.location) in folders


def _functions(conditions: Mapping[str, list[exp.Expr]]) -> Iterable[exp.Expr]:
    return (node for found in conditions.values() for condition in found for node in condition.find_all(exp.Func))


def _is_same_always(function: exp.Expr) -> bool:
    """Whether it cannot give something else the next time; one that takes a column is computed by DuckDB only."""
    return (
        isinstance(function, _SAME_ALWAYS)
        or (isinstance(function, exp.Anonymous) and function.name.lower() in _CONSTANTS)
        or function.find(exp.Column) is not None
    )
