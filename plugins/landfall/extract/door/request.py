"""What a caller may ask for. Everything from outside passes here once and is a frozen value afterwards."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from landfall.contracts.extract_product import ExtractProduct, Format, ProductFilter
from landfall.errors import RequestError
from landfall.extract.door.options import OPTION_PARAMS, FileOptions, parse_options, shown

CUSTOMER_ID_PATTERN = "^cus_[0-9]{6}$"
DESTINATION_PATTERN = "^[a-z][a-z0-9-]{0,39}$"
EARLIEST_DATE = date(2000, 1, 1)
LATEST_DATE = date(2100, 1, 1)
"""A date outside these is a slip of the pen, and would make engines fail in ways of their own."""

LARGEST_INTEGER = 10**15
"""Bound of a number asked for, either way: beyond any amount, and exact in JSON and in both engines."""

_FIXED_PARAMS = ("customer_id", "product", "format", "columns", "pii", "since", "destination", *OPTION_PARAMS)
_VERSION = re.compile(r"[1-9][0-9]{0,8}")
_EXTRACT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,119}")
_SHOWN_CHARACTERS = 60

FilterValue = str | int
"""A date as YYYY-MM-DD, a currency, one of a filter's values, or a whole number."""


@dataclass(frozen=True, kw_only=True)
class ExtractRequest:
    """One admitted request: `filters` maps a filter's name to its value, `columns` are those of the files, in order.

    `options` are how the files are written. `pii`: personal data leaves as it is; otherwise it is masked as the
    product says. `since`: only what has changed since an earlier extract (its id) or a published version (its number).
    `destination`: the name of a destination that staff have registered for the customer; the extracts bucket if None.
    """

    extract_id: str
    customer_id: str
    product: str
    format: Format
    filters: Mapping[str, FilterValue]
    columns: tuple[str, ...]
    pii: bool = False
    options: FileOptions = field(default_factory=FileOptions)
    since: str | None = None
    destination: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values; without a destination they are what they were before there were any."""
        values = {**asdict(self), "columns": list(self.columns)}
        return values if self.destination else {name: each for name, each in values.items() if name != "destination"}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ExtractRequest:
        """Return the request that `to_json` wrote."""
        options = FileOptions(**value["options"])
        return cls(**{**value, "columns": tuple(value["columns"]), "options": options})


def parse_request(
    params: Mapping[str, Any], *, run_id: str, products: Mapping[str, ExtractProduct], may_have_pii: bool = False
) -> ExtractRequest:
    """Return the request that `params` (a run's conf over the form's defaults) ask for.

    The form has the filters of all products; those of others must be left empty. `may_have_pii` tells whether the
    door's caller has the scope for personal data; even then it is masked unless the parameter `pii` is true. Raises
    RequestError that names the field, the value and the remedy. Nothing has been started by then.
    """
    product = _product(params.get("product"), products)
    _refuse_unknown(params, product, products)
    filters = {
        entry.name: _filter_value(entry, params[entry.name])
        for entry in product.filters
        if params.get(entry.name) is not None
    }
    _refuse_empty_ranges(product, filters)
    file_format = _format(params.get("format"), product)
    columns = _columns(params.get("columns"), product)
    return ExtractRequest(
        extract_id=extract_id_of(run_id),
        customer_id=_customer_id(params.get("customer_id")),
        product=product.product,
        format=file_format,
        filters=filters,
        columns=columns,
        pii=_pii(params.get("pii", False), may_have_pii=may_have_pii),
        options=parse_options(params, file_format),
        since=_since(params.get("since"), columns, product),
        destination=_destination(params.get("destination")),
    )


def extract_id_of(run_id: str) -> str:
    """Return the extract's id, safe in a path and an address, for an Airflow `run_id`.

    A run id that is safe is the extract's id; another is cleaned and gets a digest, so that two never meet.
    """
    if _EXTRACT_ID.fullmatch(run_id):
        return run_id
    cleaned = re.sub(r"[^A-Za-z0-9_-]+", "-", run_id).strip("-_")[:80] or "run"
    return f"{cleaned}-{hashlib.sha256(run_id.encode(errors='surrogatepass')).hexdigest()[:12]}"


def _product(value: object, products: Mapping[str, ExtractProduct]) -> ExtractProduct:
    if not isinstance(value, str) or value not in products:
        raise RequestError(f"product: {shown(value)} is not offered; use one of {', '.join(sorted(products))}")
    return products[value]


def _format(value: object, product: ExtractProduct) -> Format:
    for offered in product.formats:
        if value == offered:
            return offered
    raise RequestError(f"format: {shown(value)} is not offered; use one of {', '.join(product.formats)}")


def _customer_id(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(CUSTOMER_ID_PATTERN.strip("^$"), value):
        raise RequestError(f"customer_id: {shown(value)} is no customer; use cus_ and 6 digits, such as cus_000042")
    return value


def _refuse_unknown(params: Mapping[str, Any], product: ExtractProduct, products: Mapping[str, ExtractProduct]) -> None:
    own = {*_FIXED_PARAMS, *(entry.name for entry in product.filters)}
    of_others = {entry.name for other in products.values() for entry in other.filters} - own
    for name in sorted(str(name) for name in params):
        if name in own or (name in of_others and params[name] is None):
            continue
        why = f"product {product.product!r} has no such filter" if name in of_others else "no such field"
        raise RequestError(f"{name[:_SHOWN_CHARACTERS]!a}: {why}; use only {', '.join(sorted(own))}")


def _columns(value: object, product: ExtractProduct) -> tuple[str, ...]:
    """Return the columns asked for in the product's order, all of them for None; whose a row is, is always told."""
    names = [column.name for column in product.columns]
    if value is None:
        return tuple(names)
    if not isinstance(value, list) or not value:
        raise RequestError(f"columns: {shown(value)} is no list of columns; use some of {', '.join(names)}, or null")
    for name in value:
        if name not in names:
            raise RequestError(f"columns: {shown(name)} is not offered; use some of {', '.join(names)}")
    return tuple(column.name for column in product.selected([*value, product.customer_column]))


