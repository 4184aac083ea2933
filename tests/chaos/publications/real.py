"""Publications on the running local cloud, with publishers killed at their calls and a reader at 100 Hz."""

from __future__ import annotations

import json
import random
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

from landfall.aws.clients import client
from landfall.aws.iceberg import IcebergCatalog
from landfall.errors import GateFailed, LandfallError
from landfall.publish.publication import PublicationStore
from landfall.publish.record import Publication
from landfall.publish.rollback import release, roll_back
from landfall.settings import Settings

from tests.chaos.schedule import Killed

READS_A_SECOND = 100
FAILING_GATES = 0.2
_ROLLBACKS = 0.05
_KILLS = 0.15
_MOST_CALLS = 30
"""About as many as a publication makes, so that a kill befalls any of them."""
_TRIES = 4


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


class Crash:
    """Ends the publisher's thread before or after its n-th call of AWS, as often as it is set; others call freely."""

    def __init__(self) -> None:
        self.points: Counter[str] = Counter()
        self._left: dict[int, int] = {}
        for service in ("dynamodb", "glue", "s3"):
            for event, when in (("before-call", "before"), ("after-call", "after")):
                client(service).meta.events.register(f"{event}.{service}", self._handler(when))

    def after_calls(self, number: int | None) -> None:
        """Let this thread die in its `number`-th call from now; None: not at all."""
        if number is None:
            self._left.pop(threading.get_ident(), None)
        else:
            self._left[threading.get_ident()] = number

    def _handler(self, when: str) -> Callable[..., None]:
        def meet(*, model: Any, **_: Any) -> None:
            thread = threading.get_ident()
            if thread not in self._left:
                return
            self._left[thread] -= 1
            if self._left[thread] <= 0:
                del self._left[thread]
                self.points[f"{when} {model.name}"] += 1
                raise Killed

        return meet


class Reader:
    """Resolves the record and reads all tables of that version, 100 times a second; then once by stable names."""

    def __init__(self, marts: Marts, audited: set[int]) -> None:
        self.counts: Counter[str] = Counter()
        self.wrongs: list[str] = []
        self._marts, self._audited = marts, audited
        self._store = PublicationStore(Settings.from_environment())
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._read_versions), threading.Thread(target=self._read_names)]

    def __enter__(self) -> Reader:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _read_versions(self) -> None:
        due = time.monotonic()
        while not self._done.is_set():
            current = self._store.current(self._marts.group)
            if current:
                self._judge(current)
            due = max(due + 1 / READS_A_SECOND, time.monotonic() - 1)
            self._done.wait(max(0.0, due - time.monotonic()))

    def _judge(self, current: Publication) -> None:
        recorded = {dataset.snapshot_id for dataset in current.datasets.values()}
        if len(recorded) != 1 or not recorded <= self._audited:
            self.wrongs.append(f"version {current.version} is of snapshots {recorded}")
        self.counts["reads of one version"] += 1
        if self.counts["reads of one version"] % 4 == 0:
            # The record names the snapshots; that its tables are at them takes a request a table and is looked at too.
            found = self._snapshots({name: dataset.table for name, dataset in current.datasets.items()})
            self.counts["of them with all tables"] += 1
            if found != recorded:
                self.wrongs.append(f"the tables of version {current.version} are at {found}")

    def _read_names(self) -> None:
        while not self._done.wait(0.1):
            if self._store.current(self._marts.group) and len(self._marts.tables) <= len(self._stable()):
                found = self._snapshots({name: f"published.{name}" for name in self._marts.tables})
                self.counts["reads by stable names"] += 1
                self.counts["of them mixed"] += len(found) > 1
                if not found <= self._audited:
                    self.wrongs.append(f"stable names are at {found}")

    def _stable(self) -> list[str]:
        return [name for name in self._marts.tables if IcebergCatalog().pointer(f"published.{name}")]

    def _snapshots(self, tables: dict[str, str]) -> set[int]:
        try:
            return {IcebergCatalog().read(table).snapshot_id for table in tables.values()}
        except (LandfallError, KeyError) as error:
            self.wrongs.append(f"a reader is told: {error}")
            return set()


