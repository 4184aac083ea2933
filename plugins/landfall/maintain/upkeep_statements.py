"""The statements of maintenance, and how Athena runs them: in rounds, and giving way to other writers.

OPTIMIZE rewrites at most 100 partitions and VACUUM removes at most 20,000 files a run. With more to do, both end as
FAILED with `ICEBERG_OPTIMIZE_MORE_RUNS_NEEDED` or `ICEBERG_VACUUM_MORE_RUNS_NEEDED` after having done that much.
Sources: Athena user guide, 'OPTIMIZE' and 'VACUUM'; https://github.com/dbt-labs/dbt-athena/pull/703.
"""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Callable, Mapping

from sqlglot import exp

from landfall.errors import EngineError, MaintenanceError
from landfall.ingest.checks import text_of
from landfall.ingest.statements import Engine
from landfall.prices import Prices

logger = logging.getLogger(__name__)

MOST_ROUNDS = 50
_MOST_CONFLICTS = 3
_MORE_RUNS_NEEDED = "_MORE_RUNS_NEEDED"
_COMMIT_CONFLICT = "ICEBERG_COMMIT_ERROR"
_NAME = re.compile(r"[a-z0-9_]+")


class Yielded(Exception):  # noqa: N818 - no error: somebody else goes first
    """Another writer is at work; the message says which."""


class Upkeep:
    """Runs the statements of one table's maintenance; gives way as soon as `busy` names another writer."""

    def __init__(self, *, engine: Engine, busy: Callable[[], str | None]) -> None:
        self._engine = engine
        self._busy = busy
        self.rounds = 0
        self.scanned_bytes = 0
        self.cost_usd = 0.0

    def run(self, statement: str) -> None:
        """Run a statement as often as it takes. Raises Yielded, EngineError, or MaintenanceError for too many rounds.

        A commit that loses against another writer is tried again a few times and then left to that writer.
        """
        conflicts = 0
        for _ in range(MOST_ROUNDS):
            self.give_way()
            self.rounds += 1
            try:
                self._count(self._engine.run(statement).scanned_bytes)
            except EngineError as error:
                conflicts += _COMMIT_CONFLICT in str(error)
                self._pause_or_raise(error, conflicts)
            else:
                return
        raise MaintenanceError(f"not done after {MOST_ROUNDS} rounds, the next run goes on: {statement}")

    def rows(self, query: exp.Select) -> tuple[tuple[str | None, ...], ...]:
        """Return the rows of a query as Athena's texts."""
        result = self._engine.run(query, fetch=True)
        self._count(result.scanned_bytes)
        return result.rows

    def give_way(self) -> None:
        """Raise Yielded if another writer is at the table."""
        if reason := self._busy():
            raise Yielded(reason)

    def _pause_or_raise(self, error: EngineError, conflicts: int) -> None:
        if _MORE_RUNS_NEEDED in str(error):
            logger.info("another round is needed: %s", error)
        elif _COMMIT_CONFLICT not in str(error):
            raise error
        elif conflicts == _MOST_CONFLICTS:
            raise Yielded(f"another writer committed first {conflicts} times") from error
        else:
            time.sleep(random.uniform(0, 2.0**conflicts))  # noqa: S311 - spreads retries, guards nothing

    def _count(self, scanned_bytes: int) -> None:
        self.scanned_bytes += scanned_bytes
        self.cost_usd += Prices.from_environment().athena_usd([scanned_bytes])


def optimize(table: exp.Table, condition: exp.Expr | None) -> str:
    """Return the statement that makes few files of many in the partitions that `condition` names, None for all."""
    where = f" WHERE {condition.sql(dialect='athena')}" if condition is not None else ""
    return f"OPTIMIZE {_bare_name(table)} REWRITE DATA USING BIN_PACK{where}"


def vacuum(table: exp.Table) -> str:
    """Return the statement that expires snapshots and removes what nothing reads, by the table's properties."""
    return f"VACUUM {_bare_name(table)}"


def set_properties(table: exp.Table, properties: Mapping[str, str]) -> str:
    """Return the statement that sets properties of a table."""
    pairs = ", ".join(f"{text_of(name).sql()} = {text_of(value).sql()}" for name, value in sorted(properties.items()))
    return f"ALTER TABLE {_bare_name(table)} SET TBLPROPERTIES ({pairs})"


def _bare_name(table: exp.Table) -> str:
    """Return `database.name`: these statements are not Trino's, and not all of them take quotes."""
    for part in (table.db, table.name):
        if not _NAME.fullmatch(part):
            raise MaintenanceError(f"{table.db}.{table.name} cannot be maintained: its name needs quotes")
    return f"{table.db}.{table.name}"
