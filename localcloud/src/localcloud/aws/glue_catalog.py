"""What Athena, dbt-athena, PyIceberg and awswrangler need of the Glue catalog beyond what ministack does.

ministack answers each Glue call in a thread of its own without a lock, so two commits that both hold the right
VersionId could both win; UpdateTable merges where the service replaces; names keep their capitals where the service
folds them; GetPartitions ignores its filter; nothing pages; table versions, UpdatePartition and BatchDeletePartition
are missing.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import glue

from localcloud.aws import glue_versions
from localcloud.aws.glue_expression import ExpressionError, partition_filter

Response = tuple[int, dict[str, str], bytes]

_lock = threading.Lock()
_original: Callable[..., Response] = glue._handle_request_sync

_PAGED = {
    "GetDatabases": "DatabaseList",
    "GetTables": "TableList",
    "GetPartitions": "Partitions",
    "GetTableVersions": "TableVersions",
}
_NEEDS_DATABASE = frozenset({"GetTables"})
_NEEDS_TABLE = frozenset(
    {
        "CreatePartition",
        "BatchCreatePartition",
        "GetPartitions",
        "BatchGetPartition",
        "BatchDeletePartition",
        "UpdatePartition",
    }
)
_OF_PARTITION = ("DatabaseName", "TableName", "CatalogId", "CreationTime")
"""What UpdatePartition leaves as it was."""
_CATALOG_WORDS = ("Database", "Table", "Partition")
_REPLACED_BY_UPDATE: dict[str, Any] = {
    "Description": "",
    "Owner": "",
    "StorageDescriptor": {},
    "PartitionKeys": [],
    "Parameters": {},
    "ViewOriginalText": None,
    "ViewExpandedText": None,
}


def install() -> None:
    """Put this module before ministack's Glue."""
    glue_versions.install()
    glue._handle_request_sync = _handle


def find_table(database: str, name: str) -> dict[str, Any] | None:
    """A table as GetTable gives it to the account and region of the request, nulls left out; None if there is none."""
    with _lock:
        text = json.dumps(glue._tables.get(f"{database}/{name}"))
    found = json.loads(text, object_hook=_without_nulls)
    return _without_empty_texts(found) if found else None


def _without_nulls(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value is not None}


