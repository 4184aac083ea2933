"""Run suites with Great Expectations on a SQL engine. Import it inside tasks only: it costs seconds."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read while great_expectations is imported

import great_expectations as gx
import sqlalchemy as sa
from great_expectations.core.batch_definition import BatchDefinition
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    ValidationResultIdentifier,
)
from great_expectations.datasource.fluent import SQLDatasource
from great_expectations.expectations.core import UnexpectedRowsExpectation
from great_expectations.validator.v1_validator import Validator

from landfall.aws.engine_urls import EngineAddress
from landfall.errors import EngineError
from landfall.quality.suites import Check, Suite
from landfall.quality.verdict import CheckResult

logger = logging.getLogger(__name__)

# A verdict needs half the statements of a summary, and most suites pass: only one that fails is asked for counts.
_VERDICT: dict[str, Any] = {"result_format": "BOOLEAN_ONLY"}
# Counts, never values: no row of a customer may reach a result, a page or a log.
_COUNTS: dict[str, Any] = {"result_format": "SUMMARY", "partial_unexpected_count": 0}


class BrokenRowsExpectation(UnexpectedRowsExpectation):  # type: ignore[misc]  # it is untyped to mypy here
    """A query that gives the rows which break a rule. The engine counts them, and gives none away.

    Great Expectations' own asks for the rows too, in a second statement that costs as much, and shows them to nobody
    unless the whole result is wanted.
    """

    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.row_count",)

    def _validate(self, metrics: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        return super()._validate({**metrics, "unexpected_rows_query.table": None}, *args, **kwargs)


class PreparedSuites:
    """Suites that only have to be run, each on its relation's query, by SQL on one engine.

    Half of what a small gate takes goes into what is made here, before any row is there to be asked for. Results are
    stored when the site is written: a ValidationDefinition would write and read itself, its suite and the result with
    each run, a sixth of the time.
    """

    def __init__(
        self, *, address: EngineAddress, queries: Mapping[str, str], suites: Mapping[str, Suite], site: Path
    ) -> None:
        """Prepare `suites` and `queries`, both by relation ("db.table"), for the engine at `address`.

        `site` is the folder of the static Data Docs. Raises Great Expectations' error if the engine does not answer.
        """
        self._suites = {relation: suites[relation] for relation in queries}
        self._context = gx.get_context(mode="ephemeral", project_config=_project(site))
        source = SQLDatasource(
            name="engine",
            connection_string=address.url,
            create_temp_table=False,
            kwargs={"connect_args": dict(address.connect_args)},
        )
        self._engine = source.get_execution_engine().engine
        _read_columns_cheaply(self._engine, frozenset(queries.values()))
        rows = {
            relation: source.add_query_asset(relation, query=query).add_batch_definition_whole_table("rows")
            for relation, query in queries.items()
        }
        # Whole: the context writes down all that it has as YAML at each change of what it knows.
        self._context.data_sources.add_sql(source)
        self._prepared = {
            relation: _Prepared(
                found, self._context.suites.add(_suite(f"{suites[relation].name} on {relation}", suites[relation]))
            )
            for relation, found in rows.items()
        }
        self._found: dict[str, Any] = {}

    def columns_asked(self, relation: str) -> frozenset[str] | None:
        """Return the columns of `relation` that its checks ask about; None if one of them does not name them."""
        return self._suites[relation].columns

    def run(self, run_name: str) -> tuple[CheckResult, ...]:
        """Run every suite and return what each check found, in the suites' order.

        Raises EngineError when a statement fails: then nothing is known of the data.
        """
        run_id = RunIdentifier(run_name=run_name)
        self._found = {relation: prepared.run(run_id) for relation, prepared in self._prepared.items()}
        return tuple(
            _result(relation, check, result)
            for relation, suite in self._suites.items()
            for check, result in _in_order(suite, self._found[relation].results)
        )

    def write_site(self) -> None:
        """Write the static Data Docs of what was run."""
        for found in self._found.values():
            suite = ExpectationSuiteIdentifier(name=found.suite_name)
            place = ValidationResultIdentifier(suite, run_id=found.meta["run_id"], batch_identifier=found.batch_id)
            self._context.validation_results_store.store_validation_results(found, place, suite)
        self._context.build_data_docs()

    def close(self) -> None:
        """Give the engine's connections back."""
        self._engine.dispose()


