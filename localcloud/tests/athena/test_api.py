"""Athena's API: executions, results, work groups, prepared statements, metadata and refusals."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError


def test_a_result_is_in_s3_where_the_execution_says_quoted_as_athena_does(cloud: Any) -> None:
    result = cloud.run("select 1 as a, 'x,\"y\"' as b, cast(null as varchar) as c, '' as d")
    location = result.execution["ResultConfiguration"]["OutputLocation"]
    assert location == f"{cloud.results}/{result.execution['QueryExecutionId']}.csv"
    bucket, _, key = location.removeprefix("s3://").partition("/")
    assert cloud.s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b'"a","b","c","d"\n"1","x,""y""",,""\n'
    assert cloud.s3.head_object(Bucket=bucket, Key=f"{key}.metadata")
    assert result.rows == [["1", 'x,"y"', None, ""]]


def test_results_come_in_pages(cloud: Any) -> None:
    query_id = cloud.wait(cloud.start_query("select n from unnest(sequence(1, 2500)) t (n) order by n"))[
        "QueryExecutionId"
    ]
    pages = list(cloud.athena.get_paginator("get_query_results").paginate(QueryExecutionId=query_id))
    rows = [row["Data"][0]["VarCharValue"] for page in pages for row in page["ResultSet"]["Rows"]]
    assert len(pages) == 3
    assert rows == ["n", *(str(n) for n in range(1, 2501))]


def test_a_client_request_token_starts_one_query(cloud: Any) -> None:
    token = uuid.uuid4().hex + uuid.uuid4().hex
    first, second = (cloud.start_query("select 1", ClientRequestToken=token) for _ in range(2))
    assert first == second
    with pytest.raises(ClientError, match="Idempotent parameters do not match"):
        cloud.start_query("select 2", ClientRequestToken=token)


def test_parameters_are_values_never_sql(cloud: Any) -> None:
    result = cloud.run("select ? as a, ? + 1 as b, '?' as c", ExecutionParameters=["'it''s; drop'", "41"])
    assert result.rows == [["it's; drop", "42", "?"]]
    for bad in ("1 from x", "1, 2", "(select 1)", "a"):
        with pytest.raises(ClientError, match="InvalidRequestException"):
            cloud.start_query("select ?", ExecutionParameters=[bad])
    with pytest.raises(ClientError, match="Incorrect number of parameters"):
        cloud.start_query("select ?, ?", ExecutionParameters=["1"])


def test_prepared_statements(cloud: Any) -> None:
    name = f"p_{uuid.uuid4().hex[:8]}"
    cloud.athena.create_prepared_statement(StatementName=name, WorkGroup="primary", QueryStatement="select ? || ?")
    assert cloud.run(f"execute {name} using 'a', 'b,c'").rows == [["ab,c"]]
    assert cloud.run(f'execute "{name}"', ExecutionParameters=["'a'", "'b'"]).rows == [["ab"]]


def test_stopping_a_query_interrupts_it(cloud: Any) -> None:
    numbers = "unnest(sequence(1, 100000))"
    slow = f"select count(*) from {numbers} a (x) cross join {numbers} b (y) where x * y % 7 = 3"
    query_id = cloud.start_query(slow)
    time.sleep(0.5)
    started = time.monotonic()
    cloud.athena.stop_query_execution(QueryExecutionId=query_id)
    assert cloud.wait(query_id)["Status"]["State"] == "CANCELLED"
    assert time.monotonic() - started < 10


