"""EXPLAIN ANALYZE: the operators that DuckDB ran, with the rows and the time of each, under Trino's names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from localcloud.athena.explain.plan import PlanNode, Symbol
from localcloud.lake.glue import Column, LakeTable

_NAMES = {
    "PROJECTION": "Project", "FILTER": "Filter", "HASH_GROUP_BY": "Aggregate", "PERFECT_HASH_GROUP_BY": "Aggregate",
    "UNGROUPED_AGGREGATE": "Aggregate", "TOP_N": "TopN", "ORDER_BY": "Sort", "LIMIT": "Limit",
    "STREAMING_LIMIT": "Limit", "WINDOW": "Window", "STREAMING_WINDOW": "Window", "CROSS_PRODUCT": "CrossJoin",
    "UNION": "Union", "UNNEST": "Unnest", "INOUT_FUNCTION": "Unnest",
    "DUMMY_SCAN": "Values", "COLUMN_DATA_SCAN": "Values",
    "EMPTY_RESULT": "Values", "TABLE_SCAN": "TableScan", "READ_PARQUET": "TableScan", "SEQ_SCAN": "TableScan",
}  # fmt: skip
_JOINS = {"INNER": "InnerJoin", "LEFT": "LeftJoin", "RIGHT": "RightJoin", "OUTER": "FullJoin", "SEMI": "SemiJoin"}
_SHOWN = ("Groups", "Aggregates", "Conditions", "Expression", "Filters", "Order By", "Top", "Projections")


def executed_plan(profile: dict[str, Any], columns: Sequence[Column], tables: Iterable[LakeTable]) -> PlanNode:
    """The plan of DuckDB's profile of a query with these output columns, which read these tables."""
    total = float(profile.get("cpu_time") or 0)
    locations = {table.location.rstrip("/") + "/": f"{table.database}:{table.name}" for table in tables}
    children = [_node(child, total, locations) for child in profile.get("children", [])]
    rows = int(profile.get("rows_returned") or 0)
    root = PlanNode("Output", {"columnNames": f"[{', '.join(column.name for column in columns)}]"}, children=children)
    root.outputs = [Symbol(column.name, column.type) for column in columns]
    root.actual = f"CPU: 0.00ns (0.00%), Output: {rows} rows ({profile.get('result_set_size', 0)}B)"
    return root


def _node(operator: dict[str, Any], total: float, locations: Mapping[str, str]) -> PlanNode:
    kind, said = str(operator.get("operator_type", "")), operator.get("extra_info") or {}
    name = _NAMES.get(kind) or _JOINS.get(str(said.get("Join Type", "")).upper()) or kind.title().replace("_", "")
    node = PlanNode(name, children=[_node(child, total, locations) for child in operator.get("children", [])])
    node.details = [f"{key} := {_text(said[key])}" for key in _SHOWN if said.get(key)]
    seconds = float(operator.get("operator_timing") or 0)
    share = 100 * seconds / total if total else 0.0
    node.actual = (
        f"CPU: {duration(seconds)} ({share:.2f}%), Output: {operator.get('operator_cardinality', 0)} rows"
        f" ({operator.get('result_set_size', 0)}B)"
    )
    if name == "TableScan":
        node.descriptor = _table(said, locations)
        node.actual += f", Input: {rows_read(operator.get('operator_rows_scanned'))} rows"
    return node


def _table(said: dict[str, Any], locations: Mapping[str, str]) -> dict[str, str]:
    """The table whose files a scan names; none for rows that are in memory."""
    files = _text(said.get("Filename(s)", ""))
    return next(
        ({"table": f"awsdatacatalog:{name}"} for location, name in locations.items() if files.startswith(location)), {}
    )


def rows_read(count: object) -> str:
    """The rows that scans read, which DuckDB leaves at 0 where it does not count them."""
    return str(count) if count else "?"


def _text(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return re.sub(r"\s+", " ", text)


def duration(seconds: float) -> str:
    """A time as Trino's Duration prints it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.2f}{unit}"
    return f"{seconds * 1e9:.2f}ns"
