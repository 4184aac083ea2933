"""Which tables stand downstream of a stream or a model, as dbt's manifests have it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.mutations.models import PUBLISHED_FOLDERS


class Graph:
    """One target's manifest."""

    def __init__(self, path: Path) -> None:
        self.manifest: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))

    def below_stream(self, stream: str) -> list[str]:
        """Return the published tables that hold something of a stream."""
        return self._tables(f"source.landfall.raw.{stream}")

    def below_model(self, path: str) -> list[str]:
        """Return the published tables that hold something of the model at `path`, its own included."""
        return self._tables(self._node(path))

    def next_to_model(self, path: str) -> list[str]:
        """Return the published table of the model at `path` or, of a view, those that read it first."""
        node = self._node(path)
        return self._first_published(node)

    def next_to_stream(self, stream: str) -> list[str]:
        """Return the published tables that read a stream through views alone."""
        return self._first_published(f"source.landfall.raw.{stream}")

    def name(self, path: str) -> str:
        """Return how dbt selects the model at `path`."""
        node = self.manifest["nodes"][self._node(path)]
        return str(node["name"]) if not node.get("version") else f"{node['name']}.v{node['version']}"

    def is_view(self, path: str) -> bool:
        """Tell whether the model at `path` is a view."""
        return bool(self.manifest["nodes"][self._node(path)]["config"]["materialized"] == "view")

    def names(self, tables: list[str]) -> list[str]:
        """Return how dbt selects the models of `tables`."""
        return [
            self.name(node["original_file_path"])
            for node in self.manifest["nodes"].values()
            if node["resource_type"] == "model" and f"{node['schema']}.{node['alias']}" in tables
        ]

    def _node(self, path: str) -> str:
        return next(
            key
            for key, node in self.manifest["nodes"].items()
            if node["resource_type"] == "model" and node["original_file_path"] == path
        )

    def _children(self, key: str) -> list[str]:
        return [child for child in self.manifest["child_map"][key] if child.startswith("model.")]

    def _tables(self, key: str) -> list[str]:
        waiting, seen = [key], {key}
        while waiting:
            new = [child for child in self._children(waiting.pop()) if child not in seen]
            seen.update(new)
            waiting += new
        return sorted(filter(None, map(self._table, seen)))

    def _first_published(self, key: str) -> list[str]:
        table = self._table(key)
        if table:
            return [table]
        return sorted({found for child in self._children(key) for found in self._first_published(child)})

    def _table(self, key: str) -> str | None:
        node = self.manifest["nodes"].get(key)
        if node is None or node["schema"] not in PUBLISHED_FOLDERS:
            return None
        return f"{node['schema']}.{node['alias']}"
