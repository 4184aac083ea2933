"""Footers of Parquet files, read once and kept: what is where in a file, and which row groups a query can leave out."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg import expressions as ice
from pyiceberg.conversions import to_bytes
from pyiceberg.expressions.visitors import _InclusiveMetricsEvaluator
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.schema import Schema
from pyiceberg.typedef import Record
from pyiceberg.types import PrimitiveType

from localcloud.lake.errors import BadDataError
from localcloud.lake.objects import split_uri
from localcloud.lake.session import Lake

_TAIL_BYTES = 64 * 1024
"""Read first from the end of a file: enough for the footer of most files."""
_KEPT_FOOTERS = 4096


@dataclass(frozen=True)
class Bounds:
    """Least and greatest value of a column in a row group, where known, and how many are NULL."""

    low: Any
    high: Any
    nulls: int | None


@dataclass(frozen=True)
class RowGroup:
    """A row group: its rows, and by lower-case name of the top-level column its compressed bytes and its bounds."""

    rows: int
    sizes: Mapping[str, int]
    bounds: Mapping[str, Bounds]


@dataclass(frozen=True)
class Footer:
    """A file's columns as Arrow types by lower-case name, and its row groups."""

    columns: Mapping[str, pa.DataType]
    row_groups: tuple[RowGroup, ...]

    def matching(self, schema: Schema, condition: ice.BooleanExpression) -> list[RowGroup]:
        """The row groups that may hold matching rows."""
        if isinstance(condition, ice.AlwaysTrue):
            return list(self.row_groups)
        evaluator = _InclusiveMetricsEvaluator(schema, condition, case_sensitive=False)
        return [group for group in self.row_groups if _may_match(group, schema, evaluator)]

    def scanned_bytes(self, columns: Sequence[str], schema: Schema, condition: ice.BooleanExpression) -> int:
        """Compressed bytes of the columns' chunks in the row groups that may hold matching rows."""
        return sum(sum(group.sizes.get(name, 0) for name in columns) for group in self.matching(schema, condition))


def footers(lake: Lake, files: Sequence[tuple[str, str]]) -> list[Footer]:
    """The footers of files given by URI and a text that changes with the content, such as the ETag."""
    if len(files) <= 1:
        return [_footer(lake.s3, *file) for file in files]
    with ThreadPoolExecutor(max_workers=8) as pool:
        return list(pool.map(lambda file: _footer(lake.s3, *file), files))


@lru_cache(maxsize=_KEPT_FOOTERS)
def _footer(s3: Any, path: str, content: str) -> Footer:
    # `content` is there for the cache's key only: an object may be written anew under its path.
    metadata = _read(s3, path)
    schema = metadata.schema.to_arrow_schema()
    groups = tuple(_row_group(metadata.row_group(index)) for index in range(metadata.num_row_groups))
    return Footer({field.name.lower(): field.type for field in schema}, groups)


def _read(s3: Any, path: str) -> pq.FileMetaData:
    tail = _tail(s3, path, _TAIL_BYTES)
    if tail[-4:] != b"PAR1":
        raise BadDataError(path, "not a Parquet file")
    size = int.from_bytes(tail[-8:-4], "little") + 8
    if size > len(tail):
        tail = _tail(s3, path, size)
    try:
        return pq.read_metadata(pa.BufferReader(tail))
    except (pa.ArrowException, OSError) as error:
        raise BadDataError(path, str(error)) from error


def _tail(s3: Any, path: str, size: int) -> bytes:
    bucket, key = split_uri(path)
    return bytes(s3.get_object(Bucket=bucket, Key=key, Range=f"bytes=-{size}")["Body"].read())


def _row_group(group: pq.RowGroupMetaData) -> RowGroup:
    sizes: dict[str, int] = {}
    bounds: dict[str, Bounds] = {}
    for index in range(group.num_columns):
        chunk = group.column(index)
        name = chunk.path_in_schema.split(".")[0].lower()
        sizes[name] = sizes.get(name, 0) + chunk.total_compressed_size
        statistics = chunk.statistics if "." not in chunk.path_in_schema else None
        if statistics is not None:
            bounds[name] = _bounds(statistics)
    return RowGroup(group.num_rows, sizes, bounds)


def _bounds(statistics: pq.Statistics) -> Bounds:
    nulls = statistics.null_count if statistics.has_null_count else None
    try:
        low, high = (statistics.min, statistics.max) if statistics.has_min_max else (None, None)
    except UnicodeDecodeError:
        # A writer may cut a bound in the middle of a character, and a text need not be UTF-8.
        return Bounds(None, None, nulls)
    return Bounds(low, high, nulls)


def _may_match(group: RowGroup, schema: Schema, evaluator: _InclusiveMetricsEvaluator) -> bool:
    """Whether the row group's statistics allow a matching row; so they do where they cannot be told."""
    lower: dict[int, bytes] = {}
    upper: dict[int, bytes] = {}
    nulls: dict[int, int] = {}
    for field in schema.fields:
        bounds = group.bounds.get(field.name.lower())
        if bounds is None or not isinstance(field.field_type, PrimitiveType):
            continue
        if bounds.nulls is not None:
            nulls[field.field_id] = bounds.nulls
        if bounds.low is None or bounds.high is None:
            continue  # nothing but NULL, or no bounds written
        try:
            low, high = (to_bytes(field.field_type, value) for value in (bounds.low, bounds.high))
        except (TypeError, ValueError, AttributeError, OverflowError, struct.error):
            continue  # the file's type is not the table's: no bound that could be compared
        lower[field.field_id], upper[field.field_id] = low, high
    metrics = DataFile.from_args(
        content=DataFileContent.DATA,
        file_path="",
        file_format=FileFormat.PARQUET,
        partition=Record(),
        record_count=group.rows,
        file_size_in_bytes=0,
        value_counts=dict.fromkeys(nulls, group.rows),
        null_value_counts=nulls,
        nan_value_counts={},
        lower_bounds=lower,
        upper_bounds=upper,
    )
    return bool(evaluator.eval(metrics))
