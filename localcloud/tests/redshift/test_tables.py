"""Tables and views: definitions kept in the catalogue, DML, dependencies, grants."""

from __future__ import annotations

import pytest
from pgclient import PgClient, PgError


def refused(pg: PgClient, sql: str) -> PgError:
    with pytest.raises(PgError) as caught:
        pg.query(sql)
    return caught.value


def test_keys_encodings_and_types_are_kept_in_the_catalogue(pg: PgClient) -> None:
    pg.query(
        "create table sales (id bigint not null encode az64 distkey, at timestamp sortkey, note varchar(40) encode zstd,"  # noqa: E501
        " amount numeric(12,2) default 0, code char(3), primary key (id)) "
    )
    rows = pg.query(
        "select \"column_name\", data_type, encoding, distkey, sortkey from svv_redshift_columns where schema_name = 't' order by ordinal_position"  # noqa: E501
    ).rows
    assert rows == [
        ("id", "bigint", "az64", "t", "0"),
        ("at", "timestamp without time zone", "none", "f", "1"),
        ("note", "character varying(40)", "zstd", "f", "0"),
        ("amount", "numeric(12,2)", "none", "f", "0"),
        ("code", "character(3)", "none", "f", "0"),
    ]
    assert pg.query("select diststyle, sortkey1, sortkey_num from svv_table_info where \"table\" = 'sales'").rows == [
        ("KEY(id)", "at", "1")
    ]
    assert pg.query("select contype from pg_constraint").rows == [("p",)]


def test_create_table_as_keeps_its_properties(pg: PgClient) -> None:
    pg.query("create table a diststyle all compound sortkey (x, y) as select 1 as x, 'q' as y, sum(2::bigint) as z")
    assert pg.query(
        "select diststyle, sortkey_num from svv_table_info where \"table\" = 'a' and schema = 't'"
    ).rows == [("ALL", "2")]
    assert pg.query("select data_type from svv_columns where table_name = 'a' order by ordinal_position").rows == [
        ("integer",),
        ("character varying",),
        ("numeric",),
    ]


@pytest.mark.parametrize(
    "sql",
    [
        "insert into a values ('abcdef')",
        "insert into a select 'abcdef'",
        "update a set v = 'abcdef'",
        "merge into a using (select 'abcdef' as v) s on a.v = s.v when matched then update set v = s.v when not matched then insert values (s.v)",  # noqa: E501
    ],
)
def test_a_value_too_long_for_its_column_is_refused(pg: PgClient, sql: str) -> None:
    pg.query("create table a (v varchar(5)); insert into a values ('ab')")
    error = refused(pg, sql)
    assert (error.sqlstate, error.fields["M"]) == ("22001", "value too long for type character varying(5)")
    assert pg.query("select v from a").rows == [("ab",)]


def test_the_limit_of_varchar_counts_bytes_and_ignores_trailing_blanks(pg: PgClient) -> None:
    pg.query("create table a (v varchar(3))")
    assert refused(pg, "insert into a values ('h\u00e9\u00e9')").sqlstate == "22001"
    pg.query("insert into a values ('ab      ')")
    assert pg.query("select len(v) from a").rows == [("3",)]


def test_not_null_is_enforced_and_primary_keys_are_not(pg: PgClient) -> None:
    pg.query("create table a (id int not null, primary key (id))")
    pg.query("insert into a values (1), (1)")
    assert refused(pg, "insert into a values (null)").sqlstate == "23502"


def test_merge_delete_using_and_update_from(pg: PgClient) -> None:
    pg.query("create table a (id int, v varchar(10)); insert into a values (1, 'one'), (2, 'two'), (3, 'three')")
    pg.query("create temp table s as select 2 as id, 'TWO' as v union all select 4, 'four'")
    pg.query(
        "merge into t.a using s as src on src.id = t.a.id when matched then update set v = src.v when not matched then insert (id, v) values (src.id, src.v)"  # noqa: E501
    )
    assert pg.query("delete from a using s where a.id = s.id and s.id = 4").tags == ["DELETE 1"]
    assert pg.query("update a set v = s.v || '!' from s where a.id = s.id").tags == ["UPDATE 1"]
    assert pg.query("select id, v from a order by id").rows == [("1", "one"), ("2", "TWO!"), ("3", "three")]


