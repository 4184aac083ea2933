"""A shard's records in a file: what Kinesis keeps for a day must not stay in memory for a day."""

from __future__ import annotations

import json
import os
import uuid
from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, overload

_SLICE_AT_ONCE = 500


class ShardLog:
    """A list of records, oldest first, as ministack's Kinesis uses it; memory holds 8 bytes a record.

    Records are added at the end and dropped from the front. Reading is safe while another thread adds.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        path.touch(mode=0o600)
        self._file = path.open("r+b", buffering=0)
        self._ends = array("Q")
        self._begin = 0

    @classmethod
    def restored(cls, path: Path, begin: int, end: int) -> ShardLog:
        """Open the records from byte `begin` to `end`; anything after them was never acknowledged and is cut off."""
        if not path.exists():
            return cls(path)  # removed when its last record was dropped, and the process killed before it was said
        log = cls(path)
        log._file.truncate(end)
        log._begin = position = begin
        with path.open("rb") as file:
            file.seek(position)
            for line in file:
                position += len(line)
                log._ends.append(position)
        return log

    def __reduce__(self) -> tuple[Any, ...]:
        # Saved as the part of its file that holds its records, and opened again from there.
        return ShardLog.restored, (self._path, self._begin, self._end)

    def append(self, record: Mapping[str, Any]) -> None:
        """Add a record, a mapping of JSON values."""
        line = json.dumps(record).encode() + b"\n"
        os.pwrite(self._file.fileno(), line, self._end)
        self._ends.append(self._end + len(line))

    def drop(self, count: int) -> None:
        """Drop the `count` oldest records; the file gives their space back once it holds no other."""
        if not count:
            return
        self._begin = self._ends[count - 1]
        del self._ends[:count]
        if not self._ends:
            self._begin_anew()

    def _begin_anew(self) -> None:
        """Go on in a new file: were the old one emptied and written again, its saved bounds would lie."""
        self._path.unlink()
        self._file.close()
        self._path = self._path.with_name(f"{uuid.uuid4()}.jsonl")
        self._path.touch(mode=0o600)
        self._file = self._path.open("r+b", buffering=0)
        self._begin = 0

    def __deepcopy__(self, _memo: Any) -> ShardLog:
        # It stands for its file: a copy of a stream's description has the same records.
        return self

    def __len__(self) -> int:
        return len(self._ends)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self.since(0)

    def since(self, index: int) -> Iterator[dict[str, Any]]:
        """Yield the records from `index` on, reading some at a time."""
        while batch := self[index : index + _SLICE_AT_ONCE]:
            yield from batch
            index += len(batch)

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...

    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...

    def __getitem__(self, index: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        if isinstance(index, slice):
            start, stop, _ = index.indices(len(self))
            return self._read(start, stop)
        if not 0 <= index < len(self):
            raise IndexError(index)  # what bisect and ministack expect of a list
        return self._read(index, index + 1)[0]

    @property
    def _end(self) -> int:
        return self._ends[-1] if self._ends else self._begin

    def _read(self, start: int, stop: int) -> list[dict[str, Any]]:
        if start >= stop:
            return []
        begin = self._ends[start - 1] if start else self._begin
        text = os.pread(self._file.fileno(), self._ends[stop - 1] - begin, begin)
        return [json.loads(line) for line in text.splitlines()]
