"""A few of the histories of publications, and a bug that they must catch."""

from __future__ import annotations

import os
import subprocess
import sys

from landfall.settings import REPOSITORY

from tests.chaos.mutants import mutants
from tests.chaos.publications.__main__ import PUBLICATIONS


def chaos(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Play in a process of its own, since a planted bug stays in it."""
    command = [sys.executable, "-m", "tests.chaos.publications", *arguments]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY / "plugins")}
    return subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)


def test_no_reader_sees_half_a_publication_whoever_is_killed() -> None:
    told = chaos("--publications", "60")
    assert told.returncode == 0, told.stdout + told.stderr
    assert "0 histories ended wrong" in told.stdout


def test_a_planted_bug_is_caught() -> None:
    told = chaos("--mutants", "--only", "the record moves before its tables exist")
    assert "1 of 1 planted bugs were caught" in told.stdout, told.stdout + told.stderr


def test_the_text_of_every_bug_to_plant_stands_once_in_its_module() -> None:
    plugins = REPOSITORY / "plugins"
    texts = [(plugins / f"{each.module.replace('.', '/')}.py").read_text() for each in mutants(PUBLICATIONS)]
    counts = {each.bug: text.count(each.old) for each, text in zip(mutants(PUBLICATIONS), texts, strict=True)}
    assert {bug: count for bug, count in counts.items() if count != 1} == {}
