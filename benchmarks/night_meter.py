"""What a night asks of both engines, statement by statement, by stage of the night."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from landfall.aws.clients import client
from landfall.settings import Settings

_NODE = re.compile(r'"node_id": "([^"]+)"')
_MINUTE_IS_WRITTEN = 75.0
"""Seconds after which SYS_SERVERLESS_USAGE shows a minute."""
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True)
class Statement:
    """A statement of the night: its stage, the engine, what it is of, its bytes (Athena alone) and milliseconds."""

    stage: str
    engine: str
    subject: str
    scanned_bytes: int
    milliseconds: int
    text: str


@dataclass
class NightMeter:
    """Counts what ran in the stages of one night; nothing else may run on the stack meanwhile."""

    settings: Settings
    stages: list[tuple[str, datetime, datetime]] = field(default_factory=list)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what runs within as the stage `name`."""
        began_at = datetime.now(UTC)
        yield
        self.stages.append((name, began_at, datetime.now(UTC)))

    def wait_for_a_minute(self) -> None:
        """Wait until a minute begins: Redshift's usage is told by minutes, and what ran before is not the night's."""
        time.sleep(60 - time.time() % 60)

    def statements(self) -> list[Statement]:
        """Return every statement of the stages so far."""
        return [*self._athena(), *self._redshift()]

    def rpu_seconds(self) -> tuple[float, float]:
        """Return the RPU-seconds charged for the minutes of the night, 60 at least, and those that were used.

        Waits until Redshift has written the last of these minutes down.
        """
        from tests.redshift import redshift_cursor

        began_at, ended_at = self.stages[0][1].replace(second=0, microsecond=0), self.stages[-1][2]
        time.sleep(max(0.0, _MINUTE_IS_WRITTEN - (datetime.now(UTC) - ended_at).total_seconds()))
        with redshift_cursor() as cursor:
            cursor.execute(
                "select sum(charged_seconds), sum(compute_seconds) from sys_serverless_usage"
                " where start_time >= %s and start_time < %s",
                (began_at.replace(tzinfo=None), ended_at.replace(tzinfo=None)),
            )
            ((charged, used),) = cursor.fetchall()
        return float(charged), float(used)

    def _athena(self) -> Iterator[Statement]:
        athena, workgroup = client("athena"), self.settings.athena_workgroup
        for page in athena.get_paginator("list_query_executions").paginate(WorkGroup=workgroup):
            found = athena.batch_get_query_execution(QueryExecutionIds=page["QueryExecutionIds"])["QueryExecutions"]
            for each in found:
                stage = self._stage_at(each["Status"]["SubmissionDateTime"])
                if stage is None:
                    continue
                numbers, text = each.get("Statistics", {}), each["Query"]
                yield Statement(
                    stage=stage,
                    engine="athena",
                    subject=_subject(text),
                    scanned_bytes=int(numbers.get("DataScannedInBytes", 0)),
                    milliseconds=int(numbers.get("EngineExecutionTimeInMillis", 0)),
                    text=_COMMENT.sub("", text).strip(),
                )
            if found and all(each["Status"]["SubmissionDateTime"] < self.stages[0][1] for each in found):
                return

    def _redshift(self) -> Iterator[Statement]:
        from tests.redshift import redshift_cursor

        with redshift_cursor() as cursor:
            cursor.execute("select start_time, elapsed_time, query_text from sys_query_history")
            rows: Sequence[tuple[datetime, int, str]] = list(cursor.fetchall())
        for started_at, elapsed, text in rows:
            stage = self._stage_at(started_at.replace(tzinfo=UTC))
            if stage is not None:
                plain = _COMMENT.sub("", text).strip()
                yield Statement(stage, "redshift", _subject(text), 0, elapsed // 1000, plain)

    def _stage_at(self, moment: datetime) -> str | None:
        return next((name for name, began_at, ended_at in self.stages if began_at <= moment < ended_at), None)


def _subject(text: str) -> str:
    node = _NODE.search(text)
    if node:
        return node[1]
    tables = re.findall(r'(?:from|into|update|table)\s+"?(\w+)"?\."?(\w+)"?', text, re.IGNORECASE)
    return ".".join(tables[0]) if tables else text.split(maxsplit=1)[0].lower()


def by_stage(statements: Sequence[Statement]) -> Counter[str]:
    """Return stage -> bytes that Athena scanned in it."""
    found: Counter[str] = Counter()
    for each in statements:
        found[each.stage] += each.scanned_bytes
    return found
