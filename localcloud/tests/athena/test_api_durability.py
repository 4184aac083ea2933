"""What Athena has acknowledged survives a SIGKILL of its process; how many queries may be active is bounded."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.athena.conftest import Cloud, free_port, start

SLOW = (
    "select count(*) from unnest(sequence(1, 100000)) a (x) cross join unnest(sequence(1, 100000)) b (y)"
    " where x * y % 7 = 3"
)


class Restarted:
    """An Athena process of its own on the session's store, that can be killed and started again."""

    def __init__(self, cloud: Any, home: Path) -> None:
        self._home = home
        self.aws_port = int(cloud.s3.meta.endpoint_url.rpartition(":")[2])
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> Cloud:
        port = free_port()
        arguments = ["--aws-endpoint", f"http://127.0.0.1:{self.aws_port}", "--state-dir", str(self._home), *options]
        self.process = start("localcloud.athena", port, arguments, self._home.with_suffix(".log"))
        return Cloud(self.aws_port, port)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)


@pytest.fixture
def own(cloud: Any, tmp_path: Path) -> Iterator[Restarted]:
    restarted = Restarted(cloud, tmp_path / "athena")
    yield restarted
    restarted.kill()


def test_what_was_acknowledged_is_there_after_a_kill(own: Restarted) -> None:
    before = own.start()
    before.athena.create_work_group(Name="kept", Description="stays")
    named = before.athena.create_named_query(Name="q", Database="default", QueryString="select 1")["NamedQueryId"]
    before.athena.create_prepared_statement(StatementName="ps", WorkGroup="kept", QueryStatement="select ?")
    token = "t" * 32
    finished = before.run("select 7 as n", ClientRequestToken=token).execution
    running = before.start_query(SLOW)
    time.sleep(0.3)
    own.kill()

    after = own.start()
    assert after.athena.get_work_group(WorkGroup="kept")["WorkGroup"]["Description"] == "stays"
    assert after.athena.get_named_query(NamedQueryId=named)["NamedQuery"]["QueryString"] == "select 1"
    assert after.run("execute ps using 5", WorkGroup="kept").rows == [["5"]]
    found = after.wait(finished["QueryExecutionId"])
    assert found == finished
    rows = after.athena.get_query_results(QueryExecutionId=finished["QueryExecutionId"])["ResultSet"]["Rows"]
    assert rows[1]["Data"] == [{"VarCharValue": "7"}]
    assert after.start_query("select 7 as n", ClientRequestToken=token) == finished["QueryExecutionId"]
    interrupted = after.wait(running)["Status"]
    assert interrupted["State"] == "FAILED"
    assert interrupted["StateChangeReason"].startswith("GENERIC_INTERNAL_ERROR: the service was stopped")
    assert (interrupted["AthenaError"]["ErrorCategory"], interrupted["AthenaError"]["Retryable"]) == (1, True)
    assert {finished["QueryExecutionId"], running} <= set(after.athena.list_query_executions()["QueryExecutionIds"])


def test_more_active_queries_than_the_limit_are_refused(own: Restarted) -> None:
    limited = own.start("--max-active-dml", "2", "--concurrency", "1")
    active = [limited.start_query(SLOW) for _ in range(2)]
    with pytest.raises(ClientError, match="exceeded the limit for the number of queries") as caught:
        limited.athena.meta.events.unregister("needs-retry.athena")
        limited.start_query("select 1")
    assert caught.value.response["Error"]["Code"] == "TooManyRequestsException"
    assert caught.value.response["Reason"] == "CONCURRENT_QUERY_LIMIT_EXCEEDED"
    limited.start_query("show databases")
    for query_id in active[::-1]:
        limited.athena.stop_query_execution(QueryExecutionId=query_id)
    assert {limited.wait(query_id)["Status"]["State"] for query_id in active} == {"CANCELLED"}
    assert limited.run("select 1 as n").rows == [["1"]]


def test_old_executions_are_forgotten(own: Restarted) -> None:
    small = own.start("--max-history", "3")
    ids = [small.run("select 1").execution["QueryExecutionId"] for _ in range(5)]
    own.kill()
    again = own.start("--max-history", "3")
    assert again.athena.list_query_executions()["QueryExecutionIds"] == ids[:1:-1]
