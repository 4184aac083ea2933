"""What a caller may ask for. Everything from outside passes here once and is a frozen value afterwards."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from landfall.contracts.extract_product import ExtractProduct, Format
from landfall.errors import RequestError

CUSTOMER_ID_PATTERN = "^cus_[0-9]{6}$"
EARLIEST_DATE = date(2000, 1, 1)
LATEST_DATE = date(2100, 1, 1)
"""A date outside these is a slip of the pen, and would make engines fail in ways of their own."""

_FIXED_PARAMS = ("customer_id", "product", "format")
_EXTRACT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,119}")
_SHOWN_CHARACTERS = 60


@dataclass(frozen=True, kw_only=True)
class ExtractRequest:
    """One admitted request: `filters` maps a filter's name to its date."""

    extract_id: str
    customer_id: str
    product: str
    format: Format
    filters: Mapping[str, date]

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values."""
        return {**asdict(self), "filters": {name: value.isoformat() for name, value in self.filters.items()}}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ExtractRequest:
        """Return the request that `to_json` wrote."""
        filters = {name: date.fromisoformat(text) for name, text in value["filters"].items()}
        return cls(**{**value, "filters": filters})


def parse_request(params: Mapping[str, Any], *, run_id: str, products: Mapping[str, ExtractProduct]) -> ExtractRequest:
    """Return the request that `params` (a run's conf over the form's defaults) ask for.

    Raises RequestError that names the field, the value and the remedy. Nothing has been started by then.
    """
    product = _product(params.get("product"), products)
    known = {*_FIXED_PARAMS, *(entry.name for entry in product.filters)}
    unknown = sorted(str(name) for name in params if name not in known)
    if unknown:
        raise RequestError(f"{unknown[0][:_SHOWN_CHARACTERS]}: no such field; use only {', '.join(sorted(known))}")
    filters = {
        entry.name: _date(entry.name, params[entry.name])
        for entry in product.filters
        if params.get(entry.name) is not None
    }
    _refuse_empty_range(filters)
    return ExtractRequest(
        extract_id=extract_id_of(run_id),
        customer_id=_customer_id(params.get("customer_id")),
        product=product.product,
        format=_format(params.get("format"), product),
        filters=filters,
    )


def extract_id_of(run_id: str) -> str:
    """Return the extract's id, safe in a path and an address, for an Airflow `run_id`.

    A run id that is safe is the extract's id; another is cleaned and gets a digest, so that two never meet.
    """
    if _EXTRACT_ID.fullmatch(run_id):
        return run_id
    cleaned = re.sub(r"[^A-Za-z0-9_-]+", "-", run_id).strip("-_")[:80] or "run"
    return f"{cleaned}-{hashlib.sha256(run_id.encode()).hexdigest()[:12]}"


def _product(value: object, products: Mapping[str, ExtractProduct]) -> ExtractProduct:
    if not isinstance(value, str) or value not in products:
        raise RequestError(f"product: {_shown(value)} is not offered; use one of {', '.join(sorted(products))}")
    return products[value]


def _format(value: object, product: ExtractProduct) -> Format:
    for offered in product.formats:
        if value == offered:
            return offered
    raise RequestError(f"format: {_shown(value)} is not offered; use one of {', '.join(product.formats)}")


def _customer_id(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(CUSTOMER_ID_PATTERN.strip("^$"), value):
        raise RequestError(f"customer_id: {_shown(value)} is no customer; use cus_ and 6 digits, such as cus_000042")
    return value


def _date(name: str, value: object) -> date:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise RequestError(f"{name}: {_shown(value)} is no date; write YYYY-MM-DD, such as 2026-11-20")
    try:
        day = date.fromisoformat(value)
    except ValueError as error:
        raise RequestError(f"{name}: {_shown(value)} is not in the calendar ({error})") from error
    if not EARLIEST_DATE <= day <= LATEST_DATE:
        raise RequestError(f"{name}: {_shown(value)} must be from {EARLIEST_DATE} to {LATEST_DATE}")
    return day


def _refuse_empty_range(filters: Mapping[str, date]) -> None:
    start, end = filters.get("from_date"), filters.get("to_date")
    if start and end and end <= start:
        raise RequestError(f"to_date: '{end}' must be after from_date '{start}'; the day to_date is not included")


def _shown(value: object) -> str:
    """Return a refused value for a message: quoted, without control characters, and short."""
    return repr(value)[:_SHOWN_CHARACTERS]
