"""An object's body and description change together, whatever moment the process was killed at."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from localcloud.aws.s3_files import recover


@pytest.mark.parametrize("moved", [(), ("0",), ("0", "1")])
def test_a_write_that_was_decided_is_finished(tmp_path: Path, moved: tuple[str, ...]) -> None:
    folder = tmp_path / "staging" / "write"
    folder.mkdir(parents=True)
    moves = {"0": str(tmp_path / "object"), "1": str(tmp_path / "object.meta.json")}
    for name, path in moves.items():
        Path(path).write_text("old")
        (Path(path) if name in moved else folder / name).write_text("new")
    (folder / "moves.json").write_text(json.dumps(moves))
    recover(tmp_path / "staging")
    assert {Path(path).read_text() for path in moves.values()} == {"new"}
    assert list((tmp_path / "staging").iterdir()) == []


def test_a_write_that_was_not_decided_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "staging" / "write"
    folder.mkdir(parents=True)
    (folder / "0").write_text("half")
    (tmp_path / "staging" / "alone").write_text("half")
    (tmp_path / "object").write_text("old")
    recover(tmp_path / "staging")
    assert (tmp_path / "object").read_text() == "old"
    assert list((tmp_path / "staging").iterdir()) == []
