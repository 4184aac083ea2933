"""The SQL of an extract as syntax trees; values from outside are literals in the tree, never text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from sqlglot import exp

from landfall.contracts.extract_product import ExtractProduct, Format, Operator, ProductColumn
from landfall.extract.door.options import Compression, FileOptions
from landfall.extract.door.request import ExtractRequest, FilterValue
from landfall.extract.engines.changes import CHANGE, changed_rows
from landfall.extract.engines.masking import Engine, masked, masks_of
from landfall.extract.engines.walls import require_views
from landfall.extract.files.cells import cell

ENGINES: Final[Mapping[Format, Engine]] = {
    "csv": "redshift",
    "jsonl": "redshift",
    "parquet": "athena",
    "xlsx": "redshift",
}
"""Format -> what writes it: Redshift's UNLOAD knows CSV, headers and the size of parts, Athena's does not."""

_EXTENSIONS: Final[Mapping[Compression, str]] = {"gzip": ".gz", "zstd": ".zst", "none": ""}
_COMPARISONS: Final[Mapping[Operator, type[exp.Binary]]] = {">=": exp.GTE, "<": exp.LT, "<=": exp.LTE, "=": exp.EQ}


def rows_of(product: ExtractProduct, request: ExtractRequest, table: str, base: str | None = None) -> exp.Select:
    """Return the rows of `table` ("db.table", a pinned published version) that `request` asks for, unordered.

    With the earlier version `base` they are what has changed since.
    """

    def rows(source: str, columns: Sequence[str]) -> exp.Select:
        return _rows_of_one(product, request, source, columns)

    if base is None:
        return rows(table, request.columns)
    return changed_rows(product, request, rows, table=table, base=base)


def _rows_of_one(product: ExtractProduct, request: ExtractRequest, table: str, names: Sequence[str]) -> exp.Select:
    conditions: list[exp.Expr] = [exp.column(product.customer_column).eq(exp.Literal.string(request.customer_id))]
    for entry in product.filters:
        if entry.name in request.filters:
            bound = _bound(request.filters[entry.name], product.column(entry.column))
            conditions.append(_COMPARISONS[entry.operator](this=exp.column(entry.column), expression=bound))
    columns = (exp.column(name) for name in names)
    return exp.select(*columns).from_(exp.to_table(table)).where(*conditions)


def count_rows(product: ExtractProduct, request: ExtractRequest, table: str, base: str | None = None) -> exp.Select:
    """Return the statement that counts the rows of `rows_of`."""
    return rows_of(product, request, table, base).select(exp.Count(this=exp.Star()), append=False)


def file_rows(
    product: ExtractProduct, request: ExtractRequest, table: str, base: str | None = None, *, salt: str = ""
) -> exp.Select:
    """Return what the files hold of `rows_of`, in the product's order; `salt` is the customer's for masks."""
    masks, engine = masks_of(product, request), ENGINES[request.format]
    cells: list[exp.Expr] = [
        exp.alias_(masked(each, masks[each.name], salt=salt, engine=engine), each.name)
        if each.name in masks
        else cell(each, file_format=request.format, options=request.options)
        for each in product.selected(request.columns)
    ]
    if base is not None:
        cells.append(exp.column(CHANGE.name))
    query = rows_of(product, request, table, base).select(*cells, append=False)
    return query.order_by(*(exp.column(name) for name in product.order_by))


def _written_by_engine(request: ExtractRequest) -> tuple[Format, FileOptions]:
    """Return the format and options of the files that the engine writes; no engine writes workbooks itself."""
    if request.format == "xlsx":
        return "jsonl", replace(request.options, compression="gzip")
    return request.format, request.options


def unload_statement(
    product: ExtractProduct,
    request: ExtractRequest,
    view: str,
    base: str | None = None,
    *,
    destination: str,
    salt: str,
    role_arn: str,
    key_arn: str | None = None,
) -> str:
    """Return the UNLOAD of `file_rows` for the format's engine, from the `view` that is the request's wall, and `base`.

    On Redshift names of files start with the s3:// `destination`, on Athena they are below it, which must be empty.
    `role_arn` is what Redshift writes with, `key_arn` the key of KMS it writes under, S3's own if None; Athena's UNLOAD
    takes none. Raises IsolationError for a statement that would read anything else.
    """
    engine = ENGINES[request.format]
    rows = file_rows(product, request, view, base, salt=salt)
    require_views(rows, [view] if base is None else [view, base])
    inner = rows.sql(dialect=engine)
    if engine == "athena":
        codec = _quoted(request.options.compression.upper())
        return f"UNLOAD ({inner}) TO {_quoted(destination)} WITH (format = 'PARQUET', compression = {codec})"
    file_format, options = _written_by_engine(request)
    encrypted = f"KMS_KEY_ID {_quoted(key_arn)} ENCRYPTED " if key_arn else ""
    # PARALLEL OFF keeps the rows' order, and with it the content, the same every time.
    return (
        f"UNLOAD ({_quoted(inner)}) TO {_quoted(destination)} IAM_ROLE {_quoted(role_arn)} "
        f"{encrypted}{_warehouse_format(file_format, options)} PARALLEL OFF "
        f"EXTENSION {_quoted(file_format + _EXTENSIONS[options.compression])}"
    )


def _warehouse_format(file_format: Format, options: FileOptions) -> str:
    """Return the options of Redshift's UNLOAD (https://docs.aws.amazon.com/redshift/latest/dg/r_UNLOAD.html)."""
    words = ["FORMAT AS JSON" if file_format == "jsonl" else "FORMAT AS CSV"]
    if file_format == "csv" and options.header:
        words.append("HEADER")
    if file_format == "csv" and options.delimiter != "comma":
        words.append(f"DELIMITER AS '{_DELIMITER_LITERALS.get(options.separator, options.separator)}'")
    if options.compression != "none":
        words.append(options.compression.upper())
    if options.part_size_mb is not None:
        words.append(f"MAXFILESIZE AS {options.part_size_mb} MB")
    return " ".join(words)


_DELIMITER_LITERALS: Final = {"\t": r"\t"}
"""Delimiters that UNLOAD has an escape for."""


def _quoted(text: str) -> str:
    """Return `text` as a string literal of both dialects. They differ on backslashes, so none may be in it."""
    if "\\" in text:
        raise ValueError(f"a backslash cannot be quoted for both engines: {text!r}")
    return "'" + text.replace("'", "''") + "'"


def _bound(value: FilterValue, column: ProductColumn) -> exp.Expr:
    """Return a filter's value as a literal that compares with `column`; a date is the midnight it begins with."""
    if isinstance(value, int):
        return exp.Literal.number(value)
    if column.type == "timestamp":
        return exp.cast(exp.Literal.string(f"{value} 00:00:00"), exp.DataType.Type.TIMESTAMP)
    if column.type == "date":
        return exp.cast(exp.Literal.string(value), exp.DataType.Type.DATE)
    return exp.Literal.string(value)
