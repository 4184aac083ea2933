"""Lines of text objects, whole and in file order."""

from __future__ import annotations

import bz2
import gzip
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any

import pyarrow as pa
import zstandard

from localcloud.lake.errors import BadDataError, LakeError, NotSupportedError
from localcloud.lake.objects import StoredObject, split_uri
from localcloud.lake.session import Lake

_CHUNK_BYTES = 4 * 1024 * 1024
_LINE_END = re.compile(rb"\r\n|\n|\r")

Split = Callable[[list[str | None]], list[list[str | None]]]
"""Turns a batch of lines into one list of values a column."""


def read_lines(lake: Lake, stored: StoredObject) -> Iterator[list[bytes]]:
    """Batches of lines without their ends, in file order. Raises BadDataError if the object does not decompress.

    Line ends are LF, CR LF and CR, as Hadoop's LineRecordReader has them; text after the last end is a line too.
    """
    bucket, key = split_uri(stored.path)
    body = lake.s3.get_object(Bucket=bucket, Key=key)["Body"]
    carry = b""
    try:
        stream = _decompressed(stored.path, body)
        while chunk := stream.read(_CHUNK_BYTES):
            lines, carry = _split(carry + chunk)
            if lines:
                yield lines
    except (EOFError, OSError, zlib.error, zstandard.ZstdError) as error:
        raise BadDataError(stored.path, str(error)) from error
    finally:
        body.close()
    if carry:
        yield _split(carry + b"\n")[0]


def _split(data: bytes) -> tuple[list[bytes], bytes]:
    """The complete lines of `data` and what is left over; a CR at the very end waits for its LF."""
    if b"\r" not in data:
        lines = data.split(b"\n")
        return lines[:-1], lines[-1]
    held = b""
    if data.endswith(b"\r"):
        data, held = data[:-1], b"\r"
    lines = _LINE_END.split(data)
    return lines[:-1], lines[-1] + held


def _decompressed(path: str, body: Any) -> IO[bytes]:
    suffix = path.rsplit("/", 1)[-1].rpartition(".")[2].lower()
    if suffix == "gz":
        # GzipFile reads every member of the object, and checks length and checksum of each.
        return gzip.GzipFile(fileobj=body)
    if suffix == "bz2":
        return bz2.BZ2File(body)
    if suffix == "zst":
        reader: IO[bytes] = zstandard.ZstdDecompressor().stream_reader(body, read_across_frames=True)
        return reader
    if suffix in ("lz4", "snappy", "lzo", "deflate"):
        raise NotSupportedError(f"reading text compressed as .{suffix}")
    stream: IO[bytes] = body
    return stream


def to_text(lines: list[bytes]) -> pa.Array:
    """Lines as UTF-8; malformed bytes become U+FFFD, as Hadoop's Text does."""
    try:
        return pa.array(lines, pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array([line.decode("utf-8", "replace") for line in lines], pa.string())


def reader(
    lake: Lake,
    objects: Iterable[StoredObject],
    columns: list[str],
    split: Split | None,
    skipped_lines: int,
    failures: list[LakeError],
) -> pa.RecordBatchReader:
    """A stream of `"$path"`, `"$line"` (1-based number of the line in its object) and the columns, all text.

    `split` is None where the one column is the whole line. DuckDB wraps what is raised while it reads the stream, so
    the error is left in `failures` as well.
    """
    schema = pa.schema([("$path", pa.string()), ("$line", pa.int64())] + [(name, pa.string()) for name in columns])

    def batches() -> Iterator[pa.RecordBatch]:
        try:
            for stored in objects:
                yield from _batches(lake, stored, schema, split, skipped_lines)
        except LakeError as error:
            failures.append(error)
            raise

    return pa.RecordBatchReader.from_batches(schema, batches())


def _batches(
    lake: Lake, stored: StoredObject, schema: pa.Schema, split: Split | None, skipped_lines: int
) -> Iterator[pa.RecordBatch]:
    number, to_skip = 1, skipped_lines
    for lines in read_lines(lake, stored):
        kept, to_skip = lines[to_skip:], max(0, to_skip - len(lines))
        if not kept:
            continue
        text = to_text(kept)
        values = [text] if split is None else [pa.array(column, pa.string()) for column in split(text.to_pylist())]
        paths = pa.DictionaryArray.from_arrays(pa.array([0] * len(kept), pa.int8()), [stored.path])
        numbers = pa.array(range(number, number + len(kept)), pa.int64())
        number += len(kept)
        yield pa.RecordBatch.from_arrays([paths.cast(pa.string()), numbers, *values], schema=schema)
