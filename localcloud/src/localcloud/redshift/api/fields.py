"""Values and columns as the redshift-data API shows them."""

from __future__ import annotations

import base64
import re
from typing import Any

from localcloud.redshift.engine.result import Column
from localcloud.redshift.wire.values import text_of

_TYPES = {
    "BOOLEAN": ("bool", 1),
    "TINYINT": ("int2", 5),
    "SMALLINT": ("int2", 5),
    "INTEGER": ("int4", 10),
    "BIGINT": ("int8", 19),
    "HUGEINT": ("numeric", 38),
    "FLOAT": ("float4", 8),
    "DOUBLE": ("float8", 17),
    "VARCHAR": ("varchar", 0),
    "DATE": ("date", 13),
    "TIME": ("time", 15),
    "TIMESTAMP": ("timestamp", 29),
    "TIMESTAMP WITH TIME ZONE": ("timestamptz", 35),
    "BLOB": ("varbyte", 0),
    "INTERVAL": ("intervald2s", 49),
    '"NULL"': ("unknown", 0),
}
_SIGNED = ("int2", "int4", "int8", "numeric", "float4", "float8")


def column_metadata(column: Column) -> dict[str, Any]:
    """ColumnMetadata of a result column."""
    decimal = re.fullmatch(r"DECIMAL\((\d+),\s*(\d+)\)", column.type)
    name, precision = ("numeric", int(decimal[1])) if decimal else _TYPES.get(column.type, ("super", 0))
    return {
        "name": column.name,
        "label": column.name,
        "typeName": name,
        "precision": precision,
        "scale": int(decimal[2]) if decimal else 0,
        "length": 0,
        "nullable": 1,
        "isCaseSensitive": name in ("varchar", "super"),
        "isCurrency": False,
        "isSigned": name in _SIGNED,
        "schemaName": "",
        "tableName": "",
    }


def to_field(value: Any) -> dict[str, Any]:
    """A Field: decimals, dates and times travel as text."""
    if value is None:
        return {"isNull": True}
    if isinstance(value, bool):
        return {"booleanValue": value}
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return {"longValue": value}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, bytes):
        return {"blobValue": base64.b64encode(value).decode()}
    return {"stringValue": text_of(value)}
