"""The graph of runs: what a file was made from, and what a column or landed object went into."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from landfall.errors import LineageError
from landfall.lineage.naming import Dataset
from landfall.lineage.reading import JobRun, Link, Node

_LATEST = datetime.max.replace(tzinfo=UTC)
_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass
class Found:
    """What a search came upon: links with the jobs that made them, and the landed objects on the way."""

    start: Node
    links: dict[Link, str] = field(default_factory=dict)
    objects: set[str] = field(default_factory=set)

    @property
    def nodes(self) -> set[Node]:
        """All nodes, the start among them."""
        return {self.start} | {node for link in self.links for node in (link.source, link.target)}


class Graph:
    """Runs, ready to be searched.

    A search follows time: upstream of a table as a run read it are the runs that were done by then, so an extract leads
    to just those landed objects whose records can be in it.
    """

    def __init__(self, runs: Iterable[JobRun]) -> None:
        self._runs = tuple(runs)

    def find(self, name: str, column: str | None = None) -> Node:
        """Return the dataset that is called, or ends in, `name`; raises LineageError if none does, or several do."""
        datasets = {dataset for run in self._runs for dataset in (*run.reads, *run.writes)}
        found = {dataset for dataset in datasets if name in (str(dataset), dataset.name)}
        found = found or {dataset for dataset in datasets if _ends_in(str(dataset), name)}
        if len(found) != 1:
            told = ", ".join(sorted(map(str, found or datasets))[:20])
            raise LineageError(f"{name}: {'several datasets are called so' if found else 'no such dataset'}; {told}")
        node = Node(found.pop(), column)
        if column and not any(node in (link.source, link.target) for run in self._runs for link in run.columns):
            raise LineageError(f"{node.dataset} has no column {column!r} in any event")
        return node

    def upstream(self, start: Node) -> Found:
        """Return all that `start` was made from."""
        found = Found(start)
        open_nodes = [(start, _LATEST)]
        reached: dict[Node, datetime] = {}
        while open_nodes:
            node, until = open_nodes.pop()
            if reached.get(node, _EARLIEST) >= until:
                continue
            reached[node] = until
            for run in reversed(self._runs):
                if run.at > until or node.dataset not in run.writes:
                    continue
                # What a view is made of counts when the view is read.
                then = until if node.dataset in run.views else run.at
                for link in _links(run, node.column, target=node.dataset):
                    found.links.setdefault(link, run.job)
                    found.objects.update(run.objects.get(link.source.dataset, ()))
                    open_nodes.append((link.source, then))
        return found

    def downstream(self, start: Node, *, only: str | None = None) -> Found:
        """Return all that `start` went into; `only` is one object of the dataset, by its address."""
        found = Found(start, objects={only} if only else set())
        open_nodes = [(start, _EARLIEST)]
        reached: dict[Node, datetime] = {}
        while open_nodes:
            node, since = open_nodes.pop()
            if reached.get(node, _LATEST) <= since:
                continue
            reached[node] = since
            for run in self._runs:
                if only and node == start and only not in run.objects.get(node.dataset, ()):
                    continue
                for link in _links(run, node.column, source=node.dataset):
                    is_view = link.target.dataset in run.views
                    if is_view or run.at >= since:
                        found.links.setdefault(link, run.job)
                        open_nodes.append((link.target, since if is_view else run.at))
        return found

    def landed(self, ending: str) -> tuple[Node, str] | None:
        """Return the dataset and the whole address of the landed object that is called, or ends, so; None if none."""
        for run in self._runs:
            for dataset, objects in run.objects.items():
                for address in objects:
                    if _ends_in(address, ending):
                        return Node(dataset), address
        return None


def _links(
    run: JobRun, column: str | None, *, source: Dataset | None = None, target: Dataset | None = None
) -> Iterator[Link]:
    """Yield the links of a run at one of its datasets: those of a column, or without one of whole datasets."""
    links = run.tables if column is None else run.columns
    for link in links:
        end, dataset = (link.source, source) if source else (link.target, target)
        if end.dataset == dataset and end.column == column:
            yield link


def _ends_in(address: str, ending: str) -> bool:
    return address == ending or address.endswith((f"/{ending}", f".{ending}"))