def publish_under_fire(publications: int, *, seed: int = 0) -> int:
    """Try so many publications of a group of this run alone, judge, print, and return 1 if anything was wrong."""
    told = Fire(seed).run(publications)
    sys.stdout.write("\n".join([*told, ""]))
    return 1 if any(line.startswith("WRONG") for line in told) else 0


class Fire:
    """One run: its publisher, its crashes and its reader."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._settings = Settings.from_environment()
        self._marts = Marts(self._settings)
        self._crash = Crash()
        self._audited: set[int] = set()
        self._counts: Counter[str] = Counter()

    def run(self, publications: int) -> list[str]:
        """Return what happened, in words; lines that begin with WRONG are what must not be."""
        began_at = time.monotonic()
        try:
            with Reader(self._marts, self._audited) as reader:
                for number in range(1, publications + 1):
                    self._publish(number)
                    if self._random.random() < _ROLLBACKS:
                        self._roll_back(f"back_{number}")
            wrongs = [*reader.wrongs, *self._left()]
        finally:
            self._crash.after_calls(None)
            self._marts.drop()
        seconds = time.monotonic() - began_at
        rate = reader.counts["reads of one version"] / seconds
        return [
            f"{publications} publications in {seconds:.0f} s: {_told(self._counts)}",
            f"{_told(reader.counts)}; one version {rate:.0f} times a second",
            f"killed at {len(self._crash.points)} places: {_told(self._crash.points)}",
            f"{len(wrongs)} wrong",
            *(f"WRONG: {wrong}" for wrong in wrongs[:10]),
        ]

    def _publish(self, number: int) -> None:
        """One night: transform, audit and publish, tried again with the same run id when it was killed."""
        self._marts.move_to(number)
        passes = self._random.random() >= FAILING_GATES
        for _ in range(_TRIES):
            self._crash.after_calls(self._random.randint(1, _MOST_CALLS) if self._random.random() < _KILLS else None)
            try:
                self._audit_and_publish(number, passes=passes)
                return
            except Killed:
                self._counts["kills"] += 1
            except GateFailed:
                self._counts["failed gates"] += 1
                return
            finally:
                self._crash.after_calls(None)

    def _audit_and_publish(self, number: int, *, passes: bool) -> None:
        store = PublicationStore(self._settings)
        store.recover(self._marts.group)
        candidate = store.freeze(self._marts.group, self._marts.tables)
        if not passes:
            raise GateFailed("one in five")
        self._audited.add(number)
        store.publish(candidate, gate="gate", contract_versions={}, cause_run_id=f"run_{number}")
        self._counts["published"] += 1

    def _roll_back(self, run_id: str) -> None:
        store, group = PublicationStore(self._settings), self._marts.group
        current = store.current(group)
        if current and current.version > 1:
            versions = store.versions(group, after=0, before=current.version)
            to = self._random.choice(versions).version if versions else current.version
            moved = roll_back(store, group, to_version=to, who="chaos", why="chaos", cause_run_id=run_id)
            if moved.rollback and moved.rollback.held:
                release(store, group, who="chaos", why="chaos")
            self._counts["rollbacks"] += 1

    def _left(self) -> list[str]:
        """Publish once more in peace; return what the record and the catalog then have wrong."""
        store, group = PublicationStore(self._settings), self._marts.group
        self._marts.move_to(1_000_000)
        self._audit_and_publish(1_000_000, passes=True)
        current = store.recover(group)
        if current is None:
            return ["nothing is published in the end"]
        kept = {each.version for each in store.versions(group, after=0, before=current.version + 1)}
        expected = {f"{name}__v{number}" for name in self._marts.tables for number in kept} | {*self._marts.tables}
        found = self._marts.published()
        at = {IcebergCatalog().read(f"published.{name}").snapshot_id for name in self._marts.tables}
        wrongs = [f"{name} is left or missing" for name in sorted(found ^ expected)]
        return wrongs if at == {1_000_000} else [*wrongs, f"stable names are at {at}"]


def _told(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {what}" for what, number in sorted(counts.items()))
