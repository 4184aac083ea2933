"""The stream of one history on the running local cloud: what lands in it, how it is announced, what came of it."""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from landfall.aws import sqs
from landfall.aws.athena import Athena
from landfall.aws.clients import client
from landfall.errors import EngineError
from landfall.ingest.tables import quarantine_shape, raw_shape
from sqlglot import exp

from tests.chaos.reader import Reader
from tests.chaos.real.points import point_of_text
from tests.chaos.real.trace import Statement
from tests.integration.ingest.probe import Probe

logger = logging.getLogger(__name__)

_ANNOUNCED_SECONDS = 2.0
"""How long announcements are waited for that are to be tampered with; those that come later are just late."""
_READ_TRIES = 4
_RUNNING = ("QUEUED", "RUNNING")


class Stage:
    """A stream that no other history knows."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.probe = Probe()
        self.contract = self.probe.contract
        self.bucket = self.probe.settings.landing_bucket
        self.objects: dict[str, bytes] = {}
        self._held_back: list[str] = []
        self._queue = sqs.queue_url(self.probe.settings.landed_queue(self.contract.stream))

    def land(self, name: str, body: bytes) -> str:
        """Write an object into landing, which S3 announces, and return its key."""
        key = self.probe.land_bytes(name.removesuffix(".gz"), body)
        self.objects[key] = body
        return key

    def tamper(self, chance: random.Random) -> None:
        """Lose, double and hold back announcements, and put one among them that means nothing."""
        fates = {key: chance.choice(("once", "once", "lost", "twice", "late")) for key in sorted(self.objects)}
        self._announce("this is no event")
        ends_at = time.monotonic() + _ANNOUNCED_SECONDS
        seen: set[str] = set()
        while len(seen) < len(fates) and time.monotonic() < ends_at:
            for message in self._received():
                key = _key_of(message["Body"])
                fate = fates.get(key, "once")
                seen.add(key)
                if fate in ("lost", "late"):
                    client("sqs").delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
                    self._held_back += [message["Body"]] if fate == "late" else []
                    continue
                client("sqs").change_message_visibility(
                    QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
                )
                if fate == "twice":
                    fates[key] = "once"
                    self._announce(message["Body"])

    def announce_late(self) -> None:
        """Send what was held back."""
        while self._held_back:
            self._announce(self._held_back.pop())

    def wait_for_statements(self, query_ids: Iterable[str]) -> None:
        """Wait until the statements have ended, of which those of dead workers may still commit."""
        for query_id in query_ids:
            while self._state(query_id) in _RUNNING:
                time.sleep(0.05)

    def ledger(self) -> dict[str, dict[str, Any]]:
        """Return the ledger's items by the key of their object."""
        return self.probe.items()

    def rows(self, database: str) -> list[dict[str, Any]]:
        """Return the rows of the stream's table in `raw` or `quarantine`, as the verdict reads them."""
        if database == "raw":
            columns = list(raw_shape(self.contract).columns)
            kinds = {field["name"]: field["logicalType"] for field in self._reader.fields} | {"_extra": "map"}
        else:
            columns, kinds = list(quarantine_shape(self.contract).columns), {}
        kinds |= {f"{mark}{name}_number": "integer" for mark in ("", "_") for name in ("line", "record")}
        selected = [_column(name, kinds.get(name)) for name in columns]
        query = exp.select(*selected).from_(exp.table_(self.contract.stream, db=database, quoted=True))
        return [
            {name: _value(cell, kinds.get(name)) for name, cell in zip(columns, row, strict=True)}
            for row in self._fetched(query)
        ]

    def _fetched(self, query: exp.Select) -> Sequence[tuple[str | None, ...]]:
        """Return a query's rows; the machine may be so busy that Athena's own requests time out."""
        for _ in range(_READ_TRIES - 1):
            try:
                return Athena(settings=self.probe.settings).run(query, fetch=True).rows
            except EngineError as error:
                logger.warning("reading again: %s", error)
        return Athena(settings=self.probe.settings).run(query, fetch=True).rows

    def unseen_batches(self, raw: list[dict[str, Any]], *, now: float) -> set[str]:
        """Return the batches in raw that no audit will see."""
        audits = self.probe.audits("auditor", clock=lambda: now)
        return {row["_batch_id"] for row in raw} - {audit.batch_id for audit in audits.due()}

    def scratch_left(self, statements: Sequence[Statement] = ()) -> list[str]:
        """Return what is left of scratch tables, without those of `statements` that maintenance alone can know of."""
        left = self.probe.scratch_left()
        texts = {statement: self._text(statement.query_id) for statement in statements} if left else {}
        return [found for found in left if not _is_orphan(_folder(found), texts)]

    def leave(self) -> None:
        """Take the stream down: hundreds of them make the local cloud slow."""
        self.probe.take_down()

    def _announce(self, body: str) -> None:
        client("sqs").send_message(QueueUrl=self._queue, MessageBody=body)

    def _received(self) -> Iterator[dict[str, Any]]:
        answer = client("sqs").receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        yield from answer.get("Messages", ())

    def _state(self, query_id: str) -> str:
        return str(self._execution(query_id)["Status"]["State"])

    def _text(self, query_id: str) -> str:
        return str(self._execution(query_id)["Query"])

    def _execution(self, query_id: str) -> Mapping[str, Any]:
        return dict(client("athena").get_query_execution(QueryExecutionId=query_id)["QueryExecution"])


def _key_of(body: str) -> str:
    try:
        return str(json.loads(body)["detail"]["object"]["key"])
    except (ValueError, KeyError, TypeError):
        return ""


def _is_orphan(table: str, texts: Mapping[Statement, str]) -> bool:
    """Whether a scratch table was made after its run had died, or after the run that took over had cleared it away."""
    of_table = {statement: point_of_text(text) for statement, text in texts.items() if table in text}
    made = [statement for statement, point in of_table.items() if point == "athena scratch"]
    cleared = [statement for statement, point in of_table.items() if point == "athena drop"]
    return any(making.was_overtaken(clearing) for making in made for clearing in (None, *cleared))


def _folder(left: str) -> str:
    """Return the name of the scratch table that a table or a file below it belongs to."""
    return left.removeprefix("scratch/").split("/")[0]


def _column(name: str, kind: str | None) -> exp.Expr:
    column = exp.column(name, quoted=True)
    if kind != "map":
        return column
    return exp.alias_(exp.func("json_format", exp.cast(column, "json"), dialect="athena"), name, quoted=True)


def _value(cell: str | None, kind: str | None) -> Any:
    if cell is None:
        return None
    if kind == "integer":
        return int(cell)
    if kind == "timestamp":
        return datetime.fromisoformat(cell)
    if kind == "map":
        # What the values say counts, not how they are spaced.
        return {name: json.dumps(json.loads(text)) for name, text in json.loads(cell).items()}
    return cell == "true" if kind == "boolean" else cell