def test_temporary_tables_belong_to_one_session_and_hide_tables(pg: PgClient, other: PgClient) -> None:
    pg.query(
        "create table a as select 'permanent' as v; create temporary table a (v varchar(20)); insert into a values ('temporary')"  # noqa: E501
    )
    assert pg.query("select v from a").rows == [("temporary",)]
    assert pg.query("select v from t.a").rows == [("permanent",)]
    assert other.query("select v from t.a").rows == [("permanent",)]
    pg.query("drop table a")
    assert pg.query("select v from a").rows == [("permanent",)]


def test_identity_columns_count_on(pg: PgClient) -> None:
    pg.query("create table a (id bigint identity(10, 5), v int); insert into a (v) values (1), (2)")
    assert pg.query("select id from a order by 1").rows == [("10",), ("15",)]


def test_alter_table(pg: PgClient) -> None:
    pg.query("create table a (id int, v varchar(5)); insert into a values (1, 'abc')")
    pg.query("alter table a add column n int default 7")
    pg.query("alter table a alter column v type varchar(10)")
    pg.query("alter table a rename column v to w")
    pg.query("insert into a values (2, 'abcdefgh', 8)")
    assert pg.query("select * from a order by id").rows == [("1", "abc", "7"), ("2", "abcdefgh", "8")]
    pg.query("alter table a drop column w")
    assert [name for name, _ in pg.query("select * from a").columns] == ["id", "n"]
    pg.query("create table b (n int, id int); insert into b values (9, 3); alter table a append from b")
    assert pg.query("select id, n from a order by id").rows == [("1", "7"), ("2", "8"), ("3", "9")]
    assert pg.query("select count(*) from b").rows == [("0",)]


def test_a_bound_view_follows_a_rename_and_needs_cascade_to_lose_its_table(pg: PgClient) -> None:
    pg.query("create table a as select 1 as x; create view v as select x + 1 as y from a")
    pg.query("alter table a rename to b")
    assert pg.query("select y from v").rows == [("2",)]
    assert refused(pg, "drop table b").sqlstate == "2BP01"
    pg.query("drop table b cascade")
    assert refused(pg, "select * from v").sqlstate == "42P01"


def test_a_late_binding_view_binds_when_it_is_read(pg: PgClient) -> None:
    pg.query("create view v as select * from t.later with no schema binding")
    assert refused(pg, "select * from v").sqlstate == "42P01"
    pg.query("create table later (a int, b varchar(3))")
    assert [name for name, _ in pg.query("select * from v").columns] == ["a", "b"]
    columns = pg.query(
        "select col_name, col_type from pg_get_late_binding_view_cols() cols(s name, v name, col_name name, col_type varchar, n int) where s = 't'"  # noqa: E501
    )
    assert columns.rows == [("a", "integer"), ("b", "character varying(3)")]
    pg.query("drop table later")
    assert pg.query("select count(*) from pg_views where viewname = 'v'").rows == [("1",)]


def test_a_view_with_column_names_and_replacement(pg: PgClient) -> None:
    pg.query("create view v (one, two) as select 1, 2")
    assert [name for name, _ in pg.query("select * from v").columns] == ["one", "two"]
    assert refused(pg, "create view v as select 3 as x").sqlstate == "42P07"
    pg.query("create or replace view v as select 3 as x")
    assert pg.query("select x from v").rows == [("3",)]


def test_names_are_folded_to_lower_case_quoted_or_not(pg: PgClient) -> None:
    pg.query('create table "MiXed" ("CoL" int); insert into mixed values (1)')
    assert pg.query('select col, "COL" from t."MIXED"').rows == [("1", "1")]


def test_grants_are_recorded_and_shown(pg: PgClient) -> None:
    pg.query("drop user if exists reader; create user reader password disable; create table a (x int)")
    assert refused(pg, "grant select on a to nobody_here").sqlstate == "42704"
    pg.query("grant select, insert on t.a to reader")
    pg.query("revoke insert on t.a from reader")
    rows = pg.query("select identity_name, privilege_type from svv_relation_privileges where namespace_name = 't'").rows
    assert rows == [("reader", "SELECT")]
    assert pg.query(
        "select has_table_privilege('reader', 't.a', 'select'), has_table_privilege('reader', 't.a', 'delete')"
    ).rows == [("t", "f")]


