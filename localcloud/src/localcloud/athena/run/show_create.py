"""SHOW CREATE TABLE, SHOW CREATE VIEW and DESCRIBE."""

from __future__ import annotations

import re

from pyiceberg.partitioning import PartitionField
from pyiceberg.schema import Schema
from pyiceberg.table import Table

from localcloud.athena.run.context import Context, Outcome
from localcloud.athena.run.grammar import hive_columns
from localcloud.athena.run.names import QUALIFIED
from localcloud.athena.run.show import named_table, one_column, statement_match
from localcloud.athena.run.tables import ATHENA_PROPERTIES, table_columns
from localcloud.lake import iceberg_read
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.glue import Column, LakeTable, view_definition

_TABLE = rf"{QUALIFIED}\s*$"
_WIDTH = 20
_BLANK = ("", " ", " ")
_HEADING = ("# col_name", "data_type", "comment")


def create_view(context: Context, text: str) -> Outcome:
    """SHOW CREATE VIEW name."""
    match = statement_match(rf"show\s+create\s+view\s+{_TABLE}", text)
    table = named_table(context, match[1], match[2])
    if table.kind != "view":
        raise LakeError("INVALID_OPERATION", f"'{table.database}.{table.name}' is no view")
    body = f"CREATE VIEW {table.database}.{table.name} AS\n{view_definition(table)['originalSql']}"
    return one_column("Create View", body.split("\n"))


def create_table(context: Context, text: str) -> Outcome:
    """SHOW CREATE TABLE name, in a form that makes the table again."""
    match = statement_match(rf"show\s+create\s+table\s+{_TABLE}", text)
    table = named_table(context, match[1], match[2])
    if table.kind == "view":
        raise LakeError("INVALID_OPERATION", f"'{table.database}.{table.name}' is a view: use SHOW CREATE VIEW")
    if table.kind == "iceberg":
        return one_column("createtab_stmt", _iceberg(table, iceberg_read.load(context.lake, table)))
    written = f"{match[1]}.{match[2]}" if match[1] else match[2]
    return one_column("createtab_stmt", _hive(table, written.lower()))


def _hive(table: LakeTable, written: str) -> list[str]:
    """The statement's lines; `written` is the table's name as it was asked for, with or without its database."""
    storage = table.glue.get("StorageDescriptor") or {}
    lines = [f"CREATE EXTERNAL TABLE `{written}`(", *_columns(table.columns)]
    if table.partition_keys:
        lines += ["PARTITIONED BY ( ", *_columns(table.partition_keys)]
    if storage.get("BucketColumns"):
        lines += ["CLUSTERED BY ( ", *_listed([f"  {name}" for name in storage["BucketColumns"]])]
        lines.append(f"INTO {storage['NumberOfBuckets']} BUCKETS")
    if table.serde:
        lines += ["ROW FORMAT SERDE ", f"  '{table.serde}' "]
    if table.serde_parameters:
        lines += ["WITH SERDEPROPERTIES ( ", *_pairs(table.serde_parameters)]
    if storage.get("InputFormat"):
        lines += ["STORED AS INPUTFORMAT ", f"  '{storage['InputFormat']}' "]
        lines += ["OUTPUTFORMAT ", f"  '{storage.get('OutputFormat', '')}'"]
    parameters = {key: value for key, value in table.parameters.items() if key != "EXTERNAL"}
    return [*lines, "LOCATION", f"  '{table.location}'", "TBLPROPERTIES (", *_pairs(parameters)]


def _iceberg(table: LakeTable, iceberg: Table) -> list[str]:
    columns = hive_columns(iceberg_read.columns(iceberg))
    lines = [f"CREATE TABLE {table.database}.{table.name} ("]
    lines += _listed([f"  {name} {kind}{_comment(comment)}" for name, kind, comment in columns], ",")
    if iceberg.spec().fields:
        fields = (_transform(field, iceberg.schema()) for field in iceberg.spec().fields)
        lines.append(f"PARTITIONED BY ({', '.join(fields)})")
    codec = iceberg.properties.get("write.parquet.compression-codec", "zstd")
    properties = {"table_type": "iceberg", "format": "parquet", "write_compression": codec}
    kept = {key: value for key, value in iceberg.properties.items() if key.startswith(ATHENA_PROPERTIES)}
    pairs = [f"  '{key}'='{value}'" for key, value in {**properties, **kept}.items()]
    return [*lines, f"LOCATION '{table.location}'", "TBLPROPERTIES (", *_listed(pairs, ",", "\n);")]


def _transform(field: PartitionField, schema: Schema) -> str:
    column = f"`{schema.find_column_name(field.source_id)}`"
    name, _, argument = str(field.transform).partition("[")
    if name == "identity":
        return column
    return f"{name}({argument.rstrip(']')}, {column})" if argument else f"{name}({column})"


def _columns(columns: tuple[Column, ...]) -> list[str]:
    return _listed([f"  `{name}` {kind}{_comment(comment)}" for name, kind, comment in hive_columns(columns)])


def _pairs(pairs: object) -> list[str]:
    items = sorted(dict(pairs).items())  # type: ignore[call-overload]
    return _listed([f"  '{key}'='{_escaped(value)}'" for key, value in items])


def _listed(items: list[str], comma: str = ", ", end: str = ")") -> list[str]:
    """Items with a comma after each but the last, which closes the bracket."""
    return "\n".join([*(item + comma for item in items[:-1]), *(item + end for item in items[-1:])]).split("\n")


def _comment(comment: str) -> str:
    return f" COMMENT '{_escaped(comment)}'" if comment else ""


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\x01", "\\u0001")


def describe(context: Context, text: str) -> Outcome:
    """DESCRIBE table: its columns, and what it is partitioned by."""
    if re.match(r"(?:describe|desc)\s+(?:extended|formatted)\s+\S", text, re.IGNORECASE):
        raise NotSupportedError("DESCRIBE EXTENDED and DESCRIBE FORMATTED")
    match = statement_match(rf"(?:describe|desc)\s+(?:table\s+)?{_TABLE}", text)
    table = named_table(context, match[1], match[2])
    columns = hive_columns(table_columns(context, table))
    if table.kind == "iceberg":
        rows = _described_iceberg(columns, iceberg_read.load(context.lake, table))
    else:
        rows = [_padded(column) for column in columns]
        if table.partition_keys:
            keys = [_padded(column) for column in hive_columns(table.partition_keys)]
            rows += [_BLANK, ("# Partition Information", " ", " "), _padded(_HEADING), _BLANK, *keys]
    names = tuple(Column(name, "varchar") for name in ("col_name", "data_type", "comment"))
    return Outcome(columns=names, lines=tuple(rows))


def _described_iceberg(columns: list[tuple[str, str, str]], iceberg: Table) -> list[tuple[str, str, str]]:
    rows = [("# Table schema:", "", ""), _HEADING, *columns, ("", "", ""), ("# Partition spec:", "", "")]
    rows.append(("# field_name", "field_transform", "column_name"))
    for field in iceberg.spec().fields:
        source = iceberg.schema().find_column_name(field.source_id) or ""
        rows.append((field.name, str(field.transform), source))
    return rows


def _padded(cells: tuple[str, str, str]) -> tuple[str, str, str]:
    first, second, third = (f"{cell:<{_WIDTH}}" for cell in cells)
    return first, second, third
