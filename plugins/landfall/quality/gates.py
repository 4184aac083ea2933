"""A gate: suites of expectations, run on the engine, that decide whether data may pass a border."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sqlglot import exp

from landfall.aws.engine_urls import athena_address, redshift_address
from landfall.errors import GateFailed
from landfall.quality.data_docs import docs_key, publish_site
from landfall.quality.suites import load_suite
from landfall.settings import Settings

if TYPE_CHECKING:
    from landfall.quality.checkpoint import CheckResult

logger = logging.getLogger(__name__)

Engine = Literal["athena", "redshift"]


@dataclass(frozen=True)
class GateResult:
    """What a gate found: `failed` names each broken expectation as `db.table: type(column), n of m rows`."""

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
    prefix = docs_key(dag_id, run_id, gate)
    loaded = {relation: load_suite(path) for relation, path in suites.items()}
    queries = {relation: audited_query(relation, where).sql(dialect=engine) for relation in suites}
    settings = Settings.from_environment()
    from landfall.quality.checkpoint import run_suites  # takes seconds to import, and only a gate needs it

    with tempfile.TemporaryDirectory(prefix="landfall-data-docs-") as folder:
        site = Path(folder)
        address = athena_address(settings) if engine == "athena" else redshift_address(settings)
        results = run_suites(address=address, queries=queries, suites=loaded, run_name=run_id, site=site)
        failed = tuple(describe(result) for result in results if not result.passed)
        summary = {
            "gate": gate,
            "engine": engine,
            "passed": not failed,
            "checks": [asdict(result) for result in results],
        }
        publish_site(bucket=settings.ops_bucket, prefix=prefix, site=site, summary=summary)
    logger.info("gate %s on %s\n%s", gate, engine, as_table(results))
    return GateResult(
        passed=not failed,
        gate=gate,
        checks=len(results),
        failed=failed,
        data_docs_url=f"s3://{settings.ops_bucket}/{prefix}/index.html",
    )


def audited_query(relation: str, where: exp.Condition | None) -> exp.Select:
    """Return the rows of `relation` ("db.table") under audit as a syntax tree."""
    database, _, table = relation.rpartition(".")
    query = exp.select("*").from_(exp.table_(table, db=database or None, quoted=True))
    return query if where is None else query.where(where)


def describe(result: CheckResult) -> str:
    """Return a failed check in words, with counts and no value of a row."""
    counted = "" if result.unexpected_rows is None else f", {result.unexpected_rows} of {result.rows} rows"
    return f"{result.relation}: {result.check}{counted}"


def as_table(results: Sequence[CheckResult]) -> str:
    """Return the results as one text table for the log, a line a check."""
    header = ("passed", "relation", "check", "rows", "unexpected")
    lines = [
        ("yes" if r.passed else "NO", r.relation, r.check, _count(r.rows), _count(r.unexpected_rows)) for r in results
    ]
    widths = [max(len(line[column]) for line in (header, *lines)) for column in range(len(header))]
    padded = ([cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in (header, *lines))
    return "\n".join("  ".join(line).rstrip() for line in padded)


def _count(value: int | None) -> str:
    return "-" if value is None else str(value)
