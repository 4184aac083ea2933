"""Requests are checked as the service's model says, and lists come in pages."""

from __future__ import annotations

import http.client
import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError


def refused(cloud: Any, operation: str, body: Any) -> dict[str, Any]:
    """The refusal of a request that no client library would let through."""
    connection = http.client.HTTPConnection("127.0.0.1", cloud.athena_port, timeout=10)
    connection.request(
        "POST",
        "/",
        json.dumps(body),
        {"X-Amz-Target": f"AmazonAthena.{operation}", "Content-Type": "application/x-amz-json-1.1"},
    )
    answer = connection.getresponse()
    assert answer.status == 400
    return dict(json.loads(answer.read()))


@pytest.mark.parametrize(
    ("operation", "body", "message"),
    [
        (
            "StartQueryExecution",
            {"QueryString": ""},
            "1 validation error detected: Value '' at 'queryString' failed to satisfy constraint: "
            "Member must have length greater than or equal to 1",
        ),
        (
            "GetQueryExecution",
            {},
            "1 validation error detected: Value null at 'queryExecutionId' failed to satisfy constraint: "
            "Member must not be null",
        ),
        (
            "GetQueryResults",
            {"QueryExecutionId": "x", "MaxResults": 1001},
            "1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint: "
            "Member must have value less than or equal to 1000",
        ),
        (
            "GetWorkGroup",
            {"WorkGroup": "no spaces"},
            "1 validation error detected: Value 'no spaces' at 'workGroup' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z0-9._-]{1,128}",
        ),
        (
            "UpdateWorkGroup",
            {"WorkGroup": "primary", "State": "OFF"},
            "1 validation error detected: Value 'OFF' at 'state' failed to satisfy constraint: "
            "Member must satisfy enum value set: [ENABLED, DISABLED]",
        ),
    ],
)
def test_what_breaks_the_models_constraints_is_refused(
    cloud: Any, operation: str, body: dict[str, Any], message: str
) -> None:
    refusal = refused(cloud, operation, body)
    assert (refusal["__type"], refusal["AthenaErrorCode"]) == ("InvalidRequestException", "INVALID_INPUT")
    assert refusal["message"] == message


def test_every_broken_constraint_of_a_request_is_named(cloud: Any) -> None:
    refusal = refused(cloud, "CreateNamedQuery", {"Name": "n" * 129, "Database": ""})
    assert refusal["message"].startswith("3 validation errors detected: Value '")
    assert refusal["message"].count("failed to satisfy constraint") == 3


@pytest.mark.parametrize("value", [7, True, ["select 1"], {"text": "select 1"}])
def test_a_member_of_another_type_is_a_serialization_error(cloud: Any, value: Any) -> None:
    assert refused(cloud, "StartQueryExecution", {"QueryString": value})["__type"] == "SerializationException"


def test_an_unknown_operation_is_told_from_one_that_is_not_supported(cloud: Any) -> None:
    assert refused(cloud, "MakeCoffee", {})["__type"] == "UnknownOperationException"
    refusal = refused(cloud, "StartSession", {})
    assert refusal["message"] == "The operation StartSession is not supported by the local cloud"


def test_executions_are_listed_newest_first_in_pages(cloud: Any) -> None:
    group = f"wg-{uuid.uuid4().hex[:8]}"
    cloud.athena.create_work_group(Name=group)
    ids = [cloud.start_query(f"select {number}", WorkGroup=group) for number in range(5)]
    first = cloud.athena.list_query_executions(WorkGroup=group, MaxResults=2)
    cloud.start_query("select 'later'", WorkGroup=group)
    rest = cloud.athena.list_query_executions(WorkGroup=group, NextToken=first["NextToken"])
    assert first["QueryExecutionIds"] + rest["QueryExecutionIds"] == ids[::-1]
    with pytest.raises(ClientError, match="NextToken is not valid"):
        cloud.athena.list_work_groups(NextToken=first["NextToken"])


def test_tables_are_listed_by_expression_in_pages(cloud: Any, database: str) -> None:
    for name in ("fct_a", "fct_b", "dim_a", "fct_c"):
        cloud.glue.create_table(DatabaseName=database, TableInput={"Name": name})
    pages = cloud.athena.get_paginator("list_table_metadata").paginate(
        CatalogName="AwsDataCatalog", DatabaseName=database, Expression="fct_.*", PaginationConfig={"PageSize": 2}
    )
    assert [[table["Name"] for table in page["TableMetadataList"]] for page in pages] == [["fct_a", "fct_b"], ["fct_c"]]
    with pytest.raises(ClientError, match="no regular expression"):
        cloud.athena.list_table_metadata(CatalogName="AwsDataCatalog", DatabaseName=database, Expression="(")


