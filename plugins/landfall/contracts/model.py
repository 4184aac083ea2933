"""A stream's contract as the pipeline sees it: only what is enforced, all of it frozen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FieldType(StrEnum):
    """The logical types a stream's field may have, as the standard calls them."""

    STRING = "string"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"

    @property
    def athena_type(self) -> str:
        """The column type in Athena's queries; integers are 64 bit, timestamps have microseconds."""
        return _ATHENA_TYPES[self]


_ATHENA_TYPES = {
    FieldType.STRING: "varchar",
    FieldType.INTEGER: "bigint",
    FieldType.BOOLEAN: "boolean",
    FieldType.TIMESTAMP: "timestamp(6)",
}


@dataclass(frozen=True, kw_only=True)
class Field:
    """One promised field of an event and the column of the same name.

    `pattern` has the anchors `^` and `$`; `allowed` is empty if every value may be sent; the minimum and maximum are
    those of an integer, the lengths (characters) those of a string.
    """

    name: str
    type: FieldType
    required: bool
    description: str
    classification: str
    pattern: str | None = None
    allowed: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    min_length: int | None = None
    max_length: int | None = None

    @property
    def is_pii(self) -> bool:
        """Whether the field is personal data."""
        return self.classification == "pii"


class LimitAction(StrEnum):
    """What a load does with a batch that passes the contract's limit."""

    ALERT = "alert"
    STOP = "stop"


@dataclass(frozen=True, kw_only=True)
class QuarantineLimit:
    """How many records of a batch may break the contract: a `share` of them (0 to 1), a number, or both.

    With both given both must be passed, so that one bad record of ten is no alarm.
    """

    share: float | None
    records: int | None
    action: LimitAction

    def is_passed(self, *, bad: int, good: int) -> bool:
        """Whether a batch of so many records passes the limit; to reach it is not to pass it."""
        by_share = self.share is None or bad > self.share * (bad + good)
        by_records = self.records is None or bad > self.records
        return bad > 0 and by_share and by_records


@dataclass(frozen=True, kw_only=True)
class StreamContract:
    """The promise of one stream: its fields in order, its key, the column its tables are partitioned by.

    Two events of one key have times at most `duplicate_days` days apart; a load looks no further for the earlier one.
    With a `kafka_topic` the stream's objects are those of Kafka Connect's S3 sink, otherwise Firehose's.
    """

    stream: str
    version: str
    description: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    time_field: str
    freshness_minutes: int
    duplicate_days: int = 0
    quarantine_limit: QuarantineLimit | None = None
    kafka_topic: str | None = None

    @property
    def raw_table(self) -> str:
        """`raw.<stream>`, the Iceberg table of good rows."""
        return f"raw.{self.stream}"

    @property
    def quarantine_table(self) -> str:
        """`quarantine.<stream>`, the Iceberg table of records that broke the contract."""
        return f"quarantine.{self.stream}"
