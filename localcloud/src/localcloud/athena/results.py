"""Result files in S3 as Athena writes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from localcloud.athena import result_metadata
from localcloud.athena.double_text import double_text
from localcloud.athena.result_objects import ResultObjects
from localcloud.athena.run.context import Context, Outcome
from localcloud.athena.sql.casts import text_of
from localcloud.athena.statement import Statement
from localcloud.lake.glue import Column
from localcloud.lake.sql_text import quoted
from localcloud.lake.types import parts

_BATCH_ROWS = 10_000
_PRECISION = {
    "boolean": 0,
    "tinyint": 3,
    "smallint": 5,
    "integer": 10,
    "bigint": 19,
    "real": 17,
    "float": 17,
    "double": 17,
    "varbinary": 1_073_741_824,
}
_MAX_TEXT = 2147483647


@dataclass(frozen=True)
class ResultColumn:
    """A result's column as ColumnInfo tells it."""

    name: str
    type: str
    precision: int
    scale: int

    def info(self) -> dict[str, Any]:
        """The ColumnInfo structure."""
        return {
            "CatalogName": "hive",
            "SchemaName": "",
            "TableName": "",
            "Name": self.name,
            "Label": self.name,
            "Type": self.type,
            "Precision": self.precision,
            "Scale": self.scale,
            "Nullable": "UNKNOWN",
            "CaseSensitive": self.case_sensitive,
        }

    @property
    def case_sensitive(self) -> bool:
        """Whether values that differ in case only differ."""
        return self.type in ("varchar", "char", "json")


@dataclass(frozen=True)
class Written:
    """Where a result went; `rows` and `size` (bytes) count what the result file holds."""

    columns: tuple[ResultColumn, ...]
    location: str
    manifest: str | None
    rows: int = 0
    size: int = 0


def result_column(column: Column) -> ResultColumn:
    """Type, precision and scale as Athena reports them."""
    base, arguments = parts(column.type)
    if base == "real":
        base = "float"
    if base == "decimal":
        return ResultColumn(column.name, base, int(arguments[0]), int(arguments[1]))
    if base.startswith(("timestamp", "time")):
        return ResultColumn(column.name, base, int((arguments or ["3"])[0]), 0)
    if base == "varchar" and arguments:
        return ResultColumn(column.name, base, int(arguments[0]), 0)
    if base in ("varchar", "char"):
        return ResultColumn(column.name, base, _MAX_TEXT, 0)
    return ResultColumn(column.name, base, _PRECISION.get(base, 0), 0)


def result_text(value: str, kind: str, depth: int = 0) -> str:
    """SQL for the text that a result file holds for a value; nested values as Athena prints them."""
    base, inner = parts(kind)
    item = f"x{depth}"
    if base == "array":
        text = f"coalesce({result_text(item, inner[0], depth + 1)}, 'null')"
        return f"'[' || array_to_string(list_transform({value}, lambda {item}: {text}), ', ') || ']'"
    if base == "map":
        key = result_text(f"{item}.key", inner[0], depth + 1)
        text = f"coalesce({result_text(f'{item}.value', inner[1], depth + 1)}, 'null')"
        entries = f"list_transform(map_entries({value}), lambda {item}: {key} || '=' || {text})"
        return f"'{{' || array_to_string({entries}, ', ') || '}}'"
    if base == "row":
        fields = []
        for index, field in enumerate(inner, start=1):
            name, _, field_kind = field.partition(" ")
            text = result_text(f"struct_extract_at({value}, {index})", field_kind, depth)
            fields.append(f"{quoted(f'{name}=')} || coalesce({text}, 'null')")
        return f"CASE WHEN {value} IS NOT NULL THEN '{{' || {' || chr(44) || chr(32) || '.join(fields)} || '}}' END"
    if base == "varbinary":
        return f"trim(regexp_replace(lower(hex({value})), '(..)', '\\1 ', 'g'))"
    if base == "json":
        return f"CAST({value} AS VARCHAR)"
    if base == "date":
        return f"CASE WHEN {value} > DATE '9999-12-31' THEN '+' ELSE '' END || {text_of(value, kind)}"
    return text_of(value, kind)


