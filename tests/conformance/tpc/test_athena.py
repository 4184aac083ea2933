"""All queries of TPC-H and TPC-DS on Parquet tables in the local Athena, by PyAthena.

The environment variable `TPC_SCALE` sets the scale factor.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from benchmarks import tpc, tpc_athena

SCALE = float(os.environ.get("TPC_SCALE", "1"))


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("suite", tpc.SUITES)
def test_every_query_answers_as_duckdb_does(suite: tpc.Suite, local_cloud: dict[str, str], tmp_path: Path) -> None:
    directory = tpc.generate(suite, SCALE, tmp_path)
    tpc_athena.create_tables(directory, suite)
    expected = tpc.answers(suite, directory)
    wrong = {}
    with tpc_athena.open_connection(suite) as connection:
        for number, text in tpc_athena.queries(suite).items():
            found = tpc.difference(expected[number], connection.cursor().execute(text).fetchall(), ordered=True)
            if found:
                wrong[number] = found
    assert not wrong
