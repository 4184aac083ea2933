"""Messages over SNS topics, to people and to machines."""

from __future__ import annotations

from collections.abc import Mapping

from landfall.aws.clients import client

_SUBJECT_LIMIT = 100
"""Longest subject SNS takes (characters)."""


def notify(*, topic_arn: str, subject: str, message: str) -> None:
    """Publish `message` to the topic; a subject that is too long is cut."""
    client("sns").publish(TopicArn=topic_arn, Subject=subject[:_SUBJECT_LIMIT], Message=message)


def announce(*, topic_arn: str, message: str, attributes: Mapping[str, str]) -> None:
    """Publish `message` for machines; subscribers choose by its `attributes`."""
    described = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
    client("sns").publish(TopicArn=topic_arn, Message=message, MessageAttributes=described)
