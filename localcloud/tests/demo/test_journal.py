"""The account: exact, durable, and aware of what it cannot know."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from localcloud.demo import produce, sender
from localcloud.demo.account import by_stream, choose_customer, order_lines
from localcloud.demo.errors import AccountInexactError, DemoError
from localcloud.demo.generator import Past, wave
from localcloud.demo.journal import Journal, Waiting
from localcloud.demo.landing import count_records
from rich.console import Console

UNTIL = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class FakeKinesis:
    """Takes records, but refuses every `nth`, and can lose an answer."""

    def __init__(self, *, nth: int = 0, throttled: int = 0, answers: int = 10**9) -> None:
        self.taken: dict[str, list[bytes]] = {}
        self.requests: list[int] = []
        self._nth, self._throttled, self._answers, self._seen = nth, throttled, answers, 0

    def put_records(self, *, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        self.requests.append(len(Records))
        if self._throttled:
            self._throttled -= 1
            raise ClientError(
                {"Error": {"Code": "ProvisionedThroughputExceededException", "Message": ""}}, "PutRecords"
            )
        results = []
        for record in Records:
            self._seen += 1
            if self._nth and self._seen % self._nth == 0:
                results.append({"ErrorCode": "ProvisionedThroughputExceededException"})
            else:
                self.taken.setdefault(StreamName, []).append(record["Data"])
                results.append({"SequenceNumber": str(self._seen)})
        self._answers -= 1
        if self._answers < 0:
            raise ReadTimeoutError(endpoint_url="http://kinesis.example")
        return {"FailedRecordCount": sum("ErrorCode" in result for result in results), "Records": results}


def planned(path: Path, events: int = 1500) -> Journal:
    journal = Journal(path=path)
    records = wave(seed=3, number=1, events=events, days=3, until=UNTIL, past=Past())
    journal.plan(number=1, seed=3, records=records, planned_at=UNTIL)
    return journal


def send(journal: Journal, client: FakeKinesis) -> None:
    sender.send(journal=journal, client=client, stream_name=str, on_sent=lambda *_: None, sleep=lambda _: None)


def recount(lines: list[bytes], key: tuple[str, ...]) -> tuple[int, int]:
    """Count events and distinct keys without any code of the demo: (parsable events, distinct keys among them)."""
    decoder = json.JSONDecoder()
    events = []
    for line in lines:
        text, objects, position = line.decode(), [], 0
        try:
            while position < len(text):
                value, position = decoder.raw_decode(text, position)
                objects.append(value)
        except json.JSONDecodeError:
            continue
        events += [value for value in objects if isinstance(value, dict)]
    return len(events), len({tuple(str(event.get(name)) for name in key) for event in events})


def test_only_failed_records_are_sent_again(tmp_path: Path) -> None:
    journal = planned(tmp_path / "a.sqlite3")
    client = FakeKinesis(nth=7)
    send(journal, client)
    sent = Counter(data for taken in client.taken.values() for data in taken)
    wanted = Counter(bytes(data) for (data,) in journal.connection.execute("select data from record"))
    assert sent == wanted
    assert not journal.waiting() and not journal.cut_off()
    assert client.requests[1] < client.requests[0]


def test_a_throttled_request_is_sent_again_whole(tmp_path: Path) -> None:
    journal = planned(tmp_path / "a.sqlite3")
    client = FakeKinesis(throttled=3)
    send(journal, client)
    assert client.requests[0] == client.requests[3]
    assert not journal.waiting()


def test_records_that_are_always_refused_stay_planned(tmp_path: Path) -> None:
    journal = planned(tmp_path / "a.sqlite3")
    with pytest.raises(DemoError, match="ProvisionedThroughput"):
        send(journal, FakeKinesis(throttled=100))
    assert not journal.cut_off()
    send(journal, FakeKinesis())
    assert not journal.waiting()


def test_a_lost_answer_makes_the_account_inexact_and_is_noticed_by_the_next_run(tmp_path: Path) -> None:
    journal = planned(tmp_path / "a.sqlite3")
    with pytest.raises(ReadTimeoutError):
        send(journal, FakeKinesis(answers=1))
    journal.close()
    again = Journal(path=tmp_path / "a.sqlite3")
    assert again.cut_off() > 0
    with pytest.raises(AccountInexactError, match="--purge"):
        produce.send(again, Console(quiet=True))


def test_a_kill_between_batches_is_continued_without_sending_twice(tmp_path: Path) -> None:
    journal = planned(tmp_path / "a.sqlite3")
    first = FakeKinesis()

    class KilledError(Exception):
        pass

    def kill(*_: object) -> None:
        raise KilledError

    with pytest.raises(KilledError):
        sender.send(journal=journal, client=first, stream_name=str, on_sent=kill, sleep=lambda _: None)
    journal.close()
    again = Journal(path=tmp_path / "a.sqlite3")
    second = FakeKinesis()
    send(again, second)
    both = Counter(d for c in (first, second) for taken in c.taken.values() for d in taken)
    assert both == Counter(bytes(data) for (data,) in again.connection.execute("select data from record"))


def test_the_account_equals_a_recount_of_what_the_stream_took(tmp_path: Path) -> None:
    journal = planned(tmp_path / "a.sqlite3")
    client = FakeKinesis()
    send(journal, client)
    account = by_stream(journal)["page_views"]
    events, _ = recount(client.taken["page_views"], ("page_view_id",))
    assert account.sent == account.good + account.duplicates + sum(account.quarantined.values())
    assert events == account.sent - account.quarantined["not_json"]
    lines = b"\n".join(client.taken["page_views"]) + b"\n"
    assert count_records(gzip.compress(lines)) == account.sent


def test_an_order_line_shows_its_latest_version_and_the_time_of_its_first(tmp_path: Path) -> None:
    journal = planned(tmp_path / "a.sqlite3")
    client = FakeKinesis()
    send(journal, client)
    lines = order_lines(journal)
    assert len(lines) == len({(line.order_id, line.line_number) for line in lines})
    refunded = next(line for line in lines if line.status == "refunded")
    assert refunded.placed_at < refunded.updated_at
    assert refunded.line_total_cents == refunded.quantity * refunded.unit_price_cents
    customer = choose_customer(lines)
    assert any(line.note and line.note[0] in "=+-@" for line in lines if line.customer_id == customer)


def test_a_second_wave_moves_open_orders_on(tmp_path: Path) -> None:
    journal = planned(tmp_path / "a.sqlite3")
    send(journal, FakeKinesis())
    before = {(line.order_id, line.line_number): line for line in order_lines(journal)}
    produce.plan(journal, seed=3, events=600, days=2)
    send(journal, FakeKinesis())
    after = {(line.order_id, line.line_number): line for line in order_lines(journal)}
    moved = [key for key in before if after[key].status != before[key].status]
    assert moved and all(after[key].placed_at == before[key].placed_at for key in moved)
    assert len(after) > len(before)


def test_batches_keep_both_limits_of_put_records() -> None:
    small = [Waiting(i, "k", b"x") for i in range(1201)]
    assert [len(batch) for batch in sender.batches(small)] == [500, 500, 201]
    large = [Waiting(i, "k", b"x" * 900_000) for i in range(12)]
    assert all(sum(len(r.data) for r in batch) <= sender.MAX_BYTES for batch in sender.batches(large))
