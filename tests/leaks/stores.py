"""What a run leaves behind, store by store, read without the product."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import boto3
import psycopg2
from psycopg2 import sql

from tests.leaks.search import Store
from tests.redshift import redshift_cursor


def database_rows(url: str) -> Store:
    """Yield every row of every table of Airflow's metadata database, as `pg_dump` would."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))
            names = [column.name for column in cursor.description]
            for row in cursor:
                yield from ((f"{table}.{name}", _bytes(value)) for name, value in zip(names, row, strict=True) if value)


def _bytes(value: Any) -> bytes:
    return bytes(value) if isinstance(value, memoryview | bytes) else str(value).encode(errors="replace")


def files(folder: Path, *, but: Sequence[str] = ()) -> Store:
    """Yield every file below `folder` but those of a name in `but`."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in but:
            yield str(path.relative_to(folder)), path.read_bytes()


def objects(bucket: str, *, but: Sequence[str] = ()) -> Store:
    """Yield every object of a bucket, its key too, but those below a prefix in `but`."""
    s3 = boto3.client("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for found in page.get("Contents", ()):
            if not found["Key"].startswith(tuple(but)):
                body = s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read()
                yield found["Key"], found["Key"].encode() + b"\n" + body


def items(*tables: str) -> Store:
    """Yield every item of DynamoDB tables."""
    client = boto3.client("dynamodb")
    for table in tables:
        for page in client.get_paginator("scan").paginate(TableName=table):
            yield from ((table, str(item).encode()) for item in page["Items"])


def statements(workgroup: str) -> Store:
    """Yield what the engines remember of the statements they ran: their texts and errors."""
    athena = boto3.client("athena")
    for page in athena.get_paginator("list_query_executions").paginate(WorkGroup=workgroup):
        if page["QueryExecutionIds"]:
            for found in athena.batch_get_query_execution(QueryExecutionIds=page["QueryExecutionIds"])[
                "QueryExecutions"
            ]:
                yield f"Athena {found['QueryExecutionId']}", str(found).encode()
    with redshift_cursor() as cursor:
        cursor.execute("select query_id, query_text, error_message from sys_query_history")
        yield from ((f"Redshift {row[0]}", str(row).encode()) for row in cursor.fetchall())
