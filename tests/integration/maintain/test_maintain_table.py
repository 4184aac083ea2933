"""Maintenance makes few files of many and forgets old snapshots; no row, no load and no published version notices."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

import pytest
from landfall.aws.athena import Athena
from landfall.aws.iceberg import IcebergCatalog
from landfall.ingest.statements import Engine
from landfall.ingest.tables import raw_shape
from landfall.maintain import expiry, tasks
from landfall.maintain.lake_tables import read_metadata
from landfall.maintain.policy import Policy
from landfall.maintain.table import TableMaintenance, TableReport
from landfall.maintain.upkeep_statements import Upkeep
from sqlglot import exp

from tests.integration.ingest.probe import DyingEngine, Killed, Probe, line, order

EAGER = Policy(small_files=5, delete_files=1, keep_seconds=0, keep_snapshots=1, scratch_seconds=0)
COLUMNS = ("order_id", "status", "_source_object", "_line_number", "_batch_id", "_content_hash")


def maintain(
    probe: Probe,
    *,
    policy: Policy = EAGER,
    dry_run: bool = False,
    engine: Engine | None = None,
    busy: Callable[[], str | None] = lambda: None,
) -> TableReport:
    upkeep = Upkeep(engine=engine or Athena(settings=probe.settings), busy=busy)
    # A second from now, for snapshots expire only when they are older than an age of whole seconds.
    clock = lambda: time.time() + 1  # noqa: E731
    return TableMaintenance(table=probe.contract.raw_table, policy=policy, upkeep=upkeep, clock=clock).run(
        dry_run=dry_run
    )


def load(probe: Probe, number: int, **changes: str) -> None:
    probe.land(f"o{number}", line(order(number, **changes)))
    assert probe.load(f"run-{number}").loaded == 1


def load_small_files(probe: Probe, count: int = 6) -> None:
    """Load an object, and add rows like its as loads would, each by a commit of its own."""
    load(probe, 0)
    add_small_files(probe, count - 1, first=1)


def add_small_files(probe: Probe, count: int, *, first: int) -> None:
    table = exp.table_(probe.stream, db="raw", quoted=True)
    columns = [exp.column(name, quoted=True) for name in raw_shape(probe.contract).columns]
    for number in range(first, first + count):
        order_id = f"ord_{number:012x}"
        values = [exp.Literal.string(order_id) if found.name == "order_id" else found.copy() for found in columns]
        query = exp.select(*values).from_(table).where(exp.column("order_id").eq("ord_000000000000"))
        Athena(settings=probe.settings).run(exp.insert(query, table, columns=[found.this for found in columns]))


@contextmanager
def published(probe: Probe) -> Iterator[str]:
    """Publish the raw table as it stands, as a transform would its marts, and drop the version at the end."""
    catalog = IcebergCatalog()
    version = f"published.{probe.stream}__v{uuid.uuid4().hex[:6]}"
    state = catalog.read(probe.contract.raw_table)
    catalog.register(version, like=probe.contract.raw_table, metadata_location=state.metadata_location)
    try:
        yield version
    finally:
        catalog.drop(version)


def content(probe: Probe) -> list[tuple[str | None, ...]]:
    return sorted(probe.raw(*COLUMNS), key=str)


def rows_of(probe: Probe, table: str) -> list[tuple[str | None, ...]]:
    return sorted(
        Athena(settings=probe.settings).run(f"SELECT order_id, status FROM {table}", fetch=True).rows, key=str
    )


def test_many_small_files_become_one_and_no_row_changes(probe: Probe) -> None:
    load_small_files(probe)
    rows = content(probe)
    time.sleep(1.1)
    report = maintain(probe)
    assert report.after is not None
    assert (report.before.data_files, report.after.data_files) == (6, 1)
    assert report.after.snapshots == 1
    assert report.after.stored_objects < report.before.stored_objects
    assert report.expired_snapshots == 6
    assert report.cost_usd > 0
    assert content(probe) == rows


def test_only_the_partitions_that_need_it_are_rewritten(probe: Probe) -> None:
    load_small_files(probe)
    load(probe, 99, occurred_at="2026-11-18T00:00:01Z")
    paths = set(probe.raw_values("if(order_id = 'ord_000000000063', \"$path\")"))
    assert len(paths) == 2  # NULL for all others
    assert maintain(probe).compacted_partitions == 1
    assert set(probe.raw_values("if(order_id = 'ord_000000000063', \"$path\")")) == paths


def test_a_table_that_needs_nothing_is_left_alone_and_costs_nothing(probe: Probe) -> None:
    load(probe, 0)
    before = read_metadata(probe.contract.raw_table)
    report = maintain(probe, policy=Policy())
    assert read_metadata(probe.contract.raw_table) == before
    assert (report.rounds, report.scanned_bytes, report.cost_usd) == (0, 0, 0)


def test_a_dry_run_says_what_would_be_done_and_does_nothing(probe: Probe) -> None:
    load_small_files(probe)
    before = read_metadata(probe.contract.raw_table)
    report = maintain(probe, dry_run=True)
    assert (report.compacted_partitions, report.expired_snapshots, report.after) == (1, 5, None)
    assert read_metadata(probe.contract.raw_table) == before


def test_a_published_version_stays_readable_after_expiry(probe: Probe) -> None:
    load_small_files(probe)
    with published(probe) as version:
        rows = rows_of(probe, version)
        add_small_files(probe, 6, first=6)
        time.sleep(1.1)
        report = maintain(probe)
        assert report.pinned_by == [version]
        assert report.after is not None
        assert report.after.data_files == 1
        assert rows_of(probe, version) == rows
        assert len(rows) == 6


def test_expiry_that_knew_nothing_of_versions_would_break_them(probe: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shows that the test above can fail."""
    load_small_files(probe)
    with published(probe) as version:
        add_small_files(probe, 6, first=6)
        time.sleep(1.1)
        monkeypatch.setattr("landfall.maintain.table.pins_of", lambda metadata: ())
        maintain(probe)
        with pytest.raises(Exception, match=r"(?i)not exist|no such|not found|404|cannot"):
            rows_of(probe, version)


