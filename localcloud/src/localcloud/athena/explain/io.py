"""EXPLAIN (TYPE IO): the tables that a query reads, what it asks of their columns, and what reading them will take.

Source of the form: Trino 435, IoPlanPrinter.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from localcloud.athena.explain.domains import Bound, Domain, Evaluate, domains
from localcloud.athena.explain.plan import Cost, PlanNode
from localcloud.athena.explain.render import number, pretty

CATALOG = "awsdatacatalog"


def io_lines(root: PlanNode, evaluate: Evaluate) -> list[str]:
    """The lines of the document for a plan. The costs of the whole are those of its scans together."""
    scans = list({(scan.descriptor["table"], tuple(scan.details)): scan for scan in _scans(root)}.values())
    read = [scan.costs[0].bytes for scan in scans]
    whole = Cost(root.rows, root.costs[-1].bytes, None if None in read else sum(size or 0 for size in read))
    return pretty({"inputTableColumnInfos": [_table(scan, evaluate) for scan in scans], "estimate": _estimate(whole)})


def _scans(node: PlanNode) -> Iterator[PlanNode]:
    if node.scan is not None:
        yield node
    for child in node.children:
        yield from _scans(child)


def _table(node: PlanNode, evaluate: Evaluate) -> dict[str, Any]:
    scan = node.scan
    found = domains(scan.conditions, evaluate) if scan else {}
    none = any(domain.empty for domain in found.values())
    return {
        "table": {
            "catalog": CATALOG,
            "schemaTable": {"schema": scan.database, "table": scan.name} if scan else {},
        },
        "constraint": {
            "none": none,
            "columnConstraints": []
            if none or scan is None
            else [_column(name, scan.types[name], domain) for name, domain in found.items() if name in scan.types],
        },
        "estimate": _estimate(node.costs[0]),
    }


def _column(name: str, kind: str, domain: Domain) -> dict[str, Any]:
    ranges = [{"low": _marker(one.low, "ABOVE"), "high": _marker(one.high, "BELOW")} for one in domain.ranges]
    return {"columnName": name, "type": kind, "domain": {"nullsAllowed": domain.nulls, "ranges": ranges}}


def _marker(bound: Bound | None, open_: str) -> dict[str, str]:
    if bound is None:
        return {"bound": open_}
    return {"value": bound.text, "bound": "EXACTLY" if bound.exact else open_}


def _estimate(cost: Cost) -> dict[str, float | str]:
    return {
        "outputRowCount": number(cost.rows),
        "outputSizeInBytes": number(cost.bytes),
        "cpuCost": number(cost.cpu),
        "maxMemory": number(cost.memory),
        "networkCost": number(cost.network),
    }
