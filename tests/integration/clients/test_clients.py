"""One short look through each client; tests/conformance/clients looks longer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import awswrangler as wr
import psycopg
import psycopg2
import pytest
import redshift_connector
import sqlalchemy as sa
from pyathena import aio_connect, connect
from pyathena.pandas.cursor import PandasCursor

QUERY = "SELECT 1 AS one, 'x' AS word, CAST(NULL AS integer) AS nothing"


@pytest.fixture
def staging(local_cloud: Mapping[str, str]) -> str:
    return f"s3://{local_cloud['LANDFALL_OPS_BUCKET']}/client-tests/"


@pytest.fixture
def login(local_cloud: Mapping[str, str]) -> dict[str, str]:
    """Host, port, user and password of the local Redshift."""
    return {name: local_cloud[f"LANDFALL_REDSHIFT_{name.upper()}"] for name in ("host", "port", "user", "password")}


def test_pyathena_gives_rows_and_frames(staging: str) -> None:
    with connect(s3_staging_dir=staging) as connection:
        assert connection.cursor().execute(QUERY).fetchall() == [(1, "x", None)]
        frame = connection.cursor(PandasCursor).execute(QUERY).as_pandas()
    assert frame[["one", "word"]].to_dict("records") == [{"one": 1, "word": "x"}]


def test_pyathena_works_with_asyncio(staging: str) -> None:
    async def rows() -> object:
        async with await aio_connect(s3_staging_dir=staging) as connection, connection.cursor() as cursor:
            await cursor.execute(QUERY)
            return await cursor.fetchall()

    assert asyncio.run(rows()) == [(1, "x", None)]


def test_awswrangler_gives_a_frame(staging: str) -> None:
    frame = wr.athena.read_sql_query(QUERY, "default", ctas_approach=False, s3_output=staging, workgroup="primary")
    assert frame["one"].tolist() == [1]


def test_redshift_connector_binds_a_value(local_cloud: Mapping[str, str], login: Mapping[str, str]) -> None:
    options = {**login, "port": int(login["port"]), "database": local_cloud["LANDFALL_REDSHIFT_DATABASE"]}
    with redshift_connector.connect(**options, ssl=False) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT %s::int + 1, %s::varchar", (41, "it's"))
        assert cursor.fetchone() == [42, "it's"]


def test_both_psycopgs_read_a_row(local_cloud: Mapping[str, str], login: Mapping[str, str]) -> None:
    options = {**login, "dbname": local_cloud["LANDFALL_REDSHIFT_DATABASE"], "sslmode": "disable"}
    with psycopg.connect(**options, client_encoding="utf8") as modern:
        assert modern.execute("SELECT %s::int", (1,)).fetchone() == (1,)
    classic = psycopg2.connect(**options)
    with classic.cursor() as cursor:
        cursor.execute("SELECT %s::int", (1,))
        assert cursor.fetchone() == (1,)
    classic.close()


def test_sqlalchemy_knows_tables_of_redshift(local_cloud: Mapping[str, str], login: Mapping[str, str]) -> None:
    engine = sa.create_engine(
        f"redshift+psycopg2://{login['user']}:{login['password']}@{login['host']}:{login['port']}/"
        f"{local_cloud['LANDFALL_REDSHIFT_DATABASE']}?sslmode=disable"
    )
    assert "public" in sa.inspect(engine).get_schema_names()
    engine.dispose()
