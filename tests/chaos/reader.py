"""An independent reader of landed objects: what each record is, from the bytes and the contract's YAML alone.

Nothing here is imported from the product, so that a mistake of its parser cannot hide in its own check.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

_TIME = re.compile(r"[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)
_ABSENT = object()


@dataclass(frozen=True)
class Record:
    """One landed record: where it stands, and either its values by field or the reason why it has none."""

    line: int
    piece: int
    text: str
    values: Mapping[str, Any] | None
    extra: Mapping[str, str] | None = None
    reason: str | None = None
    field: str | None = None

    @property
    def content(self) -> str:
        """All that the record says; equal for two records that say the same."""
        return json.dumps([self.values, self.extra], default=str, sort_keys=True)


class Reader:
    """Reads the objects of the stream whose contract is the YAML file at `contract`."""

    def __init__(self, contract: Path) -> None:
        document = yaml.safe_load(contract.read_text())
        self.fields: list[dict[str, Any]] = document["schema"][0]["properties"]
        keyed = [field for field in self.fields if field.get("primaryKey")]
        self.key = [field["name"] for field in sorted(keyed, key=lambda field: field["primaryKeyPosition"])]
        (self.time,) = (field["name"] for field in self.fields if field.get("partitioned"))

    def read(self, body: bytes) -> list[Record] | None:
        """Return the records of an object, None if it is no readable gzip."""
        try:
            content = gzip.decompress(body)
        except (OSError, EOFError, zlib.error):
            return None
        return [record for number, line in enumerate(content.split(b"\n"), 1) for record in self._of_line(number, line)]

    def _of_line(self, number: int, raw: bytes) -> Iterator[Record]:
        line = raw.decode("utf-8", errors="replace").rstrip("\r").removeprefix("\ufeff")
        if not line.strip(" \t\n\v\f\r"):
            return
        for piece, text in enumerate(_pieces(line), 1):
            yield self._record(number, piece, text)

    def _record(self, line: int, piece: int, text: str) -> Record:
        if "\ufffd" in text:
            return Record(line, piece, text, None, reason="not_utf8")
        document = _parse(text)
        if not isinstance(document, dict):
            return Record(line, piece, text, None, reason="not_json")
        values: dict[str, Any] = {}
        for field in self.fields:
            value, reason = _value(field, document.get(field["name"], _ABSENT))
            if reason is not None:
                return Record(line, piece, text, None, reason=reason, field=field["name"])
            values[field["name"]] = value
        known = {field["name"] for field in self.fields}
        extra = {name: json.dumps(value) for name, value in document.items() if name not in known}
        return Record(line, piece, text, values, extra=extra or None)


def _pieces(line: str) -> list[str]:
    """Take a line apart at its borders `}{` if each part is then a JSON object; else it is one record."""
    if _parse(line) is not None or line.strip() == "null":
        return [line]
    decoder, pieces, at = json.JSONDecoder(parse_constant=_refuse), [], 0
    while at < len(line):
        start = at + (len(line[at:]) - len(line[at:].lstrip()))
        try:
            document, end = decoder.raw_decode(line, start)
        except ValueError:
            return [line]
        if not isinstance(document, dict):
            return [line]
        pieces.append(line[start:end])
        at = end + (len(line[end:]) - len(line[end:].lstrip()))
    return pieces


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _parse(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except ValueError:
        return None


def _value(field: Mapping[str, Any], sent: Any) -> tuple[Any, str | None]:
    """Return a field's value, and the reason to refuse its record or None."""
    if sent is _ABSENT or sent is None:
        return None, "missing_field" if field.get("required") else None
    kind = field["logicalType"]
    options = field.get("logicalTypeOptions") or {}
    if kind == "integer":
        if type(sent) is not int or not -(2**63) <= sent < 2**63:
            return None, "wrong_type"
        within = options.get("minimum", sent) <= sent <= options.get("maximum", sent)
        return sent, None if within else "not_allowed"
    if kind == "boolean":
        return (sent, None) if isinstance(sent, bool) else (None, "wrong_type")
    if not isinstance(sent, str):
        return None, "wrong_type"
    if kind == "timestamp":
        return _moment(sent)
    return sent, None if _is_allowed(field, options, sent) else "not_allowed"


def _moment(sent: str) -> tuple[Any, str | None]:
    if not _TIME.fullmatch(sent):
        return None, "wrong_type"
    try:
        return datetime.fromisoformat(sent.removesuffix("Z")), None
    except ValueError:
        return None, "wrong_type"


def _is_allowed(field: Mapping[str, Any], options: Mapping[str, Any], sent: str) -> bool:
    values = [rule["arguments"]["validValues"] for rule in field.get("quality", [])]
    if any(sent not in allowed for allowed in values):
        return False
    if "pattern" in options and not re.fullmatch(options["pattern"].removeprefix("^").removesuffix("$"), sent):
        return False
    return options.get("minLength", 0) <= len(sent) <= options.get("maxLength", len(sent))
