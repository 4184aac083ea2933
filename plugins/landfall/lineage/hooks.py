"""What the pipeline's steps call when they are done: a line each, which never fails them and hardly holds them up.

All else of this package is imported by the thread that sends, and only where somebody wants events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from landfall.lineage.emitter import tell
from landfall.publish.groups import LAKE
from landfall.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from landfall.contracts.extract_product import ExtractProduct
    from landfall.lineage.batch import LoadedBatch
    from landfall.lineage.naming import Names
    from landfall.lineage.steps import Field, Step
    from landfall.publish.record import Publication


def loaded(batch: LoadedBatch) -> None:
    """Tell of a batch whose objects are closed."""

    def steps() -> Iterable[Step]:
        from landfall.lineage.loads import load_steps

        return load_steps(batch, _names())

    tell(steps)


def replayed(batch: LoadedBatch) -> None:
    """Tell of quarantined records that were loaded after all."""

    def steps() -> Iterable[Step]:
        from landfall.lineage.loads import replay_steps

        return replay_steps(batch, _names())

    tell(steps)


def models_built(artifacts: Path, context: Mapping[str, Any]) -> None:
    """Tell of what dbt built, whose manifest.json and run_results.json are in `artifacts`; also when dbt failed."""
    run = context["dag_run"]

    def steps() -> Iterable[Step]:
        from landfall.lineage.models import model_steps

        at = run.logical_date or run.run_after
        return model_steps(artifacts, _names(), at=at, run=f"{run.dag_id}.{run.run_id}")

    tell(steps)


def published(publication: Publication) -> None:
    """Tell of a version that became current."""

    def steps() -> Iterable[Step]:
        from landfall.lineage.publications import publication_steps

        fields_of = _lake_fields if publication.group == LAKE else _warehouse_fields(publication.group)
        return publication_steps(publication, _names(), fields_of=fields_of)

    tell(steps)


def extracted(manifest: Mapping[str, Any], product: ExtractProduct, *, bucket: str) -> None:
    """Tell of the files in `bucket` that a manifest (its JSON document) certifies."""

    def steps() -> Iterable[Step]:
        from landfall.lineage.extracts import extract_steps

        return extract_steps(manifest, product, _names(), bucket=bucket)

    tell(steps)


def delivered(manifest: Mapping[str, Any], product: ExtractProduct, *, bucket: str, delivered_to: str) -> None:
    """Tell of the copies, in the customer's own bucket, of the files in `bucket` that a manifest certifies."""

    def steps() -> Iterable[Step]:
        from landfall.lineage.extracts import delivery_steps

        return delivery_steps(manifest, product, _names(), bucket=bucket, delivered_to=delivered_to)

    tell(steps)


def _names() -> Names:
    from landfall.lineage.naming import Names

    return Names(Settings.from_environment())


def _lake_fields(table: str) -> tuple[Field, ...]:
    """Return the columns of the lake's table `database.name` as Glue has them."""
    from landfall.aws import glue
    from landfall.lineage.steps import Field

    database, _, name = table.partition(".")
    found = glue.get_table(database=database, table=name) or {"StorageDescriptor": {"Columns": []}}
    return tuple(
        Field(name=column["Name"], type=column["Type"], description=column.get("Comment", ""))
        for column in found["StorageDescriptor"]["Columns"]
    )


def _warehouse_fields(group: str) -> Callable[[str], tuple[Field, ...]]:
    """Return what gives the columns of Redshift's table `schema.name`, for those of `group`; one query."""
    from landfall.aws.engine_urls import redshift_engine
    from landfall.lineage.steps import Field
    from landfall.publish.warehouse_tables import catalog_columns

    fields: dict[str, list[Field]] = {}
    with redshift_engine(Settings.from_environment()).connect() as connection:
        for schema, table, column, kind in connection.execute(catalog_columns(group)):
            fields.setdefault(f"{schema}.{table}", []).append(Field(name=str(column), type=str(kind)))
    return lambda table: tuple(fields.get(table, ()))
