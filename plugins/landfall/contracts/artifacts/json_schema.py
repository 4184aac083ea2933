"""The JSON Schema of an event, for producers that check before they send."""

from __future__ import annotations

import json
from typing import Any

from landfall.contracts.model import Field, FieldType, StreamContract

_BIGINT = 2**63
_TIMESTAMP = r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?Z$"
"""As the load reads it: ISO-8601, UTC, at most microseconds."""


def json_schema(contract: StreamContract) -> str:
    """Return the schema (draft 2020-12). It takes what the load takes, but for a whole number sent as 1.0.

    Fields that the contract does not know are allowed: the load keeps them in `_extra`.
    """
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:landfall:stream:{contract.stream}:{contract.version}",
        "title": contract.stream,
        "description": contract.description,
        "type": "object",
        "required": [field.name for field in contract.fields if field.required],
        "properties": {field.name: _property(field) for field in contract.fields},
        "additionalProperties": True,
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _property(field: Field) -> dict[str, Any]:
    kind = "string" if field.type is FieldType.TIMESTAMP else str(field.type)
    rules: dict[str, Any] = {
        "description": field.description,
        # An optional field may be sent as null, which is the same as not to send it.
        "type": kind if field.required else [kind, "null"],
    }
    if field.allowed:
        rules["enum"] = [*field.allowed, *([] if field.required else [None])]
    if field.type is FieldType.TIMESTAMP:
        rules["pattern"] = _TIMESTAMP
    if field.type is FieldType.INTEGER:
        rules["minimum"] = -_BIGINT if field.minimum is None else field.minimum
        rules["maximum"] = _BIGINT - 1 if field.maximum is None else field.maximum
    bounds = {"pattern": field.pattern, "minLength": field.min_length, "maxLength": field.max_length}
    return rules | {name: bound for name, bound in bounds.items() if bound is not None}