def test_named_queries_and_prepared_statements_live_in_their_work_group(cloud: Any) -> None:
    athena, group = cloud.athena, f"wg-{uuid.uuid4().hex[:8]}"
    athena.create_work_group(Name=group)
    token = uuid.uuid4().hex
    asked = {"Name": "n", "Database": "default", "QueryString": "select 1", "WorkGroup": group}
    query_id = athena.create_named_query(**asked, ClientRequestToken=token)["NamedQueryId"]
    assert athena.create_named_query(**asked, ClientRequestToken=token)["NamedQueryId"] == query_id
    athena.update_named_query(NamedQueryId=query_id, Name="m", QueryString="select 2")
    found = athena.batch_get_named_query(NamedQueryIds=[query_id, "absent"])
    assert (found["NamedQueries"][0]["Name"], found["NamedQueries"][0]["QueryString"]) == ("m", "select 2")
    assert found["UnprocessedNamedQueryIds"][0]["NamedQueryId"] == "absent"
    athena.create_prepared_statement(StatementName="ps", WorkGroup=group, QueryStatement="select ?")
    found = athena.batch_get_prepared_statement(PreparedStatementNames=["ps", "absent"], WorkGroup=group)
    assert found["PreparedStatements"][0]["QueryStatement"] == "select ?"
    assert found["UnprocessedPreparedStatementNames"][0]["StatementName"] == "absent"
    with pytest.raises(ClientError, match="is not empty"):
        athena.delete_work_group(WorkGroup=group)
    athena.delete_work_group(WorkGroup=group, RecursiveDeleteOption=True)
    with pytest.raises(ClientError, match="was not found"):
        athena.get_named_query(NamedQueryId=query_id)


def test_a_work_group_has_tags(cloud: Any) -> None:
    group = f"wg-{uuid.uuid4().hex[:8]}"
    arn = f"arn:aws:athena:us-east-1:000000000000:workgroup/{group}"
    cloud.athena.create_work_group(Name=group, Tags=[{"Key": "a", "Value": "1"}])
    cloud.athena.tag_resource(ResourceARN=arn, Tags=[{"Key": "b", "Value": "2"}])
    cloud.athena.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert cloud.athena.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        cloud.athena.tag_resource(ResourceARN=f"{arn}x", Tags=[])


def test_a_disabled_work_group_runs_nothing(cloud: Any) -> None:
    group = f"wg-{uuid.uuid4().hex[:8]}"
    cloud.athena.create_work_group(Name=group)
    cloud.athena.update_work_group(WorkGroup=group, State="DISABLED")
    with pytest.raises(ClientError, match="is disabled"):
        cloud.start_query("select 1", WorkGroup=group)


def test_data_catalogs_cannot_be_made(cloud: Any) -> None:
    with pytest.raises(ClientError, match="not supported by the local cloud"):
        cloud.athena.create_data_catalog(Name="other", Type="LAMBDA")
    assert cloud.athena.list_data_catalogs()["DataCatalogsSummary"] == [
        {"CatalogName": "AwsDataCatalog", "Type": "GLUE"}
    ]


def test_a_statement_prepared_in_sql_is_the_api_s_and_is_executed_and_dropped(cloud: Any) -> None:
    name = f"s_{uuid.uuid4().hex[:8]}"
    cloud.run(f"PREPARE {name} FROM SELECT ? + 1 AS x, ? AS y")
    kept = cloud.athena.get_prepared_statement(StatementName=name, WorkGroup="primary")["PreparedStatement"]
    assert kept["QueryStatement"] == "SELECT ? + 1 AS x, ? AS y"
    assert cloud.run(f"EXECUTE {name} USING 41, 'a'").rows == [["42", "a"]]
    assert "already exists" in cloud.failure(f"PREPARE {name} FROM SELECT 1")
    cloud.run(f"DEALLOCATE PREPARE {name}")
    assert "was not found" in cloud.failure(f"DEALLOCATE PREPARE {name}")
