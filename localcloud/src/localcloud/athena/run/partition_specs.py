"""`PARTITION (key = value, ...)` in DDL."""

from __future__ import annotations

import re
from dataclasses import dataclass

from localcloud.athena.run.grammar import unquoted
from localcloud.lake.errors import LakeError
from localcloud.lake.glue import LakeTable

_LITERAL = r"'(?:[^'\\]|\\.|'')*'|\"[^\"]*\"|[^,()'\s]+"
PARTITION = r"partition\s*\((?:[^()'\"]|'(?:[^'\\]|\\.|'')*'|\"[^\"]*\")*\)"
_SPEC = re.compile(rf"({PARTITION})(?:\s*location\s*'([^']*)')?", re.IGNORECASE)
_PAIR = re.compile(rf"[`\"]?(\w+)[`\"]?\s*=\s*({_LITERAL})")


@dataclass(frozen=True)
class PartitionSpec:
    """A partition a statement names: its values in the order of the table's keys, and a location if one is given."""

    values: tuple[str, ...]
    location: str | None

    def folder(self, table: LakeTable) -> str:
        """Where its files are, ending in '/'."""
        pairs = (f"{key.name}={value}" for key, value in zip(table.partition_keys, self.values, strict=True))
        return self.location or table.location.rstrip("/") + "/" + "/".join(pairs) + "/"


def partition_specs(table: LakeTable, text: str) -> list[PartitionSpec]:
    """All PARTITION clauses of `text`; raises INVALID_PARTITION unless each names every key and nothing else."""
    return [PartitionSpec(_values(table, match[1]), match[2]) for match in _SPEC.finditer(text)]


def _values(table: LakeTable, clause: str) -> tuple[str, ...]:
    given = {name.lower(): _value(literal) for name, literal in _PAIR.findall(clause)}
    keys = [key.name for key in table.partition_keys]
    if set(given) != set(keys):
        raise LakeError(
            "INVALID_PARTITION", f"The partition spec {clause} does not name the partition keys of the table: {keys}"
        )
    return tuple(given[key] for key in keys)


def _value(literal: str) -> str:
    if literal[0] == "'":
        return unquoted(literal[1:-1])
    return literal[1:-1] if literal[0] == '"' else literal
