"""DynamoDB, Glue and S3 for publications, in memory, as boto3's clients: each call is a crash point of the schedule."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, TypeVar
from unittest.mock import patch

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError
from landfall.aws import glue, iceberg, publications

from tests.chaos.schedule import Schedule

Made = TypeVar("Made")

CALLS = (
    "dynamodb get_item",
    "dynamodb put_item",
    "dynamodb query",
    "dynamodb transact_write_items",
    "dynamodb update_item",
    "glue create_table",
    "glue delete_table",
    "glue get_table",
    "glue update_table",
    "s3 get_object",
)
"""Every call of AWS that publishing, rolling back, repairing and reading make."""

_SLEEP_TURNS = 60
"""How many calls each other worker makes while one sleeps: more than a publication has."""


def error(code: str, operation: str, **answer: Any) -> ClientError:
    """Return what boto3 raises for a service's error."""
    return ClientError({"Error": {"Code": code, "Message": "chaos"}, **answer}, operation)  # type: ignore[arg-type]


class Service:
    """One fake client; `repeat` is the odds that a request's answer is lost and botocore sends the request again."""

    def __init__(self, schedule: Schedule, name: str) -> None:
        self._schedule = schedule
        self._name = name

    def _call(self, operation: str, effect: Callable[[], Made]) -> Made:
        def sent() -> Made:
            if self._schedule.befalls(f"repeat {self._name} {operation}", self._schedule.odds.repeat):
                effect()
            return effect()

        if self._schedule.befalls("sleep", self._schedule.odds.pause):
            for _ in range(_SLEEP_TURNS):
                self._schedule.turn()
        unavailable = lambda: error("ServiceUnavailable", operation)  # noqa: E731 - as short as it is
        return self._schedule.call(f"{self._name} {operation}", sent, unavailable)

    def get_paginator(self, operation: str) -> Any:
        """Return an object whose `paginate` gives all in one page."""
        read = getattr(self, operation)
        return type("Paginator", (), {"paginate": staticmethod(lambda **request: [read(**request)])})


