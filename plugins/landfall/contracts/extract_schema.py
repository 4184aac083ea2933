"""What a file of contracts/extracts/ must look like, as a JSON Schema."""

from __future__ import annotations

from typing import Any, Final

_NAME = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,62}$"}
_TEXT = {"type": "string", "minLength": 1}


def _record(properties: dict[str, Any], *, optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return the schema of a mapping that has all of `properties`, maybe some `optional` ones, and nothing else."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": {**properties, **(optional or {})},
    }


_FILTER = {
    **_record(
        {
            "name": _NAME,
            "column": _NAME,
            "operator": {"enum": [">=", "<", "<=", "="]},
            "type": {"enum": ["date", "integer", "currency", "choice"]},
            "description": _TEXT,
        },
        optional={"values": {"type": "array", "minItems": 2, "uniqueItems": True, "items": _NAME}},
    ),
    "if": {"properties": {"type": {"const": "choice"}}},
    "then": {"required": ["values"]},
    "else": {"properties": {"values": False}},
}

PRODUCT_SCHEMA: Final[dict[str, Any]] = _record(
    {
        "product": _NAME,
        "version": {"type": "string", "pattern": r"^\d+\.\d+\.\d+$"},
        "description": _TEXT,
        "dataset": {"type": "string", "pattern": "^ext_[a-z0-9_]{1,50}$"},
        "customer_column": _NAME,
        "formats": {
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"enum": ["csv", "jsonl", "parquet", "xlsx"]},
        },
        "max_rows": {"type": "integer", "minimum": 1},
        "expires_after_days": {"type": "integer", "minimum": 1, "maximum": 365},
        "order_by": {"type": "array", "minItems": 1, "uniqueItems": True, "items": _NAME},
        "filters": {"type": "array", "items": _FILTER},
        "when_gate_fails": {"enum": ["serve_last_good", "refuse"]},
        "columns": {
            "type": "array",
            "minItems": 1,
            "items": _record(
                {
                    "name": _NAME,
                    "type": {
                        "type": "string",
                        "pattern": r"^(string|integer|boolean|timestamp|date|decimal\([1-9]\d?,\d{1,2}\))$",
                    },
                    "pii": {"enum": ["none", "pseudonym", "direct", "free_text"]},
                    "description": _TEXT,
                },
                optional={"mask": {"enum": ["hash", "partial", "empty"]}},
            ),
        },
    },
    # A sheet has 1,048,576 rows, the first of which is the header.
    optional={"max_rows_xlsx": {"type": "integer", "minimum": 1, "maximum": 1_048_575}},
)
