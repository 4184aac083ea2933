"""Whatever lands, each of its records is one row or one reason."""

from __future__ import annotations

import gzip
import json

from tests.integration.ingest.probe import Probe, line, order


def test_good_records_become_rows_with_their_types_and_their_way(probe: Probe) -> None:
    note = 'über "quotes", commas, 日本\n=1+1'
    key = probe.land("a", line(order(1, note=note)), line(order(2, note=..., quantity=9_223_372_036_854_775_807)))
    probe.load()
    columns = ("order_id", "quantity", "note", "occurred_at", "_source_object", "_line_number", "_record_number")
    assert probe.raw(*columns) == [
        ("ord_000000000001", "2", note, "2026-11-20 12:34:56.789000", probe.uri("a"), "1", "1"),
        ("ord_000000000002", "9223372036854775807", None, "2026-11-20 12:34:56.789000", probe.uri("a"), "2", "1"),
    ]
    assert probe.raw("_contract_version") == [(probe.contract.version,)] * 2
    assert probe.counts(key) == {"state": "loaded", "records": 2, "loaded": 2, "duplicates": 0, "quarantined": {}}
    assert probe.items()[key]["raw_snapshot_id"] > 0
    assert probe.scratch_left() == []


def test_a_broken_record_is_kept_with_its_reason_and_its_text(probe: Probe) -> None:
    broken = {
        "not_json": [
            "<html>",
            "{'order_id': 1}",
            '{"order_id": "ord_000000000001"',
            '["an", "array"]',
            '"a string"',
            "12",
            "null",
            line(order(1)) + line(order(2))[:20],
            line(order(1)) + "garbage" + line(order(2)),
            line(order(1))[:-1] + ",}",
            line(order(1))[:-1] + ', "rate": NaN}',
            line(order(1))[:-1] + ', "rate": -Infinity}',
        ],
        "missing_field": [
            "{}",
            line(order(1, customer_id=...)),
            line(order(1, customer_id=None)),
            line(order(1, occurred_at=None)),
        ],
        "wrong_type": [
            line(order(1, quantity="2")),
            line(order(1, quantity=1.5)),
            line(order(1, quantity=2.0)),
            line(order(1, quantity=9_223_372_036_854_775_808)),
            line(order(1, quantity=True)),
            line(order(1, quantity=[2])),
            line(order(1, sku=7)),
            line(order(1, note={"a": 1})),
            line(order(1, occurred_at="2026-11-20 12:34:56")),
            line(order(1, occurred_at="2026-11-20T12:34:56+01:00")),
            line(order(1, occurred_at="2026-02-30T12:34:56Z")),
            line(order(1, occurred_at=1_800_000_000)),
        ],
        "not_allowed": [
            line(order(1, status="PLACED")),
            line(order(1, quantity=0)),
            line(order(1, order_id="ord_1")),
            line(order(1, currency="EURO")),
            line(order(1, currency="EUR\n")),
            line(order(1, sku="")),
        ],
    }
    expected = [(reason, text) for reason, texts in broken.items() for text in texts]
    key = probe.land("a", *(text for _, text in expected))
    probe.load()
    assert probe.quarantine("reason", "raw_text") == expected
    assert probe.raw("order_id") == []
    counts = {reason: len(texts) for reason, texts in sorted(broken.items())}
    assert probe.counts(key) == {
        "state": "loaded",
        "records": len(expected),
        "loaded": 0,
        "duplicates": 0,
        "quarantined": counts,
    }


def test_the_first_broken_field_in_the_contracts_order_is_named(probe: Probe) -> None:
    probe.land("a", line(order(1, quantity="x", order_id="bad")), line(order(1, occurred_at="x", sku=None)), "no json")
    probe.load()
    assert probe.quarantine("reason", "field", "line_number", "source_object", "contract_version") == [
        ("not_allowed", "order_id", "1", probe.uri("a"), probe.contract.version),
        ("missing_field", "sku", "2", probe.uri("a"), probe.contract.version),
        ("not_json", None, "3", probe.uri("a"), probe.contract.version),
    ]


def test_times_keep_their_microseconds(probe: Probe) -> None:
    times = ["2026-11-20T00:00:00Z", "2026-11-20T23:59:59.999999Z", "2026-11-20T12:00:00.1Z"]
    probe.land("a", *(line(order(number, occurred_at=time)) for number, time in enumerate(times)))
    probe.load()
    assert probe.raw("occurred_at") == [
        ("2026-11-20 00:00:00.000000",),
        ("2026-11-20 23:59:59.999999",),
        ("2026-11-20 12:00:00.100000",),
    ]


