"""Waiting until processes answer, and saying why one does not."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from localcloud.stack.errors import StackError
from localcloud.stack.layout import Layout
from localcloud.stack.supervisor import Supervisor

LOG_LINES = 20
LOG_LINE_CHARACTERS = 240
POLL_SECONDS = 0.1

# A proxy of the caller's environment has no business with 127.0.0.1.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def fetch_json(url: str, *, token: str | None = None, body: Mapping[str, Any] | None = None) -> Any:
    """GET `url` (POST `body` when given) and return the JSON of its answer.

    Raises OSError (URLError, HTTPError, timeouts) and ValueError (no JSON).
    """
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers=headers)  # noqa: S310 - 127.0.0.1 by construction
    with _OPENER.open(request, timeout=5) as answer:
        return json.load(answer)


def is_healthy(url: str) -> bool:
    """Whether a process of the local cloud says it is ready."""
    try:
        fetch_json(f"{url}/_localcloud/health")
    except (OSError, ValueError):
        return False
    return True


def wait_until(
    is_ready: Callable[[], bool],
    *,
    what: str,
    programs: tuple[str, ...],
    supervisor: Supervisor,
    layout: Layout,
    seconds: float,
) -> None:
    """Return once `is_ready()`.

    Raises StackError with the last lines of its log as soon as one of `programs` has ended, or when `seconds` are over.
    """
    deadline = time.monotonic() + seconds
    while not is_ready():
        states = supervisor.states()
        for name in programs:
            if name not in states or states[name].state in ("EXITED", "FATAL", "STOPPED"):
                raise StackError(f"{name} ended instead of getting ready:\n{log_tail(layout, name)}")
        if time.monotonic() > deadline:
            logs = "\n".join(f"  {layout.log_of(name)}" for name in programs)
            raise StackError(f"{what} is not ready after {seconds:.0f} s; run the command again, or see\n{logs}")
        time.sleep(POLL_SECONDS)


def log_tail(layout: Layout, program: str) -> str:
    """The last lines that `program` wrote, below the name of the file."""
    file = layout.log_of(program)
    lines = file.read_text(errors="replace").splitlines()[-LOG_LINES:] if file.exists() else []
    return "\n".join([f"({file})", *(line[:LOG_LINE_CHARACTERS] for line in lines)])
