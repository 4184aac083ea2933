"""TPC-H at a small scale on the local Athena; tests/conformance/tpc does all of it at scale factor 1."""

from __future__ import annotations

from pathlib import Path

from benchmarks import tpc, tpc_athena


def test_tpch_answers_are_those_of_duckdb(local_cloud: dict[str, str], tmp_path: Path) -> None:
    directory = tpc.generate("tpch", 0.01, tmp_path)
    tpc_athena.create_tables(directory, "tpch_small")
    expected = tpc.answers("tpch", directory)
    with tpc_athena.open_connection("tpch_small") as connection:
        for number, text in tpc_athena.queries("tpch").items():
            found = tpc.difference(expected[number], connection.cursor().execute(text).fetchall(), ordered=True)
            assert found is None, f"query {number}: {found}"
