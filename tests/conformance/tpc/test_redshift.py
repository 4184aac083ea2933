"""All queries of TPC-H and TPC-DS at scale factor 1 on the local Redshift's own storage, by redshift_connector."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import tpc, tpc_redshift

SCALE = 1.0


@pytest.mark.parametrize("suite", tpc.SUITES)
def test_every_query_answers_as_duckdb_does(suite: tpc.Suite, local_cloud: dict[str, str], tmp_path: Path) -> None:
    directory = tpc.generate(suite, SCALE, tmp_path)
    with tpc_redshift.open_connection(suite) as connection:
        tpc_redshift.create_tables(directory, connection, suite)
        assert tpc_redshift.differences(suite, directory, connection) == {}
