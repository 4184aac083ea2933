"""Answer a write only after what it did is saved, so that a SIGKILL takes nothing that was acknowledged.

ministack keeps its services in memory and saves them when it is stopped. Here each answer to a request that may have
changed something waits for the save of the services that such a request can reach.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, MutableMapping
from pathlib import Path
from typing import Any

from ministack import app as ministack_app

from localcloud.aws import s3_files
from localcloud.aws.durable_store import StateStore
from localcloud.aws.s3_events import ObjectEvents
from localcloud.faults.requests import target_of

_READS = re.compile(r"(Get|BatchGet|List|Describe|Query|Scan|TransactGet|Search|Head)(?!Records|ShardIterator)")
"""Operations that change nothing; Kinesis's iterators are state."""

_MESSAGING = frozenset({"eventbridge", "firehose", "kinesis", "sns", "sqs"})
_REACHED: dict[str, Collection[str]] = {
    "dynamodb": ("dynamodb", "kinesis"),
    "events": _MESSAGING,
    "firehose": ("firehose",),
    "glue": ("glue", *_MESSAGING),
    "kinesis": ("kinesis", "firehose"),
    "kms": ("kms",),
    "s3": ("s3", *_MESSAGING),
    "secretsmanager": ("secretsmanager",),
    "sns": _MESSAGING,
    "sqs": ("sqs",),
    "sts": (),
}
"""Signing name → the services whose state its requests can change. Of a service that is not named: all of them.

STS has no state that is kept: the sessions it gives out end with the process.
"""


class Durability:
    """The saved state of all services; `install` makes ministack load from it and save to it."""

    def __init__(self, path: Path, events: ObjectEvents) -> None:
        self._store = StateStore(path)
        self._events = events

    def install(self) -> None:
        """Take the place of ministack's files of JSON."""
        self._store.install()
        ministack_app.load_state = self._store.load
        ministack_app.save_all = self._save_at_stop

    async def save(self, services: Collection[str] = _REACHED["s3"]) -> None:
        """Save what changed in `services`, after the announcements of the objects that were written."""
        await self._events.delivered()
        self._save(services)

    async def save_what_changed_by(self, signing_name: str) -> None:
        """Save what a request to the service of `signing_name` can have changed."""
        reached = _REACHED.get(signing_name)
        await self.save(ministack_app._build_persistence_save_dict().keys() if reached is None else reached)

    def _save(self, services: Collection[str]) -> None:
        readers = ministack_app._build_persistence_save_dict()
        self._store.save((name, readers[name]) for name in services if name in readers)

    def _save_at_stop(self, readers: dict[str, Callable[[], dict[str, Any] | None]]) -> None:
        try:
            self._store.save(readers.items())
        except Exception:
            logging.getLogger("persistence").exception("the state was not saved")


class SavesBeforeItAnswers:
    """ASGI: hands requests to `application` and holds back the answers of writes until they are saved."""

    def __init__(self, application: Any, durability: Durability) -> None:
        self._application = application
        self._durability = durability

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        """Serve one ASGI scope; an answer that could not be saved is not sent, and the server answers 500."""
        service = _written_service(scope) if scope["type"] == "http" else None
        if service is None:
            await self._application(scope, receive, send)
            return

        with s3_files.checked() as require_written:

            async def send_after_save(message: Any) -> None:
                if message["type"] == "http.response.start":
                    require_written()
                    await self._durability.save_what_changed_by(service)
                await send(message)

            await self._application(scope, receive, send_after_save)


def _written_service(scope: MutableMapping[str, Any]) -> str | None:
    """Return the signing name of the service to which `scope` may write, or None if it only reads."""
    target = target_of(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
        body=b"",
    )
    if target.service == "s3":
        return None if scope["method"] in ("GET", "HEAD") else "s3"
    # Polls of CloudFormation tell of what its tasks have done since.
    if target.service != "cloudformation" and _READS.match(target.operation):
        return None
    return target.service
