"""A gate: suites of expectations, run on the engine, that decide whether data may pass a border."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlglot import exp

from landfall.errors import GateFailed

Engine = Literal["athena", "redshift"]


@dataclass(frozen=True)
class GateResult:
    """What a gate found: `failed` names each broken expectation as `db.table: type(column)`."""

    passed: bool
    gate: str
    checks: int
    failed: tuple[str, ...]
    data_docs_url: str

    def raise_if_failed(self) -> None:
        """Raise GateFailed, naming the broken expectations and where to read about them, unless the gate passed."""
        if not self.passed:
            raise GateFailed(
                f"gate {self.gate}: {len(self.failed)} of {self.checks} expectations failed: "
                f"{'; '.join(self.failed)}. Data Docs: {self.data_docs_url}"
            )


def run_gate(
    *,
    gate: str,
    engine: Engine,
    suites: Mapping[str, Path],
    run_id: str,
    dag_id: str,
    where: exp.Condition | None = None,
) -> GateResult:
    """Run each suite file of `suites` on its relation ("db.table") and publish the Data Docs of the run.

    `where` restricts every relation to the rows under audit. Raises EngineError when the engine itself fails;
    a failing expectation is no error: it is in the result.
    """
    raise NotImplementedError
