"""Steps of publication: marts and extracts to the tables that readers see."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from landfall.lineage.naming import Names
from landfall.lineage.origins import Origin, QueryColumns
from landfall.lineage.steps import Field, Read, Step, Written
from landfall.publish.groups import datasets
from landfall.publish.record import Publication, PublishedDataset, stable_table, versioned_table


def publication_steps(
    publication: Publication, names: Names, *, fields_of: Callable[[str], tuple[Field, ...]]
) -> Iterator[Step]:
    """Yield the step that moved readers of a group to `publication`; none if its tables have no versions of their own.

    A rollback's content comes from the tables of the version it went back to. `fields_of` returns the columns of a
    table `database.name`.
    """
    kept = {name: found for name, found in publication.datasets.items() if found.snapshot_id is not None}
    if not kept:
        return
    reads: list[Read] = []
    writes: list[Written] = []
    for name, found in kept.items():
        source = _source(publication, name)
        fields = fields_of(found.table)
        reads.append(Read(dataset=names.lake(source), fields=fields, version=str(found.snapshot_id)))
        writes += [_written(table, found, source, fields, names) for table in (found.table, stable_table(name))]
    yield Step(
        job=f"publish_{publication.group}",
        kind="PUBLICATION",
        tool="landfall",
        at=publication.published_at,
        done_at=publication.published_at,
        key=str(publication.version),
        reads=tuple(reads),
        writes=tuple(writes),
    )


def _source(publication: Publication, name: str) -> str:
    if publication.rollback:
        return versioned_table(name, publication.rollback.to_version)
    return datasets(publication.group)[name]


def _written(table: str, found: PublishedDataset, source: str, fields: tuple[Field, ...], names: Names) -> Written:
    columns = QueryColumns(fields={each.name: (Origin(source, each.name),) for each in fields})
    return Written(
        dataset=names.lake(table),
        fields=fields,
        columns=columns,
        resolve=names.lake,
        version=str(found.snapshot_id),
    )
