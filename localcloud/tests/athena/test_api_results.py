"""Results: their objects in S3, pages, statistics, reuse and the errors of failed queries."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

REUSE = {"ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": 10}}


def fields(content: bytes) -> list[tuple[int, Any]]:
    """The fields of a protocol buffers message: numbers as int, the rest as bytes."""

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = content[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    found, at = [], 0
    while at < len(content):
        key = varint()
        if key & 7 == 0:
            found.append((key >> 3, varint()))
        else:
            size = varint()
            found.append((key >> 3, content[at : at + size]))
            at += size
    return found


def test_the_metadata_object_tells_the_columns_in_protocol_buffers(cloud: Any) -> None:
    result = cloud.run("select decimal '1.50' as price, 'x' as name")
    bucket, _, key = result.execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").partition("/")
    content = cloud.s3.get_object(Bucket=bucket, Key=f"{key}.metadata")["Body"].read()
    query, *columns = fields(content)
    assert query == (1, result.execution["QueryExecutionId"].encode())
    price = dict(fields(columns[0][1]))
    assert price == {1: b"hive", 4: b"price", 5: b"price", 6: b"decimal", 7: 3, 8: 2, 9: 3, 10: 0}


def test_pages_begin_where_the_last_one_ended_whatever_the_cells_hold(cloud: Any) -> None:
    sql = (
        "select n, case n % 3 when 0 then null when 1 then 'line one' || chr(10) || 'says \"two\"' else '' end"
        " from unnest(sequence(1, 7)) t (n) order by n"
    )
    query_id = cloud.wait(cloud.start_query(sql))["QueryExecutionId"]
    pages = cloud.athena.get_paginator("get_query_results").paginate(
        QueryExecutionId=query_id, PaginationConfig={"PageSize": 2}
    )
    rows = [[cell.get("VarCharValue") for cell in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]]
    texts = [None, 'line one\nsays "two"', ""]
    assert rows == [["n", "_col1"], *([str(n), texts[n % 3]] for n in range(1, 8))]


def test_a_token_of_another_result_is_refused(cloud: Any) -> None:
    first, second = (cloud.wait(cloud.start_query(f"select {n}"))["QueryExecutionId"] for n in (1, 2))
    token = cloud.athena.get_query_results(QueryExecutionId=first, MaxResults=1)["NextToken"]
    with pytest.raises(ClientError, match="NextToken is not valid"):
        cloud.athena.get_query_results(QueryExecutionId=second, NextToken=token)


def test_results_are_encrypted_as_asked(cloud: Any) -> None:
    execution_id = cloud.athena.start_query_execution(
        QueryString="select 1",
        ResultConfiguration={
            "OutputLocation": f"{cloud.results}/encrypted/",
            "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"},
            "ExpectedBucketOwner": "000000000000",
            "AclConfiguration": {"S3AclOption": "BUCKET_OWNER_FULL_CONTROL"},
        },
    )["QueryExecutionId"]
    result = cloud.wait(execution_id)["ResultConfiguration"]
    assert result["EncryptionConfiguration"] == {"EncryptionOption": "SSE_S3"}
    assert result["ExpectedBucketOwner"] == "000000000000"
    assert result["AclConfiguration"] == {"S3AclOption": "BUCKET_OWNER_FULL_CONTROL"}
    bucket, _, key = result["OutputLocation"].removeprefix("s3://").partition("/")
    assert cloud.s3.head_object(Bucket=bucket, Key=key)["ServerSideEncryption"] == "AES256"


@pytest.mark.parametrize(
    ("location", "message"),
    [("ftp://x/", "not a valid S3 path"), ("s3://athena-tests-absent/", "Unable to verify/create output bucket")],
)
def test_a_result_location_must_be_a_bucket_that_exists(cloud: Any, location: str, message: str) -> None:
    with pytest.raises(ClientError, match=message):
        cloud.athena.start_query_execution(QueryString="select 1", ResultConfiguration={"OutputLocation": location})


def test_a_result_is_reused_for_the_same_query(cloud: Any) -> None:
    sql = f"select '{uuid.uuid4()}' as id"
    first = cloud.run(sql).execution
    again = cloud.run(sql, ResultReuseConfiguration=REUSE)
    assert again.execution["Statistics"]["ResultReuseInformation"] == {"ReusedPreviousResult": True}
    assert again.execution["Statistics"]["DataScannedInBytes"] == 0
    assert again.execution["ResultConfiguration"] == first["ResultConfiguration"]
    assert again.execution["ResultReuseConfiguration"] == REUSE
    for other in ({"database": "information_schema"}, {"ResultReuseConfiguration": {}}):
        fresh = cloud.run(sql, **{"ResultReuseConfiguration": REUSE, **other}).execution
        assert fresh["Statistics"]["ResultReuseInformation"] == {"ReusedPreviousResult": False}


@pytest.mark.parametrize("sql", ["select rand()", "select x from unnest(sequence(1, 9)) t (x) limit 2", "select now()"])
def test_a_result_of_chance_is_never_reused(cloud: Any, sql: str) -> None:
    for _ in range(2):
        statistics = cloud.run(sql, ResultReuseConfiguration=REUSE).execution["Statistics"]
        assert statistics["ResultReuseInformation"] == {"ReusedPreviousResult": False}


def test_a_result_that_was_deleted_is_not_reused(cloud: Any) -> None:
    sql = f"select '{uuid.uuid4()}' as id"
    location = cloud.run(sql).execution["ResultConfiguration"]["OutputLocation"]
    bucket, _, key = location.removeprefix("s3://").partition("/")
    cloud.s3.delete_object(Bucket=bucket, Key=key)
    again = cloud.run(sql, ResultReuseConfiguration=REUSE)
    assert again.execution["Statistics"]["ResultReuseInformation"] == {"ReusedPreviousResult": False}


def test_runtime_statistics_count_rows_and_bytes(cloud: Any) -> None:
    query_id = cloud.run("select n from unnest(sequence(1, 12)) t (n)").execution["QueryExecutionId"]
    statistics = cloud.athena.get_query_runtime_statistics(QueryExecutionId=query_id)["QueryRuntimeStatistics"]
    assert statistics["Rows"]["OutputRows"] == 12
    assert statistics["OutputStage"]["State"] == "FINISHED"
    assert statistics["Timeline"]["TotalExecutionTimeInMillis"] >= 0


@pytest.mark.parametrize(
    ("sql", "kind", "category"),
    [
        ("select * from absent_table", 1110, 2),
        ("select absent_column from (values 1) t (x)", 1006, 2),
        ("select ?, ?", 1006, 2),
        ("unload (select 1 as n) to 's3:/no-bucket/x/' with (format = 'PARQUET')", 1101, 2),
        ("select 1 / 0", 1001, 2),
        ("select absent_function(1)", 1303, 2),
    ],
)
def test_a_failed_query_has_the_error_of_athenas_catalogue(cloud: Any, sql: str, kind: int, category: int) -> None:
    status = cloud.wait(cloud.start_query(sql))["Status"]
    error = status["AthenaError"]
    assert (status["State"], error["ErrorCategory"], error["ErrorType"]) == ("FAILED", category, kind), error
    assert not error["Retryable"]
    assert error["ErrorMessage"] == status["StateChangeReason"]


@pytest.mark.parametrize("versioning", ["Enabled", "Suspended"])
def test_a_result_that_was_deleted_at_once_cannot_be_read(cloud: Any, versioning: str) -> None:
    bucket = f"results-{uuid.uuid4().hex[:8]}"
    cloud.s3.create_bucket(Bucket=bucket)
    cloud.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": versioning})
    result = {"OutputLocation": f"s3://{bucket}/"}
    started = cloud.athena.start_query_execution(QueryString="select 1", ResultConfiguration=result)
    query_id = started["QueryExecutionId"]
    cloud.wait(query_id)
    cloud.s3.delete_object(Bucket=bucket, Key=f"{query_id}.csv")
    with pytest.raises(ClientError, match="Could not find results"):
        cloud.athena.get_query_results(QueryExecutionId=query_id)
