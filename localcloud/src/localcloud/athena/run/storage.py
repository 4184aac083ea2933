"""ROW FORMAT and STORED AS of a Hive table, as Glue keeps them."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from localcloud.lake import hive_read, serdes
from localcloud.lake.errors import NotSupportedError
from localcloud.lake.hive_formats import FORMATS


def _formats(kind: str) -> dict[str, str]:
    input_format, output_format, _ = FORMATS[kind]
    return {"InputFormat": input_format, "OutputFormat": output_format}


def hive_storage(create: exp.Expr) -> dict[str, Any]:
    """InputFormat, OutputFormat and SerdeInfo of a CREATE EXTERNAL TABLE."""
    row_format = create.find(exp.RowFormatSerdeProperty)
    parameters = _serde_parameters(create)
    stored = create.find(exp.FileFormatProperty)
    formats = _named_formats(stored)
    kind = stored.name.upper() if stored is not None and not isinstance(stored.this, exp.InputOutputFormat) else ""
    if kind == "PARQUET" or (row_format is not None and row_format.name == hive_read.PARQUET):
        return {
            **_formats("PARQUET"),
            **formats,
            "SerdeInfo": {"SerializationLibrary": hive_read.PARQUET, "Parameters": parameters},
        }
    for name, serde in (("ORC", hive_read.ORC), ("AVRO", hive_read.AVRO)):
        if kind == name or (row_format is not None and row_format.name == serde):
            return {**_formats(name), **formats, "SerdeInfo": {"SerializationLibrary": serde, "Parameters": parameters}}
    if kind not in ("", "TEXTFILE"):
        raise NotSupportedError(f"STORED AS {kind}")
    serde = row_format.name if row_format is not None else serdes.LAZY
    delimited = create.find(exp.RowFormatDelimitedProperty)
    if delimited is not None:
        names = {"fields": "field.delim", "escaped": "escape.delim", "null": "serialization.null.format"}
        for key, name in names.items():
            if delimited.args.get(key) is not None:
                parameters[name] = delimited.args[key].name
        if delimited.args.get("lines") is not None:
            parameters["line.delim"] = delimited.args["lines"].name
        if "field.delim" in parameters:
            parameters["serialization.format"] = parameters["field.delim"]
    return {**_formats("TEXTFILE"), **formats, "SerdeInfo": {"SerializationLibrary": serde, "Parameters": parameters}}


def _named_formats(stored: exp.FileFormatProperty | None) -> dict[str, str]:
    """The classes of STORED AS INPUTFORMAT '...' OUTPUTFORMAT '...'."""
    if stored is None or not isinstance(stored.this, exp.InputOutputFormat):
        return {}
    given = {"InputFormat": stored.this.args.get("input_format"), "OutputFormat": stored.this.args.get("output_format")}
    return {key: node.name for key, node in given.items() if node is not None}


def _serde_parameters(create: exp.Expr) -> dict[str, str]:
    properties = create.find(exp.SerdeProperties)
    if properties is None:
        return {}
    return {item.name: item.args["value"].name for item in properties.expressions if isinstance(item, exp.Property)}
