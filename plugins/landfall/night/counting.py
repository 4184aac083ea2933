"""What a night cost, and how many rows its datasets have: asked of the engines themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from sqlglot import exp

from landfall.aws.athena import Athena
from landfall.aws.redshift_data import RedshiftData
from landfall.prices import Prices
from landfall.publish.groups import WAREHOUSE
from landfall.publish.publication import Publication
from landfall.settings import Settings

_STATEMENT: Final = "landfall-night"


def cost(settings: Settings, *, began_at: datetime, ended_at: datetime) -> dict[str, Any]:
    """Return what both engines charge for that time (UTC): bytes, RPU-seconds and US dollars, with the prices taken.

    Whatever ran in the workgroups counts, extracts and people's queries too. Redshift accounts by the minute, and
    writes a minute down a little after it has passed.
    """
    prices = Prices.from_environment()
    scans = list(Athena(settings=settings).scans(began_at=began_at, ended_at=ended_at))
    rpu_seconds = _rpu_seconds(settings, began_at=began_at, ended_at=ended_at)
    athena, redshift = prices.athena_usd(scans), prices.redshift_usd(rpu_seconds)
    return {
        "athena": {"statements": len(scans), "scanned_bytes": sum(scans), "usd": round(athena, 6)},
        "redshift": {"rpu_seconds": rpu_seconds, "usd": round(redshift, 6)},
        "usd": round(athena + redshift, 6),
        "prices": asdict(prices),
    }


def usage_query(*, began_at: datetime, ended_at: datetime) -> exp.Select:
    """Return the query for the RPU-seconds that were charged in the minutes of that time (UTC).

    https://docs.aws.amazon.com/redshift/latest/dg/SYS_SERVERLESS_USAGE.html
    """
    start = exp.column("start_time")
    minute = began_at.replace(second=0, microsecond=0)
    return (
        exp.select(exp.func("coalesce", exp.func("sum", exp.column("charged_seconds")), exp.Literal.number(0)))
        .from_("sys_serverless_usage")
        .where(start >= exp.Literal.string(_text(minute)), start < exp.Literal.string(_text(ended_at)))
    )


def rows_query(tables: Mapping[str, str]) -> exp.Expression:
    """Return one query for the rows of each of `tables` (dataset -> `database.name`), as (dataset, rows)."""
    counts: list[exp.Select] = [
        exp.select(exp.Literal.string(dataset), exp.func("count", exp.Star())).from_(exp.to_table(table))
        for dataset, table in sorted(tables.items())
    ]
    query: exp.Select | exp.Union = counts[0]
    for count in counts[1:]:
        query = exp.union(query, count, distinct=False)
    return query


def dataset_rows(settings: Settings, publication: Publication) -> dict[str, int]:
    """Return the rows of each dataset of a publication: one statement, which reads no column."""
    query = rows_query({name: dataset.table for name, dataset in publication.datasets.items()})
    if publication.group == WAREHOUSE:
        found = RedshiftData(settings=settings).rows(query.sql(dialect="redshift"), name=_STATEMENT)
    else:
        found = list(Athena(settings=settings).run(query, fetch=True).rows)
    return {str(name): int(rows or 0) for name, rows in found}


def _rpu_seconds(settings: Settings, *, began_at: datetime, ended_at: datetime) -> int:
    query = usage_query(began_at=began_at, ended_at=ended_at).sql(dialect="redshift")
    ((seconds,),) = RedshiftData(settings=settings).rows(query, name=_STATEMENT)
    return int(seconds or 0)


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")
