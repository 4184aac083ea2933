"""Move what readers see from one whole version to the next.

The order of steps makes a crash harmless between any two of them: a version number is reserved, its immutable tables
are registered, one transaction moves `current`, and the stable pointers follow. Until the transaction nobody can see
the new version; after it whoever comes next (a retry, the next publication, the begin of any transform run) brings the
pointers up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from landfall.aws.iceberg import IcebergCatalog
from landfall.aws.publications import PublicationTable
from landfall.errors import PublicationError
from landfall.publish.last_gate import LAST_GATE, LastGate
from landfall.publish.record import (
    CURRENT,
    Attempt,
    Candidate,
    Publication,
    PublishedDataset,
    Rollback,
    version_key,
    versioned_table,
)
from landfall.publish.repair import Repair
from landfall.settings import Settings

__all__ = ["Attempt", "Candidate", "Publication", "PublicationStore", "PublishedDataset"]


class PublicationStore:
    """The publications of one environment: the record in DynamoDB and the tables in Glue's database `published`."""

    def __init__(
        self, settings: Settings, *, table: PublicationTable | None = None, catalog: IcebergCatalog | None = None
    ) -> None:
        self._table = table or PublicationTable(name=settings.publication_table)
        self._catalog = catalog or IcebergCatalog()
        self._repair = Repair(table=self._table, catalog=self._catalog)

    def current(self, group: str) -> Publication | None:
        """Return what readers of `group` see now, None before the first publication."""
        item = self._table.get(group, CURRENT)
        return None if item is None else Publication.from_item(item)

    def version(self, group: str, version: int) -> Publication:
        """Return one published version of `group`; PublicationError if there is none of that number."""
        item = self._table.get(group, version_key(version))
        if item is None or item["state"] != "published":
            raise PublicationError(
                f"group {group!r} has no published version {version}: `landfall published --history` lists them"
            )
        return Publication.from_item(item)

    def freeze(self, group: str, tables: Mapping[str, str]) -> Candidate:
        """Take each table (dataset name -> `database.name`) as it stands as the candidate to audit.

        Raises PublicationError for a table that is missing or holds no snapshot.
        """
        base = self.current(group)
        return Candidate(
            group=group,
            base_version=base.version if base else 0,
            datasets={name: self._frozen(table) for name, table in sorted(tables.items())},
        )

    def publish(
        self, candidate: Candidate, *, gate: str, contract_versions: Mapping[str, str], cause_run_id: str
    ) -> Publication:
        """Make the audited `candidate` what readers see, and return it.

        An unchanged candidate, or one that an earlier try of the same run published, returns the current publication.
        Raises PublicationError if another publication came first since the candidate was frozen, and for what a
        rollback withdrew.
        """
        current = self.current(candidate.group)
        if current and (_published_before(current, candidate, cause_run_id) or self._is_seen(current, candidate)):
            return self.recover(candidate.group) or current
        _refuse_if_overtaken(candidate, current)
        self._refuse_withdrawn(candidate, current)
        return self.move(
            candidate,
            gate=gate,
            contract_versions=contract_versions,
            cause_run_id=cause_run_id,
        )

    def move(
        self,
        candidate: Candidate,
        *,
        gate: str,
        contract_versions: Mapping[str, str],
        cause_run_id: str,
        rollback: Rollback | None = None,
    ) -> Publication:
        """Make `candidate` the next version, whatever it is; the steps that publications and rollbacks share.

        Raises PublicationError if another publication came first since `candidate.base_version`.
        """
        group = candidate.group
        number = self._table.reserve(group, cause_run_id=cause_run_id)
        publication = Publication(
            group=group,
            version=number,
            datasets={name: self._as_published(name, dataset, number) for name, dataset in candidate.datasets.items()},
            gate=gate,
            contract_versions=contract_versions,
            cause_run_id=cause_run_id,
            published_at=datetime.now(UTC),
            built_from=candidate.built_from,
            rollback=rollback,
        )
        self._register(publication, candidate)
        if not self._moved(publication, expected_version=candidate.base_version):
            self._repair.give_up(publication)
            raise PublicationError(
                f"version {number} of group {group!r} was not published: another publication moved it from "
                f"{candidate.base_version} meanwhile; transform and audit again"
            )
        self._repair.bring_up(group)
        self._repair.sweep(publication)
        return publication

    def amend(self, publication: Publication) -> bool:
        """Rewrite what the record says of the current version; False if another version is current by now."""
        return self._table.amend(
            publication.to_item(sort_key=CURRENT), publication.to_item(sort_key=version_key(publication.version))
        )

    def recover(self, group: str) -> Publication | None:
        """End what publishers of `group` began that died, and return the current version (None: there is none yet)."""
        current = self._repair.bring_up(group)
        if current:
            self._repair.sweep(current)
        return current

    def versions(self, group: str, *, after: int, before: int) -> tuple[Publication, ...]:
        """Return the published versions of `group` with numbers between `after` and `before`, both exclusive."""
        found = self._table.between(group, after + 1, before)
        return tuple(Publication.from_item(item) for item in found if item["state"] == "published")

    def check_readable(self, publication: Publication) -> None:
        """Raise PublicationError if a table of `publication` is gone, or is not what the record says."""
        for dataset in publication.datasets.values():
            try:
                state = self._catalog.read(dataset.table)
            except KeyError as error:
                raise PublicationError(f"{dataset.table} cannot be read any more: {error} is gone") from error
            if state.metadata_location != dataset.metadata_location or state.snapshot_id != dataset.snapshot_id:
                raise PublicationError(f"{dataset.table} is at {state}, but the record says {dataset}")

    def record_attempt(self, attempt: Attempt) -> None:
        """Keep how far an attempt has come, replacing what was known of it."""
        self._table.put(attempt.to_item())

    def record_gate(self, gate: LastGate) -> None:
        """Keep what the last audit of a group said, replacing what the one before did."""
        self._table.put(gate.to_item())

    def last_gate(self, group: str) -> LastGate | None:
        """Return what the last audit of `group` said, None before the first."""
        item = self._table.get(group, LAST_GATE)
        return None if item is None else LastGate.from_item(item)

    def attempt(self, group: str, cause: str) -> Attempt | None:
        """Return how far the publication of `group` asked for by `cause` has come, None if it has not begun."""
        item = self._table.get(group, f"attempt#{cause}")
        return None if item is None else Attempt.from_item(item)

    def _is_seen(self, current: Publication, candidate: Candidate) -> bool:
        """Tell whether `candidate` is what readers of `current` see already."""
        return current.same_content(candidate.datasets)

    def _frozen(self, table: str) -> PublishedDataset:
        state = self._catalog.read(table)
        return PublishedDataset(table=table, snapshot_id=state.snapshot_id, metadata_location=state.metadata_location)

    def _as_published(self, name: str, dataset: PublishedDataset, number: int) -> PublishedDataset:
        """Return `dataset` by the name that it has in version `number`."""
        return replace(dataset, table=versioned_table(name, number))

    def _register(self, publication: Publication, candidate: Candidate) -> None:
        """Do what must be done before the record may say that `publication` is current."""
        for name, dataset in publication.datasets.items():
            if dataset.metadata_location:
                self._catalog.register(
                    dataset.table, like=candidate.datasets[name].table, metadata_location=dataset.metadata_location
                )

    def _moved(self, publication: Publication, *, expected_version: int) -> bool:
        """Move the record. A refused move may be the second try of one whose answer was lost: the version tells."""
        key = version_key(publication.version)
        current, version = publication.to_item(sort_key=CURRENT), publication.to_item(sort_key=key)
        if self._table.move_current(current, version, expected_version=expected_version):
            return True
        found = self._table.get(publication.group, key)
        return found is not None and found["state"] == "published"

    def _refuse_withdrawn(self, candidate: Candidate, current: Publication | None) -> None:
        """Raise PublicationError for what would undo a rollback without anybody saying so."""
        rollback = current.rollback if current else None
        if rollback is None:
            return
        reason = (
            f"{rollback.who} rolled group {candidate.group!r} back to version {rollback.to_version}: {rollback.why}"
        )
        if rollback.held:
            raise PublicationError(
                f"{reason}. Nothing is published until the cause is mended and the group is released: "
                "`landfall rollback --release --why ...`, or the DAG roll_back_publication"
            )
        for number in rollback.withdrawn:
            if self.version(candidate.group, number).same_content(candidate.datasets):
                raise PublicationError(
                    f"{reason}. The candidate is version {number} unchanged, which was withdrawn by that: mend its "
                    f"models, or roll back to {number} to have it again"
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
