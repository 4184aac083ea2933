"""Steps of transformation: the models that a run of dbt built, from the artifacts it left."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlglot.errors import SqlglotError

from landfall.lineage.columns import Schema, query_columns
from landfall.lineage.naming import Names
from landfall.lineage.origins import QueryColumns
from landfall.lineage.steps import Field, Read, Step, Written

logger = logging.getLogger(__name__)

_DIALECTS = {"athena": "athena", "redshift": "redshift"}
_BUILT = frozenset({"model", "seed"})
_RELATIONS = frozenset({"model", "seed", "source", "snapshot"})

Node = Mapping[str, Any]


def model_steps(artifacts: Path, names: Names, *, at: datetime, run: str) -> Iterator[Step]:
    """Yield a step for each model and seed that dbt built without an error.

    `artifacts` holds the run's manifest.json and run_results.json; `at` and `run` (a DAG run) identify what is built
    again when a task is retried. The columns are read from the SQL that ran.
    """
    manifest = json.loads((artifacts / "manifest.json").read_text())
    results = json.loads((artifacts / "run_results.json").read_text())["results"]
    project = Project(manifest, names)
    for result in results:
        node = manifest["nodes"].get(result["unique_id"])
        if node and node["resource_type"] in _BUILT and result["status"] == "success":
            yield project.step(node, result, at=at, run=run)


class Project:
    """A dbt manifest whose nodes are compiled."""

    def __init__(self, manifest: Mapping[str, Any], names: Names) -> None:
        self._adapter: str = manifest["metadata"]["adapter_type"]
        self._nodes: dict[str, Node] = {
            key: node
            for key, node in {**manifest["nodes"], **manifest["sources"]}.items()
            if node["resource_type"] in _RELATIONS
        }
        self._table = names.warehouse if self._adapter == "redshift" else names.lake
        self._by_relation = {_relation(node): node for node in self._nodes.values()}
        self._schema = _schema(self._nodes.values())

    def step(self, node: Node, result: Mapping[str, Any], *, at: datetime, run: str) -> Step:
        """Return the step that built `node`, of which dbt tells `result`."""
        columns = self.columns(node)
        return Step(
            job=f"build_{_name(node)}",
            kind=node["resource_type"].upper(),
            tool="dbt",
            at=at,
            done_at=_done_at(result),
            key=f"{run}.{node['unique_id']}",
            reads=tuple(self._read(table) for table in (columns.tables if columns else self._parents(node))),
            writes=(
                Written(
                    dataset=self._table(_relation(node)),
                    fields=_fields(node),
                    columns=columns,
                    resolve=self._table,
                    rows=_rows_affected(result),
                    is_view=node["config"]["materialized"] == "view",
                ),
            ),
            sql=node.get("compiled_code"),
            sql_dialect=self._adapter,
        )

    def columns(self, node: Node) -> QueryColumns | None:
        """Return where the columns of `node` come from; None for a seed, and for SQL that cannot be read.

        What an incremental model reads of itself is left out: it came there by the same ways.
        """
        sql = node.get("compiled_code")
        if not sql:
            return None
        try:
            found = query_columns(sql, dialect=_DIALECTS[self._adapter], schema=self._schema)
        except (SqlglotError, ValueError) as error:
            logger.warning("lineage: the columns of %s are not told: %s", node["unique_id"], error)
            return None
        return found.without(_relation(node))

    def _read(self, table: str) -> Read:
        node = self._by_relation.get(table)
        return Read(dataset=self._table(table), fields=_fields(node) if node else ())

    def _parents(self, node: Node) -> list[str]:
        """Return what dbt says that a node depends on: more than it reads, such as the table of a foreign key."""
        found = (self._nodes.get(key) for key in node.get("depends_on", {}).get("nodes", ()))
        return [_relation(parent) for parent in found if parent]


def _schema(nodes: Iterable[Node]) -> Schema:
    schema: dict[str, dict[str, list[str]]] = {}
    for node in nodes:
        schema.setdefault(node["schema"], {})[_name(node)] = list(node["columns"])
    return schema


def _name(node: Node) -> str:
    return str(node["identifier"] if node["resource_type"] == "source" else node["alias"])


def _relation(node: Node) -> str:
    return f"{node['schema']}.{_name(node)}"


def _fields(node: Node) -> tuple[Field, ...]:
    return tuple(
        Field(name=column["name"], type=column.get("data_type") or "", description=column.get("description") or "")
        for column in node["columns"].values()
    )


def _rows_affected(result: Mapping[str, Any]) -> int | None:
    """Return how many rows the engine says it wrote; Athena says -1 where it does not know."""
    rows = (result.get("adapter_response") or {}).get("rows_affected")
    return rows if isinstance(rows, int) and rows >= 0 else None


def _done_at(result: Mapping[str, Any]) -> datetime | None:
    ends = [part["completed_at"] for part in result.get("timing") or () if part.get("completed_at")]
    return datetime.fromisoformat(max(ends)) if ends else None
