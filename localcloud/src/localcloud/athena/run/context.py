"""What every statement runs with, and what it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import duckdb
from sqlglot import exp

from localcloud.athena.run.plans import Plans
from localcloud.athena.sql.compile import Compiler
from localcloud.athena.sql.compiled import Compiled
from localcloud.lake.glue import Column
from localcloud.lake.session import Lake

MAX_OPEN_PARTITIONS = 100
"""Partitions one CTAS or INSERT may write. Source: Athena user guide, 'CTAS: considerations and limitations'."""


class PreparedStatements(Protocol):
    """The prepared statements of the work group that a statement runs in; both raise LakeError."""

    def create(self, name: str, text: str) -> None:
        """Keep a statement under a name that is not taken."""

    def drop(self, name: str) -> None:
        """Forget a statement."""


@dataclass
class Context:
    """One running statement: its cursor, its compiler, its work group's statements and where its results go.

    `parsed` is the statement's tree, where it has been parsed; whoever takes it may change it.
    """

    lake: Lake
    cursor: duckdb.DuckDBPyConnection
    database: str
    query_id: str
    result_location: str
    location_enforced: bool
    prepared: PreparedStatements
    limit_bytes: int | None = None
    result_configuration: Mapping[str, Any] = field(default_factory=dict)
    parsed: exp.Expr | None = None
    plans: Plans = field(default_factory=Plans)
    compiler: Compiler = field(init=False)

    def __post_init__(self) -> None:
        self.compiler = Compiler(self.lake.of_one_statement(), self.cursor, self.database, self.limit_bytes)


@dataclass(frozen=True)
class Outcome:
    """What a statement gives: a query for its rows, or lines of text, or only a count of changed rows.

    `files` are the data files it wrote, for the manifest.
    """

    query: Compiled | None = None
    columns: tuple[Column, ...] = ()
    lines: tuple[tuple[str, ...], ...] | None = None
    rows: int | None = None
    files: tuple[str, ...] | None = None
