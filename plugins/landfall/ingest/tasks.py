"""The tasks of ingest_<stream>: the pieces of this package put together with what the environment says."""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import Any

from sqlglot import exp

from landfall.aws import glue
from landfall.aws.athena import Athena
from landfall.aws.dynamodb import ItemTable
from landfall.aws.iceberg import IcebergCatalog
from landfall.contracts import StreamContract, load_stream_contract
from landfall.errors import EngineError
from landfall.ingest.audits import OwedAudits, are_worth_a_gate
from landfall.ingest.conditions import within_days
from landfall.ingest.discover import discover
from landfall.ingest.ledger import Ledger
from landfall.ingest.limit import tell_of_limit
from landfall.ingest.load import Loader
from landfall.ingest.statements import Statements
from landfall.ingest.tables import TableShape, add_columns, create_table, quarantine_shape, raw_shape
from landfall.lineage import hooks as lineage
from landfall.settings import REPOSITORY, Settings

logger = logging.getLogger(__name__)

FOLLOWING_SECONDS = 60
"""How long a run that follows landing goes on with objects that land meanwhile: its audit waits for its end."""

RAW_SUITES = REPOSITORY / "expectations" / "raw"


def discover_objects(*, stream: str, run_id: str) -> dict[str, int]:
    """Enter the stream's landed objects into the ledger; return the counts of Discovery."""
    settings = Settings.from_environment()
    found = discover(
        ledger=_ledger(settings, stream, run_id),
        stream=stream,
        bucket=settings.landing_bucket,
        queue=settings.landed_queue(stream),
        today=datetime.now(UTC).date(),
        topic=_contract(stream).kafka_topic,
    )
    return found.as_counts()


def load_objects(
    *, stream: str, run_id: str, retry_failed: bool = False, accept_quarantine: bool = False, follows: bool = False
) -> dict[str, Any]:
    """Load what the ledger has open and return the report's values; people are told of batches above the limit.

    `follows`: the run follows landing, and soon leaves to the next what lands meanwhile.

    Raises EngineError after all else was loaded if an object could not be read; it stays failed until retry_failed.
    """
    settings = Settings.from_environment()
    contract = _contract(stream)
    statements = Statements(engine=Athena(settings=settings))
    for shape in (raw_shape(contract), quarantine_shape(contract)):
        ensure_table(shape, statements=statements, lake_bucket=settings.lake_bucket)
    loader = Loader(
        contract=contract,
        ledger=_ledger(settings, stream, run_id),
        audits=_audits(settings, stream, run_id),
        statements=statements,
        landing_bucket=settings.landing_bucket,
        lake_bucket=settings.lake_bucket,
        raw_snapshot=lambda: IcebergCatalog().read(contract.raw_table).snapshot_id,
        tell=lineage.loaded,
    )
    report = loader.run(
        retry_failed=retry_failed,
        accept_quarantine=accept_quarantine,
        most_seconds=FOLLOWING_SECONDS if follows else float("inf"),
    )
    logger.info("load of run_id=%s: %s", run_id, report.as_dict())
    if report.over_limit:
        tell_of_limit(contract, report.over_limit, run_id=run_id, topic_arn=settings.notification_topic_arn)
    if report.failed:
        raise EngineError(
            f"{stream}: {len(report.failed)} objects cannot be read, all others are loaded. "
            f"Put them right and run again with retry_failed: {', '.join(report.failed)}"
        )
    return report.as_dict()


def audit_raw(*, stream: str, dag_id: str, run_id: str, follows: bool = False) -> dict[str, Any]:
    """Hold the rows that no audit has seen yet against the stream's raw suite; return the gate's result by name.

    Raises GateFailed; the rows are then this run's to audit again when it is cleared. `follows`: the run follows
    landing, and leaves them to a later one until they have waited for a minute. Without a suite nothing is checked:
    what the contract promises of a single row was checked when the row was loaded.
    """
    from landfall.quality.gates import Gate  # Great Expectations takes seconds to import

    audits = _audits(Settings.from_environment(), stream, run_id)
    due = audits.due()
    suite = RAW_SUITES / f"{stream}.yaml"
    if not suite.exists():
        audits.settle(due)
        return {"checks": 0, "skipped": f"there is no {suite.name}"}
    if not are_worth_a_gate(due, now=time.time(), shared=follows):
        return {"checks": 0, "skipped": f"{len(due)} batches wait for a later run" if due else "nothing is new"}
    contract = _contract(stream)
    batches = exp.column("_batch_id", quoted=True).isin(*(audit.batch_id for audit in due))
    days = within_days(
        contract.time_field, first=min(audit.first_day for audit in due), last=max(audit.last_day for audit in due)
    )
    result = Gate(
        gate=f"raw_{stream}",
        engine="athena",
        suites={contract.raw_table: suite},
        run_id=run_id,
        dag_id=dag_id,
        where=exp.and_(batches, days),
    ).run()
    if result.passed:
        audits.settle(due)
    else:
        audits.keep_failed(due)
    result.raise_if_failed()
    return {"checks": result.checks, "batches": len(due), "data_docs_url": result.data_docs_url}


def ensure_table(shape: TableShape, *, statements: Statements, lake_bucket: str) -> None:
    """Create the table if it is missing, add the columns it lacks. Raises ContractError for a changed type."""
    found = glue.get_table(database=shape.database, table=shape.name)
    if found is None:
        statements.run(create_table(shape, location=f"s3://{lake_bucket}/{shape.database}/{shape.name}/"))
        return
    existing = {column["Name"]: column["Type"] for column in found["StorageDescriptor"]["Columns"]}
    widening = add_columns(shape, existing)
    if widening is not None:
        statements.run(widening)


def _contract(stream: str) -> StreamContract:
    return load_stream_contract(REPOSITORY / "contracts" / "streams" / f"{stream}.yaml")


def _ledger(settings: Settings, stream: str, run_id: str) -> Ledger:
    return Ledger(items=ItemTable(name=settings.ledger_table), stream=stream, owner=run_id, clock=time.time)


def _audits(settings: Settings, stream: str, run_id: str) -> OwedAudits:
    return OwedAudits(items=ItemTable(name=settings.ledger_table), stream=stream, owner=run_id, clock=time.time)
