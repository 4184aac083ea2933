"""Materialized views, SQL functions and SELECT INTO."""

from __future__ import annotations

import pytest
from pgclient import PgClient, PgError


@pytest.fixture
def shop(pg: PgClient) -> PgClient:
    pg.query("create table orders (id int, amount numeric(10,2))")
    pg.query("insert into orders values (1, 2.50), (2, 3.50)")
    return pg


def refused(pg: PgClient, sql: str) -> str:
    with pytest.raises(PgError) as caught:
        pg.query(sql)
    return caught.value.sqlstate


def test_a_materialized_view_keeps_its_rows_until_it_is_refreshed(shop: PgClient) -> None:
    shop.query(
        "create materialized view totals distkey (id) auto refresh no as"
        " select id, sum(amount) as amount from orders group by id"
    )
    shop.query("insert into orders values (3, 1)")
    assert shop.query("select count(*) from totals").rows == [("2",)]
    shop.query("refresh materialized view totals")
    assert shop.query("select count(*), sum(amount) from t.totals").rows == [("3", "7.00")]


def test_a_materialized_view_is_listed_with_its_refresh(shop: PgClient) -> None:
    shop.query("create materialized view kept auto refresh yes as select id from orders")
    listed = "select schema, name, autorefresh from stv_mv_info where name = 'kept'"
    assert shop.query(listed).rows == [("t", "kept", "t")]
    shop.query("alter materialized view kept auto refresh no")
    assert shop.query(listed).rows == [("t", "kept", "f")]


def test_a_materialized_view_is_listed_with_its_keys_by_its_own_name(shop: PgClient) -> None:
    shop.query("create materialized view keyed diststyle key distkey (id) sortkey (id) as select id from orders")
    assert shop.query("select diststyle, sortkey1 from svv_table_info where \"table\" = 'keyed'").rows == [
        ("KEY(id)", "id")
    ]
    assert shop.query("select 1 from svv_table_info where \"table\" like 'mv_tbl_%'").rows == []


def test_a_materialized_view_ends_with_its_table_or_by_itself(shop: PgClient) -> None:
    shop.query("create materialized view totals as select id from orders")
    assert refused(shop, "drop table orders") == "2BP01"
    assert refused(shop, "drop view totals") == "42809"
    shop.query("drop materialized view totals")
    assert refused(shop, "select * from totals") == "42P01"
    shop.query("create materialized view totals as select id from orders")
    shop.query("drop table orders cascade")
    assert refused(shop, "select * from totals") == "42P01"
    assert shop.query("select count(*) from stv_mv_info where schema = 't'").rows == [("0",)]


def test_a_sql_function_stands_for_its_expression(shop: PgClient) -> None:
    shop.query(
        "create function f_discount(numeric(10,2), float) returns numeric(10,2) stable as $$"
        " select case when $2 > 0.1 then $1 * (1 - $2) else $1 end $$ language sql"
    )
    assert shop.query("select f_discount(amount, 0.2) from orders order by id").rows == [("2.00",), ("2.80",)]
    assert shop.query("select t.f_discount(10, 0.05)").rows == [("10.00",)]
    shop.query("create view discounted as select f_discount(amount, 0.5) as amount from orders")
    assert shop.query("select sum(amount) from discounted").rows == [("3.00",)]


def test_functions_may_call_functions_and_are_replaced_and_dropped(shop: PgClient) -> None:
    shop.query("create function f_one(int) returns int immutable as $$ select $1 + 1 $$ language sql")
    shop.query("create function f_two(int) returns int immutable as $$ select f_one($1) * 2 $$ language sql")
    assert shop.query("select f_two(1)").rows == [("4",)]
    assert refused(shop, "create function f_one(int) returns int immutable as $$ select 0 $$ language sql") == "42723"
    shop.query("create or replace function f_one(int) returns int immutable as $$ select $1 + 10 $$ language sql")
    assert shop.query("select f_two(1)").rows == [("22",)]
    shop.query("drop function f_two(int)")
    assert refused(shop, "select f_two(1)") == "42883"
    assert refused(shop, "drop function f_two(int)") == "42883"


