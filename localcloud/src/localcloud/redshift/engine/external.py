"""External schemas: Glue databases under a schema's name, read afresh by every query."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from localcloud.lake import glue
from localcloud.lake.errors import LakeError, TableNotFoundError
from localcloud.lake.scan import scan as scan_table
from localcloud.lake.session import Lake
from localcloud.lake.types import from_hive, to_hive
from localcloud.redshift.engine import grants_checks, schemas
from localcloud.redshift.engine.result import Result
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.statement import Statement
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session


def create_schema(session: Session, statement: Statement, _parameters: Sequence[exp.Expression]) -> Result:
    """CREATE EXTERNAL SCHEMA s FROM DATA CATALOG DATABASE 'g' IAM_ROLE … [CREATE EXTERNAL DATABASE IF NOT EXISTS]."""
    words = Words(statement.tokens)
    words.expect("CREATE", "EXTERNAL", "SCHEMA")
    if_not_exists = words.accept("IF", "NOT", "EXISTS")
    name = schemas.own_name(session, words.dotted_name())
    words.accept("FROM")
    if not words.accept("DATA", "CATALOG"):
        raise unsupported("an external schema from anything but the data catalog")
    words.expect("DATABASE")
    glue_database = words.string().lower()
    if words.accept("REGION"):
        words.string()
    role, create = "", False
    while not words.done:
        if words.accept("IAM_ROLE"):
            role = "default" if words.accept("DEFAULT") else words.string()
        elif words.accept("CREATE", "EXTERNAL", "DATABASE", "IF", "NOT", "EXISTS"):
            create = True
        else:
            raise words.error()
    if not role:
        raise RedshiftError("42601", "IAM_ROLE is required to create an external schema")
    if schemas.require_free(session, name, if_not_exists=if_not_exists):
        if not grants_checks.has_system_privilege(session, session.user, "create schema"):
            grants_checks.require_database(session, "create")
        if create:
            _ensure_database(session.database.lake, glue_database)
        session.catalog.rows(
            "INSERT INTO {c}.external_schemas VALUES (?, ?, ?, ?, ?)",
            session.catalog.next_oid(),
            name,
            glue_database,
            role,
            session.user,
        )
    return Result("CREATE SCHEMA")


def _ensure_database(lake: Lake, name: str) -> None:
    try:
        lake.glue.create_database(DatabaseInput={"Name": name})
    except lake.glue.exceptions.AlreadyExistsException:
        return


def drop_schema(session: Session, name: str) -> bool:
    """Forget an external schema (the Glue database stays); False when there is none of that name."""
    if session.catalog.external_schema(name) is None:
        return False
    session.catalog.forget_privileges(name)
    session.catalog.rows("DELETE FROM {c}.external_schemas WHERE schema_name = ?", name)
    return True


def scan(session: Session, schema: str, glue_database: str, name: str) -> str:
    """DuckDB SQL over the files that Glue and the table's metadata name now; raises RedshiftError 42P01 or XX000."""
    lake = session.database.lake
    try:
        table = glue.find_table(lake, glue_database, name)
        if table.kind == "view":
            raise unsupported(f"reading {schema}.{name}, a view of the data catalog,")
        relation = scan_table(lake, session.connection, table)
    except TableNotFoundError as error:
        raise RedshiftError("42P01", f'relation "{schema}.{name}" does not exist') from error
    except LakeError as error:
        raise RedshiftError("XX000", f"Spectrum Scan Error: {error}") from error
    columns = ", ".join(f'"{column.name}"' for column in table.all_columns)
    return f"SELECT {columns} FROM ({relation.sql})"  # noqa: S608


def external_type(trino: str) -> str:
    """A column's type as svv_external_columns names it, e.g. `varchar(20)`, `timestamp`, `string`."""
    hive = to_hive(trino)
    return "timestamp" if hive.startswith("timestamp") else hive


def refresh_listing(session: Session) -> None:
    """Read the tables of all external schemas from Glue into the session's tables behind the svv_external_* views."""
    tables, columns = [], []
    for schema, glue_database in session.catalog.rows("SELECT schema_name, glue_database FROM {c}.external_schemas"):
        for entry in _glue_tables(session.database.lake, glue_database):
            tables.append(_table_row(schema, entry))
            columns += _column_rows(schema, entry)
    for name, rows in (("pg_landfall_external_tables", tables), ("pg_landfall_external_columns", columns)):
        session.connection.execute(f"DELETE FROM temp.main.{name}")  # noqa: S608
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            session.connection.executemany(f"INSERT INTO temp.main.{name} VALUES ({marks})", rows)  # noqa: S608


def _glue_tables(lake: Lake, glue_database: str) -> Iterator[dict[str, Any]]:
    try:
        for page in lake.glue.get_paginator("get_tables").paginate(DatabaseName=glue_database):
            yield from page["TableList"]
    except lake.glue.exceptions.EntityNotFoundException:
        return


def _table_row(schema: str, entry: dict[str, Any]) -> list[Any]:
    storage = entry.get("StorageDescriptor") or {}
    serde = storage.get("SerdeInfo") or {}
    return [
        schema,
        entry["Name"],
        storage.get("Location", ""),
        storage.get("InputFormat", ""),
        storage.get("OutputFormat", ""),
        serde.get("SerializationLibrary", ""),
        json.dumps(serde.get("Parameters") or {}),
        json.dumps(entry.get("Parameters") or {}),
        "VIEW" if entry.get("TableType") == "VIRTUAL_VIEW" else "TABLE",
    ]


def _column_rows(schema: str, entry: dict[str, Any]) -> list[list[Any]]:
    table = glue.from_glue(entry)
    keys = [column.name for column in table.partition_keys]
    return [
        [
            schema,
            table.name,
            column.name,
            external_type(column.type),
            place,
            keys.index(column.name) + 1 if column.name in keys else 0,
        ]
        for place, column in enumerate(table.all_columns, 1)
    ]


def redshift_type(hive: str) -> str:
    """The Redshift type of a Glue column, in format_type's words."""
    trino = from_hive(hive)
    names = {"integer": "integer", "real": "real", "double": "double precision", "varchar": "character varying(65535)"}
    if trino.startswith("timestamp"):
        return "timestamp without time zone"
    sized = re.fullmatch(r"(varchar|char|decimal)\((.+)\)", trino)
    if sized:
        return {"varchar": "character varying", "char": "character", "decimal": "numeric"}[sized[1]] + f"({sized[2]})"
    return names.get(trino, trino)
