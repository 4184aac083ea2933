"""Hold what the pipeline shows against the account."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3

from localcloud.demo.account import OrderLine, StreamAccount
from localcloud.demo.engines import AthenaQueries, RedshiftQueries
from localcloud.demo.model import STREAMS


@dataclass(frozen=True, slots=True)
class LedgerTotals:
    """What the ledger says of a stream's loaded objects; records = loaded + duplicates + quarantined in each."""

    records: int = 0
    loaded: int = 0
    duplicates: int = 0
    quarantined: int = 0


@dataclass(frozen=True, slots=True)
class StreamResult:
    """One stream as sent and as the pipeline shows it; all counts are records.

    `landed` was counted in the bucket, `loaded` and `quarantined` on Athena.
    """

    account: StreamAccount
    landed: int
    ledger: LedgerTotals
    loaded: int
    quarantined: Mapping[str, int]

    def differences(self) -> list[str]:
        """Return what is not as it was sent, empty when all is."""
        sent = self.account
        expected = LedgerTotals(sent.sent, sent.good, sent.duplicates, sum(sent.quarantined.values()))
        triples = (
            ("landed", self.landed, sent.sent),
            ("rows in raw", self.loaded, sent.good),
            ("rows in quarantine", dict(self.quarantined), dict(sent.quarantined)),
            ("ledger", self.ledger, expected),
        )
        return [f"{name}: {found} instead of {wanted}" for name, found, wanted in triples if found != wanted]


@dataclass(frozen=True, slots=True)
class Number:
    """One number as several places give it; all must agree."""

    name: str
    values: Mapping[str, int]

    @property
    def is_equal(self) -> bool:
        """Whether every place gives the same."""
        return len(set(self.values.values())) == 1


@dataclass(frozen=True, slots=True)
class Publication:
    """The current version of a group of datasets, as the publication table says."""

    group: str
    version: int
    gate: str
    datasets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Extract:
    """A customer's extract as downloaded and verified, against what was sent for this customer."""

    run_id: str
    customer_id: str
    format: str
    rows: int
    expected_rows: int
    file_bytes: int
    differences: tuple[str, ...]


@dataclass(slots=True)
class Outcome:
    """All that the demo has found out; `problems` is empty when all of it is right."""

    streams: dict[str, StreamResult] = field(default_factory=dict)
    models: dict[str, dict[str, int]] = field(default_factory=dict)
    publications: list[Publication] = field(default_factory=list)
    numbers: list[Number] = field(default_factory=list)
    extracts: list[Extract] = field(default_factory=list)
    stages: list[tuple[str, float]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def check_streams(
    account: Mapping[str, StreamAccount], landed: Mapping[str, int], athena: AthenaQueries, ledger_table: str
) -> dict[str, StreamResult]:
    """Count every stream's records in the landing bucket, the raw and quarantine tables and the ledger."""
    ledger = ledger_totals(ledger_table)
    return {
        stream: StreamResult(
            account=account[stream],
            landed=landed[stream],
            ledger=ledger.get(stream, LedgerTotals()),
            loaded=athena.number(f"select count(*) from raw.{stream}"),  # noqa: S608 - a name of our own
            quarantined={
                reason: int(count)
                for reason, count in athena.rows(
                    f"select reason, count(*) from quarantine.{stream} group by reason order by reason"  # noqa: S608
                )
            },
        )
        for stream in STREAMS
    }


def models(found: list[Publication], athena: AthenaQueries, redshift: RedshiftQueries) -> dict[str, dict[str, int]]:
    """Return the rows of every published model by engine: the lake's through Athena, the warehouse's in Redshift."""
    rows: dict[str, dict[str, int]] = {}
    for publication in found:
        number, engine, schema = {
            "lake": (athena.number, "Athena", "published"),
            "warehouse": (redshift.number, "Redshift", "published_warehouse"),
        }[publication.group]
        rows[engine] = {name: number(f"select count(*) from {schema}.{name}") for name in publication.datasets}  # noqa: S608
    return rows


def missing_publications(found: list[Publication]) -> list[str]:
    """Return a sentence for each group that has never been published."""
    groups = {publication.group for publication in found}
    return [f"nothing is published of group {group}" for group in ("lake", "warehouse") if group not in groups]


def check_numbers(lines: list[OrderLine], athena: AthenaQueries, redshift: RedshiftQueries) -> list[Number]:
    """Compute a few numbers on both engines from the published orders, and from what was sent."""
    queries = {
        "order lines": "select count(*) from published.fct_orders",
        "quantity x price, summed": "select sum(quantity * unit_price_cents) from published.fct_orders",
        "order lines refunded": "select count(*) from published.fct_orders where status = 'refunded'",
    }
    sent = {
        "order lines": len(lines),
        "quantity x price, summed": sum(line.line_total_cents for line in lines),
        "order lines refunded": sum(line.status == "refunded" for line in lines),
    }
    return [
        Number(name, {"sent": sent[name], "Athena": athena.number(sql), "Redshift": redshift.number(sql)})
        for name, sql in queries.items()
    ]


def publications(table: str, groups: tuple[str, ...]) -> list[Publication]:
    """Return the current publication of each group that has one."""
    current = [item for item in _scan(table) if item["version"] == "current" and item["group"] in groups]
    return [
        Publication(item["group"], int(item["number"]), item["gate"], tuple(sorted(item["datasets"])))
        for item in sorted(current, key=lambda item: groups.index(item["group"]))
    ]


def ledger_totals(table: str) -> dict[str, LedgerTotals]:
    """Add up what the ledger notes for each object that is loaded, by stream."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for item in _scan(table):
        if item.get("state") == "loaded":
            found[str(item["stream"])].append(item)
    return {
        stream: LedgerTotals(
            records=sum(int(item["records"]) for item in items),
            loaded=sum(int(item["loaded"]) for item in items),
            duplicates=sum(int(item["duplicates"]) for item in items),
            quarantined=sum(int(count) for item in items for count in item["quarantined"].values()),
        )
        for stream, items in found.items()
    }


def _scan(table: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    request: dict[str, Any] = {"ConsistentRead": True}
    while True:
        page = boto3.resource("dynamodb").Table(table).scan(**request)
        items += page["Items"]
        if "LastEvaluatedKey" not in page:
            return items
        request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
