"""The contract's limit of quarantine: a batch that passes it is told to people, or not loaded."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence

from landfall.aws.notifications import notify
from landfall.contracts import StreamContract
from landfall.contracts.model import LimitAction
from landfall.errors import QuarantineLimitError

logger = logging.getLogger(__name__)


def limit_passed(contract: StreamContract, *, bad: int, good: int, accept: bool) -> list[str]:
    """Return what is to be told of a batch before it is merged: nothing if it keeps to its contract's limit.

    `bad` records are to go to quarantine; `good` counts each key once. Conflicts are found by the merge only, and not
    counted. Raises QuarantineLimitError if the contract says so, unless `accept`.
    """
    limit = contract.quarantine_limit
    if limit is None or not limit.is_passed(bad=bad, good=good):
        return []
    found = f"{bad} of {bad + good} records break contract {contract.version}"
    if limit.action is LimitAction.STOP and not accept:
        raise QuarantineLimitError(
            f"{contract.stream}: {found}, more than its quarantineLimit lets pass: nothing of the batch is loaded and "
            "its objects stay open. Look at what the producer sends; then deploy a contract that fits, or trigger with "
            "accept_quarantine and replay what goes to quarantine"
        )
    logger.warning("stream=%s is above its limit of quarantine: %s", contract.stream, found)
    return [found]


def tell_of_limit(contract: StreamContract, found: Sequence[str], *, run_id: str, topic_arn: str) -> None:
    """Notify people of batches above the limit. That it fails is logged: the rows are loaded, a retry tells nobody."""
    message = {"stream": contract.stream, "run_id": run_id, "batches": list(found), "table": contract.quarantine_table}
    try:
        notify(
            topic_arn=topic_arn,
            subject=f"Landfall: quarantine of {contract.stream} is above its limit",
            message=json.dumps(message),
        )
    except Exception:
        logger.exception("quarantine of %s run_id=%s could not be notified", contract.stream, run_id)
