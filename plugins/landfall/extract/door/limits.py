"""How many rows the files of an extract may hold."""

from __future__ import annotations

from landfall.contracts.extract_product import ExtractProduct, Format


def too_many(rows: int, product: ExtractProduct, file_format: Format) -> str | None:
    """Return why `rows` are more than a product allows in a format, and what to do; None if they are not."""
    most = product.most_rows(file_format)
    if rows <= most:
        return None
    narrow = " and ".join(entry.name for entry in product.filters) or "the request"
    if rows <= product.max_rows:
        return f"format: {rows} rows are more than the {most} that {product.product} allows in {file_format}; " + (
            f"use csv, or narrow {narrow}"
        )
    return (
        f"customer_id: {rows} rows are more than the {product.max_rows} that {product.product} allows; narrow {narrow}"
    )
