"""TPC-H at scale factor 0.01 on the local Redshift; tests/conformance/tpc has all of TPC-H and TPC-DS at 1."""

from __future__ import annotations

from pathlib import Path

from benchmarks import tpc, tpc_redshift


def test_every_query_answers_as_duckdb_does(local_cloud: dict[str, str], tmp_path: Path) -> None:
    directory = tpc.generate("tpch", 0.01, tmp_path)
    with tpc_redshift.open_connection("tpch_small") as connection:
        tpc_redshift.create_tables(directory, connection, "tpch_small")
        assert tpc_redshift.differences("tpch", directory, connection) == {}
