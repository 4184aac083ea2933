"""What has changed since an earlier version, by comparing the two pinned versions; nothing else tells of deleted rows.

A row counts as the customer's own extract has it: its columns alone, and only if the filters let it pass. So what is
upserted and deleted into the files of the earlier version by key makes them those of the later one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Literal

from sqlglot import exp

from landfall.contracts.extract_product import ExtractProduct, ProductColumn
from landfall.extract.door.request import ExtractRequest
from landfall.extract.engines.masking import empty_cell, masks_of

Change = Literal["upsert", "delete"]

CHANGE: Final = ProductColumn(
    name="_change",
    type="string",
    pii="none",
    description="upsert: the row is new, or as it is now. delete: there is no row of this key any more; only the "
    "customer and the columns that sort the rows are told.",
)
"""The column that files of changes have behind the others. No column of a product can be named so."""

UPSERT: Final[Change] = "upsert"
DELETE: Final[Change] = "delete"

RowsOf = Callable[[str, Sequence[str]], exp.Select]
"""Returns the rows asked for of a table ("db.table"), of some columns."""


def file_columns(product: ExtractProduct, request: ExtractRequest) -> tuple[ProductColumn, ...]:
    """Return the columns of the files of `request`, in order."""
    columns = product.selected(request.columns)
    return columns if request.since is None else (*columns, CHANGE)


def changed_rows(
    product: ExtractProduct, request: ExtractRequest, rows: RowsOf, *, table: str, base: str
) -> exp.Select:
    """Return the rows of the version `table` that `base` has not, and the keys of those that only `base` has.

    They have the columns of `file_columns`, masks not yet on. A column that is masked as empty is not looked at, for a
    change of it would be told by a row that looks as it did.
    """
    hidden = {name for name, mask in masks_of(product, request).items() if mask == "empty"}
    seen = [column.name for column in product.selected(request.columns) if column.name not in hidden]
    key = [name for name in seen if name in (*product.order_by, product.customer_column)]
    upserts = _told(product, request, _only_in(rows, table, base, seen), told=seen, change=UPSERT)
    deletes = _told(product, request, _only_in(rows, base, table, key), told=key, change=DELETE)
    both = exp.union(upserts, deletes, distinct=False)
    names = (exp.column(column.name) for column in file_columns(product, request))
    return exp.select(*names).from_(both.subquery("changes"))


def _only_in(rows: RowsOf, table: str, other: str, columns: Sequence[str]) -> exp.Subquery:
    """Return the rows of one table that the other has not, cells without a value taken for equal."""
    return exp.except_(rows(table, columns), rows(other, columns), distinct=True).subquery("only_there")


def _told(
    product: ExtractProduct, request: ExtractRequest, rows: exp.Subquery, *, told: Sequence[str], change: Change
) -> exp.Select:
    """Return `rows` with all columns of the files: those `told`, the others without a value, and what happened."""
    cells = [
        exp.column(column.name) if column.name in told else exp.alias_(empty_cell(column), column.name)
        for column in product.selected(request.columns)
    ]
    return exp.select(*cells, exp.alias_(exp.Literal.string(change), CHANGE.name)).from_(rows)
