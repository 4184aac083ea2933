"""A stream of its own for one test, deployed as any other, and eyes on all that a load changes."""

from __future__ import annotations

import gzip
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import sqlglot
from landfall.aws import glue, s3
from landfall.aws.athena import Athena, AthenaResult
from landfall.aws.clients import client
from landfall.aws.cloudformation import bring_up
from landfall.aws.dynamodb import ItemTable
from landfall.aws.iceberg import IcebergCatalog
from landfall.contracts import load_stream_contract
from landfall.ingest.audits import OwedAudits
from landfall.ingest.discover import Discovery, discover
from landfall.ingest.ledger import Ledger
from landfall.ingest.load import Loader
from landfall.ingest.report import LoadReport
from landfall.ingest.statements import Engine, Statements
from landfall.ingest.tables import quarantine_shape, raw_shape
from landfall.ingest.tasks import ensure_table
from landfall.settings import REPOSITORY, Settings
from sqlglot import exp

ORDERS = load_stream_contract(REPOSITORY / "contracts" / "streams" / "orders.yaml")
DAY = "2026-11-20"


def order(number: int, **changes: Any) -> dict[str, Any]:
    """Return a good event with the key `number`; a change to `...` removes the field."""
    event: dict[str, Any] = {
        "order_id": f"ord_{number:012x}",
        "line_number": 1,
        "version": 1,
        "customer_id": "cus_000042",
        "shopper_id": "shp_00000007",
        "status": "placed",
        "sku": "sku-1",
        "quantity": 2,
        "unit_price_cents": 1999,
        "currency": "EUR",
        "note": None,
        "occurred_at": f"{DAY}T12:34:56.789Z",
    } | changes
    return {name: value for name, value in event.items() if value is not ...}


def line(*events: dict[str, Any]) -> str:
    """Return events as JSON, glued together if there are several."""
    return "".join(json.dumps(event, ensure_ascii=False) for event in events)


