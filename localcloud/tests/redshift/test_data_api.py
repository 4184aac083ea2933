"""The redshift-data and redshift-serverless APIs through boto3."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError
from cloud import DATABASE, PASSWORD, USER, WORKGROUP, Cloud
from pgclient import PgClient

TARGET = {"WorkgroupName": WORKGROUP, "Database": DATABASE}
SLOW = "select count(*) from generate_series(1, 100000) a(x), generate_series(1, 1000000) b(y) where x * y % 7 = 3"


@pytest.fixture(scope="module")
def data(cloud: Cloud) -> Any:
    return cloud.client("redshift-data")


def finished(data: Any, identifier: str) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        answer: dict[str, Any] = data.describe_statement(Id=identifier)
        if answer["Status"] in ("FINISHED", "FAILED", "ABORTED"):
            return answer
        time.sleep(0.05)
    raise AssertionError("the statement did not end")


def run(data: Any, sql: str, **more: Any) -> dict[str, Any]:
    return finished(data, data.execute_statement(Sql=sql, **TARGET, **more)["Id"])


def error_of(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return str(caught.value.response["Error"]["Code"])


def test_a_statement_gives_typed_fields_and_metadata(data: Any) -> None:
    done = run(
        data,
        "select 1 as i, 2.5::float8 as f, 'x' as s, true as b, null as n, 1.50::numeric(5,2) as d, '2026-01-02'::date as t",  # noqa: E501
    )
    assert (done["Status"], done["HasResultSet"], done["ResultRows"]) == ("FINISHED", True, 1)
    result = data.get_statement_result(Id=done["Id"])
    assert result["Records"] == [
        [
            {"longValue": 1},
            {"doubleValue": 2.5},
            {"stringValue": "x"},
            {"booleanValue": True},
            {"isNull": True},
            {"stringValue": "1.50"},
            {"stringValue": "2026-01-02"},
        ]
    ]
    names = [(column["name"], column["typeName"]) for column in result["ColumnMetadata"]]
    assert names == [
        ("i", "int4"),
        ("f", "float8"),
        ("s", "varchar"),
        ("b", "bool"),
        ("n", "int4"),
        ("d", "numeric"),
        ("t", "date"),
    ]


def test_named_parameters_are_bound_and_never_pasted(data: Any) -> None:
    attack = "'; drop schema public cascade; --"
    parameters = [{"name": "n", "value": "41"}, {"name": "text", "value": attack}]
    done = run(data, "select :n::int + 1 as n, :text as t, ':n' as literal", Parameters=parameters)
    assert data.get_statement_result(Id=done["Id"])["Records"] == [
        [{"longValue": 42}, {"stringValue": attack}, {"stringValue": ":n"}]
    ]
    assert error_of(data.execute_statement, Sql="select 1", Parameters=parameters, **TARGET) == "ValidationException"


def test_results_are_paged(data: Any) -> None:
    done = run(data, "select x from generate_series(1, 2500) g(x) order by x")
    assert done["ResultRows"] == 2500
    values, token, pages = [], None, 0
    while True:
        page = data.get_statement_result(Id=done["Id"], **({"NextToken": token} if token else {}))
        values += [record[0]["longValue"] for record in page["Records"]]
        pages, token = pages + 1, page.get("NextToken")
        if not token:
            break
    assert (values, pages) == (list(range(1, 2501)), 3)


def test_a_failure_is_told_with_redshifts_message(data: Any) -> None:
    done = run(data, "select * from nowhere")
    assert (done["Status"], done["Error"]) == ("FAILED", 'ERROR: relation "nowhere" does not exist')
    assert error_of(data.get_statement_result, Id=done["Id"]) == "ResourceNotFoundException"


def test_a_batch_is_one_transaction(data: Any, pg: PgClient) -> None:
    good = data.batch_execute_statement(
        Sqls=["create table t.a (x int)", "insert into t.a values (1)", "select x from t.a"], **TARGET
    )
    done = finished(data, good["Id"])
    assert [part["Status"] for part in done["SubStatements"]] == ["FINISHED"] * 3
    assert data.get_statement_result(Id=f"{good['Id']}:3")["Records"] == [[{"longValue": 1}]]
    bad = finished(
        data, data.batch_execute_statement(Sqls=["insert into t.a values (2)", "select 1/0"], **TARGET)["Id"]
    )
    assert (bad["Status"], [part["Status"] for part in bad["SubStatements"]]) == ("FAILED", ["FINISHED", "FAILED"])
    assert pg.query("select count(*) from t.a").rows == [("1",)]


def test_cancelling_interrupts_the_statement(data: Any) -> None:
    started = data.execute_statement(Sql=SLOW, **TARGET)["Id"]
    time.sleep(0.5)
    assert data.describe_statement(Id=started)["Status"] == "STARTED"
    assert data.cancel_statement(Id=started)["Status"] is True
    assert finished(data, started)["Status"] == "ABORTED"
    assert error_of(data.cancel_statement, Id=started) == "ValidationException"


def test_the_same_client_token_is_the_same_statement(data: Any, pg: PgClient) -> None:
    pg.query("create table a (x int)")
    token = f"token-{time.monotonic_ns()}"
    first, second = (
        data.execute_statement(Sql="insert into t.a values (1)", ClientToken=token, **TARGET)["Id"] for _ in range(2)
    )
    assert first == second
    finished(data, first)
    assert pg.query("select count(*) from a").rows == [("1",)]


def test_a_secret_decides_the_user_and_a_wrong_one_is_refused(cloud: Cloud, data: Any) -> None:
    secrets = cloud.client("secretsmanager")
    good = secrets.create_secret(Name="good", SecretString=json.dumps({"username": USER, "password": PASSWORD}))["ARN"]
    bad = secrets.create_secret(Name="bad", SecretString=json.dumps({"username": USER, "password": "wrong"}))["ARN"]
    done = run(data, "select current_user", SecretArn=good)
    assert data.get_statement_result(Id=done["Id"])["Records"] == [[{"stringValue": USER}]]
    assert error_of(data.execute_statement, Sql="select 1", SecretArn=bad, **TARGET) == "ValidationException"
    assert error_of(data.execute_statement, Sql="select 1", SecretArn=good + "x", **TARGET) == "ValidationException"


def test_statements_are_listed_by_name_and_survive_a_restart(cloud: Cloud, data: Any) -> None:
    done = run(data, "select 7 as x", StatementName="weekly-report")
    cloud.restart_redshift()
    assert [entry["Id"] for entry in data.list_statements(StatementName="weekly")["Statements"]] == [done["Id"]]
    assert data.get_statement_result(Id=done["Id"])["Records"] == [[{"longValue": 7}]]


def test_listings(data: Any, pg: PgClient) -> None:
    pg.query("create table a (x varchar(7) not null); create view v as select 1 as y")
    assert data.list_databases(**TARGET)["Databases"] == [DATABASE, "dev"]
    assert "t" in data.list_schemas(**TARGET)["Schemas"]
    assert [(t["name"], t["type"]) for t in data.list_tables(SchemaPattern="t", **TARGET)["Tables"]] == [
        ("a", "TABLE"),
        ("v", "VIEW"),
    ]
    columns = data.describe_table(Schema="t", Table="a", **TARGET)["ColumnList"]
    assert [(c["name"], c["typeName"], c["length"], c["nullable"]) for c in columns] == [
        ("x", "character varying", 7, 0)
    ]


@pytest.mark.parametrize(
    ("operation", "arguments", "code"),
    [
        (
            "execute_statement",
            {"Sql": "select 1", "WorkgroupName": "nowhere", "Database": DATABASE},
            "ValidationException",
        ),
        (
            "execute_statement",
            {"Sql": "select 1", "ClusterIdentifier": "c", "Database": DATABASE},
            "ValidationException",
        ),
        ("execute_statement", {"Sql": "select 1", "DbUser": "someone", **TARGET}, "ValidationException"),
        ("describe_statement", {"Id": "00000000-0000-0000-0000-000000000000"}, "ResourceNotFoundException"),
        ("list_sessions", {}, "ValidationException"),
    ],
)
def test_what_is_wrong_or_not_supported_is_refused(
    data: Any, operation: str, arguments: dict[str, Any], code: str
) -> None:
    assert error_of(getattr(data, operation), **arguments) == code


def test_namespaces_and_workgroups_live_and_die(cloud: Cloud) -> None:
    api = cloud.client("redshift-serverless")
    api.create_namespace(
        namespaceName="second",
        adminUsername="boss",
        adminUserPassword="Passw0rd-boss",
        dbName="other",
        tags=[{"key": "a", "value": "b"}],
    )
    workgroup = api.create_workgroup(workgroupName="second", namespaceName="second", baseCapacity=8)["workgroup"]
    assert (workgroup["endpoint"]["address"], workgroup["endpoint"]["port"], workgroup["baseCapacity"]) == (
        "127.0.0.1",
        cloud.wire_port,
        8,
    )
    client = PgClient(cloud.wire_port, "boss", "Passw0rd-boss", "other")
    assert client.query("select current_database()").rows == [("other",)]
    client.close()
    arn = api.get_namespace(namespaceName="second")["namespace"]["namespaceArn"]
    assert api.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "a", "value": "b"}]
    api.update_namespace(namespaceName="second", adminUserPassword="Passw0rd-new")
    assert api.update_workgroup(workgroupName="second", baseCapacity=16)["workgroup"]["baseCapacity"] == 16
    assert error_of(api.create_namespace, namespaceName="second") == "ConflictException"
    assert error_of(api.delete_namespace, namespaceName="second") == "ConflictException"
    api.delete_workgroup(workgroupName="second")
    api.delete_namespace(namespaceName="second")
    assert error_of(api.get_workgroup, workgroupName="second") == "ResourceNotFoundException"
    assert error_of(api.list_snapshots) == "ValidationException"
    with pytest.raises(ParamValidationError):
        api.create_namespace()
