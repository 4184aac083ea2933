"""A few of the histories that `make chaos` plays by the thousand, and a few of the bugs that they must catch."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib

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


def test_the_text_of_every_bug_to_plant_stands_once_in_its_module() -> None:
    bugs = tomllib.loads((REPOSITORY / "tests" / "chaos" / "mutants.toml").read_text(encoding="utf-8"))["mutant"]
    ingest = REPOSITORY / "plugins" / "landfall" / "ingest"
    texts = {bug["module"]: (ingest / f"{bug['module']}.py").read_text(encoding="utf-8") for bug in bugs}
    counts = {bug["bug"]: texts[bug["module"]].count(bug["old"]) for bug in bugs}
    assert {bug: count for bug, count in counts.items() if count != 1} == {}


@pytest.mark.parametrize("bug", ["a key is looked for on the wrong days", "no content ever contradicts"])
def test_a_planted_bug_is_caught(bug: str) -> None:
    told = chaos("--mutants", "--only", bug, "--seeds", "0:24")
    assert told.returncode == 0, told.stdout
    assert "1 of 1 planted bugs were caught" in told.stdout


def test_one_seed_plays_the_same_history_again() -> None:
    first, second = (chaos("--seeds", "7", "--trace").stdout.rpartition("\n1 histories")[0] for _ in range(2))
    assert first == second
    assert "athena merge raw" in first
