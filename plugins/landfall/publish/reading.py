"""How a reader gets one version of all datasets: resolve the record once, then use that version's own tables."""

from __future__ import annotations

from typing import Literal

from sqlglot import exp, parse_one
from sqlglot.errors import ParseError

from landfall.errors import RequestError
from landfall.publish.record import Publication

PUBLISHED = "published"


def pinned(sql: str, publication: Publication, *, dialect: Literal["athena", "redshift"]) -> str:
    """Return the statement `sql` with each `published.<dataset>` replaced by its table of `publication`.

    Its tables never change, so the statement reads that one version, whenever and however often it runs. A name keeps
    its alias, or gets its own name as one. Raises RequestError for what is no statement of `dialect`, or names a
    published table that is no dataset of the publication.
    """
    try:
        tree = parse_one(sql, read=dialect)
    except ParseError as error:
        raise RequestError(f"sql: {error}") from error
    tables = {name: dataset.table.partition(".")[2] for name, dataset in publication.datasets.items()}
    for table in list(tree.find_all(exp.Table)):
        if table.db == PUBLISHED and table.name not in tables.values():
            table.replace(_pinned_table(table, tables, publication))
    for column in tree.find_all(exp.Column):
        if column.args.get("db") is not None and column.db == PUBLISHED:
            column.set("db", None)
            column.set("catalog", None)
    return tree.sql(dialect=dialect)


def _pinned_table(table: exp.Table, tables: dict[str, str], publication: Publication) -> exp.Table:
    if table.name not in tables:
        raise RequestError(
            f"sql: {PUBLISHED}.{table.name} is no dataset of group {publication.group!r} in version "
            f"{publication.version}; there are {', '.join(sorted(tables))}"
        )
    found = table.copy()
    found.set("this", exp.to_identifier(tables[table.name], quoted=table.this.quoted))
    if not table.alias:
        found.set("alias", exp.TableAlias(this=table.this.copy()))
    return found
