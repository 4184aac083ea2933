"""An ASGI layer round a service: the rules' admin door, and the requests that a rule strikes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from localcloud.faults.answers import Answer, failed, throttled
from localcloud.faults.requests import Target, is_form, target_of
from localcloud.faults.rules import FAULTS, REQUEST_KINDS, Faults, Rule, RuleError, read_rule

ADMIN_PATH = "/_localcloud/faults"
_OWN_PATHS = "/_localcloud/"
_MOST_RULE_BYTES = 65_536
_MOST_MATCHED_BYTES = 1 << 20
"""How much of a request's body is looked at for a rule's `match`; what is longer is not looked at."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


class FaultGate:
    """Hands every request to `app` but those a rule strikes; with no rule in force it costs nothing."""

    def __init__(self, app: App, faults: Faults = FAULTS) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] == ADMIN_PATH:
            await self._administer(scope, receive, send)
        elif self._faults.is_idle or scope["path"].startswith(_OWN_PATHS):
            await self._app(scope, receive, send)
        else:
            await self._judge(scope, receive, send)

    async def _judge(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        body, receive = await _peek(headers, receive)
        query = scope["query_string"].decode("latin-1")
        target = target_of(method=scope["method"], path=scope["path"], query=query, headers=headers, body=body)
        text = f"{scope['path']}?{query}\n{body.decode('utf-8', 'replace')}"
        rules = self._faults.strike(
            kinds=REQUEST_KINDS, service=target.service, operation=target.operation, text=text, origin=target.origin
        )
        for rule in rules:
            if rule.kind == "slow":
                await asyncio.sleep(rule.delay_ms / 1000)
        ending = next((rule for rule in rules if rule.kind != "slow"), None)
        if ending is None:
            await self._app(scope, receive, send)
        elif ending.kind == "partial":
            await self._app(scope, receive, _cut(send))
        else:
            if ending.when == "after":
                await self._app(scope, receive, _swallow)
            await _end(ending, target, send)

    async def _administer(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        try:
            status, answer = 200, self._answer(scope, await _whole(receive, _MOST_RULE_BYTES))
        except RuleError as error:
            status, answer = 400, {"title": "not a fault rule", "status": 400, "detail": str(error)}
        kind = "application/json" if status == 200 else "application/problem+json"
        await _respond(send, (status, {"content-type": kind}, json.dumps(answer).encode()))

    def _answer(self, scope: MutableMapping[str, Any], body: bytes) -> dict[str, Any]:
        if scope["method"] == "POST":
            try:
                given = json.loads(body)
            except ValueError as error:
                raise RuleError(f"the body is not JSON: {error}") from error
            if not isinstance(given, dict):
                raise RuleError("the body must be one JSON object, a rule")
            return {"id": self._faults.add(read_rule(given))}
        if scope["method"] == "DELETE":
            chosen = parse_qs(scope["query_string"].decode("latin-1")).get("id", [None])[0]
            return {"removed": self._faults.clear(chosen)}
        return {"faults": self._faults.describe()}


async def _end(rule: Rule, target: Target, send: Send) -> None:
    if rule.kind == "drop":
        _transport(send).abort()
        return
    await _respond(send, throttled(target) if rule.kind == "throttle" else failed(target))


def _transport(send: Send) -> asyncio.Transport:
    # ASGI has no word for a connection that breaks; uvicorn's cycle, whose method `send` is, holds the connection.
    return send.__self__.transport  # type: ignore[attr-defined]


def _cut(send: Send) -> Send:
    """Return a `send` that lets half of the first piece of the body through and then breaks the connection."""

    async def cut(message: Message) -> None:
        if message["type"] != "http.response.body":
            await send(message)
            return
        piece = message.get("body", b"")
        await send({"type": "http.response.body", "body": piece[: len(piece) // 2], "more_body": True})
        _transport(send).abort()

    return cut


async def _swallow(message: Message) -> None:
    """Let an answer go nowhere."""


async def _peek(headers: dict[str, str], receive: Receive) -> tuple[bytes, Receive]:
    """Return a request's body where rules may look at it, and a `receive` that gives it to the app nevertheless."""
    looked_at = "x-amz-target" in headers or is_form(headers)
    if not looked_at or int(headers.get("content-length") or _MOST_MATCHED_BYTES + 1) > _MOST_MATCHED_BYTES:
        return b"", receive
    body = await _whole(receive, _MOST_MATCHED_BYTES)
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return body, again


async def _whole(receive: Receive, most: int) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > most:
            raise RuleError(f"the body is longer than {most} bytes")
    return body


async def _respond(send: Send, answer: Answer) -> None:
    status, headers, body = answer
    sent = {**headers, "content-length": str(len(body))}
    pairs = [(name.encode(), value.encode()) for name, value in sent.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
