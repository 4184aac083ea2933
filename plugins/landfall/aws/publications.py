"""The publication table in DynamoDB: partition key `group`, sort key `version`.

A group's items are its versions (`0000000001`, state reserved, published or abandoned), `current`, and one
`attempt#<cause>` for each run that asked for a publication.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from landfall.aws.clients import client
from landfall.errors import PublicationError

_SERIALIZER = TypeSerializer()
_DESERIALIZER = TypeDeserializer()
_RESERVATION_TRIES = 20
_PAGE = 10
_ALL_VERSIONS = {":low": {"S": "0000000000"}, ":high": {"S": "9999999999"}}


class PublicationTable:
    """Conditional reads and writes of publication items; every read is strongly consistent."""

    def __init__(self, *, name: str) -> None:
        self._name = name

    def get(self, group: str, sort_key: str) -> dict[str, Any] | None:
        """Return one item as plain values, None if there is none."""
        found = client("dynamodb").get_item(
            TableName=self._name, Key=_item({"group": group, "version": sort_key}), ConsistentRead=True
        )
        return _plain(found["Item"]) if "Item" in found else None

    def put(self, item: Mapping[str, Any]) -> None:
        """Write one item without a condition."""
        client("dynamodb").put_item(TableName=self._name, Item=_item(item))

    def reserve(self, group: str, *, cause_run_id: str) -> int:
        """Take the next free version number for the caller alone; PublicationError if others keep taking it."""
        for _ in range(_RESERVATION_TRIES):
            number = self._highest(group) + 1
            item = {
                "group": group,
                "version": f"{number:010d}",
                "number": number,
                "state": "reserved",
                "cause_run_id": cause_run_id,
            }
            if self._succeeds(
                "put_item", TableName=self._name, Item=_item(item), ConditionExpression="attribute_not_exists(version)"
            ):
                return number
        raise PublicationError(f"no free version number for group {group!r} in {_RESERVATION_TRIES} tries: try again")

    def move_current(self, current: Mapping[str, Any], version: Mapping[str, Any], *, expected_version: int) -> bool:
        """Write both items in one transaction if `current` still is at `expected_version` (0: none); False if not."""
        names = {"#number": "number"}
        condition: dict[str, Any] = {
            "ConditionExpression": "#number = :expected",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": {":expected": {"N": str(expected_version)}},
        }
        if expected_version == 0:
            condition = {"ConditionExpression": "attribute_not_exists(version)"}
        reserved = {
            "ConditionExpression": "#state = :reserved",
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": {":reserved": {"S": "reserved"}},
        }
        return self._succeeds(
            "transact_write_items",
            TransactItems=[
                {"Put": {"TableName": self._name, "Item": _item(current), **condition}},
                {"Put": {"TableName": self._name, "Item": _item(version), **reserved}},
            ],
        )

    def amend(self, current: Mapping[str, Any], version: Mapping[str, Any]) -> bool:
        """Rewrite the current version's two items in one transaction; False if another version is current by now."""
        condition = {
            "ConditionExpression": "#number = :expected",
            "ExpressionAttributeNames": {"#number": "number"},
            "ExpressionAttributeValues": {":expected": {"N": str(current["number"])}},
        }
        return self._succeeds(
            "transact_write_items",
            TransactItems=[
                {"Put": {"TableName": self._name, "Item": _item(item), **condition}} for item in (current, version)
            ],
        )

    def between(self, group: str, low: int, high: int) -> Iterator[dict[str, Any]]:
        """Yield the items, whatever their state, of the versions from `low` to below `high`, in order."""
        return self._versions(group, low, high)

    def before(self, group: str, version: int) -> Iterator[dict[str, Any]]:
        """Yield the items, whatever their state, of the versions below `version`, the newest first.

        What is not asked for is not read, but for the rest of a page.
        """
        return self._versions(group, 0, version, ScanIndexForward=False, PaginationConfig={"PageSize": _PAGE})

    def _versions(self, group: str, low: int, high: int, **options: Any) -> Iterator[dict[str, Any]]:
        if low >= high:  # DynamoDB refuses such a BETWEEN
            return
        pages = (
            client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self._name,
                KeyConditionExpression="#group = :group AND version BETWEEN :low AND :high",
                ExpressionAttributeNames={"#group": "group"},
                ExpressionAttributeValues={
                    ":group": {"S": group},
                    ":low": {"S": f"{low:010d}"},
                    ":high": {"S": f"{high - 1:010d}"},
                },
                ConsistentRead=True,
                **options,
            )
        )
        for page in pages:
            yield from (_plain(item) for item in page["Items"])

    def abandon(self, group: str, number: int) -> None:
        """Mark a reserved version as one that will never be published; its number stays used."""
        self._succeeds(
            "update_item",
            TableName=self._name,
            Key=_item({"group": group, "version": f"{number:010d}"}),
            UpdateExpression="SET #state = :abandoned",
            ConditionExpression="#state = :reserved",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":abandoned": {"S": "abandoned"}, ":reserved": {"S": "reserved"}},
        )

    def _highest(self, group: str) -> int:
        found = client("dynamodb").query(
            TableName=self._name,
            KeyConditionExpression="#group = :group AND version BETWEEN :low AND :high",
            ExpressionAttributeNames={"#group": "group"},
            ExpressionAttributeValues={":group": {"S": group}, **_ALL_VERSIONS},
            ScanIndexForward=False,
            Limit=1,
            ConsistentRead=True,
        )
        return int(_plain(found["Items"][0])["number"]) if found["Items"] else 0

    def _succeeds(self, operation: str, **request: Any) -> bool:
        """Send a conditional write; False if its condition did not hold, other errors are raised."""
        try:
            getattr(client("dynamodb"), operation)(**request)
        except ClientError as error:
            if _condition_failed(error):
                return False
            raise
        return True


def _condition_failed(error: ClientError) -> bool:
    """Tell a failed condition from throttling or a conflict, which a transaction reports by the same exception."""
    reasons = error.response.get("CancellationReasons", [])
    return error.response["Error"]["Code"] == "ConditionalCheckFailedException" or any(
        reason.get("Code") == "ConditionalCheckFailed" for reason in reasons
    )


def _item(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _SERIALIZER.serialize(value) for name, value in values.items()}


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _DESERIALIZER.deserialize(value) for name, value in item.items()}
