"""What ministack's CloudFormation drops of tables and streams: backups, expiry, encryption, a stream's buffer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import dynamodb, firehose, kinesis
from ministack.services.cloudformation import provisioners

from localcloud.aws import firehose_rules

Properties = Mapping[str, Any]


def install() -> None:
    """Apply after each create and update what the handlers leave out."""
    _after("AWS::DynamoDB::Table", _recovery)
    _after("AWS::DynamoDB::Table", _expiry)
    _after("AWS::Kinesis::Stream", _encryption)
    handlers = provisioners._RESOURCE_HANDLERS["AWS::KinesisFirehose::DeliveryStream"]
    handlers["update"] = _update_delivery_stream(handlers["update"])


def _after(kind: str, apply: Callable[[str, Properties], None]) -> None:
    handlers = provisioners._RESOURCE_HANDLERS[kind]
    create, update = handlers["create"], handlers["update"]

    def create_then_apply(logical_id: str, properties: Properties, stack: str) -> Any:
        physical_id, attributes = create(logical_id, properties, stack)
        apply(physical_id, properties)
        return physical_id, attributes

    def update_then_apply(physical_id: str, old: Properties, new: Properties, *rest: Any) -> Any:
        new_id, attributes = update(physical_id, old, new, *rest)
        apply(new_id, new)
        return new_id, attributes

    handlers.update(create=create_then_apply, update=update_then_apply)


def _recovery(table: str, properties: Properties) -> None:
    wanted = properties.get("PointInTimeRecoverySpecification", {"PointInTimeRecoveryEnabled": False})
    dynamodb._update_continuous_backups({"TableName": table, "PointInTimeRecoverySpecification": wanted})


def _expiry(table: str, properties: Properties) -> None:
    wanted = properties.get("TimeToLiveSpecification")
    if wanted is None:
        dynamodb._ttl_settings.pop(table, None)
    else:
        dynamodb._update_ttl({"TableName": table, "TimeToLiveSpecification": wanted})


def _encryption(stream: str, properties: Properties) -> None:
    wanted = properties.get("StreamEncryption")
    if wanted is None:
        kinesis._stop_stream_encryption({"StreamName": stream})
    else:
        kinesis._start_stream_encryption({"StreamName": stream, **wanted})


def _update_delivery_stream(update: Callable[..., Any]) -> Callable[..., Any]:
    """Check a changed destination and keep what it holds: ministack empties the buffer."""

    def checked(physical_id: str, old: Properties, new: Properties, stack: str) -> Any:
        firehose_rules.check_stream(dict(new))
        before = firehose._streams.get(physical_id)
        waiting = before["destinations"][0]["records"] if before and before["destinations"] else []
        new_id, attributes = update(physical_id, old, new, stack)
        if new_id == physical_id:
            firehose._streams[new_id]["destinations"][0]["records"] = waiting
        return new_id, attributes

    return checked
