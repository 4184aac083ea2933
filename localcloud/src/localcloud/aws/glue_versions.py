"""The versions of Glue tables, which ministack counts but does not keep."""

from __future__ import annotations

import copy
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, error_response_json, json_response
from ministack.services import glue

KEPT_VERSIONS = 100
"""The service keeps up to 100,000 a table; here the oldest go, for an Iceberg table makes one a commit."""

_STATE_KEY = "table_versions"
_versions = AccountRegionScopedDict()  # "database/table" -> former versions, oldest first


def install() -> None:
    """Save and restore the versions with Glue's own state."""
    save, restore = glue.get_state, glue.load_persisted_state

    def get_state() -> dict[str, Any]:
        return {**save(), _STATE_KEY: copy.deepcopy(_versions)}

    def load_persisted_state(data: dict[str, Any]) -> None:
        _versions.update(data.pop(_STATE_KEY, {}))
        restore(data)

    glue.get_state = get_state
    glue.load_persisted_state = load_persisted_state


def snapshot(key: str) -> dict[str, Any] | None:
    """Return a copy of the table `key` ("database/table") as it is now, to be archived if an update succeeds."""
    table = glue._tables.get(key)
    return copy.deepcopy(table) if table is not None else None


def archive(key: str, table: dict[str, Any]) -> None:
    """Keep `table` as a former version."""
    versions = _versions.setdefault(key, [])
    versions.append(table)
    del versions[:-KEPT_VERSIONS]


def forget(key: str) -> None:
    """Drop the versions of a deleted table."""
    _versions.pop(key, None)


def get_table_versions(request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """Answer GetTableVersions, newest first."""
    found = [_described(table) for table in reversed(_all(request))]
    return json_response({"TableVersions": found}) if found else _missing(request)


def get_table_version(request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """Answer GetTableVersion; without VersionId the current one."""
    wanted = request.get("VersionId")
    for table in reversed(_all(request)):
        if wanted is None or table["VersionId"] == str(wanted):
            return json_response({"TableVersion": _described(table)})
    return _missing(request)


def delete_table_version(request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """Answer DeleteTableVersion; the current version can't be deleted."""
    former = _versions.get(_key(request), [])
    kept = [table for table in former if table["VersionId"] != str(request["VersionId"])]
    if len(kept) == len(former):
        return _missing(request)
    _versions[_key(request)] = kept
    return json_response({})


def _key(request: dict[str, Any]) -> str:
    return f"{request['DatabaseName']}/{request['TableName']}"


def _all(request: dict[str, Any]) -> list[dict[str, Any]]:
    current = glue._tables.get(_key(request))
    return [] if current is None else [*_versions.get(_key(request), []), current]


def _described(table: dict[str, Any]) -> dict[str, Any]:
    return {"Table": table, "VersionId": table["VersionId"]}


def _missing(request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    version = f" version {request['VersionId']}" if request.get("VersionId") else ""
    return error_response_json("EntityNotFoundException", f"Table {_key(request)}{version} not found.", 400)
