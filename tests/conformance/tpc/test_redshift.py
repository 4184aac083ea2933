"""All queries of TPC-H and TPC-DS at scale factor 1 on the local Redshift's own storage, by redshift_connector."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import tpc, tpc_redshift

SCALE = 1.0


@pytest.fixture(scope="module", params=tpc.SUITES)
def suite(
    request: pytest.FixtureRequest, local_cloud: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[tpc.Suite, Path]]:
    """A suite whose tables are copied into the schema of its name."""
    name: tpc.Suite = request.param
    directory = tpc.generate(name, SCALE, tmp_path_factory.mktemp(name))
    with tpc_redshift.open_connection(name) as connection:
        tpc_redshift.create_tables(directory, connection, name)
    yield name, directory


def test_every_query_answers_as_duckdb_does(suite: tuple[tpc.Suite, Path]) -> None:
    name, directory = suite
    expected = tpc.answers(name, directory)
    wrong = {}
    with tpc_redshift.open_connection(name) as connection:
        for number, text in tpc_redshift.queries(name).items():
            cursor = connection.cursor()
            cursor.execute(text)
            found = tpc.difference(expected[number], [tuple(row) for row in cursor.fetchall()])
            if found:
                wrong[number] = found
    assert not wrong
