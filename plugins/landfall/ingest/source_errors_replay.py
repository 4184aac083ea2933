"""Show what Firehose could not process, and put it into landing: each record once, whatever is repeated."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from landfall.aws import s3
from landfall.ingest.batch import LandedObject
from landfall.ingest.ledger import Ledger
from landfall.ingest.source_errors import (
    ErrorContent,
    ErrorObject,
    cause_of,
    error_objects,
    landing_body,
    landing_key,
    read_errors,
)

logger = logging.getLogger(__name__)

_LONGEST_MESSAGE = 200


@dataclass(kw_only=True)
class ErrorGroup:
    """The records of one error code and type: how many there are, how many of them are in landing, when they came."""

    cause: str
    message: str
    records: int = 0
    in_landing: int = 0
    first_at: datetime
    last_at: datetime

    def as_dict(self) -> dict[str, Any]:
        """Return the group as JSON values."""
        times = {"first_at": self.first_at.isoformat(), "last_at": self.last_at.isoformat()}
        return {
            "cause": self.cause,
            "message": self.message,
            "records": self.records,
            "in_landing": self.in_landing,
            **times,
        }


@dataclass(kw_only=True)
class ErrorReport:
    """What an error prefix holds of some days, and what this run put into landing."""

    stream: str
    objects: int = 0
    records: int = 0
    landed_records: int = 0
    landed_objects: list[str] = field(default_factory=list)
    not_understood: Counter[str] = field(default_factory=Counter)
    groups: dict[tuple[str, str], ErrorGroup] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON values, for XCom."""
        return {
            "stream": self.stream,
            "objects": self.objects,
            "records": self.records,
            "landed_records": self.landed_records,
            "landed_objects": self.landed_objects,
            "not_understood": dict(self.not_understood),
            "errors": [
                {"type": kind, "code": code, **group.as_dict()} for (kind, code), group in sorted(self.groups.items())
            ],
        }


class SourceErrors:
    """The error prefix of one stream, on the days `first` to `last`."""

    def __init__(self, *, ledger: Ledger, stream: str, bucket: str, first: date, last: date) -> None:
        self._ledger = ledger
        self._stream = stream
        self._bucket = bucket
        self._days = (first, last)

    def show(self) -> ErrorReport:
        """Return what is there; nothing is written."""
        return self._read(lambda error, content, code: None)

    def replay(self, codes: tuple[str, ...]) -> ErrorReport:
        """Land the records with these error codes, all if there are none, and return what is there then.

        An object is announced to the ledger here: a listing may no longer look at so old a day.
        """
        landed: dict[str, int] = {}

        def land(error: ErrorObject, content: ErrorContent, code: str) -> None:
            key = landing_key(error, code, stream=self._stream)
            if (codes and code not in codes) or key in self._ledger.known_keys(key):
                return
            body = landing_body(content, code)
            s3.write_object(bucket=self._bucket, key=key, body=body)
            self._ledger.announce([LandedObject(key=key, bytes=len(body), landed_at=datetime.now(UTC))])
            landed[key] = sum(record.code == code for record in content.records)
            logger.info("landed source errors stream=%s key=%s records=%d", self._stream, key, landed[key])

        report = self._read(land)
        report.landed_objects = sorted(landed)
        report.landed_records = sum(landed.values())
        return report

    def _read(self, act: Callable[[ErrorObject, ErrorContent, str], None]) -> ErrorReport:
        report = ErrorReport(stream=self._stream)
        for error, content in self._contents():
            report.objects += 1
            report.records += len(content.records)
            if content.not_understood:
                report.not_understood[error.key] = len(content.not_understood)
            for code in sorted({record.code for record in content.records}):
                act(error, content, code)
                key = landing_key(error, code, stream=self._stream)
                _add(report, error, content, code, is_landed=key in self._ledger.known_keys(key))
        return report

    def _contents(self) -> Iterator[tuple[ErrorObject, ErrorContent]]:
        first, last = self._days
        for error in error_objects(bucket=self._bucket, stream=self._stream, first=first, last=last):
            yield error, read_errors(s3.read_object(bucket=self._bucket, key=error.key))


def _add(report: ErrorReport, error: ErrorObject, content: ErrorContent, code: str, *, is_landed: bool) -> None:
    records = [record for record in content.records if record.code == code]
    times = [record.arrived_at for record in records]
    group = report.groups.setdefault(
        (error.type, code),
        ErrorGroup(
            cause=cause_of(code, error.type),
            message=records[0].message[:_LONGEST_MESSAGE],
            first_at=min(times),
            last_at=max(times),
        ),
    )
    group.records += len(records)
    group.in_landing += len(records) if is_landed else 0
    group.first_at = min(group.first_at, *times)
    group.last_at = max(group.last_at, *times)
