"""Data catalogs, databases and table metadata of Athena's API, from Glue."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from localcloud.athena.errors import ApiError, not_supported
from localcloud.lake.session import Lake

Body = dict[str, Any]
_CATALOG = "AwsDataCatalog"


class MetadataApi:
    """The operations that only read the catalogue."""

    def __init__(self, lake: Lake) -> None:
        self._glue = lake.glue

    def operations(self) -> dict[str, Callable[[Body], Body]]:
        """The API operations by name."""
        return {
            "ListDataCatalogs": lambda body: {"DataCatalogsSummary": [{"CatalogName": _CATALOG, "Type": "GLUE"}]},
            "GetDataCatalog": self._catalog,
            "ListDatabases": self._databases,
            "GetDatabase": self._database,
            "ListTableMetadata": self._tables,
            "GetTableMetadata": self._table,
        }

    def _catalog(self, body: Body) -> Body:
        if body["Name"].lower() != _CATALOG.lower():
            raise ApiError("InvalidRequestException", f"DataCatalog {body['Name']} was not found")
        return {"DataCatalog": {"Name": _CATALOG, "Type": "GLUE", "Parameters": {"catalog-id": "000000000000"}}}

    def _databases(self, body: Body) -> Body:
        _require_catalog(body)
        pages = self._glue.get_paginator("get_databases").paginate()
        return {"DatabaseList": [_database(entry) for page in pages for entry in page["DatabaseList"]]}

    def _database(self, body: Body) -> Body:
        _require_catalog(body)
        try:
            entry = self._glue.get_database(Name=body["DatabaseName"].lower())["Database"]
        except self._glue.exceptions.EntityNotFoundException:
            raise ApiError("MetadataException", f"Database {body['DatabaseName']} not found.") from None
        return {"Database": _database(entry)}

    def _tables(self, body: Body) -> Body:
        _require_catalog(body)
        expression = re.compile(body.get("Expression") or ".*")
        try:
            pages = list(self._glue.get_paginator("get_tables").paginate(DatabaseName=body["DatabaseName"].lower()))
        except self._glue.exceptions.EntityNotFoundException:
            raise ApiError("MetadataException", f"Database {body['DatabaseName']} not found.") from None
        found = [_table(entry) for page in pages for entry in page["TableList"] if expression.fullmatch(entry["Name"])]
        start, limit = int(body.get("NextToken") or 0), int(body.get("MaxResults") or 50)
        answer: Body = {"TableMetadataList": found[start : start + limit]}
        if start + limit < len(found):
            answer["NextToken"] = str(start + limit)
        return answer

    def _table(self, body: Body) -> Body:
        _require_catalog(body)
        try:
            entry = self._glue.get_table(DatabaseName=body["DatabaseName"].lower(), Name=body["TableName"].lower())[
                "Table"
            ]
        except self._glue.exceptions.EntityNotFoundException:
            raise ApiError(
                "MetadataException", f"EntityNotFoundException: Entity Not Found: Table {body['TableName']} not found."
            ) from None
        return {"TableMetadata": _table(entry)}


def _require_catalog(body: Body) -> None:
    if body["CatalogName"].lower() != _CATALOG.lower():
        raise not_supported(f"The data catalog {body['CatalogName']}")


def _database(entry: Mapping[str, Any]) -> Body:
    return {
        "Name": entry["Name"],
        "Description": entry.get("Description", ""),
        "Parameters": dict(entry.get("Parameters") or {}),
    }


def _table(entry: Mapping[str, Any]) -> Body:
    storage = entry.get("StorageDescriptor") or {}
    serde = storage.get("SerdeInfo") or {}
    parameters = dict(entry.get("Parameters") or {})
    extra = {
        "inputformat": storage.get("InputFormat"),
        "outputformat": storage.get("OutputFormat"),
        "location": storage.get("Location", "").rstrip("/"),
        "serde.serialization.lib": serde.get("SerializationLibrary"),
    }
    parameters |= {key: value for key, value in extra.items() if value}
    parameters |= {f"serde.param.{key}": value for key, value in (serde.get("Parameters") or {}).items()}
    created = entry.get("CreateTime")
    return {
        "Name": entry["Name"],
        "TableType": entry.get("TableType", "EXTERNAL_TABLE"),
        "CreateTime": created.timestamp() if created else 0,
        "Columns": [_column(column) for column in storage.get("Columns") or []],
        "PartitionKeys": [_column(column) for column in entry.get("PartitionKeys") or []],
        "Parameters": parameters,
    }


def _column(column: Mapping[str, str]) -> Body:
    described = {"Name": column["Name"], "Type": column.get("Type", "string")}
    return described | ({"Comment": column["Comment"]} if column.get("Comment") else {})
