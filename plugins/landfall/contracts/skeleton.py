"""The first draft of a new stream's contract."""

from __future__ import annotations

from landfall.contracts.streams import STREAM_NAME
from landfall.errors import ContractError

_DRAFT = """\
apiVersion: v3.1.0
kind: DataContract
id: landfall-stream-{stream}
name: {title}
version: 1.0.0
status: active
domain: commerce
dataProduct: landfall
description:
  purpose: >-
    What an event of this stream says.
  limitations: >-
    At least once and in any order: events come twice, late and out of order.
  usage: >-
    What a reader must know before counting.
schema:
  - name: {stream}
    logicalType: object
    physicalType: stream
    description: One event a change.
    dataGranularityDescription: One event a change.
    properties:
      - name: event_id
        logicalType: string
        logicalTypeOptions:
          minLength: 1
          maxLength: 64
        required: true
        primaryKey: true
        primaryKeyPosition: 1
        classification: internal
        description: Tells this event from any other; an event that is sent again carries the same.
        examples:
          - evt_0123456789ab
      - name: customer_id
        logicalType: string
        logicalTypeOptions:
          pattern: ^cus_[0-9]{{6}}$
        required: true
        classification: internal
        description: The merchant (tenant) to whom the event belongs.
        examples:
          - cus_000042
      - name: occurred_at
        logicalType: timestamp
        logicalTypeOptions:
          format: yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'
        required: true
        partitioned: true
        partitionKeyPosition: 1
        classification: internal
        description: When it happened, UTC, ISO-8601 with up to six digits of a second.
        examples:
          - "2026-11-20T12:34:56.789Z"
customProperties:
  - property: quarantineLimit
    value: {{share: 0.05, records: 100, action: alert}}
    description: >-
      A batch of which more than this share and more than this number of records break the contract is told to people;
      with the action stop it would not be loaded.
slaProperties:
  - property: latency
    value: 90
    unit: minutes
    element: {stream}.occurred_at
    driver: operational
    description: Longest time from an event to its row in raw.{stream}, the hourly load and Firehose's buffer included.
  - property: retention
    value: 3
    unit: years
    element: {stream}.occurred_at
    driver: regulatory
    description: How long the landed objects are kept, from which every table can be rebuilt.
team:
  name: data-engineering
  description: Answers for this contract and for what happens to its events.
"""


def skeleton(stream: str) -> str:
    """Return the text of a contract that is valid as it stands, with a key, the customer and the time.

    Raises ContractError for a name no stream can have.
    """
    if not STREAM_NAME.fullmatch(stream):
        raise ContractError(f"stream {stream!r}: use 2 to 30 lower-case letters, digits and _, a letter first")
    return _DRAFT.format(stream=stream, title=stream.replace("_", " ").capitalize())
