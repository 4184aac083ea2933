"""TPC-H and TPC-DS on Athena: the generated Parquet files as Hive tables in the lake bucket, the queries for Trino."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from pyathena import connect
from pyathena.connection import Connection
from sqlglot import exp, parse_one

from benchmarks import tpc

if TYPE_CHECKING:
    from mypy_boto3_glue.type_defs import ColumnTypeDef, SerDeInfoTypeDef, StorageDescriptorTypeDef, TableInputTypeDef

_INPUT_FORMAT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
_OUTPUT_FORMAT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
_HIVE_TYPES = {pa.int32(): "int", pa.int64(): "bigint", pa.string(): "string", pa.date32(): "date"}


def create_tables(directory: Path, database: str) -> None:
    """Upload every file of `tpc.generate` and register it in Glue as an external table; what is there is replaced."""
    s3, glue = boto3.client("s3"), boto3.client("glue")
    bucket = os.environ["LANDFALL_LAKE_BUCKET"]
    with contextlib.suppress(glue.exceptions.AlreadyExistsException):
        glue.create_database(DatabaseInput={"Name": database})
    for table, path in tpc.tables(directory).items():
        s3.upload_file(str(path), bucket, f"{database}/{table}/{table}.parquet")
        entry = _table_input(table, path, f"s3://{bucket}/{database}/{table}/")
        try:
            glue.create_table(DatabaseName=database, TableInput=entry)
        except glue.exceptions.AlreadyExistsException:
            glue.update_table(DatabaseName=database, TableInput=entry)


def open_connection(database: str) -> Connection[Any]:
    """Return a PyAthena connection to the deployed work group."""
    return connect(work_group=os.environ["LANDFALL_ATHENA_WORKGROUP"], schema_name=database)


def queries(suite: tpc.Suite) -> dict[int, str]:
    """Return the suite's queries in Trino's dialect, by their number; their answers are those of DuckDB's texts."""
    return {number: _for_trino(text) for number, text in tpc.queries(suite).items()}


def _for_trino(text: str) -> str:
    tree = parse_one(text, dialect="duckdb")
    for average in tree.find_all(exp.Avg):
        # DuckDB's average of a decimal is a double, Trino's a decimal of the same scale.
        average.set("this", exp.cast(average.this, "double", dialect="duckdb"))
    for quotient in tree.find_all(exp.Div):
        # DuckDB's quotient of two decimals is a double, Trino's a decimal.
        quotient.set("this", exp.cast(quotient.this, "double", dialect="duckdb"))
    for equal in tree.find_all(exp.EQ):
        if equal.this.name == "d_date" and equal.expression.is_string:
            # DuckDB reads a text as a date, Trino compares a date with a date only.
            equal.set("expression", exp.cast(equal.expression, "date", dialect="duckdb"))
    return tree.sql(dialect="athena")


def _table_input(table: str, path: Path, location: str) -> TableInputTypeDef:
    columns: list[ColumnTypeDef] = [
        {"Name": field.name, "Type": _hive_type(field.type)} for field in pq.read_schema(path)
    ]
    serde: SerDeInfoTypeDef = {"SerializationLibrary": _SERDE}
    storage: StorageDescriptorTypeDef = {
        "Columns": columns,
        "Location": location,
        "InputFormat": _INPUT_FORMAT,
        "OutputFormat": _OUTPUT_FORMAT,
        "SerdeInfo": serde,
    }
    return {
        "Name": table,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet"},
        "StorageDescriptor": storage,
    }


def _hive_type(kind: pa.DataType) -> str:
    return f"decimal({kind.precision},{kind.scale})" if pa.types.is_decimal(kind) else _HIVE_TYPES[kind]
