"""CREATE EXTERNAL TABLE taken apart, as the Amazon Redshift Database Developer Guide writes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlglot.tokens import TokenType

from localcloud.lake import hive_read, serdes
from localcloud.lake.hive_formats import FORMATS
from localcloud.redshift.errors import RedshiftError, unsupported
from localcloud.redshift.sql.external_types import hive_type
from localcloud.redshift.sql.pseudocolumns import PSEUDOCOLUMNS
from localcloud.redshift.sql.statement import Statement
from localcloud.redshift.sql.words import Words

_SERDES = {
    serdes.REGEX: "TEXTFILE",
    serdes.CSV: "TEXTFILE",
    serdes.LAZY: "TEXTFILE",
    **{name: "TEXTFILE" for name in serdes.JSON},
    hive_read.PARQUET: "PARQUET",
    hive_read.ORC: "ORC",
    hive_read.AVRO: "AVRO",
}
"""SerDes that can be read here, with the format of their files."""

_FORMATS = ("TEXTFILE", "PARQUET", "ORC", "AVRO")
_UNREAD_SERDE_PROPERTIES = frozenset({"wholefile", "strip.outer.array"})
_UNREAD_PROPERTIES = frozenset({"data_cleansing_enabled", "compression_type", "orc.schema.resolution"})
"""Table properties that change what is read, in ways that the lake does not know."""
_HARMLESS = {"data_cleansing_enabled": "false", "orc.schema.resolution": "position"}


@dataclass
class ExternalTable:
    """`columns` and `keys` are names with Hive types ('' for the keys of a table made AS `query`, a text)."""

    name: tuple[str, ...]
    columns: list[tuple[str, str]] = field(default_factory=list)
    keys: list[tuple[str, str]] = field(default_factory=list)
    format: str = ""
    serde: str = ""
    serde_properties: dict[str, str] = field(default_factory=dict)
    formats: tuple[str, str] | None = None
    location: str = ""
    properties: dict[str, str] = field(default_factory=dict)
    query: str = ""

    def storage(self) -> dict[str, Any]:
        """InputFormat, OutputFormat and SerdeInfo as Glue keeps them."""
        kind = self.format or _SERDES[self.serde]
        input_format, output_format, serde = FORMATS[kind]
        if self.formats is not None:
            input_format, output_format = self.formats
        return {
            "InputFormat": input_format,
            "OutputFormat": output_format,
            "SerdeInfo": {"SerializationLibrary": self.serde or serde, "Parameters": self.serde_properties},
        }


def declared(statement: Statement) -> ExternalTable:
    """Read the statement; raises RedshiftError 42601, or 0A000 for what is not supported."""
    words = Words(statement.tokens)
    words.expect("CREATE", "EXTERNAL", "TABLE")
    table = ExternalTable(words.dotted_name())
    if len(table.name) < 2:
        raise RedshiftError("42601", "External tables must be created in an external schema")
    if words.peek() == "(":
        table.columns = _columns(words, statement.text)
    if words.accept("PARTITIONED BY"):
        table.keys = _columns(words, statement.text, typed=bool(table.columns))
    if words.accept("ROW", "FORMAT"):
        _row_format(words, table)
    words.expect("STORED", "AS")
    stored_as(words, table)
    words.expect("LOCATION")
    table.location = words.string()
    if words.accept("TABLE", "PROPERTIES"):
        table.properties = pairs(words)
    if words.accept("AS"):
        table.query = statement.text[words.next().start :] if not words.done else ""
    else:
        words.end()
    _check(table)
    return table


def _columns(words: Words, text: str, *, typed: bool = True) -> list[tuple[str, str]]:
    words.expect("(")
    found = []
    while True:
        name = words.name()
        found.append((name, hive_type(_type_text(words, text)) if typed else ""))
        if not words.accept(","):
            break
    words.expect(")")
    return found


def _type_text(words: Words, text: str) -> str:
    """A type's text: all up to the comma or parenthesis that ends the column."""
    depth, first, last = 0, None, None
    while not words.done and (depth or words.peek() not in (",", ")")):
        token = words.next()
        if token.token_type != TokenType.STRING:
            depth += sum(token.text.count(opening) for opening in "(<") - sum(token.text.count(c) for c in ")>")
        first, last = first or token, token
    if first is None or last is None:
        raise words.error()
    return text[first.start : last.end + 1]


