"""Extract products: what a customer may ask for, read from contracts/extracts/*.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from jsonschema import Draft202012Validator

from landfall.errors import ContractError
from landfall.settings import REPOSITORY

PRODUCTS = REPOSITORY / "contracts" / "extracts"
"""Folder of the product files, one a product."""

ColumnType = Literal["string", "integer", "boolean", "timestamp"]
PiiClass = Literal["none", "pseudonym", "direct", "free_text"]
Format = Literal["csv", "parquet"]
Operator = Literal[">=", "<"]

_NAME = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,62}$"}
_TEXT = {"type": "string", "minLength": 1}


def _record(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a mapping that has exactly `properties`."""
    return {"type": "object", "additionalProperties": False, "required": list(properties), "properties": properties}


_SCHEMA = _record(
    {
        "product": _NAME,
        "version": {"type": "string", "pattern": r"^\d+\.\d+\.\d+$"},
        "description": _TEXT,
        "dataset": {"type": "string", "pattern": "^ext_[a-z0-9_]{1,50}$"},
        "customer_column": _NAME,
        "formats": {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"enum": ["csv", "parquet"]}},
        "max_rows": {"type": "integer", "minimum": 1},
        "expires_after_days": {"type": "integer", "minimum": 1, "maximum": 365},
        "order_by": {"type": "array", "minItems": 1, "uniqueItems": True, "items": _NAME},
        "filters": {
            "type": "array",
            "items": _record(
                {
                    "name": _NAME,
                    "column": _NAME,
                    "operator": {"enum": [">=", "<"]},
                    "type": {"enum": ["date"]},
                    "description": _TEXT,
                }
            ),
        },
        "columns": {
            "type": "array",
            "minItems": 1,
            "items": _record(
                {
                    "name": _NAME,
                    "type": {"enum": ["string", "integer", "boolean", "timestamp"]},
                    "pii": {"enum": ["none", "pseudonym", "direct", "free_text"]},
                    "description": _TEXT,
                }
            ),
        },
    }
)


@dataclass(frozen=True)
class ProductColumn:
    """A column of the files: its name, logical type, class of personal data and meaning."""

    name: str
    type: ColumnType
    pii: PiiClass
    description: str


@dataclass(frozen=True)
class ProductFilter:
    """A filter a caller may set: `column` `operator` the given value of `type`."""

    name: str
    column: str
    operator: Operator
    type: Literal["date"]
    description: str


@dataclass(frozen=True, kw_only=True)
class ExtractProduct:
    """What one product offers; `order_by` makes the order of its rows, and so its files, deterministic."""

    product: str
    version: str
    description: str
    dataset: str
    customer_column: str
    formats: tuple[Format, ...]
    max_rows: int
    expires_after_days: int
    order_by: tuple[str, ...]
    filters: tuple[ProductFilter, ...]
    columns: tuple[ProductColumn, ...]


def load_product(path: Path) -> ExtractProduct:
    """Read one product file; raises ContractError that names the file, the field and what is wrong with it."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ContractError(f"extract product {path} cannot be read: {error}") from error
    problems = sorted(Draft202012Validator(_SCHEMA).iter_errors(document), key=lambda error: list(error.path))
    if problems:
        field = ".".join(str(part) for part in problems[0].absolute_path) or "the document"
        raise ContractError(f"extract product {path.name}: {field}: {problems[0].message}")
    product = _build(document)
    _check_references(path, product)
    return product


def load_products(folder: Path = PRODUCTS) -> Mapping[str, ExtractProduct]:
    """Read every product file of `folder`, by product name; raises ContractError for a bad or doubled one."""
    products: dict[str, ExtractProduct] = {}
    for path in sorted(folder.glob("*.yaml")):
        product = load_product(path)
        if product.product in products:
            raise ContractError(f"extract product {path.name}: product {product.product!r} is there already")
        products[product.product] = product
    return products


def _build(document: dict[str, Any]) -> ExtractProduct:
    """Return a document that has the schema's shape as a product."""
    return ExtractProduct(
        **{
            **document,
            "formats": tuple(document["formats"]),
            "order_by": tuple(document["order_by"]),
            "filters": tuple(ProductFilter(**entry) for entry in document["filters"]),
            "columns": tuple(ProductColumn(**entry) for entry in document["columns"]),
        }
    )


def _check_references(path: Path, product: ExtractProduct) -> None:
    """Raise ContractError if the product speaks of columns it does not have, or names one twice."""
    names = [column.name for column in product.columns]
    if len(set(names)) < len(names):
        raise ContractError(f"extract product {path.name}: columns: a name is used twice in {names}")
    used = {
        "customer_column": [product.customer_column],
        "order_by": list(product.order_by),
        "filters": [entry.column for entry in product.filters],
    }
    for field, columns in used.items():
        unknown = sorted(set(columns) - set(names))
        if unknown:
            raise ContractError(f"extract product {path.name}: {field}: {', '.join(unknown)} is none of the columns")
