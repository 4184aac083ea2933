"""Stream contracts: one ODCS 3.1 file a stream, checked whole before anything is built from it.

The standard: https://bitol-io.github.io/open-data-contract-standard/v3.1.0/. What it lets one express and Landfall
does not enforce is refused, so that a contract never promises more than is checked.
"""

from __future__ import annotations

import re
from pathlib import Path

from landfall.contracts.fields import parse_field
from landfall.contracts.model import Field, FieldType, StreamContract
from landfall.contracts.properties import parse_properties
from landfall.contracts.reading import Place, read_document
from landfall.contracts.vocabulary import DOCUMENT_KEYS, OBJECT_KEYS, SLA_KEYS

STREAM_NAME = re.compile(r"[a-z][a-z0-9_]{1,29}")
"""A table's name, a prefix in S3 and part of the names of AWS resources."""

_VERSION = re.compile(r"\d+\.\d+\.\d+")
_MINUTES = {"minutes": 1, "hours": 60, "days": 1440}


def load_stream_contracts(directory: Path) -> tuple[StreamContract, ...]:
    """Return the contracts of all `*.yaml` files in `directory`, by stream name; no network, no environment.

    Raises ContractError for the first file that is not a contract this pipeline can keep, or if there is none.
    """
    paths = sorted(directory.glob("*.yaml"))
    if not paths:
        Place(directory, "*.yaml", None).refuse("there must be one contract a stream")
    return tuple(load_stream_contract(path) for path in paths)


def load_stream_contract(path: Path) -> StreamContract:
    """Return the contract in the file `path`, which is named as its stream. Raises ContractError."""
    document = read_document(path).mapping(known=DOCUMENT_KEYS)
    document["apiVersion"].one_of(["v3.1.0"])
    document["kind"].one_of(["DataContract"])
    document["id"].text()
    document["status"].one_of(["active", "deprecated"])
    version = document["version"].text()
    if not _VERSION.fullmatch(version):
        document["version"].refuse("write three numbers, such as 1.0.0")
    description = document["description"].mapping(
        known=["purpose", "limitations", "usage", "authoritativeDefinitions", "customProperties"]
    )
    objects = document["schema"].items()
    if len(objects) != 1:
        document["schema"].refuse("write one object: a stream has one kind of event")
    table = objects[0].mapping(known=OBJECT_KEYS)
    stream = _stream_name(table["name"], path)
    table["logicalType"].one_of(["object"])
    fields = _fields(table["properties"])
    custom = parse_properties(document["customProperties"])
    return StreamContract(
        stream=stream,
        version=version,
        description=description["purpose"].text(),
        fields=fields,
        key=_key(table["properties"], fields),
        time_field=_time_field(table["properties"], fields),
        freshness_minutes=_freshness_minutes(document["slaProperties"]),
        duplicate_days=custom.duplicate_days,
        quarantine_limit=custom.quarantine_limit,
        kafka_topic=custom.kafka_topic,
    )


def _stream_name(place: Place, path: Path) -> str:
    name = place.text()
    if not STREAM_NAME.fullmatch(name):
        place.refuse("write a lower-case name of letters, digits and _, 2 to 30 long")
    if path.stem != name:
        place.refuse(f"the file is named {path.name}; both must be the stream's name")
    return name


def _fields(properties: Place) -> tuple[Field, ...]:
    fields = tuple(parse_field(place) for place in properties.items())
    if not fields:
        properties.refuse("write the fields of the event")
    for position, field in enumerate(fields):
        if field.name in {earlier.name for earlier in fields[:position]}:
            properties[position]["name"].refuse("the name is already taken by an earlier field")
    return fields


def _key(properties: Place, fields: tuple[Field, ...]) -> tuple[str, ...]:
    positions: dict[int, Field] = {}
    for place, field in zip(properties.items(), fields, strict=True):
        position = place["primaryKeyPosition"].integer()
        if not place["primaryKey"].flag():
            if position not in (None, -1):
                place["primaryKeyPosition"].refuse("the field is no primaryKey: remove the position")
            continue
        if position is None or position in positions:
            place["primaryKeyPosition"].refuse("number the fields of the primary key 1, 2, 3 ...")
        if not field.required:
            place["required"].refuse("a field of the primary key is always sent: write true")
        positions[position] = field
    if sorted(positions) != list(range(1, len(positions) + 1)) or not positions:
        properties.refuse("mark the primary key: primaryKey true, primaryKeyPosition 1, 2, 3 ... without gaps")
    return tuple(positions[position].name for position in sorted(positions))


def _time_field(properties: Place, fields: tuple[Field, ...]) -> str:
    marked = [
        (place, field) for place, field in zip(properties.items(), fields, strict=True) if place["partitioned"].flag()
    ]
    if len(marked) != 1:
        properties.refuse("mark one timestamp field as partitioned: true; tables are partitioned by its day")
    place, field = marked[0]
    if field.type is not FieldType.TIMESTAMP:
        place["logicalType"].refuse("the partitioned field must be a timestamp")
    if not field.required:
        place["required"].refuse("the partitioned field is always sent: write true")
    return field.name


def _freshness_minutes(properties: Place) -> int:
    for place in properties.items():
        if place.mapping(known=SLA_KEYS)["property"].value == "latency":
            value = place["value"].integer()
            if value is None or value < 1:
                place["value"].refuse("write a number of at least 1")
            return value * _MINUTES[place["unit"].one_of(_MINUTES)]
    properties.refuse("promise a latency: property latency, value, unit minutes, hours or days")
