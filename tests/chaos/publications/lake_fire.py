"""Publications of a group of Iceberg tables, of which each call of AWS may be a publisher's last."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence

from landfall.aws.clients import client
from landfall.aws.iceberg import IcebergCatalog
from landfall.errors import LandfallError, PublicationError
from landfall.publish.publication import PublicationStore
from landfall.publish.record import Candidate
from landfall.publish.rollback import release, roll_back
from landfall.settings import Settings

from tests.chaos.publications.fire import READS_A_SECOND, Fire
from tests.chaos.publications.readers import Audited, Reader, Readers

_ROLLBACKS = 0.05
_TABLES_EVERY = 10
"""Reads of a version of which one looks at its tables too: a read of them takes six times the requests."""


class Marts:
    """Iceberg tables of one group alone, all of which a transform moves to a next snapshot, one after another."""

    def __init__(self, settings: Settings, *, tables: int = 3) -> None:
        self._bucket = settings.lake_bucket
        self.group = f"test_{uuid.uuid4().hex[:8]}"
        self.tables = {f"{self.group}_{number}": f"marts.{self.group}_{number}" for number in range(tables)}

    def move_to(self, snapshot_id: int) -> None:
        """Let every table be at this snapshot."""
        for table in self.tables.values():
            database, _, name = table.partition(".")
            key = f"marts/{name}/metadata/{snapshot_id}.metadata.json"
            body = json.dumps({"current-snapshot-id": snapshot_id}).encode()
            client("s3").put_object(Bucket=self._bucket, Key=key, Body=body)
            definition = {
                "Name": name,
                "TableType": "EXTERNAL_TABLE",
                "Parameters": {"table_type": "ICEBERG", "metadata_location": f"s3://{self._bucket}/{key}"},
                "StorageDescriptor": {
                    "Columns": [{"Name": "id", "Type": "bigint"}],
                    "Location": f"s3://{self._bucket}/",
                },
            }
            try:
                client("glue").create_table(DatabaseName=database, TableInput=definition)
            except client("glue").exceptions.AlreadyExistsException:
                client("glue").update_table(DatabaseName=database, TableInput=definition)

    def published(self) -> set[str]:
        """Return the names of this group's tables in the database `published`."""
        pages = client("glue").get_paginator("get_tables").paginate(DatabaseName="published")
        return {found["Name"] for page in pages for found in page["TableList"] if found["Name"].startswith(self.group)}

    def drop(self) -> None:
        """Remove every table of the group from the catalog."""
        for name in self.published():
            client("glue").delete_table(DatabaseName="published", Name=name)
        for table in self.tables.values():
            client("glue").delete_table(DatabaseName="marts", Name=table.partition(".")[2])


class LakeReader(Reader):
    """Resolves the record and reads that version's tables; besides, all tables by stable names."""

    def __init__(self, group: str, names: Sequence[str], audited: Audited, hertz: float) -> None:
        super().__init__(audited, hertz)
        self._group, self._names = group, names
        self._store = PublicationStore(Settings.from_environment())

    def reads(self) -> list[tuple[Callable[[], None], float]]:
        """The record, and the stable names."""
        return [(self._read_version, self.hertz), (self._read_names, 3)]

    def _read_version(self) -> None:
        current = self._store.current(self._group)
        self.seen.counts["reads of one version"] += 1
        if current is None:
            return
        recorded = {dataset.snapshot_id for dataset in current.datasets.values()}
        if len(recorded) != 1 or not self.audited.holds(recorded):
            self.seen.wrongs.append(f"version {current.version} is of snapshots {recorded}")
        if self.seen.counts["reads of one version"] % _TABLES_EVERY == 0:
            # The record names the snapshots; that its tables are at them takes a request a table and is looked at too.
            found = self._snapshots({name: dataset.table for name, dataset in current.datasets.items()})
            self.seen.counts["of them with all tables"] += 1
            if found != recorded:
                self.seen.wrongs.append(f"the tables of version {current.version} are at {found}")

    def _read_names(self) -> None:
        if self._store.current(self._group) and len(self._names) <= len(self._stable()):
            found = self._snapshots({name: f"published.{name}" for name in self._names})
            self.seen.counts["reads by stable names"] += 1
            self.seen.counts["of them mixed"] += len(found) > 1
            if not self.audited.holds(found):
                self.seen.wrongs.append(f"stable names are at {found}")

    def _stable(self) -> list[str]:
        return [name for name in self._names if IcebergCatalog().pointer(f"published.{name}")]

    def _snapshots(self, tables: Mapping[str, str]) -> set[int]:
        try:
            return {IcebergCatalog().read(table).snapshot_id for table in tables.values()}
        except (LandfallError, KeyError) as error:
            self.seen.wrongs.append(f"a reader is told: {error}")
            return set()


class LakeFire(Fire):
    """Transforms, audits and publishes three Iceberg tables, and rolls them back at times."""

    engine = "lake"

    def __init__(self, seed: int, publications: int, *, hertz: float = READS_A_SECOND) -> None:
        super().__init__(seed, publications, hertz=hertz)
        self._marts = Marts(self.settings)

    def readers(self) -> Readers:
        """Return who reads all along."""
        return Readers(LakeReader, self._marts.group, tuple(self._marts.tables), self.audited, self.hertz)

    def transform(self, number: int) -> None:
        """Move every table to the snapshot of this number."""
        self._marts.move_to(number)

    def begin_and_freeze(self) -> Candidate:
        """Repair what a dead publisher left, and freeze."""
        store = PublicationStore(self.settings)
        store.recover(self._marts.group)
        return store.freeze(self._marts.group, self._marts.tables)

    def publish(self, candidate: Candidate, *, run_id: str) -> None:
        """Publish as the last task of the DAG does; a group that a killed operator left held is released first."""
        store = PublicationStore(self.settings)
        current = store.current(candidate.group)
        if current and current.rollback and current.rollback.held:
            release(store, candidate.group, who="chaos", why="chaos")
        store.publish(candidate, gate="gate", contract_versions={}, cause_run_id=run_id)

    def roll_back(self, run_id: str) -> None:
        """Roll back to any version before, at times, and release what that holds."""
        store, group = PublicationStore(self.settings), self._marts.group
        current = store.current(group) if self.random.random() < _ROLLBACKS else None
        if current is None or current.version == 1:
            return
        try:
            to = store.version(group, self.random.randint(1, current.version - 1))
        except PublicationError:
            return  # that number was never published
        moved = roll_back(store, group, to_version=to.version, who="chaos", why="chaos", cause_run_id=run_id)
        self.counts["rollbacks"] += 1
        if moved.rollback and moved.rollback.held:
            release(store, group, who="chaos", why="chaos")

    def left(self, number: int) -> list[str]:
        """Compare the record with the catalog."""
        store, group = PublicationStore(self.settings), self._marts.group
        current = store.recover(group)
        if current is None:
            return ["nothing is published in the end"]
        kept = {each.version for each in store.versions(group, after=0, before=current.version + 1)}
        expected = {f"{name}__v{version}" for name in self._marts.tables for version in kept} | {*self._marts.tables}
        found = self._marts.published()
        at = {IcebergCatalog().read(f"published.{name}").snapshot_id for name in self._marts.tables}
        wrongs = [f"{name} is left or missing" for name in sorted(found ^ expected)]
        return wrongs if at == {number} else [*wrongs, f"stable names are at {at}"]

    def drop(self) -> None:
        """Remove every table of the group from the catalog."""
        self._marts.drop()