@pytest.mark.parametrize(
    ("sql", "sqlstate"),
    [
        ("create function f(int) returns int stable as $$ return 1 $$ language plpythonu", "0A000"),
        ("create function f() returns int stable as $$ select count(*) from orders $$ language sql", "42601"),
        ("create function upper(varchar) returns varchar stable as $$ select $1 $$ language sql", "42723"),
        ("create external function f(int) returns int stable lambda 'x' iam_role default", "0A000"),
        ("create procedure p() as $$ begin end $$ language plpgsql", "0A000"),
        ("call p()", "0A000"),
    ],
)
def test_what_is_no_expression_is_refused(shop: PgClient, sql: str, sqlstate: str) -> None:
    assert refused(shop, sql) == sqlstate


def test_select_into_makes_a_table(shop: PgClient) -> None:
    shop.query("select id, amount * 2 as twice into doubled from orders where id = 1")
    assert shop.query("select * from doubled").rows == [("1", "5.00")]
    shop.query("select id into temp kept from orders")
    assert shop.query("select count(*) from kept").rows == [("2",)]


def test_create_table_like_takes_columns_over(shop: PgClient) -> None:
    shop.query("create table copy_of (like orders)")
    shop.query("insert into copy_of values (1, 2.345)")
    assert shop.query("select amount from copy_of").rows == [("2.35",)]


def test_a_function_is_called_by_its_whole_quoted_name_and_listed(pg: PgClient) -> None:
    pg.query("create function twice (float) returns float immutable as $$ select $1 * 2 $$ language sql")
    assert pg.query('select "t"."twice"(21)').rows == [("42",)]
    listed = "select nspname, proname from pg_proc join pg_namespace n on pronamespace = n.oid where proname = 'twice'"
    assert pg.query(listed).rows == [("t", "twice")]


def test_a_view_has_the_types_of_its_query(pg: PgClient) -> None:
    pg.query("create view typed as select cast('abcd' as text) as a, 'abc'::varchar(7) as b, 1.5::numeric(5, 2) as c")
    types = "select data_type, character_maximum_length, numeric_precision from svv_columns where table_name = 'typed'"
    assert pg.query(types).rows == [
        ("character varying", "4", None),
        ("character varying", "7", None),
        ("numeric", None, "5"),
    ]


def test_pg_table_def_shows_the_tables_of_the_search_path(pg: PgClient) -> None:
    pg.query("create table defined (a int not null distkey sortkey, b varchar(3) encode lzo)")
    found = pg.query("select * from pg_table_def where tablename = 'defined' order by \"column\"").rows
    assert found == [
        ("t", "defined", "a", "integer", "none", "t", "1", "t"),
        ("t", "defined", "b", "character varying(3)", "lzo", "f", "0", "f"),
    ]
    pg.query("set search_path to public")
    assert pg.query("select * from pg_table_def where tablename = 'defined'").rows == []


def test_a_materialized_view_is_shown_without_its_table(shop: PgClient) -> None:
    shop.query("create materialized view shown as select id from orders")
    answer = shop.query("show tables from schema t")
    place = [name for name, _ in answer.columns].index("table_subtype")
    assert {row[2]: row[place] for row in answer.rows} == {"orders": "REGULAR TABLE", "shown": "MATERIALIZED VIEW"}


def test_a_dropped_schema_takes_its_functions_along(shop: PgClient) -> None:
    shop.query("create schema gone")
    shop.query("create function gone.f_left(int) returns int immutable as $$ select $1 $$ language sql")
    assert refused(shop, "drop schema gone") == "2BP01"
    shop.query("drop schema gone cascade; create schema gone")
    assert refused(shop, "select gone.f_left(1)") == "42883"
    shop.query("drop schema gone")


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        (
            'create view t.told as select id, 1 as "Odd Name", 2 as "select" from t.{table}',
            'SELECT id, 1 AS "odd name", 2 AS "select" FROM t.{table};',
        ),
        (
            "create view t.told as select  *  from t.{table} with no schema binding",
            "create view t.told as select  *  from t.{table} with no schema binding;",
        ),
        (
            "create materialized view t.told as select count(*) as n from t.{table}",
            "create materialized view t.told as select count(*) as n from t.{table};",
        ),
    ],
)
def test_the_text_of_a_view_is_told_by_the_catalogue(shop: PgClient, statement: str, text: str) -> None:
    shop.query("create table t.source_of_texts (id int)")
    shop.query(statement.format(table="source_of_texts"))
    expected = [(text.format(table="source_of_texts"),)]
    assert shop.query("select definition from pg_views where viewname = 'told'").rows == expected
    assert shop.query("select pg_get_viewdef('t.told'::regclass, true)").rows == expected
