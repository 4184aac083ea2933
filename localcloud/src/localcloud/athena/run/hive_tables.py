"""Hive tables that statements write: formats, files, partitions and entries in Glue."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from localcloud.athena.run.coercion import bucket_sql
from localcloud.athena.run.context import MAX_OPEN_PARTITIONS, Context
from localcloud.athena.run.tables import OWNER, glue_columns
from localcloud.lake import hive_write
from localcloud.lake.errors import LakeError
from localcloud.lake.glue import Column
from localcloud.lake.hive_formats import FORMATS
from localcloud.lake.hive_write import FileFormat, WrittenFile
from localcloud.lake.objects import delete_objects
from localcloud.lake.types import parts


def file_format_of(properties: dict[str, Any]) -> tuple[FileFormat, dict[str, str]]:
    """The format that CTAS properties ask for, and the SerDe's parameters; takes them out of `properties`."""
    kind = str(properties.pop("format", "PARQUET")).upper()
    delimiter = str(properties.pop("field_delimiter", "\x01"))
    codec = properties.pop("write_compression", None) or properties.pop("parquet_compression", None)
    default = {"PARQUET": "gzip"}.get(kind, "gzip")
    serde = {"field.delim": delimiter} if kind == "TEXTFILE" else {}
    return FileFormat(kind, str(codec or default).lower(), delimiter), serde | {
        "serialization.format": serde.get("field.delim", "1")
    }


_MILLISECONDS = 3
_NOT_IN_HIVE = ("timestamp with time zone", "time", "time with time zone", "json", "uuid", "ipaddress")


def require_hive_kinds(columns: Sequence[Column]) -> None:
    """Raise NOT_SUPPORTED for a column of a kind that Hive's files do not have."""
    for column in columns:
        base = parts(column.type)[0]
        if base in _NOT_IN_HIVE or base.startswith("interval"):
            raise LakeError("NOT_SUPPORTED", f"Unsupported Hive type: {column.type}")


def require_hive_types(columns: Sequence[Column]) -> None:
    """Raise NOT_SUPPORTED for a column that a Hive table cannot hold as it is."""
    require_hive_kinds(columns)
    for column in columns:
        base, arguments = parts(column.type)
        if base == "timestamp" and arguments and int(arguments[0]) > _MILLISECONDS:
            raise LakeError(
                "NOT_SUPPORTED",
                f"Incorrect timestamp precision for {column.type}; the configured precision is MILLISECONDS; column"
                f" name: {column.name}",
            )


@dataclass(frozen=True)
class Bucketing:
    """How the rows of a table, or of each partition, are spread over files: by a hash of columns."""

    columns: tuple[Column, ...]
    count: int


def write_hive(
    context: Context,
    select: str,
    location: str,
    data: Sequence[Column],
    keys: Sequence[str],
    file_format: FileFormat,
    bucketing: Bucketing | None = None,
) -> list[WrittenFile]:
    """Write the rows of `select`; raises HIVE_TOO_MANY_OPEN_PARTITIONS, and leaves nothing then."""

    def write(rows: str, name: str) -> list[WrittenFile]:
        return hive_write.write_files(
            context.lake,
            context.cursor,
            rows,
            location=location,
            columns=[column.name for column in data],
            keys=keys,
            file_format=file_format,
            name=name,
        )

    files = write(select, "") if bucketing is None else _write_buckets(context, select, bucketing, write)
    opened = len({(file.partition, _bucket_of(file) if bucketing else "") for file in files})
    if opened > MAX_OPEN_PARTITIONS:
        delete_objects(context.lake, [file.path for file in files])
        raise LakeError(
            "HIVE_TOO_MANY_OPEN_PARTITIONS",
            f"Exceeded limit of {MAX_OPEN_PARTITIONS} open writers for partitions/buckets",
        )
    return files


def _write_buckets(
    context: Context, select: str, bucketing: Bucketing, write: Callable[[str, str], list[WrittenFile]]
) -> list[WrittenFile]:
    """One file a bucket, named by its number as Hive names it."""
    bucket = bucket_sql([(column.name, column.type) for column in bucketing.columns], bucketing.count)
    context.cursor.execute(f'CREATE TEMP TABLE "_buckets" AS SELECT *, {bucket} AS "_bucket" FROM ({select})')  # noqa: S608
    found = context.cursor.execute('SELECT DISTINCT "_bucket" FROM "_buckets" ORDER BY 1').fetchall()
    rows = 'SELECT * EXCLUDE ("_bucket") FROM "_buckets" WHERE "_bucket" = '
    return [file for (number,) in found for file in write(f"{rows}{number}", f"{number:06d}_0_")]


def _bucket_of(file: WrittenFile) -> str:
    return file.path.rsplit("/", 1)[-1].split("_")[0]


def create_entry(
    context: Context,
    database: str,
    name: str,
    location: str,
    data: Sequence[Column],
    keys: Sequence[Column],
    kind: str,
    serde_parameters: Mapping[str, str],
    bucketing: Bucketing | None = None,
) -> None:
    """Make the table's entry in Glue."""
    buckets: dict[str, Any] = {}
    if bucketing is not None:
        buckets = {
            "NumberOfBuckets": bucketing.count,
            "BucketColumns": [column.name for column in bucketing.columns],
        }
    input_format, output_format, serde = FORMATS[kind]
    context.lake.glue.create_table(
        DatabaseName=database,
        TableInput={
            "Name": name,
            "Owner": OWNER,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {
                "EXTERNAL": "TRUE",
                "has_encrypted_data": "false",
                "transient_lastDdlTime": str(int(time.time())),
            },
            "PartitionKeys": glue_columns(keys),
            "StorageDescriptor": {
                "Columns": glue_columns(data),
                "Location": location,
                "InputFormat": input_format,
                "OutputFormat": output_format,
                "SerdeInfo": {"SerializationLibrary": serde, "Parameters": dict(serde_parameters)},
                **buckets,
            },
        },
    )
