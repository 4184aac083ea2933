"""Tables in the Glue Data Catalog."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from landfall.aws.clients import client


def get_table(*, database: str, table: str) -> dict[str, Any] | None:
    """Return Glue's description of a table, or None if there is none."""
    try:
        return dict(client("glue").get_table(DatabaseName=database, Name=table)["Table"])
    except ClientError as error:
        if error.response["Error"]["Code"] == "EntityNotFoundException":
            return None
        raise


def list_tables(*, database: str) -> Iterator[dict[str, Any]]:
    """Yield Glue's descriptions of all tables of a database."""
    for page in client("glue").get_paginator("get_tables").paginate(DatabaseName=database):
        yield from page["TableList"]


def replace_table(*, database: str, definition: dict[str, Any], version_id: str) -> bool:
    """Replace the definition of a table if it is still at `version_id`; return False, with nothing done, if not.

    That is the condition under which Iceberg's own writers commit to a table in Glue.
    """
    try:
        client("glue").update_table(
            DatabaseName=database, TableInput=definition, VersionId=version_id, SkipArchive=True
        )
    except ClientError as error:
        if error.response["Error"]["Code"] in ("ConcurrentModificationException", "VersionMismatchException"):
            return False
        raise
    return True


def create_table(*, database: str, definition: dict[str, Any]) -> bool:
    """Create the table of `definition` (Glue's TableInput); return False, with nothing done, if there is one."""
    try:
        client("glue").create_table(DatabaseName=database, TableInput=definition)
    except ClientError as error:
        if error.response["Error"]["Code"] == "AlreadyExistsException":
            return False
        raise
    return True


def put_table(*, database: str, definition: dict[str, Any]) -> None:
    """Create the table of `definition` (Glue's TableInput), or replace the definition of the one there is."""
    if not create_table(database=database, definition=definition):
        client("glue").update_table(DatabaseName=database, TableInput=definition)


def delete_table(*, database: str, table: str) -> None:
    """Delete a table's definition; that there is none is no error. Its files stay."""
    try:
        client("glue").delete_table(DatabaseName=database, Name=table)
    except ClientError as error:
        if error.response["Error"]["Code"] != "EntityNotFoundException":
            raise


def metadata_location(*, database: str, table: str) -> str | None:
    """Return the address of an Iceberg table's current metadata file, or None if there is no such table."""
    found = get_table(database=database, table=table)
    return None if found is None else found.get("Parameters", {}).get("metadata_location")
