"""What was executed, loaded and unloaded since the process started, for the sys_* and stl_* views."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa

from localcloud.lake.sql_text import identifier

KEPT = 5_000
"""Entries of each kind that are remembered; the service keeps seven days."""
VIEWS = frozenset(
    {"sys_query_history", "sys_query_text", "stl_query", "stl_querytext", "stv_inflight", "sys_load_history"}
    | {"sys_load_error_detail", "stl_load_errors", "sys_unload_history", "sys_unload_detail", "sys_query_detail"}
)
"""Those of history_views.sql."""
_KINDS = {"SELECT": "SELECT", "INSERT": "INSERT", "UPDATE": "UPDATE", "DELETE": "DELETE", "MERGE": "MERGE"}
_KINDS |= {"COPY": "COPY", "UNLOAD": "UNLOAD", "CREATE TABLE": "CTAS"}
_DEFINITIONS = ("CREATE", "DROP", "ALTER", "GRANT", "REVOKE", "COMMENT", "TRUNCATE")
_QUERY_IDS = itertools.count(1_001)


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


@dataclass
class Query:
    """One executed statement; `status` in sys_query_history's words, times in UTC."""

    user: str
    session_id: int
    transaction_id: int
    database: str
    query_type: str
    text: str
    query_label: str = ""
    query_id: int = field(default_factory=lambda: next(_QUERY_IDS))
    start_time: datetime = field(default_factory=_now)
    end_time: datetime | None = None
    status: str = "running"
    returned_rows: int = 0
    error_message: str = ""

    def finish(self, status: str, *, rows: int = 0, error: str = "") -> None:
        self.end_time, self.status, self.returned_rows, self.error_message = _now(), status, rows, error


@dataclass
class InsertStep:
    """The step of a statement that put rows into a table."""

    user: str
    query_id: int
    table_id: int
    table_name: str
    rows: int
    start_time: datetime
    end_time: datetime = field(default_factory=_now)


@dataclass
class Load:
    """A COPY that committed or may still."""

    user: str
    session_id: int
    text: str
    table_name: str
    source: str
    rows: int
    files: int
    at: datetime = field(default_factory=_now)


@dataclass
class LoadError:
    """A record that COPY could not load."""

    user: str
    session_id: int
    table_name: str
    table_id: int
    file_name: str
    line_number: int
    column_name: str
    column_value: str
    raw_line: str
    error_code: int
    error_message: str
    at: datetime = field(default_factory=_now)


@dataclass
class Unload:
    """An object that UNLOAD put."""

    user: str
    session_id: int
    text: str
    file_name: str
    file_format: str
    bytes: int
    rows: int
    at: datetime = field(default_factory=_now)


def query_type(verb: str, *, has_query: bool = False) -> str:
    """A statement's verb in sys_query_history's words."""
    if verb in _KINDS and (verb != "CREATE TABLE" or has_query):
        return _KINDS[verb]
    return "DDL" if verb.startswith(_DEFINITIONS) else "UTILITY"


class History:
    """Appended to by sessions' threads (deques take that), read by `publish`."""

    def __init__(self) -> None:
        self.queries: deque[Query] = deque(maxlen=KEPT)
        self.insert_steps: deque[InsertStep] = deque(maxlen=KEPT)
        self.loads: deque[Load] = deque(maxlen=KEPT)
        self.load_errors: deque[LoadError] = deque(maxlen=KEPT)
        self.unloads: deque[Unload] = deque(maxlen=KEPT)

    def publish(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Put it into the session's tables behind the views."""
        self._fill(connection, "queries", Query, list(self.queries))
        self._fill(connection, "insert_steps", InsertStep, list(self.insert_steps))
        self._fill(connection, "loads", Load, list(self.loads))
        self._fill(connection, "load_errors", LoadError, list(self.load_errors))
        self._fill(connection, "unloads", Unload, list(self.unloads))

    def _fill(self, connection: duckdb.DuckDBPyConnection, name: str, kind: type[Any], entries: Sequence[Any]) -> None:
        table = f"temp.main.pg_landfall_{name}"
        connection.execute(f"DELETE FROM {table}")  # noqa: S608
        if not entries:
            return
        names = [each.name for each in fields(kind)]
        rows = [asdict(entry) for entry in entries]
        connection.register("pg_landfall_entries", pa.table({name: [row[name] for row in rows] for name in names}))
        columns = ", ".join(identifier(name) for name in names)
        connection.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM pg_landfall_entries")  # noqa: S608
        connection.unregister("pg_landfall_entries")
