"""What the engine holds in memory is bounded by its setting, whatever a query asks for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cloud import DATABASE, PASSWORD, USER, Cloud, start
from pgclient import PgClient, PgError

LIMIT_MEGABYTES, BESIDE_MEGABYTES = 128, 400
"""DuckDB's limit in this test, and what the process may hold beside: Python, its libraries and what they load."""


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Cloud]:
    """An engine that has little memory."""
    running = start(tmp_path, "--memory-limit", f"{LIMIT_MEGABYTES}MB", with_aws=False)
    yield running
    running.stop()


def peak_megabytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) // 1024


def test_a_query_larger_than_the_memory_spills_or_fails_and_the_engine_serves_on(small: Cloud) -> None:
    pg = PgClient(small.wire_port, USER, PASSWORD, DATABASE)
    try:
        large = "select md5(n::varchar) || md5((n + 1)::varchar) as a from generate_series(1, 4000000) g(n)"
        # About 300 MB of keys.
        assert pg.query(f"select count(*) from (select distinct a from ({large}) x)").rows == [("4000000",)]
        with pytest.raises(PgError) as caught:
            pg.query(f"select len(listagg(a, '')) from ({large}) x")
        assert caught.value.sqlstate == "53200"
        assert pg.query("select 1").rows == [("1",)]
        assert peak_megabytes(small.redshift.pid) < LIMIT_MEGABYTES + BESIDE_MEGABYTES
    finally:
        pg.close()
