"""Which values a statement may put into a column, and how they become values of its type."""

from __future__ import annotations

from localcloud.athena.sql import types as trino
from localcloud.lake.errors import NotSupportedError
from localcloud.lake.sql_text import identifier, quoted
from localcloud.lake.types import parts, to_duckdb


def can_store(source: str, target: str) -> bool:
    """Whether Trino stores values of one type in a column of another: it does where the two have a common supertype.

    A value that does not fit then fails the statement. Source: Trino release 354, 'INSERT'.
    """
    if trino.common([source, target]) is not None:
        return True
    bases = {parts(source)[0], parts(target)[0]}
    # A zone may be added or taken off; rows are cast field by field.
    return bases in ({"timestamp", "timestamp with time zone"}, {"row"})


def stored_sql(value: str, source: str, target: str) -> str:
    """DuckDB SQL that brings a value to a column's type; text that is too long for it is an error, not cut."""
    kind = to_duckdb(target)
    base, arguments = parts(target)
    if base in ("varchar", "char") and arguments and source != target:
        message = (
            f"'TRINO:INVALID_CAST_ARGUMENT:Cannot truncate non-space characters when casting from {source} to {target}'"
            " || ':END'"
        )
        text = f"CAST({value} AS VARCHAR)"
        long = f"length(rtrim({text}, ' ')) > {arguments[0]}"
        return f"CASE WHEN {long} THEN error({message}) ELSE left({text}, {arguments[0]}) END"
    if source in ("double", "real") and trino.is_integer(target):
        return f"CAST(round({value}) AS {kind})"  # DuckDB's cast would round halves to even
    return f"CAST({value} AS {kind})"


def bucket_sql(columns: list[tuple[str, str]], count: int) -> str:
    """DuckDB SQL for the bucket of a row by columns given as name and Trino type.

    Source: Hive's bucketing version 1, ObjectInspectorUtils.getBucketHashCode, as Trino's HiveBucketingV1 has it.
    """
    hashed = "0::BIGINT"
    for name, kind in columns:
        hashed = f"(({hashed} * 31 + coalesce({_hash_sql(name, kind)}, 0)) & 4294967295)"
    return f"(({hashed} & 2147483647) % {count})::INTEGER"


def _hash_sql(name: str, kind: str) -> str:
    column, base = f"{identifier(name)}", parts(kind)[0]
    if base in ("tinyint", "smallint", "integer", "boolean"):
        return f"{column}::BIGINT"
    if base == "bigint":
        return f"(xor({column}, ({column} >> 32)) & 4294967295)"
    if base == "date":
        return f"date_diff('day', {quoted('1970-01-01')}::DATE, {column})"
    if base == "varchar":
        byte = "('0x' || substr(h, (i * 2 + 1)::BIGINT, 2))::BIGINT"
        return (
            f"(SELECT list_reduce(list_transform(range(0, length(h) // 2), lambda i: CASE WHEN {byte} > 127"  # noqa: S608
            f" THEN {byte} - 256 ELSE {byte} END), lambda a, b: (a * 31 + b) & 4294967295, 0::BIGINT)"
            f" FROM (SELECT hex(encode({column})) AS h))"
        )
    raise NotSupportedError(f"bucketing by a column of type {kind}")
