"""The state of ministack's services in SQLite: what changed since the last save, in one transaction.

A service's stores are split into their resources (a queue, a table, a stream); one whose pickle is what was last
written is not written again. The items of DynamoDB's tables are apart. The GIL is not released while a resource of
plain values is pickled, so that no thread changes it meanwhile.
"""

from __future__ import annotations

import copy
import pickle
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, AccountScopedDict

from localcloud.aws.dynamodb_items import ItemChanges, ItemStore

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


@dataclass
class _Changes:
    """Resources to write and to delete, the items of DynamoDB, and the hash of every resource there is, by service."""

    changed: list[tuple[str, str, bytes, bytes]] = field(default_factory=list)
    gone: list[_Place] = field(default_factory=list)
    items: ItemChanges = field(default_factory=ItemChanges)
    seen: dict[str, dict[_Place, int]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.changed or self.gone or self.items)


class StateStore:
    """A SQLite file of resources. Not for more than one thread at a time."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.execute("pragma journal_mode = wal")
        # What a process wrote survives its kill in the system's cache; a fsync would be for the loss of power.
        self._database.execute("pragma synchronous = off")
        self._database.execute(_SCHEMA)
        self._items = ItemStore(self._database)
        self._written: dict[str, dict[_Place, int]] = {}

    def install(self) -> None:
        """Have ministack tell of what it changes."""
        self._items.install()

    def save(self, readers: Iterable[tuple[str, StateReader]]) -> None:
        """Write what changed in the services of `readers`, all of it or nothing.

        Raises sqlite3.Error when the file cannot be written and whatever a reader raises.
        """
        changes = _Changes()
        try:
            for service, reader in readers:
                self._compare(service, _read(service, reader), changes)
            if changes:
                self._write(changes)
        except BaseException:
            self._items.failed(changes.items)
            raise
        self._written.update(changes.seen)
        self._items.written(changes.items)

    def _compare(self, service: str, state: dict[str, Any], changes: _Changes) -> None:
        """Add what changed in one service."""
        if service == "dynamodb" and state:
            state = self._items.take(state, changes.items)
        before = self._written.get(service, {})
        now = changes.seen[service] = {}
        for store, key, value in _resources(state):
            place = (service, store, key)
            now[place] = hash(value)
            if before.get(place) != now[place]:
                changes.changed.append((*place, value))
        changes.gone += before.keys() - now.keys()

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
        if service == "dynamodb":
            self._items.load(state)
        return state or None

    def _write(self, changes: _Changes) -> None:
        self._database.execute("begin immediate")
        try:
            self._database.executemany(_UPSERT, changes.changed)
            self._database.executemany(_DELETE, changes.gone)
            self._items.write(changes.items)
            self._database.execute("commit")
        except BaseException:
            # A full disk ends the transaction by itself.
            if self._database.in_transaction:
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
