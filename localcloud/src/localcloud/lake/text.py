"""Lines of text objects, whole and in file order."""

from __future__ import annotations

import bz2
import gzip
import re
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import zstandard

from localcloud.lake.errors import BadDataError, LakeError, NotSupportedError
from localcloud.lake.local_files import local_path
from localcloud.lake.objects import StoredObject, split_uri
from localcloud.lake.session import Lake

_CHUNK_BYTES = 4 * 1024 * 1024
_AHEAD_BYTES = 1024 * 1024
"""The most of small objects, as they are stored, that is read ahead: their text may take some tens of times that."""
_LINE_END = re.compile(rb"\r\n|\n|\r")


class Readable(Protocol):
    """What gives bytes."""

    def read(self, size: int, /) -> bytes: ...


Split = Callable[[list[str | None]], list[list[str | None]]]
"""Turns a batch of lines into one list of values a column."""


def read_lines(lake: Lake, stored: StoredObject) -> Iterator[pa.Array]:
    """Batches of lines, as bytes without their ends, in file order. Raises BadDataError if it does not decompress.

    Line ends are LF, CR LF and CR, as Hadoop's LineRecordReader has them; text after the last end is a line too.
    """
    body = _body(lake, stored)
    carry = b""
    try:
        stream = _decompressed(stored.path, body)
        while chunk := stream.read(_CHUNK_BYTES):
            lines, carry = _split(carry + chunk)
            if len(lines):
                yield lines
    except (EOFError, OSError, zlib.error, zstandard.ZstdError) as error:
        raise BadDataError(stored.path, str(error)) from error
    finally:
        body.close()
    if carry:
        yield _split(carry + b"\n")[0]


def _body(lake: Lake, stored: StoredObject) -> Any:
    folder = lake.local_files.folder_of([(stored.path, stored.size)])
    if folder:
        return Path(local_path(folder, stored.path)).open("rb")
    bucket, key = split_uri(stored.path)
    return lake.s3.get_object(Bucket=bucket, Key=key)["Body"]


def _split(data: bytes) -> tuple[pa.Array, bytes]:
    """The complete lines of `data` and what is left over; a CR at the very end waits for its LF."""
    if b"\r" not in data:
        ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n")).astype(np.int32) + 1
        borders = np.concatenate((np.zeros(1, np.int32), ends))
        lines = pa.Array.from_buffers(pa.binary(), len(ends), [None, pa.py_buffer(borders), pa.py_buffer(data)])
        return pc.binary_slice(lines, 0, -1), data[borders[-1] :]
    held = b""
    if data.endswith(b"\r"):
        data, held = data[:-1], b"\r"
    pieces = _LINE_END.split(data)
    return pa.array(pieces[:-1], pa.binary()), pieces[-1] + held


def _decompressed(path: str, body: Any) -> Readable:
    suffix = path.rsplit("/", 1)[-1].rpartition(".")[2].lower()
    if suffix == "gz":
        # GzipFile reads every member of the object, and checks length and checksum of each.
        return gzip.GzipFile(fileobj=body)
    if suffix == "bz2":
        return bz2.BZ2File(body)
    if suffix == "zst":
        reader: Readable = zstandard.ZstdDecompressor().stream_reader(body, read_across_frames=True)
        return reader
    if suffix in ("lz4", "snappy", "lzo", "deflate"):
        raise NotSupportedError(f"reading text compressed as .{suffix}")
    stream: Readable = body
    return stream


def to_text(lines: pa.Array) -> pa.Array:
    """Lines as UTF-8; malformed bytes become U+FFFD, as Hadoop's Text does."""
    try:
        return lines.cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array([line.decode("utf-8", "replace") for line in lines.to_pylist()], pa.string())


def reader(
    lake: Lake,
    objects: Sequence[StoredObject],
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
            for batches_of_one in _ahead(lake, objects, partial(_batches, lake, schema, split, skipped_lines)):
                yield from batches_of_one
        except LakeError as error:
            failures.append(error)
            raise

    return pa.RecordBatchReader.from_batches(schema, batches())


def _ahead(
    lake: Lake, objects: Sequence[StoredObject], read: Callable[[StoredObject], Iterator[pa.RecordBatch]]
) -> Iterator[Iterable[pa.RecordBatch]]:
    """What `read` gives for each object, in their order; small ones are read at once, ahead of their turn."""
    waiting: deque[tuple[StoredObject, Future[list[pa.RecordBatch]]]] = deque()
    try:
        for stored in objects:
            while waiting and sum(one.size for one, _ in waiting) + stored.size > _AHEAD_BYTES:
                yield waiting.popleft()[1].result()
            if stored.size > _AHEAD_BYTES:
                yield read(stored)
            else:
                waiting.append((stored, lake.workers.submit(lambda one: list(read(one)), stored)))
        while waiting:
            yield waiting.popleft()[1].result()
    finally:
        for _, future in waiting:
            future.cancel()


def _batches(
    lake: Lake, schema: pa.Schema, split: Split | None, skipped_lines: int, stored: StoredObject
) -> Iterator[pa.RecordBatch]:
    number, to_skip = 1, skipped_lines
    for lines in read_lines(lake, stored):
        kept, to_skip = lines[to_skip:], max(0, to_skip - len(lines))
        if not len(kept):
            continue
        text = to_text(kept)
        values = [text] if split is None else [pa.array(column, pa.string()) for column in split(text.to_pylist())]
        numbers = pa.arange(number, number + len(kept))
        number += len(kept)
        yield pa.RecordBatch.from_arrays([pa.repeat(stored.path, len(kept)), numbers, *values], schema=schema)