def test_a_stream_that_is_being_loaded_is_left_to_its_load(probe: Probe) -> None:
    load_small_files(probe)
    probe.land("open", line(order(50)))
    probe.discover()
    ledger = probe.ledger("a load")
    claims = ledger.claim(ledger.claimable())
    before = read_metadata(probe.contract.raw_table)
    busy = lambda: tasks._writer_of(  # noqa: E731
        probe.contract.raw_table, settings=probe.settings, models_are_built=lambda: False
    )
    report = maintain(probe, busy=busy)
    assert report.yielded_to == f"1 objects of {probe.stream} are being loaded"
    assert read_metadata(probe.contract.raw_table) == before
    ledger.give_back(claims)
    assert maintain(probe, busy=busy).yielded_to is None


def test_loads_and_maintenance_at_once_fail_neither(probe: Probe) -> None:
    load_small_files(probe)
    loads = 6

    def keep_maintaining() -> list[TableReport]:
        return [maintain(probe, policy=replace(EAGER, small_files=2)) for _ in range(12)]

    with ThreadPoolExecutor(2) as pool:
        maintained = pool.submit(keep_maintaining)
        loaded = pool.submit(lambda: [load(probe, 6 + number) for number in range(loads)])
        loaded.result()
        assert any(report.compacted_partitions for report in maintained.result())
    rows = probe.raw("order_id")
    assert len(rows) == len(set(rows)) == 6 + loads


@pytest.mark.parametrize("at", [2, 4], ids=["after optimize", "after vacuum"])
def test_maintenance_that_is_killed_is_made_good_by_the_next(probe: Probe, at: int) -> None:
    load_small_files(probe, 5)
    rows = content(probe)
    time.sleep(1.1)
    with pytest.raises(Killed):
        maintain(probe, engine=DyingEngine(probe.settings, at=at, before=False))
    assert content(probe) == rows
    time.sleep(1.1)
    maintain(probe)
    assert read_metadata(probe.contract.raw_table).data_files == 1
    assert content(probe) == rows


def test_the_retention_covers_the_oldest_version_whatever_the_policy_says(probe: Probe) -> None:
    load_small_files(probe, 2)
    metadata = read_metadata(probe.contract.raw_table)
    oldest = metadata.snapshots[0]
    pin = expiry.Pin(table="published.x__v1", metadata_location=metadata.log[0], snapshot=oldest)
    in_a_year = time.time() + 365 * 86_400
    kept = expiry.retention_for(metadata, [pin], now=in_a_year, policy=EAGER)
    assert in_a_year - kept.max_age_seconds < oldest.committed_ms / 1000
