"""The request form as JSON schemas: Airflow's UI draws it, and its REST API refuses what does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from landfall.contracts.extract_product import ExtractProduct, ProductFilter
from landfall.extract.door.option_fields import option_fields
from landfall.extract.door.request import CUSTOMER_ID_PATTERN, DESTINATION_PATTERN, LARGEST_INTEGER


def form_schema(products: Mapping[str, ExtractProduct]) -> dict[str, dict[str, Any]]:
    """Return each field's JSON schema by name, made from the products; a `default` only where one is optional."""
    formats = sorted({offered for product in products.values() for offered in product.formats})
    fields: dict[str, dict[str, Any]] = {
        "customer_id": {
            "type": "string",
            "title": "Customer",
            "description": "Whose data leaves: cus_ and 6 digits, such as cus_000042.",
            "pattern": CUSTOMER_ID_PATTERN,
        },
        "product": {
            "type": "string",
            "title": "Product",
            "description": " ".join(f"{p.product}: {p.description}" for p in products.values()),
            "enum": sorted(products),
            "default": min(products),
        },
        "format": {
            "type": "string",
            "title": "Format",
            "description": "csv and, for fewer rows, xlsx are for spreadsheets, jsonl (an object a line) for programs, "
            "parquet for engines and data frames.",
            "enum": formats,
            "default": formats[0],
        },
    }
    fields["columns"] = {
        "type": ["null", "array"],
        "items": {"type": "string"},
        "uniqueItems": True,
        "examples": sorted({column.name for product in products.values() for column in product.columns}),
        "title": "Columns",
        "description": "Which columns of the product the files have; all if empty. customer_id is always there.",
        "default": None,
    }
    fields["pii"] = {
        "type": "boolean",
        "title": "Personal data",
        "description": "Whether personal data leaves as it is. Otherwise it is masked as the product says.",
        "default": False,
    }
    fields["since"] = {
        "type": ["null", "string"],
        "maxLength": 120,
        "title": "Since",
        "description": "Only what has changed: rows that are new or other than they were, and the keys of those that "
        "are gone, since an earlier extract of the same (its id) or a published version (its number). All rows if "
        "empty.",
        "default": None,
    }
    fields["destination"] = {
        "type": ["null", "string"],
        "pattern": DESTINATION_PATTERN,
        "title": "Destination",
        "description": "Name of a destination that is registered for the customer: files are encrypted with its key, "
        "delivered to its bucket, or both. If empty they stay in the extracts bucket.",
        "default": None,
    }
    fields.update(option_fields())
    for product in products.values():
        for entry in product.filters:
            fields[entry.name] = _filter_field(entry, fields.get(entry.name), product.product)
    return fields


def _filter_field(entry: ProductFilter, known: Mapping[str, Any] | None, product: str) -> dict[str, Any]:
    """Return the field of a filter of `product`; `known` is that of other products with the same filter."""
    told = f"{product}: {entry.description}"
    field: dict[str, Any] = {
        **_filter_type(entry),
        "title": entry.name.replace("_", " ").capitalize(),
        "description": f"{known['description']} {told}" if known else told,
        "default": None,
    }
    if known and "enum" in field:
        field["enum"] = [*known["enum"], *(value for value in field["enum"] if value not in known["enum"])]
    return field


def _filter_type(entry: ProductFilter) -> dict[str, Any]:
    if entry.type == "date":
        return {"type": ["null", "string"], "format": "date"}
    if entry.type == "integer":
        return {"type": ["null", "integer"], "minimum": -LARGEST_INTEGER, "maximum": LARGEST_INTEGER}
    if entry.type == "currency":
        return {"type": ["null", "string"], "pattern": "^[A-Z]{3}$"}
    return {"type": ["null", "string"], "enum": [None, *entry.values]}
