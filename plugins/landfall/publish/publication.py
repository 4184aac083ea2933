"""Move what readers see from one whole version to the next.

The order of steps makes a crash harmless between any two of them: a version number is reserved, its immutable tables
are registered, one transaction moves `current`, and the stable pointers follow. Until the transaction nobody can see
the new version; after it the next publication (or a retry of the same task) brings the pointers up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from landfall.aws.iceberg import IcebergCatalog
from landfall.aws.publications import PublicationTable
from landfall.errors import PublicationError
from landfall.publish.record import (
    CURRENT,
    Attempt,
    Candidate,
    Publication,
    PublishedDataset,
    stable_table,
    version_key,
    versioned_table,
)
from landfall.settings import Settings

__all__ = ["Attempt", "Candidate", "Publication", "PublicationStore", "PublishedDataset"]


class PublicationStore:
    """The publications of one environment: the record in DynamoDB and the tables in Glue's database `published`."""

    def __init__(
        self, settings: Settings, *, table: PublicationTable | None = None, catalog: IcebergCatalog | None = None
    ) -> None:
        self._table = table or PublicationTable(name=settings.publication_table)
        self._catalog = catalog or IcebergCatalog()

    def current(self, group: str) -> Publication | None:
        """Return what readers of `group` see now, None before the first publication."""
        item = self._table.get(group, CURRENT)
        return None if item is None else Publication.from_item(item)

    def version(self, group: str, version: int) -> Publication:
        """Return one published version of `group`; PublicationError if there is none of that number."""
        item = self._table.get(group, version_key(version))
        if item is None or item["state"] != "published":
            raise PublicationError(
                f"group {group!r} has no published version {version}: list them in the publication table"
            )
        return Publication.from_item(item)

    def freeze(self, group: str, tables: Mapping[str, str], *, built_from: int | None = None) -> Candidate:
        """Take each table (dataset name -> `database.name`) as it stands as the candidate to audit.

        A group that is `built_from` a lake version lives in Redshift, whose tables have no snapshots: they are taken
        by name. Raises PublicationError for a lake table that is missing or holds no snapshot.
        """
        base = self.current(group)
        return Candidate(
            group=group,
            base_version=base.version if base else 0,
            datasets={
                name: self._frozen(table) if built_from is None else PublishedDataset(table=table)
                for name, table in sorted(tables.items())
            },
            built_from=built_from,
        )

    def publish(
        self, candidate: Candidate, *, gate: str, contract_versions: Mapping[str, str], cause_run_id: str
    ) -> Publication:
        """Make the audited `candidate` what readers see, and return it.

        An unchanged candidate, or one that an earlier try of the same run published, returns the current publication.
        Raises PublicationError if another publication came first since the candidate was frozen.
        """
        current = self.current(candidate.group)
        if current and (_same_content(current, candidate) or _published_before(current, candidate, cause_run_id)):
            self._move_pointers(current)
            return current
        _refuse_if_overtaken(candidate, current)
        number = self._table.reserve(candidate.group, cause_run_id=cause_run_id)
        publication = Publication(
            group=candidate.group,
            version=number,
            datasets={name: _as_published(name, dataset, number) for name, dataset in candidate.datasets.items()},
            gate=gate,
            contract_versions=contract_versions,
            cause_run_id=cause_run_id,
            published_at=datetime.now(UTC),
            built_from=candidate.built_from,
        )
        self._register(publication, candidate)
        if not self._table.move_current(
            publication.to_item(sort_key=CURRENT),
            publication.to_item(sort_key=version_key(number)),
            expected_version=candidate.base_version,
        ):
            self._abandon(candidate.group, number, candidate.datasets)
            raise PublicationError(
                f"version {number} of group {candidate.group!r} was not published: another publication moved it from "
                f"{candidate.base_version} meanwhile; transform and audit again"
            )
        self._move_pointers(publication)
        self._sweep(publication)
        return publication

    def record_attempt(self, attempt: Attempt) -> None:
        """Keep how far an attempt has come, replacing what was known of it."""
        self._table.put(attempt.to_item())

    def attempt(self, group: str, cause: str) -> Attempt | None:
        """Return how far the publication of `group` asked for by `cause` has come, None if it has not begun."""
        item = self._table.get(group, f"attempt#{cause}")
        return None if item is None else Attempt.from_item(item)

    def _frozen(self, table: str) -> PublishedDataset:
        state = self._catalog.read(table)
        return PublishedDataset(table=table, snapshot_id=state.snapshot_id, metadata_location=state.metadata_location)

    def _register(self, publication: Publication, candidate: Candidate) -> None:
        for name, dataset in publication.datasets.items():
            if dataset.metadata_location:
                self._catalog.register(
                    dataset.table, like=candidate.datasets[name].table, metadata_location=dataset.metadata_location
                )

    def _move_pointers(self, publication: Publication) -> None:
        for name, dataset in publication.datasets.items():
            if dataset.metadata_location:
                self._catalog.point(stable_table(name), like=dataset.table, metadata_location=dataset.metadata_location)

    def _sweep(self, publication: Publication) -> None:
        """Drop what publishers that died before the transaction left; they can no longer win."""
        for number in self._table.reserved_before(publication.group, publication.version):
            self._abandon(publication.group, number, publication.datasets)

    def _abandon(self, group: str, number: int, datasets: Mapping[str, PublishedDataset]) -> None:
        for name, dataset in datasets.items():
            if dataset.metadata_location:
                self._catalog.drop(versioned_table(name, number))
        self._table.abandon(group, number)


def _same_content(current: Publication, candidate: Candidate) -> bool:
    return current.datasets.keys() == candidate.datasets.keys() and all(
        dataset.same_content(current.datasets[name]) for name, dataset in candidate.datasets.items()
    )


def _published_before(current: Publication, candidate: Candidate, cause_run_id: str) -> bool:
    return current.cause_run_id == cause_run_id and current.version > candidate.base_version


def _refuse_if_overtaken(candidate: Candidate, current: Publication | None) -> None:
    found = current.version if current else 0
    if found != candidate.base_version:
        raise PublicationError(
            f"group {candidate.group!r} is at version {found}, but the candidate was audited against version "
            f"{candidate.base_version}: transform and audit again"
        )


def _as_published(name: str, dataset: PublishedDataset, number: int) -> PublishedDataset:
    if dataset.metadata_location is None:
        return dataset
    return replace(dataset, table=versioned_table(name, number))
