"""Change an object's two files, its body and its description, as one: a killed write is there whole or not at all.

ministack replaces one after the other, beside their places, where the rest of a killed write looks like an object.
Here both are written in a folder of their own, then listed in a file whose appearance decides, then moved.
"""

from __future__ import annotations

import json
import shutil
import threading
import uuid
from pathlib import Path
from typing import Any

_MOVES = "moves.json"


def recover(staging: Path) -> None:
    """Finish the writes that were decided and remove the others; call before ministack reads its objects."""
    staging.mkdir(mode=0o700, parents=True, exist_ok=True)
    for entry in staging.iterdir():
        if entry.is_file():
            entry.unlink()
            continue
        if (entry / _MOVES).exists():
            _move(entry, json.loads((entry / _MOVES).read_text()))
        shutil.rmtree(entry)


def install(staging: Path) -> None:
    """Let ministack write its objects' files by way of `staging`, a folder of the same file system."""
    from ministack.services import s3

    persist = s3._persist_object
    writing = threading.local()

    def persist_as_one(*arguments: Any) -> None:
        moves: dict[str, str] = {}
        writing.moves = moves
        folder = writing.folder = staging / uuid.uuid4().hex
        folder.mkdir()
        try:
            persist(*arguments)
            _decide(folder, moves)
            _move(folder, moves)
        finally:
            del writing.moves
            shutil.rmtree(folder)

    def write(path: str, data: Any, *, text: bool = False) -> None:
        moves = getattr(writing, "moves", None)
        staged = staging / uuid.uuid4().hex if moves is None else writing.folder / str(len(moves))
        staged.touch(mode=0o600)
        staged.write_bytes(data.encode() if text else data)
        if moves is None:
            staged.replace(path)
        else:
            moves[staged.name] = path

    s3._persist_object = persist_as_one
    s3._atomic_write = write


def _decide(folder: Path, moves: dict[str, str]) -> None:
    unfinished = folder / "unfinished"
    unfinished.write_text(json.dumps(moves))
    unfinished.rename(folder / _MOVES)


def _move(folder: Path, moves: dict[str, str]) -> None:
    for name, path in moves.items():
        if (folder / name).exists():
            (folder / name).replace(path)
