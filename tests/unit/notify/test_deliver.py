"""What becomes of a message: sent, tried again later, or given up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from landfall.aws import sqs
from landfall.errors import AddressError, DeliveryError
from landfall.notify.contacts import Contact
from landfall.notify.deliver import deliver, pause_after

CONTACT = Contact(webhook="https://hooks.example.com/", keys=("whsec_AAAA",))


def message(event_id: str, *, times: int = 1) -> sqs.Message:
    return sqs.Message(
        body=json.dumps({"id": event_id, "data": {"customer_id": "cus_000001"}}), receipt=event_id, times=times
    )


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What was done with messages, by receipt."""
    done: dict[str, Any] = {}
    monkeypatch.setattr(
        sqs, "delete_messages", lambda *, url, messages: done.update({m.receipt: "gone" for m in messages})
    )
    monkeypatch.setattr(sqs, "postpone", lambda *, url, message, seconds: done.update({message.receipt: seconds}))
    return done


def test_each_message_has_the_fate_of_its_own_delivery(queue: dict[str, Any]) -> None:
    failures: dict[str, Exception] = {
        "down": DeliveryError("answered 503"),
        "gone": DeliveryError("answered 410", for_good=True),
        "inside": AddressError("not public"),
        "broken": RuntimeError("a bug"),
    }
    sent: list[str] = []

    async def send(event: Mapping[str, Any], contact: Contact) -> None:
        await asyncio.sleep(0)
        if event["id"] in failures:
            raise failures[event["id"]]
        sent.append(event["id"])

    batch = [*(message(name, times=2) for name in ("fine", *failures)), sqs.Message(body="{", receipt="no json")]
    outcomes = deliver(batch, url="queue", contact_of=lambda _: CONTACT, send=send)

    assert outcomes == ["sent", "later", "given up", "later", "later", "later"]
    assert sent == ["fine"]
    assert queue == {"fine": "gone", "gone": "gone", "down": 120, "inside": 120, "broken": 120, "no json": 30}


def test_a_customer_who_wants_nothing_is_told_nothing(queue: dict[str, Any]) -> None:
    async def send(event: Mapping[str, Any], contact: Contact) -> None:
        raise AssertionError("nobody is to be told")

    assert deliver([message("a")], url="queue", contact_of=lambda _: Contact(), send=send) == ["nobody to tell"]
    assert queue == {"a": "gone"}


def test_a_slow_receiver_does_not_keep_the_others(queue: dict[str, Any]) -> None:
    order: list[str] = []

    async def send(event: Mapping[str, Any], contact: Contact) -> None:
        await asyncio.sleep(0.2 if event["id"] == "slow" else 0)
        order.append(event["id"])

    deliver([message("slow"), message("quick")], url="queue", contact_of=lambda _: CONTACT, send=send)
    assert order == ["quick", "slow"]


def test_pauses_grow_to_the_limit_of_the_queue() -> None:
    assert [pause_after(times) for times in range(1, 9)] == [30, 120, 480, 1_920, 7_680, 30_720, 43_200, 43_200]


@pytest.mark.parametrize(
    "email", ["", "a", "a@b", "a@@b.com", "a b@c.com", "a@b.com\nBcc: x@y.com", "a@b.com,c@d.com", "<a@b.com>", "a@-.c"]
)
def test_what_is_no_mail_address_is_refused(email: str) -> None:
    with pytest.raises(AddressError, match="email"):
        Contact().with_emails([email])


def test_a_webhook_gets_a_key_once_and_a_new_one_leaves_the_last() -> None:
    first = Contact().with_webhook("https://hooks.example.com/")
    moved = first.with_webhook("https://hooks.example.com/2")
    rotated = moved.with_new_key().with_new_key()
    assert moved.keys == first.keys
    assert len(set(rotated.keys)) == 2
    assert first.keys[0] not in rotated.keys
