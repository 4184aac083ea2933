"""The unmodified drivers of the product environment, each as its documentation uses it, in a process of their own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from cloud import DATABASE, PASSWORD, USER, Cloud

PRODUCT_PYTHON = Path(__file__).resolve().parents[3] / ".venv" / "product" / "bin" / "python"

REDSHIFT_CONNECTOR = """
import datetime, decimal, redshift_connector
with redshift_connector.connect(host="127.0.0.1", port={port}, user="{user}", password="{password}", database="{database}") as c:
    cursor = c.cursor()
    cursor.execute("create temp table book (name varchar(20), pages int, price numeric(8,2), at timestamp)")
    at = datetime.datetime(2026, 1, 2, 3, 4, 5)
    cursor.executemany("insert into book values (%s, %s, %s, %s)", [("a'b", 1, decimal.Decimal("1.50"), at), (None, 2, None, None)])
    cursor.execute("select * from book order by pages")
    assert cursor.fetchall() == ([ "a'b", 1, decimal.Decimal("1.50"), at], [None, 2, None, None])
    assert [d[0] for d in cursor.description] == ["name", "pages", "price", "at"]
    cursor.paramstyle = "named"
    cursor.execute("select count(*) from book where pages = :pages", {{"pages": 1}})
    assert cursor.fetchone() == [1]
    c.rollback()
"""  # noqa: E501
PSYCOPG2 = """
import psycopg2
c = psycopg2.connect(host="127.0.0.1", port={port}, user="{user}", password="{password}", dbname="{database}", sslmode="require")
cursor = c.cursor()
cursor.execute("select %s, %s::int + 1, current_user", ("it's", 41))
assert cursor.fetchall() == [("it's", 42, "{user}")]
try:
    cursor.execute("select * from nowhere")
except psycopg2.errors.UndefinedTable:
    c.rollback()
else:
    raise SystemExit("no error")
"""  # noqa: E501
SQLALCHEMY = """
import sqlalchemy as sa
url = "redshift+redshift_connector://{user}:{password}@127.0.0.1:{port}/{database}"
engine = sa.create_engine(url, connect_args={{"ssl": False}})
with engine.begin() as c:
    c.execute(sa.text("create temp table numbers as select 1 as x union all select 2"))
    assert c.execute(sa.text("select sum(x) from numbers where x > :low"), {{"low": 0}}).scalar() == 3
assert "public" in sa.inspect(engine).get_schema_names()
"""


@pytest.mark.skipif(not PRODUCT_PYTHON.exists(), reason="the product's environment is not installed")
@pytest.mark.parametrize(
    "script", [REDSHIFT_CONNECTOR, PSYCOPG2, SQLALCHEMY], ids=["redshift_connector", "psycopg2", "sqlalchemy"]
)
def test_an_unmodified_driver_works(cloud: Cloud, script: str) -> None:
    text = script.format(port=cloud.wire_port, user=USER, password=PASSWORD, database=DATABASE)
    # redshift_connector verifies the server's certificate unless it is told not to.
    trusting = os.environ | {"SSL_CERT_FILE": str(cloud.state_dir / "redshift-tls.pem")}
    command = [str(PRODUCT_PYTHON), "-c", text]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=trusting)
    assert done.returncode == 0, done.stderr
