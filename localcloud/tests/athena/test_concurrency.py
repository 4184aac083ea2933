"""Queries that are stopped at a bad moment, and many clients that commit to one Iceberg table."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

CLIENTS, COMMITS = 8, 3
STOP_SECONDS = 15
NUMBERS = "unnest(sequence(1, 100000))"
SLOW = f"select count(*) from {NUMBERS} a (x) cross join {NUMBERS} b (y) where x * y % 7 = 3"


@pytest.fixture
def table(cloud: Any, database: str) -> Iterator[str]:
    name = f"contended_{uuid.uuid4().hex[:8]}"
    location = f"{cloud.lake}/{name}/"
    cloud.run(
        f"create table {name} (id int, n int) location '{location}' tblproperties ('table_type' = 'ICEBERG')", database
    )
    cloud.run(f"insert into {name} values (0, 0)", database)
    yield name
    cloud.run(f"drop table {name}", database)


def end_of(cloud: Any, sql: str, database: str) -> tuple[str, str]:
    """The last state of a statement and its reason."""
    status = cloud.wait(cloud.start_query(sql, database))["Status"]
    return status["State"], status.get("StateChangeReason", "")


@pytest.mark.parametrize("after_seconds", [0.0, 0.005, 0.02, 0.1, 0.3])
def test_a_query_stopped_at_any_moment_ends_cancelled(cloud: Any, after_seconds: float) -> None:
    started = time.monotonic()
    query_id = cloud.start_query(SLOW)
    time.sleep(after_seconds)
    cloud.athena.stop_query_execution(QueryExecutionId=query_id)
    assert cloud.wait(query_id)["Status"]["State"] == "CANCELLED"
    assert time.monotonic() - started < STOP_SECONDS


def test_a_stopped_insert_is_either_applied_and_succeeded_or_cancelled_and_not_there(
    cloud: Any, database: str, table: str
) -> None:
    applied = []
    for number in range(1, 13):
        query_id = cloud.start_query(f"insert into {table} values ({number}, 0)", database)
        time.sleep(number * 0.02)
        cloud.athena.stop_query_execution(QueryExecutionId=query_id)
        if cloud.wait(query_id)["Status"]["State"] == "SUCCEEDED":
            applied.append([str(number)])
    assert cloud.run(f"select id from {table} where id > 0 order by id", database).rows == applied


def test_of_many_clients_that_update_one_row_no_update_is_lost(cloud: Any, database: str, table: str) -> None:
    def increment(_: int) -> list[tuple[str, str]]:
        return [end_of(cloud, f"update {table} set n = n + 1 where id = 0", database) for _ in range(COMMITS)]

    with ThreadPoolExecutor(CLIENTS) as pool:
        ends = [end for each in pool.map(increment, range(CLIENTS)) for end in each]
    applied = sum(state == "SUCCEEDED" for state, _ in ends)
    assert applied >= 1
    assert {reason.split(":")[0] for state, reason in ends if state != "SUCCEEDED"} <= {"ICEBERG_COMMIT_ERROR"}
    assert cloud.run(f"select n from {table} where id = 0", database).rows == [[str(applied)]]


def test_of_many_clients_that_insert_every_acknowledged_row_is_there_once(
    cloud: Any, database: str, table: str
) -> None:
    def insert(client: int) -> list[str]:
        numbers = [100 * (client + 1) + commit for commit in range(COMMITS)]
        ends = [(n, end_of(cloud, f"insert into {table} values ({n}, 0)", database)) for n in numbers]
        assert {reason.split(":")[0] for _, (state, reason) in ends if state != "SUCCEEDED"} <= {"ICEBERG_COMMIT_ERROR"}
        return [str(n) for n, (state, _) in ends if state == "SUCCEEDED"]

    with ThreadPoolExecutor(CLIENTS) as pool:
        acknowledged = sorted(n for numbers in pool.map(insert, range(CLIENTS)) for n in numbers)
    rows = cloud.run(f"select cast(id as varchar) from {table} where id >= 100 order by 1", database).rows
    assert [row[0] for row in rows] == acknowledged


@pytest.mark.parametrize("kind", ["", "external "])
def test_of_many_that_create_a_table_if_it_does_not_exist_none_fails(cloud: Any, database: str, kind: str) -> None:
    """Trino takes the error of the one that comes late for success (CreateTableTask)."""
    name = f"wanted_{uuid.uuid4().hex[:8]}"
    suffix = "" if kind else " tblproperties ('table_type' = 'ICEBERG')"
    sql = f"create {kind}table if not exists {name} (id int) location '{cloud.lake}/{name}/'{suffix}"
    with ThreadPoolExecutor(CLIENTS) as pool:
        ends = list(pool.map(lambda _: end_of(cloud, sql, database), range(CLIENTS)))
    assert ends == [("SUCCEEDED", "")] * CLIENTS
    assert end_of(cloud, sql.replace("if not exists ", ""), database)[0] == "FAILED"
