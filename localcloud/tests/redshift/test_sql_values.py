"""Expressions and the values that Redshift's documentation gives for them."""

from __future__ import annotations

import pytest
from pgclient import PgClient, PgError

PROBES = [
    # Numbers
    ("7 / 2", "3"),
    ("-7 / 2", "-3"),
    ("7 % 4", "3"),
    ("7::float8 / 2", "3.5"),
    ("5::numeric(10,2) / 2", "2.5000000000000"),
    ("1.5 + 2.25", "3.75"),
    ("1.5::numeric", "2"),
    ("'12.345'::numeric(5,2)", "12.35"),
    ("round(2.345, 2)", "2.35"),
    ("trunc(2.89)", "2"),
    ("ceil(2.1)", "3"),
    ("floor(-2.1)", "-3"),
    ("power(2, 10)", "1024"),
    ("mod(7, 3)", "1"),
    ("abs(-3)", "3"),
    ("sign(-3)", "-1"),
    ("log(100)", "2"),
    ("ln(1)", "0"),
    ("sqrt(16)", "4"),
    ("greatest(1, 3, 2)", "3"),
    ("least(3, 1, 2)", "1"),
    ("strtol('ff', 16)", "255"),
    ("2.5::int", "3"),
    # Text
    ("'a' || 'b'", "ab"),
    ("'a' || null", None),
    ("concat('a', 'b')", "ab"),
    ("concat('a', null)", None),
    ("len('abc')", "3"),
    ("length('h\u00e9')", "2"),
    ("octet_length('h\u00e9')", "3"),
    ("upper('aB')", "AB"),
    ("initcap('hello wORLD')", "Hello World"),
    ("substring('abcdef', 2, 3)", "bcd"),
    ("left('abc', 2)", "ab"),
    ("right('abc', 2)", "bc"),
    ("replace('aXa', 'X', 'b')", "aba"),
    ("split_part('a,b,c', ',', 2)", "b"),
    ("strpos('abc', 'c')", "3"),
    ("charindex('c', 'abc')", "3"),
    ("position('b' in 'abc')", "2"),
    ("lpad('7', 3, '0')", "007"),
    ("rpad('7', 3, '0')", "700"),
    ("btrim('xax', 'x')", "a"),
    ("trim('  a ')", "a"),
    ("reverse('abc')", "cba"),
    ("translate('abc', 'ab', 'xy')", "xyc"),
    ("md5('a')", "0cc175b9c0f1b6a831c399e269772661"),
    ("ascii('A')", "65"),
    ("chr(65)", "A"),
    ("regexp_substr('ab12', '[0-9]+')", "12"),
    ("regexp_replace('a1b2', '[0-9]', '-')", "a-b-"),
    ("regexp_count('a1b2', '[0-9]')", "2"),
    ("'abc' like 'a%'", "t"),
    ("'a_c' like 'a\\\\_c'", "t"),
    ("'abc' like 'a\\\\_c'", "f"),
    ("'ABC' ilike 'a%'", "t"),
    ("'abc' ~ 'b'", "t"),
    ("'abc' similar to 'a%|x'", "t"),
    ("'abcdef'::varchar(3)", "abc"),
    ("'h\u00e9\u00e9'::varchar(3)", "h\u00e9"),
    ("sha2('a', 256)", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"),
    # Nulls and conditions
    ("nvl(null, 2)", "2"),
    ("nvl2(null, 1, 2)", "2"),
    ("coalesce(null, 'x')", "x"),
    ("nullif(1, 1)", None),
    ("decode(2, 1, 'one', 2, 'two', 'other')", "two"),
    ("decode(null, null, 'n', 'x')", "n"),
    ("case when 1 = 2 then 'a' else 'b' end", "b"),
    ("true and null", None),
    ("1 in (1, null)", "t"),
    # Dates
    ("dateadd(day, 1, '2024-02-28'::date)::date", "2024-02-29"),
    ("dateadd(month, 1, '2024-01-31'::date)::date", "2024-02-29"),
    ("datediff(day, '2024-01-01'::date, '2024-03-01'::date)", "60"),
    ("datediff(month, '2024-01-31'::date, '2024-02-01'::date)", "1"),
    ("date_trunc('month', '2024-05-17 10:11:12'::timestamp)", "2024-05-01 00:00:00"),
    ("'2024-05-17'::date + 1", "2024-05-18"),
    ("'2024-05-17'::date - '2024-05-01'::date", "16"),
    ("extract(dow from '2024-05-19'::date)", "0"),
    ("date_part(year, '2024-05-19'::date)", "2024"),
    ("last_day('2024-02-03'::date)", "2024-02-29"),
    ("trunc('2024-05-07 10:00:00'::timestamp)", "2024-05-07"),
    ("add_months('2024-01-31'::date, 1)", "2024-02-29 00:00:00"),
    ("months_between('2024-03-01'::date, '2024-01-01'::date)", "2"),
    ("to_char('2024-05-07 13:04:05'::timestamp, 'YYYY-MM-DD HH24:MI:SS')", "2024-05-07 13:04:05"),
    ("to_char('2024-05-07'::date, 'DD Mon YYYY')", "07 May 2024"),
    ("to_date('20240507', 'YYYYMMDD')", "2024-05-07"),
    ("convert_timezone('UTC', 'Europe/Berlin', '2024-07-01 12:00:00'::timestamp)", "2024-07-01 14:00:00"),
    ("'2024-01-01 10:00:00'::timestamp + interval '90 minutes'", "2024-01-01 11:30:00"),
    ("'2024-01-01 10:00:00.123456'::timestamp", "2024-01-01 10:00:00.123456"),
    ("getdate() > '2024-01-01'", "t"),
    # JSON
    ("json_extract_path_text('{\"a\":{\"b\":\"c\"}}', 'a', 'b')", "c"),
    ("json_extract_path_text('{\"a\":1}', 'b')", ""),
    ("json_extract_array_element_text('[1,2,3]', 1)", "2"),
    ("json_array_length('[1,2,3]')", "3"),
    ("is_valid_json('{')", "f"),
]


@pytest.mark.parametrize(("expression", "expected"), PROBES, ids=[probe[0] for probe in PROBES])
def test_an_expression_has_redshifts_value(pg: PgClient, expression: str, expected: str | None) -> None:
    assert pg.query(f"select {expression} as v").rows == [(expected,)]


AGGREGATES = [
    ("sum(i)", "6", 20),
    ("sum(b)", "6", 1700),
    ("sum(n)", "7.50", 1700),
    ("avg(i)", "2", 20),
    ("avg(n)", "2.50", 1700),
    ("avg(f)", "2.5", 701),
    ("count(distinct i)", "3", 20),
    ("approximate count(distinct i)", "3", 20),
    ("listagg(s, ',') within group (order by i desc)", "c,b,a", 1043),
    ("sum(i) / count(*)", "2", 20),
    ("max(s)", "c", 1043),
    ("bool_or(i = 3)", "t", 16),
    ("median(i)", "2", 701),
    ("sum(i) filter (where i > 1)", "5", 20),
]


@pytest.mark.parametrize(("expression", "expected", "oid"), AGGREGATES, ids=[probe[0] for probe in AGGREGATES])
def test_an_aggregate_has_redshifts_value_and_type(pg: PgClient, expression: str, expected: str, oid: int) -> None:
    pg.query("create table v (i int, b bigint, n numeric(10,2), f float8, s varchar(5))")
    pg.query("insert into v values (1, 1, 1.5, 1.5, 'a'), (2, 2, 2.5, 2.5, 'b'), (3, 3, 3.5, 3.5, 'c')")
    answer = pg.query(f"select {expression} as v from v")
    assert (answer.rows, answer.columns[0][1]) == ([(expected,)], oid)


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        (
            "select x from (select 1 as x union all select null union all select 2) order by x",
            [("1",), ("2",), (None,)],
        ),
        ("select x from (select 1 as x union all select null) order by x desc", [(None,), ("1",)]),
        (
            "select row_number() over (order by x) from (select 5 as x) qualify row_number() over (order by x) = 1",
            [("1",)],
        ),
        ("with a as (select 1 as x) select A.X from a", [("1",)]),
        ('select "X" from (select 1 as x)', [("1",)]),
        ("select top 1 x from (select 1 as x union select 2) order by x desc", [("2",)]),
        (
            "select sum(x) over (order by x rows unbounded preceding) from (select 1 as x union select 2) order by 1",
            [("1",), ("3",)],
        ),
    ],
)
def test_a_query_has_redshifts_rows(pg: PgClient, sql: str, rows: list[tuple[str | None, ...]]) -> None:
    assert pg.query(sql).rows == rows


