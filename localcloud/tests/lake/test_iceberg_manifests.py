"""Entries of Iceberg manifests are read once, and kept within bounds."""

from __future__ import annotations

from pathlib import Path

import pytest
from localcloud.lake.iceberg_manifests import KeptEntries
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat, ManifestEntry, ManifestEntryStatus, ManifestFile
from pyiceberg.manifest import write_manifest as writer
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC
from pyiceberg.schema import Schema
from pyiceberg.typedef import Record
from pyiceberg.types import LongType, NestedField

IO = PyArrowFileIO()
SCHEMA = Schema(NestedField(1, "id", LongType()))


def written(folder: Path, name: str, **files: ManifestEntryStatus) -> ManifestFile:
    with writer(2, UNPARTITIONED_PARTITION_SPEC, SCHEMA, IO.new_output(str(folder / name)), 7, "null") as manifest:
        for path, status in files.items():
            data = DataFile.from_args(
                content=DataFileContent.DATA,
                file_path=path,
                file_format=FileFormat.PARQUET,
                partition=Record(),
                record_count=1,
                file_size_in_bytes=1,
            )
            manifest.add_entry(ManifestEntry.from_args(status=status, snapshot_id=7, sequence_number=1, data_file=data))
    return manifest.to_manifest_file()


def paths(entries: list[ManifestEntry]) -> list[str]:
    return [entry.data_file.file_path for entry in entries]


def test_a_manifest_is_read_once_and_gives_deleted_files_only_when_asked(tmp_path: Path) -> None:
    manifest = written(tmp_path, "m.avro", here=ManifestEntryStatus.ADDED, gone=ManifestEntryStatus.DELETED)
    kept = KeptEntries()
    assert paths(kept.fetch(manifest, IO)) == ["here"]
    (tmp_path / "m.avro").unlink()
    assert paths(kept.fetch(manifest, IO)) == ["here"]
    assert paths(kept.fetch(manifest, IO, discard_deleted=False)) == ["here", "gone"]


def test_the_manifest_that_was_not_read_for_longest_is_forgotten_first(tmp_path: Path) -> None:
    first, second, third = (written(tmp_path, name, file=ManifestEntryStatus.ADDED) for name in ("1", "2", "3"))
    kept = KeptEntries(most=2)
    for manifest in (first, second, first, third):
        kept.fetch(manifest, IO)
    for name in ("1", "2", "3"):
        (tmp_path / name).unlink()
    assert paths(kept.fetch(first, IO) + kept.fetch(third, IO)) == ["file", "file"]
    with pytest.raises(FileNotFoundError):
        kept.fetch(second, IO)
