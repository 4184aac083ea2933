"""Some of the publications of `python -m tests.chaos.publications --real`: killed anywhere, and read all along."""

from __future__ import annotations

import pytest

from tests.chaos.publications.fire import Fire
from tests.chaos.publications.lake_fire import LakeFire
from tests.chaos.publications.warehouse_fire import WarehouseFire


@pytest.mark.usefixtures("local_cloud")
@pytest.mark.parametrize("kind", [LakeFire, WarehouseFire])
def test_no_reader_sees_half_a_publication(kind: type[Fire]) -> None:
    told = kind(seed=1, publications=10, hertz=20).run()
    assert "0 wrong" in told, told
    assert "reads of one version" in told[1], told
