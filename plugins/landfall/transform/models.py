"""What dbt builds for a target, read from the manifest of a parse made beforehand."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from landfall.errors import SettingsError
from landfall.settings import REPOSITORY

Target = Literal["lake", "warehouse"]

PROJECT: Final = REPOSITORY / "dbt_project"
MANIFEST_DIR_VARIABLE: Final = "LANDFALL_DBT_MANIFEST_DIR"

_BUILT_TYPES: Final = ("model", "seed", "snapshot")


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model, seed or snapshot, and the tests that are judged with it.

    `name` is its task's id, `selectors` what selects it and its tests in dbt, `upstream` the names of the models that
    it reads.
    """

    unique_id: str
    name: str
    kind: str
    tests: tuple[str, ...]
    selectors: tuple[str, ...]
    upstream: tuple[str, ...]


def manifest_path(target: str) -> Path:
    """Return the manifest of a dbt `target`; SettingsError if it was not made, which shows as a DAG import error."""
    path = Path(os.environ.get(MANIFEST_DIR_VARIABLE) or PROJECT / "target") / target / "manifest.json"
    if not path.is_file():
        raise SettingsError(
            f"no dbt manifest at {path}: make it with `dbt parse --project-dir dbt_project --profiles-dir dbt_project "
            f"--profile landfall --target {target} --target-path {path.parent}` (`make up` does), "
            f"or set {MANIFEST_DIR_VARIABLE}"
        )
    return path


def models_of(target: str) -> list[Model]:
    """Return what `dbt build` builds for `target`, each after what it reads; SettingsError without a manifest."""
    nodes = json.loads(manifest_path(target).read_bytes())["nodes"]
    return models_in(nodes)


def models_in(nodes: Mapping[str, Mapping[str, Any]]) -> list[Model]:
    """Return the models among a manifest's `nodes`, each after what it reads.

    A test belongs to the last built of the models that it reads, so that it can be run again with that one alone.
    """
    built = _in_order({key: node for key, node in nodes.items() if node["resource_type"] in _BUILT_TYPES})
    tests: dict[str, list[str]] = {key: [] for key in built}
    for key, node in sorted(nodes.items()):
        read = [parent for parent in _parents(node) if parent in tests]
        if node["resource_type"] == "test" and read:
            tests[max(read, key=built.index)].append(key)
    return [
        Model(
            unique_id=key,
            name=_name(nodes[key]),
            kind=nodes[key]["resource_type"],
            tests=tuple(tests[key]),
            selectors=tuple("fqn:" + ".".join(nodes[one]["fqn"]) for one in (key, *tests[key])),
            upstream=tuple(_name(nodes[parent]) for parent in _parents(nodes[key]) if parent in tests),
        )
        for key in built
    ]


def _in_order(nodes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the ids of `nodes`, each after its parents, otherwise by name."""
    ordered: dict[str, None] = {}

    def put(key: str) -> None:
        if key in nodes and key not in ordered:
            for parent in sorted(_parents(nodes[key])):
                put(parent)
            ordered[key] = None

    for key in sorted(nodes):
        put(key)
    return list(ordered)


def _parents(node: Mapping[str, Any]) -> list[str]:
    return list(node["depends_on"].get("nodes", ()))


def _name(node: Mapping[str, Any]) -> str:
    """Return dbt's name of a node, with its version if it has one."""
    version = node.get("version")
    return f"{node['name']}_v{version}" if version is not None else str(node["name"])