def test_unnamed_columns_have_redshifts_names(pg: PgClient) -> None:
    answer = pg.query("select count(*), max(1), 1 + 1, case when true then 1 end, 'a'::varchar")
    assert [name for name, _ in answer.columns] == ["count", "max", "?column?", "case", "varchar"]


@pytest.mark.parametrize(
    "sql",
    [
        "select to_char(5, '999')",
        "select to_char(getdate(), 'YYYY Xq')",
        "select list_aggregate([1], 'sum')",
        "select array_agg(x) from (select 1 as x)",
        "select count(*) from (select 1 as x) tablesample (10)",
        "select * from read_csv('/etc/passwd')",
        "select read_text('/etc/passwd')",
        "select * from duckdb_tables()",
        "select * from pg_landfall.relations",
        "select * from '/etc/passwd'",
        "set timezone to 'Europe/Berlin'",
    ],
)
def test_what_redshift_has_not_or_we_cannot_do_is_refused(pg: PgClient, sql: str) -> None:
    with pytest.raises(PgError) as caught:
        pg.query(sql)
    assert caught.value.sqlstate in ("0A000", "42883", "42P01", "42601", "3F000")


def test_a_table_made_from_a_query_has_the_types_of_its_expressions(pg: PgClient) -> None:
    pg.query("create table a (c char(5), v varchar(7), n numeric(8,2))")
    pg.query("create table b as select c, v, n / 2 as half, sum(n) over () as total, 1 + 1 as two from a")
    listed = "select column_name, data_type from svv_columns where table_schema = 't' and table_name = 'b'"
    answer = pg.query("select * from b")
    assert [oid for _, oid in answer.columns] == [1042, 1043, 1700, 1700, 23]
    assert [modifier - 4 for modifier in answer.modifiers[:2]] == [5, 7]
    assert len(pg.query(listed).rows) == 5


def test_a_text_put_into_a_super_column_is_a_text_and_no_json(pg: PgClient) -> None:
    pg.query("create table s (v super)")
    pg.query("insert into s values ('{\"a\": 1}'), (json_parse('{\"a\": 1}')), (null), (5)")
    assert sorted(str(row[0]) for row in pg.query("select json_typeof(v) from s").rows) == [
        "None", "number", "object", "string",
    ]  # fmt: skip
    assert pg.query("select v.a from s where v.a = 1").rows == [("1",)]


def test_blanks_at_the_end_of_a_char_do_not_count(pg: PgClient) -> None:
    pg.query("create table c (v char(5))")
    pg.query("insert into c values ('ab   ')")
    assert pg.query("select len(v), v = 'ab', v || 'x' from c").rows == [("2", "t", "abx")]
