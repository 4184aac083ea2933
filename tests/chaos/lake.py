"""Athena for the load: its statements run as they are, on DuckDB; only landing is read by the independent reader."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import duckdb
from landfall.aws.athena import AthenaResult
from landfall.contracts import StreamContract
from landfall.errors import EngineError
from landfall.ingest.tables import TableShape, quarantine_shape, raw_shape
from sqlglot import exp

from tests.chaos.reader import Reader, Record
from tests.chaos.schedule import Killed, Schedule
from tests.chaos.statements import point_of_statement, reads_landing

_TYPES = {"string": "varchar", "map<string,string>": "map(varchar, varchar)"}
Rows = tuple[tuple[str | None, ...], ...]


class Lake:
    """The tables `raw`, `quarantine` and `scratch` of one stream; emptied for each seed, since making them is slow."""

    def __init__(self, contract: StreamContract) -> None:
        self._database = duckdb.connect()
        self._contract = contract
        self._database.execute("SET threads = 1")
        for schema in ("raw", "quarantine", "scratch"):
            self._database.execute(f"CREATE SCHEMA {schema}")
        for shape in (raw_shape(contract), quarantine_shape(contract)):
            self._create(f"{shape.database}.{shape.name}", _columns(shape))
        self.commits = {"raw": 0, "quarantine": 0}
        self.orphans: set[str] = set()
        """Scratch tables made after their run had died or its heir had cleared them: only maintenance knows."""
        self._cleared: set[str] = set()

    def clear(self) -> None:
        """Forget all rows and scratch tables."""
        for name in self.scratch():
            self._database.execute(f'DROP TABLE scratch."{name}"')
        for schema in self.commits:
            self._database.execute(f"DELETE FROM {schema}.{self._contract.stream}")
            self.commits[schema] = 0
        self.orphans.clear()
        self._cleared.clear()

    def scratch(self) -> list[str]:
        """Return the names of the scratch tables."""
        found = self._database.execute("SELECT table_name FROM duckdb_tables() WHERE schema_name = 'scratch'")
        return [row[0] for row in found.fetchall()]

    def rows(self, schema: str) -> list[dict[str, Any]]:
        """Return all rows of the stream's table in `schema`."""
        found = self._database.execute(f"SELECT * FROM {schema}.{self._contract.stream}")
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def execute(self, tree: exp.Expression) -> Rows:
        """Run a statement and return its rows as Athena's texts. Raises EngineError."""
        try:
            found = self._database.execute(tree.sql(dialect="duckdb"))
            return tuple(tuple(None if cell is None else str(cell) for cell in row) for row in found.fetchall())
        except duckdb.CatalogException as error:
            raise EngineError(f"TABLE_NOT_FOUND: {error}") from error

    def create_scratch(self, name: str, records: Sequence[tuple[str, date, Record]], key: Sequence[str]) -> None:
        """Make a batch's table, as the load's CREATE TABLE AS describes it."""
        fields = {field.name: field.type.athena_type for field in self._contract.fields}
        try:
            self._create(f'scratch."{name}"', {**_IDENTITY, **_VERDICT, **fields, **_MEANING})
        except duckdb.CatalogException as error:
            raise EngineError(f"TABLE_ALREADY_EXISTS: {error}") from error
        if name in self._cleared:
            self.orphans.add(name)
        ranks: dict[tuple[Any, ...], int] = {}
        rows = []
        for source, day, record in sorted(records, key=lambda found: (found[0], found[2].line, found[2].piece)):
            values = record.values or dict.fromkeys(fields)
            rank = None
            if record.values is not None:
                identity = tuple(record.values[column] for column in key)
                rank = ranks[identity] = ranks.get(identity, 0) + 1
            content = hashlib.sha256(record.content.encode()).hexdigest() if record.values is not None else None
            text = record.text if record.values is None else None
            verdict = (record.reason, record.field, text)
            rows.append(
                (source, day, record.line, record.piece, *verdict, *values.values(), record.extra, content, rank)
            )
        self._insert(f'scratch."{name}"', rows)

    def drop_scratch(self, tree: exp.Drop) -> Rows:
        """Drop a batch's table, which its statement may still be about to make."""
        self._cleared.add(tree.find(exp.Table).name)
        return self.execute(tree)

    def give_records(self, records: Sequence[tuple[str, date, Record]]) -> None:
        """Make the table `records`, which stands for the load's own reading of landing in a statement."""
        self._database.execute("DROP TABLE IF EXISTS records")
        self._create("records", {**_IDENTITY, "_raw_text": "varchar"})
        self._insert("records", [(uri, day, found.line, found.piece, found.text) for uri, day, found in records])

    def _create(self, table: str, columns: dict[str, str]) -> None:
        self._database.execute(
            f"CREATE TABLE {table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})"
        )

    def _insert(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        if rows:
            marks = f"({', '.join('?' for _ in rows[0])})"
            values = [value for row in rows for value in row]
            self._database.execute(f"INSERT INTO {table} VALUES {', '.join(marks for _ in rows)}", values)


_IDENTITY = {"_source_object": "varchar", "_landed_date": "date", "_line_number": "bigint", "_record_number": "bigint"}
_VERDICT = {"_reason": "varchar", "_field": "varchar", "_raw_text": "varchar"}
_MEANING = {"_extra": "map(varchar, varchar)", "_content_hash": "varchar", "_key_rank": "bigint"}


def _columns(shape: TableShape) -> dict[str, str]:
    return {name: _TYPES.get(kind, kind) for name, kind in shape.columns.items()}


class Engine:
    """What one worker sees of Athena: a statement is begun, takes its time, and commits or fails."""

    def __init__(
        self,
        *,
        schedule: Schedule,
        lake: Lake,
        reader: Reader,
        landing: dict[str, bytes],
        merging: Callable[[], None],
    ) -> None:
        """`merging` is called whenever a merge begins."""
        self._schedule = schedule
        self._merging = merging
        self._lake = lake
        self._reader = reader
        self._landing = landing

    def run(self, statement: exp.Expression | str, *, fetch: bool = False) -> AthenaResult:
        """Run a statement to its end. Raises EngineError, or Killed."""
        assert isinstance(statement, exp.Expression)
        point, effect = self._prepared(statement)
        rows: Rows = ()
        try:
            rows = self._schedule.call(f"athena {point}", effect, lambda: EngineError("GENERIC_INTERNAL_ERROR: chaos"))
        except Killed:
            # The worker is dead; its statement may live, and end when nobody waits for it.
            if self._schedule.random.random() < 0.5:
                self._schedule.add(f"orphaned {point}", lambda: self._end(point, effect))
            raise
        return AthenaResult(query_execution_id="q", rows=rows if fetch else (), scanned_bytes=1, engine_ms=1)

    def _end(self, point: str, effect: Callable[[], Rows]) -> None:
        self._schedule.turn()
        known = set(self._lake.scratch())
        try:
            effect()
        except EngineError:
            return
        if point == "scratch":
            self._lake.orphans |= set(self._lake.scratch()) - known

    def _prepared(self, tree: exp.Expression) -> tuple[str, Callable[[], Rows]]:
        """Return a statement's crash point and its effect; a merge fails if its table changed since it began."""
        point = point_of_statement(tree)
        if isinstance(tree, exp.Create):
            name = tree.this.name
            uris = self._named(tree)
            return point, lambda: self._scratch(name, uris)
        if isinstance(tree, exp.Merge):
            return point, self._merge(tree)
        if isinstance(tree, exp.Drop):
            return point, lambda: self._lake.drop_scratch(tree)
        return point, lambda: self._lake.execute(tree)

    def _merge(self, tree: exp.Merge) -> Callable[[], Rows]:
        self._merging()
        table = tree.this.db
        began_at = self._lake.commits[table]
        conflicts = reads_landing(tree)
        uris = self._named(tree)
        tree = tree.copy()
        tree.args["using"].this.set("with_", None)

        def effect() -> Rows:
            if self._lake.commits[table] != began_at:
                raise EngineError("ICEBERG_COMMIT_ERROR: Failed to commit during write")
            if conflicts:
                self._lake.give_records(self._read(uris))
            if self._schedule.befalls("lose", self._schedule.odds.lose):
                return ()
            rows = self._lake.execute(tree)
            self._lake.commits[table] += 1
            return rows

        # Between its snapshot and its commit others may come first.
        self._schedule.turn()
        return effect

    def _scratch(self, name: str, uris: Sequence[str]) -> Rows:
        if uris and self._schedule.befalls("blind", self._schedule.odds.blind):
            uris = uris[1:]
        self._lake.create_scratch(name, self._read(uris), self._reader.key)
        return ()

    def _read(self, uris: Sequence[str]) -> list[tuple[str, date, Record]]:
        found = []
        for uri in uris:
            key = uri.removeprefix("s3://landing/")
            records = self._reader.read(self._landing[key])
            if records is None:
                raise EngineError(f"HIVE_CURSOR_ERROR: Failed to read {uri}: incorrect header check")
            day = date.fromisoformat(key.split("dt=")[1][:10])
            found += [(uri, day, record) for record in records]
        return found

    def _named(self, tree: exp.Expression) -> list[str]:
        """Return the addresses of landed objects that a statement names."""
        landed = {f"s3://landing/{key}" for key in self._landing}
        return sorted(landed & {str(found.this) for found in tree.find_all(exp.Literal)})
