"""The truth graph, and how far emitted events agree with it; nothing here is shared with what emits them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

TRUTH = Path(__file__).with_name("truth.yaml")

Edge = tuple[str, str, str]
"""Source column, target column (`dataset.column`), and DIRECT or INDIRECT."""


def true_edges(file: Path = TRUTH) -> frozenset[Edge]:
    """Return the edges that somebody wrote down."""
    return frozenset(
        edge for target, block in yaml.safe_load(file.read_text()).items() for edge in _block_edges(target, block)
    )


def _block_edges(target: str, block: Mapping[str, str]) -> Iterable[Edge]:
    home = block["from"]
    columns = {name: name for name in block.get("same", "").split()}
    columns |= {name: text for name, text in block.items() if name not in ("from", "same")}
    for column, origins in columns.items():
        for origin in origins.split():
            if origin != "-":
                name = origin.removeprefix("?")
                source = name if "." in name else f"{home}.{name}"
                yield source, f"{target}.{column}", "INDIRECT" if origin.startswith("?") else "DIRECT"


@dataclass(frozen=True)
class Agreement:
    """Edges that only one of both has; `true` and `told` count all of each."""

    true: int
    told: int
    missing: tuple[Edge, ...]
    invented: tuple[Edge, ...]

    @property
    def recall(self) -> float:
        """Share of the true edges that were told."""
        return 1 - len(self.missing) / self.true

    @property
    def precision(self) -> float:
        """Share of the told edges that are true."""
        return 1 - len(self.invented) / self.told if self.told else 0.0

    def __str__(self) -> str:
        figures = f"recall {self.recall:.2%}, precision {self.precision:.2%}"
        lines = [f"lineage: {self.told} edges told, {self.true} true: {figures}"]
        lines += [f"  missing  {' <- '.join((target, source))} {kind}" for source, target, kind in self.missing]
        lines += [f"  invented {' <- '.join((target, source))} {kind}" for source, target, kind in self.invented]
        return "\n".join(lines)


def agreement(told: Iterable[Edge], true: Iterable[Edge]) -> Agreement:
    """Compare edges."""
    told, true = frozenset(told), frozenset(true)
    return Agreement(len(true), len(told), tuple(sorted(true - told)), tuple(sorted(told - true)))


def told_edges(events: Iterable[Mapping[str, Any]]) -> frozenset[Edge]:
    """Return the edges of the columnLineage facets of `events`, with names as the truth has them."""
    return frozenset(
        (
            f"{_name(origin, event)}.{origin['field']}",
            f"{_name(output, event)}.{column}",
            transformation["type"],
        )
        for event in events
        for output in event["outputs"]
        for column, lineage in output.get("facets", {}).get("columnLineage", {"fields": {}})["fields"].items()
        for origin in lineage["inputFields"]
        for transformation in origin["transformations"]
    )


def events_in(folder: Path) -> list[dict[str, Any]]:
    """Return the events that OpenLineage's file transport left in `folder`."""
    return [json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))]


def _name(dataset: Mapping[str, Any], event: Mapping[str, Any]) -> str:
    namespace, name = str(dataset["namespace"]), str(dataset["name"])
    if re.fullmatch(r"awsathena://athena\.[a-z0-9-]+\.amazonaws\.com", namespace):
        return re.sub(r"__v[0-9]+$", "", name.removeprefix("awsdatacatalog."))
    if re.fullmatch(r"redshift://[a-z0-9-]+\.[a-z0-9-]+:[0-9]+", namespace):
        return name.partition(".")[2]
    if re.fullmatch(r"s3://landfall-[a-z0-9-]*landing[a-z0-9-]*", namespace):
        return f"landing.{name}"
    if re.fullmatch(r"s3://landfall-[a-z0-9-]*extracts[a-z0-9-]*", namespace):
        product, _, ending = event["job"]["name"].removeprefix("extract_").rpartition("_")
        return f"outgoing.{product}.{ending}"
    raise AssertionError(f"no dataset of this pipeline: {namespace} {name}")
