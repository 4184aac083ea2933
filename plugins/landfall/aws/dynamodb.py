"""Items of one DynamoDB table, changed only under a condition on what they were."""

from __future__ import annotations

import random
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from landfall.aws.clients import client

TRANSACTION_LIMIT = 100
"""Most items one transaction may change (DynamoDB service quotas)."""

_CONFLICT_TRIES = 6
_SERIALIZER = TypeSerializer()
_DESERIALIZER = TypeDeserializer()


@dataclass(frozen=True, kw_only=True)
class Change:
    """New `values` for the item of `key`, on condition that its attributes are `expected` (None: absent).

    An item whose attributes are all expected to be absent is created.
    """

    key: Mapping[str, str]
    values: Mapping[str, Any]
    expected: Mapping[str, Any]


class ItemTable:
    """The items of the table `name`."""

    def __init__(self, *, name: str) -> None:
        self._name = name

    def read(self, key: Mapping[str, str]) -> dict[str, Any] | None:
        """Return an item as it is now, or None."""
        answer = client("dynamodb").get_item(TableName=self._name, Key=_serialized(key), ConsistentRead=True)
        return _plain(answer["Item"]) if "Item" in answer else None

    def select(
        self, *, equals: tuple[str, str], begins: tuple[str, str] | None = None, index: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield the items whose partition key equals a value and whose sort key begins with one, in its order.

        Reads of an `index` may lag behind writes by moments; reads of the table do not.
        """
        names = {"#hash": equals[0]}
        values = {":hash": equals[1]}
        condition = "#hash = :hash"
        if begins:
            names["#range"], values[":range"] = begins
            condition += " AND begins_with(#range, :range)"
        request: dict[str, Any] = {"IndexName": index} if index else {"ConsistentRead": True}
        pages = (
            client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self._name,
                KeyConditionExpression=condition,
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=_serialized(values),
                **request,
            )
        )
        for page in pages:
            yield from (_plain(item) for item in page["Items"])

    def page(
        self, *, equals: tuple[str, str], index: str, limit: int, after: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]:
        """Return up to `limit` items of a partition of `index`, the highest sort key first, from behind `after` on.

        `after` holds the key attributes, of the table and of the index, of the last item of the page before.
        """
        request: dict[str, Any] = {"ExclusiveStartKey": _serialized(after)} if after else {}
        answer = client("dynamodb").query(
            TableName=self._name,
            IndexName=index,
            KeyConditionExpression="#hash = :hash",
            ExpressionAttributeNames={"#hash": equals[0]},
            ExpressionAttributeValues=_serialized({":hash": equals[1]}),
            ScanIndexForward=False,
            Limit=limit,
            **request,
        )
        return [_plain(item) for item in answer["Items"]]

    def change(self, change: Change) -> bool:
        """Make the change; return False, with nothing done, if the item is not as expected."""
        try:
            client("dynamodb").update_item(**self._update(change))
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def change_all(self, changes: Sequence[Change]) -> bool:
        """Make up to TRANSACTION_LIMIT changes together; return False, with nothing done, if one is not as expected."""
        request = {"TransactItems": [{"Update": self._update(change)} for change in changes]}
        for attempt in range(_CONFLICT_TRIES):
            try:
                client("dynamodb").transact_write_items(**request)
            except ClientError as error:
                reasons = {reason.get("Code") for reason in error.response.get("CancellationReasons", ())}
                if "ConditionalCheckFailed" in reasons:
                    return False
                # Another writer is at one of the items this moment: nothing is known of its outcome yet.
                if "TransactionConflict" not in reasons or attempt == _CONFLICT_TRIES - 1:
                    raise
                time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 - spreads retries, guards nothing
            else:
                return True
        return False

    def count(self, key: Mapping[str, str], *, window: int, values: Mapping[str, Any]) -> int:
        """Add one to the item's `used` in its present `window`, or begin a later window with one; return `used`.

        `values` are set too. Writers at the same moment do not hinder each other: the sum is DynamoDB's.
        """
        names = {"#window": "window", "#used": "used"} | {f"#{name}": name for name in values}
        sets = [f"#{name} = :{name}" for name in values]
        bound = {":window": window, ":one": 1} | {f":{name}": value for name, value in values.items()}
        going_on = {
            "UpdateExpression": f"SET {', '.join(sets)} ADD #used :one",
            "ConditionExpression": "#window = :window",
        }
        begun = {
            "UpdateExpression": f"SET {', '.join([*sets, '#window = :window', '#used = :one'])}",
            "ConditionExpression": "attribute_not_exists(#window) OR #window < :window",
        }
        for update in (going_on, begun, going_on):
            try:
                answer = client("dynamodb").update_item(
                    TableName=self._name,
                    Key=_serialized(key),
                    ExpressionAttributeNames=names,
                    ExpressionAttributeValues=_serialized(bound),
                    ReturnValues="ALL_NEW",
                    **update,
                )
            except ClientError as error:
                if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                    raise
            else:
                return int(_plain(answer["Attributes"])["used"])
        return 0  # a process whose clock is behind: its window is over

    def join(self, key: Mapping[str, str], member: str, *, most: int, values: Mapping[str, Any]) -> bool:
        """Add `member` to the item's set `members` unless that has `most` members without it; tell whether it is in.

        Done again it changes nothing. `values` are set too. Of writers at the same moment never more get in than fit.
        """
        names = {"#members": "members"} | {f"#{name}": name for name in values}
        sets = ", ".join(f"#{name} = :{name}" for name in values)
        bound = {":joining": {member}, ":member": member, ":most": most} | {f":{n}": v for n, v in values.items()}
        try:
            client("dynamodb").update_item(
                TableName=self._name,
                Key=_serialized(key),
                UpdateExpression=f"SET {sets} ADD #members :joining" if sets else "ADD #members :joining",
                ConditionExpression=(
                    "attribute_not_exists(#members) OR contains(#members, :member) OR size(#members) < :most"
                ),
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=_serialized(bound),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def leave(self, key: Mapping[str, str], members: Collection[str]) -> None:
        """Take `members` out of the item's set `members`, whichever of them are in it."""
        client("dynamodb").update_item(
            TableName=self._name,
            Key=_serialized(key),
            UpdateExpression="DELETE #members :leaving",
            ExpressionAttributeNames={"#members": "members"},
            ExpressionAttributeValues=_serialized({":leaving": set(members)}),
        )

    def delete(self, key: Mapping[str, str]) -> None:
        """Delete an item, whether or not it is there."""
        client("dynamodb").delete_item(TableName=self._name, Key=_serialized(key))

    def _update(self, change: Change) -> dict[str, Any]:
        sets = {name: value for name, value in change.values.items() if value is not None}
        removed = [name for name, value in change.values.items() if value is None]
        present = {name: value for name, value in change.expected.items() if value is not None}
        names = {f"#{name}": name for name in (*change.values, *change.expected)}
        values = {f":new_{name}": value for name, value in sets.items()}
        values |= {f":old_{name}": value for name, value in present.items()}
        update = "SET " + ", ".join(f"#{name} = :new_{name}" for name in sets)
        if removed:
            update += " REMOVE " + ", ".join(f"#{name}" for name in removed)
        conditions = [
            f"#{name} = :old_{name}" if name in present else f"attribute_not_exists(#{name})"
            for name in change.expected
        ]
        return {
            "TableName": self._name,
            "Key": _serialized(change.key),
            "UpdateExpression": update,
            "ConditionExpression": " AND ".join(conditions),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": _serialized(values),
        }


def _serialized(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _SERIALIZER.serialize(value) for name, value in values.items()}


def _plain(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _DESERIALIZER.deserialize(value) for name, value in item.items()}
