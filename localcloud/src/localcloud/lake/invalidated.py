"""The end of an engine whose DuckDB refuses all further work, so that it is started anew over what it has kept."""

from __future__ import annotations

import logging
import os
import re
import threading

import duckdb

STATUS = 70
"""The exit status (EX_SOFTWARE of BSD's sysexits); supervisord starts anew what ends with another than 0."""

_SECONDS = 1.0
"""Time for the answers that are under way."""

_DATABASE = re.compile(r"Checkpoint failed for database|has been invalidated because checkpointing failed")
"""DuckDB's words where one attached database is lost to it, and not the whole instance (FatalException)."""

_log = logging.getLogger(__name__)
_leaving = threading.Event()


def leaves_after(error: duckdb.Error) -> bool:
    """Whether DuckDB is of no more use after `error`; if so this process ends in a second, as if it had been killed.

    DuckDB works no more once an error of its own, or a full disk, has left its memory in doubt; what it had committed
    is in its files. An ordered end would write a checkpoint, which is what has failed, and wait for queries.
    """
    if not isinstance(error, duckdb.FatalException) and not _DATABASE.search(str(error)):
        return False
    if not _leaving.is_set():
        _leaving.set()
        _log.critical("DuckDB works no more, so this process ends: %s", error)
        timer = threading.Timer(_SECONDS, os._exit, [STATUS])
        timer.daemon = True
        timer.start()
    return True
