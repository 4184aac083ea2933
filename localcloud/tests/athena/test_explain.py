"""EXPLAIN: plans that are true of the query, in Trino's forms."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest


@pytest.fixture(scope="module")
def tables(cloud: Any) -> str:
    """A database with a partitioned Parquet table, an Iceberg table and a view."""
    database = f"t_{uuid.uuid4().hex[:10]}"
    cloud.run(f"create database {database}")
    location = f"s3://athena-tests-lake/{database}"
    cloud.run(
        f"create table sales with (format = 'PARQUET', external_location = '{location}/sales/',"
        " partitioned_by = ARRAY['day']) as select * from (values (1, 'a', decimal '1.50', '2026-11-01'),"
        " (2, 'b', decimal '2.50', '2026-11-01'), (3, 'c', decimal '3.50', '2026-11-02')) t (id, name, amount, day)",
        database,
    )
    cloud.run(
        "create table people with (table_type = 'ICEBERG', is_external = false, format = 'PARQUET',"
        f" location = '{location}/people/') as select * from (values (1, 'x'), (2, 'y')) t (id, name)",
        database,
    )
    cloud.run("create view big as select id, amount, day from sales where id > 1", database)
    return database


def lines(cloud: Any, text: str, database: str) -> list[str]:
    return [row[0] for row in cloud.run(text, database).rows]


def document(cloud: Any, text: str, database: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads("\n".join(lines(cloud, text, database)[1:]))
    return found


def test_the_first_row_is_the_name_of_the_column(cloud: Any, database: str) -> None:
    assert lines(cloud, "explain select 1", database) == [
        "Query Plan",
        "Fragment 0 [SINGLE]",
        "    Output layout: [expr]",
        "    Output partitioning: SINGLE []",
        "    Output[columnNames = [_col0]]",
        "    │   Layout: [expr:integer]",
        "    │   Estimates: {rows: 1 (?), cpu: 0, memory: 0B, network: 0B}",
        "    │   _col0 := expr",
        "    └─ Values[]",
        "           Layout: [expr:integer]",
        "           Estimates: {rows: 1 (?), cpu: 0, memory: 0B, network: 0B}",
        "           (1)",
        "",
    ]


def test_a_plan_names_tables_joins_conditions_and_groups(cloud: Any, tables: str) -> None:
    text = "\n".join(
        lines(
            cloud,
            "explain (type logical) select p.name, count(*) c, sum(amount) from sales s join people p on s.id = p.id"
            " where s.id > 1 group by p.name having count(*) > 0 order by c desc limit 5",
            tables,
        )
    )
    operators = [
        "Output[",
        "TopN[count = 5, orderBy = [count DESC NULLS LAST]]",
        'Filter[filterPredicate = ("count" > 0)]',
    ]
    operators += ["Aggregate[keys = [name]]", 'InnerJoin[criteria = ("id" = "id_0")]', "ScanFilter[", "TableScan["]
    positions = [text.index(operator) for operator in operators]
    assert positions == sorted(positions)
    assert f'awsdatacatalog:{tables}:sales, filterPredicate = ("id" > 1)' in text
    assert f"awsdatacatalog:{tables}.people$data@" in text


def test_io_has_the_tables_their_columns_constraints_and_what_will_be_scanned(cloud: Any, tables: str) -> None:
    query = "select id, amount from sales where id between 2 and 3 and day in ('2026-11-02', '2026-11-01')"
    found = document(cloud, f"explain (type io, format json) {query}", tables)
    (table,) = found["inputTableColumnInfos"]
    assert table["table"] == {"catalog": "awsdatacatalog", "schemaTable": {"schema": tables, "table": "sales"}}
    constraints = {entry["columnName"]: entry for entry in table["constraint"]["columnConstraints"]}
    assert constraints["id"]["domain"] == {
        "nullsAllowed": False,
        "ranges": [{"low": {"value": "2", "bound": "EXACTLY"}, "high": {"value": "3", "bound": "EXACTLY"}}],
    }
    assert [entry["low"]["value"] for entry in constraints["day"]["domain"]["ranges"]] == ["2026-11-01", "2026-11-02"]
    scanned = cloud.run(query, tables).execution["Statistics"]["DataScannedInBytes"]
    assert table["estimate"]["outputSizeInBytes"] == found["estimate"]["cpuCost"] == scanned > 0


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("select id from sales", 3),
        ("select id from sales where day = '2026-11-02'", 1),
        ("select id from sales where day = '2026-12-01'", 0),
        ("select * from people", 2),
        ("select amount from big where day = '2026-11-01'", 2),
    ],
)
def test_io_estimates_the_rows_of_the_files_left_after_pruning(cloud: Any, tables: str, query: str, rows: int) -> None:
    (table,) = document(cloud, f"explain (type io) {query}", tables)["inputTableColumnInfos"]
    assert table["estimate"]["outputRowCount"] == rows
    assert table["estimate"]["cpuCost"] == cloud.run(query, tables).execution["Statistics"]["DataScannedInBytes"]


def test_io_sees_the_condition_inside_a_view(cloud: Any, tables: str) -> None:
    (table,) = document(cloud, "explain (type io) select amount from big where id < 9", tables)["inputTableColumnInfos"]
    (constraint,) = table["constraint"]["columnConstraints"]
    assert constraint["domain"]["ranges"] == [
        {"low": {"value": "1", "bound": "ABOVE"}, "high": {"value": "9", "bound": "BELOW"}}
    ]


def test_io_says_that_contradicting_conditions_leave_nothing(cloud: Any, tables: str) -> None:
    (table,) = document(cloud, "explain (type io) select id from sales where id > 5 and id < 3", tables)[
        "inputTableColumnInfos"
    ]
    assert table["constraint"] == {"none": True, "columnConstraints": []}


def test_explain_scans_nothing_and_analyze_scans_what_the_query_does(cloud: Any, tables: str) -> None:
    query = "select name, count(*) from sales where id >= 2 group by name"
    assert cloud.run(f"explain {query}", tables).execution["Statistics"]["DataScannedInBytes"] == 0
    analyzed = cloud.run(f"explain analyze {query}", tables)
    assert (
        analyzed.execution["Statistics"]["DataScannedInBytes"]
        == cloud.run(query, tables).execution["Statistics"]["DataScannedInBytes"]
        > 0
    )
    text = "\n".join(row[0] for row in analyzed.rows)
    assert "Output[columnNames = [name, _col1]]" in text
    assert "Output: 2 rows" in text
    assert f"TableScan[table = awsdatacatalog:{tables}:sales]" in text


def test_validate_is_true_or_fails_as_the_query_would(cloud: Any, tables: str) -> None:
    assert lines(cloud, "explain (type validate) select id from sales", tables) == ["Query Plan", "true"]
    assert "COLUMN_NOT_FOUND" in cloud.failure("explain (type validate) select nope from sales", tables)


def test_a_plan_as_json_and_as_a_graph(cloud: Any, tables: str) -> None:
    found = document(cloud, "explain (type logical, format json) select name from people where id = 1", tables)
    assert (found["name"], found["children"][0]["name"]) == ("Output", "Project")
    assert found["children"][0]["children"][0]["descriptor"]["filterPredicate"] == '("id" = 1)'
    graph = lines(cloud, "explain (format graphviz) select name from people", tables)
    assert graph[1] == "digraph distributed_plan {"
    assert "plannode_1 -> plannode_2;" in graph


@pytest.mark.parametrize("text", ["explain (type foo) select 1", "explain (format xml) select 1", "explain"])
def test_an_unknown_option_is_a_syntax_error(cloud: Any, database: str, text: str) -> None:
    assert "mismatched input" in cloud.failure(text, database)
