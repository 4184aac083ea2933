"""The pure parts of a gate: suite files, the audited query, addresses of Data Docs, the words of a result."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from landfall.errors import ContractError, GateFailed, RequestError
from landfall.quality.data_docs import docs_key
from landfall.quality.gates import GateResult, audited_query
from landfall.quality.site_pages import standing_alone
from landfall.quality.suites import EXPECTATIONS, load_suite
from sqlglot import exp

SUITES = sorted(EXPECTATIONS.glob("*/*.yaml"))
PERSONAL = ("email", "customer_name", "note", "name", "url", "*")


@pytest.mark.parametrize("engine", ["athena", "redshift"])
def test_the_rows_under_audit_are_restricted_by_a_condition(engine: str) -> None:
    where = exp.column("_batch_id").eq(exp.Literal.string("b'1"))
    query = audited_query("raw.orders", where).sql(dialect=engine)
    assert query.startswith('SELECT * FROM "raw"."orders" WHERE _batch_id = ')


def test_a_data_docs_address_keeps_a_run_id_as_it_is() -> None:
    assert docs_key("d", "scheduled__2026-11-21T02:00:00+00:00", "gate") == (
        "data-docs/d/scheduled__2026-11-21T02:00:00+00:00/gate"
    )


@pytest.mark.parametrize("part", ["", ".", "..", "a/b", "a\\b", "a\n", "a\0", "%2e", "a" * 251, "ü"])
def test_an_unsafe_part_of_an_address_is_refused(part: str) -> None:
    with pytest.raises(RequestError):
        docs_key("dag", part)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "- type: x",
        "- {type: x, kwargs: {}, meta: {}}",
        "- {type: 1, kwargs: {}, meta: {why: y}}",
        "[: ",
    ],
)
def test_a_bad_suite_file_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "orders.yaml"
    path.write_text(text)
    with pytest.raises(ContractError, match=r"orders\.yaml"):
        load_suite(path)


@pytest.mark.parametrize("path", SUITES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_rows_that_a_rule_names_show_no_personal_data(path: Path) -> None:
    for check in load_suite(path).checks:
        query = str(check.kwargs.get("unexpected_rows_query", "SELECT key FROM "))
        selected = query.split(" FROM ", maxsplit=1)[0].removeprefix("SELECT ").split(", ")
        assert not set(selected) & set(PERSONAL), query


_COLUMN = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "a"}}
_PAIR = {"type": "expect_compound_columns_to_be_unique", "kwargs": {"column_list": ["b", "c"]}}
_ROWS = {"type": "expect_table_row_count_to_be_between", "kwargs": {"min_value": 1}}
_SOME = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "a", "row_condition": "d = 1"}}


@pytest.mark.parametrize(
    ("entries", "columns"), [((_COLUMN, _PAIR), {"a", "b", "c"}), ((_COLUMN, _ROWS), None), ((_PAIR, _SOME), None)]
)
def test_a_suite_tells_its_columns_where_each_check_names_all_it_asks_about(
    tmp_path: Path, entries: tuple[dict[str, object], ...], columns: set[str] | None
) -> None:
    path = tmp_path / "orders.yaml"
    path.write_text(yaml.safe_dump([entry | {"meta": {"why": "so", "owner": "us"}} for entry in entries]))
    assert load_suite(path).columns == columns


def test_a_failed_gate_names_what_failed_and_where_to_read() -> None:
    result = GateResult(False, "lake", 3, ("marts.fct_orders: unique(order_id), 2 of 9 rows",), "s3://ops/x")
    with pytest.raises(GateFailed, match=r"1 of 3 expectations failed: marts.fct_orders.*s3://ops/x"):
        result.raise_if_failed()


def test_pages_load_nothing_from_elsewhere() -> None:
    page = (
        '<head><link rel="stylesheet" href="https://cdn.example/a.css"/><script src="https://cdn.example/a.js"></script>'
        "</head><body>result<footer>news</footer></body>"
    )
    alone = standing_alone(page)
    assert "cdn.example" not in alone and "news" not in alone
    assert "result" in alone and "<style>" in alone