def _row_format(words: Words, table: ExternalTable) -> None:
    if words.accept("SERDE"):
        table.serde = words.string()
        if table.serde not in _SERDES:
            raise unsupported(f"the SerDe {table.serde}")
        if words.accept("WITH", "SERDEPROPERTIES"):
            table.serde_properties = pairs(words)
        unread = [name for name in table.serde_properties if name.lower() in _UNREAD_SERDE_PROPERTIES]
        if unread:
            raise unsupported(f"the SerDe property {unread[0]}")
        return
    words.expect("DELIMITED")
    while words.peek() in ("FIELDS", "LINES", "ESCAPED", "NULL"):
        _delimiter(words, table.serde_properties)


def _delimiter(words: Words, properties: dict[str, str]) -> None:
    if words.accept("FIELDS", "TERMINATED", "BY"):
        properties["field.delim"] = properties["serialization.format"] = _character(words)
        return
    words.expect("LINES", "TERMINATED", "BY")
    properties["line.delim"] = _character(words)
    if properties["line.delim"] != "\n":
        raise unsupported("LINES TERMINATED BY anything but a newline")


def _character(words: Words) -> str:
    text = words.string()
    # The guide writes the start of a heading so.
    text = "\x01" if text in ("\\A", "A") else text
    if len(text) != 1 or not text.isascii():
        raise RedshiftError("42601", f"The delimiter {text!r} must be a single ASCII character")
    return text


def stored_as(words: Words, table: ExternalTable) -> None:
    """What stands behind STORED AS, or behind SET FILE FORMAT."""
    if words.accept("INPUTFORMAT"):
        input_format = words.string()
        words.expect("OUTPUTFORMAT")
        table.formats = (input_format, words.string())
        kinds = {FORMATS[kind][0]: kind for kind in _FORMATS}
        if input_format not in kinds:
            raise unsupported(f"the input format {input_format}")
        table.format = kinds[input_format]
        return
    name = words.next().text.upper()
    if name in ("RCFILE", "SEQUENCEFILE"):
        raise unsupported(f"STORED AS {name}")
    if name not in _FORMATS:
        raise RedshiftError("42601", f'syntax error at or near "{name.lower()}"')
    table.format = name


def pairs(words: Words) -> dict[str, str]:
    """`('name' = 'value', …)`."""
    words.expect("(")
    found = {}
    while True:
        name = words.string()
        words.expect("=")
        found[name] = words.string()
        if not words.accept(","):
            break
    words.expect(")")
    return found


def check_properties(properties: dict[str, str], *, written: bool = False) -> None:
    """Refuse what would change the rows that are read; `written`: the files get the compression that is named."""
    for name, value in properties.items():
        if name == "compression_type" and written:
            continue
        if name.lower() in _UNREAD_PROPERTIES and value.lower() != _HARMLESS.get(name.lower()):
            raise unsupported(f"the table property '{name}'='{value}'")


def _check(table: ExternalTable) -> None:
    names = [name for name, _ in [*table.columns, *table.keys]]
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise RedshiftError("42701", f'column "{sorted(repeated)[0]}" specified more than once')
    if not set(names).isdisjoint(PSEUDOCOLUMNS):
        raise RedshiftError("42601", 'columns must not be named "$path" or "$size"')
    if not table.columns and not table.query:
        raise RedshiftError("42601", "syntax error: an external table needs columns or a query")
    if table.columns and table.query:
        raise RedshiftError("42601", "syntax error: CREATE EXTERNAL TABLE AS takes no column list")
    if table.query and (table.serde or table.format not in ("PARQUET", "TEXTFILE")):
        raise RedshiftError("0A000", "CREATE EXTERNAL TABLE AS only supports the formats PARQUET and TEXTFILE")
    check_properties(table.properties, written=bool(table.query))
