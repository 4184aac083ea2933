"""The lake that the dbt tests share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from tests.dbt.lake import Lake


@pytest.fixture(scope="session")
def lake(local_cloud: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A raw database without rows, dropped with all that was built from it."""
    found = Lake(tmp_path_factory.mktemp("dbt"))
    yield found
    found.drop()
