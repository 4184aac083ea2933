"""What every DAG shares: default arguments, the failure callback and the tags."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

logger = logging.getLogger(__name__)

START_DATE: Final = datetime(2026, 11, 1, tzinfo=UTC)
"""Start of every schedule. No DAG catches up, so it only has to lie in the past."""

_SUBJECT_LIMIT = 100
"""Longest subject SNS takes (characters)."""


class Tag(StrEnum):
    """The tags a DAG may carry: its station on the data's way, and how it is started."""

    INGEST = "ingest"
    TRANSFORM = "transform"
    PUBLISH = "publish"
    EXTRACT = "extract"
    MAINTAIN = "maintain"
    ATHENA = "athena"
    REDSHIFT = "redshift"
    SCHEDULED = "scheduled"
    ON_DEMAND = "on_demand"


def notify_failure(context: Any) -> None:
    """Publish the failed task of `context` to the notification topic: ids and the error's class, never its data.

    A notification that cannot be sent is logged and not raised: it must not hide the failure it tells of.
    """
    task_instance = context["task_instance"]
    error = context.get("exception")
    message = {
        "dag_id": task_instance.dag_id,
        "task_id": task_instance.task_id,
        "run_id": task_instance.run_id,
        "try_number": task_instance.try_number,
        "error": type(error).__name__ if isinstance(error, BaseException) else "unknown",
    }
    subject = f"Landfall: {message['dag_id']}.{message['task_id']} failed"[:_SUBJECT_LIMIT]
    try:
        from landfall.aws.clients import client  # boto3 is not wanted while a DAG file is parsed
        from landfall.settings import Settings

        topic = Settings.from_environment().notification_topic_arn
        client("sns").publish(TopicArn=topic, Subject=subject, Message=json.dumps(message))
    except Exception:
        logger.exception("failure of %s run_id=%s could not be published", message["dag_id"], message["run_id"])


DEFAULT_ARGS: Final[dict[str, Any]] = {
    "owner": "landfall",
    "retries": 2,
    "retry_delay": timedelta(seconds=20),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=5),
    "execution_timeout": timedelta(hours=1),
    "on_failure_callback": notify_failure,
}
