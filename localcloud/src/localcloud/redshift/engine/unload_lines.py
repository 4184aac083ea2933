"""The lines of an UNLOAD as CSV, text or JSON: DuckDB's threads make them, one of its own parts and compresses them."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from localcloud.lake.sql_text import quoted
from localcloud.redshift.engine.result import Column
from localcloud.redshift.engine.unload_files import SliceWriter, Written
from localcloud.redshift.sql.unload_options import UnloadOptions

if TYPE_CHECKING:
    from localcloud.redshift.engine.session import Session

SLICES = 2
_BLOCK = 256 * 1024
"""Bytes of lines, a few more or less, that are written to one slice before the next has its turn."""


def write_lines(
    session: Session, sql: str, columns: Sequence[Column], options: UnloadOptions, folder: Path
) -> list[Written]:
    """Write the rows of `sql`, a SELECT of `columns`, as lines, by turns to the slices' files.

    DuckDB copies to a pipe: its threads make the lines side by side then, and keep the order of the rows.
    """
    header = _header(columns, options) if options.header else b""
    writers = [
        SliceWriter(session.database.lake.s3, options, folder, n, header)
        for n in range(SLICES if options.parallel else 1)
    ]
    end = secrets.token_hex(8)  # after each line, as a value may have a newline: nobody can know it
    lines = _lines(sql, columns, options, end)
    readable, writable = os.pipe()
    with ThreadPoolExecutor(1, thread_name_prefix="unload") as beside:
        writing = beside.submit(_write_blocks, readable, writers, f"{end}\n".encode())
        failure: duckdb.Error | None = None
        try:
            session.connection.execute(
                f"COPY ({lines}) TO '/dev/fd/{writable}' (FORMAT csv, HEADER false, QUOTE '', ESCAPE '')"
            )
        except duckdb.Error as error:
            failure = error
        finally:
            os.close(writable)
        writing.result()  # where both fail, this is why
    if failure is not None:
        raise failure
    if not any(writer.is_begun for writer in writers):
        # An UNLOAD without rows leaves one file, with a header if there is to be one.
        writers[0].write(b"", 0)
    for writer in writers:
        writer.finish()
    return [each for writer in writers for each in writer.written]


def _write_blocks(readable: int, writers: Sequence[SliceWriter], end: bytes) -> None:
    """Write what comes out of a pipe, lines that have `end` for a newline, by turns."""
    turns, rest = cycle(writers), b""
    with open(readable, "rb") as pipe:
        while block := pipe.read(_BLOCK):
            whole, found, rest = (rest + block).rpartition(end)
            text = (whole + found).replace(end, b"\n")
            rows = (len(whole) + len(found) - len(text)) // (len(end) - 1)
            if rows:
                next(turns).write(text, rows)


def _lines(sql: str, columns: Sequence[Column], options: UnloadOptions, end: str) -> str:
    names = ", ".join(f"c{i}" for i in range(len(columns)))
    return f"SELECT {_line(columns, options)} || {quoted(end)} FROM ({sql}) AS source({names})"  # noqa: S608


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
