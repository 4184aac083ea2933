"""The merges add what is missing and look at the batch's partitions only."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlglot
from landfall.contracts import StreamContract, load_stream_contract, load_stream_contracts
from landfall.ingest.batch import LandedObject
from landfall.ingest.conditions import within_days
from landfall.ingest.merge import BatchMark, day_groups, merge_conflicts, merge_quarantine, merge_raw
from landfall.ingest.outcomes import count_outcomes
from landfall.settings import REPOSITORY
from sqlglot import exp

STREAMS = REPOSITORY / "contracts" / "streams"
ORDERS = load_stream_contract(STREAMS / "orders.yaml")
MARK = BatchMark(batch_id="b1", contract_version="1.2.3", loaded_at=datetime(2026, 11, 20, 3, 4, 5, 678901, tzinfo=UTC))
DAYS = (date(2026, 11, 1), date(2026, 11, 19), date(2026, 11, 20))
LANDED = LandedObject(key="orders/dt=2026-11-20/hr=01/a.gz", bytes=1, landed_at=datetime(2026, 11, 20, tzinfo=UTC))


def inserted(merge: exp.Merge) -> dict[str, str]:
    insert = merge.args["whens"].expressions[0].args["then"]
    names = [column.name for column in insert.this.expressions]
    return dict(zip(names, (value.sql(dialect="athena") for value in insert.expression.expressions), strict=True))


@pytest.mark.parametrize("contract", load_stream_contracts(STREAMS), ids=lambda contract: contract.stream)
def test_athena_reads_back_the_statements_that_were_built(contract: StreamContract) -> None:
    for statement in (
        merge_raw(contract, mark=MARK, days=DAYS),
        merge_quarantine(contract, mark=MARK, landing_days=DAYS),
        merge_conflicts(contract, mark=MARK, days=DAYS, objects=[LANDED], landing_bucket="landing"),
        count_outcomes(contract, batch_id="b1", days=DAYS, landing_days=DAYS),
        count_outcomes(contract, batch_id="b1", days=(), landing_days=DAYS),
    ):
        text = statement.sql(dialect="athena")
        assert sqlglot.parse_one(text, dialect="athena").sql(dialect="athena") == text


@pytest.mark.parametrize(
    "merge", [merge_raw(ORDERS, mark=MARK, days=DAYS), merge_quarantine(ORDERS, mark=MARK, landing_days=DAYS)]
)
def test_a_merge_never_changes_a_row_that_is_there(merge: exp.Merge) -> None:
    (when,) = merge.args["whens"].expressions
    assert when.args["matched"] is False
    assert isinstance(when.args["then"], exp.Insert)


def test_raw_rows_tell_where_they_come_from() -> None:
    values = inserted(merge_raw(ORDERS, mark=MARK, days=DAYS))
    assert list(values)[: len(ORDERS.fields)] == [field.name for field in ORDERS.fields]
    assert values["line_number"] == '"source"."line_number"'
    assert {name: value for name, value in values.items() if name.startswith("_")} == {
        "_extra": '"source"."_extra"',
        "_content_hash": '"source"."_content_hash"',
        "_source_object": '"source"."_source_object"',
        "_line_number": '"source"."_line_number"',
        "_record_number": '"source"."_record_number"',
        "_batch_id": "'b1'",
        "_contract_version": "'1.2.3'",
        "_loaded_at": "CAST('2026-11-20 03:04:05.678901' AS TIMESTAMP(6))",
    }


def test_the_key_decides_and_the_days_bound_both_sides() -> None:
    merge = merge_raw(replace(ORDERS, duplicate_days=0), mark=MARK, days=DAYS)
    compared = {found.this.name for found in merge.args["on"].find_all(exp.EQ)}
    assert compared == set(ORDERS.key)
    bounds = [found.expression.this.this for found in merge.args["on"].find_all(exp.GTE)]
    ends = [found.expression.this.this for found in merge.args["on"].find_all(exp.LT)]
    assert bounds == ["2026-11-01 00:00:00.000000", "2026-11-19 00:00:00.000000"]
    assert ends == ["2026-11-02 00:00:00.000000", "2026-11-21 00:00:00.000000"]
    assert len(list(merge.args["using"].find_all(exp.GTE))) == 2


def test_raw_is_also_read_as_many_days_around_as_the_contract_says() -> None:
    merge = merge_raw(replace(ORDERS, duplicate_days=2), mark=MARK, days=DAYS)
    bounds = [found.expression.this.this[:10] for found in merge.args["on"].find_all(exp.GTE)]
    ends = [found.expression.this.this[:10] for found in merge.args["on"].find_all(exp.LT)]
    assert list(zip(bounds, ends, strict=True)) == [("2026-10-30", "2026-11-04"), ("2026-11-17", "2026-11-23")]
    assert [found.expression.this.this[:10] for found in merge.args["using"].find_all(exp.GTE)] == [
        "2026-11-01",
        "2026-11-19",
    ]


def test_a_statement_writes_at_most_a_hundred_days() -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(250)]
    groups = day_groups(reversed(days))
    assert [len(group) for group in groups] == [100, 100, 50]
    assert [day for group in groups for day in group] == days


def test_the_audit_reads_the_days_of_the_run_and_no_others() -> None:
    condition = within_days("occurred_at", first=date(2026, 11, 1), last=date(2026, 11, 20))
    assert condition.sql(dialect="athena") == (
        "\"occurred_at\" >= CAST('2026-11-01 00:00:00.000000' AS TIMESTAMP(6)) AND "
        "\"occurred_at\" < CAST('2026-11-21 00:00:00.000000' AS TIMESTAMP(6))"
    )
