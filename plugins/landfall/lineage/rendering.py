"""A found part of the graph as text, JSON, Mermaid or Graphviz."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from landfall.lineage.graph import Found
from landfall.lineage.reading import Link, Node

FORMATS: Final = ("text", "json", "mermaid", "dot")


def render(found: Found, *, upstream: bool, form: str) -> str:
    """Return what was found in one of FORMATS, without a line break at the end."""
    if form == "json":
        return _json(found)
    if form == "mermaid":
        return "\n".join(["flowchart LR", *_mermaid(found)])
    if form == "dot":
        return "\n".join(["digraph lineage {", "  rankdir=LR;", *_dot(found), "}"])
    return "\n".join([*_Tree(found, upstream=upstream).lines(), *_objects(found)])


class _Tree:
    """The links as an indented tree from the start; a node that was shown before is not unfolded again."""

    def __init__(self, found: Found, *, upstream: bool) -> None:
        self._start = found.start
        self._next: dict[Node, dict[Node, str]] = defaultdict(dict)
        for link, job in found.links.items():
            near, far = (link.target, link.source) if upstream else (link.source, link.target)
            how = job if link.is_direct else f"{job}, decides"
            # That a value passes on is said first, if it also decides.
            self._next[near].setdefault(far, how)
            if link.is_direct:
                self._next[near][far] = how
        self._shown: set[Node] = set()

    def lines(self) -> Iterator[str]:
        """Yield the tree's lines."""
        yield str(self._start)
        self._shown.add(self._start)
        yield from self._below(self._start, "")

    def _below(self, node: Node, indent: str) -> Iterator[str]:
        following = sorted(self._next[node].items())
        for place, (other, how) in enumerate(following, start=1):
            is_last = place == len(following)
            again = other in self._shown and bool(self._next[other])
            yield f"{indent}{'└─' if is_last else '├─'} {other}  ({how}){' …' if again else ''}"
            if not again:
                self._shown.add(other)
                yield from self._below(other, indent + ("   " if is_last else "│  "))


def _objects(found: Found) -> Iterator[str]:
    if found.objects:
        yield ""
        yield f"{len(found.objects)} landed objects:"
        yield from (f"  {address}" for address in sorted(found.objects))


def _json(found: Found) -> str:
    return json.dumps(
        {
            "start": _told(found.start),
            "nodes": [_told(node) for node in sorted(found.nodes, key=str)],
            "edges": [
                {
                    "source": _told(link.source),
                    "target": _told(link.target),
                    "type": "DIRECT" if link.is_direct else "INDIRECT",
                    "job": job,
                }
                for link, job in _ordered(found)
            ],
            "objects": sorted(found.objects),
        },
        indent=2,
    )


def _told(node: Node) -> dict[str, str]:
    told = {"namespace": node.dataset.namespace, "name": node.dataset.name}
    return told if node.column is None else told | {"field": node.column}


def _mermaid(found: Found) -> Iterator[str]:
    ids = {node: f"n{number}" for number, node in enumerate(sorted(found.nodes, key=str))}
    for node, short in ids.items():
        yield f'  {short}["{_label(node)}"]'
    for link, job in _ordered(found):
        arrow = "-->" if link.is_direct else "-.->"
        yield f"  {ids[link.source]} {arrow}|{job}| {ids[link.target]}"


def _dot(found: Found) -> Iterator[str]:
    for link, job in _ordered(found):
        style = "solid" if link.is_direct else "dashed"
        yield f"  {_quoted(link.source)} -> {_quoted(link.target)} [label={json.dumps(job)}, style={style}];"


def _quoted(node: Node) -> str:
    return json.dumps(_label(node))


def _label(node: Node) -> str:
    """Return a node's name without the namespace, which would fill the picture."""
    name = node.dataset.name
    return name if node.column is None else f"{name}#{node.column}"


def _ordered(found: Found) -> list[tuple[Link, str]]:
    return sorted(found.links.items(), key=lambda each: (str(each[0].source), str(each[0].target), each[0].is_direct))
