"""The ASGI application: ministack's, plus a health check, refusals and what must run and rest with it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from ministack.app import SERVICE_HANDLERS
from ministack.app import app as ministack_app

from localcloud.aws import tables_door
from localcloud.aws.firehose_delivery import FirehoseDelivery
from localcloud.aws.refusal import refusal, refused_service
from localcloud.aws.s3_events import ObjectEvents
from localcloud.aws.service_events import SERVICE_EVENTS_PATH, publish
from localcloud.faults.requests import TABLES_PATH

HEALTH_PATH = "/_localcloud/health"


class Gateway:
    """Answers the health check, refuses what is not served and hands the rest to ministack.

    `delivery` runs while it is up; at its end `delivery` and `events` come to rest before the state is saved.
    """

    def __init__(self, delivery: FirehoseDelivery, events: ObjectEvents) -> None:
        self._delivery = delivery
        self._events = events

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Serve one ASGI scope."""
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        if scope["type"] == "http":
            if scope["path"] == HEALTH_PATH:
                body = json.dumps({"status": "ready", "services": sorted(SERVICE_HANDLERS)}).encode()
                headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
                await _respond(send, 200, headers, body)
                return
            if scope["path"] == SERVICE_EVENTS_PATH and scope["method"] == "POST":
                await publish(receive, send)
                return
            if scope["path"] == TABLES_PATH and scope["method"] == "GET":
                await tables_door.tell(scope, send)
                return
            service = refused_service(scope["headers"])
            if service is not None:
                await _respond(send, 400, *refusal(service, scope["headers"]))
                return
        await ministack_app(scope, receive, send)

    async def _lifespan(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        async def receive_after_stop() -> Any:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                # Before ministack saves its state: positions and announcements must fit the objects that were written.
                await self._delivery.stop()
                await asyncio.to_thread(self._events.finish)
            return message

        async def send_after_start(message: Any) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._delivery.start()
            await send(message)

        await ministack_app(scope, receive_after_stop, send_after_start)


async def _respond(send: Any, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
