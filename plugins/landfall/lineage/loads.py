"""Steps of ingestion: landed objects to raw and quarantine, and from quarantine to raw after all."""

from __future__ import annotations

from collections.abc import Iterator

from landfall.contracts import StreamContract
from landfall.lineage.batch import LoadedBatch
from landfall.lineage.naming import LANDING, Names
from landfall.lineage.origins import How, Origin, QueryColumns, Way
from landfall.lineage.steps import Field, Read, Step, Written


def load_steps(batch: LoadedBatch, names: Names) -> Iterator[Step]:
    """Yield the step that loaded `batch`; a table that got no row of it is not among what it wrote."""
    contract = batch.contract
    writes = []
    if batch.loaded:
        snapshot = batch.raw_snapshot_id
        writes.append(
            Written(
                dataset=names.lake(contract.raw_table),
                fields=fields_of(contract),
                columns=raw_columns(contract),
                resolve=names.table,
                version=None if snapshot is None else str(snapshot),
                rows=batch.loaded,
            )
        )
    if batch.quarantined:
        writes.append(
            Written(
                dataset=names.lake(contract.quarantine_table),
                columns=quarantine_columns(contract),
                resolve=names.table,
                rows=batch.quarantined,
            )
        )
    landing = Read(dataset=names.landing(contract.stream), fields=fields_of(contract), objects=batch.objects)
    yield Step(
        job=f"load_{contract.stream}",
        kind="LOAD",
        tool="athena",
        at=batch.loaded_at,
        key=batch.batch_id,
        reads=(landing,),
        writes=tuple(writes),
    )


def replay_steps(batch: LoadedBatch, names: Names) -> Iterator[Step]:
    """Yield the step that loaded quarantined records; none if they are all still broken, or were there already."""
    contract = batch.contract
    if batch.loaded:
        yield Step(
            job=f"replay_{contract.stream}",
            kind="LOAD",
            tool="athena",
            at=batch.loaded_at,
            key=batch.batch_id,
            reads=(Read(dataset=names.lake(contract.quarantine_table)),),
            writes=(
                Written(
                    dataset=names.lake(contract.raw_table),
                    fields=fields_of(contract),
                    columns=replayed_columns(contract),
                    resolve=names.table,
                    rows=batch.loaded,
                ),
            ),
        )


def fields_of(contract: StreamContract) -> tuple[Field, ...]:
    """Return the contract's fields as a schema tells them."""
    return tuple(
        Field(name=field.name, type=field.type.athena_type, description=field.description) for field in contract.fields
    )


def raw_columns(contract: StreamContract) -> QueryColumns:
    """Return where raw's columns come from: each field from its own, the content's hash from all of them."""
    source = f"{LANDING}.{contract.stream}"
    hashed = Way(How.TRANSFORMATION, masking=True)
    fields = {field.name: (Origin(source, field.name, Way(How.TRANSFORMATION)),) for field in contract.fields}
    return QueryColumns(
        fields={**fields, "_content_hash": tuple(Origin(source, field.name, hashed) for field in contract.fields)},
        rows=tuple(Origin(source, field.name, Way(How.FILTER)) for field in contract.fields),
    )


def quarantine_columns(contract: StreamContract) -> QueryColumns:
    """Return where quarantine's come from: the text holds every field, and every field may be why it is there."""
    source = f"{LANDING}.{contract.stream}"
    names = [field.name for field in contract.fields]
    decide = tuple(Origin(source, name, Way(How.CONDITIONAL)) for name in names)
    return QueryColumns(
        fields={
            "raw_text": tuple(Origin(source, name, Way(How.TRANSFORMATION)) for name in names),
            "reason": decide,
            "field": decide,
        },
        rows=tuple(Origin(source, name, Way(How.FILTER)) for name in names),
    )


def replayed_columns(contract: StreamContract) -> QueryColumns:
    """Return where raw's columns come from when a record is replayed: all from its text."""
    changed = (Origin(contract.quarantine_table, "raw_text", Way(How.TRANSFORMATION)),)
    hashed = (Origin(contract.quarantine_table, "raw_text", Way(How.TRANSFORMATION, masking=True)),)
    fields = {field.name: changed for field in contract.fields}
    return QueryColumns(fields={**fields, "_content_hash": hashed})
