"""The gate of outgoing files: Great Expectations on the files themselves, through a scratch table on Athena."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from sqlglot import exp

from landfall.aws import glue
from landfall.contracts.extract_product import ExtractProduct, Format, ProductColumn
from landfall.extract.door.options import FileOptions
from landfall.extract.engines.changes import CHANGE, UPSERT, file_columns
from landfall.extract.engines.statements import written_by_engine
from landfall.extract.engines.unload import Unloaded
from landfall.quality.gates import run_gate
from landfall.quality.suites import suite_path
from landfall.settings import Settings

_SCRATCH = "scratch"
_HIVE_TYPES = {"integer": "bigint"}
"""Types that Hive has another word for."""
_TEXT = {
    "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
}
_JSON_SERDE = "org.openx.data.jsonserde.JsonSerDe"
_PARQUET = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"},
}


def run_outgoing_gate(
    unloaded: Unloaded, product: ExtractProduct, *, settings: Settings, dag_id: str, run_id: str
) -> Mapping[str, Any]:
    """Run the product's suite on the files that the engine wrote and return {name, passed, checks}.

    Raises GateFailed when an expectation fails, EngineError when Athena does.
    """
    gate = f"outgoing_{product.product}"
    request = unloaded.admission.request
    digest = hashlib.sha256(unloaded.prefix.encode()).hexdigest()[:24]
    table = f"extract_{digest}"
    location = f"s3://{settings.extracts_bucket}/{unloaded.prefix}"
    file_format, options = written_by_engine(request)
    glue.put_table(
        database=_SCRATCH,
        definition=scratch_table(
            table,
            file_columns(product, request),
            file_format=file_format,
            options=options,
            location=location,
        ),
    )
    try:
        result = run_gate(
            gate=gate,
            engine="athena",
            suites={f"{_SCRATCH}.{table}": suite_path("extracts", f"outgoing_{product.product}")},
            run_id=run_id,
            dag_id=dag_id,
            columns=request.columns,
            # Of a row that is gone the files have no more than the key.
            where=exp.column(CHANGE.name).eq(UPSERT) if request.since else None,
        )
    finally:
        glue.delete_table(database=_SCRATCH, table=table)
    result.raise_if_failed()
    return {"name": gate, "passed": result.passed, "checks": result.checks}


def scratch_table(
    table: str, columns: Sequence[ProductColumn], *, file_format: Format, options: FileOptions, location: str
) -> dict[str, Any]:
    """Return Glue's TableInput of an external table over an attempt's files; the columns of text files are all text."""
    is_text = file_format != "parquet"
    described = [
        {"Name": each.name, "Type": "string" if is_text else _HIVE_TYPES.get(each.type, each.type)} for each in columns
    ]
    parameters = {"EXTERNAL": "TRUE", "classification": "json" if file_format == "jsonl" else file_format}
    if file_format == "csv" and options.header:
        parameters["skip.header.line.count"] = "1"
    return {
        "Name": table,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": parameters,
        "PartitionKeys": [],
        "StorageDescriptor": {"Columns": described, "Location": location, **_storage(file_format, options)},
    }


def _storage(file_format: Format, options: FileOptions) -> dict[str, Any]:
    if file_format == "parquet":
        return _PARQUET
    if file_format == "jsonl":
        return {**_TEXT, "SerdeInfo": {"SerializationLibrary": _JSON_SERDE}}
    # RFC 4180 escapes a quote by doubling it; the SerDe's own default is a backslash.
    parameters = {"separatorChar": options.separator, "quoteChar": '"', "escapeChar": '"'}
    library = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
    return {**_TEXT, "SerdeInfo": {"SerializationLibrary": library, "Parameters": parameters}}
