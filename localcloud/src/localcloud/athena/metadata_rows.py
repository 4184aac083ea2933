"""Rows of an Iceberg table's metadata tables, as Python values in the order of their columns."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from pyiceberg import types as ice
from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

from localcloud.lake.types import from_iceberg

Rows = Iterator[tuple[Any, ...]]
_EPOCH = datetime.date(1970, 1, 1)


def snapshots(table: Table) -> Rows:
    """`$snapshots`."""
    for snapshot in table.snapshots():
        summary = snapshot.summary
        yield (
            _moment(snapshot.timestamp_ms),
            snapshot.snapshot_id,
            snapshot.parent_snapshot_id,
            summary.operation.value if summary else None,
            snapshot.manifest_list,
            list(summary.additional_properties.items()) if summary else None,
        )


def history(table: Table) -> Rows:
    """`$history`."""
    ancestors = _ancestors(table)
    for entry in table.history():
        made = table.snapshot_by_id(entry.snapshot_id)
        parent = made.parent_snapshot_id if made else None
        yield _moment(entry.timestamp_ms), entry.snapshot_id, parent, entry.snapshot_id in ancestors


def refs(table: Table) -> Rows:
    """`$refs`."""
    for name, ref in table.metadata.refs.items():
        kind = ref.snapshot_ref_type.value.upper()
        yield name, kind, ref.snapshot_id, ref.max_ref_age_ms, ref.min_snapshots_to_keep, ref.max_snapshot_age_ms


def manifests(table: Table) -> Rows:
    """`$manifests`, those of the current snapshot."""
    current = table.current_snapshot()
    for manifest in current.manifests(table.io) if current else []:
        fields = table.specs()[manifest.partition_spec_id].partition_type(table.schema()).fields
        yield (
            manifest.manifest_path,
            manifest.manifest_length,
            manifest.partition_spec_id,
            manifest.added_snapshot_id,
            manifest.added_files_count,
            manifest.added_rows_count,
            manifest.existing_files_count,
            manifest.existing_rows_count,
            manifest.deleted_files_count,
            manifest.deleted_rows_count,
            [
                {
                    "contains_null": summary.contains_null,
                    "contains_nan": summary.contains_nan,
                    "lower_bound": _bound_text(field.field_type, summary.lower_bound),
                    "upper_bound": _bound_text(field.field_type, summary.upper_bound),
                }
                for field, summary in zip(fields, manifest.partitions or [], strict=False)
            ],
        )


def files(table: Table) -> Rows:
    """`$files`: data and delete files of the current snapshot."""
    for file in _live_files(table):
        yield (
            int(file.content),
            file.file_path,
            file.file_format.value,
            file.record_count,
            file.file_size_in_bytes,
            *(_pairs(counts) for counts in (file.column_sizes, file.value_counts, file.null_value_counts)),
            _pairs(file.nan_value_counts),
            _bounds(table, file.lower_bounds),
            _bounds(table, file.upper_bounds),
            file.key_metadata,
            file.split_offsets,
            file.equality_ids,
        )


def partition_columns(table: Table) -> dict[str, str]:
    """The columns of `$partitions`, which depend on the table."""
    columns = {"record_count": "bigint", "file_count": "bigint", "total_size": "bigint"}
    fields = table.spec().partition_type(table.schema()).fields
    if fields:
        inner = ", ".join(f"{field.name} {from_iceberg(field.field_type)}" for field in fields)
        columns = {"partition": f"row({inner})", **columns}
    measured = _measured(table)
    if measured:
        data = ", ".join(f"{field.name} {_measure(from_iceberg(field.field_type))}" for field in measured)
        columns["data"] = f"row({data})"
    return columns


def partitions(table: Table) -> Rows:
    """`$partitions`: counts, sizes and bounds of each partition's data files."""
    fields = table.spec().partition_type(table.schema()).fields
    groups: dict[tuple[Any, ...], list[DataFile]] = defaultdict(list)
    for file in _live_files(table):
        if int(file.content) == 0:
            groups[tuple(file.partition[index] for index in range(len(fields)))].append(file)
    for values, found in groups.items():
        partition = {field.name: _value(field.field_type, v) for field, v in zip(fields, values, strict=True)}
        data = {field.name: _statistics(field, found) for field in _measured(table)}
        yield (
            *([partition] if fields else []),
            sum(file.record_count for file in found),
            len(found),
            sum(file.file_size_in_bytes for file in found),
            *([data] if data else []),
        )


def _measured(table: Table) -> list[ice.NestedField]:
    """The columns with bounds: plain ones that the table is not partitioned by."""
    identity = {field.source_id for field in table.spec().fields if str(field.transform) == "identity"}
    return [
        field
        for field in table.schema().fields
        if isinstance(field.field_type, ice.PrimitiveType) and field.field_id not in identity
    ]


def _measure(kind: str) -> str:
    return f"row(min {kind}, max {kind}, null_count bigint, nan_count bigint)"


def _statistics(field: ice.NestedField, found: list[DataFile]) -> dict[str, Any]:
    key = field.field_id
    low = [_decoded(field.field_type, (file.lower_bounds or {}).get(key)) for file in found]
    high = [_decoded(field.field_type, (file.upper_bounds or {}).get(key)) for file in found]
    known_low, known_high = [v for v in low if v is not None], [v for v in high if v is not None]
    return {
        "min": min(known_low) if known_low else None,
        "max": max(known_high) if known_high else None,
        "null_count": sum((file.null_value_counts or {}).get(key, 0) for file in found),
        "nan_count": sum((file.nan_value_counts or {}).get(key, 0) for file in found) or None,
    }


def _live_files(table: Table) -> Iterator[DataFile]:
    current = table.current_snapshot()
    for manifest in current.manifests(table.io) if current else []:
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True):
            yield entry.data_file


def _pairs(counts: Mapping[int, Any] | None) -> list[tuple[int, Any]] | None:
    return list(counts.items()) if counts else None


def _bounds(table: Table, bounds: Mapping[int, bytes] | None) -> list[tuple[int, str]] | None:
    if not bounds:
        return None
    schema = table.schema()
    kinds = {key: schema.find_type(key) for key in bounds if schema.find_column_name(key) is not None}
    texts = ((key, _bound_text(kind, bounds[key])) for key, kind in kinds.items())
    return [(key, text) for key, text in texts if text is not None]


def _bound_text(kind: ice.IcebergType, bound: bytes | None) -> str | None:
    value = _decoded(kind, bound)
    return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _decoded(kind: ice.IcebergType, bound: bytes | None) -> Any:
    if bound is None or not isinstance(kind, ice.PrimitiveType):
        return None
    return _value(kind, from_bytes(kind, bound))


def _value(kind: ice.IcebergType, value: Any) -> Any:
    """Iceberg's number of days or microseconds as a date or time."""
    if isinstance(value, int) and isinstance(kind, ice.DateType):
        return _EPOCH + datetime.timedelta(days=value)
    if isinstance(value, int) and isinstance(kind, ice.TimestampType | ice.TimestamptzType):
        zone = datetime.UTC if isinstance(kind, ice.TimestamptzType) else None
        return datetime.datetime(1970, 1, 1, tzinfo=zone) + datetime.timedelta(microseconds=value)
    return value


def _ancestors(table: Table) -> set[int]:
    found: set[int] = set()
    snapshot = table.current_snapshot()
    while snapshot is not None:
        found.add(snapshot.snapshot_id)
        parent = snapshot.parent_snapshot_id
        snapshot = table.snapshot_by_id(parent) if parent is not None else None
    return found


def _moment(milliseconds: int) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(milliseconds / 1000, tz=datetime.UTC)
