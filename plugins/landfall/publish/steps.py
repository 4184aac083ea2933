"""The steps of a transform run, as its DAG calls them: begin, audit, publish, and record a failure.

Every step takes and returns plain values, since they travel between tasks as XComs.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

from landfall.aws.publications import PublicationTable
from landfall.contracts.streams import load_stream_contracts
from landfall.errors import PublicationError
from landfall.lineage import hooks as lineage
from landfall.publish import rollback
from landfall.publish.audit_scope import days_to_test, note_audited, scope
from landfall.publish.backfilled import must_follow
from landfall.publish.groups import DAY_COLUMNS, LAKE, WAREHOUSE, datasets, suites
from landfall.publish.last_gate import LastGate
from landfall.publish.publication import Attempt, Candidate, PublicationStore
from landfall.publish.record import versioned_table
from landfall.publish.warehouse import WarehouseStore, warehouse_rows
from landfall.quality.gates import Engine, Gate
from landfall.quality.kinds import Surroundings
from landfall.quality.overrides import let_through
from landfall.settings import REPOSITORY, Settings

logger = logging.getLogger(__name__)

_ENGINES: Mapping[str, Engine] = {LAKE: "athena", WAREHOUSE: "redshift"}


def expect(causes: Sequence[str]) -> None:
    """Note that publications of both groups are asked for by `causes`, so that none of an earlier run is mistaken."""
    store = PublicationStore(Settings.from_environment())
    for group in (LAKE, WAREHOUSE):
        _record(store, causes, Attempt(group=group, cause="", state="running", detail="not begun"))


def begin(group: str, *, causes: Sequence[str], run_id: str) -> int:
    """Record that the attempt runs and return the current version of the lake (0: none), to which a run is pinned.

    What publishers that died have left is repaired here, of the lake and of the group. Raises PublicationError for the
    warehouse while there is no published lake to build it from.
    """
    store = PublicationStore(Settings.from_environment())
    _record(store, causes, Attempt(group=group, cause="", state="running", run_id=run_id))
    lake = store.recover(LAKE)
    if group == WAREHOUSE:
        if lake is None:
            raise PublicationError(
                "the warehouse is built from the published lake, and there is none: run transform_lake"
            )
        _warehouse().recover(group)
    return lake.version if lake else 0


def tested_days(group: str) -> str:
    """Return the days whose rows dbt tests in this run, as its variable LANDFALL_TESTED_DAYS; empty for all."""
    settings = Settings.from_environment()
    days = days_to_test(settings, PublicationStore(settings), group, at=datetime.now(UTC))
    return "" if days is None else ",".join(f"{first}/{after}" for first, after in days.everywhere)


def must_build_anew(lake_version: int) -> bool:
    """Tell whether the warehouse's models must forget their rows.

    Some may be of a lake version that was withdrawn, or of days that a backfill has built anew since.
    """
    settings = Settings.from_environment()
    return rollback.must_build_anew(PublicationStore(settings), lake_version=lake_version) or must_follow(
        PublicationTable(name=settings.publication_table), lake_version=lake_version
    )


def audit(group: str, *, run_id: str, dag_id: str, lake_version: int | None = None) -> dict[str, Any]:
    """Run the gate of `group` on its candidate and return the candidate and the gate's result.

    `lake_version` is the version that the warehouse was built from, None for the lake itself.

    Raises GateFailed when an expectation that stops fails, PublicationError when the tables changed under the audit.
    Checks that only hold are in `held`: a human must let them pass before `publish` takes the candidate.
    """
    settings = Settings.from_environment()
    store = PublicationStore(settings)
    candidate = _frozen(group, lake_version)
    around = surroundings(store, group, lake_version=lake_version)
    days = scope(settings, store, candidate, at=around.at, rows=warehouse_rows(settings, WAREHOUSE))
    logger.info("group %s is audited on %s", group, "all days" if days is None else days)
    result = Gate(
        gate=candidate_gate(group),
        engine=_ENGINES[group],
        suites=suites(group),
        run_id=run_id,
        dag_id=dag_id,
        around=replace(around, days=days, day_columns=DAY_COLUMNS),
    ).run()
    store.record_gate(LastGate.of(result, group=group, run_id=run_id, at=datetime.now(UTC)))
    result.raise_if_stopped()
    if _frozen(group, lake_version) != candidate:
        raise PublicationError(f"tables of group {group!r} changed during their audit: run the DAG again, alone")
    return {
        "candidate": candidate.to_json(),
        "gate": result.in_words(),
        "held": [asdict(check) for check in result.held],
        "data_docs_url": result.data_docs_url,
        "whole_at": around.at.isoformat() if days is None else "",
    }


def surroundings(store: PublicationStore, group: str, *, lake_version: int | None) -> Surroundings:
    """Return what a candidate of `group` is compared with: its published tables, or those of the lake version."""
    now = datetime.now(UTC)
    if group == WAREHOUSE:
        lake = store.version(LAKE, lake_version or 0)
        return Surroundings(at=now, lake={name: versioned_table(name, lake.version) for name in lake.datasets})
    current = store.current(group)
    if current is None:
        return Surroundings(at=now)
    # By the candidate's names: the record knows a published table only by the name it has in its version.
    tables = {
        table: current.datasets[name].table for name, table in datasets(group).items() if name in current.datasets
    }
    return Surroundings(at=now, published=tables)


def candidate_gate(group: str) -> str:
    """Name of the gate that a candidate of `group` must pass."""
    return f"{group}_candidate"


def publish(audited: Mapping[str, Any], *, causes: Sequence[str], run_id: str) -> dict[str, Any]:
    """Publish what `audit` returned and record the success; returns group, version and causes for the asset event.

    Raises GateFailed if a check holds the candidate and no human lets it pass at this time.
    """
    settings = Settings.from_environment()
    gate = let_through(
        audited["gate"],
        audited["held"],
        gate=candidate_gate(audited["candidate"]["group"]),
        bucket=settings.ops_bucket,
        at=datetime.now(UTC),
    )
    candidate = Candidate.from_json(audited["candidate"])
    store = _warehouse() if candidate.group == WAREHOUSE else PublicationStore(settings)
    contracts = load_stream_contracts(REPOSITORY / "contracts" / "streams")
    publication = store.publish(
        candidate,
        gate=gate,
        contract_versions={contract.stream: contract.version for contract in contracts},
        cause_run_id=run_id,
    )
    group, version = publication.group, publication.version
    if audited["whole_at"]:
        note_audited(settings, group, at=audited["whole_at"])
    _record(store, causes, Attempt(group=group, cause="", state="published", version=version, run_id=run_id))
    logger.info("group %s is at version %d (%s)", group, version, publication.gate)
    if publication.cause_run_id == run_id:
        lineage.published(publication)
    return {"group": group, "version": version, "causes": list(causes)}


def record_failure(group: str, *, causes: Sequence[str], run_id: str, failed_tasks: Sequence[str]) -> str:
    """Record that the attempt failed, so that whoever waits for it stops at once; return in which tasks, in words."""
    detail = f"run {run_id} failed in {', '.join(failed_tasks) or 'an unknown task'}"
    store = PublicationStore(Settings.from_environment())
    _record(store, causes, Attempt(group=group, cause="", state="failed", detail=detail, run_id=run_id))
    return detail


def record_held(group: str, *, causes: Sequence[str], run_id: str, detail: str) -> None:
    """Record that a human is asked whether the candidate may pass: `detail` says what holds it and where to answer."""
    store = PublicationStore(Settings.from_environment())
    _record(store, causes, Attempt(group=group, cause="", state="held", detail=detail, run_id=run_id))


def record_approved(group: str, *, causes: Sequence[str], run_id: str) -> None:
    """Record that a human let the candidate pass, so that the attempt goes on."""
    store = PublicationStore(Settings.from_environment())
    _record(store, causes, Attempt(group=group, cause="", state="running", run_id=run_id))


def attempt(group: str, *, cause: str) -> Attempt | None:
    """Return how far the publication of `group` that `cause` asked for has come, None if nobody knows of it."""
    return PublicationStore(Settings.from_environment()).attempt(group, cause)


def _frozen(group: str, lake_version: int | None) -> Candidate:
    if group == WAREHOUSE:
        return _warehouse().freeze_built(group, datasets(group), built_from=lake_version or 0)
    return PublicationStore(Settings.from_environment()).freeze(group, datasets(group))


def _warehouse() -> WarehouseStore:
    return WarehouseStore(Settings.from_environment(), WAREHOUSE)


def _record(store: PublicationStore, causes: Sequence[str], attempt: Attempt) -> None:
    for cause in causes:
        store.record_attempt(replace(attempt, cause=cause))
