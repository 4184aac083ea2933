"""The tasks of replay_quarantine and replay_source_errors: their pieces put together with the environment."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from landfall.aws.athena import Athena
from landfall.aws.dynamodb import ItemTable
from landfall.errors import RequestError
from landfall.ingest.audits import OwedAudits
from landfall.ingest.batch import MOST_OBJECTS
from landfall.ingest.ledger import Ledger
from landfall.ingest.replay import Replayer
from landfall.ingest.replay_lease import ReplayLease
from landfall.ingest.replay_request import ReplayRequest, admit, admitted, contract_of, days_asked_for
from landfall.ingest.source_errors_replay import SourceErrors
from landfall.ingest.statements import Statements
from landfall.ingest.tables import quarantine_shape, raw_shape
from landfall.ingest.tasks import ensure_table
from landfall.lineage import hooks as lineage
from landfall.settings import REPOSITORY, Settings

logger = logging.getLogger(__name__)

CONTRACTS = REPOSITORY / "contracts" / "streams"
CORRECTIONS = REPOSITORY / "contracts" / "corrections"


def admit_replay(params: Mapping[str, Any]) -> dict[str, Any]:
    """Check the form's values and pin contract and correction. Raises RequestError or ContractError."""
    return admit(params, now=datetime.now(UTC), contracts=CONTRACTS, corrections=CORRECTIONS).to_json()


def preview_replay(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the replay would do, as counts; nothing is written but columns that the tables lack."""
    settings = Settings.from_environment()
    asked = admitted(request, contracts=CONTRACTS)
    report = _replayer(asked, settings=settings, run_id="").preview().as_dict()
    logger.info("preview of a replay: %s", report)
    return report


def replay_records(request: Mapping[str, Any], *, most_records: int, run_id: str) -> dict[str, Any]:
    """Replay what was previewed and return the report's values. Raises what Replayer.run raises."""
    settings = Settings.from_environment()
    asked = admitted(request, contracts=CONTRACTS)
    lease = ReplayLease(
        items=ItemTable(name=settings.ledger_table),
        stream=asked.contract.stream,
        owner=run_id,
        correction=asked.correction.name if asked.correction else None,
        contract_version=asked.contract.version,
        fingerprint=asked.fingerprint,
        clock=time.time,
    )
    report = (
        _replayer(asked, settings=settings, run_id=run_id)
        .run(lease=lease, most_records=most_records, run_id=run_id)
        .as_dict()
    )
    logger.info("replay of run_id=%s: %s", run_id, report)
    return report


def show_source_errors(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return what Firehose's error prefix holds. Raises RequestError."""
    report = _source_errors(params, run_id="").show().as_dict()
    logger.info("source errors: %s", report)
    return report


def replay_source_errors(params: Mapping[str, Any], *, run_id: str) -> dict[str, Any]:
    """Put the records asked for into landing and return the report's values. Raises RequestError."""
    codes = tuple(str(code) for code in params.get("codes") or ())
    report = _source_errors(params, run_id=run_id).replay(codes).as_dict()
    logger.info("replay of source errors by run_id=%s: %s", run_id, report)
    return report


def _source_errors(params: Mapping[str, Any], *, run_id: str) -> SourceErrors:
    settings = Settings.from_environment()
    stream = contract_of(params.get("stream"), CONTRACTS).stream
    first, last = days_asked_for(params)
    ledger = Ledger(items=ItemTable(name=settings.ledger_table), stream=stream, owner=run_id, clock=time.time)
    return SourceErrors(ledger=ledger, stream=stream, bucket=settings.landing_bucket, first=first, last=last)


def _replayer(asked: ReplayRequest, *, settings: Settings, run_id: str) -> Replayer:
    contract = asked.contract
    statements = Statements(engine=Athena(settings=settings))
    for shape in (raw_shape(contract), quarantine_shape(contract)):
        ensure_table(shape, statements=statements, lake_bucket=settings.lake_bucket)
    return Replayer(
        contract=contract,
        selection=asked.selection(excluded=_unfinished_objects(contract.stream, settings=settings)),
        correction=asked.correction,
        statements=statements,
        audits=OwedAudits(
            items=ItemTable(name=settings.ledger_table), stream=contract.stream, owner=run_id, clock=time.time
        ),
        lake_bucket=settings.lake_bucket,
        tell=lineage.replayed,
    )


def _unfinished_objects(stream: str, *, settings: Settings) -> tuple[str, ...]:
    """Return the objects that a load is at, or died at: it will judge their records itself.

    Raises RequestError if they are more than a statement can name.
    """
    ledger = Ledger(items=ItemTable(name=settings.ledger_table), stream=stream, owner="", clock=time.time)
    keys = sorted(ledger.unfinished_keys())
    if len(keys) > MOST_OBJECTS:
        raise RequestError(f"{stream}: {len(keys)} objects are being loaded: replay when the load has ended")
    return tuple(f"s3://{settings.landing_bucket}/{key}" for key in keys)
