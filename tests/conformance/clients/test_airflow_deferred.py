"""Airflow's deferrable operators and sensors, their triggers together in one event loop, as the triggerer has them."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

import boto3
import pytest

from tests.conformance.clients.airflow_tasks import TRIGGER_SECONDS, context, first_event, in_the_triggerer
from tests.conformance.clients.lake import Lake
from tests.conformance.clients.warehouse import Warehouse

pytestmark = pytest.mark.usefixtures("airflow")


def deferred(operator: Any) -> Any:
    """What the operator asks the triggerer for."""
    from airflow.sdk.exceptions import TaskDeferred

    with pytest.raises(TaskDeferred) as raised:
        operator.execute(context())
    return raised.value


def test_a_failed_query_fails_the_deferred_operator(lake: Lake) -> None:
    from airflow.providers.amazon.aws.operators.athena import AthenaOperator

    operator = AthenaOperator(
        task_id="fail",
        query="SELECT 1 / (a - a) FROM many_rows",
        database=lake.database,
        output_location=lake.staging,
        sleep_time=1,
        deferrable=True,
    )
    trigger = in_the_triggerer(deferred(operator).trigger)
    with pytest.raises(Exception, match=r"FAILED|Waiter"):
        operator.execute_complete(context(), asyncio.run(first_event(trigger)))


def test_a_failed_statement_fails_the_deferred_operator(warehouse: Warehouse) -> None:
    from airflow.providers.amazon.aws.operators.redshift_data import RedshiftDataOperator

    operator = RedshiftDataOperator(
        task_id="fail",
        sql="SELECT sum(1 / (x - x)) FROM (SELECT generate_series(1, 3000000) AS x)",
        database=warehouse.database,
        workgroup_name=warehouse.work_group,
        secret_arn=warehouse.secret_arn,
        poll_interval=1,
        deferrable=True,
    )
    trigger = in_the_triggerer(deferred(operator).trigger)
    with pytest.raises(Exception, match=r"[Dd]ivi"):
        operator.execute_complete(context(), asyncio.run(first_event(trigger)))


def test_sensors_wait_together_for_a_key_a_partition_and_a_message(lake: Lake) -> None:
    from airflow.providers.amazon.aws.sensors.glue_catalog_partition import GlueCatalogPartitionSensor
    from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
    from airflow.providers.amazon.aws.sensors.sqs import SqsSensor

    name, key = f"awaited_{uuid.uuid4().hex[:8]}", f"client-tests/awaited/{uuid.uuid4()}"
    queue = boto3.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    lake.run(f"CREATE EXTERNAL TABLE {name} (a int) PARTITIONED BY (day string) LOCATION '{lake.location(name)}'")
    shared: dict[str, Any] = {"deferrable": True, "poke_interval": 1}
    sensors = [
        S3KeySensor(task_id="key", bucket_name=lake.bucket, bucket_key=key, **shared),
        GlueCatalogPartitionSensor(
            task_id="partition", database_name=lake.database, table_name=name, expression="day='mon'", **shared
        ),
        SqsSensor(task_id="message", sqs_queue=queue, wait_time_seconds=1, **shared),
    ]
    triggers = [in_the_triggerer(deferred(sensor).trigger) for sensor in sensors]

    def happen() -> None:
        boto3.client("s3").put_object(Bucket=lake.bucket, Key=key, Body=b"here")
        lake.run(f"ALTER TABLE {name} ADD PARTITION (day = 'mon')")
        boto3.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps({"n": 1}))

    async def triggerer() -> list[Any]:
        waiting = asyncio.gather(*map(first_event, triggers))
        await asyncio.sleep(2)
        assert not waiting.done()
        await asyncio.to_thread(happen)
        return list(await asyncio.wait_for(waiting, TRIGGER_SECONDS))

    told = context()
    for sensor, payload in zip(sensors, asyncio.run(triggerer()), strict=True):
        sensor.execute_complete(told, payload)
    (_, sent) = told["ti"].xcom_push.call_args
    assert json.loads(sent["value"][0]["Body"]) == {"n": 1}
