"""Tells the engines in which folder S3 keeps the bodies of objects, so that they need not read them over HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ministack.core.responses import get_account_id
from ministack.services import s3

from localcloud.faults.requests import ENGINE_AGENT, OBJECTS_FOLDER_HEADER
from localcloud.faults.rules import FAULTS, Faults

Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Any, Send], Awaitable[None]]


class TellsWhereObjectsAre:
    """An ASGI layer that adds the folder to answers for the engines' boto3, unless a fault rule is in force."""

    def __init__(self, app: App, faults: Faults = FAULTS) -> None:
        self._app = app
        self._faults = faults
        folder = quote(str(Path(s3.DATA_DIR, get_account_id()).resolve()))
        self._header = (OBJECTS_FOLDER_HEADER.encode(), folder.encode())

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] != "http" or not self._faults.is_idle or not _is_engine(scope["headers"]):
            await self._app(scope, receive, send)
            return

        async def send_with_header(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], self._header]}
            await send(message)

        await self._app(scope, receive, send_with_header)


def _is_engine(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(name == b"user-agent" and ENGINE_AGENT.encode() in value for name, value in headers)
