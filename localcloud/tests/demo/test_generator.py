"""The generator: the same traffic for the same seed, and traffic that makes sense."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from localcloud.demo.generator import Past, wave
from localcloud.demo.model import REASONS, STREAMS, Record

UNTIL = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def make(*, seed: int = 7, number: int = 1, past: Past | None = None) -> dict[str, list[Record]]:
    return wave(seed=seed, number=number, events=2000, days=4, until=UNTIL, past=past or Past())


@pytest.fixture(scope="module")
def traffic() -> dict[str, list[Record]]:
    return make()


def good_bodies(records: list[Record]) -> list[dict[str, object]]:
    return [json.loads(piece.body) for record in records for piece in record.pieces if piece.body]


def test_the_same_seed_makes_the_same_records(traffic: dict[str, list[Record]]) -> None:
    assert make() == traffic
    assert make(seed=8) != traffic


def test_a_second_wave_shares_no_key_with_the_first(traffic: dict[str, list[Record]]) -> None:
    customers = {str(body["customer_id"]): body for body in good_bodies(traffic["customers"])}
    second = make(number=2, past=Past(customers=customers))
    for stream in STREAMS:
        keys = [{p.key for record in w[stream] for p in record.pieces if p.key} for w in (traffic, second)]
        assert keys[0] and keys[0].isdisjoint(keys[1]), stream


def test_every_stream_has_every_mishap(traffic: dict[str, list[Record]]) -> None:
    for stream in STREAMS:
        reasons = Counter(piece.reason for record in traffic[stream] for piece in record.pieces)
        assert all(reasons[reason] for reason in REASONS), stream
    everything = [record for records in traffic.values() for record in records]
    assert any(len(record.pieces) > 1 for record in everything)
    assert any(piece.is_late for record in everything for piece in record.pieces)
    keys = Counter(piece.key for record in traffic["page_views"] for piece in record.pieces if piece.key)
    assert max(keys.values()) > 1


def test_a_glued_record_is_two_objects_without_anything_between(traffic: dict[str, list[Record]]) -> None:
    glued = [record for records in traffic.values() for record in records if len(record.pieces) > 1]
    for record in glued:
        assert record.data.decode() == "".join(piece.body or "" for piece in record.pieces)
        assert b"}{" in record.data


def test_no_record_holds_a_line_break(traffic: dict[str, list[Record]]) -> None:
    assert not any(b"\n" in record.data for records in traffic.values() for record in records)


def test_orders_go_through_their_states_in_time(traffic: dict[str, list[Record]]) -> None:
    history: dict[tuple[object, object], dict[int, dict[str, object]]] = defaultdict(dict)
    for body in good_bodies(traffic["orders"]):
        history[body["order_id"], body["line_number"]][int(str(body["version"]))] = body
    for versions in history.values():
        assert sorted(versions) == list(range(1, len(versions) + 1))
        assert versions[1]["status"] == "placed"
        times = [str(versions[number]["occurred_at"]) for number in sorted(versions)]
        assert times == sorted(times) and times[-1] <= "2026-11-20T12:00:00.000Z"


def test_payments_fit_their_orders(traffic: dict[str, list[Record]]) -> None:
    totals: Counter[object] = Counter()
    first = {(b["order_id"], b["line_number"]): b for b in good_bodies(traffic["orders"]) if b["version"] == 1}
    for (order_id, _), body in first.items():
        totals[order_id] += int(str(body["quantity"])) * int(str(body["unit_price_cents"]))
    captured: Counter[object] = Counter()
    payments = {str(body["payment_event_id"]): body for body in good_bodies(traffic["payments"])}
    for body in payments.values():
        assert body["order_id"] in totals
        if body["kind"] == "capture":
            captured[body["order_id"]] += int(str(body["amount_cents"]))
    assert captured and all(cents <= totals[order_id] for order_id, cents in captured.items())


def test_a_few_merchants_have_most_orders(traffic: dict[str, list[Record]]) -> None:
    sizes = Counter(body["customer_id"] for body in good_bodies(traffic["orders"]))
    assert sizes.most_common(1)[0][1] > 3 * sorted(sizes.values())[len(sizes) // 2]


def test_late_events_arrive_a_day_or_more_after_they_occurred(traffic: dict[str, list[Record]]) -> None:
    for records in traffic.values():
        for record in records:
            for piece in record.pieces:
                if piece.body and len(record.pieces) == 1 and piece.is_late:
                    occurred_at = datetime.fromisoformat(json.loads(piece.body)["occurred_at"])
                    assert record.arrives_at - occurred_at >= timedelta(days=1)
