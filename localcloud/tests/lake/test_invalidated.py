"""An engine ends after an error that leaves its DuckDB of no use, and after no other."""

from __future__ import annotations

import subprocess
import sys

import duckdb
import pytest
from localcloud.lake.invalidated import STATUS, leaves_after

_PROCESS = """
import time, duckdb
from localcloud.{engine}.errors import from_duckdb
error = duckdb.FatalException("FATAL Error: Failed: database has been invalidated because of a previous fatal error.")
print(from_duckdb(error, str(error)), flush=True)
time.sleep(20)
"""


@pytest.mark.parametrize("engine", ["athena", "redshift"])
def test_an_engine_ends_after_it_has_told_of_a_fatal_error(engine: str) -> None:
    process = subprocess.run(
        [sys.executable, "-c", _PROCESS.format(engine=engine)], check=False, capture_output=True, text=True, timeout=15
    )
    assert process.returncode == STATUS
    assert "is started anew after a failure" in process.stdout
    assert "DuckDB works no more" in process.stderr


@pytest.mark.parametrize(
    "sql",
    [
        "select error('has been invalidated')",
        "select * from absent",
        "select cast('Checkpoint' as int)",
        "select * from read_csv('/absent/file')",
    ],
)
def test_an_engine_lives_on_after_other_errors(sql: str) -> None:
    with pytest.raises(duckdb.Error) as failure:
        duckdb.connect().execute(sql)
    assert not leaves_after(failure.value)
