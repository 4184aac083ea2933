"""Send events, so that no step ever waits for them or fails by them.

The transport is configured as for any OpenLineage client: `OPENLINEAGE__TRANSPORT__TYPE` and its like, OPENLINEAGE_URL,
a file named by OPENLINEAGE_CONFIG, or Airflow's `[openlineage] transport`. Without one nothing is made or sent.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from landfall.lineage.steps import Parent, Step

logger = logging.getLogger(__name__)

WAIT_SECONDS = 10.0
"""The longest that a process waits for its events, all together; later ones are sent beside its work while it lives."""

_AIRFLOW_TRANSPORT = "AIRFLOW__OPENLINEAGE__TRANSPORT"


@dataclass
class _State:
    """What this process knows of its transport: a dead one is not tried again. `lost` counts steps not told in full."""

    is_dead: bool = False
    lost: int = 0
    waited: float = 0.0


_state = _State()


def tell(make: Callable[[], Iterable[Step]]) -> None:
    """Emit the events of the steps that `make` returns. Never raises, and waits for WAIT_SECONDS a process at most.

    Nothing is sent once a transport has failed in this process; that is logged once, and the metric
    `landfall.lineage.lost` counts the steps that are not told of.
    """
    if not is_configured():
        return
    if _state.is_dead:
        _count_lost()
        return
    try:
        from landfall.lineage.parent import current_parent

        parent = current_parent()
        sending = threading.Thread(target=_send, args=(make, parent), name="lineage", daemon=True)
        began = time.monotonic()
        sending.start()
        sending.join(max(0.0, WAIT_SECONDS - _state.waited))
        _state.waited += time.monotonic() - began
        if sending.is_alive():
            logger.warning("lineage events are late: they are lost if this process ends before they are sent")
    except Exception as error:  # lineage must not end what it tells of
        _give_up(f"{type(error).__name__}: {error}")


def is_configured() -> bool:
    """Whether somebody said where events go."""
    if os.environ.get("OPENLINEAGE_DISABLED", "").strip().lower() == "true":
        return False
    return bool(
        os.environ.get("OPENLINEAGE_URL")
        or os.environ.get("OPENLINEAGE_CONFIG")
        or os.environ.get(_AIRFLOW_TRANSPORT)
        or any(name.startswith("OPENLINEAGE__TRANSPORT") for name in os.environ)
    )


def _send(make: Callable[[], Iterable[Step]], parent: Parent | None) -> None:
    try:
        from landfall.lineage.events import event_of

        events = [event_of(step, parent) for step in make()]
    except Exception:  # see tell
        logger.warning("the lineage of this step cannot be told, the work goes on", exc_info=True)
        _count_lost()
        return
    try:
        from openlineage.client import OpenLineageClient

        client = OpenLineageClient(config=_airflow_config())
        for event in events:
            client.emit(event)
        client.close(WAIT_SECONDS)
    except Exception as error:  # see tell
        _give_up(f"{type(error).__name__}: {error}")


def _airflow_config() -> dict[str, Any] | None:
    transport = os.environ.get(_AIRFLOW_TRANSPORT)
    return {"transport": json.loads(transport)} if transport else None


def _give_up(why: str) -> None:
    if not _state.is_dead:
        _state.is_dead = True
        logger.warning("lineage events are lost from now on in this process, the work goes on: %s", why)
    _count_lost()


def _count_lost() -> None:
    _state.lost += 1
    try:
        from airflow.sdk.observability.stats import incr

        incr("landfall.lineage.lost")
    except Exception:  # a metric is worth no failure either
        logger.debug("lineage: the metric of lost events could not be counted", exc_info=True)
