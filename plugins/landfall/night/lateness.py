"""The night's deadline, and the callback by which Airflow says that it has passed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from landfall.errors import SettingsError
from landfall.night.messages import late_message
from landfall.night.telling import slack_webhook_in_triggerer, tell_all

DEADLINE_VARIABLE: Final = "LANDFALL_NIGHT_DEADLINE_MINUTES"
DEFAULT_MINUTES: Final = 240


def deadline() -> timedelta:
    """Return the time a night has from when it is queued. Raises SettingsError, which shows as a DAG import error."""
    text = os.environ.get(DEADLINE_VARIABLE) or str(DEFAULT_MINUTES)
    if not text.isdigit() or int(text) == 0:
        raise SettingsError(f"{DEADLINE_VARIABLE} is {text!r}: give whole minutes from 1 on")
    return timedelta(minutes=int(text))


async def tell_late(context: Mapping[str, Any]) -> str:
    """Tell people that the run of `context` has not ended by its deadline; returns what became of Slack.

    Airflow's triggerer runs this, once a run; a run that ended well before is not told of.
    """
    run = context["dag_run"]
    message = late_message(
        run_id=str(run["dag_run_id"]), state=str(run["state"]), deadline=_minutes(context["deadline"]["deadline_time"])
    )
    webhook = await slack_webhook_in_triggerer()
    return await asyncio.to_thread(tell_all, message, webhook=webhook)


def _minutes(at: datetime | str) -> str:
    found = at if isinstance(at, datetime) else datetime.fromisoformat(at)
    return f"{found:%Y-%m-%d %H:%M} UTC"
