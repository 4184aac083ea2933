"""DuckDB's plan of a query as Redshift would run it: its steps, their row estimates and their costs.

The formulas of the costs are those that the examples of AWS's documentation follow ("Query plan", "EXPLAIN operators",
"Evaluating the query plan"); what a broadcast costs depends on the cluster there, and is `_BROADCAST_BYTE` here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_SCAN_ROW = 0.01
_AGGREGATE_ROW, _GROUP = 0.005, 0.0025
_HASH_BUILD, _JOIN_ROW = 0.25, 0.0258
_SORT_START, _SORT_ROW = 1e12, 0.005
_BROADCAST_BYTE = 25_882
_SLICES = 8
_S3_ROW = 0.0125
_SMALL_ROWS = 100_000
"""Rows up to which DISTSTYLE AUTO keeps a table on every node, and up to which an inner side is broadcast rather than
redistributed together with the outer one."""

_JOIN_NAMES = {
    "INNER": "Hash Join", "LEFT": "Hash Left Join", "RIGHT": "Hash Right Join", "OUTER": "Hash Full Join",
    "FULL": "Hash Full Join", "SEMI": "Hash IN Join", "MARK": "Hash IN Join", "ANTI": "Hash NOT IN Join",
    "SINGLE": "Hash Left Join",
}  # fmt: skip


@dataclass(frozen=True)
class Scanned:
    """What the catalogue knows of a table: its name, `diststyle` (ALL, KEY, EVEN), its key and the bytes of a row."""

    name: str
    diststyle: str = "EVEN"
    distkey: str = ""
    width: int = 8


@dataclass
class Step:
    """One line of the plan with what is said below it; `keys` are the columns its rows are distributed by."""

    title: str
    rows: int
    width: int
    startup: float = 0.0
    total: float = 0.0
    notes: list[str] = field(default_factory=list)
    children: list[Step] = field(default_factory=list)
    everywhere: bool = False
    keys: frozenset[str] = frozenset()

    def lines(self, depth: int = 0) -> list[str]:
        """The text of EXPLAIN from here down."""
        lead = "" if depth == 0 else " " * (6 * depth - 4) + "->  "
        cost = f"  (cost={self.startup:.2f}..{self.total:.2f} rows={self.rows} width={self.width})"
        below = " " * (6 * depth + 2)
        found = [f"{lead}{self.title}{cost}", *(below + note for note in self.notes)]
        for child in self.children:
            found += child.lines(depth + 1)
        return found


Node = Mapping[str, Any]
Tables = Callable[[str, Sequence[str]], Scanned]
"""Finds a table by DuckDB's name for it, or an external one by the columns that are read."""


def steps(plan: Node, tables: Tables) -> Step:
    """The steps for a node of `EXPLAIN (FORMAT json)`."""
    name = str(plan["name"]).strip()
    children = [steps(child, tables) for child in plan["children"]]
    info = plan["extra_info"]
    build = _BUILDERS.get(name)
    if build is not None:
        return build(info, children)
    if "Table" in info or "Function" in info:
        return _scan(info, tables)
    if "JOIN" in name or name == "CROSS_PRODUCT":
        return _join(name, info, children[:2])
    if len(children) == 1:
        return children[0]
    width = max((child.width for child in children), default=8)
    total = sum(child.total for child in children)
    title = "XN Append" if children else "XN Result"
    return Step(title, _rows(info, children), width, 0.0, total or 0.01, children=children)


def _rows(info: Node, children: Sequence[Step]) -> int:
    estimate = info.get("Estimated Cardinality")
    return max(1, int(estimate)) if estimate is not None else sum(child.rows for child in children) or 1


def _listed(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)] if value else []


def _scan(info: Node, tables: Tables) -> Step:
    rows = _rows(info, [])
    filters = [f"Filter: ({' AND '.join(_listed(info['Filters']))})"] if info.get("Filters") else []
    if "Table" in info:
        table = tables(str(info["Table"]), [])
        keys = frozenset([table.distkey] if table.distkey else [])
        return Step(
            f"XN Seq Scan on {table.name}", rows, table.width, 0.0, rows * _SCAN_ROW, filters,
            everywhere=table.diststyle == "ALL" or (table.diststyle == "AUTO(ALL)" and rows <= _SMALL_ROWS), keys=keys,
        )  # fmt: skip
    read = _listed(info.get("Projections"))
    width = 8 * max(1, len(read))
    source = tables(str(info["Function"]), read)
    cost = rows * _S3_ROW
    inner = Step(f"S3 Seq Scan {source.name}", rows, width, 0.0, cost, filters)
    return Step(f"XN S3 Query Scan {source.name.split()[0]}", rows, width, 0.0, cost + rows * _SCAN_ROW, [], [inner])


def _grouped(info: Node, children: list[Step]) -> Step:
    child = children[0]
    rows = _rows(info, [child]) if "Estimated Cardinality" in info else max(1, round(child.rows**0.75))
    startup = child.total + child.rows * _AGGREGATE_ROW
    return Step(
        "XN HashAggregate", rows, child.width, startup, startup + rows * _GROUP, [], [child], child.everywhere,
        child.keys,
    )  # fmt: skip


def _aggregated(_: Node, children: list[Step]) -> Step:
    child = children[0]
    cost = child.total + child.rows * _GROUP
    return Step("XN Aggregate", 1, 8, cost, cost, [], [child])


