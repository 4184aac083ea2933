"""Prepared statements and named queries, kept in a file of the state directory."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from localcloud.athena.errors import ApiError, invalid_request
from localcloud.lake.errors import LakeError

Body = dict[str, Any]


class NamedStatements:
    """Statements with a name, by work group."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        stored = json.loads(path.read_text()) if path.exists() else {}
        self._prepared: dict[str, Body] = stored.get("prepared", {})
        self._queries: dict[str, Body] = stored.get("queries", {})

    def operations(self) -> dict[str, Callable[[Body], Body]]:
        """The API operations by name."""
        return {
            "CreatePreparedStatement": self._prepare,
            "UpdatePreparedStatement": self._prepare_again,
            "GetPreparedStatement": lambda body: {"PreparedStatement": self._find(body)},
            "DeletePreparedStatement": self._unprepare,
            "ListPreparedStatements": self._list_prepared,
            "CreateNamedQuery": self._create_query,
            "GetNamedQuery": lambda body: {"NamedQuery": self._query(body["NamedQueryId"])},
            "DeleteNamedQuery": self._delete_query,
            "ListNamedQueries": self._list_queries,
            "BatchGetNamedQuery": lambda body: {"NamedQueries": [self._query(item) for item in body["NamedQueryIds"]]},
        }

    def prepared(self, workgroup: str) -> Callable[[str], str]:
        """A lookup of a work group's prepared statements by name."""

        def find(name: str) -> str:
            entry = self._prepared.get(f"{workgroup}/{name}")
            if entry is None:
                raise LakeError("NOT_FOUND", f"PreparedStatement {name} was not found in workGroup {workgroup}")
            return str(entry["QueryStatement"])

        return find

    def _find(self, body: Body) -> Body:
        entry = self._prepared.get(f"{body['WorkGroup']}/{body['StatementName']}")
        if entry is None:
            raise ApiError("ResourceNotFoundException", f"PreparedStatement {body['StatementName']} was not found")
        return entry

    def _prepare(self, body: Body) -> Body:
        key = f"{body['WorkGroup']}/{body['StatementName']}"
        if key in self._prepared:
            raise invalid_request(f"Prepared statement {body['StatementName']} already exists")
        self._store_prepared(key, body)
        return {}

    def _prepare_again(self, body: Body) -> Body:
        self._find(body)
        self._store_prepared(f"{body['WorkGroup']}/{body['StatementName']}", body)
        return {}

    def _store_prepared(self, key: str, body: Body) -> None:
        self._prepared[key] = {
            "StatementName": body["StatementName"],
            "QueryStatement": body["QueryStatement"],
            "WorkGroupName": body["WorkGroup"],
            "Description": body.get("Description", ""),
            "LastModifiedTime": time.time(),
        }
        self._save()

    def _unprepare(self, body: Body) -> Body:
        self._find(body)
        del self._prepared[f"{body['WorkGroup']}/{body['StatementName']}"]
        self._save()
        return {}

    def _list_prepared(self, body: Body) -> Body:
        return {
            "PreparedStatements": [
                {key: entry[key] for key in ("StatementName", "LastModifiedTime")}
                for entry in self._prepared.values()
                if entry["WorkGroupName"] == body["WorkGroup"]
            ]
        }

    def _create_query(self, body: Body) -> Body:
        query_id = str(uuid.uuid4())
        self._queries[query_id] = {
            "Name": body["Name"],
            "Database": body["Database"],
            "QueryString": body["QueryString"],
            "Description": body.get("Description", ""),
            "NamedQueryId": query_id,
            "WorkGroup": body.get("WorkGroup", "primary"),
        }
        self._save()
        return {"NamedQueryId": query_id}

    def _query(self, query_id: str) -> Body:
        if query_id not in self._queries:
            raise invalid_request(f"NamedQuery {query_id} was not found")
        return self._queries[query_id]

    def _delete_query(self, body: Body) -> Body:
        self._query(body["NamedQueryId"])
        del self._queries[body["NamedQueryId"]]
        self._save()
        return {}

    def _list_queries(self, body: Body) -> Body:
        group = body.get("WorkGroup") or "primary"
        return {"NamedQueryIds": [query for query, entry in self._queries.items() if entry["WorkGroup"] == group]}

    def _save(self) -> None:
        with self._lock:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary = self._path.with_suffix(".new")
            temporary.write_text(json.dumps({"prepared": self._prepared, "queries": self._queries}, indent=1))
            temporary.replace(self._path)
