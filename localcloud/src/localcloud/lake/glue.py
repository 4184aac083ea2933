"""Tables as Glue keeps them."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from localcloud.lake import types
from localcloud.lake.errors import LakeError, TableNotFoundError
from localcloud.lake.session import Lake

VIEW_PREFIX = "/* Presto View: "
"""How Athena marks the text of a view it stores in Glue; base64 of JSON and ' */' follow."""


_INPUT_KEYS = (
    "Name", "Description", "Owner", "Retention", "StorageDescriptor", "PartitionKeys", "ViewOriginalText",
    "ViewExpandedText", "TableType", "Parameters",
)  # fmt: skip
"""The keys of a table that Glue takes back in TableInput."""


@dataclass(frozen=True)
class Column:
    """A column with its Trino type."""

    name: str
    type: str
    comment: str = ""


@dataclass(frozen=True)
class LakeTable:
    """A table or view of the catalogue."""

    database: str
    name: str
    kind: Literal["hive", "iceberg", "view"]
    columns: tuple[Column, ...]
    partition_keys: tuple[Column, ...] = ()
    location: str = ""
    serde: str = ""
    serde_parameters: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    view_text: str = ""
    glue: Mapping[str, Any] = field(default_factory=dict)

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """Data columns, then partition keys, as `SELECT *` gives them."""
        return self.columns + self.partition_keys

    @property
    def metadata_location(self) -> str:
        """The Iceberg metadata file this catalogue entry points to."""
        return self.parameters["metadata_location"]


def table_input(table: LakeTable) -> dict[str, Any]:
    """A catalogue entry in the form that Glue takes back."""
    return {key: table.glue[key] for key in _INPUT_KEYS if table.glue.get(key)}


def find_table(lake: Lake, database: str, name: str) -> LakeTable:
    """The table `database.name`; raises TableNotFoundError or a LakeError SCHEMA_NOT_FOUND."""
    try:
        return from_glue(lake.glue.get_table(DatabaseName=database, Name=name)["Table"])
    except lake.glue.exceptions.EntityNotFoundException:
        require_database(lake, database)
        raise TableNotFoundError(database, name) from None


def require_database(lake: Lake, database: str) -> None:
    """Raise SCHEMA_NOT_FOUND unless the database exists."""
    try:
        lake.glue.get_database(Name=database)
    except lake.glue.exceptions.EntityNotFoundException:
        raise LakeError("SCHEMA_NOT_FOUND", f"Schema '{database}' does not exist") from None


def from_glue(entry: Mapping[str, Any]) -> LakeTable:
    """The catalogue entry as Glue's API gives it."""
    parameters = entry.get("Parameters") or {}
    storage = entry.get("StorageDescriptor") or {}
    serde = storage.get("SerdeInfo") or {}
    kind: Literal["hive", "iceberg", "view"] = "hive"
    if entry.get("TableType") == "VIRTUAL_VIEW":
        kind = "view"
    elif parameters.get("table_type", "").upper() == "ICEBERG":
        kind = "iceberg"
    columns = storage.get("Columns") or []
    if kind == "iceberg":
        # Columns that schema evolution dropped stay in Glue, marked as not current.
        columns = [column for column in columns if _is_current(column)]
    return LakeTable(
        database=entry["DatabaseName"],
        name=entry["Name"],
        kind=kind,
        columns=_columns(columns),
        partition_keys=_columns(entry.get("PartitionKeys") or []),
        location=storage.get("Location", ""),
        serde=serde.get("SerializationLibrary", ""),
        serde_parameters=serde.get("Parameters") or {},
        parameters=parameters,
        view_text=entry.get("ViewOriginalText", ""),
        glue=entry,
    )


def view_definition(table: LakeTable) -> Mapping[str, Any]:
    """What a Presto view says: originalSql, catalog, schema and columns of name and type."""
    if not table.view_text.startswith(VIEW_PREFIX):
        raise LakeError("INVALID_VIEW", f"View '{table.database}.{table.name}' is not an Athena view")
    encoded = table.view_text[len(VIEW_PREFIX) :].removesuffix(" */")
    definition: Mapping[str, Any] = json.loads(base64.b64decode(encoded))
    return definition


def _columns(entries: list[Mapping[str, Any]]) -> tuple[Column, ...]:
    return tuple(
        Column(entry["Name"].lower(), types.from_hive(entry.get("Type") or "string"), entry.get("Comment") or "")
        for entry in entries
    )


def _is_current(column: Mapping[str, Any]) -> bool:
    return bool((column.get("Parameters") or {}).get("iceberg.field.current", "true") == "true")
