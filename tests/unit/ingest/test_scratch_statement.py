"""The shape of the statement that reads a batch: a tree in which every value stands as a literal."""

from __future__ import annotations

from typing import Any

import pytest
import sqlglot
from landfall.contracts import StreamContract, load_stream_contract, load_stream_contracts
from landfall.ingest.batch import LandedObject
from landfall.ingest.checks import failure, typed_value, whole_value
from landfall.ingest.scratch import create_scratch, drop_scratch
from landfall.settings import REPOSITORY
from sqlglot import exp

STREAMS = REPOSITORY / "contracts" / "streams"
CONTRACTS = load_stream_contracts(STREAMS)
ORDERS = load_stream_contract(STREAMS / "orders.yaml")


def statement_for(objects: list[LandedObject], contract: StreamContract = ORDERS) -> exp.Create:
    return create_scratch(
        contract, batch_id="b1", objects=objects, landing_bucket="landing", location="s3://lake/scratch/orders_b1/"
    )


def part(statement: exp.Create, name: str) -> exp.Select:
    (found,) = (cte.this for cte in statement.find_all(exp.CTE) if cte.alias == name)
    return found


def field(name: str) -> Any:
    return next(found for found in ORDERS.fields if found.name == name)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.stream)
def test_athena_reads_back_the_statement_that_was_built(contract: StreamContract, landed: Any) -> None:
    text = statement_for([landed(1)], contract).sql(dialect="athena")
    assert sqlglot.parse_one(text, dialect="athena").sql(dialect="athena") == text


def test_the_same_batch_gives_the_same_text(landed: Any) -> None:
    objects = [landed(n) for n in range(20)]
    assert statement_for(objects).sql(dialect="athena") == statement_for(objects).sql(dialect="athena")


def test_only_the_batch_is_read_and_only_its_partitions(landed: Any) -> None:
    objects = [landed(1), landed(2, dt="2026-11-21", hr="07")]
    lines = part(statement_for(objects), "lines")
    read = {found.this.sql(): {item.this for item in found.expressions} for found in lines.find_all(exp.In)}
    assert read == {
        "dt": {"2026-11-20", "2026-11-21"},
        "hr": {"01", "07"},
        '"$path"': {f"s3://landing/{landed.key}" for landed in objects},
    }
    assert lines.args["from_"].this.sql() == '"landing"."orders"'


def test_an_address_cannot_leave_its_literal(landed: Any) -> None:
    evil = LandedObject(key="orders/dt=2026-11-20/hr=01/a') or ('1'='1", bytes=1, landed_at=landed(1).landed_at)
    text = statement_for([evil]).sql(dialect="athena")
    literals = {found.this for found in sqlglot.parse_one(text, dialect="athena").find_all(exp.Literal)}
    assert f"s3://landing/{evil.key}" in literals


def test_lines_are_numbered_within_their_object_before_blank_ones_are_left_out(landed: Any) -> None:
    lines = part(statement_for([landed(1)]), "lines")
    (window,) = lines.find_all(exp.Window)
    assert [found.sql() for found in window.args["partition_by"]] == ['"$path"']
    assert "\\S" not in lines.args["where"].sql()
    assert "\\S" in part(statement_for([landed(1)]), "parsed_lines").args["where"].sql()


def test_the_key_is_ranked_among_good_records_only(landed: Any) -> None:
    query = statement_for([landed(1)]).expression
    (window,) = query.selects[-1].find_all(exp.Window)
    assert [found.sql() for found in window.args["partition_by"]] == [
        "_reason IS NULL",
        '"order_id"',
        '"line_number"',
        '"version"',
    ]
    assert [found.this.sql() for found in window.args["order"].expressions] == [
        "_source_object",
        "_line_number",
        "_record_number",
    ]


def test_a_table_that_keeps_microseconds_is_made_where_it_is_asked_for(landed: Any) -> None:
    properties = {
        found.this.name: found.args["value"].sql() for found in statement_for([landed(1)]).find_all(exp.Property)
    }
    assert properties == {
        "table_type": "'ICEBERG'",
        "is_external": "FALSE",
        "format": "'PARQUET'",
        "location": "'s3://lake/scratch/orders_b1/'",
    }


@pytest.mark.parametrize(
    ("name", "reasons"),
    [
        ("order_id", ["'missing_field'", "'wrong_type'", "'not_allowed'"]),
        ("note", ["NULL", "'wrong_type'"]),
        ("quantity", ["'missing_field'", "'wrong_type'", "'not_allowed'"]),
        ("occurred_at", ["'missing_field'", "'wrong_type'"]),
    ],
)
def test_a_field_is_checked_for_what_its_contract_promises_in_this_order(name: str, reasons: list[str]) -> None:
    assert [branch.args["true"].sql() for branch in failure(field(name)).args["ifs"]] == reasons


def test_an_integer_is_cast_from_its_json_text_and_not_from_a_string() -> None:
    assert typed_value(field("quantity")).sql(dialect="athena") == 'TRY_CAST("_json_quantity" AS BIGINT)'


def test_a_pattern_is_bound_to_both_ends_of_the_value() -> None:
    assert whole_value("^a|b$") == r"\A(?:a|b)\z"


def test_the_scratch_table_is_dropped_without_complaint_if_it_is_gone() -> None:
    assert drop_scratch(ORDERS, "b1").sql(dialect="athena") == "DROP TABLE IF EXISTS `scratch`.`orders_b1`"
