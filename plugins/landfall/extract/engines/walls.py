"""The second wall between customers: views that show one customer's rows, whatever the statement over them asks for.

On Redshift a view a published version, whose row-level security shows the rows of the customer that the session is
bound to. On Athena, which has no such thing, a view an attempt with the customer in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Final

from sqlglot import exp

from landfall.contracts.extract_product import ExtractProduct
from landfall.errors import IsolationError

WAREHOUSE_SCHEMA: Final = "extract_walls"
"""Schema of Redshift that holds the views and nothing else."""

CUSTOMER_SETTING: Final = "landfall.customer_id"
"""Session context variable of Redshift that policies compare the customer with; unset, the views cannot be read."""

_LAKE_DATABASE: Final = "scratch"


def warehouse_view(table: str) -> str:
    """Return the view on Redshift through which extracts read `table` ("published.<version's table>")."""
    return f"{WAREHOUSE_SCHEMA}.{table.partition('.')[2]}"


def binding(customer_id: str) -> exp.Select:
    """Return the statement that binds a session of Redshift to a customer, as long as it lives."""
    words = (exp.Literal.string(CUSTOMER_SETTING), exp.Literal.string(customer_id), exp.false())
    return exp.select(exp.Anonymous(this="SET_CONFIG", expressions=list(words)))


def lake_views(prefix: str) -> tuple[str, str]:
    """Return database and beginning of the names of the views in Glue through which the attempt at `prefix` reads.

    What a killed attempt leaves there is cleared away with other scratch tables.
    """
    return _LAKE_DATABASE, f"extract_view_{hashlib.sha256(prefix.encode()).hexdigest()[:24]}_"


def create_lake_view(view: str, *, product: ExtractProduct, customer_id: str, table: str) -> exp.Create:
    """Return the statement that makes `view`: the product's columns of `table`, and one customer's rows."""
    is_customers = exp.column(product.customer_column).eq(exp.Literal.string(customer_id))
    rows = exp.select(*(exp.column(each.name) for each in product.columns)).from_(exp.to_table(table))
    return exp.Create(this=exp.to_table(view), kind="VIEW", replace=True, expression=rows.where(is_customers))


def require_views(query: exp.Expression, views: Collection[str]) -> None:
    """Raise IsolationError if `query` reads anything but all of `views`: no statement may go round its wall."""
    read = {table.sql() for table in query.find_all(exp.Table)}
    if read != {exp.to_table(view).sql() for view in views}:
        raise IsolationError(
            f"the statement of an extract reads {', '.join(sorted(read))}, and may read {', '.join(views)} alone"
        )