class _Prepared:
    """One suite and the rows that it is for."""

    def __init__(self, rows: BatchDefinition, suite: gx.ExpectationSuite) -> None:
        self._rows, self._suite = rows, suite
        self._verdict = self._validator(_VERDICT)
        _ = self._verdict.active_batch_id  # makes the batch, for which nothing is asked of the engine

    def run(self, run_id: RunIdentifier) -> Any:
        """Return Great Expectations' result: the verdict alone, and counts if that is bad."""
        found = self._verdict.validate_expectation_suite(self._suite)
        if not found.success:
            found = self._validator(_COUNTS).validate_expectation_suite(self._suite)
        found.meta |= {"run_id": run_id, "validation_time": run_id.run_time}
        return found

    def _validator(self, result_format: Mapping[str, Any]) -> Validator:
        return Validator(batch_definition=self._rows, batch_parameters=None, result_format=dict(result_format))


def _project(site: Path) -> DataContextConfig:
    """Return the configuration of a context that lives in memory and writes one static site."""
    return DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
        data_docs_sites={
            "site": {
                "class_name": "SiteBuilder",
                "show_how_to_buttons": False,
                "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(site)},
                "site_index_builder": {"class_name": "DefaultSiteIndexBuilder", "view": _view("IndexPageView")},
                "site_section_builders": {
                    "expectations": {"view": _view("PageView")},
                    "validations": {"view": _view("PageView")},
                    "profiling": "None",
                },
            }
        },
    )


def _view(name: str) -> dict[str, str]:
    return {"module_name": "landfall.quality.site_views", "class_name": name}


def _read_columns_cheaply(engine: sa.Engine, queries: frozenset[str]) -> None:
    """Make Great Expectations learn a query's columns without running all of it.

    For the columns of a query asset it executes the bare query (get_sqlalchemy_column_metadata), which on Athena
    would write the whole table as a result.
    """

    @sa.event.listens_for(engine, "before_cursor_execute", retval=True)
    def limit_bare_query(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
    ) -> tuple[str, Any]:
        return (f"{statement} LIMIT 0" if statement in queries else statement), parameters


def _suite(name: str, suite: Suite) -> gx.ExpectationSuite:
    """Return `suite` as Great Expectations' own object; each expectation carries its check's number."""
    return gx.ExpectationSuite(
        name=name,
        expectations=[
            {**_expectation(check), "meta": {"number": number, "why": check.why}}
            for number, check in enumerate(suite.checks)
        ],
    )


def _expectation(check: Check) -> dict[str, Any]:
    """Return type and arguments as Great Expectations knows them; a kind of Landfall's own is a query to it."""
    if check.query is None:
        return {"type": check.type, "kwargs": dict(check.kwargs)}
    query = {"description": check.name, "unexpected_rows_query": check.query}
    return {"type": "broken_rows_expectation", "kwargs": query}


def _in_order(suite: Suite, results: list[Any]) -> Iterator[tuple[Check, Any]]:
    """Yield each result with the check that it is of, in the suite's order."""
    numbered = {result.expectation_config.meta["number"]: result for result in results}
    return ((check, numbered[number]) for number, check in enumerate(suite.checks))


def _result(relation: str, check: Check, result: Any) -> CheckResult:
    """Return one expectation's result as counts; raise EngineError if the engine could not answer."""
    problem = _exception_message(result.exception_info)
    if problem:
        raise EngineError(f"{relation}: {check.name} could not be evaluated: {problem}")
    counts = result.result
    return CheckResult(
        relation=relation,
        check=check.name,
        passed=bool(result.success),
        rows=counts.get("element_count"),
        unexpected_rows=counts.get("unexpected_count"),
        why=check.why,
        severity=check.severity,
        owner=check.owner,
        observed=_observed(counts),
        threshold=check.threshold,
    )


def _observed(counts: Mapping[str, Any]) -> str | None:
    """Return what was measured: a number, or the share of unexpected rows; None if the verdict alone was asked for."""
    value = counts.get("observed_value")
    if isinstance(value, int | float):
        return str(value)
    share = counts.get("unexpected_percent")
    return None if share is None else f"{share:.4g} % unexpected"


def _exception_message(info: Mapping[str, Any]) -> str | None:
    """Return the engine's message from GX's exception info: one record, or one a metric."""
    records = [info] if "raised_exception" in info else list(info.values())
    messages = [str(record.get("exception_message")) for record in records if record.get("raised_exception")]
    return "; ".join(dict.fromkeys(messages)) or None
