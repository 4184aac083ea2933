"""Tell people: the SNS topic always, a Slack channel if Airflow has the connection `landfall_slack`."""

from __future__ import annotations

import logging
from typing import Final

from landfall.aws.notifications import notify
from landfall.night import slack
from landfall.night.messages import Message, as_slack, as_text
from landfall.settings import Settings

logger = logging.getLogger(__name__)

SLACK_CONNECTION: Final = "landfall_slack"
"""The connection whose password is the address of an incoming webhook; in AWS it lies in Secrets Manager's backend."""


def tell(message: Message) -> str:
    """Send `message` and return what became of Slack: `sent`, `not configured`, or why it was not taken.

    A channel that does not take it is no error: the topic is told, and told of that. Raises what SNS raises.
    """
    return tell_all(message, webhook=slack_webhook())


def tell_all(message: Message, *, webhook: str | None) -> str:
    """Send `message` to the topic and, if there is one, to the Slack `webhook`; returns what `tell` does."""
    outcome = _post(message, webhook) if webhook else "not configured"
    text = as_text(message)
    if webhook and outcome != "sent":
        text = f"{text}\n\nSlack did not take this: {outcome}"
    topic = Settings.from_environment().notification_topic_arn
    notify(topic_arn=topic, subject=message.subject, message=text)
    return outcome


def slack_webhook() -> str | None:
    """Return the address of the webhook, None if Airflow has no such connection."""
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return str(Connection.get(SLACK_CONNECTION).password or "") or None
    except AirflowNotFoundException:
        return None


async def slack_webhook_in_triggerer() -> str | None:
    """Return what `slack_webhook` does, where Airflow is asked from an event loop."""
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return str((await Connection.async_get(SLACK_CONNECTION)).password or "") or None
    except AirflowNotFoundException:
        return None


def _post(message: Message, webhook: str) -> str:
    try:
        slack.post(webhook, as_slack(message))
    except slack.SlackError as error:
        logger.error("slack: %s", error)
        return str(error)
    return "sent"
