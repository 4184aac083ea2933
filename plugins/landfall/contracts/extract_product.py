"""Extract products: what a customer may ask for, read from contracts/extracts/*.yaml."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from landfall.contracts.extract_schema import PRODUCT_SCHEMA
from landfall.contracts.reading import read_again_when_changed, read_checked
from landfall.errors import ContractError
from landfall.settings import REPOSITORY

PRODUCTS = REPOSITORY / "contracts" / "extracts"
"""Folder of the product files, one a product."""

PiiClass = Literal["none", "pseudonym", "direct", "free_text"]
Format = Literal["csv", "jsonl", "parquet", "xlsx"]
Mask = Literal["hash", "partial", "empty"]
Operator = Literal[">=", "<", "<=", "="]
WhenGateFails = Literal["serve_last_good", "refuse"]
FilterType = Literal["date", "integer", "currency", "choice"]

_FILTERED: Mapping[FilterType, tuple[str, ...]] = {
    "date": ("date", "timestamp"),
    "integer": ("integer",),
    "currency": ("string",),
    "choice": ("string",),
}
"""Type of a filter -> the types of columns it can be asked of."""


@dataclass(frozen=True)
class ProductColumn:
    """A column of the files: its name, logical type, class of personal data and meaning.

    The type is string, integer, boolean, timestamp (UTC), date or decimal(precision,scale). `mask` is how personal
    data is made unreadable for callers without the scope for it, None for what is none.
    """

    name: str
    type: str
    pii: PiiClass
    description: str
    mask: Mask | None = None


@dataclass(frozen=True)
class ProductFilter:
    """A filter a caller may set: `column` `operator` the given value of `type`, one of `values` for a choice."""

    name: str
    column: str
    operator: Operator
    type: FilterType
    description: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ExtractProduct:
    """What one product offers; `order_by` makes the order of its rows, and so its files, deterministic.

    `max_rows_xlsx` is the lower limit of workbooks, None where none are offered.
    `when_gate_fails` decides while the newest data did not pass their gate: cut from the last version that did, and say
    so, or refuse.
    """

    product: str
    version: str
    description: str
    dataset: str
    customer_column: str
    formats: tuple[Format, ...]
    max_rows: int
    expires_after_days: int
    when_gate_fails: WhenGateFails
    order_by: tuple[str, ...]
    filters: tuple[ProductFilter, ...]
    columns: tuple[ProductColumn, ...]
    max_rows_xlsx: int | None = None

    def most_rows(self, file_format: Format) -> int:
        """Return how many rows the files of a format may hold."""
        return self.max_rows if file_format != "xlsx" or self.max_rows_xlsx is None else self.max_rows_xlsx

    def selected(self, names: Collection[str]) -> tuple[ProductColumn, ...]:
        """Return the columns that are in `names`, in the product's order."""
        return tuple(column for column in self.columns if column.name in names)

    def column(self, name: str) -> ProductColumn:
        """Return the column of that name; StopIteration if there is none, which `load_product` rules out."""
        return next(column for column in self.columns if column.name == name)


@read_again_when_changed
def load_product(path: Path) -> ExtractProduct:
    """Read one product file; raises ContractError that names the file, the field and what is wrong with it."""
    document = read_checked(path, PRODUCT_SCHEMA, what="extract product")
    product = _build(document)
    _check_references(path, product)
    return product


def load_products(folder: Path = PRODUCTS) -> Mapping[str, ExtractProduct]:
    """Read every product file of `folder`, by product name; raises ContractError for a bad or doubled one.

    A filter that several products have must be of one type, since all of them share one form.
    """
    products: dict[str, ExtractProduct] = {}
    for path in sorted(folder.glob("*.yaml")):
        product = load_product(path)
        if product.product in products:
            raise ContractError(f"extract product {path.name}: product {product.product!r} is there already")
        products[product.product] = product
    _refuse_filters_of_two_types(products.values())
    return products


def _build(document: dict[str, Any]) -> ExtractProduct:
    """Return a document that has the schema's shape as a product."""
    return ExtractProduct(
        **{
            **document,
            "formats": tuple(document["formats"]),
            "order_by": tuple(document["order_by"]),
            "filters": tuple(
                ProductFilter(**{**entry, "values": tuple(entry.get("values", ()))}) for entry in document["filters"]
            ),
            "columns": tuple(ProductColumn(**entry) for entry in document["columns"]),
        }
    )


def _check_references(path: Path, product: ExtractProduct) -> None:
    """Raise ContractError if the product speaks of columns it does not have, or names one twice."""
    if ("xlsx" in product.formats) != (product.max_rows_xlsx is not None):
        raise ContractError(f"extract product {path.name}: max_rows_xlsx goes with the format xlsx, and only with it")
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
    _check_masks(path, product, {name for columns in used.values() for name in columns})
    for entry in product.filters:
        found = product.column(entry.column).type
        if found not in _FILTERED[entry.type]:
            raise ContractError(
                f"extract product {path.name}: filters: {entry.name} of type {entry.type} asks a column of type "
                f"{found}; it needs {' or '.join(_FILTERED[entry.type])}"
            )


def _check_masks(path: Path, product: ExtractProduct, used: Collection[str]) -> None:
    """Raise ContractError unless personal data, and nothing else, has a mask that fits and cannot be got round.

    The order of the rows, or a filter's answer, would tell of a value that its cell does not show.
    """
    for column in product.columns:
        where = f"extract product {path.name}: columns: {column.name}"
        if (column.mask is None) != (column.pii == "none"):
            raise ContractError(f"{where} of the class {column.pii} needs {'no' if column.mask else 'a'} mask")
        if column.mask in ("hash", "partial") and column.type != "string":
            raise ContractError(f"{where} of type {column.type} cannot have the mask {column.mask}; use empty")
        if column.mask is not None and column.name in used:
            raise ContractError(f"{where} is personal data: no filter, order or customer column can be on it")


def _refuse_filters_of_two_types(products: Iterable[ExtractProduct]) -> None:
    types: dict[str, tuple[str, str]] = {}
    for product in products:
        for entry in product.filters:
            kind, owner = types.setdefault(entry.name, (entry.type, product.product))
            if kind != entry.type:
                raise ContractError(
                    f"extract product {product.product}: filters: {entry.name} is of type {entry.type}, but of {kind} "
                    f"in product {owner}; give it another name"
                )
