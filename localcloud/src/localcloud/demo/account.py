"""What the pipeline must show, computed from the journal alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from localcloud.demo.journal import Journal
from localcloud.demo.model import STREAMS, Body

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A cell that begins so is run by a spreadsheet (OWASP ASVS 5.0, 1.2.10)."""


@dataclass(frozen=True, slots=True)
class StreamAccount:
    """Records sent to one stream. A record is one event, or one text that is no event."""

    sent: int
    good: int
    duplicates: int
    late: int
    glued: int
    quarantined: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A row of the `orders` extract: an order line in its latest version. Times are UTC without zone."""

    order_id: str
    line_number: int
    customer_id: str
    shopper_id: str
    status: str
    sku: str
    quantity: int
    unit_price_cents: int
    line_total_cents: int
    currency: str
    note: str | None
    placed_at: datetime
    updated_at: datetime


def by_stream(journal: Journal) -> dict[str, StreamAccount]:
    """Return each stream's account of all that was sent, over all waves."""
    return {stream: _stream(journal, stream) for stream in STREAMS}


def _stream(journal: Journal, stream: str) -> StreamAccount:
    rows = journal.connection.execute(
        "select reason, key, is_late, (select count(*) from piece other where other.record_id = piece.record_id) "
        "from piece join record on record.id = record_id where piece.stream = ? and state = 'sent'",
        (stream,),
    ).fetchall()
    good = [key for reason, key, *_ in rows if reason is None]
    return StreamAccount(
        sent=len(rows),
        good=len(set(good)),
        duplicates=len(good) - len(set(good)),
        late=sum(is_late for *_, is_late, _ in rows),
        glued=sum(pieces > 1 for *_, pieces in rows),
        quarantined=dict(sorted(Counter(reason for reason, *_ in rows if reason is not None).items())),
    )


def order_lines(journal: Journal) -> list[OrderLine]:
    """Return every order line as it stands after all that was sent."""
    versions: dict[tuple[str, int], dict[int, Body]] = defaultdict(dict)
    for body in journal.good_bodies("orders"):
        versions[(str(body["order_id"]), int(str(body["line_number"])))][int(str(body["version"]))] = body
    return [_order_line(history) for _, history in sorted(versions.items())]


def _order_line(history: Mapping[int, Body]) -> OrderLine:
    first, last = history[min(history)], history[max(history)]
    quantity, price = int(str(last["quantity"])), int(str(last["unit_price_cents"]))
    note = last.get("note")
    return OrderLine(
        order_id=str(last["order_id"]),
        line_number=int(str(last["line_number"])),
        customer_id=str(last["customer_id"]),
        shopper_id=str(last["shopper_id"]),
        status=str(last["status"]),
        sku=str(last["sku"]),
        quantity=quantity,
        unit_price_cents=price,
        line_total_cents=quantity * price,
        currency=str(last["currency"]),
        note=None if note is None else str(note),
        placed_at=_moment(first),
        updated_at=_moment(last),
    )


def choose_customer(lines: list[OrderLine]) -> str:
    """Return a customer of middling size among those who have a note that looks like a formula."""
    sizes = Counter(line.customer_id for line in lines)
    risky = {line.customer_id for line in lines if line.note and line.note.startswith(FORMULA_STARTS)}
    candidates = sorted(risky or sizes, key=lambda customer_id: (sizes[customer_id], customer_id))
    return candidates[len(candidates) // 2]


def _moment(body: Body) -> datetime:
    return datetime.fromisoformat(str(body["occurred_at"])).replace(tzinfo=None)
