"""`make conformance` takes an hour; here it only finds its tests, in each of its suites."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
SUITES = ("clients", "dbt_athena", "dbt_redshift", "tpc", "test_airflow_backfill.py")


def test_every_suite_finds_its_tests() -> None:
    door = REPOSITORY / "make" / "run_conformance.sh"
    command = [str(door), "--collect-only", "--quiet"]
    ended = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stdout[-2000:]
    assert (
        len(re.findall(r"^\d+(/\d+)? tests? collected", ended.stdout, re.MULTILINE)) == len(SUITES) + 1
    )  # and fuzzing
    held = {path.name for path in (REPOSITORY / "tests" / "conformance").iterdir() if _has_tests(path)}
    assert held == set(SUITES)
    for suite in SUITES:
        assert f"tests/conformance/{suite}" in ended.stdout


def _has_tests(path: Path) -> bool:
    return path.name.startswith("test_") if path.is_file() else any(path.glob("test_*.py"))
