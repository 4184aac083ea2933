"""Seeded landed objects: few keys, so that events meet again, as duplicates and as contradictions, in all shapes."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

DAY = datetime(2026, 11, 18)
_KEYS = 6
_BROKEN = ("<html>", "{", '["list"]', "12", '{"order_id": "ord_', "{} {}", '"text"')


def landed_objects(chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of one history's objects."""
    for number in range(chance.randint(1, 5)):
        yield f"object-{number}.gz", _body(chance)


def every_fate(chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of objects that between them need every step of a load, then one history's objects."""
    event = _event(random.Random(0))
    lines = [json.dumps(event), json.dumps(event), json.dumps(event | {"status": "paid"}), _BROKEN[0]]
    yield "every-fate.gz", gzip.compress("\n".join(lines).encode(), mtime=0)
    yield "no-record.gz", gzip.compress(b"\n", mtime=0)
    yield from landed_objects(chance)


def _body(chance: random.Random) -> bytes:
    shape = chance.random()
    if shape < 0.04:
        return b"no gzip"
    lines = [_line(chance) for _ in range(chance.randint(0, 7))]
    end = chance.choice((b"\n", b"\n", b"\r\n"))
    content = end.join(lines) + (end if chance.random() < 0.7 else b"")
    if shape < 0.08:
        return gzip.compress(b"\xef\xbb\xbf" + content, mtime=0)
    if shape < 0.16:
        middle = len(content) // 2
        return gzip.compress(content[:middle], mtime=0) + gzip.compress(content[middle:], mtime=0)
    if shape < 0.18:
        return gzip.compress(content + b"." * 200, mtime=0)[:-12]
    return gzip.compress(content, mtime=0)


def _line(chance: random.Random) -> bytes:
    kind = chance.random()
    if kind < 0.06:
        return chance.choice((b"", b"  ", b"\t"))
    if kind < 0.16:
        return chance.choice(_BROKEN).encode()
    if kind < 0.20:
        return json.dumps(_event(chance)).encode().replace(b"sku-", b"sku\xff")
    if kind < 0.32:
        return chance.choice((b"", b" ")).join(json.dumps(_event(chance)).encode() for _ in range(chance.randint(2, 3)))
    return json.dumps(_event(chance), ensure_ascii=chance.random() < 0.5).encode()


def _event(chance: random.Random) -> dict[str, Any]:
    number = chance.randrange(_KEYS)
    # Mostly the same for a key, so that most that come again are duplicates; times stay within the contract's reach.
    variant = 0 if chance.random() < 0.8 else chance.randint(1, 2)
    event: dict[str, Any] = {
        "order_id": f"ord_{number:012x}",
        "line_number": 1,
        "version": 1,
        "customer_id": "cus_000042",
        "shopper_id": "shp_00000007",
        "status": "placed" if variant < 2 else "paid",
        "sku": f"sku-{number}",
        "quantity": 1 + variant,
        "unit_price_cents": 1999,
        "currency": "EUR",
        "note": None if number % 2 else 'ä "}{" \n',
        "occurred_at": f"{DAY + timedelta(days=number % 3 + (variant == 2)):%Y-%m-%d}T0{number}:00:00.5Z",
    }
    if number == 3:
        event["channel"] = {"app": [1, 2]}
    if chance.random() < 0.12:
        event |= chance.choice(({"quantity": 0}, {"quantity": "2"}, {"sku": None}, {"currency": "EURO"}, {"status": 7}))
    return event