def _filtered(info: Node, children: list[Step]) -> Step:
    child = children[0]
    child.notes.insert(0, f"Filter: {info['Expression']}")
    return child


def _sorted(info: Node, children: list[Step]) -> Step:
    child = children[0]
    key = ", ".join(_listed(info.get("Order By")))
    rows = child.rows
    startup = _SORT_START + child.total + rows * math.log2(max(rows, 2)) * _SORT_ROW
    total = startup + rows * _GROUP
    ordered = Step("XN Sort", rows, child.width, startup, total, [f"Sort Key: {key}"], [child])
    network = Step("XN Network", rows, child.width, startup, total, ["Send to leader"], [ordered])
    return Step("XN Merge", rows, child.width, startup, total, [f"Merge Key: {key}"], [network])


def _top(info: Node, children: list[Step]) -> Step:
    return _cut(_sorted(info, children), int(info.get("Top") or 0))


def _limited(info: Node, children: list[Step]) -> Step:
    limit = next((int(value) for key, value in info.items() if key in ("Limit", "Top") and str(value).isdigit()), 0)
    return _cut(children[0], limit)


def _cut(child: Step, limit: int) -> Step:
    rows = min(child.rows, limit) if limit else child.rows
    total = child.startup + (child.total - child.startup) * rows / child.rows
    return Step("XN Limit", rows, child.width, child.startup, total, [], [child])


def _window(info: Node, children: list[Step]) -> Step:
    child = children[0]
    startup = _SORT_START + child.total + child.rows * math.log2(max(child.rows, 2)) * _SORT_ROW
    notes = [f"Window: {item}" for item in _listed(info.get("Projections"))]
    return Step("XN Window", child.rows, child.width + 8, startup, startup + child.rows * _SCAN_ROW, notes, [child])


def _join(name: str, info: Node, children: list[Step]) -> Step:
    outer, inner = children if len(children) == 2 else (children[0], Step("XN Result", 1, 8, 0.0, 0.01))
    conditions = _listed(info.get("Conditions"))
    rows, width = _rows(info, []), outer.width + inner.width
    if "Estimated Cardinality" not in info:
        rows = int(outer.rows * inner.rows)
    equal = [condition.split(" = ") for condition in conditions if " = " in condition]
    if not equal or ("HASH" not in name and "DELIM" not in name):
        moved = inner.rows * inner.width * _BROADCAST_BYTE
        note = [f"Join Filter: ({' AND '.join(conditions)})"] if conditions else []
        total = outer.total + outer.rows * inner.total + moved
        return Step("XN Nested Loop DS_BCAST_INNER", rows, width, 0.0, total, note, [outer, inner], keys=outer.keys)
    how, keys, sent = _movement(outer, inner, [(one[0], one[1]) for one in equal])
    startup = inner.total * (1 + _HASH_BUILD)
    shown = " AND ".join(f'("outer".{one} = "inner".{other})' for one, other in ((e[0], e[1]) for e in equal))
    hashed = Step("XN Hash", inner.rows, inner.width, inner.total, inner.total, [], [inner])
    title = f"XN {_JOIN_NAMES.get(str(info.get('Join Type')), 'Hash Join')} {how}"
    total = startup + outer.total + rows * _JOIN_ROW + sent
    return Step(title, rows, width, startup, total, [f"Hash Cond: {shown}"], [outer, hashed], keys=keys)


def _movement(outer: Step, inner: Step, conditions: Sequence[tuple[str, str]]) -> tuple[str, frozenset[str], float]:
    """Which side's rows move between slices, the columns the result is distributed by, and what moving costs."""
    outer_key = next((one for one, _ in conditions if one in outer.keys), "")
    inner_key = next((other for _, other in conditions if other in inner.keys), "")
    together = any(one in outer.keys and other in inner.keys for one, other in conditions)
    bytes_of = {"outer": outer.rows * outer.width, "inner": inner.rows * inner.width}
    spread = _BROADCAST_BYTE / _SLICES
    if inner.everywhere:
        return "DS_DIST_ALL_NONE", outer.keys, 0.0
    if outer.everywhere:
        return "DS_DIST_ALL_INNER", inner.keys, bytes_of["inner"] * spread
    if together:
        return "DS_DIST_NONE", outer.keys, 0.0
    if inner.rows <= _SMALL_ROWS and not (outer_key or inner_key):
        return "DS_BCAST_INNER", outer.keys, bytes_of["inner"] * _BROADCAST_BYTE
    if outer_key:
        return "DS_DIST_INNER", outer.keys, bytes_of["inner"] * spread
    if inner_key:
        return "DS_DIST_OUTER", inner.keys, bytes_of["outer"] * spread
    keys = frozenset(one for one, _ in conditions)
    return "DS_DIST_BOTH", keys, (bytes_of["outer"] + bytes_of["inner"]) * spread


_BUILDERS: dict[str, Callable[[Node, list[Step]], Step]] = {
    "HASH_GROUP_BY": _grouped,
    "PERFECT_HASH_GROUP_BY": _grouped,
    "PARTITIONED_AGGREGATE": _grouped,
    "UNGROUPED_AGGREGATE": _aggregated,
    "FILTER": _filtered,
    "ORDER_BY": _sorted,
    "TOP_N": _top,
    "LIMIT": _limited,
    "STREAMING_LIMIT": _limited,
    "WINDOW": _window,
    "STREAMING_WINDOW": _window,
}