def test_glued_records_are_counted_and_loaded_one_by_one(probe: Probe) -> None:
    tricky = order(2, note='}{ and \\" and }\t{')
    key = probe.land("a", line(order(1), tricky, order(3, quantity=0)), line(order(4)) + "  " + line(order(5)))
    probe.load()
    assert probe.raw("order_id", "_line_number", "_record_number") == [
        ("ord_000000000001", "1", "1"),
        ("ord_000000000002", "1", "2"),
        ("ord_000000000004", "2", "1"),
        ("ord_000000000005", "2", "2"),
    ]
    assert probe.quarantine("reason", "line_number", "record_number", "raw_text") == [
        ("not_allowed", "1", "3", line(order(3, quantity=0)))
    ]
    assert probe.counts(key)["records"] == 5


def test_blank_lines_are_numbered_and_hold_no_record(probe: Probe) -> None:
    key = probe.land("a", "", line(order(1)), "   ", "\t", line(order(2)), "")
    probe.load()
    assert probe.raw("order_id", "_line_number") == [("ord_000000000001", "2"), ("ord_000000000002", "5")]
    assert probe.counts(key)["records"] == 2


def test_windows_line_ends_and_a_missing_last_one_change_nothing(probe: Probe) -> None:
    probe.land("a", line(order(1)), "broken", end="\r\n")
    probe.land_bytes("b", gzip.compress((line(order(2)) + "\n" + line(order(3))).encode()))
    probe.load()
    assert [row[0] for row in probe.raw("order_id")] == [f"ord_{number:012x}" for number in (1, 2, 3)]
    assert probe.quarantine("raw_text") == [("broken",)]


def test_fields_the_contract_does_not_know_are_kept_as_their_json(probe: Probe) -> None:
    probe.land("a", line(order(1, colour="red", nested={"a": [{"b": 1}]}, none=None)), line(order(2)))
    probe.load()
    kept = "json_format(cast(_extra as json))"
    assert probe.raw_values(kept) == [
        ('{"colour":"\\"red\\"","nested":"{\\"a\\":[{\\"b\\":1}]}","none":"null"}',),
        (None,),
    ]


def test_a_byte_order_mark_is_no_part_of_the_first_record(probe: Probe) -> None:
    mark = "\ufeff"
    probe.land("a", mark + line(order(1)), line(order(2)))
    only_a_mark = probe.land("b", mark)
    probe.load()
    assert probe.raw("order_id") == [("ord_000000000001",), ("ord_000000000002",)]
    assert probe.counts(only_a_mark)["records"] == 0


def test_a_record_with_bytes_that_are_no_utf8_is_kept_apart_from_its_neighbours(probe: Probe) -> None:
    good = line(order(1)).encode()
    probe.land_bytes("a", gzip.compress(good + b"\n" + good.replace(b"sku-1", b"sku\xff1") + b"\n" + b"\xfe\xff\n"))
    probe.load()
    assert probe.raw("_line_number") == [("1",)]
    assert probe.quarantine("reason", "line_number") == [("not_utf8", "2"), ("not_utf8", "3")]


def test_members_of_one_gzip_are_read_as_one_text(probe: Probe) -> None:
    text = line(order(1)) + "\n" + line(order(2)) + "\n"
    probe.land_bytes("a", gzip.compress(text[:50].encode()) + gzip.compress(text[50:].encode()))
    probe.load()
    assert probe.raw("order_id", "_line_number") == [("ord_000000000001", "1"), ("ord_000000000002", "2")]


