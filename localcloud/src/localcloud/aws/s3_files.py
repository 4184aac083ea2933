"""Change an object's two files, its body and its description, as one: a killed write is there whole or not at all.

ministack replaces one after the other, beside their places, where the rest of a killed write looks like an object.
Here both are written in a folder of their own, then listed in a file whose appearance decides, then moved.
It also logs a file that could not be written, on a full disk say, and answers as if all were well: `checked` tells.
"""

from __future__ import annotations

import json
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

_MOVES = "moves.json"
_failures: ContextVar[list[OSError] | None] = ContextVar("failures", default=None)


@contextmanager
def checked() -> Iterator[Callable[[], None]]:
    """Give a function that raises the first OSError of a file of this context's objects that could not be written."""
    failures: list[OSError] = []
    token = _failures.set(failures)

    def require_written() -> None:
        if failures:
            raise failures[0]

    try:
        yield require_written
    finally:
        _failures.reset(token)


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

    writer = _Writer(staging, s3._persist_object)
    record_version = s3._record_object_version

    def record_and_remember(bucket: str, key: str, prior: Any, written: Any, body: Any) -> Any:
        writer.remember(written, prior)
        return record_version(bucket, key, prior, written, body)

    s3._persist_object = writer.persist
    s3._atomic_write = writer.write
    s3._record_object_version = record_and_remember


class _Writing(threading.local):
    """The object that a thread writes: its folder, where its files are to go, and whether one could not be written.

    `written` is ministack's record of the object that it last made, `prior` the one before it.
    """

    folder: Path | None = None
    moves: dict[str, str]
    failed = False
    written: Any = None
    prior: Any = None


class _Writer:
    """What stands for ministack's two functions."""

    def __init__(self, staging: Path, persist: Callable[[str, str, Any], None]) -> None:
        self._staging = staging
        self._persist = persist
        self._now = _Writing()
        # Folders that are empty again: to remove one takes longer than all the rest of a write, about 2 ms on ext4.
        self._idle: list[Path] = []

    def persist(self, bucket: str, key: str, record: Any) -> None:
        """Write an object's files as one; raises OSError when that could not be decided or done."""
        folder = self._empty_folder()
        self._now.folder, self._now.moves, self._now.failed = folder, {}, False
        try:
            self._persist(bucket, key, record)
            if not self._now.failed:
                self._decide(folder)
                _move(folder, self._now.moves)
        finally:
            self._now.folder = None
            if self._now.failed:
                self._take_back(bucket, key, record)
            for left in folder.iterdir():
                left.unlink()
            self._idle.append(folder)

    def _empty_folder(self) -> Path:
        try:
            return self._idle.pop()
        except IndexError:
            folder = self._staging / uuid.uuid4().hex
            folder.mkdir()
            return folder

    def _decide(self, folder: Path) -> None:
        self._now.failed = True
        unfinished = folder / "unfinished"
        unfinished.write_text(json.dumps(self._now.moves))
        unfinished.rename(folder / _MOVES)
        self._now.failed = False

    def remember(self, written: Any, prior: Any) -> None:
        """`written` is to take the place of `prior`, which is None for a new key."""
        self._now.written, self._now.prior = written, prior

    def _take_back(self, bucket: str, key: str, record: Any) -> None:
        """Show the object again that was there before one that could not be written."""
        from ministack.services import s3

        objects = s3._buckets[bucket]["objects"]
        if self._now.written is not record or objects.get(key) is not record:
            return
        if self._now.prior is None:
            del objects[key]
        else:
            objects[key] = self._now.prior
        versions = s3._object_versions.get((bucket, key), [])
        if versions and versions[-1]["version_id"] == record.get("version_id"):
            del versions[-1]
            for latest in versions[-1:]:
                latest["is_latest"] = True

    def write(self, path: str, data: Any, *, text: bool = False) -> None:
        """Write one file; raises OSError, which ministack logs and `checked` remembers."""
        folder = self._now.folder
        staged = (folder or self._staging) / uuid.uuid4().hex
        try:
            staged.touch(mode=0o600)
            staged.write_bytes(data.encode() if text else data)
            if folder is None:
                staged.replace(path)
        except OSError as error:
            self._now.failed = True
            staged.unlink(missing_ok=True)
            failures = _failures.get()
            if failures is not None:
                failures.append(error)
            raise
        if folder is not None:
            self._now.moves[staged.name] = path


def _move(folder: Path, moves: dict[str, str]) -> None:
    for name, path in moves.items():
        if (folder / name).exists():
            (folder / name).replace(path)
