"""Deliver what waits in a channel's queue; what fails comes again later, and at last lies with the dead letters."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Literal

from landfall.aws import sqs
from landfall.errors import AddressError, DeliveryError
from landfall.notify import addresses, mail, webhook
from landfall.notify.contacts import Contact, Contacts
from landfall.settings import Settings

logger = logging.getLogger(__name__)

Channel = Literal["webhooks", "mails"]
Send = Callable[[Mapping[str, Any], Contact], Awaitable[None]]
Outcome = Literal["sent", "nobody to tell", "later", "given up"]

MOST_MESSAGES: Final = 1_000
"""How many one run takes; the watcher lets another run for the rest."""

_FIRST_PAUSE_SECONDS: Final = 30
_PAUSE_GROWTH: Final = 4
_LONGEST_PAUSE_SECONDS: Final = 43_200
"""SQS's limit. Eight tries, by infra/notify.yaml, reach over two days."""


def queue_of(channel: Channel, settings: Settings) -> str:
    """Return the name of a channel's queue; its dead letters are in the one named `<queue>-dead`."""
    return f"landfall-{settings.environment}-{channel}"


def pause_after(times: int) -> int:
    """Return how long (seconds) a message rests that was received `times` times: 30 s, 2 min, 8 min, half an hour..."""
    return int(min(_FIRST_PAUSE_SECONDS * _PAUSE_GROWTH ** (times - 1), _LONGEST_PAUSE_SECONDS))


def deliver_all(channel: Channel, *, settings: Settings) -> dict[str, int]:
    """Deliver up to MOST_MESSAGES of what waits, ten at a time; return how many had which outcome."""
    url = sqs.queue_url(queue_of(channel, settings))
    contacts, counts = Contacts(settings), Counter[str]()
    for batch in sqs.receive_batches(url=url, most=MOST_MESSAGES):
        counts.update(deliver(batch, url=url, contact_of=contacts.of, send=SENDERS[channel]))
    return dict(counts)


def deliver(batch: list[sqs.Message], *, url: str, contact_of: Callable[[str], Contact], send: Send) -> list[Outcome]:
    """Deliver up to ten messages at once, so that one slow receiver does not keep the others."""

    async def together() -> list[Outcome]:
        return await asyncio.gather(*(_deliver_one(message, contact_of, send) for message in batch))

    outcomes = asyncio.run(together())
    sqs.delete_messages(url=url, messages=[m for m, o in zip(batch, outcomes, strict=True) if o != "later"])
    for message, outcome in zip(batch, outcomes, strict=True):
        if outcome == "later":
            sqs.postpone(url=url, message=message, seconds=pause_after(message.times))
    return outcomes


async def _deliver_one(message: sqs.Message, contact_of: Callable[[str], Contact], send: Send) -> Outcome:
    told = "an event"
    try:
        event = json.loads(message.body)
        told = f"event {event['id']}"
        contact = await asyncio.to_thread(contact_of, event["data"]["customer_id"])
        if contact == Contact():
            return "nobody to tell"
        await send(event, contact)
    except DeliveryError as error:
        logger.warning("%s, try %d: %s", told, message.times, error)
        return "given up" if error.for_good else "later"
    except AddressError as error:
        # A name may lead elsewhere for a while; if it stays so, it lies with the dead letters.
        logger.warning("%s, try %d: %s", told, message.times, error)
        return "later"
    except Exception:
        # One message must not keep the nine beside it.
        logger.exception("%s, try %d", told, message.times)
        return "later"
    return "sent"


async def _send_webhook(event: Mapping[str, Any], contact: Contact) -> None:
    if contact.webhook:
        destination = await asyncio.to_thread(addresses.locate, contact.webhook)
        body = json.dumps(event).encode()
        await webhook.send(destination, message_id=event["id"], body=body, keys=contact.keys)


async def _send_mail(event: Mapping[str, Any], contact: Contact) -> None:
    if contact.emails:
        await asyncio.to_thread(mail.send, event, contact)


SENDERS: Final[Mapping[Channel, Send]] = {"webhooks": _send_webhook, "mails": _send_mail}
