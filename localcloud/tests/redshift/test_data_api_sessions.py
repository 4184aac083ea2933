"""The redshift-data API beyond single statements: kept sessions, CSV results, events, execution modes, validation."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from cloud import DATABASE, WORKGROUP, Cloud
from pgclient import PgClient

TARGET = {"WorkgroupName": WORKGROUP, "Database": DATABASE}
WAIT = {"WaitTimeSeconds": 20}


@pytest.fixture
def data(cloud: Cloud) -> Any:
    return cloud.client("redshift-data")


def _refusal(call: Any, **arguments: Any) -> dict[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error: dict[str, str] = caught.value.response["Error"]
    return error


def test_a_kept_session_keeps_temporary_tables_and_transactions(data: Any) -> None:
    first = data.execute_statement(Sql="create temp table kept (x int)", SessionKeepAliveSeconds=60, **WAIT, **TARGET)
    session = {"SessionId": first["SessionId"]}
    for sql in ("begin", "insert into kept values (1)", "rollback", "insert into kept values (2)"):
        data.execute_statement(Sql=sql, **WAIT, **session)
    done = data.execute_statement(Sql="select x from kept", **WAIT, **session)
    assert done["WorkgroupName"] == WORKGROUP
    assert data.get_statement_result(Id=done["Id"])["Records"] == [[{"longValue": 2}]]
    assert data.describe_statement(Id=done["Id"])["SessionId"] == first["SessionId"]


def test_a_session_is_busy_unknown_or_expired(data: Any) -> None:
    slow = "select count(*) from generate_series(1, 100000) a(x), generate_series(1, 1000000) b(y) where x * y % 7 = 3"
    started = data.execute_statement(Sql=slow, SessionKeepAliveSeconds=1, **TARGET)
    refused = _refusal(data.execute_statement, Sql="select 1", SessionId=started["SessionId"])
    assert "busy" in refused["Message"]
    data.cancel_statement(Id=started["Id"])
    assert data.describe_statement(Id=started["Id"], **WAIT)["Status"] == "ABORTED"
    time.sleep(1.5)
    refused = _refusal(data.execute_statement, Sql="select 1", SessionId=started["SessionId"])
    assert refused["Code"] == "ValidationException"
    assert "does not exist or has expired" in refused["Message"]


def test_csv_results_come_from_the_second_version_only(data: Any) -> None:
    sql = "select 1 as a, 'say \"hi\", you' as b, null as c"
    done = data.execute_statement(Sql=sql, ResultFormat="CSV", **WAIT, **TARGET)
    page = data.get_statement_result_v2(Id=done["Id"])
    assert page["Records"] == [{"CSVRecords": '1,"say ""hi"", you",\r\n'}]
    assert (page["ResultFormat"], page["TotalNumRows"]) == ("CSV", 1)
    assert [column["name"] for column in page["ColumnMetadata"]] == ["a", "b", "c"]
    assert "GetStatementResultV2" in _refusal(data.get_statement_result, Id=done["Id"])["Message"]


def test_an_event_ends_a_statement_that_asked_for_one(cloud: Cloud, data: Any) -> None:
    queues, events = cloud.client("sqs"), cloud.client("events")
    url = queues.create_queue(QueueName="statements")["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="statements", EventPattern=json.dumps({"source": ["aws.redshift-data"]}))
    events.put_targets(Rule="statements", Targets=[{"Id": "queue", "Arn": arn}])
    data.execute_statement(Sql="select 1", **WAIT, **TARGET)
    for sql, state in (("select 1 union all select 2", "FINISHED"), ("select * from nowhere", "FAILED")):
        done = data.execute_statement(Sql=sql, StatementName="named", WithEvent=True, **WAIT, **TARGET)
        message = queues.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"][0]
        queues.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        event = json.loads(message["Body"])
        assert event["source"] == "aws.redshift-data"
        assert event["detail-type"] == "Redshift Data Statement Status Change"
        assert (event["detail"]["statementId"], event["detail"]["state"]) == (done["Id"], state)
        assert event["detail"]["statementName"] == "named"


def test_auto_commit_keeps_the_parts_that_succeeded(data: Any, pg: PgClient) -> None:
    sqls = ["create table t.a (x int)", "insert into t.a values (1)", "select 1/0", "insert into t.a values (2)"]
    done = data.batch_execute_statement(Sqls=sqls, ExecutionMode="AUTO_COMMIT", **WAIT, **TARGET)
    described = data.describe_statement(Id=done["Id"])
    assert [part["Status"] for part in described["SubStatements"]] == ["FINISHED", "FINISHED", "FAILED", "FINISHED"]
    assert described["Status"] == "FAILED"
    assert pg.query("select sum(x) from a").rows == [("3",)]


def test_what_describe_says_of_a_statement(data: Any) -> None:
    parameters = [{"name": "n", "value": "3"}]
    done = data.execute_statement(Sql="select :n::int as n", Parameters=parameters, **WAIT, **TARGET)
    described = data.describe_statement(Id=done["Id"])
    assert described["QueryParameters"] == parameters
    assert (described["Status"], described["HasResultSet"], described["ResultRows"]) == ("FINISHED", True, 1)
    assert described["Duration"] > 0
    assert described["ResultSize"] > 0
    assert described["RedshiftPid"] > 0
    assert described["RedshiftQueryId"] > 0
    assert described["ResultFormat"] == "JSON"


def test_listing_filters_by_status_name_and_workgroup(data: Any) -> None:
    data.execute_statement(Sql="select 1", StatementName="list-me-1", **WAIT, **TARGET)
    data.execute_statement(Sql="select * from nowhere", StatementName="list-me-2", **WAIT, **TARGET)
    failed = data.list_statements(StatementName="list-me", Status="FAILED", WorkgroupName=WORKGROUP, Database=DATABASE)
    assert [entry["StatementName"] for entry in failed["Statements"]] == ["list-me-2"]
    first = data.list_statements(StatementName="list-me", MaxResults=1)
    second = data.list_statements(StatementName="list-me", MaxResults=1, NextToken=first["NextToken"])
    names = [entry["StatementName"] for entry in (*first["Statements"], *second["Statements"])]
    assert names == ["list-me-2", "list-me-1"]


def test_requests_are_checked_as_the_services_model_says(cloud: Cloud) -> None:
    unchecked = cloud.client("redshift-data", Config(parameter_validation=False))
    for arguments, constraint in (
        ({"Id": "not an id"}, "regular expression pattern"),
        ({"Id": 7}, "must be of type string"),
        ({}, "must not be null"),
    ):
        refused = _refusal(unchecked.describe_statement, **arguments)
        assert refused["Code"] == "ValidationException"
        assert constraint in refused["Message"]
    refused = _refusal(unchecked.execute_statement, Sql="select 1", ResultFormat="XML", ClientToken="", **TARGET)
    assert refused["Message"].startswith("2 validation errors detected")
