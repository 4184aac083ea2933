"""COPY with the options that need each record looked at, and what it says of records it can't load."""

from __future__ import annotations

import bz2
import json
from typing import Any

import pytest
from cloud import Cloud
from pgclient import PgClient, PgError

BUCKET = "copies"


@pytest.fixture
def s3(cloud: Cloud, pg: PgClient) -> Any:
    """An S3 client with an empty bucket, and the table `t.p (id int not null, name varchar(5), day date)`."""
    client = cloud.client("s3")
    client.create_bucket(Bucket=BUCKET)
    for entry in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=entry["Key"])
    pg.query("create table p (id int not null, name varchar(5), day date)")
    return client


def copied(pg: PgClient, s3: Any, body: str | bytes, options: str) -> list[tuple[str | None, ...]]:
    s3.put_object(Bucket=BUCKET, Key="in", Body=body)
    pg.query(f"copy p from 's3://{BUCKET}/in' iam_role default {options}")
    return pg.query("select id, name, day from p order by id").rows


@pytest.mark.parametrize(
    ("body", "options", "rows"),
    [
        ("1|a\\|b|2026-01-02\n", "escape", [("1", "a|b", "2026-01-02")]),
        ("1|'a|b'|2026-01-02\n", "removequotes", [("1", "a|b", "2026-01-02")]),
        ("  1ab   2026-01-02\n", "fixedwidth 'id:3,name:5,day:10'", [("1", "ab", "2026-01-02")]),
        ("1|a\n", "fillrecord", [("1", "a", None)]),
        ("1|a  |2026-01-02\n", "trimblanks", [("1", "a", "2026-01-02")]),
        ("1|abcdefg|2026-01-02\n", "truncatecolumns fillrecord", [("1", "abcde", "2026-01-02")]),
        ("1|a|nonsense\n", "acceptanydate", [("1", "a", None)]),
        ("1,a,02.01.2026\n", "csv dateformat 'DD.MM.YYYY'", [("1", "a", "2026-01-02")]),
        (
            "1,a,2026-01-02\n\n2,b,2026-01-02\n",
            "csv ignoreblanklines",
            [("1", "a", "2026-01-02"), ("2", "b", "2026-01-02")],
        ),
        (b"1|a\xff|2026-01-02\n", "acceptinvchars '^'", [("1", "a^", "2026-01-02")]),
        (bz2.compress(b"1|a|2026-01-02\n"), "bzip2", [("1", "a", "2026-01-02")]),
        ('{"ID": 1, "Name": "a", "DAY": "2026-01-02"}', "json 'auto ignorecase'", [("1", "a", "2026-01-02")]),
    ],
)
def test_copy_reads_records_as_its_options_say(
    pg: PgClient, s3: Any, body: str | bytes, options: str, rows: list[tuple[str | None, ...]]
) -> None:
    assert copied(pg, s3, body, options) == rows


def test_jsonpaths_say_where_each_column_is(pg: PgClient, s3: Any) -> None:
    paths = {"jsonpaths": ["$.key.id", "$['names'][1]", "$.day"]}
    s3.put_object(Bucket=BUCKET, Key="paths.json", Body=json.dumps(paths))
    body = '{"key": {"id": 7}, "names": ["x", "y"], "day": "2026-01-02"}\n{"key": {"id": 8}}'
    assert copied(pg, s3, body, f"json 's3://{BUCKET}/paths.json'") == [("7", "y", "2026-01-02"), ("8", None, None)]


@pytest.mark.parametrize(
    ("body", "reason", "column", "line"),
    [
        ("1|a|2026-01-02\nx1|b|2026-01-02\n", "Invalid digit, Value 'x', Pos 0, Type: Integer", "id", "2"),
        ("1|toolong|2026-01-02\n", "String length exceeds DDL length", "name", "1"),
        ("1|a|2026-13-02\n", "Invalid Date Format - length must be 10 or more", "day", "1"),
        ("1|a\n", "Delimiter not found", "", "1"),
        ("1|a|2026-01-02|x|y\n", "Extra column(s) found", "", "1"),
        ("|a|2026-01-02\n", "Missing data for not-null field", "id", "1"),
    ],
)
def test_a_failed_copy_loads_nothing_and_says_which_record_is_bad(
    pg: PgClient, s3: Any, body: str, reason: str, column: str, line: str
) -> None:
    with pytest.raises(PgError, match="sys_load_error_detail"):
        copied(pg, s3, body, "")
    assert pg.query("select count(*) from p").rows == [("0",)]
    asked = "select error_message, column_name, line_number from sys_load_error_detail order by start_time desc limit 1"
    assert pg.query(asked).rows == [(reason, column, line)]
    asked = "select err_reason, filename from stl_load_errors order by starttime desc limit 1"
    assert pg.query(asked).rows == [(reason, f"s3://{BUCKET}/in")]


def test_maxerror_leaves_out_fewer_bad_records_than_it_says(pg: PgClient, s3: Any) -> None:
    body = "1|a|2026-01-02\nx|b|2026-01-02\n3|c|2026-01-02\n"
    assert [row[0] for row in copied(pg, s3, body, "maxerror 2")] == ["1", "3"]
    assert pg.query("select pg_last_copy_count()").rows == [("2",)]
    with pytest.raises(PgError):
        copied(pg, s3, body, "maxerror 1")


def test_noload_checks_without_loading(pg: PgClient, s3: Any) -> None:
    assert copied(pg, s3, "1|a|2026-01-02\n", "noload") == []
    with pytest.raises(PgError):
        copied(pg, s3, "x|a|2026-01-02\n", "noload")


def test_executed_statements_are_in_the_query_history(pg: PgClient, other: PgClient) -> None:
    pg.query("select 'find me'")
    with pytest.raises(PgError):
        pg.query("select no_such_column, 'find me' from pg_class")
    rows = other.query(
        "select trim(status), query_type from sys_query_history where query_text like '%find me%'"
        " and query_text not like '%sys_query_history%' order by start_time"
    ).rows
    assert rows[-2:] == [("success", "SELECT"), ("failed", "SELECT")]
