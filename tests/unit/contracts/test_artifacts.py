"""What is generated from a contract says what the contract says, and a new stream needs its one file only."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from landfall.cli import main
from landfall.contracts import load_stream_contracts
from landfall.contracts.artifacts import artifacts
from landfall.settings import REPOSITORY

STREAMS = REPOSITORY / "contracts" / "streams"
CONTRACTS = {contract.stream: contract for contract in load_stream_contracts(STREAMS)}
FILES = {str(path): text for path, text in artifacts(list(CONTRACTS.values())).items()}


def examples(stream: str) -> dict[str, Any]:
    properties = yaml.safe_load((STREAMS / f"{stream}.yaml").read_text())["schema"][0]["properties"]
    return {field["name"]: field["examples"][0] for field in properties}


def errors(stream: str, event: dict[str, Any]) -> list[str]:
    schema = Draft202012Validator(json.loads(FILES[f"contracts/generated/{stream}/event.schema.json"]))
    return [error.message for error in schema.iter_errors(event)]


@pytest.mark.parametrize("stream", CONTRACTS)
def test_the_schema_takes_the_contracts_examples_and_fields_it_does_not_know(stream: str) -> None:
    assert errors(stream, {**examples(stream), "sent_by_a_newer_producer": [1]}) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"quantity": 0},
        {"quantity": 1.5},
        {"quantity": 2**63},
        {"status": "lost"},
        {"currency": "EURO"},
        {"sku": None},
        {"occurred_at": "2026-11-20T12:34:56+01:00"},
        {"occurred_at": "2026-11-20T12:34:56.1234567Z"},
    ],
    ids=str,
)
def test_the_schema_refuses_what_the_load_refuses(wrong: dict[str, Any]) -> None:
    assert errors("orders", examples("orders") | wrong) != []


def test_an_optional_field_may_be_null_or_left_out() -> None:
    event = examples("orders")
    assert errors("orders", event | {"note": None}) == []
    del event["note"]
    assert errors("orders", event) == []


@pytest.mark.parametrize("stream", CONTRACTS)
def test_the_statements_show_every_field_on_its_way(stream: str) -> None:
    text = FILES[f"contracts/generated/{stream}/statements.sql"]
    merge = text[text.index(f'MERGE INTO "raw"."{stream}"') :]
    assert [field.name for field in CONTRACTS[stream].fields if f'"source"."{field.name}"' not in merge] == []


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with the contracts and what was generated from them."""
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    shutil.copytree(STREAMS, tmp_path / "contracts" / "streams")
    return tmp_path


def contracts(checkout: Path, *words: str) -> int:
    return main(["contracts", "--repository", str(checkout), *words])


def test_a_new_stream_is_one_file_and_all_else_follows(checkout: Path, capsys) -> None:
    assert contracts(checkout, "new-stream", "returns") == 0
    assert contracts(checkout, "generate", "--check") == 1
    assert "expectations/raw/returns.yaml is stale" in capsys.readouterr().out
    assert contracts(checkout, "generate") == 0
    assert contracts(checkout, "generate", "--check") == 0
    source = yaml.safe_load((checkout / "dbt_project/models/staging/_staging__sources.yml").read_text())
    assert "returns" in [table["name"] for table in source["sources"][0]["tables"]]


@pytest.mark.parametrize("name", ["Returns", "r", "re-turns", "../returns", "orders"])
def test_a_stream_that_cannot_be_begun_leaves_no_file(checkout: Path, name: str, capsys) -> None:
    before = sorted(checkout.rglob("*"))
    assert contracts(checkout, "new-stream", name) == 1
    assert name in capsys.readouterr().err
    assert sorted(checkout.rglob("*")) == before


def test_a_breaking_change_without_its_version_writes_nothing(checkout: Path, capsys) -> None:
    file = checkout / "contracts" / "streams" / "orders.yaml"
    file.write_text(file.read_text().replace("validValues: [placed, paid, ", "validValues: [paid, "))
    before = {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()}
    assert contracts(checkout, "generate") == 1
    assert "breaking change since 1.1.1 (the values of status are others)" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in checkout.rglob("*") if path.is_file()} == before
