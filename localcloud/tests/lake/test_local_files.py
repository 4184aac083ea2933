"""Which objects' bodies the engines may read where the emulated S3 keeps them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from botocore.hooks import HierarchicalEmitter
from localcloud.faults.requests import OBJECTS_FOLDER_HEADER
from localcloud.lake.local_files import LocalFiles, local_path

URI = "s3://lake/t/day=1/part 0.parquet"


@pytest.fixture
def events() -> HierarchicalEmitter:
    return HierarchicalEmitter()


@pytest.fixture
def files(events: HierarchicalEmitter) -> LocalFiles:
    watching = LocalFiles()
    watching.watch(SimpleNamespace(meta=SimpleNamespace(events=events)))
    return watching


@pytest.fixture
def folder(tmp_path: Path, events: HierarchicalEmitter) -> Path:
    """The folder of an object of 5 bytes, told by S3's last answer."""
    folder = tmp_path / "Ordner für Körper"
    (folder / "lake/t/day=1").mkdir(parents=True)
    (folder / "lake/t/day=1/part 0.parquet").write_bytes(b"12345")
    _answer(events, {OBJECTS_FOLDER_HEADER: quote(str(folder))})
    return folder


def _answer(events: HierarchicalEmitter, headers: dict[str, str]) -> None:
    events.emit("after-call.s3.ListObjectsV2", http_response=SimpleNamespace(headers=headers), parsed={})


def test_an_object_is_found_in_the_folder_that_s3_tells(files: LocalFiles, folder: Path) -> None:
    found = files.folder_of([(URI, 5)])
    assert found is not None
    assert Path(local_path(found, URI)) == folder / "lake/t/day=1/part 0.parquet"


def test_nothing_is_found_while_s3_tells_no_folder(
    files: LocalFiles, folder: Path, events: HierarchicalEmitter
) -> None:
    _answer(events, {})
    assert files.folder_of([(URI, 5)]) is None


@pytest.mark.parametrize(
    "other", [(URI, 4), ("s3://lake/t/absent", 5), ("s3a://lake/t/day=1/part 0.parquet", 5), ("s3://lake/t/day=1", 5)]
)
def test_one_object_without_a_file_of_its_name_and_size_sends_all_to_s3(
    files: LocalFiles, folder: Path, other: tuple[str, int]
) -> None:
    assert files.folder_of([(URI, 5), other]) is None


def test_a_name_that_duckdb_takes_for_a_pattern_is_left_to_s3(files: LocalFiles, folder: Path) -> None:
    (folder / "lake/t/part*").write_bytes(b"1")
    assert files.folder_of([("s3://lake/t/part*", 1)]) is None


def test_words_about_a_file_name_its_object(files: LocalFiles, folder: Path, events: HierarchicalEmitter) -> None:
    _answer(events, {})
    assert files.with_uris(f"cannot read '{folder}/lake/t/x'") == "cannot read 's3://lake/t/x'"