def _since(value: object, columns: Collection[str], product: ExtractProduct) -> str | None:
    """Return what to go on from; whether there is such an extract or version is not known here."""
    if value is None:
        return None
    if not isinstance(value, str) or not (_VERSION if value.isdigit() else _EXTRACT_ID).fullmatch(value):
        raise RequestError(
            f"since: {shown(value)} is neither the id of an extract nor the number of a version; leave it empty for "
            "all rows"
        )
    lacking = [name for name in product.order_by if name not in columns]
    if lacking:
        raise RequestError(f"since: rows are told apart by {' and '.join(lacking)}; add that to columns")
    return value


def _destination(value: object) -> str | None:
    """Return the name of a destination; whether the customer has one of that name is not known here."""
    if value is None:
        return None
    if not isinstance(value, str) or not re.fullmatch(DESTINATION_PATTERN.strip("^$"), value):
        raise RequestError(f"destination: {shown(value)} is no name of a destination; leave it empty if you have none")
    return value


def _pii(value: object, *, may_have_pii: bool) -> bool:
    if not isinstance(value, bool):
        raise RequestError(f"pii: {shown(value)} is neither true nor false; leave it false for masked personal data")
    if value and not may_have_pii:
        raise RequestError("pii: True needs the scope for personal data; leave it false and it comes masked")
    return value


def _filter_value(entry: ProductFilter, value: object) -> FilterValue:
    if entry.type == "date":
        return _date(entry.name, value).isoformat()
    if entry.type == "integer":
        return _integer(entry.name, value)
    if entry.type == "currency":
        return _currency(entry.name, value)
    if not isinstance(value, str) or value not in entry.values:
        raise RequestError(f"{entry.name}: {shown(value)} is not offered; use one of {', '.join(entry.values)}")
    return value


def _integer(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > LARGEST_INTEGER:
        raise RequestError(
            f"{name}: {shown(value)} is no whole number within +-{LARGEST_INTEGER}; write it as a number, such as 1999"
        )
    return value


def _currency(name: str, value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Z]{3}", value):
        raise RequestError(f"{name}: {shown(value)} is no ISO 4217 code; use three capital letters, such as EUR")
    return value


def _date(name: str, value: object) -> date:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise RequestError(f"{name}: {shown(value)} is no date; write YYYY-MM-DD, such as 2026-11-20")
    try:
        day = date.fromisoformat(value)
    except ValueError as error:
        raise RequestError(f"{name}: {shown(value)} is not in the calendar ({error})") from error
    if not EARLIEST_DATE <= day <= LATEST_DATE:
        raise RequestError(f"{name}: {shown(value)} must be from {EARLIEST_DATE} to {LATEST_DATE}")
    return day


def _refuse_empty_ranges(product: ExtractProduct, filters: Mapping[str, FilterValue]) -> None:
    """Raise RequestError where an upper bound leaves nothing above a lower bound of the same column."""
    given = [(entry, filters[entry.name]) for entry in product.filters if entry.name in filters]
    for low, least in given:
        for high, most in given:
            if low.operator != ">=" or high.operator not in ("<", "<=") or low.column != high.column:
                continue
            # Two filters of one column have values of one type: dates in ISO form sort as days do.
            if most < least or (most == least and high.operator == "<"):  # type: ignore[operator]
                hint = f"; {high.name} itself is not included" if high.operator == "<" else ""
                raise RequestError(f"{high.name}: {most!r} must be after {low.name} {least!r}{hint}")
