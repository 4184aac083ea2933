"""The end of an extract: its record comes to rest, others may run, and who wants to know is told, once if possible."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from landfall.extract.records.record import UNDER_WAY, ExtractRecord, State, timestamp
from landfall.extract.records.store import ExtractStore
from landfall.notify.events import TOLD, tell_of
from landfall.settings import Settings

logger = logging.getLogger(__name__)


def end(
    store: ExtractStore, extract_id: str, state: State, *, settings: Settings, **values: Any
) -> tuple[bool, ExtractRecord | None]:
    """Bring a record to `state`, one of those an extract ends in, and tell of it; return what `move` does.

    Its customer's quota is given back; where that breaks off, who waits for it finds that the extract has ended.
    A step that is repeated after a crash tells what had not been told. What cannot be told is logged, not raised: the
    record is the truth, and the extract is what it is.
    """
    moved, record = store.move(extract_id, state, **values)
    if record is not None and record.state not in UNDER_WAY:
        store.slots.give_back(record.customer_id, extract_id)
    if record is not None and record.state == state and state in TOLD and record.told_at is None:
        try:
            tell_of(record, settings)
            store.note(record, told_at=timestamp(datetime.now(UTC)))
        except Exception:
            logger.exception("extract %s is %s, which nobody could be told", extract_id, state)
    return moved, record
