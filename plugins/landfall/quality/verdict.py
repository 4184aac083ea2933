"""What the results of a gate mean for the data: pure values, without an engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from landfall.errors import GateFailed
from landfall.quality.overrides import Overrides, sql_time
from landfall.quality.suites import Severity


@dataclass(frozen=True)
class CheckResult:
    """One expectation's outcome on one relation.

    Rows are counted when the gate failed and the type counts any; then `observed` is what was measured, in words, which
    is a number or a share and never a value of a row. `threshold` is what the suite allows, as JSON.
    """

    relation: str
    check: str
    passed: bool
    rows: int | None
    unexpected_rows: int | None
    why: str
    severity: Severity = "stop"
    owner: str = ""
    observed: str | None = None
    threshold: str | None = None


@dataclass(frozen=True)
class GateResult:
    """What a gate found: `failed`, `held` and `warned` are the broken checks by severity, `overridden` those let pass.

    `passed` tells that nothing keeps the data from passing the border: no check stops or holds it. `broken_relations`
    are those of checks that do.
    """

    passed: bool
    gate: str
    checks: int
    failed: tuple[str, ...]
    data_docs_url: str
    held: tuple[CheckResult, ...] = ()
    warned: tuple[str, ...] = ()
    overridden: tuple[str, ...] = ()
    broken_relations: tuple[str, ...] = ()

    def raise_if_failed(self) -> None:
        """Raise GateFailed unless the gate passed: at a border that asks no human, what holds stops too."""
        if not self.passed:
            self._refuse((*self.failed, *map(describe, self.held)))

    def raise_if_stopped(self) -> None:
        """Raise GateFailed if a check of severity stop is broken; what only holds is left to a human."""
        if self.failed:
            self._refuse(self.failed)

    def in_words(self) -> str:
        """Return the result in a line, as the publication record and the report show it."""
        broken = len(self.failed) + len(self.held) + len(self.warned) + len(self.overridden)
        parts = [f"{self.gate}: {self.checks - broken} of {self.checks} passed"]
        parts += [f"warned: {words}" for words in self.warned]
        parts += [f"overridden: {words}" for words in self.overridden]
        return "; ".join(parts)

    def _refuse(self, broken: Sequence[str]) -> None:
        raise GateFailed(
            f"gate {self.gate}: {len(broken)} of {self.checks} expectations failed: {'; '.join(broken)}. "
            f"Data Docs: {self.data_docs_url}"
        )


def judge(results: Sequence[CheckResult], overrides: Overrides, *, gate: str, data_docs_url: str) -> GateResult:
    """Return the verdict over `results`, of which `overrides` may let pass those that hold."""
    broken = [result for result in results if not result.passed]
    stopped = [result for result in broken if result.severity == "stop"]
    holding = [result for result in broken if result.severity == "hold"]
    held = [result for result in holding if (result.relation, result.check) not in overrides]
    let_pass = [(result, overrides[result.relation, result.check]) for result in holding if result not in held]
    return GateResult(
        passed=not stopped and not held,
        gate=gate,
        checks=len(results),
        failed=tuple(map(describe, stopped)),
        data_docs_url=data_docs_url,
        held=tuple(held),
        warned=tuple(describe(result) for result in broken if result.severity == "warn"),
        overridden=tuple(f"{describe(result)}, by {override.decided_by}" for result, override in let_pass),
        broken_relations=tuple(sorted({result.relation for result in (*stopped, *held)})),
    )


def check_values(result: CheckResult, overrides: Overrides) -> dict[str, Any]:
    """Return a check's result with its override, if it needed and has one, as plain values for pages and tables."""
    override = None
    if result.severity == "hold" and not result.passed:
        override = overrides.get((result.relation, result.check))
    return asdict(result) | {
        "overridden_by": override.decided_by if override else None,
        "overridden_until": sql_time(override.valid_until) if override else None,
        "override_reason": override.reason if override else None,
    }


def describe(result: CheckResult) -> str:
    """Return a failed check in words, with counts and no value of a row."""
    counted = "" if result.unexpected_rows is None else f", {result.unexpected_rows} of {result.rows} rows"
    return f"{result.relation}: {result.check}{counted}"


def as_table(results: Sequence[CheckResult]) -> str:
    """Return the results as one text table for the log, a line a check."""
    header = ("passed", "severity", "owner", "relation", "check", "rows", "unexpected")
    lines = [
        (
            "yes" if r.passed else "NO",
            r.severity,
            r.owner,
            r.relation,
            r.check,
            _count(r.rows),
            _count(r.unexpected_rows),
        )
        for r in results
    ]
    widths = [max(len(line[column]) for line in (header, *lines)) for column in range(len(header))]
    padded = ([cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in (header, *lines))
    return "\n".join("  ".join(line).rstrip() for line in padded)


def _count(value: int | None) -> str:
    return "-" if value is None else str(value)
