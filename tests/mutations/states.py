"""The state of both engines before and after an ordinary day, which each mutation starts from and is compared with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from landfall.aws.glue import list_tables
from landfall.aws.iceberg import IcebergCatalog
from landfall.publish.groups import LAKE, TABLES, WAREHOUSE
from landfall.settings import Settings
from pyathena import connect

from tests.redshift import redshift_cursor

STREAMS = ("customers", "orders", "payments", "page_views")
LAKE_TABLES = (
    *(f"raw.{stream}" for stream in STREAMS),
    *(f"quarantine.{stream}" for stream in STREAMS),
    *TABLES[LAKE],
)

Pointers = Mapping[str, str]
"""Table ("database.name") -> the Iceberg metadata file that it is at."""


def lake_state() -> Pointers:
    """Return where every table of the lake points to."""
    catalog = IcebergCatalog()
    return {table: catalog.read(table).metadata_location for table in LAKE_TABLES}


def put_back(state: Pointers, tables: Iterable[str]) -> None:
    """Point `tables` to where they were in `state`; none of their files has changed since."""
    catalog = IcebergCatalog()
    for table in tables:
        seen = catalog.pointer(table)
        if seen is None or seen.metadata_location != state[table]:
            moved = catalog.point(table, like=table, metadata_location=state[table], seen=seen)
            if not moved:
                raise RuntimeError(f"somebody else writes {table}: a mutation needs the stack for itself")


def lake_content(tables: Iterable[str]) -> dict[str, str]:
    """Return table -> a hash of its rows, read by an Athena client as any reader does."""
    settings = Settings.from_environment()
    with connect(region_name=settings.aws_region, work_group=settings.athena_workgroup).cursor() as cursor:
        return {table: _hash(_lake_rows(cursor, table)) for table in tables}


def _lake_rows(cursor: Any, table: str) -> Iterable[Any]:
    database, _, name = table.partition(".")
    definition = next(found for found in list_tables(database=database) if found["Name"] == name)
    columns = [column["Name"] for column in definition["StorageDescriptor"]["Columns"]]
    return cursor.execute(f"select {', '.join(_shown(columns))} from {table}").fetchall()


def _shown(columns: Iterable[str]) -> list[str]:
    """Return the columns that say what is so; the others, with an underscore, say when it was loaded."""
    return [name for name in columns if not name.startswith("_")]


def _hash(rows: Iterable[Any]) -> str:
    return hashlib.sha256("\n".join(sorted(repr(tuple(row)) for row in rows)).encode()).hexdigest()


class Warehouse:
    """The warehouse's tables, copied aside under a name and put back from there."""

    def keep(self, name: str) -> None:
        """Copy every table into the schema `name`."""
        with redshift_cursor() as cursor:
            cursor.execute(f"drop schema if exists {name} cascade")
            cursor.execute(f"create schema {name}")
            for table in TABLES[WAREHOUSE]:
                cursor.execute(f"create table {name}.{_name(table)} as select * from {table}")

    def put_back(self, name: str, tables: Iterable[str]) -> None:
        """Fill `tables` with what `keep` copied."""
        with redshift_cursor() as cursor:
            for table in tables:
                cursor.execute(f"delete from {table}")
                cursor.execute(f"insert into {table} select * from {name}.{_name(table)}")

    def content(self, tables: Iterable[str]) -> dict[str, str]:
        """Return table -> a hash of its rows, read over PostgreSQL's wire."""
        with redshift_cursor() as cursor:
            return {table: _hash(self._rows(cursor, table)) for table in tables}

    def _rows(self, cursor: Any, table: str) -> Iterable[Any]:
        cursor.execute(f"select * from {table} limit 0")
        columns = _shown(str(column[0]) for column in cursor.description)
        cursor.execute(f"select {', '.join(columns)} from {table}")
        return list(cursor.fetchall())


def _name(table: str) -> str:
    return table.partition(".")[2]
