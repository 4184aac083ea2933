"""Publications of a group in Redshift, of which each statement may be a publisher's last."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sqlalchemy as sa
from landfall.aws.engine_urls import redshift_engine
from landfall.publish.record import Candidate
from landfall.publish.warehouse import WarehouseStore
from landfall.settings import Settings

from tests.chaos.publications.fire import READS_A_SECOND, Fire
from tests.chaos.publications.readers import Audited, Reader, Readers
from tests.integration.publish.warehouse_group import WarehouseGroup

_ROWS = 3
"""Rows that every build changes; besides them there is one that every build replaces."""


class WarehouseReader(Reader):
    """Reads all tables and the version in one statement; and in one transaction of several."""

    def __init__(self, group: str, names: Sequence[str], audited: Audited, hertz: float) -> None:
        super().__init__(audited, hertz)
        self._names = names
        self._published = f"published_{group}"
        self._engine = redshift_engine(Settings.from_environment())
        tables = " cross join ".join(
            f"(select min(value) as low_{name}, max(value) as high_{name}, count(*) as rows_{name}"
            f" from {self._published}.{name}) as {name}"
            for name in names
        )
        self._all_at_once = (
            f"select * from (select version from {self._published}.publication) as p cross join {tables}"
        )
        self._kept: sa.Connection | None = None

    def reads(self) -> list[tuple[Callable[[], None], float]]:
        """One statement a read, and one transaction of several."""
        return [(self._read_statement, self.hertz), (self._read_transaction, 5)]

    def _read_statement(self) -> None:
        self.seen.counts["reads of one version"] += 1
        connection = self._connection()
        if connection is not None:
            version, *found = tuple(connection.exec_driver_sql(self._all_at_once).one())
            lows, highs, rows = found[0::3], found[1::3], found[2::3]
            self._judge(version, {*lows, *highs}, set(rows))

    def _read_transaction(self) -> None:
        if self._kept is None:
            return
        with self._engine.connect() as connection:
            version = connection.exec_driver_sql(f"select version from {self._published}.publication").scalar_one()
            values, rows = set(), set()
            for name in self._names:
                low, high, number = connection.exec_driver_sql(
                    f"select min(value), max(value), count(*) from {self._published}.{name}"
                ).one()
                values |= {low, high}
                rows.add(number)
        self.seen.counts["transactions of several statements"] += 1
        self._judge(version, values, rows)

    def _judge(self, version: int, values: set[int], rows: set[int]) -> None:
        """Say what is wrong with what one read saw; a version is told by its values, which never change."""
        if len(values) != 1 or not self.audited.holds(values) or rows != {_ROWS + 1}:
            self.seen.wrongs.append(f"version {version} has {rows} rows of builds {values}")
        else:
            self.seen.is_of(version, *values)

    def _connection(self) -> sa.Connection | None:
        """Return the connection that is kept, from the first publication on."""
        if self._kept is None:
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            if not self._is_published(connection):
                connection.close()
                return None
            self._kept = connection
        return self._kept

    def _is_published(self, connection: sa.Connection) -> bool:
        found = connection.exec_driver_sql(f"select 1 from svv_tables where table_schema = '{self._published}'")
        if not found.fetchall():
            return False
        return bool(connection.exec_driver_sql(f"select version from {self._published}.publication").scalar())


class WarehouseFire(Fire):
    """Builds, audits and publishes two tables of Redshift; a rollback there is to build them anew."""

    engine = "Redshift"
    first_places = tuple(
        f"{when} redshift {what}"
        for what in ("create publication", "grant publication", "insert publication", "create rows", "grant rows")
        for when in ("before", "after")
    )

    def __init__(self, seed: int, publications: int, *, hertz: float = READS_A_SECOND) -> None:
        super().__init__(seed, publications, hertz=hertz)
        self._group = WarehouseGroup()
        self._anew = False

    def readers(self) -> Readers:
        """Return who reads all along."""
        return Readers(WarehouseReader, self._group.group, tuple(self._group.tables), self.audited, self.hertz)

    def transform(self, number: int) -> None:
        """Change all rows but for the last build's own, which is replaced by one of this."""
        rows = {key: (number, number) for key in (*range(_ROWS), _ROWS + number)}
        gone = tuple(range(_ROWS, _ROWS + number))[-9:]
        self._group.build(rows, gone=gone, lake_version=number, anew=self._anew)
        self._lake_version, self._anew = number, False

    def begin_and_freeze(self) -> Candidate:
        """Let the record follow what a dead publisher left, and freeze."""
        store = self._store()
        store.recover(self._group.group)
        return store.freeze_built(self._group.group, self._group.tables, built_from=self._lake_version)

    def publish(self, candidate: Candidate, *, run_id: str) -> None:
        """Publish as the last task of the DAG does."""
        self._store().publish(candidate, gate="gate", contract_versions={}, cause_run_id=run_id)

    def roll_back(self, run_id: str) -> None:
        """Let the next build be anew, as after a rollback of the lake."""
        if self.random.random() < 0.05:
            self._anew = True
            self.counts["builds anew"] += 1

    def left(self, number: int) -> list[str]:
        """Compare the record, what readers see, and the candidates."""
        group = self._group
        current = self._store().current(group.group)
        wrongs = [] if current and current.version == group.version() else [f"the record says {current}"]
        wrongs += [
            f"readers see {group.seen(name)}" for name in group.tables if group.seen(name) != group.candidate(name)
        ]
        wrongs += [f"build {number} is not what readers see"] if set(group.seen().values()) != {number} else []
        log = group.ask(f"select count(*) as number from {group.group}.build_log")[0].number
        return wrongs + ([f"{log} builds are left in the log"] if log else [])

    def drop(self) -> None:
        """Remove both schemas."""
        self._group.drop()

    def _store(self) -> WarehouseStore:
        return WarehouseStore(self.settings, self._group.group)
