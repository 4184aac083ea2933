"""A group of two tables in Redshift, built as dbt builds the warehouse's models: by key, with a build log."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa
from landfall.aws.engine_urls import redshift_address, redshift_engine
from landfall.publish.record import Publication
from landfall.publish.warehouse import WarehouseStore
from landfall.publish.warehouse_rows import WarehouseRows
from landfall.settings import Settings

Rows = dict[int, tuple[int, int]]
"""id -> value and the hour in which it was loaded."""


class WarehouseGroup:
    """Candidates `a` and `b` of a group of this test alone, and readers of what is published of them."""

    def __init__(self) -> None:
        self.never_moves_on: dict[str, str] = {}
        self.group = f"test_{uuid.uuid4().hex[:8]}"
        self.tables = {name: f"{self.group}.{name}" for name in ("a", "b")}
        self._settings = Settings.from_environment()
        self.engine = redshift_engine(self._settings)
        with self.engine.begin() as connection:
            connection.exec_driver_sql(f"create schema {self.group}")
            for table in self.tables.values():
                connection.exec_driver_sql(
                    f"create table {table} (id bigint not null, value bigint, _loaded_at timestamp not null)"
                    " diststyle key distkey (id) sortkey (_loaded_at)"
                )
            connection.exec_driver_sql(
                f"create table {self.group}.build_log (dataset varchar(128), build_id varchar(64), lake_version bigint,"
                " key_columns varchar(1024), loaded_until timestamp, overlap_hours integer, is_anew boolean,"
                " built_at timestamp)"
            )

    def store(self) -> WarehouseStore:
        """Return the store of a publisher."""
        return WarehouseStore(self._settings, self.group, rows=self.rows())

    def rows(self) -> WarehouseRows:
        """Return the rows that a publisher carries."""
        engine = partial(redshift_engine, self._settings)
        return WarehouseRows(self.group, engine=engine, never_moves_on=self.never_moves_on)

    def build(
        self, rows: Rows, *, gone: tuple[int, ...] = (), lake_version: int = 1, anew: bool = False, only: str = ""
    ) -> str:
        """Merge rows into both tables (or `only` one), delete those `gone`, or all first; return the build's id."""
        build_id = uuid.uuid4().hex
        for name, table in self.tables.items():
            if only in ("", name):
                with self.engine.begin() as connection:
                    where = "" if anew else f" where id in ({', '.join(map(str, [*rows, *gone, -1]))})"
                    connection.exec_driver_sql(f"delete from {table}{where}")
                    values = [f"({key}, {value}, {_at(hour)})" for key, (value, hour) in rows.items()]
                    if values:
                        connection.exec_driver_sql(f"insert into {table} values {', '.join(values)}")
                    connection.exec_driver_sql(
                        f"insert into {self.group}.build_log select '{name}', '{build_id}', {lake_version}, 'id',"
                        f" max(_loaded_at), 6, {anew}, sysdate from {table}"
                    )
        return build_id

    def publish(self, *, lake_version: int = 1, run_id: str = "run") -> Publication:
        """Freeze the candidates and publish them, as if audited."""
        store = self.store()
        store.recover(self.group)
        candidate = store.freeze_built(self.group, self.tables, built_from=lake_version)
        return store.publish(candidate, gate="gate", contract_versions={}, cause_run_id=run_id)

    def seen(self, name: str = "a") -> dict[int, int]:
        """Return what readers see of a table: id -> value."""
        return {row.id: row.value for row in self.ask(f"select id, value from published_{self.group}.{name}")}

    def candidate(self, name: str = "a") -> dict[int, int]:
        """Return the candidate's rows: id -> value."""
        return {row.id: row.value for row in self.ask(f"select id, value from {self.tables[name]}")}

    def version(self) -> int:
        """Return the version that readers of Redshift see."""
        return int(self.ask(f"select version from published_{self.group}.publication")[0].version)

    def ask(self, sql: str) -> list[Any]:
        """Return the rows of a query."""
        with self.engine.connect() as connection:
            return list(connection.exec_driver_sql(sql))

    def do(self, sql: str) -> None:
        """Run a statement and commit."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql(sql)

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """Give a connection whose queries all see what the first one saw."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def user(self) -> Iterator[Callable[[str], int]]:
        """Give what a new user without any grant reads: table -> its number of rows."""
        name, password = f"reader_{uuid.uuid4().hex[:8]}", f"Aa1{uuid.uuid4().hex}"
        self.do(f"create user {name} password '{password}'")
        address = redshift_address(self._settings)
        url = sa.make_url(address.url).set(username=name, password=password)
        engine = sa.create_engine(url, connect_args=dict(address.connect_args), poolclass=sa.NullPool)

        def count(table: str) -> int:
            with engine.connect() as connection:
                return int(connection.exec_driver_sql(f"select count(*) from {table}").scalar_one())

        yield count
        self.do(f"drop user {name}")

    def drop(self) -> None:
        """Remove both schemas."""
        self.do(f"drop schema if exists {self.group} cascade")
        self.do(f"drop schema if exists published_{self.group} cascade")


def _at(hour: int) -> str:
    return f"timestamp '{datetime(2026, 11, 1) + timedelta(hours=hour)}'"
