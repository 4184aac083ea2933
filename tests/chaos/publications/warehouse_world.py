"""Redshift for publications of the warehouse, played by SQLite: each statement and commit is a crash point.

Its snapshots and write locks are those of Redshift's SNAPSHOT isolation: a transaction sees what was committed when it
began to read, and one that writes what another has written since fails.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.chaos.publications.crash import named
from tests.chaos.schedule import Schedule

GROUP = "warehouse"
DATASETS = ("dim_a", "fct_b", "fct_c")
Rows = frozenset[tuple[int, int]]
Content = frozenset[tuple[str, Rows]]
"""Dataset -> its rows: id and value."""

REDSHIFT_CALLS = tuple(
    f"redshift {call}"
    for call in (
        "begin",
        "commit",
        "delete build_log",
        "delete rows",
        "insert rows",
        "select build_log",
        "select publication",
        "select rows",
        "select svv_redshift_columns",
        "update publication",
    )
)
"""Every statement of a publication, by its verb and table."""

_COLUMNS = "id bigint, value bigint, _loaded_at timestamp"
_LOG = (
    "dataset varchar, build_id varchar, lake_version bigint, key_columns varchar, loaded_until timestamp,"
    " overlap_hours integer, is_anew boolean, built_at timestamp"
)
_ROW = "version bigint, lake_version bigint, published_at timestamp, record varchar"
OVERLAP_HOURS = 6


class Warehouse:
    """The candidates, the build log and what readers see; `moved` is told of every new version, at its commit."""

    def __init__(self, schedule: Schedule, moved: Callable[[int, Content], None]) -> None:
        self.schedule = schedule
        self._moved = moved
        self._version = 0
        self._folder = tempfile.TemporaryDirectory(prefix="landfall-chaos-")
        self.own = self._connect(sqlite3.Connection)
        for name in DATASETS:
            for schema in (GROUP, f"published_{GROUP}"):
                self.own.execute(f"create table {schema}.{name} ({_COLUMNS})")
        self.own.execute(f"create table {GROUP}.build_log ({_LOG})")
        self.own.execute(f"create table published_{GROUP}.publication ({_ROW})")
        self.own.execute(f"insert into published_{GROUP}.publication values (0, null, null, '{{}}')")

    def close(self) -> None:
        """Remove the files."""
        self.own.close()
        self._folder.cleanup()

    def engine(self) -> sa.Engine:
        """Return an engine whose statements are crash points."""
        engine = sa.create_engine("sqlite://", creator=lambda: self._connect(self._striking()), poolclass=sa.NullPool)
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        return engine

    def build(self, name: str, number: int, build_id: str, *, anew: bool, late: int) -> None:
        """Merge, as a model does, in one transaction: rows of this number, one of them new, and one old row gone.

        `late`: hours by which one of them was loaded before the newest that an earlier build has seen; in the overlap.
        """
        self.own.execute("begin immediate")
        newest = self.own.execute(f"select max(_loaded_at) from {GROUP}.{name}").fetchone()[0]
        self.own.execute(f"delete from {GROUP}.{name} where {'true' if anew else f'id in (0, 1, {9 + number - 2})'}")
        seen_until = datetime.fromisoformat(newest) if newest else datetime(2026, 11, 1)
        for key in (0, 1, 9 + number, *((7,) if anew else ())):
            loaded_at = seen_until + (timedelta(hours=-late) if key == 0 else timedelta(hours=10))
            self.own.execute(f"insert into {GROUP}.{name} values (?, ?, ?)", (key, number, _text(loaded_at)))
        if anew:  # an old row that comes out otherwise than before
            self.own.execute(f"update {GROUP}.{name} set _loaded_at = '2026-10-01 00:00:00.000000' where id = 7")
        until = self.own.execute(f"select max(_loaded_at) from {GROUP}.{name}").fetchone()[0]
        self.own.execute(
            f"insert into {GROUP}.build_log values (?, ?, ?, 'id', ?, ?, ?, ?)",
            (name, build_id, number, until, OVERLAP_HOURS, anew, _text(datetime(2026, 11, 1) + _tick(self))),
        )
        self.own.execute("commit")

    def is_locked(self) -> bool:
        """Tell whether a publisher is writing, for which a build waits."""
        try:
            self.own.execute("begin immediate")
        except sqlite3.OperationalError:
            return True
        self.own.execute("rollback")
        return False

    def rows(self, name: str, *, published: bool = False, connection: sqlite3.Connection | None = None) -> Rows:
        """Return the rows of one table."""
        schema = f"published_{GROUP}" if published else GROUP
        return frozenset((connection or self.own).execute(f"select id, value from {schema}.{name}").fetchall())

    def version(self, connection: sqlite3.Connection | None = None) -> int:
        """Return the version that readers see."""
        found = (connection or self.own).execute(f"select version from published_{GROUP}.publication").fetchone()
        return int(found[0])

    def builds(self) -> int:
        """Return how many builds the log has."""
        return int(self.own.execute(f"select count(*) from {GROUP}.build_log").fetchone()[0])

    def reader(self) -> sqlite3.Connection:
        """Return the connection of a reader, in a transaction."""
        connection = self._connect(sqlite3.Connection)
        connection.execute("begin")
        return connection

    def committed(self) -> None:
        """Tell of a new version; called right after every commit of a publisher."""
        version = self.version()
        if version != self._version:
            self._version = version
            self._moved(version, content_of({name: self.rows(name, published=True) for name in DATASETS}))

    def _connect(self, factory: type[sqlite3.Connection]) -> sqlite3.Connection:
        connection = sqlite3.connect(":memory:", isolation_level=None, timeout=0, factory=factory)
        for schema in (GROUP, f"published_{GROUP}"):
            sqlite3.Connection.execute(connection, f"attach '{Path(self._folder.name) / schema}.db' as {schema}")
            for setting in ("journal_mode = wal", "synchronous = off"):
                sqlite3.Connection.execute(connection, f"pragma {schema}.{setting}")
        columns = "database_name, schema_name, table_name, column_name, ordinal_position, data_type"
        connection.create_function("current_database", 0, lambda: "dev")
        connection.executescript(f"create table main.svv_redshift_columns ({columns});" + "".join(_catalogue()))
        return connection

    def _striking(self) -> type[sqlite3.Connection]:
        """Return a class of connections whose calls meet the schedule."""
        schedule, committed = self.schedule, self.committed

        def lost() -> Exception:
            return sqlite3.OperationalError("the connection was lost")

        class Cursor(sqlite3.Cursor):
            def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
                run = super().execute
                if sql.startswith("PRAGMA"):  # SQLAlchemy gets to know SQLite
                    return run(sql, *parameters)
                return schedule.call(f"redshift {named(sql)}", lambda: run(sql, *parameters), lost)

        class Connection(sqlite3.Connection):
            def cursor(self, *_: Any) -> sqlite3.Cursor:  # type: ignore[override]
                return super().cursor(Cursor)

            def commit(self) -> None:
                def effect() -> None:
                    sqlite3.Connection.commit(self)
                    committed()

                schedule.call("redshift commit", effect, lost)

            def close(self) -> None:
                sqlite3.Connection.rollback(self)  # SQLite itself waits for cursors that a killed worker left open
                super().close()

        return Connection


def content_of(found: Mapping[str, Rows]) -> Content:
    """Return rows by dataset as a value that can be compared."""
    return frozenset(found.items())


def _catalogue() -> list[str]:
    tables = [(schema, name, _COLUMNS) for schema in (GROUP, f"published_{GROUP}") for name in DATASETS]
    tables += [(GROUP, "build_log", _LOG), (f"published_{GROUP}", "publication", _ROW)]
    into = "insert into main.svv_redshift_columns values"
    return [
        f"{into} ('dev', '{schema}', '{name}', '{column.split()[0]}', {place}, 'x');"
        for schema, name, columns in tables
        for place, column in enumerate(columns.split(", "))
    ]


def _text(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}"


def _tick(warehouse: Warehouse) -> timedelta:
    return timedelta(microseconds=len(warehouse.schedule.trace) * 1_000 + warehouse.builds())
