"""Each kind of fault, as unmodified clients meet it on a running stack."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError, ResponseStreamingError

Run = Callable[[str], dict[str, Any]]
KEY = {"group": {"S": "faults"}, "version": {"S": "1"}}


def code_of(call: Callable[[], object]) -> tuple[str, int]:
    """The code and HTTP status with which a call fails."""
    with pytest.raises(ClientError) as caught:
        call()
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_each_service_throttles_in_its_own_words(stack: Any) -> None:
    bucket, table = stack.env["LANDFALL_OPS_BUCKET"], stack.env["LANDFALL_PUBLICATION_TABLE"]
    for service in ("s3", "dynamodb", "sns", "sqs", "athena", "redshift-data"):
        stack.fault("add", "throttle", "--service", service)
    assert code_of(lambda: stack.client("s3").get_object(Bucket=bucket, Key="k")) == ("SlowDown", 503)
    dynamodb = stack.client("dynamodb")
    throttled = ("ProvisionedThroughputExceededException", 400)
    assert code_of(lambda: dynamodb.get_item(TableName=table, Key=KEY)) == throttled
    assert code_of(lambda: stack.client("sns").list_topics()) == ("Throttling", 400)
    assert code_of(lambda: stack.client("sqs").list_queues()) == ("ThrottlingException", 400)
    assert code_of(lambda: stack.client("athena").list_work_groups()) == ("ThrottlingException", 400)
    assert code_of(lambda: stack.client("redshift-data").list_statements()) == ("ThrottlingException", 400)


def test_a_request_fails_before_or_after_its_effect(stack: Any) -> None:
    dynamodb, table = stack.client("dynamodb"), stack.env["LANDFALL_PUBLICATION_TABLE"]

    def put() -> None:
        dynamodb.put_item(TableName=table, Item=KEY)

    def is_there() -> bool:
        return "Item" in dynamodb.get_item(TableName=table, Key=KEY)

    dynamodb.delete_item(TableName=table, Key=KEY)
    stack.fault("add", "error", "--service", "dynamodb", "--operation", "PutItem", "--limit", "1")
    assert code_of(put) == ("InternalServerError", 500)
    assert not is_there()
    stack.fault("clear")
    stack.fault("add", "error", "--service", "dynamodb", "--operation", "PutItem", "--when", "after")
    assert code_of(put) == ("InternalServerError", 500)
    assert is_there()


def test_a_connection_is_dropped_before_the_answer_or_in_its_middle(stack: Any) -> None:
    s3, bucket = stack.client("s3"), stack.env["LANDFALL_OPS_BUCKET"]
    s3.put_object(Bucket=bucket, Key="faults/object", Body=b"x" * 1000)
    stack.fault("add", "drop", "--service", "s3", "--operation", "GetObject", "--match", "faults/", "--limit", "1")
    with pytest.raises((ConnectionClosedError, HTTPClientError)):
        s3.get_object(Bucket=bucket, Key="faults/object")
    stack.fault("clear")
    stack.fault("add", "partial", "--service", "s3", "--operation", "GetObject", "--match", "faults/", "--limit", "1")
    with pytest.raises((ResponseStreamingError, ConnectionClosedError, HTTPClientError)):
        s3.get_object(Bucket=bucket, Key="faults/object")["Body"].read()
    assert len(s3.get_object(Bucket=bucket, Key="faults/object")["Body"].read()) == 1000


def test_a_slow_request_takes_its_time_and_succeeds(stack: Any) -> None:
    stack.fault("add", "slow", "--service", "sqs", "--delay-ms", "400")
    began_at = time.monotonic()
    stack.client("sqs").list_queues()
    assert time.monotonic() - began_at > 0.4


def test_requests_of_the_engines_are_struck_only_if_the_rule_says_so(stack: Any, athena: Run) -> None:
    stack.fault("add", "error", "--service", "glue")
    assert athena("show tables in landing")["Status"]["State"] == "SUCCEEDED"
    stack.fault("add", "error", "--service", "glue", "--origin", "engine")
    assert athena("show tables in landing")["Status"]["State"] == "FAILED"


def test_a_query_fails_with_athenas_error_and_keeps_or_loses_its_effect(stack: Any, athena: Run) -> None:
    lake = stack.env["LANDFALL_LAKE_BUCKET"]
    athena(
        f"create table scratch.faults (n int) location 's3://{lake}/scratch/faults/'"
        " tblproperties ('table_type'='ICEBERG')"
    )
    stack.fault("add", "commit_conflict", "--service", "athena", "--operation", "INSERT", "--limit", "1")
    failed = athena("insert into scratch.faults values (1)")["Status"]
    assert failed["StateChangeReason"].startswith("ICEBERG_COMMIT_ERROR")
    assert failed["AthenaError"]["Retryable"] is True
    stack.fault("clear")
    stack.fault(
        "add", "failed_query", "--service", "athena", "--operation", "INSERT", "--when", "after", "--limit", "1"
    )
    assert athena("insert into scratch.faults values (2)")["Status"]["State"] == "FAILED"
    query = athena("select count(*) from scratch.faults")["QueryExecutionId"]
    rows = stack.client("athena").get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"]
    assert rows[1]["Data"][0]["VarCharValue"] == "1"


def test_statements_on_redshift_fail_conflict_or_lose_their_connection(stack: Any) -> None:
    data = stack.client("redshift-data")

    def run(sql: str) -> dict[str, Any]:
        target = {"WorkgroupName": stack.env["LANDFALL_REDSHIFT_WORKGROUP"], "Database": "landfall"}
        statement = data.execute_statement(Sql=sql, SecretArn=stack.env["LANDFALL_REDSHIFT_SECRET_ARN"], **target)
        while True:
            described = data.describe_statement(Id=statement["Id"])
            if described["Status"] in ("FINISHED", "FAILED"):
                return dict(described)

    assert run("create table if not exists faults (n int)")["Status"] == "FINISHED"
    stack.fault("add", "serializable_conflict", "--service", "redshift", "--operation", "INSERT", "--limit", "1")
    conflict = run("insert into faults values (1)")
    assert "1023" in conflict["Error"]
    stack.fault("add", "failed_query", "--service", "redshift", "--match", "faults", "--limit", "1")
    assert run("select * from faults")["Status"] == "FAILED"
    assert run("select * from faults")["ResultRows"] == 0
    stack.fault("add", "drop", "--service", "redshift", "--limit", "1")
    assert run("select 1")["Status"] == "FAILED"


def test_the_command_lists_what_struck_and_refuses_what_cannot_be_meant(stack: Any) -> None:
    stack.fault("add", "error", "--service", "sqs", "--rate", "0.5", "--seed", "7")
    outcomes = []
    for _ in range(20):
        try:
            outcomes.append(bool(stack.client("sqs").list_queues()))
        except ClientError:
            outcomes.append(False)
    struck = outcomes.count(False)
    assert 0 < struck < 20
    assert (
        f"service sqs, operation *, when before, origin client, rate 0.5, seed 7: struck {struck} of 20"
        in (stack.fault("list")[1])
    )
    assert stack.fault("add", "error", "--service", "s3", "--rate", "2")[0] == 1
    assert "rate is 2.0" in stack.fault("add", "error", "--service", "s3", "--rate", "2")[1]
