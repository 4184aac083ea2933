"""A fresh stream for each test of maintenance."""

from __future__ import annotations

import pytest

from tests.integration.ingest.probe import Probe


@pytest.fixture
def probe(local_cloud: dict[str, str]) -> Probe:
    """A stream that no other test knows."""
    return Probe()
