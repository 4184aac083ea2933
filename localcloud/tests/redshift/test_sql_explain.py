"""EXPLAIN in the shape that a reader of Redshift's plans, or a router, knows."""

from __future__ import annotations

import re

import pytest
from pgclient import PgClient, PgError

_LINE = re.compile(r"^ *(?:->  )?(XN|S3|LD) .*  \(cost=\d+\.\d\d\.\.\d+\.\d\d rows=\d+ width=\d+\)$")


@pytest.fixture
def shop(pg: PgClient) -> PgClient:
    pg.query("create table orders (id bigint, customer_id int, amount numeric(10,2)) distkey (customer_id)")
    pg.query("create table customers (id int, name varchar(20)) distkey (id)")
    pg.query("create table countries (code char(2), customer_id int) diststyle all")
    pg.query("create table clicks (customer_id int, at timestamp) diststyle even")
    pg.query("insert into orders select x, x % 100, 1 from generate_series(1, 5000) as s(x)")
    pg.query("insert into customers select x, 'n' from generate_series(1, 100) as s(x)")
    return pg


def plan(pg: PgClient, sql: str) -> list[str]:
    return [str(row[0]) for row in pg.query(f"explain {sql}").rows]


def test_every_step_shows_its_cost_rows_and_width(shop: PgClient) -> None:
    lines = plan(shop, "select customer_id, sum(amount) from orders group by customer_id order by 2 desc limit 3")
    steps = [line for line in lines if "cost=" in line]
    assert all(_LINE.match(line) for line in steps)
    assert [re.sub(r"  \(.*| *->  ", "", line).strip() for line in steps] == [
        "XN Limit", "XN Merge", "XN Network", "XN Sort", "XN HashAggregate", "XN Seq Scan on orders",
    ]  # fmt: skip


def test_a_scan_costs_a_hundredth_of_its_rows(shop: PgClient) -> None:
    (line,) = plan(shop, "select * from orders")
    assert line == "XN Seq Scan on orders  (cost=0.00..50.00 rows=5000 width=20)"


@pytest.mark.parametrize(
    ("join", "movement"),
    [
        ("customers c on o.customer_id = c.id", "DS_DIST_NONE"),
        ("countries c on o.customer_id = c.customer_id", "DS_DIST_ALL_NONE"),
        ("clicks c on o.customer_id = c.customer_id", "DS_DIST_"),
    ],
)
def test_a_join_says_which_rows_move(shop: PgClient, join: str, movement: str) -> None:
    lines = plan(shop, f"select * from orders o join {join}")
    assert "XN Hash Join " + movement in lines[0]
    assert any(line.strip().startswith('Hash Cond: ("outer".') for line in lines)
    assert any("->  XN Hash  (cost=" in line for line in lines)


def test_a_join_without_equality_is_a_nested_loop_with_a_warning(shop: PgClient) -> None:
    lines = plan(shop, "select * from orders o join customers c on o.amount < c.id")
    assert "XN Nested Loop DS_BCAST_INNER" in lines[0]
    assert lines[-1].startswith("----- Nested Loop Join in the query plan")


def test_explain_changes_nothing(shop: PgClient) -> None:
    assert plan(shop, "insert into customers select id, 'x' from orders")
    assert plan(shop, "delete from orders where id = 5")
    assert plan(shop, "create table copy_of as select * from orders")
    assert shop.query("select count(*) from customers").rows == [("100",)]


def test_only_queries_can_be_explained(shop: PgClient) -> None:
    with pytest.raises(PgError) as caught:
        shop.query("explain vacuum")
    assert caught.value.sqlstate == "42601"
