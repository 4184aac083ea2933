"""Partitions of Hive tables: those registered in Glue and those a projection makes up."""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa
from sqlglot import exp

from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.glue import Column, LakeTable
from localcloud.lake.predicates import matching
from localcloud.lake.session import Lake
from localcloud.lake.sql_text import identifier

_UNITS = {"SECONDS": 1, "MINUTES": 60, "HOURS": 3600, "DAYS": 86400, "WEEKS": 604800}
_JAVA_TO_STRFTIME = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S"}
DEFAULT_PARTITION = "__HIVEDEFAULT_PARTITION__"


@dataclass(frozen=True)
class Partition:
    """Key values in the order of the table's keys (None for NULL), and where the files are, ending in '/'."""

    values: tuple[str | None, ...]
    location: str


def find_partitions(
    lake: Lake, cursor: duckdb.DuckDBPyConnection, table: LakeTable, conditions: Sequence[exp.Expr]
) -> list[Partition]:
    """The partitions that may hold matching rows; an unpartitioned table is one partition without values."""
    if not table.partition_keys:
        return [Partition((), folder(table.location))]
    if table.parameters.get("projection.enabled", "").lower() == "true":
        found = list(_projected(cursor, table, conditions))
    else:
        found = registered(lake, table)
    values = [list(column) for column in zip(*(partition.values for partition in found), strict=True)]
    if not found:
        return []
    candidates = typed_values(cursor, table.partition_keys, values)
    return [found[index] for index in matching(cursor, candidates, conditions)]


def registered(lake: Lake, table: LakeTable) -> list[Partition]:
    """The partitions that Glue has of a table."""
    pages = lake.glue.get_paginator("get_partitions").paginate(DatabaseName=table.database, TableName=table.name)
    return [
        Partition(
            tuple(None if value == DEFAULT_PARTITION else value for value in entry["Values"]),
            folder(entry["StorageDescriptor"]["Location"]),
        )
        for page in pages
        for entry in page["Partitions"]
    ]


def known(value: str | None) -> str | None:
    """The text of a partition's value; NULL has a name of its own in Hive's folders and in Glue."""
    return None if value == "__HIVE_DEFAULT_PARTITION__" else value


def typed_values(
    cursor: duckdb.DuckDBPyConnection, keys: Sequence[Column], values: Sequence[Sequence[str | None]]
) -> pa.Table:
    """One column a key, with the texts of its values cast to the key's type, and Hive's name for NULL as NULL."""
    from localcloud.lake.types import to_duckdb

    raw = pa.table(
        {key.name: pa.array(map(known, column), pa.string()) for key, column in zip(keys, values, strict=True)}
    )
    casts = ", ".join(
        f"CAST({identifier(key.name)} AS {to_duckdb(key.type)}) AS {identifier(key.name)}" for key in keys
    )
    cursor.register("_raw_values", raw)
    try:
        return cursor.execute(f"SELECT {casts} FROM _raw_values").to_arrow_table()  # noqa: S608
    finally:
        cursor.unregister("_raw_values")


def folder(location: str) -> str:
    return location if location.endswith("/") else location + "/"


def _projected(
    cursor: duckdb.DuckDBPyConnection, table: LakeTable, conditions: Sequence[exp.Expr]
) -> Iterator[Partition]:
    choices = []
    for key in table.partition_keys:
        values = _projected_values(key, table.parameters, conditions)
        # Each key is narrowed alone first, so that the product of all keys stays small.
        kept = matching(cursor, typed_values(cursor, [key], [values]), conditions)
        choices.append([values[index] for index in kept])
    template = table.parameters.get("storage.location.template", "")
    for chosen in itertools.product(*choices):
        if template:
            location = template
            for key, value in zip(table.partition_keys, chosen, strict=True):
                location = location.replace("${" + key.name + "}", value)
        else:
            pairs = (f"{key.name}={value}" for key, value in zip(table.partition_keys, chosen, strict=True))
            location = folder(table.location) + "/".join(pairs)
        yield Partition(chosen, folder(location))


def _projected_values(key: Column, parameters: Mapping[str, str], conditions: Sequence[exp.Expr]) -> list[str]:
    """All values a projected key may have. Source: Athena user guide, 'Supported types for partition projection'."""
    settings = {
        name.removeprefix(f"projection.{key.name}."): value
        for name, value in parameters.items()
        if name.startswith(f"projection.{key.name}.")
    }
    kind = settings.get("type", "").lower()
    if kind == "enum":
        return [value.strip() for value in settings["values"].split(",")]
    if kind == "integer":
        first, last = (int(bound) for bound in settings["range"].split(","))
        digits = int(settings.get("digits", "0"))
        return [str(value).zfill(digits) for value in range(first, last + 1, int(settings.get("interval", "1")))]
    if kind == "date":
        return _projected_dates(settings)
    if kind == "injected":
        return _injected_values(key, conditions)
    raise LakeError("INVALID_TABLE_PROPERTY", f"projection.{key.name}.type is missing or unknown: '{kind}'")


def _injected_values(key: Column, conditions: Sequence[exp.Expr]) -> list[str]:
    for condition in conditions:
        column = condition.this
        if isinstance(column, exp.Column) and column.name.lower() == key.name:
            if isinstance(condition, exp.EQ) and isinstance(condition.expression, exp.Literal):
                return [condition.expression.name]
            if isinstance(condition, exp.In) and all(isinstance(value, exp.Literal) for value in condition.expressions):
                return [value.name for value in condition.expressions]
    raise LakeError(
        "CONSTRAINT_VIOLATION",
        f"For the injected projected partition column {key.name}, the WHERE clause must contain only static equality"
        " conditions",
    )


def _projected_dates(settings: Mapping[str, str]) -> list[str]:
    pattern = re.sub("yyyy|MM|dd|HH|mm|ss", lambda match: _JAVA_TO_STRFTIME[match[0]], settings["format"])
    if re.search("%[^YmdHMS]|(?<!%)[A-Za-z]", pattern.replace("'", "")):
        raise NotSupportedError(f"the projected date format {settings['format']}")
    pattern = pattern.replace("'", "")
    unit = settings.get("interval.unit", "DAYS" if "%H" not in pattern else "HOURS").upper().rstrip("S") + "S"
    if unit not in _UNITS:
        raise NotSupportedError(f"projection with interval.unit {unit}")
    step = datetime.timedelta(seconds=_UNITS[unit] * int(settings.get("interval", "1")))
    first, last = (_bound(text.strip(), pattern) for text in settings["range"].split(","))
    values = []
    while first <= last:
        values.append(first.strftime(pattern))
        first += step
    return values


def _bound(text: str, pattern: str) -> datetime.datetime:
    if not text.upper().startswith("NOW"):
        return datetime.datetime.strptime(text, pattern)
    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    moved = re.fullmatch(r"NOW\s*(?:([+-])\s*(\d+)\s*([A-Z]+?)S?)?", text.upper())
    if not moved:
        raise LakeError("INVALID_TABLE_PROPERTY", f"'{text}' is no projected date")
    if not moved[1]:
        return now
    amount = int(moved[1] + moved[2])
    days = {"MONTH": 31, "YEAR": 366}.get(moved[3])
    if days:  # months and years only widen the range here: one day more holds no files
        return now + datetime.timedelta(days=days * amount)
    return now + datetime.timedelta(seconds=_UNITS[moved[3] + "S"] * amount)