def write(context: Context, statement: Statement, outcome: Outcome) -> Written:
    """Write the result of a statement where its kind belongs, with its metadata."""
    if outcome.query is not None:
        return _write_rows(context, outcome)
    if statement.subtype == "CREATE_TABLE_AS_SELECT" or outcome.lines is None:
        return _write_count(context, statement, outcome)
    columns = tuple(ResultColumn(column.name, "string", 0, 0) for column in outcome.columns)
    text = "".join("\t".join(line) + "\n" for line in outcome.lines).encode()
    location = f"{_base(context)}.txt"
    target = ResultObjects(context)
    target.put(location, text)
    target.put(f"{location}.metadata", result_metadata.encode(context.query_id, columns))
    return Written(columns, location, None, len(outcome.lines), len(text))


def _base(context: Context) -> str:
    return f"{context.result_location.rstrip('/')}/{context.query_id}"


def _write_rows(context: Context, outcome: Outcome) -> Written:
    columns = tuple(result_column(column) for column in outcome.columns)
    location = f"{_base(context)}.csv"
    csv = _Csv(context, outcome)
    target = ResultObjects(context)
    target.upload(location, csv.chunks(), result_metadata.encode(context.query_id, columns))
    return Written(columns, location, None, csv.rows, csv.size)


def _write_count(context: Context, statement: Statement, outcome: Outcome) -> Written:
    """What a statement leaves that only counts rows: metadata, and a manifest of the files it wrote."""
    base, manifest, target = _base(context), None, ResultObjects(context)
    if outcome.files is not None:
        manifest = f"{base}-manifest.csv"
        target.put(manifest, "".join(f"{path}\n" for path in outcome.files).encode())
    location = f"{context.result_location.rstrip('/')}/tables/{context.query_id}" if statement.type == "DDL" else base
    columns = (ResultColumn("rows", "bigint", 19, 0),)
    target.put(f"{location}.metadata", result_metadata.encode(context.query_id, columns))
    return Written(columns, location, manifest)


class _Csv:
    """A query's rows as the text of a result file; counts what has been read of it."""

    def __init__(self, context: Context, outcome: Outcome) -> None:
        self._context = context
        self._outcome = outcome
        self.rows = 0
        self.size = 0

    def chunks(self) -> Iterator[bytes]:
        """The file in parts: the header, then as many rows at a time as DuckDB is asked for."""
        query, columns = self._outcome.query, self._outcome.columns
        if query is None:
            return
        yield self._counted(_line([column.name for column in columns]))
        names = [f"_r{index}" for index in range(len(columns))]
        fetched = ", ".join(_fetched(f'"{name}"', kind) for name, kind in zip(names, query.shown, strict=True))
        doubles = [place for place, kind in enumerate(query.shown) if kind == "double"]
        cursor = self._context.cursor
        cursor.execute(f"SELECT {fetched} FROM ({query.sql}) AS _r({', '.join(names)})")  # noqa: S608
        while rows := cursor.fetchmany(_BATCH_ROWS):
            self.rows += len(rows)
            yield self._counted("".join(map(_line, _with_texts(rows, doubles))))

    def _counted(self, text: str) -> bytes:
        encoded = text.encode()
        self.size += len(encoded)
        return encoded


def _fetched(value: str, kind: str) -> str:
    """SQL for what is fetched of a value: its text, or a double itself."""
    return f"CAST({value} AS DOUBLE)" if kind == "double" else result_text(value, kind)


def _with_texts(rows: Iterable[Sequence[Any]], doubles: Sequence[int]) -> Iterator[Sequence[str | None]]:
    """The rows with the text of the doubles, which are at these places."""
    for row in rows:
        cells = list(row)
        for place in doubles:
            cells[place] = double_text(cells[place])
        yield cells


def _line(cells: Sequence[str | None]) -> str:
    """Every value in quotes; NULL is nothing at all, which is not the empty text."""
    if None not in cells:
        plain = '","'.join(cells)  # type: ignore[arg-type]
        if plain.count('"') == 2 * (len(cells) - 1):  # no quote in a text: most lines, and several times as fast
            return f'"{plain}"\n'
    return ",".join("" if cell is None else '"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"
