"""A seed file that begins with a byte order mark, which the suite expects beside an adapter's own tests."""

from __future__ import annotations

from typing import Any

import pytest
from dbt.tests.adapter.simple_seed.seeds import seed__actual_csv


class BomSeed:
    """Writes the seed of BaseSimpleSeedWithBOM into the project."""

    @pytest.fixture(scope="class", autouse=True)
    def bom_seed(self, project: Any) -> None:
        (project.project_root / "seeds" / "seed_bom.csv").write_text(seed__actual_csv.strip(), encoding="utf-8-sig")
