"""Athena as the load uses it, with a record of what each kind of statement took and scanned."""

from __future__ import annotations

from collections import Counter

from landfall.aws.athena import Athena, AthenaResult
from landfall.settings import Settings
from sqlglot import exp


class TimedEngine:
    """Runs statements on Athena; sums up the engine's milliseconds and the bytes scanned by kind of statement."""

    def __init__(self, *, settings: Settings) -> None:
        self._engine = Athena(settings=settings)
        self.milliseconds: Counter[str] = Counter()
        self.scanned: Counter[str] = Counter()

    def run(self, statement: exp.Expression | str, *, fetch: bool = False) -> AthenaResult:
        """Run the statement; see landfall.aws.athena.Athena."""
        result = self._engine.run(statement, fetch=fetch)
        kind = _kind(statement)
        self.milliseconds[kind] += result.engine_ms
        self.scanned[kind] += result.scanned_bytes
        return result


def _kind(statement: exp.Expression | str) -> str:
    """The statement's verb and the database of the table it writes; that of a query's first table."""
    if isinstance(statement, str):
        return statement.split(maxsplit=1)[0].lower()
    table = statement.find(exp.Table)
    return f"{statement.key} {table.db}" if table is not None else statement.key
