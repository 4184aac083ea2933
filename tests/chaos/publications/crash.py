"""Ends a publisher at any call that it makes of AWS or Redshift, and sees to it that every place is struck."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa
from landfall.aws.clients import client
from sqlalchemy.engine.default import DefaultDialect

from tests.chaos.schedule import Killed

_SERVICES = ("dynamodb", "glue", "s3")
_OWN_TABLES = ("publication", "build_log", "svv_redshift_columns")
_ANYWHERE = 0.25


class Crash:
    """Ends the publisher's thread before or after a call, as it is armed; other threads call freely.

    `met` counts the places that the publisher came by, `struck` those where it died. `known` are places that it comes
    by in its first publication only.
    """

    def __init__(self, known: Sequence[str] = ()) -> None:
        self._first = tuple(known)
        self._waited: Counter[str] = Counter()
        self.met: Counter[str] = Counter(dict.fromkeys(known, 0))
        self.struck: Counter[str] = Counter()
        self._armed: dict[int, tuple[str, int]] = {}

    def arm(self, chance: random.Random) -> None:
        """Let this thread die at the place that was struck least so far, and of these waited for least in vain.

        One in four times it is any place, at one of the first times that the publisher comes by.
        """
        places, times = self._first_not_struck() or sorted(self.met), 1
        place = ""
        if places and chance.random() < _ANYWHERE:
            place, times = chance.choice(places), chance.choice((1, 1, 2, 3))
        elif places:
            place = min(places, key=lambda name: (self.struck[name], self._waited[name], chance.random()))
        self._waited[place] += 1
        self._armed[threading.get_ident()] = (place, times)

    def published(self) -> None:
        """Say that the first publication is there: its own places are not waited for any more."""
        self._first = ()

    def must_strike(self) -> bool:
        """Tell whether the first publication must wait for a place of its own."""
        return bool(self._first_not_struck())

    def _first_not_struck(self) -> list[str]:
        return [place for place in self._first if not self.struck[place]]

    def spared(self) -> bool:
        """Tell whether any place was never struck."""
        return any(not self.struck[place] for place in self.met)

    def watch(self) -> None:
        """Let this thread live and count the places that it comes by."""
        self._armed[threading.get_ident()] = ("", 0)

    def disarm(self) -> None:
        """Forget this thread."""
        self._armed.pop(threading.get_ident(), None)

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Meet every call of boto3's clients and every statement of SQLAlchemy's engines."""
        for service in _SERVICES:
            for event, when in (("before-call", "before"), ("after-call", "after")):
                client(service).meta.events.register(f"{event}.{service}", self._call(when), unique_id=f"{event} crash")
        statements = {
            "before_cursor_execute": self._statement("before"),
            "after_cursor_execute": self._statement("after"),
        }
        for event, handler in statements.items():
            sa.event.listen(sa.Engine, event, handler)
        commit = DefaultDialect.do_commit

        def do_commit(dialect: DefaultDialect, connection: Any) -> None:
            self._meet("before redshift commit", connection.close)
            commit(dialect, connection)
            self._meet("after redshift commit", connection.close)

        try:
            with patch.object(DefaultDialect, "do_commit", do_commit):
                yield
        finally:
            for event, handler in statements.items():
                sa.event.remove(sa.Engine, event, handler)
            for service in _SERVICES:
                for event in ("before-call", "after-call"):
                    client(service).meta.events.unregister(f"{event}.{service}", unique_id=f"{event} crash")

    def told(self) -> str:
        """Say how many places were struck of those that were met, and which were not."""
        missed = [
            f"never {place} (met {self.met[place]} times)" for place in sorted(self.met) if not self.struck[place]
        ]
        return ", ".join([f"{self.struck.total()} kills at {len(self.struck)} of {len(self.met)} places", *missed])

    def _call(self, when: str) -> Callable[..., None]:
        def meet(*, model: Any, **_: Any) -> None:
            self._meet(f"{when} {model.name}", lambda: None)

        return meet

    def _statement(self, when: str) -> Callable[..., None]:
        def meet(connection: sa.Connection, _cursor: Any, statement: str, *_: Any) -> None:
            self._meet(f"{when} redshift {named(statement)}", connection.invalidate)

        return meet

    def _meet(self, place: str, hang_up: Callable[[], None]) -> None:
        """Note the place, and die there if it is this thread's: its connection ends with it."""
        thread = threading.get_ident()
        if thread not in self._armed:
            return
        self.met[place] += 1
        armed, left = self._armed[thread]
        if armed not in (place, ""):
            return
        if left > 1:
            self._armed[thread] = (armed, left - 1)
        elif armed == place:
            self.disarm()
            self.struck[place] += 1
            hang_up()
            raise Killed


def named(statement: str) -> str:
    """Name a statement by its verb and what it is about; tables of all datasets are `rows`."""
    verb, *others = statement.split()
    if not others:
        return verb.lower()
    about = next((table for table in _OWN_TABLES if table in statement), "rows")
    return f"{verb.lower()} {about}"
