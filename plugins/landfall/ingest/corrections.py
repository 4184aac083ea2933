"""Declared corrections of quarantined records: a small file of steps, checked whole before anything is replayed.

    stream: orders
    description: A release of the web shop sent the currency in lower case and the quantity as text.
    steps:
      - rename: {from: orderId, to: order_id}
      - default: {field: currency, value: EUR}
      - map_values: {field: currency, values: {eur: EUR, usd: USD}}
      - cast: {field: quantity, to: integer}
      - drop: {field: debug}

Steps are taken in their order, each on the fields of the record as the ones before it left them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landfall.contracts.reading import Place, read_document
from landfall.errors import RequestError

CORRECTION_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
MOST_STEPS = 50
_MOST_VALUES = 500


@dataclass(frozen=True)
class Rename:
    """The field `old` becomes `new`, where the record has no value for `new` yet."""

    old: str
    new: str


@dataclass(frozen=True)
class Default:
    """A field that is missing or null gets `value`, a JSON text."""

    field: str
    value: str


@dataclass(frozen=True)
class MapValues:
    """A field with one of these values gets another; both are JSON texts."""

    field: str
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Drop:
    """The field is taken out."""

    field: str


@dataclass(frozen=True)
class Cast:
    """Text that is a whole number becomes that number (`integer`), or a number or boolean its text (`string`).

    A value that is neither stays as it is.
    """

    field: str
    to: str


Step = Rename | Default | MapValues | Drop | Cast


@dataclass(frozen=True, kw_only=True)
class Correction:
    """The steps of one file, by its name; `document` is the file's content as JSON values."""

    name: str
    stream: str
    steps: tuple[Step, ...]
    document: Mapping[str, Any]


def load_correction(directory: Path, name: str) -> Correction:
    """Return the correction in `<directory>/<name>.yaml`.

    Raises RequestError for a name that is none or is not there, ContractError for a file that is not understood.
    """
    path = directory / f"{name}.yaml"
    if not CORRECTION_NAME.fullmatch(name) or not path.is_file():
        there = ", ".join(sorted(found.stem for found in directory.glob("*.yaml"))) or "none"
        raise RequestError(f"correction {name!r}: no such file in {directory}; there are: {there}")
    return parse_correction(name, read_document(path))


def parse_correction(name: str, document: Place) -> Correction:
    """Return the correction of a document. Raises ContractError that names file, place, value and remedy."""
    document.mapping(known=["stream", "description", "steps"])
    document["description"].text()
    places = document["steps"].items()
    if not 1 <= len(places) <= MOST_STEPS:
        document["steps"].refuse(f"write 1 to {MOST_STEPS} steps")
    steps = tuple(_step(place) for place in places)
    return Correction(name=name, stream=document["stream"].text(), steps=steps, document=document.value)


def _step(place: Place) -> Step:
    place.mapping(known=_READERS)
    if len(place.value) != 1:
        place.refuse(f"write one step: {', '.join(_READERS)}")
    (kind,) = place.value
    return _READERS[kind](place[kind])


def _rename(place: Place) -> Step:
    place.mapping(known=["from", "to"])
    old, new = _field(place["from"]), _field(place["to"])
    if old == new:
        place["to"].refuse("write another name than that of `from`")
    return Rename(old, new)


def _default(place: Place) -> Step:
    place.mapping(known=["field", "value"])
    return Default(_field(place["field"]), _json(place["value"]))


def _map_values(place: Place) -> Step:
    place.mapping(known=["field", "values"])
    values = place["values"]
    if not isinstance(values.value, dict) or not 1 <= len(values.value) <= _MOST_VALUES:
        values.refuse(f"write a mapping of 1 to {_MOST_VALUES} sent values, each with what it is to be")
    pairs = tuple((_json(Place(values.file, values.path, sent)), _json(values[sent])) for sent in values.value)
    return MapValues(_field(place["field"]), pairs)


def _drop(place: Place) -> Step:
    return Drop(_field(place.mapping(known=["field"])["field"]))


def _cast(place: Place) -> Step:
    place.mapping(known=["field", "to"])
    return Cast(_field(place["field"]), place["to"].one_of(["integer", "string"]))


def _field(place: Place) -> str:
    """A field's name as producers send it, of any characters: it becomes a text in the statement, never a name."""
    return place.text()


def _json(place: Place) -> str:
    if isinstance(place.value, str):
        return json.dumps(place.value, ensure_ascii=False)
    if isinstance(place.value, bool | int):
        return json.dumps(place.value)
    place.refuse("write a text, a whole number, true or false (in quotes if YAML would read something else)")


_READERS = {"rename": _rename, "default": _default, "map_values": _map_values, "cast": _cast, "drop": _drop}
