"""The state of ministack's services in SQLite: what changed since the last save, in one transaction.

A service's stores are split into their resources (a queue, a table, a stream); one whose pickle is what was last
written is not written again. The GIL is not released while a resource of plain values is pickled, so that no thread
changes it meanwhile.
"""

from __future__ import annotations

import copy
import pickle
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, AccountScopedDict

_SCHEMA = """
create table if not exists resource (
    service text not null, store text not null, key blob not null, value blob not null,
    primary key (service, store, key)
)
"""
_UPSERT = "insert or replace into resource (service, store, key, value) values (?, ?, ?, ?)"
_DELETE = "delete from resource where service = ? and store = ? and key = ?"
_SELECT = "select store, key, value from resource where service = ?"
_WHOLE = b""

UNCOPIED = ("dynamodb", "eventbridge", "firehose", "glue", "kinesis", "s3", "secretsmanager", "sns", "sqs")
"""Services whose `get_state` does no more to its stores than copy them, so that the copy may be left out."""

StateReader = Callable[[], dict[str, Any] | None]
_Place = tuple[str, str, bytes]


class StateStore:
    """A SQLite file of resources. Not for more than one thread at a time."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.execute("pragma journal_mode = wal")
        # What a process wrote survives its kill in the system's cache; a fsync would be for the loss of power.
        self._database.execute("pragma synchronous = off")
        self._database.execute(_SCHEMA)
        self._written: dict[str, dict[_Place, int]] = {}

    def save(self, readers: Iterable[tuple[str, StateReader]]) -> None:
        """Write what changed in the services of `readers`, all of it or nothing.

        Raises sqlite3.Error when the file cannot be written and whatever a reader raises.
        """
        changed: list[tuple[str, str, bytes, bytes]] = []
        gone: list[_Place] = []
        seen: dict[str, dict[_Place, int]] = {}
        for service, reader in readers:
            before = self._written.get(service, {})
            now: dict[_Place, int] = {}
            for store, key, value in _resources(_read(service, reader)):
                place = (service, store, key)
                now[place] = hash(value)
                if before.get(place) != now[place]:
                    changed.append((*place, value))
            gone += before.keys() - now.keys()
            seen[service] = now
        if changed or gone:
            self._write(changed, gone)
        self._written.update(seen)

    def load(self, service: str) -> dict[str, Any] | None:
        """Return the state of `service` as its `get_state` gave it, or None if none was saved."""
        state: dict[str, Any] = {}
        written: dict[_Place, int] = {}
        for store, key, value in self._database.execute(_SELECT, (service,)):
            written[(service, store, key)] = hash(value)
            if key == _WHOLE:
                state[store] = _unpickled(value)
                continue
            scoped = _unpickled(key)
            scope = AccountRegionScopedDict if len(scoped) == len(("account", "region", "name")) else AccountScopedDict
            state.setdefault(store, scope())._data[scoped] = _unpickled(value)
        self._written[service] = written
        return state or None

    def _write(self, changed: list[tuple[str, str, bytes, bytes]], gone: list[_Place]) -> None:
        self._database.execute("begin immediate")
        try:
            self._database.executemany(_UPSERT, changed)
            self._database.executemany(_DELETE, gone)
            self._database.execute("commit")
        except BaseException:
            self._database.execute("rollback")
            raise


class _Copying(threading.local):
    """Stands for the module `copy` in a service; while its state is read in a thread, that thread copies nothing."""

    left_out = False

    def deepcopy(self, value: Any, memo: dict[int, Any] | None = None) -> Any:
        return value if self.left_out else copy.deepcopy(value, memo)

    def copy(self, value: Any) -> Any:
        return copy.copy(value)


_copying = _Copying()


def _read(service: str, reader: StateReader) -> dict[str, Any]:
    """Call `reader`, without its copies where it is known to change nothing in them."""
    if service not in UNCOPIED:
        return reader() or {}
    sys.modules[f"ministack.services.{service}"].copy = _copying  # type: ignore[attr-defined]
    _copying.left_out = True
    try:
        return reader() or {}
    finally:
        _copying.left_out = False


def _unpickled(text: bytes) -> Any:
    return pickle.loads(text)  # noqa: S301 - written by this process, in a file of its own state


def _resources(state: dict[str, Any]) -> Iterator[tuple[str, bytes, bytes]]:
    for store, content in state.items():
        if isinstance(content, AccountRegionScopedDict | AccountScopedDict):
            for key, value in list(content._data.items()):
                yield store, pickle.dumps(key), pickle.dumps(value)
        else:
            yield store, _WHOLE, pickle.dumps(content)
