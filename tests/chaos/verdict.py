"""What must be true when a history has ended: of every landed object, and of both tables, to the row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tests.chaos.reader import Reader, Record

Place = tuple[str, int, int]


def violations(
    *,
    reader: Reader,
    objects: Mapping[str, bytes],
    ledger: Mapping[str, Mapping[str, Any]],
    raw: Sequence[Mapping[str, Any]],
    quarantine: Sequence[Mapping[str, Any]],
    bucket: str,
) -> list[str]:
    """Return what is wrong, in words; nothing if all is right.

    `objects` are the landed bytes by key of `bucket`, `ledger` the items by object key, `raw` and `quarantine` the
    tables' rows.
    """
    found: list[str] = []
    records: dict[Place, Record] = {}
    for key, body in objects.items():
        read = reader.read(body)
        state = ledger.get(key, {}).get("state", "unknown")
        if state != ("failed" if read is None else "loaded"):
            found.append(f"{key} is {state}")
        records |= {(f"s3://{bucket}/{key}", record.line, record.piece): record for record in read or ()}
    rows = _by_place(raw, "_", found)
    kept = _by_place(quarantine, "", found)
    holders = _holders(reader, rows, records, found)
    expected = _expected(reader, records, rows, holders, found)
    for place in kept.keys() | expected.keys():
        if (seen := kept.get(place)) != (wanted := expected.get(place)):
            found.append(f"quarantine has {seen} of {place} instead of {wanted}")
    found += _wrong_counts(records, rows, expected, ledger, bucket)
    return found


def _by_place(rows: Sequence[Mapping[str, Any]], mark: str, found: list[str]) -> dict[Place, Any]:
    """Return rows by the record they come from: raw's as they are, quarantine's as (reason, field, text)."""
    placed: dict[Place, Any] = {}
    for row in rows:
        place = (row[f"{mark}source_object"], row[f"{mark}line_number"], row[f"{mark}record_number"])
        if place in placed:
            found.append(f"two rows come of {place}")
        placed[place] = row if mark else (row["reason"], row["field"], row["raw_text"])
    return placed


def _holders(
    reader: Reader, rows: Mapping[Place, Any], records: Mapping[Place, Record], found: list[str]
) -> dict[tuple[Any, ...], Place]:
    """Return the record that holds each key in raw, after its row was compared with it."""
    holders: dict[tuple[Any, ...], Place] = {}
    for place, row in rows.items():
        record = records.get(place)
        if record is None or record.values is None:
            found.append(f"raw has a row of {place}, which is no good record")
            continue
        if {name: row[name] for name in record.values} != dict(record.values) or row["_extra"] != record.extra:
            found.append(f"raw's row of {place} is not what landed")
        key = tuple(record.values[name] for name in reader.key)
        if key in holders:
            found.append(f"the key {key} is in raw twice")
        holders[key] = place
    return holders


def _expected(
    reader: Reader,
    records: Mapping[Place, Record],
    rows: Mapping[Place, Any],
    holders: Mapping[tuple[Any, ...], Place],
    found: list[str],
) -> dict[Place, Any]:
    """Return what quarantine must hold: broken records, and good ones that the row of their key contradicts."""
    expected: dict[Place, Any] = {}
    for place, record in records.items():
        if record.values is None:
            expected[place] = (record.reason, record.field, record.text)
        elif place not in rows:
            holder = holders.get(tuple(record.values[name] for name in reader.key))
            if holder is None:
                found.append(f"{place} is lost: raw has no row of its key")
            elif records[holder].content != record.content:
                expected[place] = ("conflict", None, record.text)
    return expected


def _wrong_counts(
    records: Mapping[Place, Record],
    rows: Mapping[Place, Any],
    expected: Mapping[Place, Any],
    ledger: Mapping[str, Mapping[str, Any]],
    bucket: str,
) -> list[str]:
    """Return the objects whose counts in the ledger are not those of their records."""
    found = []
    for key, item in ledger.items():
        if item["state"] != "loaded":
            continue
        places = [place for place in records if place[0] == f"s3://{bucket}/{key}"]
        loaded = sum(place in rows for place in places)
        quarantined = Counter(expected[place][0] for place in places if place in expected)
        right = (len(places), loaded, len(places) - loaded - quarantined.total(), dict(quarantined))
        told = tuple(item[name] for name in ("records", "loaded", "duplicates", "quarantined"))
        if told != right:
            found.append(f"the ledger counts {told} of {key} instead of {right}")
    return found
