"""What dbt leaves is kept by run and try, also when dbt failed, and never fails a run."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from landfall.aws import s3
from landfall.errors import TransformError
from landfall.settings import Settings
from landfall.transform.artifacts import kept_folder

TRY = "dbt-runs/transform_lake/manual__1/dbt.dbt_build/2"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    written: dict[str, bytes] = {}

    def write(*, bucket: str, key: str, body: bytes, content_type: str) -> None:
        written[f"{bucket}/{key}"] = body

    monkeypatch.setattr(s3, "write_object", write)
    monkeypatch.setattr(Settings, "from_environment", lambda: SimpleNamespace(ops_bucket="ops"))
    return written


def _context(map_index: int = -1) -> dict[str, Any]:
    names = {"dag_id": "transform_lake", "run_id": "manual__1", "task_id": "dbt.dbt_build"}
    return {"ti": SimpleNamespace(**names, try_number=2, map_index=map_index)}


def _write(folder: Path) -> None:
    (folder / "manifest.json").write_text("{}")
    (folder / "dbt.log").write_text("a line")
    (folder / "partial_parse.msgpack").write_bytes(b"not kept")


def test_artifacts_are_kept_by_run_and_try(written: dict[str, bytes]) -> None:
    with kept_folder(_context()) as folder:
        _write(folder)
    assert written == {f"ops/{TRY}/manifest.json": b"{}", f"ops/{TRY}/dbt.log": b"a line"}
    assert not folder.exists()


def test_mapped_instances_of_a_task_do_not_write_over_each_other(written: dict[str, bytes]) -> None:
    for map_index in (0, 1):
        with kept_folder(_context(map_index)) as folder:
            (folder / "dbt.log").write_text(str(map_index))
    assert {key.split("/")[-3]: body for key, body in written.items()} == {
        "dbt.dbt_build@0": b"0",
        "dbt.dbt_build@1": b"1",
    }


def test_artifacts_of_a_failure_are_kept_and_the_failure_goes_on(written: dict[str, bytes]) -> None:
    with pytest.raises(TransformError), kept_folder(_context()) as folder:
        _write(folder)
        raise TransformError("dbt broke off")
    assert f"ops/{TRY}/dbt.log" in written


def test_what_cannot_be_kept_fails_nothing(written: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> None:
        raise ConnectionError("S3 does not answer")

    monkeypatch.setattr(s3, "write_object", refuse)
    with kept_folder(_context()) as folder:
        _write(folder)