class DynamoDB(Service):
    """One table of `group` and `version`; knows the conditions that the product uses and refuses any other."""

    def __init__(self, schedule: Schedule, moved: Callable[[dict[str, Any]], None]) -> None:
        super().__init__(schedule, "dynamodb")
        self.items: dict[tuple[str, str], dict[str, Any]] = {}
        self._moved = moved

    def get_item(self, *, Key: Mapping[str, Any], **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's name
        found = self._call("get_item", lambda: self.items.get(_key(Key)))
        return {"Item": found} if found else {}

    def put_item(self, **put: Any) -> None:
        self._call("put_item", lambda: self._put([put]))

    def transact_write_items(self, *, TransactItems: list[dict[str, Any]]) -> None:  # noqa: N803
        self._call("transact_write_items", lambda: self._put([entry["Put"] for entry in TransactItems]))

    def update_item(self, **update: Any) -> None:
        def effect() -> None:
            self._check([update], "UpdateItem")
            assigned, _, value = update["UpdateExpression"].removeprefix("SET ").partition(" = ")
            name, key = update["ExpressionAttributeNames"][assigned], _key(update["Key"])
            self.items[key] = {**self.items[key], name: update["ExpressionAttributeValues"][value]}

        self._call("update_item", effect)

    def query(self, **query: Any) -> dict[str, Any]:
        if query["KeyConditionExpression"] != "#group = :group AND version BETWEEN :low AND :high":
            raise NotImplementedError(query["KeyConditionExpression"])
        wanted = {name: value["S"] for name, value in query["ExpressionAttributeValues"].items()}

        def effect() -> list[dict[str, Any]]:
            keys = sorted(
                (
                    key
                    for key in self.items
                    if key[0] == wanted[":group"] and wanted[":low"] <= key[1] <= wanted[":high"]
                ),
                reverse=not query.get("ScanIndexForward", True),
            )
            return [self.items[key] for key in keys[: query.get("Limit")]]

        return {"Items": self._call("query", effect)}

    def _put(self, puts: list[dict[str, Any]]) -> None:
        self._check(puts, "TransactWriteItems")
        for put in puts:
            self.items[_key(put["Item"])] = put["Item"]
        for put in puts:
            if put["Item"]["version"]["S"] == "current":
                self._moved(plain(put["Item"]))

    def _check(self, writes: list[dict[str, Any]], operation: str) -> None:
        if not all(self._holds(write) for write in writes):
            code = "ConditionalCheckFailedException" if len(writes) == 1 else "TransactionCanceledException"
            raise error(code, operation, CancellationReasons=[{"Code": "ConditionalCheckFailed"}])

    def _holds(self, write: dict[str, Any]) -> bool:
        condition, item = write.get("ConditionExpression"), self.items.get(_key(write.get("Item") or write["Key"]))
        if condition is None:
            return True
        if condition == "attribute_not_exists(version)":
            return item is None
        name, equals, value = condition.split(" ")
        if equals != "=":
            raise NotImplementedError(condition)
        wanted = write["ExpressionAttributeValues"][value]
        return (item or {}).get(write["ExpressionAttributeNames"][name]) == wanted


class Glue(Service):
    """Tables by `database.name`, each with a version that a conditional change names."""

    def __init__(self, schedule: Schedule, pointed: Callable[[str, str], None]) -> None:
        super().__init__(schedule, "glue")
        self._pointed = pointed
        self.tables: dict[str, dict[str, Any]] = {}

    def get_table(self, *, DatabaseName: str, Name: str) -> dict[str, Any]:  # noqa: N803
        return {"Table": self._call("get_table", lambda: dict(self._found(DatabaseName, Name)))}

    def create_table(self, *, DatabaseName: str, TableInput: dict[str, Any]) -> None:  # noqa: N803
        def effect() -> None:
            if self.location(f"{DatabaseName}.{TableInput['Name']}"):
                raise error("AlreadyExistsException", "CreateTable")
            self.tables[f"{DatabaseName}.{TableInput['Name']}"] = TableInput | {"VersionId": "0"}

        self._call("create_table", effect)

    def update_table(
        self,
        *,
        DatabaseName: str,  # noqa: N803
        TableInput: dict[str, Any],  # noqa: N803
        VersionId: str | None = None,  # noqa: N803
        SkipArchive: bool = False,  # noqa: N803
    ) -> None:
        def effect() -> None:
            found = self._found(DatabaseName, TableInput["Name"])
            if VersionId not in (None, found["VersionId"]):
                raise error("ConcurrentModificationException", "UpdateTable")
            self._pointed(TableInput["Name"], TableInput["Parameters"]["metadata_location"])
            self.tables[f"{DatabaseName}.{TableInput['Name']}"] = TableInput | {
                "VersionId": str(int(found["VersionId"]) + 1)
            }

        self._call("update_table", effect)

    def delete_table(self, *, DatabaseName: str, Name: str) -> None:  # noqa: N803
        def effect() -> None:
            self._found(DatabaseName, Name)
            del self.tables[f"{DatabaseName}.{Name}"]

        self._call("delete_table", effect)

    def location(self, table: str) -> str | None:
        """Return the metadata file that `database.name` is at, None if there is no such table; no call of AWS."""
        found = self.tables.get(table)
        return str(found["Parameters"]["metadata_location"]) if found else None

    def _found(self, database: str, name: str) -> dict[str, Any]:
        if f"{database}.{name}" not in self.tables:
            raise error("EntityNotFoundException", "GetTable")
        return self.tables[f"{database}.{name}"]


class World:
    """The three services, and what a transform does to the tables of the marts."""

    def __init__(
        self,
        schedule: Schedule,
        *,
        moved: Callable[[dict[str, Any]], None],
        pointed: Callable[[str, str], None],
    ) -> None:
        self.schedule = schedule
        self.glue = Glue(schedule, pointed)
        self.dynamodb = DynamoDB(schedule, moved)
        self._s3 = Service(schedule, "s3")

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Let the product's calls come here."""
        clients = {"glue": self.glue, "dynamodb": self.dynamodb}
        with ExitStack() as stack:
            for module in (glue, publications):
                stack.enter_context(patch.object(module, "client", clients.__getitem__))
            stack.enter_context(patch.object(iceberg, "read_object", self._read_object))
            yield

    def commit(self, table: str, snapshot_id: int) -> None:
        """Let `table` be at a new snapshot, as a model leaves it."""
        self.schedule.turn()
        name = table.partition(".")[2]
        version = int(self.glue.tables[table]["VersionId"]) + 1 if table in self.glue.tables else 0
        self.glue.tables[table] = {
            "Name": name,
            "Parameters": {"table_type": "ICEBERG", "metadata_location": f"s3://lake/{name}/{snapshot_id}.json"},
            "StorageDescriptor": {"Columns": []},
            "VersionId": str(version),
        }

    def _read_object(self, *, bucket: str, key: str) -> bytes:
        snapshot_id = int(key.rpartition("/")[2].removesuffix(".json"))
        return self._s3._call("get_object", lambda: json.dumps({"current-snapshot-id": snapshot_id}).encode())


def plain(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return an item of DynamoDB's JSON as plain values."""
    return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}


def _key(item: Mapping[str, Any]) -> tuple[str, str]:
    return item["group"]["S"], item["version"]["S"]
