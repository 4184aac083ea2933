"""A few of the histories that `make chaos` plays by the thousand, and a few of the bugs that they must catch."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from landfall.settings import REPOSITORY


def chaos(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `make chaos` in a process of its own, since a planted bug stays in it."""
    command = [sys.executable, "-m", "tests.chaos", *arguments]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY / "plugins")}
    return subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)


def test_every_record_is_accounted_for_whatever_is_killed_and_fails() -> None:
    told = chaos("--seeds", "0:24").stdout
    assert "0 histories ended wrong" in told, told


@pytest.mark.parametrize("bug", ["a key is looked for on the wrong days", "no content ever contradicts"])
def test_a_planted_bug_is_caught(bug: str) -> None:
    told = chaos("--mutants", "--only", bug, "--seeds", "0:24")
    assert told.returncode == 0, told.stdout
    assert "1 of 1 planted bugs were caught" in told.stdout


def test_one_seed_plays_the_same_history_again() -> None:
    first, second = (chaos("--seeds", "7", "--trace").stdout.rpartition("\n1 histories")[0] for _ in range(2))
    assert first == second
    assert "athena merge raw" in first