def test_comments_and_show_commands(pg: PgClient) -> None:
    pg.query("create table a (x int); comment on table a is 'it''s a'; comment on column t.a.x is $tag$one; two$tag$")
    assert pg.query(
        "select description from pg_description d join pg_class c on c.oid = d.objoid where relname = 'a' order by objsubid"  # noqa: E501
    ).rows == [("it's a",), ("one; two",)]
    tables = pg.query('show tables from schema "shop"."t"')
    assert tables.rows[0][:4] == ("shop", "t", "a", "TABLE")
    assert pg.query('show columns from table "shop"."t"."a"').rows[0][3:5] == ("x", "1")
    assert ("shop", "t") in [row[:2] for row in pg.query("show schemas from database \"shop\" like 't'").rows]
    assert pg.query("show search_path").rows == [("t, public",)]


def test_show_grants_tells_who_may_do_what_with_a_table(pg: PgClient) -> None:
    pg.query("create table a (x int); create group readers; grant select on a to group readers")
    shown = [row[2:5] + row[6:8] for row in pg.query('show grants on table "shop"."t"."a"').rows]
    assert ("a", "TABLE", "SELECT", "/readers", "role") in shown
    assert pg.query("show grants on table t.a").rows == pg.query("show grants on table shop.t.a").rows
    pg.query("revoke select on a from group readers; drop group readers")


def test_dropping_a_schema_needs_cascade_when_it_holds_something(pg: PgClient) -> None:
    pg.query("create table a (x int)")
    assert refused(pg, "drop schema t").sqlstate == "2BP01"
    pg.query("drop schema t cascade")
    assert refused(pg, "select * from t.a").sqlstate == "3F000"


def test_a_merge_that_matches_a_row_twice_is_refused(pg: PgClient) -> None:
    pg.query("create table a as select 1 as id, 'x'::varchar(5) as v")
    merge = "merge into a using (select 1 as id, 'b' as v union all select 1, 'c') s on a.id = s.id when matched then update set v = s.v"  # noqa: E501
    assert (
        refused(pg, f"{merge} when not matched then insert values (s.id, s.v)").fields["M"]
        == "Found multiple matches to update the same tuple."
    )
    assert pg.query("select v from a").rows == [("x",)]


def test_columns_change_before_and_after_rows_in_one_transaction(pg: PgClient) -> None:
    """What dbt does to widen a column of an incremental model."""
    pg.query("create table w (id int not null, name varchar(3)); insert into w values (1, 'abc')")
    pg.query("begin")
    pg.query("alter table w add column wide varchar(9)")
    pg.query("update w set wide = name")
    pg.query("alter table w drop column name cascade")
    pg.query("alter table w rename column wide to name")
    pg.query("insert into w (id, name) values (2, 'abcdefghi')")
    pg.query("commit")
    assert pg.query("select id, name from w order by id").rows == [("1", "abc"), ("2", "abcdefghi")]
    with pytest.raises(PgError):
        pg.query("insert into w values (null, 'x')")


def test_sys_query_detail_tells_when_rows_were_put_into_a_table(pg: PgClient) -> None:
    pg.query("create table filled (id int); create table made as select 1 as id; create table untouched (id int)")
    pg.query("insert into filled values (1), (2); update filled set id = 3 where id = 1; delete from filled")
    found = pg.query(
        "select trim(c.relname), d.output_rows, d.start_time <= d.end_time and h.query_id is not null"
        " from sys_query_detail d join pg_class c on c.oid = d.table_id join pg_namespace n on n.oid = c.relnamespace"
        " left join sys_query_history h on h.query_id = d.query_id"
        " where d.step_name = 'insert' and n.nspname = 't' order by d.query_id"
    )
    assert found.rows == [("made", "1", "t"), ("filled", "2", "t"), ("filled", "1", "t")]


def test_a_views_column_that_is_a_text_as_written_is_as_long_as_the_text(pg: PgClient) -> None:
    pg.query("create view worded as select 1.23 as n, 'a' as one, 'fünf' as five, upper('ab') as computed")
    found = pg.query(
        "select column_name, character_maximum_length from svv_columns"
        " where table_schema = 't' and table_name = 'worded' order by ordinal_position"
    )
    assert found.rows == [("n", None), ("one", "1"), ("five", "5"), ("computed", "65535")]
    assert pg.query("select one, five from worded").rows == [("a", "fünf")]


@pytest.mark.parametrize("name", ["svl_s3log", "pg_catalog.svl_s3log", "stv_recents", "sys_spectrum_scan_error"])
def test_a_system_view_that_is_not_there_is_told_from_a_missing_table(pg: PgClient, name: str) -> None:
    missing = refused(pg, f"select * from {name}")
    assert missing.sqlstate == "42P01"
    assert "not supported by the local cloud" in missing.fields["M"]
    assert refused(pg, "select * from sys").fields["M"] == 'relation "sys" does not exist'
