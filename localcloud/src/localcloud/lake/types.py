"""Column types. Inside the lake a type is its Trino name, such as `timestamp(6)` or `row(a bigint)`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pyiceberg import types as ice
from sqlglot import exp

from localcloud.lake.errors import NotSupportedError
from localcloud.lake.sql_text import identifier

_HIVE_TO_TRINO = {
    "string": "varchar",
    "int": "integer",
    "float": "real",
    "binary": "varbinary",
    "timestamp": "timestamp(3)",
}
_TRINO_TO_HIVE = {trino: hive for hive, trino in _HIVE_TO_TRINO.items()} | {"timestamp(6)": "timestamp"}
_DUCKDB = {
    "varchar": "VARCHAR",
    "integer": "INTEGER",
    "real": "FLOAT",
    "varbinary": "BLOB",
    "json": "JSON",
    "uuid": "UUID",
    "unknown": "INTEGER",
}
_ICEBERG: dict[str, ice.IcebergType] = {
    "boolean": ice.BooleanType(),
    "tinyint": ice.IntegerType(),
    "smallint": ice.IntegerType(),
    "integer": ice.IntegerType(),
    "bigint": ice.LongType(),
    "real": ice.FloatType(),
    "double": ice.DoubleType(),
    "date": ice.DateType(),
    "varchar": ice.StringType(),
    "char": ice.StringType(),
    "timestamp": ice.TimestampType(),
    "timestamp with time zone": ice.TimestamptzType(),
    "time": ice.TimeType(),
    "varbinary": ice.BinaryType(),
    "uuid": ice.UUIDType(),
}


def split_arguments(text: str) -> list[str]:
    """Split at the commas that stand outside every bracket: 'a bigint, b map(varchar, date)' gives two parts."""
    parts, depth, start = [], 0, 0
    for index, character in enumerate(text):
        if character in "(<":
            depth += 1
        elif character in ")>":
            depth -= 1
        elif character == "," and depth == 0:
            parts.append(text[start:index].strip())
            start = index + 1
    return [*parts, text[start:].strip()]


def parts(trino: str) -> tuple[str, list[str]]:
    """A Trino type's base name and the text of its arguments: 'decimal(10,2)' gives ('decimal', ['10', '2'])."""
    base, bracket, rest = trino.partition("(")
    if not bracket:
        return trino, []
    inside, _, suffix = rest.rpartition(")")
    return base.strip() + suffix, split_arguments(inside)


@lru_cache(maxsize=4096)
def from_hive(hive: str) -> str:
    """The Trino name of a type as Glue writes it (`array<struct<a:int>>`)."""
    text = hive.strip().lower()
    if "<" in text:
        base, _, rest = text.partition("<")
        arguments = split_arguments(rest.rstrip()[:-1])
        if base.strip() == "struct":
            fields = (field.partition(":") for field in arguments)
            return "row(" + ", ".join(f"{name.strip()} {from_hive(kind)}" for name, _, kind in fields) + ")"
        return f"{base.strip()}({', '.join(from_hive(argument) for argument in arguments)})"
    return _HIVE_TO_TRINO.get(text, text.replace(" ", ""))


@lru_cache(maxsize=4096)
def to_hive(trino: str) -> str:
    """The name Glue gives to a Trino type."""
    base, arguments = parts(trino)
    if base == "row":
        fields = (field.partition(" ") for field in arguments)
        return "struct<" + ",".join(f"{name}:{to_hive(kind)}" for name, _, kind in fields) + ">"
    if base in ("array", "map"):
        return f"{base}<{','.join(to_hive(argument) for argument in arguments)}>"
    if base.startswith("timestamp"):
        return "timestamp"
    if base == "varchar" and not arguments:
        return "string"
    return _TRINO_TO_HIVE.get(trino, trino.replace(" ", ""))


@lru_cache(maxsize=4096)
def to_duckdb(trino: str) -> str:
    """The DuckDB type that holds values of a Trino type."""
    base, arguments = parts(trino)
    if base == "row":
        fields = (field.partition(" ") for field in arguments)
        return "STRUCT(" + ", ".join(f"{identifier(name)} {to_duckdb(kind)}" for name, _, kind in fields) + ")"
    if base == "array":
        return to_duckdb(arguments[0]) + "[]"
    if base == "map":
        return f"MAP({to_duckdb(arguments[0])}, {to_duckdb(arguments[1])})"
    if base == "timestamp":
        return "TIMESTAMP"
    if base == "timestamp with time zone":
        return "TIMESTAMPTZ"
    if base in ("varchar", "char", "ipaddress", "time with time zone"):
        return "VARCHAR"
    if base == "time":
        return "TIME"
    return _DUCKDB.get(trino, trino.upper())


@lru_cache(maxsize=4096)
def from_duckdb(duckdb_type: str) -> str:
    """The Trino name of a DuckDB type as DuckDB prints it; raises NotSupportedError for one Trino has not."""
    return from_data_type(exp.DataType.build(duckdb_type, dialect="duckdb"))


