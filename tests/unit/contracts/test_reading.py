"""Files that a process asks for often are read once, and again when they have changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from landfall.contracts.reading import read_again_when_changed


def test_a_file_is_read_again_only_when_it_has_changed(tmp_path: Path) -> None:
    path, read = tmp_path / "file", []

    @read_again_when_changed
    def contents(of: Path) -> str:
        read.append(of)
        return of.read_text(encoding="utf-8")

    path.write_text("old", encoding="utf-8")
    assert [contents(path), contents(path), len(read)] == ["old", "old", 1]
    path.write_text("new", encoding="utf-8")
    os.utime(path, ns=(1, 1))
    assert [contents(path), len(read)] == ["new", 2]
    path.unlink()
    with pytest.raises(FileNotFoundError):
        contents(path)
