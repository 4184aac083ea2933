"""The lines of an UNLOAD as CSV, text or JSON: DuckDB makes them, a thread of its own compresses them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from localcloud.lake.sql_text import quoted
from localcloud.redshift.engine.result import Column
from localcloud.redshift.engine.unload_files import SliceWriter, Written
from localcloud.redshift.errors import from_arrow
from localcloud.redshift.sql.unload_options import UnloadOptions

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

SLICES = 2
_BATCH_ROWS = 5_000


def write_lines(
    session: Session, sql: str, columns: Sequence[Column], options: UnloadOptions, folder: Path
) -> list[Written]:
    """Write the rows of `sql`, a SELECT of `columns`, as lines, by turns to the slices' files."""
    header = _header(columns, options) if options.header else b""
    writers = [
        SliceWriter(session.database.lake.s3, options, folder, n, header)
        for n in range(SLICES if options.parallel else 1)
    ]
    turn = 0
    with ThreadPoolExecutor(1, thread_name_prefix="unload") as compressing:
        before: Future[None] | None = None
        for text, rows in _texts(session, sql, columns, options):
            if before is not None:
                before.result()  # one is compressed while DuckDB makes the next, and no more are in memory
            before = compressing.submit(writers[turn % len(writers)].write, text, rows)
            turn += 1
        if before is not None:
            before.result()
    if turn == 0:
        # An UNLOAD without rows leaves one file, with a header if there is to be one.
        writers[0].write(b"", 0)
    for writer in writers:
        writer.finish()
    return [each for writer in writers for each in writer.written]


def _texts(
    session: Session, sql: str, columns: Sequence[Column], options: UnloadOptions
) -> Iterator[tuple[memoryview, int]]:
    """Yield the text of some thousand lines and how many they are.

    The values of an Arrow array of strings lie one after the other: of lines with their newlines that is the text.
    """
    names = ", ".join(f"c{i}" for i in range(len(columns)))
    line = f"SELECT {_line(columns, options)} || chr(10) FROM ({sql}) AS source({names})"  # noqa: S608
    session.connection.execute("SET SESSION arrow_large_buffer_size = true")  # else a batch holds 2 GB
    batches = session.connection.execute(line).to_arrow_reader(_BATCH_ROWS)
    try:
        for batch in batches:
            _, ends, values = batch.column(0).buffers()
            yield memoryview(values)[: memoryview(ends).cast("q")[len(batch)]], len(batch)
    except OSError as error:
        raise from_arrow(error) from error


def _header(columns: Sequence[Column], options: UnloadOptions) -> bytes:
    names = [column.name for column in columns]
    if options.format == "CSV":
        special = {options.delimiter, '"', "\n", "\r"}
        names = ['"' + n.replace('"', '""') + '"' if special & set(n) else n for n in names]
    return (options.delimiter.join(names) + "\n").encode()


def _line(columns: Sequence[Column], options: UnloadOptions) -> str:
    """A DuckDB expression that makes one line of a row, so that DuckDB's threads do the formatting."""
    if options.format == "JSON":
        fields = ", ".join(f"{quoted(column.name)}, {_json(f'c{i}', column.type)}" for i, column in enumerate(columns))
        return f"json_object({fields})::VARCHAR"
    values = []
    for i, column in enumerate(columns):
        value = _text(f"c{i}", column.type)
        values.append(f"coalesce({_protected(value, column.type, options)}, {quoted(options.null_string)})")
    return f"concat_ws({quoted(options.delimiter)}, {', '.join(values)})"  # half the time of as many ||


def _text(name: str, kind: str) -> str:
    if kind == "BOOLEAN":
        return f"CASE WHEN {name} THEN 't' WHEN NOT {name} THEN 'f' END"
    if kind in ("FLOAT", "DOUBLE"):
        return f"regexp_replace({name}::VARCHAR, '\\.0$', '')"
    return f"{name}::VARCHAR"


def _json(name: str, kind: str) -> str:
    if kind in ("DATE", "TIME") or kind.startswith("TIMESTAMP"):
        return f"{name}::VARCHAR"
    return name


def _protected(value: str, kind: str, options: UnloadOptions) -> str:
    if options.format == "CSV":
        if kind not in ("VARCHAR", "JSON") and options.delimiter not in "-:. +0123456789etfTFE":
            return value
        # A search each is faster than one regular expression.
        special = " OR ".join(f"contains({value}, {quoted(c)})" for c in (options.delimiter, '"', "\r", "\n"))
        enclosed = f"'\"' || replace({value}, '\"', '\"\"') || '\"'"
        return f"CASE WHEN {special} THEN {enclosed} ELSE {value} END"
    if options.escape:
        special = (
            "".join("\\" + c for c in (options.delimiter, "\\")) + "\\r\\n" + ("\"'" if options.add_quotes else "")
        )
        value = f"regexp_replace({value}, {quoted(f'([{special}])')}, '\\\\\\1', 'g')"
    elif options.add_quotes:
        value = f"replace({value}, '\"', '\"\"')"
    return f"'\"' || {value} || '\"'" if options.add_quotes else value
