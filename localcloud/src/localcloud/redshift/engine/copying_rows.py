"""The records of COPY's text formats, read one by one where DuckDB's readers can't follow or can't say why."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import zstandard

from localcloud.redshift.errors import RedshiftError, invalid_utf8, unsupported
from localcloud.redshift.sql.copy_options import CopyOptions
from localcloud.redshift.sql.storage_options import s3_place

_PATH_STEP = re.compile(r"\.(\w+)|\['([^']*)'\]|\[\"([^\"]*)\"\]|\[(\d+)\]")


@dataclass(frozen=True)
class Failure:
    """Why a record can't be loaded: AWS's load error code and text, and the column's name where one is to blame."""

    code: int
    reason: str
    column: str = ""
    value: str = ""


@dataclass(frozen=True)
class Record:
    """`fields` are in the columns' order, None for NULL; `line` counts from 1."""

    url: str
    line: int
    raw: str
    fields: Sequence[str | None] = ()
    failure: Failure | None = None


def records(s3: Any, url: str, columns: Sequence[str], options: CopyOptions) -> Iterator[Record]:
    """All records of an object, bad ones with their failure."""
    text, bad = _decoded(_content(s3, url, options), options)
    if options.format == "JSON":
        found = _json_records(s3, url, text, columns, options)
    elif options.format == "CSV":
        found = _csv_records(url, text, options)
    else:
        found = _line_records(url, text, options)
    for record in found:
        if record.failure is None and bad and "\ufffd" in record.raw:
            yield Record(record.url, record.line, record.raw, (), Failure(1220, invalid_utf8(bad)))
        else:
            yield record if options.format == "JSON" else _fitted(record, len(columns), options)


def _content(s3: Any, url: str, options: CopyOptions) -> bytes:
    bucket, key = s3_place(url)
    body: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    try:
        if options.compression == "GZIP":
            return gzip.decompress(body)
        if options.compression == "BZIP2":
            return bz2.decompress(body)
        if options.compression == "ZSTD":
            return zstandard.ZstdDecompressor().stream_reader(io.BytesIO(body)).read()
    except (OSError, EOFError, zstandard.ZstdError) as error:
        raise RedshiftError("XX000", f"{options.compression} file is corrupted: {url}") from error
    return body


def _decoded(body: bytes, options: CopyOptions) -> tuple[str, str]:
    """The text, and the first byte in hex that is no UTF-8 (not when ACCEPTINVCHARS replaces such)."""
    try:
        return body.decode("utf-8-sig"), ""
    except UnicodeDecodeError as error:
        replaced = body.decode("utf-8-sig", errors="replace")
        if options.accept_invalid is not None:
            return replaced.replace("\ufffd", options.accept_invalid), ""
        return replaced, f"{body[error.start]:02x}"


def _csv_records(url: str, text: str, options: CopyOptions) -> Iterator[Record]:
    lines = text.splitlines()
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=options.delimiter, quotechar=options.quote or None, strict=True
    )
    before = 0
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raw = lines[before] if before < len(lines) else ""
            yield Record(url, before + 1, raw, (), Failure(1214, "Invalid quote formatting for CSV"))
            return
        first, before = before + 1, reader.line_num
        if first > options.ignore_header and not (options.ignore_blank_lines and not "".join(fields).strip()):
            yield Record(url, first, "\n".join(lines[first - 1 : before]), fields or [""])


def _line_records(url: str, text: str, options: CopyOptions) -> Iterator[Record]:
    lines = text.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    number = 0
    while number < len(lines):
        first, raw = number + 1, lines[number]
        while options.escape and _ends_escaped(raw) and number + 1 < len(lines):
            number += 1
            raw += "\n" + lines[number]
        number += 1
        raw = raw.removesuffix("\r")
        if first <= options.ignore_header or (options.ignore_blank_lines and not raw.strip()):
            continue
        fields = _fixed(raw, options.fixed_width) if options.fixed_width else _split(raw, options)
        if fields is None:
            yield Record(url, first, raw, (), Failure(1214, "Invalid quote formatting for REMOVEQUOTES"))
        else:
            yield Record(url, first, raw, fields)


