"""Correction files: what is understood, what is refused at the door, and that nothing of them is statement text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from landfall.contracts.reading import Place
from landfall.errors import ContractError, RequestError
from landfall.ingest.corrections import (
    Cast,
    Correction,
    Default,
    Drop,
    MapValues,
    Rename,
    load_correction,
    parse_correction,
)
from landfall.ingest.corrections_sql import corrected_records
from sqlglot import exp, parse_one

FILE = """
stream: orders
description: A release sent other names.
steps:
  - rename: {from: orderId, to: order_id}
  - default: {field: currency, value: EUR}
  - map_values: {field: status, values: {PAID: paid, 7: true}}
  - cast: {field: quantity, to: integer}
  - drop: {field: "it's \\"debug\\""}
"""


def parsed(*steps: Any, **other: Any) -> Correction:
    document = {"stream": "orders", "description": "for a test", "steps": list(steps)} | other
    return parse_correction("mend", Place(Path("mend.yaml"), "", document))


def test_a_file_is_read_step_by_step(tmp_path: Path) -> None:
    (tmp_path / "mend.yaml").write_text(FILE)
    correction = load_correction(tmp_path, "mend")
    assert (correction.name, correction.stream) == ("mend", "orders")
    assert correction.steps == (
        Rename("orderId", "order_id"),
        Default("currency", '"EUR"'),
        MapValues("status", (('"PAID"', '"paid"'), ("7", "true"))),
        Cast("quantity", "integer"),
        Drop('it\'s "debug"'),
    )


@pytest.mark.parametrize("name", ["other", "../mend", "Mend", "", "mend.yaml"])
def test_a_name_that_is_no_file_is_refused_with_those_there_are(tmp_path: Path, name: str) -> None:
    (tmp_path / "mend.yaml").write_text(FILE)
    with pytest.raises(RequestError, match="there are: mend"):
        load_correction(tmp_path, name)


@pytest.mark.parametrize(
    ("steps", "place"),
    [
        ([], "steps"),
        ([{"rename": {"from": "a", "to": "a"}}], r"steps\[0\].rename.to"),
        ([{"rename": {"from": "a"}}], r"steps\[0\].rename.to"),
        ([{"drop": {"field": "a"}, "cast": {"field": "a", "to": "integer"}}], r"steps\[0\]"),
        ([{"sql": "select 1"}], r"steps\[0\].sql"),
        ([{"drop": {"field": "a", "table": "b"}}], r"steps\[0\].drop.table"),
        ([{"default": {"field": "a", "value": 1.5}}], r"steps\[0\].default.value"),
        ([{"default": {"field": "a"}}], r"steps\[0\].default.value"),
        ([{"cast": {"field": "a", "to": "float"}}], r"steps\[0\].cast.to"),
        ([{"map_values": {"field": "a", "values": {}}}], r"steps\[0\].map_values.values"),
        ([{"drop": {"field": "a"}}] * 51, "steps"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(steps: list[Any], place: str) -> None:
    with pytest.raises(ContractError, match=f"mend.yaml: {place} is "):
        parsed(*steps)


def test_a_file_without_a_reason_or_with_another_key_is_refused() -> None:
    with pytest.raises(ContractError, match="description"):
        parsed({"drop": {"field": "a"}}, description="")
    with pytest.raises(ContractError, match="where"):
        parsed({"drop": {"field": "a"}}, where="1 = 1")


def test_names_and_values_stand_in_the_statement_as_literals_only() -> None:
    evil = "x' or '1'='1"
    steps = parsed(
        {"rename": {"from": evil, "to": "b"}},
        {"default": {"field": evil, "value": evil}},
        {"map_values": {"field": "a", "values": {evil: evil}}},
        {"cast": {"field": evil, "to": "string"}},
        {"drop": {"field": evil}},
    ).steps
    for select in corrected_records(exp.select("1"), steps).values():
        again = parse_one(select.sql(dialect="athena"), dialect="athena")
        assert not list(again.find_all(exp.Or))
        texts = [literal.this for literal in again.find_all(exp.Literal) if "1" in literal.this and "x" in literal.this]
        assert all(text in (evil, f'"{evil}"') for text in texts)


def test_each_step_reads_the_fields_as_the_one_before_left_them() -> None:
    ctes = corrected_records(exp.select("1"), parsed({"drop": {"field": "a"}}, {"drop": {"field": "b"}}).steps)
    assert list(ctes) == ["quarantined", "corrected_0", "corrected_1", "corrected_2", "records"]
    assert [select.find(exp.Table).name for select in list(ctes.values())[1:]] == list(ctes)[:-1]
