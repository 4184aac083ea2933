"""Plans as text, JSON and Graphviz, in the forms of Trino 435's TextRenderer, JsonRenderer and GraphvizPrinter."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

from localcloud.athena.explain.plan import Cost, PlanNode

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
_COLOURS = {
    "TableScan": "deepskyblue",
    "ScanFilter": "deepskyblue",
    "Aggregate": "chartreuse3",
    "Values": "deepskyblue",
}


def text_lines(root: PlanNode, *, fragment: bool) -> list[str]:
    """The lines of a plan; with `fragment` under the header of the one fragment it runs as."""
    if not fragment:
        return list(_node_lines(root, "", ""))
    names = ", ".join(symbol.name for symbol in root.outputs)
    head = ["Fragment 0 [SINGLE]", f"    Output layout: [{names}]", "    Output partitioning: SINGLE []"]
    return [*head, *_node_lines(root, "    ", "    "), ""]


def _node_lines(node: PlanNode, first: str, rest: str) -> Iterator[str]:
    descriptor = ", ".join(f"{key} = {value}" for key, value in node.descriptor.items())
    yield f"{first}{node.name}[{descriptor}]"
    body = rest + ("│   " if node.children else "    ")
    layout = ", ".join(f"{symbol.name}:{symbol.type}" for symbol in node.outputs)
    if node.outputs:
        yield f"{body}Layout: [{layout}]"
    if node.costs:
        yield f"{body}Estimates: {'/'.join(map(_estimate, node.costs))}"
    if node.actual:
        yield f"{body}{node.actual}"
    yield from (f"{body}{detail}" for detail in node.details)
    for index, child in enumerate(node.children):
        last = index == len(node.children) - 1
        yield from _node_lines(child, rest + ("└─ " if last else "├─ "), rest + ("   " if last else "│  "))


def _estimate(cost: Cost) -> str:
    rows = "?" if cost.rows is None else f"{cost.rows:.0f}"
    cpu = "?" if cost.cpu is None else f"{cost.cpu:.0f}" if cost.cpu < 1000 else data_size(cost.cpu)[:-1]
    memory, network = data_size(cost.memory), data_size(cost.network)
    return f"{{rows: {rows} ({data_size(cost.bytes)}), cpu: {cpu}, memory: {memory}, network: {network}}}"


def data_size(count: float | None) -> str:
    """Bytes as Trino's DataSize prints them; `?` where they are not known."""
    if count is None:
        return "?"
    unit = 0
    while count >= 1024 and unit < len(_UNITS) - 1:
        count /= 1024
        unit += 1
    return f"{count:.0f}{_UNITS[unit]}" if count == int(count) else f"{count:.2f}{_UNITS[unit]}"


def json_lines(root: PlanNode, *, fragment: bool) -> list[str]:
    """The lines of a plan as JSON; with `fragment` as the only one of an object of fragments."""
    ids = itertools.count()
    described = _json_node(root, ids)
    return pretty({"0": described} if fragment else described)


def pretty(document: Any) -> list[str]:
    """The lines of a document as Trino's JSON codec indents them."""
    return _pretty(document, "").split("\n")


def _pretty(value: Any, indent: str) -> str:
    inner = f"{indent}  "
    if isinstance(value, dict):
        fields = (f"{inner}{json.dumps(key)} : {_pretty(item, inner)}" for key, item in value.items())
        return "{\n" + ",\n".join(fields) + f"\n{indent}}}" if value else "{ }"
    if isinstance(value, list):
        return f"[ {', '.join(_pretty(item, indent) for item in value)} ]" if value else "[ ]"
    return json.dumps(value, ensure_ascii=False)


def number(value: float | None) -> float | str:
    """A number of a plan's JSON, where NaN stands for what is not known."""
    return "NaN" if value is None else float(value)


def _json_node(node: PlanNode, ids: Iterator[int]) -> dict[str, Any]:
    return {
        "id": str(next(ids)),
        "name": node.name,
        "descriptor": node.descriptor,
        "outputs": [{"symbol": symbol.name, "type": symbol.type} for symbol in node.outputs],
        "details": [*node.details, *([node.actual] if node.actual else [])],
        "estimates": [
            {
                "outputRowCount": number(cost.rows),
                "outputSizeInBytes": number(cost.bytes),
                "cpuCost": number(cost.cpu),
                "memoryCost": number(cost.memory),
                "networkCost": number(cost.network),
            }
            for cost in node.costs
        ],
        "children": [_json_node(child, ids) for child in node.children],
    }


def graphviz_lines(root: PlanNode, *, kind: str) -> list[str]:
    """The lines of a plan as a directed graph."""
    ids = itertools.count(1)
    nodes: list[str] = []
    edges: list[str] = []
    _graph(root, ids, nodes, edges)
    cluster = ["subgraph cluster_0 {", 'label = "SINGLE"', *nodes, "}"]
    return [f"digraph {kind.lower()}_plan {{", *cluster, *edges, "}"]


def _graph(node: PlanNode, ids: Iterator[int], nodes: list[str], edges: list[str]) -> str:
    name = f"plannode_{next(ids)}"
    described = ", ".join(node.descriptor.values())
    label = f"{node.name}[{described}]".replace('"', '\\"').replace("|", "\\|").replace("<", "\\<").replace(">", "\\>")
    colour = _COLOURS.get(node.name, "white")
    nodes.append(f'{name}[label="{{{label}}}", style="rounded, filled", shape=record, fillcolor={colour}];')
    edges += [f"{name} -> {_graph(child, ids, nodes, edges)};" for child in node.children]
    return name