def _ends_escaped(line: str) -> bool:
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _fixed(raw: str, widths: Sequence[int]) -> list[str]:
    fields, at = [], 0
    for width in widths:
        fields.append(raw[at : at + width].strip())
        at += width
    return fields


def _split(raw: str, options: CopyOptions) -> list[str | None] | None:
    """Fields by delimiter, with ESCAPE and REMOVEQUOTES; None for a quote that is not closed."""
    fields: list[str | None] = []
    text, at, quote, quoted = "", 0, "", False
    while at < len(raw):
        character = raw[at]
        if options.escape and character == "\\" and at + 1 < len(raw):
            # The null string `\\N` is an escape of its own.
            text += raw[at : at + 2] if raw[at : at + 2] == options.null_string else raw[at + 1]
            at += 2
            continue
        if options.remove_quotes and not text and not quoted and character in "\"'":
            quote, quoted = character, True
        elif quote and character == quote:
            quote = ""
        elif not quote and character == options.delimiter:
            fields.append(text)
            text, quoted = "", False
        else:
            text += character
        at += 1
    fields.append(text)
    return None if quote else fields


def _fitted(record: Record, count: int, options: CopyOptions) -> Record:
    fields = [None if field == options.null_string else field for field in record.fields]
    if record.failure is not None:
        return record
    if len(fields) < count and options.fill_record:
        fields += [None] * (count - len(fields))
    if len(fields) > count and not (len(fields) == count + 1 and not fields[-1] and options.format == "TEXT"):
        return Record(record.url, record.line, record.raw, (), Failure(1202, "Extra column(s) found"))
    if len(fields) < count:
        return Record(record.url, record.line, record.raw, (), Failure(1201, "Delimiter not found"))
    return Record(record.url, record.line, record.raw, fields[:count])


def _json_records(s3: Any, url: str, text: str, columns: Sequence[str], options: CopyOptions) -> Iterator[Record]:
    paths = _json_paths(s3, options, len(columns)) if options.json_paths.startswith("s3://") else None
    decoder, at = json.JSONDecoder(), 0
    while True:
        while at < len(text) and text[at] in " \t\r\n":
            at += 1
        if at >= len(text):
            return
        line = text.count("\n", 0, at) + 1
        try:
            document, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError:
            yield Record(
                url, line, text[at:].split("\n")[0], (), Failure(1200, "Invalid JSONPath format or JSON input")
            )
            return
        raw, at = text[at:end], end
        yield Record(url, line, raw, [_json_text(value) for value in _chosen(document, raw, columns, paths, options)])


def _chosen(
    document: Any, raw: str, columns: Sequence[str], paths: Sequence[str] | None, options: CopyOptions
) -> list[Any]:
    if options.json_paths == "noshred":
        if len(columns) != 1:
            raise RedshiftError("0A000", "COPY JSON 'noshred' loads into one SUPER column")
        return [json.loads(raw)]
    if paths is not None:
        return [_at_path(document, path) for path in paths]
    if not isinstance(document, dict):
        raise unsupported("COPY JSON of a document that is no object")
    if options.json_paths == "auto ignorecase":
        document = {key.lower(): value for key, value in document.items()}
    return [document.get(column) for column in columns]


def _json_paths(s3: Any, options: CopyOptions, count: int) -> list[str]:
    bucket, key = s3_place(options.json_paths)
    try:
        paths: list[str] = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())["jsonpaths"]
    except (ValueError, KeyError, TypeError) as error:
        raise RedshiftError("XX000", f"Invalid JSONPaths file {options.json_paths}") from error
    if len(paths) != count:
        raise RedshiftError(
            "XX000",
            f"Number of jsonpaths and the number of columns should match. JSONPath size: {len(paths)},"
            f" Number of columns in table or column list: {count}",
        )
    return paths


def _at_path(document: Any, path: str) -> Any:
    for name, single, double, index in _PATH_STEP.findall(path):
        step = name or single or double
        if index:
            document = document[int(index)] if isinstance(document, list) and int(index) < len(document) else None
        else:
            document = document.get(step) if isinstance(document, dict) else None
    return document


def _json_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
