"""A contract is read whole or refused with the place, the value and the remedy."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from landfall.contracts import FieldType, load_stream_contract, load_stream_contracts
from landfall.contracts.command import add_arguments, run
from landfall.errors import ContractError
from landfall.settings import REPOSITORY

STREAMS = REPOSITORY / "contracts" / "streams"
Edit = Callable[[dict[str, Any]], None]


def fields(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {entry["name"]: entry for entry in document["schema"][0]["properties"]}


def limit(document: dict[str, Any]) -> dict[str, Any]:
    """Return the value of the second custom property, the limit of quarantine."""
    found: dict[str, Any] = document["customProperties"][1]["value"]
    return found


@pytest.fixture
def write_contract(tmp_path: Path) -> Callable[[Edit], Path]:
    """Writes the orders contract with one thing changed."""

    def write(edit: Edit) -> Path:
        document = yaml.safe_load((STREAMS / "orders.yaml").read_text())
        edit(document)
        path = tmp_path / "orders.yaml"
        path.write_text(yaml.safe_dump(document, sort_keys=False))
        return path

    return write


def test_the_four_streams_are_read_with_their_keys() -> None:
    keys = {contract.stream: contract.key for contract in load_stream_contracts(STREAMS)}
    assert keys == {
        "customers": ("customer_id", "version"),
        "orders": ("order_id", "line_number", "version"),
        "page_views": ("page_view_id",),
        "payments": ("payment_event_id",),
    }


def test_a_field_has_all_that_its_contract_says() -> None:
    contract = load_stream_contract(STREAMS / "orders.yaml")
    by_name = {field.name: field for field in contract.fields}
    assert by_name["order_id"].pattern == "^ord_[0-9a-f]{12}$"
    assert by_name["status"].allowed == ("placed", "paid", "shipped", "cancelled", "refunded")
    assert (by_name["quantity"].type, by_name["quantity"].minimum) == (FieldType.INTEGER, 1)
    assert not by_name["note"].required
    assert by_name["occurred_at"].type.athena_type == "timestamp(6)"
    assert (contract.time_field, contract.freshness_minutes, contract.version) == ("occurred_at", 90, "1.1.1")


def test_personal_data_is_marked() -> None:
    contract = load_stream_contract(STREAMS / "customers.yaml")
    assert [field.name for field in contract.fields if field.is_pii] == ["email"]


@pytest.mark.parametrize(
    ("edit", "place", "remedy"),
    [
        (lambda d: d.update(apiVersion="v3.0.2"), "apiVersion is 'v3.0.2'", "write v3.1.0"),
        (lambda d: d.update(version="1"), "version is '1'", "such as 1.0.0"),
        (lambda d: d.update(owner="me"), "owner is 'me'", "not understood"),
        (lambda d: d["schema"].append({}), "schema is", "write one object"),
        (lambda d: d["schema"][0].update(name="purchases"), "schema[0].name is 'purchases'", "named orders.yaml"),
        (lambda d: fields(d)["sku"].update(logicalType="number"), "logicalType is 'number'", "write string or"),
        (lambda d: fields(d)["sku"].update(name="SKU"), "name is 'SKU'", "lower-case"),
        (lambda d: fields(d)["sku"].update(name="note"), "name is 'note'", "already taken"),
        (lambda d: fields(d)["sku"].pop("description"), "description is nothing", "write a text"),
        (lambda d: fields(d)["sku"].update(required="yes"), "required is 'yes'", "write true or false"),
        (lambda d: fields(d)["sku"].update(unique=True), "unique is True", "not understood"),
        (lambda d: fields(d)["sku"].update(classification="secret"), "classification is 'secret'", "pii"),
        (
            lambda d: fields(d)["quantity"]["logicalTypeOptions"].update(multipleOf=2),
            "multipleOf is 2",
            "not understood",
        ),
        (lambda d: fields(d)["quantity"]["logicalTypeOptions"].update(minimum=0.5), "minimum is 0.5", "an integer"),
        (lambda d: fields(d)["currency"]["logicalTypeOptions"].update(pattern="[A-Z]{3}"), "pattern is", "from ^ to $"),
        (
            lambda d: fields(d)["currency"]["logicalTypeOptions"].update(pattern="^(?=A)A$"),
            "pattern is",
            "every engine",
        ),
        (lambda d: fields(d)["currency"]["logicalTypeOptions"].update(pattern="^(A$"), "pattern is", "not a regular"),
        (lambda d: fields(d)["status"]["quality"][0].update(mustBe=3), "mustBe is 3", "write 0"),
        (lambda d: fields(d)["status"]["quality"][0].update(metric="nullValues"), "metric is", "invalidValues"),
        (lambda d: fields(d)["version"].update(primaryKeyPosition=2), "primaryKeyPosition is 2", "1, 2, 3"),
        (lambda d: fields(d)["version"].update(primaryKeyPosition=7), "properties is", "without gaps"),
        (lambda d: fields(d)["version"].update(required=False), "required is False", "always sent"),
        (lambda d: fields(d)["sku"].update(primaryKeyPosition=4), "primaryKeyPosition is 4", "no primaryKey"),
        (lambda d: fields(d)["occurred_at"].pop("partitioned"), "properties is", "partitioned: true"),
        (lambda d: fields(d)["sku"].update(partitioned=True), "properties is", "one timestamp field"),
        (lambda d: d["slaProperties"][0].update(unit="weeks"), "unit is 'weeks'", "write minutes or"),
        (lambda d: d.update(slaProperties=[]), "slaProperties is []", "promise a latency"),
        (lambda d: d.update(customProperties=[{"property": "owner", "value": 1}]), "property is 'owner'", "write"),
        (lambda d: d["customProperties"].append(d["customProperties"][0]), "'duplicateDays'", "say it once"),
        (lambda d: limit(d).update(share=5), "value.share is 5", "between 0 and 1"),
        (lambda d: limit(d).update(action="ignore"), "value.action is 'ignore'", "write alert or stop"),
        (lambda d: (limit(d).pop("share"), limit(d).pop("records")), "value is {", "a share, a number"),
        (
            lambda d: d["customProperties"].append({"property": "kafkaTopic", "value": "a/b"}),
            "value is 'a/b'",
            "the topic's name",
        ),
    ],
)
def test_a_wrong_contract_is_refused_with_its_place_and_the_remedy(
    write_contract: Callable[[Edit], Path], edit: Edit, place: str, remedy: str
) -> None:
    path = write_contract(edit)
    with pytest.raises(ContractError) as refusal:
        load_stream_contract(path)
    assert str(path) in str(refusal.value)
    assert place in str(refusal.value)
    assert remedy in str(refusal.value)


def test_a_repeated_key_is_refused_instead_of_the_last_one_taken(tmp_path: Path) -> None:
    path = tmp_path / "orders.yaml"
    path.write_text((STREAMS / "orders.yaml").read_text() + "version: 2.0.0\n")
    with pytest.raises(ContractError, match="repeated key 'version'"):
        load_stream_contract(path)


@pytest.mark.parametrize("content", ["- a list", "a: [", "", "\x00"])
def test_what_is_no_document_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "orders.yaml"
    path.write_text(content)
    with pytest.raises(ContractError, match=r"orders\.yaml"):
        load_stream_contract(path)


def test_a_directory_without_contracts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="one contract a stream"):
        load_stream_contracts(tmp_path)


def test_the_command_prints_a_line_a_stream(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert run(parser.parse_args(["check"])) == 0
    assert "customers 1.1.1: 8 fields, key customer_id, version" in capsys.readouterr().out
