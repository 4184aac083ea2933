"""Entries of external tables in Glue, and who may change them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from localcloud.lake.glue import LakeTable, table_input
from localcloud.redshift.engine import grants_checks
from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.sql.external_tables import ExternalTable

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session


def make_entry(session: Session, declared: ExternalTable, database: str) -> None:
    """Put the table into Glue; raises RedshiftError 3F000 where its database is gone."""
    glue = session.database.lake.glue
    entry = {
        "Name": declared.name[-1],
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", "transient_lastDdlTime": str(int(time.time())), **declared.properties},
        "PartitionKeys": [{"Name": name, "Type": kind} for name, kind in declared.keys],
        "StorageDescriptor": {
            "Columns": [{"Name": name, "Type": kind} for name, kind in declared.columns],
            "Location": declared.location,
            **declared.storage(),
        },
    }
    try:
        glue.create_table(DatabaseName=database, TableInput=entry)
    except glue.exceptions.EntityNotFoundException as error:
        raise RedshiftError("3F000", f'external database "{database}" does not exist') from error


def require_owner(session: Session, schema: str) -> None:
    """Rights on external tables are those on their schema; raises RedshiftError 42501."""
    identity = session.catalog.schema_identity(schema)
    if identity is None or identity[1] == session.user or grants_checks.is_superuser(session, session.user):
        return
    raise RedshiftError("42501", f"must be owner of schema {schema}")


def external_database(session: Session, schema: str, name: str) -> str | None:
    """The Glue database of an external table's schema; None where the name means a local relation."""
    if schema == "pg_temp" or session.catalog.relation(schema, name) is not None:
        return None
    return session.catalog.external_schema(schema)


def refuse_transaction(session: Session, action: str) -> None:
    """What Glue and S3 are told cannot be rolled back; raises RedshiftError 25001 inside a transaction block."""
    if session.status != "I":
        raise RedshiftError("25001", f"{action} an external table cannot run inside a transaction block")


def update(session: Session, table: LakeTable, **changes: Any) -> None:
    """Change the table's entry in Glue."""
    session.database.lake.glue.update_table(DatabaseName=table.database, TableInput=table_input(table) | changes)
