"""Wait for a statement that an engine runs, looking ever less often."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar, overload

from landfall.errors import EngineError

T = TypeVar("T")

Meanwhile = Callable[[], object] | None
"""What can be done in the time that a statement needs, None for nothing."""

_FIRST_PAUSE_SECONDS = 0.01
_LONGEST_PAUSE_SECONDS = 2.0
_GROWTH = 1.25
"""A statement is found ended after a fourth more than it took, at the most; AWS allows 100 looks a second."""


@overload
def wait_for(
    look: Callable[[], T | None], *, stop: Callable[[], None], seconds: None = None, meanwhile: Meanwhile = None
) -> T: ...


@overload
def wait_for(
    look: Callable[[], T | None], *, stop: Callable[[], None], seconds: float, meanwhile: Meanwhile = None
) -> T | None: ...


def wait_for(
    look: Callable[[], T | None],
    *,
    stop: Callable[[], None],
    seconds: float | None = None,
    meanwhile: Meanwhile = None,
) -> T | None:
    """Return what `look` finds once the statement has ended; None if it has not within `seconds`, if they are given.

    `meanwhile` is done first, in the time that the engine needs.

    `look` raises EngineError for a statement that failed. Whatever else breaks the wait off, such as the kill of a
    task, stops the statement: it would cost money and could still write.
    """
    deadline = None if seconds is None else time.monotonic() + seconds
    pause = _FIRST_PAUSE_SECONDS
    try:
        if meanwhile is not None:
            meanwhile()
        while (found := look()) is None:
            if deadline is not None and time.monotonic() + pause > deadline:
                return None
            time.sleep(pause)
            pause = min(pause * _GROWTH, _LONGEST_PAUSE_SECONDS)
    except EngineError:
        raise
    except BaseException:
        stop()
        raise
    return found
