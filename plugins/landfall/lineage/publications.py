"""Steps of publication: marts and extracts to the tables that readers see."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from landfall.lineage.naming import Dataset, Names
from landfall.lineage.origins import Origin, QueryColumns
from landfall.lineage.steps import Field, Read, Step, Written
from landfall.publish.groups import LAKE, datasets
from landfall.publish.record import Publication, PublishedDataset, stable_table, versioned_table


def publication_steps(
    publication: Publication, names: Names, *, fields_of: Callable[[str], tuple[Field, ...]]
) -> Iterator[Step]:
    """Yield the step that moved readers of a group to `publication`.

    A rollback's content comes from the tables of the version it went back to. `fields_of` returns the columns of a
    table `database.name`.
    """
    reads: list[Read] = []
    writes: list[Written] = []
    table_of = names.lake if publication.group == LAKE else names.warehouse
    for name, found in publication.datasets.items():
        source = _source(publication, name)
        fields = fields_of(found.table)
        version = _version(publication, found)
        reads.append(Read(dataset=table_of(source), fields=fields, version=version))
        writes += [_written(table, version, source, fields, table_of) for table in _tables(publication, name)]
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


def _tables(publication: Publication, name: str) -> tuple[str, ...]:
    """Return where readers find a dataset: in the lake also by a name that follows the current version."""
    found = publication.datasets[name].table
    return (found, stable_table(name)) if publication.group == LAKE else (found,)


def _version(publication: Publication, found: PublishedDataset) -> str:
    """Return the Iceberg snapshot; tables of Redshift have none, and are told apart by the publication's number."""
    return str(publication.version if found.snapshot_id is None else found.snapshot_id)


def _written(
    table: str, version: str, source: str, fields: tuple[Field, ...], table_of: Callable[[str], Dataset]
) -> Written:
    columns = QueryColumns(fields={each.name: (Origin(source, each.name),) for each in fields})
    return Written(dataset=table_of(table), fields=fields, columns=columns, resolve=table_of, version=version)
