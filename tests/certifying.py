"""Certify an attempt's files the way the task does."""

from __future__ import annotations

from landfall.extract.engines.unload import Unloaded
from landfall.extract.run.publish import Certifier, Published, publish_extract
from landfall.settings import Settings


def certify(unloaded: Unloaded, *, settings: Settings, run_id: str = "test") -> Published:
    """Check the files of `unloaded` and write their manifest, as the run `run_id`."""
    certifier = Certifier(unloaded.admission, settings=settings, dag_id="extract_customer_file", run_id=run_id)
    return publish_extract(unloaded, certifier, settings=settings)
