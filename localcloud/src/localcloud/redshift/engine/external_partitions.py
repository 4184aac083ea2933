"""ALTER TABLE on the partitions of an external table, as Glue keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from localcloud.lake.glue import LakeTable
from localcloud.redshift.errors import RedshiftError
from localcloud.redshift.sql.storage_options import s3_place
from localcloud.redshift.sql.words import Words

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session


def alter(session: Session, table: LakeTable, words: Words) -> None:
    """ADD PARTITION, DROP PARTITION and PARTITION … SET LOCATION; raises RedshiftError."""
    if words.accept("ADD"):
        _add(session, table, words)
    elif words.accept("DROP"):
        values = _values(table, words)
        words.end()
        _drop(session, table, values)
    else:
        _move(session, table, words)


def _add(session: Session, table: LakeTable, words: Words) -> None:
    """All partitions of the statement, one after the other; those before a mistake stay, as Glue has no transaction."""
    if_not_exists = words.accept("IF", "NOT", "EXISTS")
    found = []
    while not words.done:
        values = _values(table, words)
        words.expect("LOCATION")
        location = words.string()
        s3_place(location)
        found.append((values, location))
    if not found:
        raise words.error()
    glue = session.database.lake.glue
    for values, location in found:
        storage = dict(table.glue["StorageDescriptor"]) | {"Location": location}
        try:
            glue.create_partition(
                DatabaseName=table.database,
                TableName=table.name,
                PartitionInput={"Values": values, "StorageDescriptor": storage},
            )
        except glue.exceptions.AlreadyExistsException as error:
            if not if_not_exists:
                raise RedshiftError("42P07", f"Partition already exists: {values}") from error


def _drop(session: Session, table: LakeTable, values: list[str]) -> None:
    glue = session.database.lake.glue
    _entry(session, table, values)
    glue.delete_partition(DatabaseName=table.database, TableName=table.name, PartitionValues=values)


def _move(session: Session, table: LakeTable, words: Words) -> None:
    values = _values(table, words)
    words.expect("SET", "LOCATION")
    location = words.string()
    words.end()
    s3_place(location)
    entry = _entry(session, table, values)
    storage = {**entry["StorageDescriptor"], "Location": location}
    session.database.lake.glue.update_partition(
        DatabaseName=table.database,
        TableName=table.name,
        PartitionValueList=values,
        PartitionInput={"Values": values, "StorageDescriptor": storage, "Parameters": entry.get("Parameters") or {}},
    )


def _entry(session: Session, table: LakeTable, values: list[str]) -> dict[str, Any]:
    glue = session.database.lake.glue
    try:
        answer = glue.get_partition(DatabaseName=table.database, TableName=table.name, PartitionValues=values)
    except glue.exceptions.EntityNotFoundException as error:
        raise RedshiftError("42P01", f"Partition does not exist: {values}") from error
    return dict(answer["Partition"])


def _values(table: LakeTable, words: Words) -> list[str]:
    """`PARTITION (key = value, …)` in the order of the table's keys; each must be named once."""
    words.expect("PARTITION")
    words.expect("(")
    given: dict[str, str] = {}
    while True:
        name = words.name()
        words.expect("=")
        given[name] = words.string() if words.is_string() else words.number()
        if not words.accept(","):
            break
    words.expect(")")
    keys = [key.name for key in table.partition_keys]
    if sorted(given) != sorted(keys):
        raise RedshiftError("42601", f"The partition must name the partition columns {keys}, not {list(given)}")
    return [given[key] for key in keys]
