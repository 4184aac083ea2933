"""What a scan of an Iceberg table reads: compressed bytes of column chunks, and of delete files."""

from __future__ import annotations

from collections.abc import Sequence

from pyiceberg import expressions as ice
from pyiceberg.manifest import DataFile
from pyiceberg.types import ListType, MapType, NestedField, StructType

from localcloud.lake.iceberg_read import IcebergPlan
from localcloud.lake.parquet_footers import footers
from localcloud.lake.session import Lake


def scanned_bytes(lake: Lake, plan: IcebergPlan, columns: Sequence[str], condition: ice.BooleanExpression) -> int:
    """Bytes of the chunks of `columns` that neither manifests nor row groups' statistics rule out.

    Delete files are read whole.
    """
    wanted = {field_id for name in columns for field_id in _leaf_ids(plan.schema.find_field(name))}
    total = sum(delete.file_size_in_bytes for delete in plan.delete_files)
    if not wanted:
        return total
    opened = [file for file in plan.files if _needs_footer(file, condition)]
    total += sum(_chunks(file, wanted) for file in plan.files if not _needs_footer(file, condition))
    # A data file never changes once written, so its path stands for its content.
    for footer in footers(lake, [(file.file_path, "") for file in opened]):
        total += footer.scanned_bytes(columns, plan.schema, condition)
    return total


def _needs_footer(file: DataFile, condition: ice.BooleanExpression) -> bool:
    """Whether the manifest says too little: no column sizes, or one sum for row groups the condition may tell apart."""
    several = len(file.split_offsets or []) != 1
    return not file.column_sizes or (several and not isinstance(condition, ice.AlwaysTrue))


def _chunks(file: DataFile, wanted: set[int]) -> int:
    return sum(size for field_id, size in file.column_sizes.items() if field_id in wanted)


def _leaf_ids(field: NestedField) -> list[int]:
    kind = field.field_type
    if isinstance(kind, StructType):
        return [leaf for child in kind.fields for leaf in _leaf_ids(child)]
    if isinstance(kind, ListType):
        return _leaf_ids(kind.element_field)
    if isinstance(kind, MapType):
        return _leaf_ids(kind.key_field) + _leaf_ids(kind.value_field)
    return [field.field_id]
