"""What dead loads left is removed after a day, unless an open claim still names it."""

from __future__ import annotations

import time
import uuid

from landfall.aws.athena import Athena
from landfall.aws.dynamodb import ItemTable
from landfall.ingest.ledger import LEASE_SECONDS
from landfall.maintain.leftovers import LeftoverReport, Leftovers
from landfall.maintain.policy import DAY_SECONDS, Policy

from tests.integration.ingest.probe import Probe, line, order


def leave_scratch_table(probe: Probe, batch_id: str) -> str:
    """Make the scratch table of a load that was taken over while its CREATE was in flight."""
    name = f"{probe.stream}_{batch_id}"
    location = f"s3://{probe.settings.lake_bucket}/scratch/{name}/"
    Athena(settings=probe.settings).run(
        f"CREATE TABLE scratch.{name} WITH (table_type = 'ICEBERG', is_external = false, location = '{location}') "
        "AS SELECT 1 AS one"
    )
    return name


def remove(probe: Probe, *, later: float, dry_run: bool = False) -> LeftoverReport:
    return Leftovers(
        items=ItemTable(name=probe.settings.ledger_table),
        lake_bucket=probe.settings.lake_bucket,
        policy=Policy(),
        clock=lambda: time.time() + later,
    ).run(dry_run=dry_run)


def test_a_scratch_table_of_nobody_goes_after_a_day_with_its_files(probe: Probe) -> None:
    name = leave_scratch_table(probe, uuid.uuid4().hex)
    assert f"scratch.{name}" not in remove(probe, later=DAY_SECONDS - 600).tables
    assert f"scratch.{name}" in remove(probe, later=DAY_SECONDS + 600, dry_run=True).tables
    assert len(probe.scratch_left()) > 1
    report = remove(probe, later=DAY_SECONDS + 600)
    assert f"scratch.{name}" in report.tables
    assert report.bytes > 0
    assert probe.scratch_left() == []


def test_files_that_a_failed_statement_left_go_too(probe: Probe) -> None:
    from landfall.aws import s3

    folder = f"scratch/{probe.stream}_{uuid.uuid4().hex}/"
    s3.write_object(bucket=probe.settings.lake_bucket, key=f"{folder}data/half.parquet", body=b"half")
    assert folder not in remove(probe, later=DAY_SECONDS - 600).folders
    assert folder in remove(probe, later=DAY_SECONDS + 600).folders
    assert probe.scratch_left() == []


def test_a_scratch_table_that_an_open_claim_names_stays(probe: Probe) -> None:
    batch_id = uuid.uuid4().hex
    probe.land("open", line(order(1)))
    probe.discover()
    ledger = probe.ledger("a load", clock=lambda: time.time() + 2 * DAY_SECONDS)
    claims = ledger.claim(ledger.claimable())
    ledger.name_batch(claims, batch_id=batch_id)
    name = leave_scratch_table(probe, batch_id)
    assert f"scratch.{name}" not in remove(probe, later=2 * DAY_SECONDS).tables
    assert ledger.leased() == 1
    heir = probe.loader("heir", clock=lambda: time.time() + 2 * DAY_SECONDS + LEASE_SECONDS + 1)
    assert heir.run().loaded == 1
    assert probe.scratch_left() == []