class Probe:
    """One stream of the local cloud, under the contract of orders; a Kafka topic's if it is asked for."""

    def __init__(self, *, of_kafka: bool = False) -> None:
        self.settings = Settings.from_environment()
        name = f"probe_{uuid.uuid4().hex[:12]}"
        self.contract = replace(ORDERS, stream=name, kafka_topic=f"shop.{name}-v1" if of_kafka else None)
        self.stream = self.contract.stream
        self._stack = f"landfall-{self.settings.environment}-stream-{self.stream.replace('_', '-')}"
        bring_up(
            stack=self._stack,
            template=(REPOSITORY / "infra" / "stream.yaml").read_text(),
            parameters={
                "Environment": self.settings.environment,
                "Stream": self.stream,
                "KafkaTopic": self.contract.kafka_topic or "",
            },
            say=lambda text: None,
        )

    def take_down(self) -> None:
        """Leave nothing that costs the local cloud time: neither stream nor queue, and no table."""
        client("cloudformation").delete_stack(StackName=self._stack)
        for shape in (raw_shape(self.contract), quarantine_shape(self.contract)):
            glue.delete_table(database=shape.database, table=shape.name)

    def key(self, name: str, *, dt: str = DAY, hr: str = "13") -> str:
        """Return the key of a landed object."""
        return f"{self.stream}/dt={dt}/hr={hr}/{name}.gz"

    def uri(self, name: str, **where: str) -> str:
        """Return the address of a landed object."""
        return f"s3://{self.settings.landing_bucket}/{self.key(name, **where)}"

    def land(self, name: str, *lines: str, end: str = "\n", **where: str) -> str:
        """Write an object of text lines as Firehose does, and return its key."""
        return self.land_bytes(name, gzip.compress("".join(text + end for text in lines).encode()), **where)

    def land_bytes(self, name: str, body: bytes, **where: str) -> str:
        """Write an object as it is, and return its key."""
        key = self.key(name, **where)
        s3.write_object(bucket=self.settings.landing_bucket, key=key, body=body)
        return key

    def sink(self, *lines: str, partition: int, offset: int) -> str:
        """Write an object of text lines as Kafka Connect's S3 sink does, and return its key."""
        topic = self.contract.kafka_topic
        key = f"topics/{topic}/partition={partition}/{topic}+{partition}+{offset:010}.json.gz"
        body = gzip.compress("".join(text + "\n" for text in lines).encode())
        s3.write_object(bucket=self.settings.landing_bucket, key=key, body=body)
        return key

    def ledger(self, run: str, clock: Callable[[], float] = time.time) -> Ledger:
        """Return the ledger as `run` sees it."""
        return Ledger(items=ItemTable(name=self.settings.ledger_table), stream=self.stream, owner=run, clock=clock)

    def discover(self, run: str = "run-1") -> Discovery:
        """Enter what landed into the ledger."""
        return discover(
            ledger=self.ledger(run),
            stream=self.stream,
            bucket=self.settings.landing_bucket,
            queue=self.settings.landed_queue(self.stream),
            today=datetime.now(UTC).date(),
            topic=self.contract.kafka_topic,
        )

    def loader(self, run: str, *, engine: Engine | None = None, clock: Callable[[], float] = time.time) -> Loader:
        """Return a loader whose tables exist."""
        statements = Statements(engine=engine or Athena(settings=self.settings))
        for shape in (raw_shape(self.contract), quarantine_shape(self.contract)):
            ensure_table(shape, statements=statements, lake_bucket=self.settings.lake_bucket)
        return Loader(
            contract=self.contract,
            ledger=self.ledger(run, clock),
            audits=self.audits(run),
            statements=statements,
            landing_bucket=self.settings.landing_bucket,
            lake_bucket=self.settings.lake_bucket,
            raw_snapshot=lambda: IcebergCatalog().read(self.contract.raw_table).snapshot_id,
        )

    def audits(self, run: str, clock: Callable[[], float] = time.time) -> OwedAudits:
        """Return the audits owed to the stream, as a run sees them."""
        items = ItemTable(name=self.settings.ledger_table)
        return OwedAudits(items=items, stream=self.stream, owner=run, clock=clock)

    def load(self, run: str = "run-1") -> LoadReport:
        """Discover and load all that landed."""
        self.discover(run)
        return self.loader(run).run()

    def raw(self, *columns: str) -> list[tuple[str | None, ...]]:
        """Return columns of all raw rows, in order of where they came from."""
        return self._rows("raw", columns, ("_source_object", "_line_number", "_record_number"))

    def raw_values(self, expression: str) -> list[tuple[str | None, ...]]:
        """Return an Athena expression over all raw rows, in the same order."""
        tree = sqlglot.parse_one(expression, dialect="athena")
        return self._rows("raw", (tree,), ("_source_object", "_line_number", "_record_number"))

    def quarantine(self, *columns: str) -> list[tuple[str | None, ...]]:
        """Return columns of all quarantined records, in order of where they came from."""
        return self._rows("quarantine", columns, ("source_object", "line_number", "record_number"))

    def items(self) -> dict[str, dict[str, Any]]:
        """Return the ledger's items of landed objects by key."""
        found = ItemTable(name=self.settings.ledger_table).select(equals=("stream", self.stream))
        return {item["object_key"]: item for item in found if "state" in item}

    def counts(self, key: str) -> dict[str, Any]:
        """Return what the ledger says became of an object."""
        item = self.items()[key]
        counts = {name: int(item[name]) for name in ("records", "loaded", "duplicates")}
        quarantined = {reason: int(count) for reason, count in item["quarantined"].items()}
        return {"state": item["state"], **counts, "quarantined": quarantined}

    def scratch_left(self) -> list[str]:
        """Return what is left of scratch tables: names in the catalog and keys of files."""
        pages = client("glue").get_paginator("get_tables").paginate(DatabaseName="scratch")
        tables = [
            table["Name"] for page in pages for table in page["TableList"] if table["Name"].startswith(self.stream)
        ]
        files = s3.list_objects(bucket=self.settings.lake_bucket, prefix=f"scratch/{self.stream}")
        return tables + [found.key for found in files]

    def _rows(
        self, database: str, columns: tuple[str | exp.Expression, ...], order: tuple[str, ...]
    ) -> list[tuple[str | None, ...]]:
        table = exp.table_(self.stream, db=database, quoted=True)
        query = exp.select(*_columns(columns)).from_(table).order_by(*_columns(order))
        return list(Athena(settings=self.settings).run(query, fetch=True).rows)


def _columns(names: tuple[str | exp.Expression, ...]) -> list[exp.Expression]:
    return [exp.column(name, quoted=True) if isinstance(name, str) else name for name in names]


class Killed(BaseException):
    """Stands for a process that ends there and then."""


class DyingEngine:
    """Athena, until a step of the load: it dies before the n-th statement begins or after it has ended."""

    def __init__(self, settings: Settings, *, at: int, before: bool) -> None:
        self._engine = Athena(settings=settings)
        self._at = at
        self._before = before
        self.statements = 0

    def run(self, statement: exp.Expression | str, *, fetch: bool = False) -> AthenaResult:
        """Run the statement, or die."""
        self.statements += 1
        if self.statements == self._at and self._before:
            raise Killed
        result = self._engine.run(statement, fetch=fetch)
        if self.statements == self._at:
            raise Killed
        return result
