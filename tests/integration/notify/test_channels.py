"""An event's way from the topic to its channels' queues, to the dead letters and back, on the local cloud."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from landfall.aws import sqs
from landfall.aws.clients import client
from landfall.aws.notifications import announce
from landfall.errors import DeliveryError
from landfall.notify import deliver, redeliver_command
from landfall.notify.contacts import Contact, Contacts
from landfall.settings import Settings

CUSTOMER = "cus_000777"
EVENT = {
    "id": "x1.done",
    "type": "extract.done",
    "timestamp": "2026-11-21T12:00:00Z",
    "data": {"extract_id": "x1", "customer_id": CUSTOMER, "product": "orders"},
}


@pytest.fixture
def settings(local_cloud: Mapping[str, str]) -> Iterator[Settings]:
    """The settings of the local cloud, with every channel's queues empty before and after."""
    found = Settings.from_environment()
    _empty(found)
    yield found
    _empty(found)


def _empty(settings: Settings) -> None:
    for channel in ("webhooks", "mails"):
        name = deliver.queue_of(channel, settings)  # type: ignore[arg-type]
        for url in (sqs.queue_url(name), sqs.queue_url(f"{name}-dead")):
            client("sqs").purge_queue(QueueUrl=url)


def tell(settings: Settings) -> None:
    announce(
        topic_arn=settings.extract_topic_arn,
        message=json.dumps(EVENT),
        attributes={"type": "extract.done", "customer_id": CUSTOMER},
    )


def sending_to(sent: list[Any], failure: Exception | None = None) -> deliver.Send:
    async def send(event: Mapping[str, Any], contact: Contact) -> None:
        if failure:
            raise failure
        sent.append((event, contact))

    return send


def test_an_event_reaches_each_channel_once_with_the_customers_contact(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = Contact().with_webhook("https://hooks.example.com/").with_emails(["a@example.com"])
    Contacts(settings).keep(CUSTOMER, contact)
    sent: list[Any] = []
    monkeypatch.setattr(deliver, "SENDERS", {channel: sending_to(sent) for channel in ("webhooks", "mails")})

    tell(settings)

    for channel in ("webhooks", "mails"):
        assert deliver.deliver_all(channel, settings=settings) == {"sent": 1}  # type: ignore[arg-type]
        assert deliver.deliver_all(channel, settings=settings) == {}  # type: ignore[arg-type]
    assert sent == [(EVENT, contact)] * 2


def test_what_fails_every_time_lies_with_the_dead_letters_until_it_is_sent_once_more(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Contacts(settings).keep(CUSTOMER, Contact().with_webhook("https://hooks.example.com/"))
    monkeypatch.setattr(deliver, "pause_after", lambda times: 0)
    monkeypatch.setattr(deliver, "SENDERS", {"webhooks": sending_to([], DeliveryError("answered 503"))})
    tell(settings)
    tries = 0
    deadline = time.monotonic() + 30
    dead = sqs.queue_url(deliver.queue_of("webhooks", settings) + "-dead")
    while not sqs.waiting(url=dead) and time.monotonic() < deadline:
        tries += deliver.deliver_all("webhooks", settings=settings).get("later", 0)
    assert tries == 8

    sent: list[Any] = []
    monkeypatch.setattr(deliver, "SENDERS", {"webhooks": sending_to(sent)})
    redeliver_command.run(argparse.Namespace(channel="webhooks"))

    assert capsys.readouterr().out.startswith("1 dead letter")
    assert deliver.deliver_all("webhooks", settings=settings) == {"sent": 1}
    assert [event for event, _ in sent] == [EVENT]


def test_a_contact_is_kept_replaced_and_absent(settings: Settings) -> None:
    contacts = Contacts(settings)
    contact = Contact().with_webhook("https://hooks.example.com/")
    contacts.keep(CUSTOMER, contact)
    contacts.keep(CUSTOMER, contact.with_emails(["a@example.com"]))
    assert contacts.of(CUSTOMER) == contact.with_emails(["a@example.com"])
    assert contacts.of("cus_999999") == Contact()