_FROM_SQLGLOT = {
    exp.DataType.Type.BOOLEAN: "boolean",
    exp.DataType.Type.TINYINT: "tinyint",
    exp.DataType.Type.SMALLINT: "smallint",
    exp.DataType.Type.INT: "integer",
    exp.DataType.Type.BIGINT: "bigint",
    exp.DataType.Type.INT128: "bigint",
    exp.DataType.Type.FLOAT: "real",
    exp.DataType.Type.DOUBLE: "double",
    exp.DataType.Type.DATE: "date",
    exp.DataType.Type.VARCHAR: "varchar",
    exp.DataType.Type.TEXT: "varchar",
    exp.DataType.Type.CHAR: "char",
    exp.DataType.Type.VARBINARY: "varbinary",
    exp.DataType.Type.BINARY: "varbinary",
    exp.DataType.Type.JSON: "json",
    exp.DataType.Type.UUID: "uuid",
    exp.DataType.Type.NULL: "unknown",
    exp.DataType.Type.IPADDRESS: "ipaddress",
    exp.DataType.Type.INTERVAL: "interval day to second",
}


def from_data_type(data_type: exp.DataType) -> str:
    """The Trino name of a parsed type."""
    kind = data_type.this
    arguments = data_type.expressions
    numbers = ",".join(argument.name for argument in arguments)
    if kind in (exp.DataType.Type.ARRAY, exp.DataType.Type.LIST):
        return f"array({from_data_type(arguments[0])})"
    if kind == exp.DataType.Type.MAP:
        return f"map({', '.join(from_data_type(argument) for argument in arguments)})"
    if kind == exp.DataType.Type.STRUCT:
        return "row(" + ", ".join(_row_field(index, field) for index, field in enumerate(arguments)) + ")"
    if kind == exp.DataType.Type.DECIMAL:
        return f"decimal({numbers or '38,0'})"
    if kind in (exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPNTZ, exp.DataType.Type.DATETIME):
        return f"timestamp({numbers or '3'})"
    if kind in (exp.DataType.Type.TIMESTAMPTZ, exp.DataType.Type.TIMESTAMPLTZ):
        return f"timestamp({numbers or '3'}) with time zone"
    if kind == exp.DataType.Type.TIME:
        return f"time({numbers or '3'})"
    if kind == exp.DataType.Type.TIMETZ:
        return f"time({numbers or '3'}) with time zone"
    if kind not in _FROM_SQLGLOT:
        raise NotSupportedError(f"the type {data_type.sql(dialect='trino')}")
    name = _FROM_SQLGLOT[kind]
    return f"{name}({numbers})" if numbers and name in ("varchar", "char") else name


def _row_field(index: int, field: Any) -> str:
    if isinstance(field, exp.ColumnDef):
        return f"{field.name.lower()} {from_data_type(field.args['kind'])}"
    return f"field{index} {from_data_type(field)}"


def from_iceberg(kind: ice.IcebergType) -> str:
    """The Trino name of an Iceberg type."""
    if isinstance(kind, ice.StructType):
        return "row(" + ", ".join(f"{field.name} {from_iceberg(field.field_type)}" for field in kind.fields) + ")"
    if isinstance(kind, ice.ListType):
        return f"array({from_iceberg(kind.element_type)})"
    if isinstance(kind, ice.MapType):
        return f"map({from_iceberg(kind.key_type)}, {from_iceberg(kind.value_type)})"
    if isinstance(kind, ice.DecimalType):
        return f"decimal({kind.precision},{kind.scale})"
    if isinstance(kind, ice.TimestampType):
        return "timestamp(6)"
    if isinstance(kind, ice.TimestamptzType):
        return "timestamp(6) with time zone"
    if isinstance(kind, ice.TimeType):
        return "time(6)"
    for trino, iceberg in _ICEBERG.items():
        if iceberg == kind and trino not in ("tinyint", "smallint", "char"):
            return trino
    raise NotSupportedError(f"the Iceberg type {kind}")


def to_iceberg(trino: str, next_id: list[int]) -> ice.IcebergType:
    """The Iceberg type for a Trino type; `next_id` holds the next free field id and is moved on for nested fields."""
    base, arguments = parts(trino)
    if base == "row":
        fields = []
        for field in arguments:
            name, _, kind = field.partition(" ")
            field_id = _take(next_id)
            fields.append(ice.NestedField(field_id, name, to_iceberg(kind, next_id), required=False))
        return ice.StructType(*fields)
    if base == "array":
        return ice.ListType(_take(next_id), to_iceberg(arguments[0], next_id), element_required=False)
    if base == "map":
        key_id, value_id = _take(next_id), _take(next_id)
        key, value = to_iceberg(arguments[0], next_id), to_iceberg(arguments[1], next_id)
        return ice.MapType(key_id, key, value_id, value, value_required=False)
    if base == "decimal":
        return ice.DecimalType(int(arguments[0]), int(arguments[1]))
    if base not in _ICEBERG:
        raise NotSupportedError(f"a column of type {trino} in an Iceberg table")
    return _ICEBERG[base]


def _take(next_id: list[int]) -> int:
    next_id[0] += 1
    return next_id[0] - 1
