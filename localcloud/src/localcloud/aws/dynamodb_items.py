"""The items of DynamoDB's tables, a row each, so that a write costs what it wrote and not what its table holds.

ministack changes items by two functions of its own, which are told on here, and else exchanges a table's whole
dictionary of items, which is then written anew.
"""

from __future__ import annotations

import pickle
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ministack.core.responses import AccountRegionScopedDict

_SCHEMA = """
create table if not exists item (
    table_arn text not null, hash_key text not null, range_key text not null, value blob not null,
    primary key (table_arn, hash_key, range_key)
) without rowid
"""
_UPSERT = "insert or replace into item (table_arn, hash_key, range_key, value) values (?, ?, ?, ?)"
_DELETE = "delete from item where table_arn = ? and hash_key = ? and range_key = ?"
_CLEAR = "delete from item where table_arn = ?"
_SELECT = "select hash_key, range_key, value from item where table_arn = ?"

_Items = dict[str, dict[str, dict[str, Any]]]
_Key = tuple[str, str]


@dataclass
class ItemChanges:
    """What is to be written: tables to clear first, items to write and items to delete.

    `dictionaries` are those of the tables as they are now, None where nobody looked; `touched` the keys that all this
    was made of, by the table's ARN.
    """

    cleared: list[str] = field(default_factory=list)
    written: list[tuple[str, str, str, bytes]] = field(default_factory=list)
    deleted: list[tuple[str, str, str]] = field(default_factory=list)
    dictionaries: dict[str, _Items] | None = None
    touched: dict[str, set[_Key]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.cleared or self.written or self.deleted)


class ItemStore:
    """The rows of all items in a SQLite file, and what changed since they were written."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._database.execute(_SCHEMA)
        self._saved: dict[str, _Items] = {}
        self._touched: dict[str, set[_Key]] = {}
        self._lock = threading.Lock()

    def install(self) -> None:
        """Have ministack tell of the items that it changes; its expiry does so from a thread of its own."""
        from ministack.services import dynamodb

        set_item, remove_item = dynamodb._set_item, dynamodb._remove_item

        def set_and_tell(table: dict[str, Any], hash_key: str, range_key: str, item: Any) -> Any:
            old = set_item(table, hash_key, range_key, item)
            self._touch(table, (hash_key, range_key))
            return old

        def remove_and_tell(table: dict[str, Any], hash_key: str, range_key: str) -> Any:
            old = remove_item(table, hash_key, range_key)
            self._touch(table, (hash_key, range_key))
            return old

        dynamodb._set_item, dynamodb._remove_item = set_and_tell, remove_and_tell

    def _touch(self, table: dict[str, Any], key: _Key) -> None:
        with self._lock:
            self._touched.setdefault(table["TableArn"], set()).add(key)

    def take(self, state: dict[str, Any], changes: ItemChanges) -> dict[str, Any]:
        """Return the state without its items, and fill `changes`; `written` or `failed` must follow."""
        with self._lock:
            changes.touched, self._touched = self._touched, {}
        found: dict[str, _Items] = {}
        tables = AccountRegionScopedDict()
        for place, table in state["tables"]._data.items():
            arn, items = table["TableArn"], table["items"]
            tables._data[place] = {name: value for name, value in table.items() if name != "items"}
            found[arn] = items
            if self._saved.get(arn) is items:
                _add_touched(changes, arn, items)
            else:
                changes.cleared.append(arn)
                changes.written += _rows(arn, items)
        changes.cleared += self._saved.keys() - found.keys()
        changes.dictionaries = found
        return {**state, "tables": tables}

    def write(self, changes: ItemChanges) -> None:
        """Write what changed, within the transaction of the caller."""
        self._database.executemany(_CLEAR, [(arn,) for arn in changes.cleared])
        self._database.executemany(_UPSERT, changes.written)
        self._database.executemany(_DELETE, changes.deleted)

    def written(self, changes: ItemChanges) -> None:
        """The changes are committed."""
        if changes.dictionaries is not None:
            self._saved = changes.dictionaries

    def failed(self, changes: ItemChanges) -> None:
        """The changes were not committed: the next save tries them again."""
        with self._lock:
            for arn, keys in changes.touched.items():
                self._touched.setdefault(arn, set()).update(keys)

    def load(self, state: dict[str, Any]) -> None:
        """Put the items into the tables of a loaded state, but for those that an earlier version saved whole."""
        for table in state.get("tables", AccountRegionScopedDict())._data.values():
            if "items" in table:
                continue
            items: defaultdict[str, dict[str, Any]] = defaultdict(dict)
            for hash_key, range_key, value in self._database.execute(_SELECT, (table["TableArn"],)):
                items[hash_key][range_key] = pickle.loads(value)  # noqa: S301 - written by this process
            table["items"] = self._saved[table["TableArn"]] = items


def _add_touched(changes: ItemChanges, arn: str, items: _Items) -> None:
    for hash_key, range_key in changes.touched.get(arn, ()):
        item = items.get(hash_key, {}).get(range_key)
        if item is None:
            changes.deleted.append((arn, hash_key, range_key))
        else:
            changes.written.append((arn, hash_key, range_key, pickle.dumps(item)))


def _rows(arn: str, items: _Items) -> Iterator[tuple[str, str, str, bytes]]:
    for hash_key, ranges in items.items():
        for range_key, item in ranges.items():
            yield arn, hash_key, range_key, pickle.dumps(item)
