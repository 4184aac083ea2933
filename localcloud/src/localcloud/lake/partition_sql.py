"""Iceberg partition transforms as DuckDB SQL. Source: Iceberg table specification, 'Partition Transforms'."""

from __future__ import annotations

import re

import duckdb
from pyiceberg import transforms
from pyiceberg import types as ice
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema

from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.sql_text import identifier

_SINCE_EPOCH = {
    transforms.YearTransform: "year",
    transforms.MonthTransform: "month",
    transforms.DayTransform: "day",
    transforms.HourTransform: "hour",
}
_FIELD = re.compile(r"(\w+)\s*\(\s*(.+?)\s*\)")


def parse_spec(texts: list[str], schema: Schema) -> PartitionSpec:
    """The partitioning that Athena writes as `day(ts)`, `bucket(16, c)`, `bucket(c, 16)` or a bare column."""
    fields = []
    for index, text in enumerate(texts):
        transform, column = _parse_field(text)
        try:
            source = schema.find_field(column, case_sensitive=False)
        except ValueError:
            raise LakeError("COLUMN_NOT_FOUND", f"Partition column '{column}' does not exist") from None
        name = re.sub(r"\[\d+\]", "", str(transform))
        suffix = (
            "" if isinstance(transform, transforms.IdentityTransform) else f"_{ {'truncate': 'trunc'}.get(name, name) }"
        )
        fields.append(PartitionField(source.field_id, 1000 + index, transform, f"{source.name}{suffix}"))
    return PartitionSpec(*fields)


def _parse_field(text: str) -> tuple[transforms.Transform, str]:  # type: ignore[type-arg]
    plain = text.replace('"', "").replace("`", "").strip().lower()
    match = _FIELD.fullmatch(plain)
    if not match:
        return transforms.IdentityTransform(), plain
    name, arguments = match[1], [argument.strip() for argument in match[2].split(",")]
    if name in ("bucket", "truncate") and len(arguments) == 2:
        number, column = sorted(arguments, key=lambda argument: not argument.isdigit())
        return transforms.parse_transform(f"{name}[{number}]"), column
    if name in ("year", "month", "day", "hour", "years", "months", "days", "hours") and len(arguments) == 1:
        return transforms.parse_transform(name.rstrip("s")), arguments[0]
    raise LakeError("INVALID_TABLE_PROPERTY", f"Unable to parse partitioning value: Invalid partition field: {text}")


def partition_sql(cursor: duckdb.DuckDBPyConnection, field: PartitionField, schema: Schema) -> str:
    """DuckDB SQL for the value of a partition field; numbers for time transforms, microseconds for a timestamp."""
    source = schema.find_field(field.source_id)
    column = f"{identifier(source.name)}"
    transform = field.transform
    if type(transform) in _SINCE_EPOCH:
        unit = _SINCE_EPOCH[type(transform)]
        value = f"{column} AT TIME ZONE 'UTC'" if isinstance(source.field_type, ice.TimestamptzType) else column
        return f"date_diff('{unit}', TIMESTAMP '1970-01-01', CAST({value} AS TIMESTAMP))"
    if isinstance(transform, transforms.IdentityTransform):
        if isinstance(source.field_type, ice.TimestampType | ice.TimestamptzType):
            return f"epoch_us({column})"
        return column
    if isinstance(transform, transforms.TruncateTransform):
        if isinstance(source.field_type, ice.StringType):
            return f"left({column}, {transform.width})"
        if isinstance(source.field_type, ice.IntegerType | ice.LongType):
            width = transform.width
            return f"({column} - ((({column} % {width}) + {width}) % {width}))"
    if isinstance(transform, transforms.BucketTransform):
        return _bucket_sql(cursor, column, transform, source.field_type)
    raise NotSupportedError(f"partitioning by {transform} of a column of type {source.field_type}")


_M = "4294967295::UBIGINT"
_MURMUR = f"""
CREATE OR REPLACE TEMP MACRO _rotl(x, n) AS (((x << n) | (x >> (32 - n))) & {_M});
CREATE OR REPLACE TEMP MACRO _mix(k) AS ((_rotl((k * 3432918353::UBIGINT) & {_M}, 15) * 461845907::UBIGINT) & {_M});
CREATE OR REPLACE TEMP MACRO _block(h, k) AS ((_rotl(xor(h, _mix(k)), 13) * 5 + 3864292196::UBIGINT) & {_M});
CREATE OR REPLACE TEMP MACRO _le(text) AS (CASE WHEN text = '' THEN 0::UBIGINT ELSE
    ('0x' || substr(text, 7, 2) || substr(text, 5, 2) || substr(text, 3, 2) || substr(text, 1, 2))::UBIGINT END);
CREATE OR REPLACE TEMP MACRO _final(h, size) AS (
    list_transform(list_transform(list_transform([xor(h, size::UBIGINT)],
        lambda x: (xor(x, x >> 16) * 2246822507::UBIGINT) & {_M}),
        lambda x: (xor(x, x >> 13) * 3266489909::UBIGINT) & {_M}),
        lambda x: xor(x, x >> 16))[1]);
CREATE OR REPLACE TEMP MACRO _murmur3(text) AS (_final(
    xor(list_reduce(
        list_transform(range(0, length(text) // 8), lambda i: _le(substr(text, (i * 8 + 1)::BIGINT, 8))),
        lambda h, k: _block(h, k), 0::UBIGINT),
        _mix(_le(substr(text, (length(text) // 8 * 8 + 1)::BIGINT)))),
    length(text) // 2));
CREATE OR REPLACE TEMP MACRO _bytes_of_long(v) AS (
    array_to_string(list_transform(range(0, 8), lambda i: printf('%02x', (v >> (i * 8)::INTEGER) & 255)), ''))
"""
"""32-bit Murmur3, seed 0, of the bytes in a hexadecimal text (Iceberg specification, appendix B)."""


def _bucket_sql(
    cursor: duckdb.DuckDBPyConnection,
    column: str,
    transform: transforms.BucketTransform,  # type: ignore[type-arg]
    kind: ice.IcebergType,
) -> str:
    cursor.execute(_MURMUR)
    if isinstance(kind, ice.StringType):
        text = f"hex(encode({column}))"
    elif isinstance(kind, ice.IntegerType | ice.LongType):
        text = f"_bytes_of_long(CAST({column} AS BIGINT))"
    else:
        raise NotSupportedError(f"bucket() of a column of type {kind}")
    bucket = f"((_murmur3({text}) & 2147483647::UBIGINT) % {transform.num_buckets})::INTEGER"
    return f"CASE WHEN {column} IS NOT NULL THEN {bucket} END"
