"""An object is found by its announcement, and also without one."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from landfall.aws import sqs
from landfall.aws.clients import client

from tests.integration.ingest.probe import Probe, line, order


def purge(probe: Probe) -> None:
    """Lose all announcements so far."""
    url = sqs.queue_url(probe.settings.landed_queue(probe.stream))
    deadline = time.monotonic() + 10
    lost = 0
    while not lost and time.monotonic() < deadline:
        for messages in sqs.receive_batches(url=url, most=1000):
            lost += len(messages)
            sqs.delete_messages(url=url, messages=messages)
        time.sleep(0.1)
    assert lost


def wait_for_announcements(probe: Probe, count: int) -> None:
    url = sqs.queue_url(probe.settings.landed_queue(probe.stream))
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        if int(found["Attributes"]["ApproximateNumberOfMessages"]) >= count:
            return
        time.sleep(0.1)
    raise AssertionError(f"{count} announcements did not come")


def test_announced_objects_are_entered_once_and_their_messages_deleted(probe: Probe) -> None:
    keys = [probe.land(f"o-{number}", line(order(number))) for number in range(12)]
    wait_for_announcements(probe, 12)
    found = probe.discover()
    assert (found.notifications, found.not_understood, found.announced, found.reconciled) == (12, 0, 12, 0)
    assert sorted(probe.items()) == sorted(keys)
    again = probe.discover()
    assert (again.notifications, again.announced, again.reconciled) == (0, 0, 0)


def test_an_object_whose_announcement_was_lost_is_found_by_the_listing(probe: Probe) -> None:
    key = probe.land("silent", line(order(1)))
    purge(probe)
    assert probe.discover().reconciled == 1
    assert probe.load().loaded == 1
    assert probe.counts(key)["loaded"] == 1


def test_the_listing_looks_at_recent_days_only_and_at_none_between(probe: Probe) -> None:
    today = datetime.now(UTC).date()
    probe.discover()
    recent = probe.land("recent", line(order(1)), dt=(today - timedelta(days=1)).isoformat())
    probe.land("old", line(order(2)), dt=(today - timedelta(days=9)).isoformat())
    purge(probe)
    assert probe.discover().reconciled == 1
    assert list(probe.items()) == [recent]


def test_a_listing_that_was_not_made_for_long_catches_up(probe: Probe) -> None:
    today = datetime.now(UTC).date()
    probe.ledger("run-0").move_mark((today - timedelta(days=30)).isoformat(), previous=None)
    for days in (1, 12, 29):
        probe.land(f"{days}-days-old", line(order(days)), dt=(today - timedelta(days=days)).isoformat())
    purge(probe)
    assert probe.discover().reconciled == 3


def test_keys_that_are_not_laid_out_as_landed_objects_are_left_alone(probe: Probe) -> None:
    probe.land("misplaced", line(order(1)), hr="99")
    found = probe.discover()
    assert (found.announced, found.reconciled) == (0, 0)
    assert probe.items() == {}
