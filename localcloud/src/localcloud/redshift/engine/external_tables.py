"""CREATE EXTERNAL TABLE, and DROP TABLE and ALTER TABLE of external tables: entries of Glue; S3 stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from localcloud.lake.glue import LakeTable
from localcloud.redshift.engine import external_partitions, external_reading, external_writing
from localcloud.redshift.engine.external_entries import make_entry, refuse_transaction, require_owner, update
from localcloud.redshift.engine.result import Result
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql import external_tables
from localcloud.redshift.sql.external_tables import ExternalTable
from localcloud.redshift.sql.external_types import hive_type
from localcloud.redshift.sql.statement import Statement
from localcloud.redshift.sql.storage_options import s3_place
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session


def create(session: Session, statement: Statement, parameters: Sequence[exp.Expr]) -> Result:
    """CREATE EXTERNAL TABLE, from columns or AS a query."""
    declared = external_tables.declared(statement)
    if len(declared.name) == 3 and declared.name[0] != session.database.name:
        raise unsupported(f'creating a table in another database, "{declared.name[0]}",')
    schema, name = declared.name[-2:]
    database = session.catalog.external_schema(schema)
    if database is None:
        session.catalog.require_schema(schema)
        raise RedshiftError("42809", f'"{schema}" is not an external schema')
    require_owner(session, schema)
    bucket, key = s3_place(declared.location)
    lake = session.database.lake
    try:
        lake.glue.get_table(DatabaseName=database, Name=name)
    except lake.glue.exceptions.EntityNotFoundException:
        pass
    else:
        raise RedshiftError("42P07", f'Relation "{name}" already exists')
    if declared.query:
        return external_writing.create_as(session, declared, database, parameters)
    _refuse_manifest(session, bucket, key)
    make_entry(session, declared, database)
    return Result("CREATE EXTERNAL TABLE")


def _refuse_manifest(session: Session, bucket: str, key: str) -> None:
    """A location that is one object is a manifest."""
    s3 = session.database.lake.s3
    if key and not key.endswith("/"):
        found = s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("Contents") or []
        if any(entry["Key"] == key for entry in found):
            raise unsupported("an external table over a manifest")


def drop(session: Session, schema: str, name: str, database: str, *, if_exists: bool) -> None:
    """DROP TABLE of an external table: its files stay."""
    refuse_transaction(session, "DROP TABLE of")
    require_owner(session, schema)
    glue = session.database.lake.glue
    try:
        glue.delete_table(DatabaseName=database, Name=name)
    except glue.exceptions.EntityNotFoundException as error:
        if not if_exists:
            raise RedshiftError("42P01", f'Table "{name}" does not exist') from error


def alter(session: Session, schema: str, name: str, database: str, words: Words, text: str) -> None:
    """ALTER TABLE of an external table; raises RedshiftError 42601 or 42P01."""
    refuse_transaction(session, "ALTER TABLE of")
    require_owner(session, schema)
    table = external_reading.find(session, schema, database, name)
    if table.kind != "hive":
        raise unsupported(f"ALTER TABLE of {schema}.{name}, which is no Hive table,")
    if words.accept("SET"):
        _set(session, table, words)
    elif words.accept("ADD", "COLUMN"):
        _add_column(session, table, words, text)
    elif words.accept("DROP", "COLUMN"):
        _drop_column(session, table, words)
    else:
        external_partitions.alter(session, table, words)


def _set(session: Session, table: LakeTable, words: Words) -> None:
    storage = dict(table.glue["StorageDescriptor"])
    parameters = dict(table.parameters)
    if words.accept("LOCATION"):
        storage["Location"] = words.string()
        s3_place(storage["Location"])
    elif words.accept("FILE", "FORMAT"):
        changed = ExternalTable(("", ""))
        external_tables.stored_as(words, changed)
        storage |= changed.storage()
    else:
        words.expect("TABLE", "PROPERTIES")
        given = external_tables.pairs(words)
        external_tables.check_properties(given)
        parameters |= given
    words.end()
    update(session, table, StorageDescriptor=storage, Parameters=parameters)


def _add_column(session: Session, table: LakeTable, words: Words, text: str) -> None:
    name = words.name()
    if name in {column.name for column in table.all_columns}:
        raise RedshiftError("42701", f'column "{name}" of relation "{table.name}" already exists')
    kind = hive_type(text[words.next().start :])
    _set_columns(session, table, [*_columns(table), {"Name": name, "Type": kind}])


def _drop_column(session: Session, table: LakeTable, words: Words) -> None:
    name = words.name()
    words.end()
    kept = [column for column in _columns(table) if column["Name"].lower() != name]
    if len(kept) == len(_columns(table)):
        raise RedshiftError("42703", f'column "{name}" of relation "{table.name}" does not exist')
    _set_columns(session, table, kept)


def _columns(table: LakeTable) -> list[dict[str, Any]]:
    return list(table.glue["StorageDescriptor"]["Columns"])


def _set_columns(session: Session, table: LakeTable, columns: list[dict[str, Any]]) -> None:
    update(session, table, StorageDescriptor=dict(table.glue["StorageDescriptor"]) | {"Columns": columns})
