"""Airflow's Amazon provider: operators and sensors run as a task runs them, deferrable ones with their triggers."""

from __future__ import annotations

import json
import uuid
from typing import Any

import boto3
import pytest

from tests.conformance.clients.airflow_tasks import context, finished
from tests.conformance.clients.lake import Lake
from tests.conformance.clients.warehouse import Warehouse

MANY_NUMBERS = 5_000_000
NUMBERS = f"(SELECT generate_series(1, {MANY_NUMBERS}) AS x)"
"""Rows that take longer than the operator's first look, after which it need not defer."""

pytestmark = pytest.mark.usefixtures("airflow")


def test_the_athena_operator_waits_for_its_query(lake: Lake) -> None:
    from airflow.providers.amazon.aws.hooks.athena import AthenaHook
    from airflow.providers.amazon.aws.operators.athena import AthenaOperator

    operator = AthenaOperator(
        task_id="count",
        query="SELECT count(*) FROM many_rows",
        database=lake.database,
        output_location=lake.staging,
        workgroup=lake.work_group,
        sleep_time=1,
    )
    query_id = operator.execute(context())
    hook = AthenaHook(aws_conn_id="aws_default")
    assert hook.get_output_location(query_id) == f"{lake.staging}{query_id}.csv"
    assert hook.get_query_results(query_id)["ResultSet"]["Rows"][1]["Data"] == [{"VarCharValue": "2500"}]


def test_the_athena_operator_tells_a_failure(lake: Lake) -> None:
    from airflow.providers.amazon.aws.operators.athena import AthenaOperator

    operator = AthenaOperator(
        task_id="fail",
        query="SELECT nothing FROM many_rows",
        database=lake.database,
        output_location=lake.staging,
        sleep_time=1,
    )
    with pytest.raises(Exception, match="COLUMN_NOT_FOUND"):
        operator.execute(context())


def test_the_athena_operator_and_sensor_defer(lake: Lake) -> None:
    from airflow.providers.amazon.aws.operators.athena import AthenaOperator
    from airflow.providers.amazon.aws.sensors.athena import AthenaSensor
    from airflow.sdk.exceptions import TaskDeferred

    operator = AthenaOperator(
        task_id="deferred",
        query="SELECT 1",
        database=lake.database,
        output_location=lake.staging,
        sleep_time=1,
        deferrable=True,
    )
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(context())
    query_id = finished(deferred.value, operator)
    sensor = AthenaSensor(task_id="sensor", query_execution_id=query_id)
    assert sensor.poke(context())


def test_the_redshift_data_operator_waits_and_returns_rows(warehouse: Warehouse) -> None:
    from airflow.providers.amazon.aws.operators.redshift_data import RedshiftDataOperator

    operator = RedshiftDataOperator(
        task_id="data",
        sql="SELECT 1 AS one, :word AS word",
        parameters=[{"name": "word", "value": "x"}],
        database=warehouse.database,
        workgroup_name=warehouse.work_group,
        secret_arn=warehouse.secret_arn,
        poll_interval=1,
        return_sql_result=True,
    )
    (result,) = operator.execute(context())
    assert [next(iter(cell.values())) for cell in result["Records"][0]] == [1, "x"]


def test_the_redshift_data_operator_runs_batches_and_defers(warehouse: Warehouse) -> None:
    from airflow.providers.amazon.aws.operators.redshift_data import RedshiftDataOperator
    from airflow.sdk.exceptions import TaskDeferred

    place: dict[str, Any] = {
        "database": warehouse.database, "workgroup_name": warehouse.work_group, "secret_arn": warehouse.secret_arn,
        "poll_interval": 1,
    }  # fmt: skip
    name = f"airflow_{uuid.uuid4().hex[:8]}"
    batch = RedshiftDataOperator(
        task_id="batch", sql=[f"CREATE TABLE {name} (id int)", f"INSERT INTO {name} VALUES (1), (2)"], **place
    )
    batch.execute(context())
    operator = RedshiftDataOperator(
        task_id="deferred",
        sql=f"SELECT count(*) FROM {name}, {NUMBERS}",
        deferrable=True,
        return_sql_result=True,
        **place,
    )
    with pytest.raises(TaskDeferred) as deferred:
        operator.execute(context())
    (result,) = finished(deferred.value, operator)
    assert result["Records"] == [[{"longValue": 2 * MANY_NUMBERS}]]
    failing = RedshiftDataOperator(task_id="fail", sql="SELECT * FROM nothing_here", **place)
    with pytest.raises(Exception, match="nothing_here"):
        failing.execute(context())
    RedshiftDataOperator(task_id="drop", sql=f"DROP TABLE {name}", **place).execute(context())