def test_a_truncated_gzip_fails_alone_and_leaves_nothing(probe: Probe) -> None:
    whole = gzip.compress("".join(line(order(number)) + "\n" for number in range(500)).encode())
    bad = probe.land_bytes("bad", whole[: len(whole) // 2])
    good = probe.land("good", line(order(1_000)))
    assert probe.load().failed == [bad]
    assert probe.counts(good)["loaded"] == 1
    assert probe.raw("order_id") == [("ord_0000000003e8",)]


def test_a_key_that_comes_with_other_content_is_quarantined_as_a_conflict(probe: Probe) -> None:
    first = probe.land("a", line(order(1)), line(order(1, quantity=3)))
    probe.load("run-1")
    moved = order(1, occurred_at="2026-11-22T00:00:00Z")
    second = probe.land("b", line(order(1)), line(moved), line(order(1, colour="red")), line(order(2)), hr="14")
    probe.load("run-2")
    assert probe.raw("order_id", "quantity") == [("ord_000000000001", "2"), ("ord_000000000002", "2")]
    assert probe.quarantine("reason", "field", "raw_text") == [
        ("conflict", None, line(order(1, quantity=3))),
        ("conflict", None, line(moved)),
        ("conflict", None, line(order(1, colour="red"))),
    ]
    assert probe.counts(first) == {
        "state": "loaded",
        "records": 2,
        "loaded": 1,
        "duplicates": 0,
        "quarantined": {"conflict": 1},
    }
    assert probe.counts(second) == {
        "state": "loaded",
        "records": 4,
        "loaded": 1,
        "duplicates": 1,
        "quarantined": {"conflict": 2},
    }


def test_the_same_content_in_another_form_is_a_duplicate(probe: Probe) -> None:
    event = order(1, note="ä", extra={"b": 1, "a": 2})
    other_form = json.dumps(dict(reversed(event.items())), indent=None, separators=(" , ", " : "))
    other_time = line(event | {"occurred_at": f"{event['occurred_at'][:-1]}000Z"})
    key = probe.land("a", line(event), other_form, other_time)
    probe.load()
    assert (probe.counts(key)["loaded"], probe.counts(key)["duplicates"]) == (1, 2)


def test_duplicates_are_counted_within_a_line_an_object_a_batch_and_across_runs(probe: Probe) -> None:
    first = probe.land("a", line(order(1), order(1)), line(order(1)), line(order(2)))
    second = probe.land("b", line(order(2)), line(order(3)))
    probe.load("run-1")
    third = probe.land("c", line(order(1)), line(order(4)), hr="14")
    report = probe.load("run-2")
    assert [row[0] for row in probe.raw("order_id")] == [f"ord_{number:012x}" for number in (1, 2, 3, 4)]
    assert (probe.counts(first)["loaded"], probe.counts(first)["duplicates"]) == (2, 2)
    assert (probe.counts(second)["loaded"], probe.counts(second)["duplicates"]) == (1, 1)
    assert (probe.counts(third)["loaded"], probe.counts(third)["duplicates"]) == (1, 1)
    assert (report.objects, report.loaded, report.duplicates) == (1, 1, 1)


def test_a_version_of_a_key_is_another_row(probe: Probe) -> None:
    probe.land("a", line(order(1)), line(order(1, version=2, status="paid")), line(order(1, line_number=2)))
    assert probe.load().loaded == 3


def test_late_events_are_ordinary_rows_also_over_many_days(probe: Probe) -> None:
    days = [f"2026-{month:02d}-{day:02d}T01:00:00Z" for month in (5, 6, 7, 8) for day in range(1, 29)]
    probe.land("a", *(line(order(number, occurred_at=day)) for number, day in enumerate(days)))
    assert probe.load().loaded == 112
    probe.land("b", *(line(order(number, occurred_at=day)) for number, day in enumerate(days)))
    assert probe.load("run-2").duplicates == 112


def test_objects_without_a_record_are_closed_with_zeroes(probe: Probe) -> None:
    empty, blank = probe.land("empty"), probe.land("blank", "", "  ")
    full = probe.land("full", line(order(1)))
    probe.load()
    nothing = {"state": "loaded", "records": 0, "loaded": 0, "duplicates": 0, "quarantined": {}}
    assert probe.counts(empty) == probe.counts(blank) == nothing
    assert probe.counts(full)["loaded"] == 1


def test_an_object_that_is_no_gzip_fails_alone(probe: Probe) -> None:
    bad = probe.land_bytes("bad", b"this is no gzip at all, and never was one")
    good = [probe.land(f"good-{number}", line(order(number))) for number in range(3)]
    report = probe.load()
    assert report.failed == [bad]
    assert probe.items()[bad]["state"] == "failed"
    assert [probe.counts(key)["loaded"] for key in good] == [1, 1, 1]
    probe.land("bad", line(order(9)))
    assert probe.loader("run-2").run().objects == 0
    assert probe.loader("run-3").run(retry_failed=True).loaded == 1


def test_of_a_key_that_a_document_has_twice_the_last_value_counts(probe: Probe) -> None:
    probe.land("a", '{"quantity": 1, ' + line(order(1, quantity=3))[1:])
    probe.load()
    assert probe.raw("quantity") == [("3",)]


def test_a_long_line_is_a_record_like_any_other(probe: Probe) -> None:
    note = "x" * 1_000_000
    probe.land("a", line(order(1, note=note)), json.dumps(order(2))[:-1] + ' , "pad": "' + "}{" * 200_000 + '"}')
    probe.load()
    assert probe.raw("order_id") == [("ord_000000000001",), ("ord_000000000002",)]
