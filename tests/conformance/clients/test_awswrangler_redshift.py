"""AWS SDK for pandas on the local Redshift: by its driver, by COPY and UNLOAD, and by the Data API."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import awswrangler as wr
import boto3
import pandas as pd
import pytest
import redshift_connector

from tests.conformance.clients.warehouse import ROLE, Warehouse

FRAME = pd.DataFrame({"id": [1, 2, 3], "word": ["a", "b", None], "price": [1.5, 2.5, 3.5]})


@pytest.fixture
def connection(warehouse: Warehouse) -> Iterator[redshift_connector.Connection]:
    """By the secret's fields, as wr.redshift.connect reads them."""
    secret = f"client-tests/{uuid.uuid4()}"
    content = {
        "username": warehouse.user,
        "password": warehouse.password,
        "engine": "redshift",
        "host": warehouse.host,
        "port": warehouse.port,
        "dbname": warehouse.database,
    }
    boto3.client("secretsmanager").create_secret(Name=secret, SecretString=json.dumps(content))
    opened = wr.redshift.connect(secret_id=secret, ssl=False)
    yield opened
    opened.close()


@pytest.fixture
def table(connection: redshift_connector.Connection) -> Iterator[str]:
    name = f"wr_{uuid.uuid4().hex[:8]}"
    yield name
    connection.rollback()
    connection.cursor().execute(f"DROP TABLE IF EXISTS public.{name}")
    connection.commit()


def rows(connection: redshift_connector.Connection, table: str) -> list[tuple[Any, ...]]:
    frame = wr.redshift.read_sql_query(f"SELECT id, word FROM public.{table} ORDER BY id", con=connection)
    return [(int(row.id), row.word if isinstance(row.word, str) else None) for row in frame.itertuples()]


def test_a_frame_is_inserted_and_upserted(connection: redshift_connector.Connection, table: str) -> None:
    target: dict[str, Any] = {"con": connection, "table": table, "schema": "public"}
    wr.redshift.to_sql(FRAME, mode="overwrite", primary_keys=["id"], **target)
    assert rows(connection, table) == [(1, "a"), (2, "b"), (3, None)]
    changed = pd.DataFrame({"id": [3, 4], "word": ["c", "d"], "price": [0.5, 0.5]})
    wr.redshift.to_sql(changed, mode="upsert", primary_keys=["id"], **target)
    assert rows(connection, table) == [(1, "a"), (2, "b"), (3, "c"), (4, "d")]
    assert len(wr.redshift.read_sql_table(table, con=connection, schema="public")) == 4


def test_a_frame_is_copied_through_parquet_and_unloaded(
    connection: redshift_connector.Connection, table: str, warehouse: Warehouse
) -> None:
    path = f"s3://{warehouse.bucket}/client-tests/{table}"
    wr.redshift.copy(
        FRAME, path=f"{path}/in/", con=connection, table=table, schema="public", iam_role=ROLE, mode="overwrite"
    )
    assert rows(connection, table) == [(1, "a"), (2, "b"), (3, None)]
    wr.s3.to_parquet(FRAME, f"{path}/more/part.parquet")
    wr.redshift.copy_from_files(f"{path}/more/", con=connection, table=table, schema="public", iam_role=ROLE)
    assert len(rows(connection, table)) == 2 * len(FRAME)
    query = f"SELECT * FROM public.{table}"
    unloaded = wr.redshift.unload(query, path=f"{path}/out/", con=connection, iam_role=ROLE)
    assert sorted(unloaded["id"]) == [1, 1, 2, 2, 3, 3]
    wr.redshift.unload_to_files(query, path=f"{path}/csv/", con=connection, iam_role=ROLE, unload_format="CSV")
    assert wr.s3.list_objects(f"{path}/csv/")


def test_the_data_api_gives_a_frame(warehouse: Warehouse) -> None:
    api = wr.data_api.redshift.connect(
        workgroup_name=warehouse.work_group, database=warehouse.database, secret_arn=warehouse.secret_arn
    )
    frame = wr.data_api.redshift.read_sql_query("SELECT 1 AS one, 'x' AS word", con=api)
    assert frame.to_dict("records") == [{"one": 1, "word": "x"}]