def test_rows_are_copied_in_and_unloaded(warehouse: Warehouse) -> None:
    from airflow.providers.amazon.aws.hooks.redshift_sql import RedshiftSQLHook
    from airflow.providers.amazon.aws.transfers.redshift_to_s3 import RedshiftToS3Operator
    from airflow.providers.amazon.aws.transfers.s3_to_redshift import S3ToRedshiftOperator

    name, prefix = f"airflow_{uuid.uuid4().hex[:8]}", f"client-tests/airflow/{uuid.uuid4()}"
    boto3.client("s3").put_object(Bucket=warehouse.bucket, Key=f"{prefix}/in.csv", Body=b"1,a\n2,b\n")
    hook = RedshiftSQLHook()
    hook.run(f"CREATE TABLE {name} (id int, word varchar(10))", autocommit=True)
    place: dict[str, Any] = {
        "database": warehouse.database, "workgroup_name": warehouse.work_group, "secret_arn": warehouse.secret_arn,
        "wait_for_completion": True, "poll_interval": 1,
    }  # fmt: skip
    for data_api in ({}, place):
        S3ToRedshiftOperator(
            task_id="copy", schema="public", table=name, s3_bucket=warehouse.bucket, s3_key=f"{prefix}/in.csv",
            copy_options=["CSV"], method="REPLACE", redshift_data_api_kwargs=data_api,
        ).execute(context())  # fmt: skip
    assert [tuple(row) for row in hook.get_records(f"SELECT * FROM {name} ORDER BY id")] == [(1, "a"), (2, "b")]
    RedshiftToS3Operator(
        task_id="unload", schema="public", table=name, s3_bucket=warehouse.bucket, s3_key=f"{prefix}/out",
        unload_options=["FORMAT AS PARQUET", "ALLOWOVERWRITE"],
    ).execute(context())  # fmt: skip
    listed = boto3.client("s3").list_objects_v2(Bucket=warehouse.bucket, Prefix=f"{prefix}/out/{name}_")
    assert listed["KeyCount"] >= 1
    hook.run(f"DROP TABLE {name}", autocommit=True)


def test_statements_run_by_the_sql_operator(warehouse: Warehouse) -> None:
    from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator

    operator = SQLExecuteQueryOperator(
        task_id="sql", conn_id="redshift_default", sql="SELECT %s::int + 1", parameters=(41,), autocommit=True
    )
    assert [tuple(row) for row in operator.execute(context())] == [(42,)]


def test_sensors_see_keys_partitions_and_messages(lake: Lake) -> None:
    from airflow.providers.amazon.aws.operators.sqs import SqsPublishOperator
    from airflow.providers.amazon.aws.sensors.glue_catalog_partition import GlueCatalogPartitionSensor
    from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
    from airflow.providers.amazon.aws.sensors.sqs import SqsSensor
    from airflow.sdk.exceptions import TaskDeferred

    key = f"{lake.location('one_row')}data.txt"
    assert S3KeySensor(task_id="key", bucket_key=key).poke(context())
    assert not S3KeySensor(task_id="no_key", bucket_key=f"{key}.missing").poke(context())
    waiting = S3KeySensor(task_id="deferred_key", bucket_key=key, deferrable=True, poke_interval=1)
    waiting.poke = lambda *_, **__: False  # type: ignore[method-assign]
    with pytest.raises(TaskDeferred) as deferred:
        waiting.execute(context())
    finished(deferred.value, waiting)
    name = f"sensed_{uuid.uuid4().hex[:8]}"
    lake.run(
        f"CREATE EXTERNAL TABLE {name} (a int) PARTITIONED BY (day string) LOCATION '{lake.location(name)}'",
        f"ALTER TABLE {name} ADD PARTITION (day = 'mon')",
    )
    partition: dict[str, Any] = {"database_name": lake.database, "table_name": name}
    assert GlueCatalogPartitionSensor(task_id="there", expression="day='mon'", **partition).poke(context())
    assert not GlueCatalogPartitionSensor(task_id="not_there", expression="day='tue'", **partition).poke(context())
    queue = boto3.client("sqs").create_queue(QueueName=f"sensed-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    SqsPublishOperator(task_id="publish", sqs_queue=queue, message_content=json.dumps({"n": 1})).execute(context())
    told = context()
    assert SqsSensor(task_id="sqs", sqs_queue=queue, wait_time_seconds=1).poke(told)
    (_, sent) = told["ti"].xcom_push.call_args
    assert json.loads(sent["value"][0]["Body"]) == {"n": 1}
