"""A door for the local cloud's other processes to put events of AWS's own sources on the default event bus.

PutEvents refuses sources that begin with `aws.`, here as in AWS; ministack's own services publish past that refusal.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from ministack.services import eventbridge

SERVICE_EVENTS_PATH = "/_localcloud/service-events"


async def publish(receive: Any, send: Any) -> None:
    """Serve one HTTP request whose body is that of PutEvents."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    try:
        entries = json.loads(body)
    except ValueError:
        status, headers, answer = 400, {"content-type": "application/json"}, b'{"message": "the body is not JSON"}'
    else:
        status, headers, answer = await asyncio.to_thread(eventbridge._put_events, entries, allow_aws_source=True)
    encoded = [(name.lower().encode(), str(value).encode()) for name, value in headers.items()]
    content = answer.encode() if isinstance(answer, str) else answer
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": content})