def test_a_work_group_enforces_its_location_and_its_scan_limit(cloud: Any, database: str) -> None:
    name = f"wg-{uuid.uuid4().hex[:8]}"
    cloud.athena.create_work_group(
        Name=name,
        Configuration={
            "ResultConfiguration": {"OutputLocation": f"{cloud.results}/enforced/"},
            "EnforceWorkGroupConfiguration": True,
            "BytesScannedCutoffPerQuery": 10_000_000,
        },
    )
    execution = cloud.run("select 1", WorkGroup=name).execution
    assert execution["ResultConfiguration"]["OutputLocation"].startswith(f"{cloud.results}/enforced/")
    group = cloud.athena.get_work_group(WorkGroup=name)["WorkGroup"]
    assert group["Configuration"]["EngineVersion"]["EffectiveEngineVersion"] == "Athena engine version 3"
    cloud.athena.update_work_group(
        WorkGroup=name,
        ConfigurationUpdates={"ResultConfigurationUpdates": {"OutputLocation": f"{cloud.results}/moved/"}},
    )
    moved = cloud.run("select 1", WorkGroup=name).execution
    assert moved["ResultConfiguration"]["OutputLocation"].startswith(f"{cloud.results}/moved/")
    location = f"{cloud.lake}/{database}/big/"
    cloud.run(
        f"create table big with (external_location = '{location}') as"
        " select n, to_hex(sha256(to_utf8(cast(n as varchar)))) as s from unnest(sequence(1, 500000)) t (n)",
        database,
    )
    cloud.athena.update_work_group(WorkGroup=name, ConfigurationUpdates={"BytesScannedCutoffPerQuery": 10_000_000})
    properties = f"table_type = 'ICEBERG', is_external = false, location = '{location}2/'"
    copy = f"create table copy with ({properties}) as select * from big"
    ended = cloud.wait(cloud.start_query(copy, database, WorkGroup=name))
    assert ended["Status"]["State"] == "CANCELLED"
    assert "Bytes scanned limit was exceeded" in ended["Status"]["StateChangeReason"]
    assert cloud.failure("select * from copy", database).startswith("TABLE_NOT_FOUND")
    cloud.athena.delete_work_group(WorkGroup=name, RecursiveDeleteOption=True)
    with pytest.raises(ClientError, match="is not found"):
        cloud.start_query("select 1", WorkGroup=name)


def test_metadata_of_the_catalogue(cloud: Any, database: str) -> None:
    cloud.run(
        "create external table m (a bigint comment 'the a') partitioned by (p string)"
        f" location '{cloud.lake}/{database}/m/'",
        database,
    )
    table = cloud.athena.get_table_metadata(CatalogName="AwsDataCatalog", DatabaseName=database, TableName="m")[
        "TableMetadata"
    ]
    assert table["Columns"] == [{"Name": "a", "Type": "bigint", "Comment": "the a"}]
    assert table["PartitionKeys"] == [{"Name": "p", "Type": "string"}]
    names = [entry["Name"] for entry in cloud.athena.list_databases(CatalogName="AwsDataCatalog")["DatabaseList"]]
    assert database in names
    with pytest.raises(ClientError, match="MetadataException"):
        cloud.athena.get_table_metadata(CatalogName="AwsDataCatalog", DatabaseName=database, TableName="absent")


def test_several_queries_run_at_once(cloud: Any) -> None:
    ids = [cloud.start_query(f"select {n} as n, count(*) from unnest(sequence(1, 1000000)) t (x)") for n in range(12)]
    states = {cloud.wait(query_id)["Status"]["State"] for query_id in ids}
    assert states == {"SUCCEEDED"}
    found = cloud.athena.batch_get_query_execution(QueryExecutionIds=[*ids, str(uuid.uuid4())])
    assert len(found["QueryExecutions"]) == 12
    assert len(found["UnprocessedQueryExecutionIds"]) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda athena: athena.get_query_execution(QueryExecutionId="absent"), "was not found"),
        (lambda athena: athena.start_query_execution(QueryString="selec 1", WorkGroup="primary"), "output location"),
        (lambda athena: athena.create_notebook(WorkGroup="primary", Name="n"), "not supported by the local cloud"),
        (lambda athena: athena.start_query_execution(QueryString="select 1", WorkGroup="absent"), "is not found"),
    ],
)
def test_requests_that_cannot_be_served_are_refused(cloud: Any, call: Any, message: str) -> None:
    with pytest.raises(ClientError, match=message):
        call(cloud.athena)


@pytest.mark.parametrize("sql", ["selec 1", "select from", "select (1", "select 'open", "select 1; select 2"])
def test_text_that_is_no_sql_is_refused_at_the_start(cloud: Any, sql: str) -> None:
    with pytest.raises(ClientError, match=r"InvalidRequestException.*line \d+:\d+"):
        cloud.start_query(sql)
