"""dbt's own unit tests of the models' logic, on the engine they are written for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dbt.manifest import dbt


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("local_cloud")
def test_dbt_unit_tests_pass(tmp_path: Path) -> None:
    variables = "{schema_prefix: unit_}"
    # Unit tests take the columns of what a model reads from tables that exist, so these are built empty first.
    dbt("run", "--empty", "--vars", variables, target="lake", folder=tmp_path)
    output = dbt("test", "--select", "test_type:unit", "--vars", variables, target="lake", folder=tmp_path)
    assert "ERROR=0" in output
    assert "PASS=0" not in output
