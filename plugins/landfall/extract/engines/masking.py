"""Personal data made unreadable in the syntax tree, the same on both engines, where a caller may not have it."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final, Literal, cast

from sqlglot import exp

from landfall.contracts.extract_product import ExtractProduct, Mask, ProductColumn
from landfall.extract.door.request import ExtractRequest

Engine = Literal["athena", "redshift"]

_STARS: Final = "***"
_SHOWN_CHARACTERS: Final = 4

MASKED_PATTERNS: Final[Mapping[Mask, str]] = {
    "hash": "[0-9a-f]{64}",
    "partial": rf"\*\*\*(.{{{_SHOWN_CHARACTERS}}})?",
    "empty": "",
}
"""What every cell of a masked column must look like in a file, as a regular expression; an empty cell passes."""

MASK_WORDS: Final[Mapping[Mask, str]] = {
    "hash": "SHA-256 in hex of a salt of the customer and the value: the same value is the same in all of the "
    "customer's extracts, and in no other customer's",
    "partial": f"{_STARS} and the last {_SHOWN_CHARACTERS} characters, {_STARS} alone for a shorter value",
    "empty": "no value",
}
"""What a mask does, as manifests tell it."""


def masks_of(product: ExtractProduct, request: ExtractRequest) -> dict[str, Mask]:
    """Return the masked columns of the files of `request` and how: none where it may have personal data."""
    if request.pii:
        return {}
    return {column.name: column.mask for column in product.selected(request.columns) if column.mask is not None}


def salt_of(customer_id: str, *, secret: str) -> str:
    """Return the customer's salt in hex: a hash tells nobody who lacks the secret what another customer's is."""
    return hmac.new(secret.encode(), customer_id.encode(), hashlib.sha256).hexdigest()


def masked(column: ProductColumn, mask: Mask, *, salt: str, engine: Engine) -> exp.Expr:
    """Return what stands in a file for `column` under `mask`; no result of it is a formula to a spreadsheet."""
    if mask == "hash":
        return _hash(exp.column(column.name), salt, engine)
    if mask == "partial":
        return _partial(column.name)
    return empty_cell(column)


def empty_cell(column: ProductColumn) -> exp.Expr:
    """Return no value, of the type of `column`."""
    return exp.cast(exp.null(), exp.DataType.build(column.type if column.type != "integer" else "bigint"))


def _hash(cell: exp.Expr, salt: str, engine: Engine) -> exp.Expr:
    salted = exp.func("CONCAT", exp.Literal.string(salt), cell, dialect=engine)
    if engine == "redshift":
        return cast(exp.Expr, exp.func("SHA2", salted, exp.Literal.number(256), dialect=engine))
    digest = exp.func("SHA256", exp.func("TO_UTF8", salted, dialect=engine), dialect=engine)
    return cast(exp.Expr, exp.func("LOWER", exp.func("TO_HEX", digest, dialect=engine), dialect=engine))


def _partial(name: str) -> exp.Expr:
    length = exp.func("LENGTH", exp.column(name))
    end = exp.func("SUBSTR", exp.column(name), length.copy() - (_SHOWN_CHARACTERS - 1))
    is_long = exp.GT(this=length, expression=exp.Literal.number(_SHOWN_CHARACTERS))
    stars = exp.Literal.string(_STARS)
    shown = exp.func("CONCAT", stars.copy(), end)
    is_there = exp.column(name).is_(exp.null()).not_()
    return exp.Case().when(is_long, shown).when(is_there, stars)
