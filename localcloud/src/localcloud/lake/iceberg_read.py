"""Reading Iceberg tables: which files a query needs, and DuckDB SQL over them with the snapshot's own schema."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from pyiceberg import expressions as ice
from pyiceberg.io import FileIO
from pyiceberg.manifest import DataFile, FileFormat
from pyiceberg.schema import Schema
from pyiceberg.serializers import FromInputFile
from pyiceberg.table import FileScanTask, Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.types import NestedField

from localcloud.lake import types
from localcloud.lake.errors import LakeError, NotSupportedError
from localcloud.lake.glue import Column, LakeTable
from localcloud.lake.session import Lake
from localcloud.lake.sql_text import identifier, quoted

_ROW_GROUP_ROWS = 122_880
"""Rows of which DuckDB, and so the engines, make one row group; one thread reads it."""


@dataclass(frozen=True)
class Version:
    """A past state of an Iceberg table: one of a snapshot id and a point in time."""

    snapshot_id: int | None = None
    as_of: datetime.datetime | None = None


@dataclass(frozen=True)
class IcebergPlan:
    """The data files of one scan, the delete files that take rows from them, and the schema to read them with."""

    table: Table
    schema: Schema
    files: tuple[DataFile, ...]
    deletes: Mapping[str, tuple[DataFile, ...]] = field(default_factory=dict)
    """Position delete files by the path of the data file they apply to; without an entry where there are none."""

    def only(self, paths: Collection[str] | None) -> IcebergPlan:
        """The plan without the files that are not among `paths`; all of it if None."""
        if paths is None:
            return self
        return replace(self, files=tuple(file for file in self.files if file.file_path in paths))

    def deletes_of(self, file: DataFile) -> tuple[DataFile, ...]:
        """The delete files that apply to a data file."""
        return self.deletes.get(file.file_path, ())

    @property
    def delete_files(self) -> list[DataFile]:
        """The delete files of the planned data files, each once."""
        return list({delete.file_path: delete for file in self.files for delete in self.deletes_of(file)}.values())


_NEWEST_FORMAT = 2
"""Athena reads and writes version 2 and reads version 1. Source: Athena user guide, 'Query Iceberg tables'."""


@lru_cache(maxsize=256)
def _metadata(io: FileIO, location: str) -> TableMetadata:
    # A metadata file never changes once written, so its parsed form can be kept by location.
    return FromInputFile.table_metadata(io.new_input(location))


def load(lake: Lake, table: LakeTable) -> Table:
    """The PyIceberg table behind a catalogue entry, at the metadata file the entry points to."""
    io = lake.iceberg._load_file_io(lake.iceberg.properties, table.metadata_location)
    try:
        metadata = _metadata(_shared_io(lake, io), table.metadata_location)
    except FileNotFoundError:
        raise LakeError(
            "ICEBERG_MISSING_METADATA",
            f"Metadata not found in metadata location for table {table.database}.{table.name}",
        ) from None
    if metadata.format_version > _NEWEST_FORMAT:
        raise NotSupportedError(f"Iceberg's format version {metadata.format_version}")
    return Table((table.database, table.name), metadata, table.metadata_location, io, lake.iceberg)


_IOS: dict[str, FileIO] = {}


def _shared_io(lake: Lake, io: FileIO) -> FileIO:
    return _IOS.setdefault(lake.settings.aws_endpoint, io)


def plan(table: Table, condition: ice.BooleanExpression, version: Version | None = None) -> IcebergPlan:
    """The files that may hold rows meeting `condition`, in the given version or the current one."""
    snapshot_id = _snapshot_id(table, version) if version else None
    key = (table.metadata_location, snapshot_id, repr(condition))
    known = _PLANS.get(key)
    if known is None:
        known = _plan_files(table, condition, snapshot_id)
        _PLANS[key] = known
        while len(_PLANS) > _KEPT_PLANS:
            _PLANS.pop(list(_PLANS)[0], None)  # noqa: RUF015 - one step, so safe among threads
    files, deletes = known
    return IcebergPlan(table, _schema(table, snapshot_id), files, deletes)


def plan_nothing(table: Table, version: Version | None = None) -> IcebergPlan:
    """The given version or the current one without its files, for who only asks what columns there are."""
    return IcebergPlan(table, _schema(table, _snapshot_id(table, version) if version else None), ())


def _schema(table: Table, snapshot_id: int | None) -> Schema:
    return table.scan(snapshot_id=snapshot_id).projection() if snapshot_id else table.schema()


Planned = tuple[tuple[DataFile, ...], Mapping[str, tuple[DataFile, ...]]]
_PLANS: dict[tuple[str, int | None, str], Planned] = {}
"""Plans made before: the same metadata file and condition always give the same files."""
_KEPT_PLANS = 128


def _plan_files(table: Table, condition: ice.BooleanExpression, snapshot_id: int | None) -> Planned:
    name = ".".join(table.name())
    files, deletes = [], {}
    for task in _tasks(table, condition, snapshot_id):
        for file in (task.file, *task.delete_files):
            if file.file_format != FileFormat.PARQUET:
                raise NotSupportedError(f"reading an Iceberg file in {file.file_format.value} (table {name})")
        files.append(task.file)
        if task.delete_files:
            deletes[task.file.file_path] = tuple(task.delete_files)
    return tuple(files), deletes


def _tasks(table: Table, condition: ice.BooleanExpression, snapshot_id: int | None) -> list[FileScanTask]:
    try:
        return list(table.scan(row_filter=condition, snapshot_id=snapshot_id).plan_files())
    except ValueError as error:
        if "equality deletes" in str(error):
            raise NotSupportedError("reading an Iceberg table with equality delete files") from error
        raise


def columns(table: Table, version: Version | None = None) -> tuple[Column, ...]:
    """The columns of a version, or of the table now, with exact types."""
    schema = plan_nothing(table, version).schema
    return tuple(Column(found.name, types.from_iceberg(found.field_type), found.doc or "") for found in schema.fields)


def relation_sql(lake: Lake, plan: IcebergPlan, columns: Sequence[str], *, position: bool = False) -> str:
    """A SELECT of `columns` and `"$path"` over the planned files; with `position` also `"$pos"`, the row's number."""
    fields = [plan.schema.find_field(name) for name in columns]
    outputs = [identifier(column.name) for column in fields] + ['filename AS "$path"']
    if position:
        outputs.append('file_row_number AS "$pos"')
    if not plan.files:
        nulls = [f"CAST(NULL AS {_duckdb_type(column)}) AS {identifier(column.name)}" for column in fields]
        nulls += ['CAST(NULL AS VARCHAR) AS "$path"', *(['CAST(NULL AS BIGINT) AS "$pos"'] if position else [])]
        return f"SELECT {', '.join(nulls)} WHERE false"
    # An empty projection still needs one column for DuckDB to count rows by.
    mapped = ", ".join(
        f"{column.field_id}: {{'name': {quoted(column.name)}, 'type': '{_duckdb_type(column)}', 'default_value': NULL}}"
        for column in (fields or plan.schema.fields[:1])
    )
    deletes = plan.delete_files
    rows = max(1, sum(file.record_count for file in plan.files))  # DuckDB orders joins by it
    numbered = "true" if position or deletes else "false"
    paths = _paths(plan.files)
    if len(plan.files) == 1 and rows > _ROW_GROUP_ROWS:
        # One thread reads a file whose schema is told, for of how many row groups it has DuckDB asks too early. Several
        # files have all threads.
        paths = f"{paths}, {quoted(str(lake.settings.no_rows))}"
    scan = (
        f"read_parquet([{paths}], schema = MAP {{{mapped}}}, filename = true,"
        f" file_row_number = {numbered}, hive_partitioning = false, explicit_cardinality = {rows}) AS _data"
    )
    if deletes:
        # A position delete file names each deleted row by its data file and number.
        scan += (
            f" ANTI JOIN (SELECT file_path, pos FROM read_parquet([{_paths(deletes)}])) AS _deleted"  # noqa: S608
            " ON _data.filename = _deleted.file_path AND _data.file_row_number = _deleted.pos"
        )
    return f"SELECT {', '.join(outputs)} FROM {scan}"  # noqa: S608


def _paths(files: Sequence[DataFile]) -> str:
    return ", ".join(f"'{file.file_path.replace(chr(39), chr(39) * 2)}'" for file in files)


def _duckdb_type(column: NestedField) -> str:
    return types.to_duckdb(types.from_iceberg(column.field_type))


def _snapshot_id(table: Table, version: Version) -> int:
    name = ".".join(table.name())
    if version.snapshot_id is not None:
        if table.snapshot_by_id(version.snapshot_id) is None:
            raise LakeError("INVALID_ARGUMENTS", f"Iceberg snapshot ID does not exists: {version.snapshot_id}")
        return version.snapshot_id
    if version.as_of is None:
        raise ValueError("a version needs a snapshot id or a time")
    snapshot = table.snapshot_as_of_timestamp(int(version.as_of.timestamp() * 1000))
    if snapshot is None:
        raise LakeError("INVALID_ARGUMENTS", f"No version history table {name} at or before {version.as_of}")
    return snapshot.snapshot_id
