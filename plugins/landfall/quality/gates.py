"""A gate: suites of expectations, run on the engine, that decide whether data may pass a border."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sqlglot import exp

from landfall.aws.engine_urls import EngineAddress, athena_address, redshift_address
from landfall.quality.audited_days import MARKER, with_marker_replaced
from landfall.quality.data_docs import docs_key, publish_site
from landfall.quality.kinds import BATCH, KINDS, Place, Surroundings, broken_rows, row_count_between
from landfall.quality.overrides import overrides_of
from landfall.quality.place import expression
from landfall.quality.results import GateRun, earlier_day, record_results
from landfall.quality.suites import Check, Suite, load_suite
from landfall.quality.verdict import GateResult, as_table, judge
from landfall.settings import Settings

if TYPE_CHECKING:
    from landfall.quality.validation import PreparedSuites

__all__ = ["Engine", "Gate", "GateResult", "audited_query", "prepared"]

logger = logging.getLogger(__name__)

Engine = Literal["athena", "redshift", "duckdb"]

_ADDRESSES: Mapping[Engine, Callable[[Settings], EngineAddress]] = {
    "athena": athena_address,
    "redshift": redshift_address,
}

_ROW_COUNT = "expect_table_row_count_to_be_between"
_BATCH_NAME = "rows_under_audit"
"""Stands for {batch} while a query is a syntax tree."""


class Gate:
    """A gate that is ready to be run, once: what it asks is known, and its engine has answered."""

    def __init__(
        self,
        *,
        gate: str,
        engine: Engine,
        suites: Mapping[str, Path],
        run_id: str,
        dag_id: str,
        where: exp.Condition | None = None,
        around: Surroundings | None = None,
        columns: Collection[str] | None = None,
        address: EngineAddress | None = None,
    ) -> None:
        """Prepare each suite file of `suites` for its relation ("db.table").

        `where` restricts every relation to the rows under audit; `around` is what is published already; with `columns`
        the relations have only these, and checks of other columns have no subject. `address` is that of a DuckDB
        database; the other engines' are known.
        """
        self._run = GateRun(gate=gate, engine=engine, dag_id=dag_id, run_id=run_id)
        self._where = where
        self._settings = Settings.from_environment()
        self._day = earlier_day(self._run, bucket=self._settings.ops_bucket)
        self._site = tempfile.TemporaryDirectory(prefix="landfall-data-docs-")
        self._suites = prepared(
            engine=engine,
            suites=suites,
            where=where,
            around=around,
            columns=columns,
            address=address or _ADDRESSES[engine](self._settings),
            site=Path(self._site.name),
        )

    def columns_asked(self, relation: str) -> frozenset[str] | None:
        """Return the columns of `relation` that the gate asks about; None for all of them, as far as is known."""
        asked = self._suites.columns_asked(relation)
        if asked is None or self._where is None:
            return asked
        return asked | {column.name for column in self._where.find_all(exp.Column)}

    def run(self, afterwards: ExitStack | None = None) -> GateResult:
        """Run the suites, write down the results and their Data Docs, and return the verdict.

        The Data Docs are written when `afterwards` is closed, or at once. Raises EngineError when the engine itself
        fails; a failing expectation is no error: it is in the result.
        """
        run, bucket = self._run, self._settings.ops_bucket
        prefix = docs_key(run.dag_id, run.run_id, run.gate)
        with ExitStack() as at_once:
            last = afterwards or at_once
            site = Path(last.enter_context(self._site))
            results = self._suites.run(run.run_id)
            self._suites.close()
            last.callback(publish_site, bucket=bucket, prefix=prefix, site=site)
            last.callback(self._suites.write_site)  # what is called back last comes first
        now = datetime.now(UTC)
        is_broken = any(not result.passed for result in results)
        overrides = overrides_of(run.gate, bucket=bucket, at=now) if is_broken else {}
        record_results(run, results, overrides, checked_at=now, day=self._day, bucket=bucket)
        verdict = judge(results, overrides, gate=run.gate, data_docs_url=f"s3://{bucket}/{prefix}/index.html")
        logger.info("gate %s on %s\n%s", run.gate, run.engine, as_table(results))
        for words in (*verdict.warned, *verdict.overridden):
            logger.warning("gate %s lets pass %s", run.gate, words)
        return verdict


def prepared(
    *,
    engine: Engine,
    suites: Mapping[str, Path],
    address: EngineAddress,
    site: Path,
    where: exp.Condition | None = None,
    around: Surroundings | None = None,
    columns: Collection[str] | None = None,
) -> PreparedSuites:
    """Return the suites of a gate, whose parameters these are, ready to be run; `site` is for their Data Docs."""
    from landfall.quality.validation import PreparedSuites  # takes seconds to import, and only a gate needs it

    around = around or Surroundings(at=datetime.now(UTC))
    places = {relation: Place(relation=relation, around=around) for relation in suites}
    loaded = {
        relation: with_queries(load_suite(path).on(columns), places[relation], dialect=engine)
        for relation, path in suites.items()
    }
    queries = {
        relation: audited_query(
            relation, exp.and_(where, place.audited()) if where or place.days is not None else None
        ).sql(dialect=engine)
        for relation, place in places.items()
    }
    return PreparedSuites(address=address, queries=queries, suites=loaded, site=site)


def audited_query(relation: str, where: exp.Condition | None) -> exp.Select:
    """Return the rows of `relation` ("db.table") under audit as a syntax tree."""
    database, _, table = relation.rpartition(".")
    query = exp.select("*").from_(exp.table_(table, db=database or None, quoted=True))
    return query if where is None else query.where(where)


def with_queries(suite: Suite, place: Place, *, dialect: str) -> Suite:
    """Return `suite` with the query of each check that is of a kind of Landfall's own, or asks for the days."""
    return replace(
        suite, checks=tuple(replace(check, query=_query(check, place, dialect=dialect)) for check in suite.checks)
    )


def _query(check: Check, place: Place, *, dialect: str) -> str | None:
    """Return the query that a check is run as; None for one that Great Expectations makes its own for."""
    if check.type in KINDS:
        return broken_rows(check.type, check.kwargs, place).sql(dialect=dialect)
    if check.type == _ROW_COUNT and place.days is not None:
        return row_count_between(place, **check.kwargs).sql(dialect=dialect)
    text = str(check.kwargs.get("unexpected_rows_query", ""))
    if MARKER not in text:
        return None
    query = expression(text.replace(str(BATCH.name), _BATCH_NAME))
    return with_marker_replaced(query, place.days).sql(dialect=dialect).replace(_BATCH_NAME, str(BATCH.name))
