"""The SQL of an extract as syntax trees; values from outside are literals in the tree, never text."""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from landfall.contracts.extract_product import ExtractProduct, Mask, Operator, ProductColumn
from landfall.extract.masking import Engine, masked, masks_of
from landfall.extract.request import ExtractRequest, FilterValue

FORMULA_STARTS = "=+-@\t\r\0"
"""First characters that make a spreadsheet read a cell as a formula (OWASP ASVS 1.2.10)."""

FORMULA_ESCAPE = "'"
"""Put before such a cell in CSV; a reader gets the text back by dropping it."""

CSV_EXTENSION = "csv.gz"

_TIMESTAMP_FORMAT = "YYYY-MM-DD HH24:MI:SS.MS"
_COMPARISONS: Mapping[Operator, type[exp.Binary]] = {">=": exp.GTE, "<": exp.LT, "<=": exp.LTE, "=": exp.EQ}


def rows_of(product: ExtractProduct, request: ExtractRequest, table: str) -> exp.Select:
    """Return the rows of `table` ("db.table", a pinned published version) that `request` asks for, unordered."""
    conditions: list[exp.Expr] = [exp.column(product.customer_column).eq(exp.Literal.string(request.customer_id))]
    for entry in product.filters:
        if entry.name in request.filters:
            bound = _bound(request.filters[entry.name], product.column(entry.column))
            conditions.append(_COMPARISONS[entry.operator](this=exp.column(entry.column), expression=bound))
    columns = (exp.column(name) for name in request.columns)
    return exp.select(*columns).from_(exp.to_table(table)).where(*conditions)


def count_rows(product: ExtractProduct, request: ExtractRequest, table: str) -> exp.Select:
    """Return the statement that counts the rows of `rows_of`."""
    return rows_of(product, request, table).select(exp.Count(this=exp.Star()), append=False)


def csv_rows(product: ExtractProduct, request: ExtractRequest, table: str, *, salt: str = "") -> exp.Select:
    """Return what a CSV file holds of `rows_of`, in the product's order; `salt` is the customer's for masks."""
    masks = masks_of(product, request)
    cells = (
        _masked(each, masks[each.name], salt=salt, engine="redshift") if each.name in masks else _csv_cell(each)
        for each in product.selected(request.columns)
    )
    query = rows_of(product, request, table).select(*cells, append=False)
    return query.order_by(*(exp.column(name) for name in product.order_by))


def parquet_rows(product: ExtractProduct, request: ExtractRequest, table: str, *, salt: str = "") -> exp.Select:
    """Return what a Parquet file holds of `rows_of`, in the product's order; `salt` is the customer's for masks."""
    masks = masks_of(product, request)
    cells = (
        _masked(each, masks[each.name], salt=salt, engine="athena") if each.name in masks else _parquet_cell(each)
        for each in product.selected(request.columns)
    )
    query = rows_of(product, request, table).select(*cells, append=False)
    return query.order_by(*(exp.column(name) for name in product.order_by))


def csv_unload(product: ExtractProduct, request: ExtractRequest, table: str, *, destination: str, salt: str) -> str:
    """Return Redshift's UNLOAD of the rows to gzip CSV files whose names start with the s3:// `destination`.

    PARALLEL OFF keeps the rows' order, and with it the content, the same every time.
    """
    inner = _quoted(csv_rows(product, request, table, salt=salt).sql(dialect="redshift"))
    return (
        f"UNLOAD ({inner}) TO {_quoted(destination)} IAM_ROLE default "
        f"FORMAT AS CSV HEADER GZIP PARALLEL OFF EXTENSION {_quoted(CSV_EXTENSION)}"
    )


def parquet_unload(product: ExtractProduct, request: ExtractRequest, table: str, *, destination: str, salt: str) -> str:
    """Return Athena's UNLOAD of the rows to Parquet files below the empty s3:// prefix `destination`."""
    return (
        f"UNLOAD ({parquet_rows(product, request, table, salt=salt).sql(dialect='athena')}) TO {_quoted(destination)} "
        "WITH (format = 'PARQUET', compression = 'SNAPPY')"
    )


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


def _masked(column: ProductColumn, mask: Mask, *, salt: str, engine: Engine) -> exp.Expr:
    return exp.alias_(masked(column, mask, salt=salt, engine=engine), column.name)


def _csv_cell(column: ProductColumn) -> exp.Expr:
    """Return a column as a CSV cell: text that a spreadsheet would run is made text again."""
    cell = exp.column(column.name)
    if column.type == "timestamp":
        text = exp.func("TO_CHAR", cell, exp.Literal.string(_TIMESTAMP_FORMAT), dialect="redshift")
        return exp.alias_(text, column.name)
    if column.type != "string":
        return cell
    first = exp.func("ASCII", cell)
    starts = [exp.Literal.number(ord(character)) for character in FORMULA_STARTS]
    # ASCII('') is 0 too, so NUL alone cannot tell an empty cell from one that starts with it.
    is_formula = exp.and_(exp.func("LENGTH", exp.column(column.name)) > 0, exp.In(this=first, expressions=starts))
    escape = exp.func("CHR", exp.Literal.number(ord(FORMULA_ESCAPE)))  # a literal would need backslashes in Redshift
    escaped = exp.DPipe(this=escape, expression=exp.column(column.name), safe=True)
    return exp.alias_(exp.Case().when(is_formula, escaped).else_(exp.column(column.name)), column.name)


def _parquet_cell(column: ProductColumn) -> exp.Expr:
    """Return a column as Athena's UNLOAD can write it: Parquet timestamps have milliseconds there."""
    if column.type != "timestamp":
        return exp.column(column.name)
    return exp.alias_(exp.cast(exp.column(column.name), "TIMESTAMP(3)", dialect="athena"), column.name)
