"""Two of the histories that `make chaos ARGS=--real` plays by the hundred, with real processes on the local cloud."""

from __future__ import annotations

import os
import subprocess
import sys

from landfall.settings import REPOSITORY


def test_every_record_is_accounted_for_when_real_workers_are_killed_and_services_fail(
    local_cloud: dict[str, str],
) -> None:
    command = [sys.executable, "-m", "tests.chaos", "--real", "--seeds", "26:28", "--jobs", "2", "--trace"]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY / "plugins")}
    played = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    assert "2 histories in" in played.stdout, played.stderr
    assert "0 histories ended wrong" in played.stdout, played.stdout
    struck, _, _ = played.stdout.partition("never struck")
    assert "SIGKILL" in struck, played.stdout
