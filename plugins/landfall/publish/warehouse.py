"""Publications of a group that lives in Redshift.

Redshift's transaction is the moment of publication; the record in DynamoDB follows. A publisher that dies in between
leaves the record one version behind what readers see, which is audited; whoever comes next brings it up from the row
that the transaction wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from landfall.aws.engine_urls import redshift_engine
from landfall.aws.iceberg import IcebergCatalog
from landfall.aws.publications import PublicationTable
from landfall.errors import PublicationError
from landfall.publish.groups import DAY_COLUMNS
from landfall.publish.publication import PublicationStore
from landfall.publish.record import Candidate, Publication, PublishedDataset
from landfall.publish.warehouse_builds import Build
from landfall.publish.warehouse_rows import WarehouseRows
from landfall.publish.warehouse_tables import published_schema
from landfall.settings import Settings


class WarehouseStore(PublicationStore):
    """The publications of one group whose candidates are in Redshift's schema of the same name."""

    def __init__(
        self,
        settings: Settings,
        group: str,
        *,
        rows: WarehouseRows | None = None,
        table: PublicationTable | None = None,
        catalog: IcebergCatalog | None = None,
    ) -> None:
        super().__init__(settings, table=table, catalog=catalog)
        self._rows = rows or warehouse_rows(settings, group)

    def freeze_built(self, group: str, tables: Mapping[str, str], *, built_from: int) -> Candidate:
        """Take each table (dataset name -> `schema.name`) as it stands as the candidate: its builds tell it apart.

        Raises PublicationError for a table that was not built last from version `built_from` of the lake.
        """
        base, builds = self.current(group), self._rows.builds()
        return Candidate(
            group=group,
            base_version=base.version if base else 0,
            datasets={
                name: PublishedDataset(table=table, builds=_builds(name, builds.get(name, []), base, built_from))
                for name, table in sorted(tables.items())
            },
            built_from=built_from,
        )

    def publish(
        self, candidate: Candidate, *, gate: str, contract_versions: Mapping[str, str], cause_run_id: str
    ) -> Publication:
        """Make the audited `candidate` what readers see, as PublicationStore does."""
        self._catch_up(candidate.group)
        return super().publish(candidate, gate=gate, contract_versions=contract_versions, cause_run_id=cause_run_id)

    def recover(self, group: str) -> Publication | None:
        """Bring the record up to what readers see, and end what publishers of `group` began that died."""
        self._catch_up(group)
        return super().recover(group)

    def _catch_up(self, group: str) -> None:
        """Let the record follow the version that readers see."""
        seen, current = self._rows.published(), self.current(group)
        recorded = current.version if current else 0
        if seen is None or seen.version <= recorded or self._moved(seen, expected_version=recorded):
            return
        current = self.current(group)  # somebody else may have done it meanwhile
        if current is None or current.version < seen.version:
            raise PublicationError(
                f"readers of {published_schema(group)} see version {seen.version}, and the record can't follow it from "
                f"{recorded}: was the table of publications restored from a backup?"
            )

    def _is_seen(self, current: Publication, candidate: Candidate) -> bool:
        """Tell whether readers see `candidate` already: dbt built the same lake again and got the same rows."""
        if super()._is_seen(current, candidate):
            return True
        is_again = (current.version, current.built_from) == (candidate.base_version, candidate.built_from)
        return is_again and not self._rows.would_change(candidate)

    def _register(self, publication: Publication, candidate: Candidate) -> None:
        self._rows.carry(publication, base_version=candidate.base_version)

    def _as_published(self, name: str, dataset: PublishedDataset, number: int) -> PublishedDataset:
        schema, _, table = dataset.table.partition(".")
        return replace(dataset, table=f"{published_schema(schema)}.{table}")


def warehouse_rows(settings: Settings, group: str) -> WarehouseRows:
    """Return the rows of `group` in the environment's Redshift."""
    days = {table.partition(".")[2]: day for table, day in DAY_COLUMNS.items() if table.startswith(f"{group}.")}
    return WarehouseRows(group, engine=lambda: redshift_engine(settings), never_moves_on=days)


def _builds(name: str, builds: list[Build], base: Publication | None, built_from: int) -> tuple[str, ...]:
    """Return the ids of the builds that a candidate is made of: those not published yet, else the published ones."""
    known = base.datasets.get(name) if base else None
    if not builds and (base is None or known is None or not known.builds):
        raise PublicationError(f"{name} was never built: run transform_warehouse")
    last = builds[-1].lake_version if builds else base and base.built_from
    if last != built_from:
        raise PublicationError(
            f"{name} was last built from lake version {last}, the others from {built_from}: run transform_warehouse"
        )
    return tuple(build.build_id for build in builds) or (known.builds if known else ())
