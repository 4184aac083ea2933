"""A change of a contract is told for what it is, and refused while its version does not say so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from landfall.contracts import FieldType, StreamContract, load_stream_contract
from landfall.contracts.changes import Kind, changes_between, check_version
from landfall.contracts.model import Field, LimitAction, QuarantineLimit
from landfall.contracts.released import read_released, released_text
from landfall.errors import ContractError
from landfall.settings import REPOSITORY

ALERT = QuarantineLimit(share=0.05, records=100, action=LimitAction.ALERT)
ORDERS = replace(
    load_stream_contract(REPOSITORY / "contracts" / "streams" / "orders.yaml"),
    version="1.0.0",
    quarantine_limit=ALERT,
)


def with_field(name: str, **changed: object) -> StreamContract:
    fields = tuple(replace(field, **changed) if field.name == name else field for field in ORDERS.fields)
    return replace(ORDERS, fields=fields)


def with_new_field(**properties: object) -> StreamContract:
    field = Field(name="channel", type=FieldType.STRING, description="", classification="internal", **properties)
    return replace(ORDERS, fields=(*ORDERS.fields, field))


CHANGES = {
    "other words": (replace(ORDERS, description="Another purpose."), Kind.COMPATIBLE),
    "another classification": (with_field("sku", classification="public"), Kind.COMPATIBLE),
    "a sooner promise": (replace(ORDERS, freshness_minutes=30), Kind.COMPATIBLE),
    "duplicates farther apart": (replace(ORDERS, duplicate_days=9), Kind.WIDENING),
    "duplicates nearer": (replace(ORDERS, duplicate_days=0), Kind.BREAKING),
    "a limit that stops": (
        replace(ORDERS, quarantine_limit=replace(ALERT, action=LimitAction.STOP)),
        Kind.COMPATIBLE,
    ),
    "a lower limit": (replace(ORDERS, quarantine_limit=replace(ALERT, share=None)), Kind.COMPATIBLE),
    "a higher limit": (replace(ORDERS, quarantine_limit=replace(ALERT, records=101)), Kind.WIDENING),
    "no limit": (replace(ORDERS, quarantine_limit=None), Kind.WIDENING),
    "objects of Kafka": (replace(ORDERS, kafka_topic="shop.orders"), Kind.BREAKING),
    "a later promise": (replace(ORDERS, freshness_minutes=300), Kind.WIDENING),
    "a new optional field": (with_new_field(required=False), Kind.WIDENING),
    "a new required field": (with_new_field(required=True), Kind.BREAKING),
    "one more value": (with_field("status", allowed=("placed", "paid", "shipped", "cancelled", "refunded", "lost")), 2),
    "any value": (with_field("status", allowed=()), Kind.WIDENING),
    "one value less": (with_field("status", allowed=("placed", "paid")), Kind.BREAKING),
    "values where all were allowed": (with_field("sku", allowed=("a",)), Kind.BREAKING),
    "no pattern": (with_field("currency", pattern=None), Kind.WIDENING),
    "another pattern": (with_field("currency", pattern="^[A-Z]{2,3}$"), Kind.BREAKING),
    "no longer required": (with_field("sku", required=False), Kind.WIDENING),
    "required from now on": (with_field("note", required=True), Kind.BREAKING),
    "a lower minimum": (with_field("quantity", minimum=0), Kind.WIDENING),
    "no minimum": (with_field("quantity", minimum=None), Kind.WIDENING),
    "a higher minimum": (with_field("quantity", minimum=2), Kind.BREAKING),
    "a maximum": (with_field("quantity", maximum=10), Kind.BREAKING),
    "longer texts": (with_field("sku", max_length=100), Kind.WIDENING),
    "shorter texts": (with_field("sku", max_length=10), Kind.BREAKING),
    "another type": (with_field("quantity", type=FieldType.STRING), Kind.BREAKING),
    "a field less": (replace(ORDERS, fields=ORDERS.fields[:-2] + ORDERS.fields[-1:]), Kind.BREAKING),
    "another key": (replace(ORDERS, key=("order_id", "line_number")), Kind.BREAKING),
    "another time": (replace(ORDERS, time_field="placed_at"), Kind.BREAKING),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_change_is_told_for_what_it_is(name: str) -> None:
    changed, kind = CHANGES[name]
    assert [change.kind for change in changes_between(ORDERS, changed)] == [kind]


@pytest.mark.parametrize(
    ("name", "refused", "enough"),
    [
        ("other words", "1.0.0", "1.0.1"),
        ("one more value", "1.0.9", "1.1.0"),
        ("one value less", "1.9.9", "2.0.0"),
    ],
)
def test_a_version_that_does_not_say_so_is_refused(name: str, refused: str, enough: str) -> None:
    changed, kind = CHANGES[name]
    with pytest.raises(ContractError, match=rf"to {enough} or higher"):
        check_version(ORDERS, replace(changed, version=refused))
    assert check_version(ORDERS, replace(changed, version=enough)) is Kind(kind)


def test_the_same_contract_needs_no_new_version() -> None:
    assert check_version(ORDERS, ORDERS) is Kind.NONE


def test_a_version_below_the_released_one_is_refused() -> None:
    with pytest.raises(ContractError, match=r"below the released 1\.0\.0"):
        check_version(ORDERS, replace(ORDERS, version="0.9.9"))


def test_a_released_contract_is_read_back_whole(tmp_path) -> None:
    file = tmp_path / "released.json"
    assert read_released(file) is None
    file.write_text(released_text(ORDERS))
    assert read_released(file) == ORDERS


def test_a_damaged_released_contract_is_refused(tmp_path) -> None:
    file = tmp_path / "released.json"
    file.write_text('{"stream": "orders"}')
    with pytest.raises(ContractError, match="restore it from git"):
        read_released(file)
