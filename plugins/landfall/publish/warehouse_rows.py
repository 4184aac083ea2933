"""Carry the audited rows of Redshift to its readers, all datasets of a version in one transaction.

dbt merges into the candidates in place. What it changed since the last publication its build log tells, so that a
publication costs what is new. The transaction also moves the one row that says which version readers see: that is the
moment of publication, and the record in DynamoDB follows it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from landfall.errors import EngineError, PublicationError
from landfall.publish.changed_days import UnknownDaysError
from landfall.publish.record import CURRENT, Candidate, Publication, PublishedDataset
from landfall.publish.warehouse_builds import Build, build_log, delete_builds
from landfall.publish.warehouse_tables import (
    LOADED_AT,
    AddColumn,
    Carried,
    CreateTableLike,
    OpenToReaders,
    Types,
    catalog_columns,
    new_columns,
    publication_table,
    published_schema,
)


class WarehouseRows:
    """The candidates of one group and what readers see of them; `engine` makes SQLAlchemy's engine of Redshift.

    `never_moves_on` has dataset -> the column in which a row never gets a later value, for those that have one. Every
    method is one transaction and raises EngineError when Redshift ends it without success.
    """

    def __init__(
        self, group: str, *, engine: Callable[[], sa.Engine], never_moves_on: Mapping[str, str] | None = None
    ) -> None:
        self._group = group
        self._engine = engine
        self._never_moves_on = never_moves_on or {}
        self._log = build_log(group)
        self._row = publication_table(group)

    def builds(self) -> dict[str, list[Build]]:
        """Return dataset -> its builds since the last publication, the newest last."""
        with self._transaction() as connection:
            return self._builds(connection, self._columns(connection))

    def published(self) -> Publication | None:
        """Return the version that readers of Redshift see, None before the first."""
        with self._transaction() as connection:
            return self._published(connection, self._columns(connection))

    def days_to_carry(self, columns: Mapping[str, str]) -> list[tuple[date, date]]:
        """Return the months of the candidates' rows that a publication carries; `columns`: dataset -> column of days.

        Raises UnknownDaysError if one carries all rows of a dataset.
        """
        found: set[date] = set()
        with self._transaction() as connection:
            types = self._columns(connection)
            for name, builds in self._builds(connection, types).items():
                if name not in columns:
                    continue
                carried = self._carried(name, builds, types[self._group][name])
                known = name in types[published_schema(self._group)]
                since = self._since(connection, carried, builds) if known else None
                if since is None:
                    raise UnknownDaysError(f"all rows of {self._group}.{name} are carried")
                found.update(connection.execute(carried.months(columns[name], since)).scalars())
        return [(month, month + timedelta(days=1)) for month in found]

    def would_change(self, candidate: Candidate) -> bool:
        """Tell whether to carry `candidate` would change a row that readers see, or a column.

        Raises PublicationError if a dataset was built again since it was audited.
        """
        with self._transaction() as connection:
            columns = self._columns(connection)
            builds = self._builds(connection, columns)
            return any(
                self._differs(connection, columns, name, self._audited(builds, name, dataset))
                for name, dataset in candidate.datasets.items()
            )

    def _differs(
        self, connection: sa.Connection, columns: Mapping[str, Mapping[str, Types]], name: str, builds: Sequence[Build]
    ) -> bool:
        if not builds:
            return False
        types, known = columns[self._group][name], columns[published_schema(self._group)].get(name)
        if known is None or set(types) != set(known):
            return True
        carried = self._carried(name, builds, types)
        candidate, published = connection.execute(carried.counts()).one()
        if candidate != published:
            return True
        since = self._since(connection, carried, builds)
        return connection.execute(carried.changed(since)).first() is not None

    def _audited(self, builds: Mapping[str, Sequence[Build]], name: str, dataset: PublishedDataset) -> Sequence[Build]:
        """Return the builds of a dataset; PublicationError if they are not those of its audit."""
        found = builds.get(name, ())
        if found and tuple(build.build_id for build in found) != dataset.builds:
            raise PublicationError(f"{self._group}.{name} was built again since its audit: audit it again")
        return found

    def carry(self, publication: Publication, *, base_version: int) -> None:
        """Make the candidates, audited against `base_version`, what readers see.

        Raises PublicationError, with readers where they were, if they see another version than `base_version` or an
        older one, if a dataset was built again since, or if a copy does not add up.
        """
        with self._transaction() as connection:
            columns = self._columns(connection)
            if self._row.name not in columns[published_schema(self._group)]:
                self._make_row(connection)
            seen = self._published(connection, columns)
            seen_version = seen.version if seen else 0
            if seen_version > base_version:
                raise PublicationError(
                    f"readers of {published_schema(self._group)} see version {seen_version}, but the candidate was "
                    f"audited against {base_version}: transform and audit again"
                )
            self._move_row(connection, publication, seen_version)
            builds = self._builds(connection, columns)
            for name, dataset in publication.datasets.items():
                found = self._audited(builds, name, dataset)
                self._carry(connection, columns, name, found, whole=seen_version != base_version)
                connection.execute(delete_builds(self._log, name, found))

    def _carry(
        self,
        connection: sa.Connection,
        columns: Mapping[str, Mapping[str, Types]],
        name: str,
        builds: Sequence[Build],
        *,
        whole: bool,
    ) -> None:
        """Make the published copy of one dataset equal to its candidate."""
        if not builds:
            if whole:
                raise PublicationError(
                    f"readers of {published_schema(self._group)} lost a version, and {name} was not built since: "
                    "trigger transform_warehouse"
                )
            return
        types = columns[self._group][name]
        carried = self._carried(name, builds, types)
        known = columns[published_schema(self._group)].get(name)
        if known is None:
            connection.execute(CreateTableLike(carried))
            connection.execute(OpenToReaders(published_schema(self._group), carried.published))
        else:
            for column, type_name in new_columns(carried, types, known).items():
                connection.execute(AddColumn(carried.published, column, type_name))
        since = None if known is None or whole else self._since(connection, carried, builds)
        if since is None:
            connection.execute(carried.delete_all())
        else:
            earliest = connection.execute(carried.earliest(since)).scalar_one() if carried.never_moves_on else None
            connection.execute(carried.delete_changed(since, earliest))
        connection.execute(carried.insert(since))
        self._check_counts(connection, carried)

    def _carried(self, name: str, builds: Sequence[Build], types: Types) -> Carried:
        return Carried.of(
            self._group, name, key=builds[-1].key, columns=types, never_moves_on=self._never_moves_on.get(name)
        )

    def _since(self, connection: sa.Connection, carried: Carried, builds: Sequence[Build]) -> datetime | None:
        """Return when the oldest row that may have changed was loaded; None if any may have.

        A build takes rows from its overlap before the newest row that the build before it left.
        """
        until = [build.loaded_until for build in builds]
        if LOADED_AT not in carried.columns or any(build.is_anew for build in builds):
            return None
        until.append(connection.execute(carried.newest()).scalar_one())
        known = [each for each in until if each is not None]
        if len(known) < len(until):
            return None
        return min(known) - timedelta(hours=max(build.overlap_hours for build in builds))

    def _check_counts(self, connection: sa.Connection, carried: Carried) -> None:
        """Delete the rows that are gone, if counts tell that there are any, and make sure that both then agree."""
        candidate, published = connection.execute(carried.counts()).one()
        if candidate != published:
            connection.execute(carried.delete_gone())
            candidate, published = connection.execute(carried.counts()).one()
        if candidate != published:
            raise PublicationError(
                f"{carried.published.fullname} would have {published} rows and its candidate has {candidate}: is "
                f"{', '.join(carried.key)} its key? Build it anew: LANDFALL_BUILD_ANEW=yes"
            )

    def _make_row(self, connection: sa.Connection) -> None:
        schema = published_schema(self._group)
        connection.execute(sa.schema.CreateSchema(schema, if_not_exists=True))
        connection.execute(OpenToReaders(schema))
        connection.execute(sa.schema.CreateTable(self._row))
        connection.execute(OpenToReaders(schema, self._row))
        connection.execute(sa.insert(self._row).values(version=0, record="{}"))

    def _move_row(self, connection: sa.Connection, publication: Publication, seen_version: int) -> None:
        moved = connection.execute(
            sa.update(self._row)
            .where(self._row.c.version == seen_version)
            .values(
                version=publication.version,
                lake_version=publication.built_from,
                published_at=publication.published_at.replace(tzinfo=None),
                record=json.dumps(publication.to_item(sort_key=CURRENT)),
            )
        )
        if moved.rowcount != 1:
            raise PublicationError(f"{self._row.fullname} is moved by another publication: transform and audit again")

    def _published(self, connection: sa.Connection, columns: Mapping[str, Mapping[str, Types]]) -> Publication | None:
        if self._row.name not in columns[published_schema(self._group)]:
            return None
        row = connection.execute(sa.select(self._row.c.version, self._row.c.record)).one()
        return Publication.from_item(json.loads(row.record)) if row.version else None

    def _builds(self, connection: sa.Connection, columns: Mapping[str, Mapping[str, Types]]) -> dict[str, list[Build]]:
        found: dict[str, list[Build]] = defaultdict(list)
        if self._log.name in columns[self._group]:
            for row in connection.execute(sa.select(self._log).order_by(self._log.c.built_at, self._log.c.build_id)):
                found[row.dataset].append(Build(**row._mapping))
        return dict(found)

    def _columns(self, connection: sa.Connection) -> dict[str, dict[str, dict[str, str]]]:
        """Return schema -> table -> its columns, for the group's two schemas."""
        found: dict[str, dict[str, dict[str, str]]] = {self._group: {}, published_schema(self._group): {}}
        for row in connection.execute(catalog_columns(self._group)):
            found[row.schema_name].setdefault(row.table_name, {})[row.column_name] = row.data_type
        return found

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        engine = self._engine()
        try:
            with engine.begin() as connection:
                yield connection
        except sa.exc.DBAPIError as error:
            raise EngineError(f"Redshift ended a statement of group {self._group!r}: {error.orig}") from error
        finally:
            engine.dispose()
