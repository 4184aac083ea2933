"""Messages to people, over the one SNS topic."""

from __future__ import annotations

from landfall.aws.clients import client

_SUBJECT_LIMIT = 100
"""Longest subject SNS takes (characters)."""


def notify(*, topic_arn: str, subject: str, message: str) -> None:
    """Publish `message` to the topic; a subject that is too long is cut."""
    client("sns").publish(TopicArn=topic_arn, Subject=subject[:_SUBJECT_LIMIT], Message=message)
