"""Data catalogs, databases and table metadata of Athena's API, from Glue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import duckdb

from localcloud.athena.errors import ApiError, invalid_request, not_supported
from localcloud.athena.paging import page
from localcloud.athena.submission import CATALOG, require_catalog
from localcloud.lake.session import Lake

Body = dict[str, Any]
_PAGE = 50


class MetadataApi:
    """The operations that only read the catalogue."""

    def __init__(self, lake: Lake) -> None:
        self._glue = lake.glue

    def operations(self) -> dict[str, Callable[[Body], Body]]:
        """The API operations by name."""
        return {
            "ListDataCatalogs": _list_catalogs,
            "GetDataCatalog": _catalog,
            "CreateDataCatalog": _refuse_catalog,
            "UpdateDataCatalog": _refuse_catalog,
            "DeleteDataCatalog": _refuse_catalog,
            "ListDatabases": self._databases,
            "GetDatabase": self._database,
            "ListTableMetadata": self._tables,
            "GetTableMetadata": self._table,
        }

    def _databases(self, body: Body) -> Body:
        require_catalog(body["CatalogName"])
        pages = self._glue.get_paginator("get_databases").paginate()
        found = [_database(entry) for answer in pages for entry in answer["DatabaseList"]]
        return page("DatabaseList", found, body, _PAGE)

    def _database(self, body: Body) -> Body:
        require_catalog(body["CatalogName"])
        try:
            entry = self._glue.get_database(Name=body["DatabaseName"].lower())["Database"]
        except self._glue.exceptions.EntityNotFoundException:
            raise _no_database(body) from None
        return {"Database": _database(entry)}

    def _tables(self, body: Body) -> Body:
        require_catalog(body["CatalogName"])
        try:
            pages = list(self._glue.get_paginator("get_tables").paginate(DatabaseName=body["DatabaseName"].lower()))
        except self._glue.exceptions.EntityNotFoundException:
            raise _no_database(body) from None
        entries = [entry for answer in pages for entry in answer["TableList"]]
        if body.get("Expression"):
            chosen = _matching([entry["Name"] for entry in entries], body["Expression"])
            entries = [entry for entry in entries if entry["Name"] in chosen]
        return page("TableMetadataList", [_table(entry) for entry in entries], body, _PAGE)

    def _table(self, body: Body) -> Body:
        require_catalog(body["CatalogName"])
        database, table = body["DatabaseName"], body["TableName"]
        try:
            entry = self._glue.get_table(DatabaseName=database.lower(), Name=table.lower())["Table"]
        except self._glue.exceptions.EntityNotFoundException:
            raise ApiError(
                "MetadataException", f"EntityNotFoundException: Entity Not Found: Table {table} not found."
            ) from None
        return {"TableMetadata": _table(entry)}


def _list_catalogs(body: Body) -> Body:
    return page("DataCatalogsSummary", [{"CatalogName": CATALOG, "Type": "GLUE"}], body, _PAGE)


def _catalog(body: Body) -> Body:
    if body["Name"].lower() != CATALOG.lower():
        raise invalid_request(f"DataCatalog {body['Name']} was not found")
    return {"DataCatalog": {"Name": CATALOG, "Type": "GLUE", "Parameters": {"catalog-id": "000000000000"}}}


def _refuse_catalog(body: Body) -> Body:
    raise not_supported("Any data catalog but AwsDataCatalog")


def _matching(names: list[str], expression: str) -> set[str]:
    """The names a regular expression matches whole; RE2 matches in linear time, whatever the expression."""
    with duckdb.connect() as connection:
        try:
            found = connection.execute(
                "SELECT name FROM unnest(?) AS t (name) WHERE regexp_full_match(name, ?)", [names, expression]
            ).fetchall()
        except duckdb.Error as error:
            raise invalid_request(f"The expression {expression!r} is no regular expression") from error
    return {name for (name,) in found}


def _no_database(body: Body) -> ApiError:
    return ApiError("MetadataException", f"Database {body['DatabaseName']} not found.")


def _database(entry: Mapping[str, Any]) -> Body:
    described = {"Name": entry["Name"], "Parameters": dict(entry.get("Parameters") or {})}
    return described | ({"Description": entry["Description"]} if entry.get("Description") else {})


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
