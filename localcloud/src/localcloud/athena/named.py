"""Prepared statements and named queries, kept in a file of the state directory."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localcloud.athena.errors import ApiError, invalid_request
from localcloud.athena.kept import KeptJson
from localcloud.athena.paging import page
from localcloud.lake.errors import LakeError

Body = dict[str, Any]
_PAGE = 50
_MAX_PREPARED = 1_000
"""Prepared statements of a work group. Source: Athena user guide, 'Use prepared statements'."""


@dataclass(frozen=True)
class GroupStatements:
    """The prepared statements of one work group, for the statements PREPARE and DEALLOCATE PREPARE."""

    _operations: Mapping[str, Callable[[Body], Body]]
    _workgroup: str

    def create(self, name: str, text: str) -> None:
        """Keep a statement; raises LakeError where the name is taken or the group is full."""
        self._run("CreatePreparedStatement", StatementName=name, QueryStatement=text)

    def drop(self, name: str) -> None:
        """Forget a statement; raises LakeError where there is none of that name."""
        self._run("DeletePreparedStatement", StatementName=name)

    def _run(self, operation: str, **body: str) -> None:
        try:
            self._operations[operation]({"WorkGroup": self._workgroup, **body})
        except ApiError as error:
            raise LakeError("INVALID_PREPARED_STATEMENT", error.message) from error


class NamedStatements:
    """Statements with a name, by work group."""

    def __init__(self, path: Path) -> None:
        self._kept = KeptJson(path)
        with self._kept.change() as kept:
            kept.setdefault("prepared", {})
            kept.setdefault("queries", {})

    def operations(self) -> dict[str, Callable[[Body], Body]]:
        """The API operations by name."""
        return {
            "CreatePreparedStatement": self._prepare,
            "UpdatePreparedStatement": self._prepare_again,
            "GetPreparedStatement": self._get_prepared,
            "BatchGetPreparedStatement": self._batch_get_prepared,
            "DeletePreparedStatement": self._unprepare,
            "ListPreparedStatements": self._list_prepared,
            "CreateNamedQuery": self._create_query,
            "UpdateNamedQuery": self._update_query,
            "GetNamedQuery": lambda body: {"NamedQuery": _query(self._queries, body["NamedQueryId"])},
            "BatchGetNamedQuery": self._batch_get_queries,
            "DeleteNamedQuery": self._delete_query,
            "ListNamedQueries": self._list_queries,
        }

    def of_group(self, workgroup: str) -> GroupStatements:
        """The prepared statements of a work group."""
        return GroupStatements(self.operations(), workgroup)

    def prepared(self, workgroup: str) -> Callable[[str], str]:
        """A lookup of a work group's prepared statements by name."""

        def find(name: str) -> str:
            entry = self._prepared.get(f"{workgroup}/{name}")
            if entry is None:
                raise LakeError("NOT_FOUND", f"PreparedStatement {name} was not found in workGroup {workgroup}")
            return str(entry["QueryStatement"])

        return find

    def of_workgroup(self, workgroup: str) -> int:
        """How many statements a work group holds."""
        groups = [entry["WorkGroupName"] for entry in self._prepared.values()]
        groups += [entry["WorkGroup"] for entry in self._queries.values()]
        return groups.count(workgroup)

    def forget(self, workgroup: str) -> None:
        """Delete all statements of a work group."""
        with self._kept.change() as kept:
            for kind, member in (("prepared", "WorkGroupName"), ("queries", "WorkGroup")):
                kept[kind] = {key: entry for key, entry in kept[kind].items() if entry[member] != workgroup}

    @property
    def _prepared(self) -> Mapping[str, Body]:
        return dict(self._kept.read()["prepared"])

    @property
    def _queries(self) -> Mapping[str, Body]:
        return dict(self._kept.read()["queries"])

    def _prepare(self, body: Body) -> Body:
        with self._kept.change() as kept:
            prepared = kept["prepared"]
            if _key(body) in prepared:
                raise invalid_request(f"Prepared statement {body['StatementName']} already exists")
            if sum(entry["WorkGroupName"] == body["WorkGroup"] for entry in prepared.values()) >= _MAX_PREPARED:
                raise invalid_request(f"A WorkGroup cannot have more than {_MAX_PREPARED} prepared statements")
            prepared[_key(body)] = _prepared_entry(body)
        return {}

    def _prepare_again(self, body: Body) -> Body:
        with self._kept.change() as kept:
            _prepared_of(kept["prepared"], body)
            kept["prepared"][_key(body)] = _prepared_entry(body)
        return {}

    def _get_prepared(self, body: Body) -> Body:
        return {"PreparedStatement": _prepared_of(self._prepared, body)}

    def _batch_get_prepared(self, body: Body) -> Body:
        prepared, found, missing = self._prepared, [], []
        for name in body["PreparedStatementNames"]:
            try:
                found.append(_prepared_of(prepared, {"StatementName": name, "WorkGroup": body["WorkGroup"]}))
            except ApiError as error:
                missing.append({"StatementName": name, "ErrorCode": error.code, "ErrorMessage": error.message})
        return {"PreparedStatements": found, "UnprocessedPreparedStatementNames": missing}

    def _unprepare(self, body: Body) -> Body:
        with self._kept.change() as kept:
            _prepared_of(kept["prepared"], body)
            del kept["prepared"][_key(body)]
        return {}

    def _list_prepared(self, body: Body) -> Body:
        found = [
            {key: entry[key] for key in ("StatementName", "LastModifiedTime")}
            for entry in self._prepared.values()
            if entry["WorkGroupName"] == body["WorkGroup"]
        ]
        return page("PreparedStatements", sorted(found, key=lambda entry: entry["StatementName"]), body, _PAGE)

    def _create_query(self, body: Body) -> Body:
        token = body.get("ClientRequestToken")
        entry = {key: body[key] for key in ("Name", "Description", "Database", "QueryString") if key in body}
        entry["WorkGroup"] = body.get("WorkGroup", "primary")
        with self._kept.change() as kept:
            tokens = kept.setdefault("tokens", {})
            known = kept["queries"].get(tokens.get(token))
            if known is not None:
                if {**entry, "NamedQueryId": known["NamedQueryId"]} != known:
                    raise invalid_request("Idempotent parameters do not match")
                return {"NamedQueryId": known["NamedQueryId"]}
            query_id = str(uuid.uuid4())
            kept["queries"][query_id] = {**entry, "NamedQueryId": query_id}
            if token:
                tokens[token] = query_id
        return {"NamedQueryId": query_id}

    def _update_query(self, body: Body) -> Body:
        with self._kept.change() as kept:
            entry = _query(kept["queries"], body["NamedQueryId"])
            entry |= {key: body[key] for key in ("Name", "Description", "QueryString") if key in body}
        return {}

    def _batch_get_queries(self, body: Body) -> Body:
        queries, found, missing = self._queries, [], []
        for query_id in body["NamedQueryIds"]:
            try:
                found.append(_query(queries, query_id))
            except ApiError as error:
                missing.append({"NamedQueryId": query_id, "ErrorCode": error.code, "ErrorMessage": error.message})
        return {"NamedQueries": found, "UnprocessedNamedQueryIds": missing}

    def _delete_query(self, body: Body) -> Body:
        with self._kept.change() as kept:
            _query(kept["queries"], body["NamedQueryId"])
            del kept["queries"][body["NamedQueryId"]]
            tokens = kept.setdefault("tokens", {})
            kept["tokens"] = {key: value for key, value in tokens.items() if value != body["NamedQueryId"]}
        return {}

    def _list_queries(self, body: Body) -> Body:
        group = body.get("WorkGroup", "primary")
        found = [query_id for query_id, entry in self._queries.items() if entry["WorkGroup"] == group]
        return page("NamedQueryIds", found, body, _PAGE)


def _key(body: Body) -> str:
    return f"{body['WorkGroup']}/{body['StatementName']}"


def _prepared_of(prepared: Mapping[str, Body], body: Body) -> Body:
    entry = prepared.get(_key(body))
    if entry is None:
        raise ApiError("ResourceNotFoundException", f"PreparedStatement {body['StatementName']} was not found")
    return entry


def _prepared_entry(body: Body) -> Body:
    entry = {
        "StatementName": body["StatementName"],
        "QueryStatement": body["QueryStatement"],
        "WorkGroupName": body["WorkGroup"],
        "LastModifiedTime": time.time(),
    }
    return entry | ({"Description": body["Description"]} if "Description" in body else {})


def _query(queries: Mapping[str, Body], query_id: str) -> Body:
    if query_id not in queries:
        raise invalid_request(f"NamedQuery {query_id} was not found")
    return queries[query_id]
