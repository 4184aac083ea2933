"""The publication record and its tables on the services themselves: races, deaths and readers."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from landfall.aws.clients import client
from landfall.aws.iceberg import IcebergCatalog
from landfall.errors import PublicationError
from landfall.publish.publication import Publication, PublicationStore
from landfall.publish.rollback import release, roll_back
from landfall.settings import Settings

pytestmark = pytest.mark.usefixtures("local_cloud")


class Killed(BaseException):
    """Stands for a process that ends between two steps."""


class Marts:
    """Two Iceberg tables of this test alone, which can be moved to a next snapshot."""

    def __init__(self, settings: Settings) -> None:
        self.bucket = settings.lake_bucket
        self.group = f"test_{uuid.uuid4().hex[:8]}"
        self.tables = {f"{self.group}_{letter}": f"marts.{self.group}_{letter}" for letter in "ab"}

    def move_to(self, snapshot_id: int) -> None:
        for table in self.tables.values():
            database, _, name = table.partition(".")
            key = f"marts/{name}/metadata/{snapshot_id}.metadata.json"
            client("s3").put_object(
                Bucket=self.bucket, Key=key, Body=json.dumps({"current-snapshot-id": snapshot_id}).encode()
            )
            definition = {
                "Name": name,
                "TableType": "EXTERNAL_TABLE",
                "Parameters": {"table_type": "ICEBERG", "metadata_location": f"s3://{self.bucket}/{key}"},
                "StorageDescriptor": {
                    "Columns": [{"Name": "id", "Type": "bigint"}],
                    "Location": f"s3://{self.bucket}/",
                },
            }
            try:
                client("glue").create_table(DatabaseName=database, TableInput=definition)
            except client("glue").exceptions.AlreadyExistsException:
                client("glue").update_table(DatabaseName=database, TableInput=definition)

    def drop(self) -> None:
        for database in ("marts", "published"):
            for page in client("glue").get_paginator("get_tables").paginate(DatabaseName=database):
                for table in page["TableList"]:
                    if table["Name"].startswith(self.group):
                        client("glue").delete_table(DatabaseName=database, Name=table["Name"])


@pytest.fixture
def store() -> PublicationStore:
    return PublicationStore(Settings.from_environment())


@pytest.fixture
def marts() -> Iterator[Marts]:
    found = Marts(Settings.from_environment())
    found.move_to(1)
    yield found
    found.drop()


def publish(store: PublicationStore, marts: Marts, run: str) -> Publication:
    candidate = store.freeze(marts.group, marts.tables)
    return store.publish(candidate, gate="gate: 1 of 1 passed", contract_versions={"orders": "1.0.0"}, cause_run_id=run)


def test_published_tables_pin_the_audited_metadata(store: PublicationStore, marts: Marts) -> None:
    first = publish(store, marts, "first")
    marts.move_to(2)
    second = publish(store, marts, "second")
    assert (first.version, second.version) == (1, 2)
    for name, dataset in first.datasets.items():
        assert IcebergCatalog().read(dataset.table).snapshot_id == 1
        assert IcebergCatalog().read(f"published.{name}").snapshot_id == 2
    assert store.current(marts.group) == second
    assert store.version(marts.group, 1) == first


def test_of_publishers_at_the_same_moment_exactly_one_wins(store: PublicationStore, marts: Marts) -> None:
    publish(store, marts, "first")
    marts.move_to(2)
    candidate = store.freeze(marts.group, marts.tables)
    together = threading.Barrier(6)

    def attempt(number: int) -> Publication | PublicationError:
        together.wait()
        try:
            return store.publish(candidate, gate="gate", contract_versions={}, cause_run_id=f"run_{number}")
        except PublicationError as error:
            return error

    with ThreadPoolExecutor(max_workers=6) as pool:
        outcomes = list(pool.map(attempt, range(6)))
    current = store.current(marts.group)
    assert current is not None
    winners = [outcome for outcome in outcomes if isinstance(outcome, Publication)]
    assert winners
    # A publisher that comes after the winner finds its own content published already, and is told so.
    assert {winner.version for winner in winners} == {current.version}
    losers = [str(outcome) for outcome in outcomes if isinstance(outcome, PublicationError)]
    assert all("another publication moved it" in loser for loser in losers)
    assert len(winners) + len(losers) == 6


def test_a_reader_never_sees_half_a_version(store: PublicationStore, marts: Marts) -> None:
    publish(store, marts, "first")
    done = threading.Event()
    seen: set[int] = set()
    mixed: list[str] = []

    def read() -> None:
        reader = PublicationStore(Settings.from_environment())
        while not done.is_set():
            current = reader.current(marts.group)
            assert current is not None
            snapshots = {dataset.snapshot_id for dataset in current.datasets.values()}
            found = {IcebergCatalog().read(dataset.table).snapshot_id for dataset in current.datasets.values()}
            if len(snapshots) != 1 or found != snapshots:
                mixed.append(f"version {current.version}: record {snapshots}, tables {found}")
            seen.add(current.version)

    with ThreadPoolExecutor(max_workers=1) as pool:
        reading = pool.submit(read)
        for snapshot_id in range(2, 12):
            marts.move_to(snapshot_id)
            publish(store, marts, f"run_{snapshot_id}")
        done.set()
        reading.result()
    assert not mixed
    assert len(seen) > 1, "the reader must have seen versions pass"


@pytest.mark.parametrize("step", ["register", "point"])
def test_a_publisher_that_dies_between_steps_is_repaired_by_the_next(
    store: PublicationStore, marts: Marts, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = publish(store, marts, "first")
    marts.move_to(2)
    calls = 0

    def die(self: IcebergCatalog, table: str, **told: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise Killed
        return original(self, table, **told)

    original = getattr(IcebergCatalog, step)
    with monkeypatch.context() as patch:
        patch.setattr(IcebergCatalog, step, die)
        with pytest.raises(Killed):
            publish(store, marts, "second")
    current = store.current(marts.group)
    assert current is not None
    assert current.version == (1 if step == "register" else 2)
    repaired = publish(store, marts, "second")
    assert repaired.version == (3 if step == "register" else 2)
    for name in marts.tables:
        assert IcebergCatalog().read(f"published.{name}").snapshot_id == 2
    assert store.version(marts.group, 1) == first


def test_a_rollback_moves_every_door_back_and_holds_what_comes_next(store: PublicationStore, marts: Marts) -> None:
    first = publish(store, marts, "first")
    marts.move_to(2)
    publish(store, marts, "second")
    moved = roll_back(store, marts.group, to_version=1, who="ada", why="doubled", cause_run_id="back")
    assert store.current(marts.group) == moved == store.version(marts.group, 3)
    assert moved.same_content(first.datasets)
    for name, dataset in moved.datasets.items():
        assert IcebergCatalog().read(dataset.table).snapshot_id == 1
        assert IcebergCatalog().read(f"published.{name}").snapshot_id == 1
    marts.move_to(3)
    with pytest.raises(PublicationError, match="ada rolled group"):
        publish(store, marts, "third")
    release(store, marts.group, who="bob", why="mended")
    assert publish(store, marts, "third").version == 4
