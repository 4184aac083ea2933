"""Some of `make mutations` on what the demo has published: a changed model on either engine does not pass its audit.

The last file of its folder: the warehouse's log of builds keeps what was built by a changed model.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import DemoStack

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(900)
def test_no_changed_model_is_silent(demo_stack: DemoStack) -> None:
    # A process of its own: clients of AWS and dbt's adapters are made once a process, for one stack.
    environment = os.environ | dict(demo_stack.environment) | {"PYTHONPATH": "plugins:."}
    command = [sys.executable, "-m", "tests.mutations.published"]
    played = subprocess.run(command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    print(played.stdout)
    assert played.returncode == 0, played.stdout + played.stderr
