"""Whoever stops the process learns whether its state was saved."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from .conftest import AwsProcess

NO_RETRIES = Config(retries={"max_attempts": 1, "mode": "standard"})


def test_a_state_that_can_not_be_saved_is_an_error(tmp_path: Path) -> None:
    process = AwsProcess(tmp_path)
    process.start()
    process.client("sqs").create_queue(QueueName="kept")
    assert process.stop() == 0
    process.start()
    assert process.client("sqs").get_queue_url(QueueName="kept")["QueueUrl"]
    # Another process that writes to the file keeps this one out of it.
    with closing(sqlite3.connect(tmp_path / "services.sqlite", isolation_level=None)) as other:
        other.execute("begin immediate")
        with pytest.raises(ClientError, match="500"):
            process.client("sqs", NO_RETRIES).create_queue(QueueName="refused")
        assert process.stop() == 1
