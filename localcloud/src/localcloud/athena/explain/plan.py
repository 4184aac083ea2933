"""A plan: a tree of operators, each with what it is known to give and to cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlglot import exp


@dataclass(frozen=True)
class Cost:
    """Rows and bytes an operator gives and the CPU, memory and network it takes, in Trino's units; None: not known."""

    rows: float | None = None
    bytes: float | None = None
    cpu: float | None = None
    memory: float | None = None
    network: float | None = None


@dataclass(frozen=True)
class Symbol:
    """A column between two operators."""

    name: str
    type: str


@dataclass(frozen=True)
class ScannedTable:
    """A table that the query reads and the conditions on its columns, in Trino's terms."""

    database: str
    name: str
    conditions: tuple[exp.Expr, ...]
    types: Mapping[str, str]


@dataclass
class PlanNode:
    """One operator. `actual` is what was measured when it ran."""

    name: str
    descriptor: dict[str, str] = field(default_factory=dict)
    outputs: list[Symbol] = field(default_factory=list)
    details: list[str] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)
    children: list[PlanNode] = field(default_factory=list)
    scan: ScannedTable | None = None
    actual: str = ""

    @property
    def rows(self) -> float | None:
        """How many rows the operator is known to give."""
        return self.costs[-1].rows if self.costs else None
