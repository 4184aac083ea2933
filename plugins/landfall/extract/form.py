"""The request form as JSON schemas: Airflow's UI draws it, and its REST API refuses what does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from landfall.contracts.extract_product import ExtractProduct
from landfall.extract.request import CUSTOMER_ID_PATTERN


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
            "description": "csv is gzip-compressed with a header; parquet is for engines and data frames.",
            "enum": formats,
            "default": formats[0],
        },
    }
    for product in products.values():
        for entry in product.filters:
            fields[entry.name] = {
                "type": ["null", "string"],
                "format": entry.type,
                "title": entry.name.replace("_", " ").capitalize(),
                "description": entry.description,
                "default": None,
            }
    return fields
