"""Usage limits of workgroups: when one is reached."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from localcloud.redshift.engine.usage import Meter
from localcloud.redshift.errors import RedshiftError

log = logging.getLogger(__name__)


@dataclass
class UsageLimit:
    """RPU-hours (`amount`) that a workgroup may use in a `period`: daily, weekly or monthly; `action` on a breach."""

    id: str
    workgroup: str
    resource_arn: str
    amount: int
    period: str
    action: str


def refuse_overuse(limits: Iterable[UsageLimit], meter: Meter) -> None:
    """Raise RedshiftError 53400 when a limit is used up and says `deactivate`; log it when it says anything else."""
    for limit in limits:
        if meter.charged_seconds(period_start(limit.period)) < limit.amount * 3600:
            continue
        reached = f"the {limit.period} usage limit of {limit.amount} RPU-hours is reached"
        if limit.action == "deactivate":
            raise RedshiftError("53400", f"Query is cancelled: {reached}")
        log.warning("%s: %s", limit.workgroup, reached)


def period_start(period: str) -> float:
    """When the current day, week (from Sunday) or month began in UTC, in Unix seconds."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "weekly":
        today -= timedelta(days=today.isoweekday() % 7)
    elif period == "monthly":
        today = today.replace(day=1)
    return today.timestamp()