def _handle(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Response:
    action = headers.get("x-amz-target", "").split(".")[-1]
    if path.startswith("/iceberg") or not any(word in action for word in _CATALOG_WORDS):
        return _original(method, path, headers, body, query)
    request = _folded(json.loads(body or b"{}"))
    with _lock:
        refusal = _missing_parent(action, request)
        if refusal is not None:
            return refusal
        answer = _ADDED.get(action)
        if answer is None:
            response = _with_versions(action, request, (method, path, headers, query))
            return _page(action, request, _as_given(action, response))
        return _page(action, request, answer(request))


def _with_versions(action: str, request: dict[str, Any], call: tuple[Any, ...]) -> Response:
    """Let ministack answer, and keep or forget table versions when it succeeded."""
    method, path, headers, query = call
    table = request.get("TableInput", {}).get("Name") or request.get("Name")
    key = f"{request.get('DatabaseName')}/{table}"
    before = None
    if action == "UpdateTable":
        request = {**request, "TableInput": {**_REPLACED_BY_UPDATE, **request["TableInput"]}}
        before = glue_versions.snapshot(key)
    response = _original(method, path, headers, json.dumps(request).encode(), query)
    if response[0] >= 400:
        return response
    if before is not None and not request.get("SkipArchive"):
        glue_versions.archive(key, before)
    if action == "DeleteTable":
        glue_versions.forget(key)
    elif action == "BatchDeleteTable":
        for name in request["TablesToDelete"]:
            glue_versions.forget(f"{request['DatabaseName']}/{name}")
    return response


def _as_given(action: str, response: Response) -> Response:
    """The answer without the empty texts that ministack puts where a table was given none, as the service gives it."""
    if action not in ("GetTable", "GetTables") or response[0] >= 400:
        return response
    body = json.loads(response[2])
    for table in [body["Table"]] if action == "GetTable" else body["TableList"]:
        _without_empty_texts(table)
    return json_response(body)


def _without_empty_texts(table: dict[str, Any]) -> dict[str, Any]:
    for field in ("Owner", "ViewOriginalText", "ViewExpandedText"):
        if table.get(field) in ("", None):
            table.pop(field, None)
    return table


def _folded(request: dict[str, Any]) -> dict[str, Any]:
    """Fold the names of a request to lower case, as the service stores them."""
    folded = dict(request)
    for field in ("DatabaseName", "TableName", "Name"):
        if isinstance(folded.get(field), str):
            folded[field] = folded[field].lower()
    for field in ("TableInput", "DatabaseInput"):
        if field in folded:
            folded[field] = {**folded[field], "Name": str(folded[field].get("Name", "")).lower()}
    if "TablesToDelete" in folded:
        folded["TablesToDelete"] = [name.lower() for name in folded["TablesToDelete"]]
    return folded


def _missing_parent(action: str, request: dict[str, Any]) -> Response | None:
    database, table = request.get("DatabaseName", ""), request.get("TableName", "")
    if action in _NEEDS_DATABASE and database not in glue._databases:
        return error_response_json("EntityNotFoundException", f"Database {database} not found.", 400)
    if action in _NEEDS_TABLE and f"{database}/{table}" not in glue._tables:
        return error_response_json("EntityNotFoundException", f"Table {database}.{table} not found.", 400)
    return None


def _get_partitions(request: dict[str, Any]) -> Response:
    key = f"{request['DatabaseName']}/{request['TableName']}"
    keys = glue._tables[key].get("PartitionKeys", [])
    partitions = list(glue._partitions.get(key, []))
    segment = request.get("Segment")
    if segment:
        partitions = partitions[segment["SegmentNumber"] :: segment["TotalSegments"]]
    if request.get("Expression"):
        names = [column["Name"].lower() for column in keys]
        try:
            keep = partition_filter(request["Expression"], {c["Name"].lower(): c["Type"] for c in keys})
            partitions = [p for p in partitions if keep(dict(zip(names, p["Values"], strict=True)))]
        except ExpressionError as error:
            return error_response_json("InvalidInputException", str(error), 400)
    return json_response({"Partitions": partitions})


def _batch_delete_partition(request: dict[str, Any]) -> Response:
    key = f"{request['DatabaseName']}/{request['TableName']}"
    present = [partition["Values"] for partition in glue._partitions.get(key, [])]
    doomed = [item["Values"] for item in request["PartitionsToDelete"]]
    detail = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": "Partition not found."}
    errors = [{"PartitionValues": values, "ErrorDetail": detail} for values in doomed if values not in present]
    glue._partitions[key] = [p for p in glue._partitions.get(key, []) if p["Values"] not in doomed]
    return json_response({"Errors": errors})


def _update_partition(request: dict[str, Any]) -> Response:
    key = f"{request['DatabaseName']}/{request['TableName']}"
    partitions = list(glue._partitions.get(key, []))
    old, new = request["PartitionValueList"], {"Values": request["PartitionValueList"], **request["PartitionInput"]}
    position = next((index for index, found in enumerate(partitions) if found["Values"] == old), None)
    if position is None:
        return error_response_json("EntityNotFoundException", "Partition not found.", 400)
    if new["Values"] != old and any(found["Values"] == new["Values"] for found in partitions):
        return error_response_json("AlreadyExistsException", "Partition already exists.", 400)
    kept = {name: partitions[position][name] for name in _OF_PARTITION if name in partitions[position]}
    partitions[position] = {**kept, **new}
    glue._partitions[key] = partitions
    return json_response({})


def _page(action: str, request: dict[str, Any], response: Response) -> Response:
    """Cut a list to MaxResults and give a NextToken, which is the position of the next page."""
    if action not in _PAGED or response[0] >= 400 or not (request.get("MaxResults") or request.get("NextToken")):
        return response
    body = json.loads(response[2])
    start = int(request.get("NextToken") or 0)
    items = body[_PAGED[action]]
    end = start + int(request.get("MaxResults") or len(items))
    body[_PAGED[action]] = items[start:end]
    if end < len(items):
        body["NextToken"] = str(end)
    return json_response(body)


_ADDED: dict[str, Callable[[dict[str, Any]], Response]] = {
    "GetPartitions": _get_partitions,
    "BatchDeletePartition": _batch_delete_partition,
    "UpdatePartition": _update_partition,
    "GetTableVersions": glue_versions.get_table_versions,
    "GetTableVersion": glue_versions.get_table_version,
    "DeleteTableVersion": glue_versions.delete_table_version,
}
