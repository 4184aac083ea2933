"""Whoever stops the process learns whether its state was saved."""

from __future__ import annotations

import shutil
from pathlib import Path

from .conftest import AwsProcess


def test_a_state_that_can_not_be_saved_is_an_error(tmp_path: Path) -> None:
    process = AwsProcess(tmp_path)
    process.start()
    process.client("sqs").create_queue(QueueName="kept")
    assert process.stop() == 0
    process.start()
    assert process.client("sqs").get_queue_url(QueueName="kept")["QueueUrl"]
    # A file where the folder of the services' states should be.
    shutil.rmtree(tmp_path / "services")
    (tmp_path / "services").touch()
    assert process.stop() == 1
