"""Some of the publications of `python -m tests.chaos.publications --real`: killed anywhere, and read all along."""

from __future__ import annotations

import pytest

from tests.chaos.publications.real import Fire


@pytest.mark.usefixtures("local_cloud")
def test_no_reader_sees_half_a_publication_on_dynamodb_and_glue() -> None:
    told = Fire(seed=1).run(12)
    assert "0 wrong" in told, told
    assert "reads of one version" in told[1], told
