"""ROW FORMAT and STORED AS of a Hive table, as Glue keeps them."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from localcloud.lake import hive_read, serdes
from localcloud.lake.errors import NotSupportedError

_TEXT_FORMATS = {
    "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
}
_PARQUET_FORMATS = {
    "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
}


def hive_storage(create: exp.Expression) -> dict[str, Any]:
    """InputFormat, OutputFormat and SerdeInfo of a CREATE EXTERNAL TABLE."""
    row_format = create.find(exp.RowFormatSerdeProperty)
    parameters = _serde_parameters(create)
    stored = create.find(exp.FileFormatProperty)
    kind = stored.name.upper() if stored is not None and not isinstance(stored.this, exp.InputOutputFormat) else ""
    if kind == "PARQUET" or (row_format is not None and row_format.name == hive_read.PARQUET):
        return {**_PARQUET_FORMATS, "SerdeInfo": {"SerializationLibrary": hive_read.PARQUET, "Parameters": parameters}}
    if kind not in ("", "TEXTFILE"):
        raise NotSupportedError(f"STORED AS {kind}")
    serde = row_format.name if row_format is not None else serdes.LAZY
    delimited = create.find(exp.RowFormatDelimitedProperty)
    if delimited is not None:
        names = {"fields": "field.delim", "escaped": "escape.delim", "null": "serialization.null.format"}
        for key, name in names.items():
            if delimited.args.get(key) is not None:
                parameters[name] = delimited.args[key].name
    return {**_TEXT_FORMATS, "SerdeInfo": {"SerializationLibrary": serde, "Parameters": parameters}}


def _serde_parameters(create: exp.Expression) -> dict[str, str]:
    properties = create.find(exp.SerdeProperties)
    if properties is None:
        return {}
    return {item.name: item.args["value"].name for item in properties.expressions if isinstance(item, exp.Property)}
